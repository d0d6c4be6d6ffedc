//! An iCalendar file (RFC 5545), event by event: read line by line, because what calendars write is not always
//! right, and one bad line must not cost the others.

use std::io::Read;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::content_line::{ContentLines, Property};
use super::table::read_status;
use super::{BookingRecord, Bookings, MOST_RECORDS};
use crate::import::words::shown;
use crate::import::{ReadError, RowError, SourceSettings};
use crate::model::{BookingStatus, Timestamp};
use crate::zone::Zone;

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
                        let Some(event) = event.take() else { continue };
                        match event.record(called_off, settings) {
                            Ok(record) => bookings.records.push(record),
                            Err(error) => bookings.rejected.push(error),
                        }
                        if bookings.records.len() >= MOST_RECORDS {
                            return Ok(bookings);
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
    created: Option<Timestamp>,
    modified: Option<Timestamp>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    length: Option<TimeDelta>,
    rule: Option<String>,
    phones: Vec<String>,
    emails: Vec<String>,
    attending: usize,
    declined: usize,
    fault: Option<String>,
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
            "CREATED" => self.created = moment(property, settings),
            "LAST-MODIFIED" => self.modified = moment(property, settings),
            "DTSTART" => {
                self.start = moment(property, settings);
                if self.start.is_none() {
                    self.fault = Some(format!("DTSTART: {} is no time", shown(property.value)));
                }
                if property.value.len() == 8 {
                    self.length = Some(TimeDelta::days(1)); // a whole day
                }
            }
            "DTEND" => self.end = moment(property, settings),
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
        settings: &SourceSettings,
    ) -> Result<BookingRecord, RowError> {
        let line = self.line;
        let fail = |reason: String| RowError { line, reason };
        if let Some(fault) = self.fault {
            return Err(fail(fault));
        }
        let Some(uid) = self.uid else {
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
        let once = self
            .end
            .or(self.length.and_then(|l| self.start?.checked_add_signed(l)))
            .or(self.start);
        let ends_at = match &self.rule {
            None => once,
            Some(rule) => until(rule, settings),
        };
        Ok(BookingRecord {
            line,
            id,
            contact_ids: Vec::new(),
            phones: self.phones,
            emails: self.emails,
            status,
            created_at: self.created,
            updated_at: self.modified,
            starts_at: self.start,
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

/// When an event that repeats is over: at its rule's UNTIL; never where the rule counts, or has no end.
fn until(rule: &str, settings: &SourceSettings) -> Option<Timestamp> {
    let value = rule
        .split(';')
        .find_map(|part| part.strip_prefix("UNTIL="))?;
    instant(value, None, settings)
}

fn moment(property: &Property<'_>, settings: &SourceSettings) -> Option<Timestamp> {
    instant(property.value, property.parameter("TZID"), settings)
}

/// `20260305T100000Z`, `20260305T100000` in a zone, or `20260305`. A zone that is not known is the source's.
fn instant(value: &str, zone: Option<&str>, settings: &SourceSettings) -> Option<Timestamp> {
    let (text, is_utc) = match value.strip_suffix(['Z', 'z']) {
        Some(text) => (text, true),
        None => (value, false),
    };
    let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S")
        .ok()
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y%m%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        })?;
    if is_utc {
        return Some(local.and_utc());
    }
    let named = zone.and_then(|name| Zone::named(name.trim_start_matches('/')));
    let zone = named
        .or_else(|| settings.timezone.clone())
        .unwrap_or_else(Zone::utc);
    Some(zone.instant(local))
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
