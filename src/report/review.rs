//! A text that waits for a person: the conversation before it, the text, and what was found in texts refused.

use std::io::{Result, Write};

use serde::Serialize;

use super::terminal::{Styles, plain, plain_lines};
use super::text::{padding, wrap};
use super::{Clocks, channel_words, scenario_words};
use crate::model::{
    Author, Channel, Draft, DraftFinding, Message, Scenario, TextSource, Thread, Timestamp, fold,
};

/// A text that waits, with what a person needs to judge it.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// Its public id, which another text of the same step has not.
    pub id: &'a str,
    /// Whose it is.
    pub thread: &'a Thread,
    /// The text.
    pub draft: &'a Draft,
    /// The words to send, perhaps changed.
    pub text: &'a str,
    /// How many steps the scenario has.
    pub steps: Option<u32>,
    /// When the step was due.
    pub due_at: Option<Timestamp>,
    /// Until when the text waits.
    pub until: Option<Timestamp>,
}

/// How many messages are shown.
const RECENT: usize = 8;
/// How many columns are easy to read.
const MOST: usize = 100;
const LABEL: usize = 10;

/// What a person reads, in `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn page(
    out: &mut dyn Write,
    waiting: &Waiting<'_>,
    (number, of): (usize, usize),
    wrong: &[String],
    clocks: &Clocks,
    (width, styles): (usize, Styles),
) -> Result<()> {
    let width = width.min(MOST);
    let contact = &waiting.thread.contact;
    let draft = waiting.draft;
    let place = format!("{number} of {of}");
    let id = plain(&contact.contact_id).into_owned();
    let who = match contact.name.as_deref().map(plain) {
        Some(name) if fold(&name) != fold(&id) => format!("{name}  {id}"),
        _ => id,
    };
    let who = super::text::cut(&who, width.saturating_sub(place.len() + 2)).into_owned();
    let gap = " ".repeat(padding(&who, width.saturating_sub(place.len())));
    writeln!(out, "{}{gap}{}", styles.strong(&who), styles.faint(place))?;
    let steps = waiting
        .steps
        .map_or_else(String::new, |n| format!(" of {n}"));
    let mut about = format!(
        "step {}{steps}, {}, by {}, waits since {}",
        draft.step,
        scenario_words(draft.scenario),
        channel_words(draft.channel),
        clocks.moment(draft.made_at)
    );
    if let Some(until) = waiting.until {
        about.push_str(&format!(", until {}", clocks.moment(until)));
    }
    for line in wrap(&about, width) {
        writeln!(out, "{}", styles.faint(line))?;
    }
    writeln!(out)?;
    let mut messages: Vec<&Message> = waiting.thread.messages.iter().collect();
    messages.sort_by_key(|m| (m.sent_at, m.seq));
    for message in messages.iter().skip(messages.len().saturating_sub(RECENT)) {
        said(out, message, clocks, width, styles)?;
    }
    writeln!(out)?;
    let source = match draft.source {
        _ if Some(waiting.text) != draft.text.as_deref() => "yours".to_owned(),
        TextSource::Ai => draft.model.clone().unwrap_or_else(|| "model".to_owned()),
        TextSource::Custom => "the step".to_owned(),
        TextSource::Template => "template".to_owned(),
        TextSource::Builtin => "built in".to_owned(),
    };
    block(out, "To send", waiting.text, width, |line| {
        styles.ours(line).to_string()
    })?;
    block(out, "By", &source, width, |line| {
        styles.faint(line).to_string()
    })?;
    for finding in &draft.findings {
        let words = format!("refused before: {}", finding_words(finding));
        block(out, "Found", &words, width, |line| {
            styles.warning(line).to_string()
        })?;
    }
    for finding in wrong {
        block(out, "Wrong", finding, width, |line| {
            styles.bad(line).to_string()
        })?;
    }
    Ok(())
}

fn said(
    out: &mut dyn Write,
    message: &Message,
    clocks: &Clocks,
    width: usize,
    styles: Styles,
) -> Result<()> {
    let who = match message.author {
        Author::Contact => "they",
        Author::Bot => "bot",
        Author::Human => "staff",
        Author::Followup => "we",
    };
    let text: String = message.text.chars().take(600).collect();
    block(out, who, &text, width, |line| match message.author {
        Author::Contact => line.to_owned(),
        _ => styles.ours(line).to_string(),
    })?;
    let when = format!(
        "{}, {}",
        clocks.moment(message.sent_at),
        channel_words(message.channel)
    );
    block(out, "", &when, width, |line| styles.faint(line).to_string())
}

/// A label, and a text beside it, wrapped; its own lines are kept.
fn block(
    out: &mut dyn Write,
    label: &str,
    text: &str,
    width: usize,
    paint: impl Fn(&str) -> String,
) -> Result<()> {
    let mut label = label;
    for paragraph in plain_lines(text).lines() {
        for line in wrap(paragraph, width.saturating_sub(LABEL)) {
            let gap = " ".repeat(padding(label, LABEL));
            writeln!(out, "{label}{gap}{}", paint(&line))?;
            label = "";
        }
    }
    Ok(())
}

fn finding_words(finding: &DraftFinding) -> String {
    match finding.words.as_str() {
        "" => finding.kind.clone(),
        words => format!("{}: {words}", finding.kind),
    }
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct WaitingLine<'a> {
    id: &'a str,
    contact_id: &'a str,
    name: Option<&'a str>,
    scenario: Scenario,
    step: u32,
    steps: Option<u32>,
    channel: Channel,
    due_at: Option<Timestamp>,
    waits_since: Timestamp,
    waits_until: Option<Timestamp>,
    text: &'a str,
    text_source: TextSource,
    language: Option<&'a str>,
    model: Option<&'a str>,
    reason: Option<&'a str>,
    findings: &'a [DraftFinding],
    conversation: Vec<Said<'a>>,
}

#[derive(Debug, Serialize)]
struct Said<'a> {
    sent_at: Timestamp,
    channel: Channel,
    author: Author,
    text: &'a str,
}

impl<'a> WaitingLine<'a> {
    /// What waits, with the last messages of the conversation.
    #[must_use]
    pub fn of(waiting: &Waiting<'a>) -> Self {
        let (thread, draft) = (waiting.thread, waiting.draft);
        let mut messages: Vec<&Message> = thread.messages.iter().collect();
        messages.sort_by_key(|m| (m.sent_at, m.seq));
        let recent = messages.len().saturating_sub(RECENT * 4);
        let said = |m: &&'a Message| Said {
            sent_at: m.sent_at,
            channel: m.channel,
            author: m.author,
            text: &m.text,
        };
        Self {
            id: waiting.id,
            contact_id: &thread.contact.contact_id,
            name: thread.contact.name.as_deref(),
            scenario: draft.scenario,
            step: draft.step,
            steps: waiting.steps,
            channel: draft.channel,
            due_at: waiting.due_at,
            waits_since: draft.made_at,
            waits_until: waiting.until,
            text: waiting.text,
            text_source: draft.source,
            language: draft.language.as_deref(),
            model: draft.model.as_deref(),
            reason: draft.reason.as_deref(),
            findings: &draft.findings,
            conversation: messages.iter().skip(recent).map(said).collect(),
        }
    }
}
