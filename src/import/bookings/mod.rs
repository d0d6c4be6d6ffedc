//! Records of appointments: a table, and an iCalendar file.

mod calendar;
mod content_line;
mod event;
mod recurrence;
mod table;
mod tools;
mod windows_zones;
mod zone_definition;
mod zones;

use std::io::Read;

pub(crate) use table::read_status;
pub(crate) use tools::is_tools;

use super::{ReadError, RowError, SourceSettings};
use crate::config::Format;
use crate::model::{BookingStatus, Timestamp};

/// An appointment as an export tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRecord {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its id; without one, what tells it from others.
    pub id: String,
    /// Whom it is with: ids of contacts.
    pub contact_ids: Vec<String>,
    /// Phone numbers, as they are written.
    pub phones: Vec<String>,
    /// Email addresses.
    pub emails: Vec<String>,
    /// What is said of it.
    pub status: BookingStatus,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it is over; `None` for one that repeats without an end.
    pub ends_at: Option<Timestamp>,
}

/// What a file of appointments has.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bookings {
    /// The appointments.
    pub records: Vec<BookingRecord>,
    /// Rows that could not be used.
    pub rejected: Vec<RowError>,
    /// It is a whole calendar: what is not in it any more, and is still to come, is called off.
    pub is_whole: bool,
}

/// More than any calendar has: it is kept in memory, to be stored at once or not at all.
const MOST_BYTES: u64 = 64 << 20;
const MOST_RECORDS: usize = 200_000;

/// Reads a file of appointments, `format` one of [`Format::BOOKINGS`].
///
/// # Errors
/// When it is none, is cut off, or is too long; then nothing of it counts.
pub fn read_bookings(
    input: impl Read + Send + 'static,
    format: Format,
    settings: &SourceSettings,
) -> Result<Bookings, ReadError> {
    let input = super::encoding::decoded(input.take(MOST_BYTES))?;
    let bookings = match format {
        Format::Icalendar => calendar::read(input, settings)?,
        _ => table::read(input, settings)?,
    };
    if bookings.records.len() >= MOST_RECORDS {
        return Err(ReadError::File(format!(
            "there are more than {MOST_RECORDS} appointments in it; export those of a shorter time"
        )));
    }
    Ok(bookings)
}
