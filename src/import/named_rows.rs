//! Rows whose values are asked for by name: the contact and follow-up files, from CSV and JSON Lines alike.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use serde_json::value::RawValue;

use super::guard::unguarded;
use super::json::{check_depth, explain};
use super::jsonl::next_text;
use super::lines::Lines;
use super::loose::Text;
use super::platform::storable;
use super::rows::Cells;
use super::table::Table;
use super::{ReadError, RowError, SourceSettings};

/// Rows of texts, whose values go by the names that were asked for.
pub(crate) struct NamedRows {
    input: Input,
    ours: &'static [&'static str],
}

enum Input {
    Table {
        table: Table,
        places: Vec<Option<usize>>,
    },
    Lines {
        lines: Lines<Box<dyn Read + Send>>,
        decoded: String,
        /// What the source calls each name.
        theirs: Vec<String>,
    },
}

/// One row; valid until the next is asked for.
pub(crate) struct NamedRow<'a> {
    /// The line on which it begins.
    pub(crate) line: u64,
    ours: &'a [&'static str],
    values: Values<'a>,
}

/// A row's values, in the order of the names that were asked for.
enum Values<'a> {
    /// The cells of a table, and where each name stands in them.
    Cells(Cells<'a>, &'a [Option<usize>]),
    /// Those of a JSON object: a list in it is a JSON list.
    Json(Vec<Option<Cow<'a, str>>>),
}

impl NamedRows {
    /// The rows of a table.
    pub(crate) fn of_table(
        table: Table,
        ours: &'static [&'static str],
        settings: &SourceSettings,
    ) -> Result<Self, ReadError> {
        let theirs = wanted(ours, settings);
        let places = theirs.iter().map(|theirs| table.header.find(theirs));
        let places = places.collect::<Result<_, _>>()?;
        Ok(Self {
            input: Input::Table { table, places },
            ours,
        })
    }

    /// The objects of JSON Lines.
    pub(crate) fn of_lines(
        input: Box<dyn Read + Send>,
        ours: &'static [&'static str],
        settings: &SourceSettings,
    ) -> Self {
        Self {
            input: Input::Lines {
                lines: Lines::new(input),
                decoded: String::new(),
                theirs: wanted(ours, settings),
            },
            ours,
        }
    }

    /// The next row; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Result<NamedRow<'_>, ReadError>> {
        let (line, values) = match &mut self.input {
            Input::Table { table, places } => {
                let Table { rows, header } = table;
                let cells = match rows.next() {
                    Err(e) => return Some(Err(e.into())),
                    Ok(None) => return None,
                    Ok(Some(Err(fault))) => return Some(Err(header.row_error(fault).into())),
                    Ok(Some(Ok(cells))) => cells,
                };
                if cells.len() > header.len()
                    && let Some(reason) = header.too_wide(cells)
                {
                    let line = cells.line();
                    return Some(Err(RowError { line, reason }.into()));
                }
                (cells.line(), Values::Cells(cells, places))
            }
            Input::Lines {
                lines,
                decoded,
                theirs,
            } => {
                let (line, text) = match next_text(lines, decoded)? {
                    Ok(found) => found,
                    Err(e) => return Some(Err(e)),
                };
                match texts(text, theirs) {
                    Ok(values) => (line, Values::Json(values)),
                    Err(reason) => return Some(Err(RowError { line, reason }.into())),
                }
            }
        };
        Some(Ok(NamedRow {
            line,
            ours: self.ours,
            values,
        }))
    }
}

impl NamedRow<'_> {
    /// The value of this name; `None` when it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.at(self.ours.iter().position(|n| *n == name)?)
    }

    /// The value of the name at this place among those that were asked for; `None` when it is empty.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> Option<&str> {
        match &self.values {
            Values::Cells(cells, places) => cells.get((*places.get(place)?)?).map(unguarded),
            Values::Json(values) => values.get(place)?.as_deref(),
        }
    }

    /// The value of this name.
    ///
    /// # Errors
    /// It is empty.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, RowError> {
        let lacks = || self.fail(format!("{name}: the value is empty; it is needed"));
        self.get(name).ok_or_else(lacks)
    }

    /// A copy of the value of this name; `None` when it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The texts of this name: a JSON list, or separated by `;`.
    ///
    /// # Errors
    /// A JSON list of other things than texts.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, RowError> {
        let Some(text) = self.get(name) else {
            return Ok(Vec::new());
        };
        if matches!(self.values, Values::Json(_)) && text.starts_with('[') {
            return serde_json::from_str(text).map_err(|_| {
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

    /// Reads the value of this name.
    ///
    /// # Errors
    /// It is empty, or `read` says what is wrong with it.
    pub(crate) fn need<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, RowError> {
        let value = self.needed(name)?;
        read(value).map_err(|reason| self.fail(format!("{name}: {reason}")))
    }

    /// Reads the value of this name, unless it is empty.
    ///
    /// # Errors
    /// `read` says what is wrong with it.
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, RowError> {
        self.get(name)
            .map(read)
            .transpose()
            .map_err(|reason| self.fail(format!("{name}: {reason}")))
    }
}

/// The values of a line's object under these names, or through the objects that their dots name.
fn texts<'a>(line: &'a str, names: &[String]) -> Result<Vec<Option<Cow<'a, str>>>, String> {
    let object = object(line)?;
    let value = |name: &String| as_text(at_path(&object, name)?);
    let values: Vec<_> = names.iter().map(value).collect();
    storable(values.iter().flatten().map(|text| &**text))?;
    Ok(values)
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
fn as_text(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = match value.get() {
        "null" => return None,
        quoted if quoted.starts_with('"') => serde_json::from_str::<Text<'_>>(quoted).ok()?.0,
        other => Cow::Borrowed(other),
    };
    (!text.is_empty()).then_some(text)
}

/// What the source calls each of `names`.
fn wanted(names: &[&'static str], settings: &SourceSettings) -> Vec<String> {
    let theirs = |name: &&'static str| {
        let theirs = settings.columns.get(*name);
        theirs.map_or_else(|| (*name).to_owned(), Clone::clone)
    };
    names.iter().map(theirs).collect()
}
