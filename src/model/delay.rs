use std::fmt;
use std::str::FromStr;

/// A duration as the configuration writes it: `30s 5m 2h 1d 1w` and compounds such as `1h30m`.
/// Days and weeks are calendar days in the contact's zone; `h`, `m` and `s` are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Delay {
    /// Calendar days.
    pub days: u32,
    /// Exact seconds, added after the days.
    pub seconds: u32,
}

/// Why a text is no [`Delay`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DelayError {
    /// Not a number followed by a unit.
    #[error("not a duration; write a number and s, m, h, d or w: \"15m\", \"1h30m\"")]
    Syntax,
    /// More than ten years.
    #[error("longer than ten years")]
    TooLong,
}

const MAX_SECONDS: u64 = 10 * 366 * 86_400;

impl Delay {
    /// A delay of exact seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self { days: 0, seconds }
    }

    /// A delay of calendar days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { days, seconds: 0 }
    }

    /// The delay with each day counted as 24 h: for limits and warnings, never for a due time.
    #[must_use]
    pub fn nominal(self) -> chrono::TimeDelta {
        chrono::TimeDelta::seconds(i64::from(self.days) * 86_400 + i64::from(self.seconds))
    }
}

impl FromStr for Delay {
    type Err = DelayError;

    fn from_str(text: &str) -> Result<Self, DelayError> {
        let (mut days, mut seconds) = (0u64, 0u64);
        let mut rest = text;
        let mut last_unit = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| DelayError::Syntax)?;
            let (unit, in_days) = match rest.as_bytes().get(digits) {
                Some(b'w') => (7 * 86_400, true),
                Some(b'd') => (86_400, true),
                Some(b'h') => (3_600, false),
                Some(b'm') => (60, false),
                Some(b's') => (1, false),
                _ => return Err(DelayError::Syntax),
            };
            if unit >= last_unit {
                return Err(DelayError::Syntax); // each unit once, the largest first
            }
            last_unit = unit;
            let amount = number
                .checked_mul(unit)
                .filter(|s| *s <= MAX_SECONDS)
                .ok_or(DelayError::TooLong)?;
            if in_days {
                days += amount / 86_400
            } else {
                seconds += amount
            }
            rest = &rest[digits + 1..];
        }
        if last_unit == u64::MAX {
            return Err(DelayError::Syntax);
        }
        if days * 86_400 + seconds > MAX_SECONDS {
            return Err(DelayError::TooLong);
        }
        let narrow = |n: u64| u32::try_from(n).map_err(|_| DelayError::TooLong);
        Ok(Self {
            days: narrow(days)?,
            seconds: narrow(seconds)?,
        })
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.days / 7 * u32::from(self.days.is_multiple_of(7)), "w"),
            (self.days * u32::from(!self.days.is_multiple_of(7)), "d"),
            (self.seconds / 3600, "h"),
            (self.seconds / 60 % 60, "m"),
            (self.seconds % 60, "s"),
        ];
        let mut text = String::new();
        for (number, unit) in parts {
            if number > 0 {
                text.push_str(&format!("{number}{unit}"));
            }
        }
        f.pad(if text.is_empty() { "0m" } else { &text })
    }
}

impl<'de> serde::Deserialize<'de> for Delay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Delay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, days, seconds, shown) in [
            ("30s", 0, 30, "30s"),
            ("5m", 0, 300, "5m"),
            ("90m", 0, 5400, "1h30m"),
            ("1h30m", 0, 5400, "1h30m"),
            ("1d", 1, 0, "1d"),
            ("2w", 14, 0, "2w"),
            ("1w1d", 8, 0, "8d"),
            ("1d12h", 1, 43_200, "1d12h"),
            ("0m", 0, 0, "0m"),
        ] {
            let delay: Delay = text.parse().unwrap();
            assert_eq!(delay, Delay { days, seconds }, "{text}");
            assert_eq!(delay.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "15 minutes",
            "-5m",
            "5M",
            "1m1h",
            "1h1h",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert!(text.parse::<Delay>().is_err(), "{text}");
        }
        assert_eq!("9999w".parse::<Delay>(), Err(DelayError::TooLong));
    }
}
