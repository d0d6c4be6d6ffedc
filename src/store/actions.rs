//! The actions of workflows, each with its own recorded outcome (rule X8).

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::{ContactKey, Store, micros};
use crate::model::Timestamp;

/// An action that is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAction {
    /// The row of the follow-up after which it runs.
    pub follow_up: i64,
    /// The contact.
    pub contact: ContactKey,
    /// The workflow's name.
    pub workflow: String,
    /// The action's name.
    pub action: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEnd<'a> {
    /// `done`, `failed` or `retry`.
    pub state: &'a str,
    /// In words.
    pub detail: Option<&'a str>,
    /// For `retry`: not before this.
    pub retry_at: Option<Timestamp>,
}

impl Store {
    /// Inside [`Store::durably`]: an action is to be done once the follow-up is sent; never twice.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn queue_action(
        &self,
        follow_up: i64,
        workflow: &str,
        action: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO actions (follow_up, action, workflow, state, at) \
                   VALUES (?1, ?2, ?3, 'pending', ?4) ON CONFLICT DO NOTHING";
        self.connection
            .prepare_cached(sql)?
            .execute((follow_up, action, workflow, micros(now)))?;
        Ok(())
    }

    /// Under the run lock: an action that is still `started` was cut off by a crash. A signed webhook is tried
    /// again, because its receiver can tell, and so is what happens in this database alone; nobody knows of the
    /// others, which are given back: the follow-up's row and the action's name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn recover_actions(&self) -> Result<Vec<(i64, String)>> {
        let cut_off = "SELECT 1 FROM actions WHERE state = 'started' AND state <> 'done' LIMIT 1";
        if !self.connection.prepare_cached(cut_off)?.exists([])? {
            return Ok(Vec::new());
        }
        let sql = "UPDATE actions SET detail = 'the run ended while it was being done', retry_at = at, \
                   state = iif(action IN ('webhook', 'tags', 'assign'), 'retry', 'unknown') \
                   WHERE state = 'started' AND state <> 'done' RETURNING follow_up, action, state = 'unknown'";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(i64, String, bool)> = rows.collect::<rusqlite::Result<_>>()?;
        let unknown = rows.into_iter().filter(|(_, _, unknown)| *unknown);
        Ok(unknown.map(|(row, action, _)| (row, action)).collect())
    }

    /// The actions that are to be done at `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_actions(&self, now: Timestamp) -> Result<Vec<OpenAction>> {
        let sql = "SELECT a.follow_up, f.contact, a.workflow, a.action, a.attempts \
                   FROM actions a JOIN follow_ups f ON f.id = a.follow_up \
                   WHERE a.state IN ('pending', 'retry') AND a.state <> 'done' AND coalesce(a.retry_at, 0) <= ?1 \
                   ORDER BY a.follow_up, a.action";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([micros(now)], |row| {
            Ok(OpenAction {
                follow_up: row.get(0)?,
                contact: row.get(1)?,
                workflow: row.get(2)?,
                action: row.get(3)?,
                attempts: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Marks an action as begun, durably, before anything leaves.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn start_action(&self, open: &OpenAction, now: Timestamp) -> Result<()> {
        let sql = "UPDATE actions SET state = 'started', at = ?3, attempts = attempts + 1 \
                   WHERE follow_up = ?1 AND action = ?2";
        self.connection.prepare_cached(sql)?.execute((
            open.follow_up,
            &open.action,
            micros(now),
        ))?;
        Ok(())
    }

    /// Records what became of an action.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_action(&self, open: &OpenAction, end: &ActionEnd<'_>, now: Timestamp) -> Result<()> {
        let sql = "UPDATE actions SET state = ?3, detail = ?4, retry_at = ?5, at = ?6 \
                   WHERE follow_up = ?1 AND action = ?2";
        let values = (
            open.follow_up,
            &open.action,
            end.state,
            end.detail,
            end.retry_at.map(micros),
            micros(now),
        );
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// The tags that workflows gave a contact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn own_tags(&self, contact: ContactKey) -> Result<Vec<String>> {
        let sql = "SELECT own_tags FROM contacts WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let tags = statement
            .query_row([contact], |row| row.get::<_, Option<String>>(0))
            .optional()?;
        let tags = tags.flatten().unwrap_or_default();
        Ok(tags
            .split(';')
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Keeps the tags that workflows gave a contact; an import leaves them alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_own_tags(&self, contact: ContactKey, tags: &[String]) -> Result<()> {
        let sql = "UPDATE contacts SET own_tags = ?2 WHERE id = ?1";
        self.connection
            .prepare_cached(sql)?
            .execute((contact, tags.join(";")))?;
        Ok(())
    }
}
