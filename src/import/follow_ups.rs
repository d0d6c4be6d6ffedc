use std::io::Read;

use super::contacts::instant;
use super::named_rows::{NamedRow, NamedRows};
use super::shape::{named, names};
use super::table::Table;
use super::words::shown;
use super::{ReadError, SourceSettings};
use crate::model::{Channel, FollowUp, FollowUpState, Refusal, Scenario, TextSource};

/// The names of the columns of a follow-up file, in the order in which `export` writes them.
pub const FOLLOW_UP_COLUMNS: [&str; 20] = [
    "id",
    "contact_id",
    "scenario",
    "step",
    "state",
    "channel",
    "refused_on",
    "address",
    "episode",
    "due_at",
    "claimed_at",
    "sent_at",
    "retry_at",
    "attempts",
    "provider_id",
    "text",
    "text_source",
    "error",
    "conversation_id",
    "because",
];

/// One row of the log of follow-ups as an export tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpRecord {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The contact it was for.
    pub contact_id: String,
    /// The conversation it was sent in, where known.
    pub conversation_id: Option<String>,
    /// What was claimed, and what became of it.
    pub follow_up: FollowUp,
    /// The reasons of the decision, as the JSON list that was stored.
    pub because: Option<String>,
}

/// Reads a follow-up file row by row.
pub struct FollowUpReader {
    rows: NamedRows,
}

impl FollowUpReader {
    pub(crate) fn of_table(table: Table, settings: &SourceSettings) -> Result<Self, ReadError> {
        let rows = NamedRows::of_table(table, &FOLLOW_UP_COLUMNS, settings)?;
        Ok(Self { rows })
    }

    pub(crate) fn of_lines(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Self {
        let rows = NamedRows::of_lines(input, &FOLLOW_UP_COLUMNS, settings);
        Self { rows }
    }
}

/// After a [`ReadError::Row`] the next call goes on with the next row.
impl Iterator for FollowUpReader {
    type Item = Result<FollowUpRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.and_then(record))
    }
}

fn record(row: NamedRow<'_>) -> Result<FollowUpRecord, ReadError> {
    let text = |text: &str| Ok(text.to_owned());
    let number = |text: &str| {
        text.parse::<u32>()
            .map_err(|_| format!("{} is not a whole number", shown(text)))
    };
    let channel = one_of(Channel::ALL, Channel::as_str);
    let refused_on = row.list("refused_on")?;
    let refused_on = refused_on.iter().map(|name| {
        // The names of channels are the example that a wrong one is answered with.
        name.parse()
            .or_else(|_| channel(name).map(Refusal::ForGood))
    });
    let refused_on = refused_on
        .collect::<Result<_, _>>()
        .map_err(|reason| row.fail(format!("refused_on: {reason}")))?;
    let follow_up = FollowUp {
        id: row.need("id", text)?,
        episode: row.need("episode", instant)?,
        scenario: row.need("scenario", one_of(Scenario::ALL, Scenario::as_str))?,
        step: row.need("step", number)?,
        state: row.need("state", one_of(FollowUpState::ALL, FollowUpState::as_str))?,
        channel: row.need("channel", channel)?,
        refused_on,
        address: row.text("address").unwrap_or_default(),
        due_at: row.need("due_at", instant)?,
        claimed_at: row.need("claimed_at", instant)?,
        sent_at: row.maybe("sent_at", instant)?,
        retry_at: row.maybe("retry_at", instant)?,
        attempts: row.maybe("attempts", number)?.unwrap_or_default(),
        provider_id: row.text("provider_id"),
        text: row.text("text").unwrap_or_default(),
        text_source: row.need("text_source", one_of(TextSource::ALL, TextSource::as_str))?,
        error: row.text("error"),
    };
    Ok(FollowUpRecord {
        line: row.line,
        contact_id: row.need("contact_id", text)?,
        conversation_id: row.text("conversation_id"),
        because: row.text("because"),
        follow_up,
    })
}

fn one_of<T: Copy>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        named(text, all, name).ok_or_else(|| {
            format!(
                "{} is not one of {}; write one of them",
                shown(text),
                names(all, name)
            )
        })
    }
}
