//! Cuts delimited text into rows and cells as RFC 4180 has them, from a reused buffer: nothing is copied unless
//! a cell needs it, line numbers are exact, and a hostile file cannot make it keep more than one row's limit.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr3};

use super::encoding::RowEncoding;

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

/// A row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowFault {
    /// The line on which the row begins.
    pub(crate) line: u64,
    /// Why.
    pub(crate) kind: Fault,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    /// Quotes are doubled inside, or something follows the closing quote: the span then has the quotes too.
    raw: bool,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The row is longer than the limit of a row.
    RowTooLong,
    /// The cell with this index is longer than the limit of a cell.
    CellTooLong(usize),
    /// A quote is not closed before the end of the file.
    Unclosed,
    /// The row has a NUL byte.
    Nul,
    /// The row is neither UTF-8 nor Windows-1252.
    NotText,
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
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
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
                let Some((close, doubled)) = closing_quote(bytes, at + 1) else {
                    return if self.ended {
                        Scan::Unclosed
                    } else {
                        Scan::More
                    };
                };
                lines += memchr_iter(b'\n', &bytes[at..close]).count() as u64;
                stop = self.unquoted_end(close + 1);
                let raw = doubled || stop > close + 1;
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

/// The cells of one row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    line: u64,
    text: &'a str,
    base: usize,
    cells: &'a [Cell],
}

impl<'a> Cells<'a> {
    /// The cell with this index; `None` when the row has no such cell or it is empty.
    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
        let cell = self.cells.get(index)?;
        self.text
            .get(cell.start - self.base..cell.end - self.base)
            .filter(|text| !text.is_empty())
    }

    /// The line on which the row begins.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Every cell, empty ones too.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.cells.len()).map(move |n| self.get(n).unwrap_or_default())
    }
}

/// How many words of eight bytes are looked at one by one before a search for long texts is started.
const SHORT: usize = 4;

/// The top bit of the lowest byte of `word` that equals `byte` is set; bits above it may be set wrongly.
const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::MAX / 0xff;
    let zero_where_equal = word ^ (LOW * byte as u64);
    zero_where_equal.wrapping_sub(LOW) & !zero_where_equal & (LOW << 7)
}

/// The closing quote of the cell whose text begins at `from`, and whether quotes are doubled before it.
fn closing_quote(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut doubled) = (from, false);
    loop {
        at += memchr(b'"', &bytes[at..])?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some((at, doubled));
        }
        (at, doubled) = (at + 2, true);
    }
}

/// The text of a cell with its quotes: up to the closing quote, doubled quotes are one; after it, all stands
/// for itself.
fn unquote(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 1;
    while let Some(quote) = raw.get(at..).and_then(|rest| memchr(b'"', rest)) {
        out.extend_from_slice(&raw[at..at + quote]);
        at += quote + 1;
        if raw.get(at) != Some(&b'"') {
            break;
        }
        out.push(b'"');
        at += 1;
    }
    out.extend_from_slice(raw.get(at..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Row = Result<Vec<String>, Fault>;

    fn rows(input: impl Read, delimiter: u8) -> Vec<(u64, Row)> {
        let mut rows = Rows::new(input, delimiter, 1);
        let mut out = Vec::new();
        while let Some(row) = rows.next().expect("memory does not fail") {
            out.push(match row {
                Ok(cells) => (cells.line(), Ok(cells.iter().map(str::to_owned).collect())),
                Err(fault) => (fault.line, Err(fault.kind)),
            });
        }
        out
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Row) {
        (line, Ok(cells.iter().map(|c| (*c).to_owned()).collect()))
    }

    #[test]
    fn rows_know_their_lines() {
        let text = "a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n,,\n\"q\"junk,p\"q\rlast,";
        assert_eq!(
            rows(text.as_bytes(), b','),
            [
                row(1, &["a", "b"]),
                row(3, &["x\r\ny", "say \"hi\""]),
                row(6, &["qjunk", "p\"q"]),
                row(7, &["last", ""]),
            ]
        );
    }

    #[test]
    fn s15_long_cells_and_open_quotes_are_refused_and_the_rest_is_read() {
        let long = "x".repeat(CELL_LIMIT + 1);
        assert_eq!(
            rows(format!("a,{long}\nb,c\n").as_bytes(), b','),
            [(1, Err(Fault::CellTooLong(1))), row(2, &["b", "c"])]
        );
        let bomb = "x,\"\n\"".repeat(ROW_LIMIT);
        assert_eq!(
            rows(format!("{bomb}\nb,c\n").as_bytes(), b','),
            [
                (1, Err(Fault::RowTooLong)),
                row(ROW_LIMIT as u64 + 2, &["b", "c"])
            ]
        );
        assert_eq!(
            rows(b"a,b\nc,\"d\ne,f\n".as_slice(), b','),
            [row(1, &["a", "b"]), (2, Err(Fault::Unclosed))]
        );
        let open = format!("a,\"{}", "x\n".repeat(ROW_LIMIT));
        assert_eq!(rows(open.as_bytes(), b','), [(1, Err(Fault::Unclosed))]);
    }

    #[test]
    fn rows_that_are_not_utf8_are_windows_1252_and_nul_is_refused() {
        assert_eq!(
            rows(
                b"a\xf1o,\"\"\"\x80\"\ncaf\xc3\xa9,b\nx\0,y\n\x81\xff,z\n".as_slice(),
                b','
            ),
            [
                row(1, &["año", "\"€"]),
                row(2, &["café", "b"]),
                (3, Err(Fault::Nul)),
                (4, Err(Fault::NotText)),
            ]
        );
    }

    /// Gives its bytes in pieces, as a pipe may.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len()).min(self.0.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn by_csv_crate(text: &str) -> Vec<Vec<String>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.expect("text").iter().map(str::to_owned).collect())
            .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
            .collect()
    }

    proptest! {
        #[test]
        fn cells_are_those_of_the_csv_crate(text in "([a-z,\"\\r\\n ñ]|\"\"){0,60}", piece in 1usize..9) {
            let ours = rows(Pieces(text.as_bytes(), piece), b',');
            let closed = ours.iter().all(|(_, row)| row.is_ok());
            if closed {
                let ours: Vec<_> = ours.into_iter().filter_map(|(_, row)| row.ok()).collect();
                prop_assert_eq!(ours, by_csv_crate(&text));
            } else {
                prop_assert_eq!(ours.last().map(|(_, row)| row.clone()), Some(Err(Fault::Unclosed)));
            }
        }

        #[test]
        fn any_bytes_are_read_to_the_end(bytes: Vec<u8>) {
            let lines = bytes.len() as u64 + 1;
            prop_assert!(rows(bytes.as_slice(), b',').iter().all(|(line, _)| *line <= lines));
        }
    }
}
