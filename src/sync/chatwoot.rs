//! Chatwoot: the conversations in which something happened, the newest first, and the messages of each.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Whom, read, record};
use crate::config::{ChatwootSettings, Secret};
use crate::import::{Record, RowError};
use crate::model::{Author, Channel, Timestamp};

/// So many pages of one conversation are more than anybody writes.
const MOST_PAGES: usize = 5000;

/// `[sources.chatwoot]`.
pub(super) struct Chatwoot<'a> {
    client: Client<'a>,
    /// The account's conversations.
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
    payload: Vec<Conversation>,
}

#[derive(Deserialize)]
struct Conversation {
    id: u64,
    meta: Meta,
    #[serde(default)]
    last_activity_at: i64,
}

#[derive(Deserialize)]
struct Meta {
    sender: Option<Sender>,
    channel: Option<String>,
}

#[derive(Deserialize)]
struct Sender {
    id: u64,
    name: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
}

#[derive(Deserialize)]
struct Messages {
    payload: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Message {
    id: u64,
    content: Option<String>,
    message_type: u8,
    created_at: i64,
    #[serde(default)]
    private: bool,
    status: Option<String>,
    sender: Option<Author_>,
}

#[derive(Deserialize)]
struct Author_ {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// With whom a conversation is.
struct With<'w> {
    contact_id: &'w str,
    conversation: &'w str,
    channel: Channel,
    sender: Option<&'w Sender>,
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
                "{}/api/v1/accounts/{}/conversations",
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

    /// Gives a conversation's messages, back to `from`.
    fn messages(
        &self,
        with: &With<'_>,
        from: Option<Timestamp>,
        take: &mut Take<'_>,
    ) -> Result<(), SyncError> {
        let mut before = None;
        for _ in 0..MOST_PAGES {
            let more = before.map(|id: u64| format!("?before={id}"));
            let path = format!(
                "/{}/messages{}",
                with.conversation,
                more.unwrap_or_default()
            );
            let list: Messages = self.get(&path)?;
            let (mut oldest, mut first) = (None, before);
            for raw in &list.payload {
                let message = match read::<Message>(raw) {
                    Ok(message) => message,
                    Err(reason) => {
                        let reason = format!("conversation {}: {reason}", with.conversation);
                        take(Err(RowError { line: 0, reason }));
                        continue;
                    }
                };
                let at = Timestamp::from_timestamp(message.created_at, 0);
                oldest = oldest.min(at).or(at);
                first = first.map_or(Some(message.id), |first| Some(first.min(message.id)));
                if let Some(record) = at.and_then(|at| given(&message, with, at)) {
                    take(Ok(record));
                }
            }
            // A server that does not know `before` gives the same page again.
            let is_whole = list.payload.is_empty() || first == before;
            if is_whole || from.is_some_and(|from| oldest.is_some_and(|oldest| oldest < from)) {
                break;
            }
            before = first;
        }
        Ok(())
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
            "?status=all&sort_by=last_activity_at_desc&page={page}"
        ))?;
        let conversations = list.data.payload;
        let mut is_last = conversations.is_empty();
        let newest = cursor.newest;
        let now = self.client.now();
        let mut oldest = cursor.oldest;
        for conversation in &conversations {
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
            if let (Some(sender), Some(channel), false) = (
                &conversation.meta.sender,
                channel(&conversation.meta),
                is_done,
            ) {
                let with = With {
                    contact_id: &sender.id.to_string(),
                    conversation: &conversation.id.to_string(),
                    channel,
                    sender: Some(sender),
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

    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let numbered = whom.conversations.iter().filter(|(_, id)| is_number(id));
        let mut asked = false;
        for (channel, conversation) in numbered {
            let with = With {
                contact_id: whom.contact_id,
                conversation,
                channel: *channel,
                sender: None,
            };
            let from = whom.since - TimeDelta::minutes(1);
            self.messages(&with, Some(from), take)?;
            asked = true;
        }
        Ok(asked)
    }
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}

fn given<'m>(message: &'m Message, with: &With<'m>, at: Timestamp) -> Option<Record<'m>> {
    if message.private {
        return None; // a note among staff
    }
    let kind = message.sender.as_ref().and_then(|s| s.kind.as_deref());
    let author = match (message.message_type, kind) {
        (0, _) => Author::Contact,
        (1, Some("user")) => Author::Human,
        (1 | 3, _) => Author::Bot,
        _ => return None,
    };
    let text = message.content.as_deref().unwrap_or_default();
    let mut record = record(with.contact_id, with.channel, author, at, text);
    record.line = message.id;
    record.message_id = Some(message.id.to_string().into());
    record.conversation_id = Some(with.conversation.into());
    record.status = message.status.as_deref().map(Into::into);
    if let Some(sender) = with.sender {
        let told = |value: &'m Option<String>| value.as_deref().map(Into::into);
        record.name = told(&sender.name);
        record.email = told(&sender.email);
        record.phone = told(&sender.phone_number);
    }
    Some(record)
}

fn channel(meta: &Meta) -> Option<Channel> {
    Some(match meta.channel.as_deref()? {
        "Channel::WebWidget" | "Channel::Api" | "Channel::Line" => Channel::LiveChat,
        "Channel::TwilioSms" | "Channel::Sms" => Channel::Sms,
        "Channel::Whatsapp" => Channel::Whatsapp,
        "Channel::FacebookPage" => Channel::Facebook,
        "Channel::Instagram" => Channel::Instagram,
        "Channel::Telegram" => Channel::Telegram,
        "Channel::Email" => Channel::Email,
        _ => return None,
    })
}
