use std::collections::BTreeMap;

use super::file::Table;
use super::findings::Findings;
use super::templates::closest;
use super::words;
use crate::model::{Country, Delay};

/// `[ai.disclosure]`: when a text by a language model says that it is by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Disclosure {
    /// A silence this long is long; default 30 days.
    pub after: Delay,
    /// The countries of the contacts who are told; empty is every country.
    pub required_in: Vec<Country>,
    /// The words, by language tag; for other languages there are built-in ones.
    pub lines: BTreeMap<String, String>,
}

/// A line is no longer than this, in characters: it must leave room for the text, even in an SMS.
const LONGEST: usize = 120;

impl Disclosure {
    /// The configured words for a language tag.
    #[must_use]
    pub fn line(&self, tag: &str) -> Option<&str> {
        closest(&self.lines, tag)
    }
}

/// `[ai.disclosure]`; `None` without the table.
pub(super) fn read(mut table: Table<'_>, findings: &mut Findings) -> Option<Disclosure> {
    let is_present = table.is_present();
    let after = table.parsed("after", "after = \"30d\"", findings, words::delay);
    let countries = table.texts("required_in", "required_in = [\"DE\", \"US\"]", findings);
    let required_in = countries
        .iter()
        .filter_map(|text| text.parse(findings, str::parse));
    let required_in = required_in.collect();
    let mut lines = BTreeMap::new();
    let inner = table.table("lines", findings);
    for (tag, value) in inner.entries() {
        if !words::is_language_tag(tag) {
            let spot = value.key_spot();
            findings.fault(&spot, "no language; write, for example: es = \"…\"");
            continue;
        }
        let example = format!("{tag} = \"This message was written by an AI assistant.\"");
        let Some(text) = value.text(&example, findings) else {
            continue;
        };
        let line = text.parse(findings, |line| match line.trim() {
            "" => Err("empty; write the words, or leave the language out".to_owned()),
            line if line.chars().count() > LONGEST => Err(format!(
                "longer than {LONGEST} characters; write a short sentence"
            )),
            line if line.contains('\n') => Err("more than one line; write one".to_owned()),
            line => Ok(line.to_owned()),
        });
        if let Some(line) = line {
            lines.insert(tag.to_owned(), line);
        }
    }
    table.done(findings);
    is_present.then(|| Disclosure {
        after: after.unwrap_or(Delay::days(30)),
        required_in,
        lines,
    })
}
