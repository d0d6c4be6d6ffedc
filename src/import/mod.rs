//! Reading exports: one file per format, each a [`Reader`] of [`Record`]s.

mod archive;
mod bookings;
mod chatwoot;
mod contacts;
mod content;
mod csv;
mod document;
mod elements;
mod email;
mod encoding;
mod field;
mod follow_ups;
pub(crate) mod guard;
mod highlevel;
mod html;
mod intercom;
mod json;
mod jsonl;
mod kind;
mod lines;
mod loose;
mod meta;
mod named_rows;
mod open;
mod own_document;
mod platform;
mod pulled;
mod readers;
mod rows;
mod settings;
mod shape;
mod signal;
mod sms_backup;
mod table;
mod telegram;
mod time;
mod twilio;
mod us;
mod whatsapp;
mod whatsapp_cloud;
mod words;
mod wrapped;
mod xml;

pub use bookings::{BookingRecord, Bookings, read_bookings};
pub use contacts::{CONTACT_COLUMNS, ContactReader, ContactRecord, Contacts};
pub use csv::CsvReader;
pub use email::modified as maildir_modified;
pub use encoding::Progress;
pub use field::COLUMNS;
pub use follow_ups::{FOLLOW_UP_COLUMNS, FollowUpReader, FollowUpRecord};
pub(crate) use highlevel::{DND as HIGHLEVEL_DND, appointment_record};
pub use jsonl::JsonlReader;
pub(crate) use loose::row;
pub use open::{Opened, Records, files_of, open, open_stream};
pub(crate) use pulled::{
    chatwoot_message, highlevel_contact, highlevel_message, intercom_conversation, twilio_message,
};
pub use settings::SourceSettings;
pub use whatsapp::{ChatCounts, WhatsappReader};
#[cfg(feature = "imap")]
pub(crate) use {email::Found, pulled::Mailbox};

use std::borrow::Cow;

use crate::model::{Author, Channel, Timestamp, WordKind, WordSource};

/// One message as an export tells it, with what the export says of the contact. Borrowed from the reader's
/// buffer: valid until the next call.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// What the row tells.
    pub tells: Tells<'a>,
    /// The line on which the row begins, or its number in a JSON list, from 1: also the order of equal `sent_at`.
    pub line: u64,
    /// The contact's id; never empty.
    pub contact_id: Cow<'a, str>,
    /// The channel.
    pub channel: Channel,
    /// Who wrote it; gives the direction.
    pub author: Author,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The text, exactly.
    pub text: Cow<'a, str>,
    /// An automatic reply by the export's own word (rule S8); the detector may find more.
    pub automatic: bool,
    /// The contact came by a click on an ad that opens the chat (rule D17).
    pub ad_click: bool,
    /// The provider's id.
    pub message_id: Option<Cow<'a, str>>,
    /// The provider's id of the conversation.
    pub conversation_id: Option<Cow<'a, str>>,
    /// The provider's word on delivery.
    pub status: Option<Cow<'a, str>>,
    /// The contact's name.
    pub name: Option<Cow<'a, str>>,
    /// The contact's phone number.
    pub phone: Option<Cow<'a, str>>,
    /// The contact's email address.
    pub email: Option<Cow<'a, str>>,
    /// The contact's id on this channel.
    pub address: Option<Cow<'a, str>>,
    /// The contact's zone name.
    pub timezone: Option<Cow<'a, str>>,
    /// The contact's language tag.
    pub language: Option<Cow<'a, str>>,
    /// The contact's tags, separated by `;`.
    pub tags: Option<Cow<'a, str>>,
}

/// What a row tells: a message, something of its contact, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tells<'a> {
    /// A message.
    #[default]
    Message,
    /// A message, and a word about the contact: a provider's refusal of it shows an opt-out (rule X4).
    MessageAndWord(Said<'a>),
    /// No message: a word about the contact, such as an appointment (rule D5). `author`, `channel` and `text` of
    /// the record mean nothing.
    Word(Said<'a>),
    /// Nothing: a reaction, a system line, a note among colleagues (rule S8). The record is not to be stored.
    Nothing,
}

/// A word about a contact (rule D6b), said at the `sent_at` of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<'a> {
    /// What is said.
    pub kind: WordKind,
    /// Who says it.
    pub source: WordSource,
    /// Why, in the export's words.
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> Record<'a> {
    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let maybe = |text: Option<Cow<'a, str>>| text.map(own);
        let said = |said: Said<'a>| Said {
            kind: said.kind,
            source: said.source,
            reason: maybe(said.reason),
        };
        Record {
            tells: match self.tells {
                Tells::Message => Tells::Message,
                Tells::MessageAndWord(word) => Tells::MessageAndWord(said(word)),
                Tells::Word(word) => Tells::Word(said(word)),
                Tells::Nothing => Tells::Nothing,
            },
            line: self.line,
            contact_id: own(self.contact_id),
            channel: self.channel,
            author: self.author,
            sent_at: self.sent_at,
            text: own(self.text),
            automatic: self.automatic,
            ad_click: self.ad_click,
            message_id: maybe(self.message_id),
            conversation_id: maybe(self.conversation_id),
            status: maybe(self.status),
            name: maybe(self.name),
            phone: maybe(self.phone),
            email: maybe(self.email),
            address: maybe(self.address),
            timezone: maybe(self.timezone),
            language: maybe(self.language),
            tags: maybe(self.tags),
        }
    }

    /// A row that tells nothing.
    pub(crate) fn nothing() -> Self {
        let (nobody, no_text) = (Cow::Borrowed(""), Cow::Borrowed(""));
        let mut record = Self::message(
            nobody,
            Channel::LiveChat,
            Author::Contact,
            Timestamp::UNIX_EPOCH,
            no_text,
        );
        record.tells = Tells::Nothing;
        record
    }

    /// A message of which no more is known than this.
    #[must_use]
    pub fn message(
        contact_id: Cow<'a, str>,
        channel: Channel,
        author: Author,
        sent_at: Timestamp,
        text: Cow<'a, str>,
    ) -> Self {
        Self {
            tells: Tells::Message,
            line: 0,
            contact_id,
            channel,
            author,
            sent_at,
            text,
            automatic: false,
            ad_click: false,
            message_id: None,
            conversation_id: None,
            status: None,
            name: None,
            phone: None,
            email: None,
            address: None,
            timezone: None,
            language: None,
            tags: None,
        }
    }
}

/// A row that could not be used. The rows after it are read all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RowError {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// Why, and what to do.
    pub reason: String,
}

/// Why a reader has no further record to give.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// This row is left out; go on.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The file as a whole cannot be read: nothing of it is kept.
    #[error("{0}")]
    File(String),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A streaming reader of one export.
pub trait Reader {
    /// The next record; `None` at the end. After a [`ReadError::Row`] the next call goes on with the next row.
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>>;

    /// What a person may want to know of the file as a whole.
    fn notes(&self) -> &[String] {
        &[]
    }
}
