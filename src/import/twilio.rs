//! Twilio's messages: the lists of its API, and the table that its console exports.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::document::Node;
use super::loose::{Text, filled, row};
use super::platform::{HasLists, More, Platform, whose};
use super::table::Table;
use super::time::instant;
use super::words::shown;
use super::{ReadError, Reader, Record, RowError, Said, SourceSettings, Tells};
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
        if matches!(channel, Channel::Sms | Channel::Whatsapp) {
            record.phone = Some(record.contact_id.clone());
        } else {
            record.address = Some(record.contact_id.clone());
        }
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
        let in_utc = ["UTC", "GMT"].iter().find_map(|zone| {
            let local = text.strip_suffix(zone)?.trim_end();
            instant(local, Some(&Zone::utc()), self.order).ok()
        });
        match in_utc {
            Some(at) => Ok(at),
            None => instant(text, self.zone.as_ref(), self.order),
        }
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

/// Reads the table that the console exports.
pub(crate) struct TwilioTable {
    table: Table,
    twilio: Twilio,
    /// Where each of [`COLUMNS`] stands.
    places: [Option<usize>; COLUMNS.len()],
}

const COLUMNS: [&str; 9] = [
    "From",
    "To",
    "Body",
    "Status",
    "SentDate",
    "CreatedDate",
    "ErrorCode",
    "Sid",
    "Direction",
];

impl TwilioTable {
    /// A reader of a table whose header has been read.
    ///
    /// # Errors
    /// A column is missing, or stands there twice.
    pub(crate) fn of(table: Table, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            *place = table.header.find(name)?;
            let spaced = match name {
                "SentDate" => &["Sent Date", "DateSent", "date_sent"][..],
                "CreatedDate" => &["Created Date", "DateCreated", "date_created"],
                "ErrorCode" => &["Error Code", "error_code"],
                "Sid" => &["MessageSid", "Message Sid"],
                _ => &[],
            };
            for other in spaced {
                if place.is_none() {
                    *place = table.header.find(other)?;
                }
            }
            if place.is_none() && matches!(name, "From" | "To" | "Direction") {
                return Err(ReadError::File(format!(
                    "the header lacks {}; export the message log again with all columns",
                    shown(name)
                )));
            }
        }
        Ok(Self {
            table,
            twilio: Twilio::new(settings, HasLists::No),
            places,
        })
    }
}

impl Reader for TwilioTable {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        let Table { rows, header } = &mut self.table;
        let cells = match rows.next() {
            Err(e) => return Some(Err(e.into())),
            Ok(None) => return None,
            Ok(Some(Err(fault))) => return Some(Err(header.row_error(fault).into())),
            Ok(Some(Ok(cells))) => cells,
        };
        let line = cells.line();
        if cells.len() > header.len()
            && let Some(reason) = header.too_wide(cells)
        {
            return Some(Err(RowError { line, reason }.into()));
        }
        let cell = |n: usize| Some(Text(Cow::Borrowed(cells.get(self.places[n]?)?)));
        let message = Message {
            from: cell(0),
            to: cell(1),
            body: cell(2),
            status: cell(3),
            date_sent: cell(4),
            date_created: cell(5),
            error_code: cell(6),
            sid: cell(7),
            direction: cell(8),
        };
        let mut record = match self.twilio.record(message) {
            Ok(told) => told.unwrap_or_else(Record::nothing),
            Err(reason) => return Some(Err(RowError { line, reason }.into())),
        };
        record.line = line;
        if let Err(reason) = whose(&record) {
            return Some(Err(RowError { line, reason }.into()));
        }
        Some(Ok(record)) // a table's cells have been looked at
    }
}
