//! The rules of times that can begin with a word, found at once by word and slot.

use super::WordSet;
use crate::detect::pattern::SlotId;
use crate::detect::vocabulary::WordId;

/// A rule of times that can begin with a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) slot: SlotId,
    pub(super) rule: u16,
    /// The slots that every match that begins so has, as bits.
    pub(super) needs: u64,
    /// The words of which one, besides the first, is in every such match; everything where none is certain.
    pub(super) also: WordSet,
}

impl Start {
    /// What is certain when a match begins so or as `other` says.
    pub(super) fn or(&mut self, other: &Self) {
        self.needs &= other.needs;
        self.also.add_all(&other.also);
    }
}

/// All of them, in groups of one word and slot.
#[derive(Debug, Default)]
pub(super) struct Starts {
    all: Vec<Start>,
    /// By word: the slots that have a group, as bits, and the number of the first group.
    words: Vec<(u64, u32)>,
    /// By group: where it begins in `all`; and where the last one ends.
    groups: Vec<u32>,
}

impl Starts {
    /// Of a language that has this many words. What is said of one word and rule in several ways is put together.
    pub(super) fn new(words: usize, mut starts: Vec<(WordId, Start)>) -> Self {
        starts.sort_by_key(|(word, start)| (*word, start.slot, start.rule));
        let mut sorted = Self {
            all: Vec::with_capacity(starts.len()),
            words: vec![(0, 0); words],
            groups: Vec::new(),
        };
        let mut last = None;
        for (word, start) in starts {
            if last == Some((word, start.slot, start.rule))
                && let Some(kept) = sorted.all.last_mut()
            {
                kept.or(&start);
                continue;
            }
            last = Some((word, start.slot, start.rule));
            let here = u32::try_from(sorted.all.len()).unwrap_or(u32::MAX);
            let group = u32::try_from(sorted.groups.len()).unwrap_or(u32::MAX);
            if let Some((slots, first)) = sorted.words.get_mut(word as usize) {
                if *slots == 0 {
                    *first = group;
                }
                if *slots & 1 << start.slot == 0 {
                    *slots |= 1 << start.slot;
                    sorted.groups.push(here);
                }
            }
            sorted.all.push(start);
        }
        let end = u32::try_from(sorted.all.len()).unwrap_or(u32::MAX);
        sorted.groups.push(end);
        sorted
    }

    /// Those of a word and slot.
    pub(super) fn of(&self, word: WordId, slot: SlotId) -> &[Start] {
        let (slots, first) = self.words.get(word as usize).copied().unwrap_or((0, 0));
        if slots & 1 << slot == 0 {
            return &[];
        }
        let before = (slots & ((1 << slot) - 1)).count_ones();
        let group = (first + before) as usize;
        let place = |group: usize| self.groups.get(group).map_or(0, |p| *p as usize);
        self.all
            .get(place(group)..place(group + 1))
            .unwrap_or_default()
    }
}
