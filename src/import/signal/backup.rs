//! Signal's own export of everything as plain text, `main.jsonl`: people, chats and messages, a frame a line.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{PEOPLE_LIMIT, kept};
use crate::import::document::Node;
use crate::import::loose::{Text, filled, milliseconds, row};
use crate::import::platform::{More, Platform};
use crate::import::{Record, SourceSettings};
use crate::model::{Author, Channel};

/// How Signal writes its export.
pub(crate) struct SignalBackup {
    channel: Channel,
    is_for_one: bool,
    people: HashMap<String, Who>,
    /// The recipient of each chat, by the chat's id.
    chats: HashMap<String, String>,
    /// Who wrote last in a group, by the chat's id.
    last: HashMap<String, String>,
}

/// Whom a chat is with.
#[derive(Debug, Clone)]
enum Who {
    Person {
        id: String,
        name: Option<String>,
        phone: Option<String>,
    },
    Group,
    /// Ourselves, Signal's own news, a list of those who see our stories.
    Nobody,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    recipient: Option<Recipient<'a>>,
    #[serde(borrow)]
    chat: Option<Chat<'a>>,
    #[serde(borrow, rename = "chatItem")]
    item: Option<Item<'a>>,
}

#[derive(Deserialize)]
struct Recipient<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    contact: Option<Contact<'a>>,
    group: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contact<'a> {
    #[serde(borrow)]
    aci: Option<Text<'a>>,
    #[serde(borrow)]
    e164: Option<Text<'a>>,
    #[serde(borrow)]
    username: Option<Text<'a>>,
    #[serde(borrow)]
    nickname: Option<Nickname<'a>>,
    #[serde(borrow)]
    system_given_name: Option<Text<'a>>,
    #[serde(borrow)]
    system_family_name: Option<Text<'a>>,
    #[serde(borrow)]
    profile_given_name: Option<Text<'a>>,
    #[serde(borrow)]
    profile_family_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Nickname<'a> {
    #[serde(borrow)]
    given: Option<Text<'a>>,
    #[serde(borrow)]
    family: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chat<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    recipient_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    chat_id: Option<Text<'a>>,
    #[serde(borrow)]
    author_id: Option<Text<'a>>,
    #[serde(borrow)]
    date_sent: Option<Text<'a>>,
    incoming: Option<IgnoredAny>,
    outgoing: Option<IgnoredAny>,
    #[serde(borrow)]
    standard_message: Option<Standard<'a>>,
    remote_deleted_message: Option<IgnoredAny>,
    #[serde(borrow)]
    update_message: Option<Update<'a>>,
}

#[derive(Deserialize)]
struct Standard<'a> {
    #[serde(borrow)]
    text: Option<Body<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    body: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    #[serde(borrow)]
    individual_call: Option<Call<'a>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    direction: Option<Text<'a>>,
}

impl SignalBackup {
    /// How a source's export is read.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Self {
            channel: settings.channel.unwrap_or(Channel::Sms),
            is_for_one: settings.contact_id.is_some(),
            people: HashMap::new(),
            chats: HashMap::new(),
            last: HashMap::new(),
        }
    }

    fn see(&mut self, recipient: Recipient<'_>) -> Result<(), String> {
        let id = kept(filled(recipient.id)).ok_or("recipient.id: there is none")?;
        let who = match (recipient.contact, recipient.group) {
            (Some(contact), _) => contact.who().unwrap_or(Who::Nobody),
            (None, Some(_)) => Who::Group,
            (None, None) => Who::Nobody,
        };
        keep(&mut self.people, id, who)
    }
}

impl Contact<'_> {
    /// Who it is: by what stays as it is from one export to the next.
    fn who(self) -> Option<Who> {
        let join = |given, family| {
            let (given, family) = (filled(given), filled(family));
            match (given, family) {
                (Some(given), Some(family)) => Some(format!("{given} {family}")),
                (given, family) => given.or(family).map(Cow::into_owned),
            }
        };
        let name = self
            .nickname
            .and_then(|n| join(n.given, n.family))
            .or_else(|| join(self.system_given_name, self.system_family_name))
            .or_else(|| join(self.profile_given_name, self.profile_family_name));
        let name = kept(name.map(Cow::Owned));
        let phone = kept(filled(self.e164));
        let phone = phone.map(|number| format!("+{}", number.trim_start_matches('+')));
        let aci = kept(filled(self.aci));
        let username = kept(filled(self.username));
        let id = aci.or_else(|| phone.clone()).or(username);
        let id = id.or_else(|| name.clone())?;
        Some(Who::Person { id, name, phone })
    }
}

/// Keeps what an export says of something.
fn keep<V>(map: &mut HashMap<String, V>, id: String, value: V) -> Result<(), String> {
    if map.len() >= PEOPLE_LIMIT && !map.contains_key(&id) {
        return Err(format!(
            "there are more than {PEOPLE_LIMIT} people or chats; export some of them only"
        ));
    }
    map.insert(id, value);
    Ok(())
}

impl Platform for SignalBackup {
    type Heads = ();

    fn root(&self) -> &'static Node {
        &Node::ITEM
    }

    fn ready(&mut self, _: &[()]) -> Result<(), String> {
        match self.is_for_one {
            true => Err(
                "`contact_id` on the source is for one chat, but this export has all of them"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let frame: Frame<'a> = row(json)?;
        if let Some(recipient) = frame.recipient {
            return self.see(recipient).map(|()| None);
        }
        if let Some(chat) = frame.chat {
            let id = kept(filled(chat.id)).ok_or("chat.id: there is none")?;
            let with = kept(filled(chat.recipient_id)).ok_or("chat.recipientId: there is none")?;
            return keep(&mut self.chats, id, with).map(|()| None);
        }
        let Some(item) = frame.item else {
            return Ok(None); // the account, stickers, folders
        };
        let author = match (&item.incoming, &item.outgoing, &item.update_message) {
            (_, _, Some(update)) => {
                let call = update.individual_call.as_ref();
                match call.and_then(|c| c.direction.as_ref()).map(Text::as_str) {
                    Some("INCOMING") => Author::Contact,
                    Some("OUTGOING") => Author::Bot,
                    _ => return Ok(None),
                }
            }
            (Some(_), ..) => Author::Contact,
            (None, Some(_), _) => Author::Bot,
            (None, None, None) => return Ok(None),
        };
        if item.remote_deleted_message.is_some() && author != Author::Contact {
            return Ok(None); // what we took back is not there any more
        }
        let chat_id = filled(item.chat_id).ok_or("chatId: there is none")?;
        let with = self.chats.get(&*chat_id);
        let with = with.ok_or("chatId: the export does not say whom this chat is with")?;
        let who = match self.people.get(with) {
            Some(Who::Group) if author == Author::Contact => {
                let id = filled(item.author_id).ok_or("authorId: there is none")?;
                let id = kept(Some(id)).unwrap_or_default();
                if self.last.len() < PEOPLE_LIMIT {
                    self.last.insert(chat_id.clone().into_owned(), id.clone());
                }
                self.people.get(&id)
            }
            // Ours goes to whoever wrote last.
            Some(Who::Group) => match self.last.get(&*chat_id) {
                Some(id) => self.people.get(id),
                None => return Ok(None),
            },
            found => found,
        };
        let (id, name, phone) = match who {
            Some(Who::Person { id, name, phone }) => (id, name, phone),
            Some(_) => return Ok(None),
            None => return Err("authorId: the export does not say who this is".to_owned()),
        };
        let at = item.date_sent.ok_or("dateSent: there is none")?;
        let at = milliseconds(at.as_str()).map_err(|e| format!("dateSent: {e}"))?;
        let text = item.standard_message.and_then(|m| m.text);
        let text = text.and_then(|t| filled(t.body)).unwrap_or_default();
        let mut record = Record::message(id.into(), self.channel, author, at, text);
        record.conversation_id = Some(chat_id);
        record.name = name.as_deref().map(Cow::Borrowed);
        record.phone = phone.as_deref().map(Cow::Borrowed);
        Ok(Some(record))
    }
}
