//! Intercom: a reply in the contact's own conversation, in a teammate's name.

use serde_json::json;

use super::http::{Answer, Http};
use super::{Accepted, Outgoing, SendError, Sender, json, limits};
use crate::config::{IntercomSettings, Secret};
use crate::model::Timestamp;

/// The version of the API that this is written for.
const VERSION: &str = "2.15";

/// `[channels.CHANNEL.intercom]`.
#[derive(Debug)]
pub struct Intercom {
    http: Http,
    base_url: String,
    admin_id: String,
    access_token: Secret,
}

impl Intercom {
    /// A sender for the workspace of `access_token`.
    #[must_use]
    pub fn new(http: Http, settings: &IntercomSettings, access_token: Secret) -> Self {
        Self {
            http,
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            admin_id: settings.admin_id.clone(),
            access_token,
        }
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.access_token.expose())
    }
}

impl Sender for Intercom {
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let conversation = conversation(message)?;
        limits::fit(message.channel, &message.text)?;
        let body = json!({
            "message_type": "comment",
            "type": "admin",
            "admin_id": self.admin_id,
            "body": message.text,
        });
        let answer = json::post(
            &self.http,
            &format!("{}/conversations/{conversation}/reply", self.base_url),
            &[
                ("authorization", &self.authorization()),
                ("intercom-version", VERSION),
            ],
            &message.id,
            &body,
        )?;
        if answer.is_success() {
            return accepted(&answer);
        }
        Err(verdict(&answer, now, &[self.access_token.expose()]))
    }
}

/// The contact's conversation on this channel: it becomes part of a URL.
fn conversation(message: &Outgoing) -> Result<&str, SendError> {
    let id = message.conversation.as_deref().unwrap_or_default().trim();
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(id);
    }
    Err(SendError::Refused {
        reason: format!(
            "the contact has no conversation on {} whose id in Intercom is known",
            message.channel
        ),
    })
}

/// The answer is the whole conversation; its newest part is the reply.
fn accepted(answer: &Answer) -> Result<Accepted, SendError> {
    let conversation = json::accepted(answer, "/id")?;
    let part = answer.json().and_then(|body| {
        let parts = body["conversation_parts"]["conversation_parts"].as_array()?;
        let newest = parts.iter().rfind(|p| p["author"]["type"] != "user")?;
        Some(newest["id"].as_str()?.to_owned())
    });
    Ok(Accepted {
        provider_id: part.or(conversation.provider_id),
    })
}

fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> SendError {
    let body = answer.json();
    let words = json::words(body.as_ref(), &["/errors/0/message", "/message"], secrets);
    let code = json::words(body.as_ref(), &["/errors/0/code"], secrets);
    let reason = match code.as_str() {
        "" => words.clone(),
        code => format!("Intercom {code}: {words}"),
    };
    match (answer.status, code.as_str()) {
        (429, _) => SendError::Retry {
            after: answer.retry_after(now).or_else(|| resets_in(answer, now)),
            reason,
        },
        (404, "not_found" | "conversation_not_found") => SendError::Refused { reason },
        _ => answer.verdict(&reason, now),
    }
}

/// The seconds until the limit is lifted: the header says when.
fn resets_in(answer: &Answer, now: Timestamp) -> Option<u32> {
    let at: i64 = answer.header("x-ratelimit-reset")?.trim().parse().ok()?;
    u32::try_from(at.saturating_sub(now.timestamp()).max(0)).ok()
}
