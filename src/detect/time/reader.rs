//! Finds what a slot matches at a place, once per place.

use chrono::NaiveDateTime;

use super::build;
use super::numbers;
use super::value::Value;
use crate::detect::grammar::{Slot, Speech, WordSet};
use crate::detect::pattern::{Edge, SlotId, Subject, longest};
use crate::detect::token::{Kind, Token};

/// No place has more readings of one slot.
const READINGS: usize = 4;

/// An entry of the memo: where the readings are, how many, and whether it has been read at all.
const BITS: u32 = 5;
const READ: u32 = 1;

const fn many(packed: u32) -> usize {
    (packed >> 1 & 0xf) as usize
}

/// A message in the eyes of one language's rules of times.
pub(in crate::detect) struct Reader<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) speech: &'static Speech,
    /// What clocks showed when the message was sent.
    pub(super) now: NaiveDateTime,
    room: &'a mut Room,
}

/// Room for the reading of a message's times, to be used again for the next message.
#[derive(Debug, Default)]
pub(in crate::detect) struct Room {
    /// What stands from each place on to the end of its sentence: the slots that can begin, as bits, and the
    /// words.
    ahead: Vec<(u64, WordSet)>,
    /// By slot and place: where its readings are in `found`, and how many.
    memo: Vec<u32>,
    found: Found,
    /// Room for readings that are being put together.
    spare: Vec<Found>,
}

/// Readings: where each ends, what it means, by which rule.
pub(super) type Found = Vec<(usize, Value, &'static str)>;

impl<'a> Reader<'a> {
    pub(in crate::detect) fn new(
        tokens: &'a [Token],
        speech: &'static Speech,
        now: NaiveDateTime,
        room: &'a mut Room,
    ) -> Self {
        room.found.clear();
        room.memo.clear();
        room.memo.resize(tokens.len() * Slot::COUNT, 0);
        room.ahead.resize(tokens.len(), (0, WordSet::SOME));
        let (mut slots, mut words) = (0, WordSet::SOME);
        for (token, place) in tokens.iter().zip(&mut room.ahead).rev() {
            slots |= speech.slots_at(token);
            words.add(token.word);
            *place = (slots, words);
            if token.breaks {
                (slots, words) = (0, WordSet::SOME);
            }
        }
        Self {
            tokens,
            speech,
            now,
            room,
        }
    }

    /// The readings of `slot` at `at`, the longest first.
    pub(super) fn readings(&mut self, slot: Slot, at: usize) -> Found {
        let many = self.slot(slot as SlotId, at);
        let entries = (0..many).map(|i| self.entry(slot as SlotId, at, i));
        entries.flatten().collect()
    }

    /// The longest reading.
    pub(super) fn longest(
        &mut self,
        slot: Slot,
        at: usize,
    ) -> Option<(usize, Value, &'static str)> {
        self.slot(slot as SlotId, at);
        self.entry(slot as SlotId, at, 0)
    }

    /// The rules of which a reading was kept.
    #[cfg(test)]
    pub(in crate::detect) fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.room.found.iter().map(|(_, _, rule)| *rule)
    }

    /// The reading of this number that [`Subject::slot`] found.
    pub(super) fn entry(
        &self,
        slot: SlotId,
        at: usize,
        index: usize,
    ) -> Option<(usize, Value, &'static str)> {
        let packed = self
            .room
            .memo
            .get(at * Slot::COUNT + usize::from(slot))
            .copied()?;
        if index >= many(packed) {
            return None;
        }
        self.room
            .found
            .get((packed >> BITS) as usize + index)
            .copied()
    }

    /// Keeps the readings of a slot at a place; how many there are.
    fn keep(&mut self, key: usize, readings: &mut Found) -> usize {
        let from = self.room.found.len();
        let count = readings.len();
        self.room.found.append(readings);
        let packed = u32::try_from(from)
            .ok()
            .and_then(|f| f.checked_shl(BITS))
            .zip(u32::try_from(count).ok())
            .map_or(READ, |(f, c)| f | c << 1 | READ);
        if let Some(place) = self.room.memo.get_mut(key) {
            *place = packed;
        }
        many(packed)
    }

    /// Reads a slot at a place.
    fn read(&mut self, slot: SlotId, at: usize, out: &mut Found) {
        let Some(token) = self.tokens.get(at).copied() else {
            return;
        };
        if let Some(named) = Slot::at(usize::from(slot)) {
            numbers::built_in(self, named, at, out);
        }
        let speech = self.speech;
        let begin = (token.word, token.number().is_some());
        let (slots, words) = self
            .room
            .ahead
            .get(at)
            .copied()
            .unwrap_or((0, WordSet::NONE));
        for rule in speech.starting(slot, begin, (slots, &words)) {
            if let Some((end, kept)) = longest(&rule.pattern, self, at)
                && let Some(value) = build::act(self, rule, &kept)
            {
                out.push((end, value, rule.label));
            }
        }
        out.sort_by_key(|(end, _, _)| std::cmp::Reverse(*end));
        out.dedup_by_key(|(end, _, _)| *end);
        out.truncate(READINGS);
    }
}

impl Subject for Reader<'_> {
    type Value = Value;

    fn tokens(&self) -> &[Token] {
        self.tokens
    }

    fn joined(&self, at: usize) -> bool {
        let (Some(token), Some(before)) = (
            self.tokens.get(at),
            at.checked_sub(1).and_then(|b| self.tokens.get(b)),
        ) else {
            return true;
        };
        if token.breaks {
            return false;
        }
        if !token.dot {
            return true;
        }
        match before.kind {
            Kind::Word => before.len() <= 4,
            Kind::Number(_) => {
                self.speech.dotted_ordinal
                    || before.len() <= 2 && self.speech.begins(Slot::Month as SlotId, token.word)
            }
            Kind::Sign(_) => false,
        }
    }

    fn edge(&self, at: usize, edge: Edge) -> bool {
        match edge {
            Edge::Begins => at == 0 || !self.joined(at),
            Edge::Ends => at == self.tokens.len() || !self.joined(at),
            Edge::First => at == 0,
            Edge::Last => at == self.tokens.len(),
        }
    }

    fn slot(&mut self, slot: SlotId, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else {
            return 0;
        };
        let number = matches!(token.kind, Kind::Number(_));
        if !self.speech.can_start(slot, token.word, number) {
            return 0;
        }
        let key = at * Slot::COUNT + usize::from(slot);
        match self.room.memo.get(key) {
            None => return 0,
            Some(0) => {}
            Some(packed) => return many(*packed),
        }
        // A slot that begins with itself finds nothing the first time; what is found then may grow once.
        if let Some(place) = self.room.memo.get_mut(key) {
            *place = READ;
        }
        let mut readings = self.room.spare.pop().unwrap_or_default();
        self.read(slot, at, &mut readings);
        if !readings.is_empty() && self.speech.grows(slot) {
            self.keep(key, &mut readings);
            self.read(slot, at, &mut readings);
        }
        let many = self.keep(key, &mut readings);
        self.room.spare.push(readings);
        many
    }

    fn found(&self, slot: SlotId, at: usize, index: usize) -> Option<(usize, Value)> {
        self.entry(slot, at, index)
            .map(|(end, value, _)| (end, value))
    }
}
