//! Intercom's conversations from its API and its webhooks: the first message is the conversation's `source`, in old
//! versions its `conversation_message`; the others are its parts.

use std::borrow::Cow;

use serde::Deserialize;

use super::document::Node;
use super::html;
use super::loose::{Listed, Text, filled, row, seconds_or_words};
use super::platform::{HasLists, More, Platform};
use super::{Record, SourceSettings, wrapped};
use crate::model::{Author, Channel};

const LIST: Node =
    Node::scope(&[("conversations", &Node::ITEMS), ("data", &Node::ITEMS)]).or_list_of(&Node::ITEM);

/// How Intercom writes messages.
#[derive(Debug, Default)]
pub(crate) struct Intercom {
    channel: Option<Channel>,
    /// Conversations by themselves, rather than in lists called so.
    bare: bool,
    /// How many wrappings are around the conversation that is being read.
    levels: u8,
}

/// One conversation.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Conversation<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow, alias = "conversation_message")]
    source: Option<Part<'a>>,
    #[serde(borrow)]
    contacts: Option<Listed<ContactId<'a>>>,
    #[serde(borrow)]
    customers: Option<Listed<ContactId<'a>>>,
    #[serde(borrow)]
    user: Option<ContactId<'a>>,
    #[serde(borrow)]
    conversation_parts: Option<Listed<Part<'a>>>,
    #[serde(borrow)]
    channel: Option<Initial<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct ContactId<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Initial<'a> {
    #[serde(borrow)]
    initial: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    part_type: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    delivered_as: Option<Text<'a>>,
    #[serde(borrow)]
    author: Option<Person<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Person<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(default)]
    from_ai_agent: Option<bool>,
}

impl Person<'_> {
    /// Which side they are on. Whatever is none of its kinds of contacts is ours.
    fn author(&self) -> Result<Author, String> {
        match self.kind.as_ref().map(Text::as_str) {
            Some("user" | "lead" | "contact" | "visitor" | "customer" | "end_user") => {
                Ok(Author::Contact)
            }
            Some("admin" | "teammate") if self.from_ai_agent != Some(true) => Ok(Author::Human),
            Some(_) => Ok(Author::Bot),
            None => Err("author.type: there is none".to_owned()),
        }
    }
}

impl Intercom {
    /// How a source's conversations are read.
    pub(crate) fn new(settings: &SourceSettings, has_lists: HasLists) -> Self {
        Self {
            channel: settings.channel,
            bare: has_lists == HasLists::No,
            levels: 0,
        }
    }

    /// What a conversation tells, message by message.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn records(
        &self,
        conversation: Conversation<'_>,
        more: &mut More,
    ) -> Result<(), String> {
        let begun = conversation.created_at.unwrap_or_default();
        let source = conversation.source.unwrap_or_default();
        let parts = conversation.conversation_parts.unwrap_or_default().0;
        let is_contact = |part: &&Part<'_>| {
            part.author
                .as_ref()
                .is_some_and(|a| a.author() == Ok(Author::Contact))
        };
        let writer = std::iter::once(&source).chain(&parts).find(is_contact);
        let writer = writer.and_then(|p| p.author.as_ref());
        let owned = |text: Option<&Text<'_>>| {
            text.map(|t| t.as_str().to_owned())
                .filter(|t| !t.is_empty())
        };
        let lists = [&conversation.contacts, &conversation.customers];
        let mut named = lists
            .into_iter()
            .flatten()
            .filter_map(|list| list.0.first())
            .chain(&conversation.user);
        let contact_id = named
            .find_map(|c| owned(c.id.as_ref()))
            .or_else(|| owned(writer.and_then(|w| w.id.as_ref())))
            .ok_or("contacts: there is none; it is not known whose conversation this is")?;
        let initial = conversation
            .channel
            .as_ref()
            .and_then(|c| c.initial.as_ref());
        let channel = [source.kind.as_ref(), initial]
            .into_iter()
            .flatten()
            .find_map(|kind| channel_of(kind.as_str()))
            .or(self.channel)
            .unwrap_or(Channel::LiveChat);
        let (name, email) = (
            owned(writer.and_then(|w| w.name.as_ref())),
            owned(writer.and_then(|w| w.email.as_ref())),
        );
        let id = owned(conversation.id.as_ref());
        let mut tell = |part: Part<'_>, author: Author, at: &str| -> Result<(), String> {
            let at = seconds_or_words(at).map_err(|e| format!("created_at: {e}"))?;
            let body = part.body.unwrap_or_default();
            let text = html::to_text(body.as_str()).into_owned();
            let mut record =
                Record::message(contact_id.clone().into(), channel, author, at, text.into());
            record.message_id = filled(part.id).map(|id| Cow::Owned(id.into_owned()));
            record.conversation_id = id.clone().map(Cow::Owned);
            record.name = name.clone().map(Cow::Owned);
            record.email = email.clone().map(Cow::Owned);
            more.push_back(record);
            Ok(())
        };
        if let Some(person) = &source.author {
            let automated = source.delivered_as.as_ref().is_some_and(|d| {
                let by_machine = ["automated", "campaigns_initiated", "operator_initiated"];
                by_machine.contains(&d.as_str())
            });
            let author = match person.author().map_err(|e| format!("source.{e}"))? {
                Author::Human if automated => Author::Bot,
                author => author,
            };
            tell(source, author, begun.as_str()).map_err(|e| format!("source: {e}"))?;
        }
        for (n, part) in parts.into_iter().enumerate() {
            let has_body = || part.body.as_ref().is_some_and(|b| !b.as_str().is_empty());
            match part.part_type.as_ref().map(Text::as_str) {
                Some("comment") => {}
                // Who answers a closed conversation opens it, and one may be closed or handed on with some words.
                Some(
                    "open"
                    | "close"
                    | "assignment"
                    | "assign_and_reopen"
                    | "assign_and_unsnooze"
                    | "quick_reply",
                ) if has_body() => {}
                _ => continue, // a note, an event
            }
            let fault = |e| format!("conversation_parts[{n}].{e}");
            let person = part.author.as_ref().ok_or("author: there is none");
            let author = person
                .map_err(str::to_owned)
                .and_then(Person::author)
                .map_err(fault)?;
            let at = part.created_at.clone().unwrap_or_default();
            tell(part, author, at.as_str()).map_err(fault)?;
        }
        Ok(())
    }
}

fn channel_of(kind: &str) -> Option<Channel> {
    Some(match kind {
        "email" => Channel::Email,
        "facebook" => Channel::Facebook,
        "instagram" => Channel::Instagram,
        "whatsapp" => Channel::Whatsapp,
        "sms" => Channel::Sms,
        "telegram" => Channel::Telegram,
        "messenger" | "in_app" => Channel::LiveChat,
        _ => return None,
    })
}

impl Platform for Intercom {
    type Heads = ();

    fn root(&self) -> &'static Node {
        if self.bare {
            &Node::ITEMS_OR_ITEM
        } else {
            &LIST
        }
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let conversation: Conversation<'_> = row(json)?;
        let is_one = conversation.source.is_some() || conversation.conversation_parts.is_some();
        if !is_one
            && self.levels < wrapped::DEEPEST
            && let Some(inner) = wrapped::body(json)
        {
            self.levels += 1;
            let told = Self::record(self, &(), &inner, more).map(drop);
            self.levels -= 1;
            return told.map(|()| None);
        }
        if is_one || conversation.kind.is_none() {
            self.records(conversation, more)?; // else a webhook about something else
        }
        Ok(None)
    }
}
