//! HighLevel's messages, as its API exports them, and its contacts, from the API or as a table. The two are joined by
//! the contact's id: whichever comes first.

mod appointments;
mod contacts;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use appointments::appointment_record;
pub(crate) use contacts::{DND, api_contacts, contact, is_contacts, table_contacts};

use super::document::Node;
use super::html;
use super::loose::{Text, filled, row};
use super::platform::{HasLists, More, Platform};
use super::time::instant;
use super::words::shown;
use super::{Record, Said, SourceSettings, Tells, wrapped};
use crate::model::{Author, Channel, WordKind, WordSource};

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
    /// The same as a number; of a webhook, what it is about.
    #[serde(borrow, rename = "type")]
    type_: Option<Text<'a>>,
    #[serde(borrow, rename = "contactId")]
    contact_id: Option<Text<'a>>,
    #[serde(borrow, rename = "conversationId")]
    conversation_id: Option<Text<'a>>,
    #[serde(borrow, rename = "dateAdded")]
    date_added: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    /// Of an email, here or in `meta`.
    #[serde(borrow)]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
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
            .to_ascii_uppercase()
            .replace([' ', '-'], "_"); // "Live Chat", as webhooks have it
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
            | "SMS_NO_SHOW_REQUEST"
            | "PHONE" => Channel::Sms,
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
            | "NO_SHOW"
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
        let kind = match (filled(message.kind), filled(message.type_)) {
            (Some(kind), _) => self.kind(&kind)?,
            (None, Some(about)) if message.direction.is_none() && about.parse::<u32>().is_err() => {
                return Ok(None); // a webhook about something else
            }
            (None, Some(number)) => self.kind(numbered(&number)?)?,
            (None, None) => return Err("messageType: there is none".to_owned()),
        };
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
        let text = match channel {
            Channel::Email if text.is_empty() => subject(message.subject, message.meta),
            _ => text,
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

/// The subject of an email whose body is kept elsewhere.
fn subject<'a>(subject: Option<Text<'a>>, meta: Option<&'a RawValue>) -> Cow<'a, str> {
    #[derive(Deserialize)]
    struct Meta<'a> {
        #[serde(borrow)]
        email: Option<Email<'a>>,
    }
    #[derive(Deserialize)]
    struct Email<'a> {
        #[serde(borrow)]
        subject: Option<Text<'a>>,
    }
    let in_meta = || filled(row::<Meta<'_>>(meta?.get()).ok()?.email?.subject);
    filled(subject).or_else(in_meta).unwrap_or_default()
}

/// The name of a type of message that is given by its number.
fn numbered(number: &str) -> Result<&'static str, String> {
    const NAMES: [&str; 31] = [
        "CALL",
        "SMS",
        "EMAIL",
        "SMS_REVIEW_REQUEST",
        "WEBCHAT",
        "SMS_NO_SHOW_REQUEST",
        "CAMPAIGN_SMS",
        "CAMPAIGN_CALL",
        "CAMPAIGN_EMAIL",
        "CAMPAIGN_VOICEMAIL",
        "FACEBOOK",
        "CAMPAIGN_FACEBOOK",
        "CAMPAIGN_MANUAL_CALL",
        "CAMPAIGN_MANUAL_SMS",
        "GMB",
        "CAMPAIGN_GMB",
        "REVIEW",
        "INSTAGRAM",
        "WHATSAPP",
        "CUSTOM_SMS",
        "CUSTOM_EMAIL",
        "CUSTOM_PROVIDER_SMS",
        "CUSTOM_PROVIDER_EMAIL",
        "IVR_CALL",
        "ACTIVITY_CONTACT",
        "ACTIVITY_INVOICE",
        "ACTIVITY_PAYMENT",
        "ACTIVITY_OPPORTUNITY",
        "LIVE_CHAT",
        "LIVE_CHAT_INFO_MESSAGE",
        "ACTIVITY_APPOINTMENT",
    ];
    let place = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    place.and_then(|n| NAMES.get(n)).copied().ok_or_else(|| {
        format!(
            "type: {} is not known to this version of followup, and there is no messageType",
            shown(number)
        )
    })
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
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        match row::<Message<'a>>(json) {
            Ok(message) if message.kind.is_some() || message.type_.is_some() => {
                Self::record(self, message)
            }
            other => match wrapped::body(json) {
                None => Self::record(self, other?),
                Some(inner) => {
                    let message = row::<Message<'_>>(&inner)?;
                    let record = Self::record(self, message)?.map(Record::into_owned);
                    more.extend(record);
                    Ok(None)
                }
            },
        }
    }
}
