//! How the columns of a source's files, and the words in them, are told to be ours.

use std::collections::BTreeMap;

use super::file::{Table, Value};
use super::findings::Findings;
use super::{suggest, words};
use crate::model::{Author, BookingStatus};

const DIRECTIONS: &[&str] = &["inbound", "outbound", "in", "out"];

/// `columns`: our names, and theirs.
pub(super) fn columns(
    table: Table<'_>,
    known: &[&str],
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut columns = BTreeMap::new();
    for (ours, value) in table.entries() {
        let is_known = known_column(ours, known, &value, findings);
        let text = value.text("contact_id = \"Customer\"", findings);
        if let (true, Some(text)) = (is_known, text) {
            columns.insert(ours.to_owned(), text.value.to_owned());
        }
    }
    columns
}

fn known_column(ours: &str, known: &[&str], value: &Value<'_>, findings: &mut Findings) -> bool {
    if known.contains(&ours) {
        return true;
    }
    let message = match suggest::nearest(ours, known.iter().copied()) {
        Some(near) => format!("no column of ours; did you mean `{near}`?"),
        None => format!(
            "no column of ours; ours go on the left: {}",
            known.join(", ")
        ),
    };
    findings.fault(&value.key_spot(), message);
    false
}

/// `values`: of our columns, their words and ours.
pub(super) fn values(
    table: Table<'_>,
    known: &[&str],
    findings: &mut Findings,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (ours, value) in table.entries() {
        let is_known = known_column(ours, known, &value, findings);
        let Some(inner) = value.table(findings) else {
            continue;
        };
        let mut mapped = BTreeMap::new();
        for (theirs, value) in inner.entries() {
            let Some(text) = value.text("\"Customer\" = \"inbound\"", findings) else {
                continue;
            };
            let is_valid = text.parse(findings, |t| match (ours, known.contains(&"starts_at")) {
                ("status", true) => {
                    words::one_of("status", BookingStatus::ALL, BookingStatus::as_str, t).map(drop)
                }
                _ => known_value(ours, t),
            });
            if is_valid.is_some() {
                mapped.insert(theirs.to_owned(), text.value.to_owned());
            }
        }
        if is_known {
            values.insert(ours.to_owned(), mapped);
        }
    }
    values
}

/// Columns of fixed words take no others.
fn known_value(column: &str, text: &str) -> Result<(), String> {
    match column {
        "channel" => words::channel(text).map(drop),
        "author" => words::one_of("author", Author::ALL, Author::as_str, text).map(drop),
        "direction" => words::one_of("direction", DIRECTIONS, |d| d, text).map(drop),
        _ => Ok(()),
    }
}
