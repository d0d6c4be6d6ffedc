//! The table of messages that Twilio's console exports.

use std::borrow::Cow;

use super::{Message, Twilio};
use crate::import::loose::Text;
use crate::import::platform::{HasLists, whose};
use crate::import::table::Table;
use crate::import::words::shown;
use crate::import::{ReadError, Reader, Record, RowError, SourceSettings};

/// Reads the table that the console exports.
pub(crate) struct TwilioTable {
    table: Table,
    twilio: Twilio,
    /// Where each of [`COLUMNS`] stands.
    places: [Option<usize>; COLUMNS.len()],
}

/// The columns that are read.
const COLUMNS: [&str; 9] = [
    "From",
    "To",
    "Body",
    "Status",
    "SentDate",
    "CreatedDate",
    "ErrorCode",
    "Sid",
    "Direction",
];

impl TwilioTable {
    /// A reader of a table whose header has been read.
    ///
    /// # Errors
    /// A column is missing, or stands there twice.
    pub(crate) fn of(table: Table, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            *place = table.header.find(name)?;
            let spaced = match name {
                "SentDate" => &["Sent Date", "Date Sent", "DateSent", "date_sent"][..],
                "CreatedDate" => &[
                    "Created Date",
                    "Date Created",
                    "DateCreated",
                    "date_created",
                    "Date",
                    "DateUpdated",
                    "Date Updated",
                ],
                "ErrorCode" => &["Error Code", "error_code"],
                "Sid" => &[
                    "MessageSid",
                    "Message Sid",
                    "SMS Message SID",
                    "Message_Sid",
                ],
                "Body" => &["Message Body", "Message"],
                _ => &[],
            };
            for other in spaced {
                if place.is_none() {
                    *place = table.header.find(other)?;
                }
            }
            if place.is_none() && matches!(name, "From" | "To" | "Direction") {
                return Err(ReadError::File(format!(
                    "the header lacks {}; export the message log again with all columns",
                    shown(name)
                )));
            }
        }
        Ok(Self {
            table,
            twilio: Twilio::new(settings, HasLists::No),
            places,
        })
    }
}

impl Reader for TwilioTable {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        let Table { rows, header } = &mut self.table;
        let cells = match rows.next() {
            Err(e) => return Some(Err(e.into())),
            Ok(None) => return None,
            Ok(Some(Err(fault))) => return Some(Err(header.row_error(fault).into())),
            Ok(Some(Ok(cells))) => cells,
        };
        let line = cells.line();
        if cells.len() > header.len()
            && let Some(reason) = header.too_wide(cells)
        {
            return Some(Err(RowError { line, reason }.into()));
        }
        let cell = |n: usize| Some(Text(Cow::Borrowed(cells.get(self.places[n]?)?)));
        let message = Message {
            from: cell(0),
            to: cell(1),
            body: cell(2),
            status: cell(3),
            date_sent: cell(4),
            date_created: cell(5),
            error_code: cell(6),
            sid: cell(7),
            direction: cell(8),
        };
        let mut record = match self.twilio.record(message) {
            Ok(told) => told.unwrap_or_else(Record::nothing),
            Err(reason) => return Some(Err(RowError { line, reason }.into())),
        };
        record.line = line;
        if let Err(reason) = whose(&record) {
            return Some(Err(RowError { line, reason }.into()));
        }
        Some(Ok(record)) // a table's cells have been looked at
    }
}
