//! Days, months and years that are said together.

use chrono::{Datelike, NaiveDate};

use super::Slots;
use crate::detect::Grain;
use crate::detect::time::calendar::{
    add_months, first_of_month, next_month_day, on_or_after, weekday_of, ymd,
};
use crate::detect::time::value::{Day, Which};

/// One day that is both, such as "Friday" and "the 13th", or "Wednesday" and "next week".
pub(in crate::detect::time) fn combine(a: Day, b: Day, today: NaiveDate) -> Option<Day> {
    let fits = |w: u8, d: &NaiveDate| weekday_of(*d) == w;
    match (a, b) {
        (Day::None, day) | (day, Day::None) => Some(day),
        (Day::Weekday(w, _), Day::Dom(d)) | (Day::Dom(d), Day::Weekday(w, _)) => {
            let first = first_of_month(today);
            let date = (0..14)
                .filter_map(|m| add_months(first, m).with_day(u32::from(d)))
                .find(|date| *date >= today && fits(w, date));
            Some(date.map_or(Day::Dom(d), Day::Date))
        }
        (Day::Weekday(w, _), Day::Yearly(m, d)) | (Day::Yearly(m, d), Day::Weekday(w, _)) => {
            let date = (0..3)
                .filter_map(|y| ymd(today.year() + y, m, d))
                .find(|date| *date >= today && fits(w, date));
            Some(date.map_or(Day::Yearly(m, d), Day::Date))
        }
        (Day::Weekday(w, _), Day::Date(date)) | (Day::Date(date), Day::Weekday(w, _)) => {
            fits(w, &date).then_some(Day::Date(date))
        }
        (Day::Weekday(w, _), Day::Range(from, to, _))
        | (Day::Range(from, to, _), Day::Weekday(w, _)) => {
            let date = on_or_after(from.max(today), w);
            let date = if date < to {
                date
            } else {
                on_or_after(from, w)
            };
            (date < to).then_some(Day::Date(date))
        }
        (Day::Dom(d), Day::Range(from, to, Grain::Month))
        | (Day::Range(from, to, Grain::Month), Day::Dom(d)) => {
            let date = from.with_day(u32::from(d))?;
            (date < to).then_some(Day::Date(date))
        }
        (Day::Range(a_from, a_to, _), Day::Range(b_from, b_to, grain)) => {
            let (from, to) = (a_from.max(b_from), a_to.min(b_to));
            (from < to).then_some(Day::Range(from, to, grain))
        }
        (Day::Date(a), Day::Range(from, to, _)) | (Day::Range(from, to, _), Day::Date(a)) => {
            (from <= a && a < to).then_some(Day::Date(a))
        }
        (Day::Date(a), Day::Date(b)) => (a == b).then_some(Day::Date(a)),
        (Day::Date(a), Day::Dom(d)) | (Day::Dom(d), Day::Date(a)) => {
            (a.day() == u32::from(d)).then_some(Day::Date(a))
        }
        _ => None,
    }
}

pub(super) fn small(n: i32) -> u8 {
    u8::try_from(n).unwrap_or(0)
}

/// The dates that days of the month, months, a year and weekdays make together.
pub(super) fn dates(slots: &mut Slots, today: NaiveDate, which: Which) -> Option<()> {
    let year = slots.year;
    let date = |m: i32, d: i32| -> Option<Day> {
        match year {
            Some(y) => ymd(y, small(m), small(d)).map(Day::Date),
            None => {
                next_month_day(today, small(m), small(d)).map(|_| Day::Yearly(small(m), small(d)))
            }
        }
    };
    let mut day = Day::None;
    let mut until = Day::None;
    match (slots.doms, slots.months) {
        ([Some(d), None], [Some(m), _]) => {
            day = match date(m, d) {
                Some(day) => day,
                None if (29..=31).contains(&d) => {
                    slots.piece.impossible = true;
                    date(m, 28)?
                }
                None => return None,
            }
        }
        ([Some(a), Some(b)], [Some(m), None]) => {
            day = date(m, a)?;
            until = date(m, b)?;
        }
        ([Some(a), Some(b)], [Some(m), Some(n)]) => {
            day = date(m, a)?;
            until = date(n, b)?;
        }
        ([Some(a), b], [None, None]) => {
            day = Day::Dom(small(a));
            if let Some(b) = b {
                until = Day::Dom(small(b));
            }
        }
        ([None, None], [Some(m), n]) => {
            day = month(today, m, year)?;
            if let Some(n) = n {
                until = month(today, n, year)?;
                // "from August to October", said in September.
                if let (Day::Range(first, to, grain), Day::Range(end, _, _)) = (day, until)
                    && end < first
                    && year.is_none()
                {
                    day = Day::Range(add_months(first, -12), add_months(to, -12), grain);
                }
            }
        }
        _ => {}
    }
    if let [Some(w), other] = slots.weekdays {
        let weekday = Day::Weekday(small(w), which);
        if until != Day::None {
            // The weekdays of a range of dates say nothing new.
        } else if day == Day::None {
            day = weekday;
            if let Some(other) = other {
                until = Day::Weekday(small(other), Which::Coming);
            }
        } else {
            day = match (combine(weekday, day, today), day) {
                (Some(both), _) => both,
                // "Friday 30 November 2019", which is no Friday: a person must say which.
                (None, Day::Date(_)) if year.is_some() => {
                    slots.piece.doubtful = true;
                    day
                }
                _ => return None,
            };
        }
    }
    if day != Day::None {
        slots.piece.day = if slots.piece.day == Day::None {
            day
        } else {
            combine(day, slots.piece.day, today)?
        };
    }
    if until != Day::None {
        slots.piece.until_day = match (until, slots.piece.day) {
            (Day::Dom(d), Day::Date(first)) => Day::Date(first.with_day(u32::from(d))?),
            _ => until,
        };
    }
    Some(())
}

/// A month by name.
pub(super) fn month(today: NaiveDate, month: i32, year: Option<i32>) -> Option<Day> {
    let month = small(month);
    let first = match year {
        Some(year) => ymd(year, month, 1)?,
        None => {
            let this = ymd(today.year(), month, 1)?;
            if this < first_of_month(today) {
                ymd(today.year() + 1, month, 1)?
            } else {
                this
            }
        }
    };
    Some(Day::Range(first, add_months(first, 1), Grain::Month))
}
