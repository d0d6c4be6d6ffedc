//! The language in which a contact is written to.

use crate::config::Config;
use crate::detect;
use crate::model::{Author, Language, Thread};

/// Fewer letters than this show the recogniser no language.
const LEAST_LETTERS: usize = 40;

/// A language to write in: its tag, and the one of ours that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) tag: String,
    pub(super) language: Option<Language>,
}

impl Wanted {
    /// The contact's own language, where it is known or can be told from what they wrote; else the bot's.
    pub(super) fn of(thread: &Thread, config: &Config) -> Self {
        if let Some(tag) = thread.contact.language.as_deref() {
            return Self {
                tag: tag.to_owned(),
                language: Language::from_tag(tag),
            };
        }
        let written = written_in(thread);
        match written.filter(|written| *written != config.bot.language) {
            Some(language) => Self {
                tag: language.as_str().to_owned(),
                language: Some(language),
            },
            None => Self {
                tag: config.bot.language_tag.clone(),
                language: Language::from_tag(&config.bot.language_tag),
            },
        }
    }
}

/// The language of a contact's latest messages, if it is one of ours and beyond doubt.
fn written_in(thread: &Thread) -> Option<Language> {
    let mut theirs: Vec<_> = thread.messages.iter().collect();
    theirs.retain(|m| m.author == Author::Contact && !m.automatic);
    theirs.sort_by_key(|m| (m.sent_at, m.seq));
    let text: Vec<&str> = theirs
        .iter()
        .rev()
        .take(5)
        .map(|m| m.text.as_str())
        .collect();
    let text: String = text.join("\n").chars().take(2000).collect();
    if let Some(language) = detect::written_in(&text) {
        return Some(language);
    }
    if text.chars().filter(|c| c.is_alphabetic()).count() < LEAST_LETTERS {
        return None;
    }
    let found = whatlang::detect(&text).filter(whatlang::Info::is_reliable)?;
    Some(match found.lang() {
        whatlang::Lang::Eng => Language::En,
        whatlang::Lang::Spa => Language::Es,
        whatlang::Lang::Por => Language::Pt,
        whatlang::Lang::Fra => Language::Fr,
        whatlang::Lang::Deu => Language::De,
        whatlang::Lang::Ita => Language::It,
        _ => return None,
    })
}
