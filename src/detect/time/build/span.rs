//! Lengths of time, and what lies so far from now.

use chrono::{TimeDelta, Timelike};

use super::Slots;
use crate::detect::Grain;
use crate::detect::time::calendar::{add_days, add_span, days, monday};
use crate::detect::time::numbers::seconds_of;
use crate::detect::time::reader::Reader;
use crate::detect::time::value::{Bound, Day, Piece, Span, Unit, Value};

pub(super) fn span_of(slots: &Slots) -> Option<Span> {
    let (unit, many) = slots.unit?;
    let thousandths = slots.amount.unwrap_or(1000) * many;
    Some(span(unit, thousandths))
}

/// So many thousandths of a unit.
pub(super) fn span(unit: Unit, thousandths: i64) -> Span {
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

pub(super) fn shift(
    reader: &Reader<'_>,
    slots: &Slots,
    mut piece: Piece,
    sign: i64,
) -> Option<Value> {
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

/// "the next three days"
pub(super) fn coming(reader: &Reader<'_>, slots: &Slots) -> Option<Value> {
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
