//! Chats exported by WhatsApp, from Android and iOS, `.txt` and `.zip`.
//!
//! A chat is read twice: first to see how its dates are ordered and who wrote, then to give its messages. Times are
//! those of the phone, in minutes on Android; the zone and our own names must be told.

mod attachment;
mod body;
mod chat_name;
mod clock;
mod header;
mod order;
mod people;
mod phrases;
mod sender;
mod signal;
mod stamp;
mod survey;

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use chrono::NaiveDateTime;

use attachment::first_line;
use chat_name::chat_name;
use header::{Header, Shape};
use people::People;
use phrases::is_missed_call;
use sender::{known_sender, sender};
use survey::Survey;

use super::archive::Stored;
use super::encoding::{Progress, text};
use super::lines::Lines;
use super::rows::{CELL_LIMIT, Fault, RowFault};
use super::table::explain;
use super::{ReadError, Reader, Record, RowError, SourceSettings};
use crate::config::DateOrder;
use crate::model::{Author, Channel};
use crate::zone::LocalTimes;

type Input = Box<dyn Read + Send>;

/// The room that a text leaves for the next one, in bytes.
const KEPT: usize = 64 << 10;

/// What a chat export has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChatCounts {
    /// Messages, attachments included.
    pub messages: u64,
    /// Messages with an attachment, which is not imported: its text is the export's word for it.
    pub media: u64,
    /// Lines of WhatsApp's own, which are left out (rule S8).
    pub system: u64,
}

/// Reads a chat export message by message.
pub struct WhatsappReader {
    lines: Lines<Input>,
    shape: Shape,
    order: DateOrder,
    times: LocalTimes,
    channel: Channel,
    chat: Option<String>,
    /// Of Signal's, by the tool that writes them as Markdown.
    is_signal: bool,
    people: People,
    counts: ChatCounts,
    /// The message whose lines are being read, where one has begun.
    begun: Begun,
    has_begun: bool,
    /// The message that was given last.
    given: Begun,
    /// The contact who wrote last.
    contact: usize,
    stray: bool,
}

/// A message of which the first lines have been read.
#[derive(Debug, Default)]
struct Begun {
    line: u64,
    local: NaiveDateTime,
    marked: bool,
    sender: Option<usize>,
    text: String,
    fault: Option<Fault>,
}

impl ChatCounts {
    /// The same when so many lines without a sender are calls of the contact's.
    const fn with_calls(self, calls: u64) -> Self {
        Self {
            messages: self.messages + calls,
            system: self.system - calls,
            ..self
        }
    }
}

impl WhatsappReader {
    /// A reader of `chat`, which came from the file at `path`.
    ///
    /// # Errors
    /// [`ReadError::File`] when it is no chat export, when the order of its dates, our names or the zone are not known:
    /// all of these at once, each with what to do.
    pub(crate) fn new(
        chat: &Stored,
        path: Option<&Path>,
        progress: &Progress,
        settings: &SourceSettings,
    ) -> Result<Self, ReadError> {
        let open = || chat.text(progress);
        let survey = Survey::of(open()?)?;
        let Some(shape) = survey.shape else {
            return Err(ReadError::File(
                "no line begins a message; a chat export has lines such as `21/11/25, 9:33 - Name: text`"
                    .to_owned(),
            ));
        };
        if survey.counts == ChatCounts::default() {
            return Err(ReadError::File(
                "none of its dates is a day of the Gregorian calendar, nor of the Buddhist or Persian one; set the phone's calendar to Gregorian and export the chat again"
                    .to_owned(),
            ));
        }
        let chat_name = chat_name(path, chat.entry_name());
        let order = survey.evidence.order(settings.date_order);
        let people = People::new(&survey.senders, settings, chat_name.as_deref());
        let zone = settings.timezone.clone().ok_or_else(|| {
            "set `timezone` on the source (or --timezone) to the zone of the phone that exported the chat, such as \"America/Mexico_City\""
                .to_owned()
        });
        let (order, people, zone) = match (order, people, zone) {
            (Ok(order), Ok(people), Ok(zone)) => (order, people, zone),
            (order, people, zone) => {
                let faults = [order.err(), people.err(), zone.err()];
                let faults: Vec<_> = faults.into_iter().flatten().collect();
                return Err(ReadError::File(faults.join("; ")));
            }
        };
        let calls = people.only_contact().map_or(0, |_| survey.missed_calls);
        Ok(Self {
            lines: Lines::new(open()?),
            shape,
            order,
            times: LocalTimes::new(zone),
            channel: settings.channel.unwrap_or(Channel::Whatsapp),
            chat: chat_name,
            is_signal: path.is_some_and(is_markdown),
            contact: people.first(),
            people,
            counts: survey.counts.with_calls(calls),
            begun: Begun::default(),
            has_begun: false,
            given: Begun::default(),
            stray: false,
        })
    }

    /// What the export has.
    #[must_use]
    pub const fn counts(&self) -> ChatCounts {
        self.counts
    }

    /// Reads on until a message is complete, and puts it into `given`. False at the end.
    fn advance(&mut self) -> Result<bool, ReadError> {
        let Self {
            lines,
            shape,
            people,
            begun,
            given,
            ..
        } = self;
        loop {
            let (line, bytes) = match lines.next()? {
                None => {
                    std::mem::swap(begun, given);
                    return Ok(std::mem::take(&mut self.has_begun) && given.is_message(shape));
                }
                Some(Err(fault)) if self.has_begun => {
                    begun.fault = Some(fault.kind);
                    continue;
                }
                Some(Err(fault)) => return Err(row_error(fault.line, fault.kind).into()),
                Some(Ok(found)) => found,
            };
            let (text, fault) = readable(bytes);
            if let Some((header, local)) = begins(&text, shape, self.order) {
                std::mem::swap(begun, given);
                begun.begin(line, &header, local, people);
                begun.fault = begun.fault.or(fault);
                if std::mem::replace(&mut self.has_begun, true) && given.is_message(shape) {
                    return Ok(true);
                }
            } else if self.has_begun {
                begun.push(&text);
                begun.fault = begun.fault.or(fault);
            } else if !text.trim().is_empty() && !std::mem::replace(&mut self.stray, true) {
                return Err(stray(line).into());
            }
        }
    }
}

impl Reader for WhatsappReader {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        match self.advance() {
            Err(e) => return Some(Err(e)),
            Ok(false) => return None,
            Ok(true) => {}
        }
        let given = &self.given;
        let sender = given.sender.unwrap_or(self.contact);
        let us = self.people.get(sender).us;
        if us.is_none() {
            self.contact = sender;
        }
        if let Some(fault) = given.fault.or_else(|| given.nul()) {
            return Some(Err(row_error(given.line, fault).into()));
        }
        let contact = self.people.get(self.contact);
        let mut record = Record::message(
            Cow::Borrowed(&contact.contact_id),
            self.channel,
            us.unwrap_or(Author::Contact),
            self.times.instant(given.local),
            match self.is_signal {
                true => signal::own_words(&given.text),
                false => Cow::Borrowed(body::clean(&given.text)),
            },
        );
        record.line = given.line;
        record.conversation_id = self.chat.as_deref().map(Cow::Borrowed);
        record.name = contact.name.as_deref().map(Cow::Borrowed);
        record.phone = contact.phone.as_deref().map(Cow::Borrowed);
        Some(Ok(record))
    }
}

impl Begun {
    /// Begins with what follows the header on `line`, in the room of what was here before.
    fn begin(&mut self, line: u64, header: &Header<'_>, local: NaiveDateTime, people: &mut People) {
        let found = sender(header.rest)
            .or_else(|| known_sender(header.rest, |written| people.place(written).is_some()));
        (self.line, self.local, self.marked) = (line, local, header.marked);
        let (sender, text) = match found {
            Some((sender, text)) => {
                self.sender = people.place(sender);
                (sender, text)
            }
            // Android does not say who called, but in a chat of two it was the other.
            None if !header.shape.is_ios() && is_missed_call(header.rest) => {
                self.sender = people.only_contact();
                ("", header.rest)
            }
            None => {
                self.sender = None;
                ("", "")
            }
        };
        self.fault = None;
        self.text.clear();
        self.text.shrink_to(KEPT);
        if sender.contains('\0') {
            self.fault = Some(Fault::Nul);
        } else if text.len() > CELL_LIMIT {
            self.fault = Some(Fault::CellTooLong(0));
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds a line to the text.
    fn push(&mut self, line: &str) {
        if self.text.len() + line.len() > CELL_LIMIT {
            self.fault = Some(Fault::CellTooLong(0));
            return;
        }
        self.text.push('\n');
        self.text.push_str(line);
    }

    /// Whether it is to be given: not a line of WhatsApp's own.
    fn is_message(&self, shape: &Shape) -> bool {
        let first = || first_line(&self.text);
        self.sender.is_some() && !(shape.is_ios() && body::is_system(first(), true, self.marked))
    }

    fn nul(&self) -> Option<Fault> {
        self.text.contains('\0').then_some(Fault::Nul)
    }
}

/// The header and the time of the message that `text` begins, if it does.
fn begins<'t>(
    text: &'t str,
    shape: &Shape,
    order: DateOrder,
) -> Option<(Header<'t>, NaiveDateTime)> {
    let header = Header::read(text).filter(|header| header.shape == *shape)?;
    let local = header.local(order)?;
    Some((header, local))
}

/// A line as text; when it is none, what can be read of it.
fn readable(bytes: &[u8]) -> (Cow<'_, str>, Option<Fault>) {
    text(bytes).map_or_else(
        || (String::from_utf8_lossy(bytes), Some(Fault::NotText)),
        |text| (text, None),
    )
}

fn row_error(line: u64, kind: Fault) -> RowError {
    let reason = match kind {
        Fault::CellTooLong(_) => "the message is longer than 1 MiB; shorten it".to_owned(),
        kind => explain(RowFault { line, kind }, None),
    };
    RowError { line, reason }
}

fn stray(line: u64) -> RowError {
    RowError {
        line,
        reason: "the text before the first dated line belongs to no message; export the whole chat"
            .to_owned(),
    }
}

/// Whether a file is a `chat.md`, in which a tool for Signal writes a chat.
pub(super) fn is_markdown(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("md"))
}

/// Whether `head` is the beginning of a chat export: one of its first lines begins a message.
pub(super) fn looks_like_a_chat(head: &[u8]) -> bool {
    let lines = head.split(|b| *b == b'\n').take(50);
    lines
        .filter_map(text)
        .any(|line| Header::read(&line).is_some())
}
