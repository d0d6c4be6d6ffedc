//! Counting days.

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};

use super::value::{Day, Holiday, Span, Which};
use crate::detect::Grain;

/// `date` moved by `days`; unmoved at the edge of the calendar.
pub(super) fn add_days(date: NaiveDate, days: i64) -> NaiveDate {
    TimeDelta::try_days(days)
        .and_then(|d| date.checked_add_signed(d))
        .unwrap_or(date)
}

/// `date` moved by calendar months.
pub(super) fn add_months(date: NaiveDate, months: i64) -> NaiveDate {
    let count = Months::new(
        u32::try_from(months.unsigned_abs())
            .unwrap_or(0)
            .min(12_000),
    );
    let moved = if months < 0 {
        date.checked_sub_months(count)
    } else {
        date.checked_add_months(count)
    };
    moved.unwrap_or(date)
}

/// `date` moved by a span's months, days and working days.
pub(super) fn add_span(date: NaiveDate, span: &Span, sign: i64) -> NaiveDate {
    let moved = add_days(add_months(date, span.months * sign), span.days * sign);
    let mut left = span.workdays.clamp(0, 400);
    let mut day = moved;
    while left > 0 {
        day = add_days(day, sign);
        if day.weekday().number_from_monday() < 6 {
            left -= 1;
        }
    }
    day
}

/// Monday of the week of `date`.
pub(super) fn monday(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday())))
        .unwrap_or(date)
}

/// The first of the month of `date`.
pub(super) fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// 1 is Monday.
pub(super) fn weekday_of(date: NaiveDate) -> u8 {
    u8::try_from(date.weekday().number_from_monday()).unwrap_or(1)
}

/// The first `weekday` (1 is Monday) on or after `from`.
pub(super) fn on_or_after(from: NaiveDate, weekday: u8) -> NaiveDate {
    let ahead = (7 + i64::from(weekday) - i64::from(weekday_of(from))) % 7;
    add_days(from, ahead)
}

/// The weekday that is meant.
pub(super) fn weekday(today: NaiveDate, weekday: u8, which: Which) -> NaiveDate {
    match which {
        Which::This => on_or_after(today, weekday),
        Which::Coming => on_or_after(add_days(today, 1), weekday),
        Which::Week => add_days(on_or_after(today, weekday), 7),
        Which::Fortnight => add_days(on_or_after(today, weekday), 14),
        Which::Near => on_or_after(add_days(today, 2), weekday),
        Which::Next => on_or_after(add_days(monday(today), 7), weekday),
    }
}

/// A date from numbers.
pub(super) fn ymd(year: i32, month: u8, day: u8) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day))
}

/// The next such day of a month, today included.
pub(super) fn next_dom(today: NaiveDate, day: u8) -> Option<NaiveDate> {
    (0..4)
        .filter_map(|m| add_months(first_of_month(today), m).with_day(u32::from(day)))
        .find(|d| *d >= today)
}

/// The next such day of a year, today included.
pub(super) fn next_month_day(today: NaiveDate, month: u8, day: u8) -> Option<NaiveDate> {
    (0..9)
        .filter_map(|y| ymd(today.year() + y, month, day))
        .find(|d| *d >= today)
}

/// A feast in a year.
pub(super) fn holiday(holiday: Holiday, year: i32) -> Option<NaiveDate> {
    match holiday {
        Holiday::Fixed(month, day) => ymd(year, month, day),
        Holiday::Easter(days) => easter(year).map(|e| add_days(e, i64::from(days))),
        Holiday::Nth(month, n, weekday) => {
            let first = ymd(year, month, 1)?;
            if n > 0 {
                return Some(add_days(
                    on_or_after(first, weekday),
                    7 * (i64::from(n) - 1),
                ));
            }
            let last = add_days(add_months(first, 1), -1);
            let back = (7 + i64::from(weekday_of(last)) - i64::from(weekday)) % 7;
            Some(add_days(last, 7 * (i64::from(n) + 1) - back))
        }
    }
}

/// Easter Sunday in the Gregorian calendar (the anonymous algorithm).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    ymd(
        year,
        u8::try_from(n / 31).ok()?,
        u8::try_from(n % 31 + 1).ok()?,
    )
}

/// The days that are meant: from, to (exclusive) and how exact.
pub(super) fn days(day: Day, today: NaiveDate) -> Option<(NaiveDate, NaiveDate, Grain)> {
    let one = |d: NaiveDate| (d, add_days(d, 1), Grain::Day);
    match day {
        Day::None => None,
        Day::Date(d) => Some(one(d)),
        Day::Weekday(w, which) => Some(one(weekday(today, w, which))),
        Day::Dom(d) => next_dom(today, d).map(one),
        Day::Yearly(m, d) => next_month_day(today, m, d).map(one),
        Day::Range(from, to, grain) => Some((from, to, grain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feasts_that_move_are_found() {
        for (year, date) in [
            (2017, "2017-04-16"),
            (2018, "2018-04-01"),
            (2026, "2026-04-05"),
        ] {
            assert_eq!(holiday(Holiday::Easter(0), year).unwrap().to_string(), date);
        }
        let thanksgiving = holiday(Holiday::Nth(11, 4, 4), 2026).unwrap();
        assert_eq!(thanksgiving.to_string(), "2026-11-26");
        let memorial = holiday(Holiday::Nth(5, -1, 1), 2026).unwrap();
        assert_eq!(memorial.to_string(), "2026-05-25");
    }

    #[test]
    fn days_that_a_month_lacks_are_looked_for_further_on() {
        let today = ymd(2026, 2, 10).unwrap();
        assert_eq!(next_dom(today, 31).unwrap().to_string(), "2026-03-31");
        assert_eq!(
            next_month_day(today, 2, 29).unwrap().to_string(),
            "2028-02-29"
        );
    }
}
