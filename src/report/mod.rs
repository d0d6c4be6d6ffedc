//! What people and programs read: tables, panels, pages and JSON of values that were decided elsewhere. No logic.

pub mod calendar;
mod clocks;
mod conversation;
pub mod dashboard;
mod finding;
pub mod history;
mod names;
pub mod output;
pub mod panel;
pub mod plan;
mod reason;
pub mod review;
pub mod run;
pub mod status;
pub mod terminal;
mod text;
pub mod writing;

pub use clocks::Clocks;
pub use finding::finding;
pub use names::{action_words, channel_words, name_after, reason_words, scenario_words};
pub use reason::words;

/// "1 message", "2 messages".
#[must_use]
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
