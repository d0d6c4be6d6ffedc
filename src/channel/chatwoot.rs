//! Chatwoot: a reply in the contact's own conversation, which goes out on whatever channel that is on.

mod deeds;

use serde_json::{Value, json};

use super::json::Listed;
use super::{Accepted, Found, Lost, Outgoing, Platform, SendError, Sender, json, limits};
use crate::config::{ChatwootSettings, Secret};
use crate::http::{Answer, Http};
use crate::model::{Channel, Timestamp};

/// `[channels.CHANNEL.chatwoot]`.
#[derive(Debug)]
pub struct Chatwoot {
    http: Http,
    url: String,
    token: Secret,
}

impl Chatwoot {
    /// A sender for the account of `settings`.
    #[must_use]
    pub fn new(http: Http, settings: &ChatwootSettings, api_access_token: Secret) -> Self {
        Self {
            http,
            url: format!(
                "{}/api/v1/accounts/{}",
                settings.base_url.trim_end_matches('/'),
                settings.account_id
            ),
            token: api_access_token,
        }
    }
}

impl Sender for Chatwoot {
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let conversation = conversation(message.conversation.as_deref(), message.channel)?;
        let mut body = json!({
            "content": message.text,
            "message_type": "outgoing",
            "private": false,
        });
        match &message.template {
            Some(template) => {
                let numbered: serde_json::Map<String, Value> = (1..)
                    .map(|n: u32| n.to_string())
                    .zip(template.variables.iter().map(|v| Value::from(v.as_str())))
                    .collect();
                body["template_params"] = json!({
                    "name": template.name,
                    "category": template.category,
                    "language": template.language,
                    "processed_params": { "body": numbered },
                });
            }
            None => limits::fit(message.channel, &message.text)?,
        }
        let answer = json::post(
            &self.http,
            &format!("{}/conversations/{conversation}/messages", self.url),
            &[("api_access_token", self.token.expose())],
            &message.id,
            &body,
        )?;
        if answer.is_success() {
            return json::accepted(&answer, "/id");
        }
        Err(verdict(&answer, now, &[self.token.expose()]))
    }

    /// Asks for the conversation's newest messages.
    fn look_up(&self, lost: &Lost<'_>, now: Timestamp) -> Result<Found, SendError> {
        let Ok(conversation) = conversation(lost.conversation, lost.channel) else {
            return Ok(Found::CannotSay);
        };
        let url = format!("{}/conversations/{conversation}/messages", self.url);
        let headers = [("api_access_token", self.token.expose())];
        let answer = json::get(&self.http, &url, &headers)?;
        let body = answer.json().filter(|_| answer.is_success());
        let Some(list) = body.as_ref().and_then(|b| b["payload"].as_array()) else {
            return Err(verdict(&answer, now, &[self.token.expose()]));
        };
        let ours: Vec<Listed> = list
            .iter()
            .filter(|m| {
                (m["message_type"] == 1 || m["message_type"] == "outgoing") && m["private"] != true
            })
            .map(|m| Listed {
                id: m["id"].as_u64().map(|id| id.to_string()),
                text: m["content"].as_str().unwrap_or_default().to_owned(),
                at: created(m),
            })
            .collect();
        let oldest = list.iter().filter_map(created).min();
        Ok(json::find(lost, &ours, json::reaches(lost, oldest)))
    }

    /// Asks for the account's open conversations.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let url = format!("{}/conversations?status=open", self.url);
        let headers = [("api_access_token", self.token.expose())];
        let answer = json::get(&self.http, &url, &headers)?;
        match json::told(&answer, &[], &[]) {
            Some(words) => Ok(Some(words)),
            None => Err(verdict(&answer, now, &[self.token.expose()])),
        }
    }

    fn platform(&self) -> Option<&dyn Platform> {
        Some(self)
    }
}

fn created(message: &Value) -> Option<Timestamp> {
    Timestamp::from_timestamp(message["created_at"].as_i64()?, 0)
}

/// The number of the contact's conversation on this channel.
fn conversation(id: Option<&str>, channel: Channel) -> Result<&str, SendError> {
    let id = id.unwrap_or_default().trim();
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(id);
    }
    Err(SendError::Refused {
        reason: format!(
            "the contact has no conversation on {channel} whose number in Chatwoot is known"
        ),
    })
}

fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> SendError {
    let body = answer.json();
    let places = ["/error", "/errors", "/message", "/description"];
    let words = json::words(body.as_ref(), &places, secrets);
    let reason = format!("Chatwoot {}: {words}", answer.status);
    match answer.status {
        // The conversation is gone; a wrong URL is answered with a page.
        404 if words.to_lowercase().contains("resource could not be found") => {
            SendError::Refused { reason }
        }
        _ => answer.verdict(&words, now),
    }
}
