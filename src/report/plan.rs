//! The plan: one line of JSON, or one row of a table, for each contact.

use std::collections::BTreeMap;
use std::io::{Result, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::terminal::{Styles, plain};
use super::text::{cut, padding, wrap};
use super::{Clocks, action_words, channel_words, reason_words, scenario_words, words};
use crate::decide::{Action, Because, Choice, Decision, Reason, because_json};
use crate::model::{Channel, Contact, Delay, HeldBack, Obstacle, Scenario, TextSource, Timestamp};

/// A contact and what is decided about them.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The contact.
    pub contact: &'a Contact,
    /// The decision.
    pub decision: &'a Decision,
    /// The text that would be sent, where it was asked for.
    pub text: Option<&'a str>,
    /// Where that text comes from, where it is known; one by a model is a draft.
    pub text_source: Option<TextSource>,
    /// How many of their messages wait to be read by a model.
    pub unread: u32,
    /// What kept a run from claiming the step that is due.
    pub held_back: Option<&'a HeldBack>,
}

/// The row as the interface's JSON object.
#[must_use]
pub fn json<'a>(row: &Row<'a>) -> impl Serialize + use<'a> {
    let decision = row.decision;
    Line {
        contact_id: &row.contact.contact_id,
        conversation_id: decision.conversation_id.as_deref(),
        scenario: decision.scenario,
        step: decision.step,
        steps: decision.steps,
        action: decision.action,
        reason: decision.reason,
        due_at: decision.due_at,
        channel: decision.channel,
        because: Numbered(&decision.because),
        text: row.text,
        text_source: row.text_source,
        draft: (row.text_source == Some(TextSource::Ai)).then_some(true),
        unread: row.unread,
        held_back: row.held_back.filter(|held| is_of(held, decision)),
    }
}

/// Whether it is the step that is due that was held back.
pub(super) fn is_of(held: &HeldBack, decision: &Decision) -> bool {
    decision.action == Action::Send
        && (decision.episode, decision.step) == (Some(held.episode), Some(held.step))
}

/// What kept a step from being sent, in words.
pub(super) fn held_back_words(held: &HeldBack, clocks: &Clocks) -> String {
    let why = match held.reason {
        Obstacle::LastLook => "nobody can say whether they have replied",
        Obstacle::Compose => "it has no text",
    };
    let at = clocks.moment(held.at);
    format!(
        "not sent at {at}, as {why}: {}; the next run tries again",
        held.error
    )
}

#[derive(Serialize)]
struct Line<'a> {
    contact_id: &'a str,
    conversation_id: Option<&'a str>,
    scenario: Option<Scenario>,
    step: Option<u32>,
    steps: Option<u32>,
    action: Action,
    reason: Reason,
    due_at: Option<Timestamp>,
    channel: Option<Channel>,
    because: Numbered<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_source: Option<TextSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<bool>,
    #[serde(skip_serializing_if = "is_zero")]
    unread: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back: Option<&'a HeldBack>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

struct Numbered<'a>(&'a [Because]);

impl Serialize for Numbered<'_> {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let json = because_json(self.0).and_then(RawValue::from_string);
        json.map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// What a plan comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub(super) due: u64,
    pub(super) scheduled: u64,
    pub(super) held: BTreeMap<Reason, u64>,
    pub(super) others: BTreeMap<Reason, u64>,
}

impl Tally {
    /// Counts one contact.
    pub fn add(&mut self, decision: &Decision) {
        match decision.action {
            Action::Send => self.due += 1,
            Action::Wait => self.scheduled += 1,
            Action::Hold => *self.held.entry(decision.reason).or_default() += 1,
            Action::Stop | Action::None => *self.others.entry(decision.reason).or_default() += 1,
        }
    }

    fn words(&self) -> String {
        let mut parts = vec![
            format!("{} due now", self.due),
            format!("{} scheduled", self.scheduled),
            format!(
                "{} held{}",
                self.held.values().sum::<u64>(),
                reasons(&self.held)
            ),
        ];
        if !self.others.is_empty() {
            let others = self.others.values().sum::<u64>();
            parts.push(format!(
                "{others} with nothing due{}",
                reasons(&self.others)
            ));
        }
        parts.join(", ")
    }
}

fn reasons(counts: &BTreeMap<Reason, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let words: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{} {count}", reason_words(*reason)))
        .collect();
    format!(" ({})", words.join(", "))
}

/// The plan for people, row by row: when, who, which step, how, and below it why.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    styles: Styles,
    width: usize,
    contact: usize,
}

const WHEN: usize = 22;
const STEP: usize = 22;
const CHANNEL: usize = 9;
const GAP: usize = 2;

impl Table {
    /// A table in `width` columns.
    #[must_use]
    pub fn new(width: usize, styles: Styles) -> Self {
        let fixed = WHEN + STEP + CHANNEL + 3 * GAP;
        let contact = width.saturating_sub(fixed).clamp(12, 32);
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
        let (when, who, gap) = (WHEN + GAP, self.contact + GAP, STEP + GAP);
        let line = format!("{:when$}{:who$}{:gap$}BY", "WHEN", "CONTACT", "STEP");
        writeln!(out, "{}", self.styles.faint(line))
    }

    /// One contact.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn row(&self, out: &mut dyn Write, row: &Row<'_>, clocks: &Clocks) -> Result<()> {
        let decision = row.decision;
        let [when, below] = when(decision, clocks);
        let whole = who(row.contact);
        let whole = plain(&whole);
        let who = cut(&whole, self.contact);
        let step = step(decision);
        let by = decision.channel.map_or("", channel_words);
        let gap = |text: &str, columns: usize| " ".repeat(padding(text, columns) + GAP);
        let line = format!(
            "{}{}{}{}{step}{}{by}",
            self.mark(decision.action, &when),
            gap(&when, WHEN),
            self.styles.strong(&who),
            gap(&who, self.contact),
            gap(&step, STEP),
        );
        writeln!(out, "{}", line.trim_end())?;
        let mut why = why(decision, clocks);
        if let Some(held) = row.held_back.filter(|held| is_of(held, decision)) {
            why.insert_str(0, &format!("{}; ", held_back_words(held, clocks)));
        }
        if plain(&row.contact.contact_id).len() > who.len() {
            why.insert_str(0, &format!("contact {whole}; ")); // other commands take the whole id
        }
        let why = wrap(&plain(&why), self.width.saturating_sub(WHEN + GAP));
        for (n, line) in why.iter().enumerate() {
            let left = if n == 0 { below.as_str() } else { "" };
            let gap = gap(left, WHEN);
            writeln!(
                out,
                "{}{gap}{}",
                self.styles.faint(left),
                self.styles.faint(line)
            )?;
        }
        if let Some(text) = row.text {
            let mark = match row.text_source {
                Some(TextSource::Ai) => "draft: ",
                _ => "",
            };
            let text = format!("{mark}“{}”", plain(text));
            for line in wrap(&text, self.width.saturating_sub(WHEN + GAP)) {
                writeln!(
                    out,
                    "{:gap$}{}",
                    "",
                    self.styles.ours(line),
                    gap = WHEN + GAP
                )?;
            }
        }
        Ok(())
    }

    /// What it comes to, and what to know of the data behind it.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn foot(&self, out: &mut dyn Write, tally: &Tally, notes: &[String]) -> Result<()> {
        if *tally != Tally::default() {
            writeln!(out)?;
        }
        for line in wrap(&tally.words(), self.width) {
            writeln!(out, "{}", self.styles.strong(line))?;
        }
        for note in notes {
            for line in wrap(&plain(note), self.width) {
                writeln!(out, "{}", self.styles.warning(line))?;
            }
        }
        Ok(())
    }

    fn mark<'t>(&self, action: Action, text: &'t str) -> Box<dyn std::fmt::Display + 't> {
        match action {
            Action::Send => Box::new(self.styles.good(text)),
            Action::Hold => Box::new(self.styles.warning(text)),
            Action::Stop => Box::new(self.styles.bad(text)),
            Action::Wait | Action::None => Box::new(text),
        }
    }
}

/// The name and, always whole, the id: it is what other commands take.
pub(super) fn who(contact: &Contact) -> String {
    match contact
        .name
        .as_deref()
        .map(str::trim)
        .filter(|n| !n.is_empty() && *n != contact.contact_id)
    {
        Some(name) => format!("{} {name}", contact.contact_id),
        None => contact.contact_id.clone(),
    }
}

/// When, and what stands below it: how late, or the bot's clock.
pub(super) fn when(decision: &Decision, clocks: &Clocks) -> [String; 2] {
    match (decision.action, decision.due_at) {
        (Action::Send, Some(due)) if (clocks.now() - due).num_minutes() > 0 => {
            ["now".to_owned(), format!("since {}", clocks.moment(due))]
        }
        (Action::Send, _) => ["now".to_owned(), String::new()],
        (Action::Wait, Some(due)) => {
            let moment = clocks.moment(due);
            let today = clocks.local(due).date() == clocks.local(clocks.now()).date();
            let when = if today {
                format!("{moment}, {}", clocks.relative(due))
            } else {
                moment
            };
            let bot = clocks.on_bot_clock(due).map(|time| format!("bot: {time}"));
            [when, bot.unwrap_or_default()]
        }
        (action, _) => [action_words(action).to_owned(), String::new()],
    }
}

/// The scenario, and which of its steps: `busy 1/2`.
pub(super) fn step(decision: &Decision) -> String {
    let Some(scenario) = decision.scenario else {
        return String::new();
    };
    let scenario = scenario_words(scenario);
    match (decision.step, decision.steps) {
        (Some(step), Some(steps)) => format!("{scenario} {step}/{steps}"),
        _ => scenario.to_owned(),
    }
}

/// The part of the reasons that a row does not show already.
pub(super) fn why(decision: &Decision, clocks: &Clocks) -> String {
    let is_timed = matches!(decision.action, Action::Send | Action::Wait);
    in_short(&decision.because, is_timed, clocks)
}

/// Reasons in one line, without what goes without saying; with the way to their time if they led to one.
pub(super) fn in_short(because: &[Because], is_timed: bool, clocks: &Clocks) -> String {
    let moved_wish = because
        .iter()
        .any(|b| matches!(b, Because::OutsideHours { asked: true, .. }));
    let told = |fact: &&Because| match fact {
        Because::EndedBy { .. } => false,
        Because::Anchor { .. } | Because::Delay { .. } if !is_timed => false,
        Because::Channel { choice, .. } => *choice == Choice::Switched,
        Because::Trigger { signal, .. } => signal.is_some(),
        Because::Anchor { event, .. } => {
            !(moved_wish && *event == crate::decide::Anchor::TimeAsked)
                && *event != crate::decide::Anchor::BusyMessage
        }
        Because::Delay { after, .. } => *after != Delay::default(),
        _ => true,
    };
    let words: Vec<String> = because
        .iter()
        .filter(told)
        .map(|b| words(b, clocks))
        .collect();
    words.join("; ")
}
