//! Rows whose values are asked for by name: the contact and follow-up files, from CSV and JSON Lines alike.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::guard::unguarded;
use super::json::{check_depth, explain};
use super::jsonl::next_text;
use super::lines::Lines;
use super::platform::storable;
use super::table::Table;
use super::{ReadError, RowError, SourceSettings};

/// Rows of texts, in the order of the names that were asked for.
pub(crate) struct NamedRows {
    input: Input,
    names: Vec<(&'static str, String)>,
    ours: Arc<[&'static str]>,
}

enum Input {
    Table {
        table: Table,
        places: Vec<Option<usize>>,
    },
    Lines {
        lines: Lines<Box<dyn Read + Send>>,
        decoded: String,
    },
}

/// One row.
pub(crate) struct NamedRow {
    /// The line on which it begins.
    pub(crate) line: u64,
    names: Arc<[&'static str]>,
    values: Vec<Option<String>>,
    /// The row is a JSON object: a list in it is a JSON list.
    json: bool,
}

impl NamedRows {
    /// The rows of a table.
    pub(crate) fn of_table(
        table: Table,
        ours: &[&'static str],
        settings: &SourceSettings,
    ) -> Result<Self, ReadError> {
        let names = wanted(ours, settings);
        let places = names.iter().map(|(_, theirs)| table.header.find(theirs));
        let places = places.collect::<Result<_, _>>()?;
        Ok(Self {
            input: Input::Table { table, places },
            ours: ours.into(),
            names,
        })
    }

    /// The objects of JSON Lines.
    pub(crate) fn of_lines(
        input: Box<dyn Read + Send>,
        ours: &[&'static str],
        settings: &SourceSettings,
    ) -> Self {
        Self {
            input: Input::Lines {
                lines: Lines::new(input),
                decoded: String::new(),
            },
            names: wanted(ours, settings),
            ours: ours.into(),
        }
    }

    /// The next row; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Result<NamedRow, ReadError>> {
        let (line, values) = match &mut self.input {
            Input::Table { table, places } => {
                let cells = match table.rows.next() {
                    Err(e) => return Some(Err(e.into())),
                    Ok(None) => return None,
                    Ok(Some(Err(fault))) => return Some(Err(table.header.row_error(fault).into())),
                    Ok(Some(Ok(cells))) => cells,
                };
                if let Some(reason) = table.header.too_wide(cells) {
                    let line = cells.line();
                    return Some(Err(RowError { line, reason }.into()));
                }
                let value =
                    |place: &Option<usize>| Some(unguarded(cells.get((*place)?)?).to_owned());
                (cells.line(), places.iter().map(value).collect())
            }
            Input::Lines { lines, decoded } => {
                let (line, text) = match next_text(lines, decoded)? {
                    Ok(found) => found,
                    Err(e) => return Some(Err(e)),
                };
                match object(text) {
                    Ok(object) => {
                        let value = |(_, theirs): &(_, String)| as_text(at_path(&object, theirs)?);
                        let values: Vec<_> = self.names.iter().map(value).collect();
                        let texts = values.iter().flatten();
                        if let Err(reason) = storable(texts.map(String::as_str)) {
                            return Some(Err(RowError { line, reason }.into()));
                        }
                        (line, values)
                    }
                    Err(reason) => return Some(Err(RowError { line, reason }.into())),
                }
            }
        };
        Some(Ok(NamedRow {
            line,
            json: matches!(self.input, Input::Lines { .. }),
            names: Arc::clone(&self.ours),
            values,
        }))
    }
}

impl NamedRow {
    /// Takes the value of this name; `None` when it is empty.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.names.iter().position(|n| *n == name)?;
        self.values[place].take()
    }

    /// Takes the texts of this name: a JSON list, or separated by `;`.
    ///
    /// # Errors
    /// A JSON list of other things than texts.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<String>, RowError> {
        let Some(text) = self.take(name) else {
            return Ok(Vec::new());
        };
        if self.json && text.starts_with('[') {
            return serde_json::from_str(&text).map_err(|_| {
                self.fail(format!(
                    "{name}: not a list of texts; write it like [\"a\", \"b\"]"
                ))
            });
        }
        let items = text.split(';').map(str::trim);
        Ok(items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// An error of this row.
    pub(crate) fn fail(&self, reason: impl Into<String>) -> RowError {
        RowError {
            line: self.line,
            reason: reason.into(),
        }
    }

    /// Takes the value of this name and reads it.
    ///
    /// # Errors
    /// It is empty, or `read` says what is wrong with it.
    pub(crate) fn need<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, RowError> {
        match self.maybe(name, read)? {
            Some(value) => Ok(value),
            None => Err(self.fail(format!("{name}: the value is empty; it is needed"))),
        }
    }

    /// Takes the value of this name and reads it, unless it is empty.
    ///
    /// # Errors
    /// `read` says what is wrong with it.
    pub(crate) fn maybe<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, RowError> {
        self.take(name)
            .map(|text| read(&text))
            .transpose()
            .map_err(|reason| self.fail(format!("{name}: {reason}")))
    }
}

/// An object's keys, and their values as written.
pub(crate) type Object<'a> = HashMap<String, &'a RawValue>;

/// The object that a line is.
pub(crate) fn object(line: &str) -> Result<Object<'_>, String> {
    check_depth(line)?;
    serde_json::from_str(line).map_err(|e| explain(&e))
}

/// The value at `path`: that of the key, or through the objects that its dots name.
pub(crate) fn at_path<'a>(object: &Object<'a>, path: &str) -> Option<&'a RawValue> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (key, rest) = path.split_once('.')?;
    let inner: Object<'a> = serde_json::from_str(object.get(key)?.get()).ok()?;
    at_path(&inner, rest)
}

/// A value as text: a text as it is, a list or an object as JSON.
fn as_text(value: &RawValue) -> Option<String> {
    let text = match value.get() {
        "null" => return None,
        quoted if quoted.starts_with('"') => serde_json::from_str(quoted).ok()?,
        other => other.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

fn wanted(names: &[&'static str], settings: &SourceSettings) -> Vec<(&'static str, String)> {
    let theirs = |name: &&'static str| {
        let theirs = settings.columns.get(*name);
        (
            *name,
            theirs.map_or_else(|| (*name).to_owned(), Clone::clone),
        )
    };
    names.iter().map(theirs).collect()
}
