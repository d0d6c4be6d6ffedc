//! Dates in digits.

use super::NUMBER;
use super::run::{is_quantity, run, sign_at, stands_alone};
use crate::detect::Grain;
use crate::detect::grammar::Order;
use crate::detect::time::calendar::{add_months, ymd};
use crate::detect::time::reader::{Found, Reader};
use crate::detect::time::value::{Bound, Day, Piece, Value};

/// Dates in digits.
pub(super) fn date(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
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
pub(super) fn dashed(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
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
pub(super) fn month_of_year(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
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
            let end = add_months(first, 1);
            out.push((
                at + 3,
                day_value(Day::Range(first, end, Grain::Month), false),
                NUMBER,
            ));
        }
    }
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
