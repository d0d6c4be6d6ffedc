//! What the providers that speak JSON have in common.

use serde_json::Value;

use super::{Accepted, Found, Lost, SendError};
pub(super) use crate::http::query;
use crate::http::{Answer, Broken, Http, Method, provider_words};
use crate::model::Timestamp;
use chrono::TimeDelta;

/// One `POST` of JSON. `id` is the follow-up's, for the log of whoever looks at both ends.
pub(super) fn post(
    http: &Http,
    url: &str,
    headers: &[(&str, &str)],
    id: &str,
    body: &Value,
) -> Result<Answer, Broken> {
    send(http, Method::POST, url, headers, id, body)
}

/// The same by another method.
pub(super) fn send(
    http: &Http,
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    id: &str,
    body: &Value,
) -> Result<Answer, Broken> {
    let mut all = vec![
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("idempotency-key", id),
    ];
    all.extend_from_slice(headers);
    http.send(method, url, &all, body.to_string())
}

/// The provider's words about a refusal: the first of these places of the JSON answer that holds a text or a
/// list of texts.
pub(super) fn words(body: Option<&Value>, places: &[&str], secrets: &[&str]) -> String {
    let found = places.iter().find_map(|place| {
        let value = body?.pointer(place)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => {
                let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                (!texts.is_empty()).then(|| texts.join("; "))
            }
            _ => None,
        }
    });
    provider_words(&found.unwrap_or_default(), secrets)
}

/// The acceptance with the id that `place` of the answer holds, a text or a number; without one nobody knows.
pub(super) fn accepted(answer: &Answer, place: &str) -> Result<Accepted, SendError> {
    let id = answer.json().and_then(|body| match body.pointer(place)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    match id {
        Some(id) => Ok(Accepted {
            provider_id: Some(id),
        }),
        None => Err(unreadable(answer)),
    }
}

/// One message of a provider's list.
pub(super) struct Listed {
    pub(super) id: Option<String>,
    pub(super) text: String,
    pub(super) at: Option<Timestamp>,
}

/// How much a provider's clock may differ from ours, and how long a request may have been on its way.
const SLACK: TimeDelta = TimeDelta::minutes(2);
const LATEST: TimeDelta = TimeDelta::minutes(15);

/// Looks for a lost message among those that we sent. `reaches_back` says whether the list is complete from before
/// the claim on: only then is what is not in it absent.
pub(super) fn find(lost: &Lost<'_>, ours: &[Listed], reaches_back: bool) -> Found {
    let (from, to) = (lost.claimed_at - SLACK, lost.claimed_at + LATEST);
    let text = plain(lost.text);
    let in_time = |m: &&Listed| m.at.is_none_or(|at| (from..=to).contains(&at));
    let mut near = ours.iter().filter(in_time);
    match near.find(|m| plain(&m.text) == text) {
        Some(found) => Found::Sent {
            provider_id: found.id.clone(),
        },
        // A message that we sent then may be it, in other words: an approved template's.
        None if !reaches_back || ours.iter().any(|m| in_time(&m)) => Found::CannotSay,
        None => Found::Absent,
    }
}

/// Whether a list reaches back before a claim.
pub(super) fn reaches(lost: &Lost<'_>, oldest: Option<Timestamp>) -> bool {
    oldest.is_some_and(|oldest| oldest < lost.claimed_at - SLACK)
}

/// The letters and digits of a text: providers differ in white space and markup.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    let letters: String = letters.collect();
    match letters.is_empty() {
        true => text.trim().to_owned(),
        false => letters,
    }
}

/// A `GET` that answers with JSON.
pub(super) fn get(http: &Http, url: &str, headers: &[(&str, &str)]) -> Result<Answer, Broken> {
    let mut all = vec![("accept", "application/json")];
    all.extend_from_slice(headers);
    http.get(url, &all)
}

/// What the first of these places of a JSON answer that is a text says, for a person; the answer must be a
/// success.
pub(super) fn told(answer: &Answer, places: &[&str], secrets: &[&str]) -> Option<String> {
    let body = answer.json().filter(|_| answer.is_success())?;
    let words: Vec<String> = places
        .iter()
        .filter_map(|place| body.pointer(place)?.as_str())
        .map(|text| provider_words(text, secrets))
        .collect();
    Some(words.join(", "))
}

/// A success that says nothing about a message.
pub(super) fn unreadable(answer: &Answer) -> SendError {
    let reason = match &answer.body {
        Err(reason) => format!("HTTP {}; {reason}", answer.status),
        Ok(_) => format!("HTTP {}, but no message in the answer", answer.status),
    };
    SendError::Unknown { reason }
}
