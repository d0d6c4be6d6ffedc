//! Reading threads.

use anyhow::Result;
use rusqlite::{CachedStatement, OptionalExtension, Row};

use super::bookings::{BOOKINGS, booking, keys_of};
use super::drafts::{DRAFTS, draft};
use super::people::{PART, Part, one};
use super::rows::{follow_up, follow_up_columns, message, named, tags, word};
use super::schema::number_key;
use super::{Store, time};
use crate::model::{Booking, Channel, Contact, SharedWord, SourceAge, Thread, Word, WordKind};

/// A contact's row.
pub type ContactKey = i64;

impl Store {
    /// The contact of this id; of a person over several contacts, the one that leads.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find(&self, contact_id: &str) -> Result<Option<ContactKey>> {
        let row = self.row_of(contact_id)?;
        row.map(|row| self.lead(row)).transpose()
    }

    /// Contacts whose id, phone, email or name is or contains `text`: for a helpful "did you mean".
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_like(&self, text: &str) -> Result<Vec<(String, Option<String>)>> {
        let sql = "SELECT contact_id, name FROM contacts WHERE phone = ?1 OR email = ?1 \
                   OR instr(lower(contact_id), lower(?1)) > 0 OR instr(lower(name), lower(?1)) > 0 LIMIT 10";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([text], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Everything known about one contact; `None` when it is gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn thread(&self, key: ContactKey) -> Result<Option<Thread>> {
        self.threads()?.thread(key)
    }

    /// A reader of many threads. What it finds absent at its beginning it does not look for again: it is
    /// for one transaction, or for one look at the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn threads(&self) -> Result<Threads<'_>> {
        let connection = &self.connection;
        let any = |sql: &str| -> Result<bool> { Ok(connection.prepare_cached(sql)?.exists([])?) };
        let optional = |sql: &str, any: bool| -> Result<Option<CachedStatement<'_>>> {
            Ok(if any {
                Some(connection.prepare_cached(sql)?)
            } else {
                None
            })
        };
        let addresses = self.has_addresses()?;
        let words = any("SELECT 1 FROM words LIMIT 1")?;
        let follow_ups = any("SELECT 1 FROM follow_ups LIMIT 1")?;
        let drafts = any("SELECT 1 FROM drafts LIMIT 1")?;
        Ok(Threads {
            store: self,
            people: self.has_people()?,
            bookings: optional(BOOKINGS, self.has_bookings()?)?,
            contact: connection.prepare_cached(CONTACT)?,
            messages: connection.prepare_cached(MESSAGES)?,
            addresses: optional(ADDRESSES, addresses)?,
            words: optional(WORDS, words)?,
            follow_ups: optional(FOLLOW_UPS, follow_ups)?,
            drafts: optional(DRAFTS, drafts)?,
            by_phone: connection.prepare_cached(BY_PHONE)?,
            by_email: connection.prepare_cached(BY_EMAIL)?,
            by_address: optional(BY_ADDRESS, addresses)?,
            by_number: optional(BY_NUMBER, addresses)?,
            by_former: optional(BY_FORMER, any("SELECT 1 FROM former_addresses LIMIT 1")?)?,
            sources: self.sources()?,
        })
    }
}

const CONTACT: &str = "SELECT contact_id, name, phone, email, timezone, language, tags, own_tags \
    FROM contacts WHERE id = ?1";
const MESSAGES: &str = "SELECT sent_at, seq, channel, author, source, automatic, signal, signal_at, \
    signal_zone, signal_source, signal_evidence, message_id, conversation_id, status, text, \
    ad_click FROM messages WHERE contact = ?1";
const ADDRESSES: &str = "SELECT channel, address FROM addresses WHERE contact = ?1";
const WORDS: &str =
    "SELECT kind, at, until, reason, source FROM words WHERE contact = ?1 ORDER BY id";
const FOLLOW_UPS: &str = concat!(
    "SELECT ",
    follow_up_columns!(),
    " FROM follow_ups WHERE contact = ?1 ORDER BY id"
);
/// By one of [`Store::number_keys`]; and so [`BY_NUMBER`].
pub(super) const BY_PHONE: &str = concat!(
    "SELECT id FROM contacts WHERE phone IS NOT NULL AND ",
    number_key!("phone"),
    " = ?1 AND id <> ?2 LIMIT 50"
);
pub(super) const BY_EMAIL: &str =
    "SELECT id FROM contacts WHERE email = ?1 COLLATE NOCASE AND id <> ?2 LIMIT 50";
pub(super) const BY_ADDRESS: &str =
    "SELECT contact FROM addresses WHERE address = ?1 AND contact <> ?2 LIMIT 50";
/// As [`BY_PHONE`].
pub(super) const BY_NUMBER: &str = concat!(
    "SELECT contact FROM addresses WHERE channel IN ('sms', 'whatsapp') AND ",
    number_key!("address"),
    " = ?1 AND contact <> ?2 LIMIT 50"
);
/// By what others were reached at before, and until when.
const BY_FORMER: &str =
    "SELECT contact, until FROM former_addresses WHERE key = ?1 AND contact <> ?2 LIMIT 50";

/// Reads threads: see [`Store::threads`].
pub struct Threads<'s> {
    store: &'s Store,
    /// Whether any contacts are joined.
    people: bool,
    contact: CachedStatement<'s>,
    messages: CachedStatement<'s>,
    addresses: Option<CachedStatement<'s>>,
    words: Option<CachedStatement<'s>>,
    follow_ups: Option<CachedStatement<'s>>,
    drafts: Option<CachedStatement<'s>>,
    bookings: Option<CachedStatement<'s>>,
    by_phone: CachedStatement<'s>,
    by_email: CachedStatement<'s>,
    by_address: Option<CachedStatement<'s>>,
    by_number: Option<CachedStatement<'s>>,
    by_former: Option<CachedStatement<'s>>,
    sources: Vec<SourceAge>,
}

impl Threads<'_> {
    /// Everything known about one contact; `None` when it is gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn thread(&mut self, key: ContactKey) -> Result<Option<Thread>> {
        let mut members = vec![key];
        if self.people {
            members = self.store.members(self.store.lead(key)?)?;
        }
        let mut thread = match members[..] {
            [only] => self.of_contact(only)?,
            _ => self.of_person(&members)?,
        };
        if let Some(thread) = &mut thread {
            for message in &thread.messages {
                if !thread.sources.iter().any(|s| s.id == message.source) {
                    let known = self.sources.iter().find(|s| s.id == message.source);
                    thread.sources.extend(known.cloned());
                }
            }
        }
        Ok(thread)
    }

    /// What is known by one contact alone.
    fn of_contact(&mut self, key: ContactKey) -> Result<Option<Thread>> {
        let Some(contact) = self.person(key)? else {
            return Ok(None);
        };
        let prefix = &self.store.prefix;
        Ok(Some(Thread {
            messages: rows(Some(&mut self.messages), key, message)?,
            words: rows(self.words.as_mut(), key, word)?,
            follow_ups: rows(self.follow_ups.as_mut(), key, |row| follow_up(row, prefix))?,
            drafts: rows(self.drafts.as_mut(), key, draft)?,
            shared_words: self.shared_words(key, &contact)?,
            bookings: self.bookings(&contact)?,
            contact,
            ..Thread::default()
        }))
    }

    /// Their appointments, by all that these are found by.
    fn bookings(&mut self, contact: &Contact) -> Result<Vec<Booking>> {
        let Some(statement) = &mut self.bookings else {
            return Ok(Vec::new());
        };
        let mut found: Vec<(i64, Booking)> = Vec::new();
        for key in keys_of(contact, self.store.numbering()?) {
            for row in statement.query_map([key], booking)? {
                found.push(row?);
            }
        }
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        Ok(found.into_iter().map(|(_, booking)| booking).collect())
    }

    /// What is known by a person's contacts together.
    fn of_person(&mut self, members: &[ContactKey]) -> Result<Option<Thread>> {
        let connection = &self.store.connection;
        let mut told = connection.prepare_cached(PART)?;
        let addresses = "SELECT channel, address, at FROM addresses WHERE contact = ?1";
        let mut addresses = connection.prepare_cached(addresses)?;
        let mut parts = Vec::new();
        let mut shared_words: Vec<SharedWord> = Vec::new();
        for key in members {
            let Some(thread) = self.of_contact(*key)? else {
                continue;
            };
            shared_words.extend(thread.shared_words.iter().cloned());
            parts.push(Part {
                thread,
                told: told.query_row([key], |row| {
                    let at = |n| row.get(n);
                    Ok([at(0)?, at(1)?, at(2)?, at(3)?, at(4)?])
                })?,
                addresses: rows(Some(&mut addresses), *key, |row| {
                    Ok((named(row, 0)?, row.get(1)?, row.get(2)?))
                })?,
            });
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let mut thread = one(parts);
        let is_own = |id: &String| *id == thread.contact.contact_id || thread.aliases.contains(id);
        shared_words.retain(|word| !is_own(&word.contact_id));
        shared_words
            .sort_by(|a, b| (a.at, a.kind, &a.contact_id).cmp(&(b.at, b.kind, &b.contact_id)));
        shared_words.dedup();
        thread.shared_words = shared_words;
        Ok(Some(thread))
    }

    /// A contact without the conversation, and what was said about them; `None` when they are gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn contact(&mut self, key: ContactKey) -> Result<Option<(Contact, Vec<Word>)>> {
        let Some(contact) = self.person(key)? else {
            return Ok(None);
        };
        Ok(Some((contact, rows(self.words.as_mut(), key, word)?)))
    }

    fn person(&mut self, key: ContactKey) -> Result<Option<Contact>> {
        let found = self.contact.query_row([key], |row| {
            Ok(Contact {
                contact_id: row.get(0)?,
                name: row.get(1)?,
                phone: row.get(2)?,
                email: row.get(3)?,
                timezone: row.get(4)?,
                language: row.get(5)?,
                tags: tags(row.get(6)?, row.get(7)?),
                addresses: Vec::new(),
            })
        });
        let Some(mut contact) = found.optional()? else {
            return Ok(None);
        };
        contact.addresses = rows(self.addresses.as_mut(), key, |row| {
            Ok((named(row, 0)?, row.get(1)?))
        })?;
        Ok(Some(contact))
    }

    /// D21: what others with the same phone number, email or address said about being written to, also those who had
    /// it when they said so.
    fn shared_words(&mut self, key: ContactKey, contact: &Contact) -> Result<Vec<SharedWord>> {
        let mut others: Vec<ContactKey> = Vec::new();
        let mut collect = |statement: &mut CachedStatement<'_>, value: &str| -> Result<()> {
            for other in statement.query_map((value, key), |row| row.get::<_, ContactKey>(0))? {
                others.push(other?);
            }
            Ok(())
        };
        let is_number = |channel| matches!(channel, Channel::Sms | Channel::Whatsapp);
        let given = contact.addresses.iter();
        let numbers = given.clone().filter(|(c, _)| is_number(*c)).map(|(_, a)| a);
        for number in contact.phone.iter().chain(numbers) {
            for key in self.store.number_keys(number)? {
                collect(&mut self.by_phone, &key)?;
                if let Some(by_number) = &mut self.by_number {
                    collect(by_number, &key)?;
                }
            }
        }
        if let Some(email) = &contact.email {
            collect(&mut self.by_email, email)?;
        }
        if let Some(by_address) = &mut self.by_address {
            for (_, address) in given {
                collect(by_address, address)?;
            }
        }
        let now = others.into_iter().map(|other| (other, i64::MAX));
        let mut others: Vec<(ContactKey, i64)> = now.collect();
        others.extend(self.had_before(key, contact)?);
        let mut words = Vec::new();
        if self.people {
            // Who shares a number with one contact of a person shares it with the person.
            for (other, until) in std::mem::take(&mut others) {
                let members = self.store.members(self.store.lead(other)?)?;
                others.extend(members.into_iter().map(|member| (member, until)));
            }
        }
        others.sort_unstable_by_key(|(other, until)| (*other, std::cmp::Reverse(*until)));
        others.dedup_by_key(|(other, _)| *other);
        for (other, until) in others {
            self.store.consent_words(other, until, &mut words)?;
        }
        Ok(words)
    }

    /// Others who had the phone number, email or an address before, and until when.
    fn had_before(&mut self, key: ContactKey, contact: &Contact) -> Result<Vec<(ContactKey, i64)>> {
        let Some(by_former) = &mut self.by_former else {
            return Ok(Vec::new());
        };
        let mut keys = Vec::new();
        for (channel, address) in &contact.addresses {
            match channel {
                Channel::Sms | Channel::Whatsapp => keys.extend(self.store.number_keys(address)?),
                _ => keys.push(address.to_ascii_lowercase()),
            }
        }
        if let Some(phone) = &contact.phone {
            keys.extend(self.store.number_keys(phone)?);
        }
        keys.extend(contact.email.iter().map(|email| email.to_ascii_lowercase()));
        let mut found = Vec::new();
        for former in keys {
            let rows = by_former.query_map((former, key), |row| Ok((row.get(0)?, row.get(1)?)))?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }
}

impl Store {
    /// What a contact said last about being written to, before `until`.
    fn consent_words(
        &self,
        key: ContactKey,
        until: i64,
        words: &mut Vec<SharedWord>,
    ) -> Result<()> {
        let sql = "SELECT c.contact_id, s.kind, max(s.at) FROM contacts c JOIN ( \
                     SELECT signal AS kind, sent_at AS at FROM messages \
                       WHERE contact = ?1 AND signal IN ('opt_out', 'opt_in') AND automatic = 0 \
                     UNION ALL SELECT kind, at FROM words \
                       WHERE contact = ?1 AND kind IN ('opt_out', 'opt_in') AND until IS NULL) s \
                   WHERE c.id = ?1 AND s.at < ?2 GROUP BY s.kind";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map((key, until), |row| {
            let kind: WordKind = named(row, 1)?;
            Ok(SharedWord {
                contact_id: row.get(0)?,
                kind,
                at: time(row.get(2)?),
            })
        })?;
        for word in rows {
            words.push(word?);
        }
        Ok(())
    }
}

/// The rows of a contact; none where the table is known to have none.
fn rows<T>(
    statement: Option<&mut CachedStatement<'_>>,
    key: ContactKey,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let Some(statement) = statement else {
        return Ok(Vec::new());
    };
    let rows = statement.query_map([key], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
