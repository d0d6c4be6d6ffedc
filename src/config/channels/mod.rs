//! `[channels.CHANNEL.PROVIDER]`: one file for each provider's settings.

pub(super) mod chatwoot;
pub(super) mod email;
pub(super) mod highlevel;
pub(super) mod intercom;
mod meta;
mod rate;
pub(super) mod telegram;
pub(super) mod twilio;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use chatwoot::ChatwootSettings;
pub use email::{EmailSettings, Security, SendmailSettings, SmtpSettings};
pub use highlevel::HighlevelSettings;
pub use intercom::IntercomSettings;
pub use meta::MetaSettings;
pub use rate::Rate;
pub(super) use rate::rates;
pub use telegram::TelegramSettings;
pub(super) use twilio::sid as twilio_sid;
pub use twilio::{TwilioSender, TwilioSettings};

use super::file::{Table, Value};
use super::findings::{Findings, Spot, Spotted};
use super::validate::Place;
use super::{SecretRef, secret_ref, suggest, words};
use crate::decide::Reach;
use crate::model::Channel;
use crate::model::Channel::{Email, Facebook, Instagram, LiveChat, Sms, Telegram, Whatsapp};

/// The sender of one channel: `[channels.CHANNEL.PROVIDER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Who sends, and how.
    pub provider: Provider,
    /// How fast it may send, where the configuration says so; see [`super::Config::rates`].
    pub rate: Option<Rate>,
    /// How fast it may send to the same contact, where the configuration says so; see
    /// [`super::Config::contact_rates`].
    pub contact_rate: Option<Rate>,
}

/// Who sends, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// A file that one JSON object is added to for each message: no account needed.
    Outbox(OutboxSettings),
    /// Twilio: SMS and WhatsApp.
    Twilio(TwilioSettings),
    /// Meta: WhatsApp, Messenger and Instagram.
    Meta(MetaSettings),
    /// HighLevel's conversations: every channel but Telegram.
    Highlevel(HighlevelSettings),
    /// A Telegram bot.
    Telegram(TelegramSettings),
    /// The contact's conversation in Chatwoot, whatever its channel.
    Chatwoot(ChatwootSettings),
    /// The contact's conversation in Intercom, whatever its channel.
    Intercom(IntercomSettings),
    /// A mail server.
    Smtp(Box<SmtpSettings>),
    /// The machine's own mail program.
    Sendmail(Box<SendmailSettings>),
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
            Self::Meta(_) => "meta",
            Self::Highlevel(_) => "highlevel",
            Self::Telegram(_) => "telegram",
            Self::Chatwoot(_) => "chatwoot",
            Self::Intercom(_) => "intercom",
            Self::Smtp(_) => "smtp",
            Self::Sendmail(_) => "sendmail",
            Self::Webhook(_) => "webhook",
        }
    }

    /// How fast the provider takes messages of one account, as it says itself; `None` where it says nothing, or
    /// queues what comes too fast.
    #[must_use]
    pub const fn usual_rate(&self) -> Option<Rate> {
        let (count, seconds) = match self {
            Self::Meta(_) => (80, 1),
            Self::Highlevel(_) => (100, 10),
            Self::Telegram(_) => (30, 1),
            Self::Intercom(_) => (160, 10),
            _ => return None,
        };
        let per = Duration::from_secs(seconds);
        Some(Rate { count, per })
    }

    /// How fast the provider takes messages to the same contact.
    #[must_use]
    pub const fn usual_contact_rate(&self, channel: Channel) -> Option<Rate> {
        let seconds = match self {
            Self::Telegram(_) => 1,
            Self::Meta(_) if matches!(channel, Whatsapp) => 6,
            _ => return None,
        };
        let per = Duration::from_secs(seconds);
        Some(Rate { count: 1, per })
    }

    /// What it needs to reach a contact, where that is not any address as it is given (rule D18).
    #[must_use]
    pub const fn reach(&self, channel: Channel) -> Option<Reach> {
        match self {
            Self::Twilio(_) => Some(Reach::Number),
            Self::Meta(_) if matches!(channel, Whatsapp) => Some(Reach::Number),
            Self::Highlevel(_) => Some(Reach::Contact),
            Self::Chatwoot(_) | Self::Intercom(_) => Some(Reach::Conversation),
            _ => None,
        }
    }

    /// Whose limit it is: channels with the same one share it.
    fn account(&self) -> (&'static str, &str) {
        let account = match self {
            Self::Twilio(settings) => settings.account_sid.as_str(),
            Self::Meta(settings) => settings.sender_id.as_str(),
            Self::Highlevel(settings) => settings.location_id.as_str(),
            Self::Chatwoot(settings) => settings.account_id.as_str(),
            _ => "",
        };
        (self.name(), account)
    }

    /// Whether it is a platform that keeps contacts: what tags, assignment and notes go to.
    #[must_use]
    pub const fn is_platform(&self) -> bool {
        !self.reaches_anyone()
    }

    /// Whether it writes to any address, not only to contacts that it knows: what telling staff needs.
    #[must_use]
    pub const fn reaches_anyone(&self) -> bool {
        !matches!(
            self,
            Self::Highlevel(_) | Self::Chatwoot(_) | Self::Intercom(_)
        )
    }
}

/// `[channels.CHANNEL.outbox]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// The file, resolved; default `outbox.jsonl`.
    pub path: PathBuf,
}

/// `[channels.CHANNEL.webhook]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where the request goes.
    pub url: String,
    /// Where a message whose answer was lost is asked for: `{id}` stands for the follow-up's id.
    pub lookup_url: Option<String>,
    /// What it is signed with (Standard Webhooks).
    pub secret: SecretRef,
}

/// Each provider, and the channels that it can serve.
const PROVIDERS: &[(&str, &[Channel])] = &[
    ("outbox", Channel::ALL),
    ("twilio", &[Sms, Whatsapp]),
    ("meta", &[Whatsapp, Facebook, Instagram]),
    (
        "highlevel",
        &[LiveChat, Sms, Whatsapp, Facebook, Instagram, Email],
    ),
    ("telegram", &[Telegram]),
    ("chatwoot", Channel::ALL),
    (
        "intercom",
        &[LiveChat, Sms, Whatsapp, Facebook, Instagram, Email],
    ),
    ("smtp", &[Email]),
    ("sendmail", &[Email]),
    ("webhook", Channel::ALL),
];

/// `[channels]`: each channel's sender.
pub(super) fn read(
    table: Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> BTreeMap<Channel, ChannelConfig> {
    let mut channels = BTreeMap::new();
    for (name, value) in table.entries() {
        let written = Spotted {
            value: name,
            spot: value.key_spot(),
        };
        let channel = written.parse(findings, words::channel);
        let (Some(channel), Some(table)) = (channel, value.table(findings)) else {
            continue;
        };
        if let Some(config) = sender(channel, &written.spot, &table, place, findings) {
            channels.insert(channel, config);
        }
    }
    channels
}

/// `[channels.CHANNEL]`: exactly one provider.
fn sender(
    channel: Channel,
    spot: &Spot,
    table: &Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<ChannelConfig> {
    let mut senders = Vec::new();
    let mut is_understood = true;
    for (name, value) in table.entries() {
        let spot = value.key_spot();
        let Some((name, serves)) = PROVIDERS.iter().find(|(known, _)| *known == name) else {
            is_understood = false;
            unknown_provider(channel, name, &value, findings);
            continue;
        };
        if let Some((_, other)) = senders.first() {
            findings.fault(
                &spot,
                format!("{channel} has a sender already, `{other}`; leave one of them out"),
            );
        }
        if !serves.contains(&channel) {
            let serves: Vec<&str> = serves.iter().map(|c| c.as_str()).collect();
            let (serves, others) = (serves.join(", "), suggest::names(&serving(channel)));
            findings.fault(
                &spot,
                format!("{name} serves {serves} only; for {channel} there are {others}"),
            );
        }
        senders.push((provider(channel, name, value, place, findings), name));
    }
    if senders.is_empty() && is_understood {
        findings.fault(
            spot,
            format!("no provider; write, for example: [channels.{channel}.outbox]"),
        );
    }
    senders.into_iter().next()?.0
}

/// The providers that can serve a channel.
fn serving(channel: Channel) -> Vec<&'static str> {
    let serving = PROVIDERS.iter().filter(|(_, c)| c.contains(&channel));
    serving.map(|(name, _)| *name).collect()
}

fn unknown_provider(channel: Channel, name: &str, value: &Value<'_>, findings: &mut Findings) {
    findings.mask_secrets(name, value);
    let known = serving(channel);
    if !value.is_table() {
        let example = known.get(1).unwrap_or(&"outbox");
        findings.fault(
            &value.key_spot(),
            format!(
                "settings go under a provider; write, for example: [channels.{channel}.{example}]"
            ),
        );
        return;
    }
    let all = PROVIDERS.iter().map(|(name, _)| *name);
    let message = match suggest::nearest(name, all) {
        Some(near) => format!("no such provider; did you mean `{near}`?"),
        None => format!("no such provider; known: {}", suggest::names(&known)),
    };
    findings.fault(&value.key_spot(), message);
}

fn provider(
    channel: Channel,
    name: &str,
    value: Value<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<ChannelConfig> {
    let mut table = value.table(findings)?;
    let rate = table.parsed("rate", "rate = \"1/s\"", findings, words::rate);
    let example = "contact_rate = \"1/6s\"";
    let contact_rate = table.parsed("contact_rate", example, findings, words::rate);
    let t = &mut table;
    let provider = match name {
        "outbox" => Some(Provider::Outbox(outbox(t, place, findings))),
        "twilio" => twilio::read(t, channel, place, findings).map(Provider::Twilio),
        "meta" => meta::read(t, channel, place, findings).map(Provider::Meta),
        "highlevel" => highlevel::read(t, channel, place, findings).map(Provider::Highlevel),
        "telegram" => telegram::read(t, place, findings).map(Provider::Telegram),
        "chatwoot" => chatwoot::read(t, place, findings).map(Provider::Chatwoot),
        "intercom" => intercom::read(t, place, findings).map(Provider::Intercom),
        "smtp" => email::smtp(t, place, findings).map(|s| Provider::Smtp(Box::new(s))),
        "sendmail" => email::sendmail(t, findings).map(|s| Provider::Sendmail(Box::new(s))),
        _ => webhook(t, place, findings).map(Provider::Webhook),
    };
    table.done(findings);
    Some(ChannelConfig {
        provider: provider?,
        rate,
        contact_rate,
    })
}

fn outbox(table: &mut Table<'_>, place: &Place<'_>, findings: &mut Findings) -> OutboxSettings {
    let example = "path = \"outbox.jsonl\"";
    let path = table.parsed("path", example, findings, super::validate::path(example));
    OutboxSettings {
        path: place.path(path.as_deref().unwrap_or("outbox.jsonl")),
    }
}

fn webhook(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<WebhookSettings> {
    let url = table
        .required("url", "url = \"https://example.com/send\"", findings)
        .and_then(|text| words::masked_url(&text, findings));
    let example = "lookup_url = \"https://example.com/sent/{id}\"";
    let lookup_url = table
        .text("lookup_url", example, findings)
        .and_then(|text| {
            text.parse(findings, |t| match t.contains("{id}") {
                true => words::url(&t.replace("{id}", "id")).map(|_| t.to_owned()),
                false => Err(format!(
                    "{{id}} must stand where the follow-up's id belongs; write {example}"
                )),
            })
        });
    let secret = secret_ref::required(table, "secret", "WEBHOOK_SECRET", place, findings);
    Some(WebhookSettings {
        url: url?,
        lookup_url,
        secret: secret?,
    })
}

/// `base_url`: where the provider is, without a slash at the end.
pub(super) fn base_url(table: &mut Table<'_>, default: &str, findings: &mut Findings) -> String {
    let example = format!("base_url = {default:?}");
    let given = table.text("base_url", &example, findings);
    given
        .and_then(|text| words::masked_url(&text, findings))
        .unwrap_or_else(|| default.to_owned())
}

/// An id that becomes part of a URL: letters, digits, `-` and `_`.
fn id<'t>(
    what: &'static str,
    is_part: impl Fn(u8) -> bool + 't,
) -> impl FnOnce(&str) -> Result<String, String> + 't {
    move |text| {
        let text = text.trim();
        match !text.is_empty() && text.len() <= 64 && text.bytes().all(is_part) {
            true => Ok(text.to_owned()),
            false => Err(format!("not {what}")),
        }
    }
}
