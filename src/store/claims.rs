//! The log of follow-ups: claimed before the request leaves, recorded after (rules X1 to X4).

use anyhow::{Result, bail};
use rusqlite::{OptionalExtension, params};

use super::{ContactKey, Derived, Store, micros};
use crate::decide::Decision;
use crate::error::{Failure, Outcome as Exit};
use crate::model::{
    Channel, FollowUpState, Refusal, TextSource, Timestamp, Word, WordKind, WordSource,
};

/// A step that is about to be sent.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The contact.
    pub contact: ContactKey,
    /// The decision: `send`, made from facts that are the newest under the claim's own transaction.
    pub decision: &'a Decision,
    /// Its list of rules, as JSON: see [`because_json`].
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

/// A decision's list of rules as it is stored.
///
/// # Errors
/// Never in practice: it is text and numbers.
pub fn because_json(decision: &Decision) -> Result<String> {
    let because: Vec<_> = decision.because.iter().map(|b| b.numbered()).collect();
    Ok(serde_json::to_string(&because)?)
}

/// What became of a claimed step (rule X4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted it.
    Sent {
        /// Its id there.
        provider_id: Option<String>,
    },
    /// Certainly not sent; not before `at` again.
    Retry {
        /// When.
        at: Timestamp,
        /// The provider's words.
        error: String,
    },
    /// Certainly not sent, through no fault of the message: no attempt is used up. Not before `at` again.
    NotTried {
        /// When.
        at: Timestamp,
        /// The provider's words.
        error: String,
    },
    /// Certainly not sent, and not again on this channel.
    Refused {
        /// The provider's words.
        error: String,
        /// The provider says that the contact opted out there.
        opted_out: bool,
    },
    /// Certainly not sent: the channel takes no free text now (rule D17).
    WindowClosed {
        /// The provider's words.
        error: String,
    },
    /// Certainly not sent, and given up.
    GaveUp {
        /// The provider's words.
        error: String,
    },
    /// Nobody knows.
    Unknown {
        /// What happened.
        error: String,
    },
}

/// A person's word on an `unknown` follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It reached the contact.
    Sent,
    /// It did not; the step is tried again.
    NotSent,
}

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

    /// Inside [`Store::durably`]: claims the step; `None` when it was claimed before (rule X1). The contact stays
    /// awake until the outcome is recorded: should there be none, [`Store::recover`] wakes it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn claim(&self, claim: &Claim<'_>, now: Timestamp) -> Result<Option<Claimed>> {
        let decision = claim.decision;
        let (Some(episode), Some(scenario), Some(step), Some(channel)) = (
            decision.episode,
            decision.scenario,
            decision.step,
            decision.channel,
        ) else {
            bail!("a decision to send names no episode, scenario, step and channel");
        };
        let (contact, episode) = self.claimed_under(claim.contact, micros(episode), step)?;
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
        // Plain statements: RETURNING would build and drop a table of its own for every row.
        let sql = "INSERT OR IGNORE INTO follow_ups (contact, episode, scenario, step, state, channel, \
                     address, conversation_id, due_at, claimed_at, attempts, text, text_source, because) \
                   VALUES (?1, ?2, ?3, ?4, 'sending', ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12)";
        if self.connection.prepare_cached(sql)?.execute(values)? > 0 {
            let row = self.connection.last_insert_rowid();
            return Ok(Some(self.claimed(row, 1)));
        }
        // A step that was refused for certain may be claimed again; any other claim of it stands.
        let sql = "UPDATE follow_ups SET state = 'sending', scenario = ?3, channel = ?5, address = ?6, \
                     conversation_id = ?7, due_at = ?8, claimed_at = ?9, attempts = attempts + 1, \
                     retry_at = NULL, text = ?10, text_source = ?11, because = ?12 \
                   WHERE contact = ?1 AND episode = ?2 AND step = ?4 \
                     AND (state = 'retry' OR (state = 'failed' AND refused_on <> ''))";
        if self.connection.prepare_cached(sql)?.execute(values)? == 0 {
            return Ok(None);
        }
        let sql =
            "SELECT id, attempts FROM follow_ups WHERE contact = ?1 AND episode = ?2 AND step = ?3";
        let (row, attempts) = self
            .connection
            .prepare_cached(sql)?
            .query_row((contact, episode, step), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(Some(self.claimed(row, attempts)))
    }

    fn claimed(&self, row: i64, attempts: u32) -> Claimed {
        Claimed {
            row,
            id: self.follow_up_id(row),
            attempts,
        }
    }

    /// Inside [`Store::durably`]: records what became of a claimed step at `now`, and `derived` for the contact
    /// where it is known to follow from the newest facts; else the contact is looked at again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn record(
        &self,
        claimed: (ContactKey, i64),
        channel: Channel,
        outcome: &Outcome,
        derived: Option<Derived>,
        now: Timestamp,
    ) -> Result<()> {
        let (contact, row) = claimed;
        let sql = match outcome {
            Outcome::Sent { .. } => {
                "UPDATE follow_ups SET state = 'sent', sent_at = ?2, retry_at = NULL, \
                                     error = NULL, provider_id = coalesce(?3, provider_id) WHERE id = ?1"
            }
            // An import may have shown meanwhile that it was sent (rule X6): then it stays so.
            _ => {
                "UPDATE follow_ups SET state = ?2, retry_at = ?3, error = ?4, attempts = attempts - ?5, \
                  refused_on = iif(?7 AND refused_on = '', '', \
                    trim(refused_on || ' ' || iif(?6 <> '' AND instr(refused_on, ?6), ?8, ?6))) \
                  WHERE id = ?1 AND state = 'sending'"
            }
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let gave_up = matches!(outcome, Outcome::GaveUp { .. });
        let mut ends =
            |state, retry_at: Option<Timestamp>, error: &str, unused: u32, refused_on| {
                let retry_at = retry_at.map(micros);
                statement.execute(params![
                    row,
                    state,
                    retry_at,
                    error,
                    unused,
                    refused_on,
                    gave_up,
                    channel.as_str()
                ])
            };
        match outcome {
            Outcome::Sent { provider_id } => {
                statement.execute(params![row, micros(now), provider_id])?
            }
            Outcome::Retry { at, error } => ends("retry", Some(*at), error, 0, "")?,
            Outcome::NotTried { at, error } => ends("retry", Some(*at), error, 1, "")?,
            // After another channel's refusal this one is closed as well, or it would be tried for ever.
            Outcome::GaveUp { error } => ends("failed", None, error, 0, channel.as_str())?,
            // Said again, with an approved template: it will not take it at all.
            Outcome::WindowClosed { error } => {
                let closed = Refusal::WindowClosed(channel).to_string();
                ends("failed", None, error, 0, &closed)?
            }
            Outcome::Unknown { error } => ends("unknown", None, error, 0, "")?,
            Outcome::Refused { error, opted_out } => {
                let refused_on = if *opted_out { "" } else { channel.as_str() };
                if *opted_out {
                    let word = Word {
                        kind: WordKind::OptOut,
                        at: now,
                        until: None,
                        reason: Some(error.clone()),
                        source: WordSource::Provider,
                    };
                    self.insert_word(contact, &word)?;
                }
                ends("failed", None, error, 0, refused_on)?
            }
        };
        match derived {
            Some(derived) => self.set_derived(contact, derived, now),
            None => self.awaken(contact),
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

    /// Under the run lock: a row that is still `sending` was left by a crash (rule X3). Says how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn recover(&self) -> Result<usize> {
        let any = "SELECT 1 FROM follow_ups WHERE state = 'sending' LIMIT 1";
        if !self.connection.prepare_cached(any)?.exists([])? {
            return Ok(0);
        }
        self.durably(|| {
            let wake = "UPDATE contacts SET wake_at = 0 WHERE id IN \
                        (SELECT contact FROM follow_ups WHERE state = 'sending')";
            self.connection.execute(wake, [])?;
            let sql = "UPDATE follow_ups SET state = 'unknown', \
                       error = 'the run ended while it was being sent' WHERE state = 'sending'";
            Ok(self.connection.execute(sql, [])?)
        })
    }

    /// Settles an `unknown` follow-up by a person's word.
    ///
    /// # Errors
    /// [`Exit::Usage`] when there is no such follow-up, or it is not `unknown`.
    pub fn resolve(&self, id: &str, resolution: Resolution, now: Timestamp) -> Result<()> {
        let row = id
            .strip_prefix(&self.prefix)
            .and_then(|row| row.parse::<i64>().ok());
        self.durably(|| {
            let sql = "SELECT contact, state, id FROM follow_ups WHERE id = ?1 OR imported_id = ?2";
            let found = self.connection.query_row(sql, (row, id), |r| {
                Ok((r.get(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?))
            });
            let Some((contact, state, row)) = found.optional()? else {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("there is no follow-up {id}; see followup history"),
                )
                .into());
            };
            if state != FollowUpState::Unknown.as_str() {
                let words =
                    format!("follow-up {id} is {state}, not unknown: there is nothing to settle");
                return Err(Failure::new(Exit::Usage, words).into());
            }
            match resolution {
                Resolution::Sent => {
                    let sql = "UPDATE follow_ups SET state = 'sent', sent_at = claimed_at WHERE id = ?1";
                    self.connection.execute(sql, [row])?;
                    self.note_found_sent(row)?;
                }
                Resolution::NotSent => {
                    // A step that a later one has overtaken is not sent after it.
                    let sql = "UPDATE follow_ups AS f SET retry_at = ?2, state = iif(EXISTS ( \
                                 SELECT 1 FROM follow_ups later WHERE later.contact = f.contact \
                                 AND later.episode = f.episode AND later.step > f.step \
                                 AND later.state IN ('sending', 'sent', 'unknown')), 'failed', 'retry') \
                               WHERE id = ?1";
                    self.connection.execute(sql, [row, micros(now)])?;
                }
            }
            self.awaken(contact)
        })
    }

    /// The channel's token bucket as it was left: tokens, and when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rate(&self, channel: Channel) -> Result<Option<(f64, Timestamp)>> {
        let sql = "SELECT tokens, at FROM rates WHERE channel = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([channel.as_str()], |row| {
            Ok((row.get(0)?, super::time(row.get(1)?)))
        });
        Ok(found.optional()?)
    }

    /// Inside [`Store::durably`]: leaves the channel's token bucket for the next run.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_rate(&self, channel: Channel, tokens: f64, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO rates (channel, tokens, at) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (channel) DO UPDATE SET tokens = excluded.tokens, at = excluded.at";
        self.connection
            .prepare_cached(sql)?
            .execute((channel.as_str(), tokens, micros(at)))?;
        Ok(())
    }

    /// The token bucket of one address on a channel, as the last message to it left it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn address_rate(
        &self,
        channel: Channel,
        address: &str,
    ) -> Result<Option<(f64, Timestamp)>> {
        let sql = "SELECT tokens, at FROM address_rates WHERE channel = ?1 AND address = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((channel.as_str(), address), |row| {
            Ok((row.get(0)?, super::time(row.get(1)?)))
        });
        Ok(found.optional()?)
    }

    /// Inside [`Store::durably`]: leaves an address's token bucket for the next message to it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_address_rate(
        &self,
        channel: Channel,
        address: &str,
        tokens: f64,
        at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO address_rates (channel, address, tokens, at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (channel, address) DO UPDATE SET tokens = excluded.tokens, at = excluded.at";
        let values = (channel.as_str(), address, tokens, micros(at));
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Inside [`Store::durably`]: drops the buckets of a channel's addresses that were last used before `before`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_address_rates(&self, channel: Channel, before: Timestamp) -> Result<()> {
        let sql = "DELETE FROM address_rates WHERE channel = ?1 AND at < ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute((channel.as_str(), micros(before)))?;
        Ok(())
    }
}
