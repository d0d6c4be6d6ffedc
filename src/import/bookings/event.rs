//! An event of a calendar in the reading.

use chrono::TimeDelta;

use super::BookingRecord;
use super::content_line::Property;
use super::recurrence::{duration, longest, rule_part};
use super::table::read_status;
use super::zones::Zones;
use crate::import::{RowError, SourceSettings};
use crate::model::{BookingStatus, Timestamp};

/// How many addresses of one event are kept.
const MOST_ADDRESSES: usize = 50;

/// An event in the reading.
#[derive(Default)]
pub(super) struct Event {
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
    /// Its title says that it is called off.
    is_called_off: bool,
}

/// A time as it is written: its zone may be defined further down.
struct Moment {
    value: String,
    zone: Option<String>,
}

impl Moment {
    fn of(property: &Property<'_>) -> Self {
        let zone = property.parameter("TZID").map(str::to_owned);
        // `TZID=tzone://Microsoft/Custom` should stand in quotes, and does not always.
        let value = match property.value.strip_prefix("//") {
            Some(rest) => rest.rsplit(':').next().unwrap_or(rest),
            None => property.value,
        };
        let value = value.to_owned();
        Self { value, zone }
    }

    fn at(&self, zones: &Zones, settings: &SourceSettings) -> Result<Timestamp, String> {
        zones.instant(&self.value, self.zone.as_deref(), settings)
    }
}

impl Event {
    pub(super) fn new(line: u64) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    /// Takes a property into account.
    pub(super) fn learn(&mut self, property: &Property<'_>, settings: &SourceSettings) {
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
            "SUMMARY" => {
                let text = text();
                self.is_called_off = is_called_off(&text);
                self.scan(&text, settings);
            }
            "DESCRIPTION" | "LOCATION" => self.scan(&text(), settings),
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

    /// The appointment that it is.
    pub(super) fn record(
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
            _ if called_off || declined || self.is_called_off => BookingStatus::Cancelled,
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
                // The last time begins by then, and takes as long as the first.
                Some(until) => {
                    let until_at = zones.instant(until, zone, settings).ok();
                    let length = match until.len() {
                        8 => Some(TimeDelta::days(1)),
                        _ => once.zip(starts_at).map(|(end, start)| end - start),
                    };
                    until_at.and_then(|at| at.checked_add_signed(length.unwrap_or_default()))
                }
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

/// Whether a title says that an event is called off, as Outlook and Google write it before what it was called.
fn is_called_off(title: &str) -> bool {
    const WORDS: [&str; 9] = [
        "canceled",
        "cancelled",
        "cancelado",
        "cancelada",
        "abgesagt",
        "annulé",
        "annulée",
        "annullato",
        "geannuleerd",
    ];
    let Some((begin, _)) = title.split_once(':') else {
        return false;
    };
    let first = begin.trim().to_lowercase();
    let first = first.split_whitespace().next().unwrap_or_default();
    begin.len() < 24 && WORDS.contains(&first)
}

fn is_ours(address: &str, settings: &SourceSettings) -> bool {
    settings
        .us
        .iter()
        .any(|us| us.trim().eq_ignore_ascii_case(address))
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
