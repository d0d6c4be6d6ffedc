//! Every message for an export: streamed in the order of the contacts, of one contact in the order of time.

use std::ops::Range;

use anyhow::Result;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Row, Rows};

use super::rows::named;
use super::{ContactKey, Store, time};
use crate::model::{Author, Channel, Timestamp};

/// A message for an export, borrowed from the database's row.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the columns of the messages file, as the interface names them"
)]
pub struct MessageRow<'a> {
    pub contact_id: &'a str,
    pub channel: Channel,
    pub author: Author,
    pub sent_at: Timestamp,
    pub text: &'a str,
    pub message_id: Option<&'a str>,
    pub conversation_id: Option<&'a str>,
    pub status: Option<&'a str>,
    pub name: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
    pub address: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub language: Option<&'a str>,
    pub tags: Option<&'a str>,
    pub automatic: bool,
    /// The contact came by a click on an ad (rule D17).
    pub ad_click: bool,
}

/// How many messages of a contact are put in order here; those of one who has more are sorted by SQLite, which does
/// it on the disk if it must.
const MOST_SORTED: usize = 4096;
/// How many bytes of text these may have.
const MOST_BYTES: usize = 4 << 20;

const CONTACTS: &str = "SELECT id, contact_id, name, phone, email, timezone, language, tags FROM contacts \
                        WHERE id >= ?1 AND id < ?2 ORDER BY id";
const ADDRESSES: &str = "SELECT contact, channel, address FROM addresses \
                         WHERE contact >= ?1 AND contact < ?2 ORDER BY contact";
/// In the order in which they are stored, which is that of the contacts.
const MESSAGES: &str = "SELECT contact, channel, author, sent_at, text, message_id, conversation_id, status, \
                          automatic, ad_click, seq FROM messages \
                        WHERE contact >= ?1 AND contact < ?2 ORDER BY contact";
const OWN: &str = "SELECT contact, channel, 'followup', sent_at, text, provider_id, conversation_id, state, 0, 0, 0 \
                   FROM follow_ups WHERE contact >= ?1 AND contact < ?2 AND state = 'sent' ORDER BY contact";
/// One contact's messages in the order of [`Kept::place`].
const SORTED: &str = "SELECT * FROM (SELECT contact, channel, author, sent_at, text, message_id, conversation_id, \
                        status, automatic, ad_click, seq FROM messages WHERE contact = ?1 \
                      UNION ALL SELECT contact, channel, 'followup', sent_at, text, provider_id, conversation_id, \
                        state, 0, 0, 0 FROM follow_ups WHERE contact = ?1 AND state = 'sent') \
                      ORDER BY sent_at, seq, author <> 'followup', author";

impl Store {
    /// Rows of contacts in pieces of `size`, all of them together.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pieces(&self, size: u32) -> Result<Vec<Range<ContactKey>>> {
        let last = "SELECT coalesce(max(id), 0) FROM contacts";
        let last: ContactKey = self.connection.query_row(last, [], |row| row.get(0))?;
        let begins = (0..=last).step_by(size.max(1) as usize);
        Ok(begins
            .map(|at| at..at.saturating_add(size.into()))
            .collect())
    }

    /// Gives every message to `each`, by contact and in time order, our own follow-ups among them; those of some
    /// contacts, by their rows.
    ///
    /// # Errors
    /// When the database cannot be read, and those of `each`.
    pub fn each_message(
        &self,
        contacts: &Range<ContactKey>,
        mut each: impl FnMut(&MessageRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let connection = &self.connection;
        let range = (contacts.start, contacts.end);
        let mut everyone = connection.prepare_cached(CONTACTS)?;
        let mut everyone = everyone.query(range)?;
        let mut messages = connection.prepare_cached(MESSAGES)?;
        let mut messages = Merged::new(messages.query(range)?)?;
        let mut own = connection.prepare_cached(OWN)?;
        let mut own = Merged::new(own.query(range)?)?;
        let mut addresses = connection.prepare_cached(ADDRESSES)?;
        let mut addresses = Merged::new(addresses.query(range)?)?;
        let mut kept = Thread::default();
        while let Some(contact) = everyone.next()? {
            let key: ContactKey = contact.get(0)?;
            let mut addressed: Vec<(Channel, String)> = Vec::new();
            addresses.of(key, |row| {
                addressed.push((named(row, 1)?, row.get(2)?));
                Ok(())
            })?;
            kept.clear();
            messages.of(key, |row| kept.take(row))?;
            own.of(key, |row| kept.take(row))?;
            if !kept.is_full() {
                kept.rows.sort_by_key(|row| row.place);
                for row in &kept.rows {
                    each(&kept.message(row, contact, &addressed)?)?;
                }
            } else {
                kept.clear();
                let mut sorted = connection.prepare_cached(SORTED)?;
                let mut sorted = sorted.query([key])?;
                while let Some(row) = sorted.next()? {
                    kept.clear();
                    kept.take(row)?;
                    for row in &kept.rows {
                        each(&kept.message(row, contact, &addressed)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Rows in the order of the contacts in their first column, taken contact by contact.
struct Merged<'s> {
    rows: Rows<'s>,
    /// Whose row the current one is.
    next: Option<ContactKey>,
}

impl<'s> Merged<'s> {
    fn new(mut rows: Rows<'s>) -> Result<Self> {
        let next = rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(Self { rows, next })
    }

    /// Gives `take` the rows of a contact, once those before are done.
    fn of(&mut self, key: ContactKey, mut take: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        while let Some(next) = self.next.filter(|next| *next <= key) {
            if let Some(row) = self.rows.get()
                && next == key
            {
                take(row)?;
            }
            self.next = self.rows.next()?.map(|row| row.get(0)).transpose()?;
        }
        Ok(())
    }
}

/// Messages of a contact, their text in one arena.
#[derive(Default)]
struct Thread {
    arena: String,
    rows: Vec<Kept>,
}

struct Kept {
    /// By time; of equal times our own come first, as they do where a decision is made (rule D11).
    place: (i64, i64, bool, &'static str),
    channel: Channel,
    author: Author,
    automatic: bool,
    ad_click: bool,
    /// Text, message id, conversation id, status.
    texts: [Option<(usize, usize)>; 4],
}

impl Thread {
    fn clear(&mut self) {
        self.arena.clear();
        self.rows.clear();
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MOST_SORTED || self.arena.len() >= MOST_BYTES
    }

    /// Keeps a row, unless there are too many.
    fn take(&mut self, row: &Row<'_>) -> Result<()> {
        if self.is_full() {
            return Ok(());
        }
        let author: Author = named(row, 2)?;
        let mut texts = [None; 4];
        for (n, text) in (4..).zip(&mut texts) {
            if let Some(given) = row.get_ref(n)?.as_str_or_null()? {
                let begin = self.arena.len();
                self.arena.push_str(given);
                *text = Some((begin, self.arena.len()));
            }
        }
        self.rows.push(Kept {
            place: (
                row.get(3)?,
                row.get(10)?,
                author != Author::Followup,
                author.as_str(),
            ),
            channel: named(row, 1)?,
            author,
            automatic: row.get(8)?,
            ad_click: row.get(9)?,
            texts,
        });
        Ok(())
    }

    /// A kept row as a message of `contact`.
    fn message<'r>(
        &'r self,
        row: &Kept,
        contact: &'r Row<'_>,
        addresses: &'r [(Channel, String)],
    ) -> Result<MessageRow<'r>> {
        let told =
            |i: usize| -> Result<Option<&'r str>> { Ok(contact.get_ref(i)?.as_str_or_null()?) };
        let text = |n: usize| self.arena.get(row.texts[n]?.0..row.texts[n]?.1);
        let address = addresses.iter().find(|(on, _)| *on == row.channel);
        Ok(MessageRow {
            contact_id: contact.get_ref(1)?.as_str()?,
            channel: row.channel,
            author: row.author,
            sent_at: time(row.place.0),
            text: text(0).unwrap_or_default(),
            message_id: text(1),
            conversation_id: text(2),
            status: text(3),
            name: told(2)?,
            phone: told(3)?,
            email: told(4)?,
            address: address.map(|(_, address)| address.as_str()),
            timezone: told(5)?,
            language: told(6)?,
            tags: told(7)?,
            automatic: row.automatic,
            ad_click: row.ad_click,
        })
    }
}
