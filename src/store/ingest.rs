//! Storing imported messages: validated records in, facts out; every step twice is the same as once.
//!
//! Records are gathered in batches, grouped by contact and written in the order of the contacts' rows, one
//! transaction a batch: files sorted by time would otherwise touch the whole database for every row.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{OptionalExtension, params};
use xxhash_rust::xxh3::Xxh3;

use super::erasure::Suppressions;
use super::{ContactKey, FileState, Store, micros, time};
use crate::detect::{Detector, Input};
use crate::import::Record;
use crate::model::{
    Author, Channel, Language, SignalKind, SignalSource, Timestamp, Word, WordKind, WordSource,
};
use crate::zone::Zone;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records read.
    pub read: u64,
    /// Messages that were new.
    pub new: u64,
    /// Messages that were there already.
    pub known: u64,
    /// Contacts that were new.
    pub new_contacts: u64,
    /// Our own follow-ups, found again (rule X6).
    pub own: u64,
    /// Messages of forgotten people, left out.
    pub forgotten: u64,
    /// Follow-ups that were sent after a reply that only this import shows (rule X7).
    pub sent_after_reply: Vec<String>,
}

/// How inbound messages are read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The reader.
    pub detector: &'a Detector,
    /// The zone of contacts whose own is unknown.
    pub zone: &'a Zone,
    /// The language of contacts whose own is unknown.
    pub language: Language,
}

/// An import under way.
pub struct Ingest<'a> {
    store: &'a Store,
    reading: Reading<'a>,
    source: i64,
    batch: Batch,
    /// How often the same words were said at the same time, in this batch and the one before.
    repeats: [HashMap<(u64, i64), u32>; 2],
    suppressions: Suppressions,
    has_follow_ups: bool,
    zones: HashMap<String, Option<Zone>>,
    imported: Imported,
}

/// The size of a batch: rows, and bytes of text.
const BATCH_ROWS: usize = 16_384;
const BATCH_BYTES: usize = 6 << 20;

impl<'a> Ingest<'a> {
    /// Begins an import from `source` (a row of [`Store::source`]).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn new(store: &'a Store, source: i64, reading: Reading<'a>) -> Result<Self> {
        let any = "SELECT 1 FROM follow_ups LIMIT 1";
        Ok(Self {
            store,
            reading,
            source,
            batch: Batch::default(),
            repeats: Default::default(),
            suppressions: Suppressions::load(store)?,
            has_follow_ups: store.connection.prepare_cached(any)?.exists([])?,
            zones: HashMap::new(),
            imported: Imported::default(),
        })
    }

    /// Takes a record; writes when a batch is full.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn push(&mut self, record: &Record<'_>) -> Result<()> {
        self.batch.push(record);
        self.imported.read += 1;
        if self.batch.rows.len() >= BATCH_ROWS || self.batch.arena.len() >= BATCH_BYTES {
            let transaction = self.store.immediate()?;
            self.store.source_incomplete(self.source)?;
            self.write()?;
            transaction.commit()?;
        }
        Ok(())
    }

    /// Writes what is left, and says that the source is complete up to `as_of`; `file` is remembered with how
    /// many of its rows were rejected.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish(mut self, as_of: Timestamp, file: Option<(&FileState, u64)>) -> Result<Imported> {
        let transaction = self.store.immediate()?;
        self.write()?;
        self.store.source_complete(self.source, as_of, file)?;
        transaction.commit()?;
        Ok(self.imported)
    }

    fn write(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let mut groups = Vec::new();
        for (contact_id, rows) in batch.by_contact() {
            let known = self.store.stored_contact(batch.text(contact_id))?;
            groups.push((known, contact_id, rows));
        }
        // Known contacts in the order of their rows, then the new ones in the order of the file.
        groups.sort_by_key(|(known, ..)| known.as_ref().map_or(ContactKey::MAX, |c| c.key));
        for (known, contact_id, rows) in groups {
            self.write_contact(&batch, known, batch.text(contact_id), &rows)?;
        }
        self.repeats.swap(0, 1);
        self.repeats[0].clear();
        self.batch = batch.emptied();
        Ok(())
    }

    fn write_contact(
        &mut self,
        batch: &Batch,
        known: Option<StoredContact>,
        contact_id: &str,
        rows: &[Row],
    ) -> Result<()> {
        let forgotten = match &known {
            None if !self.suppressions.is_empty() => {
                let addresses = rows.iter().flat_map(|r| {
                    [r.phone, r.email, r.address]
                        .into_iter()
                        .filter_map(|s| batch.get(s))
                });
                self.suppressions.find(contact_id, addresses)
            }
            _ => None,
        };
        let erased_until = forgotten.map_or(i64::MIN, |f| f.forgotten_at);
        let kept = |row: &&Row| row.sent_at > erased_until;
        let left_out = rows.iter().filter(|r| !kept(r)).count();
        self.imported.forgotten += left_out as u64;
        if left_out == rows.len() {
            return Ok(());
        }
        let is_new = known.is_none();
        let mut contact = known.unwrap_or_default();
        for row in rows.iter().filter(kept) {
            contact.learn(batch, row);
        }
        if is_new {
            contact.key = self.store.insert_contact(contact_id, &contact)?;
            self.imported.new_contacts += 1;
            if let Some(at) = forgotten.and_then(|f| f.opted_out_at) {
                let word = Word {
                    kind: WordKind::OptOut,
                    at: time(at),
                    until: None,
                    reason: None,
                    source: WordSource::Suppression,
                };
                self.store.insert_word(contact.key, &word)?;
            }
        }
        self.write_addresses(batch, contact.key, rows.iter().filter(kept))?;
        let mut own = if self.has_follow_ups && !is_new {
            self.store.own_messages(contact.key)?
        } else {
            Vec::new()
        };
        let order = FileOrder::of(rows);
        let (mut any_new, mut opt_in) = (false, false);
        for row in rows.iter().filter(kept) {
            let identity = self.identity(batch, contact.key, row);
            if row.author != Author::Contact
                && let Some(found) = own.iter_mut().find(|o| o.is(batch, row, identity))
            {
                any_new |= self
                    .store
                    .absorb(found, row, identity, batch.get(row.message_id))?;
                self.imported.own += 1;
                continue;
            }
            if !is_new && self.store.has_message(contact.key, identity)? {
                self.imported.known += 1;
                continue;
            }
            match self.insert_message(batch, &contact, row, identity, order.seq(row))? {
                None => self.imported.known += 1,
                Some(signal) => {
                    self.imported.new += 1;
                    any_new = true;
                    opt_in |= signal == Some(SignalKind::OptIn);
                    if row.author == Author::Contact {
                        self.note_late_reply(&own, row)?;
                    }
                }
            }
        }
        if opt_in {
            self.store.awaken_sharers(contact.key)?;
        }
        if !is_new && (contact.changed || (any_new && contact.wake_at != Some(0))) {
            self.store.update_contact(&contact)?;
        }
        Ok(())
    }

    fn write_addresses<'r>(
        &self,
        batch: &Batch,
        key: ContactKey,
        rows: impl Iterator<Item = &'r Row>,
    ) -> Result<()> {
        let sql = "INSERT INTO addresses (contact, channel, address, at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (contact, channel) DO UPDATE SET address = excluded.address, at = excluded.at \
                   WHERE (excluded.at, excluded.address) > (addresses.at, addresses.address) \
                   AND excluded.address <> addresses.address";
        let mut last: Option<(Channel, &str)> = None;
        for row in rows {
            let Some(address) = batch.get(row.address) else {
                continue;
            };
            if last != Some((row.channel, address)) {
                let values = (key, row.channel.as_str(), address, row.sent_at);
                self.store.connection.prepare_cached(sql)?.execute(values)?;
                last = Some((row.channel, address));
            }
        }
        Ok(())
    }

    /// A message's identity: its id, else a hash of what it says and the how-manieth such message it is.
    fn identity(&mut self, batch: &Batch, key: ContactKey, row: &Row) -> i64 {
        let mut hash = Xxh3::new();
        hash.update(row.channel.as_str().as_bytes());
        if let Some(id) = batch.get(row.message_id) {
            hash.update(b"\0id\0");
            hash.update(id.as_bytes());
            return hash.digest().cast_signed();
        }
        hash.update(&row.sent_at.to_le_bytes());
        hash.update(row.author.direction().as_str().as_bytes());
        hash.update(batch.text(row.text).as_bytes());
        let base = hash.digest();
        let seen = self.repeats[1].get(&(base, key)).copied().unwrap_or(0);
        let nth = self.repeats[0].entry((base, key)).or_insert(seen);
        *nth += 1;
        if *nth > 1 {
            hash.update(&nth.to_le_bytes());
        }
        hash.digest().cast_signed()
    }

    /// Stores a message and its signal; `None` when it was there already.
    fn insert_message(
        &mut self,
        batch: &Batch,
        contact: &StoredContact,
        row: &Row,
        identity: i64,
        seq: i64,
    ) -> Result<Option<Option<SignalKind>>> {
        let text = batch.text(row.text);
        let reading = (row.author == Author::Contact).then(|| {
            let given = contact.timezone.0.as_deref();
            let zone = given.and_then(|name| zone(&mut self.zones, name));
            let language = contact.language.0.as_deref().and_then(Language::from_tag);
            self.reading.detector.read(&Input {
                text,
                sent_at: time(row.sent_at),
                zone: zone.unwrap_or(self.reading.zone),
                language,
                default_language: self.reading.language,
            })
        });
        let signal = reading.as_ref().and_then(|r| r.signal);
        let signalled = reading.as_ref().filter(|r| r.signal.is_some());
        let zone_name = signalled.filter(|r| r.at.is_some()).map(|_| {
            let given = contact.timezone.0.as_deref();
            let own = given.and_then(|name| self.zones.get(name)?.as_ref());
            own.unwrap_or(self.reading.zone).name()
        });
        let sql = "INSERT OR IGNORE INTO messages (contact, identity, sent_at, seq, channel, author, source, \
                   automatic, signal, signal_at, signal_zone, signal_source, signal_evidence, message_id, \
                   conversation_id, status, text) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let inserted = self.store.connection.prepare_cached(sql)?.execute(params![
            contact.key,
            identity,
            row.sent_at,
            seq,
            row.channel.as_str(),
            row.author.as_str(),
            self.source,
            row.automatic || reading.as_ref().is_some_and(|r| r.automatic),
            signal.map(SignalKind::as_str),
            signalled.and_then(|r| r.at).map(micros),
            zone_name,
            signalled.map(|_| SignalSource::Rules.as_str()),
            signalled.map(|r| r.evidence.as_str()),
            batch.get(row.message_id),
            batch.get(row.conversation_id),
            batch.get(row.status),
            text,
        ])?;
        Ok((inserted > 0).then_some(signal))
    }

    /// X7: a reply that is older than a follow-up that went out all the same.
    fn note_late_reply(&mut self, own: &[OwnMessage], row: &Row) -> Result<()> {
        for follow_up in own {
            if follow_up.episode < row.sent_at && row.sent_at < follow_up.went_out_at {
                let sql = "UPDATE follow_ups SET reply_at = ?2 WHERE id = ?1 AND reply_at IS NULL";
                let values = (follow_up.id, row.sent_at);
                if self.store.connection.prepare_cached(sql)?.execute(values)? > 0 {
                    let id = self.store.follow_up_id(follow_up.id);
                    self.imported.sent_after_reply.push(id);
                }
            }
        }
        Ok(())
    }
}

fn zone<'z>(zones: &'z mut HashMap<String, Option<Zone>>, name: &str) -> Option<&'z Zone> {
    if !zones.contains_key(name) {
        if zones.len() > 1000 {
            zones.clear(); // more than there are: somebody's nonsense must not grow without bound
        }
        zones.insert(name.to_owned(), Zone::named(name));
    }
    zones.get(name)?.as_ref()
}

/// A contact's row, and what a batch adds to it. Each value with the time of the message that told it: the
/// newest counts, whatever the order of the imports.
#[derive(Default)]
struct StoredContact {
    key: ContactKey,
    name: Told,
    phone: Told,
    email: Told,
    timezone: Told,
    language: Told,
    tags: Told,
    wake_at: Option<i64>,
    changed: bool,
}

type Told = (Option<String>, Option<i64>);

impl StoredContact {
    fn learn(&mut self, batch: &Batch, row: &Row) {
        for (told, given) in [
            (&mut self.name, row.name),
            (&mut self.phone, row.phone),
            (&mut self.email, row.email),
            (&mut self.timezone, row.timezone),
            (&mut self.language, row.language),
            (&mut self.tags, row.tags),
        ] {
            let Some(value) = batch.get(given) else {
                continue;
            };
            let newer = (Some(row.sent_at), Some(value)) > (told.1, told.0.as_deref());
            if told.0.as_deref() != Some(value) && newer {
                *told = (Some(value.to_owned()), Some(row.sent_at));
                self.changed = true;
            }
        }
    }
}

/// A follow-up of ours that may come back in an export (rule X6).
struct OwnMessage {
    id: i64,
    contact: ContactKey,
    channel: String,
    text: String,
    state: String,
    episode: i64,
    went_out_at: i64,
    provider_id: Option<String>,
    message_identity: Option<i64>,
}

impl OwnMessage {
    /// X6: by provider id, else by channel, text and time within 10 minutes; each is found once.
    fn is(&self, batch: &Batch, row: &Row, identity: i64) -> bool {
        if let Some(found) = self.message_identity {
            return found == identity;
        }
        let message_id = batch.get(row.message_id);
        if self.provider_id.is_some() && self.provider_id.as_deref() == message_id {
            return true;
        }
        const TEN_MINUTES: i64 = 600_000_000;
        row.channel.as_str() == self.channel
            && (row.sent_at - self.went_out_at).abs() <= TEN_MINUTES
            && batch.text(row.text).trim() == self.text.trim()
    }
}

impl Store {
    fn stored_contact(&self, contact_id: &str) -> Result<Option<StoredContact>> {
        let sql = "SELECT id, name, name_at, phone, phone_at, email, email_at, timezone, timezone_at, \
                   language, language_at, tags, tags_at, wake_at FROM contacts WHERE contact_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([contact_id], |row| {
            let told = |i: usize| Ok::<Told, rusqlite::Error>((row.get(i)?, row.get(i + 1)?));
            Ok(StoredContact {
                key: row.get(0)?,
                name: told(1)?,
                phone: told(3)?,
                email: told(5)?,
                timezone: told(7)?,
                language: told(9)?,
                tags: told(11)?,
                wake_at: row.get(13)?,
                changed: false,
            })
        });
        Ok(found.optional()?)
    }

    fn insert_contact(&self, contact_id: &str, contact: &StoredContact) -> Result<ContactKey> {
        let sql = "INSERT INTO contacts (contact_id, name, name_at, phone, phone_at, email, email_at, \
                   timezone, timezone_at, language, language_at, tags, tags_at, wake_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0)";
        let c = contact;
        let values = params![
            contact_id,
            c.name.0,
            c.name.1,
            c.phone.0,
            c.phone.1,
            c.email.0,
            c.email.1,
            c.timezone.0,
            c.timezone.1,
            c.language.0,
            c.language.1,
            c.tags.0,
            c.tags.1,
        ];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(self.connection.last_insert_rowid())
    }

    fn update_contact(&self, contact: &StoredContact) -> Result<()> {
        if !contact.changed {
            return self.awaken(contact.key);
        }
        let sql = "UPDATE contacts SET name = ?2, name_at = ?3, phone = ?4, phone_at = ?5, email = ?6, \
                   email_at = ?7, timezone = ?8, timezone_at = ?9, language = ?10, language_at = ?11, \
                   tags = ?12, tags_at = ?13, wake_at = 0 WHERE id = ?1";
        let c = contact;
        let values = params![
            c.key,
            c.name.0,
            c.name.1,
            c.phone.0,
            c.phone.1,
            c.email.0,
            c.email.1,
            c.timezone.0,
            c.timezone.1,
            c.language.0,
            c.language.1,
            c.tags.0,
            c.tags.1,
        ];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn has_message(&self, key: ContactKey, identity: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM messages WHERE contact = ?1 AND identity = ?2";
        Ok(self
            .connection
            .prepare_cached(sql)?
            .exists((key, identity))?)
    }

    fn own_messages(&self, key: ContactKey) -> Result<Vec<OwnMessage>> {
        let sql = "SELECT id, channel, text, state, episode, coalesce(sent_at, claimed_at), provider_id, \
                   message_identity FROM follow_ups WHERE contact = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
            Ok(OwnMessage {
                id: row.get(0)?,
                contact: key,
                channel: row.get(1)?,
                text: row.get(2)?,
                state: row.get(3)?,
                episode: row.get(4)?,
                went_out_at: row.get(5)?,
                provider_id: row.get(6)?,
                message_identity: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// X6: an export shows one of our follow-ups. One that was not known to be sent was sent, whatever the
    /// provider answered. Says whether that is news.
    fn absorb(
        &self,
        own: &mut OwnMessage,
        row: &Row,
        identity: i64,
        message_id: Option<&str>,
    ) -> Result<bool> {
        if own.message_identity == Some(identity) {
            return Ok(false);
        }
        own.message_identity = Some(identity);
        let sql = "UPDATE follow_ups SET message_identity = ?2, \
                     provider_id = coalesce(provider_id, ?3), \
                     sent_at = CASE WHEN state <> 'sent' THEN ?4 ELSE sent_at END, state = 'sent' \
                   WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute((
            own.id,
            identity,
            message_id,
            row.sent_at,
        ))?;
        let settles = own.state != "sent";
        if settles {
            self.awaken(own.contact)?;
        }
        Ok(settles)
    }
}

/// A piece of the batch's text.
#[derive(Clone, Copy)]
struct Piece {
    start: u32,
    len: u32,
}

/// A record, its text in the batch's arena.
#[derive(Clone, Copy)]
struct Row {
    contact_id: Piece,
    line: u64,
    channel: Channel,
    author: Author,
    automatic: bool,
    sent_at: i64,
    text: Piece,
    message_id: Option<Piece>,
    conversation_id: Option<Piece>,
    status: Option<Piece>,
    name: Option<Piece>,
    phone: Option<Piece>,
    email: Option<Piece>,
    address: Option<Piece>,
    timezone: Option<Piece>,
    language: Option<Piece>,
    tags: Option<Piece>,
}

#[derive(Default)]
struct Batch {
    arena: String,
    rows: Vec<Row>,
}

impl Batch {
    fn push(&mut self, record: &Record<'_>) {
        let mut keep = |text: &str| {
            let start = u32::try_from(self.arena.len()).unwrap_or(u32::MAX);
            self.arena.push_str(text);
            Piece {
                start,
                len: u32::try_from(text.len()).unwrap_or(0),
            }
        };
        let (contact_id, text) = (keep(&record.contact_id), keep(&record.text));
        let mut given = |value: &Option<std::borrow::Cow<'_, str>>| {
            value.as_deref().filter(|v| !v.is_empty()).map(&mut keep)
        };
        self.rows.push(Row {
            contact_id,
            line: record.line,
            channel: record.channel,
            author: record.author,
            automatic: record.automatic,
            sent_at: micros(record.sent_at),
            text,
            message_id: given(&record.message_id),
            conversation_id: given(&record.conversation_id),
            status: given(&record.status),
            name: given(&record.name),
            phone: given(&record.phone),
            email: given(&record.email),
            address: given(&record.address),
            timezone: given(&record.timezone),
            language: given(&record.language),
            tags: given(&record.tags),
        });
    }

    fn text(&self, piece: Piece) -> &str {
        let start = piece.start as usize;
        self.arena
            .get(start..start + piece.len as usize)
            .unwrap_or_default()
    }

    fn get(&self, piece: Option<Piece>) -> Option<&str> {
        piece.map(|p| self.text(p))
    }

    /// The rows of each contact, contacts and rows in the order of the file.
    fn by_contact(&self) -> Vec<(Piece, Vec<Row>)> {
        let mut index: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(Piece, Vec<Row>)> = Vec::new();
        for row in &self.rows {
            let at = *index.entry(self.text(row.contact_id)).or_insert_with(|| {
                groups.push((row.contact_id, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(*row);
        }
        groups
    }

    /// An empty batch that keeps the memory.
    fn emptied(mut self) -> Self {
        self.arena.clear();
        self.rows.clear();
        self
    }
}

/// Whether a contact's rows come oldest first, newest first, or in no order that could tell which of two
/// messages of the same time came first.
#[derive(Clone, Copy)]
enum FileOrder {
    OldestFirst,
    NewestFirst,
    None,
}

impl FileOrder {
    fn of(rows: &[Row]) -> Self {
        let times = rows.iter().map(|r| r.sent_at);
        if times.clone().is_sorted() {
            Self::OldestFirst
        } else if times.is_sorted_by(|a, b| a >= b) {
            Self::NewestFirst
        } else {
            Self::None
        }
    }

    fn seq(self, row: &Row) -> i64 {
        let line = row.line.cast_signed();
        match self {
            Self::OldestFirst => line,
            Self::NewestFirst => -line,
            Self::None => 0,
        }
    }
}
