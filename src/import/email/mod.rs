//! Email: mailboxes in one file, Maildirs, single messages. Who "we" are is told by addresses.

mod automatic;
mod body;
mod date;
mod maildir;
mod mbox;

use std::borrow::Cow;

use mail_parser::{
    Address, Encoding, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders,
    PartType,
};

use automatic::{bounced, is_automatic};
use date::{date, received_at};
pub use maildir::modified;
pub(crate) use maildir::{MaildirReader, emlx, is_maildir, mbox_in};
pub(crate) use mbox::MboxReader;

use super::encoding;
use super::html;
use super::platform::More;
use super::us::{Seen, Us};
use super::words::shown;
use super::{Record, SourceSettings};
use crate::model::{Author, Channel, Timestamp};

/// As much of a message is read: its headers and its text. Attachments come after.
const MAIL_LIMIT: usize = 4 << 20;
/// So many of a message's recipients are told of it.
const RECIPIENTS_LIMIT: usize = 100;

/// Where an email was found, and what that tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "imap"),
    expect(dead_code, reason = "only IMAP tells where an email was")
)]
pub(crate) enum Found {
    /// In a file: whose it is, the addresses alone tell.
    InFile,
    /// In our own mailbox: what we did not write came to us, whatever address it went to.
    InMailbox(Option<Timestamp>),
    /// In the folder of what we sent: then we wrote it, under whatever address.
    AmongSent(Option<Timestamp>),
}

/// Reads single emails.
pub(crate) struct Emails {
    us: Us,
    channel: Channel,
    parser: MessageParser,
}

impl Emails {
    /// How a source's emails are read.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Self {
            us: Us::new(settings, |address| address.trim().to_lowercase()),
            channel: settings.channel.unwrap_or(Channel::Email),
            parser: parser(),
        }
    }

    /// Whether it is not known who we are.
    pub(crate) fn lacks_us(&self) -> bool {
        self.us.is_empty()
    }

    /// Counts who wrote an email, for the question who of them we are.
    pub(crate) fn survey(&self, raw: &[u8], seen: &mut Seen) {
        if let Some(message) = self.parser.parse_headers(raw)
            && let Some((address, _)) = first(message.from())
        {
            seen.count(&address);
        }
    }

    /// Whether an email's text is not to be seen; of one that is cut off it may come later.
    #[cfg(feature = "imap")]
    pub(crate) fn lacks_text(&self, raw: &[u8]) -> bool {
        let message = self.parser.parse(raw);
        message.is_none_or(|message| text(&message).trim().is_empty())
    }

    /// What an email tells: to whom we wrote, or who wrote to us. One to several of our contacts is a message to each.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn records(&self, raw: &[u8], found: Found, more: &mut More) -> Result<(), String> {
        let message = self
            .parser
            .parse(raw)
            .filter(|m| !m.headers().is_empty())
            .ok_or("this is no email; it has no headers")?;
        if is_draft(&message) {
            return Ok(());
        }
        let bounced = bounced(&message);
        let (from, name) = match (&bounced, first(message.from())) {
            (Some(recipient), _) => (recipient.clone(), None),
            (None, Some(from)) => self.writer(from, &message),
            (None, None) => return Err("From: there is no address".to_owned()),
        };
        let ours = self.us.author_of_address(&from);
        // An alias that nobody told of is a person's rather than the bot's.
        let ours = ours.or_else(|| matches!(found, Found::AmongSent(_)).then_some(Author::Human));
        let at = match found {
            Found::InMailbox(Some(arrived_at)) if ours.is_none() => {
                received_at(&message, arrived_at)
            }
            Found::InMailbox(Some(arrived_at)) | Found::AmongSent(Some(arrived_at)) => {
                date(&message).unwrap_or(arrived_at).min(arrived_at)
            }
            Found::InMailbox(None) | Found::AmongSent(None) | Found::InFile => date(&message)?,
        };
        let subject = message.subject().unwrap_or_default();
        let mut text = body::own_words(&text(&message));
        if text.is_empty() {
            subject.clone_into(&mut text);
        }
        let id = message.message_id().map(str::to_owned);
        let conversation = root(message.references())
            .or_else(|| root(message.in_reply_to()))
            .or_else(|| id.clone());
        let record = |address: String, name: Option<String>, author| {
            let mut record = Record::message(
                address.clone().into(),
                self.channel,
                author,
                at,
                text.clone().into(),
            );
            record.email = Some(address.into());
            record.name = name.map(Cow::Owned);
            record.message_id = id.clone().map(Cow::Owned);
            record.conversation_id = conversation.clone().map(Cow::Owned);
            record
        };
        if bounced.is_some() {
            let mut record = record(from, name, Author::Contact);
            record.automatic = true;
            more.push_back(record);
            return Ok(());
        }
        let mut to = all(message.to());
        if let Some(author) = ours {
            let is_theirs = |(address, _): &Named| self.us.author_of_address(address).is_none();
            to.retain(is_theirs);
            // Where it goes to nobody else, it is for those who have a copy.
            for copies in [message.cc(), message.bcc()] {
                if to.is_empty() {
                    to = all(copies);
                    to.retain(is_theirs);
                }
            }
            to.truncate(RECIPIENTS_LIMIT);
            more.extend(
                to.into_iter()
                    .map(|(address, name)| record(address, name, author)),
            );
            return Ok(());
        }
        let is_us = |address: &str| self.us.author_of_address(address).is_some();
        let named = |list: &[Named]| list.iter().any(|(address, _)| is_us(address));
        if found == Found::InFile
            && !(named(&to) || named(&all(message.cc())) || delivered_to(&message, is_us))
        {
            return Err(format!(
                "neither the sender {} nor a recipient is in `us` (or --us); add the address, or leave the email out",
                shown(&from)
            ));
        }
        if from.starts_with("mailer-daemon@") || from.starts_with("postmaster@") {
            return Ok(()); // a report about nobody who is known
        }
        let mut record = record(from, name, Author::Contact);
        record.automatic = is_automatic(&message);
        more.push_back(record);
        Ok(())
    }
}

impl Emails {
    /// Who wrote it: the sender, unless that is the machine of a form on a website, which names whom to answer: one of
    /// ours that writes to us, or an address that takes no mail.
    fn writer(&self, from: Named, message: &Message<'_>) -> Named {
        let is_us = |address: &str| self.us.author_of_address(address).is_some();
        let Some(reply_to) = first(message.reply_to()) else {
            return from;
        };
        if is_us(&reply_to.0) || reply_to.0 == from.0 {
            return from;
        }
        let to_us_alone = || all(message.to()).iter().all(|(address, _)| is_us(address));
        let is_form = if is_us(&from.0) {
            to_us_alone() && all(message.cc()).is_empty()
        } else {
            takes_no_mail(&from.0) && !takes_no_mail(&reply_to.0)
        };
        if is_form { reply_to } else { from }
    }
}

/// Whether an address is one of those that nobody reads.
fn takes_no_mail(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    let letters: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    let begins = [
        "noreply",
        "donotreply",
        "noresponder",
        "naoresponda",
        "nepasrepondre",
        "nichtantworten",
        "wordpress",
        "formsubmission",
        "formresponse",
    ];
    begins.iter().any(|begin| letters.starts_with(begin)) || letters.ends_with("noreply")
}

/// A parser of what is asked for, and no other header.
fn parser() -> MessageParser {
    MessageParser::new()
        .with_mime_headers()
        .header_date(HeaderName::Date)
        .header_text(HeaderName::Subject)
        .header_address(HeaderName::From)
        .header_address(HeaderName::To)
        .header_address(HeaderName::Cc)
        .header_address(HeaderName::Bcc)
        .header_address(HeaderName::ReplyTo)
        .header_id(HeaderName::MessageId)
        .header_id(HeaderName::InReplyTo)
        .header_id(HeaderName::References)
        .default_header_ignore()
}

/// An address, in small letters, and the name before it.
type Named = (String, Option<String>);

fn all(addresses: Option<&Address<'_>>) -> Vec<Named> {
    let addresses = addresses.into_iter().flat_map(Address::iter);
    let named = addresses.filter_map(|a| {
        let address = a.address()?.trim().to_lowercase();
        let name = a.name().map(str::trim).filter(|n| !n.is_empty());
        address
            .contains('@')
            .then(|| (address, name.map(str::to_owned)))
    });
    let mut list: Vec<Named> = Vec::new();
    for (address, name) in named {
        if list.len() < RECIPIENTS_LIMIT * 2 && !list.iter().any(|(known, _)| *known == address) {
            list.push((address, name));
        }
    }
    list
}

fn first(addresses: Option<&Address<'_>>) -> Option<Named> {
    all(addresses).into_iter().next()
}

/// The email that began the conversation.
fn root(value: &HeaderValue<'_>) -> Option<String> {
    let first = match value {
        HeaderValue::Text(text) => text.as_ref(),
        HeaderValue::TextList(list) => list.first()?.as_ref(),
        _ => return None,
    };
    Some(first.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The text as a person would read it.
fn text<'m>(message: &'m Message<'_>) -> Cow<'m, str> {
    let read = |part: &'m mail_parser::MessagePart<'_>| match &part.body {
        PartType::Text(text) if body::may_flow(text) && is_flowed(part) => {
            Cow::Owned(body::unflowed(text))
        }
        PartType::Text(text) if text.contains('\u{fffd}') => {
            in_no_charset(message, part).unwrap_or(Cow::Borrowed(text.as_ref()))
        }
        PartType::Text(text) => Cow::Borrowed(text.as_ref()),
        PartType::Html(html) => html::to_text(html),
        _ => Cow::Borrowed(""),
    };
    // A picture between two texts cuts them apart.
    let mut texts = message.text_bodies().map(read);
    let Some(first) = texts.find(|t| !t.trim().is_empty()) else {
        return Cow::Borrowed("");
    };
    texts.fold(first, |mut all, text| {
        if !text.trim().is_empty() && all.len() + text.len() < MAIL_LIMIT {
            all.to_mut().push('\n');
            all.to_mut().push_str(&text);
        }
        all
    })
}

/// Whether the lines of a part that end in a blank go on in the next (RFC 3676).
fn is_flowed(part: &MessagePart<'_>) -> bool {
    part.content_type()
        .and_then(|t| t.attribute("format"))
        .is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
}

/// The text of a part that says nothing of its encoding, and is none of the usual one.
fn in_no_charset<'m>(message: &'m Message<'_>, part: &MessagePart<'_>) -> Option<Cow<'m, str>> {
    let is_told = part
        .content_type()
        .is_some_and(|t| t.attribute("charset").is_some());
    if is_told || part.encoding != Encoding::None {
        return None;
    }
    let body = part.offset_body as usize..part.offset_end as usize;
    encoding::text(message.raw_message.get(body)?)
}

/// Whether it was never sent: Gmail's word for a draft in what it exports, in the language of its user.
fn is_draft(message: &Message<'_>) -> bool {
    const DRAFTS: [&str; 12] = [
        "draft",
        "drafts",
        "borradores",
        "borrador",
        "rascunhos",
        "rascunho",
        "brouillons",
        "brouillon",
        "entwürfe",
        "entwurf",
        "bozze",
        "concepten",
    ];
    raw(message, &["X-Gmail-Labels"]).any(|(_, value)| {
        let value = value.replace('_', " ").replace("=C3=BC", "ü");
        let labels = value
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_lowercase);
        labels
            .into_iter()
            .any(|label| DRAFTS.contains(&label.as_str()))
    })
}

/// The headers with one of these names, as they are written.
fn raw<'m>(
    message: &'m Message<'_>,
    names: &'static [&'static str],
) -> impl Iterator<Item = (&'m str, &'m str)> {
    let is_wanted = move |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let headers = message.root_part().headers.iter();
    headers.filter_map(move |header| {
        let name = header.name.as_str();
        let written = header.offset_start as usize..header.offset_end as usize;
        let value = || std::str::from_utf8(message.raw_message.get(written)?).ok();
        let value = is_wanted(name).then(value).flatten()?;
        Some((name, value.trim()))
    })
}

/// Whether a server says that it came to an address of ours: nobody need be named in a copy that nobody sees.
fn delivered_to(message: &Message<'_>, is_us: impl Fn(&str) -> bool) -> bool {
    let address = |value: &str| value.trim_matches(['<', '>']).to_lowercase();
    raw(message, &["Delivered-To", "X-Original-To", "Envelope-To"])
        .any(|(_, value)| is_us(&address(value)))
}
