//! Rows of the tables as values.

use rusqlite::Row;

use super::time;
use crate::model::{FollowUp, Message, Signal, Word};

/// The columns that [`follow_up`] reads, in its order.
macro_rules! follow_up_columns {
    () => {
        "id, episode, scenario, step, state, channel, refused_on, address, due_at, claimed_at, \
         sent_at, retry_at, attempts, provider_id, text, text_source, error, imported_id"
    };
}
pub(super) use follow_up_columns;

pub(super) fn word(row: &Row<'_>) -> rusqlite::Result<Word> {
    Ok(Word {
        kind: named(row, 0)?,
        at: time(row.get(1)?),
        until: row.get::<_, Option<i64>>(2)?.map(time),
        reason: row.get(3)?,
        source: named(row, 4)?,
    })
}

pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let signal = match row.get_ref(6)? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(Signal {
            kind: named(row, 6)?,
            at: row.get::<_, Option<i64>>(7)?.map(time),
            zone: row.get(8)?,
            source: named(row, 9)?,
            evidence: row.get(10)?,
        }),
    };
    Ok(Message {
        sent_at: time(row.get(0)?),
        seq: row.get(1)?,
        channel: named(row, 2)?,
        author: named(row, 3)?,
        source: row.get(4)?,
        automatic: row.get(5)?,
        signal,
        message_id: row.get(11)?,
        conversation_id: row.get(12)?,
        status: row.get(13)?,
        text: row.get(14)?,
        ad_click: row.get(15)?,
    })
}

/// A row of `follow_up_columns!`.
pub(super) fn follow_up(row: &Row<'_>, prefix: &str) -> rusqlite::Result<FollowUp> {
    let refused_on: String = row.get(6)?;
    Ok(FollowUp {
        id: match row.get(17)? {
            Some(id) => id,
            None => format!("{prefix}{}", row.get::<_, i64>(0)?),
        },
        episode: time(row.get(1)?),
        scenario: named(row, 2)?,
        step: row.get(3)?,
        state: named(row, 4)?,
        channel: named(row, 5)?,
        refused_on: refused_on
            .split_whitespace()
            .filter_map(|c| c.parse().ok())
            .collect(),
        address: row.get(7)?,
        due_at: time(row.get(8)?),
        claimed_at: time(row.get(9)?),
        sent_at: row.get::<_, Option<i64>>(10)?.map(time),
        retry_at: row.get::<_, Option<i64>>(11)?.map(time),
        attempts: row.get(12)?,
        provider_id: row.get(13)?,
        text: row.get(14)?,
        text_source: named(row, 15)?,
        error: row.get(16)?,
    })
}

/// A column that holds one of an enum's words.
pub(super) fn named<T: std::str::FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    text.parse().map_err(|_| {
        let words = format!("unknown word {text:?}: the database was written by another version");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, words.into())
    })
}

/// The tags of an export and our own, each once.
pub(super) fn tags(given: Option<String>, own: Option<String>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for list in [given, own].into_iter().flatten() {
        for tag in list.split(';').map(str::trim).filter(|t| !t.is_empty()) {
            if !tags.iter().any(|t| t == tag) {
                tags.push(tag.to_owned());
            }
        }
    }
    tags
}
