//! Phone numbers, in digits and spelled out, and the other numbers that are long enough to say something.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::numbers::spelled_digits;
use super::super::plain::Plain;
use super::{Claim, Key, Work, pattern};
use crate::compose::guard::FindingKind;

/// The fewest digits of a phone number.
const FEWEST: usize = 7;

static PIECE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+|\p{L}+|\n|\x01+"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d[\d.,]*\d|\d"));

/// Words that may stand between the digits of a number that is spelled out.
const JOINS: &[&str] = &[
    "and", "y", "e", "et", "und", "then", "luego", "dash", "guion", "hyphen", "space", "espacio",
    "plus", "mas", "o", "oh", "poi", "puis", "dann", "depois", "minus", "point", "dot", "punto",
    "x",
];
/// Words that say a digit twice or three times.
const DOUBLES: &[(&str, usize)] = &[
    ("double", 2),
    ("doble", 2),
    ("triple", 3),
    ("doppel", 2),
    ("doppio", 2),
    ("duplo", 2),
];

pub(super) fn find(work: &mut Work<'_>) {
    for (digits, range) in runs(&work.text) {
        work.blot(range.clone());
        work.claims.push(Claim {
            kind: FindingKind::Phone,
            key: Key::Phone(digits),
            range,
        });
    }
    work.take(&NUMBER, FindingKind::Number, |c, _| {
        let whole = c.get(0)?;
        let digits: String = whole
            .as_str()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        (digits.len() >= 3).then(|| (Key::Number(digits), whole.range()))
    });
}

/// The runs of digits that are long enough for a phone number, whatever stands between the digits.
fn runs(text: &str) -> Vec<(String, Range<usize>)> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    for piece in PIECE.find_iter(text) {
        let word = piece.as_str();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            run.add(word, 1, piece.range());
        } else if let Some(times) = DOUBLES.iter().find(|(w, _)| *w == word).map(|(_, n)| *n) {
            run.times = times;
        } else if let Some(value) = spelled_digits(word) {
            run.add(&value.to_string(), 1, piece.range());
            run.spelled += 1;
        } else if !(JOINS.contains(&word) && !run.digits.is_empty() && run.joins < 2) {
            run.end(&mut runs);
        } else {
            run.joins += 1;
        }
    }
    run.end(&mut runs);
    runs
}

#[derive(Default)]
struct Run {
    digits: String,
    pieces: usize,
    spelled: usize,
    /// Joining words since the last digit.
    joins: usize,
    times: usize,
    range: Option<Range<usize>>,
}

impl Run {
    fn add(&mut self, digits: &str, times: usize, range: Range<usize>) {
        for _ in 0..times.max(self.times) {
            self.digits.push_str(digits);
        }
        self.times = 0;
        self.joins = 0;
        self.pieces += 1;
        let start = self.range.as_ref().map_or(range.start, |r| r.start);
        self.range = Some(start..range.end);
    }

    fn end(&mut self, runs: &mut Vec<(String, Range<usize>)>) {
        let run = std::mem::take(self);
        let long = run.digits.len() >= FEWEST || run.digits.len() >= 6 && run.pieces >= 5;
        // "one or two", counted up, is no number; five spelled digits in a row are.
        if long
            && (run.spelled == 0 || run.pieces >= 3)
            && let Some(range) = run.range
        {
            runs.push((run.digits, range));
        }
    }
}

/// The whole numbers said anywhere in texts.
pub(super) fn loose_numbers(texts: &[Plain]) -> Vec<u64> {
    let digits = |text: &str| -> Vec<u64> {
        NUMBER
            .find_iter(text)
            .filter_map(|n| super::super::numbers::amount(n.as_str()))
            .filter(|n| n % 100 == 0)
            .map(|n| n / 100)
            .collect()
    };
    texts.iter().flat_map(|t| digits(&t.text)).collect()
}
