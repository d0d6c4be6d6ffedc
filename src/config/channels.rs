use std::path::PathBuf;
use std::time::Duration;

use super::SecretRef;

/// The sender of one channel: `[channels.CHANNEL.PROVIDER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Who sends, and how.
    pub provider: Provider,
    /// How fast it may send; `None` is as fast as it answers.
    pub rate: Option<Rate>,
    /// The line of the file on which it is configured, from 1.
    pub line: usize,
}

/// Who sends, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// A file that one JSON object is added to for each message: no account needed.
    Outbox(OutboxSettings),
    /// Twilio: SMS and WhatsApp.
    Twilio(TwilioSettings),
    /// A server of one's own, by a signed request.
    Webhook(WebhookSettings),
}

impl Provider {
    /// The name in the configuration.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Outbox(_) => "outbox",
            Self::Twilio(_) => "twilio",
            Self::Webhook(_) => "webhook",
        }
    }
}

/// `[channels.CHANNEL.outbox]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// The file, resolved; default `outbox.jsonl`.
    pub path: PathBuf,
}

/// `[channels.sms.twilio]` or `[channels.whatsapp.twilio]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioSettings {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its token.
    pub auth_token: SecretRef,
    /// Who the message is from.
    pub sender: TwilioSender,
    /// Where Twilio is, without a slash at the end; default `https://api.twilio.com`.
    pub base_url: String,
}

/// Who a message by Twilio is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TwilioSender {
    /// `from`: a number in E.164 or, for SMS, an alphanumeric name; without the prefix `whatsapp:`.
    From(String),
    /// `messaging_service_sid`: `MG` and 32 hexadecimal digits.
    MessagingService(String),
}

/// `[channels.CHANNEL.webhook]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where the request goes.
    pub url: String,
    /// What it is signed with (Standard Webhooks).
    pub secret: SecretRef,
}

/// At most `count` messages in any `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how long; at least a second.
    pub per: Duration,
}
