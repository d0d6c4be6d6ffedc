//! The last station: what became of a step (rule X4).

use anyhow::Result;
use crossbeam_channel::Receiver;

use super::super::retry::next_attempt;
use super::super::{Event, Step};
use super::{Answered, Arrived, Writer};
use crate::channel::SendError;
use crate::decide::{Action, decide};
use crate::error::{Outcome, outcome_of};
use crate::model::Timestamp;
use crate::store::{ContactKey, SendOutcome, explained};

impl Writer<'_, '_, '_> {
    /// Inside the transaction: what became of a claimed step (rule X4).
    pub(super) fn record(&mut self, answered: &Answered, events: &mut Vec<Event>) -> Result<()> {
        let (job, now) = (&answered.job, answered.at);
        let outgoing = &job.outgoing;
        let step = Step {
            id: outgoing.id.clone(),
            contact_id: outgoing.contact_id.clone(),
            scenario: outgoing.scenario,
            step: outgoing.step,
            channel: outgoing.channel,
        };
        let outcome = match &answered.result {
            Ok(accepted) => SendOutcome::Sent {
                provider_id: accepted.provider_id.clone(),
            },
            Err(SendError::Retry { after, reason }) => {
                match next_attempt(&outgoing.id, job.attempts, *after, now) {
                    Some(at) => SendOutcome::Retry {
                        at,
                        error: reason.clone(),
                    },
                    None => SendOutcome::GaveUp {
                        error: reason.clone(),
                    },
                }
            }
            Err(SendError::Credentials { reason }) => {
                self.close(outgoing.channel, reason.clone(), events);
                SendOutcome::NotTried {
                    at: next_attempt(&outgoing.id, 1, None, now).unwrap_or(now),
                    error: reason.clone(),
                }
            }
            Err(SendError::Refused { reason }) => SendOutcome::Refused {
                error: reason.clone(),
                opted_out: false,
            },
            Err(SendError::WindowClosed { reason }) => SendOutcome::WindowClosed {
                error: reason.clone(),
            },
            Err(SendError::OptedOut { reason }) => {
                self.epoch += 1; // others may have the same number (rule D21)
                SendOutcome::Refused {
                    error: reason.clone(),
                    opted_out: true,
                }
            }
            Err(SendError::Unknown { reason }) => SendOutcome::Unknown {
                error: reason.clone(),
            },
        };
        // Somebody may have stored a fact since the claim.
        let derived = answered.derived.filter(|_| job.epoch == self.epoch);
        let (claimed, channel) = ((job.contact, job.row), outgoing.channel);
        self.ledger
            .record(claimed, channel, &outcome, derived, now)?;
        match outcome {
            SendOutcome::Sent { provider_id } => {
                (self.run.queue_actions)(job.row, &job.decision)?;
                self.summary.sent += 1;
                events.push(Event::Sent { step, provider_id });
            }
            SendOutcome::Retry {
                at: retry_at,
                error,
            }
            | SendOutcome::NotTried {
                at: retry_at,
                error,
            } => {
                self.summary.retry += 1;
                events.push(Event::Retry {
                    step,
                    error,
                    retry_at,
                });
            }
            SendOutcome::Refused { error, .. }
            | SendOutcome::WindowClosed { error }
            | SendOutcome::GaveUp { error } => {
                if self.goes_elsewhere(job.contact, now)? {
                    self.seen.remove(&job.contact);
                    self.look_again(job.contact);
                } else {
                    self.summary.failed += 1;
                }
                events.push(Event::Failed { step, error });
            }
            SendOutcome::Unknown { error } => {
                self.summary.unknown += 1;
                events.push(Event::Unknown { step, error });
            }
        }
        Ok(())
    }

    /// Whether a switching rule offers a refused step another channel, here and now (rule X4).
    fn goes_elsewhere(&self, contact: ContactKey, now: Timestamp) -> Result<bool> {
        let thread = self.run.store.thread(contact)?;
        let decision = thread.map(|thread| decide(self.run.policy, &thread, now));
        Ok(decision.is_some_and(|decision| decision.action == Action::Send))
    }

    /// After a failure of the store: what is answered, and what is in flight, is recorded as far as that is
    /// possible. What cannot be recorded stays `sending`, for the next run to find.
    pub(super) fn drain(&mut self, mut answered: Vec<Answered>, arriving: &Receiver<Arrived>) {
        let mut missing = std::mem::take(&mut self.in_flight);
        while missing > 0 {
            match arriving.recv() {
                Ok(Arrived::Answered(one)) => {
                    answered.push(one);
                    missing -= 1;
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        if self.record_together(&answered).is_ok() {
            return;
        }
        // It may be one that is at fault; when it is the disk, or the database is held, all would fail alike.
        for one in answered.chunks(1) {
            if let Err(error) = self.record_together(one)
                && outcome_of(&explained(error)) == Outcome::TryLater
            {
                return;
            }
        }
    }

    fn record_together(&mut self, answered: &[Answered]) -> Result<()> {
        let mut events = Vec::new();
        self.run.store.durably(|| {
            self.notice_foreign_writes()?;
            for one in answered {
                self.record(one, &mut events)?;
            }
            Ok(())
        })?;
        events.iter().for_each(|event| (self.report)(event));
        Ok(())
    }
}
