//! Twilio's messages: the lists of its API, those of conversations, and the table that its console exports.

mod conversations;
mod table;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;

pub(crate) use conversations::Conversations;
pub(crate) use table::TwilioTable;

use super::document::Node;
use super::loose::{Text, filled, row};
use super::platform::{HasLists, More, Platform};
use super::time::instant;
use super::words::shown;
use super::{Record, Said, SourceSettings, Tells};
use crate::config::DateOrder;
use crate::model::{Author, Channel, Timestamp, WordKind, WordSource};
use crate::zone::Zone;

const ROOT: Node = Node::scope(&[("messages", &Node::ITEMS)]).or_list_of(&Node::ITEM);

/// Twilio's code for a message to somebody who has opted out (rule X4).
const OPTED_OUT: &str = "21610";

/// One message as the API writes it, or (the second names) its library for JavaScript.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    sid: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow)]
    direction: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow, alias = "dateSent")]
    date_sent: Option<Text<'a>>,
    #[serde(borrow, alias = "dateCreated")]
    date_created: Option<Text<'a>>,
    #[serde(borrow, alias = "errorCode")]
    error_code: Option<Text<'a>>,
}

/// How Twilio writes messages.
#[derive(Debug, Default)]
pub(crate) struct Twilio {
    zone: Option<Zone>,
    order: Option<DateOrder>,
    channel: Option<Channel>,
    /// One message a line, rather than lists.
    bare: bool,
}

impl Twilio {
    /// How a source's messages are read; `bare` when each stands by itself.
    pub(crate) fn new(settings: &SourceSettings, has_lists: HasLists) -> Self {
        Self {
            zone: settings.timezone.clone(),
            order: settings.date_order,
            channel: settings.channel,
            bare: has_lists == HasLists::No,
        }
    }

    /// What a message tells; `None` when it never went out.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn record<'a>(&self, message: Message<'a>) -> Result<Option<Record<'a>>, String> {
        let direction = filled(message.direction).ok_or("direction: there is none")?;
        let is = |word: &str| direction.eq_ignore_ascii_case(word);
        // `outbound-api`, `outbound-call`, `outbound-reply`
        let begins = |word: &str| {
            let begin = direction.as_bytes().get(..word.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()))
        };
        let author = if is("inbound") || is("incoming") {
            Author::Contact
        } else if begins("outbound") || begins("outgoing") {
            Author::Bot
        } else {
            return Err(format!(
                "direction: {} is none of Twilio's",
                shown(&direction)
            ));
        };
        let status = filled(message.status);
        // What is yet to be sent, or was called off, nobody has received.
        if status.as_deref().is_some_and(|s| {
            ["scheduled", "canceled", "accepted", "queued"]
                .iter()
                .any(|not| s.eq_ignore_ascii_case(not))
        }) && author == Author::Bot
        {
            return Ok(None);
        }
        let (other, key) = match author {
            Author::Contact => (message.from, "from"),
            _ => (message.to, "to"),
        };
        let other = filled(other).ok_or_else(|| format!("{key}: there is none"))?;
        let (channel, id) = addressed(other, self.channel);
        if id.is_empty() {
            return Err(format!("{key}: there is no number"));
        }
        let at = filled(message.date_sent)
            .or(filled(message.date_created))
            .ok_or("date_sent: there is none, nor a date_created")?;
        let at = self.instant(&at).map_err(|e| format!("date_sent: {e}"))?;
        let text = message.body.unwrap_or_default().0;
        let mut record = Record::message(id, channel, author, at, text);
        reached_by_id(&mut record);
        record.message_id = filled(message.sid);
        record.status = status;
        if author == Author::Bot && message.error_code.is_some_and(|c| c.as_str() == OPTED_OUT) {
            record.tells = Tells::MessageAndWord(Said {
                kind: WordKind::OptOut,
                source: WordSource::Provider,
                reason: Some(Cow::Borrowed("Twilio 21610")),
            });
        }
        Ok(Some(record))
    }

    /// `Fri, 24 May 2019 17:44:46 +0000` (the API), `2019-05-24 17:44:46 UTC`, or a time that [`instant`] reads.
    fn instant(&self, text: &str) -> Result<Timestamp, String> {
        // One byte tells a date that begins with the year.
        if text.as_bytes().get(4) != Some(&b'-')
            && let Ok(at) = DateTime::parse_from_rfc2822(text)
        {
            return Ok(at.with_timezone(&Utc));
        }
        instant(text, self.zone.as_ref(), self.order)
    }
}

/// The channel and the number of `whatsapp:+525512345678`.
fn addressed(address: Cow<'_, str>, default: Option<Channel>) -> (Channel, Cow<'_, str>) {
    const PREFIXES: [(&str, Channel); 3] = [
        ("whatsapp:", Channel::Whatsapp),
        ("messenger:", Channel::Facebook),
        ("rcs:", Channel::Sms),
    ];
    for (prefix, channel) in PREFIXES {
        if address.len() >= prefix.len()
            && address.is_char_boundary(prefix.len())
            && address[..prefix.len()].eq_ignore_ascii_case(prefix)
        {
            let number = match address {
                Cow::Borrowed(text) => Cow::Borrowed(text[prefix.len()..].trim()),
                Cow::Owned(text) => Cow::Owned(text[prefix.len()..].trim().to_owned()),
            };
            return (channel, number);
        }
    }
    (default.unwrap_or(Channel::Sms), address)
}

/// The contact's id is a number, or an address on the channel.
fn reached_by_id(record: &mut Record<'_>) {
    let id = Some(record.contact_id.clone());
    match record.channel {
        Channel::Sms | Channel::Whatsapp => record.phone = id,
        _ => record.address = id,
    }
}

impl Platform for Twilio {
    type Heads = ();

    fn root(&self) -> &'static Node {
        if self.bare { &Node::ITEM } else { &ROOT }
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        json: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        Self::record(self, row(json)?)
    }
}
