//! The `data.json` of signal-export, beside its `chat.md`: a message a line, with the names that people see. We are
//! `Me`.

use std::borrow::Cow;

use serde::Deserialize;

use crate::import::document::Node;
use crate::import::loose::{Text, filled, row};
use crate::import::platform::{More, Platform};
use crate::import::time::instant;
use crate::import::{Record, SourceSettings};
use crate::model::{Author, Channel};
use crate::zone::Zone;

/// More of our own messages than this do not wait for somebody to answer.
const WAITING_LIMIT: usize = 10_000;

/// How signal-export writes messages.
pub(crate) struct SignalTool {
    channel: Channel,
    contact_id: Option<String>,
    zone: Option<Zone>,
    /// The chat's name: that of its folder.
    chat: Option<String>,
    /// Who wrote last, and our messages before anyone had.
    last: Option<String>,
    waiting: More,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    date: Option<Text<'a>>,
    #[serde(borrow)]
    sender: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(default)]
    deleted: bool,
}

impl SignalTool {
    /// How a source's messages of the chat of this name are read.
    pub(crate) fn new(settings: &SourceSettings, chat: Option<String>) -> Self {
        Self {
            channel: settings.channel.unwrap_or(Channel::Sms),
            contact_id: settings.contact_id.clone(),
            zone: settings.timezone.clone(),
            chat,
            last: None,
            waiting: More::new(),
        }
    }
}

impl Platform for SignalTool {
    type Heads = ();

    fn root(&self) -> &'static Node {
        &Node::ITEM
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let message: Message<'a> = row(json)?;
        let sender = filled(message.sender).filter(|name| name != "No-Sender");
        let sender = sender.ok_or("sender: there is none")?;
        let is_us = sender == "Me";
        if message.deleted && is_us {
            return Ok(None); // what we took back is not there any more
        }
        let at = filled(message.date).ok_or("date: there is none")?;
        let at = instant(&at, self.zone.as_ref(), None).map_err(|e| format!("date: {e}"))?;
        let text = match filled(message.body) {
            Some(Cow::Borrowed(text)) => Cow::Borrowed(text.trim_end()),
            Some(Cow::Owned(text)) => Cow::Owned(text.trim_end().to_owned()),
            None => Cow::Borrowed(""),
        };
        if is_us && self.last.is_none() {
            let text = text.into_owned().into();
            if self.waiting.len() < WAITING_LIMIT {
                let record = Record::message("".into(), self.channel, Author::Bot, at, text);
                self.waiting.push_back(record);
            }
            return Ok(None);
        }
        if !is_us {
            let name = sender.into_owned();
            deliver(self, &name, more);
            self.last = Some(name);
        }
        let author = if is_us { Author::Bot } else { Author::Contact };
        let name = self.last.as_deref().unwrap_or_default();
        let id = self.contact_id.as_deref().unwrap_or(name);
        let mut record = Record::message(id.into(), self.channel, author, at, text);
        record.name = Some(name.into());
        record.conversation_id = self.chat.as_deref().map(Cow::Borrowed);
        Ok(Some(record))
    }

    /// What nobody answered was written to whom the chat is called after.
    fn end(&mut self, more: &mut More) {
        if let Some(name) = self.chat.clone() {
            deliver(self, &name, more);
        }
    }
}

/// Our messages that waited go to the contact of this name.
fn deliver(tool: &mut SignalTool, name: &str, more: &mut More) {
    let id = tool.contact_id.as_deref().unwrap_or(name).to_owned();
    for mut record in tool.waiting.drain(..) {
        record.contact_id = Cow::Owned(id.clone());
        record.name = Some(Cow::Owned(name.to_owned()));
        record.conversation_id = tool.chat.clone().map(Cow::Owned);
        more.push_back(record);
    }
}
