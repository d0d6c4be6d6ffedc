//! Finds beforehand with which words each rule can begin, so that a message asks only the rules that its words
//! call up.

use std::sync::Arc;

use super::shape::{
    Anchor, NUMERIC, anchor, before_slot, certain, every, needs_time, numeric, openings, options,
    other, single, widest,
};
use super::{
    ABROAD, BESIDE, COMMON, COUNTED, Call, Grammar, NAMES_TIME, NUMBERS, STARTS, Slot, Speech,
    Start, Starts, Want,
};
use crate::detect::pattern::{Node, SlotId};
use crate::detect::vocabulary::{Vocabulary, WordId};

impl Grammar {
    pub(super) fn index(&mut self, nodes: &[Arc<Node>], trees: &[Vec<(Slot, Arc<Node>)>]) {
        let words = self.vocabulary.len();
        self.own_in = self.own_words(nodes, trees);
        self.common_in = vec![0; words];
        self.abroad_in = vec![0; words];
        self.fillers = vec![0; words];
        for (i, speech) in self.speeches.iter().enumerate() {
            let bit = 1_u8 << i;
            for word in 0..words {
                let bits = speech.bits.get(word).copied().unwrap_or(0);
                if bits & COMMON != 0
                    && let Some(slot) = self.common_in.get_mut(word)
                {
                    *slot |= bit;
                }
                if bits & ABROAD != 0
                    && self
                        .vocabulary
                        .word(u32::try_from(word).unwrap_or(0))
                        .chars()
                        .count()
                        >= 5
                    && let Some(slot) = self.abroad_in.get_mut(word)
                {
                    *slot |= bit;
                }
            }
            for (word, slots) in speech.slots_of.iter().enumerate() {
                if slots & (1 << Slot::Filler as u32) != 0
                    && let Some(filler) = self.fillers.get_mut(word)
                {
                    *filler |= bit;
                }
            }
        }
        for (intent, node) in self.intents.iter().zip(nodes) {
            if intent.want == Want::OptOutWord {
                let mut alone = Vec::new();
                single(node, &mut alone);
                alone.retain(|w| self.vocabulary.word(*w).len() >= LONG);
                self.long_keywords.extend(alone);
            }
        }
        let cost = |word: WordId| {
            let common = self.common_in.get(word as usize).copied().unwrap_or(0);
            1 + 100 * common.count_ones()
        };
        let mut calls: Vec<(WordId, Call)> = Vec::new();
        for (rule, (intent, node)) in (0_u16..).zip(self.intents.iter().zip(nodes)) {
            let call = |lead, option, anchored: &[WordId]| Call {
                rule,
                lead,
                whole: matches!(intent.want, Want::OptOutWord | Want::OptIn),
                timed: needs_time(option),
                also: other(option, anchored, &cost),
            };
            let options = options(node);
            let anchors: Option<Vec<Anchor>> = options.iter().map(|o| anchor(o, &cost)).collect();
            let Some(anchors) = anchors else {
                self.called_by_time.push(call(before_slot(node), node, &[]));
                continue;
            };
            let leads = anchors.iter().map(|a| a.lead);
            let lead = leads.reduce(widest).unwrap_or_default();
            for (option, Anchor { words, .. }) in options.iter().zip(anchors) {
                let call = call(lead, option, &words);
                calls.extend(words.into_iter().map(|word| (word, call)));
            }
        }
        calls.sort_by_key(|(word, call)| (*word, call.rule));
        calls.dedup_by(|(word, call), (known, kept)| {
            let same = word == known && call.rule == kept.rule;
            if same {
                kept.timed &= call.timed;
                kept.also.add_all(&call.also);
            }
            same
        });
        self.calls_of = places(words, &calls, |(word, _)| *word);
        self.calls = calls.into_iter().map(|(_, call)| call).collect();
    }
}

impl Grammar {
    /// By word, the one language whose rules have it, as a bit; of longer words only.
    fn own_words(&self, nodes: &[Arc<Node>], trees: &[Vec<(Slot, Arc<Node>)>]) -> Vec<u8> {
        let mut languages = vec![0_u8; self.vocabulary.len()];
        let of_intents = self.intents.iter().zip(nodes);
        let of_intents = of_intents.map(|(intent, node)| (intent.language as usize, node));
        let of_slots = trees.iter().enumerate();
        let of_slots = of_slots.flat_map(|(i, trees)| trees.iter().map(move |(_, node)| (i, node)));
        let mut known = Vec::new();
        for (language, node) in of_intents.chain(of_slots) {
            known.clear();
            every(node, &mut known);
            for word in &known {
                if let Some(bits) = languages.get_mut(*word as usize) {
                    *bits |= 1 << language;
                }
            }
        }
        for (word, bits) in (0..).zip(&mut languages) {
            if bits.count_ones() != 1 || self.vocabulary.word(word).chars().count() < OWN {
                *bits = 0;
            }
        }
        languages
    }
}

/// Shorter words are known in too many languages to be one's own.
const OWN: usize = 4;

/// Where what belongs to each word begins, in a list sorted by word.
fn places<T>(words: usize, sorted: &[T], word: impl Fn(&T) -> WordId) -> Vec<u32> {
    (0..=words)
        .map(|w| sorted.partition_point(|item| (word(item) as usize) < w))
        .map(|place| u32::try_from(place).unwrap_or(u32::MAX))
        .collect()
}

/// The slots that a built-in reader fills from another slot's words.
const BUILT_ON: [(Slot, Slot); 11] = [
    (Slot::Ordinal, Slot::N),
    (Slot::Oclock, Slot::N),
    (Slot::Oclock, Slot::Hour),
    (Slot::Dom, Slot::N),
    (Slot::Dom, Slot::Ordinal),
    (Slot::Hour, Slot::N),
    (Slot::Min, Slot::N),
    (Slot::Year, Slot::N),
    (Slot::Amount, Slot::N),
    (Slot::N, Slot::Thousand),
    (Slot::Clock, Slot::N),
];

/// The slots with which a time can begin.
const ALONE: [Slot; 8] = [
    Slot::Clock,
    Slot::Day,
    Slot::Period,
    Slot::Part,
    Slot::Time,
    Slot::N,
    Slot::Past,
    Slot::Nothing,
];

impl Speech {
    pub(super) fn index(&mut self, trees: &[(Slot, Arc<Node>)], vocabulary: &Vocabulary) {
        let words = vocabulary.len();
        let cost = Self::cost(trees, words);
        let openings: Vec<_> = trees
            .iter()
            .map(|(slot, node)| (*slot, openings(node, &cost)))
            .collect();
        // By slot, the slots that can begin with whatever it begins with, as bits.
        let mut begun_by: Vec<u64> = (0..Slot::COUNT).map(|slot| 1 << slot).collect();
        for (slot, base) in BUILT_ON {
            begun_by[base as usize] |= 1 << slot as u64;
        }
        for (slot, opening) in openings
            .iter()
            .flat_map(|(s, all)| all.iter().map(|o| (*s, o)))
        {
            for base in &opening.slots {
                begun_by[usize::from(*base)] |= 1 << slot as u64;
            }
            if opening.slots.contains(&(slot as SlotId)) {
                self.grows |= 1 << slot as u64;
            }
        }
        for through in 0..Slot::COUNT {
            let more = begun_by[through];
            let reach = begun_by.iter_mut().filter(|b| **b & 1 << through != 0);
            reach.for_each(|bits| *bits |= more);
        }
        self.numeric = NUMERIC.iter().fold(0, |all, s| all | begun_by[*s as usize]);
        self.slots_of = vec![0; words];
        for (slot, openings) in &openings {
            for word in openings.iter().flat_map(|o| &o.words) {
                if let Some(slots) = self.slots_of.get_mut(*word as usize) {
                    *slots |= begun_by[*slot as usize];
                }
            }
        }
        let mut first_words: Vec<Vec<WordId>> = vec![Vec::new(); Slot::COUNT];
        for (word, slots) in (0..).zip(&self.slots_of) {
            let slots = (0..)
                .zip(&mut first_words)
                .filter(|(s, _)| slots & 1 << s != 0);
            slots.for_each(|(_, words)| words.push(word));
        }
        self.number_starts = vec![Vec::new(); Slot::COUNT];
        let mut starts: Vec<(WordId, Start)> = Vec::new();
        for (rule, (slot, openings)) in (0_u16..).zip(&openings) {
            let mut by_number: Option<Start> = None;
            for opening in openings {
                let start = Start {
                    slot: *slot as SlotId,
                    rule,
                    needs: opening.needs,
                    also: opening.also.words,
                };
                let more = opening.slots.iter().map(|s| usize::from(*s));
                let of_slots = more.clone().flat_map(|s| &first_words[s]);
                let words = opening.words.iter().chain(of_slots);
                starts.extend(words.map(|word| (*word, start)));
                if more.clone().any(|s| self.numeric & 1 << s != 0) {
                    by_number.get_or_insert(start).or(&start);
                }
            }
            if let Some(starts) = self.number_starts.get_mut(*slot as usize) {
                starts.extend(by_number);
            }
        }
        self.starts = Starts::new(words, starts);
        self.mark_bits(trees, vocabulary);
    }

    /// How often a word is said, roughly.
    fn cost(trees: &[(Slot, Arc<Node>)], words: usize) -> impl Fn(WordId) -> u32 + use<> {
        let mut costs = vec![1; words];
        for (_, node) in trees.iter().filter(|(slot, _)| *slot == Slot::Common) {
            let mut common = Vec::new();
            every(node, &mut common);
            for word in common {
                if let Some(cost) = costs.get_mut(word as usize) {
                    *cost = 100;
                }
            }
        }
        move |word| costs.get(word as usize).copied().unwrap_or(1)
    }

    fn mark_bits(&mut self, trees: &[(Slot, Arc<Node>)], vocabulary: &Vocabulary) {
        self.bits = vec![0; vocabulary.len()];
        let mut set = |word: WordId, bit: u8| {
            if let Some(bits) = self.bits.get_mut(word as usize) {
                *bits |= bit;
            }
        };
        let begins = ALONE.iter().fold(0, |all, s| all | 1 << *s as u64);
        for (word, slots) in (0..).zip(&self.slots_of) {
            if slots & begins != 0 {
                set(word, STARTS);
            }
        }
        for (slot, node) in trees {
            let bit = match slot {
                Slot::Common => COMMON,
                Slot::Weekday | Slot::Part => NAMES_TIME | ABROAD,
                Slot::Unit | Slot::Month | Slot::Holiday => NAMES_TIME,
                Slot::N | Slot::Ordinal => NUMBERS,
                Slot::Mark | Slot::WeakMark | Slot::Meridiem | Slot::Suffix => BESIDE,
                Slot::Counted => COUNTED,
                Slot::Day | Slot::Period | Slot::Time | Slot::Clock => {
                    // Words without a slot beside them: "tomorrow", "noon".
                    let mut words = Vec::new();
                    certain(node, &mut words, &|w| vocabulary.word(w).len());
                    for word in words {
                        set(word, NAMES_TIME);
                    }
                    if numeric(node) {
                        let mut words = Vec::new();
                        every(node, &mut words);
                        words.into_iter().for_each(|w| set(w, BESIDE));
                    }
                    continue;
                }
                _ => continue,
            };
            let mut words = Vec::new();
            if bit & NAMES_TIME != 0 {
                certain(node, &mut words, &|w| vocabulary.word(w).len());
            } else {
                every(node, &mut words);
            }
            for word in words {
                set(word, bit);
            }
        }
        let mut relative = Vec::new();
        for (slot, node) in trees {
            if *slot == Slot::Day
                && let Node::Word(words) = &**node
            {
                relative.extend_from_slice(words);
            }
        }
        for word in relative {
            set(word, NAMES_TIME | ABROAD);
        }
        // A common word of the language shows nothing by itself.
        for bits in &mut self.bits {
            if *bits & COMMON != 0 {
                *bits &= !(NAMES_TIME | ABROAD);
            }
            if *bits & (NAMES_TIME | BESIDE) != 0 {
                *bits &= !COUNTED;
            }
        }
    }
}

/// A keyword of so many letters is known when misspelt.
const LONG: usize = 9;
