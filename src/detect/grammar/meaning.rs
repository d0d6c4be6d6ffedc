//! What stands before `=` in a section of times.

use super::Slot;
use crate::detect::time::value::{Act, Bound, Holiday, Part, Unit, Value, Which};

/// What stands before `=`, in a section.
pub(super) fn meaning_of(slot: Slot, text: &'static str) -> Result<(Act, Bound), String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let bound = match words.last() {
        Some(&"after") if words.len() > 1 => Bound::After,
        Some(&"before") if words.len() > 1 => Bound::Before,
        Some(&"until") if words.len() > 1 => Bound::Until,
        Some(&"within") if words.len() > 1 => Bound::Within,
        _ => Bound::At,
    };
    if bound != Bound::At {
        words.pop();
    }
    let act = match slot {
        Slot::N | Slot::Ordinal | Slot::Weekday | Slot::Month => {
            Act::Value(Value::Int(text.parse().map_err(|_| bad(text))?))
        }
        Slot::Amount => {
            let amount: f64 = text.parse().map_err(|_| bad(text))?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a few units, in thousandths"
            )]
            let amount = (amount * 1000.0) as i64;
            Act::Value(Value::Amount(amount))
        }
        Slot::Unit => Act::Value(unit(&words, text)?),
        Slot::Meridiem => Act::Value(Value::Meridiem(text == "pm")),
        Slot::Holiday => Act::Value(Value::Holiday(feast(&words, text)?)),
        Slot::Part => part(&words, text)?,
        Slot::Zone => Act::Value(Value::Zone(text)),
        Slot::Clock
        | Slot::Day
        | Slot::Period
        | Slot::Time
        | Slot::Span
        | Slot::Hour
        | Slot::Loose
        | Slot::Past => act(&words, text)?,
        _ if text.is_empty() => Act::Value(Value::Flag),
        _ => return Err(bad(text)),
    };
    Ok((act, bound))
}

fn unit(words: &[&str], text: &str) -> Result<Value, String> {
    let many = words
        .get(1)
        .map_or(Ok(1), |n| n.parse())
        .map_err(|_| bad(text))?;
    let unit = match words.first() {
        Some(&"second") => Unit::Second,
        Some(&"minute") => Unit::Minute,
        Some(&"hour") => Unit::Hour,
        Some(&"day") => Unit::Day,
        Some(&"workday") => Unit::Workday,
        Some(&"week") => Unit::Week,
        Some(&"month") => Unit::Month,
        Some(&"year") => Unit::Year,
        _ => return Err(bad(text)),
    };
    Ok(Value::Unit(unit, many))
}

fn feast(words: &[&str], text: &str) -> Result<Holiday, String> {
    let small = |i: usize| -> Result<i8, String> {
        words
            .get(i)
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| bad(text))
    };
    let count = |i: usize| -> Result<u8, String> { u8::try_from(small(i)?).map_err(|_| bad(text)) };
    match words.first() {
        Some(&"easter") => Ok(Holiday::Easter(whole(words.get(1), text)?)),
        Some(&"nth") => Ok(Holiday::Nth(count(1)?, small(2)?, count(3)?)),
        Some(date) => {
            let (m, d) = date.split_once('-').ok_or_else(|| bad(text))?;
            Ok(Holiday::Fixed(
                m.parse().map_err(|_| bad(text))?,
                d.parse().map_err(|_| bad(text))?,
            ))
        }
        None => Err(bad(text)),
    }
}

fn part(words: &[&str], text: &str) -> Result<Act, String> {
    match words {
        ["early"] => Ok(Act::Early),
        ["mid"] => Ok(Act::Mid),
        ["late"] => Ok(Act::Late),
        ["today"] => Ok(Act::Join),
        [span, at, early, late] => {
            let (from, to) = span.split_once('-').ok_or_else(|| bad(text))?;
            Ok(Act::Value(Value::Part(Part {
                from: minutes(from)?,
                to: minutes(to)?,
                at: minutes(at)?,
                early: minutes(early)?,
                late: minutes(late)?,
            })))
        }
        _ => Err(bad(text)),
    }
}

fn calendar_unit(words: &[&str], text: &str) -> Result<Unit, String> {
    match words.get(1) {
        Some(&"week") => Ok(Unit::Week),
        Some(&"month") => Ok(Unit::Month),
        Some(&"year") => Ok(Unit::Year),
        _ => Err(bad(text)),
    }
}

fn act(words: &[&str], text: &str) -> Result<Act, String> {
    let n = || whole(words.get(1), text);
    Ok(match words.first().copied().unwrap_or_default() {
        "join" => Act::Join,
        "at" => {
            let at = minutes(words.get(1).copied().unwrap_or_default())?;
            Act::At(at)
        }
        "plus" if words.get(1) == Some(&"n") => Act::PlusN(1),
        "minus" if words.get(1) == Some(&"n") => Act::PlusN(-1),
        "plus" => Act::Plus(n()?),
        "minus" => Act::Plus(-n()?),
        "day" => Act::Days(n()?),
        "weekday" => Act::Weekday(match words.get(1) {
            Some(&"coming") => Which::Coming,
            Some(&"this") => Which::This,
            Some(&"next") => Which::Next,
            Some(&"near") => Which::Near,
            Some(&"week") => Which::Week,
            Some(&"fortnight") => Which::Fortnight,
            _ => return Err(bad(text)),
        }),
        "shift" => Act::Shift(1),
        "back" => Act::Shift(-1),
        "sum" => Act::Sum,
        "and-half" => Act::AndHalf,
        "and-quarter" => Act::AndQuarter,
        "week" => Act::Week(n()?),
        "month" => Act::Month(n()?),
        "year" => Act::Year(n()?),
        "weekend" => Act::Weekend(n()?),
        "workweek" => Act::Workweek(n()?),
        "quarter-number" => Act::QuarterNumber,
        "season" => Act::Season(n()?),
        "minutes" if words.get(1) == Some(&"n") => Act::MinutesN,
        "minutes" => Act::Minutes(n()?),
        "quarter" => Act::Quarter(n()?),
        "start" if words.len() > 1 => Act::StartOf(calendar_unit(words, text)?),
        "middle" if words.len() > 1 => Act::MiddleOf(calendar_unit(words, text)?),
        "end" if words.len() > 1 => Act::EndOf(calendar_unit(words, text)?),
        "start" => Act::Start,
        "middle" => Act::Middle,
        "end" => Act::End,
        "half" if words.get(1) == Some(&"1") => Act::FirstHalf,
        "half" => Act::SecondHalf,
        "rest" => Act::Rest,
        "nth" => Act::Nth,
        "last" => Act::Last,
        "nth-weekend" => Act::NthWeekend,
        "last-weekend" => Act::LastWeekend,
        "numeric" => Act::Numeric,
        "week-of" => Act::WeekOf,
        "month-of" => Act::MonthOf,
        "week-number" => Act::WeekNumber,
        "coming" => Act::Coming,
        "past" => Act::Past,
        _ => return Err(bad(text)),
    })
}

fn minutes(text: &str) -> Result<i32, String> {
    let (h, m) = text.split_once(':').ok_or_else(|| bad(text))?;
    let h: i32 = h.parse().map_err(|_| bad(text))?;
    let m: i32 = m.parse().map_err(|_| bad(text))?;
    Ok(h * 60 + m)
}

fn bad(text: &str) -> String {
    format!("`{text}` is no meaning of this section")
}

fn whole(text: Option<&&str>, all: &str) -> Result<i32, String> {
    text.and_then(|t| t.parse().ok()).ok_or_else(|| bad(all))
}
