//! What an export is, by its content and what its source says of it.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use super::chatwoot::Shape;
use super::elements::looks_like_lines;
use super::encoding::decoded;
use super::own_document::{Own, own_document};
use super::platform::HasLists;
use super::sms_backup::{is_backup_name, is_sms_backup};
use super::whatsapp::{is_markdown, looks_like_a_chat};
use super::{ReadError, SourceSettings, archive, kind, signal};
use crate::config::Format;
use crate::model::Channel;

/// What a file is.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// A chat of WhatsApp's or Signal's; `packed` in a `.zip`.
    Chat {
        packed: bool,
        channel: Channel,
    },
    /// The messages of an Android phone; `packed` in a `.zip`.
    SmsBackup {
        packed: bool,
    },
    /// A platform's folder of chats in a `.zip`.
    Archive(Format),
    /// A platform's JSON.
    Json(Json),
    /// A table of our own columns, or of Twilio's or HighLevel's.
    Table(Option<Format>),
    /// Our own JSON Lines.
    Lines,
    /// A list of objects with our own keys, or a document that has one.
    List(Own),
    Mbox,
    Email,
}

/// A platform's JSON, and what its beginning shows.
#[derive(Clone, Copy)]
pub(super) struct Json {
    pub(super) format: Format,
    /// One value a line.
    pub(super) by_lines: bool,
    pub(super) has_lists: HasLists,
    pub(super) chatwoot: Shape,
    pub(super) signal: signal::Shape,
    pub(super) contacts: bool,
    /// Messages of Twilio's conversations, which have no direction.
    pub(super) conversations: bool,
    pub(super) own: Own,
}

impl Content {
    pub(super) const fn is_read_twice(self) -> bool {
        match self {
            Self::Chat { .. } | Self::SmsBackup { .. } | Self::Archive(_) | Self::List(_) => true,
            Self::Json(json) => !json.by_lines,
            Self::Table(_) | Self::Lines | Self::Mbox | Self::Email => false,
        }
    }
}

/// What the file that begins with `head` is.
///
/// # Errors
/// It is nothing that can be read.
pub(super) fn content(
    head: &[u8],
    path: Option<&Path>,
    settings: &SourceSettings,
) -> Result<Content, ReadError> {
    if head.starts_with(b"PK\x03\x04") {
        return packed(path, settings.format);
    }
    let mut text = Vec::new();
    decoded(Cursor::new(head.to_vec()))?.read_to_end(&mut text)?;
    let text = text.trim_ascii_start();
    if matches!(
        settings.format,
        None | Some(Format::Telegram | Format::Messenger | Format::Instagram)
    ) && text.starts_with(b"<")
        && has_html(text)
    {
        return Err(ReadError::File(
            "the file is a web page (HTML), for people to look at; export it again as JSON: Telegram Desktop calls it \
             \"Machine-readable JSON\", and Meta asks for the format when you request your information"
                .to_owned(),
        ));
    }
    let is_json = matches!(text.first(), Some(b'{' | b'['));
    let is_mapped = !settings.columns.is_empty() || !settings.values.is_empty();
    let rows = || match text.first() {
        Some(b'[') => Content::List(Own::Rows),
        _ if looks_like_lines(text) => Content::Lines,
        _ => own_document(text).map_or(Content::Lines, Content::List),
    };
    Ok(match settings.format {
        Some(Format::Whatsapp) => chat(Channel::Whatsapp),
        Some(Format::SmsBackup) => Content::SmsBackup { packed: false },
        Some(Format::Signal) if signal::Shape::of(text).is_none() => chat(Channel::Sms),
        Some(Format::Bookings | Format::Icalendar) => {
            return Err(ReadError::File(
                "appointments are read one file at a time, not from within another".to_owned(),
            ));
        }
        Some(Format::Csv) => Content::Table(Some(Format::Csv)),
        Some(Format::Jsonl) => rows(),
        Some(format @ (Format::Twilio | Format::Highlevel)) if !is_json => {
            Content::Table(Some(format))
        }
        Some(
            format @ (Format::Messenger
            | Format::Instagram
            | Format::Telegram
            | Format::Twilio
            | Format::Highlevel
            | Format::Chatwoot
            | Format::Intercom
            | Format::Signal
            | Format::WhatsappCloud),
        ) => {
            if !is_json {
                return Err(ReadError::File(format!(
                    "the file is no JSON, as {format} exports are; write another `format` on the source, or none"
                )));
            }
            known(Json::new(format, text), text)?
        }
        Some(Format::Mbox) => Content::Mbox,
        Some(Format::Maildir) => Content::Email,
        None if is_sms_backup(text) => Content::SmsBackup { packed: false },
        None if is_mapped && is_json => rows(),
        None if looks_like_a_chat(text) => {
            chat(if is_signal(text) || path.is_some_and(is_markdown) {
                Channel::Sms
            } else {
                Channel::Whatsapp
            })
        }
        None if is_json => match kind::of_json(text, path)? {
            Some(format) => known(Json::new(format, text), text)?,
            None => rows(),
        },
        None if kind::is_mbox(text) => Content::Mbox,
        None if !is_mapped && kind::is_email(text) => Content::Email,
        None => Content::Table(None),
    })
}

/// A platform's JSON, if it has messages or contacts in it.
fn known(json: Json, head: &[u8]) -> Result<Content, ReadError> {
    let has = |key: &str| kind::has_key(head, key);
    if json.format == Format::Highlevel && has("lastMessageBody") && !has("messageType") {
        return Err(ReadError::File(
            "this is HighLevel's list of conversations, which tells of each no more than its last message; export \
             the messages themselves (GET /conversations/messages/export), or name HighLevel as a source to be synced"
                .to_owned(),
        ));
    }
    Ok(Content::Json(json))
}

/// Whether a text that begins with `<` is a web page.
fn has_html(text: &[u8]) -> bool {
    let begin = &text[..text.len().min(512)];
    begin.to_ascii_lowercase().windows(5).any(|w| w == b"<html")
}

const fn chat(channel: Channel) -> Content {
    Content::Chat {
        packed: false,
        channel,
    }
}

/// What an archive is.
fn packed(path: Option<&Path>, format: Option<Format>) -> Result<Content, ReadError> {
    let whatsapp = Content::Chat {
        packed: true,
        channel: Channel::Whatsapp,
    };
    match format {
        Some(Format::Whatsapp) => Ok(whatsapp),
        Some(Format::SmsBackup) => Ok(Content::SmsBackup { packed: true }),
        Some(format @ (Format::Messenger | Format::Instagram | Format::Telegram)) => {
            Ok(Content::Archive(format))
        }
        None => {
            // What comes from a pipe cannot be looked into yet: a chat, as it is by far the most often.
            let Some(path) = path else {
                return Ok(whatsapp);
            };
            let names = archive::names(&File::open(path)?)?;
            let is_backup = |name: &String| is_backup_name(name);
            if names.iter().any(is_backup) && !names.iter().any(|name| name.ends_with(".txt")) {
                return Ok(Content::SmsBackup { packed: true });
            }
            let own = path.file_name().and_then(|n| n.to_str());
            let found = kind::of_archive(own, &names)?;
            Ok(found.map_or(whatsapp, Content::Archive))
        }
        Some(_) => Err(ReadError::File(
            "the file is a zip (or an Excel workbook), not text; unpack it, or save it as CSV"
                .to_owned(),
        )),
    }
}

impl Json {
    /// What `head` shows of an export in `format`.
    pub(super) fn new(format: Format, head: &[u8]) -> Self {
        let has = |key: &str| kind::has_key(head, key);
        let lists = match format {
            Format::Intercom => has("conversations") || has("data") && !has("source"),
            Format::Highlevel => has("messages") || has("contacts") || has("contact"),
            _ => has("messages"),
        };
        let of_messages = ["messageType", "lastMessageType", "conversationId"];
        let shows_messages = of_messages.into_iter().any(has);
        let is_list = has("messages") && !has("contacts") && !has("contact");
        let contacts = format == Format::Highlevel && !shows_messages && !is_list;
        Self {
            format,
            by_lines: looks_like_lines(head),
            has_lists: if lists || head.starts_with(b"[") {
                HasLists::Yes
            } else {
                HasLists::No
            },
            chatwoot: match (has("payload"), has("contact"), has("event")) {
                (true, true, _) => Shape::Pages,
                (_, _, true) => Shape::Bare,
                (true, false, _) => Shape::Lists,
                _ if head.starts_with(b"[") => Shape::Lists,
                _ => Shape::Bare,
            },
            signal: signal::Shape::of(head).unwrap_or_default(),
            contacts,
            conversations: has("author")
                && (has("conversation_sid") || has("conversationSid"))
                && !has("direction"),
            own: Own::Rows,
        }
    }
}

/// Whether a chat is one of Signal's: `[2019-12-24, 12:23] Ana: …`, with no seconds.
fn is_signal(head: &[u8]) -> bool {
    const PATTERN: &[u8] = b"[0000-00-00, 00:00] ";
    let matches = |line: &[u8]| {
        line.len() >= PATTERN.len()
            && line.iter().zip(PATTERN).all(|(b, p)| match p {
                b'0' => b.is_ascii_digit(),
                p => b == p,
            })
    };
    head.split(|b| *b == b'\n').next().is_some_and(matches)
}
