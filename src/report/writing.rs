//! A draft, and what a model was told for it.

use std::io::{Result, Write};

use serde::Serialize;

use super::history::writing;
use super::terminal::{Styles, plain, plain_lines};
use super::text::wrap;
use super::{channel_words, scenario_words};
use crate::decide::Decision;
use crate::model::{self, Channel, DraftFinding, DraftState, Scenario, TextSource, Usage};

/// A draft for a contact, that is not sent.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The contact's id in the exports.
    pub contact_id: &'a str,
    /// What it is for.
    pub decision: &'a Decision,
    /// What came of having it written.
    pub draft: Option<&'a model::Draft>,
    /// Why there is none.
    pub lack: Option<&'a str>,
    /// What the model was told, where that was asked for.
    pub prompt: Option<Prompt<'a>>,
}

/// What a model is told.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Prompt<'a> {
    /// Its instructions.
    pub system: &'a str,
    /// How things stand, and the conversation.
    pub user: &'a str,
}

/// The draft for people, in `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn page(out: &mut dyn Write, shown: &Draft<'_>, width: usize, styles: Styles) -> Result<()> {
    if let Some(prompt) = &shown.prompt {
        for (name, text) in [("INSTRUCTIONS", prompt.system), ("QUESTION", prompt.user)] {
            writeln!(out, "{}", styles.faint(name))?;
            for line in plain_lines(text).lines() {
                for piece in wrap(line, width) {
                    writeln!(out, "{piece}")?;
                }
            }
            writeln!(out)?;
        }
    }
    let decision = shown.decision;
    let step = decision.step.unwrap_or_default();
    let scenario = decision.scenario.map_or("", scenario_words);
    let channel = decision.channel.map_or("", channel_words);
    let of = format!(
        "{}, {scenario} step {step} by {channel}",
        plain(shown.contact_id)
    );
    let declined = shown.draft.is_some_and(|d| d.state == DraftState::Declined);
    let title = match shown.draft {
        _ if declined => format!("NOT TO BE SENT, says the model: {of}"),
        Some(_) => format!("DRAFT, not sent: {of}"),
        None => format!("NO TEXT: {of}"),
    };
    for line in wrap(&title, width) {
        writeln!(out, "{}", styles.strong(&line))?;
    }
    let text = shown.draft.and_then(|d| d.text.as_deref());
    for line in text.map(plain_lines).iter().flat_map(|text| text.lines()) {
        for piece in wrap(line, width) {
            writeln!(out, "{}", styles.ours(&piece))?;
        }
    }
    let about = match (shown.draft, shown.lack) {
        (Some(draft), _) => writing(draft),
        (None, Some(lack)) => lack.to_owned(),
        (None, None) => return Ok(()),
    };
    for line in wrap(&plain(&about), width) {
        writeln!(out, "{}", styles.faint(line))?;
    }
    Ok(())
}

/// The draft as one JSON object.
#[must_use]
pub fn json<'a>(shown: &'a Draft<'a>) -> impl Serialize + use<'a> {
    let draft = shown.draft;
    Line {
        contact_id: shown.contact_id,
        scenario: shown.decision.scenario,
        step: shown.decision.step,
        channel: shown.decision.channel,
        declined: draft.is_some_and(|d| d.state == DraftState::Declined),
        text: draft.and_then(|d| d.text.as_deref()),
        text_source: draft.map(|d| d.source),
        language: draft.and_then(|d| d.language.as_deref()),
        model: draft.and_then(|d| d.model.as_deref()),
        usage: draft.map(|d| d.usage).unwrap_or_default(),
        findings: draft.map_or(&[], |d| &d.findings),
        reason: draft.and_then(|d| d.reason.as_deref()).or(shown.lack),
        prompt: shown.prompt,
    }
}

#[derive(Serialize)]
struct Line<'a> {
    contact_id: &'a str,
    scenario: Option<Scenario>,
    step: Option<u32>,
    channel: Option<Channel>,
    declined: bool,
    text: Option<&'a str>,
    text_source: Option<TextSource>,
    language: Option<&'a str>,
    model: Option<&'a str>,
    #[serde(flatten)]
    usage: Usage,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [DraftFinding],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<Prompt<'a>>,
}
