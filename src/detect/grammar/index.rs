//! Finds beforehand with which words each rule can begin, so that a message asks only the rules that its words
//! call up.

use super::{
    ABROAD, BESIDE, COMMON, COUNTED, Grammar, NAMES_TIME, NUMBERS, STARTS, Slot, Speech, Want,
    WordSet,
};
use crate::detect::pattern::{Node, SlotId};
use crate::detect::vocabulary::{Vocabulary, WordId};

impl Grammar {
    pub(super) fn index(&mut self, nodes: &[Node]) {
        let words = self.vocabulary.len();
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
        self.anchored = vec![Vec::new(); words];
        let mut uses = vec![0_u32; words];
        for node in nodes {
            for word in anchor(node, &|_| 1).into_iter().flat_map(|a| a.words) {
                if let Some(n) = uses.get_mut(word as usize) {
                    *n += 1;
                }
            }
        }
        let cost = |word: WordId| {
            let common = self.common_in.get(word as usize).copied().unwrap_or(0);
            1 + 100 * common.count_ones()
        };
        for (i, node) in (0_u16..).zip(nodes) {
            let anchor = anchor(node, &cost).unwrap_or_else(|| Anchor {
                words: Vec::new(),
                lead: before_slot(node),
            });
            if anchor.words.is_empty() {
                self.anchored_by_time.push(i);
            }
            if let Some(intent) = self.intents.get_mut(usize::from(i)) {
                intent.lead = anchor.lead;
                intent.also = other(node, &anchor.words, &cost);
            }
            for word in anchor.words {
                if let Some(list) = self.anchored.get_mut(word as usize)
                    && !list.contains(&i)
                {
                    list.push(i);
                }
            }
        }
    }
}

/// The words with which every match of `node` begins, sorted, where that is certain.
pub(super) fn heads(node: &Node) -> Option<Box<[WordId]>> {
    let (mut words, mut slots) = (Vec::new(), Vec::new());
    if first(node, &mut words, &mut slots) || !slots.is_empty() || gaps(node) {
        return None;
    }
    words.sort_unstable();
    words.dedup();
    Some(words.into_boxed_slice())
}

/// The longest that a slot's words are taken to be.
const SLOT: u8 = 12;

/// The words of which one is in every match of a pattern, and how many tokens can stand before it.
struct Anchor {
    words: Vec<WordId>,
    lead: (u8, u8),
}

/// The anchor at the least cost; `None` where no word is certain.
fn anchor(node: &Node, cost: &dyn Fn(WordId) -> u32) -> Option<Anchor> {
    let weight = |anchor: &Anchor| anchor.words.iter().map(|w| cost(*w)).sum::<u32>();
    match node {
        Node::Word(words) => Some(Anchor {
            words: words.clone(),
            lead: (0, 0),
        }),
        Node::Seq(nodes) => {
            let mut before = (0_u8, 0_u8);
            let mut best: Option<Anchor> = None;
            for node in nodes {
                if let Some(mut found) = anchor(node, cost) {
                    found.lead = sum(found.lead, before);
                    if best.as_ref().is_none_or(|b| weight(&found) < weight(b)) {
                        best = Some(found);
                    }
                }
                before = sum(before, width(node));
            }
            best
        }
        Node::Alt(nodes) => {
            let mut all = Anchor {
                words: Vec::new(),
                lead: (u8::MAX, 0),
            };
            for node in nodes {
                let found = anchor(node, cost)?;
                all.words.extend(found.words);
                all.lead = (all.lead.0.min(found.lead.0), all.lead.1.max(found.lead.1));
            }
            Some(all)
        }
        Node::Number(_) | Node::Slot(_) | Node::Opt(_) | Node::Gap(_) | Node::Edge(_) => None,
    }
}

/// The slots that every match of a pattern has, as bits.
pub(super) fn needs(node: &Node) -> u64 {
    match node {
        Node::Slot(slot) => 1 << slot,
        Node::Seq(nodes) => nodes.iter().fold(0, |all, n| all | needs(n)),
        Node::Alt(nodes) => nodes.iter().fold(u64::MAX, |all, n| all & needs(n)),
        _ => 0,
    }
}

/// The words of which one, besides those that a match begins with, is in every match.
pub(super) fn also(node: &Node) -> WordSet {
    match node {
        Node::Seq(nodes) => {
            let rest: Vec<_> = nodes.iter().skip(1).cloned().collect();
            other(&Node::Seq(rest), &[], &|_| 1)
        }
        _ => WordSet::ALL,
    }
}

/// The words of which one more than the anchor is in every match.
fn other(node: &Node, anchored: &[WordId], cost: &dyn Fn(WordId) -> u32) -> WordSet {
    let Node::Seq(nodes) = node else {
        return WordSet::ALL;
    };
    let others = nodes
        .iter()
        .filter_map(|n| anchor(n, cost))
        .filter(|a| a.words != anchored)
        .min_by_key(|a| a.words.iter().map(|w| cost(*w)).sum::<u32>());
    let Some(other) = others else {
        return WordSet::ALL;
    };
    let mut set = WordSet::NONE;
    other.words.iter().for_each(|w| set.add(*w));
    set
}

/// How many tokens can stand before the first slot.
fn before_slot(node: &Node) -> (u8, u8) {
    match node {
        Node::Seq(nodes) => nodes
            .iter()
            .take_while(|n| !matches!(n, Node::Slot(_)))
            .map(width)
            .fold((0, 0), sum),
        Node::Alt(nodes) => (0, nodes.iter().map(|n| before_slot(n).1).max().unwrap_or(0)),
        _ => (0, 0),
    }
}

fn sum(a: (u8, u8), b: (u8, u8)) -> (u8, u8) {
    (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
}

/// How many tokens a match of `node` takes, at least and at most.
fn width(node: &Node) -> (u8, u8) {
    match node {
        Node::Word(_) | Node::Number(_) => (1, 1),
        Node::Slot(_) => (1, SLOT),
        Node::Gap(many) => (0, *many),
        Node::Edge(_) => (0, 0),
        Node::Opt(inner) => (0, width(inner).1),
        Node::Seq(nodes) => nodes.iter().map(width).fold((0, 0), sum),
        Node::Alt(nodes) => nodes
            .iter()
            .map(width)
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
            .unwrap_or_default(),
    }
}

/// The words (and slots) with which a match of `node` can begin; whether it can be empty.
fn first(node: &Node, words: &mut Vec<WordId>, slots: &mut Vec<SlotId>) -> bool {
    match node {
        Node::Word(some) => {
            words.extend_from_slice(some);
            false
        }
        Node::Number(_) => {
            slots.push(Slot::N as SlotId);
            false
        }
        Node::Slot(slot) => {
            slots.push(*slot);
            false
        }
        Node::Seq(nodes) => nodes.iter().all(|n| first(n, words, slots)),
        Node::Alt(nodes) => {
            let mut empty = false;
            for node in nodes {
                empty |= first(node, words, slots);
            }
            empty
        }
        Node::Opt(inner) => {
            first(inner, words, slots);
            true
        }
        Node::Gap(_) | Node::Edge(_) => true,
    }
}

/// Whether a match can begin with a word of any kind.
fn gaps(node: &Node) -> bool {
    match node {
        Node::Gap(_) => true,
        Node::Seq(nodes) => nodes
            .iter()
            .take_while(|n| !matches!(n, Node::Word(_) | Node::Number(_) | Node::Slot(_)))
            .any(gaps),
        Node::Alt(nodes) => nodes.iter().any(gaps),
        Node::Opt(inner) => gaps(inner),
        Node::Word(_) | Node::Number(_) | Node::Slot(_) | Node::Edge(_) => false,
    }
}

/// The slots that digits alone can fill.
const NUMERIC: [Slot; 15] = [
    Slot::Glued,
    Slot::Span,
    Slot::N,
    Slot::Digits,
    Slot::Period,
    Slot::Oclock,
    Slot::Dashed,
    Slot::Ordinal,
    Slot::Dom,
    Slot::Hour,
    Slot::Min,
    Slot::Year,
    Slot::Amount,
    Slot::Clock,
    Slot::Day,
];

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
        let mut starts: Vec<(WordId, SlotId, u16)> = Vec::new();
        for (rule, (slot, words, slots)) in (0_u16..).zip(&firsts) {
            let mut all = words.clone();
            let mut number = false;
            for other in slots {
                all.extend_from_slice(&first_words[usize::from(*other)]);
                number |= numeric[usize::from(*other)];
            }
            all.sort_unstable();
            all.dedup();
            starts.extend(all.into_iter().map(|word| (word, *slot as SlotId, rule)));
            if number {
                self.number_starts.push((*slot as SlotId, rule));
            }
        }
        self.number_starts.sort_unstable();
        starts.sort_unstable();
        self.start_of = (0..=words)
            .map(|word| starts.partition_point(|(w, _, _)| (*w as usize) < word))
            .map(|place| u32::try_from(place).unwrap_or(u32::MAX))
            .collect();
        self.starts = starts
            .into_iter()
            .map(|(_, slot, rule)| (slot, rule))
            .collect();
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

/// The words that are a whole match.
fn single(node: &Node, words: &mut Vec<WordId>) {
    match node {
        Node::Word(some) => words.extend_from_slice(some),
        Node::Alt(nodes) => nodes.iter().for_each(|n| single(n, words)),
        _ => {}
    }
}

/// Whether a pattern reads a number.
fn numeric(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Slot(slot) => NUMERIC.iter().any(|n| *n as SlotId == *slot),
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().any(numeric),
        Node::Opt(inner) => numeric(inner),
        Node::Word(_) | Node::Gap(_) | Node::Edge(_) => false,
    }
}

/// Every word of a pattern.
fn every(node: &Node, words: &mut Vec<WordId>) {
    match node {
        Node::Word(some) => words.extend_from_slice(some),
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().for_each(|n| every(n, words)),
        Node::Opt(inner) => every(inner, words),
        Node::Number(_) | Node::Slot(_) | Node::Gap(_) | Node::Edge(_) => {}
    }
}

/// Of the options that have no slot, the words; of several words in a row, the longest.
fn certain(node: &Node, words: &mut Vec<WordId>, length: &dyn Fn(WordId) -> usize) {
    fn has_slot(node: &Node) -> bool {
        match node {
            Node::Number(_) | Node::Slot(_) => true,
            Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().any(has_slot),
            Node::Opt(inner) => has_slot(inner),
            Node::Word(_) | Node::Gap(_) | Node::Edge(_) => false,
        }
    }
    match node {
        Node::Alt(nodes) => nodes.iter().for_each(|n| certain(n, words, length)),
        node if has_slot(node) => {}
        Node::Seq(nodes) => {
            let shortest = |n: &&Node| {
                let mut all = Vec::new();
                every(n, &mut all);
                all.into_iter().map(length).min().unwrap_or(0)
            };
            let sure = nodes.iter().filter(|n| !matches!(n, Node::Opt(_)));
            if let Some(node) = sure.max_by_key(shortest) {
                every(node, words);
            }
        }
        node => every(node, words),
    }
}
