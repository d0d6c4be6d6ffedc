//! HighLevel's messages, as its API exports them, and its contacts, from the API or as a table. The two are joined by
//! the contact's id: whichever comes first.

use std::borrow::Cow;

use serde::Deserialize;

use super::contacts::{ContactRecord, Contacts};
use super::document::Node;
use super::elements::{Elements, Source};
use super::encoding::Progress;
use super::html;
use super::loose::{Text, filled, row};
use super::named_rows::{NamedRow, NamedRows};
use super::platform::{HasLists, More, Platform};
use super::table::Table;
use super::time::instant;
use super::words::shown;
use super::{ReadError, Record, Said, SourceSettings, Tells};
use crate::model::{Author, Channel, Contact, WordKind, WordSource};

const MESSAGES: Node = Node::ITEMS.or_list_of(&Node::ITEM);
const NESTED: Node = Node {
    keys: &[("messages", &MESSAGES)],
    each: Some(&Node::ITEM),
    take: super::document::Take::No,
    scope: false,
};
/// `{"messages": […]}`, `{"messages": {"messages": […]}}` or a list.
const ROOT: Node = Node::scope(&[("messages", &NESTED)]).or_list_of(&Node::ITEM);

/// One message as the API and the webhooks write it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow, alias = "messageId")]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "messageType")]
    kind: Option<Text<'a>>,
    #[serde(borrow, rename = "contactId")]
    contact_id: Option<Text<'a>>,
    #[serde(borrow, rename = "conversationId")]
    conversation_id: Option<Text<'a>>,
    #[serde(borrow, rename = "dateAdded")]
    date_added: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow)]
    direction: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow, rename = "contentType")]
    content_type: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow, rename = "userId")]
    user_id: Option<Text<'a>>,
}

/// How HighLevel writes messages.
#[derive(Debug, Default)]
pub(crate) struct Highlevel {
    channel: Option<Channel>,
    /// One message a line, rather than lists.
    bare: bool,
}

/// What a type of message is.
enum Kind {
    Message(Channel),
    /// A booking, unless it says otherwise.
    Appointment,
    /// Nothing that is said between the contact and the business in private.
    None,
}

impl Highlevel {
    /// How a source's messages are read.
    pub(crate) fn new(settings: &SourceSettings, has_lists: HasLists) -> Self {
        Self {
            channel: settings.channel,
            bare: has_lists == HasLists::No,
        }
    }

    fn kind(&self, written: &str) -> Result<Kind, String> {
        let name = written
            .strip_prefix("TYPE_")
            .unwrap_or(written)
            .to_ascii_uppercase();
        Ok(Kind::Message(match name.as_str() {
            // A call is one between phones, whoever takes it; an inbound one counts as a reply (rule S8).
            "CALL"
            | "IVR_CALL"
            | "CUSTOM_CALL"
            | "CAMPAIGN_CALL"
            | "CAMPAIGN_MANUAL_CALL"
            | "CAMPAIGN_VOICEMAIL"
            | "VOICEMAIL"
            | "SMS"
            | "RCS"
            | "CUSTOM_SMS"
            | "CAMPAIGN_SMS"
            | "CAMPAIGN_MANUAL_SMS"
            | "CUSTOM_PROVIDER_SMS"
            | "SMS_REVIEW_REQUEST"
            | "SMS_NO_SHOW_REQUEST" => Channel::Sms,
            "EMAIL" | "CUSTOM_EMAIL" | "CAMPAIGN_EMAIL" | "CUSTOM_PROVIDER_EMAIL" => Channel::Email,
            "WEBCHAT" | "LIVE_CHAT" => Channel::LiveChat,
            "FACEBOOK" | "FB" | "CAMPAIGN_FACEBOOK" => Channel::Facebook,
            "INSTAGRAM" | "IG" => Channel::Instagram,
            "WHATSAPP" => Channel::Whatsapp,
            // Channels that followup does not have: a reply there counts all the same.
            "GMB" | "CAMPAIGN_GMB" | "TIKTOK" => self.channel.unwrap_or(Channel::LiveChat),
            "ACTIVITY_APPOINTMENT" => return Ok(Kind::Appointment),
            "REVIEW"
            | "LIVE_CHAT_INFO_MESSAGE"
            | "FACEBOOK_COMMENT"
            | "INSTAGRAM_COMMENT"
            | "TIKTOK_COMMENT"
            | "INTERNAL_COMMENT"
            | "FORM_SUBMISSION"
            | "SMS_REACTION" => {
                return Ok(Kind::None);
            }
            other if other.starts_with("ACTIVITY_") => return Ok(Kind::None),
            _ => {
                return Err(format!(
                    "messageType: {} is not known to this version of followup",
                    shown(written)
                ));
            }
        }))
    }

    /// What a message tells; `None` when it is no message.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn record<'a>(&self, message: Message<'a>) -> Result<Option<Record<'a>>, String> {
        let kind = filled(message.kind).ok_or("messageType: there is none")?;
        let kind = self.kind(&kind)?;
        if matches!(kind, Kind::None) {
            return Ok(None);
        }
        let contact_id = filled(message.contact_id).ok_or("contactId: there is none")?;
        let at = filled(message.date_added).ok_or("dateAdded: there is none")?;
        let at = instant(&at, None, None).map_err(|e| format!("dateAdded: {e}"))?;
        let body = message.body.unwrap_or_default().0;
        let Kind::Message(channel) = kind else {
            return Ok(appointment(contact_id, at, body));
        };
        let direction = message.direction.unwrap_or_default();
        let source = message.source.unwrap_or_default();
        let by_machine = matches!(source.as_str(), "workflow" | "bulk_actions" | "campaign");
        let author = match direction.as_str() {
            "inbound" => Author::Contact,
            "outbound" if filled(message.user_id).is_some() && !by_machine => Author::Human,
            "outbound" => Author::Bot,
            other => {
                return Err(format!(
                    "direction: {} is neither inbound nor outbound",
                    shown(other)
                ));
            }
        };
        let status = filled(message.status);
        if status.as_deref() == Some("scheduled") {
            return Ok(None); // nobody has received it
        }
        let is_html = message
            .content_type
            .is_some_and(|t| t.as_str().contains("html"))
            || channel == Channel::Email && body.contains("</");
        let text = match (is_html, body) {
            (true, body) => Cow::Owned(html::to_text(&body).into_owned()),
            (false, body) => body,
        };
        let mut record = Record::message(contact_id, channel, author, at, text);
        record.message_id = filled(message.id);
        record.conversation_id = filled(message.conversation_id);
        if author != Author::Contact && status.as_deref() == Some("opt_out") {
            record.tells = Tells::MessageAndWord(Said {
                kind: WordKind::OptOut,
                source: WordSource::Provider,
                reason: Some(Cow::Borrowed("HighLevel opt_out")),
            });
        }
        record.status = status;
        Ok(Some(record))
    }
}

/// A booking that an activity shows (rule D5). One that was cancelled or missed is none.
fn appointment<'a>(
    contact_id: Cow<'a, str>,
    at: crate::model::Timestamp,
    body: Cow<'a, str>,
) -> Option<Record<'a>> {
    let words = body.to_lowercase();
    let undone = [
        "cancel", "no show", "no-show", "noshow", "invalid", "deleted",
    ];
    if undone.iter().any(|word| words.contains(word)) {
        return None;
    }
    let (channel, author) = (Channel::LiveChat, Author::Contact);
    let mut record = Record::message(contact_id, channel, author, at, Cow::Borrowed(""));
    record.tells = Tells::Word(Said {
        kind: WordKind::Booked,
        source: WordSource::Data,
        reason: Some(body).filter(|b| !b.is_empty()),
    });
    Some(record)
}

impl Platform for Highlevel {
    type Heads = ();

    fn root(&self) -> &'static Node {
        if self.bare { &Node::ITEM } else { &ROOT }
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        Self::record(self, row(json)?)
    }
}

const CONTACT: Node = Node::ITEMS_OR_ITEM;
const CONTACTS_ROOT: Node =
    Node::scope(&[("contacts", &Node::ITEMS), ("contact", &CONTACT)]).or_list_of(&Node::ITEM);

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
            return Some("HighLevel: do not disturb".to_owned());
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
            matches!(status, "active" | "permanent")
                .then(|| format!("HighLevel: do not disturb by {name} ({status})"))
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

fn contact(json: &str, number: u64) -> Result<ContactRecord, String> {
    let told: ApiContact<'_> = row(json)?;
    let opted_out = told.opted_out();
    let owned = |text| filled(text).map(Cow::into_owned);
    let (first, last) = (owned(told.first_name), owned(told.last_name));
    let given = owned(told.name).or_else(|| owned(told.contact_name));
    let tags = told.tags.unwrap_or_default().into_iter();
    Ok(ContactRecord {
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
        opted_out,
    })
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
        opted_out: matches!(
            dnd.trim(),
            "true" | "yes" | "1" | "active" | "permanent" | "on"
        )
        .then(|| "HighLevel: do not disturb".to_owned()),
    })
}

/// Whether the header of a table is that of HighLevel's contacts.
pub(crate) fn is_contacts(has: impl Fn(&str) -> bool) -> bool {
    has("Contact Id") && ["First Name", "Phone", "Email"].into_iter().any(has)
}
