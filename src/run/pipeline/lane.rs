//! The third station: a channel's threads, and how many steps it takes.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{Sender as Queue, unbounded};

use super::super::pairs::Pairs;
use super::super::rate::Bucket;
use super::super::{Event, Point};
use super::{Answered, Arrived, Job, Prepared, Writer, skipped};
use crate::channel::{Accepted, SendError, Sender};
use crate::decide::{Policy, decide};
use crate::model::{Channel, FollowUp, FollowUpState, Thread, Timestamp};
use crate::store::{ContactKey, Derived};

/// How many steps may be claimed beyond those in flight, so that no thread waits for the next commit. A crash
/// leaves at most that many more `unknown`.
pub(super) const MOST_AHEAD: usize = 56;

/// What a channel has under way.
pub(super) struct Lane {
    jobs: Queue<Box<Job>>,
    pub(super) bucket: Option<Bucket>,
    pub(super) in_flight: usize,
    /// How many more than `concurrency` may be claimed: as many as are answered during a commit, twice over.
    ahead: usize,
    /// Prepared steps.
    pub(super) ready: VecDeque<Box<Prepared>>,
    /// Contacts whose step had no slot when it was decided.
    pub(super) parked: VecDeque<ContactKey>,
    /// How long the rate allows nothing.
    pub(super) wait: Option<Duration>,
    /// How often one address may be written to, where the provider cares.
    pub(super) pairs: Option<Pairs>,
}

impl Lane {
    /// Whether one more step may be claimed.
    pub(super) fn has_room(&self, concurrency: usize) -> bool {
        self.wait.is_none() && self.in_flight < concurrency + self.ahead
    }

    /// Whether its threads have plenty to do once so many steps are answered, a third of what may be ahead of them,
    /// or nothing at all. As more than half of it are answered by then, [`Lane::answered`] lets more be ahead.
    pub(super) fn has_plenty(&self, answered: usize, concurrency: usize) -> bool {
        let left = self.in_flight.saturating_sub(answered);
        let is_idle = self.in_flight == 0 && self.ready.is_empty();
        is_idle || left > concurrency + self.ahead / 3
    }

    /// So many steps have been answered.
    pub(super) fn answered(&mut self, number: usize) {
        self.wait = None;
        self.in_flight -= number;
        if number > 0 {
            // Smoothed, so that one slow answer does not empty the lane.
            let ahead = self.ahead.div_ceil(2).max(number * 2);
            self.ahead = ahead.min(self.most_ahead());
        }
    }

    /// A channel with a rate is no further ahead than it may send at once: what waits for a thread leaves
    /// without looking at the clock again.
    fn most_ahead(&self) -> usize {
        self.bucket
            .as_ref()
            .map_or(MOST_AHEAD, |bucket| bucket.burst().min(MOST_AHEAD))
    }
}

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    /// Sets a channel up at its first message: its sender, its threads and its rate.
    pub(super) fn open_lane(&mut self, channel: Channel, events: &mut Vec<Event>) -> Result<bool> {
        if self.lanes.contains_key(&channel) {
            return Ok(true);
        }
        let sender = match (self.run.sender)(channel) {
            Ok(sender) => sender,
            Err(error) => {
                self.close(channel, error, events);
                return Ok(false);
            }
        };
        let bucket = self.run.rates.get(&channel).map(|rate| {
            let left = self.run.store.rate(channel).ok().flatten();
            Bucket::new(*rate, left, (self.run.clock)())
        });
        let pairs = self.run.contact_rates.get(&channel).map(|rate| {
            let now = (self.run.clock)();
            Pairs::new(self.run.store, channel, *rate, now)
        });
        let pairs = pairs.transpose()?;
        let jobs = self.spawn(&sender);
        let lane = Lane {
            jobs,
            bucket,
            in_flight: 0,
            ahead: 0,
            ready: VecDeque::new(),
            parked: VecDeque::new(),
            wait: None,
            pairs,
        };
        self.lanes.insert(channel, lane);
        Ok(true)
    }

    fn spawn(&self, sender: &Arc<dyn Sender>) -> Queue<Box<Job>> {
        let (jobs, queue) = unbounded::<Box<Job>>();
        let run = self.run;
        let (clock, at, policy) = (run.clock, run.at, run.policy);
        for _ in 0..run.concurrency {
            let (queue, sender, inbox) = (queue.clone(), Arc::clone(sender), self.inbox.clone());
            self.scope.spawn(move || {
                for mut job in queue {
                    let result = send(&*sender, &job, clock());
                    let answered_at = clock();
                    at(Point::Answered);
                    let accepted = result.as_ref().ok();
                    let derived = accepted.map(|a| job.after(a, policy, answered_at));
                    job.let_go();
                    let answered = Answered {
                        derived,
                        job,
                        result,
                        at: answered_at,
                    };
                    if inbox.send(Arrived::Answered(answered)).is_err() {
                        return;
                    }
                }
            });
        }
        jobs
    }

    /// Nothing more goes over this channel in this run.
    pub(super) fn close(&mut self, channel: Channel, error: String, events: &mut Vec<Event>) {
        if self.closed.insert(channel) {
            self.summary.closed += 1;
            let words = format!("{channel}: {error}");
            events.push(skipped(String::new(), "credentials", words));
            if let Some(lane) = self.lanes.get_mut(&channel) {
                self.summary.skipped += (lane.ready.len() + lane.parked.len()) as u64;
                lane.ready.clear();
                lane.parked.clear();
            }
        }
    }

    pub(super) fn dispatch(&mut self, job: Job) {
        if let Some(lane) = self.lanes.get(&job.outgoing.channel) {
            // The threads end only after this writer.
            let _ = lane.jobs.send(Box::new(job));
        }
    }
}

/// A defect of a sender is one message of which nobody knows; the writer must hear of it, or it would wait
/// for ever.
fn send(sender: &dyn Sender, job: &Job, now: Timestamp) -> Result<Accepted, SendError> {
    let sent = AssertUnwindSafe(|| sender.send(&job.outgoing, now));
    catch_unwind(sent).unwrap_or_else(|_| {
        Err(SendError::Unknown {
            reason: "the sender ended in a defect".to_owned(),
        })
    })
}

impl Job {
    /// Frees what nobody needs after the answer: the writer has better to do.
    fn let_go(&mut self) {
        self.thread = Thread::default();
        self.decision.because = Vec::new();
        self.outgoing.text = String::new();
        self.outgoing.address = String::new();
    }

    /// What follows for the contact from this step's having been accepted.
    fn after(&mut self, accepted: &Accepted, policy: &Policy, at: Timestamp) -> Derived {
        let (outgoing, decision) = (&self.outgoing, &self.decision);
        let follow_ups = &mut self.thread.follow_ups;
        follow_ups.retain(|f| f.id != outgoing.id);
        follow_ups.push(FollowUp {
            id: outgoing.id.clone(),
            episode: decision.episode.unwrap_or(self.claimed_at),
            scenario: outgoing.scenario,
            step: outgoing.step,
            state: FollowUpState::Sent,
            channel: outgoing.channel,
            refused_on: Vec::new(),
            address: String::new(),
            due_at: decision.due_at.unwrap_or(self.claimed_at),
            claimed_at: self.claimed_at,
            sent_at: Some(at),
            retry_at: None,
            attempts: self.attempts,
            provider_id: accepted.provider_id.clone(),
            text: String::new(),
            text_source: crate::model::TextSource::Builtin,
            error: None,
        });
        Derived::of(&decide(policy, &self.thread, at))
    }
}
