//! The time zones of a calendar: by their IANA names, by those of Windows, or as the calendar defines them.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::content_line::Property;
use super::windows_zones;
use super::zone_definition::{Defined, Part, offset};
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
        let forms = [
            "%Y%m%dT%H%M%S",
            "%Y%m%dT%H%M",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%dT%H:%M",
        ];
        let mut forms = forms.into_iter();
        let local = forms.find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
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
        if let Some(offset) = offset_in(name) {
            let utc = local.checked_sub_signed(TimeDelta::seconds(offset));
            return utc
                .map(|utc| utc.and_utc())
                .ok_or_else(|| format!("{} is no time", shown(value)));
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
pub(super) fn named(name: &str) -> Option<Zone> {
    let name = name.trim();
    let whole = Zone::named(name.trim_start_matches('/'));
    let of_america = || {
        let (_, zone) = AMERICAN.iter().find(|(begin, _)| name.starts_with(begin))?;
        Zone::named(zone)
    };
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
    whole
        .or_else(of_windows)
        .or_else(behind)
        .or_else(of_america)
}

/// What programs call the zones of the United States.
const AMERICAN: [(&str, &str); 8] = [
    ("US-Eastern", "America/New_York"),
    ("Eastern Time", "America/New_York"),
    ("US-Central", "America/Chicago"),
    ("Central Time", "America/Chicago"),
    ("US-Mountain", "America/Denver"),
    ("Mountain Time", "America/Denver"),
    ("US-Pacific", "America/Los_Angeles"),
    ("Pacific Time", "America/Los_Angeles"),
];

/// The offset in a zone's name, in seconds east of UTC: `(UTC+01:00) Amsterdam, Berlin`, `GMT-0600`. It holds the whole
/// year, so it is the last resort.
fn offset_in(name: &str) -> Option<i64> {
    let name = name.trim_start_matches('(');
    let rest = name
        .strip_prefix("UTC")
        .or_else(|| name.strip_prefix("GMT"))?;
    let end = rest.find([')', ' ']).unwrap_or(rest.len());
    let digits = rest[..end].replace([':', '.'], "");
    if digits.is_empty() {
        return Some(0);
    }
    let signed = digits.starts_with(['+', '-']) && digits.len() == 5;
    signed.then(|| offset(&digits)).flatten()
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
            (
                Some("Eastern Time (US & Canada)"),
                "20260702T100000",
                "2026-07-02T14:00:00Z",
            ),
            (
                Some("(GMT-06.00) Guadalajara/Mexico City/Monterrey"),
                "20260302T100000",
                "2026-03-02T16:00:00Z",
            ),
            (Some("GMT+0100"), "20260302T1000", "2026-03-02T09:00:00Z"),
            (None, "20260302T100000", "2026-03-02T09:00:00Z"),
            (Some("Desk"), "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
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
}
