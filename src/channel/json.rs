//! What the providers that speak JSON have in common.

use serde_json::Value;

use super::http::{Answer, Broken, Http, provider_words};
use super::{Accepted, SendError};

/// One `POST` of JSON. `id` is the follow-up's, for the log of whoever looks at both ends.
pub(super) fn post(
    http: &Http,
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
    http.post(url, &all, body.to_string())
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

/// A success that says nothing about a message.
pub(super) fn unreadable(answer: &Answer) -> SendError {
    let reason = match &answer.body {
        Err(reason) => format!("HTTP {}; {reason}", answer.status),
        Ok(_) => format!("HTTP {}, but no message in the answer", answer.status),
    };
    SendError::Unknown { reason }
}
