//! Rows of values with names, as CSV or JSON Lines, through one buffer.

use std::io::{self, Write};

use chrono::{Datelike, Timelike};
use memchr::{memchr, memchr2, memchr3};

use super::ExportFormat;
use crate::import::guard::needs_guard;
use crate::model::Timestamp;

const BLOCK: usize = 64 << 10;

/// Writes rows; the values of a row are given in the order of the names.
#[derive(Debug)]
pub(super) struct Rows<W> {
    out: W,
    format: ExportFormat,
    names: &'static [&'static str],
    buffer: Vec<u8>,
    /// How many values the row has so far.
    given: usize,
}

impl<W: Write> Rows<W> {
    /// Begins a file with these columns.
    pub(super) fn new(out: W, format: ExportFormat, names: &'static [&'static str]) -> Self {
        let mut rows = Self::continued(out, format, names);
        if format == ExportFormat::Csv {
            rows.buffer.extend_from_slice(names.join(",").as_bytes());
            rows.buffer.push(b'\n');
        }
        rows
    }

    /// Goes on with a file that has been begun.
    pub(super) fn continued(out: W, format: ExportFormat, names: &'static [&'static str]) -> Self {
        Self {
            out,
            format,
            names,
            buffer: Vec::with_capacity(BLOCK * 2),
            given: 0,
        }
    }

    /// A text that a person may have written.
    pub(super) fn text(&mut self, text: Option<&str>) {
        self.name();
        match (self.format, text) {
            (ExportFormat::Csv, None) => {}
            (ExportFormat::Csv, Some(text)) => cell(&mut self.buffer, text),
            (ExportFormat::Jsonl, None) => self.buffer.extend_from_slice(b"null"),
            (ExportFormat::Jsonl, Some(text)) => json_text(&mut self.buffer, text),
        }
    }

    /// A word of ours, such as a channel's name: letters and `_` only.
    pub(super) fn word(&mut self, word: &'static str) {
        self.name();
        let quote: &[u8] = if self.format == ExportFormat::Jsonl {
            b"\""
        } else {
            b""
        };
        for part in [quote, word.as_bytes(), quote] {
            self.buffer.extend_from_slice(part);
        }
    }

    /// An instant.
    pub(super) fn time(&mut self, at: Option<Timestamp>) {
        self.name();
        match (self.format, at) {
            (ExportFormat::Csv, None) => {}
            (ExportFormat::Csv, Some(at)) => time(&mut self.buffer, at),
            (ExportFormat::Jsonl, None) => self.buffer.extend_from_slice(b"null"),
            (ExportFormat::Jsonl, Some(at)) => {
                self.buffer.push(b'"');
                time(&mut self.buffer, at);
                self.buffer.push(b'"');
            }
        }
    }

    /// A number or a truth value: the same in both formats.
    pub(super) fn plain(&mut self, value: &str) {
        self.name();
        self.buffer.extend_from_slice(value.as_bytes());
    }

    /// Texts that have no `;`: separated by it in a table, a list in JSON.
    pub(super) fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        self.name();
        if self.format == ExportFormat::Csv {
            let items: Vec<_> = items.collect();
            cell(&mut self.buffer, &items.join(";"));
            return;
        }
        self.buffer.push(b'[');
        for (n, item) in items.enumerate() {
            if n > 0 {
                self.buffer.push(b',');
            }
            json_text(&mut self.buffer, item);
        }
        self.buffer.push(b']');
    }

    /// A JSON value: as it is in JSON Lines, as text in a table.
    pub(super) fn json(&mut self, value: Option<&str>) {
        if self.format == ExportFormat::Csv {
            self.text(value);
        } else {
            self.plain(value.unwrap_or("null"));
        }
    }

    /// Ends the row.
    pub(super) fn end(&mut self) -> io::Result<()> {
        debug_assert_eq!(self.given, self.names.len(), "every column has its value");
        self.given = 0;
        if self.format == ExportFormat::Jsonl {
            self.buffer.push(b'}');
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= BLOCK {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.buffer)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn name(&mut self) {
        let name = self.names.get(self.given).copied().unwrap_or_default();
        match self.format {
            ExportFormat::Csv if self.given > 0 => self.buffer.push(b','),
            ExportFormat::Csv => {}
            ExportFormat::Jsonl => {
                let before: &[u8] = if self.given > 0 { b",\"" } else { b"{\"" };
                for part in [before, name.as_bytes(), b"\":"] {
                    self.buffer.extend_from_slice(part);
                }
            }
        }
        self.given += 1;
    }
}

/// A cell: in quotes where it must be, with the mark where a spreadsheet would run it.
fn cell(out: &mut Vec<u8>, text: &str) {
    let guard = needs_guard(text);
    let bytes = text.as_bytes();
    if memchr3(b',', b'"', b'\n', bytes).is_none() && memchr2(b'\r', b';', bytes).is_none() {
        if guard {
            out.push(b'\'');
        }
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if guard {
        out.push(b'\'');
    }
    let mut rest = bytes;
    while let Some(quote) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        out.push(b'"');
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn json_text(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let text = serde_json::Value::from(text).to_string();
        out.extend_from_slice(text.as_bytes());
    }
}

/// RFC 3339 in UTC, with as many digits of a second as there are.
fn time(out: &mut Vec<u8>, at: Timestamp) {
    let (date, time) = (at.date_naive(), at.time());
    let Ok(year) = u32::try_from(date.year()) else {
        out.extend_from_slice(at.to_rfc3339().as_bytes());
        return;
    };
    for (number, width, after) in [
        (year, 4, b'-'),
        (date.month(), 2, b'-'),
        (date.day(), 2, b'T'),
        (time.hour(), 2, b':'),
        (time.minute(), 2, b':'),
    ] {
        digits(out, number, width);
        out.push(after);
    }
    digits(out, time.second(), 2);
    let micros = time.nanosecond() / 1_000 % 1_000_000;
    if micros > 0 {
        out.push(b'.');
        digits(out, micros, 6);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.push(b'Z');
}

fn digits(out: &mut Vec<u8>, number: u32, width: usize) {
    let begin = out.len();
    out.resize(begin + width, b'0');
    let mut left = number;
    for digit in out[begin..].iter_mut().rev() {
        *digit += (left % 10) as u8;
        left /= 10;
    }
}
