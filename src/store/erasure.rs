//! Forgetting a person: everything goes, but for keyed hashes by which an opt-out survives.

use std::collections::HashMap;

use anyhow::Result;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::numbers::{Numbering, number_keys};
use super::{ContactKey, Store, micros};
use crate::model::{Contact, Timestamp};

impl Store {
    /// Erases a person, with every contact that was joined to them: messages, words, follow-ups, addresses and the row itself. What is left are keyed
    /// hashes of the id, phone number and addresses, with the time of the erasure and of a standing opt-out:
    /// an older export that is imported again does not bring the person back, and a person who returns is
    /// still opted out.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is erased.
    pub fn forget(
        &self,
        key: ContactKey,
        contact: &Contact,
        opted_out_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        self.connection.execute_batch("PRAGMA secure_delete = ON")?;
        self.durably(|| {
            self.suppress(contact, opted_out_at, now)?;
            for member in self.members(self.lead(key)?)? {
                if let Some((contact, _)) = self.threads()?.contact(member)? {
                    self.suppress(&contact, opted_out_at, now)?;
                    self.suppress_former(member, opted_out_at)?;
                    self.erase_bookings(&contact)?;
                }
                self.erase(member)?;
            }
            Ok(())
        })?;
        // The write-ahead log still holds the old pages.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Keeps the hashes of a contact's id, phone number and addresses.
    fn suppress(
        &self,
        contact: &Contact,
        opted_out_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let hash_key = self.meta("hash_key")?.unwrap_or_default();
        let identifiers = [
            Some(contact.contact_id.as_str()),
            contact.phone.as_deref(),
            contact.email.as_deref(),
        ];
        let addresses = contact.addresses.iter().map(|(_, a)| a.as_str());
        for identifier in identifiers.into_iter().flatten().chain(addresses) {
            let sql = "INSERT INTO suppressions (hash, forgotten_at, opted_out_at) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (hash) DO UPDATE SET forgotten_at = excluded.forgotten_at, \
                       opted_out_at = coalesce(excluded.opted_out_at, opted_out_at)";
            for spelling in spellings(identifier, self.numbering()?) {
                let hash = keyed_hash(hash_key.as_bytes(), &spelling);
                let values = (hash, micros(now), opted_out_at.map(micros));
                self.connection.execute(sql, values)?;
            }
        }
        Ok(())
    }

    /// Of what a contact was reached at before, keeps the hashes by which an opt-out survives.
    fn suppress_former(&self, key: ContactKey, opted_out_at: Option<Timestamp>) -> Result<()> {
        let Some(at) = opted_out_at.map(micros) else {
            return Ok(());
        };
        let hash_key = self.meta("hash_key")?.unwrap_or_default();
        let sql = "SELECT key FROM former_addresses WHERE contact = ?1 AND until > ?2";
        let mut former = self.connection.prepare(sql)?;
        for address in former.query_map([key, at], |row| row.get::<_, String>(0))? {
            for spelling in spellings(&address?, self.numbering()?) {
                let sql = "INSERT INTO suppressions (hash, forgotten_at, opted_out_at) VALUES (?1, 0, ?2) \
                           ON CONFLICT (hash) DO UPDATE SET opted_out_at = coalesce(opted_out_at, excluded.opted_out_at)";
                let hash = keyed_hash(hash_key.as_bytes(), &spelling);
                self.connection.execute(sql, (hash, at))?;
            }
        }
        Ok(())
    }

    /// Deletes everything of one contact.
    fn erase(&self, key: ContactKey) -> Result<()> {
        for sql in [
            "DELETE FROM actions WHERE follow_up IN (SELECT id FROM follow_ups WHERE contact = ?1)",
            "DELETE FROM address_rates WHERE address IN (SELECT address FROM follow_ups WHERE contact = ?1)",
            "DELETE FROM follow_ups WHERE contact = ?1",
            "DELETE FROM readings WHERE contact = ?1",
            "DELETE FROM drafts WHERE contact = ?1",
            "DELETE FROM held_back WHERE contact = ?1",
            "UPDATE model_calls SET contact = NULL WHERE contact = ?1",
            "DELETE FROM words WHERE contact = ?1",
            "DELETE FROM joins WHERE contact = ?1 OR other = ?1",
            "DELETE FROM addresses WHERE contact = ?1",
            "DELETE FROM former_addresses WHERE contact = ?1",
            "DELETE FROM messages WHERE contact = ?1",
            "DELETE FROM contacts WHERE id = ?1",
        ] {
            self.connection.execute(sql, [key])?;
        }
        Ok(())
    }
}

/// What is known of forgotten people. Few: they are held in memory during an import.
pub(super) struct Suppressions {
    hash_key: String,
    numbering: Option<Numbering>,
    known: HashMap<[u8; 32], Suppression>,
}

/// One forgotten person.
#[derive(Clone, Copy)]
pub(super) struct Suppression {
    pub(super) forgotten_at: i64,
    pub(super) opted_out_at: Option<i64>,
}

impl Suppressions {
    pub(super) fn load(store: &Store) -> Result<Self> {
        let sql = "SELECT hash, forgotten_at, opted_out_at FROM suppressions";
        let mut statement = store.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let (forgotten_at, opted_out_at) = (row.get(1)?, row.get(2)?);
            Ok((
                row.get(0)?,
                Suppression {
                    forgotten_at,
                    opted_out_at,
                },
            ))
        })?;
        let known = rows.collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            hash_key: store.meta("hash_key")?.unwrap_or_default(),
            numbering: store.numbering()?.cloned(),
            known,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The forgotten person with this id or one of these addresses: the latest erasure, and any opt-out.
    pub(super) fn find<'a>(
        &self,
        contact_id: &'a str,
        addresses: impl Iterator<Item = &'a str>,
    ) -> Option<Suppression> {
        std::iter::once(contact_id)
            .chain(addresses)
            .flat_map(|i| spellings(i, self.numbering.as_ref()))
            .filter_map(|i| self.known.get(&keyed_hash(self.hash_key.as_bytes(), &i)))
            .copied()
            .reduce(|a, b| Suppression {
                forgotten_at: a.forgotten_at.max(b.forgotten_at),
                opted_out_at: a.opted_out_at.max(b.opted_out_at),
            })
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed_hash(key: &[u8], identifier: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(identifier.as_bytes());
    mac.finalize().into_bytes().into()
}

/// An identifier as it is compared: a phone number by its digits (rule D21), all else in lower case.
fn spellings(identifier: &str, numbering: Option<&Numbering>) -> Vec<String> {
    let digits = identifier.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 7
        && identifier
            .chars()
            .all(|c| c.is_ascii_digit() || " -().+".contains(c));
    if is_number {
        number_keys(identifier, numbering)
    } else {
        vec![identifier.to_lowercase()]
    }
}
