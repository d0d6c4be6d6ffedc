//! Bodies of webhooks of the WhatsApp Cloud API, as a server has written them down one by one. What contacts write is
//! there in full; of what we send, only when it was sent and what became of it.

mod shapes;

use std::borrow::Cow;

use shapes::{Body, Contact, Message, Status, Value};

use super::document::Node;
use super::loose::{self, Text, filled, seconds};
use super::platform::{More, Platform};
use super::{Record, Said, SourceSettings, Tells, wrapped};
use crate::model::{Author, Channel, WordKind, WordSource};

/// Meta's code for a message to somebody who wants no more of them.
const OPTED_OUT: &str = "131050";

/// How the webhooks' bodies are read.
#[derive(Debug, Default)]
pub(crate) struct WhatsappCloud {
    channel: Option<Channel>,
    /// How many wrappings are around the body that is being read.
    levels: u8,
}

/// A person by their number, or by the id of one who hides it.
struct Person {
    id: String,
    is_number: bool,
}

impl Person {
    fn of(number: Option<Text<'_>>, user_id: Option<Text<'_>>) -> Option<Self> {
        let is_number = |n: &Cow<'_, str>| {
            n.trim_start_matches('+')
                .bytes()
                .all(|b| b.is_ascii_digit())
        };
        match filled(number) {
            Some(number) if is_number(&number) => Some(Self {
                id: format!("+{}", number.trim_start_matches('+')),
                is_number: true,
            }),
            other => filled(user_id).or(other).map(|id| Self {
                id: id.into_owned(),
                is_number: false,
            }),
        }
    }

    fn record(
        self,
        channel: Channel,
        author: Author,
        at: crate::model::Timestamp,
        text: String,
    ) -> Record<'static> {
        let mut record = Record::message(self.id.into(), channel, author, at, text.into());
        let own = Some(record.contact_id.clone());
        if self.is_number {
            record.phone = own;
        } else {
            record.address = own;
        }
        record
    }
}

impl WhatsappCloud {
    /// How a source's bodies are read.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Self {
            channel: settings.channel,
            levels: 0,
        }
    }

    /// What a body tells.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn records(&self, row: &str, more: &mut More) -> Result<(), String> {
        let channel = self.channel.unwrap_or(Channel::Whatsapp);
        for value in values(row)? {
            for message in value.messages {
                let name = name_of(&value.contacts, &message);
                let inbound = message.inbound(channel, name)?;
                more.extend(inbound);
            }
            for message in value.message_echoes {
                more.extend(message.echo(channel)?);
            }
            for thread in value.history.into_iter().flat_map(|h| h.threads) {
                for mut message in thread.messages {
                    let is_theirs = message.from.is_some() && message.from == thread.id;
                    more.extend(if is_theirs {
                        message.inbound(channel, None)?
                    } else {
                        message.to = message.to.or_else(|| thread.id.clone());
                        message.echo(channel)?
                    });
                }
            }
            for status in value.statuses {
                more.extend(status.record(channel)?);
            }
        }
        Ok(())
    }
}

/// What has changed, by a body's entries; or the body is itself what stands in one of these, or is wrapped in what a
/// server has written down around it.
fn values(row: &str) -> Result<Vec<Value<'_>>, String> {
    let body: Body<'_> = loose::row(row)?;
    if let Some(entry) = body.entry {
        let changes = entry.into_iter().flat_map(|e| e.changes);
        return Ok(changes.filter_map(|c| c.value).collect());
    }
    let value: Value<'_> = loose::row(row).unwrap_or_default();
    let is_one = value.messaging_product.is_some()
        || !(value.messages.is_empty() && value.statuses.is_empty());
    if is_one {
        return Ok(vec![value]);
    }
    Err("entry: there is none; write down the bodies of the webhooks as they come".to_owned())
}

fn name_of(contacts: &[Contact<'_>], message: &Message<'_>) -> Option<String> {
    let is_theirs = |c: &&Contact<'_>| {
        c.wa_id.is_some() && c.wa_id == message.from
            || c.user_id.is_some() && c.user_id == message.from_user_id
            || contacts.len() == 1
    };
    let name = contacts
        .iter()
        .find(is_theirs)?
        .profile
        .as_ref()?
        .name
        .as_ref()?;
    Some(name.as_str().to_owned()).filter(|n| !n.is_empty())
}

impl Message<'_> {
    fn inbound(
        self,
        channel: Channel,
        name: Option<String>,
    ) -> Result<Option<Record<'static>>, String> {
        if self.is_none() {
            return Ok(None);
        }
        let (at, text) = (self.at()?, self.words());
        let ad_click = self.referral.is_some_and(|r| r.get().contains("\"ad\""));
        let person =
            Person::of(self.from, self.from_user_id).ok_or("messages: from: there is none")?;
        let mut record = person.record(channel, Author::Contact, at, text);
        record.message_id = filled(self.id).map(|id| id.into_owned().into());
        record.name = name.map(Cow::Owned);
        record.ad_click = ad_click;
        Ok(Some(record))
    }

    fn echo(self, channel: Channel) -> Result<Option<Record<'static>>, String> {
        if self.is_none() {
            return Ok(None);
        }
        let (at, text) = (self.at()?, self.words());
        let person =
            Person::of(self.to, self.to_user_id).ok_or("message_echoes: to: there is none")?;
        let mut record = person.record(channel, Author::Human, at, text);
        record.message_id = filled(self.id).map(|id| id.into_owned().into());
        Ok(Some(record))
    }

    /// Whether it is no message: a reaction, a line of WhatsApp's own, a chat that was opened, a message taken back
    /// (rule S8).
    fn is_none(&self) -> bool {
        let kind = self.kind.as_ref().map(Text::as_str);
        matches!(
            kind,
            Some("reaction" | "system" | "request_welcome" | "revoke" | "ephemeral")
        )
    }

    fn at(&self) -> Result<crate::model::Timestamp, String> {
        let at = self
            .timestamp
            .as_ref()
            .ok_or("messages: timestamp: there is none")?;
        seconds(at.as_str()).map_err(|e| format!("messages: timestamp: {e}"))
    }

    fn words(&self) -> String {
        let interactive = self.interactive.as_ref();
        let places = [
            self.text.as_ref(),
            self.button.as_ref(),
            interactive.and_then(|i| i.button_reply.as_ref()),
            interactive.and_then(|i| i.list_reply.as_ref()),
            interactive.and_then(|i| i.nfm_reply.as_ref()),
            self.image.as_ref(),
            self.video.as_ref(),
            self.document.as_ref(),
            self.order.as_ref(),
        ];
        let words = places
            .into_iter()
            .flatten()
            .find_map(|said| said.body.as_ref());
        let edited = || Some(self.edit.as_ref()?.message.as_ref()?.words());
        let words = words.map(|t| t.as_str().to_owned());
        words.or_else(edited).unwrap_or_default()
    }
}

impl Status<'_> {
    /// That a message of ours went out. The first word on it counts; those after have the same id.
    fn record(self, channel: Channel) -> Result<Option<Record<'static>>, String> {
        let status = filled(self.status).ok_or("statuses: status: there is none")?;
        let at = self.timestamp.ok_or("statuses: timestamp: there is none")?;
        let at = seconds(at.as_str()).map_err(|e| format!("statuses: timestamp: {e}"))?;
        let person = Person::of(self.recipient_id, self.recipient_user_id)
            .ok_or("statuses: recipient_id: there is none")?;
        let mut record = person.record(channel, Author::Bot, at, String::new());
        record.message_id = filled(self.id).map(|id| id.into_owned().into());
        match status.as_ref() {
            "sent" | "delivered" | "read" | "played" => {
                record.status = Some(status.into_owned().into());
                Ok(Some(record))
            }
            "failed"
                if self
                    .errors
                    .iter()
                    .any(|e| e.code.as_ref().is_some_and(|c| c.as_str() == OPTED_OUT)) =>
            {
                record.tells = Tells::Word(Said {
                    kind: WordKind::OptOut,
                    source: WordSource::Provider,
                    reason: Some(Cow::Borrowed("WhatsApp 131050")),
                });
                Ok(Some(record))
            }
            _ => Ok(None),
        }
    }
}

impl Platform for WhatsappCloud {
    type Heads = ();

    fn root(&self) -> &'static Node {
        &Node::ITEMS_OR_ITEM
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let told = self.records(json, more);
        if told.is_err()
            && self.levels < wrapped::DEEPEST
            && let Some(inner) = wrapped::body(json)
        {
            self.levels += 1;
            let told = Self::record(self, &(), &inner, more).map(drop);
            self.levels -= 1;
            return told.map(|()| None);
        }
        told.map(|()| None)
    }
}
