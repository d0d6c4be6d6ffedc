//! Appointments, asked for again while they may still be called off: HighLevel does not always tell of that in the
//! conversation.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CONTACTS, Highlevel};
use crate::http::query;
use crate::import::{Bookings, RowError, appointment_record};
use crate::model::BookingStatus;
use crate::sync::cursor::{Cursor, Expected};
use crate::sync::{Page, SyncError, Take, Told};

/// So many contacts are asked about in one sync, those first who were asked about longest ago.
const MOST_ASKED: usize = 20;
/// So many contacts with appointments to come are remembered.
const MOST_EXPECTED: usize = 500;

#[derive(Deserialize)]
struct Events {
    events: Option<Vec<Box<RawValue>>>,
}

impl Highlevel<'_> {
    /// Remembers a contact whom the conversation shows to have made an appointment, or to have called one off.
    pub(super) fn expect(&self, cursor: &mut Cursor, contact_id: &str, at: i64) {
        let now = self.client.now();
        let known = cursor.expected.get(contact_id);
        let is_full = cursor.expected.len() >= MOST_EXPECTED && known.is_none();
        // Long ago is past: nothing of it is to come.
        if is_full || at < (now - TimeDelta::days(180)).timestamp_millis() {
            return;
        }
        if known.is_none_or(|known| known.made_at < at) {
            let expected = Expected {
                made_at: at,
                until: (now + TimeDelta::days(1)).timestamp_millis(),
                asked_at: 0,
            };
            cursor.expected.insert(contact_id.to_owned(), expected);
        }
    }

    /// Gives the appointments of those who have some to come: the last page of a pass.
    pub(super) fn appointments(
        &self,
        mut cursor: Cursor,
        take: &mut Take<'_>,
    ) -> Result<Page, SyncError> {
        let now = self.client.now().timestamp_millis();
        cursor.expected.retain(|_, expected| expected.until > now);
        let mut asked: Vec<(i64, String)> = cursor
            .expected
            .iter()
            .map(|(id, expected)| (expected.asked_at, id.clone()))
            .collect();
        asked.sort_unstable();
        asked.truncate(MOST_ASKED);
        for (_, id) in asked {
            let path = format!("/contacts/{}/appointments", query(&id));
            let events = match self.get(&path, CONTACTS) {
                Ok(Events { events }) => events,
                // They are gone, or we may not see calendars: what the conversation told stands.
                Err(SyncError::Refused { .. } | SyncError::Credentials(_)) => {
                    cursor.expected.remove(&id);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(expected) = cursor.expected.get_mut(&id) else {
                continue;
            };
            let (mut until, made_at) = (0, expected.made_at);
            let mut bookings = Bookings::default();
            let is_list = events.is_some();
            for event in events.into_iter().flatten() {
                match appointment_record(event.get()) {
                    Ok((mut record, ends_at)) => {
                        if record.status == BookingStatus::Booked {
                            until = until.max(ends_at.timestamp_millis());
                        }
                        let made = crate::model::Timestamp::from_timestamp_millis(made_at);
                        record.created_at = record.created_at.or(made);
                        record.contact_ids = vec![id.clone()];
                        bookings.records.push(record);
                    }
                    Err(reason) => bookings.rejected.push(RowError { line: 0, reason }),
                }
            }
            bookings.is_whole = is_list && bookings.rejected.is_empty();
            if !bookings.is_whole {
                until = until.max(expected.until); // what cannot be read may be one that is known
            }
            take(Told::Bookings {
                contact_id: id,
                bookings,
            });
            (expected.until, expected.asked_at) = (until, now);
        }
        cursor.expected.retain(|_, expected| expected.until > now);
        Ok(Page {
            cursor: cursor.passed().write(),
            is_last: true,
        })
    }
}
