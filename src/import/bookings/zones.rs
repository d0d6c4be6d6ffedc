//! The time zones of a calendar: by their IANA names, by those of Windows, or as the calendar defines them.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::content_line::Property;
use super::windows_zones;
use crate::import::SourceSettings;
use crate::import::words::shown;
use crate::model::Timestamp;
use crate::zone::Zone;

/// More zones than this, and more changes of one, no calendar defines.
const MOST: usize = 500;

/// What a calendar says of time zones.
#[derive(Debug, Default)]
pub(super) struct Zones {
    /// That of times that name none.
    calendar: Option<String>,
    defined: HashMap<String, Defined>,
    /// The one that is being defined.
    current: (Option<String>, Defined),
}

/// A zone as a calendar defines it.
#[derive(Debug, Default)]
struct Defined {
    location: Option<String>,
    parts: Vec<Part>,
}

/// From when on which offset holds.
#[derive(Debug, Default)]
struct Part {
    /// Seconds east of UTC.
    offset: i64,
    onset: Option<NaiveDateTime>,
    /// Every year again, until a last one.
    yearly: Option<(Yearly, Option<i32>)>,
}

/// A day that is found again every year.
#[derive(Debug)]
struct Yearly {
    month: u32,
    /// The weekday, and which one of the month, from its end where negative.
    weekday: Option<(Weekday, i64)>,
    /// Not before this day of the month.
    from: Option<u32>,
}

impl Zones {
    /// Takes a property of a calendar, or of what defines a zone in it, into account; `within` are the components
    /// around it.
    pub(super) fn learn(&mut self, within: &[String], property: &Property<'_>) {
        let names: Vec<&str> = within.iter().map(String::as_str).collect();
        let value = property.value;
        match (names.as_slice(), property.name.as_str()) {
            (["VCALENDAR"], "X-WR-TIMEZONE") => self.calendar = Some(value.to_owned()),
            (["VCALENDAR", "VTIMEZONE"], "TZID") => self.current.0 = Some(value.to_owned()),
            (["VCALENDAR", "VTIMEZONE"], "X-LIC-LOCATION") => {
                self.current.1.location = Some(value.to_owned());
            }
            (["VCALENDAR", "VTIMEZONE", _], "BEGIN") if self.current.1.parts.len() < MOST => {
                self.current.1.parts.push(Part::default());
            }
            (["VCALENDAR", "VTIMEZONE", _], name) => {
                if let Some(part) = self.current.1.parts.last_mut() {
                    part.learn(name, value);
                }
            }
            (["VCALENDAR"], "END") if value.eq_ignore_ascii_case("VTIMEZONE") => {
                if let (Some(id), zone) = std::mem::take(&mut self.current)
                    && self.defined.len() < MOST
                {
                    self.defined.insert(id, zone);
                }
            }
            _ => {}
        }
    }

    /// The instant of `20260305T100000Z`, `20260305T100000` in a zone, or `20260305`.
    ///
    /// # Errors
    /// It is no time, or of a zone that is not known; in words.
    pub(super) fn instant(
        &self,
        value: &str,
        zone: Option<&str>,
        settings: &SourceSettings,
    ) -> Result<Timestamp, String> {
        let (text, is_utc) = match value.strip_suffix(['Z', 'z']) {
            Some(text) => (text, true),
            None => (value, false),
        };
        let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
        let day = || {
            NaiveDate::parse_from_str(text, "%Y%m%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        };
        let local = local
            .or_else(day)
            .ok_or_else(|| format!("{} is no time", shown(value)))?;
        if is_utc {
            return Ok(local.and_utc());
        }
        let own = || settings.timezone.clone();
        let Some(name) = zone.map(|name| name.trim_matches('"')) else {
            let of_calendar = || named(self.calendar.as_deref()?);
            let zone = own().or_else(of_calendar).unwrap_or_else(Zone::utc);
            return Ok(zone.instant(local));
        };
        if let Some(zone) = named(name) {
            return Ok(zone.instant(local));
        }
        if let Some(defined) = self.defined.get(name)
            && let Some(at) = defined.instant(local)
        {
            return Ok(at);
        }
        own().map(|zone| zone.instant(local)).ok_or_else(|| {
            format!(
                "the time zone {} is not known; set `timezone` on the source (or --timezone)",
                shown(name)
            )
        })
    }
}

/// The zone of a name: IANA's, with whatever a program puts before it, or that of Windows.
fn named(name: &str) -> Option<Zone> {
    let name = name.trim();
    let whole = Zone::named(name.trim_start_matches('/'));
    let of_windows = || Zone::named(windows_zones::iana(name)?);
    let behind = || {
        // `/mozilla.org/20050126_1/America/Argentina/Buenos_Aires`
        let mut cuts = name
            .rmatch_indices('/')
            .map(|(at, _)| at + 1)
            .skip(1)
            .take(2);
        cuts.find_map(|at| Zone::named(&name[at..]))
    };
    whole.or_else(of_windows).or_else(behind)
}

impl Defined {
    fn instant(&self, local: NaiveDateTime) -> Option<Timestamp> {
        if let Some(zone) = self.location.as_deref().and_then(named) {
            return Some(zone.instant(local));
        }
        let in_force = |part: &&Part| part.last_onset(local).is_some();
        let found = self.parts.iter().filter(in_force);
        let found = found.max_by_key(|part| part.last_onset(local));
        let offset = found.or_else(|| self.parts.first())?.offset;
        let utc = local.checked_sub_signed(TimeDelta::seconds(offset))?;
        Some(utc.and_utc())
    }
}

impl Part {
    fn learn(&mut self, name: &str, value: &str) {
        match name {
            "TZOFFSETTO" => self.offset = offset(value).unwrap_or_default(),
            "DTSTART" => {
                let text = value.trim_end_matches(['Z', 'z']);
                self.onset = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
            }
            "RRULE" => {
                let value = value.to_ascii_uppercase();
                let until = rule_part(&value, "UNTIL");
                let until = until.and_then(|until| until.get(..4)?.parse().ok());
                self.yearly = Yearly::of(&value).map(|yearly| (yearly, until));
            }
            _ => {}
        }
    }

    /// When it came into force last, by the clocks at `local`.
    fn last_onset(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let onset = self.onset?;
        let of_year = |year: i32| {
            let (yearly, until) = self.yearly.as_ref()?;
            let is_over = until.is_some_and(|until| year > until);
            let day = yearly.in_year(year).filter(|_| !is_over)?;
            Some(day.and_time(onset.time())).filter(|at| *at >= onset)
        };
        let years = [local.year() - 1, local.year()].map(of_year);
        let all = years.into_iter().flatten().chain([onset]);
        all.filter(|at| *at <= local).max()
    }
}

impl Yearly {
    fn of(rule: &str) -> Option<Self> {
        let weekday = rule_part(rule, "BYDAY").and_then(|day| {
            let day = day.split(',').next()?;
            let (which, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
            let weekday = match name {
                "MO" => Weekday::Mon,
                "TU" => Weekday::Tue,
                "WE" => Weekday::Wed,
                "TH" => Weekday::Thu,
                "FR" => Weekday::Fri,
                "SA" => Weekday::Sat,
                "SU" => Weekday::Sun,
                _ => return None,
            };
            let which = which.trim_start_matches('+').parse().unwrap_or(1);
            Some((weekday, which))
        });
        let days = rule_part(rule, "BYMONTHDAY").unwrap_or_default();
        Some(Self {
            month: rule_part(rule, "BYMONTH")?.parse().ok()?,
            weekday,
            from: days.split(',').filter_map(|day| day.parse().ok()).min(),
        })
    }

    fn in_year(&self, year: i32) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, self.month, self.from.unwrap_or(1))?;
        let Some((weekday, which)) = self.weekday else {
            return Some(first);
        };
        let days_to = |day: NaiveDate| i64::from(weekday.days_since(day.weekday()));
        if which > 0 || self.from.is_some() {
            let weeks = if self.from.is_some() { 0 } else { which - 1 };
            return first.checked_add_signed(TimeDelta::days(days_to(first) + weeks.min(5) * 7));
        }
        let next = match self.month {
            12 => NaiveDate::from_ymd_opt(year + 1, 1, 1),
            month => NaiveDate::from_ymd_opt(year, month + 1, 1),
        }?;
        let back = (-which).clamp(1, 5) * 7;
        next.checked_add_signed(TimeDelta::days(days_to(next) - back))
    }
}

/// A part of a rule of repetition, in large letters.
pub(super) fn rule_part<'a>(rule: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
    parts.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Seconds east of UTC: `+0100`, `-033000`.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.trim_start_matches('+')),
    };
    let two = |at: usize| digits.get(at..at + 2)?.parse::<i64>().ok();
    let seconds = two(0)? * 3600 + two(2)? * 60 + two(4).unwrap_or_default();
    (seconds < 24 * 3600).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(text: &str) -> Zones {
        let (mut zones, mut stack) = (Zones::default(), Vec::new());
        for line in text.lines() {
            let property = Property::of(line).expect("a property");
            match property.name.as_str() {
                "BEGIN" => stack.push(property.value.to_owned()),
                "END" => {
                    stack.pop();
                }
                _ => {}
            }
            zones.learn(&stack, &property);
        }
        zones
    }

    const OWN: &str = "BEGIN:VCALENDAR
X-WR-TIMEZONE:Europe/Madrid
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:South
BEGIN:STANDARD
DTSTART:19700405T030000
TZOFFSETTO:+1000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19701004T020000
TZOFFSETTO:+1100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Half
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETTO:-0330
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Desk
X-LIC-LOCATION:America/Mexico_City
END:VTIMEZONE
END:VCALENDAR";

    #[test]
    fn zones_are_known_by_their_names_and_by_what_the_calendar_says_of_them() {
        let zones = zones(OWN);
        for (zone, local, utc) in [
            (
                Some("America/New_York"),
                "20260302T100000",
                "2026-03-02T15:00:00Z",
            ),
            (
                Some("W. Europe Standard Time"),
                "20260702T100000",
                "2026-07-02T08:00:00Z",
            ),
            (
                Some("\"Pacific Standard Time\""),
                "20260702T100000",
                "2026-07-02T17:00:00Z",
            ),
            (
                Some("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires"),
                "20260302T100000",
                "2026-03-02T13:00:00Z",
            ),
            (
                Some("/freeassociation.sourceforge.net/Europe/Paris"),
                "20260302T100000",
                "2026-03-02T09:00:00Z",
            ),
            (
                Some("Customized Time Zone"),
                "20260302T100000",
                "2026-03-02T09:00:00Z",
            ),
            (
                Some("Customized Time Zone"),
                "20260702T100000",
                "2026-07-02T08:00:00Z",
            ),
            (
                Some("Customized Time Zone"),
                "20261025T040000",
                "2026-10-25T03:00:00Z",
            ),
            (Some("South"), "20260115T100000", "2026-01-14T23:00:00Z"),
            (Some("South"), "20260615T100000", "2026-06-15T00:00:00Z"),
            (Some("Half"), "20260615T100000", "2026-06-15T13:30:00Z"),
            (Some("Desk"), "20260302T100000", "2026-03-02T16:00:00Z"),
            (None, "20260302T100000", "2026-03-02T09:00:00Z"),
            (None, "20260302", "2026-03-01T23:00:00Z"),
            (Some("Desk"), "20260302T100000Z", "2026-03-02T10:00:00Z"),
        ] {
            let at = zones.instant(local, zone, &SourceSettings::default());
            assert_eq!(at, Ok(utc.parse().expect("utc")), "{zone:?} {local}");
        }
        let fault = zones.instant("20260302T100000", Some("Moon"), &SourceSettings::default());
        assert!(
            fault
                .expect_err("no zone")
                .contains("\"Moon\" is not known")
        );
        let told = SourceSettings {
            timezone: Zone::named("Asia/Tokyo"),
            ..SourceSettings::default()
        };
        for zone in [None, Some("Moon")] {
            let at = zones.instant("20260302T100000", zone, &told);
            assert_eq!(
                at,
                Ok("2026-03-02T01:00:00Z".parse().expect("utc")),
                "{zone:?}"
            );
        }
    }

    #[test]
    fn days_of_a_month_that_a_zone_changes_on_are_found() {
        for (rule, day) in [
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "2026-03-08"),
            ("FREQ=YEARLY;BYMONTH=12;BYDAY=-1MO", "2026-12-28"),
            (
                "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU",
                "2026-11-01",
            ),
            ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1", "2026-04-01"),
        ] {
            let found = Yearly::of(rule).and_then(|yearly| yearly.in_year(2026));
            assert_eq!(found, Some(day.parse().expect("a day")), "{rule}");
        }
        for rule in [
            "",
            "BYDAY=XX",
            "BYMONTH=13;BYDAY=1SU",
            "BYMONTH=2;BYMONTHDAY=31",
        ] {
            assert_eq!(
                Yearly::of(rule).and_then(|yearly| yearly.in_year(2026)),
                None,
                "{rule}"
            );
        }
    }
}
