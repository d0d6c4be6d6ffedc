use std::collections::BTreeMap;

use crate::config::{DateOrder, Format, SourceConfig};
use crate::model::Channel;
use crate::zone::Zone;

/// What must be known of a source to read its files. Message, contact and follow-up files of the tool's own CSV and
/// JSON Lines are told apart by their columns.
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
    /// Which of [`SourceSettings::us`] are members of staff (rule D6); the others are the bot.
    pub humans: Vec<String>,
    /// The channel of rows that name none.
    pub channel: Option<Channel>,
    /// For a chat with one contact: its id, when it is not the sender's name or number.
    pub contact_id: Option<String>,
    /// The separator of a table, when it is not to be found out.
    pub delimiter: Option<u8>,
}

impl From<&SourceConfig> for SourceSettings {
    fn from(source: &SourceConfig) -> Self {
        Self {
            format: source.format,
            columns: source.columns.clone(),
            values: source.values.clone(),
            timezone: source.zone.clone(),
            date_order: source.date_order,
            us: source.us.clone(),
            humans: source.humans.clone(),
            channel: source.channel,
            contact_id: source.contact_id.clone(),
            delimiter: source.delimiter,
        }
    }
}
