//! An iCalendar file (RFC 5545), event by event: read line by line, because what calendars write is not always
//! right, and one bad line must not cost the others.

use std::io::Read;

use super::content_line::{ContentLines, Property};
use super::event::Event;
use super::zones::Zones;
use super::{Bookings, MOST_RECORDS};
use crate::import::{ReadError, SourceSettings};

/// How deep components may lie in one another.
const DEEPEST: usize = 16;

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
                "DTSTART;TZID=Europe/Madrid:20260306T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20260320T100000",
                "2026-03-20T10:00:00Z",
            ),
            (
                "DTSTART:20260306T100000Z\nRRULE:FREQ=WEEKLY;UNTIL=20260320",
                "2026-03-21T00:00:00Z",
            ),
        ] {
            assert_eq!(ends(event), end, "{event}");
        }
    }

    #[test]
    fn a_title_tells_that_it_is_called_off() {
        for (title, status) in [
            ("Canceled: Cut with Ana", "cancelled"),
            ("Canceled event: Cut with Ana", "cancelled"),
            ("Abgesagt: Termin", "cancelled"),
            ("Cut with Ana", "booked"),
            (
                "Cancelled flights: a talk about what to do then",
                "cancelled",
            ),
            ("Talk: canceled", "booked"),
        ] {
            let event = format!("BEGIN:VEVENT\nUID:1\nSUMMARY:{title}\nEND:VEVENT");
            assert_eq!(
                read_events(&event).records[0].status.as_str(),
                status,
                "{title}"
            );
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
