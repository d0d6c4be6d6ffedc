//! HighLevel's working hours into lines of `[hours]`.

use serde_json::Value;

const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const DAY: u64 = 24 * 60;

/// Opening hours, and what of them could not be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// Such as `Mo-Fr 09:00-17:30`.
    pub(super) lines: Vec<String>,
    pub(super) missed: Vec<String>,
}

/// Reads `workingHours`.
pub(super) fn read(hours: &Value) -> Open {
    let mut open = Open::default();
    let mut week: [Vec<(u64, u64)>; 7] = Default::default();
    for entry in hours.as_array().map_or(&[][..], Vec::as_slice) {
        let Some(day) = day(&entry["dayOfTheWeek"]) else {
            let given = entry["dayOfTheWeek"].to_string();
            open.missed
                .push(format!("hours of the day {given}, which is none"));
            continue;
        };
        for interval in entry["intervals"].as_array().map_or(&[][..], Vec::as_slice) {
            match minutes(interval) {
                Some(times) => week[day].push(times),
                None => open.missed.push(format!(
                    "an interval on {} that is none: {interval}",
                    DAYS[day]
                )),
            }
        }
    }
    let week = week.map(merged);
    let mut first = 0;
    while first < 7 {
        let mut last = first;
        while last < 6 && week[last + 1] == week[first] {
            last += 1;
        }
        if !week[first].is_empty() {
            let days = match last - first {
                0 => DAYS[first].to_owned(),
                _ => format!("{}-{}", DAYS[first], DAYS[last]),
            };
            let times: Vec<String> = week[first].iter().map(|t| times(*t)).collect();
            open.lines.push(format!("{days} {}", times.join(",")));
        }
        first = last + 1;
    }
    open
}

/// Monday is 0. Theirs are numbers, Sunday 0 by the description and 7 by what the API takes; or names.
fn day(value: &Value) -> Option<usize> {
    if let Some(name) = value.as_str() {
        if let Ok(number) = name.trim().parse::<u64>() {
            return day(&Value::from(number));
        }
        let two: String = name.trim().chars().take(2).collect();
        return DAYS.iter().position(|d| d.eq_ignore_ascii_case(&two));
    }
    match value.as_u64()? {
        0 | 7 => Some(6),
        n @ 1..=6 => usize::try_from(n - 1).ok(),
        _ => None,
    }
}

fn minutes(interval: &Value) -> Option<(u64, u64)> {
    let at = |hour: &str, minute: &str| {
        let hour = number(&interval[hour])?;
        let minute = match &interval[minute] {
            Value::Null => 0,
            minute => number(minute)?,
        };
        (hour <= 24 && minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
    };
    let start = at("startHour", "startMinute")?;
    let end = match at("endHour", "endMinute")? {
        0 => DAY,
        end => end,
    };
    (start < end).then_some((start, end))
}

fn number(value: &Value) -> Option<u64> {
    let by_text = || value.as_str()?.trim().parse().ok();
    let whole = |n: f64| (n.fract() == 0.0 && (0.0..1e6).contains(&n)).then(|| format!("{n}"));
    value
        .as_u64()
        .or_else(|| whole(value.as_f64()?)?.parse().ok())
        .or_else(by_text)
}

/// In order, and those that touch as one.
fn merged(mut day: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    day.sort_unstable();
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (start, end) in day {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

fn times((start, end): (u64, u64)) -> String {
    let clock = |m: u64| format!("{:02}:{:02}", m / 60, m % 60);
    format!("{}-{}", clock(start), clock(end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn days_by_number_by_name_and_both_sundays() {
        let at = |day: Value, from: u64, to: u64| {
            json!({"dayOfTheWeek": day, "intervals": [
                {"startHour": from, "startMinute": 0, "endHour": to, "endMinute": 30}]})
        };
        let hours = json!([
            at(json!(1), 9, 17),
            at(json!(2), 9, 17),
            at(json!("3"), 9, 17),
            at(json!("saturday"), 10, 12),
            at(json!(0), 8, 9),
            at(json!(7), 9, 10),
            at(json!(8), 9, 10),
            at(json!(4), 9, 8),
        ]);
        let open = read(&hours);
        assert_eq!(
            open.lines,
            ["Mo-We 09:00-17:30", "Sa 10:00-12:30", "Su 08:00-10:30"]
        );
        assert_eq!(open.missed.len(), 2);
    }

    #[test]
    fn midnight_ends_a_day() {
        let hours = json!([{"dayOfTheWeek": 5, "intervals": [
            {"startHour": 0, "startMinute": 0, "endHour": 0, "endMinute": 0}]}]);
        assert_eq!(read(&hours).lines, ["Fr 00:00-24:00"]);
    }
}
