//! The first station: what a contact's step needs before it is claimed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Scope;
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender as Queue, unbounded};

use super::super::{Run, Written};
use super::{Arrived, Slot, Slots};
use crate::channel::Outgoing;
use crate::decide::{Action, Decision, address, because_json, conversation_on, decide, passed};
use crate::model::{
    Author, Channel, Draft, DraftState, Scenario, TextSource, Thread, Timestamp, Usage,
};
use crate::store::{ContactKey, Moment, Store};

/// Some contacts to be looked at, as of the writer's epoch.
pub(super) struct Chunk {
    pub(super) epoch: u64,
    /// Another one after every step that has to be looked at again: what was read before it is not enough.
    pub(super) round: u64,
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
    /// When it was decided, and the sources were asked.
    pub(super) at: Timestamp,
}

/// What there is to send.
pub(super) enum Text {
    /// Nothing is due.
    NotDue,
    /// A step is due, and its channel has no slot for it now.
    NoRoom(Channel),
    /// A step's text is there for a person to look at, who must let it through (rule X9).
    ToReview(Box<Draft>),
    /// A step is due, and a language model is to write its text.
    Unwritten(Channel),
    /// A step is due, and nobody knows whether the contact has replied: in words why.
    NotAsked(String),
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
    let (policy, ask, write, author) = (run.policy, run.ask, run.write, run.author);
    let (clock, stop) = (run.clock, run.stop);
    for _ in 0..number {
        let preparer = Preparer {
            store: run.store.reader()?,
            policy,
            ask,
            write,
            author,
            clock,
            stop,
            slots,
        };
        let (queue, inbox) = (queue.clone(), inbox.clone());
        scope.spawn(move || preparer.work(&queue, &inbox));
    }
    Ok(chunks)
}

/// How many contacts are read in one view at most: it keeps the write-ahead log from being begun anew.
const MOST_READ: usize = 512;
/// How long a view is kept for the next contacts.
const LINGERING: Duration = Duration::from_millis(2);

/// The database as it was at a moment. What this run has written since then is of contacts that have had their turn,
/// and what others have written makes another epoch.
struct View<'s> {
    moment: Moment<'s>,
    /// The epoch and the round for which it was taken.
    as_of: (u64, u64),
    /// How many contacts were read in it.
    read: usize,
}

/// One of the threads.
struct Preparer<'env> {
    store: Store,
    policy: &'env crate::decide::Policy,
    ask: Option<super::super::Ask<'env>>,
    write: super::super::Write<'env>,
    author: Option<&'env crate::compose::ai::Author<'env>>,
    clock: super::super::Clock<'env>,
    stop: &'env (dyn Fn() -> bool + Sync),
    slots: &'env Slots,
}

impl Preparer<'_> {
    fn work(&self, queue: &Receiver<Chunk>, inbox: &Queue<Arrived>) {
        let mut view = None;
        loop {
            let chunk = if view.is_some() {
                queue.recv_timeout(LINGERING)
            } else {
                queue.recv().map_err(RecvTimeoutError::from)
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Timeout) => {
                    view = None;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let threads = self.read(&chunk, &mut view);
            // Whoever has to be asked takes their time.
            view =
                view.filter(|view| self.ask.is_none() && threads.is_ok() && view.read < MOST_READ);
            let arrived = match threads {
                Ok(threads) => {
                    let of = chunk.contacts.len();
                    let contacts = chunk.contacts.into_iter().zip(threads);
                    let there = contacts.filter_map(|(contact, thread)| Some((contact, thread?)));
                    let looked =
                        there.map(|(contact, thread)| self.look(contact, chunk.epoch, thread));
                    Arrived::Prepared(of, looked.collect())
                }
                Err(error) => Arrived::Unread(chunk.contacts.len(), error),
            };
            if inbox.send(arrived).is_err() {
                return;
            }
        }
    }

    /// The threads of a chunk, as they are at one moment: that of the last chunk, where it will do.
    fn read<'s>(
        &'s self,
        chunk: &Chunk,
        view: &mut Option<View<'s>>,
    ) -> Result<Vec<Option<Thread>>> {
        let as_of = (chunk.epoch, chunk.round);
        let view = match view.take().filter(|view| view.as_of == as_of) {
            Some(fit) => view.insert(fit),
            None => view.insert(View {
                moment: self.store.moment()?,
                as_of,
                read: 0,
            }),
        };
        view.read += chunk.contacts.len();
        let contacts = chunk.contacts.iter();
        let threads = &mut view.moment.threads;
        contacts.map(|contact| threads.thread(*contact)).collect()
    }

    /// Decides about one contact, asks for a reply that is not known yet, and writes the text of a step that is
    /// due.
    fn look(&self, contact: ContactKey, epoch: u64, thread: Thread) -> Prepared {
        let at = (self.clock)();
        let decision = decide(self.policy, &thread, at);
        let mut prepared = Prepared {
            contact,
            epoch,
            thread,
            decision,
            text: Text::NotDue,
            at,
        };
        let Some((channel, ..)) = due(&prepared.decision) else {
            prepared.text = self.to_review(&prepared);
            return prepared;
        };
        // A model takes its time: the sources are asked when the text is there.
        if self.lacks_text(&prepared) {
            prepared.text = Text::Unwritten(channel);
            return prepared;
        }
        let Some(slot) = self.slots.take(channel).filter(|_| !(self.stop)()) else {
            prepared.text = Text::NoRoom(channel);
            return prepared;
        };
        if let Err(error) = self.ask(&mut prepared) {
            prepared.text = Text::NotAsked(error);
            return prepared;
        }
        prepared.text = match due(&prepared.decision) {
            None => Text::NotDue,
            Some((now_on, ..)) if now_on != channel => Text::NoRoom(now_on), // looked at again
            Some(_) if self.lacks_text(&prepared) => Text::Unwritten(channel),
            Some(step) => self
                .letter(&prepared, step, slot)
                .unwrap_or_else(Text::Failed),
        };
        prepared
    }

    /// Whether a model is to write the text of a step that is due.
    fn lacks_text(&self, prepared: &Prepared) -> bool {
        let Prepared {
            thread,
            decision,
            at,
            ..
        } = prepared;
        let by_model = self.author.filter(|author| author.writes(decision));
        let lacks = |author: &crate::compose::ai::Author<'_>| {
            author.usable(thread, decision, *at).is_none()
        };
        by_model.is_some_and(lacks) && self.passed(thread, decision).is_none()
    }

    /// The text that a person let through (rule X9). An approved template goes out in the step's own words, as its
    /// provider has approved them.
    fn passed<'t>(&self, thread: &'t Thread, decision: &Decision) -> Option<(&'t Draft, &'t str)> {
        let draft = passed(self.policy, thread, decision)?;
        let text = draft.text.as_deref()?;
        (!decision.approved_template).then_some((draft, text))
    }

    /// The text of a step that a person must see first (rule X9): written here, or to be written by a model.
    fn to_review(&self, prepared: &Prepared) -> Text {
        let Prepared {
            thread, decision, ..
        } = prepared;
        let (Some(episode), Some(scenario), Some(step), Some(channel)) = (
            decision.episode,
            decision.scenario,
            decision.step,
            decision.channel.filter(|_| decision.wants_text()),
        ) else {
            return Text::NotDue;
        };
        if self.author.is_some_and(|author| author.writes(decision)) {
            return Text::Unwritten(channel);
        }
        let write = AssertUnwindSafe(|| (self.write)(thread, decision));
        let written =
            catch_unwind(write).unwrap_or_else(|_| Err("writing it ended in a defect".to_owned()));
        match written {
            Err(error) => Text::Failed(error),
            Ok(written) => Text::ToReview(Box::new(Draft {
                id: 0,
                episode,
                scenario,
                step,
                channel,
                state: DraftState::Ready,
                text: Some(written.text),
                source: written.source,
                reason: None,
                language: thread.contact.language.clone(),
                model: None,
                usage: Usage::default(),
                findings: Vec::new(),
                revision: thread.revision(),
                made_at: prepared.at,
                decided_at: None,
            })),
        }
    }

    /// The last look: with news, the contact is read again and decided about again.
    fn ask(&self, prepared: &mut Prepared) -> Result<(), String> {
        let Some(ask) = self.ask else {
            return Ok(());
        };
        // A defect of an answer is the matter of one contact.
        let is_news = catch_unwind(AssertUnwindSafe(|| ask(&prepared.thread)))
            .unwrap_or_else(|_| Err("the last look ended in a defect".to_owned()))?;
        if is_news {
            let thread = self.store.thread(prepared.contact);
            let thread = thread.map_err(|error| format!("{error:#}"))?;
            prepared.thread = thread.ok_or("the contact is gone")?;
        }
        prepared.at = (self.clock)();
        prepared.decision = decide(self.policy, &prepared.thread, prepared.at);
        Ok(())
    }

    /// The message of a step that is due; its text is kept from before, or is written here.
    fn letter(
        &self,
        prepared: &Prepared,
        (channel, scenario, step): (Channel, Scenario, u32),
        slot: Slot,
    ) -> Result<Text, String> {
        let (thread, decision) = (&prepared.thread, &prepared.decision);
        let by_model = self.author.filter(|author| author.writes(decision));
        let kept = || by_model.and_then(|author| author.usable(thread, decision, prepared.at));
        let written = match self.passed(thread, decision).or_else(kept) {
            Some((draft, text)) => Written {
                text: text.to_owned(),
                source: draft.source,
                template: None,
            },
            // A defect of a text is the matter of one contact.
            None => catch_unwind(AssertUnwindSafe(|| (self.write)(thread, decision)))
                .unwrap_or_else(|_| Err("writing it ended in a defect".to_owned()))?,
        };
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
            because: because_json(&decision.because).map_err(|error| error.to_string())?,
            slot,
        })))
    }
}

/// The step that a decision sends.
fn due(decision: &Decision) -> Option<(Channel, Scenario, u32)> {
    (decision.action == Action::Send).then_some((
        decision.channel?,
        decision.scenario?,
        decision.step?,
    ))
}
