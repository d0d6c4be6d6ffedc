//! Times as exports write them.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::words::shown;
use crate::config::DateOrder;
use crate::model::Timestamp;
use crate::zone::Zone;

/// Reads an instant: RFC 3339, or a time without an offset in `zone`, or with `order` a date such as `3/4/2026`.
/// Cut to whole microseconds. On failure, what is wrong and what to write instead.
pub(crate) fn instant(
    text: &str,
    zone: Option<&Zone>,
    order: Option<DateOrder>,
) -> Result<Timestamp, String> {
    let text = text.trim_ascii();
    let read = iso(text.as_bytes())
        .or_else(|| by_order(text, order))
        .or_else(|| by_month(text));
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
    let half = rest.trim_ascii_start();
    if time.0 <= 12 && (half.eq_ignore_ascii_case(b"am") || half.eq_ignore_ascii_case(b"pm")) {
        time.0 = time.0 % 12
            + if half[0].eq_ignore_ascii_case(&b'p') {
                12
            } else {
                0
            };
        rest = b"";
    }
    let local = at_clock(date, time)?;
    offset(rest).map(|offset| (local, offset))
}

/// `March 2, 2026 9:00 am`, `2 Mar 2026 09:00`, with a weekday before it: months by their English names.
fn by_month(text: &str) -> Option<Local> {
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
    if text.len() > 60 || !text.is_ascii() {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let (mut month, mut day, mut year, mut time, mut half) = (None, None, None, None, None);
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let name = word.trim_end_matches('.');
        let is_name = |full: &&str| name.len() >= 3 && full.starts_with(name);
        let of_month = (1..).zip(MONTHS).find(|(_, full)| is_name(full));
        let number = number(word.trim_end_matches(|c: char| c.is_ascii_alphabetic()));
        let place = match (of_month, number) {
            (Some((n, _)), _) => month.replace(n).is_some(),
            (_, Some(n)) if word.len() <= 4 && day.is_none() && (1..=31).contains(&n) => {
                day.replace(n).is_some()
            }
            (_, Some(n)) if word.len() == 4 => year.replace(n).is_some(),
            _ if word.contains(':') => {
                let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                half = Some(&word[digits.len()..]).filter(|half| !half.is_empty());
                let padded = if digits.find(':') == Some(1) {
                    format!("0{digits}")
                } else {
                    digits.to_owned()
                };
                let (clock, rest) = clock(padded.as_bytes())?;
                !rest.is_empty() || time.replace(clock).is_some()
            }
            _ if matches!(name, "am" | "pm" | "a.m" | "p.m") => half.replace(name).is_some(),
            _ => {
                let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "at"];
                !days.iter().any(|d| name.starts_with(d))
            }
        };
        if place {
            return None; // twice, or no such thing
        }
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?;
    let mut time = time?;
    time.0 = match half {
        None => time.0,
        Some(half) if time.0 <= 12 && half.starts_with('a') => time.0 % 12,
        Some(half) if time.0 <= 12 && half.starts_with('p') => time.0 % 12 + 12,
        Some(_) => return None,
    };
    Some((at_clock(date, time)?, None))
}

/// Hour, minute, second (60 is a leap second), microsecond.
type Clock = (u32, u32, u32, u32);

fn at_clock(date: NaiveDate, (hour, minute, second, micro): Clock) -> Option<NaiveDateTime> {
    if second == 60 {
        let last = date.and_hms_micro_opt(hour, minute, 59, micro)?;
        return last.checked_add_signed(TimeDelta::seconds(1));
    }
    date.and_hms_micro_opt(hour, minute, second, micro)
}

/// `09:00[:00[.123]]` and what follows it.
fn clock(b: &[u8]) -> Option<(Clock, &[u8])> {
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

/// Seconds east of UTC: `Z`, `+01:00`, `+0100`, `+01`; nothing at all is no offset.
#[expect(
    clippy::option_option,
    reason = "no offset is one answer, a fault is another"
)]
fn offset(b: &[u8]) -> Option<Option<i32>> {
    let b = b.trim_ascii_start();
    let (hours, minutes) = match b {
        [] => return Some(None),
        b"Z" | b"z" => return Some(Some(0)),
        [_, _, _] => (two(b, 1)?, 0),
        [_, _, _, b':', _, _] => (two(b, 1)?, two(b, 4)?),
        [_, _, _, _, _] => (two(b, 1)?, two(b, 3)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    match b[0] {
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

fn two(b: &[u8], at: usize) -> Option<u32> {
    let &[tens, ones] = b.get(at..at + 2)? else {
        return None;
    };
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// `3/4/2026 9:00[:00] [pm]` in the source's date order, with `/`, `.` or `-` in the date; one that begins with the
/// year needs no order.
fn by_order(text: &str, order: Option<DateOrder>) -> Option<Local> {
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
    let time = time.trim();
    let halves = time
        .find(|c: char| c.is_ascii_alphabetic())
        .map(|at| (&time[..at], time[at..].replace(['.', ' '], "")));
    let (digits, half) = match &halves {
        Some((digits, half)) => (digits.trim_end(), Some(half.to_ascii_lowercase())),
        None => (time, None),
    };
    let padded = if digits.find(':') == Some(1) {
        format!("0{digits}")
    } else {
        digits.to_owned()
    };
    let (mut clock, rest) = clock(padded.as_bytes())?;
    if !rest.is_empty() {
        return None;
    }
    clock.0 = match half.as_deref() {
        None => clock.0,
        Some("am") if clock.0 <= 12 => clock.0 % 12,
        Some("pm") if clock.0 <= 12 => clock.0 % 12 + 12,
        Some(_) => return None,
    };
    Some((at_clock(date, clock)?, None))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        instant(text, None, None).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn times_with_an_offset() {
        for (text, utc) in [
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
            ("2026-03-02T09:00:00+01:00", "2026-03-02T08:00:00Z"),
            ("2026-03-02t09:00:00z", "2026-03-02T09:00:00Z"),
            ("2026-03-02 09:00:00-06:00", "2026-03-02T15:00:00Z"),
            ("2026-03-02 09:00:00 -0600", "2026-03-02T15:00:00Z"),
            ("2026-03-02T09:00:00+01", "2026-03-02T08:00:00Z"),
            (
                "2026-03-02T09:00:00.123456789Z",
                "2026-03-02T09:00:00.123456Z",
            ),
            ("2026-03-02T09:00:00.5Z", "2026-03-02T09:00:00.500Z"),
            ("2026-03-02T09:00Z", "2026-03-02T09:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
            ("2026-01-01T00:30:00+14:00", "2025-12-31T10:30:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(utc), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_words() {
        for text in [
            "",
            "yesterday",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T09:60:00Z",
            "2026-03-02T09:00:00.Z",
            "2026-03-02T09:00:00+25:00",
            "2026-03-02T09:00:00*01:00",
            "2026-03-02T09:00:00Zjunk",
            "2026-03-02",
            "1709370000",
            "２０２６-03-02T09:00:00Z",
            "2026-03-02T09:00:00é",
        ] {
            let fault = read(text).expect_err(text);
            assert!(
                fault.contains("is not a time") && fault.contains("2026-03-02T09:00:00+01:00"),
                "{fault}"
            );
        }
        assert!(
            read("03/04/2026 09:00")
                .expect_err("ambiguous")
                .contains("date_order")
        );
        assert!(
            read("2026-03-02T09:00:00")
                .expect_err("naive")
                .contains("`timezone`")
        );
    }

    #[test]
    fn times_without_an_offset_are_read_in_the_zone() {
        let zone = Zone::named("America/Mexico_City").expect("a zone");
        for (text, order, utc) in [
            ("2026-03-02T09:00:00", None, "2026-03-02T15:00:00Z"),
            ("2026-03-02 09:00", None, "2026-03-02T15:00:00Z"),
            ("2026-03-02 9:00", None, "2026-03-02T15:00:00Z"),
            (
                "2026/03/02 9:00:30",
                Some(DateOrder::Dmy),
                "2026-03-02T15:00:30Z",
            ),
            ("2026-03-02 09:00 AM", None, "2026-03-02T15:00:00Z"),
            ("2026-03-02 12:30 pm", None, "2026-03-02T18:30:00Z"),
            ("March 2, 2026 9:00 am", None, "2026-03-02T15:00:00Z"),
            ("Mon, Mar 2, 2026, 9:00 PM", None, "2026-03-03T03:00:00Z"),
            ("2 Sept. 2026 09:05:07", None, "2026-09-02T15:05:07Z"),
            ("May 2nd, 2026 at 12:00am", None, "2026-05-02T06:00:00Z"),
            (
                "03/04/2026 09:00",
                Some(DateOrder::Dmy),
                "2026-04-03T15:00:00Z",
            ),
            (
                "3/4/26 9:05 PM",
                Some(DateOrder::Mdy),
                "2026-03-05T03:05:00Z",
            ),
            (
                "3.4.2026, 12:05:07 a.m.",
                Some(DateOrder::Dmy),
                "2026-04-03T06:05:07Z",
            ),
            (
                "2026/03/02 23:59:59",
                Some(DateOrder::Ymd),
                "2026-03-03T05:59:59Z",
            ),
        ] {
            let at = instant(text, Some(&zone), order).expect(text);
            assert_eq!(at, utc.parse::<Timestamp>().expect("utc"), "{text}");
        }
        for text in [
            "13/13/2026 09:00",
            "1/2/3/4 09:00",
            "3/4/2026 13:00 xm",
            "3/4/2026 9",
            "3/4/20260 9:00",
            "March 32, 2026 9:00",
            "March 2, 2026",
            "March 2, 2026 9:00 xm",
            "March 2 April 2026 9:00",
            "Moon 2026 9:00",
            "2026-03-02 13:00 pm",
        ] {
            assert!(
                instant(text, Some(&zone), Some(DateOrder::Dmy)).is_err(),
                "{text}"
            );
        }
    }
}
