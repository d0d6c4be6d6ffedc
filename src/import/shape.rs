//! From a row's cells to a [`Record`]: the same for CSV and JSON Lines.

use std::borrow::Cow;
use std::collections::HashMap;

use super::field::{COLUMNS, FIELDS, Field};
use super::words::{nearest, shown};
use super::{ReadError, Record, RowError, SourceSettings, Tells, time};
use crate::config::DateOrder;
use crate::model::{Author, Channel, Direction};
use crate::zone::Zone;

/// What a source's settings say about its rows.
pub(crate) struct Shape {
    timezone: Option<Zone>,
    date_order: Option<DateOrder>,
    channel: Option<Channel>,
    values: [Option<HashMap<String, String>>; FIELDS],
}

impl Shape {
    /// The shape that `settings` describe.
    ///
    /// # Errors
    /// A value map of a column that does not exist.
    pub(crate) fn new(settings: &SourceSettings) -> Result<Self, ReadError> {
        check_names("values", settings.values.keys())?;
        check_names("columns", settings.columns.keys())?;
        let map = |field: Field| {
            let values = settings.values.get(field.name())?;
            Some(values.clone().into_iter().collect())
        };
        Ok(Self {
            timezone: settings.timezone.clone(),
            date_order: settings.date_order,
            channel: settings.channel,
            values: Field::ALL.map(map),
        })
    }

    /// Whether a row may do without this field.
    pub(crate) fn is_optional(&self, field: Field) -> bool {
        !Field::REQUIRED.contains(&field) || field == Field::Channel && self.channel.is_some()
    }

    /// The record of the row that begins on `line`; `cell` gives a field's text, `None` when it is empty.
    pub(crate) fn record<'a, E: From<RowError>>(
        &'a self,
        line: u64,
        mut cell: impl FnMut(Field) -> Option<Cow<'a, str>>,
    ) -> Result<Record<'a>, E> {
        let mut get = |field: Field| match &self.values[field as usize] {
            None => cell(field),
            Some(map) => mapped(map, cell(field)),
        };
        let fail = |reason: String| E::from(RowError { line, reason });
        let contact_id = get(Field::ContactId).ok_or_else(|| {
            fail("contact_id: the cell is empty; every message needs its contact".to_owned())
        })?;
        let channel = channel(get(Field::Channel), self.channel).map_err(fail)?;
        let direction = direction(get(Field::Direction)).map_err(fail)?;
        let author = author(get(Field::Author), direction).map_err(fail)?;
        let sent_at = get(Field::SentAt).unwrap_or_default();
        let sent_at = time::instant(&sent_at, self.timezone.as_ref(), self.date_order)
            .map_err(|reason| fail(format!("sent_at: {reason}")))?;
        let automatic = mark("automatic", get(Field::Automatic)).map_err(fail)?;
        let ad_click = mark("ad_click", get(Field::AdClick)).map_err(fail)?;
        Ok(Record {
            tells: Tells::Message,
            line,
            contact_id,
            channel,
            author,
            sent_at,
            text: get(Field::Text).unwrap_or_default(),
            automatic,
            ad_click,
            message_id: get(Field::MessageId),
            conversation_id: get(Field::ConversationId),
            status: get(Field::Status),
            name: get(Field::Name),
            phone: get(Field::Phone),
            email: get(Field::Email),
            address: get(Field::Address),
            timezone: get(Field::Timezone),
            language: get(Field::Language),
            tags: get(Field::Tags),
        })
    }
}

/// Our value for theirs, where the source maps it.
fn mapped<'a>(
    map: &'a HashMap<String, String>,
    theirs: Option<Cow<'a, str>>,
) -> Option<Cow<'a, str>> {
    match map.get(theirs.as_deref().unwrap_or_default()) {
        Some(ours) if ours.is_empty() => None,
        Some(ours) => Some(Cow::Borrowed(ours)),
        None => theirs,
    }
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), ReadError> {
    for name in names {
        if !COLUMNS.contains(&name.as_str()) {
            let hint = nearest(name, COLUMNS).map_or_else(
                || format!("the names are {}", COLUMNS.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(ReadError::File(format!(
                "`{what}` of the source names {}, which is none of our columns; {hint}",
                shown(name)
            )));
        }
    }
    Ok(())
}

fn channel(cell: Option<Cow<'_, str>>, default: Option<Channel>) -> Result<Channel, String> {
    let Some(cell) = cell else {
        return default.ok_or_else(|| {
            format!(
                "channel: the cell is empty; write one of {}",
                names(Channel::ALL, Channel::as_str)
            )
        });
    };
    named(&cell, Channel::ALL, Channel::as_str).ok_or_else(|| {
        format!(
            "channel: {} is no channel; write one of {}, or map it with `values` on the source",
            shown(&cell),
            names(Channel::ALL, Channel::as_str)
        )
    })
}

fn direction(cell: Option<Cow<'_, str>>) -> Result<Direction, String> {
    let cell = cell.unwrap_or_default();
    match cell.as_ref() {
        "inbound" | "in" => Ok(Direction::Inbound),
        "outbound" | "out" => Ok(Direction::Outbound),
        other => match other.trim().to_ascii_lowercase().as_str() {
            "inbound" | "in" | "incoming" => Ok(Direction::Inbound),
            "outbound" | "out" | "outgoing" => Ok(Direction::Outbound),
            _ => Err(format!(
                "direction: {} is neither inbound (in) nor outbound (out); write one of them, or map it with `values` on the source",
                shown(&cell)
            )),
        },
    }
}

fn author(cell: Option<Cow<'_, str>>, direction: Direction) -> Result<Author, String> {
    let Some(cell) = cell else {
        return Ok(match direction {
            Direction::Inbound => Author::Contact,
            Direction::Outbound => Author::Bot,
        });
    };
    let author = named(&cell, Author::ALL, Author::as_str).ok_or_else(|| {
        format!(
            "author: {} is no author; write one of {}, or map it with `values` on the source",
            shown(&cell),
            names(Author::ALL, Author::as_str)
        )
    })?;
    if author.direction() == direction {
        Ok(author)
    } else {
        Err(format!(
            "author: {author} does not write {direction} messages; correct `author` or `direction`"
        ))
    }
}

fn mark(name: &str, cell: Option<Cow<'_, str>>) -> Result<bool, String> {
    match cell.as_deref() {
        None | Some("false" | "0" | "no") => Ok(false),
        Some("true" | "1" | "yes") => Ok(true),
        Some(other) => Err(format!(
            "{name}: {} is neither true nor false; write one of them",
            shown(other)
        )),
    }
}

/// The value of this name, whatever its case and the blanks around it.
pub(super) fn named<T: Copy>(cell: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let exact = all.iter().find(|value| name(**value) == cell);
    exact
        .or_else(|| {
            let cell = cell.trim().replace([' ', '-'], "_");
            all.iter()
                .find(|value| name(**value).eq_ignore_ascii_case(&cell))
        })
        .copied()
}

/// The names of all values, for a message.
pub(super) fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    let names: Vec<_> = all.iter().map(|value| name(*value)).collect();
    names.join(", ")
}
