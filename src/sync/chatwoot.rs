//! Chatwoot: the conversations in which something happened, the newest first, and the messages of each.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{ChatwootSettings, Secret};
use crate::import::{Record, RowError, chatwoot_message, row};
use crate::model::{Channel, Timestamp};

/// So many pages of one conversation are more than anybody writes.
const MOST_PAGES: usize = 5000;

/// `[sources.chatwoot]`.
pub(super) struct Chatwoot<'a> {
    client: Client<'a>,
    /// The account.
    url: String,
    token: Secret,
    since: Option<Timestamp>,
    /// The list may have shifted since the last process.
    is_resumed: AtomicBool,
}

#[derive(Deserialize)]
struct List {
    data: ListData,
}

#[derive(Deserialize)]
struct ListData {
    payload: Vec<Box<RawValue>>,
}

/// A contact's conversations, the newest first.
#[derive(Deserialize)]
struct OfContact {
    payload: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Conversation {
    id: u64,
    #[serde(default)]
    last_activity_at: i64,
}

#[derive(Deserialize)]
struct Messages {
    payload: Vec<Box<RawValue>>,
    #[serde(default)]
    meta: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    contact: Option<Number>,
}

/// The number of a message, or of a contact.
#[derive(Deserialize)]
struct Number {
    id: u64,
}

/// A conversation.
struct With<'w> {
    id: &'w str,
    /// As the list has it.
    json: &'w str,
    /// Its channel, where that is known already.
    channel: Option<Channel>,
}

impl<'a> Chatwoot<'a> {
    pub(super) fn new(
        client: Client<'a>,
        settings: &ChatwootSettings,
        token: Secret,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            client,
            url: format!(
                "{}/api/v1/accounts/{}",
                settings.base_url, settings.account_id
            ),
            token,
            since,
            is_resumed: AtomicBool::new(true),
        }
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, SyncError> {
        let headers = [("api_access_token", self.token.expose())];
        self.client.get(&format!("{}{path}", self.url), &headers)
    }

    /// Gives a conversation's messages, back to `from`; one that is gone has none. Says with whom it is.
    fn messages(
        &self,
        with: &With<'_>,
        from: Option<Timestamp>,
        take: &mut Take<'_>,
    ) -> Result<Option<u64>, SyncError> {
        let (mut before, mut contact) = (None, None);
        for _ in 0..MOST_PAGES {
            let more = before.map(|id: u64| format!("?before={id}"));
            let more = more.unwrap_or_default();
            let path = format!("/conversations/{}/messages{more}", with.id);
            let list: Messages = match self.get(&path) {
                Err(error) if error.is_gone() => return Ok(contact),
                list => list?,
            };
            let meta = list.meta.and_then(|meta| row::<Meta>(meta.get()).ok());
            contact = meta.and_then(|meta| Some(meta.contact?.id)).or(contact);
            let (mut oldest, mut first) = (None, before);
            for raw in &list.payload {
                let number = row::<Number>(raw.get());
                let told = number.and_then(|number| {
                    first = first.map_or(Some(number.id), |first| Some(first.min(number.id)));
                    Ok((number.id, chatwoot_message(raw.get(), with.json)?))
                });
                match told {
                    Ok((line, Some(record))) => {
                        let at = Some(record.sent_at);
                        oldest = oldest.min(at).or(at);
                        let channel = with.channel.unwrap_or(record.channel);
                        take(Told::Record(&Record {
                            line,
                            channel,
                            ..record
                        }));
                    }
                    Ok((_, None)) => {}
                    Err(reason) => {
                        let reason = format!("conversation {}: {reason}", with.id);
                        take(Told::Unusable(RowError { line: 0, reason }));
                    }
                }
            }
            // A server that does not know `before` gives the same page again.
            let is_whole = list.payload.is_empty() || first == before;
            if is_whole || from.is_some_and(|from| oldest.is_some_and(|oldest| oldest < from)) {
                break;
            }
            before = first;
        }
        Ok(contact)
    }
}

impl Api for Chatwoot<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        let from = cursor.from(self.since);
        if self.is_resumed.swap(false, Ordering::Relaxed) {
            // What has moved up since is newer than all that the pass has seen; the rest has moved down at most
            // as far as that, or up by what was deleted.
            cursor.list = cursor.list.saturating_sub(1);
        }
        let page = cursor.list + 1;
        let list: List = self.get(&format!(
            "/conversations?status=all&sort_by=last_activity_at_desc&page={page}"
        ))?;
        let conversations = list.data.payload;
        let mut is_last = conversations.is_empty();
        let newest = cursor.newest;
        let now = self.client.now();
        let mut oldest = cursor.oldest;
        for raw in &conversations {
            let conversation: Conversation = row(raw.get()).map_err(unreadable)?;
            let active = Timestamp::from_timestamp(conversation.last_activity_at, 0);
            let active = active.unwrap_or(Timestamp::UNIX_EPOCH);
            if from.is_some_and(|from| active < from) {
                is_last = true;
                break;
            }
            let millis = active.timestamp_millis();
            // Done by this pass already, before it was interrupted or the list shifted.
            let is_done = newest.is_some_and(|newest| millis < newest)
                && cursor.oldest.is_some_and(|oldest| millis > oldest);
            if !is_done {
                let with = With {
                    id: &conversation.id.to_string(),
                    json: raw.get(),
                    channel: None,
                };
                self.messages(&with, from, take)?;
            }
            oldest = Some(oldest.map_or(millis, |oldest| oldest.min(millis)));
            // Only the first page: whatever happens later is newer, and for the next pass.
            if page == 1 {
                cursor.saw(active, now);
            }
        }
        (cursor.oldest, cursor.list) = (oldest, page);
        if is_last {
            cursor = cursor.passed();
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last,
        })
    }

    /// Asks for the conversations that are known, and for those that the contact may have begun since: who writes
    /// after the last one was resolved begins another.
    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let from = whom.since - TimeDelta::minutes(1);
        let numbered = whom.conversations.iter().filter(|t| is_number(t.id));
        let mut contacts: BTreeSet<u64> = BTreeSet::new();
        let mut asked = false;
        for talk in numbered {
            let json = json!({ "id": talk.id, "meta": { "sender": { "id": talk.contact_id } } });
            let with = With {
                id: talk.id,
                json: &json.to_string(),
                channel: Some(talk.channel),
            };
            let contact = self.messages(&with, Some(from), take)?;
            contacts.extend(contact.or_else(|| talk.contact_id.parse().ok()));
            asked = true;
        }
        for contact in contacts {
            let list: OfContact = match self.get(&format!("/contacts/{contact}/conversations")) {
                Err(error) if error.is_gone() => continue, // merged with another one
                list => list?,
            };
            for raw in &list.payload {
                let conversation: Conversation = row(raw.get()).map_err(unreadable)?;
                let id = conversation.id.to_string();
                let is_known = whom.conversations.iter().any(|talk| talk.id == id);
                if conversation.last_activity_at >= from.timestamp() && !is_known {
                    let (id, json) = (id.as_str(), raw.get());
                    let channel = None;
                    self.messages(&With { id, json, channel }, Some(from), take)?;
                }
            }
            asked = true;
        }
        Ok(asked)
    }
}

fn unreadable(reason: String) -> SyncError {
    SyncError::Later(format!("Chatwoot: a conversation {reason}"))
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}
