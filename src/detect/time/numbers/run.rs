//! Runs of numbers and signs, such as telephone numbers, prices and versions.

use crate::detect::token::{Kind, Token};

pub(super) fn sign_at(tokens: &[Token], at: usize) -> Option<char> {
    match tokens.get(at)?.kind {
        Kind::Sign(c) if matches!(c, ':' | '/' | '.' | ',' | '-') => Some(c),
        _ => None,
    }
}

/// The run of numbers and signs around a number: its numbers must be read together or not at all, so that
/// telephone numbers, prices and versions are no times. First and end.
pub(super) fn run(tokens: &[Token], at: usize) -> (usize, usize) {
    let linked = |left: usize| -> bool {
        // Whether the token after `left` goes on the run.
        let (Some(a), Some(b)) = (tokens.get(left), tokens.get(left + 1)) else {
            return false;
        };
        if a.number().is_some() == b.number().is_some() || b.breaks || b.comma || b.dot {
            return false;
        }
        let sign = if a.number().is_some() { b } else { a };
        match sign.kind {
            Kind::Sign(':' | '.' | ',' | '-') => b.glued,
            Kind::Sign('/') => {
                let other = if a.number().is_some() {
                    tokens.get(left + 2)
                } else {
                    left.checked_sub(1).and_then(|l| tokens.get(l))
                };
                other.is_some_and(|t| t.number().is_some())
            }
            _ => false,
        }
    };
    let mut first = at;
    while first > 0 && first + 16 > at && linked(first - 1) {
        first -= 1;
    }
    let mut end = at;
    while end < at + 16 && linked(end) {
        end += 1;
    }
    (first, end + 1)
}

/// A price, a percentage, a code: not a time.
pub(super) fn is_quantity(tokens: &[Token], first: usize, end: usize) -> bool {
    let glued = tokens.get(first).is_some_and(|t| t.glued);
    let number_at = |at: Option<usize>| {
        at.and_then(|a| tokens.get(a))
            .is_some_and(|t| t.number().is_some())
    };
    let before = first.checked_sub(1).and_then(|b| tokens.get(b));
    let marked_before = before.is_some_and(|t| match t.kind {
        Kind::Sign('$' | '€' | '£' | '#' | '_') => true,
        Kind::Sign('+' | '*') => glued && end > first + 1,
        Kind::Sign('.') => glued,
        Kind::Sign(_) | Kind::Number(_) => false,
        // "W00", but not "15h30".
        // Nor "20-Mar-2026".
        Kind::Word => {
            let dash = |at: usize| tokens.get(at).is_some_and(|t| t.is('-'));
            let dated = dash(first) && first.checked_sub(2).is_some_and(dash);
            glued && !dated && !(t.len() <= 6 && number_at(first.checked_sub(2)))
        }
    });
    let marked_after = tokens.get(end).is_some_and(|t| match t.kind {
        Kind::Sign('%' | '€' | '$' | '£' | '°' | '*' | '_') => true,
        Kind::Sign('@') => t.glued,
        _ => false,
    });
    marked_before || marked_after
}

/// Whether a reading of the tokens from `at` to `end` leaves no part of a run behind, but for the other end of
/// a range.
pub(super) fn stands_alone(tokens: &[Token], at: usize, end: usize) -> bool {
    let (first, last) = run(tokens, at);
    if is_quantity(tokens, first, last) {
        return false;
    }
    let dashes = tokens
        .get(first..last)
        .unwrap_or_default()
        .iter()
        .filter(|t| t.is('-'))
        .count();
    let inner = tokens
        .get(at..end.min(last))
        .unwrap_or_default()
        .iter()
        .any(|t| t.is('-'));
    let begins =
        at == first || (dashes == 1 && !inner && tokens.get(at - 1).is_some_and(|t| t.is('-')));
    let ends = end >= last || (dashes == 1 && !inner && tokens.get(end).is_some_and(|t| t.is('-')));
    begins && ends
}
