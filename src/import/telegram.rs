//! Telegram Desktop's `result.json`: of one chat, or of all of them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::document::Node;
use super::elements::Heads;
use super::loose::{Text, filled, row, seconds};
use super::platform::{More, Platform};
use super::time::instant;
use super::us::{Seen, Us};
use super::{ReadError, Record, SourceSettings};
use crate::model::{Author, Channel, Timestamp};
use crate::zone::Zone;

const NAME: u8 = 0;
const KIND: u8 = 1;
const ID: u8 = 2;

const CHAT: Node = Node::scope(&[
    ("name", &Node::head(NAME)),
    ("type", &Node::head(KIND)),
    ("id", &Node::head(ID)),
    ("messages", &Node::ITEMS),
]);
const CHATS: Node = Node::ITEMS.or_list_of(&CHAT);
const LIST: Node = Node::object(&[("list", &CHATS)]);
const CONTACTS: Node = Node::object(&[("list", &Node::ITEMS)]);
const ROOT: Node = Node::scope(&[
    ("name", &Node::head(NAME)),
    ("type", &Node::head(KIND)),
    ("id", &Node::head(ID)),
    ("messages", &Node::ITEMS),
    ("contacts", &CONTACTS),
    ("chats", &LIST),
    ("left_chats", &LIST),
]);

/// More numbers than this are not kept in memory.
const PHONES_LIMIT: usize = 200_000;

/// More of our own messages than this do not wait for somebody to answer.
const WAITING_LIMIT: usize = 10_000;

/// How Telegram Desktop writes messages.
pub(crate) struct Telegram {
    us: Us,
    contact_id: Option<String>,
    zone: Option<Zone>,
    channel: Channel,
    seen: Seen,
    /// The numbers in the address book, which an export of everything begins with, by the id of each.
    phones: HashMap<String, String>,
    chats: usize,
    /// The chat of the last message, where it is not with one person that it names; who wrote there last, by id and
    /// name; and our messages before anyone had.
    chat: Chat,
    last: Option<(String, Option<String>)>,
    waiting: More,
}

/// A chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chat {
    name: Option<String>,
    kind: Option<String>,
    id: Option<String>,
}

impl Heads for Chat {
    fn set(&mut self, tag: u8, json: &str) {
        let text = row::<Text<'_>>(json).ok();
        let text = filled(text).map(Cow::into_owned);
        match tag {
            NAME => self.name = text,
            KIND => self.kind = text,
            _ => self.id = text,
        }
    }
}

impl Chat {
    /// Whether it is with one person.
    fn is_personal(&self) -> bool {
        self.kind.as_deref() == Some("personal_chat")
    }

    /// Whether nobody there is a contact: channels, the notes to oneself, Telegram's own.
    fn is_nobodys(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        kind.ends_with("_channel")
            || matches!(kind, "saved_messages" | "bot_chat" | "verification_codes")
    }
}

/// One message.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    date: Option<Text<'a>>,
    #[serde(borrow)]
    date_unixtime: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    from_id: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    /// The same in pieces, always.
    #[serde(borrow)]
    text_entities: Option<&'a RawValue>,
    /// Of service lines.
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    actor: Option<Text<'a>>,
    #[serde(borrow)]
    actor_id: Option<Text<'a>>,
}

/// An entry of the address book.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    phone_number: Option<Text<'a>>,
    /// Of messages only.
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
}

/// A piece of a text: plain, or with a form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Piece<'a> {
    Formed {
        #[serde(borrow)]
        text: Text<'a>,
    },
    Plain(#[serde(borrow)] Text<'a>),
}

impl Telegram {
    /// How a source's messages are read.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Self {
            us: Us::new(settings, |name| name.trim().to_owned()),
            contact_id: settings.contact_id.clone(),
            zone: settings.timezone.clone(),
            channel: settings.channel.unwrap_or(Channel::Telegram),
            seen: Seen::default(),
            phones: HashMap::new(),
            chats: 0,
            chat: Chat::default(),
            last: None,
            waiting: More::new(),
        }
    }

    /// Keeps the number of an entry of the address book; false when the row is none.
    fn keep(&mut self, json: &str) -> bool {
        let Ok(entry) = row::<Entry<'_>>(json) else {
            return false;
        };
        let (Some(id), None) = (filled(entry.user_id), entry.kind) else {
            return false;
        };
        let number = filled(entry.phone_number);
        if let Some(number) = number.as_deref().and_then(phone)
            && self.phones.len() < PHONES_LIMIT
            && id != "0"
            && id.len() <= 20
        {
            self.phones.insert(id.into_owned(), number);
        }
        true
    }
}

/// The number as it is written in the address book, with its country: `0034 600 …`, `+34 600 …`, `34600…`.
fn phone(written: &str) -> Option<String> {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    (7..=15)
        .contains(&digits.len())
        .then(|| format!("+{digits}"))
}

impl Platform for Telegram {
    type Heads = Chat;

    fn root(&self) -> &'static Node {
        &ROOT
    }

    /// Only a chat that names its contact by id tells by itself who we are.
    fn surveys(&self) -> bool {
        self.us.is_empty()
    }

    fn survey(&mut self, json: &str) -> Result<(), ReadError> {
        if let Ok(message) = row::<Message<'_>>(json)
            && let Some(name) = filled(message.from)
        {
            self.seen.count(&name);
        }
        Ok(())
    }

    fn ready(&mut self, chats: &[Chat]) -> Result<(), String> {
        let with_people = chats.iter().filter(|c| {
            !c.is_nobodys() && (c.kind.is_some() || c.name.is_some() || chats.len() == 1)
        });
        let with_people: Vec<_> = with_people.collect();
        self.chats = with_people.len();
        let tells = |c: &Chat| c.is_personal() && c.id.is_some();
        // In an export of everything, groups are left out unless it is known who we are in them.
        if self.us.is_empty() && !with_people.iter().any(|c| tells(c)) {
            let what = "the name under which you write in these chats";
            return Err(self.seen.asks_for_us(what).to_string());
        }
        if self.contact_id.is_some() && self.chats > 1 {
            return Err(
                "`contact_id` on the source is for one chat, but this has several".to_owned(),
            );
        }
        Ok(())
    }

    fn record<'a>(
        &'a mut self,
        chat: &'a Chat,
        json: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        if *chat == Chat::default() && self.keep(json) {
            return Ok(None);
        }
        if self.chat != *chat {
            self.end(more);
            self.chat.clone_from(chat);
        }
        if chat.is_nobodys() || (self.us.is_empty() && !chat.is_personal()) {
            return Ok(None);
        }
        let message: Message<'a> = row(json)?;
        let (from, from_id) = match message.kind.as_ref().map(Text::as_str) {
            Some("service")
                if message
                    .action
                    .as_ref()
                    .is_some_and(|a| a.as_str() == "phone_call") =>
            {
                (message.actor, message.actor_id)
            }
            Some("service" | "unsupported") => return Ok(None),
            _ => (message.from, message.from_id),
        };
        let at = at(message.date_unixtime, message.date, self.zone.as_ref())?;
        let (name, from_id) = (filled(from), filled(from_id));
        let number = from_id.as_deref().map(number);
        let chat_id = chat.id.as_deref();
        let ours = name.as_deref().and_then(|name| self.us.author(name.trim()));
        let author = match (ours, chat.is_personal(), number, chat_id) {
            (Some(author), ..) => author,
            (None, true, Some(number), Some(id)) if number != id => Author::Bot,
            (None, true, None, _)
                if name.as_deref() != chat.name.as_deref() && self.us.is_empty() =>
            {
                Author::Bot
            }
            _ => Author::Contact,
        };
        let own = |id: Option<&str>, name: Option<&str>| {
            self.contact_id
                .clone()
                .or_else(|| id.or(name).map(str::to_owned))
        };
        // With one person, the chat's id is theirs.
        let (id, name) = if chat.is_personal() {
            let id = chat_id.or(number.filter(|_| author == Author::Contact));
            let theirs = name
                .filter(|_| author == Author::Contact)
                .map(Cow::into_owned);
            let theirs = theirs.or_else(|| chat.name.clone());
            (own(id, theirs.as_deref()), theirs)
        } else if author == Author::Contact {
            let theirs = name.map(Cow::into_owned);
            let id = own(number, theirs.as_deref());
            self.last = id.clone().map(|id| (id, theirs.clone()));
            (id, theirs)
        } else {
            self.last
                .clone()
                .map_or((Some(String::new()), None), |(id, name)| (Some(id), name))
        };
        let id = id.ok_or("from: there is none, nor a from_id; it is not known who wrote")?;
        let text = message.text.or(message.text_entities);
        let text = text.map_or(Ok(Cow::Borrowed("")), text_of)?;
        let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let mut record = Record::message(id.into(), self.channel, author, at, text);
        record.address = is_number.then(|| record.contact_id.clone());
        // In groups the numbers of messages begin anew.
        record.message_id = match (filled(message.id), chat_id) {
            (Some(id), Some(group)) if !chat.is_personal() => Some(format!("{group}/{id}").into()),
            (id, _) => id,
        };
        record.conversation_id = chat_id.or(chat.name.as_deref()).map(Cow::Borrowed);
        record.name = name.map(Cow::Owned);
        record.phone = self.phones.get(&*record.contact_id).map(Cow::from);
        if record.contact_id.is_empty() {
            if self.waiting.len() < WAITING_LIMIT {
                self.waiting.push_back(record.into_owned());
            }
            return Ok(None);
        }
        if author == Author::Contact && !self.waiting.is_empty() {
            deliver(
                &mut self.waiting,
                &record.contact_id,
                record.name.as_deref(),
                more,
            );
        }
        Ok(Some(record))
    }

    /// What nobody answered was written to whom the chat is called after.
    fn end(&mut self, more: &mut More) {
        if let Some(name) = &self.chat.name {
            let id = self.contact_id.as_ref().unwrap_or(name);
            deliver(&mut self.waiting, id, Some(name), more);
        }
        self.waiting.clear();
        self.last = None;
    }
}

/// Our messages that waited go to this contact.
fn deliver(waiting: &mut More, id: &str, name: Option<&str>, more: &mut More) {
    for mut record in waiting.drain(..) {
        record.contact_id = Cow::Owned(id.to_owned());
        record.name = name.map(|n| Cow::Owned(n.to_owned()));
        let is_number = id.bytes().all(|b| b.is_ascii_digit());
        record.address = is_number.then(|| record.contact_id.clone());
        more.push_back(record);
    }
}

/// The number in `user123`.
fn number(from_id: &str) -> &str {
    let digits = from_id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if digits.is_empty() { from_id } else { digits }
}

fn at(
    unix: Option<Text<'_>>,
    local: Option<Text<'_>>,
    zone: Option<&Zone>,
) -> Result<Timestamp, String> {
    match (filled(unix), filled(local)) {
        (Some(unix), _) => seconds(&unix).map_err(|e| format!("date_unixtime: {e}")),
        (None, Some(local)) => instant(&local, zone, None).map_err(|e| format!("date: {e}")),
        (None, None) => Err("date_unixtime: there is none, nor a date".to_owned()),
    }
}

/// The text, which is one, or a list of pieces.
fn text_of(json: &RawValue) -> Result<Cow<'_, str>, String> {
    if !json.get().starts_with('[') {
        return row::<Text<'_>>(json.get())
            .map(|t| t.0)
            .map_err(|e| format!("text: {e}"));
    }
    let pieces: Vec<Piece<'_>> = row(json.get()).map_err(|e| format!("text: {e}"))?;
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Formed { text } | Piece::Plain(text) => text.as_str(),
    });
    Ok(Cow::Owned(pieces.collect()))
}
