//! Messages into their table: many with one statement, where they can wait for each other.

use anyhow::Result;
use rusqlite::CachedStatement;

use super::batch::Batch;
use super::contact::StoredContact;
use super::look_up::Pending;
use crate::model::{SignalKind, SignalSource};
use crate::store::{ContactKey, Store, micros};
use crate::zone::Zone;

/// How many messages one statement stores.
const AT_ONCE: usize = 16;
/// How many may wait.
const MOST_WAITING: usize = 128 * AT_ONCE;
/// How many values each has.
const VALUES: usize = 18;
/// The source's place among them.
const SOURCE: usize = 7;

macro_rules! insert {
    ($($values:literal)+) => {
        concat!(
            "INSERT OR IGNORE INTO messages (contact, identity, sent_at, seq, channel, author, source, automatic, \
             signal, signal_at, signal_zone, signal_source, signal_evidence, message_id, conversation_id, status, \
             text, ad_click) VALUES ",
            $($values, "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",)+
        )
    };
}
const INSERT_ONE: &str = insert!("");
const INSERT_MANY: &str = insert!("" "," "," "," "," "," "," "," "," "," "," "," "," "," "," ",");

/// The statements that store messages.
pub(super) struct Inserts<'a> {
    store: &'a Store,
    one: Insert<'a>,
    many: Insert<'a>,
}

impl<'a> Inserts<'a> {
    pub(super) fn new(store: &'a Store, source: i64) -> Result<Self> {
        Ok(Self {
            store,
            one: Insert::new(store, INSERT_ONE, 1, source)?,
            many: Insert::new(store, INSERT_MANY, AT_ONCE, source)?,
        })
    }

    /// Stores a message and its signal; `false` when it was there already.
    pub(super) fn one(
        &mut self,
        batch: &Batch,
        contact: ContactKey,
        zone: &Zone,
        pending: &Pending<'_>,
    ) -> Result<bool> {
        self.one.bind(0, batch, contact, zone, pending)?;
        let is_new = self.one.statement.raw_execute()? > 0;
        if is_new && pending.found.is_unsure {
            let sql = "INSERT OR IGNORE INTO readings (contact, identity, state) VALUES (?1, ?2, 'waiting')";
            let mut statement = self.store.connection.prepare_cached(sql)?;
            statement.execute((contact, pending.identity))?;
        }
        Ok(is_new)
    }

    /// Stores all that wait, and marks the contacts that may have a new one.
    pub(super) fn all(&mut self, batch: &Batch, queue: &mut Queue<'_>) -> Result<Stored> {
        let Queue { waiting, number } = queue;
        let contacts = waiting.iter().enumerate();
        let rows: Vec<(usize, &Pending<'_>)> = contacts
            .flat_map(|(n, waiting)| waiting.rows.iter().map(move |row| (n, row)))
            .filter(|(_, row)| !row.is_known)
            .collect();
        let (mut new, mut news) = (0, vec![false; waiting.len()]);
        let mut may_be_known = Vec::new();
        for rows in rows.chunks(AT_ONCE) {
            let insert = match rows.len() {
                AT_ONCE => &mut self.many,
                _ => &mut self.one,
            };
            for rows in rows.chunks(insert.slots.len()) {
                for (place, (n, row)) in rows.iter().enumerate() {
                    let Waiting { contact, zone, .. } = &waiting[*n];
                    insert.bind(place, batch, contact.key, zone, row)?;
                }
                let stored = insert.statement.raw_execute()?;
                new += stored;
                if stored < rows.len() {
                    let rows = rows.iter();
                    may_be_known
                        .extend(rows.map(|(n, row)| (waiting[*n].contact.key, row.identity)));
                }
                // Of some it is not told which: then each contact may have one, and is looked at again.
                rows.iter().for_each(|(n, _)| news[*n] |= stored > 0);
            }
        }
        let known = *number - new;
        for (waiting, any_new) in waiting.iter_mut().zip(news) {
            waiting.any_new = any_new;
        }
        Ok(Stored {
            new: new as u64,
            known: known as u64,
            may_be_known,
        })
    }
}

/// What became of messages that waited.
pub(super) struct Stored {
    pub(super) new: u64,
    pub(super) known: u64,
    /// Those among whom some were there already, by contact and identity.
    pub(super) may_be_known: Vec<(ContactKey, i64)>,
}

/// A statement for so many messages. Of its values those that were set for the message before in the same place stay
/// set: the source, and all that is NULL for most messages.
struct Insert<'a> {
    statement: CachedStatement<'a>,
    slots: Vec<Slot>,
}

/// Whether the values of a signal, and of a status, are set.
#[derive(Clone, Copy, Default)]
struct Slot {
    has_signal: bool,
    has_status: bool,
}

impl<'a> Insert<'a> {
    fn new(store: &'a Store, sql: &str, messages: usize, source: i64) -> Result<Self> {
        let mut statement = store.connection.prepare_cached(sql)?;
        for place in 0..messages {
            statement.raw_bind_parameter(place * VALUES + SOURCE, source)?;
        }
        Ok(Self {
            statement,
            slots: vec![Slot::default(); messages],
        })
    }

    fn bind(
        &mut self,
        place: usize,
        batch: &Batch,
        contact: ContactKey,
        zone: &Zone,
        pending: &Pending<'_>,
    ) -> Result<()> {
        let (row, found) = (pending.row, &pending.found);
        let (insert, slot) = (&mut self.statement, &mut self.slots[place]);
        let first = place * VALUES;
        insert.raw_bind_parameter(first + 1, contact)?;
        insert.raw_bind_parameter(first + 2, pending.identity)?;
        insert.raw_bind_parameter(first + 3, row.sent_at)?;
        insert.raw_bind_parameter(first + 4, pending.seq)?;
        insert.raw_bind_parameter(first + 5, row.channel.as_str())?;
        insert.raw_bind_parameter(first + 6, row.author.as_str())?;
        insert.raw_bind_parameter(first + 8, row.automatic || found.automatic)?;
        if slot.has_signal || found.signal.is_some() {
            insert.raw_bind_parameter(first + 9, found.signal.map(SignalKind::as_str))?;
            insert.raw_bind_parameter(first + 10, found.at.map(micros))?;
            insert.raw_bind_parameter(first + 11, found.at.map(|_| zone.name()))?;
            let source = found.signal.map(|_| SignalSource::Rules.as_str());
            insert.raw_bind_parameter(first + 12, source)?;
            let evidence = found.signal.map(|_| found.evidence.as_str());
            insert.raw_bind_parameter(first + 13, evidence)?;
            slot.has_signal = found.signal.is_some();
        }
        insert.raw_bind_parameter(first + 14, batch.get(row.message_id))?;
        insert.raw_bind_parameter(first + 15, batch.get(row.conversation_id))?;
        if slot.has_status || row.status.is_some() {
            insert.raw_bind_parameter(first + 16, batch.get(row.status))?;
            slot.has_status = row.status.is_some();
        }
        insert.raw_bind_parameter(first + 17, batch.text(row.text))?;
        insert.raw_bind_parameter(first + 18, row.ad_click)?;
        Ok(())
    }
}

/// Messages that wait to be stored together.
#[derive(Default)]
pub(super) struct Queue<'b> {
    waiting: Vec<Waiting<'b>>,
    number: usize,
}

/// A contact whose messages wait.
pub(super) struct Waiting<'b> {
    pub(super) contact: StoredContact,
    pub(super) is_new: bool,
    /// Once they are stored: whether any of them may be new.
    pub(super) any_new: bool,
    zone: Zone,
    rows: Vec<Pending<'b>>,
}

impl<'b> Queue<'b> {
    /// Lets a contact's messages wait.
    pub(super) fn push(
        &mut self,
        contact: StoredContact,
        is_new: bool,
        zone: Zone,
        mut rows: Vec<Pending<'b>>,
    ) {
        self.number += rows.len();
        // In the order of the table. Of two that are one message the first stays the first.
        rows.sort_by_key(|row| row.identity);
        self.waiting.push(Waiting {
            contact,
            is_new,
            any_new: false,
            zone,
            rows,
        });
    }

    pub(super) fn is_long(&self) -> bool {
        self.number >= MOST_WAITING
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Waiting<'b>> + '_ {
        self.number = 0;
        self.waiting.drain(..)
    }
}
