//! Records between the reader and the database: their text in one arena, their rows by contact.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::reading::Sights;
use crate::import::{Record, Said, Tells};
use crate::model::{Author, Channel, WordKind, WordSource};
use crate::store::micros;

/// The size of a batch: rows, and bytes of text. Some are under way at once: cut, read and stored.
const MOST_ROWS: usize = 12_288;
const MOST_BYTES: usize = 3 << 20;

/// A piece of the batch's text. What the row of the same contact before it tells too is the same piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Counted from 1.
    start: NonZeroU32,
    len: u32,
}

/// A record, its text in the batch's arena.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Which of the batch's contacts.
    contact: u32,
    /// Which of the batch's pages.
    page: u32,
    pub(super) channel: Channel,
    pub(super) author: Author,
    pub(super) automatic: bool,
    pub(super) ad_click: bool,
    pub(super) is_message: bool,
    pub(super) line: u64,
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
    pub(super) said: Option<SaidRow>,
}

/// A word about the contact, its text in the batch's arena.
#[derive(Clone, Copy)]
pub(super) struct SaidRow {
    pub(super) kind: WordKind,
    pub(super) source: WordSource,
    pub(super) reason: Option<Piece>,
}

/// A contact of a batch.
pub(super) struct Member {
    pub(super) contact_id: Piece,
    /// The place of the newest row.
    last: u32,
    rows: u32,
}

/// Some records of a file, on their way into the store.
#[derive(Default)]
pub struct Batch {
    arena: String,
    pub(super) rows: Vec<Row>,
    /// How many pages came before.
    page: u32,
    /// The contacts, in the order of the file.
    members: Vec<Member>,
    /// Where each is among them, by a hash of its id.
    index: HashMap<u64, u32>,
    /// What makes that hash another one every time, so that no file can be made to clash.
    seed: u64,
    /// Once it is read: what it tells.
    pub(super) sights: Sights,
}

impl Batch {
    /// Takes a record, unless it tells nothing.
    pub fn push(&mut self, record: &Record<'_>) {
        if matches!(record.tells, Tells::Nothing) {
            return;
        }
        let contact = self.member(&record.contact_id);
        let before = self.members.get(contact as usize);
        let before = before.and_then(|m| self.rows.get(m.last as usize)).copied();
        let (arena, mut before) = (&mut self.arena, before.as_ref());
        before = before.filter(|row| row.contact == contact);
        let mut given = |value: &Option<std::borrow::Cow<'_, str>>,
                         of: fn(&Row) -> Option<Piece>| {
            let value = value.as_deref().filter(|v| !v.is_empty())?;
            let same = before.and_then(of).filter(|piece| piece.of(arena) == value);
            Some(same.unwrap_or_else(|| Piece::kept(arena, value)))
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
                reason: given(reason, |_| None),
            },
        );
        let row = Row {
            contact,
            page: self.page,
            channel: record.channel,
            author: record.author,
            automatic: record.automatic,
            ad_click: record.ad_click,
            is_message: !matches!(record.tells, Tells::Word(_)),
            line: record.line,
            sent_at: micros(record.sent_at),
            message_id: given(&record.message_id, |_| None),
            conversation_id: given(&record.conversation_id, |row| row.conversation_id),
            status: given(&record.status, |row| row.status),
            name: given(&record.name, |row| row.name),
            phone: given(&record.phone, |row| row.phone),
            email: given(&record.email, |row| row.email),
            address: given(&record.address, |row| row.address),
            timezone: given(&record.timezone, |row| row.timezone),
            language: given(&record.language, |row| row.language),
            tags: given(&record.tags, |row| row.tags),
            said,
            text: Piece::kept(arena, &record.text),
        };
        let place = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        if let Some(member) = self.members.get_mut(contact as usize) {
            member.last = place;
            member.rows += 1;
        }
        self.rows.push(row);
    }

    /// Where the contact of this id is among the members: a new one at their end.
    fn member(&mut self, contact_id: &str) -> u32 {
        let is = |batch: &Self, member: u32| {
            let member = batch.members.get(member as usize);
            member.is_some_and(|m| batch.text(m.contact_id) == contact_id)
        };
        if let Some(last) = self.rows.last()
            && is(self, last.contact)
        {
            return last.contact;
        }
        if self.members.is_empty() {
            self.seed = RandomState::new().hash_one(0);
        }
        let mut hash = xxh3_64_with_seed(contact_id.as_bytes(), self.seed);
        while let Some(found) = self.index.get(&hash) {
            if is(self, *found) {
                return *found;
            }
            hash = hash.wrapping_add(1);
        }
        let member = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.index.insert(hash, member);
        self.members.push(Member {
            contact_id: Piece::kept(&mut self.arena, contact_id),
            last: u32::MAX,
            rows: 0,
        });
        member
    }

    pub(super) fn text(&self, piece: Piece) -> &str {
        piece.of(&self.arena)
    }

    pub(super) fn get(&self, piece: Option<Piece>) -> Option<&str> {
        piece.map(|p| self.text(p))
    }

    /// Puts the places of the rows in the order of the contacts, and gives each contact with the span of its own:
    /// contacts and rows in the order of the file.
    pub(super) fn by_contact(&self, places: &mut Vec<u32>) -> Vec<(Piece, Range<usize>)> {
        let mut end = 0;
        let spans = self.members.iter().map(|member| {
            let begin = end;
            end += member.rows as usize;
            (member.contact_id, begin..end)
        });
        let spans: Vec<_> = spans.collect();
        let mut next: Vec<usize> = spans.iter().map(|(_, span)| span.start).collect();
        places.clear();
        places.resize(self.rows.len(), 0);
        for (place, row) in (0..).zip(&self.rows) {
            let at = &mut next[row.contact as usize];
            places[*at] = place;
            *at += 1;
        }
        spans
    }

    /// The rows at some places.
    pub(super) fn rows_at<'b>(
        &'b self,
        places: &'b [u32],
    ) -> impl ExactSizeIterator<Item = &'b Row> + Clone {
        places.iter().map(|place| &self.rows[*place as usize])
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

    /// Whether it is time to store it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.arena.len() >= MOST_BYTES
    }

    /// What is pushed from now on is of another page: of equal times, only those of one page are in its order.
    pub fn turn_page(&mut self) {
        self.page += 1;
    }

    /// Forgets all records, and keeps the room that they had for others.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.arena.shrink_to(2 * MOST_BYTES);
        self.rows.clear();
        self.page = 0;
        self.members.clear();
        self.index.clear();
        self.sights.clear();
    }
}

impl Piece {
    /// A new piece at the end of the arena.
    fn kept(arena: &mut String, text: &str) -> Self {
        let start = u32::try_from(arena.len() + 1)
            .ok()
            .and_then(NonZeroU32::new);
        arena.push_str(text);
        Self {
            start: start.unwrap_or(NonZeroU32::MAX),
            len: u32::try_from(text.len()).unwrap_or(0),
        }
    }

    fn of(self, arena: &str) -> &str {
        let start = self.start.get() as usize - 1;
        let text = arena.get(start..start + self.len as usize);
        text.unwrap_or_default()
    }
}

/// The places of a contact's rows among messages of the same time.
pub(super) fn seqs<'r>(
    rows: impl Iterator<Item = &'r Row> + Clone,
) -> impl Iterator<Item = i64> + Clone {
    let mut rest = rows.clone();
    let mut order: Option<(u32, FileOrder)> = None;
    rows.map(move |row| {
        let known = order.filter(|(page, _)| *page == row.page);
        let (page, found) = known.unwrap_or_else(|| {
            let page = rest.clone().take_while(|r| r.page == row.page);
            (row.page, FileOrder::of(page))
        });
        order = Some((page, found));
        rest.next();
        found.seq(row)
    })
}

/// Whether a contact's rows come oldest first, newest first, or in no order that could tell which of two
/// messages of the same time came first.
#[derive(Clone, Copy)]
enum FileOrder {
    OldestFirst,
    NewestFirst,
    None,
}

impl FileOrder {
    fn of<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Self {
        let times = rows.map(|r| r.sent_at);
        if times.clone().is_sorted() {
            Self::OldestFirst
        } else if times.is_sorted_by(|a, b| a >= b) {
            Self::NewestFirst
        } else {
            Self::None
        }
    }

    fn seq(self, row: &Row) -> i64 {
        let line = row.line.cast_signed();
        match self {
            Self::OldestFirst => line,
            Self::NewestFirst => -line,
            Self::None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn equal_times_are_in_the_order_of_their_own_page() {
        let mut batch = Batch::default();
        let push = |batch: &mut Batch, line, seconds| {
            let at = Timestamp::from_timestamp(seconds, 0).unwrap();
            let (who, text) = (Cow::Borrowed("c"), Cow::Borrowed("hi"));
            let mut record = Record::message(who, Channel::Sms, Author::Contact, at, text);
            record.line = line;
            batch.push(&record);
        };
        // Oldest first, then another list from its beginning, then one that goes backwards.
        for (page, times) in [[10, 10], [5, 5], [20, 10]].into_iter().enumerate() {
            for (n, seconds) in (1..).zip(times) {
                push(&mut batch, page as u64 * 10 + n, seconds);
            }
            batch.turn_page();
        }
        let seqs: Vec<i64> = seqs(batch.rows.iter()).collect();
        assert_eq!(seqs, [1, 2, 11, 12, -21, -22]);
        batch.clear();
        push(&mut batch, 7, 1);
        assert_eq!(batch.rows[0].page, 0);
    }
}
