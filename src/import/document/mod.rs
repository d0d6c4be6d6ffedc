//! JSON documents of any size, walked as a stream: the lists that matter are cut into their elements, everything else
//! is passed over. Only one element is ever kept, and only its brackets are looked at; reading it is left to
//! serde_json.

mod node;

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::ReadError;
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

    /// Finds the end of the value that begins here and goes past it; `keep` leaves it in the buffer.
    fn frame(&mut self, keep: bool) -> Result<Framed, Stop> {
        let (mut start, mut at) = (self.at, self.at);
        let (mut dropped, mut too_deep) = (!keep, false);
        let (mut depth, mut kinds) = (0_usize, 0_u64);
        let mut quoted = false;
        'reading: loop {
            let bytes = &self.buffer[..self.end];
            while at < bytes.len() {
                if quoted {
                    let found = match self.layout {
                        Layout::Document => memchr2(b'"', b'\\', &bytes[at..]),
                        Layout::Lines => memchr3(b'"', b'\\', b'\n', &bytes[at..]),
                    };
                    let Some(found) = found else {
                        at = bytes.len();
                        break;
                    };
                    at += found;
                    match bytes[at] {
                        b'"' => {
                            (at, quoted) = (at + 1, false);
                            if depth == 0 {
                                break 'reading;
                            }
                        }
                        b'\\' if at + 2 <= bytes.len() => at += 2,
                        b'\\' => break,
                        _ => return Err(self.cut_line(at)),
                    }
                    continue;
                }
                match bytes[at] {
                    b'"' => (at, quoted) = (at + 1, true),
                    opening @ (b'{' | b'[') => {
                        depth += 1;
                        if depth <= DEPTH {
                            let bit = 1_u64 << (depth - 1);
                            kinds = if opening == b'{' {
                                kinds | bit
                            } else {
                                kinds & !bit
                            };
                        } else {
                            too_deep = true;
                        }
                        at += 1;
                    }
                    closing @ (b'}' | b']') => {
                        if depth == 0 {
                            break 'reading;
                        }
                        let is_object = kinds & (1_u64 << (depth - 1).min(DEPTH - 1)) != 0;
                        if depth <= DEPTH && is_object != (closing == b'}') {
                            self.advance_to(start, at);
                            return Err(misplaced(closing, "the other bracket"));
                        }
                        (at, depth) = (at + 1, depth - 1);
                        if depth == 0 {
                            break 'reading;
                        }
                    }
                    b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => break 'reading,
                    b'\n' if self.layout == Layout::Lines => return Err(self.cut_line(at)),
                    _ => at += 1,
                }
            }
            if self.ended {
                if depth == 0 && !quoted {
                    break;
                }
                self.advance_to(start, at);
                return Err(Stop::Fault(
                    "the JSON ends in the middle of a value; it was cut off".to_owned(),
                ));
            }
            if at - start > ITEM_LIMIT {
                dropped = true;
            }
            if dropped {
                self.line += memchr_iter(b'\n', &self.buffer[start..at]).count() as u64;
                start = at;
            }
            let moved = self.fill(start)?;
            (start, at) = (start - moved, at - moved);
        }
        self.advance_to(start, at);
        Ok(if too_deep {
            Framed::TooDeep
        } else if dropped || at - start > ITEM_LIMIT {
            Framed::TooLong
        } else {
            Framed::Whole(start..at)
        })
    }

    /// Goes on to `at`, having looked at everything from `start`.
    fn advance_to(&mut self, start: usize, at: usize) {
        self.line += memchr_iter(b'\n', &self.buffer[start..at]).count() as u64;
        self.at = at;
    }

    /// The fault of a line that ends, at `at`, before its value does.
    fn cut_line(&mut self, at: usize) -> Stop {
        self.at = at;
        Stop::Fault("the line ends in the middle of a value; it was cut off".to_owned())
    }

    /// The next byte that is not blank, without taking it; `None` at the end.
    fn space(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            while self.at < self.end {
                match self.buffer[self.at] {
                    b'\n' => {
                        if self.layout == Layout::Lines && !self.frames.is_empty() {
                            return Err(self.cut_line(self.at));
                        }
                        self.line += 1;
                    }
                    b' ' | b'\t' | b'\r' => {}
                    other => return Ok(Some(other)),
                }
                self.at += 1;
            }
            if self.ended {
                return Ok(None);
            }
            self.fill(self.at)?;
        }
    }

    fn need(&mut self, words: &str) -> Result<u8, Stop> {
        self.space()?
            .ok_or_else(|| Stop::Fault(format!("the JSON ends, and {words}; it was cut off")))
    }

    /// Takes the rest of the line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(n) = memchr(b'\n', &self.buffer[self.at..self.end]) {
                self.at += n + 1;
                self.line += 1;
                return Ok(());
            }
            self.at = self.end;
            if self.ended {
                return Ok(());
            }
            self.fill(self.at)?;
        }
    }

    /// Reads on, keeping everything from `keep`; by how much that has moved to the front.
    fn fill(&mut self, keep: usize) -> io::Result<usize> {
        self.buffer.copy_within(keep..self.end, 0);
        self.end -= keep;
        self.at = self.at.saturating_sub(keep);
        if self.end * 2 > self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            }
            return Ok(keep);
        }
    }
}

fn misplaced(found: u8, wanted: &str) -> Stop {
    let found = if found.is_ascii_graphic() {
        format!("`{}`", char::from(found))
    } else {
        "something else".to_owned()
    };
    Stop::Fault(format!(
        "this is no JSON: {found} stands where {wanted} belongs"
    ))
}

#[cfg(test)]
mod tests;
