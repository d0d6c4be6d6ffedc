//! Reads a pattern into a tree.

use std::sync::LazyLock;

use super::{Edge, SlotId};
use crate::detect::token::tokens;
use crate::detect::vocabulary::{Vocabulary, WordId};
use crate::detect::word::fold_word;

/// A pattern as a tree; the compiler's middle form.
#[derive(Debug, Clone)]
pub(in crate::detect) enum Node {
    Word(Vec<WordId>),
    Number(u32),
    Slot(SlotId),
    Seq(Vec<Self>),
    Alt(Vec<Self>),
    Opt(Box<Self>),
    Gap(u8),
    Edge(Edge),
}

/// What a pattern may refer to.
pub(in crate::detect) trait Names {
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
pub(in crate::detect) fn parse(text: &str, names: &mut dyn Names) -> Result<Node, String> {
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
        .find(|c: char| {
            c.is_whitespace() || matches!(c, '|' | '(' | ')' | '[' | ']' | '<' | '>' | '{' | '}')
        })
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    // Most words are plain.
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase()) {
        let id = names.vocabulary().add(text);
        nodes.push(Node::Word(vec![id]));
        return Ok(());
    }
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
                if let Ok(number) = part.parse() {
                    nodes.push(Node::Number(number));
                    continue;
                }
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
    static NOTHING: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::default);
    tokens(&text, &NOTHING)
        .iter()
        .map(|t| fold_word(text.get(t.start..t.end).unwrap_or_default()))
        .map(|w| w.replace('\'', ""))
        .collect()
}
