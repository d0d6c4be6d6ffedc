//! Lines of text from a reused buffer.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

use super::rows::{Fault, RowFault};

/// The longest line that is taken: several cells of the limit (threat S15).
const LINE_LIMIT: usize = 8 << 20;
const BLOCK: usize = 64 << 10;

/// Reads what there is, however often a signal interrupts it; 0 bytes are the end.
pub(super) fn read_some(input: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Lines of `R`, without their ends (`\n` or `\r\n`); each is valid until the next is asked for.
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    line: u64,
}

/// A line's number, from 1, and its bytes; or why it cannot be used.
pub(crate) type Line<'a> = Result<(u64, &'a [u8]), RowFault>;

impl<R: Read> Lines<R> {
    /// The lines of `input`.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            ended: false,
            line: 0,
        }
    }

    /// The next line and its number, from 1; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let found = self.find()?;
        Ok(found.map(|found| found.map(|line| (self.line, &self.buffer[line]))))
    }

    /// The next line that is not blank, and its number.
    pub(crate) fn next_filled(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let found = self.find()?;
            if let Some(Ok(line)) = &found
                && self.buffer[line.clone()].trim_ascii().is_empty()
            {
                continue;
            }
            return Ok(found.map(|found| found.map(|line| (self.line, &self.buffer[line]))));
        }
    }

    /// The bounds of the next line in the buffer.
    fn find(&mut self) -> io::Result<Option<Result<Range<usize>, RowFault>>> {
        let mut seen = 0;
        let (length, taken) = loop {
            let bytes = &self.buffer[self.start..self.end];
            if let Some(n) = memchr(b'\n', &bytes[seen..]) {
                break (seen + n, seen + n + 1);
            }
            seen = bytes.len();
            if self.ended {
                if seen == 0 {
                    return Ok(None);
                }
                break (seen, seen);
            }
            if seen > LINE_LIMIT {
                self.skip()?;
                self.line += 1;
                return Ok(Some(Err(RowFault {
                    line: self.line,
                    kind: Fault::RowTooLong,
                })));
            }
            self.fill()?;
        };
        let from = self.start;
        self.start += taken;
        self.line += 1;
        let mut to = from + length;
        if to > from && self.buffer[to - 1] == b'\r' {
            to -= 1;
        }
        Ok(Some(Ok(from..to)))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = read_some(&mut self.input, &mut self.buffer[self.end..])?;
        self.ended |= n == 0;
        self.end += n;
        Ok(())
    }

    /// Takes the rest of a line that is too long.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            if let Some(n) = memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += n + 1;
                return Ok(());
            }
            self.start = self.end;
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Result<(u64, String), Fault>> {
        let mut lines = Lines::new(text);
        let mut out = Vec::new();
        while let Some(line) = lines.next().expect("memory does not fail") {
            out.push(match line {
                Ok((n, bytes)) => Ok((n, String::from_utf8_lossy(bytes).into_owned())),
                Err(fault) => Err(fault.kind),
            });
        }
        out
    }

    #[test]
    fn lines_are_numbered_and_without_their_ends() {
        assert_eq!(
            lines(b"a\r\n\nb\rc\nd"),
            [(1, "a"), (2, ""), (3, "b\rc"), (4, "d")].map(|(n, l)| Ok((n, l.to_owned())))
        );
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn s15_a_line_without_an_end_is_not_kept_in_memory() {
        let mut text = vec![b'x'; LINE_LIMIT * 3];
        text.extend(b"\nshort\n");
        assert_eq!(
            lines(&text),
            [Err(Fault::RowTooLong), Ok((2, "short".to_owned()))]
        );
    }
}
