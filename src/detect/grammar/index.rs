//! Finds beforehand with which words each rule can begin, so that a message asks only the rules that its words
//! call up.

use super::shape::{
    Anchor, NUMERIC, anchor, before_slot, certain, every, first, numeric, other, single,
};
use super::{
    ABROAD, BESIDE, COMMON, COUNTED, Call, Grammar, NAMES_TIME, NUMBERS, STARTS, Slot, Speech,
    Start, Want,
};
use crate::detect::pattern::{Node, SlotId};
use crate::detect::vocabulary::{Vocabulary, WordId};

impl Grammar {
    pub(super) fn index(&mut self, nodes: &[Node], trees: &[Vec<(Slot, Node)>]) {
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
            let mut anchor = anchor(node, &cost).unwrap_or_else(|| Anchor {
                words: Vec::new(),
                lead: before_slot(node),
            });
            let call = Call {
                rule,
                lead: anchor.lead,
                whole: matches!(intent.want, Want::OptOutWord | Want::OptIn),
                also: other(node, &anchor.words, &cost),
            };
            if anchor.words.is_empty() {
                self.called_by_time.push(call);
            }
            anchor.words.sort_unstable();
            anchor.words.dedup();
            calls.extend(anchor.words.into_iter().map(|word| (word, call)));
        }
        calls.sort_by_key(|(word, call)| (*word, call.rule));
        self.calls_of = places(words, &calls, |(word, _)| *word);
        self.calls = calls.into_iter().map(|(_, call)| call).collect();
    }
}

impl Grammar {
    /// By word, the one language whose rules have it, as a bit; of longer words only.
    fn own_words(&self, nodes: &[Node], trees: &[Vec<(Slot, Node)>]) -> Vec<u8> {
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

impl Speech {
    pub(super) fn index(&mut self, trees: &[(Slot, Node)], vocabulary: &Vocabulary) {
        let words = vocabulary.len();
        let slots = Slot::COUNT;
        let mut first_words: Vec<Vec<WordId>> = vec![Vec::new(); slots];
        let mut numeric = vec![false; slots];
        for slot in NUMERIC {
            numeric[slot as usize] = true;
        }
        let firsts: Vec<_> = trees
            .iter()
            .map(|(slot, node)| {
                let (mut words, mut slots) = (Vec::new(), Vec::new());
                first(node, &mut words, &mut slots);
                (*slot, words, slots)
            })
            .collect();
        // What a slot can begin with depends on other slots: repeat until nothing is new.
        loop {
            let before: usize = first_words.iter().map(Vec::len).sum::<usize>()
                + numeric.iter().filter(|n| **n).count();
            for (slot, words, slots) in &firsts {
                let mut new = words.clone();
                for other in slots {
                    new.extend_from_slice(&first_words[usize::from(*other)]);
                    numeric[*slot as usize] |= numeric[usize::from(*other)];
                }
                merge(&mut first_words[*slot as usize], new);
            }
            for (slot, base) in BUILT_ON {
                let new = first_words[base as usize].clone();
                merge(&mut first_words[slot as usize], new);
            }
            let after: usize = first_words.iter().map(Vec::len).sum::<usize>()
                + numeric.iter().filter(|n| **n).count();
            if after == before {
                break;
            }
        }
        self.bits = vec![0; words];
        self.slots_of = vec![0; words];
        for (slot, words) in first_words.iter().enumerate() {
            for word in words {
                if let Some(slots) = self.slots_of.get_mut(*word as usize) {
                    *slots |= 1 << slot;
                }
            }
        }
        for (slot, _, slots) in &firsts {
            if slots.contains(&(*slot as SlotId)) {
                self.grows |= 1 << *slot as u32;
            }
        }
        self.numeric = (0..slots)
            .filter(|slot| numeric.get(*slot).copied().unwrap_or(false))
            .fold(0, |all, slot| all | 1 << slot);
        let mut starts: Vec<(WordId, Start)> = Vec::new();
        self.number_starts = vec![Vec::new(); slots];
        for ((rule, known), (slot, words, slots)) in (0_u16..).zip(&self.rules).zip(&firsts) {
            let start = Start {
                slot: *slot as SlotId,
                rule,
                needs: known.needs,
                also: known.also,
            };
            let mut all = words.clone();
            let mut number = false;
            for other in slots {
                all.extend_from_slice(&first_words[usize::from(*other)]);
                number |= numeric[usize::from(*other)];
            }
            all.sort_unstable();
            all.dedup();
            starts.extend(all.into_iter().map(|word| (word, start)));
            if number && let Some(starts) = self.number_starts.get_mut(*slot as usize) {
                starts.push(start);
            }
        }
        starts.sort_by_key(|(word, start)| (*word, start.slot, start.rule));
        self.start_of = places(words, &starts, |(word, _)| *word);
        self.starts = starts.into_iter().map(|(_, start)| start).collect();
        self.mark_bits(&first_words, trees, vocabulary);
    }

    fn mark_bits(
        &mut self,
        first_words: &[Vec<WordId>],
        trees: &[(Slot, Node)],
        vocabulary: &Vocabulary,
    ) {
        let mut set = |word: WordId, bit: u8| {
            if let Some(bits) = self.bits.get_mut(word as usize) {
                *bits |= bit;
            }
        };
        for slot in [
            Slot::Clock,
            Slot::Day,
            Slot::Period,
            Slot::Part,
            Slot::Time,
            Slot::N,
            Slot::Past,
            Slot::Nothing,
        ] {
            for word in &first_words[slot as usize] {
                set(*word, STARTS);
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
                && let Node::Word(words) = node
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

fn merge(into: &mut Vec<WordId>, new: Vec<WordId>) {
    into.extend(new);
    into.sort_unstable();
    into.dedup();
}

/// A keyword of so many letters is known when misspelt.
const LONG: usize = 9;
