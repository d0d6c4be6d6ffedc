//! The log of follow-ups: claimed before the request leaves (rules X1, X2). What comes after is in `outcomes`.

use anyhow::{Result, bail};
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::{ContactKey, Store, micros};
use crate::decide::Decision;
use crate::model::{TextSource, Thread, Timestamp};

/// A step that is about to be sent.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The contact.
    pub contact: ContactKey,
    /// What is known about them: the newest facts under the claim's own transaction.
    pub thread: &'a Thread,
    /// The decision: `send`, made from these facts.
    pub decision: &'a Decision,
    /// Its list of rules, as JSON: see [`crate::decide::because_json`].
    pub because: &'a str,
    /// Where it goes.
    pub address: &'a str,
    /// The final text.
    pub text: &'a str,
    /// Where the text came from.
    pub text_source: TextSource,
}

/// A claimed step: its row, and its public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The row.
    pub row: i64,
    /// The public id.
    pub id: String,
    /// The how-manieth attempt it is, from 1.
    pub attempts: u32,
}

/// Claims steps and records what became of them, many in one transaction: the statements of the usual way are kept
/// ready.
pub struct Ledger<'s> {
    pub(super) store: &'s Store,
    insert: CachedStatement<'s>,
    pub(super) sent: CachedStatement<'s>,
    pub(super) derive: CachedStatement<'s>,
}

// Plain statements: RETURNING would build and drop a table of its own for every row.
const INSERT: &str = "INSERT OR IGNORE INTO follow_ups (contact, episode, scenario, step, state, channel, \
      address, conversation_id, due_at, claimed_at, attempts, text, text_source, because) \
    VALUES (?1, ?2, ?3, ?4, 'sending', ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12)";
/// A step that was refused for certain may be claimed again; any other claim of it stands.
const AGAIN: &str = "UPDATE follow_ups SET state = 'sending', scenario = ?3, channel = ?5, address = ?6, \
      conversation_id = ?7, due_at = ?8, claimed_at = ?9, attempts = attempts + 1, \
      retry_at = NULL, text = ?10, text_source = ?11, because = ?12 \
    WHERE contact = ?1 AND episode = ?2 AND step = ?4 \
      AND (state = 'retry' OR (state = 'failed' AND refused_on <> ''))";

impl Store {
    /// Runs `work` in one durable transaction.
    ///
    /// # Errors
    /// Those of `work`, and when the database cannot be written; then nothing of it happened.
    pub fn durably<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let transaction = self.immediate()?;
        let done = work()?;
        transaction.commit()?;
        Ok(done)
    }

    /// What claims and records: see [`Ledger`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ledger(&self) -> Result<Ledger<'_>> {
        Ok(Ledger {
            store: self,
            insert: self.connection.prepare_cached(INSERT)?,
            sent: self.connection.prepare_cached(super::outcomes::SENT)?,
            derive: self.connection.prepare_cached(super::wake::DERIVE)?,
        })
    }

    fn claimed(&self, row: i64, attempts: u32) -> Claimed {
        Claimed {
            row,
            id: self.follow_up_id(row),
            attempts,
        }
    }

    /// The public id of a follow-up that this store claimed.
    #[must_use]
    pub fn follow_up_id(&self, row: i64) -> String {
        format!("{}{row}", self.prefix)
    }

    /// The public id of a follow-up, whichever store claimed it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn public_id(&self, row: i64) -> Result<String> {
        let sql = "SELECT imported_id FROM follow_ups WHERE id = ?1";
        let imported: Option<Option<String>> = self
            .connection
            .prepare_cached(sql)?
            .query_row([row], |found| found.get(0))
            .optional()?;
        Ok(imported.flatten().unwrap_or_else(|| self.follow_up_id(row)))
    }
}

impl Ledger<'_> {
    /// Inside [`Store::durably`]: claims the step; `None` when it was claimed before (rule X1). The contact stays
    /// awake until the outcome is recorded: should there be none, [`Store::recover`] wakes it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn claim(&mut self, claim: &Claim<'_>, now: Timestamp) -> Result<Option<Claimed>> {
        let decision = claim.decision;
        let (Some(episode), Some(scenario), Some(step), Some(channel)) = (
            decision.episode,
            decision.scenario,
            decision.step,
            decision.channel,
        ) else {
            bail!("a decision to send names no episode, scenario, step and channel");
        };
        let store = self.store;
        let (contact, episode) = match (claim.contact, micros(episode)) {
            (lead, episode) if !claim.thread.aliases.is_empty() => {
                store.claimed_under(lead, episode, step)?
            }
            only => only,
        };
        let values = params![
            contact,
            episode,
            scenario.as_str(),
            step,
            channel.as_str(),
            claim.address,
            decision.conversation_id,
            micros(decision.due_at.unwrap_or(now)),
            micros(now),
            claim.text,
            claim.text_source.as_str(),
            claim.because,
        ];
        if self.insert.execute(values)? > 0 {
            let row = store.connection.last_insert_rowid();
            return Ok(Some(store.claimed(row, 1)));
        }
        if store.connection.prepare_cached(AGAIN)?.execute(values)? == 0 {
            return Ok(None);
        }
        let sql =
            "SELECT id, attempts FROM follow_ups WHERE contact = ?1 AND episode = ?2 AND step = ?3";
        let (row, attempts) = store
            .connection
            .prepare_cached(sql)?
            .query_row((contact, episode, step), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(Some(store.claimed(row, attempts)))
    }
}
