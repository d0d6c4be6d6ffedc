//! What a text must satisfy before it may leave: the check between a language model and a channel.
//!
//! Pure and total. A text is compared with what our side has said in the conversation and with the facts that
//! the business configured; what the contact wrote is never a ground, for a contact may write anything. A text
//! that states more than the grounds do is refused, and each [`Finding`] says by which words.

mod claims;
mod language;
mod marks;
mod names;
mod numbers;
mod plain;
mod promises;
mod repeats;
mod requests;
#[cfg(test)]
mod tests;

use crate::channel::units;
use crate::model::{Channel, Direction, Language, Message, Thread, Timestamp};
use plain::Plain;

/// What a text may draw upon.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    /// The conversation. Only our side's messages are grounds.
    pub thread: &'a Thread,
    /// Where the text is to go.
    pub channel: Channel,
    /// The language that the contact is to be written to; `None` where it is none of ours.
    pub language: Option<Language>,
    /// What the business says a text may state.
    pub facts: &'a [String],
    /// The business's name.
    pub bot_name: &'a str,
    /// What the model was told, without the conversation and the facts.
    pub instructions: &'a str,
    /// What is put before or after the text when it is sent, such as the line that discloses an AI; counted
    /// into its length.
    pub added: &'a str,
    /// The present.
    pub now: Timestamp,
}

/// One reason to refuse a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// Why.
    pub kind: FindingKind,
    /// The words of the text that showed it; for a length, the length and the limit.
    pub words: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.words.is_empty() {
            return self.kind.fmt(f);
        }
        write!(f, "{}: {}", self.kind, self.words)
    }
}

crate::model::named! {
    /// Why a text is refused.
    FindingKind {
        /// There is no text.
        Empty = "empty",
        /// Longer than a follow-up on this channel may be.
        TooLong = "too_long",
        /// Not in the contact's language.
        Language = "language",
        /// Says again what we have said.
        Repeats = "repeats",
        /// Greets again shortly after we greeted.
        Greeting = "greeting",
        /// Characters that are not seen, turn the direction, or pose as others.
        Characters = "characters",
        /// Marks of a template.
        TemplateMark = "template_mark",
        /// A spot that somebody should have filled in.
        Placeholder = "placeholder",
        /// Marks of a speaker in a prompt.
        RoleMarker = "role_marker",
        /// Words of the instructions.
        PromptTrace = "prompt_trace",
        /// Pieces of the form in which a model answers.
        Envelope = "envelope",
        /// Markup that a chat does not show.
        Markup = "markup",
        /// Speaks of itself as a machine.
        SelfReference = "self_reference",
        /// A link or a domain.
        Link = "link",
        /// A phone number.
        Phone = "phone",
        /// An email address.
        Email = "email",
        /// An account on another network.
        Handle = "handle",
        /// A price or an amount of money.
        Price = "price",
        /// A percentage.
        Percent = "percent",
        /// A date or a day.
        Date = "date",
        /// A clock time.
        Time = "time",
        /// Another number of three digits or more.
        Number = "number",
        /// Something promised, offered or said to be done.
        Promise = "promise",
        /// Asks for passwords, codes, cards, money, identity or health data.
        AsksSecret = "asks_secret",
        /// Speaks of other customers, or names somebody from nowhere.
        OtherPeople = "other_people",
        /// Insults or threatens.
        Insult = "insult",
    }
}

/// How many of our latest messages are grounds.
const MOST_MESSAGES: usize = 200;
/// How many bytes of one ground are read.
const MOST_BYTES: usize = 1 << 14;

/// What is wrong with a text; nothing when it may leave.
///
/// ```
/// use followup::compose::guard::{FindingKind, Grounds, check};
/// use followup::model::{Channel, Language, Thread};
///
/// let thread = Thread::default();
/// let grounds = Grounds {
///     thread: &thread,
///     channel: Channel::Sms,
///     language: Some(Language::En),
///     facts: &["A first visit costs 40 €.".to_owned()],
///     bot_name: "Sunny Dental",
///     instructions: "",
///     added: "",
///     now: "2026-03-02T10:00:00Z".parse()?,
/// };
/// assert_eq!(check("Shall we continue? A first visit costs EUR 40.00.", &grounds), []);
/// let findings = check("Shall we continue? A first visit costs 30 € today.", &grounds);
/// assert_eq!(findings[0].kind, FindingKind::Price);
/// assert_eq!(findings[0].words, "30 €");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn check(text: &str, grounds: &Grounds<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if text.trim().is_empty() {
        findings.push(Finding {
            kind: FindingKind::Empty,
            words: String::new(),
        });
        return findings;
    }
    if let Some(words) = too_long(text, grounds) {
        findings.push(Finding {
            kind: FindingKind::TooLong,
            words,
        });
        // What is far too long is not worth reading.
        if text.len() > MOST_BYTES {
            return findings;
        }
    }
    let ours = Ours::read(grounds);
    let plain = Plain::new(text);
    marks::find(text, &plain, grounds, &ours, &mut findings);
    claims::find(&plain, grounds, &ours, &mut findings);
    promises::find(&plain, &ours, &mut findings);
    requests::find(&plain, &ours, &mut findings);
    names::find(text, grounds, &ours, &mut findings);
    language::find(&plain, grounds, &mut findings);
    repeats::find(text, &plain, grounds, &ours, &mut findings);
    findings.dedup();
    findings
}

/// What is wrong with a text that a person wrote: only what they cannot see, what the channel does not take, and what
/// nobody fills in any more.
#[must_use]
pub fn check_typed(text: &str, channel: Channel) -> Vec<Finding> {
    let finding = |kind, words| vec![Finding { kind, words }];
    if text.trim().is_empty() {
        return finding(FindingKind::Empty, String::new());
    }
    let (unit, most) = units(channel);
    let length = unit.count(text);
    if length > most {
        let words = format!("{length} {}, at most {most}", unit.as_str());
        return finding(FindingKind::TooLong, words);
    }
    if let Some(c) = marks::hidden(text) {
        return finding(FindingKind::Characters, c.escape_unicode().to_string());
    }
    marks::unfilled(text).into_iter().collect()
}

/// What our side has said.
struct Ours<'a> {
    /// Our messages, the latest first, with their times.
    messages: Vec<(Timestamp, &'a str)>,
    /// The messages, the facts and the business's name, made plain.
    grounds: Vec<Plain>,
}

impl<'a> Ours<'a> {
    fn read(grounds: &Grounds<'a>) -> Self {
        let thread = grounds.thread;
        let is_ours = |m: &&Message| m.direction() == Direction::Outbound;
        let said = thread.messages.iter().filter(is_ours);
        let sent = thread.follow_ups.iter().filter(|f| f.counts_as_sent());
        let mut messages: Vec<(Timestamp, &str)> = said
            .map(|m| (m.sent_at, head(&m.text)))
            .chain(sent.map(|f| (f.went_out_at(), head(&f.text))))
            .filter(|(at, _)| *at <= grounds.now)
            .collect();
        messages.sort_by(|a, b| b.cmp(a));
        messages.truncate(MOST_MESSAGES);
        let said = messages.iter().map(|(_, text)| *text);
        let facts = grounds.facts.iter().map(|f| head(f));
        let grounds = said
            .chain(facts)
            .chain([grounds.bot_name])
            .map(Plain::new)
            .collect();
        Self { messages, grounds }
    }

    /// Whether our side used these words, compared without case and accents.
    fn say(&self, words: &str) -> bool {
        !words.is_empty() && self.grounds.iter().any(|g| g.has_words(words))
    }
}

/// The beginning of a text, as much of it as is read.
fn head(text: &str) -> &str {
    let end = (0..=MOST_BYTES.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// The length and the limit, when a text is longer than a follow-up may be: what the channel takes, and far
/// less where it takes a book.
fn too_long(text: &str, grounds: &Grounds<'_>) -> Option<String> {
    let (length, most, unit) = most(grounds.channel, &[text, grounds.added]);
    (length > most).then(|| format!("{length} {unit}, at most {most}"))
}

/// How long the texts are together and how long a follow-up may be on a channel, in the channel's units.
fn most(channel: Channel, texts: &[&str]) -> (usize, usize, &'static str) {
    let (unit, limit) = units(channel);
    let length = texts.iter().map(|t| unit.count(t)).sum();
    (length, limit.min(longest(channel)), unit.as_str())
}

/// How long a follow-up by a language model may be, in characters (Instagram and email: bytes). A channel may
/// take less; it never may take more.
#[must_use]
pub const fn longest(channel: Channel) -> usize {
    match channel {
        Channel::Sms => 320,
        Channel::Email => 4000,
        Channel::Whatsapp
        | Channel::Facebook
        | Channel::Instagram
        | Channel::Telegram
        | Channel::LiveChat => 1000,
    }
}
