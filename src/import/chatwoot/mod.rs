//! Chatwoot's messages and conversations, from its API and from its webhooks, which name the same things differently:
//! a time is in seconds or in words, a type a number or a word.

mod shapes;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use shapes::{Attributes, Person};
pub(crate) use shapes::{Conversation, Message};

use super::document::Node;
use super::elements::Heads;
use super::html;
use super::loose::{Text, filled, row, seconds_or_words};
use super::platform::{More, Platform};
use super::words::shown;
use super::{ReadError, Record, SourceSettings, wrapped};
use crate::model::{Author, Channel};

const CONTACT: u8 = 0;

const META: Node = Node::object(&[("contact", &Node::head(CONTACT))]);
const DATA: Node = Node::object(&[("payload", &Node::ITEMS), ("meta", &META)]);
/// A page of the API.
const PAGE: Node = Node::scope(&[("meta", &META), ("payload", &Node::ITEMS), ("data", &DATA)])
    .or_list_of(&Node::ITEM);

/// More conversations than this are not remembered.
const CONVERSATIONS_LIMIT: usize = 200_000;

/// How Chatwoot writes messages.
#[derive(Debug, Default)]
pub(crate) struct Chatwoot {
    channel: Option<Channel>,
    /// Messages or bodies of webhooks by themselves, rather than pages of the API.
    bare: bool,
    /// Who wrote in which conversation, where only that tells to whom we wrote.
    contacts: HashMap<String, String>,
    surveys: bool,
    /// How many wrappings are around the message that is being read.
    levels: u8,
    /// Conversations of which a message has an id of WhatsApp's; others of them may have none.
    of_whatsapp: HashSet<String>,
}

/// The contact of a page of messages.
#[derive(Debug, Default)]
pub(crate) struct Page {
    contact: Option<Known>,
}

#[derive(Debug)]
struct Known {
    id: String,
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

impl Heads for Page {
    fn set(&mut self, _: u8, json: &str) {
        let person: Option<Person<'_>> = row(json).ok();
        self.contact = person.and_then(|p| {
            let owned = |text| filled(text).map(Cow::into_owned);
            Some(Known {
                id: owned(p.id)?,
                name: owned(p.name),
                phone: owned(p.phone_number),
                email: owned(p.email),
            })
        });
    }
}

/// Whether the rows are pages of the API, or stand by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Pages that name their contact.
    Pages,
    /// Pages or lists that do not.
    Lists,
    /// Bodies of webhooks, or messages by themselves.
    Bare,
}

impl Chatwoot {
    /// How a source's messages are read.
    pub(crate) fn new(settings: &SourceSettings, shape: Shape) -> Self {
        Self {
            channel: settings.channel,
            bare: shape == Shape::Bare,
            contacts: HashMap::new(),
            surveys: shape == Shape::Lists,
            levels: 0,
            of_whatsapp: HashSet::new(),
        }
    }

    /// A message of the API, in a conversation as its list has it.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(super) fn message_of<'a>(
        &self,
        message: Message<'a>,
        conversation: Conversation<'a>,
    ) -> Result<Option<Record<'a>>, String> {
        const NO_PAGE: &Page = &Page { contact: None };
        self.message(message, Some(conversation), NO_PAGE)
    }

    /// Keeps in mind whose a conversation is, and that it is one of WhatsApp's.
    fn learn(&mut self, record: Option<&Record<'_>>) {
        if let Some(record) = record
            && !self.surveys
            && record.author == Author::Contact
            && let Some(id) = record.conversation_id.as_deref()
            && !self.contacts.contains_key(id)
            && self.contacts.len() < CONVERSATIONS_LIMIT
        {
            let contact_id = record.contact_id.clone().into_owned();
            self.contacts.insert(id.to_owned(), contact_id);
        }
        if let Some(record) = record
            && record.channel == Channel::Whatsapp
            && let Some(id) = record.conversation_id.as_deref()
            && !self.of_whatsapp.contains(id)
            && self.of_whatsapp.len() < CONVERSATIONS_LIMIT
        {
            self.of_whatsapp.insert(id.to_owned());
        }
    }

    /// What a message tells; `None` when it is none: a note among colleagues, an activity. `conversation` is what is
    /// known of its conversation elsewhere.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    fn message<'a>(
        &self,
        message: Message<'a>,
        conversation: Option<Conversation<'a>>,
        page: &'a Page,
    ) -> Result<Option<Record<'a>>, String> {
        let kind = filled(message.message_type).ok_or("message_type: there is none")?;
        let author = match kind.as_ref() {
            _ if message.private == Some(true) => return Ok(None),
            "0" | "incoming" => Author::Contact,
            "1" | "outgoing" => {
                let sender = message.sender.as_ref().and_then(|s| s.kind.as_ref());
                let sender = sender.or(message.sender_type.as_ref()).map(Text::as_str);
                match sender {
                    Some("user" | "User") => Author::Human,
                    _ => Author::Bot,
                }
            }
            "3" | "template" => Author::Bot,
            "2" | "activity" => return Ok(None),
            _ => return Err(format!("message_type: {} is not known", shown(&kind))),
        };
        let conversation = message.conversation.or(conversation).unwrap_or_default();
        let conversation_id = filled(message.conversation_id).or(filled(conversation.id));
        let meta = conversation.meta.unwrap_or_default();
        let inbox = conversation.contact_inbox.unwrap_or_default();
        let (sender, contact) = (message.sender, message.contact);
        let is_known = |person: &Person<'_>| person.id.is_some();
        let contact = contact.filter(is_known);
        let of_conversation = meta.sender;
        let mut person = match author {
            Author::Contact => contact
                .or(sender.filter(is_known))
                .or_else(|| of_conversation.clone()),
            _ => of_conversation.clone().or(contact),
        };
        // The conversation may tell more of them than the message does.
        if let (Some(person), Some(other)) = (&mut person, of_conversation)
            && person.id == other.id
        {
            person.complete(other);
        }
        let known = page.contact.as_ref();
        let of_page = known.filter(|known| {
            let id = person.as_ref().and_then(|person| person.id.as_ref());
            id.is_none_or(|id| id.as_str() == known.id)
        });
        let person = person.unwrap_or_default();
        let by_conversation = || {
            let id = self.contacts.get(conversation_id.as_deref()?)?;
            Some(Cow::Owned(id.clone()))
        };
        let contact_id = filled(person.id)
            .or_else(|| of_page.map(|k| Cow::Borrowed(k.id.as_str())))
            .or_else(|| filled(inbox.contact_id))
            .or_else(by_conversation)
            .ok_or("it does not say whose conversation it belongs to; export it together with the contact's own messages")?;
        let attributes = message
            .content_attributes
            .and_then(|a| row::<Attributes>(a.get()).ok())
            .unwrap_or_default();
        if attributes.deleted == Some(true) || attributes.is_reaction == Some(true) {
            return Ok(None); // its words are gone, or it has none
        }
        let at = filled(message.created_at).ok_or("created_at: there is none")?;
        let at = seconds_or_words(&at).map_err(|e| format!("created_at: {e}"))?;
        let source_id = filled(message.source_id);
        let channel = filled(conversation.channel).or(filled(meta.channel));
        let inbox_source = filled(inbox.source_id);
        let channel = channel
            .and_then(|c| channel_of(&c, inbox_source.as_deref()))
            .or(self.channel)
            .or_else(|| {
                let by_id = source_id
                    .as_deref()
                    .is_some_and(|id| id.starts_with("wamid."));
                let known = conversation_id
                    .as_deref()
                    .is_some_and(|id| self.of_whatsapp.contains(id));
                (by_id || known).then_some(Channel::Whatsapp)
            })
            .unwrap_or(Channel::LiveChat);
        let text = message.content.unwrap_or_default().0;
        let is_html = message
            .content_type
            .is_some_and(|t| t.as_str() == "incoming_email")
            && text.contains("</");
        let text = if is_html {
            Cow::Owned(html::to_text(&text).into_owned())
        } else {
            text
        };
        let mut record = Record::message(contact_id, channel, author, at, text);
        let email = attributes.email.unwrap_or_default();
        let is_reply = email.auto_reply == Some(true);
        record.automatic = author == Author::Contact && is_reply;
        let reply = email.text_content.and_then(|text| text.reply);
        if let Some(reply) = reply.filter(|reply| !reply.trim().is_empty()) {
            record.text = Cow::Owned(reply.trim().to_owned());
        }
        record.message_id = filled(message.id);
        record.conversation_id = conversation_id;
        record.status = filled(message.status);
        let of_page =
            |text: fn(&Known) -> &Option<String>| Some(Cow::Borrowed(text(of_page?).as_deref()?));
        record.name = filled(person.name).or_else(|| of_page(|k| &k.name));
        record.phone = filled(person.phone_number).or_else(|| of_page(|k| &k.phone));
        record.email = filled(person.email).or_else(|| of_page(|k| &k.email));
        Ok(Some(record))
    }
}

/// The channel of an inbox such as `Channel::Whatsapp`; `None` for one that could be any.
fn channel_of(written: &str, source_id: Option<&str>) -> Option<Channel> {
    Some(match written.strip_prefix("Channel::").unwrap_or(written) {
        "WebWidget" => Channel::LiveChat,
        "FacebookPage" => Channel::Facebook,
        "Instagram" => Channel::Instagram,
        "Whatsapp" => Channel::Whatsapp,
        "TwilioSms" if source_id.is_some_and(|id| id.starts_with("whatsapp:")) => Channel::Whatsapp,
        "TwilioSms" | "Sms" => Channel::Sms,
        "Email" => Channel::Email,
        "Telegram" => Channel::Telegram,
        _ => return None,
    })
}

impl Platform for Chatwoot {
    type Heads = Page;

    fn root(&self) -> &'static Node {
        if self.bare {
            &Node::ITEMS_OR_ITEM
        } else {
            &PAGE
        }
    }

    fn surveys(&self) -> bool {
        self.surveys
    }

    fn survey(&mut self, json: &str) -> Result<(), ReadError> {
        if let Ok(message) = row::<Message<'_>>(json)
            && matches!(
                message.message_type.as_ref().map(Text::as_str),
                Some("0" | "incoming")
            )
            && let Some(id) = filled(message.conversation_id)
            && let Some(contact) = message.sender.and_then(|s| filled(s.id))
            && self.contacts.len() < CONVERSATIONS_LIMIT
        {
            self.contacts.insert(id.into_owned(), contact.into_owned());
        }
        Ok(())
    }

    fn record<'a>(
        &'a mut self,
        page: &'a Page,
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let message: Message<'a> = match row::<Message<'a>>(json) {
            Ok(message) if message.is_one() => message,
            other => match wrapped::body(json).filter(|_| self.levels < wrapped::DEEPEST) {
                None => other?,
                Some(inner) => {
                    self.levels += 1;
                    let told = Self::record(self, page, &inner, more);
                    let told = told.map(|record| record.map(Record::into_owned));
                    self.levels -= 1;
                    more.extend(told?);
                    return Ok(None);
                }
            },
        };
        if let Some(event) = &message.event
            && !matches!(event.as_str(), "message_created" | "message_updated")
        {
            return Ok(None);
        }
        let Some(messages) = message
            .messages
            .as_ref()
            .filter(|_| message.message_type.is_none())
        else {
            let record = self.message(message, None, page)?;
            self.learn(record.as_ref());
            return Ok(record);
        };
        // A conversation, with some of its messages.
        let conversation = Conversation {
            id: message.id.clone(),
            channel: message.channel.clone(),
            meta: message.meta.clone(),
            contact_inbox: message.contact_inbox.clone(),
        };
        for json in messages {
            let message: Message<'a> = row(json.get())?;
            let record = self.message(message, Some(conversation.clone()), page)?;
            self.learn(record.as_ref());
            more.extend(record.map(Record::into_owned));
        }
        Ok(None)
    }
}
