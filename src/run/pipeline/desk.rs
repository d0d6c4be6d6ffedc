//! Beside the stations: texts that a language model writes, on threads of their own, with no transaction open.
//!
//! A contact whose step needs one leaves the route after the first station and holds no slot, so that a slow model
//! holds nobody else back. What comes of it is kept as a draft by the writer, and the contact begins anew: the
//! draft serves if the thread is still the same.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender as Queue, channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::super::Event;
use super::{Arrived, Prepared, Writer, skipped};
use crate::compose::ai::{Author, Lack, Manuscript, Outcome};
use crate::config::Otherwise;
use crate::model::{Draft, DraftState};
use crate::store::ContactKey;

/// How often a text is written for one contact in one run: anew when the thread changed meanwhile.
const MOST_TEXTS: u8 = 2;

/// What came of having a text written, and for whom; nothing when that ended in a defect.
pub(super) type Manuscripts = Vec<(Box<Prepared>, Option<Box<Manuscript>>)>;

/// The texts under way.
pub(super) struct Desk {
    /// The threads that write, once there is something to write.
    orders: Option<Queue<Box<Prepared>>>,
    in_flight: usize,
    threads: usize,
    parked: VecDeque<ContactKey>,
    asked: HashMap<ContactKey, u8>,
    /// How many models had been given up when that was last said.
    closed: usize,
}

impl Desk {
    /// A desk for so many requests at once.
    pub(super) fn new(threads: usize) -> Self {
        Self {
            orders: None,
            in_flight: 0,
            threads,
            parked: VecDeque::new(),
            asked: HashMap::new(),
            closed: 0,
        }
    }

    /// How many more may be asked for: as many wait as are at work, so that no thread waits for the next commit.
    pub(super) fn room(&self) -> usize {
        (self.threads * 2).saturating_sub(self.in_flight)
    }

    /// How many texts are being written or wait for it.
    pub(super) fn open(&self) -> usize {
        self.in_flight + self.parked.len()
    }

    /// How many wait for it.
    pub(super) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// The next so many that wait.
    pub(super) fn next(&mut self, number: usize) -> impl Iterator<Item = ContactKey> + '_ {
        self.parked.drain(..number.min(self.parked.len()))
    }

    /// Gives up what waits.
    pub(super) fn clear(&mut self) {
        self.parked.clear();
    }

    /// A text is there.
    pub(super) fn arrived(&mut self) {
        self.in_flight -= 1;
    }
}

impl<'env: 'scope, 'scope> Writer<'scope, 'env, '_> {
    /// Has a step's text written, or lets its contact wait for that.
    pub(super) fn have_written(&mut self, prepared: Box<Prepared>) {
        let contact = prepared.contact;
        let Some(author) = self.run.author else {
            return;
        };
        if self.desk.asked.get(&contact) >= Some(&MOST_TEXTS) {
            self.summary.left += 1; // its thread changes faster than can be written
        } else if self.desk.room() == 0 {
            self.desk.parked.push_back(contact);
        } else {
            *self.desk.asked.entry(contact).or_default() += 1;
            self.desk.in_flight += 1;
            if self.desk.orders.is_none() {
                self.desk.orders = Some(self.spawn_authors(author));
            }
            if let Some(orders) = &self.desk.orders {
                // The threads end only after this writer.
                let _ = orders.send(prepared);
            }
        }
    }

    /// X9: a text that a person must see waits for them.
    pub(super) fn submit(&mut self, draft: &mut Draft) {
        let rule = self.run.policy.step(draft.scenario, draft.step);
        if draft.state == DraftState::Ready && rule.is_some_and(|rule| rule.approve) {
            draft.state = DraftState::Waiting;
            self.summary.to_review += 1;
        }
    }

    fn spawn_authors(&self, author: &'env Author<'env>) -> Queue<Box<Prepared>> {
        let (orders, queue) = channel::<Box<Prepared>>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..self.desk.threads {
            let (queue, inbox) = (Arc::clone(&queue), self.inbox.clone());
            self.scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(prepared) = next else { return };
                    // A defect of a text is the matter of one contact.
                    let write =
                        AssertUnwindSafe(|| author.write(&prepared.thread, &prepared.decision));
                    let manuscript = catch_unwind(write).ok().map(Box::new);
                    if inbox.send(Arrived::Written(prepared, manuscript)).is_err() {
                        return;
                    }
                }
            });
        }
        orders
    }

    /// Inside the transaction: keeps what came of having a text written, before it may be sent.
    pub(super) fn keep(
        &mut self,
        prepared: &Prepared,
        manuscript: Option<&Manuscript>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let contact_id = || prepared.thread.contact.contact_id.clone();
        let (Some(author), Some(manuscript)) = (self.run.author, manuscript) else {
            let words = "writing it ended in a defect".to_owned();
            self.summary.not_written += 1;
            events.push(skipped(contact_id(), "compose", words));
            return Ok(());
        };
        for call in &manuscript.calls {
            self.run.store.note_call(Some(prepared.contact), call)?;
        }
        self.summary.ai += manuscript.usage();
        let mut instead = None;
        match &manuscript.outcome {
            Outcome::Text(_) => self.summary.written += 1,
            Outcome::Declined(_) => self.summary.declined += 1,
            Outcome::Nothing(lack, reason) if author.otherwise(*lack) == Otherwise::Wait => {
                self.summary.waiting += 1;
                let words = match lack {
                    Lack::Acceptance => "no text that may be sent".to_owned(),
                    Lack::Answer | Lack::Budget => reason.clone(),
                };
                events.push(skipped(contact_id(), lack.code(), words));
            }
            // X5: a failure of the AI uses up nothing; the step goes out in other words.
            Outcome::Nothing(..) => match (self.run.write)(&prepared.thread, &prepared.decision) {
                Ok(written) => {
                    self.summary.fallbacks += 1;
                    instead = Some((written.text, written.source));
                }
                Err(error) => {
                    self.summary.not_written += 1;
                    events.push(skipped(contact_id(), "compose", error));
                }
            },
        }
        if let Some(mut draft) = manuscript.draft(&prepared.decision, instead) {
            self.submit(&mut draft);
            self.run.store.keep_draft(prepared.contact, &draft)?;
            events.push(Event::written(contact_id(), &draft));
            self.look_again(prepared.contact);
        }
        let closed = author.models().closed();
        for (model, reason) in closed.iter().skip(self.desk.closed) {
            let words = format!("{model} is asked no more in this run: {reason}");
            events.push(skipped(String::new(), "ai_silent", words));
        }
        self.desk.closed = closed.len();
        self.summary.silent_models = closed.len() as u64;
        Ok(())
    }
}
