//! Rules of repetition, and lengths of time.

use chrono::TimeDelta;

/// A part of a rule of repetition, in large letters.
pub(super) fn rule_part<'a>(rule: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
    parts.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// How long after its first time an event that repeats a number of times is over at the latest; `None` where it has
/// no end.
pub(super) fn longest(rule: &str) -> Option<TimeDelta> {
    let number = |name: &str| rule_part(rule, name).map(str::parse::<u32>);
    let times = number("COUNT")?.ok()?.saturating_sub(1);
    let every = number("INTERVAL").unwrap_or(Ok(1)).ok()?;
    let days = match rule_part(rule, "FREQ")? {
        "YEARLY" => 366,
        "MONTHLY" => 31,
        "WEEKLY" => 7,
        _ => 1,
    };
    TimeDelta::try_days(i64::from(times) * i64::from(every) * days)
}

/// How long `PT1H30M`, `P1D` or `P2W` is.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim_start_matches('+').strip_prefix(['P', 'p'])?;
    let (mut all, mut number) = (TimeDelta::zero(), 0_i64);
    for c in text.chars() {
        let unit = match c.to_ascii_uppercase() {
            digit @ '0'..='9' => {
                let digit = i64::from(u32::from(digit) - u32::from('0'));
                number = number.checked_mul(10)?.checked_add(digit)?;
                continue;
            }
            'W' => 7 * 24 * 3600,
            'D' => 24 * 3600,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            'T' => continue,
            _ => return None,
        };
        let part = TimeDelta::try_seconds(number.checked_mul(unit)?)?;
        (all, number) = (all.checked_add(&part)?, 0);
    }
    Some(all)
}

/// How long `45`, `45min`, `1h 15min`, `1:30` or `1 hour 30 minutes` is; a number alone is of minutes.
pub(super) fn length(text: &str) -> Option<TimeDelta> {
    let text = text.trim().to_ascii_lowercase();
    if let Some((hours, minutes)) = text.split_once(':') {
        let number = |text: &str| text.get(..2.min(text.len()))?.parse::<i64>().ok();
        return TimeDelta::try_minutes(number(hours)? * 60 + number(minutes)?);
    }
    let (mut minutes, mut rest) = (0_i64, text.as_str());
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok().filter(|n| *n < 10_000)?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        minutes += match &rest[..letters] {
            "" | "m" | "min" | "mins" | "minute" | "minutes" => number,
            "h" | "hr" | "hrs" | "hour" | "hours" => number * 60,
            _ => return None,
        };
        rest = rest[letters..].trim_start_matches([',', '.']);
    }
    TimeDelta::try_minutes(minutes).filter(|length| *length > TimeDelta::zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, minutes) in [
            ("45", Some(45)),
            ("45min", Some(45)),
            ("1h 15min", Some(75)),
            ("1 hour, 30 minutes", Some(90)),
            ("1:30", Some(90)),
            ("0", None),
            ("long", None),
            ("1 día", None),
            ("", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(length(text).map(|l| l.num_minutes()), minutes, "{text}");
        }
    }
}
