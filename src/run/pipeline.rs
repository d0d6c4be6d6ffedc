//! Claims and requests, overlapping: see [`super`].

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender as Queue, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use anyhow::Result;

use super::desk::{Desk, Order};
use super::pairs::Pairs;
use super::rate::Bucket;
use super::retry::next_attempt;
use super::{Event, Point, Run, Step, Summary, Written};
use crate::channel::{Accepted, Outgoing, SendError, Sender};
use crate::compose::ai::{Manuscript, Outcome};
use crate::config::Otherwise;
use crate::decide::{Action, Because, Decision, Reason, address, conversation_on, decide};
use crate::error::{Outcome as Exit, outcome_of};
use crate::model::{Author, Channel, Thread, Timestamp};
use crate::store::{Claim, ContactKey, SendOutcome, Threads, explained};

/// How many steps may be claimed beyond those in flight, so that no thread waits for the next commit. A crash
/// leaves at most that many more `unknown`.
const MOST_AHEAD: usize = 56;
/// How many contacts are looked at in one transaction, sent or not.
const MOST_LOOKS: usize = 512;
/// How long it takes a request until the writer looks meanwhile for contacts on other channels.
const SLOW_ANSWER: Duration = Duration::from_millis(5);
/// How long the writer waits for an outcome before it looks at its rates again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A claimed step on its way.
pub(super) struct Job {
    contact: ContactKey,
    row: i64,
    decision: Decision,
    outgoing: Outgoing,
    attempts: u32,
}

pub(super) type Answered = (Job, Result<Accepted, SendError>);

/// What a thread brings back.
pub(super) enum Arrived {
    /// What a provider said.
    Sent(Box<Answered>),
    /// What came of having a text written; nothing when that ended in a defect.
    Written(Box<Order>, Option<Box<Manuscript>>),
}

pub(super) fn run(
    run: &Run<'_>,
    awake: VecDeque<ContactKey>,
    summary: &mut Summary,
    report: &mut dyn FnMut(&Event),
) -> Result<()> {
    (run.at)(Point::Begin);
    std::thread::scope(|scope| {
        let (answer, answers) = channel();
        let mut writer = Writer {
            run,
            scope,
            answer,
            awake,
            lanes: BTreeMap::new(),
            closed: BTreeSet::new(),
            in_flight: 0,
            desk: Desk::new(run.concurrency),
            looks_further: false,
            claimed: 0,
            seen: BTreeSet::new(),
            summary,
            report,
        };
        let done = writer.work(&answers);
        if let (Err(_), Some(author)) = (&done, run.author) {
            author.models().stop();
        }
        done
    })
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

/// What came of having a text written, and for whom.
type Text = (Box<Order>, Option<Box<Manuscript>>);

fn skipped(contact_id: String, reason: &str, error: String) -> Event {
    Event::Skipped {
        contact_id,
        reason: reason.to_owned(),
        error: Some(error),
    }
}

/// What a channel has under way.
struct Lane {
    jobs: Queue<Job>,
    bucket: Option<Bucket>,
    in_flight: usize,
    /// How many more than `concurrency` may be claimed: as many as are answered during a commit, twice over.
    ahead: usize,
    parked: VecDeque<ContactKey>,
    wait: Option<Duration>,
    /// How often one address may be written to, where the provider cares.
    pairs: Option<Pairs>,
}

impl Lane {
    /// A channel with a rate is no further ahead than it may send at once: what waits for a thread leaves
    /// without looking at the clock again.
    fn most_ahead(&self) -> usize {
        self.bucket
            .as_ref()
            .map_or(MOST_AHEAD, |bucket| bucket.burst().min(MOST_AHEAD))
    }
}

struct Writer<'scope, 'env, 'r> {
    run: &'env Run<'env>,
    scope: &'scope Scope<'scope, 'env>,
    answer: Queue<Arrived>,
    awake: VecDeque<ContactKey>,
    lanes: BTreeMap<Channel, Lane>,
    /// Channels whose credentials were refused, or that could not be set up: nothing more goes there.
    closed: BTreeSet<Channel>,
    in_flight: usize,
    desk: Desk,
    /// Every channel is busy and slow: time to look for contacts on others.
    looks_further: bool,
    claimed: u64,
    /// Contacts that have had their step in this run (rule D20).
    seen: BTreeSet<ContactKey>,
    summary: &'r mut Summary,
    report: &'r mut dyn FnMut(&Event),
}

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    fn work(&mut self, answers: &Receiver<Arrived>) -> Result<()> {
        loop {
            let (arrived, written) = self.collect(answers);
            let mut jobs = Vec::new();
            let mut events = Vec::new();
            let committed = self.run.store.durably(|| {
                for (order, manuscript) in &written {
                    self.keep(order, manuscript.as_deref(), &mut events)?;
                }
                for (job, result) in &arrived {
                    self.record(job, result, &mut events)?;
                }
                if !arrived.is_empty() {
                    (self.run.at)(Point::BeforeRecord);
                }
                self.claim_next(&mut jobs, &mut events)?;
                if !jobs.is_empty() {
                    self.keep_rates()?;
                    (self.run.at)(Point::BeforeCommit);
                }
                Ok(())
            });
            if let Err(error) = committed {
                self.in_flight -= jobs.len(); // nothing of this was claimed
                self.drain(arrived, answers);
                return Err(error);
            }
            if !arrived.is_empty() {
                (self.run.at)(Point::Recorded);
            }
            for event in &events {
                (self.report)(event);
            }
            if !jobs.is_empty() {
                (self.run.at)(Point::Claimed);
            }
            for job in jobs {
                self.dispatch(job);
            }
            let nothing_open = self.in_flight == 0 && self.desk.open() == 0;
            if nothing_open && self.awake.is_empty() && self.nothing_parked() {
                return Ok(());
            }
        }
    }

    /// Outcomes that have arrived; waits for one when nothing else can be done.
    fn collect(&mut self, answers: &Receiver<Arrived>) -> (Vec<Answered>, Vec<Text>) {
        let (mut arrived, mut written) = (Vec::new(), Vec::new());
        let mut sort = |one| match one {
            Arrived::Sent(answered) => arrived.push(*answered),
            Arrived::Written(order, manuscript) => written.push((order, manuscript)),
        };
        self.looks_further = false;
        if let Some(patience) = self.patience() {
            match answers.recv_timeout(patience) {
                Ok(one) => sort(one),
                Err(_) => self.looks_further = true,
            }
        }
        answers.try_iter().for_each(sort);
        self.desk.arrived(written.len());
        let mut by_lane: HashMap<Channel, usize> = HashMap::new();
        for (job, _) in &arrived {
            *by_lane.entry(job.outgoing.channel).or_default() += 1;
        }
        for (channel, lane) in &mut self.lanes {
            let answered = by_lane.get(channel).copied().unwrap_or(0);
            lane.in_flight -= answered;
            self.in_flight -= answered;
            lane.wait = None;
            if answered > 0 {
                // Smoothed, so that one slow answer does not empty the lane.
                let ahead = lane.ahead.div_ceil(2).max(answered * 2);
                lane.ahead = ahead.min(lane.most_ahead());
            }
        }
        (arrived, written)
    }

    /// How long an outcome may be waited for; `None` when there is something better to do.
    fn patience(&self) -> Option<Duration> {
        let room = |lane: &Lane| self.has_room(lane);
        let parked = || self.lanes.values().filter(|l| !l.parked.is_empty());
        let open = self.lanes.is_empty() || self.lanes.values().any(room);
        let looks_on = open && !self.awake.is_empty() && !self.is_full();
        if parked().any(room) || self.desk.has_next() || looks_on {
            return None;
        }
        let rate = parked().filter_map(|l| l.wait).min().unwrap_or(PATIENCE);
        // Every channel is busy. Those further back may go elsewhere: looked for when answers are slow.
        Some(if self.awake.is_empty() || self.is_full() {
            rate
        } else {
            rate.min(SLOW_ANSWER)
        })
    }

    fn has_room(&self, lane: &Lane) -> bool {
        lane.wait.is_none() && lane.in_flight < self.run.concurrency + lane.ahead
    }

    fn nothing_parked(&self) -> bool {
        self.lanes.values().all(|l| l.parked.is_empty())
    }

    /// Claims steps until every channel has enough, or nothing is left.
    fn claim_next(&mut self, jobs: &mut Vec<Job>, events: &mut Vec<Event>) -> Result<()> {
        let mut threads = self.run.store.threads()?;
        for _ in 0..MOST_LOOKS {
            let run = self.run;
            let mut lanes = self.lanes.values_mut();
            let roomy = lanes.find(|l| {
                let room = l.wait.is_none() && l.in_flight < run.concurrency + l.ahead;
                room && !l.parked.is_empty()
            });
            let parked = roomy.and_then(|l| l.parked.pop_front());
            let parked = parked.or_else(|| self.desk.next());
            if parked.is_none() && self.is_full() && !self.limit_reached() {
                break;
            }
            let Some(contact) = parked.or_else(|| self.awake.pop_front()) else {
                break;
            };
            if self.limit_reached() {
                let parked: usize = self.lanes.values().map(|l| l.parked.len()).sum();
                self.summary.left += 1 + (self.awake.len() + parked) as u64 + self.desk.clear();
                self.awake.clear();
                self.lanes.values_mut().for_each(|l| l.parked.clear());
                return Ok(());
            }
            self.look(&mut threads, contact, jobs, events)?;
            if !self.looks_further && self.lanes.values().all(|l| !self.has_room(l)) {
                break;
            }
        }
        Ok(())
    }

    fn limit_reached(&self) -> bool {
        self.run.limit.is_some_and(|limit| self.claimed >= limit)
    }

    /// Whether no more steps may be begun: each text that is being written is one that may yet be claimed.
    fn is_full(&self) -> bool {
        let limit = self.run.limit;
        self.desk.open() > 0 && limit.is_some_and(|limit| self.claimed + self.desk.open() >= limit)
    }

    /// Decides about one contact and claims its step if it is due (rule X2).
    fn look(
        &mut self,
        threads: &mut Threads<'_>,
        contact: ContactKey,
        jobs: &mut Vec<Job>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let now = (self.run.clock)();
        let Some(mut thread) = threads.thread(contact)? else {
            return Ok(());
        };
        let decision = decide(self.run.policy, &thread, now);
        let Some(channel) = decision.channel.filter(|_| decision.action == Action::Send) else {
            return self.pass_over(contact, &thread.contact.contact_id, &decision, now, events);
        };
        if self.seen.contains(&contact) {
            return Ok(()); // D20
        }
        if self.closed.contains(&channel) || !self.open_lane(channel, events)? {
            self.summary.skipped += 1;
            return Ok(());
        }
        let Some(lane) = self.lanes.get_mut(&channel) else {
            return Ok(());
        };
        if lane.wait.is_some() || lane.in_flight >= self.run.concurrency + lane.ahead {
            lane.parked.push_back(contact);
            return Ok(());
        }
        let contact_id = thread.contact.contact_id.clone();
        let address = match address(self.run.policy, &thread, channel) {
            Ok(address) => address.into_owned(),
            Err(_) => return Ok(()), // the decision has seen to that (D18)
        };
        if let Some(pairs) = &mut lane.pairs
            && !pairs.may(self.run.store, &address, now)?
        {
            self.summary.left += 1;
            return Ok(());
        }
        let author = self.run.author.filter(|author| author.writes(&decision));
        let written = match author {
            Some(author) => match author.usable(&thread, &decision, now) {
                Some((draft, text)) => Ok(Written {
                    text: text.to_owned(),
                    source: draft.source,
                    template: None,
                }),
                None => {
                    self.have_written(author, contact, thread, decision);
                    return Ok(());
                }
            },
            None => (self.run.write)(&thread, &decision),
        };
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                // X5: a text that cannot be written uses up nothing.
                self.summary.not_written += 1;
                events.push(skipped(contact_id, "compose", error));
                return Ok(());
            }
        };
        if let Some(bucket) = &mut lane.bucket
            && let Err(wait) = bucket.take(now)
        {
            lane.wait = Some(wait);
            lane.parked.push_front(contact);
            return Ok(());
        }
        let claim = Claim {
            contact,
            thread: &mut thread,
            decision: &decision,
            address: &address,
            text: &written.text,
            text_source: written.source,
        };
        let Some(claimed) = self.run.store.claim(claim, self.run.policy, now)? else {
            // Claimed before, by a row that the decision cannot see: never twice.
            return self.run.store.put_to_sleep(contact);
        };
        let (Some(scenario), Some(step)) = (decision.scenario, decision.step) else {
            return Ok(());
        };
        if let Some(pairs) = &mut lane.pairs {
            pairs.take(self.run.store, &address, now)?;
        }
        lane.in_flight += 1;
        self.in_flight += 1;
        self.claimed += 1;
        self.seen.insert(contact);
        let attempts = thread.follow_ups.last().map_or(1, |f| f.attempts);
        let conversation = conversation_on(&thread, channel).map(str::to_owned);
        let messages = thread.messages.iter();
        let reply_to = messages
            .filter(|m| m.channel == channel && m.author == Author::Contact)
            .max_by_key(|m| (m.sent_at, m.seq))
            .and_then(|m| m.message_id.clone());
        let outgoing = Outgoing {
            id: claimed.id,
            contact_id,
            conversation_id: decision.conversation_id.clone(),
            conversation,
            reply_to,
            address,
            channel,
            text: written.text,
            scenario,
            step,
            template: written.template,
        };
        jobs.push(Job {
            contact,
            row: claimed.row,
            decision,
            outgoing,
            attempts,
        });
        Ok(())
    }

    /// Has a step's text written, beside what else is done; its contact is looked at again when it is there.
    fn have_written(
        &mut self,
        author: &'env crate::compose::ai::Author<'env>,
        contact: ContactKey,
        thread: Thread,
        decision: Decision,
    ) {
        if !self.desk.may_ask(contact) {
            self.summary.left += 1; // the thread changes faster than it can be written for
        } else if self.desk.has_room() {
            let order = Order {
                contact,
                thread,
                decision,
            };
            self.desk.order(order, author, self.scope, &self.answer);
        } else {
            self.desk.park(contact);
        }
    }

    /// Inside the transaction: keeps what came of having a text written, before it may be sent.
    fn keep(
        &mut self,
        order: &Order,
        manuscript: Option<&Manuscript>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let Some(author) = self.run.author else {
            return Ok(());
        };
        let contact_id = || order.thread.contact.contact_id.clone();
        let Some(manuscript) = manuscript else {
            self.summary.not_written += 1;
            events.push(skipped(
                contact_id(),
                "compose",
                "the author ended in a defect".to_owned(),
            ));
            return Ok(());
        };
        for call in &manuscript.calls {
            self.run.store.note_call(Some(order.contact), call)?;
        }
        self.summary.ai += manuscript.usage();
        let mut instead = None;
        match &manuscript.outcome {
            Outcome::Text(_) => self.summary.written += 1,
            Outcome::Declined(_) => self.summary.declined += 1,
            Outcome::Nothing(lack, reason) => {
                if author.otherwise(*lack) == Otherwise::Wait {
                    self.summary.waiting += 1;
                    events.push(skipped(contact_id(), lack.code(), reason.clone()));
                } else {
                    // X5: a failure of the AI uses up nothing; the step goes out in other words.
                    match (self.run.write)(&order.thread, &order.decision) {
                        Ok(written) => {
                            self.summary.fallbacks += 1;
                            instead = Some((written.text, written.source));
                        }
                        Err(error) => {
                            self.summary.not_written += 1;
                            events.push(skipped(contact_id(), "compose", error));
                        }
                    }
                }
            }
        }
        if let Some(draft) = manuscript.draft(&order.decision, instead) {
            self.run.store.keep_draft(order.contact, &draft)?;
            events.push(Event::written(contact_id(), &draft));
            self.awake.push_front(order.contact);
        }
        let closed = author.models().closed();
        for (model, reason) in closed.iter().skip(self.desk.closed) {
            let reason = format!("{model} is asked no more in this run: {reason}");
            events.push(skipped(String::new(), "ai_silent", reason));
        }
        self.summary.silent_models = closed.len() as u64;
        self.desk.closed = closed.len();
        Ok(())
    }

    /// A contact whose step is not due after all: its derived values follow the decision.
    fn pass_over(
        &mut self,
        contact: ContactKey,
        contact_id: &str,
        decision: &Decision,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let changed = self
            .run
            .store
            .set_derived_if_changed(contact, decision, now)?;
        if decision.reason == Reason::StaleSource {
            self.summary.stale += 1;
        } else if changed && decision.action == Action::Hold {
            // D18: said once, when it begins.
            self.summary.skipped += 1;
            let (contact_id, reason) = (contact_id.to_owned(), decision.reason.to_string());
            let error = decision.because.iter().find_map(|fact| match fact {
                Because::AiDeclined { reason, .. } => reason.clone(),
                _ => None,
            });
            events.push(Event::Skipped {
                contact_id,
                reason,
                error,
            });
        }
        Ok(())
    }

    /// Sets a channel up at its first message: its sender, its threads and its rate.
    fn open_lane(&mut self, channel: Channel, events: &mut Vec<Event>) -> Result<bool> {
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
            parked: VecDeque::new(),
            wait: None,
            pairs,
        };
        self.lanes.insert(channel, lane);
        Ok(true)
    }

    fn spawn(&self, sender: &Arc<dyn Sender>) -> Queue<Job> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..self.run.concurrency {
            let (queue, sender, answer) =
                (Arc::clone(&queue), Arc::clone(sender), self.answer.clone());
            let run = self.run;
            let (clock, at) = (run.clock, run.at);
            self.scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = next else { return };
                    let result = send(&*sender, &job, clock());
                    at(Point::Answered);
                    if answer.send(Arrived::Sent(Box::new((job, result)))).is_err() {
                        return;
                    }
                }
            });
        }
        jobs
    }

    fn close(&mut self, channel: Channel, error: String, events: &mut Vec<Event>) {
        if self.closed.insert(channel) {
            self.summary.closed += 1;
            events.push(skipped(
                String::new(),
                "credentials",
                format!("{channel}: {error}"),
            ));
        }
    }

    fn dispatch(&mut self, job: Job) {
        if let Some(lane) = self.lanes.get(&job.outgoing.channel) {
            // The threads end only after this writer.
            let _ = lane.jobs.send(job);
        }
    }

    /// Inside the transaction: what became of a claimed step (rule X4).
    fn record(
        &mut self,
        job: &Job,
        result: &Result<Accepted, SendError>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let now = (self.run.clock)();
        let outgoing = &job.outgoing;
        let step = Step {
            id: outgoing.id.clone(),
            contact_id: outgoing.contact_id.clone(),
            scenario: outgoing.scenario,
            step: outgoing.step,
            channel: outgoing.channel,
        };
        let outcome = match result {
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
            Err(SendError::Refused { reason } | SendError::WindowClosed { reason }) => {
                SendOutcome::Refused {
                    error: reason.clone(),
                    opted_out: false,
                }
            }
            Err(SendError::OptedOut { reason }) => SendOutcome::Refused {
                error: reason.clone(),
                opted_out: true,
            },
            Err(SendError::Unknown { reason }) => SendOutcome::Unknown {
                error: reason.clone(),
            },
        };
        self.run
            .store
            .record(job.contact, job.row, outgoing.channel, &outcome, now)?;
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
            SendOutcome::Refused { error, .. } | SendOutcome::GaveUp { error } => {
                if self.goes_elsewhere(job.contact, now)? {
                    self.seen.remove(&job.contact);
                    self.awake.push_front(job.contact);
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

    fn keep_rates(&self) -> Result<()> {
        for (channel, lane) in &self.lanes {
            if let Some(bucket) = &lane.bucket {
                let (tokens, at) = bucket.left();
                self.run.store.set_rate(*channel, tokens, at)?;
            }
        }
        Ok(())
    }

    /// After a failure of the store: what is answered, and what is in flight, is recorded as far as that is
    /// possible. What cannot be recorded stays `sending`, for the next run to find.
    fn drain(&mut self, arrived: Vec<Answered>, answers: &Receiver<Arrived>) {
        let in_flight = std::mem::take(&mut self.in_flight);
        let sent = answers.iter().filter_map(|one| match one {
            Arrived::Sent(answered) => Some(*answered),
            // It can be written again.
            Arrived::Written(..) => None,
        });
        let in_flight = sent.take(in_flight);
        let answered: Vec<Answered> = arrived.into_iter().chain(in_flight).collect();
        if self.record_together(&answered).is_ok() {
            return;
        }
        // It may be one that is at fault; when it is the disk, or the database is held, all would fail alike.
        for one in answered.chunks(1) {
            if let Err(error) = self.record_together(one)
                && outcome_of(&explained(error)) == Exit::TryLater
            {
                return;
            }
        }
    }

    fn record_together(&mut self, answered: &[Answered]) -> Result<()> {
        let mut events = Vec::new();
        self.run.store.durably(|| {
            for (job, result) in answered {
                self.record(job, result, &mut events)?;
            }
            Ok(())
        })?;
        events.iter().for_each(|event| (self.report)(event));
        Ok(())
    }
}
