//! A table of bookings, CSV or JSON Lines.

use std::io::{Cursor, Read};

use super::{BookingRecord, Bookings, MOST_RECORDS, tools};
use crate::import::named_rows::{NamedRow, NamedRows};
use crate::import::table::Table;
use crate::import::words::shown;
use crate::import::{ReadError, RowError, SourceSettings, time};
use crate::model::{BOOKING_COLUMNS, BookingStatus, Timestamp};

pub(super) fn read(
    mut input: Box<dyn Read + Send>,
    settings: &SourceSettings,
) -> Result<Bookings, ReadError> {
    let mut head = Vec::new();
    (&mut input).take(4096).read_to_end(&mut head)?;
    let is_json = head.trim_ascii_start().first() == Some(&b'{');
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(input));
    let mut settings = settings.clone();
    let mut rows = if is_json {
        NamedRows::of_lines(input, &BOOKING_COLUMNS, &settings)
    } else {
        let table = Table::read(input, &settings)?;
        tools::fill_in(&mut settings, |name| table.header.has(name));
        let theirs = |ours: &'static str| settings.columns.get(ours).map_or(ours, String::as_str);
        let has = |ours: &&'static str| table.header.has(theirs(ours));
        if !BOOKING_COLUMNS[..3].iter().any(has) {
            return Err(ReadError::File(
                "the header has none of contact_id, phone and email, so that nobody knows whom a booking is with; \
                 rename a column, or say which it is, such as columns = { phone = \"their name\" }"
                    .to_owned(),
            ));
        }
        if ["direction", "text"]
            .into_iter()
            .all(|name| table.header.has(name))
        {
            return Err(ReadError::File(
                "this is a file of messages, not a table of bookings; leave out the format"
                    .to_owned(),
            ));
        }
        NamedRows::of_table(table, &BOOKING_COLUMNS, &settings)?
    };
    let mut bookings = Bookings::default();
    while let Some(row) = rows.next() {
        match row.and_then(|row| record(row, &settings)) {
            Ok(record) if bookings.records.len() < MOST_RECORDS => bookings.records.push(record),
            Ok(_) => break,
            Err(ReadError::Row(error)) => bookings.rejected.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(bookings)
}

fn record(row: NamedRow<'_>, settings: &SourceSettings) -> Result<BookingRecord, ReadError> {
    let line = row.line;
    let fail = |reason: String| RowError { line, reason };
    let some = |text: Option<String>| text.into_iter().collect::<Vec<_>>();
    let contact_ids = some(row.text("contact_id"));
    let (phones, emails) = (some(row.text("phone")), some(row.text("email")));
    let who = [&contact_ids, &phones, &emails]
        .map(|v| v.concat())
        .concat();
    if who.is_empty() {
        let words =
            "the row has neither contact_id nor phone nor email; write whom the booking is with";
        return Err(fail(words.to_owned()).into());
    }
    let status = mapped(row.get("status"), settings);
    let status = status.map_or(Ok(BookingStatus::Booked), |text| {
        read_status(text).ok_or_else(|| {
            fail(format!(
                "status: {} is none of booked, cancelled, no_show; write one of them, or map it with `values` on the source",
                shown(text)
            ))
        })
    })?;
    let at = |name: &str| -> Result<Option<Timestamp>, RowError> {
        let Some(text) = row.get(name) else {
            return Ok(None);
        };
        // A day alone does not tell what was written before it, and what after.
        if matches!(name, "created_at" | "updated_at") && !text.contains(':') {
            return Ok(None);
        }
        time::instant(text, settings.timezone.as_ref(), settings.date_order)
            .map(Some)
            .map_err(|reason| fail(format!("{name}: {reason}")))
    };
    let (starts_at, ends_at) = (at("starts_at")?, at("ends_at")?);
    let (created_at, updated_at) = (at("created_at")?, at("updated_at")?);
    let id = row.text("id").unwrap_or_else(|| {
        let start = starts_at.map_or_else(String::new, |at| at.to_rfc3339());
        format!("{who} {start}")
    });
    Ok(BookingRecord {
        line,
        id,
        contact_ids,
        phones,
        emails,
        status,
        created_at,
        updated_at,
        starts_at,
        ends_at: ends_at.or(starts_at),
    })
}

fn mapped<'a>(theirs: Option<&'a str>, settings: &'a SourceSettings) -> Option<&'a str> {
    let map = settings.values.get("status");
    let ours = map.and_then(|map| map.get(theirs.unwrap_or_default()));
    ours.map(String::as_str).or(theirs)
}

/// The words that booking systems use.
pub(crate) fn read_status(text: &str) -> Option<BookingStatus> {
    let text = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    Some(match text.as_str() {
        "booked" | "confirmed" | "new" | "active" | "scheduled" | "rescheduled" | "pending"
        | "tentative" | "showed" | "attended" | "completed" | "done" | "accepted" => {
            BookingStatus::Booked
        }
        "cancelled" | "canceled" | "declined" | "deleted" | "invalid" | "rejected" => {
            BookingStatus::Cancelled
        }
        "no_show" | "noshow" | "missed" => BookingStatus::NoShow,
        _ => return None,
    })
}
