//! Weeks, months, seasons, and shares of them.

use chrono::{Datelike, NaiveDate};

use super::Slots;
use super::date::{month, small};
use crate::detect::Grain;
use crate::detect::time::calendar::{
    add_days, add_months, days, first_of_month, monday, on_or_after, weekday_of, ymd,
};
use crate::detect::time::value::{Act, Bound, Day, Part, Piece, Unit, Value};

pub(super) fn period(act: Act, today: NaiveDate) -> Option<Day> {
    let this_monday = monday(today);
    let this_month = first_of_month(today);
    Some(match act {
        Act::Week(n) => {
            let first = add_days(this_monday, 7 * i64::from(n));
            Day::Range(first, add_days(first, 7), Grain::Week)
        }
        Act::Workweek(n) => {
            let first = add_days(this_monday, 7 * i64::from(n));
            Day::Range(first, add_days(first, 5), Grain::Week)
        }
        Act::Weekend(n) => {
            let first = add_days(this_monday, 7 * i64::from(n) + 5);
            Day::Range(first, add_days(first, 2), Grain::Day)
        }
        Act::Month(n) => {
            let first = add_months(this_month, i64::from(n));
            Day::Range(first, add_months(first, 1), Grain::Month)
        }
        Act::Quarter(n) => {
            let quarter = i64::from(today.month0() / 3 * 3) - i64::from(today.month0());
            let first = add_months(this_month, quarter + 3 * i64::from(n));
            Day::Range(first, add_months(first, 3), Grain::Month)
        }
        Act::Year(n) => {
            let first = ymd(today.year() + n, 1, 1)?;
            Day::Range(first, add_months(first, 12), Grain::Month)
        }
        _ => return None,
    })
}

/// The coming quarter of this number, or the coming season; the running one where there is one.
pub(super) fn part_of_year(
    act: Act,
    number: Option<i32>,
    year: Option<i32>,
    today: NaiveDate,
) -> Option<Day> {
    let of = |year: i32| {
        let (first, to) = match (act, number) {
            (Act::Season(1), _) => (ymd(year, 3, 20)?, ymd(year, 6, 21)?),
            (Act::Season(2), _) => (ymd(year, 6, 21)?, ymd(year, 9, 23)?),
            (Act::Season(3), _) => (ymd(year, 9, 23)?, ymd(year, 12, 21)?),
            (Act::Season(_), _) => (ymd(year, 12, 21)?, ymd(year + 1, 3, 20)?),
            (_, Some(n @ 1..=4)) => {
                let first = ymd(year, small(n * 3 - 2), 1)?;
                (first, add_months(first, 3))
            }
            _ => return None,
        };
        Some((first, to))
    };
    let (first, to) = match year {
        Some(year) => of(year)?,
        None => (-1..2)
            .filter_map(|ahead| of(today.year() + ahead))
            .find(|(_, to)| *to > today)?,
    };
    Some(Day::Range(first, to, Grain::Month))
}

pub(super) const DAWN: i32 = 8 * 60;

pub(super) const MORNING: i32 = 9 * 60;

pub(super) fn share(act: Act, piece: &mut Piece, today: NaiveDate) -> Option<()> {
    if piece.day == Day::None {
        piece.day = Day::Date(today);
    }
    let (from, to, grain) = days(piece.day, today)?;
    let length = (to - from).num_days();
    if length == 1 {
        let part = |from: i32, to: i32, at: i32| Part {
            from: from * 60,
            to: to * 60,
            at,
            early: at,
            late: at,
        };
        piece.part = Some(match act {
            Act::Start | Act::FirstHalf => part(6, 10, MORNING),
            Act::Middle => part(11, 14, 12 * 60),
            Act::End | Act::SecondHalf => part(17, 21, 17 * 60 + 30),
            _ => part(DAWN / 60, 22, 16 * 60),
        });
        return Some(());
    }
    let day = |n: i64| add_days(from, n);
    let (a, b) = match (act, grain) {
        (Act::Rest, _) => (from.max(today), to),
        (Act::Start, Grain::Week) => (from, day(3)),
        (Act::Middle, Grain::Week) => (day(2), day(4)),
        (Act::End, Grain::Week) => (day(4), to),
        (Act::FirstHalf, Grain::Week) => (from, day(3)),
        (Act::SecondHalf, Grain::Week) => (day(3), to),
        (Act::Start, _) if length < 40 => (from, day(10)),
        (Act::Middle, _) if length < 40 => (day(12), day(20)),
        (Act::End, _) if length < 40 => (add_days(to, -6), to),
        (Act::FirstHalf, _) if length < 40 => (from, day(15)),
        (Act::SecondHalf, _) if length < 40 => (day(15), to),
        (Act::Start | Act::FirstHalf, _) => (from, day(length / 3)),
        (Act::Middle, _) => (day(length / 3), day(length * 2 / 3)),
        _ => (day(length * 5 / 6), to),
    };
    if act == Act::Rest {
        piece.bound = Bound::Within;
    }
    piece.day = Day::Range(
        a,
        b,
        if act == Act::Rest {
            Grain::Week
        } else {
            Grain::Day
        },
    );
    Some(())
}

/// "the first Friday of next month", "the third week of January", "the third day of October".
pub(super) fn nth(act: Act, slots: Slots, today: NaiveDate) -> Option<Value> {
    let mut piece = slots.piece;
    let base = match (slots.months[0], piece.day) {
        (Some(m), _) => month(today, m, slots.year)?,
        (None, Day::None) if slots.year.is_some() => {
            let first = ymd(slots.year?, 1, 1)?;
            Day::Range(first, add_months(first, 12), Grain::Month)
        }
        (None, Day::None) => period(Act::Month(0), today)?,
        (None, day) => day,
    };
    let Day::Range(from, to, _) = base else {
        return None;
    };
    let n = i64::from(slots.ordinal.or(slots.number).unwrap_or(1));
    let last = matches!(act, Act::Last | Act::LastWeekend);
    let weekend = matches!(act, Act::NthWeekend | Act::LastWeekend);
    let day = |from: NaiveDate, to: NaiveDate| {
        // The first or last such weekday of the span, and those after the first.
        let found = |weekday: u8| {
            if last {
                let end = add_days(to, -1);
                let back = (7 + i64::from(weekday_of(end)) - i64::from(weekday)) % 7;
                add_days(end, -back)
            } else {
                add_days(on_or_after(from, weekday), 7 * (n - 1))
            }
        };
        if weekend {
            let first = found(6);
            return Some(Day::Range(first, add_days(first, 2), Grain::Day));
        }
        if let Some(w) = slots.weekdays[0] {
            let date = found(small(w));
            return (date >= from && date < to).then_some(Day::Date(date));
        }
        match slots.unit {
            Some((Unit::Day, 1)) => {
                let date = if last {
                    add_days(to, -1)
                } else {
                    add_days(from, n - 1)
                };
                (date < to).then_some(Day::Date(date))
            }
            Some((Unit::Week, 1)) => {
                // A week belongs where most of its days are.
                let first = if last {
                    monday(add_days(to, -4))
                } else {
                    add_days(monday(add_days(from, 3)), 7 * (n - 1))
                };
                Some(Day::Range(first.max(from), add_days(first, 7), Grain::Week))
            }
            Some((Unit::Month, 1)) => {
                let first = if last {
                    add_months(to, -1)
                } else {
                    add_months(from, n - 1)
                };
                Some(Day::Range(first, add_months(first, 1), Grain::Month))
            }
            _ => None,
        }
    };
    let mut found = day(from, to)?;
    if slots.year.is_none()
        && let Some((_, end, _)) = days(found, today)
        && end <= today
    {
        let step = if slots.months[0].is_some() { 12 } else { 1 };
        found = day(add_months(from, step), add_months(to, step))?;
    }
    piece.day = found;
    piece.until_day = Day::None;
    Some(Value::Piece(piece))
}
