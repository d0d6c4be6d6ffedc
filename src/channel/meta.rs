//! Meta's Graph API: WhatsApp Cloud, Messenger and Instagram. Accepted is not yet delivered; what becomes of the
//! message later is told to a webhook, not to us. A message tag is never used (rule D17).

use serde_json::{Value, json};

use super::address::number;
use super::{Accepted, ApprovedTemplate, Outgoing, SendError, Sender, json, limits};
use crate::config::{MetaSettings, Secret};
use crate::http::{Answer, Http};
use crate::model::{Channel, Country, Timestamp};

/// `[channels.whatsapp.meta]`, `[channels.facebook.meta]` and `[channels.instagram.meta]`.
#[derive(Debug)]
pub struct Meta {
    http: Http,
    country: Option<Country>,
    channel: Channel,
    url: String,
    access_token: Secret,
}

impl Meta {
    /// A sender on `channel` for the phone number or the page of `settings`.
    #[must_use]
    pub fn new(
        http: Http,
        settings: &MetaSettings,
        channel: Channel,
        access_token: Secret,
    ) -> Self {
        Self {
            http,
            country: None,
            channel,
            url: format!(
                "{}/{}/{}",
                settings.base_url.trim_end_matches('/'),
                settings.api_version,
                settings.sender_id
            ),
            access_token,
        }
    }

    /// Reads national numbers as those of this country.
    #[must_use]
    pub fn in_country(self, country: Option<Country>) -> Self {
        Self { country, ..self }
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.access_token.expose())
    }
}

impl Sender for Meta {
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let (body, place) = match message.channel {
            Channel::Whatsapp => (whatsapp(message, self.country)?, "/messages/0/id"),
            _ => (page(message)?, "/message_id"),
        };
        let answer = json::post(
            &self.http,
            &format!("{}/messages", self.url),
            &[("authorization", &self.authorization())],
            &message.id,
            &body,
        )?;
        if answer.is_success() {
            return json::accepted(&answer, place);
        }
        Err(verdict(&answer, now, &[self.access_token.expose()]))
    }

    /// Asks for the name of the number or the page.
    fn ask(&self, now: Timestamp) -> Result<Option<String>, SendError> {
        let url = match self.channel {
            Channel::Whatsapp => format!("{}?fields=display_phone_number,verified_name", self.url),
            _ => format!("{}?fields=name", self.url),
        };
        let authorization = self.authorization();
        let answer = json::get(&self.http, &url, &[("authorization", &authorization)])?;
        let secrets = [self.access_token.expose()];
        let places = ["/display_phone_number", "/verified_name", "/name"];
        match json::told(&answer, &places, &secrets) {
            Some(words) => Ok(Some(words)),
            None => Err(verdict(&answer, now, &secrets)),
        }
    }
}

fn whatsapp(message: &Outgoing, country: Option<Country>) -> Result<Value, SendError> {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": number(&message.address, country)?,
    });
    match &message.template {
        Some(template) => {
            body["type"] = "template".into();
            body["template"] = approved(template);
        }
        None => {
            limits::fit(Channel::Whatsapp, &message.text)?;
            body["type"] = "text".into();
            let preview = message.text.contains("https://") || message.text.contains("http://");
            body["text"] = json!({ "body": message.text, "preview_url": preview });
        }
    }
    Ok(body)
}

fn approved(template: &ApprovedTemplate) -> Value {
    let mut value = json!({
        "name": template.name,
        "language": { "policy": "deterministic", "code": template.language },
    });
    if !template.variables.is_empty() {
        let texts = template.variables.iter();
        let parameters: Vec<Value> = texts
            .map(|text| json!({ "type": "text", "text": text }))
            .collect();
        value["components"] = json!([{ "type": "body", "parameters": parameters }]);
    }
    value
}

fn page(message: &Outgoing) -> Result<Value, SendError> {
    limits::fit(message.channel, &message.text)?;
    let mut body = json!({
        "recipient": { "id": message.address },
        "messaging_type": "RESPONSE",
        "message": { "text": message.text },
    });
    if message.channel == Channel::Facebook {
        // Comes back with the message's echo.
        body["message"]["metadata"] = message.id.as_str().into();
    }
    Ok(body)
}

/// What Meta's answer makes certain: its codes count before the HTTP status, but for server errors.
fn verdict(answer: &Answer, now: Timestamp, secrets: &[&str]) -> SendError {
    let body = answer.json();
    let error = body.as_ref().map_or(&Value::Null, |body| &body["error"]);
    let mut words = json::words(body.as_ref(), &["/error/message", "/message"], secrets);
    let details = json::words(body.as_ref(), &["/error/error_data/details"], secrets);
    if !details.is_empty() && !words.contains(&details) {
        words = format!("{words} ({details})");
    }
    let (Some(code), 400..=499) = (error["code"].as_u64(), answer.status) else {
        return answer.verdict(&words, now);
    };
    let subcode = error["error_subcode"].as_u64().unwrap_or(0);
    let reason = match subcode {
        0 => format!("Meta {code}: {words}"),
        subcode => format!("Meta {code}/{subcode}: {words}"),
    };
    let retry = |seconds| SendError::Retry {
        after: answer.retry_after(now).or(seconds),
        reason: reason.clone(),
    };
    match (code, subcode) {
        (131_047 | 470, _) | (10, 2_018_278 | 2_534_022) => SendError::WindowClosed { reason },
        (10, _) if words.contains("outside of allowed window") => {
            SendError::WindowClosed { reason }
        }
        (131_050, _) => SendError::OptedOut { reason },
        // Too much at once, or out of order for a moment: not accepted.
        (4 | 32 | 341 | 613 | 80_006 | 80_007 | 130_429 | 131_057, _) | (1 | 2, _) => retry(None),
        (131_056, _) => retry(Some(6)), // one in 6 s to the same person
        (131_048, _) => retry(Some(3600)),
        // The number or page that we write from, its account, our token.
        (0 | 3 | 10 | 190 | 102 | 200..=299 | 368, _)
        | (131_005 | 131_031 | 131_042 | 131_045 | 133_000..=133_999, _)
        | (100, 33) => SendError::Credentials { reason },
        _ if answer.status == 429 => retry(None),
        _ if answer.status == 401 => SendError::Credentials { reason },
        _ if answer.status == 408 => SendError::Unknown { reason },
        _ => SendError::Refused { reason },
    }
}
