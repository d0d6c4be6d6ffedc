//! Rows for exports, `history` and `status`: streamed, never gathered.

use std::ops::RangeInclusive;

use anyhow::Result;

use super::rows::{follow_up, follow_up_columns};
use super::{ContactKey, Store, micros, time};
use crate::model::{Draft, FollowUp, Timestamp};

/// A follow-up for an export and for `history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpRow {
    /// The contact's id in the exports.
    pub contact_id: String,
    /// The row of the log.
    pub follow_up: FollowUp,
    /// The provider's id of the conversation.
    pub conversation_id: Option<String>,
    /// The decision's list of rules, as JSON.
    pub because: String,
    /// A reply before it that came to light only later (rule X7).
    pub reply_at: Option<Timestamp>,
    /// What a model wrote for it, or why it did not.
    pub draft: Option<Draft>,
    /// The actions of its workflow: name, state, detail.
    pub actions: Vec<(String, String, Option<String>)>,
}

/// A contact who is held until a person does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldContact {
    /// The contact's id in the exports.
    pub contact_id: String,
    /// The name, where known.
    pub name: Option<String>,
    /// The reason of the hold.
    pub hold: String,
}

/// Counts for `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Contacts in all.
    pub contacts: i64,
    /// Contacts for whom a step is scheduled or due.
    pub scheduled: i64,
    /// Holds by reason.
    pub holds: Vec<(String, i64)>,
    /// Follow-ups by state.
    pub follow_ups: Vec<(String, i64)>,
    /// Follow-ups that were sent after a reply (rule X7).
    pub sent_after_reply: i64,
    /// Workflow actions that failed.
    pub failed_actions: i64,
}

impl Store {
    /// Gives follow-ups to `each`, in the order of their first claim: those claimed at `since` or later, and
    /// of one contact where `contact` is given.
    ///
    /// # Errors
    /// When the database cannot be read, and those of `each`.
    pub fn each_follow_up(
        &self,
        since: Option<Timestamp>,
        contact: Option<ContactKey>,
        each: impl FnMut(&FollowUpRow) -> Result<()>,
    ) -> Result<()> {
        self.each_follow_up_of(since, contact, &(0..=i64::MAX), each)
    }

    fn each_follow_up_of(
        &self,
        since: Option<Timestamp>,
        contact: Option<ContactKey>,
        ids: &RangeInclusive<i64>,
        mut each: impl FnMut(&FollowUpRow) -> Result<()>,
    ) -> Result<()> {
        const SQL: &str = concat!(
            "SELECT ",
            follow_up_columns!(),
            ", because, reply_at, (SELECT contact_id FROM contacts c WHERE c.id = contact), id, conversation_id, contact FROM follow_ups \
             WHERE claimed_at >= ?1 AND (?2 IS NULL OR contact = ?2 OR contact IN (SELECT id FROM contacts WHERE person = ?2)) AND id BETWEEN ?3 AND ?4 ORDER BY follow_ups.id"
        );
        let mut statement = self.connection.prepare(SQL)?;
        let mut rows = statement.query((
            since.map_or(i64::MIN, micros),
            contact,
            ids.start(),
            ids.end(),
        ))?;
        while let Some(row) = rows.next()? {
            each(&FollowUpRow {
                follow_up: follow_up(row, &self.prefix)?,
                because: row.get(18)?,
                reply_at: row.get::<_, Option<i64>>(19)?.map(time),
                contact_id: row.get(20)?,
                conversation_id: row.get(22)?,
                draft: self.draft_of(row.get(23)?, row.get(1)?, row.get(3)?)?,
                actions: self.actions(row.get(21)?)?,
            })?;
        }
        Ok(())
    }

    /// The newest follow-ups that a person should look at: `unknown`, sent after a reply (rule X7), and with a
    /// failed action.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn needing_a_person(&self, most: u32) -> Result<Vec<FollowUpRow>> {
        let sql = "SELECT id FROM follow_ups f WHERE state = 'unknown' OR reply_at IS NOT NULL \
                   OR EXISTS (SELECT 1 FROM actions a WHERE a.follow_up = f.id AND a.state = 'failed') \
                   ORDER BY id DESC LIMIT ?1";
        let mut statement = self.connection.prepare(sql)?;
        let found = statement.query_map([most], |row| row.get(0))?;
        let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
        let mut rows = Vec::new();
        for id in found {
            self.each_follow_up_of(None, None, &(id..=id), |row| {
                rows.push(row.clone());
                Ok(())
            })?;
        }
        Ok(rows)
    }

    /// Whether there is a follow-up of this public id, made here or imported.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_follow_up(&self, id: &str) -> Result<bool> {
        let row = id.strip_prefix(&self.prefix);
        let row = row.and_then(|row| row.parse::<i64>().ok());
        let sql = "SELECT 1 FROM follow_ups WHERE id = ?1 OR imported_id = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists((row, id))?)
    }

    /// Contacts held for want of a sender or an address, for a time that is unclear, by the model's word, or
    /// for a text that nobody has looked at (rules D18, S4, X5, X9); but for those that must be decided about again by `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn held_for_a_person(&self, most: u32, now: Timestamp) -> Result<Vec<HeldContact>> {
        let sql = "SELECT contact_id, name, hold FROM contacts \
                   WHERE hold IN ('unclear_time', 'ai_declined', 'awaiting_approval', 'no_sender', 'no_address', \
                       'unconfirmed_booking') \
                     AND (wake_at IS NULL OR wake_at > ?2) ORDER BY hold DESC, id LIMIT ?1";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map((most, micros(now)), |row| {
            Ok(HeldContact {
                contact_id: row.get(0)?,
                name: row.get(1)?,
                hold: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many contacts are held for each reason, but for those that must be decided about again by `now`.
    fn holds(&self, now: Timestamp) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT hold, count(*) FROM contacts \
                   WHERE hold IS NOT NULL AND hold <> 'unconfirmed_booking' AND (wake_at IS NULL OR wake_at > ?1) \
                   GROUP BY hold ORDER BY hold";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([micros(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn actions(&self, row: i64) -> Result<Vec<(String, String, Option<String>)>> {
        let sql = "SELECT action, state, detail FROM actions WHERE follow_up = ?1 ORDER BY action";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([row], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts for `status`: of what is derived, only that of contacts who need not be decided about again by `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn counts(&self, now: Timestamp) -> Result<Counts> {
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get(0));
        let later = "SELECT count(*) FROM contacts WHERE wake_at > ?1";
        let grouped = |sql: &str| -> rusqlite::Result<Vec<(String, i64)>> {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        Ok(Counts {
            contacts: count(
                "SELECT (SELECT count(*) FROM contacts) - (SELECT count(*) FROM contacts WHERE person IS NOT NULL)",
            )?,
            scheduled: self
                .connection
                .query_row(later, [micros(now)], |row| row.get(0))?,
            holds: self.holds(now)?,
            follow_ups: grouped(
                "SELECT state, count(*) FROM follow_ups GROUP BY state ORDER BY state",
            )?,
            sent_after_reply: count("SELECT count(*) FROM follow_ups WHERE reply_at IS NOT NULL")?,
            failed_actions: count("SELECT count(*) FROM actions WHERE state = 'failed'")?,
        })
    }
}
