//! An iCalendar file (RFC 5545), event by event: read line by line, because what calendars write is not always
//! right, and one bad line must not cost the others.

use std::io::Read;

use chrono::TimeDelta;

use super::content_line::{ContentLines, Property};
use super::table::read_status;
use super::zones::{Zones, rule_part};
use super::{BookingRecord, Bookings, MOST_RECORDS};
use crate::import::{ReadError, RowError, SourceSettings};
use crate::model::{BookingStatus, Timestamp};

/// How deep components may lie in one another.
const DEEPEST: usize = 16;
/// How many addresses of one event are kept.
const MOST_ADDRESSES: usize = 50;

pub(super) fn read(
    input: Box<dyn Read + Send>,
    settings: &SourceSettings,
) -> Result<Bookings, ReadError> {
    let mut lines = ContentLines::new(input);
    let mut bookings = Bookings::default();
    let mut stack: Vec<String> = Vec::new();
    let mut event: Option<Event> = None;
    // What zones a calendar defines, and that all of it is called off, may stand after its events.
    let (mut events, mut zones) = (Vec::new(), Zones::default());
    let (mut calendars, mut ended, mut called_off) = (0, 0, false);
    while let Some((line, text)) = lines.next()? {
        let Some(property) = Property::of(&text) else {
            continue;
        };
        let component = property.value.to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => {
                if stack.len() >= DEEPEST {
                    let words = format!(
                        "line {line}: components lie in one another more than {DEEPEST} deep"
                    );
                    return Err(ReadError::File(words));
                }
                match component.as_str() {
                    "VCALENDAR" => calendars += 1,
                    "VEVENT" if stack.len() == 1 => event = Some(Event::new(line)),
                    _ => {}
                }
                stack.push(component);
            }
            "END" => {
                stack.truncate(
                    stack
                        .iter()
                        .rposition(|c| *c == component)
                        .unwrap_or(stack.len()),
                );
                match component.as_str() {
                    "VCALENDAR" => ended += 1,
                    "VEVENT" if stack.len() == 1 => {
                        events.extend(event.take());
                        if events.len() > MOST_RECORDS {
                            break;
                        }
                    }
                    _ => {}
                }
            }
            "METHOD" if stack.len() == 1 => called_off = component == "CANCEL",
            // What lies in an event's alarm is no property of the event.
            _ if stack.len() == 2 => {
                if let Some(event) = &mut event {
                    event.learn(&property, settings);
                }
            }
            _ => {}
        }
        if event.is_none() {
            zones.learn(&stack, &property);
        }
    }
    let is_too_long = events.len() > MOST_RECORDS;
    for event in events {
        match event.record(called_off, &zones, settings) {
            Ok(record) => bookings.records.push(record),
            Err(error) => bookings.rejected.push(error),
        }
    }
    if is_too_long {
        return Ok(bookings);
    }
    if calendars == 0 {
        return Err(ReadError::File(
            "it is no calendar: BEGIN:VCALENDAR is not in it; give the calendar's iCal address, or its .ics file"
                .to_owned(),
        ));
    }
    if ended < calendars {
        return Err(ReadError::File(
            "the calendar is cut off: END:VCALENDAR is not in it; load it again".to_owned(),
        ));
    }
    bookings.is_whole = !called_off && bookings.rejected.is_empty() && !bookings.records.is_empty();
    Ok(bookings)
}

/// An event in the reading.
#[derive(Default)]
struct Event {
    line: u64,
    uid: Option<String>,
    /// Which one of an event that repeats it is.
    recurrence: Option<String>,
    status: Option<String>,
    created: Option<Moment>,
    modified: Option<Moment>,
    start: Option<Moment>,
    end: Option<Moment>,
    length: Option<TimeDelta>,
    rule: Option<String>,
    phones: Vec<String>,
    emails: Vec<String>,
    attending: usize,
    declined: usize,
}

/// A time as it is written: its zone may be defined further down.
struct Moment {
    value: String,
    zone: Option<String>,
}

impl Moment {
    fn of(property: &Property<'_>) -> Self {
        let zone = property.parameter("TZID").map(str::to_owned);
        let value = property.value.to_owned();
        Self { value, zone }
    }

    fn at(&self, zones: &Zones, settings: &SourceSettings) -> Result<Timestamp, String> {
        zones.instant(&self.value, self.zone.as_deref(), settings)
    }
}

impl Event {
    fn new(line: u64) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    fn learn(&mut self, property: &Property<'_>, settings: &SourceSettings) {
        let text = || unescaped(property.value);
        match property.name.as_str() {
            "UID" => self.uid = Some(text()).filter(|uid| !uid.is_empty()),
            "RECURRENCE-ID" => self.recurrence = Some(property.value.to_owned()),
            "STATUS" => self.status = Some(text()),
            "CREATED" => self.created = Some(Moment::of(property)),
            "LAST-MODIFIED" => self.modified = Some(Moment::of(property)),
            "DTSTART" => {
                self.start = Some(Moment::of(property));
                if property.value.len() == 8 {
                    self.length.get_or_insert(TimeDelta::days(1)); // a whole day
                }
            }
            "DTEND" => self.end = Some(Moment::of(property)),
            "DURATION" => self.length = duration(property.value).or(self.length),
            "RRULE" => self.rule = Some(property.value.to_ascii_uppercase()),
            "ATTENDEE" | "ORGANIZER" | "CONTACT" => self.addressee(property, settings),
            "SUMMARY" | "DESCRIPTION" | "LOCATION" => self.scan(&text(), settings),
            _ => {}
        }
    }

    /// Who takes part.
    fn addressee(&mut self, property: &Property<'_>, settings: &SourceSettings) {
        let before = self.emails.len() + self.phones.len();
        let value = unescaped(property.value);
        let (scheme, rest) = value.split_once(':').unwrap_or(("", value.as_str()));
        match scheme.to_ascii_lowercase().as_str() {
            "mailto" => self.email(rest, settings),
            "tel" | "sms" => self.phone(rest, settings),
            _ => self.scan(&value, settings),
        }
        if let Some(email) = property.parameter("EMAIL") {
            self.email(email, settings);
        }
        if property.name == "ATTENDEE" && self.emails.len() + self.phones.len() > before {
            self.attending += 1;
            let answer = property.parameter("PARTSTAT").unwrap_or_default();
            self.declined += usize::from(answer.eq_ignore_ascii_case("DECLINED"));
        }
    }

    /// Phone numbers and email addresses in a text.
    fn scan(&mut self, text: &str, settings: &SourceSettings) {
        for word in text.split(|c: char| c.is_whitespace() || ",;<>()[]\"'|".contains(c)) {
            if word.contains('@') {
                self.email(
                    word.trim_start_matches("mailto:")
                        .trim_end_matches(['.', ':']),
                    settings,
                );
            }
        }
        let is_part = |c: char| c.is_ascii_digit() || " -().+/\u{a0}".contains(c);
        for run in text.split(|c: char| !is_part(c)) {
            self.phone(run, settings);
        }
    }

    fn email(&mut self, address: &str, settings: &SourceSettings) {
        let address = address.trim();
        let is_one = address
            .split_once('@')
            .is_some_and(|(a, b)| !a.is_empty() && b.contains('.'));
        if is_one && !is_ours(address, settings) && self.emails.len() < MOST_ADDRESSES {
            self.emails.push(address.to_owned());
        }
    }

    fn phone(&mut self, number: &str, settings: &SourceSettings) {
        let number = number.trim();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let is_one = (7..=15).contains(&digits);
        if is_one && !is_ours(number, settings) && self.phones.len() < MOST_ADDRESSES {
            self.phones.push(number.to_owned());
        }
    }

    fn record(
        self,
        called_off: bool,
        zones: &Zones,
        settings: &SourceSettings,
    ) -> Result<BookingRecord, RowError> {
        let line = self.line;
        let fail = |reason: String| RowError { line, reason };
        let time = |moment: &Option<Moment>| moment.as_ref()?.at(zones, settings).ok();
        let starts_at = match &self.start {
            None => None,
            Some(start) => {
                let start = start.at(zones, settings);
                Some(start.map_err(|fault| fail(format!("DTSTART: {fault}")))?)
            }
        };
        let ends_at = time(&self.end);
        let (created_at, updated_at) = (time(&self.created), time(&self.modified));
        // Without an id it is known again by when it is, and with whom.
        let when_and_who = || {
            let when = &self.start.as_ref()?.value;
            let who = [self.emails.as_slice(), &self.phones].concat().join(" ");
            Some(format!("{when} {who}")).filter(|_| !who.is_empty())
        };
        let Some(uid) = self.uid.clone().or_else(when_and_who) else {
            return Err(fail(
                "the event has no UID, by which it would be known again".to_owned(),
            ));
        };
        let id = match &self.recurrence {
            Some(which) => format!("{uid} {which}"),
            None => uid,
        };
        let declined = self.attending > 0 && self.attending == self.declined;
        let status = self.status.as_deref().and_then(read_status);
        let status = match status {
            _ if called_off || declined => BookingStatus::Cancelled,
            Some(status) => status,
            None => BookingStatus::Booked,
        };
        let once = ends_at
            .or(self.length.and_then(|l| starts_at?.checked_add_signed(l)))
            .or(starts_at);
        let zone = self.start.as_ref().and_then(|start| start.zone.as_deref());
        let ends_at = match &self.rule {
            None => once,
            Some(rule) => match rule_part(rule, "UNTIL") {
                Some(until) => zones.instant(until, zone, settings).ok(),
                None => once.and_then(|once| once.checked_add_signed(longest(rule)?)),
            },
        };
        Ok(BookingRecord {
            line,
            id,
            contact_ids: Vec::new(),
            phones: self.phones,
            emails: self.emails,
            status,
            created_at,
            updated_at,
            starts_at,
            ends_at,
        })
    }
}

fn is_ours(address: &str, settings: &SourceSettings) -> bool {
    settings
        .us
        .iter()
        .any(|us| us.trim().eq_ignore_ascii_case(address))
}

/// How long after its first time an event that repeats a number of times is over at the latest; `None` where it has
/// no end.
fn longest(rule: &str) -> Option<TimeDelta> {
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
fn duration(text: &str) -> Option<TimeDelta> {
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

/// The text of a value: `\n`, `\,` and `\;` as what they stand for.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_events(events: &str) -> Bookings {
        let text = format!("BEGIN:VCALENDAR\n{events}\nEND:VCALENDAR\n");
        let input = std::io::Cursor::new(text);
        read(Box::new(input), &SourceSettings::default()).expect("a calendar")
    }

    fn ends(event: &str) -> String {
        let event = format!("BEGIN:VEVENT\nUID:1\n{event}\nEND:VEVENT");
        let ends_at = read_events(&event).records[0].ends_at;
        ends_at.map_or_else(|| "never".to_owned(), |at| at.format("%FT%TZ").to_string())
    }

    #[test]
    fn events_end_by_their_end_their_length_or_their_last_time() {
        for (event, end) in [
            ("DTSTART:20260306T100000Z", "2026-03-06T10:00:00Z"),
            (
                "DTSTART:20260306T100000Z\nDTEND:20260306T110000Z",
                "2026-03-06T11:00:00Z",
            ),
            (
                "DTSTART:20260306T100000Z\nDURATION:PT1H30M",
                "2026-03-06T11:30:00Z",
            ),
            (
                "DURATION:P1DT2H\nDTSTART:20260306T100000Z",
                "2026-03-07T12:00:00Z",
            ),
            (
                "DTSTART:20260306T100000Z\nDURATION:soon",
                "2026-03-06T10:00:00Z",
            ),
            ("DTSTART;VALUE=DATE:20260306", "2026-03-07T00:00:00Z"),
            (
                "DURATION:P2D\nDTSTART;VALUE=DATE:20260306",
                "2026-03-08T00:00:00Z",
            ),
            ("DTSTART:20260306T100000Z\nRRULE:FREQ=WEEKLY", "never"),
            (
                "DTSTART:20260306T100000Z\nRRULE:FREQ=WEEKLY;COUNT=3",
                "2026-03-20T10:00:00Z",
            ),
            (
                "DTSTART:20260306T100000Z\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3",
                "2026-03-10T10:00:00Z",
            ),
            (
                "DTSTART;TZID=Europe/Madrid:20260306T100000\nRRULE:FREQ=WEEKLY;UNTIL=20260320T100000",
                "2026-03-20T09:00:00Z",
            ),
        ] {
            assert_eq!(ends(event), end, "{event}");
        }
    }

    #[test]
    fn a_zone_that_is_defined_after_the_event_counts_and_an_unknown_one_is_refused() {
        let found = read_events(
            "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Own:20260306T100000\nEND:VEVENT\n\
             BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETTO:+0630\n\
             END:STANDARD\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nUID:2\nDTSTART;TZID=Moon:20260306T100000\nEND:VEVENT",
        );
        let starts_at = found.records[0].starts_at.map(|at| at.to_rfc3339());
        assert_eq!(starts_at.as_deref(), Some("2026-03-06T03:30:00+00:00"));
        let fault = found.rejected[0].to_string();
        assert!(
            fault.starts_with("line 13: DTSTART: the time zone \"Moon\""),
            "{fault}"
        );
        assert!(!found.is_whole);
    }

    #[test]
    fn an_event_without_an_id_is_known_by_when_it_is_and_with_whom() {
        let found = read_events(
            "BEGIN:VEVENT\nDTSTART:20260306T100000Z\nATTENDEE:mailto:ana@example.com\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART:20260306T100000Z\nEND:VEVENT",
        );
        assert_eq!(found.records[0].id, "20260306T100000Z ana@example.com");
        assert!(
            found.rejected[0].reason.contains("no UID"),
            "{:?}",
            found.rejected
        );
    }
}
