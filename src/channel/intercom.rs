//! Intercom: a reply in the contact's own conversation, in a teammate's name.

mod deeds;

use serde_json::{Value, json};

use super::json::Listed;
use super::{Accepted, Found, Lost, Outgoing, Platform, SendError, Sender, json, limits};
use crate::config::{IntercomSettings, Secret};
use crate::http::{Answer, Http};
use crate::model::{Channel, Timestamp};

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
        let conversation = conversation(message.conversation.as_deref(), message.channel)?;
        if message.template.is_some() {
            return Err(SendError::WindowClosed {
                reason: "Intercom sends no approved template by its API".to_owned(),
            });
        }
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

    /// Asks for the conversation, which has its newest parts.
    fn look_up(&self, lost: &Lost<'_>, now: Timestamp) -> Result<Found, SendError> {
        let Ok(conversation) = conversation(lost.conversation, lost.channel) else {
            return Ok(Found::CannotSay);
        };
        let url = format!("{}/conversations/{conversation}", self.base_url);
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", VERSION),
        ];
        let answer = json::get(&self.http, &url, &headers)?;
        let body = answer.json().filter(|_| answer.is_success());
        let list = body
            .as_ref()
            .map(|b| &b["conversation_parts"]["conversation_parts"]);
        let Some(list) = list.and_then(Value::as_array) else {
            return Err(verdict(&answer, now, &[self.access_token.expose()]));
        };
        let ours: Vec<Listed> = list
            .iter()
            .filter(|p| p["part_type"] == "comment" && p["author"]["type"] != "user")
            .map(|p| Listed {
                id: p["id"].as_str().map(str::to_owned),
                text: without_markup(p["body"].as_str().unwrap_or_default()),
                at: p["created_at"]
                    .as_i64()
                    .and_then(|at| Timestamp::from_timestamp(at, 0)),
            })
            .collect();
        let parts = body
            .as_ref()
            .map(|b| &b["conversation_parts"]["total_count"]);
        let is_whole = parts.and_then(Value::as_u64) == u64::try_from(list.len()).ok();
        Ok(json::find(lost, &ours, is_whole))
    }

    /// Asks whose the token is.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", VERSION),
        ];
        let answer = json::get(&self.http, &format!("{}/me", self.base_url), &headers)?;
        let secrets = [self.access_token.expose()];
        match json::told(&answer, &["/name", "/app/name"], &secrets) {
            Some(words) => Ok(Some(words)),
            None => Err(verdict(&answer, now, &secrets)),
        }
    }

    fn platform(&self) -> Option<&dyn Platform> {
        Some(self)
    }
}

/// A part's text: its tags and the escapes of HTML taken away.
fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// The contact's conversation on this channel: it becomes part of a URL.
fn conversation(id: Option<&str>, channel: Channel) -> Result<&str, SendError> {
    let id = id.unwrap_or_default().trim();
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(id);
    }
    Err(SendError::Refused {
        reason: format!(
            "the contact has no conversation on {channel} whose id in Intercom is known"
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
