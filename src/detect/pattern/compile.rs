//! Turns a tree into the steps that the machine takes.

use super::{Node, Step};
use crate::detect::vocabulary::WordId;

/// Compiles a tree.
pub(in crate::detect) fn compile(node: &Node) -> Box<[Step]> {
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
        Node::Number(number) => steps.push(Step::Number(*number)),
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
                let start = u32::try_from(steps.len()).unwrap_or(u32::MAX);
                let mut words = Vec::new();
                if head(option, &mut words) == Head::Word {
                    table.extend(words.into_iter().map(|w| (w, start)));
                } else {
                    others.push(start);
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

/// What the first token of a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// One of the words found.
    Word,
    /// One of them, or no token is of the match.
    None,
    /// Any other, too.
    Other,
}

/// Finds the words with which the matches of `node` begin.
fn head(node: &Node, words: &mut Vec<WordId>) -> Head {
    match node {
        Node::Word(some) => {
            words.extend_from_slice(some);
            Head::Word
        }
        Node::Seq(nodes) => {
            let mut heads = nodes.iter().map(|n| head(n, words));
            heads.find(|h| *h != Head::None).unwrap_or(Head::None)
        }
        Node::Alt(nodes) => nodes
            .iter()
            .fold(Head::Word, |all, n| match (all, head(n, words)) {
                (Head::Other, _) | (_, Head::Other) => Head::Other,
                (Head::None, _) | (_, Head::None) => Head::None,
                (Head::Word, Head::Word) => Head::Word,
            }),
        Node::Opt(inner) => match head(inner, words) {
            Head::Word => Head::None,
            head => head,
        },
        Node::Edge(_) => Head::None,
        Node::Number(_) | Node::Slot(_) | Node::Gap(_) => Head::Other,
    }
}
