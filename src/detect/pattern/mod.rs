//! Patterns of words: how they are written in a language file, compiled, and matched.
//!
//! ```text
//! stop        the word, whatever its case and accents; a number is the number
//! [please]    may be missing
//! (a|b c)     one of these
//! <hour>      whatever the section or slot of that name matches
//! {contact}   the pattern that a `[let]` line of that name gives
//! ..3         up to three words of any kind
//! ^  $        the edge of a sentence or of a clause (fillers such as "sorry" do not count)
//! ^^ $$       the edge of the message
//! ```

mod compile;
mod machine;
mod parse;

use std::sync::{Arc, OnceLock};

use super::vocabulary::WordId;
use compile::compile;

pub(super) use machine::{Captures, Subject, longest};
pub(super) use parse::{Names, Node, parse};

/// The number of a slot: an index into the names of a language.
pub(super) type SlotId = u8;

/// An edge that a pattern asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// A sentence or clause begins here.
    Begins,
    /// A sentence or clause ends here.
    Ends,
    /// The message begins here.
    First,
    /// The message ends here.
    Last,
}

/// A pattern, compiled at its first use: a process that reads a few messages uses few.
#[derive(Debug)]
pub(super) struct Pattern {
    tree: Arc<Node>,
    steps: OnceLock<Box<[Step]>>,
}

impl Pattern {
    pub(super) const fn new(tree: Arc<Node>) -> Self {
        Self {
            tree,
            steps: OnceLock::new(),
        }
    }

    fn steps(&self) -> &[Step] {
        self.steps.get_or_init(|| compile(&self.tree))
    }
}

/// One step of a compiled pattern.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// One token that is one of these words (sorted).
    Word(Box<[WordId]>),
    /// This number.
    Number(u32),
    /// Whatever this slot matches.
    Slot(SlotId),
    /// Try the first, then the second.
    Split(usize, usize),
    /// Go on at every place that the token's word leads to (sorted by word), and at the places for any word.
    Switch(Box<[(WordId, u32)]>, Box<[u32]>),
    /// Go on there.
    Jump(usize),
    /// Up to so many tokens of any kind.
    Gap(u8),
    /// An edge.
    Edge(Edge),
    /// Done.
    Match,
}
