//! The tool's own messages as JSON Lines: one object a line, in any order of keys.

use std::borrow::Cow;
use std::io::Read;

use super::encoding::text;
use super::field::Field;
use super::json::{Found, Paths, Values, taken};
use super::lines::Lines;
use super::loose::mended;
use super::rows::{CELL_LIMIT, Fault, RowFault};
use super::shape::Shape;
use super::table::explain;
use super::{ReadError, Reader, Record, RowError, SourceSettings};

/// Reads messages from JSON Lines.
pub struct JsonlReader {
    lines: Lines<Box<dyn Read + Send>>,
    paths: Paths,
    shape: Shape,
    /// A line that is not UTF-8, decoded.
    decoded: String,
}

impl JsonlReader {
    /// A reader of `input`, which is text (see [`super::open`] for files).
    ///
    /// # Errors
    /// Settings that name columns which do not exist.
    pub fn new(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Result<Self, ReadError> {
        Ok(Self {
            lines: Lines::new(input),
            paths: Paths::new(settings),
            shape: Shape::new(settings)?,
            decoded: String::new(),
        })
    }
}

impl Reader for JsonlReader {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        let (line, text) = match next_text(&mut self.lines, &mut self.decoded)? {
            Ok(found) => found,
            Err(e) => return Some(Err(e)),
        };
        let values = self.paths.read(text).and_then(|v| checked(v, text));
        let reason = match values {
            Ok(values) => return Some(self.shape.record(line, taken(values))),
            Err(reason) => reason,
        };
        let Some(whole) = mended(text, &reason) else {
            return Some(Err(RowError { line, reason }.into()));
        };
        let values = self.paths.read(&whole).and_then(|v| checked(v, &whole));
        Some(match values {
            Ok(values) => {
                let record = self.shape.record(line, taken(values));
                record.map(Record::into_owned)
            }
            Err(reason) => Err(RowError { line, reason }.into()),
        })
    }
}

/// The next line that is not blank, as text; `decoded` holds it when it is not UTF-8.
pub(super) fn next_text<'a>(
    lines: &'a mut Lines<Box<dyn Read + Send>>,
    decoded: &'a mut String,
) -> Option<Result<(u64, &'a str), ReadError>> {
    let (line, bytes) = match lines.next_filled() {
        Err(e) => return Some(Err(e.into())),
        Ok(None) => return None,
        Ok(Some(Err(fault))) => return Some(Err(row_error(fault).into())),
        Ok(Some(Ok(found))) => found,
    };
    Some(match text(bytes) {
        None => {
            let kind = Fault::NotText;
            Err(row_error(RowFault { line, kind }).into())
        }
        Some(Cow::Borrowed(text)) => Ok((line, text)),
        Some(Cow::Owned(text)) => {
            *decoded = text;
            Ok((line, decoded))
        }
    })
}

/// The values, if each is one that a field can have.
pub(super) fn checked<'a>(values: Values<'a>, line: &str) -> Result<Values<'a>, String> {
    let has_nul = memchr::memmem::find(line.as_bytes(), b"\\u0000").is_some();
    for field in Field::ALL {
        match &values[field as usize] {
            Found::Nothing => {}
            Found::Wrong(what) => {
                return Err(format!(
                    "{}: the value is {what}; write a text in double quotes",
                    field.name()
                ));
            }
            Found::Text(text) if text.len() > CELL_LIMIT => {
                return Err(format!(
                    "{}: the text is longer than 1 MiB; shorten it",
                    field.name()
                ));
            }
            Found::Text(text) if has_nul && text.contains('\0') => {
                return Err(format!(
                    "{}: the text has a NUL character; leave it out",
                    field.name()
                ));
            }
            Found::Text(_) => {}
        }
    }
    Ok(values)
}

fn row_error(fault: RowFault) -> RowError {
    RowError {
        line: fault.line,
        reason: explain(fault, None),
    }
}
