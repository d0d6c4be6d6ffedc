//! What was noted while the file was read: faults, warnings, and what must not be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use toml::de::DeValue;

use super::file::{Table, Value};
use super::load::TemplateUse;
use super::{SecretRef, suggest};

/// Bytes of the file.
pub(super) type Span = Range<usize>;

/// A place in the file: where, and its dotted path.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// `None` for what is not in the file at all.
    pub(super) span: Option<Span>,
    pub(super) path: String,
}

impl Spot {
    /// Whether this is in a part of the file where secrets are named.
    pub(super) fn holds_secrets(&self) -> bool {
        let part = self.path.split('.').next().unwrap_or("");
        matches!(part, "channels" | "workflows" | "ai")
    }
}

/// A value read, and its place.
#[derive(Debug, Clone)]
pub(super) struct Spotted<T> {
    pub(super) value: T,
    pub(super) spot: Spot,
}

/// What was noted on the way.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) faults: Vec<(Spot, String)>,
    pub(super) warnings: Vec<(Spot, String)>,
    /// What must not be shown, such as a secret written in the file.
    pub(super) masked: Vec<Span>,
    /// What only `check` looks into.
    pub(super) deferred: Vec<(Spot, Deferred)>,
    pub(super) known: BTreeMap<String, BTreeSet<&'static str>>,
    unknown: Vec<(Spot, String, String)>,
}

/// What only `check` looks into, because loading must be quick and must not run a secret's command.
#[derive(Debug)]
pub(super) enum Deferred {
    Template(String, TemplateUse),
    Secret(SecretRef),
    /// A program that is named by its path, resolved.
    Program(PathBuf),
    /// A file of words, resolved.
    Words(PathBuf),
    /// A source's files, resolved.
    Files(PathBuf),
}

impl Findings {
    pub(super) fn fault(&mut self, spot: &Spot, message: impl Into<String>) {
        self.faults.push((spot.clone(), message.into()));
    }

    pub(super) fn warn(&mut self, spot: &Spot, message: impl Into<String>) {
        self.warnings.push((spot.clone(), message.into()));
    }

    pub(super) fn unknown_key(&mut self, spot: Spot, table: &str, key: &str) {
        self.unknown.push((spot, table.to_owned(), key.to_owned()));
    }

    pub(super) fn known_keys(&mut self, table: String, keys: Vec<&'static str>) {
        self.known.entry(table).or_default().extend(keys);
    }

    pub(super) fn mask(&mut self, spot: &Spot) {
        self.masked.extend(spot.span.clone());
    }

    /// Masks the texts of a value that is not understood, where they may be secrets: by the names of their
    /// keys, or because tables like this one hold secrets.
    pub(super) fn mask_secrets(&mut self, key: &str, value: &Value<'_>) {
        let holds_secrets = value.spot.holds_secrets() || suggest::sounds_secret(key);
        match value.value {
            DeValue::String(_) | DeValue::Integer(_) if holds_secrets => self.mask(&value.spot),
            DeValue::Array(items) if holds_secrets && !items.is_empty() => self.mask(&value.spot),
            DeValue::Table(entries) => {
                let inner = Table::new(value.spot.clone(), Some(entries));
                for (key, value) in inner.entries() {
                    self.mask_secrets(key, &value);
                }
            }
            _ => {}
        }
    }

    /// A template's source, for `check` to compile and render.
    pub(super) fn template(&mut self, source: &Spotted<&str>, purpose: TemplateUse) {
        self.deferred.push((
            source.spot.clone(),
            Deferred::Template(source.value.to_owned(), purpose),
        ));
    }

    /// Turns unknown keys into faults, now that every table's keys are known.
    pub(super) fn finish(&mut self) {
        for (spot, table, key) in std::mem::take(&mut self.unknown) {
            let none = BTreeSet::new();
            let siblings = self.known.get(&table).unwrap_or(&none);
            let message = match suggest::nearest(&key, siblings.iter().copied()) {
                Some(near) => {
                    // The key was meant to be there: do not report it missing too.
                    let meant = join(&table, near);
                    self.faults
                        .retain(|(s, m)| s.path != meant || !m.starts_with(MISSING));
                    format!("unknown key; did you mean `{near}`?")
                }
                None => unknown_key(&key, siblings, &self.known),
            };
            self.faults.push((spot, message));
        }
    }
}

pub(super) const MISSING: &str = "missing";

fn unknown_key(
    key: &str,
    siblings: &BTreeSet<&'static str>,
    known: &BTreeMap<String, BTreeSet<&'static str>>,
) -> String {
    let elsewhere = known.iter().find_map(|(table, keys)| {
        let near = keys
            .iter()
            .find(|k| suggest::fold(k) == suggest::fold(key))?;
        Some((table, near))
    });
    match elsewhere {
        Some((table, near)) if table.is_empty() => {
            format!("unknown key; `{near}` is a table of its own, not inside another")
        }
        Some((table, near)) => format!("unknown key; `{near}` exists in [{table}]"),
        None if siblings.is_empty() => "unknown key".to_owned(),
        None => format!("unknown key; known here: {}", suggest::list(siblings)),
    }
}

pub(super) fn join(table: &str, key: &str) -> String {
    let key = if is_bare(key) {
        key.to_owned()
    } else {
        format!("{key:?}")
    };
    if table.is_empty() {
        key
    } else {
        format!("{table}.{key}")
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl<'a> Spotted<&'a str> {
    /// Makes something of the text; why not is a fault.
    pub(super) fn parse<T>(
        &self,
        findings: &mut Findings,
        parse: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Option<T> {
        parse(self.value)
            .map_err(|message| findings.fault(&self.spot, message))
            .ok()
    }
}
