//! `[[sources]]` with the table of an API instead of a `path`: `[sources.highlevel]`.

use super::channels::{
    self, ChannelConfig, ChatwootSettings, HighlevelSettings, Provider, TelegramSettings,
};
use super::file::{Table, Value};
use super::findings::Findings;
use super::imap::ImapSettings;
use super::validate::Place;
use super::{SecretRef, imap, secret_ref, words};
use crate::model::{Channel, Delay, Timestamp};
use std::collections::BTreeMap;

/// A source that is asked by its API: `[[sources]]` with `[sources.PROVIDER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSource {
    /// Its name; unique among all sources.
    pub name: String,
    /// Its own `fresh_for`: `None` is the default, `Some(None)` is `"off"` (rule D15).
    pub fresh_for: Option<Option<Delay>>,
    /// Whether it is asked about a contact once more, right before that contact is written to; default true.
    pub last_look: bool,
    /// What is older than this is never asked for.
    pub since: Option<Timestamp>,
    /// Whom to ask.
    pub api: Api,
}

/// Who is asked, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Api {
    /// HighLevel's export of a location's messages.
    Highlevel(HighlevelSettings),
    /// The conversations of a Chatwoot account.
    Chatwoot(ChatwootSettings),
    /// The messages of a Twilio account.
    Twilio(TwilioAccount),
    /// What was written to a Telegram bot.
    Telegram(TelegramSettings),
    /// The conversations of an Intercom workspace.
    Intercom(IntercomAccess),
    /// A mailbox on a mail server.
    Imap(ImapSettings),
}

/// `[sources.twilio]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioAccount {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The key to log in with instead of the account: `SK` and 32 hexadecimal digits.
    pub api_key: Option<String>,
    /// The account's token, or the key's secret.
    pub auth_token: SecretRef,
    /// Where Twilio is, without a slash at the end; default `https://api.twilio.com`.
    pub base_url: String,
}

/// `[sources.intercom]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntercomAccess {
    /// The access token.
    pub access_token: SecretRef,
    /// Where Intercom is, without a slash at the end; default `https://api.intercom.io`.
    pub base_url: String,
}

impl Api {
    /// The name in the configuration.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Highlevel(_) => "highlevel",
            Self::Chatwoot(_) => "chatwoot",
            Self::Twilio(_) => "twilio",
            Self::Telegram(_) => "telegram",
            Self::Intercom(_) => "intercom",
            Self::Imap(_) => "imap",
        }
    }
}

/// How old an API's data may be by default: it is asked at the beginning of every run, and again before each
/// message. Data older than a few runs show that it does not answer.
pub(super) const FRESH_FOR: Delay = Delay::seconds(15 * 60);

/// Each API's name; the table of a source that has one of them is that of an [`ApiSource`].
const APIS: &[&str] = &[
    "highlevel",
    "chatwoot",
    "twilio",
    "telegram",
    "intercom",
    "imap",
];

/// Whether a source's table is that of an API.
pub(super) fn is_api(table: &Table<'_>) -> bool {
    table.entries().iter().any(|(key, _)| APIS.contains(key))
}

/// The keys of an API's source in the table of one of files: known, and out of place.
pub(super) fn misplaced(table: &mut Table<'_>, findings: &mut Findings) {
    for key in ["last_look", "since"] {
        if let Some(value) = table.take(key) {
            let message = "only for an API such as [sources.highlevel]; leave it out";
            findings.fault(&value.key_spot(), message);
        }
    }
    for name in APIS {
        table.take(name);
    }
}

/// A source's table, but for its name, which is read already.
pub(super) fn read(
    mut table: Table<'_>,
    senders: &BTreeMap<Channel, ChannelConfig>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<ApiSource> {
    let fresh_for = table.parsed("fresh_for", "fresh_for = \"15m\"", findings, |t| {
        words::or_off(t, words::delay)
    });
    let last_look = table.flag("last_look", findings).unwrap_or(true);
    let since = table.parsed("since", "since = \"2026-01-31\"", findings, |text| {
        let date = text.trim().parse::<chrono::NaiveDate>();
        let date = date.map_err(|_| "not a date; write since = \"2026-01-31\"".to_owned())?;
        Ok(date.and_time(chrono::NaiveTime::MIN).and_utc())
    });
    let mut apis = Vec::new();
    for name in APIS {
        let Some(value) = table.take(name) else {
            continue;
        };
        if let Some((_, first)) = apis.first() {
            let message = format!(
                "a source asks one API, here `{first}`; give the other a source of its own"
            );
            findings.fault(&value.key_spot(), message);
        }
        apis.push((api(name, value, senders, place, findings), *name));
    }
    for key in super::sources::FILE_KEYS {
        if let Some(value) = table.take(key) {
            let message = "only for files; a source is files or an API, not both";
            findings.fault(&value.key_spot(), message);
        }
    }
    table.done(findings);
    Some(ApiSource {
        name: String::new(),
        fresh_for,
        last_look,
        since,
        api: apis.into_iter().next()?.0?,
    })
}

/// The settings of one API. An empty table takes those of the channel that sends by the same provider.
fn api(
    name: &str,
    value: Value<'_>,
    senders: &BTreeMap<Channel, ChannelConfig>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<Api> {
    if name == "imap" && !cfg!(feature = "imap") {
        let message = "this followup was built without IMAP; build it with `cargo install --path . --features imap`, \
                       or leave the source out";
        findings.fault(&value.key_spot(), message);
    }
    let mut table = value.table(findings)?;
    if table.entries().is_empty()
        && let Some(api) = senders.values().find_map(|c| of_sender(name, &c.provider))
    {
        return Some(api);
    }
    let t = &mut table;
    let api = match name {
        "highlevel" => {
            let settings = channels::highlevel::read(t, Channel::LiveChat, place, findings);
            settings.map(Api::Highlevel)
        }
        "chatwoot" => channels::chatwoot::read(t, place, findings).map(Api::Chatwoot),
        "telegram" => channels::telegram::read(t, place, findings).map(Api::Telegram),
        "twilio" => twilio(t, place, findings).map(Api::Twilio),
        "imap" => imap::read(t, place, findings).map(Api::Imap),
        _ => intercom(t, place, findings).map(Api::Intercom),
    };
    table.done(findings);
    api
}

fn of_sender(name: &str, provider: &Provider) -> Option<Api> {
    Some(match (name, provider) {
        ("highlevel", Provider::Highlevel(settings)) => Api::Highlevel(settings.clone()),
        ("chatwoot", Provider::Chatwoot(settings)) => Api::Chatwoot(settings.clone()),
        ("telegram", Provider::Telegram(settings)) => Api::Telegram(settings.clone()),
        ("twilio", Provider::Twilio(settings)) => Api::Twilio(TwilioAccount {
            account_sid: settings.account_sid.clone(),
            api_key: settings.api_key.clone(),
            auth_token: settings.auth_token.clone(),
            base_url: settings.base_url.clone(),
        }),
        ("intercom", Provider::Intercom(settings)) => Api::Intercom(IntercomAccess {
            access_token: settings.access_token.clone(),
            base_url: settings.base_url.clone(),
        }),
        _ => return None,
    })
}

fn twilio(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<TwilioAccount> {
    let (account_sid, api_key) = channels::twilio::account(table, findings);
    let auth_token =
        secret_ref::required(table, "auth_token", "TWILIO_AUTH_TOKEN", place, findings);
    let base_url = channels::base_url(table, channels::twilio::BASE_URL, findings);
    Some(TwilioAccount {
        account_sid: account_sid?,
        api_key,
        auth_token: auth_token?,
        base_url,
    })
}

fn intercom(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<IntercomAccess> {
    let variable = "INTERCOM_ACCESS_TOKEN";
    let access_token = secret_ref::required(table, "access_token", variable, place, findings);
    let base_url = channels::base_url(table, channels::intercom::BASE_URL, findings);
    Some(IntercomAccess {
        access_token: access_token?,
        base_url,
    })
}
