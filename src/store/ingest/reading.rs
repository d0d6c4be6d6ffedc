//! The first stage: what messages say is read, and what follows for contacts that seem to be new is derived; pure,
//! and beside the storing of what came before.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;

use super::batch::{Batch, Piece, Row, seqs};
use super::contact::StoredContact;
use crate::decide::{Policy, Reach, decide};
use crate::detect::{Detector, Input};
use crate::model::{
    Author, Contact, Language, Message, Signal, SignalKind, SignalSource, Thread, Timestamp,
};
use crate::store::{Derived, time};
use crate::zone::Zone;

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
    /// Whether a language model is asked about messages on which the rules are unsure.
    pub doubts: Doubts,
}

/// What is done about messages on which the rules are unsure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doubts {
    /// Nothing.
    #[default]
    Drop,
    /// They wait for a language model.
    Keep,
}

/// A message that is older than this is not worth a question.
const RECENT: TimeDelta = TimeDelta::days(2);

/// What is kept of a reading.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    pub(super) signal: Option<SignalKind>,
    pub(super) at: Option<Timestamp>,
    pub(super) evidence: String,
    pub(super) automatic: bool,
    /// Whether it waits for a language model.
    pub(super) is_unsure: bool,
}

/// What a batch tells of one contact.
pub(super) struct Seen {
    pub(super) contact_id: Piece,
    /// The span of its rows' places.
    pub(super) rows: Range<usize>,
    /// What they tell of the contact, were it new.
    pub(super) told: StoredContact,
    /// For each row: what its message says; empty when none was read.
    pub(super) found: Vec<Option<Found>>,
    /// What follows for the contact, were it new.
    pub(super) derived: Option<Derived>,
}

/// What a batch tells.
#[derive(Default)]
pub(super) struct Sights {
    /// The places of the rows, contact by contact.
    pub(super) places: Vec<u32>,
    pub(super) contacts: Vec<Seen>,
}

impl Sights {
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.contacts.clear();
    }
}

/// What the batches before were like: what has not been worth the while is not done ahead.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Most messages were stored already.
    pub(super) mostly_known: AtomicBool,
    /// Most contacts were.
    pub(super) known_contacts: AtomicBool,
}

/// More zone names than there are: somebody's nonsense must not grow without bound.
const MOST_ZONES: usize = 1000;

/// Zones by their names.
#[derive(Default)]
pub(super) struct Zones(HashMap<String, Option<Zone>>);

impl Zones {
    /// The zone of this name, else the bot's.
    pub(super) fn of(&mut self, name: Option<&str>, policy: &Policy) -> Zone {
        let Some(name) = name else {
            return policy.zone.clone();
        };
        if !self.0.contains_key(name) {
            if self.0.len() > MOST_ZONES {
                self.0.clear();
            }
            self.0.insert(name.to_owned(), Zone::named(name));
        }
        let found = self.0.get(name).and_then(Clone::clone);
        found.unwrap_or_else(|| policy.zone.clone())
    }
}

/// Reads batches, one after the other, ahead of the store.
pub struct BatchReader<'a> {
    reading: Reading<'a>,
    hints: Arc<Hints>,
    /// For each thread.
    zones: Vec<Zones>,
}

/// Fewer contacts than this are not worth a thread.
const WORTH_A_THREAD: usize = 64;

impl<'a> BatchReader<'a> {
    pub(super) fn new(reading: Reading<'a>, hints: Arc<Hints>) -> Self {
        // One processor stores, and some of another one cuts the file into rows.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.saturating_sub(1).clamp(1, 8);
        let zones = (0..threads).map(|_| Zones::default()).collect();
        Self {
            reading,
            hints,
            zones,
        }
    }

    /// Reads a batch.
    pub fn read(&mut self, batch: &mut Batch) {
        let mut sights = std::mem::take(&mut batch.sights);
        self.see(batch, &mut sights);
        batch.sights = sights;
    }

    /// What a batch tells, contact by contact.
    pub(super) fn see(&mut self, batch: &Batch, sights: &mut Sights) {
        let groups = batch.by_contact(&mut sights.places);
        let share = groups.len().div_ceil(self.zones.len()).max(WORTH_A_THREAD);
        let (reading, hints) = (self.reading, &*self.hints);
        let (places, seen) = (&*sights.places, &mut sights.contacts);
        seen.clear();
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            let mut shares = groups.chunks(share).zip(&mut self.zones);
            let mine = shares.next();
            for (share, zones) in shares {
                let see = move || {
                    let mut seen = Vec::with_capacity(share.len());
                    see(share, (batch, places), reading, hints, zones, &mut seen);
                    seen
                };
                threads.push(scope.spawn(see));
            }
            if let Some((share, zones)) = mine {
                see(share, (batch, places), reading, hints, zones, seen);
            }
            for thread in threads {
                match thread.join() {
                    Ok(more) => seen.extend(more),
                    Err(defect) => std::panic::resume_unwind(defect),
                }
            }
        });
    }
}

fn see(
    groups: &[(Piece, Range<usize>)],
    (batch, places): (&Batch, &[u32]),
    reading: Reading<'_>,
    hints: &Hints,
    zones: &mut Zones,
    seen: &mut Vec<Seen>,
) {
    let reads = !hints.mostly_known.load(Ordering::Relaxed);
    let derives = reads && !hints.known_contacts.load(Ordering::Relaxed);
    for (contact_id, span) in groups {
        let rows = batch.rows_at(&places[span.clone()]);
        let mut told = StoredContact::default();
        rows.clone().for_each(|row| told.learn(batch, row));
        let zone = zones.of(told.timezone.0.as_deref(), reading.policy);
        let found: Vec<Option<Found>> = if reads {
            let found = |row| reading.found(batch, row, &told, &zone);
            rows.clone().map(found).collect()
        } else {
            Vec::new()
        };
        let derived = derives.then(|| {
            let of_row = |((row, seq), found): ((&'_ Row, i64), &'_ Option<Found>)| {
                message(batch, row, seq, found.as_ref(), reading.policy)
            };
            let messages = rows.clone().zip(seqs(rows.clone())).zip(&found);
            let messages = messages.filter(|((row, _), _)| row.is_message);
            let messages = messages.map(of_row).collect();
            reading.derived(batch, *contact_id, &told, rows, messages)
        });
        seen.push(Seen {
            contact_id: *contact_id,
            rows: span.clone(),
            told,
            found,
            derived,
        });
    }
}

impl Reading<'_> {
    /// What a message says; `None` for one that is not the contact's.
    pub(super) fn found(
        &self,
        batch: &Batch,
        row: &Row,
        contact: &StoredContact,
        zone: &Zone,
    ) -> Option<Found> {
        if row.author != Author::Contact || !row.is_message {
            return None;
        }
        let language = contact.language.0.as_deref();
        let reading = self.detector.read(&Input {
            text: batch.text(row.text),
            sent_at: time(row.sent_at),
            zone,
            language: language.and_then(Language::from_tag),
            default_language: self.language,
        });
        Some(Found {
            signal: reading.signal,
            at: reading.at.filter(|_| reading.signal.is_some()),
            evidence: reading.evidence,
            automatic: reading.automatic,
            is_unsure: self.doubts == Doubts::Keep
                && reading.doubt.is_some()
                && time(row.sent_at) > self.now - RECENT,
        })
    }

    /// What follows for a new contact. Others with the same number, and how fresh the source is, are not looked
    /// at: they can only make a contact wait longer, and whoever wakes a contact decides with all that is known.
    pub(super) fn derived<'b>(
        &self,
        batch: &'b Batch,
        contact_id: Piece,
        told: &StoredContact,
        rows: impl Iterator<Item = &'b Row>,
        messages: Vec<Message>,
    ) -> Derived {
        let contact = Contact {
            contact_id: batch.text(contact_id).to_owned(),
            phone: told.phone.0.clone(),
            email: told.email.0.clone(),
            timezone: told.timezone.0.clone(),
            addresses: rows
                .filter(|row| row.is_message)
                .filter_map(|row| Some((row.channel, batch.get(row.address)?.to_owned())))
                .collect(),
            ..Contact::default()
        };
        let thread = Thread {
            contact,
            messages,
            ..Thread::default()
        };
        Derived::of(&decide(self.policy, &thread, self.now))
    }
}

/// A row as a message, as far as a decision looks at it.
pub(super) fn message(
    batch: &Batch,
    row: &Row,
    seq: i64,
    found: Option<&Found>,
    policy: &Policy,
) -> Message {
    let signal = found.and_then(|found| {
        Some(Signal {
            kind: found.signal?,
            at: found.at,
            evidence: String::new(),
            zone: None,
            source: SignalSource::Rules,
        })
    });
    let has_conversation = policy.reach.values().any(|r| *r == Reach::Conversation);
    Message {
        sent_at: time(row.sent_at),
        seq,
        channel: row.channel,
        author: row.author,
        // A decision shows a text, and ties of equal times are told apart by it.
        text: batch.text(row.text).to_owned(),
        message_id: None,
        conversation_id: batch
            .get(row.conversation_id.filter(|_| has_conversation))
            .map(str::to_owned),
        status: None,
        signal,
        automatic: row.automatic || found.is_some_and(|f| f.automatic),
        ad_click: row.ad_click,
        source: 0,
    }
}
