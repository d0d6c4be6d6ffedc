//! The second station: deciding again, and the claim (rules X1, X2).

use anyhow::Result;
use chrono::TimeDelta;

use super::super::Event;
use super::{Job, Letter, Prepared, Text, Writer};
use crate::decide::{Action, Decision, Reason, because_json, decide};
use crate::model::{Thread, Timestamp};
use crate::store::{Claim, Derived, Threads};

/// How old the last look at a contact's sources may be when its step is claimed.
const LONGEST_SINCE_ASKED: TimeDelta = TimeDelta::seconds(30);

/// How old a decision may be when its step is claimed, if nothing has been stored since.
const JUST_NOW: TimeDelta = TimeDelta::milliseconds(50);

/// Reads threads under the claim's transaction, once one is needed.
type Reader<'env> = Option<Threads<'env>>;

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    /// Inside the transaction: writes what follows for contacts with nothing due, and claims prepared steps until
    /// every channel has enough.
    pub(super) fn claim_ready(
        &mut self,
        jobs: &mut Vec<Job>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let mut reader = None;
        while let Some(prepared) = self.passed.pop_front() {
            self.claim(prepared, &mut reader, jobs, events)?;
        }
        let channels: Vec<_> = self.lanes.keys().copied().collect();
        for channel in channels {
            while !self.is_over() {
                let concurrency = self.run.concurrency;
                let lane = self.lanes.get_mut(&channel);
                let lane = lane.filter(|lane| lane.has_room(concurrency));
                let Some(prepared) = lane.and_then(|lane| lane.ready.pop_front()) else {
                    break;
                };
                self.claim(prepared, &mut reader, jobs, events)?;
            }
        }
        Ok(())
    }

    /// Decides again about one contact, and claims its step if that is still due (rule X2).
    fn claim(
        &mut self,
        prepared: Box<Prepared>,
        reader: &mut Reader<'env>,
        jobs: &mut Vec<Job>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let Some(mut prepared) = self.with_newest_facts(prepared, reader)? else {
            return Ok(());
        };
        let contact = prepared.contact;
        let now = (self.run.clock)();
        let before = self.decide_again(&mut prepared, now);
        let decision = &prepared.decision;
        let is_same_step = before.as_ref().is_none_or(|b| is_same_step(decision, b));
        let channel = match (decision.action, decision.channel) {
            (Action::Send, Some(channel)) => channel,
            _ if decision.wants_text() => {
                return self.keep_for_review(*prepared, is_same_step, events);
            }
            _ => return self.pass_over(&prepared, now, events),
        };
        if self.seen.contains(&contact) {
            return Ok(()); // D20
        }
        let Text::Ready(letter) = &mut prepared.text else {
            self.look_again(contact); // due by now
            return Ok(());
        };
        if !is_same_step {
            self.look_again(contact); // its text is of another step
            return Ok(());
        }
        if before.is_some_and(|before| before != prepared.decision) {
            letter.because = because_json(&prepared.decision.because)?;
        }
        if self.run.ask.is_some() && now - prepared.at > LONGEST_SINCE_ASKED {
            self.look_again(contact); // it has waited: asked again
            return Ok(());
        }
        let Some(lane) = self.lanes.get_mut(&channel) else {
            return Ok(());
        };
        let address = &letter.outgoing.address;
        if let Some(pairs) = &mut lane.pairs
            && !pairs.may(self.run.store, address, now)?
        {
            self.summary.left += 1;
            return Ok(());
        }
        if let Some(bucket) = &mut lane.bucket
            && let Err(wait) = bucket.take(now)
        {
            lane.wait = Some(wait);
            lane.ready.push_front(prepared);
            return Ok(());
        }
        let claim = Claim {
            contact,
            thread: &prepared.thread,
            decision: &prepared.decision,
            because: &letter.because,
            address,
            text: &letter.outgoing.text,
            text_source: letter.source,
        };
        let Some(claimed) = self.ledger.claim(&claim, now)? else {
            // Claimed before, by a row that the decision cannot see: never twice.
            return self.run.store.put_to_sleep(contact);
        };
        if let Some(pairs) = &mut lane.pairs {
            pairs.take(self.run.store, address, now)?;
        }
        lane.in_flight += 1;
        self.in_flight += 1;
        self.claimed += 1;
        self.seen.insert(contact);
        let Prepared {
            thread,
            decision,
            text,
            ..
        } = *prepared;
        if let Text::Ready(letter) = text {
            let Letter {
                mut outgoing, slot, ..
            } = *letter;
            outgoing.id = claimed.id;
            jobs.push(Job {
                contact,
                row: claimed.row,
                epoch: self.epoch,
                thread,
                decision,
                outgoing,
                attempts: claimed.attempts,
                claimed_at: now,
                _slot: slot,
            });
        }
        Ok(())
    }

    /// Decides once more about what is prepared, and gives the decision before it. Not when that one was made just now
    /// from the same facts: a claimed step waits longer for its thread than the clock has gone on since.
    fn decide_again(&self, prepared: &mut Prepared, now: Timestamp) -> Option<Decision> {
        let age = now - prepared.at;
        let just_now = TimeDelta::zero() <= age && age <= JUST_NOW;
        if just_now && prepared.epoch == self.epoch {
            return None;
        }
        let decision = decide(self.run.policy, &prepared.thread, now);
        Some(std::mem::replace(&mut prepared.decision, decision))
    }

    /// X9: keeps a text for a person, if it is still the one that is wanted.
    fn keep_for_review(
        &mut self,
        prepared: Prepared,
        is_same_step: bool,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let Prepared {
            contact,
            thread,
            text,
            ..
        } = prepared;
        let Text::ToReview(mut draft) = text else {
            self.look_again(contact);
            return Ok(());
        };
        if !is_same_step {
            self.look_again(contact);
            return Ok(());
        }
        self.submit(&mut draft);
        self.run.store.keep_draft(contact, &draft)?;
        events.push(Event::written(thread.contact.contact_id, &draft));
        Ok(())
    }

    /// What is prepared, if the facts that it was made from are the newest; else the contact is prepared again.
    fn with_newest_facts(
        &mut self,
        mut prepared: Box<Prepared>,
        reader: &mut Reader<'env>,
    ) -> Result<Option<Box<Prepared>>> {
        if prepared.epoch == self.epoch {
            return Ok(Some(prepared));
        }
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(self.run.store.threads()?),
        };
        let Some(thread) = reader.thread(prepared.contact)? else {
            return Ok(None);
        };
        if !tells_the_same(&thread, &prepared.thread) {
            self.look_again(prepared.contact);
            return Ok(None);
        }
        prepared.thread = thread;
        Ok(Some(prepared))
    }

    /// A contact whose step is not due: its derived values follow the decision.
    fn pass_over(
        &mut self,
        prepared: &Prepared,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let decision = &prepared.decision;
        let derived = Derived::of(decision);
        let store = self.run.store;
        let changed = store.set_derived_if_changed(prepared.contact, derived, now)?;
        if decision.reason == Reason::StaleSource {
            self.summary.stale += 1;
        } else if decision.reason == Reason::AwaitingApproval {
            // Said when the text was written.
        } else if changed && decision.action == Action::Hold {
            // D18: said once, when it begins.
            self.summary.skipped += 1;
            events.push(Event::Skipped {
                contact_id: prepared.thread.contact.contact_id.clone(),
                reason: decision.reason.to_string(),
                error: None,
            });
        }
        Ok(())
    }
}

/// Whether two threads differ at most in how fresh their sources are, of which no text speaks.
fn tells_the_same(a: &Thread, b: &Thread) -> bool {
    let Thread {
        contact,
        messages,
        words,
        follow_ups,
        shared_words,
        drafts,
        bookings,
        brought_twice: _,
        aliases,
        ids,
        sources: _,
    } = a;
    *messages == b.messages
        && *follow_ups == b.follow_ups
        && *words == b.words
        && *shared_words == b.shared_words
        && *drafts == b.drafts
        && *bookings == b.bookings
        && *aliases == b.aliases
        && *ids == b.ids
        && *contact == b.contact
}

/// Whether a text for the one step does for the other.
fn is_same_step(a: &Decision, b: &Decision) -> bool {
    let of = |d: &Decision| {
        (
            d.episode,
            d.scenario,
            d.step,
            d.channel,
            d.approved_template,
        )
    };
    of(a) == of(b) && a.conversation_id == b.conversation_id
}
