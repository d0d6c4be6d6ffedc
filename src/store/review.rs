//! Texts that wait for a person, and what the person says (rule X9).

use anyhow::Result;
use rusqlite::{OptionalExtension, params};

use super::drafts::{WAITING, draft};
use super::{ContactKey, Store, micros};
use crate::model::{Draft, DraftState, TextSource, Timestamp};

/// What a person says about a text that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftVerdict<'a> {
    /// It goes out as it is.
    Approve,
    /// It goes out with these words instead.
    Change(&'a str),
    /// Its step is passed over.
    Skip,
}

impl Store {
    /// The texts that wait for a person, the oldest first, with whose they are. Some may wait in vain: the decision
    /// tells.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting_drafts(&self) -> Result<Vec<(ContactKey, Draft)>> {
        let mut statement = self.connection.prepare_cached(WAITING)?;
        let rows = statement.query_map([], |row| Ok((row.get("contact")?, draft(row)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Records what a person says about a text. `false` when it does not wait any more, or was written anew since
    /// `made_at`: then nobody has looked at it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn decide_draft(
        &self,
        (id, made_at): (i64, Timestamp),
        verdict: DraftVerdict<'_>,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (state, text, source) = match verdict {
            DraftVerdict::Approve => (DraftState::Approved, None, None),
            DraftVerdict::Change(text) => {
                (DraftState::Approved, Some(text), Some(TextSource::Custom))
            }
            DraftVerdict::Skip => (DraftState::Skipped, None, None),
        };
        self.durably(|| {
            let sql = "UPDATE drafts SET state = ?3, text = coalesce(?4, text), \
                       source = coalesce(?5, source), reason = ?6, decided_at = ?7 \
                       WHERE id = ?1 AND made_at = ?2 AND state = 'waiting' RETURNING contact";
            let mut statement = self.connection.prepare_cached(sql)?;
            let values = params![
                id,
                micros(made_at),
                state.as_str(),
                text,
                source.map(TextSource::as_str),
                reason,
                micros(now),
            ];
            let contact = statement.query_row(values, |row| row.get::<_, ContactKey>(0));
            let Some(contact) = contact.optional()? else {
                return Ok(false);
            };
            self.awaken(contact)?;
            Ok(true)
        })
    }
}
