//! The second stage: what is known of a batch's contacts and messages.

use std::sync::atomic::Ordering;

use anyhow::Result;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Ingest;
use super::batch::{Batch, Piece, Row, seqs};
use super::contact::StoredContact;
use super::own::OwnMessage;
use super::reading::{Found, Seen, message};
use crate::model::Author;
use crate::store::Derived;
use crate::store::erasure::Suppression;
use crate::zone::Zone;

/// What a batch has of one contact.
pub(super) struct Group<'b> {
    pub(super) contact: StoredContact,
    pub(super) is_new: bool,
    pub(super) contact_id: Piece,
    pub(super) forgotten: Option<Suppression>,
    pub(super) own: Vec<OwnMessage>,
    /// The contact's zone, else the bot's.
    pub(super) zone: Zone,
    pub(super) rows: Vec<Pending<'b>>,
    /// The rows that tell something of the contact besides a message, or instead.
    pub(super) said: Vec<&'b Row>,
    /// For a new contact: what follows from the batch.
    pub(super) derived: Option<Derived>,
}

/// A record that is to be stored, unless it is known already.
pub(super) struct Pending<'b> {
    pub(super) row: &'b Row,
    pub(super) identity: i64,
    pub(super) seq: i64,
    /// One of our own follow-ups: the index in [`Group::own`].
    pub(super) ours: Option<usize>,
    /// Certainly stored already; else the insertion tells.
    pub(super) is_known: bool,
    pub(super) found: Found,
}

impl Ingest<'_> {
    /// The second stage: what is known of a contact. `None` when nothing is to be done.
    pub(super) fn look_up<'b>(
        &mut self,
        batch: &'b Batch,
        places: &'b [u32],
        seen: Seen,
        known: Option<StoredContact>,
    ) -> Result<Option<Group<'b>>> {
        let rows = batch.rows_at(&places[seen.rows.clone()]);
        let contact_id = batch.text(seen.contact_id);
        let is_new = known.is_none();
        let forgotten = self.forgotten(batch, contact_id, rows.clone());
        let forgotten = forgotten.filter(|_| is_new);
        let erased_until = forgotten.map_or(i64::MIN, |f| f.forgotten_at);
        let is_kept = |row: &Row| row.sent_at > erased_until;
        let left_out = rows.clone().filter(|row| !is_kept(row)).count();
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
            let kept = rows.clone().filter(|row| is_kept(row));
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
        let said_by = xxh3_64(contact_id.as_bytes());
        let mut pending = Vec::with_capacity(rows.len());
        let said: Vec<&Row> = rows
            .clone()
            .filter(|row| is_kept(row) && row.said.is_some())
            .collect();
        let found = seen.found.into_iter().chain(std::iter::repeat(None));
        for ((row, seq), found) in rows.clone().zip(seqs(rows.clone())).zip(found) {
            if !is_kept(row) || !row.is_message {
                continue;
            }
            let identity = self.identity(batch, said_by, row);
            let ours = (row.author != Author::Contact)
                .then(|| own.iter_mut().position(|o| o.claims(batch, row, identity)))
                .flatten();
            let is_known = asks_first && self.is_known(contact.key, identity)?;
            let found = match found.filter(|_| as_read) {
                None if !is_known => self.reading.found(batch, row, &contact, &zone),
                found => found,
            };
            pending.push(Pending {
                row,
                identity,
                seq,
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
                Some(reading.derived(batch, seen.contact_id, &contact, rows, messages))
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

    fn forgotten<'b>(
        &self,
        batch: &Batch,
        contact_id: &str,
        rows: impl Iterator<Item = &'b Row>,
    ) -> Option<Suppression> {
        if self.suppressions.is_empty() {
            return None;
        }
        let given = |row: &Row| [row.phone, row.email, row.address];
        let addresses = rows.flat_map(given).filter_map(|piece| batch.get(piece));
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
}
