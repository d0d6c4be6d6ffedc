//! The log of follow-ups: one line of JSON, or one row of a table, for each.

use std::io::{Result, Write};

use serde::Serialize;

use super::names::state_words;
use super::reason::quote;
use super::terminal::{Styles, plain};
use super::text::{cut, padding, wrap};
use super::{Clocks, channel_words, scenario_words, words};
use crate::decide::Because;
use crate::model::{
    Channel, Draft, DraftFinding, FollowUp, FollowUpState, Scenario, TextSource, Timestamp, Usage,
};
use crate::store::FollowUpRow;

/// A follow-up as the interface's JSON object.
#[derive(Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the keys of history --json, as the interface names them"
)]
pub struct FollowUpLine<'a> {
    pub id: &'a str,
    pub contact_id: &'a str,
    pub conversation_id: Option<&'a str>,
    pub scenario: Scenario,
    pub step: u32,
    pub state: FollowUpState,
    pub channel: Channel,
    pub address: &'a str,
    pub due_at: Timestamp,
    pub claimed_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    pub attempts: u32,
    pub provider_id: Option<&'a str>,
    pub text: &'a str,
    pub text_source: TextSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<WritingLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionLine<'a>>,
    pub because: serde_json::Value,
}

/// How a model came to write a text, or did not.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "keys of history --json")]
pub struct WritingLine<'a> {
    pub model: Option<&'a str>,
    #[serde(flatten)]
    pub usage: Usage,
    pub made_at: Timestamp,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub findings: &'a [DraftFinding],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}

impl<'a> WritingLine<'a> {
    /// Of a draft.
    #[must_use]
    pub fn of(draft: &'a Draft) -> Self {
        Self {
            model: draft.model.as_deref(),
            usage: draft.usage,
            made_at: draft.made_at,
            findings: &draft.findings,
            reason: draft.reason.as_deref(),
        }
    }
}

/// A workflow's action.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "keys of history --json")]
pub struct ActionLine<'a> {
    pub action: &'a str,
    pub state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
}

impl<'a> FollowUpLine<'a> {
    /// Of a row of the log.
    #[must_use]
    pub fn of(row: &'a FollowUpRow) -> Self {
        let follow_up = &row.follow_up;
        let actions = row
            .actions
            .iter()
            .map(|(action, state, detail)| ActionLine {
                action,
                state,
                detail: detail.as_deref(),
            });
        Self {
            id: &follow_up.id,
            contact_id: &row.contact_id,
            conversation_id: row.conversation_id.as_deref(),
            scenario: follow_up.scenario,
            step: follow_up.step,
            state: follow_up.state,
            channel: follow_up.channel,
            address: &follow_up.address,
            due_at: follow_up.due_at,
            claimed_at: follow_up.claimed_at,
            sent_at: follow_up.sent_at,
            retry_at: follow_up.retry_at,
            attempts: follow_up.attempts,
            provider_id: follow_up.provider_id.as_deref(),
            text: &follow_up.text,
            text_source: follow_up.text_source,
            ai: row.draft.as_ref().map(WritingLine::of),
            error: follow_up.error.as_deref(),
            reply_at: row.reply_at,
            actions: actions.collect(),
            because: serde_json::from_str(&row.because).unwrap_or_default(),
        }
    }
}

/// The log for people: when, to whom, which step, what became of it; below it the text, and what went wrong.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    styles: Styles,
    width: usize,
    contact: usize,
}

const WHEN: usize = 16;
const STEP: usize = 22;
const STATE: usize = 8;
const CHANNEL: usize = 9;
const GAP: usize = 2;

impl Table {
    /// A table in `width` columns.
    #[must_use]
    pub fn new(width: usize, styles: Styles) -> Self {
        let fixed = WHEN + STEP + STATE + CHANNEL + 4 * GAP;
        let contact = width.saturating_sub(fixed).clamp(14, 40);
        Self {
            styles,
            width,
            contact,
        }
    }

    /// The names of the columns.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn head(&self, out: &mut dyn Write) -> Result<()> {
        let columns = [
            ("WHEN", WHEN),
            ("CONTACT", self.contact),
            ("STEP", STEP),
            ("STATE", STATE),
        ];
        let names: String = columns
            .iter()
            .map(|(name, w)| format!("{name:0$}", w + GAP))
            .collect();
        writeln!(out, "{}", self.styles.faint(names + "BY"))
    }

    /// One follow-up, in the bot's time.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn row(&self, out: &mut dyn Write, row: &FollowUpRow, clocks: &Clocks) -> Result<()> {
        let follow_up = &row.follow_up;
        let when = clocks.moment(follow_up.went_out_at());
        let contact = plain(&row.contact_id);
        let shown = cut(&contact, self.contact);
        let step = format!("{} {}", scenario_words(follow_up.scenario), follow_up.step);
        let state = follow_up.state.as_str();
        let gap = |text: &str, columns: usize| " ".repeat(padding(text, columns) + GAP);
        writeln!(
            out,
            "{when}{}{}{}{step}{}{}{}{}",
            gap(&when, WHEN),
            self.styles.strong(&shown),
            gap(&shown, self.contact),
            gap(&step, STEP),
            self.state(follow_up.state),
            gap(state, STATE),
            channel_words(follow_up.channel),
        )?;
        let id = match &follow_up.provider_id {
            Some(provider) if *provider != follow_up.id => format!("{} · {provider}", follow_up.id),
            _ => follow_up.id.clone(),
        };
        self.below(out, &id)?;
        self.below(out, &quote(&follow_up.text))?;
        if let Some(draft) = &row.draft {
            self.below(out, &writing(draft))?;
        }
        if let Some(error) = problem(follow_up) {
            self.below(out, &error)?;
        }
        if let Some(reply) = row.reply_at {
            let words = format!(
                "sent after a reply ({}) that came to light later",
                clocks.moment(reply)
            );
            self.below(out, &words)?;
        }
        for (action, state, detail) in &row.actions {
            let detail = detail
                .as_ref()
                .map(|d| format!(": {d}"))
                .unwrap_or_default();
            self.below(out, &format!("{action}, {state}{detail}"))?;
        }
        Ok(())
    }

    /// Why it was sent: the rules as they were then.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn why(&self, out: &mut dyn Write, row: &FollowUpRow, clocks: &Clocks) -> Result<()> {
        for fact in facts(&row.because) {
            self.below(out, &words(&fact, clocks))?;
        }
        Ok(())
    }

    fn below(&self, out: &mut dyn Write, text: &str) -> Result<()> {
        for line in wrap(&plain(text), self.width.saturating_sub(WHEN + GAP)) {
            writeln!(
                out,
                "{:gap$}{}",
                "",
                self.styles.faint(line),
                gap = WHEN + GAP
            )?;
        }
        Ok(())
    }

    fn state(&self, state: FollowUpState) -> Box<dyn std::fmt::Display> {
        match state {
            FollowUpState::Sent => Box::new(self.styles.good(state)),
            FollowUpState::Sending | FollowUpState::Retry => Box::new(self.styles.warning(state)),
            FollowUpState::Failed | FollowUpState::Unknown => Box::new(self.styles.bad(state)),
        }
    }
}

/// How a model came to write a text, or did not; where none was asked, what is known without one.
#[must_use]
pub fn writing(draft: &Draft) -> String {
    let Usage {
        calls, latency_ms, ..
    } = draft.usage;
    let mut words = match (draft.source, &draft.model) {
        (TextSource::Ai, Some(model)) => format!("written by {model}"),
        (source, Some(model)) => format!("{source} text instead of one by {model}"),
        (source, None) if calls > 0 => format!("{source} text, for no model answered"),
        (source, None) => format!("{source} text"),
    };
    if calls > 0 {
        let seconds = latency_ms as f64 / 1000.0;
        let calls = super::count(calls, "request", "requests");
        let tokens = draft.usage.tokens();
        words.push_str(&format!(": {calls}, {tokens} tokens, {seconds:.1} s"));
    }
    for (n, finding) in draft.findings.iter().enumerate() {
        let lead = if n == 0 { "; refused for" } else { "," };
        words.push_str(&format!("{lead} {}", finding.kind.replace('_', " ")));
        if !finding.words.is_empty() {
            words.push_str(&format!(" {}", quote(&finding.words)));
        }
    }
    if let Some(reason) = draft.reason.as_ref().filter(|_| draft.findings.is_empty()) {
        words.push_str(&format!("; {reason}"));
    }
    words
}

/// The stored reasons that this version knows.
pub(super) fn facts(because: &str) -> Vec<Because> {
    let stored: Vec<serde_json::Value> = serde_json::from_str(because).unwrap_or_default();
    stored
        .into_iter()
        .filter_map(|fact| serde_json::from_value(fact).ok())
        .collect()
}

fn problem(follow_up: &FollowUp) -> Option<String> {
    let error = follow_up.error.as_deref()?;
    Some(format!("{}: {error}", state_words(follow_up.state)))
}
