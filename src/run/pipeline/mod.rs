//! Steps on their way, many at once, through four stations. One thread writes; all others only read, think and
//! make requests.
//!
//! 1. **Prepare** ([`prepare`], [`Run::preparers`] threads with connections of their own): reads a contact's
//!    thread, decides, and writes the text. Nothing is locked, so that a preparation may take seconds: whatever must
//!    be asked of somebody else before a step is claimed is asked there, in `Preparer::look`, between the decision
//!    and the text. What it learns is stored through a [`Store`] of its own, and the contact is read again. Where
//!    nobody is asked, many contacts are read in one view of the database.
//! 2. **Claim** ([`claim`], the writer): decides again about what was not prepared this very moment (rule X2) and
//!    makes the claims durable, some in each transaction, together with the outcomes that have arrived meanwhile.
//!    The facts that a preparation was made from are still the newest when nobody else has written since
//!    ([`Store::foreign_writes`]); when somebody has, the thread is read again under the claim, and a contact
//!    whose facts have changed goes back to the first station.
//! 3. **Send** ([`lane`], [`Run::concurrency`] threads for each channel): one request each; and what follows from
//!    its success for the contact.
//! 4. **Record** ([`outcome`], the writer again): what became of it, and when the contact is to be looked at next.
//!
//! A step whose text a language model writes leaves the route after the first station ([`desk`]), and begins anew
//! when its draft is kept.
//!
//! A channel has [`Slots`]: a step holds one from before its text is written until its outcome is recorded. So
//! no more texts are written than will soon be sent, whatever the channel's speed.

mod claim;
mod desk;
mod inbox;
mod lane;
mod outcome;
mod prepare;
mod slots;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::thread::Scope;

use anyhow::{Error, Result};
use crossbeam_channel::{Receiver, Sender as Queue, unbounded};

use super::{Event, Point, Run, Summary};
use crate::channel::{Accepted, Outgoing, SendError};
use crate::compose::ai::Manuscript;
use crate::decide::Decision;
use crate::model::{Channel, HeldBack, Thread, Timestamp};
use crate::store::{ContactKey, Derived, Ledger};
use desk::Desk;
use lane::Lane;
use prepare::{Chunk, Letter, Prepared, Text};
use slots::{Slot, Slots};

/// How many contacts are looked at then.
const FURTHER: usize = 16;

/// How many steps that could not be claimed are gathered for one transaction.
const MOST_HELD_BACK: usize = 1024;

/// A claimed step on its way.
struct Job {
    contact: ContactKey,
    row: i64,
    /// The writer's epoch when it was claimed.
    epoch: u64,
    thread: Thread,
    decision: Decision,
    outgoing: Outgoing,
    attempts: u32,
    claimed_at: Timestamp,
    _slot: Slot,
}

/// What a sender's thread gives back.
struct Answered {
    job: Box<Job>,
    result: Result<Accepted, SendError>,
    at: Timestamp,
    /// For an accepted step: what follows for the contact, if there is no newer fact.
    derived: Option<Derived>,
}

/// What comes to the writer.
enum Arrived {
    Answered(Answered),
    /// What is prepared of so many contacts; the others are gone.
    Prepared(usize, Vec<Prepared>),
    /// What came of having a text written; nothing when that ended in a defect.
    Written(Box<Prepared>, Option<Box<Manuscript>>),
    /// Contacts that could not be read, so many.
    Unread(usize, Error),
}

pub(super) fn run(
    run: &Run<'_>,
    awake: VecDeque<ContactKey>,
    summary: &mut Summary,
    report: &mut dyn FnMut(&Event),
) -> Result<()> {
    (run.at)(Point::Begin);
    let slots = Slots::of(run);
    std::thread::scope(|scope| {
        let (inbox, arriving) = unbounded();
        let preparers = awake.len().div_ceil(run.portion.max(1));
        let preparers = run.preparers.min(preparers).max(1);
        let mut writer = Writer {
            run,
            ledger: run.store.ledger()?,
            scope,
            slots: &slots,
            chunks: prepare::spawn(run, scope, &slots, preparers, &inbox)?,
            inbox,
            awake,
            preparing: 0,
            passed: VecDeque::new(),
            desk: Desk::new(run.concurrency),
            lanes: BTreeMap::new(),
            closed: BTreeSet::new(),
            in_flight: 0,
            looks_further: false,
            foreign_writes: run.store.foreign_writes()?,
            epoch: 0,
            round: 0,
            claimed: 0,
            seen: HashSet::new(),
            held_back: Vec::new(),
            summary,
            report,
        };
        let done = writer.work(&arriving);
        if let Some(author) = run.author {
            author.models().stop(); // nobody wants an answer any more
        }
        done
    })
}

/// Something that is not sent, and why.
fn skipped(contact_id: String, reason: &str, error: String) -> Event {
    Event::Skipped {
        contact_id,
        reason: reason.to_owned(),
        error: Some(error),
    }
}

struct Writer<'scope, 'env, 'r> {
    run: &'env Run<'env>,
    ledger: Ledger<'env>,
    scope: &'scope Scope<'scope, 'env>,
    slots: &'env Slots,
    chunks: Queue<Chunk>,
    inbox: Queue<Arrived>,
    /// Contacts that are not yet handed out.
    awake: VecDeque<ContactKey>,
    /// How many contacts the preparers have.
    preparing: usize,
    /// Contacts that came back with nothing due.
    passed: VecDeque<Box<Prepared>>,
    /// Texts that a model is to write.
    desk: Desk,
    lanes: BTreeMap<Channel, Lane>,
    /// Channels whose credentials were refused, or that could not be set up: nothing more goes there.
    closed: BTreeSet<Channel>,
    in_flight: usize,
    /// Every channel is busy and slow: time to look for contacts on others.
    looks_further: bool,
    /// [`crate::store::Store::foreign_writes`] as it was seen last.
    foreign_writes: i64,
    /// Changes with every fact that a preparation may not have seen.
    epoch: u64,
    /// Changes with every contact that has to be looked at again.
    round: u64,
    claimed: u64,
    /// Contacts that have had their step in this run (rule D20).
    seen: HashSet<ContactKey>,
    /// Steps that were due and could not be claimed, still to be written down.
    held_back: Vec<(ContactKey, HeldBack)>,
    summary: &'r mut Summary,
    report: &'r mut dyn FnMut(&Event),
}

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    fn work(&mut self, arriving: &Receiver<Arrived>) -> Result<()> {
        loop {
            let mut events = Vec::new();
            self.hand_out();
            let mut manuscripts = Vec::new();
            let arrived = match self.collect(arriving, &mut manuscripts, &mut events) {
                Ok(arrived) => arrived,
                Err((arrived, error)) => {
                    self.drain(arrived, arriving);
                    return Err(error);
                }
            };
            let mut jobs = Vec::new();
            if !arrived.is_empty() || !manuscripts.is_empty() || self.has_work() {
                let written = self.run.store.durably(|| {
                    self.notice_foreign_writes()?;
                    for (prepared, manuscript) in &manuscripts {
                        self.keep(prepared, manuscript.as_deref(), &mut events)?;
                    }
                    for answered in &arrived {
                        self.record(answered, &mut events)?;
                    }
                    if !arrived.is_empty() {
                        (self.run.at)(Point::BeforeRecord);
                    }
                    self.claim_ready(&mut jobs, &mut events)?;
                    if !jobs.is_empty() {
                        self.keep_rates()?;
                        (self.run.at)(Point::BeforeCommit);
                    }
                    Ok(())
                });
                if let Err(error) = written {
                    self.in_flight -= jobs.len(); // nothing of this was claimed
                    self.drain(arrived, arriving);
                    return Err(error);
                }
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
            self.leave_the_rest_if_over();
            let open = self.in_flight + self.preparing + self.desk.open();
            let is_done = open == 0 && self.waiting() == 0 && !self.has_work();
            if is_done || self.held_back.len() >= MOST_HELD_BACK {
                self.keep_held_back()?;
            }
            if is_done {
                return Ok(());
            }
        }
    }

    /// Gives contacts to the preparers: as many as there are slots for what may come of them, those first whose
    /// channel is known and had none before.
    fn hand_out(&mut self) {
        if self.is_over() {
            return;
        }
        let ready: usize = self.lanes.values().map(|l| l.ready.len()).sum();
        let due = self.claimed + (ready + self.preparing + self.desk.open()) as u64;
        let limit = self.run.limit.map(|limit| limit.saturating_sub(due));
        let mut allowed = limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let room = self.desk.room().saturating_sub(self.preparing);
        let mut contacts: Vec<ContactKey> = self.desk.next(room).collect();
        for (channel, lane) in &mut self.lanes {
            let free = self.slots.free(*channel);
            let free = free.saturating_sub(self.preparing + contacts.len());
            let number = free.min(allowed).min(lane.parked.len());
            contacts.extend(lane.parked.drain(..number));
            allowed -= number;
        }
        let known = self.lanes.keys().map(|channel| {
            if self.closed.contains(channel) {
                FURTHER // they will be passed by
            } else {
                self.slots.free(*channel)
            }
        });
        let free = known.max().unwrap_or_else(|| self.slots.most());
        let free = free.saturating_sub(self.preparing + contacts.len());
        let free = if std::mem::take(&mut self.looks_further) {
            free.max(FURTHER)
        } else {
            free
        };
        let number = free.min(allowed).min(self.awake.len());
        contacts.extend(self.awake.drain(..number));
        self.preparing += contacts.len();
        for portion in contacts.chunks(self.run.portion.max(1)) {
            let chunk = Chunk {
                epoch: self.epoch,
                round: self.round,
                contacts: portion.to_vec(),
            };
            // The preparers end only after this writer.
            let _ = self.chunks.send(chunk);
        }
    }

    /// Has a contact prepared anew, from all that is written by then.
    fn look_again(&mut self, contact: ContactKey) {
        self.awake.push_front(contact);
        self.round += 1;
    }

    /// Contacts that wait for their turn.
    fn waiting(&self) -> usize {
        let lanes = self.lanes.values();
        self.awake.len()
            + self.desk.parked()
            + lanes.map(|l| l.parked.len() + l.ready.len()).sum::<usize>()
    }

    /// Whether nothing more is to be claimed in this run.
    fn is_over(&self) -> bool {
        (self.run.stop)() || self.run.limit.is_some_and(|limit| self.claimed >= limit)
    }

    /// What waits is left to the next run.
    fn leave_the_rest_if_over(&mut self) {
        if self.is_over() {
            self.summary.left += self.waiting() as u64;
            self.awake.clear();
            self.desk.clear();
            for lane in self.lanes.values_mut() {
                lane.parked.clear();
                lane.ready.clear();
            }
        }
    }

    /// Inside the transaction: what is prepared may be of yesterday.
    fn notice_foreign_writes(&mut self) -> Result<()> {
        let writes = self.run.store.foreign_writes()?;
        if writes != self.foreign_writes {
            self.foreign_writes = writes;
            self.epoch += 1;
        }
        Ok(())
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
}
