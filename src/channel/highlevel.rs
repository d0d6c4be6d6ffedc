//! HighLevel's conversations: one request for every channel of a location, to a contact by its id there.

mod deeds;

use serde_json::{Value, json};

use super::email;
use super::json::Listed;
use super::{Accepted, Found, Lost, Outgoing, Platform, SendError, Sender, json, limits};
use crate::config::{HighlevelSettings, Secret};
use crate::http::{Answer, Http};
use crate::model::{Channel, Timestamp};

/// The version of the API for conversations.
const VERSION: &str = "2021-04-15";

/// `[channels.CHANNEL.highlevel]`.
#[derive(Debug)]
pub struct Highlevel {
    http: Http,
    settings: HighlevelSettings,
    /// The subject of emails.
    subject: String,
    token: Secret,
}

impl Highlevel {
    /// A sender for the location of `settings`; emails without a subject have the bot's name.
    #[must_use]
    pub fn new(http: Http, settings: &HighlevelSettings, bot_name: &str, token: Secret) -> Self {
        Self {
            http,
            settings: settings.clone(),
            subject: settings.subject.as_deref().unwrap_or(bot_name).to_owned(),
            token,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base_url.trim_end_matches('/'))
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token.expose())
    }

    fn body(&self, message: &Outgoing) -> Result<Value, SendError> {
        let mut body = json!({
            "type": kind(message.channel)?,
            "contactId": message.contact_id,
            "message": message.text,
        });
        match &message.template {
            Some(template) => body["templateId"] = template.name.as_str().into(),
            None => limits::fit(message.channel, &message.text)?,
        }
        match message.channel {
            Channel::Sms => {
                if let Some(from) = &self.settings.from_number {
                    body["fromNumber"] = from.as_str().into();
                }
            }
            Channel::Email => {
                body["subject"] = self.subject.as_str().into();
                body["html"] = email::html(&message.text).into();
            }
            _ => {}
        }
        Ok(body)
    }
}

impl Sender for Highlevel {
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let body = self.body(message)?;
        let answer = json::post(
            &self.http,
            &self.url("/conversations/messages"),
            &[
                ("authorization", &self.authorization()),
                ("version", VERSION),
            ],
            &message.id,
            &body,
        )?;
        if answer.is_success() {
            return json::accepted(&answer, "/messageId");
        }
        Err(verdict(&answer, now, &[self.token.expose()]))
    }

    /// Asks for the contact's messages since shortly before the claim.
    fn look_up(&self, lost: &Lost<'_>, now: Timestamp) -> Result<Found, SendError> {
        let since = lost.claimed_at - chrono::TimeDelta::minutes(5);
        let url = self.url(&format!(
            "/conversations/messages/export?locationId={}&contactId={}&startDate={}&limit=500",
            json::query(&self.settings.location_id),
            json::query(lost.contact_id),
            json::query(&since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
        ));
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("version", VERSION),
        ];
        let answer = json::get(&self.http, &url, &headers)?;
        let body = answer.json().filter(|_| answer.is_success());
        let Some(list) = body.as_ref().and_then(|b| b["messages"].as_array()) else {
            return Err(verdict(&answer, now, &[self.token.expose()]));
        };
        let ours: Vec<Listed> = list
            .iter()
            .filter(|m| m["direction"] == "outbound")
            .map(|m| Listed {
                id: m["id"].as_str().map(str::to_owned),
                text: m["body"].as_str().unwrap_or_default().to_owned(),
                at: m["dateAdded"].as_str().and_then(|t| t.parse().ok()),
            })
            .collect();
        let is_whole = body.as_ref().is_some_and(|b| !b["nextCursor"].is_string());
        Ok(json::find(lost, &ours, is_whole))
    }

    /// Asks for the location's newest conversation.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let location = json::query(&self.settings.location_id);
        let url = self.url(&format!(
            "/conversations/search?locationId={location}&limit=1"
        ));
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("version", VERSION),
        ];
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

/// HighLevel's word for a channel.
fn kind(channel: Channel) -> Result<&'static str, SendError> {
    Ok(match channel {
        Channel::Sms => "SMS",
        Channel::Whatsapp => "WhatsApp",
        Channel::Facebook => "FB",
        Channel::Instagram => "IG",
        Channel::LiveChat => "Live_Chat",
        Channel::Email => "Email",
        Channel::Telegram => {
            return Err(SendError::Refused {
                reason: "HighLevel has no Telegram".to_owned(),
            });
        }
    })
}

/// HighLevel has no codes for what is wrong with a message: its words tell.
fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> SendError {
    let body = answer.json();
    let words = json::words(body.as_ref(), &["/message", "/error"], secrets);
    let reason = format!("HighLevel {}: {words}", answer.status);
    let said = words.to_lowercase();
    let says = |all: &[&str]| all.iter().any(|part| said.contains(part));
    match answer.status {
        429 => SendError::Retry {
            after: answer.retry_after(now).or_else(|| resets_in(answer)),
            reason,
        },
        400 | 403 | 404 | 422 if says(&["dnd", "do not disturb", "unsubscribed", "opted out"]) => {
            SendError::OptedOut { reason }
        }
        400 | 403 | 422
            if says(&[
                "24 hour",
                "24-hour",
                "24hour",
                "messaging window",
                "outside of allowed window",
            ]) =>
        {
            SendError::WindowClosed { reason }
        }
        404 if says(&["contact", "conversation"]) => SendError::Refused { reason },
        _ => answer.verdict(&words, now),
    }
}

/// The limit is so many in an interval; when the day's are used up, an hour is soon enough.
fn resets_in(answer: &Answer) -> Option<u32> {
    let left_today = answer.header("x-ratelimit-daily-remaining");
    if left_today.is_some_and(|left| left.trim() == "0") {
        return Some(3600);
    }
    let interval = answer.header("x-ratelimit-interval-milliseconds")?;
    let millis: u32 = interval.trim().parse().ok()?;
    Some(millis.div_ceil(1000))
}
