use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::base_url;
use crate::model::Channel;

/// `[channels.sms.twilio]` or `[channels.whatsapp.twilio]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioSettings {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The key to log in with instead of the account: `SK` and 32 hexadecimal digits.
    pub api_key: Option<String>,
    /// The account's token, or the key's secret.
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

/// Where Twilio is, if nothing else is said.
pub(in super::super) const BASE_URL: &str = "https://api.twilio.com";

/// The account, and the key to log in with instead of it.
pub(in super::super) fn account(
    table: &mut Table<'_>,
    findings: &mut Findings,
) -> (Option<String>, Option<String>) {
    let account_sid = table
        .required("account_sid", "account_sid = \"AC…\"", findings)
        .and_then(|text| text.parse(findings, |t| sid("AC", "the account's SID", t)));
    let api_key = table.parsed("api_key", "api_key = \"SK…\"", findings, |t| {
        sid("SK", "an API key's SID", t)
    });
    (account_sid, api_key)
}

pub(super) fn read(
    table: &mut Table<'_>,
    channel: Channel,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<TwilioSettings> {
    let (account_sid, api_key) = account(table, findings);
    let auth_token =
        secret_ref::required(table, "auth_token", "TWILIO_AUTH_TOKEN", place, findings);
    let base_url = base_url(table, BASE_URL, findings);
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
        api_key,
        auth_token: auth_token?,
        sender: sender?,
        base_url,
    })
}

/// An id of Twilio's; some become a part of a URL.
pub(in crate::config) fn sid(prefix: &str, what: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.strip_prefix(prefix) {
        Some(rest) if rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()) => {
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
    let is_number = e164(text).is_ok();
    let is_short_code = (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let is_name = (1..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    match is_number || (is_sms && (is_short_code || is_name)) {
        true => Ok(text.to_owned()),
        false => e164(text),
    }
}

/// A phone number with its country.
pub(super) fn e164(text: &str) -> Result<String, String> {
    let digits = text.trim().strip_prefix('+').unwrap_or("");
    match (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.trim().to_owned()),
        false => {
            Err("not a phone number; write it with + and the country: \"+525512345678\"".to_owned())
        }
    }
}
