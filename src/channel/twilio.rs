//! Twilio's Messages resource: SMS and WhatsApp. Accepted by Twilio is not yet delivered; what becomes of the
//! message later arrives with the next export.

use serde_json::Value;

use super::address::number;
use super::json::{self, Listed};
use super::{Accepted, Found, Lost, Outgoing, SendError, Sender, limits};
use crate::config::{Secret, TwilioSender, TwilioSettings};
use crate::http::{Answer, Http, provider_words};
use crate::model::{Channel, Country, Timestamp};

const MAX_BODY_CHARS: usize = 1600;

/// `[channels.sms.twilio]` and `[channels.whatsapp.twilio]`.
#[derive(Debug)]
pub struct Twilio {
    http: Http,
    country: Option<Country>,
    url: String,
    /// Who logs in: the account, or one of its keys.
    user: String,
    auth_token: Secret,
    sender: TwilioSender,
}

impl Twilio {
    /// A sender for the account of `settings`.
    #[must_use]
    pub fn new(http: Http, settings: &TwilioSettings, auth_token: Secret) -> Self {
        Self {
            http,
            country: None,
            url: format!(
                "{}/2010-04-01/Accounts/{}/Messages.json",
                settings.base_url.trim_end_matches('/'),
                settings.account_sid
            ),
            user: settings
                .api_key
                .as_ref()
                .unwrap_or(&settings.account_sid)
                .clone(),
            auth_token,
            sender: settings.sender.clone(),
        }
    }

    /// Reads national numbers as those of this country.
    #[must_use]
    pub fn in_country(self, country: Option<Country>) -> Self {
        Self { country, ..self }
    }

    fn authorization(&self) -> String {
        use base64::Engine;
        let pair = format!("{}:{}", self.user, self.auth_token.expose());
        base64::engine::general_purpose::STANDARD.encode(pair)
    }
}

impl Sender for Twilio {
    /// One message; [`Outgoing::template`] goes as a content template, whose name is its content SID.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let form = form(message, &self.sender, self.country)?;
        let credentials = self.authorization();
        let answer = self.http.post(
            &self.url,
            &[
                ("authorization", &format!("Basic {credentials}")),
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "application/json"),
                ("idempotency-key", &message.id),
            ],
            form,
        )?;
        verdict(&answer, now, &[self.auth_token.expose(), &credentials])
    }

    /// Asks for the messages to this number; the newest come first.
    fn look_up(&self, lost: &Lost<'_>, now: Timestamp) -> Result<Found, SendError> {
        let to = number(lost.address, self.country)?;
        let to = match lost.channel {
            Channel::Whatsapp => format!("whatsapp:{to}"),
            _ => to,
        };
        let url = format!("{}?To={}&PageSize=200", self.url, json::query(&to));
        let credentials = self.authorization();
        let authorization = format!("Basic {credentials}");
        let answer = json::get(&self.http, &url, &[("authorization", &authorization)])?;
        let body = answer.json().filter(|_| answer.is_success());
        let Some(list) = body.as_ref().and_then(|b| b["messages"].as_array()) else {
            return Err(answer.verdict("", now));
        };
        let ours: Vec<Listed> = list
            .iter()
            .filter(|m| {
                m["direction"]
                    .as_str()
                    .is_some_and(|d| d.starts_with("outbound"))
            })
            .map(|m| Listed {
                id: m["sid"].as_str().map(str::to_owned),
                text: m["body"].as_str().unwrap_or_default().to_owned(),
                at: created(m),
            })
            .collect();
        let is_whole = body
            .as_ref()
            .is_some_and(|b| !b["next_page_uri"].is_string());
        let oldest = list.iter().filter_map(created).min();
        Ok(json::find(
            lost,
            &ours,
            is_whole || json::reaches(lost, oldest),
        ))
    }

    /// Asks for the newest message: an API key may not ask for the account itself.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let credentials = self.authorization();
        let authorization = format!("Basic {credentials}");
        let url = format!("{}?PageSize=1", self.url);
        let answer = json::get(&self.http, &url, &[("authorization", &authorization)])?;
        if let Some(words) = json::told(&answer, &[], &[]) {
            return Ok(Some(words));
        }
        let secrets = [self.auth_token.expose(), &credentials];
        match verdict(&answer, now, &secrets) {
            Err(error) if !answer.is_success() => Err(error),
            _ => Err(json::unreadable(&answer)),
        }
    }
}

fn created(message: &Value) -> Option<Timestamp> {
    let text = message["date_created"].as_str()?;
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some(at.to_utc())
}

fn form(
    message: &Outgoing,
    sender: &TwilioSender,
    country: Option<Country>,
) -> Result<String, SendError> {
    let prefix = if message.channel == Channel::Whatsapp {
        "whatsapp:"
    } else {
        ""
    };
    let mut form = Form::default();
    form.add(
        "To",
        &format!("{prefix}{}", number(&message.address, country)?),
    );
    match sender {
        TwilioSender::From(from) => form.add("From", &format!("{prefix}{from}")),
        TwilioSender::MessagingService(sid) => form.add("MessagingServiceSid", sid),
    }
    if let Some(template) = &message.template {
        form.add("ContentSid", &template.name);
        if !template.variables.is_empty() {
            let numbered: serde_json::Map<String, Value> = (1..)
                .map(|n: u32| n.to_string())
                .zip(template.variables.iter().map(|v| Value::from(v.as_str())))
                .collect();
            form.add("ContentVariables", &Value::from(numbered).to_string());
        }
        return Ok(form.0);
    }
    limits::characters(&message.text, MAX_BODY_CHARS, "Twilio")?;
    form.add("Body", &message.text);
    Ok(form.0)
}

/// What Twilio's answer makes certain: its own code counts before the HTTP status, but for server errors, after
/// which nothing is certain whatever the code.
fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> Result<Accepted, SendError> {
    let body = answer.json();
    if answer.is_success() {
        return accepted(answer, body.as_ref(), secrets);
    }
    let code = body.as_ref().and_then(|body| body["code"].as_u64());
    let message = body.as_ref().and_then(|body| body["message"].as_str());
    let message = provider_words(message.unwrap_or_default(), secrets);
    let (Some(code), 400..=499) = (code, answer.status) else {
        return Err(answer.verdict(&message, now));
    };
    let reason = format!("Twilio {code}: {message}");
    Err(match (code, answer.status) {
        // Too many requests, or the sender's queue is full: never processed.
        (20429 | 21611 | 63018, _) | (_, 429) => SendError::Retry {
            after: answer.retry_after(now),
            reason,
        },
        (21610, _) => SendError::OptedOut { reason },
        (63016, _) => SendError::WindowClosed { reason },
        (21000..=21999 | 30000..=39999 | 63000..=63999, _) => SendError::Refused { reason },
        (20003 | 20005 | 20008 | 20403 | 20404, _) | (_, 401 | 403 | 404) => {
            SendError::Credentials { reason }
        }
        (_, 408) => SendError::Unknown { reason },
        _ => SendError::Refused { reason },
    })
}

fn accepted(
    answer: &Answer,
    body: Option<&Value>,
    secrets: &[&str],
) -> Result<Accepted, SendError> {
    let unreadable = || SendError::Unknown {
        reason: match &answer.body {
            Err(reason) => format!("HTTP {}; {reason}", answer.status),
            Ok(_) => format!("HTTP {}, but no message SID in the answer", answer.status),
        },
    };
    let body = body.ok_or_else(unreadable)?;
    let sid = body["sid"].as_str().filter(|sid| !sid.is_empty());
    let sid = sid.ok_or_else(unreadable)?;
    if matches!(
        body["status"].as_str(),
        Some("failed" | "undelivered" | "canceled")
    ) {
        let words = body["error_message"].as_str().unwrap_or("failed at once");
        let reason = match body["error_code"].as_u64() {
            Some(code) => format!("Twilio {code}: {}", provider_words(words, secrets)),
            None => format!("Twilio: {}", provider_words(words, secrets)),
        };
        return Err(match body["error_code"].as_u64() {
            Some(21610) => SendError::OptedOut { reason },
            Some(63016) => SendError::WindowClosed { reason },
            _ => SendError::Refused { reason },
        });
    }
    Ok(Accepted {
        provider_id: Some(sid.to_owned()),
    })
}

/// A body of `application/x-www-form-urlencoded`.
#[derive(Default)]
struct Form(String);

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                    self.0.push(char::from(byte));
                }
                b' ' => self.0.push('+'),
                _ => self.0.push_str(&format!("%{byte:02X}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{ApprovedTemplate, example};

    fn from() -> TwilioSender {
        TwilioSender::From("+15005550006".into())
    }

    #[test]
    fn a_text_is_form_encoded() {
        let message = Outgoing {
            text: "¿Sí & no? 1+1=2\n~*".into(),
            ..example(Channel::Sms)
        };
        assert_eq!(
            form(&message, &from(), None).unwrap(),
            "To=%2B525512345678&From=%2B15005550006&Body=%C2%BFS%C3%AD+%26+no%3F+1%2B1%3D2%0A%7E*"
        );
    }

    #[test]
    fn d17_an_approved_template_goes_by_its_content_sid() {
        let message = Outgoing {
            template: Some(ApprovedTemplate {
                name: "HX1".into(),
                language: "es_MX".into(),
                category: "UTILITY".into(),
                variables: vec!["Ana".into(), "10:00".into()],
            }),
            ..example(Channel::Whatsapp)
        };
        let service = TwilioSender::MessagingService("MG1".into());
        assert_eq!(
            form(&message, &service, None).unwrap(),
            "To=whatsapp%3A%2B525512345678&MessagingServiceSid=MG1&ContentSid=HX1\
             &ContentVariables=%7B%221%22%3A%22Ana%22%2C%222%22%3A%2210%3A00%22%7D"
        );
    }

    #[test]
    fn a_text_that_is_too_long_or_empty_is_refused() {
        let with = |text: String| Outgoing {
            text,
            ..example(Channel::Sms)
        };
        assert!(form(&with("ñ".repeat(1600)), &from(), None).is_ok());
        for text in ["ñ".repeat(1601), " \n".into()] {
            let error = form(&with(text), &from(), None).unwrap_err();
            assert_eq!(error.kind(), "refused");
        }
    }
}
