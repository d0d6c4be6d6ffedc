//! The second stage: what is new is read, and what follows for new contacts is derived; pure, and on every
//! processor.

use super::batch::Batch;
use super::{Group, Pending};
use crate::decide::{Policy, Reach, decide};
use crate::detect::{Detector, Input};
use crate::model::{
    Author, Contact, Language, Message, Signal, SignalKind, SignalSource, Thread, Timestamp,
};
use crate::store::{Derived, time};

/// How inbound messages are read, and what is derived from them.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The reader.
    pub detector: &'a Detector,
    /// The language of contacts whose own is unknown.
    pub language: Language,
    /// The policy: its zone is that of contacts whose own is unknown.
    pub policy: &'a Policy,
    /// The present, for what is derived.
    pub now: Timestamp,
}

/// What is kept of a reading.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) signal: Option<SignalKind>,
    pub(super) at: Option<Timestamp>,
    pub(super) evidence: String,
    pub(super) automatic: bool,
}

/// Fewer groups than this are not worth a thread.
const WORTH_A_THREAD: usize = 64;

pub(super) fn read(groups: &mut [Group<'_>], batch: &Batch, reading: Reading<'_>) {
    let processors = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8);
    let share = groups.len().div_ceil(processors).max(WORTH_A_THREAD);
    std::thread::scope(|scope| {
        let mut shares = groups.chunks_mut(share);
        let mine = shares.next();
        for share in shares {
            scope.spawn(move || share.iter_mut().for_each(|g| g.read(batch, reading)));
        }
        mine.into_iter()
            .flatten()
            .for_each(|g| g.read(batch, reading));
    });
}

impl Group<'_> {
    fn read(&mut self, batch: &Batch, reading: Reading<'_>) {
        let language = self
            .contact
            .language
            .0
            .as_deref()
            .and_then(Language::from_tag);
        for pending in &mut self.rows {
            if pending.row.author == Author::Contact && !pending.is_known {
                let reading = reading.detector.read(&Input {
                    text: batch.text(pending.row.text),
                    sent_at: time(pending.row.sent_at),
                    zone: &self.zone,
                    language,
                    default_language: reading.language,
                });
                pending.found = Found {
                    signal: reading.signal,
                    at: reading.at.filter(|_| reading.signal.is_some()),
                    evidence: reading.evidence,
                    automatic: reading.automatic,
                };
            }
        }
        // Others with the same number, and how fresh the source is, are not looked at: they can only make a
        // contact wait longer, and whoever wakes a contact decides with all that is known.
        if self.is_new && self.forgotten.is_none() {
            let thread = self.thread(batch, reading.policy);
            let decision = decide(reading.policy, &thread, reading.now);
            self.derived = Some(Derived::of(&decision));
        }
    }

    /// A new contact's thread, as far as a decision looks at it.
    fn thread(&self, batch: &Batch, policy: &Policy) -> Thread {
        let told = &self.contact;
        let contact = Contact {
            contact_id: batch.text(self.contact_id).to_owned(),
            phone: told.phone.0.clone(),
            email: told.email.0.clone(),
            timezone: told.timezone.0.clone(),
            addresses: self
                .rows
                .iter()
                .filter_map(|p| Some((p.row.channel, batch.get(p.row.address)?.to_owned())))
                .collect(),
            ..Contact::default()
        };
        let has_conversations = policy.reach.values().any(|r| *r == Reach::Conversation);
        let messages = self
            .rows
            .iter()
            .map(|pending| pending.message(batch, has_conversations))
            .collect();
        Thread {
            contact,
            messages,
            ..Thread::default()
        }
    }
}

impl Pending<'_> {
    fn message(&self, batch: &Batch, has_conversation: bool) -> Message {
        let found = &self.found;
        let signal = found.signal.map(|kind| {
            let (at, zone, source) = (found.at, None, SignalSource::Rules);
            Signal {
                kind,
                at,
                evidence: String::new(),
                zone,
                source,
            }
        });
        Message {
            sent_at: time(self.row.sent_at),
            seq: self.seq,
            channel: self.row.channel,
            author: self.row.author,
            // A decision shows a text, and ties of equal times are told apart by it.
            text: batch.text(self.row.text).to_owned(),
            message_id: None,
            conversation_id: batch
                .get(self.row.conversation_id.filter(|_| has_conversation))
                .map(str::to_owned),
            status: None,
            signal,
            automatic: self.row.automatic || found.automatic,
            ad_click: self.row.ad_click,
            source: 0,
        }
    }
}
