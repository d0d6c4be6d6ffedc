use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::file::{Table, Value};
use super::findings::{Findings, Spot, Spotted};
use super::validate::Place;
use super::{SecretRef, secret_ref, suggest, words};
use crate::model::Channel;

/// The sender of one channel: `[channels.CHANNEL.PROVIDER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Who sends, and how.
    pub provider: Provider,
    /// How fast it may send; `None` is as fast as it answers.
    pub rate: Option<Rate>,
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

const PROVIDERS: &[&str] = &["outbox", "twilio", "webhook"];

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
        if !PROVIDERS.contains(&name) {
            is_understood = false;
            unknown_provider(channel, name, &value, findings);
            continue;
        }
        if let Some((_, other)) = senders.first() {
            findings.fault(
                &spot,
                format!("{channel} has a sender already, `{other}`; leave one of them out"),
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

fn unknown_provider(channel: Channel, name: &str, value: &Value<'_>, findings: &mut Findings) {
    findings.mask_secrets(name, value);
    if !value.is_table() {
        findings.fault(
            &value.key_spot(),
            format!(
                "settings go under a provider; write, for example: [channels.{channel}.twilio]"
            ),
        );
        return;
    }
    let message = match suggest::nearest(name, PROVIDERS.iter().copied()) {
        Some(near) => format!("no such provider; did you mean `{near}`?"),
        None => format!("no such provider; known: {}", suggest::names(PROVIDERS)),
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
    let spot = value.key_spot();
    let mut table = value.table(findings)?;
    let rate = table.parsed("rate", "rate = \"1/s\"", findings, words::rate);
    let provider = match name {
        "outbox" => Some(Provider::Outbox(outbox(&mut table, place, findings))),
        "twilio" => {
            if !matches!(channel, Channel::Sms | Channel::Whatsapp) {
                findings.fault(
                    &spot,
                    "twilio sends sms and whatsapp only; use `webhook` or `outbox` here",
                );
            }
            twilio(&mut table, channel, place, findings).map(Provider::Twilio)
        }
        _ => webhook(&mut table, place, findings).map(Provider::Webhook),
    };
    table.done(findings);
    Some(ChannelConfig {
        provider: provider?,
        rate,
    })
}

fn outbox(table: &mut Table<'_>, place: &Place<'_>, findings: &mut Findings) -> OutboxSettings {
    let example = "path = \"outbox.jsonl\"";
    let path = table.parsed("path", example, findings, super::validate::path(example));
    OutboxSettings {
        path: place.path(path.as_deref().unwrap_or("outbox.jsonl")),
    }
}

fn twilio(
    table: &mut Table<'_>,
    channel: Channel,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<TwilioSettings> {
    let account_sid = table
        .required("account_sid", "account_sid = \"AC…\"", findings)
        .and_then(|text| text.parse(findings, |t| sid("AC", "the account's SID", t)));
    let auth_token =
        secret_ref::required(table, "auth_token", "TWILIO_AUTH_TOKEN", place, findings);
    let base_url = table.parsed(
        "base_url",
        "base_url = \"https://api.twilio.com\"",
        findings,
        words::url,
    );
    let from_spot = table.spot_of("from");
    let from = table.text("from", "from = \"+525512345678\"", findings);
    let service = table.text(
        "messaging_service_sid",
        "messaging_service_sid = \"MG…\"",
        findings,
    );
    let sender = match (from, service) {
        (Some(from), None) => from
            .parse(findings, |text| phone_or_name(text, channel))
            .map(TwilioSender::From),
        (None, Some(service)) => service
            .parse(findings, |t| sid("MG", "the messaging service's SID", t))
            .map(TwilioSender::MessagingService),
        (Some(_), Some(service)) => {
            findings.fault(
                &service.spot,
                "write `from` or `messaging_service_sid`, not both",
            );
            None
        }
        (None, None) => {
            let is_wrong_type = table
                .entries()
                .iter()
                .any(|(k, _)| *k == "from" || *k == "messaging_service_sid");
            if !is_wrong_type {
                findings.fault(
                    &from_spot,
                    "missing; write from = \"+525512345678\" or messaging_service_sid = \"MG…\"",
                );
            }
            None
        }
    };
    Some(TwilioSettings {
        account_sid: account_sid?,
        auth_token: auth_token?,
        sender: sender?,
        base_url: base_url.unwrap_or_else(|| "https://api.twilio.com".to_owned()),
    })
}

fn webhook(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<WebhookSettings> {
    let url = table
        .required("url", "url = \"https://example.com/send\"", findings)
        .and_then(|text| words::masked_url(&text, findings));
    let secret = secret_ref::required(table, "secret", "WEBHOOK_SECRET", place, findings);
    Some(WebhookSettings {
        url: url?,
        secret: secret?,
    })
}

/// It becomes part of a URL: letters and digits only.
fn sid(prefix: &str, what: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.strip_prefix(prefix) {
        Some(rest) if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("not {what}: {prefix} and 32 hexadecimal digits")),
    }
}

fn phone_or_name(text: &str, channel: Channel) -> Result<String, String> {
    let text = text.trim();
    let (text, is_sms) = match channel {
        Channel::Whatsapp => (text.strip_prefix("whatsapp:").unwrap_or(text), false),
        _ => (text, true),
    };
    let digits = text.strip_prefix('+').unwrap_or("");
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let is_short_code = (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let is_name = (1..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    match is_number || (is_sms && (is_short_code || is_name)) {
        true => Ok(text.to_owned()),
        false => {
            Err("not a phone number; write it with + and the country: \"+525512345678\"".to_owned())
        }
    }
}
