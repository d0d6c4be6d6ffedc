//! What numbers mean by themselves: the same in every language but for the order of day and month.

mod clock;
mod date;
mod run;

use super::reader::{Found, Reader};
use super::value::{Clock, Span, Unit, Value};
use crate::detect::grammar::{Slot, WordSet};
use crate::detect::pattern::Subject as _;
use crate::detect::token::Kind;
pub(super) use clock::at_meridiem;
use clock::{clock, hour};
use date::{dashed, date, month_of_year};
use run::{is_quantity, run, stands_alone};

/// Reads the built-in meaning of `slot` at `at`.
pub(super) fn built_in(reader: &mut Reader<'_>, slot: Slot, at: usize, out: &mut Found) {
    match slot {
        Slot::N => number(reader, at, out),
        Slot::Ordinal => ordinal(reader, at, out),
        Slot::Dom => dom(reader, at, out),
        Slot::Digits => {
            let all = reader.readings(Slot::Dom, at);
            out.extend(all.into_iter().filter(|(end, _, _)| {
                *end == at + 1 && reader.tokens.get(at).is_some_and(|t| t.number().is_some())
            }));
        }
        Slot::Hour => hour(reader, at, out),
        Slot::Oclock => {
            let all = reader.readings(Slot::Hour, at);
            out.extend(
                all.into_iter()
                    .filter(|(_, v, _)| clock_of(v).is_some_and(|c| c.marked)),
            );
        }
        Slot::Min => {
            let all = reader.readings(Slot::N, at);
            out.extend(
                all.into_iter()
                    .filter(|(_, v, _)| matches!(v, Value::Int(0..=59))),
            );
        }
        Slot::Year => year(reader, at, out),
        Slot::Amount => amount(reader, at, out),
        Slot::Glued => {
            if let Some(token) = reader.tokens.get(at)
                && let Some(n) = token.number()
                && token.glued
                && token.len() <= 2
            {
                out.push((at + 1, Value::Int(i32::try_from(n).unwrap_or(0)), NUMBER));
            }
        }
        Slot::Span => hours_and_minutes(reader, at, out),
        Slot::Clock => clock(reader, at, out),
        Slot::Day => date(reader, at, out),
        Slot::Dashed => dashed(reader, at, out),
        Slot::Period => month_of_year(reader, at, out),
        _ => {}
    }
}

/// "1h30" as a length of time.
fn hours_and_minutes(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let (Some(hours), Some(mark), Some(minutes)) =
        (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2))
        && let (Some(h @ 0..24), Some(m @ 0..60)) = (hours.number(), minutes.number())
        && mark.glued
        && minutes.glued
        && minutes.len() == 2
        && let Some((end, Value::Unit(Unit::Hour, 1), _)) = reader.longest(Slot::Unit, at + 1)
        && end == at + 2
    {
        let span = Span {
            seconds: i64::from(h * 3600 + m * 60),
            ..Span::default()
        };
        out.push((at + 3, Value::Span(span), NUMBER));
    }
}

fn clock_of(value: &Value) -> Option<Clock> {
    match value {
        Value::Piece(piece) => piece.clock,
        _ => None,
    }
}

const NUMBER: &str = "a number";

fn number(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let Some(token) = tokens.get(at) else { return };
    if let Some(value) = token.number() {
        if token.len() <= 4 && stands_alone(tokens, at, at + 1) {
            out.push((
                at + 1,
                Value::Int(i32::try_from(value).unwrap_or(0)),
                NUMBER,
            ));
        }
        return;
    }
    // Words: "twenty one", "dos mil dieciocho".
    let speech = reader.speech;
    let mut simple: Vec<(usize, i32)> = Vec::new();
    for rule in speech.starting(
        Slot::N as u8,
        (token.word, false),
        (u64::MAX, &WordSet::ALL),
    ) {
        if let Some((end, _)) = crate::detect::pattern::longest(&rule.pattern, reader, at)
            && let crate::detect::time::value::Act::Value(Value::Int(n)) = rule.act
        {
            simple.push((end, n));
        }
    }
    let mut more = Vec::new();
    for (end, n) in simple {
        if n >= 20 && n % 10 == 0 {
            let from = reader
                .longest(Slot::Join, end)
                .map_or(end, |(joined, _, _)| joined);
            if reader.joined(from)
                && let Some((unit_end, Value::Int(unit), _)) = simple_number(reader, from)
                && (1..10).contains(&unit)
            {
                more.push((unit_end, n + unit));
            }
        }
        if (1..10).contains(&n)
            && let Some((end, _, _)) = reader.longest(Slot::Thousand, end)
        {
            more.push(thousand(reader, n * 1000, end));
        }
    }
    if let Some((end, _, _)) = reader.longest(Slot::Thousand, at) {
        let value = thousand(reader, 1000, end);
        more.push(value);
    }
    out.extend(
        more.into_iter()
            .map(|(end, n)| (end, Value::Int(n), NUMBER)),
    );
}

fn thousand(reader: &mut Reader<'_>, base: i32, end: usize) -> (usize, i32) {
    let from = reader
        .longest(Slot::Join, end)
        .map_or(end, |(joined, _, _)| joined);
    if let Some((last, Value::Int(n), _)) = reader.longest(Slot::N, from)
        && (1..100).contains(&n)
        && reader
            .tokens
            .get(from)
            .is_some_and(|t| t.number().is_none())
    {
        return (last, base + n);
    }
    (end, base)
}

/// A number of one word.
fn simple_number(reader: &mut Reader<'_>, at: usize) -> Option<(usize, Value, &'static str)> {
    let token = reader.tokens.get(at)?;
    let speech = reader.speech;
    for rule in speech.starting(
        Slot::N as u8,
        (token.word, false),
        (u64::MAX, &WordSet::ALL),
    ) {
        if let Some((end, _)) = crate::detect::pattern::longest(&rule.pattern, reader, at)
            && let crate::detect::time::value::Act::Value(value) = rule.act
        {
            return Some((end, value, rule.label));
        }
    }
    None
}

fn ordinal(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let Some(token) = tokens.get(at)
        && let Some(n) = token.number()
        && token.len() <= 2
    {
        let value = Value::Int(i32::try_from(n).unwrap_or(0));
        if let Some(next) = tokens.get(at + 1)
            && next.glued
            && (n <= reader.speech.lettered_ordinals || next.kind != Kind::Word)
            && let Some((end, _, _)) = reader.longest(Slot::Suffix, at + 1)
            && !is_quantity(tokens, at, end)
        {
            out.push((end, value, NUMBER));
        }
        if reader.speech.dotted_ordinal && token.dotted && stands_alone(tokens, at, at + 1) {
            out.push((at + 1, value, NUMBER));
        }
        return;
    }
    // "twenty first"
    if let Some((end, Value::Int(tens), _)) = simple_number(reader, at)
        && tens >= 20
        && tens % 10 == 0
    {
        let from = reader
            .longest(Slot::Join, end)
            .map_or(end, |(joined, _, _)| joined);
        if let Some((end, Value::Int(unit), _)) = reader.longest(Slot::Ordinal, from)
            && (1..10).contains(&unit)
        {
            out.push((end, Value::Int(tens + unit), NUMBER));
        }
    }
}

fn dom(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    for slot in [Slot::Ordinal, Slot::N] {
        let all = reader.readings(slot, at);
        out.extend(all.into_iter().filter(|(end, v, _)| {
            matches!(v, Value::Int(1..=31))
                && (*end > at + 1
                    || reader
                        .tokens
                        .get(at)
                        .is_none_or(|t| t.number().is_none() || t.len() <= 2))
        }));
    }
}

fn year(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let words = reader.readings(Slot::N, at);
    for (end, value, _) in words {
        if let Value::Int(n @ 1900..=2199) = value {
            out.push((end, Value::Int(n), NUMBER));
        }
    }
    if let (Some(a), Some(b)) = (tokens.get(at), tokens.get(at + 1))
        && a.is('\'')
        && b.glued
        && b.len() == 2
        && let Some(n) = b.number()
    {
        out.push((
            at + 2,
            Value::Int(2000 + i32::try_from(n).unwrap_or(0)),
            NUMBER,
        ));
    }
}

fn amount(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let all = reader.readings(Slot::N, at);
    for (end, value, _) in all {
        if let Value::Int(n) = value {
            out.push((end, Value::Amount(i64::from(n) * 1000), NUMBER));
        }
    }
    // "1.5", "1,5", "3/4", and "2-3", of which the greater counts.
    if let (Some(a), Some(sign), Some(b)) = (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2))
        && let (Some(x), Some(y)) = (a.number(), b.number())
        && a.len() <= 3
        && b.len() <= 2
        && run(tokens, at) == (at, at + 3)
        && !is_quantity(tokens, at, at + 3)
    {
        let (x, y) = (i64::from(x), i64::from(y));
        let thousandths = match sign.kind {
            Kind::Sign('.' | ',') if b.len() == 1 => Some(x * 1000 + y * 100),
            Kind::Sign('.' | ',') => Some(x * 1000 + y * 10),
            Kind::Sign('/') if y > 0 => Some(x * 1000 / y),
            Kind::Sign('-') if x < y => Some(y * 1000),
            _ => None,
        };
        if let Some(thousandths) = thousandths {
            out.push((at + 3, Value::Amount(thousandths), NUMBER));
        }
    }
    if let Some(a) = tokens.get(at)
        && let Some(x) = a.number()
        && a.len() == 3
        && run(tokens, at) == (at, at + 1)
    {
        out.push((at + 1, Value::Amount(i64::from(x) * 1000), NUMBER));
    }
}

/// Seconds of one unit, where it has a fixed number of them.
pub(super) const fn seconds_of(unit: Unit) -> Option<i64> {
    match unit {
        Unit::Second => Some(1),
        Unit::Minute => Some(60),
        Unit::Hour => Some(3600),
        _ => None,
    }
}
