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
