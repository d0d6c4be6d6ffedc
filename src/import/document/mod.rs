//! JSON documents of any size, walked as a stream: the lists that matter are cut into their elements, everything else
//! is passed over. Only one element is ever kept, and only its brackets are looked at; reading it is left to
//! serde_json.

mod bytes;
mod node;

use std::io::{self, Read};
use std::ops::Range;

use super::ReadError;
use bytes::misplaced;
pub(crate) use node::{Node, Take};

/// The longest element that is taken, as with lines (threat S15).
const ITEM_LIMIT: usize = 8 << 20;
/// How deeply an element may be nested (threat S15).
pub(in crate::import) const DEPTH: usize = 64;
const BLOCK: usize = 128 << 10;

/// What the walk has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A scope begins.
    Scope,
    /// A head, which [`Walk::bytes`] gives.
    Head(u8),
    /// A row, which [`Walk::bytes`] gives.
    Item,
    /// A row that cannot be used, and why.
    Bad(String),
    /// The end.
    End,
}

/// How a document's values are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One value, or several one after the other; a fault is one of the file.
    Document,
    /// One value a line; a fault is one of the line.
    Lines,
}

/// What is done with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// They are given.
    Given,
    /// Only their brackets are looked at.
    Passed,
}

/// A walk through a document.
pub(crate) struct Walk<R> {
    input: R,
    layout: Layout,
    rows: Rows,
    root: &'static Node,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    ended: bool,
    /// The line of `at`, from 1.
    line: u64,
    frames: Vec<Frame>,
    /// How many values of the top there were.
    roots: u64,
    /// Whether any of them is what the tree says, or has a key of the tree.
    is_as_laid_out: bool,
    given: Range<usize>,
    given_line: u64,
}

#[derive(Debug)]
struct Frame {
    node: &'static Node,
    is_list: bool,
    /// How many values it had, that which is being read included.
    count: u64,
    key: &'static str,
}

/// A value between its brackets.
enum Framed {
    Whole(Range<usize>),
    TooLong,
    TooDeep,
}

/// Why the walk cannot go on.
enum Stop {
    Io(io::Error),
    Fault(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read> Walk<R> {
    /// A walk through `input`, which is text (see [`super::encoding`]).
    pub(crate) fn new(input: R, root: &'static Node, layout: Layout, rows: Rows) -> Self {
        Self {
            input,
            layout,
            rows,
            root,
            buffer: vec![0; BLOCK],
            at: 0,
            end: 0,
            ended: false,
            line: 1,
            frames: Vec::new(),
            roots: 0,
            is_as_laid_out: false,
            given: 0..0,
            given_line: 1,
        }
    }

    /// The bytes of the head or the row that was come to last.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.given.clone()]
    }

    /// The line on which it begins.
    pub(crate) const fn given_line(&self) -> u64 {
        self.given_line
    }

    /// Where it stands, such as `chats.list[0].messages[17]`; empty for a value of the top.
    pub(crate) fn place(&self) -> String {
        let mut place = String::new();
        for frame in &self.frames {
            if frame.is_list {
                place.push_str(&format!("[{}]", frame.count.saturating_sub(1)));
            } else if !frame.key.is_empty() {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(frame.key);
            }
        }
        place
    }

    /// At the end of the document: the keys in one of which something would have mattered, if there was none of them,
    /// and nothing else that matters.
    pub(crate) fn missed(&self) -> Option<impl Iterator<Item = &'static str>> {
        let missed = self.roots > 0 && !self.is_as_laid_out;
        let keys = self.root.keys.iter();
        let keys = keys.filter(|(_, node)| !matches!(node.take, Take::Head(_)));
        missed.then(|| keys.map(|(key, _)| *key))
    }

    /// Goes on to the next thing that matters.
    ///
    /// # Errors
    /// Reading fails, or the document is no JSON, or ends before its end.
    pub(crate) fn next(&mut self) -> Result<Sight, ReadError> {
        match self.step() {
            Ok(sight) => Ok(sight),
            Err(Stop::Io(error)) => Err(error.into()),
            Err(Stop::Fault(words)) if self.layout == Layout::Lines => {
                self.given_line = self.line;
                self.skip_line()?;
                self.frames.clear();
                Ok(Sight::Bad(words))
            }
            Err(Stop::Fault(words)) => {
                let place = self.place();
                let place = if place.is_empty() {
                    String::new()
                } else {
                    format!(", in {place}")
                };
                Err(ReadError::File(format!(
                    "line {}{place}: {words}; nothing of the file is kept; export it again",
                    self.line
                )))
            }
        }
    }

    fn step(&mut self) -> Result<Sight, Stop> {
        loop {
            let Some(top) = self.frames.last_mut() else {
                if self.space()?.is_none() {
                    return Ok(Sight::End);
                }
                self.roots += 1;
                if let Some(sight) = self.value(self.root)? {
                    return Ok(sight);
                }
                continue;
            };
            let (is_list, node, count) = (top.is_list, top.node, top.count);
            let close = if is_list { b']' } else { b'}' };
            let mut next = self.need("a bracket is never closed")?;
            if next == close {
                self.at += 1;
                self.frames.pop();
                continue;
            }
            if count > 0 {
                if next != b',' {
                    return Err(misplaced(next, if is_list { ", or ]" } else { ", or }" }));
                }
                self.at += 1;
                next = self.need("a bracket is never closed")?;
            }
            let inner = if is_list {
                node.each
            } else {
                if next != b'"' {
                    return Err(misplaced(next, "a key in double quotes"));
                }
                let key = match self.frame(true)? {
                    Framed::Whole(range) => self.buffer.get(range.start + 1..range.end - 1),
                    Framed::TooLong | Framed::TooDeep => None,
                };
                let found = node
                    .keys
                    .iter()
                    .find(|(name, _)| key == Some(name.as_bytes()));
                let found = found.map(|(name, inner)| (*name, *inner));
                match self.need("a key has no value")? {
                    b':' => self.at += 1,
                    other => return Err(misplaced(other, "a colon")),
                }
                self.is_as_laid_out |= found.is_some();
                if let Some(top) = self.frames.last_mut() {
                    top.key = found.map_or("", |(name, _)| name);
                }
                found.map(|(_, inner)| inner)
            };
            if let Some(top) = self.frames.last_mut() {
                top.count += 1;
            }
            const PASSED: Node = Node::object(&[]);
            if let Some(sight) = self.value(inner.unwrap_or(&PASSED))? {
                return Ok(sight);
            }
        }
    }

    /// Takes the value that begins here, or goes into it.
    fn value(&mut self, node: &'static Node) -> Result<Option<Sight>, Stop> {
        let first = self.need("a value is missing")?;
        let opens = match first {
            b'{' if !node.keys.is_empty() => Some(false),
            b'[' if node.each.is_some() => Some(true),
            _ => None,
        };
        let scope = node.scope.then_some(Sight::Scope);
        self.is_as_laid_out |= opens == Some(true);
        if let Some(is_list) = opens {
            self.at += 1;
            self.frames.push(Frame {
                node,
                is_list,
                count: 0,
                key: "",
            });
            return Ok(scope);
        }
        if matches!(first, b',' | b':' | b']' | b'}') {
            return Err(misplaced(first, "a value"));
        }
        self.given_line = self.line;
        let sight = match node.take {
            Take::No => None,
            Take::Item if self.rows == Rows::Passed => None,
            Take::Item => Some(Sight::Item),
            Take::Head(tag) => Some(Sight::Head(tag)),
        };
        self.is_as_laid_out |= sight.is_some();
        let framed = self.frame(sight.is_some())?;
        Ok(match (sight, framed) {
            (None, _) => None,
            (Some(sight), Framed::Whole(range)) => {
                self.given = range;
                Some(sight)
            }
            (Some(Sight::Item), Framed::TooLong) => Some(Sight::Bad(
                "the message is longer than 8 MiB; shorten it".to_owned(),
            )),
            (Some(Sight::Item), Framed::TooDeep) => Some(Sight::Bad(format!(
                "the JSON is nested more than {DEPTH} deep; such a message is not read"
            ))),
            (Some(_), _) => None,
        })
    }
}

#[cfg(test)]
mod tests;
