//! What became of claimed steps: recorded after the request (rules X3, X4), or by a person's word.

use anyhow::Result;
use rusqlite::{OptionalExtension, params};

use super::{ContactKey, Derived, Ledger, Store, micros};
use crate::error::{Failure, Outcome as Exit};
use crate::model::{Channel, FollowUpState, Refusal, Timestamp, Word, WordKind, WordSource};

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

/// A step was accepted.
pub(super) const SENT: &str = "UPDATE follow_ups SET state = 'sent', sent_at = ?2, retry_at = NULL, error = NULL, \
    provider_id = coalesce(?3, provider_id) WHERE id = ?1";
/// It was not, or nobody knows. An import may have shown meanwhile that it was sent (rule X6): then it stays so.
const ENDED: &str = "UPDATE follow_ups SET state = ?2, retry_at = ?3, error = ?4, attempts = attempts - ?5, \
      refused_on = iif(?7 AND refused_on = '', '', \
        trim(refused_on || ' ' || iif(?6 <> '' AND instr(refused_on, ?6), ?8, ?6))) \
    WHERE id = ?1 AND state = 'sending'";

impl Ledger<'_> {
    /// Inside [`Store::durably`]: records what became of a claimed step at `now`, and `derived` for the contact
    /// where it is known to follow from the newest facts; else the contact is looked at again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn record(
        &mut self,
        claimed: (ContactKey, i64),
        channel: Channel,
        outcome: &Outcome,
        derived: Option<Derived>,
        now: Timestamp,
    ) -> Result<()> {
        let (contact, row) = claimed;
        let store = self.store;
        if let Outcome::Sent { provider_id } = outcome {
            self.sent.execute((row, micros(now), provider_id))?;
        } else {
            store.record_end((contact, row), channel, outcome, now)?;
        }
        match derived {
            Some(derived) => {
                store.note_settled_at(now)?;
                let values = (contact, derived.wake_at, derived.hold);
                self.derive.execute(values)?;
                Ok(())
            }
            None => store.awaken(contact),
        }
    }
}

impl Store {
    /// What became of a step that was not plainly accepted.
    fn record_end(
        &self,
        (contact, row): (ContactKey, i64),
        channel: Channel,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(ENDED)?;
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
            Outcome::Sent { .. } => return Ok(()),
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
        Ok(())
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
}
