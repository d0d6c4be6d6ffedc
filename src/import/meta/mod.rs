//! Messenger and Instagram, as Meta's "Download your information" writes them: `message_1.json`, `message_2.json` …
//! of each chat, or the whole `.zip`. Newest first, without ids, names only; every text is UTF-8 taken for Latin-1.
//! Chats that are encrypted from end to end have a file each and other keys; before 2020 Instagram wrote one
//! `messages.json` with all chats.

mod message;
mod phrases;

use std::borrow::Cow;

use message::Message;
use serde::Deserialize;

use super::document::Node;
use super::elements::Heads;
use super::loose::{Text, row};
use super::platform::{More, Platform};
use super::us::{Seen, Us};
use super::{ReadError, Record, SourceSettings};
use crate::model::{Author, Channel};

const PARTICIPANTS: u8 = 0;
const TITLE: u8 = 1;
const PATH: u8 = 2;

const CHAT: Node = Node::scope(&[
    ("participants", &Node::head(PARTICIPANTS)),
    ("title", &Node::head(TITLE)),
    ("threadName", &Node::head(TITLE)),
    ("thread_path", &Node::head(PATH)),
    ("messages", &Node::ITEMS),
    ("conversation", &Node::ITEMS),
]);
const ROOT: Node = CHAT.or_list_of(&CHAT);

/// More of our own messages than this wait for whom they were written to, in a group.
const WAITING_LIMIT: usize = 10_000;

/// How Meta writes messages.
pub(crate) struct Meta {
    channel: Channel,
    us: Us,
    contact_id: Option<String>,
    seen: Seen,
    chats: Chats,
    /// The chat of the last message, and our messages of it that wait for the contact.
    chat: Chat,
    waiting: More,
}

#[derive(Debug, Default)]
struct Chats {
    with_us: usize,
    without_us: Option<String>,
}

/// A chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chat {
    participants: Vec<String>,
    title: Option<String>,
    /// The folder of the chat, which has its number: it tells people of one name apart.
    folder: Option<String>,
}

impl Heads for Chat {
    fn set(&mut self, tag: u8, json: &str) {
        let text = || row::<Text<'_>>(json).ok().map(|t| mended(t.0).into_owned());
        match tag {
            PARTICIPANTS => {
                let all: Vec<Participant<'_>> = row(json).unwrap_or_default();
                let names = all.into_iter().filter_map(|p| match p {
                    Participant::Named { name } => name,
                    Participant::Name(name) => Some(name),
                });
                self.participants = names.map(|n| mended(n.0).into_owned()).collect();
            }
            TITLE => self.title = text().filter(|t| !t.is_empty()),
            _ => {
                let path = text().unwrap_or_default();
                let folder = path.rsplit('/').find(|part| !part.is_empty());
                self.folder = folder.map(str::to_owned);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Participant<'a> {
    Named {
        #[serde(borrow)]
        name: Option<Text<'a>>,
    },
    Name(#[serde(borrow)] Text<'a>),
}

impl Meta {
    /// How the messages of `channel` are read for a source.
    pub(crate) fn new(channel: Channel, settings: &SourceSettings) -> Self {
        Self {
            channel: settings.channel.unwrap_or(channel),
            us: Us::new(settings, |name| name.trim().to_owned()),
            contact_id: settings.contact_id.clone(),
            seen: Seen::default(),
            chats: Chats::default(),
            chat: Chat::default(),
            waiting: More::new(),
        }
    }

    fn is_us(&self, name: &str) -> bool {
        self.us.author(name.trim()).is_some()
    }

    /// The id of the contact of this name in a chat.
    fn contact_id<'a>(&self, chat: &Chat, name: &'a str) -> Cow<'a, str> {
        if let Some(given) = &self.contact_id {
            return Cow::Owned(given.clone());
        }
        let others = chat.participants.iter().filter(|p| !self.is_us(p)).count();
        match &chat.folder {
            Some(folder) if others <= 1 => Cow::Owned(folder.clone()),
            Some(folder) => Cow::Owned(format!("{folder}/{name}")),
            None => Cow::Borrowed(name),
        }
    }

    /// Our messages that waited go to the contact of this name.
    fn deliver(&mut self, chat: &Chat, name: &str, more: &mut More) {
        let id = self.contact_id(chat, name).into_owned();
        for mut record in self.waiting.drain(..) {
            record.contact_id = Cow::Owned(id.clone());
            record.name = Some(Cow::Owned(name.to_owned()));
            more.push_back(record);
        }
    }
}

impl Platform for Meta {
    type Heads = Chat;

    fn root(&self) -> &'static Node {
        &ROOT
    }

    fn surveys(&self) -> bool {
        self.us.is_empty()
    }

    fn survey(&mut self, json: &str) -> Result<(), ReadError> {
        if let Ok(message) = row::<Message<'_>>(json)
            && let Some(name) = message.sender()
        {
            self.seen.count(&mended(name));
        }
        Ok(())
    }

    fn ready(&mut self, chats: &[Chat]) -> Result<(), String> {
        if self.us.is_empty() {
            let what = "the name under which you write in these chats";
            return Err(self.seen.asks_for_us(what).to_string());
        }
        for chat in chats.iter().filter(|c| !c.participants.is_empty()) {
            if chat.participants.iter().any(|p| self.is_us(p)) {
                self.chats.with_us += 1;
            } else {
                let names: Vec<_> = chat.participants.iter().map(String::as_str).collect();
                self.chats.without_us = Some(super::words::list(names, 10));
            }
        }
        match &self.chats.without_us {
            Some(names) if self.chats.with_us == 0 => Err(format!(
                "none of the names in `us` (or --us) is in this chat; in it are {names}"
            )),
            _ if self.contact_id.is_some()
                && chats.iter().filter(|c| **c != Chat::default()).count() > 1 =>
            {
                Err("`contact_id` on the source is for one chat, but this has several".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn record<'a>(
        &'a mut self,
        chat: &'a Chat,
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        if self.chat != *chat {
            self.end(more); // a chat ended while messages waited
            self.chat.clone_from(chat);
        }
        let message: Message<'a> = row(json)?;
        // Whose account is gone has no name any more; in a chat with one person it is known who wrote.
        let is_with_one = chat.folder.is_some() && chat.participants.len() <= 2;
        let sender = message.sender_name.as_ref();
        let sender = sender.filter(|name| is_with_one || !name.as_str().is_empty());
        let sender = mended(sender.ok_or("sender_name: there is none")?.0.clone());
        let at = message.at()?;
        let author = self.us.author(sender.trim());
        // What a contact took back was written all the same; what we took back is not there any more.
        if message.is_unsent && author.is_some() {
            return Ok(None);
        }
        let Some(text) = message.text() else {
            return Ok(None);
        };
        if !chat.participants.is_empty()
            && !chat.participants.iter().any(|p| self.is_us(p))
            && author.is_none()
        {
            return Err(
                "none of the names in `us` (or --us) is in this chat; add the one under which you write here"
                    .to_owned(),
            );
        }
        let mut others = chat.participants.iter().filter(|p| !self.is_us(p));
        let other = match (author, others.next(), others.next()) {
            (None, ..) => Some(sender.clone()),
            (Some(_), Some(one), None) => Some(Cow::Borrowed(one.as_str())),
            (Some(_), None, _) if !chat.participants.is_empty() => {
                chat.title.as_deref().map(Cow::Borrowed)
            }
            _ => None,
        };
        let author = author.unwrap_or(Author::Contact);
        let folder = chat.folder.as_deref().or(chat.title.as_deref());
        let Some(name) = other else {
            // A group: written to whoever wrote before, which in this file comes after.
            let text = text.into_owned().into();
            let mut record = Record::message("".into(), self.channel, author, at, text);
            record.conversation_id = folder.map(|f| f.to_owned().into());
            if self.waiting.len() < WAITING_LIMIT {
                self.waiting.push_back(record);
            }
            return Ok(None);
        };
        if author == Author::Contact && !self.waiting.is_empty() {
            self.deliver(chat, &name, more);
        }
        let id = self.contact_id(chat, &name).into_owned();
        let mut record = Record::message(id.into(), self.channel, author, at, text);
        record.conversation_id = folder.map(Cow::Borrowed);
        record.name = Some(name).filter(|name| !name.is_empty());
        Ok(Some(record))
    }

    /// Our messages to a group in which nobody has written yet are left out: they have no contact.
    fn end(&mut self, _: &mut More) {
        self.waiting.clear();
    }
}

/// A text whose UTF-8 was taken for Latin-1, as it was; any other as it is.
pub(super) fn mended(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(mended)) => Cow::Owned(mended),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_escapes_are_mended_and_good_texts_left() {
        let mend = |text: &'static str| mended(Cow::Borrowed(text)).into_owned();
        assert_eq!(
            mend("Mar\u{c3}\u{ad}a \u{f0}\u{9f}\u{98}\u{80}"),
            "María 😀"
        );
        for good in [
            "María",
            "😀",
            "plain",
            "",
            "año",
            "\u{c3}",
            "\u{c3}\u{ad} → x",
        ] {
            assert_eq!(mend(good), good);
        }
    }
}
