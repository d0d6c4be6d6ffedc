//! A Telegram bot. It can write only to those who wrote to it first, and cannot be asked what it has sent.

use serde_json::{Value, json};

use super::{Accepted, Outgoing, SendError, Sender, json, limits};
use crate::config::{Secret, TelegramSettings};
use crate::http::{Answer, Http};
use crate::model::{Channel, Timestamp};

/// `[channels.telegram.telegram]`.
#[derive(Debug)]
pub struct Telegram {
    http: Http,
    base_url: String,
    bot_token: Secret,
}

/// The secret is no bot's token; it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a bot's token; it is digits, a colon, then letters and digits, as @BotFather gives it"
)]
pub struct BotTokenError;

impl Telegram {
    /// A sender for the bot of `bot_token`.
    ///
    /// # Errors
    /// When it is no token: it becomes part of a URL.
    pub fn new(
        http: Http,
        settings: &TelegramSettings,
        bot_token: Secret,
    ) -> Result<Self, BotTokenError> {
        let (bot, key) = bot_token.expose().split_once(':').ok_or(BotTokenError)?;
        let is_key = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let is_token = !bot.is_empty()
            && bot.bytes().all(|b| b.is_ascii_digit())
            && key.len() >= 16
            && key.bytes().all(is_key);
        if !is_token {
            return Err(BotTokenError);
        }
        Ok(Self {
            http,
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            bot_token,
        })
    }

    fn url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.base_url, self.bot_token.expose())
    }

    /// The token, whole and without the bot's number.
    fn secrets(&self) -> [&str; 2] {
        let token = self.bot_token.expose();
        [token, token.split_once(':').map_or(token, |(_, key)| key)]
    }
}

impl Sender for Telegram {
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        limits::fit(Channel::Telegram, &message.text)?;
        let body = json!({ "chat_id": chat_id(&message.address)?, "text": message.text });
        let url = self.url("sendMessage");
        let answer = json::post(&self.http, &url, &[], &message.id, &body)?;
        if answer.is_success() && answer.json().is_none_or(|body| body["ok"] != false) {
            return json::accepted(&answer, "/result/message_id");
        }
        Err(verdict(&answer, now, &self.secrets()))
    }

    /// Asks who the bot is.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let answer = json::get(&self.http, &self.url("getMe"), &[])?;
        match json::told(&answer, &["/result/username"], &self.secrets()) {
            Some(words) => Ok(Some(words)),
            None => Err(verdict(&answer, now, &self.secrets())),
        }
    }
}

/// The number of a chat, or the public name of a channel.
fn chat_id(address: &str) -> Result<Value, SendError> {
    let address = address.trim();
    if let Ok(number) = address.parse::<i64>() {
        return Ok(number.into());
    }
    if address.starts_with('@') && address.len() > 1 {
        return Ok(address.into());
    }
    Err(SendError::Refused {
        reason: "the contact's address is not the number of a Telegram chat".to_owned(),
    })
}

fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> SendError {
    let body = answer.json();
    let words = json::words(body.as_ref(), &["/description", "/message"], secrets);
    let body = body.unwrap_or_default();
    // The code in the body is that of the answer, and may change; a server error stays one.
    let code = match (answer.status, body["error_code"].as_u64()) {
        (200..=299, Some(code)) => code,
        (status, _) => u64::from(status),
    };
    let reason = format!("Telegram {code}: {words}");
    let said = words.to_lowercase();
    match code {
        429 => SendError::Retry {
            after: body["parameters"]["retry_after"]
                .as_u64()
                .and_then(|seconds| u32::try_from(seconds).ok())
                .or_else(|| answer.retry_after(now)),
            reason,
        },
        403 if said.contains("blocked by the user") => SendError::OptedOut { reason },
        403 if said.starts_with("forbidden:") => SendError::Refused { reason },
        401 => SendError::Credentials { reason },
        400 => SendError::Refused { reason },
        _ => answer.verdict(&words, now),
    }
}
