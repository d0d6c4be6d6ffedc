//! How far a source has been read, for the providers that list messages by time.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// How much further back than the newest message each sync begins: a message may be listed some time after the
/// moment that it bears.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// The state of a source's reading. A *pass* goes through everything newer than what the pass before has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// The newest time that a whole pass has seen, by the provider's clock, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) done: Option<i64>,
    /// The newest time that the pass under way has seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) newest: Option<i64>,
    /// The oldest time down to which the pass under way has come, where it goes backwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oldest: Option<i64>,
    /// The newest time of a change of a contact that a whole pass has seen, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contacts: Option<i64>,
    /// The same of the pass under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contacts_seen: Option<i64>,
    /// The contacts who have appointments to come, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) expected: BTreeMap<String, Expected>,
    /// The provider's own word for where the pass goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    /// Some place where the list under way was before: it must not come there again.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
    /// How many pages of the list under way have been read.
    #[serde(skip_serializing_if = "is_zero")]
    pages: u64,
    /// Which of several lists the pass goes through.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) list: u64,
    /// How many messages the pass under way has seen: their order.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) seen: u64,
}

/// A contact who has an appointment to come; times are in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Expected {
    /// When the conversation told of it.
    pub(super) made_at: i64,
    /// Until when it may be called off.
    pub(super) until: i64,
    /// When they were asked about last.
    pub(super) asked_at: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Cursor {
    /// The stored cursor; what cannot be read begins anew.
    pub(super) fn read(stored: Option<&str>) -> Self {
        stored
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// As it is stored.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From when on the pass under way asks; `None` is from the beginning. `since` is that of the configuration.
    pub(super) fn from(&self, since: Option<Timestamp>) -> Option<Timestamp> {
        let done = self.done.and_then(Timestamp::from_timestamp_millis);
        done.map(|at| at - OVERLAP).max(since)
    }

    /// A message of this time has been seen; one that is ahead of `now` moves nothing.
    pub(super) fn saw(&mut self, at: Timestamp, now: Timestamp) {
        let at = at.min(now).timestamp_millis();
        self.newest = self.newest.max(Some(at));
    }

    /// The list goes on at `next`. Says whether that is news: a server that leads round in a circle is found out
    /// after a few rounds (Brent's way), and would be followed for ever.
    #[must_use]
    pub(super) fn goes_on_at(&mut self, next: &str) -> bool {
        let is_news = self.next.as_deref() != Some(next) && self.mark.as_deref() != Some(next);
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.mark = Some(next.to_owned());
        }
        self.next = Some(next.to_owned());
        is_news
    }

    /// The list is at its end, the pass goes on with the next one.
    pub(super) fn turn_to_next_list(&mut self) {
        (self.next, self.mark, self.pages) = (None, None, 0);
        self.list += 1;
    }

    /// The pass is over: the next one begins at what it has seen.
    pub(super) fn passed(self) -> Self {
        Self {
            done: self.newest.max(self.done),
            contacts: self.contacts,
            expected: self.expected,
            ..Self::default()
        }
    }

    /// The same pass from its beginning: the provider no longer knows where it was.
    pub(super) fn again(self) -> Self {
        Self {
            done: self.done,
            contacts: self.contacts,
            expected: self.expected,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_begins_a_little_before_what_the_last_has_seen() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (noon, now) = (at("2026-03-02T12:00:00Z"), at("2026-03-02T13:00:00Z"));
        let mut cursor = Cursor::read(None);
        assert_eq!(cursor.from(None), None);
        assert_eq!(cursor.from(Some(noon)), Some(noon));
        cursor.saw(noon, now);
        cursor.saw(at("2026-03-02T09:00:00Z"), now);
        cursor.next = Some("t".into());
        // Nothing is done before the pass is over, also after a kill.
        let cursor = Cursor::read(Some(&cursor.write()));
        assert_eq!(
            (cursor.from(None), cursor.next.as_deref()),
            (None, Some("t"))
        );
        let cursor = Cursor::read(Some(&cursor.passed().write()));
        assert_eq!(cursor.from(None), Some(at("2026-03-02T11:45:00Z")));
        assert_eq!(cursor.next, None);
        // A message that claims to come from the future does not hide those in between.
        let mut ahead = cursor;
        ahead.saw(at("2027-01-01T00:00:00Z"), now);
        assert_eq!(ahead.passed().from(None), Some(at("2026-03-02T12:45:00Z")));
        assert_eq!(Cursor::read(Some("{garbage")), Cursor::default());
    }

    #[test]
    fn a_circle_is_found_out_however_long_it_is() {
        for length in 1..40 {
            let mut cursor = Cursor::default();
            let turns = (0..200).take_while(|n| {
                cursor = Cursor::read(Some(&cursor.write()));
                cursor.goes_on_at(&(n % length).to_string())
            });
            assert!(turns.count() <= 3 * length + 2, "{length}");
        }
        let mut cursor = Cursor::default();
        assert!((0..1000).all(|n| cursor.goes_on_at(&n.to_string())));
        cursor.turn_to_next_list();
        assert!(cursor.goes_on_at("999"));
    }
}
