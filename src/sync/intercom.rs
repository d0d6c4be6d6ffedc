//! Intercom: the conversations that have changed, and each with its parts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Whom, read, record};
use crate::config::{IntercomAccess, Secret};
use crate::http::query;
use crate::import::RowError;
use crate::model::{Author, Channel, Timestamp};

/// The version of the API that this is written for.
const VERSION: &str = "2.15";
/// Conversations a page: each is a request of its own.
const PAGE: u32 = 20;
/// How many contacts are remembered while a source is read.
const MOST_CONTACTS: usize = 100_000;

/// `[sources.intercom]`.
pub(super) struct Intercom<'a> {
    client: Client<'a>,
    base_url: String,
    authorization: String,
    since: Option<Timestamp>,
    contacts: Mutex<HashMap<String, Option<Arc<Contact>>>>,
}

#[derive(Deserialize)]
struct Found {
    conversations: Vec<Changed>,
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Changed {
    id: String,
    updated_at: i64,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    starting_after: Option<String>,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
    created_at: i64,
    source: Source,
    contacts: Contacts,
    conversation_parts: Option<Parts>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    body: Option<String>,
    author: Person,
}

#[derive(Deserialize)]
struct Contacts {
    contacts: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Parts {
    conversation_parts: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Part {
    id: serde_json::Value,
    part_type: String,
    body: Option<String>,
    created_at: i64,
    author: Person,
}

#[derive(Deserialize)]
struct Person {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    from_ai_agent: Option<bool>,
}

#[derive(Deserialize)]
struct Contact {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl<'a> Intercom<'a> {
    pub(super) fn new(
        client: Client<'a>,
        settings: &IntercomAccess,
        token: &Secret,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            client,
            base_url: settings.base_url.clone(),
            authorization: format!("Bearer {}", token.expose()),
            since,
            contacts: Mutex::default(),
        }
    }

    fn headers(&self) -> [(&str, &str); 2] {
        [
            ("authorization", self.authorization.as_str()),
            ("intercom-version", VERSION),
        ]
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, SyncError> {
        let url = format!("{}{path}", self.base_url);
        self.client.get(&url, &self.headers())
    }

    /// Gives the messages of a conversation.
    fn conversation(&self, id: &str, take: &mut Take<'_>) -> Result<(), SyncError> {
        let raw: Box<RawValue> = self.get(&format!("/conversations/{}", query(id)))?;
        let conversation = match read::<Conversation>(&raw) {
            Ok(conversation) => conversation,
            Err(reason) => {
                let reason = format!("conversation {id}: {reason}");
                take(Err(RowError { line: 0, reason }));
                return Ok(());
            }
        };
        let Some(Named { id: contact_id }) = conversation.contacts.contacts.first() else {
            return Ok(()); // with nobody
        };
        let contact = self.contact(contact_id)?;
        let channel = channel(conversation.source.kind.as_deref().unwrap_or_default());
        let source = &conversation.source;
        let mut give = |line: u64, at: i64, author: &Person, id: &str, body: Option<&str>| {
            let (Some(at), Some(author)) = (Timestamp::from_timestamp(at, 0), author_of(author))
            else {
                return;
            };
            let text = body.map(without_markup).unwrap_or_default();
            let mut given = record(contact_id, channel, author, at, &text);
            given.line = line;
            given.message_id = Some(id.into());
            given.conversation_id = Some(conversation.id.as_str().into());
            if let Some(contact) = &contact {
                given.name = contact.name.as_deref().map(Into::into);
                given.email = contact.email.as_deref().map(Into::into);
                given.phone = contact.phone.as_deref().map(Into::into);
            }
            take(Ok(given));
        };
        let first = source.id.as_deref().unwrap_or(&conversation.id);
        give(
            1,
            conversation.created_at,
            &source.author,
            first,
            source.body.as_deref(),
        );
        let mut faults = Vec::new();
        let parts = conversation.conversation_parts;
        for (line, raw) in (2..).zip(parts.iter().flat_map(|p| &p.conversation_parts)) {
            match read::<Part>(raw) {
                // All else is what happened to the conversation, or is among staff.
                Ok(part) if part.part_type == "comment" && part.body.is_some() => {
                    let id = part
                        .id
                        .as_str()
                        .map_or_else(|| part.id.to_string(), str::to_owned);
                    give(
                        line,
                        part.created_at,
                        &part.author,
                        &id,
                        part.body.as_deref(),
                    );
                }
                Ok(_) => {}
                Err(reason) => faults.push(RowError {
                    line,
                    reason: format!("conversation {id}: {reason}"),
                }),
            }
        }
        faults.into_iter().for_each(|fault| take(Err(fault)));
        Ok(())
    }

    fn contact(&self, id: &str) -> Result<Option<Arc<Contact>>, SyncError> {
        let known = self
            .contacts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let contact = match self.get::<Contact>(&format!("/contacts/{}", query(id))) {
            Ok(contact) => Some(Arc::new(contact)),
            Err(SyncError::Refused { .. }) => None, // it is gone
            Err(error) => return Err(error),
        };
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        if contacts.len() >= MOST_CONTACTS {
            contacts.clear();
        }
        contacts.insert(id.to_owned(), contact.clone());
        Ok(contact)
    }
}

impl Api for Intercom<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        let from = cursor.from(self.since).unwrap_or(Timestamp::UNIX_EPOCH);
        let search = |next: Option<&str>| -> Result<Found, SyncError> {
            let mut body = json!({
                "query": { "field": "updated_at", "operator": ">", "value": from.timestamp() },
                "sort": { "field": "updated_at", "order": "ascending" },
                "pagination": { "per_page": PAGE },
            });
            if let Some(next) = next {
                body["pagination"]["starting_after"] = next.into();
            }
            let url = format!("{}/conversations/search", self.base_url);
            self.client.search(&url, &self.headers(), &body)
        };
        let found = match search(cursor.next.as_deref()) {
            Err(SyncError::Refused { .. }) if cursor.next.is_some() => {
                cursor = cursor.again();
                search(None)?
            }
            found => found?,
        };
        let now = self.client.now();
        for changed in &found.conversations {
            self.conversation(&changed.id, take)?;
            if let Some(at) = Timestamp::from_timestamp(changed.updated_at, 0) {
                cursor.saw(at, now);
            }
        }
        let next = found.pages.and_then(|pages| pages.next?.starting_after);
        if next.is_some() && next == cursor.next {
            return Err(SyncError::Later(
                "Intercom gives the same page again".to_owned(),
            ));
        }
        let is_last = next.is_none() || found.conversations.is_empty();
        cursor.next = next;
        if is_last {
            cursor = cursor.passed();
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last,
        })
    }

    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        for (_, id) in whom.conversations {
            self.conversation(id, take)?;
        }
        Ok(!whom.conversations.is_empty())
    }
}

fn author_of(person: &Person) -> Option<Author> {
    Some(match person.kind.as_str() {
        "user" | "lead" | "contact" => Author::Contact,
        "admin" if person.from_ai_agent != Some(true) => Author::Human,
        "admin" | "bot" => Author::Bot,
        _ => return None,
    })
}

fn channel(kind: &str) -> Channel {
    match kind {
        "email" => Channel::Email,
        "facebook" => Channel::Facebook,
        "instagram" => Channel::Instagram,
        "whatsapp" => Channel::Whatsapp,
        "sms" => Channel::Sms,
        _ => Channel::LiveChat,
    }
}

/// A part's text: its tags and the escapes of HTML taken away.
fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}
