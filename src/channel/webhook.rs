//! A server of the user's own, told by a signed request (Standard Webhooks). The follow-up's id is the
//! request's id on every attempt, so that the server can tell a repetition.

use serde_json::Value;

use super::signature::{SigningKey, SigningKeyError};
use super::{Accepted, Found, Lost, Outgoing, Payload, SendError, Sender, json};
use crate::config::{Secret, WebhookSettings};
use crate::http::{Answer, Http, provider_words};
use crate::model::Timestamp;

/// `[channels.CHANNEL.webhook]`.
#[derive(Debug)]
pub struct Webhook {
    http: Http,
    url: String,
    lookup_url: Option<String>,
    key: SigningKey,
    secret: Secret,
}

impl Webhook {
    /// A sender to `settings.url`, which signs with `secret`.
    ///
    /// # Errors
    /// When the secret is no signing secret.
    pub fn new(
        http: Http,
        settings: &WebhookSettings,
        secret: Secret,
    ) -> Result<Self, SigningKeyError> {
        Ok(Self {
            http,
            url: settings.url.clone(),
            lookup_url: settings.lookup_url.clone(),
            key: SigningKey::new(&secret)?,
            secret,
        })
    }
}

impl Sender for Webhook {
    /// Any success is an acceptance; a string or number `id` in a JSON answer is the provider's id.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let body = serde_json::to_string(&Payload::of(message))?;
        let answer = post_signed(&self.http, &self.url, &self.key, &message.id, body, now)?;
        if !answer.is_success() {
            let words = said(&answer, &self.secret);
            return Err(answer.verdict(&words, now));
        }
        if let Err(reason) = answer.body {
            return Err(SendError::Unknown { reason });
        }
        Ok(Accepted {
            provider_id: given_id(&answer),
        })
    }

    /// Asks for the follow-up by its id, if there is an address to ask: it is there, or it is not found.
    fn look_up(&self, lost: &Lost<'_>, now: Timestamp) -> Result<Found, SendError> {
        let Some(url) = &self.lookup_url else {
            return Ok(Found::CannotSay);
        };
        let url = url.replace("{id}", &json::query(lost.id));
        let signed = self.key.headers(lost.id, now, b"");
        let headers: Vec<(&str, &str)> = signed.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = json::get(&self.http, &url, &headers)?;
        match answer.status {
            200..=299 if answer.body.is_ok() => Ok(Found::Sent {
                provider_id: given_id(&answer),
            }),
            404 => Ok(Found::Absent),
            _ => Err(answer.verdict(&said(&answer, &self.secret), now)),
        }
    }
}

/// The `id` of a JSON answer.
fn given_id(answer: &Answer) -> Option<String> {
    answer.json().and_then(|body| match &body["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    })
}

/// One signed `POST` of JSON.
pub(crate) fn post_signed(
    http: &Http,
    url: &str,
    key: &SigningKey,
    id: &str,
    body: String,
    now: Timestamp,
) -> Result<Answer, crate::http::Broken> {
    let [id_header, timestamp, signature] = key.headers(id, now, body.as_bytes());
    http.post(
        url,
        &[
            ("content-type", "application/json"),
            ("idempotency-key", id),
            (id_header.0, &id_header.1),
            (timestamp.0, &timestamp.1),
            (signature.0, &signature.1),
        ],
        body,
    )
}

/// A server's own words about a refusal: the usual fields of a JSON answer, else a short plain text.
pub(crate) fn said(answer: &Answer, secret: &Secret) -> String {
    let keys = secret.expose().split_whitespace();
    let secrets: Vec<&str> = keys
        .map(|key| key.strip_prefix("whsec_").unwrap_or(key))
        .collect();
    if let Some(body) = answer.json() {
        let found = ["/message", "/error/message", "/error", "/detail", "/title"]
            .iter()
            .find_map(|at| body.pointer(at)?.as_str());
        return provider_words(found.unwrap_or_default(), &secrets);
    }
    match answer.body.as_deref().map(std::str::from_utf8) {
        Ok(Ok(text)) if !text.trim_start().starts_with('<') => provider_words(text, &secrets),
        _ => String::new(),
    }
}
