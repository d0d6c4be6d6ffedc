//! Storing imported messages: validated records in, facts out; every step twice is the same as once.
//!
//! Records are gathered in batches and grouped by contact: files sorted by time would otherwise touch the whole
//! database for every row. A batch goes through three stages: it is read by the detector, beside the storing of
//! the one before ([`reading`]); what is known of it is looked up ([`look_up`]); and all is written in the order of
//! the contacts' rows, in one transaction ([`facts`], [`messages`]).

mod batch;
mod contact;
mod facts;
mod look_up;
mod messages;
mod own;
mod reading;
mod sharing;
mod takeover;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use chrono::TimeDelta;
use rusqlite::CachedStatement;

use super::erasure::Suppressions;
use super::relaxed::Relaxed;
use super::{BookingIds, BookingSource, ContactKey, FileState, Store, SyncCursor, micros, time};
use crate::import::{Bookings, ContactRecord};
use crate::model::Timestamp;
pub use batch::Batch;
use contact::StoredContact;
use messages::Inserts;
pub use reading::{BatchReader, Doubts, Reading};
use reading::{Hints, Sights, Zones};
use sharing::Sharing;

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
    /// Messages that are dated later than the present: they are not there yet (rule D11).
    pub ahead: Option<Ahead>,
    /// Known contacts whom a source that is new to them calls by quite another name: two people with one id, maybe.
    /// The first few.
    pub namesakes: Vec<Namesake>,
}

/// A contact's id under which two sources may mean two people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namesake {
    /// The id.
    pub contact_id: String,
    /// The name by which they were known.
    pub was: String,
    /// The name that the source has.
    pub is: String,
}

/// How many of these are remembered.
const MOST_NAMESAKES: usize = 5;

/// Messages of the future, as a wrong time zone makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// How many.
    pub number: u64,
    /// When the last of them will be there.
    pub until: Timestamp,
}

/// A page of an API, or some that came one after the other.
#[derive(Default)]
pub struct Page {
    /// Its messages; read, or else they are read as they are stored.
    pub messages: Batch,
    /// What the provider has of contacts now.
    pub contacts: Vec<ContactRecord>,
    /// The contacts of whom the provider says whether they may be written to.
    pub dnd: Vec<(String, Dnd)>,
    /// The appointments of some contacts, by their ids.
    pub bookings: Vec<(String, Bookings)>,
}

/// Whether a provider wants a contact to be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dnd {
    /// It does not, and says why.
    On(String),
    /// It does.
    Off {
        /// How the reasons begin that it gave before: those no longer hold.
        said: &'static str,
    },
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
    find_contact: CachedStatement<'a>,
    insert_contact: CachedStatement<'a>,
    has_message: CachedStatement<'a>,
    inserts: Inserts<'a>,
    /// The sources that keep the messages that they brought.
    keepers: Vec<i64>,
    sharing: Sharing<'a>,
}

/// How far two clocks may be apart before a message is said to be ahead of the present.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(2);

/// Whose a known message is.
const HAS_MESSAGE: &str = "SELECT source FROM messages WHERE contact = ?1 AND identity = ?2";

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
            has_addresses: store.has_addresses()?,
            has_bookings: store.has_bookings()? || reading.policy.confirms_bookings,
            zones: Zones::default(),
            imported: Imported::default(),
            hints: Arc::default(),
            find_contact: store.connection.prepare_cached(contact::FIND)?,
            insert_contact: store.connection.prepare_cached(contact::INSERT)?,
            has_message: store.connection.prepare_cached(HAS_MESSAGE)?,
            inserts: Inserts::new(store, source)?,
            keepers: takeover::keepers(store, &reading)?,
            sharing: Sharing::new(store)?,
        })
    }

    /// What reads the batches before they come here.
    #[must_use]
    pub fn reader(&self) -> BatchReader<'a> {
        BatchReader::new(self.reading, Arc::clone(&self.hints))
    }

    /// Writes a batch, read, that is not the last one. Should the power fail before the last one is written, this one
    /// may be gone again, as if the import had ended before it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take(&mut self, batch: &mut Batch) -> Result<()> {
        let _relaxed = Relaxed::new(self.store)?;
        let transaction = self.store.immediate()?;
        self.store.source_incomplete(self.source)?;
        self.write_read(batch)?;
        transaction.commit()?;
        Ok(())
    }

    /// Writes the last batch, read, and says that the source is complete up to `as_of`; `file` is remembered with how
    /// many of its rows were rejected. What was taken before is on the disk with it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish(
        mut self,
        last: &mut Batch,
        as_of: Timestamp,
        file: Option<(&FileState, u64)>,
    ) -> Result<Imported> {
        let transaction = self.store.immediate()?;
        self.write_read(last)?;
        self.store.source_complete(self.source, as_of, file)?;
        transaction.commit()?;
        Ok(self.imported)
    }

    /// Writes a page of an API that is not the last one, and where it goes on after it. Should the power fail, both may
    /// be gone again: the API is then asked for it once more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_page(&mut self, page: &mut Page, cursor: Option<SyncCursor<'_>>) -> Result<()> {
        let _relaxed = Relaxed::new(self.store)?;
        self.take_only_page(page, cursor)
    }

    /// The same for an API that does not give it again: it is on the disk when this returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_only_page(
        &mut self,
        page: &mut Page,
        cursor: Option<SyncCursor<'_>>,
    ) -> Result<()> {
        let transaction = self.store.immediate()?;
        self.store.source_incomplete(self.source)?;
        self.add(page, cursor)?;
        transaction.commit()?;
        Ok(())
    }

    /// Writes the last page of an API: its source is complete up to `as_of`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish_page(
        mut self,
        mut last: Page,
        cursor: Option<SyncCursor<'_>>,
        as_of: Timestamp,
    ) -> Result<Imported> {
        let transaction = self.store.immediate()?;
        self.add(&mut last, cursor)?;
        self.store.source_complete(self.source, as_of, None)?;
        transaction.commit()?;
        Ok(self.imported)
    }

    /// Inside a transaction of the caller's: writes messages, and nothing of how complete their source is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add(&mut self, page: &mut Page, cursor: Option<SyncCursor<'_>>) -> Result<()> {
        // A run may have claimed a first follow-up since this began.
        self.has_follow_ups = self.has_follow_ups || any_follow_up(self.store)?;
        if page.messages.sights.contacts.is_empty() {
            self.reader().read(&mut page.messages);
        }
        self.write_read(&mut page.messages)?;
        for contact in &page.contacts {
            self.store.update_details(contact, self.reading.now)?;
        }
        for (contact_id, dnd) in &page.dnd {
            // Of somebody who was forgotten nothing is kept but that.
            let Some(key) = self.store.find(contact_id)? else {
                continue;
            };
            let now = self.reading.now;
            match dnd {
                Dnd::On(reason) => {
                    self.store.insert_opted_out(key, reason, now)?;
                    self.store.awaken(key)?;
                }
                Dnd::Off { said } => self.store.lift_opted_out(key, said, now)?,
            }
        }
        for (contact_id, bookings) in &page.bookings {
            // What a contact's list has no longer is gone, as from a file of theirs.
            let from = BookingSource {
                source: self.source,
                file: &format!("contact {}", contact_id),
                as_of: self.reading.now,
                country: self.reading.policy.country,
                ids: BookingIds::OfSource,
            };
            self.store
                .take_bookings(&from, &bookings.records, bookings.is_whole)?;
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

    /// What was read of a batch goes with it, and its room comes back.
    fn write_read(&mut self, batch: &mut Batch) -> Result<()> {
        let mut sights = std::mem::take(&mut batch.sights);
        let written = self.write(batch, &mut sights);
        batch.sights = sights;
        written
    }

    fn write(&mut self, batch: &Batch, sights: &mut Sights) -> Result<()> {
        self.imported.read += batch.len() as u64;
        self.count_ahead(batch);
        let known_before = self.imported.known;
        let mut found = Vec::with_capacity(sights.contacts.len());
        for seen in sights.contacts.drain(..) {
            let find = &mut self.find_contact;
            let known = StoredContact::find(find, batch.text(seen.contact_id))?;
            found.push((known, seen));
        }
        // Known contacts in the order of their rows, then the new ones in the order of the file.
        found.sort_by_key(|(known, _)| known.as_ref().map_or(ContactKey::MAX, |c| c.key));
        let new = found.iter().filter(|(known, _)| known.is_none()).count();
        let known_contacts = new * 2 < found.len();
        let mut queue = messages::Queue::default();
        for (known, seen) in found {
            if let Some(group) = self.look_up(batch, &sights.places, seen, known)? {
                self.store_group(batch, group, &mut queue)?;
            }
            if queue.is_long() {
                self.store_queue(batch, &mut queue)?;
            }
        }
        self.store_queue(batch, &mut queue)?;
        let known = self.imported.known - known_before;
        let mostly_known = known * 2 > batch.len() as u64;
        let hints = &self.hints;
        hints.mostly_known.store(mostly_known, Ordering::Relaxed);
        hints
            .known_contacts
            .store(known_contacts, Ordering::Relaxed);
        self.repeats.swap(0, 1);
        self.repeats[0].clear();
        Ok(())
    }

    fn count_ahead(&mut self, batch: &Batch) {
        let present = micros(self.reading.now + CLOCKS_APART);
        let rows = batch.rows.iter();
        let ahead = rows.filter(|row| row.is_message && row.sent_at > present);
        let (number, last) = ahead.fold((0, 0), |(n, last), row| (n + 1, last.max(row.sent_at)));
        if number > 0 {
            let until = time(last);
            let before = self.imported.ahead;
            self.imported.ahead = Some(Ahead {
                number: number + before.map_or(0, |b| b.number),
                until: before.map_or(until, |b| b.until.max(until)),
            });
        }
    }
}

fn any_follow_up(store: &Store) -> Result<bool> {
    let any = "SELECT 1 FROM follow_ups LIMIT 1";
    Ok(store.connection.prepare_cached(any)?.exists([])?)
}
