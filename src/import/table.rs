//! A delimited table with a header: finding the delimiter, finding columns by name.

use std::io::{Cursor, Read};

use super::field::{COLUMNS, Field};
use super::rows::{Cells, Fault, RowFault, Rows};
use super::words::{list, nearest, shown};
use super::{ReadError, RowError, SourceSettings};

type Input = Box<dyn Read + Send>;

/// A table whose header has been read.
pub(crate) struct Table {
    /// The rows after the header.
    pub(crate) rows: Rows<Input>,
    /// The header.
    pub(crate) header: Header,
}

/// The names of a table's columns.
pub(crate) struct Header {
    names: Vec<String>,
    line: u64,
    delimiter: u8,
}

const HEAD: u64 = 64 << 10;
/// How many notes are made of one header.
const MOST_NOTES: usize = 10;

impl Table {
    /// Reads the header of `input` and finds the delimiter: the one of comma, semicolon, tab and bar that shows the
    /// most columns that we know, by our names or by those of the settings.
    pub(crate) fn read(mut input: Input, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut head = Vec::new();
        (&mut input).take(HEAD).read_to_end(&mut head)?;
        let (declared, skipped) = declared_delimiter(&head);
        let declared = settings.delimiter.or(declared);
        let first_line = if skipped > 0 { 2 } else { 1 };
        let candidates = match &declared {
            Some(delimiter) => std::slice::from_ref(delimiter),
            None => b",;\t|",
        };
        let mut best: Option<(usize, usize, Header)> = None;
        for delimiter in candidates {
            let mut rows = Rows::new(&head[skipped..], *delimiter, first_line);
            let names: Vec<String> = match rows.next()? {
                None => {
                    return Err(ReadError::File(
                        "the file is empty; its first line must name the columns".to_owned(),
                    ));
                }
                Some(Ok(cells)) => cells.iter().map(|name| name.trim().to_owned()).collect(),
                Some(Err(fault)) => {
                    return Err(ReadError::File(format!(
                        "the header cannot be read: {}",
                        explain(fault, None)
                    )));
                }
            };
            let header = Header {
                names,
                line: rows.last_line(),
                delimiter: *delimiter,
            };
            let score = (header.known(settings), header.names.len());
            if best
                .as_ref()
                .is_none_or(|(known, all, _)| score > (*known, *all))
            {
                best = Some((score.0, score.1, header));
            }
        }
        let Some((.., header)) = best else {
            return Err(ReadError::File(
                "the file is empty; its first line must name the columns".to_owned(),
            ));
        };
        let body: Input = Box::new(Cursor::new(head.split_off(skipped)).chain(input));
        let mut rows = Rows::new(body, header.delimiter, first_line);
        if let Some(Err(fault)) = rows.next()? {
            return Err(ReadError::File(format!(
                "the header cannot be read: {}",
                explain(fault, None)
            )));
        }
        Ok(Self { rows, header })
    }
}

/// The delimiter of a first line such as `sep=;`, which Excel writes and reads, and the length of that line.
fn declared_delimiter(head: &[u8]) -> (Option<u8>, usize) {
    let Some(end) = head.iter().take(12).position(|b| *b == b'\n') else {
        return (None, 0);
    };
    let line = head[..end].strip_suffix(b"\r").unwrap_or(&head[..end]);
    let inner = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\""));
    match inner.unwrap_or(line) {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => (Some(*delimiter), end + 1),
        _ => (None, 0),
    }
}

impl Header {
    /// The name that a field's column has in this source.
    fn wanted(field: Field, settings: &SourceSettings) -> &str {
        settings
            .columns
            .get(field.name())
            .map_or(field.name(), String::as_str)
    }

    fn known(&self, settings: &SourceSettings) -> usize {
        let has = |name: &str| {
            self.names
                .iter()
                .any(|n| n.eq_ignore_ascii_case(name.trim()))
        };
        let mapped = Field::ALL
            .iter()
            .filter(|f| has(Self::wanted(**f, settings)));
        mapped.count() + usize::from(has("claimed_at")) + usize::from(has("addresses"))
    }

    /// How many columns there are.
    pub(crate) const fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is a column of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        matches!(self.find(name), Ok(Some(_)) | Err(_))
    }

    /// Where the column of this name stands; exact, else whatever the case.
    ///
    /// # Errors
    /// Two columns have the name.
    pub(crate) fn find(&self, name: &str) -> Result<Option<usize>, ReadError> {
        let name = name.trim();
        let exact = self.places(|n| n == name);
        let places = if exact.is_empty() {
            self.places(|n| n.eq_ignore_ascii_case(name))
        } else {
            exact
        };
        match places.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            [first, second, ..] => Err(ReadError::File(format!(
                "line {}: columns {} and {} are both called {}; rename one of them",
                self.line,
                first + 1,
                second + 1,
                shown(name)
            ))),
        }
    }

    fn places(&self, is: impl Fn(&str) -> bool) -> Vec<usize> {
        let named = self.names.iter().enumerate().filter(|(_, n)| is(n));
        named.map(|(place, _)| place).collect()
    }

    /// Where each of `fields` stands, or the faults of the header, all at once.
    ///
    /// # Errors
    /// A required column is missing, a mapped column is missing, or a column stands there twice.
    pub(crate) fn columns<const N: usize>(
        &self,
        fields: [Field; N],
        settings: &SourceSettings,
        optional: impl Fn(Field) -> bool,
    ) -> Result<[Option<usize>; N], ReadError> {
        let mut missing = Vec::new();
        let mut places = [None; N];
        for (place, field) in places.iter_mut().zip(fields) {
            let wanted = Self::wanted(field, settings);
            *place = self.find(wanted)?;
            if place.is_none() && (!optional(field) || settings.columns.contains_key(field.name()))
            {
                missing.push((field, wanted));
            }
        }
        if missing.is_empty() {
            return Ok(places);
        }
        Err(ReadError::File(self.explain_missing(&missing, settings)))
    }

    /// A note for each column that is nobody's and is spelt almost like one of the `fields`, which the table lacks.
    pub(crate) fn misspelt<const N: usize>(
        &self,
        fields: [Field; N],
        columns: &[Option<usize>; N],
    ) -> Vec<String> {
        let lacking = fields.iter().zip(columns).filter(|(_, c)| c.is_none());
        let lacking: Vec<&str> = lacking.map(|(field, _)| field.name()).collect();
        let unused = self.names.iter().enumerate();
        let unused =
            unused.filter(|(place, name)| !name.is_empty() && !columns.contains(&Some(*place)));
        let almost = |name: &str, ours: &str| {
            let name = name.to_lowercase().replace([' ', '-'], "_");
            strsim::osa_distance(&name, ours) <= 1
        };
        let notes = unused.filter_map(|(_, name)| {
            let near = lacking.iter().find(|ours| almost(name, ours))?;
            let name = shown(name);
            Some(format!("column {name} is not used; did you mean `{near}`?"))
        });
        notes.take(MOST_NOTES).collect()
    }

    fn explain_missing(&self, missing: &[(Field, &str)], settings: &SourceSettings) -> String {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        let mut out = format!("line {}: the header lacks ", self.line);
        for (n, (field, wanted)) in missing.iter().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            out.push_str(&shown(wanted));
            if settings.columns.contains_key(field.name()) {
                out.push_str(&format!(" (which `columns` gives for {})", field.name()));
            }
            let taken = |name: &&str| !COLUMNS.contains(name);
            if let Some(near) = nearest(wanted, names.iter().copied().filter(taken)) {
                out.push_str(&format!(" – is it {}?", shown(near)));
            }
        }
        out.push_str(&format!(
            "; it has {}; rename the columns, or say with `columns` on the source which is which, such as columns = {{ {} = \"their name\" }}",
            list(names, 20),
            missing[0].0.name()
        ));
        out
    }

    /// What is wrong with a row that has cells beyond the header's, if it has.
    pub(crate) fn too_wide(&self, cells: Cells<'_>) -> Option<String> {
        let extra = (self.names.len()..cells.len()).any(|n| cells.get(n).is_some());
        extra.then(|| {
            format!(
                "the row has {} cells where the header has {}; put a text that contains {} or a line break in double quotes",
                cells.len(),
                self.names.len(),
                match self.delimiter {
                    b'\t' => "a tab".to_owned(),
                    other => format!("`{}`", char::from(other)),
                }
            )
        })
    }

    /// The error of a row that could not be cut into cells.
    pub(crate) fn row_error(&self, fault: RowFault) -> RowError {
        RowError {
            line: fault.line,
            reason: explain(fault, Some(self)),
        }
    }
}

/// Why a row cannot be used, and what to do.
pub(super) fn explain(fault: RowFault, header: Option<&Header>) -> String {
    match fault.kind {
        Fault::RowTooLong => "the row is longer than 8 MiB; shorten it, or close a quote that is open".to_owned(),
        Fault::CellTooLong(cell) => {
            let name = header.and_then(|h| h.names.get(cell));
            format!(
                "{}: the text is longer than 1 MiB; shorten it",
                name.map_or_else(|| format!("cell {}", cell + 1), |name| shown(name))
            )
        }
        Fault::Unclosed => "a double quote that opens in this row is never closed, so nothing after it could be read; close it, and write quotes inside a text twice (\"\")".to_owned(),
        Fault::Nul => "the row has a NUL byte; export the file again as text".to_owned(),
        Fault::NotText => "the row is neither UTF-8 nor Windows-1252; save the file as UTF-8".to_owned(),
    }
}
