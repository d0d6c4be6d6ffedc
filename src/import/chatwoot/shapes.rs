//! Chatwoot's JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::import::loose::{self, Text};

/// Whoever takes part in a conversation.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Person<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) email: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phone_number: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
}

/// A message, the body of a webhook about one, or a conversation.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) created_at: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) conversation_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub(super) private: Option<bool>,
    #[serde(borrow)]
    pub(super) sender: Option<Person<'a>>,
    /// Of old webhooks: whose conversation it is.
    #[serde(borrow)]
    pub(super) contact: Option<Person<'a>>,
    #[serde(borrow)]
    pub(super) sender_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) conversation: Option<Conversation<'a>>,
    #[serde(borrow)]
    pub(super) content_attributes: Option<&'a RawValue>,
    /// Of a webhook.
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    /// Of a conversation.
    #[serde(borrow)]
    pub(super) meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub(super) messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) contact_inbox: Option<ContactInbox<'a>>,
}

impl<'a> Person<'a> {
    /// Takes from another what it does not tell itself.
    pub(super) fn complete(&mut self, other: Self) {
        let is_empty =
            |text: &Option<Text<'_>>| text.as_ref().is_none_or(|t| t.as_str().is_empty());
        for (own, theirs) in [
            (&mut self.name, other.name),
            (&mut self.email, other.email),
            (&mut self.phone_number, other.phone_number),
        ] {
            if is_empty(own) {
                *own = theirs;
            }
        }
    }
}

impl Message<'_> {
    /// Whether it is any of these.
    pub(super) const fn is_one(&self) -> bool {
        self.message_type.is_some() || self.messages.is_some() || self.event.is_some()
    }
}

/// The conversation of a message.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Conversation<'a> {
    #[serde(borrow, alias = "display_id")]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub(super) contact_inbox: Option<ContactInbox<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) sender: Option<Person<'a>>,
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ContactInbox<'a> {
    #[serde(borrow)]
    pub(super) contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source_id: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Attributes {
    pub(super) email: Option<EmailAttributes>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub(super) deleted: Option<bool>,
    #[serde(default, deserialize_with = "loose::flag")]
    pub(super) is_reaction: Option<bool>,
}

#[derive(Default, Deserialize)]
pub(super) struct EmailAttributes {
    pub(super) auto_reply: Option<bool>,
    pub(super) text_content: Option<EmailText>,
}

/// The text of an email.
#[derive(Default, Deserialize)]
pub(super) struct EmailText {
    /// Without what it quotes.
    pub(super) reply: Option<String>,
}
