//! Storing imported messages: validated records in, facts out; every step twice is the same as once.
//!
//! Records are gathered in batches and grouped by contact: files sorted by time would otherwise touch the whole
//! database for every row. A batch goes through three stages: it is read by the detector, beside the storing of
//! the one before; what is known of it is looked up; and all is written in the order of the contacts' rows, in one
//! transaction.

mod batch;
mod contact;
mod own;
mod reading;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use rusqlite::CachedStatement;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::erasure::{Suppression, Suppressions};
use super::schema::{comparable_number, number_key};
use super::{ContactKey, Derived, FileState, Store, SyncCursor, micros, time};
use crate::model::{
    Author, Channel, SignalKind, SignalSource, Timestamp, Word, WordKind, WordSource,
};
use crate::zone::Zone;
pub use batch::Batch;
use batch::{FileOrder, Piece, Row};
use contact::StoredContact;
use own::OwnMessage;
pub use reading::{BatchReader, Doubts, Reading};
use reading::{Found, Hints, Seen, Zones, message};

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

/// A page of an API.
#[derive(Clone, Copy)]
pub struct Page<'p> {
    /// Its messages.
    pub messages: &'p Batch,
    /// The contacts that the provider has as not to be written to, each with why.
    pub opted_out: &'p [(String, String)],
}

/// An import under way.
pub struct Ingest<'a> {
    store: &'a Store,
    reading: Reading<'a>,
    source: i64,
    /// How often the same words were said at the same time to the same contact, in this batch and the one before.
    repeats: [HashMap<(u64, u64), u32>; 2],
    suppressions: Suppressions,
    has_follow_ups: bool,
    /// Whether any contacts are joined.
    has_people: bool,
    /// Whether anybody has an address besides a phone number and an email.
    has_addresses: bool,
    /// Whether appointments may say something of a new contact.
    has_bookings: bool,
    zones: Zones,
    imported: Imported,
    /// Where the batch before was mostly known, asking first is cheaper than reading and inserting in vain.
    hints: Arc<Hints>,
    statements: Statements<'a>,
}

/// What is asked and told for every row or contact.
struct Statements<'a> {
    find_contact: CachedStatement<'a>,
    insert_contact: CachedStatement<'a>,
    has_message: CachedStatement<'a>,
    insert_message: CachedStatement<'a>,
    /// Whether the values of a signal, and of a status, are set in it.
    has_signal: bool,
    has_status: bool,
    by_phone: CachedStatement<'a>,
    by_email: CachedStatement<'a>,
    by_address: CachedStatement<'a>,
    by_number: CachedStatement<'a>,
}

const BY_PHONE: &str = concat!(
    "SELECT 1 FROM contacts WHERE phone IS NOT NULL AND ",
    number_key!("phone"),
    " = ?1"
);
const BY_EMAIL: &str = "SELECT 1 FROM contacts WHERE email = ?1 COLLATE NOCASE";
const BY_ADDRESS: &str = "SELECT 1 FROM addresses WHERE address = ?1";
const BY_NUMBER: &str = concat!(
    "SELECT 1 FROM addresses WHERE channel IN ('sms', 'whatsapp') AND ",
    number_key!("address"),
    " = ?1"
);
const HAS_MESSAGE: &str = "SELECT 1 FROM messages WHERE contact = ?1 AND identity = ?2";
const INSERT_MESSAGE: &str = "INSERT OR IGNORE INTO messages (contact, identity, sent_at, seq, channel, \
    author, source, automatic, signal, signal_at, signal_zone, signal_source, signal_evidence, message_id, \
    conversation_id, status, text, ad_click) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

/// What a batch has of one contact.
struct Group<'b> {
    contact: StoredContact,
    is_new: bool,
    contact_id: Piece,
    forgotten: Option<Suppression>,
    own: Vec<OwnMessage>,
    /// The contact's zone, else the bot's.
    zone: Zone,
    rows: Vec<Pending<'b>>,
    /// The rows that tell something of the contact besides a message, or instead.
    said: Vec<&'b Row>,
    /// For a new contact: what follows from the batch.
    derived: Option<Derived>,
}

/// A record that is to be stored, unless it is known already.
struct Pending<'b> {
    row: &'b Row,
    identity: i64,
    seq: i64,
    /// One of our own follow-ups: the index in [`Group::own`].
    ours: Option<usize>,
    /// Certainly stored already; else the insertion tells.
    is_known: bool,
    found: Found,
}

impl<'a> Ingest<'a> {
    /// Begins an import from `source` (a row of [`Store::source`]).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn new(store: &'a Store, source: i64, reading: Reading<'a>) -> Result<Self> {
        Ok(Self {
            store,
            reading,
            source,
            repeats: Default::default(),
            suppressions: Suppressions::load(store)?,
            has_follow_ups: any_follow_up(store)?,
            has_people: store.has_people()?,
            has_addresses: {
                let any = "SELECT 1 FROM addresses LIMIT 1";
                store.connection.prepare_cached(any)?.exists([])?
            },
            has_bookings: store.has_bookings()? || reading.policy.confirms_bookings,
            zones: Zones::default(),
            imported: Imported::default(),
            hints: Arc::default(),
            statements: Statements {
                find_contact: store.connection.prepare_cached(contact::FIND)?,
                insert_contact: store.connection.prepare_cached(contact::INSERT)?,
                has_message: store.connection.prepare_cached(HAS_MESSAGE)?,
                insert_message: {
                    let mut insert = store.connection.prepare_cached(INSERT_MESSAGE)?;
                    insert.raw_bind_parameter(7, source)?;
                    insert
                },
                has_signal: false,
                has_status: false,
                by_phone: store.connection.prepare_cached(BY_PHONE)?,
                by_email: store.connection.prepare_cached(BY_EMAIL)?,
                by_address: store.connection.prepare_cached(BY_ADDRESS)?,
                by_number: store.connection.prepare_cached(BY_NUMBER)?,
            },
        })
    }

    /// What reads the batches before they come here.
    #[must_use]
    pub fn reader(&self) -> BatchReader<'a> {
        BatchReader::new(self.reading, Arc::clone(&self.hints))
    }

    /// Writes a batch, read, that is not the last one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take(&mut self, mut batch: Batch) -> Result<()> {
        let seen = std::mem::take(&mut batch.seen);
        let transaction = self.store.immediate()?;
        self.store.source_incomplete(self.source)?;
        self.write(&batch, seen)?;
        transaction.commit()?;
        Ok(())
    }

    /// Writes the last batch, read, and says that the source is complete up to `as_of`; `file` is remembered with how
    /// many of its rows were rejected.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish(
        mut self,
        mut last: Batch,
        as_of: Timestamp,
        file: Option<(&FileState, u64)>,
    ) -> Result<Imported> {
        let seen = std::mem::take(&mut last.seen);
        let transaction = self.store.immediate()?;
        self.write(&last, seen)?;
        self.store.source_complete(self.source, as_of, file)?;
        transaction.commit()?;
        Ok(self.imported)
    }

    /// Writes pages of an API that are not the last ones, and where it goes on after them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_pages(&mut self, pages: &[Page<'_>], cursor: Option<SyncCursor<'_>>) -> Result<()> {
        let transaction = self.store.immediate()?;
        self.store.source_incomplete(self.source)?;
        self.add(pages, cursor)?;
        transaction.commit()?;
        Ok(())
    }

    /// Writes the last pages of an API: its source is complete up to `as_of`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish_pages(
        mut self,
        last: &[Page<'_>],
        cursor: Option<SyncCursor<'_>>,
        as_of: Timestamp,
    ) -> Result<Imported> {
        let transaction = self.store.immediate()?;
        self.add(last, cursor)?;
        self.store.source_complete(self.source, as_of, None)?;
        transaction.commit()?;
        Ok(self.imported)
    }

    /// Inside a transaction of the caller's: writes messages, and nothing of how complete their source is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add(&mut self, pages: &[Page<'_>], cursor: Option<SyncCursor<'_>>) -> Result<()> {
        // A run may have claimed a first follow-up since this began.
        self.has_follow_ups = self.has_follow_ups || any_follow_up(self.store)?;
        let mut reader = self.reader();
        for page in pages {
            self.write(page.messages, reader.seen(page.messages))?;
            for (contact_id, reason) in page.opted_out {
                // Of somebody who was forgotten nothing is kept but that.
                if let Some(key) = self.store.find(contact_id)? {
                    let now = self.reading.now;
                    self.store.insert_opted_out(key, reason, now)?;
                    self.store.awaken(key)?;
                }
            }
        }
        match cursor {
            Some(cursor) => self.store.set_cursor(self.source, cursor),
            None => Ok(()),
        }
    }

    /// What has been stored so far.
    #[must_use]
    pub fn imported(self) -> Imported {
        self.imported
    }

    fn write(&mut self, batch: &Batch, seen: Vec<Seen>) -> Result<()> {
        self.imported.read += batch.rows.len() as u64;
        let known_before = self.imported.known;
        let mut found = Vec::with_capacity(seen.len());
        for seen in seen {
            let find = &mut self.statements.find_contact;
            let known = StoredContact::find(find, batch.text(seen.contact_id))?;
            found.push((known, seen));
        }
        // Known contacts in the order of their rows, then the new ones in the order of the file.
        found.sort_by_key(|(known, _)| known.as_ref().map_or(ContactKey::MAX, |c| c.key));
        let new = found.iter().filter(|(known, _)| known.is_none()).count();
        let known_contacts = new * 2 < found.len();
        for (known, seen) in found {
            if let Some(group) = self.look_up(batch, seen, known)? {
                self.store_group(batch, group)?;
            }
        }
        let known = self.imported.known - known_before;
        let mostly_known = known * 2 > batch.rows.len() as u64;
        let hints = &self.hints;
        hints.mostly_known.store(mostly_known, Ordering::Relaxed);
        hints
            .known_contacts
            .store(known_contacts, Ordering::Relaxed);
        self.repeats.swap(0, 1);
        self.repeats[0].clear();
        Ok(())
    }

    /// The second stage: what is known of a contact. `None` when nothing is to be done.
    fn look_up<'b>(
        &mut self,
        batch: &'b Batch,
        seen: Seen,
        known: Option<StoredContact>,
    ) -> Result<Option<Group<'b>>> {
        let rows: Vec<&Row> = seen.rows.iter().map(|place| batch.row(*place)).collect();
        let contact_id = batch.text(seen.contact_id);
        let is_new = known.is_none();
        let forgotten = self.forgotten(batch, contact_id, &rows).filter(|_| is_new);
        let erased_until = forgotten.map_or(i64::MIN, |f| f.forgotten_at);
        let is_kept = |row: &Row| row.sent_at > erased_until;
        let left_out = rows.iter().filter(|row| !is_kept(row)).count();
        self.imported.forgotten += left_out as u64;
        if left_out == rows.len() {
            return Ok(None);
        }
        let (told_zone, told_language) = (&seen.told.timezone.0, &seen.told.language.0);
        let as_told = match &known {
            None => forgotten.is_none(),
            Some(_) => false,
        };
        let (contact, as_read) = if as_told {
            (seen.told, true)
        } else {
            let mut contact = known.unwrap_or_default();
            let kept = rows.iter().filter(|row| is_kept(row));
            kept.for_each(|row| contact.learn(batch, row));
            let as_read = (&contact.timezone.0, &contact.language.0) == (told_zone, told_language);
            (contact, as_read)
        };
        let zone = self
            .zones
            .of(contact.timezone.0.as_deref(), self.reading.policy);
        let mut own = Vec::new();
        if self.has_follow_ups && !is_new {
            own = self.store.own_messages(contact.key)?;
        }
        let asks_first = !is_new && self.hints.mostly_known.load(Ordering::Relaxed);
        let order = FileOrder::of(&rows);
        let said_by = xxh3_64(contact_id.as_bytes());
        let mut pending = Vec::with_capacity(rows.len());
        let said: Vec<&Row> = rows
            .iter()
            .copied()
            .filter(|row| is_kept(row) && row.said.is_some())
            .collect();
        for (row, found) in rows.iter().copied().zip(seen.found) {
            if !is_kept(row) || !row.is_message {
                continue;
            }
            let identity = self.identity(batch, said_by, row);
            let ours = (row.author != Author::Contact)
                .then(|| own.iter_mut().position(|o| o.claims(batch, row, identity)))
                .flatten();
            let has_message = &mut self.statements.has_message;
            let is_known = asks_first && has_message.exists((contact.key, identity))?;
            let found = match found.filter(|_| as_read) {
                None if !is_known => self.reading.found(batch, row, &contact, &zone),
                found => found,
            };
            pending.push(Pending {
                row,
                identity,
                seq: order.seq(row),
                ours,
                is_known,
                found: found.unwrap_or_default(),
            });
        }
        let derived = match seen.derived {
            Some(derived) if as_told => Some(derived),
            _ if is_new && forgotten.is_none() => {
                let policy = self.reading.policy;
                let of = |p: &Pending<'_>| message(batch, p.row, p.seq, Some(&p.found), policy);
                let messages = pending.iter().map(of).collect();
                let reading = self.reading;
                Some(reading.derived(batch, seen.contact_id, &contact, &rows, messages))
            }
            _ => None,
        };
        Ok(Some(Group {
            contact,
            is_new,
            contact_id: seen.contact_id,
            forgotten,
            own,
            zone,
            rows: pending,
            said,
            derived,
        }))
    }

    fn forgotten(&self, batch: &Batch, contact_id: &str, rows: &[&Row]) -> Option<Suppression> {
        if self.suppressions.is_empty() {
            return None;
        }
        let given = |row: &&Row| [row.phone, row.email, row.address];
        let addresses = rows
            .iter()
            .flat_map(given)
            .filter_map(|piece| batch.get(piece));
        self.suppressions.find(contact_id, addresses)
    }

    /// A message's identity: its id, else a hash of what it says and the how-manieth such message it is.
    fn identity(&mut self, batch: &Batch, said_by: u64, row: &Row) -> i64 {
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
        let said = (hash.digest(), said_by);
        let before = self.repeats[1].get(&said).copied().unwrap_or(0);
        let nth = self.repeats[0].entry(said).or_insert(before);
        *nth += 1;
        if *nth > 1 {
            hash.update(&nth.to_le_bytes());
        }
        hash.digest().cast_signed()
    }

    /// The third stage: one contact's facts.
    fn store_group(&mut self, batch: &Batch, group: Group<'_>) -> Result<()> {
        let Group {
            mut contact,
            is_new,
            forgotten,
            mut own,
            rows,
            said,
            ..
        } = group;
        let mut shares = false;
        if is_new {
            let statements = &mut self.statements;
            shares = statements.shares_a_number(batch, &contact, &rows, self.has_addresses)?;
            let derived = group
                .derived
                .filter(|_| !shares && said.is_empty() && !self.has_bookings)
                .unwrap_or_default();
            self.store.note_settled_at(self.reading.now)?;
            contact.insert(
                self.store,
                &mut self.statements.insert_contact,
                batch.text(group.contact_id),
                derived,
            )?;
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
        self.store_addresses(batch, contact.key, &rows)?;
        if shares {
            self.store.awaken_sharers(contact.key)?;
        }
        let (mut any_new, mut opt_in) = (false, false);
        for pending in &rows {
            if let Some(index) = pending.ours {
                any_new |= self.store.absorb(&mut own[index], batch, pending)?;
                self.imported.own += 1;
            } else if !pending.is_known
                && self.store_message(batch, contact.key, &group.zone, pending)?
            {
                self.imported.new += 1;
                any_new = true;
                opt_in |= pending.found.signal == Some(SignalKind::OptIn);
                if pending.row.author == Author::Contact {
                    let late = self.store.note_late_reply(&own, pending.row)?;
                    self.imported.sent_after_reply.extend(late);
                }
            } else {
                self.imported.known += 1;
            }
        }
        if opt_in {
            self.store.awaken_sharers(contact.key)?;
        }
        self.store_words(batch, contact.key, &said)?;
        if !is_new && (contact.changed || (any_new && contact.wake_at != Some(0))) {
            self.store.update_contact(&contact)?;
        }
        if shares {
            // At once, and not only when it is settled: a run in between must know whose reply this is.
            let (policy, now) = (self.reading.policy, self.reading.now);
            self.has_people |= self.store.join(contact.key, policy, now)?;
        }
        if any_new && self.has_people {
            let late = self.store.catch_up(contact.key)?;
            self.imported.sent_after_reply.extend(late);
        }
        Ok(())
    }

    /// Stores what rows tell of the contact (rule D6b), each once.
    fn store_words(&self, batch: &Batch, key: ContactKey, rows: &[&Row]) -> Result<()> {
        for row in rows {
            let Some(said) = row.said else { continue };
            let word = Word {
                kind: said.kind,
                at: time(row.sent_at),
                until: None,
                reason: batch.get(said.reason).map(str::to_owned),
                source: said.source,
            };
            self.store.insert_word_once(key, &word)?;
        }
        Ok(())
    }

    fn store_addresses(
        &mut self,
        batch: &Batch,
        key: ContactKey,
        rows: &[Pending<'_>],
    ) -> Result<()> {
        let sql = "INSERT INTO addresses (contact, channel, address, at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (contact, channel) DO UPDATE SET address = excluded.address, at = excluded.at \
                   WHERE (excluded.at, excluded.address) > (addresses.at, addresses.address) \
                   AND excluded.address <> addresses.address";
        let mut last: Option<(Channel, &str)> = None;
        for Pending { row, .. } in rows {
            let Some(address) = batch.get(row.address) else {
                continue;
            };
            if last != Some((row.channel, address)) {
                let values = (key, row.channel.as_str(), address, row.sent_at);
                self.store.connection.prepare_cached(sql)?.execute(values)?;
                last = Some((row.channel, address));
                self.has_addresses = true;
            }
        }
        Ok(())
    }

    /// Stores a message and its signal; `false` when it was there already. Of the statement's values those that
    /// were set for the row before stay set: the source, and all that is NULL for most messages.
    fn store_message(
        &mut self,
        batch: &Batch,
        key: ContactKey,
        zone: &Zone,
        pending: &Pending<'_>,
    ) -> Result<bool> {
        let (row, found) = (pending.row, &pending.found);
        let Statements {
            insert_message: insert,
            has_signal,
            has_status,
            ..
        } = &mut self.statements;
        insert.raw_bind_parameter(1, key)?;
        insert.raw_bind_parameter(2, pending.identity)?;
        insert.raw_bind_parameter(3, row.sent_at)?;
        insert.raw_bind_parameter(4, pending.seq)?;
        insert.raw_bind_parameter(5, row.channel.as_str())?;
        insert.raw_bind_parameter(6, row.author.as_str())?;
        insert.raw_bind_parameter(8, row.automatic || found.automatic)?;
        if *has_signal || found.signal.is_some() {
            insert.raw_bind_parameter(9, found.signal.map(SignalKind::as_str))?;
            insert.raw_bind_parameter(10, found.at.map(micros))?;
            insert.raw_bind_parameter(11, found.at.map(|_| zone.name()))?;
            let source = found.signal.map(|_| SignalSource::Rules.as_str());
            insert.raw_bind_parameter(12, source)?;
            let evidence = found.signal.map(|_| found.evidence.as_str());
            insert.raw_bind_parameter(13, evidence)?;
            *has_signal = found.signal.is_some();
        }
        insert.raw_bind_parameter(14, batch.get(row.message_id))?;
        insert.raw_bind_parameter(15, batch.get(row.conversation_id))?;
        if *has_status || row.status.is_some() {
            insert.raw_bind_parameter(16, batch.get(row.status))?;
            *has_status = row.status.is_some();
        }
        insert.raw_bind_parameter(17, batch.text(row.text))?;
        insert.raw_bind_parameter(18, row.ad_click)?;
        let is_new = insert.raw_execute()? > 0;
        if is_new && found.is_unsure {
            let sql = "INSERT OR IGNORE INTO readings (contact, identity, state) VALUES (?1, ?2, 'waiting')";
            let mut statement = self.store.connection.prepare_cached(sql)?;
            statement.execute((key, pending.identity))?;
        }
        Ok(is_new)
    }
}

fn any_follow_up(store: &Store) -> Result<bool> {
    let any = "SELECT 1 FROM follow_ups LIMIT 1";
    Ok(store.connection.prepare_cached(any)?.exists([])?)
}

impl Statements<'_> {
    /// D21: whether a known contact has the phone number or an address of this new one.
    fn shares_a_number(
        &mut self,
        batch: &Batch,
        contact: &StoredContact,
        rows: &[Pending<'_>],
        has_addresses: bool,
    ) -> Result<bool> {
        let mut given: Vec<&str> = rows
            .iter()
            .filter_map(|p| batch.get(p.row.address))
            .collect();
        given.dedup();
        if rows.iter().any(|p| p.row.channel.has_own_ids()) {
            for address in &given {
                if StoredContact::find(&mut self.find_contact, address)?.is_some() {
                    return Ok(true);
                }
            }
            given.extend(rows.first().map(|p| batch.text(p.row.contact_id)));
        }
        if let Some(phone) = contact.phone.0.as_deref() {
            given.push(phone);
        }
        if let Some(email) = contact.email.0.as_deref()
            && self.by_email.exists([email])?
        {
            return Ok(true);
        }
        for given in given {
            let number = comparable_number(given);
            if self.by_phone.exists([&number])?
                || (has_addresses
                    && (self.by_address.exists([given])? || self.by_number.exists([&number])?))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
