//! What numbers mean by themselves: the same in every language but for the order of day and month.

use super::calendar::ymd;
use super::reader::Reader;
use super::value::{Bound, Clock, Day, Piece, Unit, Value};
use crate::detect::Grain;
use crate::detect::grammar::{Order, Slot};
use crate::detect::pattern::Subject as _;
use crate::detect::token::{Kind, Token};
use crate::model::Language;

type Found = Vec<(usize, Value, &'static str)>;

/// Reads the built-in meaning of `slot` at `at`.
pub(super) fn built_in(reader: &mut Reader<'_>, slot: Slot, at: usize, out: &mut Found) {
    match slot {
        Slot::N => number(reader, at, out),
        Slot::Ordinal => ordinal(reader, at, out),
        Slot::Dom => dom(reader, at, out),
        Slot::Digits => {
            let all: Vec<_> = reader.readings(Slot::Dom, at).collect();
            out.extend(all.into_iter().filter(|(end, _, _)| {
                *end == at + 1 && reader.tokens.get(at).is_some_and(|t| t.number().is_some())
            }));
        }
        Slot::Hour => hour(reader, at, out),
        Slot::Oclock => {
            let all: Vec<_> = reader.readings(Slot::Hour, at).collect();
            out.extend(
                all.into_iter()
                    .filter(|(_, v, _)| clock_of(v).is_some_and(|c| c.marked)),
            );
        }
        Slot::Min => {
            let all: Vec<_> = reader.readings(Slot::N, at).collect();
            out.extend(
                all.into_iter()
                    .filter(|(_, v, _)| matches!(v, Value::Int(0..=59))),
            );
        }
        Slot::Year => year(reader, at, out),
        Slot::Amount => amount(reader, at, out),
        Slot::Span => {}
        Slot::Clock => clock(reader, at, out),
        Slot::Day => date(reader, at, out),
        Slot::Dashed => dashed(reader, at, out),
        Slot::Period => month_of_year(reader, at, out),
        _ => {}
    }
}

fn clock_of(value: &Value) -> Option<Clock> {
    match value {
        Value::Piece(piece) => piece.clock,
        _ => None,
    }
}

const NUMBER: &str = "a number";

fn sign_at(tokens: &[Token], at: usize) -> Option<char> {
    match tokens.get(at)?.kind {
        Kind::Sign(c) if matches!(c, ':' | '/' | '.' | ',' | '-') => Some(c),
        _ => None,
    }
}

/// The run of numbers and signs around a number: its numbers must be read together or not at all, so that
/// telephone numbers, prices and versions are no times. First and end.
fn run(tokens: &[Token], at: usize) -> (usize, usize) {
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
fn is_quantity(tokens: &[Token], first: usize, end: usize) -> bool {
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
        Kind::Word => glued && !(t.len() <= 6 && number_at(first.checked_sub(2))),
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
fn stands_alone(tokens: &[Token], at: usize, end: usize) -> bool {
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
    for rule in speech.starting(Slot::N as u8, token.word, false) {
        if let Some((end, _)) = crate::detect::pattern::longest(&rule.steps, reader, at)
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
    for rule in speech.starting(Slot::N as u8, token.word, false) {
        if let Some((end, _)) = crate::detect::pattern::longest(&rule.steps, reader, at)
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
            && let Some((end, _, _)) = reader.longest(Slot::Suffix, at + 1)
            && !is_quantity(tokens, at, at + 1)
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
        let all: Vec<_> = reader.readings(slot, at).collect();
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

fn piece(minutes: i32, seconds: i32, either: bool, marked: bool, grain: Grain) -> Value {
    Value::Piece(Piece {
        clock: Some(Clock {
            minutes,
            seconds,
            either,
            marked,
            grain,
        }),
        ..Piece::default()
    })
}

/// An hour, with what may follow it: "3", "3 pm", "15h", "15h30", "8 Uhr".
fn hour(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let numbers: Vec<_> = reader.readings(Slot::N, at).collect();
    for (end, value, _) in numbers {
        let Value::Int(n) = value else { continue };
        let digits = tokens.get(at).is_some_and(|t| t.number().is_some());
        // "à une" is more often an article than an hour.
        let article = n == 1 && !digits && reader.speech.language == Language::Fr;
        if digits && (100..2400).contains(&n) && n % 100 < 60 {
            let leading = tokens.get(at).is_some_and(|t| t.len() == 4) && n < 1000;
            let either = n / 100 <= 12 && !leading;
            with_meridiem(
                reader,
                end,
                n / 100 * 60 + n % 100,
                Grain::Minute,
                either,
                false,
                out,
            );
            if !leading {
                out.retain(|(_, v, _)| clock_of(v).is_none_or(|c| c.marked));
            }
            continue;
        }
        if !(0..=24).contains(&n) || digits && tokens.get(at).is_some_and(|t| t.len() > 2) {
            continue;
        }
        let either = (1..=12).contains(&n)
            && !(digits && tokens.get(at).is_some_and(|t| t.len() == 2) && n < 10);
        let mut ends = vec![(end, false, n * 60, Grain::Hour)];
        if let Some((marked, _, _)) = reader.longest(Slot::Mark, end) {
            ends.push((marked, true, n * 60, Grain::Hour));
            if let Some(next) = tokens.get(marked)
                && next.glued
                && let Some(min) = next.number()
                && min < 60
                && next.len() <= 2
            {
                let minutes = n * 60 + i32::try_from(min).unwrap_or(0);
                let end = skip_small_units(reader, marked + 1);
                ends.push((end, true, minutes, Grain::Minute));
            }
        }
        if let Some((marked, _, _)) = reader.longest(Slot::WeakMark, end) {
            ends.push((marked, false, n * 60, Grain::Hour));
        }
        ends.retain(|(_, marked, _, _)| *marked || !article);
        for (end, marked, minutes, grain) in ends {
            with_meridiem(reader, end, minutes, grain, either, marked, out);
        }
    }
}

/// "8h10m", "12h34min25s"
fn skip_small_units(reader: &mut Reader<'_>, at: usize) -> usize {
    let tokens = reader.tokens;
    let mut end = at;
    if let Some(t) = tokens.get(end)
        && t.glued
        && t.kind == Kind::Word
        && t.len() <= 3
        && reader.longest(Slot::Meridiem, end).is_none()
    {
        end += 1;
        if tokens
            .get(end)
            .is_some_and(|t| t.glued && t.number().is_some())
            && tokens.get(end + 1).is_some_and(|t| t.glued && t.len() == 1)
        {
            end += 2;
        }
    }
    end
}

fn with_meridiem(
    reader: &mut Reader<'_>,
    end: usize,
    minutes: i32,
    grain: Grain,
    either: bool,
    marked: bool,
    out: &mut Found,
) {
    out.push((end, piece(minutes, 0, either, marked, grain), NUMBER));
    if reader.joined(end)
        && let Some((last, Value::Meridiem(pm), _)) = reader.longest(Slot::Meridiem, end)
        && minutes <= 24 * 60
    {
        out.push((
            last,
            piece(at_meridiem(minutes, pm), 0, false, true, grain),
            NUMBER,
        ));
    }
}

/// Minutes since midnight, with "am" or "pm".
pub(super) fn at_meridiem(minutes: i32, pm: bool) -> i32 {
    match (minutes / 60, pm) {
        (12, false) => minutes - 12 * 60,
        (0..12, true) => minutes + 12 * 60,
        _ => minutes,
    }
}

fn year(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let words: Vec<_> = reader.readings(Slot::N, at).collect();
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
    let all: Vec<_> = reader.readings(Slot::N, at).collect();
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

/// "3:30", "3:30:15", "3.30" with what may follow.
fn clock(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let (Some(h), Some(m)) = (tokens.get(at), tokens.get(at + 2))
        && let (Some(hour), Some(min)) = (h.number(), m.number())
        && let Some(sign) = sign_at(tokens, at + 1)
        && m.glued
        && tokens.get(at + 1).is_some_and(|t| t.glued)
        && h.len() <= 2
        && m.len() == 2
        && hour <= 24
        && min < 60
        && hour * 60 + min <= 24 * 60
    {
        let minutes = i32::try_from(hour * 60 + min).unwrap_or(0);
        let either = (1..=12).contains(&hour) && !(h.len() == 2 && hour < 10);
        let mut found = Vec::new();
        match sign {
            ':' => {
                let (mut end, mut seconds, mut grain) = (at + 3, 0, Grain::Minute);
                if sign_at(tokens, at + 3) == Some(':')
                    && let Some(s) = tokens.get(at + 4)
                    && let Some(sec) = s.number().filter(|n| *n < 60)
                {
                    (end, seconds, grain) =
                        (at + 5, i32::try_from(sec).unwrap_or(0), Grain::Second);
                }
                if stands_alone(tokens, at, end) {
                    with_meridiem(reader, end, minutes, grain, either, true, &mut found);
                    if let Some((marked, _, _)) = reader.longest(Slot::Mark, end) {
                        with_meridiem(reader, marked, minutes, grain, either, true, &mut found);
                    }
                    for (_, value, _) in &mut found {
                        if let Value::Piece(Piece { clock: Some(c), .. }) = value {
                            c.seconds = seconds;
                        }
                    }
                }
            }
            '.' if stands_alone(tokens, at, at + 3) => {
                with_meridiem(
                    reader,
                    at + 3,
                    minutes,
                    Grain::Minute,
                    either,
                    true,
                    &mut found,
                );
                if !reader.speech.dotted_clock {
                    found.retain(|(end, _, _)| *end > at + 3);
                }
                if let Some((marked, _, _)) = reader.longest(Slot::Mark, at + 3) {
                    with_meridiem(
                        reader,
                        marked,
                        minutes,
                        Grain::Minute,
                        either,
                        true,
                        &mut found,
                    );
                }
            }
            _ => {}
        }
        out.extend(found);
    }
    let hours: Vec<_> = reader.readings(Slot::Oclock, at).collect();
    out.extend(hours);
}

fn two_digit_year(n: u32, len: usize) -> Option<i32> {
    match len {
        4 if (1900..2200).contains(&n) => i32::try_from(n).ok(),
        2 => i32::try_from(2000 + n).ok(),
        _ => None,
    }
}

fn day_value(day: Day, doubtful: bool) -> Value {
    Value::Piece(Piece {
        day,
        doubtful,
        bound: Bound::At,
        ..Piece::default()
    })
}

/// Day and month in the language's order, or in the other where only that one is possible; whether both are.
fn day_month(order: Order, a: u32, b: u32) -> Option<(u8, u8, bool)> {
    let (a, b) = (u8::try_from(a).ok()?, u8::try_from(b).ok()?);
    let fits = |d: u8, m: u8| (1..=12).contains(&m) && ymd(2024, m, d).is_some();
    let (day_first, month_first) = (fits(a, b), fits(b, a));
    match (order, day_first, month_first) {
        (Order::DayFirst, true, _) | (Order::MonthFirst, true, false) => Some((a, b, false)),
        (Order::MonthFirst, both, true) => Some((b, a, both && a != b)),
        (Order::DayFirst, false, true) => Some((b, a, false)),
        _ => None,
    }
}

/// Dates in digits.
fn date(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let order = reader.speech.order;
    let (Some(a), Some(b)) = (tokens.get(at), tokens.get(at + 2)) else {
        return;
    };
    let (Some(x), Some(y), Some(sign)) = (a.number(), b.number(), sign_at(tokens, at + 1)) else {
        return;
    };
    if a.len() > 4 || b.len() > 4 || sign == ':' || sign == ',' {
        return;
    }
    if sign_at(tokens, at + 3) == Some(sign)
        && let Some(c) = tokens.get(at + 4)
        && let Some(z) = c.number()
    {
        let read = if a.len() == 4 {
            two_digit_year(x, 4)
                .and_then(|year| ymd(year, u8::try_from(y).ok()?, u8::try_from(z).ok()?))
                .map(|d| (d, false))
        } else if sign == '-' && c.len() != 4 {
            None
        } else {
            two_digit_year(z, c.len()).and_then(|year| {
                let (d, m, doubtful) = day_month(order, x, y)?;
                Some((ymd(year, m, d)?, doubtful))
            })
        };
        if let Some((date, doubtful)) = read
            && stands_alone(tokens, at, at + 5)
        {
            // "2014-04-18T07:00"
            out.push((at + 5, day_value(Day::Date(date), doubtful), NUMBER));
        } else if let Some((date, doubtful)) = read
            && sign == '/'
            && stands_alone(tokens, at, at + 5)
        {
            out.push((at + 5, day_value(Day::Date(date), doubtful), NUMBER));
        }
        return;
    }
    if a.len() > 2 || b.len() > 2 || !stands_alone(tokens, at, at + 3) {
        return;
    }
    let plain = match sign {
        '/' => true,
        '.' => {
            order == Order::DayFirst
                && (!reader.speech.dotted_clock || x > 24 || b.len() == 1)
                && tokens.get(at + 3).is_none_or(|t| {
                    t.dot || reader.speech.dotted_ordinal || reader.speech.dotted_clock || t.breaks
                })
        }
        '-' => x > 24 || y > 24,
        _ => false,
    };
    if plain && let Some((d, m, doubtful)) = day_month(order, x, y) {
        out.push((at + 3, day_value(Day::Yearly(m, d), doubtful), NUMBER));
    }
}

/// "4-22" and "4.22", where a word before them says that a date follows.
fn dashed(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    let (Some(a), Some(b)) = (tokens.get(at), tokens.get(at + 2)) else {
        return;
    };
    if let (Some(x), Some(y), Some('-' | '.')) = (a.number(), b.number(), sign_at(tokens, at + 1))
        && a.len() <= 2
        && b.len() <= 2
        && run(tokens, at) == (at, at + 3)
        && !is_quantity(tokens, at, at + 3)
        && let Some((d, m, doubtful)) = day_month(reader.speech.order, x, y)
    {
        out.push((at + 3, day_value(Day::Yearly(m, d), doubtful), NUMBER));
    }
}

/// "11/2016", "2016/11", "2016-11".
fn month_of_year(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let (Some(a), Some(b)) = (tokens.get(at), tokens.get(at + 2))
        && let (Some(x), Some(y), Some('/' | '-')) =
            (a.number(), b.number(), sign_at(tokens, at + 1))
        && (run(tokens, at) == (at, at + 3)
            || run(tokens, at).1 == at + 1 && run(tokens, at + 2).0 == at + 2)
        && !is_quantity(tokens, at, at + 3)
    {
        let (year, month) = match (a.len(), b.len()) {
            (4, 1 | 2) => (x, y),
            (1 | 2, 4) => (y, x),
            _ => return,
        };
        if let Some(year) = two_digit_year(year, 4)
            && let Some(first) = u8::try_from(month).ok().and_then(|m| ymd(year, m, 1))
        {
            let end = super::calendar::add_months(first, 1);
            out.push((
                at + 3,
                day_value(Day::Range(first, end, Grain::Month), false),
                NUMBER,
            ));
        }
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
