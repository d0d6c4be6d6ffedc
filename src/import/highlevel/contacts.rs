//! HighLevel's contacts: from the API, with "do not disturb" by channel, or as a table.

use std::borrow::Cow;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::import::contacts::{
    ContactRecord, Contacts, ReadContacts, checked, put, put_all, put_some,
};
use crate::import::document::Node;
use crate::import::elements::{Elements, Source};
use crate::import::encoding::Progress;
use crate::import::loose::{self, Text, filled, row};
use crate::import::named_rows::{NamedRow, NamedRows};
use crate::import::table::Table;
use crate::import::{ReadError, SourceSettings};
use crate::model::Contact;

const CONTACT: Node = Node::ITEMS_OR_ITEM;
const CONTACTS_ROOT: Node =
    Node::scope(&[("contacts", &Node::ITEMS), ("contact", &CONTACT)]).or_list_of(&Node::ITEM);

/// How the reasons begin for which HighLevel wants nobody to write to a contact.
pub(crate) const DND: &str = "HighLevel: do not disturb";

/// One contact as the API writes it.
#[derive(Debug, Default, Deserialize)]
struct ApiContact<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "contactName")]
    contact_name: Option<Text<'a>>,
    #[serde(borrow, rename = "firstName")]
    first_name: Option<Text<'a>>,
    #[serde(borrow, rename = "lastName")]
    last_name: Option<Text<'a>>,
    /// As they were written; the others may be in small letters.
    #[serde(borrow, rename = "firstNameRaw")]
    first_name_raw: Option<Text<'a>>,
    #[serde(borrow, rename = "lastNameRaw")]
    last_name_raw: Option<Text<'a>>,
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    timezone: Option<Text<'a>>,
    #[serde(default, deserialize_with = "loose::flag")]
    dnd: Option<bool>,
    #[serde(borrow, rename = "dndSettings")]
    dnd_settings: Option<DndSettings<'a>>,
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
}

/// Tags, in a list or in a text.
#[derive(Debug, Default)]
struct Tags<'a>(Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Lists;
        impl<'de> Visitor<'de> for Lists {
            type Value = Tags<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tags")
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Tags<'de>, S::Error> {
                let mut tags = Vec::new();
                while let Some(tag) = items.next_element()? {
                    tags.push(tag);
                }
                Ok(Tags(tags))
            }
            fn visit_str<E>(self, text: &str) -> Result<Tags<'de>, E> {
                let tags = text.split([',', ';']).map(str::trim);
                Ok(Tags(tags.map(|t| Text(Cow::Owned(t.to_owned()))).collect()))
            }
        }
        input.deserialize_any(Lists)
    }
}

/// By channel; an empty list where there are none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DndSettings<'a> {
    #[serde(borrow, rename = "SMS")]
    sms: Option<Dnd<'a>>,
    #[serde(borrow, rename = "Email")]
    email: Option<Dnd<'a>>,
    #[serde(borrow, rename = "WhatsApp")]
    whatsapp: Option<Dnd<'a>>,
    #[serde(borrow, rename = "FB")]
    facebook: Option<Dnd<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Dnd<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

impl ApiContact<'_> {
    /// Why they are not to be written to, if so. An opt-out is one on every channel (rule D3), so "do not disturb" on
    /// any of the channels by which followup writes is one; that on calls alone is not.
    fn opted_out(&self) -> Option<String> {
        if self.dnd == Some(true) {
            return Some(DND.to_owned());
        }
        let settings = self.dnd_settings.as_ref()?;
        let channels = [
            ("SMS", &settings.sms),
            ("WhatsApp", &settings.whatsapp),
            ("FB", &settings.facebook),
            ("Email", &settings.email),
        ];
        channels.into_iter().find_map(|(name, dnd)| {
            let status = dnd.as_ref()?.status.as_ref()?.as_str();
            matches!(status, "active" | "permanent").then(|| format!("{DND} by {name} ({status})"))
        })
    }
}

/// Contacts of the API.
struct ApiContacts(Elements<()>);

impl ReadContacts for ApiContacts {
    fn read(&mut self, record: &mut ContactRecord) -> Option<Result<(), ReadError>> {
        match self.0.advance() {
            Err(e) => return Some(Err(e)),
            Ok(false) => return None,
            Ok(true) => {}
        }
        let (json, (), number) = self.0.current()?;
        let told = contact(json, number).map(|told| *record = told);
        Some(told.map_err(|reason| self.0.error(reason).into()))
    }
}

/// A contact as the API writes it; `number` is its place in a list.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn contact(json: &str, number: u64) -> Result<ContactRecord, String> {
    let told: ApiContact<'_> = row(json)?;
    let opted_out = told.opted_out();
    let owned = |text| filled(text).map(Cow::into_owned);
    let (first, last) = (filled(told.first_name), filled(told.last_name));
    let (first_raw, last_raw) = (filled(told.first_name_raw), filled(told.last_name_raw));
    let given = full_name(first_raw.as_deref(), last_raw.as_deref())
        .or_else(|| owned(told.name))
        .or_else(|| owned(told.contact_name));
    let tags = told.tags.unwrap_or_default().0.into_iter();
    let record = ContactRecord {
        line: number,
        contact: Contact {
            contact_id: owned(told.id).ok_or("id: there is none")?,
            name: better_written(given, full_name(first.as_deref(), last.as_deref())),
            phone: owned(told.phone),
            email: owned(told.email),
            timezone: owned(told.timezone),
            tags: tags.filter_map(|t| owned(Some(t))).collect(),
            ..Contact::default()
        },
        words: Vec::new(),
        joins: Vec::new(),
        dnd_off: told.dnd == Some(false) && opted_out.is_none(),
        opted_out,
    };
    checked(&record)?;
    Ok(record)
}

/// Of two writings of a name the first, unless that is the second in small letters.
fn better_written(given: Option<String>, parts: Option<String>) -> Option<String> {
    match (given, parts) {
        (Some(given), Some(parts)) if parts != given && parts.to_lowercase() == given => {
            Some(parts)
        }
        (given, parts) => given.or(parts),
    }
}

fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    match (first, last) {
        (Some(first), Some(last)) => Some([first, " ", last].concat()),
        (one, None) | (None, one) => one.map(str::to_owned),
    }
}

/// The contacts that the API lists.
///
/// # Errors
/// The document is no JSON or ends before its end.
pub(crate) fn api_contacts(
    source: Source,
    bare: bool,
    progress: &Progress,
) -> Result<Contacts, ReadError> {
    let root = if bare { &Node::ITEM } else { &CONTACTS_ROOT };
    let elements = Elements::new(source, root, progress, None)?;
    Ok(Contacts::new(ApiContacts(elements)))
}

/// A column of the table of contacts that HighLevel exports, in the order of [`COLUMNS`] and [`THEIRS`].
#[derive(Debug, Clone, Copy)]
enum Column {
    ContactId,
    FirstName,
    LastName,
    Phone,
    Email,
    Timezone,
    Tags,
    Dnd,
    FullName,
}

/// What we call its columns.
const COLUMNS: [&str; 9] = [
    "contact_id",
    "first_name",
    "last_name",
    "phone",
    "email",
    "timezone",
    "tags",
    "dnd",
    "full_name",
];
/// What HighLevel calls them; the first that a table has counts.
const THEIRS: [&[&str]; COLUMNS.len()] = [
    &["Contact Id", "ContactId"],
    &["First Name", "FirstName"],
    &["Last Name", "LastName"],
    &["Phone", "Phone Number"],
    &["Email", "Email Address"],
    &["Timezone", "Time Zone"],
    &["Tags", "Tag"],
    &["DND", "Do Not Disturb", "DND Status", "DND Settings"],
    &["Name", "Full Name", "Contact Name"],
];

/// The contacts of the table that HighLevel exports.
///
/// # Errors
/// A column stands there twice.
pub(crate) fn table_contacts(
    table: Table,
    settings: &SourceSettings,
) -> Result<Contacts, ReadError> {
    let mut settings = settings.clone();
    for (ours, theirs) in COLUMNS.into_iter().zip(THEIRS) {
        let found = theirs.iter().find(|name| table.header.has(name));
        let theirs = found.copied().unwrap_or(ours);
        let columns = &mut settings.columns;
        let entry = columns.entry(ours.to_owned());
        entry.or_insert_with(|| theirs.to_owned());
    }
    let rows = NamedRows::of_table(table, &COLUMNS, &settings)?;
    Ok(Contacts::new(TableContacts(rows)))
}

struct TableContacts(NamedRows);

impl ReadContacts for TableContacts {
    fn read(&mut self, record: &mut ContactRecord) -> Option<Result<(), ReadError>> {
        let row = self.0.next()?;
        Some(row.and_then(|row| read_row(&row, record)))
    }
}

fn read_row(row: &NamedRow<'_>, record: &mut ContactRecord) -> Result<(), ReadError> {
    let of = |column: Column| row.at(column as usize);
    let contact = &mut record.contact;
    let contact_id = of(Column::ContactId).map_or_else(|| row.needed("contact_id"), Ok)?;
    put(&mut contact.contact_id, contact_id);
    let (first, last) = (of(Column::FirstName), of(Column::LastName));
    let whole = || of(Column::FullName);
    put_some(&mut contact.name, first.or(last).or_else(whole));
    if let (Some(name), Some(_), Some(last)) = (&mut contact.name, first, last) {
        name.push(' ');
        name.push_str(last);
    }
    put_some(&mut contact.phone, of(Column::Phone));
    put_some(&mut contact.email, of(Column::Email));
    put_some(&mut contact.timezone, of(Column::Timezone));
    put_all(
        &mut contact.tags,
        parts(of(Column::Tags).unwrap_or_default()),
    );
    let dnd = of(Column::Dnd).unwrap_or_default().trim_ascii();
    let is_one_of = |words: &[&str]| words.iter().any(|word| dnd.eq_ignore_ascii_case(word));
    record.line = row.line;
    record.dnd_off = is_one_of(&["false", "no", "0", "inactive", "off", "none", "disabled"]);
    // Calls alone are none of ours; whatever else stands there is taken for a wish to be left alone.
    let dnd_on = !(record.dnd_off || dnd.is_empty() || is_of_calls(dnd));
    put_some(&mut record.opted_out, dnd_on.then_some(DND));
    // Of what the table cannot tell nothing stays from another contact.
    record.words.clear();
    record.joins.clear();
    contact.language = None;
    contact.addresses.clear();
    Ok(())
}

/// The tags in a cell, byte by byte: it is short, and every row has one.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(cell);
    let parts = std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|b| matches!(b, b',' | b';'));
        let (part, after) = end.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
        rest = after;
        Some(part.trim_ascii())
    });
    parts.filter(|part| !part.is_empty())
}

/// Whether "do not disturb" is on for calls and nothing else.
fn is_of_calls(dnd: &str) -> bool {
    const CALLS: [&str; 6] = [
        "call",
        "calls",
        "voicemail",
        "inbound calls",
        "phone",
        "voice",
    ];
    let mut words = dnd.split([',', ';', '|', '&']).map(str::trim);
    words.all(|word| word.is_empty() || CALLS.iter().any(|c| word.eq_ignore_ascii_case(c)))
}

/// Whether the header of a table is that of HighLevel's contacts.
pub(crate) fn is_contacts(has: impl Fn(&str) -> bool) -> bool {
    let has_one = |column: Column| THEIRS[column as usize].iter().any(|name| has(name));
    let of_people = [
        Column::FirstName,
        Column::FullName,
        Column::Phone,
        Column::Email,
    ];
    has_one(Column::ContactId) && of_people.into_iter().any(has_one)
}
