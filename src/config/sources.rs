use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{Channel, Delay};
use crate::zone::Zone;

/// `[[sources]]`: where messages come from.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceConfig {
    /// Its name; unique.
    pub name: String,
    /// What its files are.
    pub format: Format,
    /// The files, resolved: a path that may have `*` and `?` in its last parts.
    pub path: PathBuf,
    /// Its own `fresh_for`: `None` is that of `[limits]`, `Some(None)` is `"off"` (rule D15).
    pub fresh_for: Option<Option<Delay>>,
    /// For csv and jsonl: our column's name to the file's.
    pub columns: BTreeMap<String, String>,
    /// For csv and jsonl: our column's name to (the file's value to ours).
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The zone of times without an offset.
    pub zone: Option<Zone>,
    /// The order of numeric dates, where the file does not show it.
    pub date_order: Option<DateOrder>,
    /// For whatsapp: the names under which we write.
    pub us: Vec<String>,
    /// For whatsapp: which of [`SourceConfig::us`] are staff (rule D6); the others are the bot.
    pub humans: Vec<String>,
    /// The channel of rows that name none.
    pub channel: Option<Channel>,
    /// For whatsapp: the contact's id, when it is not to be taken from the chat.
    pub contact_id: Option<String>,
    /// For csv: the separator, when it is not to be found out.
    pub delimiter: Option<u8>,
}

crate::model::named! {
    /// What a source's files are.
    Format {
        /// The tool's own columns, or mapped ones.
        Csv = "csv",
        /// One JSON object a line, with the same names.
        Jsonl = "jsonl",
        /// A chat exported by WhatsApp, `.txt` or `.zip`.
        Whatsapp = "whatsapp",
    }
}

crate::model::named! {
    /// The order of a numeric date's parts.
    DateOrder {
        /// 31/12/2026.
        Dmy = "dmy",
        /// 12/31/2026.
        Mdy = "mdy",
        /// 2026/12/31.
        Ymd = "ymd",
    }
}
