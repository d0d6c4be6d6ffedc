//! HighLevel's contacts: from the API, with "do not disturb" by channel, or as a table.

use std::borrow::Cow;

use serde::Deserialize;

use crate::import::contacts::{ContactRecord, Contacts, checked};
use crate::import::document::Node;
use crate::import::elements::{Elements, Source};
use crate::import::encoding::Progress;
use crate::import::loose::{Text, filled, row};
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
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    timezone: Option<Text<'a>>,
    #[serde(default)]
    dnd: Option<bool>,
    #[serde(borrow, rename = "dndSettings")]
    dnd_settings: Option<DndSettings<'a>>,
    #[serde(borrow, default)]
    tags: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
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

impl Iterator for ApiContacts {
    type Item = Result<ContactRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.advance() {
            Err(e) => return Some(Err(e)),
            Ok(false) => return None,
            Ok(true) => {}
        }
        let (json, (), number) = self.0.current()?;
        let contact = contact(json, number);
        Some(contact.map_err(|reason| self.0.error(reason).into()))
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
    let (first, last) = (owned(told.first_name), owned(told.last_name));
    let given = owned(told.name).or_else(|| owned(told.contact_name));
    let tags = told.tags.unwrap_or_default().into_iter();
    let record = ContactRecord {
        line: number,
        contact: Contact {
            contact_id: owned(told.id).ok_or("id: there is none")?,
            name: given.or_else(|| full_name(first, last)),
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

fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<_> = [first, last].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
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
    Ok(Box::new(ApiContacts(elements)))
}

/// The columns of the table of contacts that HighLevel exports, by our names.
const TABLE: [(&str, &str); 8] = [
    ("contact_id", "Contact Id"),
    ("first_name", "First Name"),
    ("last_name", "Last Name"),
    ("phone", "Phone"),
    ("email", "Email"),
    ("timezone", "Timezone"),
    ("tags", "Tags"),
    ("dnd", "DND"),
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
    for (ours, theirs) in TABLE {
        settings
            .columns
            .entry(ours.to_owned())
            .or_insert_with(|| theirs.to_owned());
    }
    let rows = NamedRows::of_table(table, &TABLE.map(|(ours, _)| ours), &settings)?;
    Ok(Box::new(TableContacts(rows)))
}

struct TableContacts(NamedRows);

impl Iterator for TableContacts {
    type Item = Result<ContactRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(table_contact))
    }
}

fn table_contact(mut row: NamedRow) -> Result<ContactRecord, ReadError> {
    let contact_id = row.need("contact_id", |text| Ok(text.to_owned()))?;
    let dnd = row.take("dnd").unwrap_or_default().to_lowercase();
    let (first, last) = (row.take("first_name"), row.take("last_name"));
    let tags = row.take("tags").unwrap_or_default();
    let tags = tags
        .split([',', ';'])
        .map(str::trim)
        .filter(|t| !t.is_empty());
    Ok(ContactRecord {
        line: row.line,
        contact: Contact {
            contact_id,
            name: full_name(first, last),
            phone: row.take("phone"),
            email: row.take("email"),
            timezone: row.take("timezone"),
            tags: tags.map(str::to_owned).collect(),
            ..Contact::default()
        },
        words: Vec::new(),
        joins: Vec::new(),
        dnd_off: matches!(dnd.trim(), "false" | "no" | "0" | "inactive" | "off"),
        opted_out: matches!(
            dnd.trim(),
            "true" | "yes" | "1" | "active" | "permanent" | "on"
        )
        .then(|| DND.to_owned()),
    })
}

/// Whether the header of a table is that of HighLevel's contacts.
pub(crate) fn is_contacts(has: impl Fn(&str) -> bool) -> bool {
    has("Contact Id") && ["First Name", "Phone", "Email"].into_iter().any(has)
}
