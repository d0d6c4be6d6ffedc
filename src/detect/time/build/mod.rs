//! Makes a meaning of a rule's slots.

mod date;
mod period;
mod span;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::calendar::{
    add_days, add_months, days, first_of_month, holiday, monday, next_month_day, ymd,
};
use super::numbers::at_meridiem;
use super::reader::Reader;
use super::value::{Act, Bound, Clock, Day, Part, Piece, Span, Unit, Value, Which};
use crate::detect::Grain;
use crate::detect::grammar::{Rule, Slot};
use crate::detect::pattern::{Captures, Subject as _};
pub(super) use date::combine;
use date::{dates, small};
use period::{DAWN, MORNING, nth, part_of_year, period, share};
use span::{coming, shift, span, span_of};

/// The slots of a match, sorted by what they are.
#[derive(Default)]
struct Slots {
    number: Option<i32>,
    ordinal: Option<i32>,
    doms: [Option<i32>; 2],
    months: [Option<i32>; 2],
    year: Option<i32>,
    weekdays: [Option<i32>; 2],
    amount: Option<i64>,
    unit: Option<(Unit, i64)>,
    spans: [Option<Span>; 2],
    piece: Piece,
    part: Option<Part>,
}

fn put<T>(places: &mut [Option<T>; 2], value: T) {
    if let Some(free) = places.iter_mut().find(|p| p.is_none()) {
        *free = Some(value);
    }
}

/// What `rule` makes of the slots it matched.
pub(super) fn act(reader: &Reader<'_>, rule: &Rule, kept: &Captures) -> Option<Value> {
    if let Act::Value(value) = rule.act {
        return Some(value);
    }
    let today = reader.now.date();
    let values = kept.iter().filter_map(|(slot, at, index)| {
        let (_, value) = reader.found(slot, at, index)?;
        Some((Slot::at(usize::from(slot))?, value))
    });
    let slots = gather(values, today)?;
    let mut value = make(reader, rule.act, slots)?;
    if rule.bound != Bound::At
        && let Value::Piece(piece) = &mut value
    {
        piece.bound = rule.bound;
    }
    Some(value)
}

fn gather(values: impl Iterator<Item = (Slot, Value)> + Clone, today: NaiveDate) -> Option<Slots> {
    let mut slots = Slots::default();
    for (slot, value) in values.clone() {
        match (slot, value) {
            (Slot::N | Slot::Glued, Value::Int(n)) => slots.number = Some(n),
            (Slot::Ordinal, Value::Int(n)) => slots.ordinal = Some(n),
            (Slot::Dom | Slot::Digits, Value::Int(n)) => put(&mut slots.doms, n),
            (Slot::Month, Value::Int(n)) => put(&mut slots.months, n),
            (Slot::Year, Value::Int(n)) => slots.year = Some(n),
            (Slot::Weekday, Value::Int(n)) => put(&mut slots.weekdays, n),
            (Slot::Min, Value::Int(n)) => {
                slots.number = Some(n);
                if let Some(c) = &mut slots.piece.clock {
                    c.minutes += n;
                    c.grain = Grain::Minute;
                    c.marked = true;
                }
            }
            (_, Value::Amount(n)) => slots.amount = Some(n),
            (_, Value::Unit(unit, n)) => slots.unit = Some((unit, n)),
            (_, Value::Span(span)) => put(&mut slots.spans, span),
            (_, Value::Part(part)) => slots.part = Some(part),
            (_, Value::Meridiem(pm)) => match &mut slots.piece.clock {
                Some(c) => {
                    c.minutes = at_meridiem(c.minutes, pm);
                    c.either = false;
                }
                None => slots.part = Some(half_day(pm)),
            },
            (_, Value::Holiday(feast)) => {
                // The year, if one is said, comes later; `make` puts it right.
                let date = (0..2)
                    .filter_map(|y| holiday(feast, today.year() + y))
                    .find(|d| *d >= today)?;
                slots.piece.day = Day::Date(date);
                slots.piece.hint = None;
                if let Some(Value::Int(year)) = values
                    .clone()
                    .find(|(s, _)| *s == Slot::Year)
                    .map(|(_, v)| v)
                {
                    slots.piece.day = Day::Date(holiday(feast, year)?);
                }
            }
            (_, Value::Piece(piece)) => add(&mut slots.piece, &piece, today),
            _ => {}
        }
    }
    Some(slots)
}

/// "Tuesday AM"
const fn half_day(pm: bool) -> Part {
    if pm {
        Part {
            from: 12 * 60,
            to: 18 * 60,
            at: 15 * 60,
            early: 13 * 60,
            late: 17 * 60,
        }
    } else {
        Part {
            from: 6 * 60,
            to: 12 * 60,
            at: MORNING,
            early: DAWN,
            late: 11 * 60,
        }
    }
}

/// Adds what `other` says to `piece`; what does not fit together is the end of a range.
fn add(piece: &mut Piece, other: &Piece, today: NaiveDate) {
    if let Some(clock) = other.clock {
        if piece.clock.is_none() {
            piece.clock = Some(clock);
        } else {
            piece.until_clock = Some(clock);
        }
    }
    if other.part.is_some() {
        piece.part = other.part;
    }
    if other.moment.is_some() {
        piece.moment = other.moment;
    }
    if other.until_clock.is_some() {
        piece.until_clock = other.until_clock;
    }
    if other.hint.is_some() {
        piece.hint = other.hint;
    }
    piece.doubtful |= other.doubtful;
    piece.impossible |= other.impossible;
    piece.past |= other.past;
    if other.bound != Bound::At {
        piece.bound = other.bound;
    }
    if other.day != Day::None {
        match combine(piece.day, other.day, today) {
            Some(day) => piece.day = day,
            None => piece.until_day = other.day,
        }
    }
    if other.until_day != Day::None {
        piece.until_day = other.until_day;
    }
}

fn make(reader: &Reader<'_>, act: Act, mut slots: Slots) -> Option<Value> {
    let today = reader.now.date();
    let which = match act {
        Act::Weekday(which) => which,
        _ => Which::Coming,
    };
    if act == Act::Join && slots.doms[0].is_none() {
        slots.doms[0] = slots.ordinal;
    }
    if !matches!(
        act,
        Act::Nth | Act::Last | Act::NthWeekend | Act::LastWeekend | Act::Numeric
    ) {
        dates(&mut slots, today, which)?;
    }
    slots.piece.part = slots.part.or(slots.piece.part);
    let mut piece = slots.piece;
    match act {
        Act::Join | Act::Weekday(_) => {
            if piece == Piece::default()
                && let Some(span) = span_of(&slots)
            {
                return Some(Value::Span(span));
            }
        }
        Act::Early | Act::Late | Act::Mid => {
            let mut part = slots.part?;
            part.at = match act {
                Act::Early => part.early,
                Act::Late => part.late,
                _ => i32::midpoint(part.from, part.to),
            };
            return Some(Value::Part(part));
        }
        Act::At(minutes) => {
            let grain = if minutes % 60 == 0 {
                Grain::Hour
            } else {
                Grain::Minute
            };
            piece.clock = Some(Clock {
                minutes,
                seconds: 0,
                either: false,
                marked: true,
                grain,
            });
        }
        Act::Plus(minutes) => shift_clock(&mut piece, minutes)?,
        Act::PlusN(sign) => shift_clock(&mut piece, slots.number? * sign)?,
        Act::Days(n) => {
            if piece.day != Day::None {
                return None;
            }
            piece.day = Day::Date(add_days(today, i64::from(n)));
            piece.past = n < 0;
        }
        Act::Sum => {
            let mut sum = span_of(&slots).unwrap_or_default();
            if let Some(minutes) = slots.number {
                // "an hour thirty"
                let plain = (5..60).contains(&minutes) && minutes % 5 == 0;
                if !plain || slots.unit != Some((Unit::Hour, 1)) {
                    return None;
                }
                sum.seconds += i64::from(minutes) * 60;
            }
            for more in slots.spans.iter().flatten() {
                sum.months += more.months;
                sum.days += more.days;
                sum.workdays += more.workdays;
                sum.seconds += more.seconds;
            }
            return (sum != Span::default()).then_some(Value::Span(sum));
        }
        Act::AndHalf | Act::AndQuarter => {
            let (unit, many) = slots.unit?;
            let more = if act == Act::AndHalf { 500 } else { 250 };
            let amount = slots.amount.unwrap_or(1000) + more;
            return Some(Value::Span(span(unit, amount * many)));
        }
        Act::Shift(sign) => return shift(reader, &slots, piece, i64::from(sign)),
        Act::Week(_)
        | Act::Month(_)
        | Act::Year(_)
        | Act::Weekend(_)
        | Act::Workweek(_)
        | Act::Quarter(_) => {
            let period = period(act, today)?;
            piece.day = combine(piece.day, period, today)?;
        }
        Act::Start | Act::Middle | Act::End | Act::FirstHalf | Act::SecondHalf | Act::Rest => {
            share(act, &mut piece, today)?;
        }
        Act::StartOf(unit) | Act::MiddleOf(unit) | Act::EndOf(unit) => {
            let base = match unit {
                Unit::Week => Act::Week(0),
                Unit::Month => Act::Month(0),
                _ => Act::Year(0),
            };
            let part = match act {
                Act::StartOf(_) => Act::Start,
                Act::MiddleOf(_) => Act::Middle,
                _ => Act::End,
            };
            piece.day = period(base, today)?;
            share(part, &mut piece, today)?;
            if let Day::Range(_, to, _) = piece.day
                && to <= today
            {
                let next = match unit {
                    Unit::Week => Act::Week(1),
                    Unit::Month => Act::Month(1),
                    _ => Act::Year(1),
                };
                piece.day = period(next, today)?;
                share(part, &mut piece, today)?;
            }
        }
        Act::Nth | Act::Last | Act::NthWeekend | Act::LastWeekend => return nth(act, slots, today),
        Act::Numeric => {
            let [Some(d), Some(m)] = slots.doms else {
                return None;
            };
            if !(1..=12).contains(&m) {
                return None;
            }
            piece.day = match slots.year.or(slots.number.map(|n| 2000 + n)) {
                Some(year) => Day::Date(ymd(year, small(m), small(d))?),
                None => {
                    next_month_day(today, small(m), small(d))?;
                    Day::Yearly(small(m), small(d))
                }
            };
        }
        Act::WeekOf => {
            let (from, _, _) = days(piece.day, today)?;
            let first = monday(from);
            piece.day = Day::Range(first, add_days(first, 7), Grain::Week);
        }
        Act::MonthOf => {
            let (from, _, _) = days(piece.day, today)?;
            let first = first_of_month(from);
            piece.day = Day::Range(first, add_months(first, 1), Grain::Month);
        }
        Act::WeekNumber => {
            let n = slots.number.or(slots.ordinal)?;
            if !(1..=53).contains(&n) {
                return None;
            }
            let of = |year| {
                let first = monday(ymd(year, 1, 4)?);
                Some(add_days(first, 7 * (i64::from(n) - 1)))
            };
            let mut first = of(slots.year.unwrap_or_else(|| today.year()))?;
            if slots.year.is_none() && add_days(first, 7) <= today {
                first = of(today.year() + 1)?;
            }
            piece.day = Day::Range(first, add_days(first, 7), Grain::Week);
        }
        Act::QuarterNumber | Act::Season(_) => {
            let number = slots.number.or(slots.ordinal);
            piece.day = part_of_year(act, number, slots.year, today)?;
        }
        Act::Minutes(_) | Act::MinutesN => {
            let minutes = match act {
                Act::Minutes(n) => n,
                _ => slots
                    .number
                    .filter(|n| (5..=90).contains(n) && n % 5 == 0)?,
            };
            let ahead = TimeDelta::minutes(i64::from(minutes));
            piece.moment = Some((reader.now.checked_add_signed(ahead)?, Grain::Minute));
        }
        Act::Coming => return coming(reader, &slots),
        Act::Past => piece.past = true,
        Act::Value(value) => return Some(value),
    }
    Some(Value::Piece(piece))
}

fn shift_clock(piece: &mut Piece, minutes: i32) -> Option<()> {
    let clock = piece.clock.as_mut()?;
    if !(-59..=59).contains(&minutes) {
        return None;
    }
    clock.minutes += minutes;
    if clock.minutes < 0 {
        clock.minutes += 24 * 60;
    }
    clock.grain = Grain::Minute;
    clock.marked = true;
    Some(())
}
