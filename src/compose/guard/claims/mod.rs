//! What a text states: links, ways to reach somebody, money, times and numbers; and which of it has grounds.

mod clocks;
mod dates;
mod links;
mod money;
mod phones;

use std::ops::Range;

use regex::Regex;

use super::plain::{Plain, words};
use super::{Finding, FindingKind, Grounds, Ours};
use crate::model::Language;
use dates::Day;
use money::Currency;

/// One thing that a text states.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    kind: FindingKind,
    key: Key,
    range: Range<usize>,
}

/// What is stated, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// Without scheme and `www.`; the host, and what follows it.
    Link(String, String),
    Email(String),
    Handle(String),
    /// Digits.
    Phone(String),
    /// Hundredths, where a number is read; the currency, where one is said.
    Price(Option<u64>, Option<Currency>),
    /// Hundredths of a percent.
    Percent(Option<u64>),
    Day(Day),
    /// Minutes after noon or midnight.
    Time(u16),
    /// Digits.
    Number(String),
}

/// A text in which what is understood is blotted out, so that nothing is understood twice.
struct Work<'p> {
    plain: &'p Plain,
    text: String,
    claims: Vec<Claim>,
}

impl Work<'_> {
    /// Notes what every match of a pattern states, and blots it out.
    fn take(
        &mut self,
        pattern: &Regex,
        kind: FindingKind,
        key: impl Fn(&regex::Captures<'_>, &Self) -> Option<(Key, Range<usize>)>,
    ) {
        let mut found = Vec::new();
        for captures in pattern.captures_iter(&self.text) {
            if let Some((key, range)) = key(&captures, self) {
                found.push(Claim { kind, key, range });
            }
        }
        for claim in found {
            self.blot(claim.range.clone());
            self.claims.push(claim);
        }
    }

    fn blot(&mut self, range: Range<usize>) {
        let blank = "\u{1}".repeat(range.len());
        if self.text.get(range.clone()).is_some() {
            self.text.replace_range(range, &blank);
        }
    }
}

/// The pattern; each is compiled once, and all of them by a test.
#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles all of them"
)]
pub(super) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// All that a text states. `language` tells which words make a day uncertain.
fn claims(plain: &Plain, language: Option<Language>) -> Vec<Claim> {
    let mut work = Work {
        plain,
        text: plain.text.clone(),
        claims: Vec::new(),
    };
    links::find(&mut work);
    dates::find_dates(&mut work, language);
    money::find(&mut work);
    clocks::find_clocks(&mut work);
    phones::find(&mut work);
    let mut claims = work.claims;
    claims.sort_by_key(|c| c.range.start);
    claims
}

/// Finds what is stated without grounds.
pub(super) fn find(
    plain: &Plain,
    grounds: &Grounds<'_>,
    ours: &Ours<'_>,
    findings: &mut Vec<Finding>,
) {
    let stated = claims(plain, grounds.language);
    if stated.is_empty() {
        return;
    }
    let mut known: Vec<Key> = Vec::new();
    for ground in &ours.grounds {
        known.extend(claims(ground, None).into_iter().map(|c| c.key));
    }
    let facts: Vec<Plain> = grounds.facts.iter().map(|f| Plain::new(f)).collect();
    let loose = phones::loose_numbers(&facts);
    for claim in stated {
        if known.iter().any(|k| holds(k, &claim.key)) || is_loose(&claim.key, &loose) {
            continue;
        }
        if let Key::Day(Day::Weekday(_)) = claim.key
            && is_named(plain, &claim, grounds.thread.contact.name.as_deref())
        {
            continue;
        }
        let words = plain.words(claim.range);
        findings.push(Finding {
            kind: claim.kind,
            words,
        });
    }
}

/// Whether what is known says what is stated.
fn holds(known: &Key, stated: &Key) -> bool {
    match (known, stated) {
        (Key::Link(host, _), Key::Link(named, rest)) if rest.is_empty() => host == named,
        (Key::Email(address), Key::Link(named, rest)) if rest.is_empty() => {
            address.rsplit('@').next() == Some(named)
        }
        (Key::Phone(known) | Key::Number(known), Key::Phone(stated)) => {
            let (short, long) = if known.len() < stated.len() {
                (known, stated)
            } else {
                (stated, known)
            };
            short.len() >= 6 && long.ends_with(short.trim_start_matches('0'))
        }
        (Key::Phone(known), Key::Number(stated)) => known == stated,
        (Key::Price(Some(a), known), Key::Price(Some(b), stated)) => {
            a == b && money::agree(*known, *stated)
        }
        (Key::Price(Some(a), _), Key::Number(n)) | (Key::Number(n), Key::Price(Some(a), None)) => {
            n.parse::<u64>().ok().and_then(|n| n.checked_mul(100)) == Some(*a)
        }
        (Key::Day(known), Key::Day(stated)) => known.holds(stated),
        (known, stated) => known == stated,
    }
}

/// Whether a clock time or an amount is a bare number of the facts: "we open at 8", "8-18".
fn is_loose(key: &Key, loose: &[u64]) -> bool {
    match key {
        Key::Time(minutes) => loose
            .iter()
            .any(|n| *n <= 24 && u64::from(*minutes) == n * 60 % 720),
        Key::Price(Some(hundredths), None) => loose
            .iter()
            .any(|n| n.checked_mul(100) == Some(*hundredths)),
        _ => false,
    }
}

/// Whether the word is the contact's name: "Hola, Domingo".
fn is_named(plain: &Plain, claim: &Claim, name: Option<&str>) -> bool {
    let word = plain.text.get(claim.range.clone()).unwrap_or_default();
    name.is_some_and(|name| super::plain::words(&crate::model::fold(name)).any(|n| n == word))
}

#[cfg(test)]
pub(super) fn compile_all() {
    claims(&Plain::new("1"), None);
}

/// The word that follows a place after a space.
fn next_word(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    words(rest).next().filter(|_| rest.starts_with(' '))
}

/// What is counted in a phrase such as "el 2 por uno" or "a las 3 semanas".
fn is_counted(word: &str) -> bool {
    [
        "min",
        "hour",
        "hora",
        "heure",
        "stund",
        "day",
        "dias",
        "jour",
        "tag",
        "giorn",
        "week",
        "semana",
        "semaine",
        "woch",
        "settiman",
        "month",
        "meses",
        "mois",
        "monat",
        "mesi",
        "second",
        "segund",
        "sekund",
        "por",
        "people",
        "person",
        "times",
        "veces",
        "vezes",
        "fois",
        "mal",
        "volte",
        "options",
        "opciones",
        "questions",
        "preguntas",
        "things",
        "cosas",
        "steps",
        "pasos",
        "years",
        "anos",
        "ans",
        "jahre",
        "anni",
        "minut",
        "of",
        "en",
    ]
    .iter()
    .any(|counted| word.starts_with(counted))
}

/// The words of a match, without what stands around them.
fn trim(c: &regex::Captures<'_>) -> Range<usize> {
    let whole = c.get(0).map_or(0..0, |m| m.range());
    let text = c.get(0).map_or("", |m| m.as_str());
    whole.start..whole.start + text.trim_end_matches(['.', ' ', ',']).len()
}
