//! What comes to the writer: answers, and what is prepared.

use std::time::Duration;

use anyhow::{Error, Result};
use crossbeam_channel::Receiver;

use super::desk::Manuscripts;
use super::lane::Lane;
use super::prepare::{Prepared, Text};
use super::{Answered, Arrived, Event, Writer, skipped};
use crate::model::{Channel, HeldBack, Obstacle};

/// How long it takes a request until the writer looks meanwhile for contacts on other channels.
const SLOW_ANSWER: Duration = Duration::from_millis(5);
/// How long the writer waits for news before it looks at its rates and at [`super::Run::stop`] again.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it lets answers gather at a time that come faster than this.
const GATHERING: Duration = Duration::from_micros(250);

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    /// Outcomes that have arrived, other news sorted in; waits for some when nothing else can be done.
    pub(super) fn collect(
        &mut self,
        arriving: &Receiver<Arrived>,
        manuscripts: &mut Manuscripts,
        events: &mut Vec<Event>,
    ) -> Result<Vec<Answered>, (Vec<Answered>, Error)> {
        let mut first = None;
        if let Some(patience) = self.patience() {
            first = arriving.recv_timeout(patience).ok();
            self.looks_further = first.is_none() && self.preparing == 0;
        }
        let mut answers = Vec::new();
        let mut fault = None;
        loop {
            let before = answers.len();
            for arrived in first.take().into_iter().chain(arriving.try_iter()) {
                match arrived {
                    Arrived::Answered(answered) => answers.push(answered),
                    Arrived::Prepared(of, prepared) => {
                        self.preparing -= of;
                        for one in prepared {
                            fault = self.sort_in(Box::new(one), events).err().or(fault);
                        }
                    }
                    Arrived::Written(prepared, manuscript) => {
                        self.desk.arrived();
                        manuscripts.push((prepared, manuscript));
                    }
                    Arrived::Unread(number, error) => {
                        self.preparing -= number;
                        fault = Some(error);
                    }
                }
            }
            let come_fast = answers.len() > before;
            if !come_fast || fault.is_some() || !self.may_gather(&answers) {
                break;
            }
            self.hand_out();
            std::thread::park_timeout(GATHERING);
        }
        self.in_flight -= answers.len();
        for (channel, lane) in &mut self.lanes {
            let of_lane = |a: &&Answered| a.job.outgoing.channel == *channel;
            lane.answered(answers.iter().filter(of_lane).count());
        }
        match fault {
            None => Ok(answers),
            Some(error) => Err((answers, error)),
        }
    }

    /// Whether outcomes may gather for one commit: the threads of every channel have more to do than will be
    /// answered meanwhile.
    fn may_gather(&self, answers: &[Answered]) -> bool {
        let is_busy = |(channel, lane): (&Channel, &Lane)| {
            let of_lane = |a: &&Answered| a.job.outgoing.channel == *channel;
            let answered = answers.iter().filter(of_lane).count();
            lane.has_plenty(answered, self.run.concurrency)
        };
        !self.is_over() && self.passed.is_empty() && self.lanes.iter().all(is_busy)
    }

    /// How long news may be waited for; `None` when there is something better to do.
    fn patience(&self) -> Option<Duration> {
        if self.has_work() {
            return None;
        }
        let waits = self.lanes.values().filter(|l| !l.ready.is_empty());
        let rate = waits.filter_map(|l| l.wait).min().unwrap_or(PATIENCE);
        // Every channel is busy. Those further back may go elsewhere: looked for when answers are slow.
        let further = !self.awake.is_empty() && self.preparing == 0;
        let most = if further { SLOW_ANSWER } else { PATIENCE };
        Some(rate.min(most))
    }

    /// Whether there is something to write.
    pub(super) fn has_work(&self) -> bool {
        !self.passed.is_empty()
            || self
                .lanes
                .values()
                .any(|l| !l.ready.is_empty() && l.has_room(self.run.concurrency))
    }

    /// Puts what a preparer gives back where it waits for its turn.
    fn sort_in(&mut self, prepared: Box<Prepared>, events: &mut Vec<Event>) -> Result<()> {
        let channel = match &prepared.text {
            Text::NotDue | Text::ToReview(_) => {
                self.passed.push_back(prepared);
                return Ok(());
            }
            Text::NoRoom(channel) | Text::Unwritten(channel) => *channel,
            Text::NotAsked(error) => {
                self.summary.not_asked += 1;
                self.hold_back(&prepared, Obstacle::LastLook, error.clone());
                events.push(Event::Skipped {
                    error: Some(error.clone()),
                    contact_id: prepared.thread.contact.contact_id.clone(),
                    reason: "last_look".to_owned(),
                });
                return Ok(());
            }
            Text::Failed(error) => {
                // X5: a text that cannot be written uses up nothing.
                self.summary.not_written += 1;
                self.hold_back(&prepared, Obstacle::Compose, error.clone());
                let contact_id = prepared.thread.contact.contact_id.clone();
                events.push(skipped(contact_id, "compose", error.clone()));
                return Ok(());
            }
            Text::Ready(letter) => letter.outgoing.channel,
        };
        if self.closed.contains(&channel) || !self.open_lane(channel, events)? {
            self.summary.skipped += 1;
        } else if let Some(lane) = self.lanes.get_mut(&channel) {
            match prepared.text {
                Text::Ready(_) => lane.ready.push_back(prepared),
                Text::Unwritten(_) => self.have_written(prepared),
                _ => lane.parked.push_back(prepared.contact),
            }
        }
        Ok(())
    }

    /// Remembers why a step that is due was not claimed: a plan says it.
    fn hold_back(&mut self, prepared: &Prepared, reason: Obstacle, error: String) {
        let (Some(episode), Some(step)) = (prepared.decision.episode, prepared.decision.step)
        else {
            return;
        };
        let at = prepared.at;
        let step = HeldBack {
            episode,
            step,
            reason,
            at,
            error,
        };
        self.held_back.push((prepared.contact, step));
    }

    /// Writes that down, now and then.
    pub(super) fn keep_held_back(&mut self) -> Result<()> {
        let steps = std::mem::take(&mut self.held_back);
        match steps.is_empty() {
            true => Ok(()),
            false => self.run.store.keep_held_back(&steps),
        }
    }
}
