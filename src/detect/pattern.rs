//! Patterns of words: how they are written in a language file, compiled, and matched.
//!
//! ```text
//! stop        the word, whatever its case and accents
//! [please]    may be missing
//! (a|b c)     one of these
//! <hour>      whatever the section or slot of that name matches
//! {contact}   the pattern that a `[let]` line of that name gives
//! ..3         up to three words of any kind
//! ^  $        the edge of a sentence or of a clause (fillers such as "sorry" do not count)
//! ^^ $$       the edge of the message
//! ```

use super::token::{Token, fold_word};
use super::vocabulary::{UNKNOWN, Vocabulary, WordId};

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

/// One step of a compiled pattern.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// One token that is one of these words (sorted).
    Word(Box<[WordId]>),
    /// Whatever this slot matches.
    Slot(SlotId),
    /// Try the first, then the second.
    Split(usize, usize),
    /// Go on at every place that the token's word leads to (sorted by word), and at the places for any word.
    Switch(Box<[(WordId, usize)]>, Box<[usize]>),
    /// Go on there.
    Jump(usize),
    /// Up to so many tokens of any kind.
    Gap(u8),
    /// An edge.
    Edge(Edge),
    /// Done.
    Match,
}

/// A pattern as a tree; the compiler's middle form.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Word(Vec<WordId>),
    Slot(SlotId),
    Seq(Vec<Self>),
    Alt(Vec<Self>),
    Opt(Box<Self>),
    Gap(u8),
    Edge(Edge),
}

/// What a pattern may refer to.
pub(super) trait Names {
    /// The slot of this name.
    fn slot(&mut self, name: &str) -> Result<SlotId, String>;
    /// The pattern of this `[let]` name.
    fn named(&self, name: &str) -> Result<Node, String>;
    /// The vocabulary.
    fn vocabulary(&mut self) -> &mut Vocabulary;
}

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parse(text: &str, names: &mut dyn Names) -> Result<Node, String> {
    let mut rest = text.trim();
    let node = alternatives(&mut rest, names)?;
    if rest.is_empty() {
        Ok(node)
    } else {
        Err(format!("`{rest}` is left over"))
    }
}

fn alternatives(rest: &mut &str, names: &mut dyn Names) -> Result<Node, String> {
    let mut options = vec![sequence(rest, names)?];
    while let Some(after) = rest.strip_prefix('|') {
        *rest = after;
        options.push(sequence(rest, names)?);
    }
    if options.len() == 1 {
        return options.pop().ok_or_else(String::new);
    }
    // All options of one word are one set.
    let mut words = Vec::new();
    options.retain(|option| match option {
        Node::Word(some) => {
            words.extend_from_slice(some);
            false
        }
        _ => true,
    });
    if options.is_empty() {
        return Ok(Node::Word(words));
    }
    if !words.is_empty() {
        options.push(Node::Word(words));
    }
    Ok(Node::Alt(options))
}

fn sequence(rest: &mut &str, names: &mut dyn Names) -> Result<Node, String> {
    let mut nodes = Vec::new();
    loop {
        *rest = rest.trim_start();
        let Some(c) = rest.chars().next() else { break };
        match c {
            '|' | ')' | ']' => break,
            '(' => nodes.push(bracketed(rest, ')', names)?),
            '[' => nodes.push(Node::Opt(Box::new(bracketed(rest, ']', names)?))),
            '<' => nodes.push(Node::Slot(names.slot(enclosed(rest, '>')?)?)),
            '{' => nodes.push(names.named(enclosed(rest, '}')?)?),
            _ => word(rest, &mut nodes, names)?,
        }
    }
    match nodes.len() {
        0 => Err("an empty pattern".to_owned()),
        1 => nodes.pop().ok_or_else(String::new),
        _ => Ok(Node::Seq(nodes)),
    }
}

fn bracketed(rest: &mut &str, close: char, names: &mut dyn Names) -> Result<Node, String> {
    *rest = rest.get(1..).unwrap_or_default();
    let node = alternatives(rest, names)?;
    *rest = rest
        .strip_prefix(close)
        .ok_or_else(|| format!("`{close}` is missing"))?;
    Ok(node)
}

fn enclosed<'a>(rest: &mut &'a str, close: char) -> Result<&'a str, String> {
    let inner = rest.get(1..).unwrap_or_default();
    let (name, after) = inner
        .split_once(close)
        .ok_or_else(|| format!("`{close}` is missing"))?;
    *rest = after;
    Ok(name)
}

fn word(rest: &mut &str, nodes: &mut Vec<Node>, names: &mut dyn Names) -> Result<(), String> {
    let end = rest
        .find(|c: char| c.is_whitespace() || "|()[]<>{}".contains(c))
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    match text {
        "^" => nodes.push(Node::Edge(Edge::Begins)),
        "$" => nodes.push(Node::Edge(Edge::Ends)),
        "^^" => nodes.push(Node::Edge(Edge::First)),
        "$$" => nodes.push(Node::Edge(Edge::Last)),
        _ if text.contains('?') => {
            return Err(format!("`{text}`: what may be missing is written `[so]`"));
        }
        "" => return Err(format!("unexpected `{rest}`")),
        _ => {
            if let Some(many) = text.strip_prefix("..") {
                nodes.push(Node::Gap(many.parse().map_err(|_| {
                    format!("`{text}`: write how many words, as in `..3`")
                })?));
                return Ok(());
            }
            for part in words_of(text) {
                let id = names.vocabulary().add(&part);
                nodes.push(Node::Word(vec![id]));
            }
        }
    }
    Ok(())
}

/// The words of a written word, as a message would be cut: "don't" is one, "après-midi" two.
fn words_of(text: &str) -> Vec<String> {
    let text = text.replace('’', "'");
    if text.chars().all(|c| !c.is_alphanumeric()) {
        return vec![text];
    }
    let nothing = Vocabulary::default();
    super::token::tokens(&text, &nothing)
        .iter()
        .map(|t| fold_word(text.get(t.start..t.end).unwrap_or_default()))
        .map(|w| w.replace('\'', ""))
        .collect()
}

/// Compiles a tree.
pub(super) fn compile(node: &Node) -> Box<[Step]> {
    let mut steps = Vec::new();
    emit(node, &mut steps);
    steps.push(Step::Match);
    steps.into_boxed_slice()
}

fn emit(node: &Node, steps: &mut Vec<Step>) {
    match node {
        Node::Word(words) => {
            let mut words = words.clone();
            words.sort_unstable();
            words.dedup();
            steps.push(Step::Word(words.into_boxed_slice()));
        }
        Node::Slot(slot) => steps.push(Step::Slot(*slot)),
        Node::Gap(many) => steps.push(Step::Gap(*many)),
        Node::Edge(edge) => steps.push(Step::Edge(*edge)),
        Node::Seq(nodes) => nodes.iter().for_each(|n| emit(n, steps)),
        Node::Opt(inner) => {
            let split = steps.len();
            steps.push(Step::Match);
            emit(inner, steps);
            let end = steps.len();
            if let Some(slot) = steps.get_mut(split) {
                *slot = Step::Split(split + 1, end);
            }
        }
        Node::Alt(nodes) => {
            let switch = steps.len();
            steps.push(Step::Match);
            let (mut table, mut others) = (Vec::new(), Vec::new());
            let mut jumps = Vec::new();
            for option in nodes {
                let start = steps.len();
                match head(option) {
                    Some(words) => table.extend(words.iter().map(|w| (*w, start))),
                    None => others.push(start),
                }
                emit(option, steps);
                jumps.push(steps.len());
                steps.push(Step::Match);
            }
            table.sort_unstable();
            table.dedup();
            if let Some(slot) = steps.get_mut(switch) {
                *slot = Step::Switch(table.into_boxed_slice(), others.into_boxed_slice());
            }
            let end = steps.len();
            for jump in jumps {
                if let Some(slot) = steps.get_mut(jump) {
                    *slot = Step::Jump(end);
                }
            }
        }
    }
}

/// The words with which every match of `node` begins, where that is certain.
fn head(node: &Node) -> Option<&[WordId]> {
    match node {
        Node::Word(words) => Some(words),
        Node::Seq(nodes) => nodes.first().and_then(head),
        _ => None,
    }
}

/// What a pattern is matched against.
pub(super) trait Subject {
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
pub(super) struct Captures {
    items: [(SlotId, u8, u32); KEPT],
    len: u8,
}

impl Captures {
    /// In the order of the text: slot, place, number of the reading.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SlotId, usize, usize)> + Clone + '_ {
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

/// The longest match of `steps` that begins at `at`: its end and its slots.
pub(super) fn longest<S: Subject>(
    steps: &[Step],
    subject: &mut S,
    at: usize,
) -> Option<(usize, Captures)> {
    let mut machine = Machine {
        steps,
        subject,
        first: at,
        budget: BUDGET,
        best: None,
    };
    machine.run(0, at, Captures::default());
    machine.best
}

struct Machine<'a, S: Subject> {
    steps: &'a [Step],
    subject: &'a mut S,
    first: usize,
    budget: u32,
    best: Option<(usize, Captures)>,
}

impl<S: Subject> Machine<'_, S> {
    fn may_take(&self, at: usize) -> bool {
        at < self.subject.tokens().len() && (at == self.first || self.subject.joined(at))
    }

    fn run(&mut self, mut step: usize, mut at: usize, kept: Captures) {
        loop {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match self.steps.get(step) {
                None => return,
                Some(Step::Match) => {
                    if self.best.as_ref().is_none_or(|(end, _)| at > *end) {
                        self.best = Some((at, kept));
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
                Some(Step::Jump(to)) => step = *to,
                Some(Step::Split(one, other)) => {
                    let other = *other;
                    self.run(*one, at, kept);
                    step = other;
                }
                Some(Step::Switch(table, others)) => {
                    let word = self.subject.tokens().get(at).map_or(UNKNOWN, |t| t.word);
                    if word != UNKNOWN {
                        let from = table.partition_point(|(w, _)| *w < word);
                        for (_, to) in table.iter().skip(from).take_while(|(w, _)| *w == word) {
                            self.run(*to, at, kept);
                        }
                    }
                    for to in others {
                        self.run(*to, at, kept);
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
                        self.run(step + 1, at + skipped, kept);
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
                    for index in 0..many {
                        let Some((end, _)) = self.subject.found(slot, at, index) else {
                            continue;
                        };
                        let mut kept = kept;
                        kept.push(slot, at, index);
                        self.run(step + 1, end, kept);
                    }
                    return;
                }
            }
        }
    }
}
