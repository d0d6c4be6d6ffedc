//! Follow-ups of which nobody knows, and what a provider says of them when it is asked later (rule X4).

use anyhow::Result;
use rusqlite::params;

use super::rows::named;
use super::{ContactKey, Store, micros, time};
use crate::model::{Channel, Scenario, Timestamp};

/// A follow-up whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFollowUp {
    /// The row.
    pub row: i64,
    /// The public id.
    pub id: String,
    /// The contact.
    pub contact: ContactKey,
    /// The scenario.
    pub scenario: Scenario,
    /// The step, from 1.
    pub step: u32,
    /// The channel that it was claimed for.
    pub channel: Channel,
    /// Where it was to go.
    pub address: String,
    /// The text.
    pub text: String,
    /// When it was claimed.
    pub claimed_at: Timestamp,
}

impl Store {
    /// The follow-ups of this store that are `unknown` and were claimed after `since`, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unknowns(&self, since: Timestamp) -> Result<Vec<UnknownFollowUp>> {
        let sql = "SELECT id, contact, scenario, step, channel, address, text, claimed_at FROM follow_ups \
                   WHERE state = 'unknown' AND imported_id IS NULL AND claimed_at > ?1 \
                   ORDER BY claimed_at DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([micros(since)], |row| {
            let id: i64 = row.get(0)?;
            Ok(UnknownFollowUp {
                row: id,
                id: self.follow_up_id(id),
                contact: row.get(1)?,
                scenario: named(row, 2)?,
                step: row.get(3)?,
                channel: named(row, 4)?,
                address: row.get(5)?,
                text: row.get(6)?,
                claimed_at: time(row.get(7)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Inside [`Store::durably`]: the provider has the message. Says whether the follow-up was still `unknown`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn found_sent(&self, unknown: &UnknownFollowUp, provider_id: Option<&str>) -> Result<bool> {
        let sql = "UPDATE follow_ups SET state = 'sent', sent_at = claimed_at, error = NULL, \
                     provider_id = coalesce(?2, provider_id) WHERE id = ?1 AND state = 'unknown'";
        let changed = self
            .connection
            .execute(sql, params![unknown.row, provider_id])?;
        self.awaken(unknown.contact)?;
        Ok(changed > 0)
    }

    /// Inside [`Store::durably`]: the provider never had the message; the step is tried again, unless a later
    /// one has overtaken it. Says whether the follow-up was still `unknown`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn found_absent(&self, unknown: &UnknownFollowUp, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE follow_ups AS f SET retry_at = ?2, \
                     error = 'the provider never had it', state = iif(EXISTS ( \
                       SELECT 1 FROM follow_ups later WHERE later.contact = f.contact \
                       AND later.episode = f.episode AND later.step > f.step \
                       AND later.state IN ('sending', 'sent', 'unknown')), 'failed', 'retry') \
                   WHERE id = ?1 AND state = 'unknown'";
        let changed = self
            .connection
            .execute(sql, params![unknown.row, micros(now)])?;
        self.awaken(unknown.contact)?;
        Ok(changed > 0)
    }

    /// Inside a transaction: a follow-up of which nobody knew was sent. The next run queues its workflow's actions
    /// (rule X8).
    pub(super) fn note_found_sent(&self, row: i64) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO found_sent (follow_up) VALUES (?1)";
        self.connection.prepare_cached(sql)?.execute([row])?;
        Ok(())
    }

    /// Gives each follow-up that an import or a person's word has shown to be sent to `queue`, once.
    ///
    /// # Errors
    /// When the database cannot be read or written, and those of `queue`.
    pub fn each_found_sent(&self, queue: impl Fn(i64, Scenario, u32) -> Result<()>) -> Result<()> {
        let any = "SELECT 1 FROM found_sent LIMIT 1";
        if !self.connection.prepare_cached(any)?.exists([])? {
            return Ok(());
        }
        self.durably(|| {
            let sql = "SELECT f.id, f.scenario, f.step FROM found_sent \
                       JOIN follow_ups f ON f.id = found_sent.follow_up WHERE f.state = 'sent'";
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                queue(row.get(0)?, named(row, 1)?, row.get(2)?)?;
            }
            self.connection.execute("DELETE FROM found_sent", [])?;
            Ok(())
        })
    }
}
