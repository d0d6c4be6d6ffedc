//! A contact's appointments, as HighLevel's API gives them.

use std::borrow::Cow;

use serde::Deserialize;

use crate::import::BookingRecord;
use crate::import::bookings::read_status;
use crate::import::loose::{Text, filled, row};
use crate::import::time::instant;
use crate::model::{BookingStatus, Timestamp};
use crate::zone::Zone;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    appointment_status: Option<Text<'a>>,
    #[serde(borrow)]
    start_time: Option<Text<'a>>,
    #[serde(borrow)]
    end_time: Option<Text<'a>>,
    #[serde(borrow)]
    date_added: Option<Text<'a>>,
    #[serde(borrow)]
    date_updated: Option<Text<'a>>,
    #[serde(default)]
    deleted: Option<bool>,
}

/// An appointment, and until when it may still be called off. Its times without an offset are of a zone that nobody
/// tells: they are good for no more than the latter.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn appointment_record(json: &str) -> Result<(BookingRecord, Timestamp), String> {
    let event: Event<'_> = row(json)?;
    let time = |text: &Option<Text<'_>>| instant(text.as_ref()?.as_str(), None, None).ok();
    let status = event.appointment_status.as_ref().map(Text::as_str);
    let status = match (event.deleted, status) {
        (Some(true), _) => BookingStatus::Cancelled,
        (_, None) => BookingStatus::Booked,
        // Whatever else it is, it is there.
        (_, Some(written)) => read_status(written).unwrap_or(BookingStatus::Booked),
    };
    let end = event.end_time.as_ref().or(event.start_time.as_ref());
    let until = end.and_then(|end| instant(end.as_str(), Some(&Zone::utc()), None).ok());
    let record = BookingRecord {
        line: 0,
        status,
        created_at: time(&event.date_added),
        updated_at: time(&event.date_updated),
        starts_at: time(&event.start_time),
        ends_at: time(&event.end_time),
        id: owned(event.id).ok_or("id: there is none")?,
        contact_ids: owned(event.contact_id).into_iter().collect(),
        phones: Vec::new(),
        emails: Vec::new(),
    };
    Ok((record, until.unwrap_or(Timestamp::MIN_UTC)))
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    filled(text).map(Cow::into_owned)
}
