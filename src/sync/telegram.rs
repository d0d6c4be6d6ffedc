//! Telegram: what was written to a bot since it was last asked. Telegram forgets what was asked for before, and
//! keeps nothing for longer than a day.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::client::Client;
use super::{Api, Page, SyncError, Take, Told};
use crate::config::{Secret, TelegramSettings};
use crate::import::{Record, RowError, row};
use crate::model::{Author, Channel, Timestamp};

/// Updates a page: as many as Telegram gives.
const PAGE: usize = 100;

/// `[sources.telegram]`.
pub(super) struct Telegram<'a> {
    client: Client<'a>,
    url: String,
}

/// From which update on is asked.
#[derive(Default, Serialize, Deserialize)]
struct Offset {
    offset: i64,
}

#[derive(Deserialize)]
struct Updates {
    result: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Number {
    update_id: i64,
}

#[derive(Deserialize)]
struct Update {
    message: Option<Message>,
    business_message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    message_id: i64,
    date: i64,
    chat: Chat,
    from: Option<User>,
    text: Option<String>,
    caption: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    language_code: Option<String>,
}

impl<'a> Telegram<'a> {
    /// `None` when the token is none: it becomes part of a URL.
    pub(super) fn new(
        client: Client<'a>,
        settings: &TelegramSettings,
        token: &Secret,
    ) -> Option<Self> {
        let token = token.expose();
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b":_-".contains(&b);
        (token.contains(':') && token.bytes().all(is_part)).then(|| Self {
            client,
            url: format!("{}/bot{token}/getUpdates", settings.base_url),
        })
    }
}

impl Api for Telegram<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let begins = cursor.and_then(|text| serde_json::from_str(text).ok());
        let Offset { mut offset } = begins.unwrap_or_default();
        let mut body = json!({
            "limit": PAGE,
            "timeout": 0,
            "allowed_updates": ["message", "business_message"],
        });
        if offset != 0 {
            body["offset"] = offset.into();
        }
        let asked: Result<Updates, SyncError> = self.client.search(&self.url, &[], &body);
        let updates = asked.map_err(explained)?.result;
        for raw in &updates {
            let Number { update_id } = row(raw.get()).map_err(|reason| {
                SyncError::Later(format!("Telegram: an update without a number: {reason}"))
            })?;
            offset = offset.max(update_id.saturating_add(1));
            let line = u64::try_from(update_id).unwrap_or(0);
            match row::<Update>(raw.get()) {
                Ok(update) => {
                    let message = update.message.or(update.business_message);
                    if let Some(record) = message.as_ref().and_then(given) {
                        take(Told::Record(&Record { line, ..record }));
                    }
                }
                Err(reason) => take(Told::Unusable(RowError { line, reason })),
            }
        }
        Ok(Page {
            cursor: serde_json::to_string(&Offset { offset }).unwrap_or_default(),
            // A page that is not full is the last: what comes later is for the next sync.
            is_last: updates.len() < PAGE,
        })
    }

    fn forgets(&self) -> bool {
        true
    }
}

/// Two refusals that have a way out.
fn explained(error: SyncError) -> SyncError {
    match error {
        SyncError::Refused { status: 409, reason } if reason.contains("webhook") => {
            SyncError::Settings(
                "Telegram: a webhook is set for this bot, and what is written to it goes there; end it with \
                 deleteWebhook, or let that server write a file that followup imports"
                    .to_owned(),
            )
        }
        SyncError::Refused { status: 409, reason } => SyncError::Later(format!(
            "{reason}; another program asks for this bot's messages: only one can"
        )),
        SyncError::Refused { status: 404, .. } => SyncError::Credentials(
            "Telegram knows no bot of this token; take it from @BotFather again".to_owned(),
        ),
        error => error,
    }
}

/// A message of a private chat.
fn given(message: &Message) -> Option<Record<'_>> {
    let chat = &message.chat;
    if chat.kind != "private" {
        return None; // a group is nobody to follow up with
    }
    let at = Timestamp::from_timestamp(message.date, 0)?;
    let author = match &message.from {
        Some(from) if from.is_bot => Author::Bot,
        // In a business's own account, by the business.
        Some(from) if from.id != chat.id => Author::Human,
        _ => Author::Contact,
    };
    let text = message.text.as_deref().or(message.caption.as_deref());
    let contact_id = chat.id.to_string();
    let text = text.unwrap_or_default().into();
    let of = Cow::Owned(contact_id.clone());
    let mut given = Record::message(of, Channel::Telegram, author, at, text);
    given.conversation_id = Some(contact_id.clone().into());
    given.address = Some(contact_id.into());
    given.message_id = Some(message.message_id.to_string().into());
    let names = [chat.first_name.as_deref(), chat.last_name.as_deref()];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    given.name = Some(name.into());
    if author == Author::Contact {
        let from = message.from.as_ref();
        given.language = from.and_then(|from| Some(from.language_code.as_deref()?.into()));
    }
    Some(given)
}
