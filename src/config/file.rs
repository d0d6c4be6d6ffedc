//! The file as written: tables and values that know where they stand. Reading a value notes every fault and
//! goes on, so that all of them are reported at once.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::findings::{Findings, MISSING, Span, Spot, Spotted, join};

/// A table, or one that the file does not have: reading from that gives nothing.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) spot: Spot,
    entries: Option<&'a DeTable<'a>>,
    taken: Vec<&'static str>,
    /// Something else stands in its place, which is a fault already.
    is_misread: bool,
}

impl<'a> Table<'a> {
    pub(super) fn top(entries: &'a DeTable<'a>) -> Self {
        Self::new(
            Spot {
                span: None,
                path: String::new(),
            },
            Some(entries),
        )
    }

    pub(super) fn new(spot: Spot, entries: Option<&'a DeTable<'a>>) -> Self {
        Self {
            spot,
            entries,
            taken: Vec::new(),
            is_misread: false,
        }
    }

    pub(super) fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// Takes a value; what is never taken is an unknown key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.taken.push(key);
        let (name, value) = self.entries?.get_key_value(key)?;
        Some(self.value(name, value))
    }

    /// Every entry of a table whose keys are names of the user's own.
    pub(super) fn entries(&self) -> Vec<(&'a str, Value<'a>)> {
        let entries = self.entries.into_iter().flat_map(|e| e.iter());
        entries
            .map(|(name, value)| (name.get_ref().as_ref(), self.value(name, value)))
            .collect()
    }

    fn value(&self, name: &Spanned<DeString<'_>>, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        let spot = Spot {
            span: Some(value.span()),
            path: join(&self.spot.path, name.get_ref()),
        };
        Value {
            value: value.get_ref(),
            key: Some(name.span()),
            spot,
        }
    }

    /// The spot of a key, present or not.
    pub(super) fn spot_of(&self, key: &str) -> Spot {
        Spot {
            span: self.spot.span.clone(),
            path: join(&self.spot.path, key),
        }
    }

    /// Notes the keys that nobody took.
    pub(super) fn done(self, findings: &mut Findings) {
        for (key, value) in self.entries() {
            if !self.taken.contains(&key) {
                findings.mask_secrets(key, &value);
                findings.unknown_key(value.key_spot(), &self.spot.path, key);
            }
        }
        findings.known_keys(self.spot.path, self.taken);
    }

    /// A table in this one, present or not.
    pub(super) fn table(&mut self, key: &'static str, findings: &mut Findings) -> Table<'a> {
        let mut absent = Table::new(self.spot_of(key), None);
        match self.take(key) {
            Some(value) => {
                absent.is_misread = true;
                value.table(findings).unwrap_or(absent)
            }
            None => absent,
        }
    }

    /// Text that is required; `example` is a line that would do.
    pub(super) fn required(
        &mut self,
        key: &'static str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<Spotted<&'a str>> {
        match self.take(key) {
            Some(value) => value.text(example, findings),
            None => {
                self.missing(key, example, findings);
                None
            }
        }
    }

    pub(super) fn missing(&self, key: &str, example: &str, findings: &mut Findings) {
        if self.is_misread {
            return;
        }
        let place = match (&self.spot.span, self.spot.path.as_str()) {
            (None, table) if !table.is_empty() => format!("[{table}] "),
            _ => String::new(),
        };
        findings.fault(
            &self.spot_of(key),
            format!("{MISSING}; write, for example: {place}{example}"),
        );
    }

    /// Text, if it is there.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<Spotted<&'a str>> {
        self.take(key)?.text(example, findings)
    }

    /// Text that `parse` makes something of, if it is there.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        example: &str,
        findings: &mut Findings,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.text(key, example, findings)?.parse(findings, parse)
    }

    /// `true` or `false`, if it is there.
    pub(super) fn flag(&mut self, key: &'static str, findings: &mut Findings) -> Option<bool> {
        let value = self.take(key)?;
        match value.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                value.mismatch(
                    "true or false, without quotes",
                    &format!("{key} = true"),
                    findings,
                );
                None
            }
        }
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        example: &str,
        findings: &mut Findings,
    ) -> Vec<Spotted<&'a str>> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let items = value.items("a list of texts", example, findings);
        items
            .into_iter()
            .filter_map(|item| {
                let text = item.text(example, findings)?;
                if text.value.trim().is_empty() {
                    findings.fault(&text.spot, format!("empty; write, for example: {example}"));
                    return None;
                }
                Some(text)
            })
            .collect()
    }
}

/// A value of any type.
#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) value: &'a DeValue<'a>,
    pub(super) spot: Spot,
    key: Option<Span>,
}

impl<'a> Value<'a> {
    /// The place of its key.
    pub(super) fn key_spot(&self) -> Spot {
        Spot {
            span: self.key.clone().or_else(|| self.spot.span.clone()),
            path: self.spot.path.clone(),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(super) fn text(self, example: &str, findings: &mut Findings) -> Option<Spotted<&'a str>> {
        match self.value {
            DeValue::String(text) => Some(Spotted {
                value: text.as_ref(),
                spot: self.spot,
            }),
            _ => {
                self.mismatch("text in quotes", example, findings);
                None
            }
        }
    }

    pub(super) fn table(self, findings: &mut Findings) -> Option<Table<'a>> {
        let example = format!("[{}]", self.spot.path);
        self.inline_table(&example, findings)
    }

    /// A table that is usually written in braces, or is an entry of a list.
    pub(super) fn inline_table(self, example: &str, findings: &mut Findings) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(entries) => Some(Table::new(self.spot, Some(entries))),
            _ => {
                if self.spot.holds_secrets() {
                    findings.mask(&self.spot);
                }
                self.mismatch("a table", example, findings);
                None
            }
        }
    }

    /// The entries of a list; of something else none. They are counted from 1.
    pub(super) fn items(
        self,
        expected: &str,
        example: &str,
        findings: &mut Findings,
    ) -> Vec<Value<'a>> {
        let DeValue::Array(items) = self.value else {
            self.mismatch(expected, example, findings);
            return Vec::new();
        };
        let item = |(index, value): (usize, &'a Spanned<DeValue<'a>>)| Value {
            value: value.get_ref(),
            key: None,
            spot: Spot {
                span: Some(value.span()),
                path: format!("{}[{}]", self.spot.path, index + 1),
            },
        };
        items.iter().enumerate().map(item).collect()
    }

    pub(super) fn mismatch(self, expected: &str, example: &str, findings: &mut Findings) {
        let found = match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        findings.fault(
            &self.spot,
            format!("expected {expected}, found {found}; write, for example: {example}"),
        );
    }
}
