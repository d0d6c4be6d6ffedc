//! The bytes of a document: where values end, by their brackets, and what separates them.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::{DEPTH, Framed, ITEM_LIMIT, Layout, Stop, Walk};
use crate::import::lines::read_some;

impl<R: Read> Walk<R> {
    /// Finds the end of the value that begins here and goes past it; `keep` leaves it in the buffer.
    pub(super) fn frame(&mut self, keep: bool) -> Result<Framed, Stop> {
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
    pub(super) fn space(&mut self) -> Result<Option<u8>, Stop> {
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

    pub(super) fn need(&mut self, words: &str) -> Result<u8, Stop> {
        self.space()?
            .ok_or_else(|| Stop::Fault(format!("the JSON ends, and {words}; it was cut off")))
    }

    /// Takes the rest of the line.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
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
        let n = read_some(&mut self.input, &mut self.buffer[self.end..])?;
        self.ended |= n == 0;
        self.end += n;
        Ok(keep)
    }
}

/// The fault of a byte that cannot stand here.
pub(super) fn misplaced(found: u8, wanted: &str) -> Stop {
    let found = if found.is_ascii_graphic() {
        format!("`{}`", char::from(found))
    } else {
        "something else".to_owned()
    };
    Stop::Fault(format!(
        "this is no JSON: {found} stands where {wanted} belongs"
    ))
}
