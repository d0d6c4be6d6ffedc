use std::fmt;
use std::io::Read;

use serde::de::{Deserializer, MapAccess, Visitor};

use super::named_rows::{NamedRow, NamedRows};
use super::platform::storable;
use super::table::Table;
use super::words::shown;
use super::{ReadError, SourceSettings, time};
use crate::model::{Channel, Contact, Join, Timestamp, Word, WordKind, WordSource};

/// The names of the columns of a contact file, in the order in which `export` writes them. Only the first is
/// required. `addresses` is a JSON object of channel to address; `words` a JSON list of what operators and
/// providers said, each `{"kind","at","until","reason","source"}`; `joins` a JSON list of who is the same person and
/// who is not, each `{"kind","with","by","at","reason"}`.
pub const CONTACT_COLUMNS: [&str; 10] = [
    "contact_id",
    "name",
    "phone",
    "email",
    "timezone",
    "language",
    "tags",
    "addresses",
    "words",
    "joins",
];

/// One contact as an export tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactRecord {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The person.
    pub contact: Contact,
    /// What operators and providers said (rule D6b): pauses, bookings, opt-outs and opt-ins.
    pub words: Vec<Word>,
    /// Who is the same person, and who is not.
    pub joins: Vec<Join>,
    /// The file has them as not to be written to, without saying since when; why.
    pub opted_out: Option<String>,
    /// The file says in so many words that "do not disturb" is off: that lifts an opt-out that data told of, and none
    /// of the contact's own.
    pub dnd_off: bool,
}

/// Contacts, one by one; after a [`ReadError::Row`] the next are read all the same.
pub struct Contacts(Box<dyn ReadContacts + Send>);

/// What reads contacts.
pub(crate) trait ReadContacts {
    /// As [`Contacts::read`].
    fn read(&mut self, record: &mut ContactRecord) -> Option<Result<(), ReadError>>;
}

impl Contacts {
    pub(crate) fn new(reader: impl ReadContacts + Send + 'static) -> Self {
        Self(Box::new(reader))
    }

    /// Reads the next contact into the room of another, of which nothing stays; `None` at the end. After an error the
    /// room has anything.
    pub fn read(&mut self, record: &mut ContactRecord) -> Option<Result<(), ReadError>> {
        self.0.read(record)
    }
}

impl Iterator for Contacts {
    type Item = Result<ContactRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ContactRecord::default();
        Some(self.read(&mut record)?.map(|()| record))
    }
}

/// The room that a text leaves for the next one, in bytes.
const KEPT: usize = 256;

/// Puts a text in the place of another.
pub(super) fn put(room: &mut String, text: &str) {
    if room.capacity() > KEPT {
        *room = String::new();
    }
    room.clear();
    room.push_str(text);
}

/// Puts a text in the place of another, where there is one.
pub(super) fn put_some(room: &mut Option<String>, text: Option<&str>) {
    match (room, text) {
        (Some(room), Some(text)) => put(room, text),
        (room, text) => *room = text.map(str::to_owned),
    }
}

/// Puts texts in the place of others.
pub(super) fn put_all<'t>(room: &mut Vec<String>, texts: impl Iterator<Item = &'t str>) {
    let mut number = 0;
    for text in texts {
        match room.get_mut(number) {
            Some(room) => put(room, text),
            None => room.push(text.to_owned()),
        }
        number += 1;
    }
    room.truncate(number);
}

/// Reads a contact file row by row.
pub struct ContactReader {
    rows: NamedRows,
}

impl ContactReader {
    pub(crate) fn of_table(table: Table, settings: &SourceSettings) -> Result<Self, ReadError> {
        let rows = NamedRows::of_table(table, &READ, settings)?;
        Ok(Self { rows })
    }

    pub(crate) fn of_lines(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Self {
        let rows = NamedRows::of_lines(input, &READ, settings);
        Self { rows }
    }
}

impl ReadContacts for ContactReader {
    fn read(&mut self, record: &mut ContactRecord) -> Option<Result<(), ReadError>> {
        let row = self.rows.next()?;
        Some(row.and_then(|row| read(&row, record)))
    }
}

fn read(row: &NamedRow<'_>, record: &mut ContactRecord) -> Result<(), ReadError> {
    let contact = &mut record.contact;
    put(&mut contact.contact_id, row.needed("contact_id")?);
    for (room, name) in [
        (&mut contact.name, "name"),
        (&mut contact.phone, "phone"),
        (&mut contact.email, "email"),
        (&mut contact.timezone, "timezone"),
        (&mut contact.language, "language"),
    ] {
        put_some(room, row.get(name));
    }
    contact.tags = row.list("tags")?;
    contact.addresses = row.maybe("addresses", addresses)?.unwrap_or_default();
    let dnd = row.maybe("dnd", dnd)?;
    record.line = row.line;
    record.words = row.maybe("words", words)?.unwrap_or_default();
    record.joins = row.maybe("joins", joins)?.unwrap_or_default();
    record.opted_out = dnd.filter(|on| *on).map(|_| "do not disturb".to_owned());
    record.dnd_off = dnd == Some(false);
    checked(record).map_err(|reason| row.fail(reason))?;
    Ok(())
}

/// Refuses what cannot be stored.
pub(super) fn checked(record: &ContactRecord) -> Result<(), String> {
    let told = &record.contact;
    let optional = [
        &told.name,
        &told.phone,
        &told.email,
        &told.timezone,
        &told.language,
    ];
    let reasons = record.words.iter().map(|word| &word.reason);
    let join_reasons = record.joins.iter().map(|join| &join.reason);
    let optional = optional.into_iter().chain(reasons).chain(join_reasons);
    let others = record.joins.iter().map(|join| &join.with);
    let addresses = told.addresses.iter().map(|(_, address)| address);
    let all = std::iter::once(&told.contact_id)
        .chain(optional.flatten())
        .chain(&told.tags)
        .chain(addresses)
        .chain(others);
    storable(all.map(String::as_str))
}

/// The columns that are read: a spreadsheet's "do not disturb" may stand in `dnd`.
const READ: [&str; CONTACT_COLUMNS.len() + 1] = {
    let mut names = ["dnd"; CONTACT_COLUMNS.len() + 1];
    let mut n = 0;
    while n < CONTACT_COLUMNS.len() {
        names[n] = CONTACT_COLUMNS[n];
        n += 1;
    }
    names
};

/// Yes, no, or the channels on which not to disturb. An opt-out is one on every channel (rule D3), so one of those by
/// which followup writes is enough; calls alone are none.
fn dnd(text: &str) -> Result<bool, String> {
    const CALLS: [&str; 4] = ["call", "calls", "phone", "voice"];
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "on" | "active" | "permanent" | "all" => return Ok(true),
        "false" | "no" | "n" | "0" | "off" | "inactive" | "none" => return Ok(false),
        _ => {}
    }
    let mut on = false;
    for word in text
        .split([';', ',', '|'])
        .map(str::trim)
        .filter(|w| !w.is_empty())
    {
        let folded = word.to_lowercase().replace(' ', "_");
        if folded.parse::<Channel>().is_ok() {
            on = true;
        } else if !CALLS.contains(&folded.as_str()) {
            return Err(format!(
                "{} is neither yes nor no nor a channel; write true, false, or channels such as sms;email",
                shown(word)
            ));
        }
    }
    Ok(on)
}

fn addresses(text: &str) -> Result<Vec<(Channel, String)>, String> {
    serde_json::from_str::<Addresses>(text)
        .map(|addresses| addresses.0)
        .map_err(|e| {
            format!(
                "{} cannot be used ({e}); write a JSON object of channel to address, such as {{\"telegram\":\"12345\"}}",
                shown(text)
            )
        })
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let rows: Vec<WordRow> = serde_json::from_str(text).map_err(|e| {
        format!(
            "{} cannot be used ({e}); write a JSON list of objects such as {{\"kind\":\"opt_out\",\"at\":\"2026-03-02T09:00:00Z\",\"source\":\"operator\"}}",
            shown(text)
        )
    })?;
    let instant = |text: String| time::instant(&text, None, None);
    rows.into_iter()
        .map(|row| {
            Ok(Word {
                kind: row.kind,
                at: instant(row.at)?,
                until: row.until.map(instant).transpose()?,
                reason: row.reason,
                source: row.source,
            })
        })
        .collect::<Result<_, String>>()
}

fn joins(text: &str) -> Result<Vec<Join>, String> {
    serde_json::from_str(text).map_err(|e| {
        format!(
            "{} cannot be used ({e}); write a JSON list of objects such as {{\"kind\":\"merge\",\"with\":\"c-102\",\"by\":\"operator\",\"at\":\"2026-03-02T09:00:00Z\"}}",
            shown(text)
        )
    })
}

#[derive(serde::Deserialize)]
struct WordRow {
    kind: WordKind,
    at: String,
    until: Option<String>,
    reason: Option<String>,
    source: WordSource,
}

/// An object's entries in the order in which they are written.
struct Addresses(Vec<(Channel, String)>);

impl<'de> serde::Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Addresses;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of channel to address")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Addresses, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Addresses(entries))
            }
        }
        input.deserialize_map(Entries)
    }
}

/// The instant that a file's own word for a time gives, for rows that name their times themselves.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    time::instant(text, None, None)
}
