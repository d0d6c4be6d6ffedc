//! Makes a meaning of a rule's slots.

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};

use super::calendar::{
    add_days, add_months, add_span, days, first_of_month, holiday, monday, next_month_day,
    on_or_after, weekday_of, ymd,
};
use super::numbers::{at_meridiem, seconds_of};
use super::reader::Reader;
use super::value::{Act, Bound, Clock, Day, Part, Piece, Span, Unit, Value, Which};
use crate::detect::Grain;
use crate::detect::grammar::{Rule, Slot};
use crate::detect::pattern::{Captures, Subject as _};

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
            (Slot::N, Value::Int(n)) => slots.number = Some(n),
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

/// One day that is both, such as "Friday" and "the 13th", or "Wednesday" and "next week".
pub(super) fn combine(a: Day, b: Day, today: NaiveDate) -> Option<Day> {
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

fn small(n: i32) -> u8 {
    u8::try_from(n).unwrap_or(0)
}

/// The dates that days of the month, months, a year and weekdays make together.
fn dates(slots: &mut Slots, today: NaiveDate, which: Which) -> Option<()> {
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
        ([Some(d), None], [Some(m), _]) => day = date(m, d)?,
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
            day = combine(weekday, day, today)?;
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
fn month(today: NaiveDate, month: i32, year: Option<i32>) -> Option<Day> {
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

fn span_of(slots: &Slots) -> Option<Span> {
    let (unit, many) = slots.unit?;
    let thousandths = slots.amount.unwrap_or(1000) * many;
    Some(span(unit, thousandths))
}

/// So many thousandths of a unit.
fn span(unit: Unit, thousandths: i64) -> Span {
    let mut span = Span::default();
    let whole = thousandths / 1000;
    let part = thousandths % 1000;
    match unit {
        Unit::Month => {
            span.months = whole;
            span.days = part * 30 / 1000;
        }
        Unit::Year => span.months = thousandths * 12 / 1000,
        Unit::Week => span.days = (thousandths * 7 + 999) / 1000,
        Unit::Workday => span.workdays = whole,
        Unit::Day => {
            span.days = whole;
            span.seconds = part * 86_400 / 1000;
        }
        _ => span.seconds = thousandths * seconds_of(unit).unwrap_or(0) / 1000,
    }
    span
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
            for more in slots.spans.iter().flatten() {
                sum.months += more.months;
                sum.days += more.days;
                sum.workdays += more.workdays;
                sum.seconds += more.seconds;
            }
            return (sum != Span::default()).then_some(Value::Span(sum));
        }
        Act::AndHalf => {
            let (unit, many) = slots.unit?;
            let amount = slots.amount.unwrap_or(1000) + 500;
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

fn shift(reader: &Reader<'_>, slots: &Slots, mut piece: Piece, sign: i64) -> Option<Value> {
    let span = slots.spans[0].or_else(|| span_of(slots))?;
    let today = reader.now.date();
    if piece.day != Day::None {
        let (from, to, _) = days(piece.day, today)?;
        let base = if matches!(piece.day, Day::Range(..)) && sign > 0 {
            add_days(to, -1)
        } else {
            from
        };
        piece.day = Day::Date(add_span(base, &span, sign));
        return Some(Value::Piece(piece));
    }
    let minutes = i32::try_from(reader.now.hour() * 60 + reader.now.minute()).unwrap_or(0);
    let date = add_span(today, &span, sign);
    if sign < 0 {
        piece.past = true;
    }
    if span.seconds != 0 || piece.clock.is_some() {
        if piece.clock.is_some() {
            return None;
        }
        let moment = date
            .and_time(reader.now.time())
            .checked_add_signed(TimeDelta::try_seconds(span.seconds * sign)?)?;
        piece.moment = Some((moment, Grain::Minute));
    } else {
        piece.day = Day::Date(date);
        piece.hint = Some(if (8 * 60..20 * 60).contains(&minutes) {
            minutes
        } else {
            10 * 60
        });
    }
    Some(Value::Piece(piece))
}

fn period(act: Act, today: NaiveDate) -> Option<Day> {
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

const DAWN: i32 = 8 * 60;
const MORNING: i32 = 9 * 60;

fn share(act: Act, piece: &mut Piece, today: NaiveDate) -> Option<()> {
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
fn nth(act: Act, slots: Slots, today: NaiveDate) -> Option<Value> {
    let mut piece = slots.piece;
    let base = match (slots.months[0], piece.day) {
        (Some(m), _) => month(today, m, slots.year)?,
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

/// "the next three days"
fn coming(reader: &Reader<'_>, slots: &Slots) -> Option<Value> {
    let span = slots.spans[0].or_else(|| span_of(slots))?;
    let today = reader.now.date();
    let mut piece = Piece {
        bound: Bound::Within,
        ..Piece::default()
    };
    if span.months == 0 && span.days == 0 && span.workdays == 0 {
        let half = TimeDelta::try_seconds((span.seconds / 2).max(60))?;
        piece.moment = Some((reader.now.checked_add_signed(half)?, Grain::Hour));
        return Some(Value::Piece(piece));
    }
    let tomorrow = add_days(today, 1);
    let end = add_span(tomorrow, &span, 1);
    let next_week = add_days(monday(today), 7);
    let first = if span.days >= 7 || span.months > 0 {
        next_week
    } else {
        tomorrow
    };
    piece.bound = Bound::At;
    piece.day = Day::Range(first, end.max(add_days(first, 1)), Grain::Day);
    Some(Value::Piece(piece))
}
