//! Messages that a language model is to read, because the rules are unsure of them (rules S1, S5).

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::params;

use super::rows::named;
use super::{ContactKey, Store, micros, time};
use crate::model::{Author, Channel, Signal, Timestamp};

/// A message that waits to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Whose it is.
    pub contact: ContactKey,
    identity: i64,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// On which channel.
    pub channel: Channel,
    /// Its text.
    pub text: String,
    /// How often a model was asked in vain.
    pub attempts: u32,
}

/// What a model made of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What it means; `None` is nothing.
    pub signal: Option<Signal>,
    /// The model.
    pub model: String,
}

/// After so many failures a message is not asked about again.
const MOST_ATTEMPTS: u32 = 5;

impl Store {
    /// The messages that wait, the oldest first; at most `most`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unread(&self, most: usize) -> Result<Vec<Unread>> {
        let sql = "SELECT m.contact, m.identity, m.sent_at, m.channel, m.text, r.attempts FROM readings r \
                   JOIN messages m ON m.contact = r.contact AND m.identity = r.identity \
                   WHERE r.state = 'waiting' AND m.author = ?1 AND m.signal IS NULL \
                   ORDER BY m.sent_at LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map((Author::Contact.as_str(), most), |row| {
            Ok(Unread {
                contact: row.get(0)?,
                identity: row.get(1)?,
                sent_at: time(row.get(2)?),
                channel: named(row, 3)?,
                text: row.get(4)?,
                attempts: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many messages of each contact wait.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unread_by_contact(&self) -> Result<HashMap<ContactKey, u32>> {
        let sql = "SELECT contact, count(*) FROM readings WHERE state = 'waiting' GROUP BY contact";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Inside [`Store::durably`]: keeps what a model made of a message, once. What the rules found stands.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_reading(&self, unread: &Unread, reading: &Reading, now: Timestamp) -> Result<()> {
        let sql = "UPDATE readings SET state = 'read', attempts = attempts + 1, asked_at = ?3, model = ?4 \
                   WHERE contact = ?1 AND identity = ?2 AND state = 'waiting'";
        let values = params![unread.contact, unread.identity, micros(now), reading.model];
        let changed = self.connection.prepare_cached(sql)?.execute(values)?;
        let Some(signal) = reading.signal.as_ref().filter(|_| changed > 0) else {
            return Ok(());
        };
        let sql = "UPDATE messages SET signal = ?3, signal_at = ?4, signal_zone = ?5, signal_source = ?6, \
                   signal_evidence = ?7 WHERE contact = ?1 AND identity = ?2 AND signal IS NULL";
        self.connection.prepare_cached(sql)?.execute(params![
            unread.contact,
            unread.identity,
            signal.kind.as_str(),
            signal.at.map(micros),
            signal.zone,
            signal.source.as_str(),
            signal.evidence,
        ])?;
        // D21: who shares the number is decided about again under the claim.
        self.awaken(unread.contact)
    }

    /// Inside [`Store::durably`]: a model was asked about a message in vain. It waits for a later run, a few times.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn reading_failed(&self, unread: &Unread, now: Timestamp) -> Result<()> {
        let sql = "UPDATE readings SET attempts = attempts + 1, asked_at = ?3, \
                     state = iif(attempts + 1 >= ?4, 'given_up', 'waiting') \
                   WHERE contact = ?1 AND identity = ?2 AND state = 'waiting'";
        let values = params![unread.contact, unread.identity, micros(now), MOST_ATTEMPTS];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
