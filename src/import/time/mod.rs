//! Times as exports write them.

mod clock;
mod date;
mod epoch;
mod offset;

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::words::shown;
use crate::config::DateOrder;
use crate::model::Timestamp;
use crate::zone::Zone;
use clock::{at_clock, clock, half, of_half, two};
pub(crate) use date::date_of;
use offset::offset;

/// Reads an instant: RFC 3339, or a time without an offset in `zone`, or with `order` a date such as `3/4/2026`; a
/// number of seconds, milliseconds or microseconds since 1970, or of days as spreadsheets count them. Cut to whole
/// microseconds. On failure, what is wrong and what to write instead.
pub(crate) fn instant(
    text: &str,
    zone: Option<&Zone>,
    order: Option<DateOrder>,
) -> Result<Timestamp, String> {
    let text = text.trim_ascii();
    let read = iso(text.as_bytes()).or_else(|| {
        let plain = plain(text);
        let text = plain.as_ref();
        iso(text.as_bytes())
            .or_else(|| epoch::since_1970(text).or_else(|| epoch::serial(text)))
            .or_else(|| date::by_order(text, order))
            .or_else(|| date::by_month(text))
            .or_else(|| date::basic(text))
    });
    match (read, zone) {
        (Some((local, Some(0))), _) => Ok(local.and_utc()),
        (Some((local, Some(offset))), _) => local
            .checked_sub_signed(TimeDelta::seconds(i64::from(offset)))
            .map(|utc| utc.and_utc())
            .ok_or_else(|| format!("{} is outside the years that can be kept", shown(text))),
        (Some((local, None)), Some(zone)) => Ok(zone.instant(local)),
        (Some((_, None)), None) => Err(format!(
            "{} has no offset from UTC; set `timezone` on the source (or --timezone), or write it like 2026-03-02T09:00:00+01:00",
            shown(text)
        )),
        (None, _) => Err(not_a_time(text, order)),
    }
}

/// A time without blanks of other kinds, and without what programs put behind it in brackets: `(CET)`,
/// `[Europe/Berlin]`.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let text = match text.rfind(['(', '[']) {
        Some(at) if text.ends_with([')', ']']) && at > 0 && has_offset(&text[..at]) => {
            text[..at].trim_end()
        }
        _ => text,
    };
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(|c: char| !c.is_ascii() && c.is_whitespace(), " "))
}

/// Whether a time ends in an offset, so that the name of its zone says nothing new.
fn has_offset(text: &str) -> bool {
    let last = text.trim_end().rsplit([' ', 'T']).next();
    last.is_some_and(|last| last.contains(['+', '-', 'Z']) || offset(last.as_bytes()).is_some())
}

fn not_a_time(text: &str, order: Option<DateOrder>) -> String {
    let in_digits = text
        .split_once(['/', '.'])
        .is_some_and(|(day, _)| !day.is_empty() && day.bytes().all(|b| b.is_ascii_digit()));
    let hint = match order {
        None if in_digits => {
            "; set `date_order` on the source (or --date-order: dmy, mdy or ymd), or"
        }
        Some(_) if in_digits => " in the source's `date_order`;",
        _ => ";",
    };
    format!(
        "{} is not a time{hint} write it like 2026-03-02T09:00:00+01:00",
        shown(text)
    )
}

type Local = (NaiveDateTime, Option<i32>);

/// `2026-03-02T09:00[:00[.123]][Z|+01:00]`, with `T` or a blank; the seconds from UTC where given.
fn iso(b: &[u8]) -> Option<Local> {
    if b.len() < 16 || b[4] != b'-' || b[7] != b'-' || !matches!(b[10], b'T' | b't' | b' ') {
        return None;
    }
    let year = two(b, 0)? * 100 + two(b, 2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(b, 5)?, two(b, 8)?)?;
    let (mut time, mut rest) = clock(&b[11..])?;
    // `2026-03-02 09:00 AM`, as some tables have it.
    if let Some((half, after)) = half(rest.trim_ascii_start()) {
        (time.0, rest) = (of_half(time.0, half)?, after);
    }
    let local = at_clock(date, time)?;
    offset(rest).map(|offset| (local, offset))
}

#[cfg(test)]
mod tests;
