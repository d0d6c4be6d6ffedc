//! Times of the day.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::offset::offset;

/// Hour, minute, second (60 is a leap second), microsecond.
pub(super) type Clock = (u32, u32, u32, u32);

pub(super) fn at_clock(
    date: NaiveDate,
    (hour, minute, second, micro): Clock,
) -> Option<NaiveDateTime> {
    if second == 60 {
        let last = date.and_hms_micro_opt(hour, minute, 59, micro)?;
        return last.checked_add_signed(TimeDelta::seconds(1));
    }
    date.and_hms_micro_opt(hour, minute, second, micro)
}

/// `09:00[:00[.123]]` and what follows it.
pub(super) fn clock(b: &[u8]) -> Option<(Clock, &[u8])> {
    if b.len() < 5 || b[2] != b':' {
        return None;
    }
    let (hour, minute) = (two(b, 0)?, two(b, 3)?);
    if b.get(5) != Some(&b':') {
        return Some(((hour, minute, 0, 0), &b[5..]));
    }
    let second = two(b, 6)?;
    let mut rest = &b[8..];
    let mut micros = 0;
    if let Some(b'.' | b',') = rest.first() {
        let digits = rest[1..].iter().take_while(|d| d.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let mut unit = 100_000;
        for digit in &rest[1..=digits] {
            micros += u32::from(digit - b'0') * unit;
            unit /= 10;
        }
        rest = &rest[digits + 1..];
    }
    Some(((hour, minute, second, micros), rest))
}

/// A time of the day as people write it, to its end: `9:00[:00] [pm]`, with an offset from UTC where one follows.
pub(super) fn spoken(text: &str) -> Option<(Clock, Option<i32>)> {
    let text = text.trim();
    let padded = if text.find(':') == Some(1) {
        format!("0{text}")
    } else {
        text.to_owned()
    };
    let (mut time, rest) = clock(padded.as_bytes())?;
    let rest = rest.trim_ascii_start();
    let (half, rest) = half(rest).map_or((None, rest), |(half, rest)| (Some(half), rest));
    if let Some(half) = half {
        time.0 = of_half(time.0, half)?;
    }
    Some((time, offset(rest)?))
}

/// A half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
}

/// The half of the day at the beginning: `am`, `p.m.`, `a. m.`; and what follows it.
pub(super) fn half(b: &[u8]) -> Option<(Half, &[u8])> {
    let (first, rest) = b.split_first()?;
    let half = match first.to_ascii_lowercase() {
        b'a' => Half::Morning,
        b'p' => Half::Afternoon,
        _ => return None,
    };
    let is_between = |b: &u8| matches!(b, b'.' | b' ');
    let at = rest.iter().position(|b| !is_between(b))?;
    let rest = match rest.get(at)?.to_ascii_lowercase() {
        b'm' => &rest[at + 1..],
        _ => return None,
    };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    (!rest.first().is_some_and(u8::is_ascii_alphanumeric)).then_some((half, rest))
}

/// The hour of 24 of an hour in a half of the day.
pub(super) const fn of_half(hour: u32, half: Half) -> Option<u32> {
    match half {
        _ if hour > 12 => None,
        Half::Morning => Some(hour % 12),
        Half::Afternoon => Some(hour % 12 + 12),
    }
}

pub(super) fn two(b: &[u8], at: usize) -> Option<u32> {
    let &[tens, ones] = b.get(at..at + 2)? else {
        return None;
    };
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}
