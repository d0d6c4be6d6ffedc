//! Messages as Signal Desktop keeps them: a list of them for each chat, as sigtop writes it.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::{PEOPLE_LIMIT, kept};
use crate::import::document::Node;
use crate::import::loose::{Text, filled, milliseconds, row};
use crate::import::platform::{More, Platform};
use crate::import::{ReadError, Record, SourceSettings};
use crate::model::{Author, Channel};

const ROOT: Node = Node::object(&[("messages", &Node::ITEMS), ("messsages", &Node::ITEMS)])
    .or_list_of(&Node::ITEM);

/// How Signal Desktop keeps messages.
pub(crate) struct SignalDesktop {
    channel: Channel,
    contact_id: Option<String>,
    /// The numbers of accounts, where both are known.
    phones: HashMap<String, String>,
    chats: HashMap<String, Chat>,
    /// How many people, numbers and chats are kept.
    kept: usize,
}

/// Who writes in a chat, in the order of their first messages; and who wrote last.
#[derive(Debug, Default)]
struct Chat {
    people: Vec<String>,
    last: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    conversation_id: Option<Text<'a>>,
    #[serde(borrow, rename = "sent_at")]
    sent_at: Option<Text<'a>>,
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow, alias = "sourceUuid")]
    source_service_id: Option<Text<'a>>,
    deleted_for_everyone: Option<bool>,
    #[serde(borrow)]
    call_history_details: Option<Call<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    was_incoming: Option<bool>,
    #[serde(borrow)]
    direction: Option<Text<'a>>,
}

impl<'a> Message<'a> {
    /// Who wrote; `None` for a line of Signal's own.
    fn author(&self) -> Option<Author> {
        match self.kind.as_ref().map(Text::as_str) {
            Some("incoming") => Some(Author::Contact),
            Some("outgoing") => Some(Author::Bot),
            Some("call-history") => {
                let call = self.call_history_details.as_ref()?;
                let direction = call.direction.as_ref().map(Text::as_str);
                match (call.was_incoming, direction) {
                    (Some(true), _) | (None, Some("Incoming")) => Some(Author::Contact),
                    (Some(false), _) | (None, Some("Outgoing")) => Some(Author::Bot),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The number and the account of who wrote.
    fn source(&self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        (
            filled(self.source.clone()),
            filled(self.source_service_id.clone()),
        )
    }
}

impl SignalDesktop {
    /// How a source's messages are read.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Self {
            channel: settings.channel.unwrap_or(Channel::Sms),
            contact_id: settings.contact_id.clone(),
            phones: HashMap::new(),
            chats: HashMap::new(),
            kept: 0,
        }
    }
}

/// Who wrote: the account, else the number.
fn person(phone: Option<&str>, account: Option<&str>) -> Option<String> {
    kept(account.or(phone).map(Cow::Borrowed))
}

impl Platform for SignalDesktop {
    type Heads = ();

    fn root(&self) -> &'static Node {
        &ROOT
    }

    fn surveys(&self) -> bool {
        true
    }

    fn survey(&mut self, json: &str) -> Result<(), ReadError> {
        let Ok(message) = row::<Message<'_>>(json) else {
            return Ok(());
        };
        let Some(chat) = kept(filled(message.conversation_id.clone())) else {
            return Ok(());
        };
        if self.kept >= PEOPLE_LIMIT {
            return Err(ReadError::File(format!(
                "there are more than {PEOPLE_LIMIT} people or chats in it; export some of them only"
            )));
        }
        let (phone, account) = message.source();
        if let (Some(phone), Some(account)) = (kept(phone.clone()), kept(account.clone())) {
            self.kept += usize::from(self.phones.insert(account, phone).is_none());
        }
        self.kept += usize::from(!self.chats.contains_key(&chat));
        let chat = self.chats.entry(chat).or_default();
        if message.author() == Some(Author::Contact)
            && let Some(person) = person(phone.as_deref(), account.as_deref())
            && chat.people.len() < 1000
            && !chat.people.contains(&person)
        {
            self.kept += 1;
            chat.people.push(person);
        }
        Ok(())
    }

    fn ready(&mut self, _: &[()]) -> Result<(), String> {
        // Older messages have the number only.
        for chat in self.chats.values_mut() {
            let accounts: Vec<String> = chat.people.clone();
            let of_account = |person: &String| {
                let same = |account: &&String| self.phones.get(*account) == Some(person);
                accounts.iter().any(|account| same(&account))
            };
            chat.people.retain(|person| !of_account(person));
        }
        match &self.contact_id {
            Some(_) if self.chats.len() > 1 => {
                Err("`contact_id` on the source is for one chat, but this has several".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let message: Message<'a> = row(json)?;
        let Some(author) = message.author() else {
            return Ok(None);
        };
        if message.deleted_for_everyone == Some(true) && author != Author::Contact {
            return Ok(None); // what we took back is not there any more
        }
        let (phone, account) = message.source();
        let at = filled(message.sent_at).or_else(|| filled(message.timestamp));
        let at = at.ok_or("sent_at: there is none")?;
        let at = milliseconds(&at).map_err(|e| format!("sent_at: {e}"))?;
        let chat_id = filled(message.conversation_id).ok_or("conversationId: there is none")?;
        let chat = self.chats.get_mut(&*chat_id);
        let chat = chat.ok_or("conversationId: it is too long")?;
        if author == Author::Contact
            && let Some(person) = person(phone.as_deref(), account.as_deref())
        {
            let is = |p: &String| *p == person || self.phones.get(p) == Some(&person);
            chat.last = chat.people.iter().position(is).unwrap_or(chat.last);
        }
        let person = chat.people.get(chat.last);
        // A chat's id stays what it is, whether the other has written or not.
        let id = match (&self.contact_id, person) {
            (Some(given), _) => Cow::Owned(given.clone()),
            (None, Some(person)) if chat.people.len() > 1 => Cow::Borrowed(person.as_str()),
            _ => chat_id.clone(),
        };
        let text = filled(message.body).unwrap_or_default();
        let mut record = Record::message(id, self.channel, author, at, text);
        let phone = person.and_then(|p| self.phones.get(p).or(Some(p)));
        record.phone = phone
            .filter(|phone| phone.starts_with('+'))
            .map(|phone| Cow::Borrowed(phone.as_str()));
        record.message_id = filled(message.id);
        record.conversation_id = Some(chat_id);
        Ok(Some(record))
    }
}
