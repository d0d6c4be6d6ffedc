//! Cuts delimited text into rows and cells as RFC 4180 has them, from a reused buffer: nothing is copied unless
//! a cell needs it, line numbers are exact, and a hostile file cannot make it keep more than one row's limit.

mod bytes;
mod cells;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use memchr::{memchr, memchr3};

use super::encoding::RowEncoding;
use super::lines::read_some;
use bytes::{SHORT, bytes_equal, closing_quote, unquote};
use cells::Cell;
pub(crate) use cells::{Cells, Fault, RowFault};

/// The longest cell that is taken (threat S15).
pub(crate) const CELL_LIMIT: usize = 1 << 20;
/// The longest row that is taken: several cells of the limit.
const ROW_LIMIT: usize = 8 << 20;
const BLOCK: usize = 256 << 10;

/// Rows of delimited text; the cells of one are valid until the next is asked for.
pub(crate) struct Rows<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    /// The first byte not yet taken, and the end of what has been read.
    start: usize,
    end: usize,
    ended: bool,
    /// The line on which `start` lies.
    line: u64,
    row_line: u64,
    row: std::ops::Range<usize>,
    cells: Vec<Cell>,
    /// Whether any of them is raw.
    raw: bool,
    /// The cells of a row that cannot be used as it stands in the buffer.
    scratch: String,
    unquoted: Vec<u8>,
}

enum Scan {
    /// A row that ends before this byte, with so many line ends.
    Row { next: usize, lines: u64 },
    /// The row goes on beyond what has been read.
    More,
    /// The file ends inside quotes.
    Unclosed,
}

impl<R: Read> Rows<R> {
    /// Rows of `input`, whose first line is `line`.
    pub(crate) fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self {
            input,
            delimiter,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            ended: false,
            line,
            row_line: line,
            row: 0..0,
            cells: Vec::new(),
            raw: false,
            scratch: String::new(),
            unquoted: Vec::new(),
        }
    }

    /// The next row that is not blank; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Cells<'_>, RowFault>>> {
        let found = self.find()?;
        let line = self.row_line;
        let fault = |kind| RowFault { line, kind };
        Ok(match found {
            None => None,
            Some(Err(kind)) => Some(Err(fault(kind))),
            Some(Ok(())) => Some(self.prepare().map_err(fault)),
        })
    }

    /// The line on which the last row begins.
    pub(crate) const fn last_line(&self) -> u64 {
        self.row_line
    }

    /// Finds the bounds of the next row that is not blank, and of its cells.
    fn find(&mut self) -> io::Result<Option<Result<(), Fault>>> {
        loop {
            if self.start == self.end && !self.fill()? {
                return Ok(None);
            }
            self.row_line = self.line;
            match self.scan() {
                Scan::More if self.end - self.start > ROW_LIMIT => {
                    return Ok(Some(Err(self.skip_row()?)));
                }
                Scan::More => {
                    self.fill()?;
                }
                Scan::Unclosed => {
                    self.start = self.end;
                    return Ok(Some(Err(Fault::Unclosed)));
                }
                Scan::Row { next, lines } => {
                    self.row = self.start..next;
                    self.start = next;
                    self.line += lines;
                    if self.cells.iter().any(|cell| cell.start < cell.end) {
                        return Ok(Some(Ok(())));
                    }
                }
            }
        }
    }

    /// Reads on, keeping what is not yet taken. False when nothing came.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let wanted = self.end;
        while self.end < self.buffer.len() {
            match read_some(&mut self.input, &mut self.buffer[self.end..])? {
                0 => {
                    self.ended = true;
                    break;
                }
                n => self.end += n,
            }
        }
        Ok(self.end > wanted)
    }

    fn scan(&mut self) -> Scan {
        let bytes = &self.buffer[..self.end];
        let mut at = self.start;
        let mut lines = 1;
        self.cells.clear();
        self.raw = false;
        loop {
            let stop;
            if bytes.get(at) == Some(&b'"') {
                let Some(closing) = closing_quote(bytes, at + 1) else {
                    return if self.ended {
                        Scan::Unclosed
                    } else {
                        Scan::More
                    };
                };
                let close = closing.at;
                lines += closing.lines;
                stop = self.unquoted_end(close + 1);
                let raw = closing.doubled || stop > close + 1;
                self.raw |= raw;
                self.cells.push(if raw {
                    Cell {
                        start: at,
                        end: stop,
                        raw: true,
                    }
                } else {
                    Cell {
                        start: at + 1,
                        end: close,
                        raw: false,
                    }
                });
            } else {
                stop = self.unquoted_end(at);
                self.cells.push(Cell {
                    start: at,
                    end: stop,
                    raw: false,
                });
            }
            match bytes.get(stop) {
                None if self.ended => {
                    return Scan::Row {
                        next: stop,
                        lines: 0,
                    };
                }
                None => return Scan::More,
                Some(b'\n') => {
                    return Scan::Row {
                        next: stop + 1,
                        lines,
                    };
                }
                Some(b'\r') => match bytes.get(stop + 1) {
                    Some(b'\n') => {
                        return Scan::Row {
                            next: stop + 2,
                            lines,
                        };
                    }
                    None if !self.ended => return Scan::More,
                    _ => {
                        return Scan::Row {
                            next: stop + 1,
                            lines,
                        };
                    }
                },
                Some(_) => at = stop + 1,
            }
        }
    }

    /// Where the unquoted text at `at` ends: at a delimiter, a line end, or the end of what has been read.
    fn unquoted_end(&self, at: usize) -> usize {
        let (words, rest) = self.buffer[at..self.end].as_chunks::<8>();
        for (n, word) in words.iter().take(SHORT).enumerate() {
            let word = u64::from_le_bytes(*word);
            let ends = bytes_equal(word, self.delimiter)
                | bytes_equal(word, b'\n')
                | bytes_equal(word, b'\r');
            if ends != 0 {
                return at + n * 8 + (ends.trailing_zeros() / 8) as usize;
            }
        }
        let done = at + 8 * words.len().min(SHORT);
        let rest = if words.len() <= SHORT {
            rest
        } else {
            &self.buffer[done..self.end]
        };
        memchr3(self.delimiter, b'\n', b'\r', rest).map_or(self.end, |n| done + n)
    }

    /// Takes a row that is too long to its end without keeping it.
    fn skip_row(&mut self) -> io::Result<Fault> {
        let (mut quoted, mut cell_begins) = (false, true);
        loop {
            while self.start < self.end {
                let b = self.buffer[self.start];
                self.start += 1;
                if b == b'\n' {
                    self.line += 1;
                    if !quoted {
                        return Ok(Fault::RowTooLong);
                    }
                }
                if b == b'"' && (quoted || cell_begins) {
                    // A doubled quote closes and opens again, which comes to the same.
                    (quoted, cell_begins) = (!quoted, true);
                } else {
                    cell_begins = b == self.delimiter;
                }
            }
            if !self.fill()? {
                return Ok(if quoted {
                    Fault::Unclosed
                } else {
                    Fault::RowTooLong
                });
            }
        }
    }

    /// Checks the row that was found, and copies it where its cells are not its bytes.
    fn prepare(&mut self) -> Result<Cells<'_>, Fault> {
        let row = &self.buffer[self.row.clone()];
        if row.len() > CELL_LIMIT
            && let Some(long) = self.cells.iter().position(|c| c.end - c.start > CELL_LIMIT)
        {
            return Err(Fault::CellTooLong(long));
        }
        if memchr(0, row).is_some() {
            return Err(Fault::Nul);
        }
        if !self.raw
            && let Ok(text) = simdutf8::basic::from_utf8(row)
        {
            return Ok(Cells {
                line: self.row_line,
                text,
                base: self.row.start,
                cells: &self.cells,
            });
        }
        let encoding = RowEncoding::of(row);
        self.scratch.clear();
        for cell in &mut self.cells {
            let mut bytes = &self.buffer[cell.start..cell.end];
            if cell.raw {
                self.unquoted.clear();
                unquote(bytes, &mut self.unquoted);
                bytes = &self.unquoted;
            }
            cell.start = self.scratch.len();
            let text = encoding.decode(bytes).ok_or(Fault::NotText)?;
            self.scratch.push_str(&text);
            cell.end = self.scratch.len();
        }
        Ok(Cells {
            line: self.row_line,
            text: &self.scratch,
            base: 0,
            cells: &self.cells,
        })
    }
}
