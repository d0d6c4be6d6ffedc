//! The rules of all languages, read once from their files, at the first message.
//!
//! A language file is text, one rule a line; `languages/en.rules` explains the form at its top. What a line
//! means is decided by its `[section]`: a section of times says `MEANING = words | words`, a section of
//! intents only the words. Lines with `>` are examples of the line above, run as tests; `x` starts a counter-example.

mod index;
mod meaning;
mod names;
mod read;
mod shape;
mod starts;

use std::sync::LazyLock;

use super::pattern::{Pattern, SlotId};
use super::time::value::{Act, Bound};
use super::token::Token;
use super::vocabulary::{UNKNOWN, Vocabulary, WordId};
use crate::model::Language;

pub(super) use names::{Slot, Want};
#[cfg(test)]
pub(super) use read::known_section;
use starts::{Start, Starts};

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    pub(super) act: Act,
    pub(super) bound: Bound,
    /// As written.
    pub(super) label: &'static str,
}

/// An intent rule.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) pattern: Pattern,
    pub(super) want: Want,
    pub(super) heads: Heads,
    pub(super) language: Language,
    /// It holds in questions too.
    pub(super) asks: bool,
    pub(super) label: &'static str,
}

/// With what a match of an intent rule can begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    words: WordSet,
    /// A number.
    number: bool,
    /// A time.
    time: bool,
}

impl Heads {
    const NOTHING: Self = Self {
        words: WordSet::NONE,
        number: false,
        time: false,
    };
    const ANYTHING: Self = Self {
        words: WordSet::ALL,
        number: true,
        time: true,
    };

    /// Whether a match may begin with a token, at which a time may begin.
    pub(super) fn fit(&self, token: &Token, begins_time: bool) -> bool {
        self.words.has(token.word)
            || self.number && token.number().is_some()
            || self.time && begins_time
    }
}

/// A rough set of words: one that it lacks is not in it, one that it has may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordSet([u64; 4]);

impl WordSet {
    /// Nothing.
    pub(super) const NONE: Self = Self([0; 4]);
    /// Everything.
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    /// One bit at least, for what meets everything.
    pub(super) const SOME: Self = Self([1, 0, 0, 0]);

    /// The words of these tokens.
    pub(super) fn of(tokens: &[Token]) -> Self {
        let mut set = Self::SOME;
        let known = tokens.iter().filter(|t| t.word != UNKNOWN);
        known.for_each(|t| set.add(t.word));
        set
    }

    const fn bit(word: WordId) -> u32 {
        word.wrapping_mul(0x9e37_79b1) >> 24
    }

    /// Whether it may have a word.
    pub(super) fn has(&self, word: WordId) -> bool {
        let bit = Self::bit(word);
        let part = self.0.get((bit >> 6) as usize);
        part.is_some_and(|part| part >> (bit & 63) & 1 != 0)
    }

    /// Adds a word.
    pub(super) fn add(&mut self, word: WordId) {
        let bit = Self::bit(word);
        if let Some(part) = self.0.get_mut((bit >> 6) as usize) {
            *part |= 1 << (bit & 63);
        }
    }

    /// Adds the words of another set.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (part, more) in self.0.iter_mut().zip(other.0) {
            *part |= more;
        }
    }

    /// Whether a word may be in both.
    pub(super) const fn meets(&self, other: &Self) -> bool {
        let (Self([a, b, c, d]), Self([e, f, g, h])) = (self, other);
        *a & *e | *b & *f | *c & *g | *d & *h != 0
    }
}

/// An intent rule as a word calls it up: what a look at it needs, close together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Its number.
    pub(super) rule: u16,
    /// How many tokens, at least and at most, stand before the word.
    pub(super) lead: (u8, u8),
    /// It must be the whole message.
    pub(super) whole: bool,
    /// It needs a time.
    pub(super) timed: bool,
    /// The words of which one more is in every match that has the word; everything where none is certain.
    pub(super) also: WordSet,
}

/// Which of two numbers of a date is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

/// One language's rules of times.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) language: Language,
    pub(super) order: Order,
    /// `3.30` may be a time of day.
    pub(super) dotted_clock: bool,
    /// `15.` is an ordinal.
    pub(super) dotted_ordinal: bool,
    /// Greater ordinals are not written with letters: "3ro", but "21".
    pub(super) lettered_ordinals: u32,
    /// The word for one is an article too, and no hour by itself.
    pub(super) one_is_article: bool,
    /// What the recogniser calls the language.
    pub(super) recognised_as: &'static str,
    pub(super) rules: Vec<Rule>,
    /// The rules that can begin with a word.
    starts: Starts,
    /// The slots that can begin with a word, as bits; by word.
    slots_of: Vec<u64>,
    /// The slots of which a rule begins with the slot itself ("Friday early"), as bits.
    grows: u64,
    /// The rules that can begin with a number, by slot.
    number_starts: Vec<Vec<Start>>,
    /// The slots that can begin with a number, as bits.
    numeric: u64,
    /// Whether a word can begin a time or a part of one, by word; see [`STARTS`] and [`NAMES_TIME`].
    bits: Vec<u8>,
}

/// A word can begin a rule.
pub(super) const STARTS: u8 = 1;

/// A word names a time: without one such word (or a number) there is no time in a message.
pub(super) const NAMES_TIME: u8 = 2;

/// A word is one of the language's common words.
pub(super) const COMMON: u8 = 4;

/// A word that shows a time also to readers of another language.
pub(super) const ABROAD: u8 = 8;
/// A word for a number.
pub(super) const NUMBERS: u8 = 16;
/// A word of a rule that reads a number: beside it, a number may be a time.
pub(super) const BESIDE: u8 = 32;
/// A word that a number counts when it is no time.
pub(super) const COUNTED: u8 = 64;

impl Speech {
    /// What is known of a word.
    pub(super) fn bits(&self, word: WordId) -> u8 {
        self.bits.get(word as usize).copied().unwrap_or(0)
    }

    /// Whether a slot can begin with this word, or with a number.
    pub(super) fn can_start(&self, slot: SlotId, word: WordId, number: bool) -> bool {
        let of_number = if number { self.numeric } else { 0 };
        let of_word = self.slots_of.get(word as usize).copied().unwrap_or(0);
        (of_number | of_word) & (1 << slot) != 0
    }

    /// The slots that can begin with this token, as bits.
    pub(super) fn slots_at(&self, token: &Token) -> u64 {
        let of_word = self.slots_of.get(token.word as usize).copied();
        let of_number = token.number().map_or(0, |_| self.numeric);
        of_word.unwrap_or(0) | of_number
    }

    /// Whether a rule of this slot begins with the slot itself.
    pub(super) const fn grows(&self, slot: SlotId) -> bool {
        self.grows & (1 << slot) != 0
    }

    /// The rules of a slot that can begin with this word, or with a number, in a message that has these slots
    /// and words.
    pub(super) fn starting<'a>(
        &'a self,
        slot: SlotId,
        (word, number): (WordId, bool),
        (slots, words): (u64, &'a WordSet),
    ) -> impl Iterator<Item = &'a Rule> {
        let of_number = self
            .number_starts
            .get(usize::from(slot))
            .filter(|_| number)
            .map_or(&[][..], Vec::as_slice);
        let of_word = self.starts.of(word, slot);
        of_word
            .iter()
            .chain(of_number)
            .filter(move |s| s.needs & !slots == 0 && s.also.meets(words))
            .filter_map(|s| self.rules.get(usize::from(s.rule)))
    }

    /// Whether a rule of a slot can begin with this word.
    pub(super) fn begins(&self, slot: SlotId, word: WordId) -> bool {
        self.starting(slot, (word, false), (u64::MAX, &WordSet::ALL))
            .next()
            .is_some()
    }
}

/// Everything.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) vocabulary: Vocabulary,
    pub(super) speeches: Vec<Speech>,
    pub(super) intents: Vec<Intent>,
    /// The intents that a word calls up, by word; `calls_of` says where each word's begin.
    calls: Vec<Call>,
    calls_of: Vec<u32>,
    /// The intents that no word calls up for certain, but a time.
    pub(super) called_by_time: Vec<Call>,
    /// The languages in which a word is common, as bits; by word.
    pub(super) common_in: Vec<u8>,
    /// The languages in which a word, and no common word of another, names a time.
    pub(super) abroad_in: Vec<u8>,
    /// The one language whose rules alone have a word, as a bit; by word.
    pub(super) own_in: Vec<u8>,
    /// The opt-out keywords that are long enough to be known when misspelt.
    pub(super) long_keywords: Vec<WordId>,
    /// The languages in which a word is a filler, as bits; by word.
    pub(super) fillers: Vec<u8>,
}

impl Grammar {
    /// The intents that a word calls up.
    pub(super) fn called_by(&self, word: WordId) -> &[Call] {
        let place = |i: usize| self.calls_of.get(i).map_or(0, |p| *p as usize);
        self.calls
            .get(place(word as usize)..place(word as usize + 1))
            .unwrap_or_default()
    }

    /// The languages in which a word is a filler, as bits.
    pub(super) fn filler_in(&self, word: WordId) -> u8 {
        self.fillers.get(word as usize).copied().unwrap_or(0)
    }
}

/// The rules; read at the first use. A file that does not read is a defect that the tests find; its lines are
/// then left out.
pub(super) static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::build(&mut Vec::new()));

/// A fault in a language file, in words.
pub(super) type Fault = String;
