//! The first station: what a contact's step needs before it is claimed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Scope;

use anyhow::Result;
use crossbeam_channel::{Receiver, Sender as Queue, unbounded};

use super::super::{Run, Written};
use super::{Arrived, Slot, Slots};
use crate::channel::Outgoing;
use crate::decide::{Action, Decision, address, conversation_on, decide};
use crate::model::{Author, Channel, Scenario, TextSource, Thread, Timestamp};
use crate::store::{ContactKey, Store, because_json};

/// Some contacts to be looked at, as of the writer's epoch.
pub(super) struct Chunk {
    pub(super) epoch: u64,
    pub(super) contacts: Vec<ContactKey>,
}

/// A contact that has been looked at.
pub(super) struct Prepared {
    pub(super) contact: ContactKey,
    /// The writer's epoch before it was read.
    pub(super) epoch: u64,
    pub(super) thread: Thread,
    pub(super) decision: Decision,
    pub(super) text: Text,
}

/// What there is to send.
pub(super) enum Text {
    /// Nothing is due.
    NotDue,
    /// A step is due, and its channel has no slot for it now.
    NoRoom(Channel),
    /// A step is due, and a language model is to write its text.
    Unwritten(Channel),
    /// A step is due, and its text cannot be written: in words why.
    Failed(String),
    /// A step is due, and all that it needs is there.
    Ready(Box<Letter>),
}

/// A message that lacks only its claim.
pub(super) struct Letter {
    /// With no id yet.
    pub(super) outgoing: Outgoing,
    pub(super) source: TextSource,
    /// The decision's list of rules, as JSON.
    pub(super) because: String,
    pub(super) slot: Slot,
}

/// Begins so many threads, each with a connection of its own.
pub(super) fn spawn<'scope, 'env>(
    run: &'env Run<'env>,
    scope: &'scope Scope<'scope, 'env>,
    slots: &'env Slots,
    number: usize,
    inbox: &Queue<Arrived>,
) -> Result<Queue<Chunk>> {
    let (chunks, queue) = unbounded::<Chunk>();
    let (policy, write, author) = (run.policy, run.write, run.author);
    let (clock, stop) = (run.clock, run.stop);
    for _ in 0..number {
        let preparer = Preparer {
            store: run.store.reader()?,
            policy,
            write,
            author,
            clock,
            stop,
            slots,
        };
        let (queue, inbox) = (queue.clone(), inbox.clone());
        scope.spawn(move || preparer.work(queue, &inbox));
    }
    Ok(chunks)
}

/// One of the threads.
struct Preparer<'env> {
    store: Store,
    policy: &'env crate::decide::Policy,
    write: super::super::Write<'env>,
    author: Option<&'env crate::compose::ai::Author<'env>>,
    clock: super::super::Clock<'env>,
    stop: &'env (dyn Fn() -> bool + Sync),
    slots: &'env Slots,
}

impl Preparer<'_> {
    fn work(&self, queue: Receiver<Chunk>, inbox: &Queue<Arrived>) {
        for chunk in queue {
            let threads = match self.read(&chunk) {
                Ok(threads) => threads,
                Err(error) => {
                    let unread = Arrived::Unread(chunk.contacts.len(), error);
                    // The writer may have ended.
                    let _ = inbox.send(unread);
                    continue;
                }
            };
            for (contact, thread) in chunk.contacts.into_iter().zip(threads) {
                let arrived = thread.map_or(Arrived::Gone, |thread| {
                    let prepared = self.look(contact, chunk.epoch, thread);
                    Arrived::Prepared(Box::new(prepared))
                });
                if inbox.send(arrived).is_err() {
                    return;
                }
            }
        }
    }

    /// The threads of a chunk, as they are at one moment.
    fn read(&self, chunk: &Chunk) -> Result<Vec<Option<Thread>>> {
        self.store.at_one_moment(|| {
            let mut threads = self.store.threads()?;
            let contacts = chunk.contacts.iter();
            contacts.map(|contact| threads.thread(*contact)).collect()
        })
    }

    /// Decides about one contact, and writes the text of a step that is due.
    fn look(&self, contact: ContactKey, epoch: u64, thread: Thread) -> Prepared {
        let now = (self.clock)();
        let decision = decide(self.policy, &thread, now);
        let due = (
            decision.action,
            decision.channel,
            decision.scenario,
            decision.step,
        );
        let text = if let (Action::Send, Some(channel), Some(scenario), Some(step)) = due {
            self.text(&thread, &decision, (channel, scenario, step), now)
        } else {
            Text::NotDue
        };
        Prepared {
            contact,
            epoch,
            thread,
            decision,
            text,
        }
    }

    /// The text of a step that is due: kept from before, written here, or to be written by a model.
    fn text(
        &self,
        thread: &Thread,
        decision: &Decision,
        step: (Channel, Scenario, u32),
        now: Timestamp,
    ) -> Text {
        let (channel, ..) = step;
        let by_model = self.author.filter(|author| author.writes(decision));
        let kept = match by_model.map(|author| author.usable(thread, decision, now)) {
            Some(None) => return Text::Unwritten(channel),
            Some(Some((draft, text))) => Some(Written {
                text: text.to_owned(),
                source: draft.source,
                template: None,
            }),
            None => None,
        };
        let Some(slot) = self.slots.take(channel).filter(|_| !(self.stop)()) else {
            return Text::NoRoom(channel);
        };
        // A defect of a text is the matter of one contact.
        let write = || catch_unwind(AssertUnwindSafe(|| (self.write)(thread, decision)));
        let written = match kept {
            Some(kept) => Ok(kept),
            None => write().unwrap_or_else(|_| Err("writing it ended in a defect".to_owned())),
        };
        written
            .and_then(|written| self.letter(thread, decision, step, written, slot))
            .unwrap_or_else(Text::Failed)
    }

    fn letter(
        &self,
        thread: &Thread,
        decision: &Decision,
        (channel, scenario, step): (Channel, Scenario, u32),
        written: Written,
        slot: Slot,
    ) -> Result<Text, String> {
        let of_contact = thread.messages.iter();
        let last = of_contact
            .filter(|m| m.channel == channel && m.author == Author::Contact)
            .max_by_key(|m| (m.sent_at, m.seq));
        let address = address(self.policy, thread, channel)
            .map_err(|_| "there is no address for it".to_owned())? // the decision has seen to that (D18)
            .into_owned();
        let outgoing = Outgoing {
            id: String::new(),
            contact_id: thread.id_on(channel).to_owned(),
            conversation_id: decision.conversation_id.clone(),
            conversation: conversation_on(thread, channel).map(str::to_owned),
            reply_to: last.and_then(|m| m.message_id.clone()),
            address,
            channel,
            text: written.text,
            scenario,
            step,
            template: written.template,
        };
        Ok(Text::Ready(Box::new(Letter {
            outgoing,
            source: written.source,
            because: because_json(decision).map_err(|error| error.to_string())?,
            slot,
        })))
    }
}
