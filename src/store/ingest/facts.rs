//! The third stage: a contact's facts.

use anyhow::Result;

use super::batch::{Batch, Row};
use super::contact::StoredContact;
use super::look_up::{Group, Pending};
use super::messages::Queue;
use super::{Ingest, MOST_NAMESAKES, Namesake};
use crate::model::{Author, Channel, SignalKind, Word, WordKind, WordSource, names_agree};
use crate::store::{ContactKey, time};

impl Ingest<'_> {
    /// The third stage: one contact's facts.
    /// Its messages wait in the queue where nothing depends on which of them are new but whether any is.
    pub(super) fn store_group<'b>(
        &mut self,
        batch: &Batch,
        group: Group<'b>,
        queue: &mut Queue<'b>,
    ) -> Result<()> {
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
            let (sharing, find) = (&mut self.sharing, &mut self.find_contact);
            let given = (batch, batch.text(group.contact_id));
            shares = sharing.shares_a_number(find, given, &contact, &rows, self.has_addresses)?;
            let derived = group
                .derived
                .filter(|_| !shares && said.is_empty() && !self.has_bookings)
                .unwrap_or_default();
            self.store.note_settled_at(self.reading.now)?;
            contact.insert(
                self.store,
                &mut self.insert_contact,
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
        if !is_new {
            self.note_namesake(batch, batch.text(group.contact_id), &contact, &rows)?;
        }
        self.store.note_former(&contact)?;
        self.store_addresses(batch, contact.key, &rows)?;
        if shares {
            self.store.awaken_sharers(contact.key)?;
        }
        let is_plain = |pending: &Pending<'_>| {
            !pending.found.is_unsure && pending.found.signal != Some(SignalKind::OptIn)
        };
        if own.is_empty() && !shares && !self.has_people && rows.iter().all(is_plain) {
            self.store_words(batch, contact.key, &said)?;
            queue.push(contact, is_new, group.zone, rows);
            return Ok(());
        }
        let (mut any_new, mut opt_in) = (false, false);
        for pending in &rows {
            if let Some(index) = pending.ours {
                any_new |= self.store.absorb(&mut own[index], batch, pending)?;
                self.imported.own += 1;
            } else if !pending.is_known
                && self.inserts.one(batch, contact.key, &group.zone, pending)?
            {
                self.imported.new += 1;
                any_new = true;
                opt_in |= pending.found.signal == Some(SignalKind::OptIn);
                if pending.row.author == Author::Contact {
                    let late = self.store.note_late_reply(&own, pending.row)?;
                    self.imported.sent_after_reply.extend(late);
                }
            } else {
                if !pending.is_known {
                    self.is_known(contact.key, pending.identity)?;
                }
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

    /// Notes a contact whom this source, which had nothing of them so far, calls by quite another name.
    fn note_namesake(
        &mut self,
        batch: &Batch,
        contact_id: &str,
        contact: &StoredContact,
        rows: &[Pending<'_>],
    ) -> Result<()> {
        let Some(was) = &contact.was else {
            return Ok(());
        };
        let named = rows.iter().find_map(|p| batch.get(p.row.name));
        let is_other = |name: &&str| names_agree(was, name) == Some(false);
        let Some(name) = named.filter(is_other) else {
            return Ok(());
        };
        let sql = "SELECT 1 FROM messages WHERE contact = ?1 AND source = ?2";
        let mut statement = self.store.connection.prepare_cached(sql)?;
        let is_known_here = statement.exists((contact.key, self.source))?;
        if !is_known_here && self.imported.namesakes.len() < MOST_NAMESAKES {
            self.imported.namesakes.push(Namesake {
                contact_id: contact_id.to_owned(),
                was: was.clone(),
                is: name.to_owned(),
            });
        }
        Ok(())
    }

    /// Stores the messages that wait in the queue.
    pub(super) fn store_queue(&mut self, batch: &Batch, queue: &mut Queue<'_>) -> Result<()> {
        let stored = self.inserts.all(batch, queue)?;
        self.imported.new += stored.new;
        self.imported.known += stored.known;
        for (contact, identity) in stored.may_be_known {
            self.is_known(contact, identity)?;
        }
        for waiting in queue.drain() {
            let contact = &waiting.contact;
            if !waiting.is_new
                && (contact.changed || (waiting.any_new && contact.wake_at != Some(0)))
            {
                self.store.update_contact(contact)?;
            }
            if waiting.any_new && self.has_people {
                let late = self.store.catch_up(contact.key)?; // joined while it waited
                self.imported.sent_after_reply.extend(late);
            }
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
}
