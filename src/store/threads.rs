//! Reading threads, and deriving when each contact must be looked at again.

use anyhow::Result;
use rusqlite::{CachedStatement, OptionalExtension, Row};

use super::{Store, micros, time};
use crate::decide::{Action, Decision, Policy, decide};
use crate::model::{
    Channel, Contact, FollowUp, Message, SharedWord, Signal, SourceAge, Thread, Timestamp, Word,
    WordKind,
};

/// The columns that [`follow_up`] reads, in its order.
macro_rules! follow_up_columns {
    () => {
        "id, episode, scenario, step, state, channel, refused_on, address, due_at, claimed_at, \
         sent_at, retry_at, attempts, provider_id, text, text_source, error, imported_id"
    };
}
pub(super) use follow_up_columns;

/// A contact's row.
pub type ContactKey = i64;

/// How many contacts are decided in one transaction of [`Store::settle`].
const SETTLE_BATCH: i64 = 2000;

/// How much later a time must be to be remembered by [`Store::note_settled_at`], in microseconds.
const SETTLED_AT_GRAIN: i64 = 600_000_000;
/// By how much a clock may be set back without everything being derived again, in microseconds.
const CLOCK_SET_BACK: i64 = 3_600_000_000;

impl Store {
    /// The contacts whose decision may be `send` at `until` or before, those never yet decided included.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn awake(&self, until: Timestamp) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE wake_at <= ?1 ORDER BY wake_at, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([micros(until)], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The contacts for whom something is scheduled or held: those never yet decided first, then in the order
    /// of their times, then those held without a time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scheduled(&self) -> Result<Vec<ContactKey>> {
        let sql = "SELECT * FROM (SELECT id FROM contacts WHERE wake_at IS NOT NULL ORDER BY wake_at, id) \
                   UNION ALL SELECT id FROM contacts WHERE hold IS NOT NULL AND wake_at IS NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every contact: in the order of [`Store::scheduled`], then the others.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn everyone(&self) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts ORDER BY wake_at IS NULL, wake_at, hold IS NULL, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The contact of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find(&self, contact_id: &str) -> Result<Option<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE contact_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement
            .query_row([contact_id], |row| row.get(0))
            .optional()?)
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
        let sql = "SELECT contact_id, name, phone, email, timezone, language, tags, own_tags \
                   FROM contacts WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([key], |row| {
            let contact = Contact {
                contact_id: row.get(0)?,
                name: row.get(1)?,
                phone: row.get(2)?,
                email: row.get(3)?,
                timezone: row.get(4)?,
                language: row.get(5)?,
                tags: tags(row.get(6)?, row.get(7)?),
                addresses: Vec::new(),
            };
            Ok(contact)
        });
        let Some(mut contact) = found.optional()? else {
            return Ok(None);
        };
        contact.addresses = self.addresses(key)?;
        let messages = self.messages(key)?;
        let shared_words = self.shared_words(key, &contact)?;
        let thread = Thread {
            sources: self.sources_of(&messages)?,
            words: self.words(key)?,
            follow_ups: self.follow_ups(key)?,
            shared_words,
            contact,
            messages,
        };
        Ok(Some(thread))
    }

    fn addresses(&self, key: ContactKey) -> Result<Vec<(Channel, String)>> {
        let sql = "SELECT channel, address FROM addresses WHERE contact = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| Ok((named(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn messages(&self, key: ContactKey) -> Result<Vec<Message>> {
        let sql = "SELECT sent_at, seq, channel, author, source, automatic, signal, signal_at, signal_zone, \
                   signal_source, signal_evidence, message_id, conversation_id, status, text \
                   FROM messages WHERE contact = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], message)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn words(&self, key: ContactKey) -> Result<Vec<Word>> {
        let sql =
            "SELECT kind, at, until, reason, source FROM words WHERE contact = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
            Ok(Word {
                kind: named(row, 0)?,
                at: time(row.get(1)?),
                until: row.get::<_, Option<i64>>(2)?.map(time),
                reason: row.get(3)?,
                source: named(row, 4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn follow_ups(&self, key: ContactKey) -> Result<Vec<FollowUp>> {
        const SQL: &str = concat!(
            "SELECT ",
            follow_up_columns!(),
            " FROM follow_ups WHERE contact = ?1 ORDER BY id"
        );
        let mut statement = self.connection.prepare_cached(SQL)?;
        let rows = statement.query_map([key], |row| follow_up(row, &self.prefix))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// D21: what others with the same phone number, email or address said about being written to.
    fn shared_words(&self, key: ContactKey, contact: &Contact) -> Result<Vec<SharedWord>> {
        let mut others: Vec<ContactKey> = Vec::new();
        let mut collect = |statement: &mut CachedStatement<'_>, value: &str| -> Result<()> {
            let rows = statement.query_map((value, key), |row| row.get::<_, ContactKey>(0))?;
            for other in rows {
                let other = other?;
                if !others.contains(&other) {
                    others.push(other);
                }
            }
            Ok(())
        };
        let by_phone = "SELECT id FROM contacts WHERE phone = ?1 AND id <> ?2 LIMIT 50";
        let by_email = "SELECT id FROM contacts WHERE email = ?1 AND id <> ?2 LIMIT 50";
        let by_address =
            "SELECT contact FROM addresses WHERE address = ?1 AND contact <> ?2 LIMIT 50";
        if let Some(phone) = contact.phone.as_deref() {
            collect(&mut self.connection.prepare_cached(by_phone)?, phone)?;
        }
        if let Some(email) = contact.email.as_deref() {
            collect(&mut self.connection.prepare_cached(by_email)?, email)?;
        }
        for (channel, address) in &contact.addresses {
            collect(&mut self.connection.prepare_cached(by_address)?, address)?;
            if matches!(channel, Channel::Sms | Channel::Whatsapp) {
                collect(&mut self.connection.prepare_cached(by_phone)?, address)?;
            }
        }
        if let Some(phone) = contact.phone.as_deref() {
            collect(&mut self.connection.prepare_cached(by_address)?, phone)?;
        }
        let mut words = Vec::new();
        for other in others {
            self.consent_words(other, &mut words)?;
        }
        Ok(words)
    }

    fn consent_words(&self, key: ContactKey, words: &mut Vec<SharedWord>) -> Result<()> {
        let sql = "SELECT c.contact_id, s.kind, max(s.at) FROM contacts c JOIN ( \
                     SELECT signal AS kind, sent_at AS at FROM messages \
                       WHERE contact = ?1 AND signal IN ('opt_out', 'opt_in') AND automatic = 0 \
                     UNION ALL SELECT kind, at FROM words \
                       WHERE contact = ?1 AND kind IN ('opt_out', 'opt_in')) s \
                   WHERE c.id = ?1 GROUP BY s.kind";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
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

    fn sources_of(&self, messages: &[Message]) -> Result<Vec<SourceAge>> {
        let sql = "SELECT name, as_of, incomplete FROM sources WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut sources: Vec<SourceAge> = Vec::new();
        for message in messages {
            if sources.iter().any(|s| s.id == message.source) {
                continue;
            }
            let source = statement.query_row([message.source], |row| {
                let as_of = if row.get(2)? {
                    Timestamp::UNIX_EPOCH
                } else {
                    time(row.get(1)?)
                };
                Ok(SourceAge {
                    id: message.source,
                    name: row.get(0)?,
                    as_of,
                })
            })?;
            sources.push(source);
        }
        Ok(sources)
    }

    /// Derives `wake_at` and `hold` of every contact that has new facts. `progress` is told how many remain.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn settle(
        &self,
        policy: &Policy,
        now: Timestamp,
        mut progress: impl FnMut(usize),
    ) -> Result<()> {
        loop {
            let unsettled: Vec<ContactKey> = {
                let sql = "SELECT id FROM contacts WHERE wake_at = 0 ORDER BY id LIMIT ?1";
                let mut statement = self.connection.prepare_cached(sql)?;
                let rows = statement.query_map([SETTLE_BATCH], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            if unsettled.is_empty() {
                return Ok(());
            }
            progress(unsettled.len());
            let transaction = self.immediate()?;
            for key in unsettled {
                let Some(thread) = self.thread(key)? else {
                    continue;
                };
                self.set_derived(key, &decide(policy, &thread, now), now)?;
            }
            transaction.commit()?;
        }
    }

    /// Writes what a decision made at `now` means for the derived columns.
    pub(super) fn set_derived(
        &self,
        key: ContactKey,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<()> {
        self.note_settled_at(now)?;
        let hold = (decision.action == Action::Hold).then_some(decision.reason.as_str());
        // 0 means "not yet derived"; nothing was ever due in the first microsecond of 1970.
        let wake_at = decision.wake_at.map(|at| micros(at).max(1));
        let sql = "UPDATE contacts SET wake_at = ?2, hold = ?3 WHERE id = ?1";
        self.connection
            .prepare_cached(sql)?
            .execute((key, wake_at, hold))?;
        Ok(())
    }

    /// The same, where it is news; says whether it was.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_derived_if_changed(
        &self,
        key: ContactKey,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<bool> {
        let hold = (decision.action == Action::Hold).then_some(decision.reason.as_str());
        let wake_at = decision.wake_at.map(|at| micros(at).max(1));
        let sql = "SELECT 1 FROM contacts WHERE id = ?1 AND wake_at IS ?2 AND hold IS ?3";
        if self
            .connection
            .prepare_cached(sql)?
            .exists((key, wake_at, hold))?
        {
            return Ok(false);
        }
        self.set_derived(key, decision, now)?;
        Ok(true)
    }

    /// Nothing more is to be done for a contact until there is a new fact.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_to_sleep(&self, key: ContactKey) -> Result<()> {
        let sql = "UPDATE contacts SET wake_at = NULL WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute([key])?;
        Ok(())
    }

    /// Remembers, now and then, the latest time for which something was derived.
    fn note_settled_at(&self, now: Timestamp) -> Result<()> {
        let known = match self.settled_at.get() {
            Some(known) => known,
            None => self.read_settled_at()?,
        };
        let news = micros(now) > known.saturating_add(SETTLED_AT_GRAIN);
        if news {
            self.set_meta("settled_at", &micros(now).to_string())?;
        }
        self.settled_at
            .set(Some(if news { micros(now) } else { known }));
        Ok(())
    }

    fn read_settled_at(&self) -> Result<i64> {
        let stored = self.meta("settled_at")?;
        Ok(stored.and_then(|t| t.parse().ok()).unwrap_or(i64::MIN))
    }

    /// Whether the derived values hold at `now` under this configuration. They do not at a time before the one
    /// for which they were derived: what was too late then (rule D14) may be due at `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_settled_under(&self, fingerprint: &str, now: Timestamp) -> Result<bool> {
        let latest = micros(now).saturating_add(CLOCK_SET_BACK);
        Ok(self.meta("policy")?.as_deref() == Some(fingerprint)
            && self.read_settled_at()? <= latest)
    }

    /// Makes every derived value be derived again when they do not hold: the configuration has changed since the
    /// last time, or the time is an earlier one.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn follow_policy(&self, fingerprint: &str, now: Timestamp) -> Result<bool> {
        if self.is_settled_under(fingerprint, now)? {
            return Ok(false);
        }
        let transaction = self.immediate()?;
        self.connection
            .execute("UPDATE contacts SET wake_at = 0", [])?;
        self.set_meta("policy", fingerprint)?;
        self.set_meta("settled_at", &micros(now).to_string())?;
        transaction.commit()?;
        self.settled_at.set(Some(micros(now)));
        Ok(true)
    }
}

/// The tags of an export and our own, each once.
fn tags(given: Option<String>, own: Option<String>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for list in [given, own].into_iter().flatten() {
        for tag in list.split(';').map(str::trim).filter(|t| !t.is_empty()) {
            if !tags.iter().any(|t| t == tag) {
                tags.push(tag.to_owned());
            }
        }
    }
    tags
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let signal = match row.get_ref(6)? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(Signal {
            kind: named(row, 6)?,
            at: row.get::<_, Option<i64>>(7)?.map(time),
            zone: row.get(8)?,
            source: named(row, 9)?,
            evidence: row.get(10)?,
        }),
    };
    Ok(Message {
        sent_at: time(row.get(0)?),
        seq: row.get(1)?,
        channel: named(row, 2)?,
        author: named(row, 3)?,
        source: row.get(4)?,
        automatic: row.get(5)?,
        signal,
        message_id: row.get(11)?,
        conversation_id: row.get(12)?,
        status: row.get(13)?,
        text: row.get(14)?,
    })
}

/// A row of `follow_up_columns!`.
pub(super) fn follow_up(row: &Row<'_>, prefix: &str) -> rusqlite::Result<FollowUp> {
    let refused_on: String = row.get(6)?;
    Ok(FollowUp {
        id: match row.get(17)? {
            Some(id) => id,
            None => format!("{prefix}{}", row.get::<_, i64>(0)?),
        },
        episode: time(row.get(1)?),
        scenario: named(row, 2)?,
        step: row.get(3)?,
        state: named(row, 4)?,
        channel: named(row, 5)?,
        refused_on: refused_on
            .split_whitespace()
            .filter_map(|c| c.parse().ok())
            .collect(),
        address: row.get(7)?,
        due_at: time(row.get(8)?),
        claimed_at: time(row.get(9)?),
        sent_at: row.get::<_, Option<i64>>(10)?.map(time),
        retry_at: row.get::<_, Option<i64>>(11)?.map(time),
        attempts: row.get(12)?,
        provider_id: row.get(13)?,
        text: row.get(14)?,
        text_source: named(row, 15)?,
        error: row.get(16)?,
    })
}

/// A column that holds one of an enum's words.
pub(super) fn named<T: std::str::FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    text.parse().map_err(|_| {
        let words = format!("unknown word {text:?}: the database was written by another version");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, words.into())
    })
}
