//! The plan as an iCalendar file (RFC 5545), for a person's own calendar.

use std::io::{Result, Write};

use chrono::TimeDelta;
use icalendar::{Calendar, Component, Event, EventLike, Property};
use xxhash_rust::xxh3::xxh3_128;

use super::plan::{Row, step, who, why};
use super::terminal::plain;
use super::{Clocks, channel_words};
use crate::decide::Action;

/// How long an entry is drawn.
const LENGTH: TimeDelta = TimeDelta::minutes(15);

/// Collects what is due or scheduled.
#[derive(Debug)]
pub struct PlanCalendar(Calendar);

impl PlanCalendar {
    /// An empty calendar of a business.
    #[must_use]
    pub fn new(business: &str) -> Self {
        let mut calendar = Calendar::empty();
        calendar.append_property(Property::new("VERSION", "2.0"));
        calendar.name(&format!("{} follow-ups", plain(business)));
        calendar.append_property(Property::new("PRODID", "-//followup//EN"));
        calendar.append_property(Property::new("METHOD", "PUBLISH"));
        Self(calendar)
    }

    /// Adds a contact's next step; one for whom nothing is scheduled is left out. The same step has the same
    /// UID in every later calendar, so that a subscriber sees it move or go.
    pub fn add(&mut self, row: &Row<'_>, clocks: &Clocks) {
        let decision = row.decision;
        let (Action::Send | Action::Wait, Some(due)) = (decision.action, decision.due_at) else {
            return;
        };
        let by = decision
            .channel
            .map(|channel| format!(" by {}", channel_words(channel)));
        let summary = format!(
            "{}: {}{}",
            who(row.contact),
            step(decision),
            by.unwrap_or_default()
        );
        let mut description = plain(&why(decision, clocks)).into_owned();
        if let Some(text) = row.text {
            description.push_str("\n\n");
            description.push_str(&plain(text));
        }
        let episode = decision.episode.map(|at| at.timestamp_micros());
        let identity = format!(
            "{}\n{episode:?}\n{:?}",
            row.contact.contact_id, decision.step
        );
        let mut event = Event::new();
        event
            .uid(&format!("{:032x}@followup", xxh3_128(identity.as_bytes())))
            .timestamp(clocks.now())
            .starts(due)
            .ends(due + LENGTH)
            .summary(&plain(&summary))
            .description(&description)
            .append_property(Property::new("TRANSP", "TRANSPARENT"));
        self.0.push(event.done());
    }

    /// Writes the calendar.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> Result<()> {
        write!(out, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{Decision, Reason};
    use crate::model::{Channel, Contact, Scenario, Timestamp};
    use crate::zone::Zone;

    fn written(due: &str) -> String {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let contact = Contact {
            contact_id: "c,1".into(),
            name: Some("Ana\u{1b}; Ruiz".into()),
            ..Contact::default()
        };
        let decision = Decision {
            action: Action::Wait,
            reason: Reason::Delay,
            scenario: Some(Scenario::Busy),
            step: Some(1),
            steps: Some(2),
            due_at: Some(due.parse().unwrap()),
            channel: Some(Channel::Sms),
            episode: Some(now),
            approved_template: false,
            conversation_id: None,
            because: Vec::new(),
            wake_at: None,
        };
        let row = Row {
            contact: &contact,
            decision: &decision,
            text: Some(&"¿Sigues ahí? ".repeat(20)),
            text_source: None,
            unread: 0,
            held_back: None,
        };
        let mut calendar = PlanCalendar::new("Clínica Sol");
        calendar.add(&row, &Clocks::of_bot(&Zone::named("UTC").unwrap(), now));
        let mut out = Vec::new();
        calendar.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn line<'t>(text: &'t str, name: &str) -> Option<&'t str> {
        text.lines().find_map(|line| line.strip_prefix(name))
    }

    #[test]
    fn an_entry_is_at_its_time_and_keeps_its_uid_when_it_moves() {
        let (first, moved) = (
            written("2026-03-02T14:00:00Z"),
            written("2026-03-03T08:00:00Z"),
        );
        assert_eq!(line(&first, "DTSTART:"), Some("20260302T140000Z"));
        assert_eq!(line(&moved, "DTSTART:"), Some("20260303T080000Z"));
        assert_eq!(line(&first, "DTSTAMP:"), Some("20260302T120000Z"));
        assert!(line(&first, "UID:").is_some());
        assert_eq!(line(&first, "UID:"), line(&moved, "UID:"));
    }

    #[test]
    fn s6_lines_are_folded_and_what_a_contact_wrote_is_escaped() {
        let text = written("2026-03-02T14:00:00Z");
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        assert_eq!(text.matches("\r\n").count(), text.lines().count());
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("c\\,1 Ana\\\\u{1b}\\; Ruiz"), "{text}");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
        assert_eq!(line(&text, "VERSION:"), Some("2.0"));
        assert_eq!(text.matches("PRODID:").count(), 1, "{text}");
    }
}
