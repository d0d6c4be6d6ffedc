//! A table of bookings, CSV or JSON Lines.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use chrono::TimeDelta;
use serde_json::value::RawValue;

use super::recurrence::length;
use super::{BookingRecord, Bookings, MOST_RECORDS, tools};
use crate::import::named_rows::{NamedRow, NamedRows};
use crate::import::table::Table;
use crate::import::words::shown;
use crate::import::{ReadError, RowError, SourceSettings, time};
use crate::model::{BOOKING_COLUMNS, BookingStatus, Timestamp};

/// The columns that are read: tools have some more. `starts_on` and `ends_on` are days of which the time stands in
/// another column.
const READ: [&str; BOOKING_COLUMNS.len() + 4] = {
    let mut names = ["starts_on"; BOOKING_COLUMNS.len() + 4];
    let mut n = 0;
    while n < BOOKING_COLUMNS.len() {
        names[n] = BOOKING_COLUMNS[n];
        n += 1;
    }
    names[n + 1] = "ends_on";
    names[n + 2] = "duration";
    names[n + 3] = "no_show";
    names
};

pub(super) fn read(
    mut input: Box<dyn Read + Send>,
    settings: &SourceSettings,
) -> Result<Bookings, ReadError> {
    let mut head = Vec::new();
    (&mut input).take(4096).read_to_end(&mut head)?;
    let first = head.trim_ascii_start().first().copied();
    let mut input: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(input));
    if first == Some(b'[') {
        input = Box::new(Cursor::new(by_lines(input)?));
    }
    let is_json = matches!(first, Some(b'{' | b'['));
    let mut settings = settings.clone();
    let mut rows = if is_json {
        NamedRows::of_lines(input, &READ, &settings)
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
        NamedRows::of_table(table, &READ, &settings)?
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
    bookings.records = joined(bookings.records);
    Ok(bookings)
}

/// The elements of a JSON list, each on a line of its own.
fn by_lines(input: impl Read) -> Result<Vec<u8>, ReadError> {
    let fault = |e: serde_json::Error| ReadError::File(format!("it is no list of bookings: {e}"));
    let elements: Vec<Box<RawValue>> = serde_json::from_reader(input).map_err(fault)?;
    // A line break within JSON stands between its words only.
    let lines = elements.iter().map(|e| e.get().replace(['\r', '\n'], " "));
    Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
}

/// One appointment for each id: tables have a row for each service of a visit.
fn joined(records: Vec<BookingRecord>) -> Vec<BookingRecord> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(records.len());
    let mut all: Vec<BookingRecord> = Vec::with_capacity(records.len());
    for record in records {
        let Some(first) = places.get(&record.id).and_then(|place| all.get_mut(*place)) else {
            places.insert(record.id.clone(), all.len());
            all.push(record);
            continue;
        };
        let day = |at: Option<Timestamp>| at.map(|at| at.date_naive());
        let is_same_visit = first.status == record.status
            && (&first.phones, &first.emails, &first.contact_ids)
                == (&record.phones, &record.emails, &record.contact_ids)
            && day(first.starts_at) == day(record.starts_at);
        if is_same_visit {
            first.starts_at = first.starts_at.min(record.starts_at);
            first.ends_at = first.ends_at.max(record.ends_at);
        } else {
            all.push(record); // a later word on it
        }
    }
    all
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
    let is_missed = row.get("no_show").is_some_and(|text| {
        let yes = ["yes", "true", "1", "y", "x"];
        yes.iter()
            .any(|word| text.trim().eq_ignore_ascii_case(word))
    });
    let status = match status {
        BookingStatus::Booked if is_missed => BookingStatus::NoShow,
        status => status,
    };
    let instant = |text: &str| time::instant(text, settings.timezone.as_ref(), settings.date_order);
    // The instant, and whether it is a day's beginning because no time is told.
    let at = |name: &str| -> Result<Option<(Timestamp, bool)>, RowError> {
        let on = match name {
            "starts_at" => row.get("starts_on"),
            "ends_at" => row.get("ends_on"),
            _ => None,
        };
        let text = match (on, row.get(name)) {
            (_, None) if name == "ends_at" => return Ok(None),
            (None, None) => return Ok(None),
            // A time with a day of its own needs no other.
            (Some(on), Some(text)) if instant(text).is_err() => Cow::Owned(format!("{on} {text}")),
            (_, Some(text)) => Cow::Borrowed(text),
            (Some(on), None) => Cow::Borrowed(on),
        };
        let text = text.as_ref();
        // A day alone does not tell what was written before it, and what after.
        if matches!(name, "created_at" | "updated_at") && !text.contains(':') {
            return Ok(instant(text).ok().map(|at| (at, false)));
        }
        // A day without a time begins with it.
        let day = |reason| {
            let begin = instant(&format!("{text} 00:00"));
            begin.map(|at| (at, true)).map_err(|_| reason)
        };
        instant(text)
            .map(|at| (at, false))
            .or_else(day)
            .map(Some)
            .map_err(|reason| fail(format!("{name}: {reason}")))
    };
    let (starts, ends) = (at("starts_at")?, at("ends_at")?);
    let day = |at: Option<(Timestamp, bool)>| {
        let is_day = at.is_some_and(|(_, is_day)| is_day);
        is_day.then(|| TimeDelta::days(1))
    };
    let after = |at: Option<(Timestamp, bool)>, length: Option<TimeDelta>| match length {
        Some(length) => at?.0.checked_add_signed(length),
        None => at.map(|(at, _)| at),
    };
    let starts_at = after(starts, None);
    let ends_at = after(ends, day(ends)).or_else(|| {
        let length = row.get("duration").and_then(length);
        after(starts, length.or_else(|| day(starts)))
    });
    let (created_at, updated_at) = (
        after(at("created_at")?, None),
        after(at("updated_at")?, None),
    );
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
        ends_at,
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
        | "tentative" | "showed" | "attended" | "completed" | "complete" | "done" | "accepted"
        | "approved" | "unconfirmed" | "requested" | "arrived" | "started" | "checked_in"
        | "checked_out" | "in_progress" | "in_service" | "finished" | "paid" | "needs_action" => {
            BookingStatus::Booked
        }
        "declined" | "deleted" | "invalid" | "rejected" | "removed" | "void" => {
            BookingStatus::Cancelled
        }
        "missed" | "did_not_show" | "did_not_attend" | "dna" => BookingStatus::NoShow,
        // `Cancelled by client`, `Late cancellation`, `No-show (charged)`
        text if text.contains("no_show") || text.contains("noshow") => BookingStatus::NoShow,
        text if text.contains("cancel") => BookingStatus::Cancelled,
        text if text.starts_with("declined_") || text.starts_with("rejected_") => {
            BookingStatus::Cancelled
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DateOrder;
    use crate::zone::Zone;

    /// Each booking in short: `id status starts ends`.
    fn read_rows(text: &str) -> Vec<String> {
        let settings = SourceSettings {
            timezone: Zone::named("Europe/Madrid"),
            date_order: Some(DateOrder::Dmy),
            ..SourceSettings::default()
        };
        let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let bookings = read(input, &settings).expect("a table");
        let at = |at: Option<Timestamp>| {
            at.map_or_else(|| "-".to_owned(), |at| at.format("%FT%RZ").to_string())
        };
        let row = |b: &BookingRecord| {
            let (starts, ends) = (at(b.starts_at), at(b.ends_at));
            format!("{} {} {starts} {ends}", b.id, b.status)
        };
        let rejected = bookings.rejected.iter().map(ToString::to_string);
        bookings.records.iter().map(row).chain(rejected).collect()
    }

    #[test]
    fn a_day_and_a_time_in_two_columns_are_one_instant() {
        let fresha = "Ref #,Client,Service,Created date,Scheduled date,Time,Duration,Status,Mobile number\n\
            #1,Ana,Cut,\"1 Mar 2026, 10:00\",2 Mar 2026,9:00am,45min,Booked,+34600100100\n\
            #1,Ana,Wash,\"1 Mar 2026, 10:00\",2 Mar 2026,9:45am,1h 15min,Booked,+34600100100\n\
            #2,Bea,Cut,\"1 Mar 2026, 10:00\",2026-03-03,14:30,30 min,No-show,+34600100101\n";
        assert_eq!(
            read_rows(fresha),
            [
                "#1 booked 2026-03-02T08:00Z 2026-03-02T10:00Z",
                "#2 no_show 2026-03-03T13:30Z 2026-03-03T14:00Z",
            ],
            "a visit has a row for each service"
        );
        let simply = "Code;Record date;Start date;Start time;End date;End time;Client email;Status\n\
            a1;01-03-2026 10:00;02-03-2026;09:00;02-03-2026;09:30;ana@example.com;confirmed\n\
            a2;01-03-2026 10:00;03-03-2026;09:00;;;ana@example.com;Cancelled by client\n\
            a3;01-03-2026 10:00;04-03-2026;;;;ana@example.com;pending\n\
            a4;01-03-2026 10:00;soon;09:00;;;ana@example.com;pending\n\
            a5;01-03-2026 10:00;04-03-2026;09:00;;;ana@example.com;maybe\n";
        let told = read_rows(simply);
        assert_eq!(
            told[..3],
            [
                "a1 booked 2026-03-02T08:00Z 2026-03-02T08:30Z",
                "a2 cancelled 2026-03-03T08:00Z 2026-03-03T08:00Z",
                "a3 booked 2026-03-03T23:00Z 2026-03-04T23:00Z",
            ]
        );
        assert!(
            told[3].starts_with("line 5: starts_at: \"soon 09:00\" is not a time"),
            "{told:?}"
        );
        assert!(
            told[4].starts_with("line 6: status: \"maybe\" is none of"),
            "{told:?}"
        );
        let square =
            "Date,Start Time,End Time,Client Phone\n02/03/2026,9:00 AM,9:45 AM,555 010 0100\n";
        assert_eq!(
            read_rows(square),
            [
                "555 010 01002026-03-02T08:00:00+00:00 booked 2026-03-02T08:00Z 2026-03-02T08:45Z"
                    .replacen("01002026", "0100 2026", 1)
            ]
        );
    }

    #[test]
    fn a_column_tells_who_did_not_come() {
        let calendly = "Invitee Email,Start Date & Time,End Date & Time,Canceled,Marked as No-Show,Event UUID\n\
            ana@example.com,2026-03-02 09:00 AM,2026-03-02 09:30 AM,No,Yes,u1\n\
            bea@example.com,2026-03-02 10:00 AM,2026-03-02 10:30 AM,No,No,u2\n\
            cid@example.com,2026-03-02 11:00 AM,2026-03-02 11:30 AM,Yes,Yes,u3\n";
        assert_eq!(
            read_rows(calendly),
            [
                "u1 no_show 2026-03-02T08:00Z 2026-03-02T08:30Z",
                "u2 booked 2026-03-02T09:00Z 2026-03-02T09:30Z",
                "u3 cancelled 2026-03-02T10:00Z 2026-03-02T10:30Z",
            ]
        );
    }

    #[test]
    fn a_list_is_read_like_lines() {
        let rows = [
            r#"{"id": "b1", "email": "ana@example.com", "starts_at": "2026-03-02T09:00:00Z"}"#,
            r#"{"id": "b2", "email": "bea@example.com", "starts_at": 1772445600}"#,
        ];
        let told = [
            "b1 booked 2026-03-02T09:00Z 2026-03-02T09:00Z",
            "b2 booked 2026-03-02T10:00Z 2026-03-02T10:00Z",
        ];
        for text in [
            rows.join("\n"),
            format!("[{}]", rows.join(",\n")),
            format!("[{}]", rows.join(",").replace(", ", ",\n  ")),
        ] {
            assert_eq!(read_rows(&text), told, "{text}");
        }
    }

    #[test]
    fn statuses_are_read_as_people_write_them() {
        for (text, status) in [
            ("Checked-in", Some(BookingStatus::Booked)),
            ("Late Cancellation", Some(BookingStatus::Cancelled)),
            ("No Show (charged)", Some(BookingStatus::NoShow)),
            ("Declined by seller", Some(BookingStatus::Cancelled)),
            ("maybe", None),
        ] {
            assert_eq!(read_status(text), status, "{text}");
        }
    }
}
