//! Matches the steps of a pattern against a message's tokens, within a bound of steps.

use super::{Edge, Pattern, SlotId, Step};
use crate::detect::token::Token;
use crate::detect::vocabulary::UNKNOWN;

/// What a pattern is matched against.
pub(in crate::detect) trait Subject {
    /// What a slot's match means.
    type Value: Copy;
    /// The tokens.
    fn tokens(&self) -> &[Token];
    /// Whether the token at `at` goes on the phrase of the token before it.
    fn joined(&self, at: usize) -> bool;
    /// Whether a sentence or clause begins, or ends, before the token at `at`.
    fn edge(&self, at: usize, edge: Edge) -> bool;
    /// The matches of a slot at `at`: how many there are.
    fn slot(&mut self, slot: SlotId, at: usize) -> usize;
    /// The `index`-th match of a slot at `at`: where it ends and what it means.
    fn found(&self, slot: SlotId, at: usize, index: usize) -> Option<(usize, Self::Value)>;
}

/// How many slots of one match are kept.
const KEPT: usize = 6;

/// No match takes more steps: a bound, whatever the pattern and the text.
const BUDGET: u32 = 600;

/// The slots of a match, in order: where each is, and which of its readings.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::detect) struct Captures {
    items: [(SlotId, u8, u32); KEPT],
    len: u8,
}

impl Captures {
    /// In the order of the text: slot, place, number of the reading.
    pub(in crate::detect) fn iter(
        &self,
    ) -> impl Iterator<Item = (SlotId, usize, usize)> + Clone + '_ {
        self.items
            .iter()
            .take(usize::from(self.len))
            .map(|(slot, index, at)| (*slot, *at as usize, usize::from(*index)))
    }

    fn push(&mut self, slot: SlotId, at: usize, index: usize) {
        if let (Some(place), Ok(at), Ok(index)) = (
            self.items.get_mut(usize::from(self.len)),
            u32::try_from(at),
            u8::try_from(index),
        ) {
            *place = (slot, index, at);
            self.len += 1;
        }
    }
}

/// The longest match of `pattern` that begins at `at`: its end and its slots.
pub(in crate::detect) fn longest<S: Subject>(
    pattern: &Pattern,
    subject: &mut S,
    at: usize,
) -> Option<(usize, Captures)> {
    let mut machine = Machine {
        steps: pattern.steps(),
        subject,
        first: at,
        budget: BUDGET,
        kept: Captures::default(),
        best: None,
    };
    machine.run(0, at);
    machine.best
}

struct Machine<'a, S: Subject> {
    steps: &'a [Step],
    subject: &'a mut S,
    first: usize,
    budget: u32,
    /// The slots on the way to here.
    kept: Captures,
    best: Option<(usize, Captures)>,
}

impl<S: Subject> Machine<'_, S> {
    fn may_take(&self, at: usize) -> bool {
        at < self.subject.tokens().len() && (at == self.first || self.subject.joined(at))
    }

    fn run(&mut self, mut step: usize, mut at: usize) {
        loop {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match self.steps.get(step) {
                None => return,
                Some(Step::Match) => {
                    if self.best.as_ref().is_none_or(|(end, _)| at > *end) {
                        self.best = Some((at, self.kept));
                    }
                    return;
                }
                Some(Step::Word(words)) => {
                    let word = self.subject.tokens().get(at).map_or(UNKNOWN, |t| t.word);
                    if word == UNKNOWN || words.binary_search(&word).is_err() || !self.may_take(at)
                    {
                        return;
                    }
                    at += 1;
                    step += 1;
                }
                Some(Step::Number(number)) => {
                    let token = self.subject.tokens().get(at);
                    if token.and_then(Token::number) != Some(*number) || !self.may_take(at) {
                        return;
                    }
                    at += 1;
                    step += 1;
                }
                Some(Step::Jump(to)) => step = *to,
                Some(Step::Split(one, other)) => {
                    let other = *other;
                    self.run(*one, at);
                    step = other;
                }
                Some(Step::Switch(table, others)) => {
                    let word = self.subject.tokens().get(at).map_or(UNKNOWN, |t| t.word);
                    if word != UNKNOWN {
                        let from = table.partition_point(|(w, _)| *w < word);
                        for (_, to) in table.iter().skip(from).take_while(|(w, _)| *w == word) {
                            self.run(*to as usize, at);
                        }
                    }
                    for to in others {
                        self.run(*to as usize, at);
                    }
                    return;
                }
                Some(Step::Edge(edge)) => {
                    if !self.subject.edge(at, *edge) {
                        return;
                    }
                    step += 1;
                }
                Some(Step::Gap(many)) => {
                    let many = usize::from(*many);
                    for skipped in 0..many {
                        self.run(step + 1, at + skipped);
                        if !self.may_take(at + skipped) {
                            return;
                        }
                    }
                    at += many;
                    step += 1;
                }
                Some(Step::Slot(slot)) => {
                    let slot = *slot;
                    if !self.may_take(at) {
                        return;
                    }
                    let many = self.subject.slot(slot, at);
                    let before = self.kept.len;
                    for index in 0..many {
                        let Some((end, _)) = self.subject.found(slot, at, index) else {
                            continue;
                        };
                        self.kept.push(slot, at, index);
                        self.run(step + 1, end);
                        self.kept.len = before;
                    }
                    return;
                }
            }
        }
    }
}
