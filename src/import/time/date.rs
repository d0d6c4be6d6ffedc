//! Dates in numbers, in an order that is told, and dates with the names of months.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::Local;
use super::clock::{at_clock, clock, half, of_half, spoken};
use super::offset::offset;
use crate::config::DateOrder;

/// `3/4/2026 9:00[:00] [pm]` in the source's date order, with `/`, `.` or `-` in the date; one that begins with the
/// year needs no order.
pub(super) fn by_order(text: &str, order: Option<DateOrder>) -> Option<Local> {
    let year_first = match text.as_bytes() {
        [a, b, c, d, b'-' | b'/' | b'.', ..] => [a, b, c, d].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    };
    let order = if year_first { DateOrder::Ymd } else { order? };
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut parts = date.trim_end_matches(',').split(['/', '.', '-']);
    let numbers = [
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    ];
    if parts.next().is_some() {
        return None;
    }
    let date = date_of(numbers, order)?;
    let (clock, offset) = spoken(time)?;
    Some((at_clock(date, clock)?, offset))
}

/// `20260302T090000Z`, the basic format of ISO 8601.
pub(super) fn basic(text: &str) -> Option<Local> {
    let (digits, rest) = text.split_at_checked(15)?;
    let local = NaiveDateTime::parse_from_str(digits, "%Y%m%dT%H%M%S").ok()?;
    Some((local, offset(rest.as_bytes())?))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `March 2, 2026 9:00 am`, `2 Mar 2026 09:00`, with a weekday before it, with an offset behind: months by their
/// English names. `2-Mar-26 9:00` is one too.
pub(super) fn by_month(text: &str) -> Option<Local> {
    if text.len() > 60 || !text.is_ascii() {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let (mut month, mut day, mut year, mut time, mut half_day) = (None, None, None, None, None);
    let mut from_utc = None;
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let name = word.trim_end_matches('.');
        if let Some((d, m, y)) = dashed(word).or_else(|| iso_day(word)) {
            if day.replace(d).is_some() || month.replace(m).is_some() || year.replace(y).is_some() {
                return None;
            }
            continue;
        }
        let number = number(word.trim_end_matches(|c: char| c.is_ascii_alphabetic()));
        let place = match (month_named(name), number) {
            (Some(n), _) => month.replace(n).is_some(),
            (_, Some(n)) if word.len() <= 4 && day.is_none() && (1..=31).contains(&n) => {
                day.replace(n).is_some()
            }
            (_, Some(n)) if word.len() == 4 => year.replace(n).is_some(),
            _ if time.is_some()
                && (word.starts_with(['+', '-', '(']) || is_zone(name.as_bytes())) =>
            {
                let written = word.trim_matches(['(', ')']);
                from_utc.replace(offset(written.as_bytes())??).is_some()
            }
            _ if word.contains(':') => {
                let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let behind = &word[digits.len()..];
                if !behind.is_empty() {
                    half_day = Some(half(behind.as_bytes())?.0);
                }
                let padded = if digits.find(':') == Some(1) {
                    format!("0{digits}")
                } else {
                    digits.to_owned()
                };
                let (clock, rest) = clock(padded.as_bytes())?;
                !rest.is_empty() || time.replace(clock).is_some()
            }
            _ if matches!(name, "am" | "pm" | "a.m" | "p.m") => {
                half_day.replace(half(name.as_bytes())?.0).is_some()
            }
            _ => {
                let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "at"];
                let is_filler = matches!(name, "@" | "-" | "of" | "the");
                !is_filler && !days.iter().any(|d| name.starts_with(d))
            }
        };
        if place {
            return None; // twice, or no such thing
        }
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?;
    let mut time = time?;
    if let Some(half) = half_day {
        time.0 = of_half(time.0, half)?;
    }
    Some((at_clock(date, time)?, from_utc))
}

fn month_named(name: &str) -> Option<u32> {
    let is_name = |full: &&str| name.len() >= 3 && full.starts_with(name);
    let found = (1..).zip(MONTHS).find(|(_, full)| is_name(full));
    found.map(|(n, _)| n)
}

fn is_zone(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic) && matches!(offset(word), Some(Some(_)))
}

/// Day, month and year of `2-mar-26`, `02-Mar-2026` or `2026-Mar-02`.
fn dashed(word: &str) -> Option<(u32, u32, u32)> {
    let mut parts = word.split(['-', '/']);
    let (first, name, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (day, year) = if first.len() == 4 {
        (number(last)?, number(first)?)
    } else {
        (number(first)?, number(last)?)
    };
    let year = if year < 100 { 2000 + year } else { year };
    Some((day, month_named(name)?, year))
}

/// The same of `2026-03-02`, where the time stands before it.
fn iso_day(word: &str) -> Option<(u32, u32, u32)> {
    let day = NaiveDate::parse_from_str(word, "%Y-%m-%d").ok()?;
    Some((day.day(), day.month(), u32::try_from(day.year()).ok()?))
}

fn number(digits: &str) -> Option<u32> {
    let plain =
        !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// The date of three numbers in `order`; a year of two digits is of this century.
pub(crate) fn date_of(numbers: [u32; 3], order: DateOrder) -> Option<NaiveDate> {
    let [a, b, c] = numbers;
    let (year, month, day) = match order {
        DateOrder::Dmy => (c, b, a),
        DateOrder::Mdy => (c, a, b),
        DateOrder::Ymd => (a, b, c),
    };
    let year = if year < 100 { 2000 + year } else { year };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}
