//! Records between the reader and the database: their text in one arena.

use std::collections::HashMap;

use super::reading::Seen;
use crate::import::{Record, Said, Tells};
use crate::model::{Author, Channel, WordKind, WordSource};
use crate::store::micros;

/// The size of a batch: rows, and bytes of text. Three are under way at once: cut, read and stored.
const MOST_ROWS: usize = 12_288;
const MOST_BYTES: usize = 4 << 20;

/// A piece of the batch's text.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// A record, its text in the batch's arena.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) contact_id: Piece,
    pub(super) line: u64,
    pub(super) channel: Channel,
    pub(super) author: Author,
    pub(super) automatic: bool,
    pub(super) ad_click: bool,
    pub(super) sent_at: i64,
    pub(super) text: Piece,
    pub(super) message_id: Option<Piece>,
    pub(super) conversation_id: Option<Piece>,
    pub(super) status: Option<Piece>,
    pub(super) name: Option<Piece>,
    pub(super) phone: Option<Piece>,
    pub(super) email: Option<Piece>,
    pub(super) address: Option<Piece>,
    pub(super) timezone: Option<Piece>,
    pub(super) language: Option<Piece>,
    pub(super) tags: Option<Piece>,
    pub(super) is_message: bool,
    pub(super) said: Option<SaidRow>,
}

/// A word about the contact, its text in the batch's arena.
#[derive(Clone, Copy)]
pub(super) struct SaidRow {
    pub(super) kind: WordKind,
    pub(super) source: WordSource,
    pub(super) reason: Option<Piece>,
}

/// Some records of a file, on their way into the store.
#[derive(Default)]
pub struct Batch {
    pub(super) arena: String,
    pub(super) rows: Vec<Row>,
    /// Once they are read: what they tell, contact by contact.
    pub(super) seen: Vec<Seen>,
}

impl Batch {
    /// Takes a record, unless it tells nothing.
    pub fn push(&mut self, record: &Record<'_>) {
        if matches!(record.tells, Tells::Nothing) {
            return;
        }
        let mut keep = |text: &str| {
            let start = u32::try_from(self.arena.len()).unwrap_or(u32::MAX);
            self.arena.push_str(text);
            Piece {
                start,
                len: u32::try_from(text.len()).unwrap_or(0),
            }
        };
        let (contact_id, text) = (keep(&record.contact_id), keep(&record.text));
        let mut given = |value: &Option<std::borrow::Cow<'_, str>>| {
            value.as_deref().filter(|v| !v.is_empty()).map(&mut keep)
        };
        let said = match &record.tells {
            Tells::Message | Tells::Nothing => None,
            Tells::MessageAndWord(said) | Tells::Word(said) => Some(said),
        };
        let said = said.map(
            |Said {
                 kind,
                 source,
                 reason,
             }| SaidRow {
                kind: *kind,
                source: *source,
                reason: given(reason),
            },
        );
        self.rows.push(Row {
            is_message: !matches!(record.tells, Tells::Word(_)),
            said,
            contact_id,
            line: record.line,
            channel: record.channel,
            author: record.author,
            automatic: record.automatic,
            ad_click: record.ad_click,
            sent_at: micros(record.sent_at),
            text,
            message_id: given(&record.message_id),
            conversation_id: given(&record.conversation_id),
            status: given(&record.status),
            name: given(&record.name),
            phone: given(&record.phone),
            email: given(&record.email),
            address: given(&record.address),
            timezone: given(&record.timezone),
            language: given(&record.language),
            tags: given(&record.tags),
        });
    }

    pub(super) fn text(&self, piece: Piece) -> &str {
        let start = piece.start as usize;
        self.arena
            .get(start..start + piece.len as usize)
            .unwrap_or_default()
    }

    pub(super) fn get(&self, piece: Option<Piece>) -> Option<&str> {
        piece.map(|p| self.text(p))
    }

    /// The rows of each contact, by their places, contacts and rows in the order of the file.
    pub(super) fn by_contact(&self) -> Vec<(Piece, Vec<u32>)> {
        let mut index: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(Piece, Vec<u32>)> = Vec::new();
        let mut last: Option<(&str, usize)> = None;
        for (place, row) in (0..).zip(&self.rows) {
            let contact_id = self.text(row.contact_id);
            let at = match last.filter(|(id, _)| *id == contact_id) {
                Some((_, at)) => at,
                None => *index.entry(contact_id).or_insert_with(|| {
                    groups.push((row.contact_id, Vec::new()));
                    groups.len() - 1
                }),
            };
            last = Some((contact_id, at));
            groups[at].1.push(place);
        }
        groups
    }

    /// How many records it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn row(&self, place: u32) -> &Row {
        &self.rows[place as usize]
    }

    /// Whether it is time to store it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.arena.len() >= MOST_BYTES
    }
}

/// Whether a contact's rows come oldest first, newest first, or in no order that could tell which of two
/// messages of the same time came first.
#[derive(Clone, Copy)]
pub(super) enum FileOrder {
    OldestFirst,
    NewestFirst,
    None,
}

impl FileOrder {
    pub(super) fn of(rows: &[&Row]) -> Self {
        let times = rows.iter().map(|r| r.sent_at);
        if times.clone().is_sorted() {
            Self::OldestFirst
        } else if times.is_sorted_by(|a, b| a >= b) {
            Self::NewestFirst
        } else {
            Self::None
        }
    }

    pub(super) fn seq(self, row: &Row) -> i64 {
        let line = row.line.cast_signed();
        match self {
            Self::OldestFirst => line,
            Self::NewestFirst => -line,
            Self::None => 0,
        }
    }
}
