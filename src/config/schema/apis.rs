//! `[[sources]]` that are asked by their API. An empty table takes the settings of the channel that sends by the
//! same provider.

use schemars::JsonSchema;

use super::senders::Security;
use super::shapes::Secret;

/// The messages of a HighLevel location; empty: as the channel that sends by it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Highlevel {
    location_id: Option<String>,
    /// A private integration's token.
    token: Option<Secret>,
    /// Default "https://services.leadconnectorhq.com".
    base_url: Option<String>,
}

/// The conversations of a Chatwoot account; empty: as the channel that sends by it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Chatwoot {
    /// The account's number, in quotes.
    account_id: Option<String>,
    api_access_token: Option<Secret>,
    /// Default "https://app.chatwoot.com".
    base_url: Option<String>,
}

/// The messages of a Twilio account; empty: as the channel that sends by it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Twilio {
    account_sid: Option<String>,
    /// An API key's SID, "SK…", to log in with instead of the account.
    api_key: Option<String>,
    /// The account's token, or the key's secret.
    auth_token: Option<Secret>,
    /// Default "https://api.twilio.com".
    base_url: Option<String>,
}

/// What is written to a bot that has no webhook; empty: as the channel that sends by it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Telegram {
    /// As @BotFather gives it.
    bot_token: Option<Secret>,
    /// Default "https://api.telegram.org".
    base_url: Option<String>,
}

/// The conversations of an Intercom workspace; empty: as the channel that sends by it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Intercom {
    access_token: Option<Secret>,
    /// Default "https://api.intercom.io".
    base_url: Option<String>,
}

/// A mailbox, which is read and never changed.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Imap {
    host: String,
    /// Default 993 with "tls", else 143.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u32>,
    /// Default "tls"; "none" is only for this machine.
    security: Option<Security>,
    /// The name to log in with.
    username: String,
    /// Many providers want one made for this program alone.
    password: Option<Secret>,
    /// An OAuth 2 access token instead of a password.
    access_token: Option<Secret>,
    /// Default: the inbox, and the folder where the server keeps what was sent.
    folders: Option<Vec<String>>,
    /// The addresses at which we write, "@example.com" for all of a domain; default: the username.
    us: Option<Vec<String>>,
    /// Which of these are staff, not the bot.
    humans: Option<Vec<String>>,
}
