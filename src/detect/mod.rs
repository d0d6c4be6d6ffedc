//! PURE. Reads one inbound message: what it means for following up ([`SignalKind`], rules S1 to S8) and
//! every future time said in it. Offline, linear in the length of the text, total on any input.
//!
//! The route: `strip` leaves out quotations and signatures → `token` cuts words and looks each up once →
//! `time` finds and composes the times by the rules of the message's language → `intent` finds what is
//! wanted by the rules of all languages → `decide` weighs them. The rules are data: `languages/*.rules`,
//! read by `grammar` at the first message. Most messages hold no word of any rule and are done after the
//! second step.

mod decide;
mod grammar;
mod intent;
mod language;
mod languages;
mod pattern;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
mod strip;
mod time;
mod times;
mod token;
mod vocabulary;
mod word;
mod words;

pub use language::written_in;
pub use languages::{Place, place_of};

use crate::model::{Language, SignalKind, Timestamp};
use crate::zone::Zone;

/// One message to read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The message's text, exactly as stored.
    pub text: &'a str,
    /// When the message was sent; every relative time counts from here (rule S3).
    pub sent_at: Timestamp,
    /// The contact's zone, else the bot's (rule S3).
    pub zone: &'a Zone,
    /// The contact's language, where known.
    pub language: Option<Language>,
    /// The bot's language: used when the contact's is unknown and the text does not show one.
    pub default_language: Language,
}

/// What the detector made of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The strongest signal of the message; `None` when it means nothing for following up.
    pub signal: Option<SignalKind>,
    /// For `asked_for_time`: the instant to write at. `None` there: a time was said that cannot be trusted
    /// (rule S4), and the contact is held for a person.
    pub at: Option<Timestamp>,
    /// The words of the message that showed the signal, as written.
    pub evidence: String,
    /// The rule that matched, for people: `detect` in a terminal shows it.
    pub rule: &'static str,
    /// An automatic reply (rule S8).
    pub automatic: bool,
    /// The language in which it was read.
    pub language: Option<Language>,
    /// Every future time said in the message, the main one first.
    pub times: Vec<TimeSpan>,
    /// Why the rules are not sure that the message means nothing.
    pub doubt: Option<Doubt>,
}

crate::model::named! {
    /// Why the rules may have missed a signal: what a language model may be asked about.
    Doubt {
        /// A time in a short message, with no wish that is known: "Friday morning then".
        Time = "time",
        /// A wish that lacks what it wishes for: "call me".
        Wish = "wish",
    }
}

/// A future time said in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSpan {
    /// The words, as written.
    pub text: String,
    /// The instant to write at: never past, never midnight, a sensible hour of the day.
    pub at: Timestamp,
    /// Where the words name a span: its first instant.
    pub from: Option<Timestamp>,
    /// Where the words name a span: its end, exclusive.
    pub to: Option<Timestamp>,
    /// How exact the words are.
    pub grain: Grain,
    /// The rule that read it, for people.
    pub rule: &'static str,
}

crate::model::named! {
    /// How exact a time is.
    Grain {
        /// To the second.
        Second = "second",
        /// To the minute.
        Minute = "minute",
        /// To the hour.
        Hour = "hour",
        /// A part of a day.
        Part = "part",
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// A month.
        Month = "month",
    }
}

/// A reader with a business's own words. Building one is cheap; what is expensive is built at the first message.
#[derive(Debug, Clone, Default)]
pub struct Detector {
    opt_out_words: Vec<String>,
    /// The most letters and digits that one of them has.
    longest_word: usize,
}

impl Detector {
    /// A reader that also takes `opt_out_words` (configuration `stop.opt_out_words`) for opt-outs when they
    /// are the whole message.
    #[must_use]
    pub fn new(opt_out_words: &[String]) -> Self {
        let opt_out_words: Vec<String> = opt_out_words.iter().map(|w| bare(w)).collect();
        let longest_word = opt_out_words.iter().map(|w| w.chars().count()).max();
        Self {
            opt_out_words,
            longest_word: longest_word.unwrap_or(0),
        }
    }

    /// Reads one message.
    #[must_use]
    pub fn read(&self, input: &Input<'_>) -> Reading {
        let mut reading = decide::read(input);
        if self.may_be_own_word(input.text)
            && reading.signal != Some(SignalKind::OptOut)
            && self.opt_out_words.contains(&bare(input.text))
        {
            reading.signal = Some(SignalKind::OptOut);
            reading.at = None;
            input.text.trim().clone_into(&mut reading.evidence);
            reading.rule = "stop.opt_out_words";
        }
        reading
    }
}

impl Detector {
    /// Whether a text may be one of the business's words, by its first letter and its length. Folding takes no
    /// letter away.
    fn may_be_own_word(&self, text: &str) -> bool {
        let mut letters = text.chars().filter(|c| c.is_alphanumeric());
        let first = letters.next().filter(char::is_ascii);
        let first = first.map(|c| c.to_ascii_lowercase());
        let begins = |word: &String| first.is_none() || word.chars().next() == first;
        let more = self.longest_word.saturating_sub(1);
        self.opt_out_words.iter().any(begins) && letters.nth(more).is_none()
    }
}

/// The text folded, without punctuation at its edges and between its words (rule S5).
fn bare(text: &str) -> String {
    crate::model::fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
