//! What is certain of every match of a pattern: the words and slots that it has, and with which it begins.

use super::{Heads, Slot, WordSet};
use crate::detect::pattern::{Node, SlotId};
use crate::detect::vocabulary::WordId;

/// With what every match of `node`, a pattern of an intent, begins.
pub(super) fn heads(node: &Node) -> Heads {
    let (mut words, mut slots) = (Vec::new(), Vec::new());
    if first(node, &mut words, &mut slots) || gaps(node) || slots.contains(&(Slot::Name as SlotId))
    {
        return Heads::ANYTHING;
    }
    let mut heads = Heads::NOTHING;
    words.into_iter().for_each(|word| heads.words.add(word));
    for slot in slots {
        let number = slot == Slot::N as SlotId;
        heads.number |= number;
        heads.time |= !number;
    }
    heads
}

/// The longest that a slot's words are taken to be.
const SLOT: u8 = 12;

/// The words of which one is in every match of a pattern, and how many tokens can stand before it.
pub(super) struct Anchor {
    pub(super) words: Vec<WordId>,
    pub(super) lead: (u8, u8),
}

/// The anchor at the least cost; `None` where no word is certain.
pub(super) fn anchor(node: &Node, cost: &dyn Fn(WordId) -> u32) -> Option<Anchor> {
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
                all.lead = widest(all.lead, found.lead);
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

/// One of the ways in which a match of a pattern can begin, and what is certain of the matches that begin so.
pub(super) struct Opening {
    /// The words with which they begin.
    pub(super) words: Vec<WordId>,
    /// The slots with which they begin.
    pub(super) slots: Vec<SlotId>,
    /// The slots that they have, as bits.
    pub(super) needs: u64,
    /// The words of which one, besides the first, is in them; everything where none is certain.
    pub(super) also: Also,
}

/// The ways in which a match of `node` can begin: with each of its options, and with or without what may be
/// missing.
pub(super) fn openings(node: &Node, cost: &dyn Fn(WordId) -> u32) -> Vec<Opening> {
    let mut all = Vec::new();
    match node {
        Node::Alt(nodes) => all.extend(nodes.iter().flat_map(|n| openings(n, cost))),
        Node::Opt(inner) => all = openings(inner, cost),
        Node::Seq(nodes) => {
            for (node, rest) in nodes.iter().zip(1..).map(|(n, i)| (n, nodes.get(i..))) {
                let rest = rest.unwrap_or_default();
                let behind = rest.iter().fold(0, |all, n| all | needs(n));
                let beside = rest.iter().filter_map(|n| anchor(n, cost));
                let beside = beside.map(|a| Also::one_of(&a.words, cost));
                let beside = beside
                    .min_by_key(|also| also.cost)
                    .unwrap_or(Also::ANYTHING);
                for mut opening in openings(node, cost) {
                    opening.needs |= behind;
                    if beside.cost < opening.also.cost {
                        opening.also = beside;
                    }
                    all.push(opening);
                }
                if !may_be_empty(node) {
                    break;
                }
            }
        }
        Node::Edge(_) | Node::Gap(_) => {}
        Node::Word(_) | Node::Number(_) | Node::Slot(_) => {
            let (mut words, mut slots) = (Vec::new(), Vec::new());
            first(node, &mut words, &mut slots);
            all.push(Opening {
                words,
                slots,
                needs: needs(node),
                also: Also::ANYTHING,
            });
        }
    }
    all
}

fn may_be_empty(node: &Node) -> bool {
    match node {
        Node::Word(_) | Node::Number(_) | Node::Slot(_) => false,
        Node::Seq(nodes) => nodes.iter().all(may_be_empty),
        Node::Alt(nodes) => nodes.iter().any(may_be_empty),
        Node::Opt(_) | Node::Gap(_) | Node::Edge(_) => true,
    }
}

/// The words of which one is in every match, and how often they are said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Also {
    pub(super) words: WordSet,
    cost: u32,
}

impl Also {
    /// None is certain.
    pub(super) const ANYTHING: Self = Self {
        words: WordSet::ALL,
        cost: u32::MAX,
    };

    fn one_of(words: &[WordId], cost: &dyn Fn(WordId) -> u32) -> Self {
        let mut also = Self {
            words: WordSet::NONE,
            cost: 0,
        };
        for word in words {
            also.words.add(*word);
            also.cost = also.cost.saturating_add(cost(*word));
        }
        also
    }
}

/// The patterns of which a match is one.
pub(super) fn options(node: &Node) -> &[Node] {
    match node {
        Node::Alt(nodes) => nodes,
        node => std::slice::from_ref(node),
    }
}

/// Whether every match of a pattern of an intent has a time.
pub(super) fn needs_time(node: &Node) -> bool {
    needs(node) & !(1 << Slot::N as SlotId | 1 << Slot::Name as SlotId) != 0
}

/// The words of which one more than the anchor is in every match.
pub(super) fn other(node: &Node, anchored: &[WordId], cost: &dyn Fn(WordId) -> u32) -> WordSet {
    let Node::Seq(nodes) = node else {
        return WordSet::ALL;
    };
    let others = nodes.iter().filter_map(|n| anchor(n, cost));
    others
        .filter(|a| a.words != anchored)
        .map(|a| Also::one_of(&a.words, cost))
        .min_by_key(|also| also.cost)
        .map_or(WordSet::ALL, |also| also.words)
}

/// How many tokens can stand before the first slot.
pub(super) fn before_slot(node: &Node) -> (u8, u8) {
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

/// The least and the most of two.
pub(super) fn widest(a: (u8, u8), b: (u8, u8)) -> (u8, u8) {
    (a.0.min(b.0), a.1.max(b.1))
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
        Node::Alt(nodes) => nodes.iter().map(width).reduce(widest).unwrap_or_default(),
    }
}

/// The words (and slots) with which a match of `node` can begin; whether it can be empty.
pub(super) fn first(node: &Node, words: &mut Vec<WordId>, slots: &mut Vec<SlotId>) -> bool {
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
pub(super) const NUMERIC: [Slot; 15] = [
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

/// The words that are a whole match.
pub(super) fn single(node: &Node, words: &mut Vec<WordId>) {
    match node {
        Node::Word(some) => words.extend_from_slice(some),
        Node::Alt(nodes) => nodes.iter().for_each(|n| single(n, words)),
        _ => {}
    }
}

/// Whether a pattern reads a number.
pub(super) fn numeric(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Slot(slot) => NUMERIC.iter().any(|n| *n as SlotId == *slot),
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().any(numeric),
        Node::Opt(inner) => numeric(inner),
        Node::Word(_) | Node::Gap(_) | Node::Edge(_) => false,
    }
}

/// Every word of a pattern.
pub(super) fn every(node: &Node, words: &mut Vec<WordId>) {
    match node {
        Node::Word(some) => words.extend_from_slice(some),
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().for_each(|n| every(n, words)),
        Node::Opt(inner) => every(inner, words),
        Node::Number(_) | Node::Slot(_) | Node::Gap(_) | Node::Edge(_) => {}
    }
}

/// Of the options that have no slot, the words; of several words in a row, the longest.
pub(super) fn certain(node: &Node, words: &mut Vec<WordId>, length: &dyn Fn(WordId) -> usize) {
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
