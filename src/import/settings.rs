use std::collections::BTreeMap;

use crate::model::{Channel, named};
use crate::zone::Zone;

named! {
    /// How an export is written. Message, contact and follow-up files of the tool's own CSV and JSON Lines are
    /// told apart by their columns.
    Format {
        /// The tool's own comma-, semicolon- or tab-separated table.
        Csv = "csv",
        /// The same fields as one JSON object a line.
        Jsonl = "jsonl",
    }
}

named! {
    /// The order of day, month and year in dates written in digits.
    DateOrder {
        /// Day, month, year: most of the world.
        DayMonthYear = "dmy",
        /// Month, day, year: the United States.
        MonthDayYear = "mdy",
        /// Year, month, day.
        YearMonthDay = "ymd",
    }
}

/// What must be known of a source to read its files.
#[derive(Debug, Clone, Default)]
pub struct SourceSettings {
    /// How the files are written; `None` is found from their content.
    pub format: Option<Format>,
    /// Our column name (see [`super::COLUMNS`]) to theirs; in JSON Lines a dotted path (`contact.phone`).
    pub columns: BTreeMap<String, String>,
    /// Our column name to a map of their values to ours: `direction = { incoming = "inbound" }`.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The zone of times that carry no offset.
    pub timezone: Option<Zone>,
    /// The order of dates written in digits, such as `03/04/2026`.
    pub date_order: Option<DateOrder>,
    /// Our own sender names in a chat export.
    pub us: Vec<String>,
    /// The channel of rows that name none.
    pub channel: Option<Channel>,
}
