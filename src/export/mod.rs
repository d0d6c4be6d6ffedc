//! Writing what is stored, so that [`crate::import`] reads it again with every field exact: tables for spreadsheets
//! (CSV, with a mark before cells that would run as formulas, threat S5) and JSON Lines.

mod contacts;
mod follow_ups;
mod messages;
mod rows;

pub use contacts::ContactWriter;
pub use follow_ups::FollowUpWriter;
pub use messages::MessageWriter;

crate::model::named! {
    /// How an export is written.
    ExportFormat {
        /// A table, comma-separated, with a header.
        Csv = "csv",
        /// One JSON object a line.
        Jsonl = "jsonl",
    }
}
