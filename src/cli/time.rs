use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::model::Timestamp;
use crate::zone::Zone;

/// A time on the command line: an instant, or what a clock in the bot's zone shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeArgument {
    /// With an offset: `2026-03-02T09:00:00+01:00`.
    Instant(Timestamp),
    /// Without: `2026-03-02T09:00`, `2026-03-02 09:00`, `2026-03-02` (its first instant).
    Local(NaiveDateTime),
}

/// A text that is no [`TimeArgument`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time; write 2026-03-02T09:00:00+01:00, or a time in the bot's zone: 2026-03-02T09:00, 2026-03-02"
)]
pub struct NotATime;

impl TimeArgument {
    /// The instant that is meant, for a bot in `zone`.
    #[must_use]
    pub fn instant(self, zone: &Zone) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Local(local) => zone.instant(local),
        }
    }
}

impl FromStr for TimeArgument {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Instant(at.with_timezone(&Utc)));
        }
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Self::Local(date.and_time(NaiveTime::MIN)));
        }
        // An offset without seconds is RFC 3339 but for the seconds.
        let formats = ["%Y-%m-%dT%H:%M%#z", "%Y-%m-%d %H:%M%#z"];
        let instant = |format| DateTime::parse_from_str(text, format).ok();
        if let Some(at) = formats.into_iter().find_map(instant) {
            return Ok(Self::Instant(at.with_timezone(&Utc)));
        }
        let formats = [
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
        ];
        let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
        formats
            .into_iter()
            .find_map(local)
            .map(Self::Local)
            .ok_or(NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_an_offset_are_read() {
        let madrid = Zone::named("Europe/Madrid").unwrap();
        for (text, instant) in [
            ("2026-03-02T09:00:00+01:00", "2026-03-02T08:00:00Z"),
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
            ("2026-03-02T09:00Z", "2026-03-02T09:00:00Z"),
            ("2026-03-02 09:00-06:00", "2026-03-02T15:00:00Z"),
            ("2026-03-02T09:00", "2026-03-02T08:00:00Z"),
            ("2026-03-02 09:00", "2026-03-02T08:00:00Z"),
            ("2026-03-02 09:00:30", "2026-03-02T08:00:30Z"),
            ("2026-07-02", "2026-07-01T22:00:00Z"),
        ] {
            let argument: TimeArgument = text.parse().unwrap();
            assert_eq!(
                argument.instant(&madrid),
                instant.parse::<Timestamp>().unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "tomorrow",
            "09:00",
            "2026-13-02",
            "02/03/2026",
            "2026-03-02T25:00",
        ] {
            assert_eq!(text.parse::<TimeArgument>(), Err(NotATime), "{text}");
        }
    }
}
