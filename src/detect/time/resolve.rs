//! From a time as said to the instant to write at: never past, never midnight by chance, a sensible hour.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use super::calendar::{add_days, days};
use super::merge::by_part;
use super::value::{Bound, Clock, Day, Part, Piece};
use crate::detect::Grain;

/// A time resolved to the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) struct Local {
    pub(in crate::detect) at: NaiveDateTime,
    pub(in crate::detect) from: Option<NaiveDateTime>,
    pub(in crate::detect) to: Option<NaiveDateTime>,
    pub(in crate::detect) grain: Grain,
}

/// When to write on a day of which no hour is known.
const DAY_HOUR: i32 = 10 * 60;
/// The hours in which a bare hour is looked for first.
const WAKING: std::ops::Range<i32> = 8 * 60..20 * 60;

fn on(date: NaiveDate, minutes: i32) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
        .checked_add_signed(TimeDelta::minutes(i64::from(minutes)))
        .unwrap_or_default()
}

fn plus(at: NaiveDateTime, minutes: i64) -> NaiveDateTime {
    at.checked_add_signed(TimeDelta::minutes(minutes))
        .unwrap_or(at)
}

/// The instant that is meant, by the clock on the wall; `None` where the time is over.
pub(in crate::detect) fn resolve(piece: &Piece, now: NaiveDateTime) -> Option<Local> {
    let local = if let Some((moment, grain)) = piece.moment {
        Local {
            at: moment,
            from: None,
            to: None,
            grain,
        }
    } else if let Some(clock) = piece.clock {
        at_clock(piece, clock, now)?
    } else if let Some(part) = piece.part {
        in_part(piece, part, now)?
    } else {
        on_day(piece, now)?
    };
    (local.at > now).then_some(local)
}

/// The candidates of a time of day.
fn readings(clock: Clock, part: Option<Part>, until: Option<Clock>) -> Vec<i32> {
    if !clock.either {
        return vec![clock.minutes];
    }
    if let Some(part) = part {
        return vec![by_part(clock, part.from, part.to)];
    }
    let other = (clock.minutes + 720) % 1440;
    if let Some(until) = until
        && !until.either
    {
        // "5 to 6 pm": the reading from which the end is nearer.
        let ahead = |m: i32| (until.minutes - m).rem_euclid(1440);
        let near = if ahead(other) < ahead(clock.minutes) && ahead(other) > 0
            || ahead(clock.minutes) == 0
        {
            other
        } else {
            clock.minutes
        };
        return vec![near];
    }
    if WAKING.contains(&clock.minutes) {
        vec![clock.minutes, other]
    } else {
        vec![other, clock.minutes]
    }
}

fn at_clock(piece: &Piece, clock: Clock, now: NaiveDateTime) -> Option<Local> {
    let today = now.date();
    let part = piece.part;
    let options = readings(clock, part, piece.until_clock);
    let seconds = |at: NaiveDateTime| {
        at.checked_add_signed(TimeDelta::seconds(i64::from(clock.seconds)))
            .unwrap_or(at)
    };
    let night = |m: i32| {
        i32::from(part.is_some_and(|p| p.to > 1440 && m < 8 * 60 && m + 1440 <= p.to)) * 1440
    };
    let at = match days(piece.day, today) {
        Some((from, to, _)) => {
            let date = if from < today && today < to {
                today
            } else {
                from
            };
            let mut found = None;
            for m in &options {
                let at = seconds(on(date, *m + night(*m)));
                if at > now {
                    found = Some(at);
                    break;
                }
            }
            let running = piece
                .until_clock
                .filter(|_| found.is_none() && date == today)
                .map(|c| seconds(on(date, c.minutes)))
                .filter(|end| *end > now);
            if running.is_some() {
                return Some(Local {
                    at: plus(now, 10).min(running?),
                    from: options.first().map(|m| on(date, *m)),
                    to: running,
                    grain: clock.grain,
                });
            }
            if found.is_none() && matches!(piece.day, Day::Weekday(..)) {
                found = options.first().map(|m| seconds(on(add_days(date, 7), *m)));
            }
            found?
        }
        None => {
            let mut best: Option<NaiveDateTime> = None;
            'days: for ahead in 0..3 {
                for m in &options {
                    let at = seconds(on(add_days(today, ahead), *m));
                    let waking = WAKING.contains(m) || options.len() == 1 || *m == 20 * 60;
                    if at > now && waking {
                        best = Some(best.map_or(at, |b| b.min(at)));
                    }
                }
                if best.is_some() {
                    break 'days;
                }
            }
            best?
        }
    };
    let to = piece.until_clock.map(|end| {
        let minutes_at = i32::try_from(at.time().num_seconds_from_midnight() / 60).unwrap_or(0);
        let mut ahead = (end.minutes - minutes_at).rem_euclid(1440);
        if end.either {
            let other = (end.minutes + 720 - minutes_at).rem_euclid(1440);
            ahead = if ahead == 0 {
                720
            } else {
                ahead.min(other.max(1))
            };
        }
        plus(at, i64::from(if ahead == 0 { 1440 } else { ahead }))
    });
    let mut local = Local {
        at,
        from: to.map(|_| at),
        to,
        grain: clock.grain,
    };
    if matches!(piece.bound, Bound::Before | Bound::Until) {
        let floor = on(at.date(), WAKING.start).max(now);
        local.to = Some(at);
        local.at = before(floor.min(at), at, 120);
    }
    Some(local)
}

/// A moment before `deadline`, by so many minutes where there is room.
fn before(floor: NaiveDateTime, deadline: NaiveDateTime, minutes: i64) -> NaiveDateTime {
    let wished = plus(deadline, -minutes);
    if wished > floor {
        return wished;
    }
    let room = deadline.signed_duration_since(floor).num_minutes();
    plus(floor, (room / 2).max(i64::from(room > 0)))
}

fn in_part(piece: &Piece, part: Part, now: NaiveDateTime) -> Option<Local> {
    let today = now.date();
    let mut date = match days(piece.day, today) {
        Some((from, to, _)) if from < today && today < to => today,
        Some((from, _, _)) => from,
        None => today,
    };
    let free = piece.day == Day::None;
    let over = on(date, part.to) <= plus(now, 10)
        || free && plus(on(date, part.at), 60) <= now && part.to <= 18 * 60;
    if over && (free || matches!(piece.day, Day::Weekday(..))) {
        date = add_days(date, if free { 1 } else { 7 });
    }
    let (from, to) = (on(date, part.from), on(date, part.to));
    let mut at = on(date, part.at);
    if at <= now {
        at = before(now, to, 60).min(plus(now, 60));
    }
    if matches!(piece.bound, Bound::Before | Bound::Until) {
        at = before(now, from.max(now), 120);
    }
    if piece.bound == Bound::After {
        at = to;
    }
    Some(Local {
        at,
        from: Some(from),
        to: Some(to),
        grain: Grain::Part,
    })
}

fn on_day(piece: &Piece, now: NaiveDateTime) -> Option<Local> {
    let today = now.date();
    let (from, mut to, mut grain) = days(piece.day, today)?;
    let hour = piece.hint.unwrap_or(DAY_HOUR);
    if piece.until_day != Day::None
        && let Some((_, end, _)) = days(piece.until_day, today)
    {
        let end = if end <= from
            && let Day::Weekday(w, _) = piece.until_day
        {
            add_days(super::calendar::on_or_after(from, w), 1)
        } else {
            end
        };
        if end > from {
            to = end;
            grain = Grain::Day;
        }
    }
    let single = to == add_days(from, 1);
    let bounds = (!single).then(|| (on(from, 0), on(to, 0)));
    let at = match piece.bound {
        Bound::After if single || piece.until_day == Day::None => on(to, hour),
        Bound::Before | Bound::Until => {
            let ahead = piece.until_day == Day::None && (single || from > today);
            let deadline = if ahead { on(from, 0) } else { on(to, 0) };
            let deadline = if deadline <= now { on(to, 0) } else { deadline };
            let morning = on(add_days(deadline.date(), -1), hour);
            if morning > now {
                morning
            } else {
                before(now, deadline, 6 * 60).min(plus(now, 120))
            }
        }
        _ if from > today => on(from, hour),
        _ if today >= to => return None,
        _ if single || add_days(today, 1) >= to => later_today(now),
        _ => on(add_days(today, 1), hour),
    };
    Some(Local {
        at,
        from: bounds.map(|b| b.0),
        to: bounds.map(|b| b.1),
        grain,
    })
}

/// Some hours from now, still today, and in the hours of the day where that is possible.
fn later_today(now: NaiveDateTime) -> NaiveDateTime {
    let date = now.date();
    if now.hour() < 8 {
        return on(date, DAY_HOUR);
    }
    let in_two_hours = plus(now, 120);
    let evening = on(date, WAKING.end);
    if in_two_hours <= evening {
        return in_two_hours;
    }
    if plus(now, 20) <= evening {
        return evening;
    }
    before(now, on(add_days(date, 1), 0), 10).min(plus(now, 30))
}
