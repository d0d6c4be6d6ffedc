//! Messages of Twilio's Conversations: they have an author, and no direction. A number is a contact's; whoever else
//! writes in a contact's conversation is ours.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::{Twilio, addressed, reached_by_id};
use crate::import::document::Node;
use crate::import::loose::{Text, filled, row};
use crate::import::platform::{HasLists, More, Platform};
use crate::import::us::Us;
use crate::import::{ReadError, Record, SourceSettings};
use crate::model::{Author, Channel};

/// More conversations than this are not remembered.
const CONVERSATIONS_LIMIT: usize = 200_000;

/// One message as the API writes it, or (the second names) its library for JavaScript.
#[derive(Debug, Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    sid: Option<Text<'a>>,
    #[serde(borrow, alias = "conversationSid")]
    conversation_sid: Option<Text<'a>>,
    #[serde(borrow)]
    author: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow, alias = "dateCreated")]
    date_created: Option<Text<'a>>,
}

/// How Twilio writes the messages of conversations.
pub(crate) struct Conversations {
    twilio: Twilio,
    us: Us,
    default: Option<Channel>,
    /// The address of each conversation's contact, as it is written.
    contacts: HashMap<String, String>,
}

impl Conversations {
    /// How a source's messages are read; `bare` when each stands by itself.
    pub(crate) fn new(settings: &SourceSettings, has_lists: HasLists) -> Self {
        Self {
            twilio: Twilio::new(settings, has_lists),
            us: Us::new(settings, |name| name.trim().to_owned()),
            default: settings.channel,
            contacts: HashMap::new(),
        }
    }

    fn is_contact(&self, author: &str) -> bool {
        self.us.author(author).is_none() && is_address(author)
    }

    fn learn(&mut self, conversation: &str, author: &str) {
        if !self.contacts.contains_key(conversation) && self.contacts.len() < CONVERSATIONS_LIMIT {
            self.contacts
                .insert(conversation.to_owned(), author.to_owned());
        }
    }
}

/// Whether an author is a number or an address of a channel, rather than a name that we gave.
fn is_address(author: &str) -> bool {
    let number = author.trim().strip_prefix('+');
    number.is_some_and(|n| n.len() >= 5 && n.bytes().all(|b| b.is_ascii_digit()))
        || author.split_once(':').is_some_and(|(channel, rest)| {
            matches!(channel, "whatsapp" | "messenger" | "rcs") && !rest.is_empty()
        })
}

impl Platform for Conversations {
    type Heads = ();

    fn root(&self) -> &'static Node {
        self.twilio.root()
    }

    fn surveys(&self) -> bool {
        true
    }

    fn survey(&mut self, json: &str) -> Result<(), ReadError> {
        if let Ok(message) = row::<Message<'_>>(json)
            && let (Some(sid), Some(author)) =
                (filled(message.conversation_sid), filled(message.author))
            && self.is_contact(&author)
        {
            self.learn(&sid, &author);
        }
        Ok(())
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let message: Message<'a> = row(json)?;
        let sid = filled(message.conversation_sid).ok_or("conversation_sid: there is none")?;
        let written_by = filled(message.author).ok_or("author: there is none")?;
        let is_theirs = self.is_contact(&written_by);
        if is_theirs {
            self.learn(&sid, &written_by);
        }
        let contact = if is_theirs {
            written_by.clone()
        } else {
            let contact = self.contacts.get(sid.as_ref());
            Cow::Owned(contact.cloned().ok_or(
                "author: no number has written in this conversation, so it is not known whose it is; export it whole",
            )?)
        };
        let author = match self.us.author(&written_by) {
            _ if is_theirs => Author::Contact,
            Some(ours) => ours,
            None => Author::Bot,
        };
        let at = filled(message.date_created).ok_or("date_created: there is none")?;
        let at = self
            .twilio
            .instant(&at)
            .map_err(|e| format!("date_created: {e}"))?;
        let (channel, id) = addressed(contact, self.default);
        let text = message.body.unwrap_or_default().0;
        let mut record = Record::message(id, channel, author, at, text);
        reached_by_id(&mut record);
        record.message_id = filled(message.sid);
        record.conversation_id = Some(sid);
        Ok(Some(record))
    }
}
