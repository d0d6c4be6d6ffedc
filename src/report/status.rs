//! How things stand, and what needs a person.

use std::collections::BTreeMap;
use std::io::{Result, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::terminal::{Styles, plain};
use super::text::{padding, wrap};
use super::{Clocks, channel_words, count, name_after, reason_words, scenario_words};
use crate::decide::Reason;
use crate::model::{Delay, FollowUpState, Timestamp, Usage};
use crate::store::{Counts, FollowUpRow, HeldContact, UNCONFIRMED};

/// How things stand.
#[derive(Debug)]
pub struct Report {
    /// How many of everything.
    pub counts: Counts,
    /// What language models have used today, where they are configured.
    pub ai: Option<Models>,
    /// Where data come from.
    pub sources: Vec<Source>,
    /// Follow-ups that somebody should look at.
    pub follow_ups: Vec<FollowUpRow>,
    /// Contacts who are held until somebody does something.
    pub contacts: Vec<HeldContact>,
    /// Outboxes that nothing can be written to, each with why.
    pub outboxes: Vec<String>,
    /// How many contacts have news and are not counted among the scheduled and the held: there are too many.
    pub not_looked_at: usize,
}

/// What language models have used since the bot's midnight, and may use in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Models {
    /// What they used.
    pub today: Usage,
    /// The most requests.
    pub max_calls_per_day: Option<u64>,
    /// The most tokens.
    pub max_tokens_per_day: Option<u64>,
    /// The most money, in millionths of the configured prices' unit.
    pub max_cost_per_day: Option<u64>,
}

impl Models {
    /// Whether nothing more may be used today.
    fn is_spent(&self) -> bool {
        let spent = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        spent(self.today.calls, self.max_calls_per_day)
            || spent(self.today.tokens(), self.max_tokens_per_day)
            || spent(self.today.cost, self.max_cost_per_day)
    }

    fn words(&self) -> String {
        let of = |used: String, limit: Option<String>, what: &str| match limit {
            Some(limit) => format!("{used} of {limit} {what}"),
            None => format!("{used} {what}"),
        };
        let money = |micros: u64| format!("{:.2}", micros as f64 / 1_000_000.0);
        let Self {
            today,
            max_calls_per_day: calls,
            max_tokens_per_day: tokens,
            max_cost_per_day: cost,
        } = self;
        let mut words = vec![
            of(
                today.calls.to_string(),
                calls.map(|n| n.to_string()),
                "requests",
            ),
            of(
                today.tokens().to_string(),
                tokens.map(|n| n.to_string()),
                "tokens",
            ),
        ];
        if today.cost > 0 || cost.is_some() {
            words.push(of(money(today.cost), cost.map(money), "spent"));
        }
        let mark = if self.is_spent() { "SPENT: " } else { "" };
        format!("{mark}{} today", words.join(", "))
    }
}

/// A source and its age (rule D15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Up to when it is complete; `None` when it has brought nothing yet.
    pub as_of: Option<Timestamp>,
    /// How old it may be.
    pub fresh_for: Option<Delay>,
    /// Whether it is older, or has brought nothing yet.
    pub stale: bool,
    /// Whether it is asked by an API, rather than files.
    pub api: bool,
    /// The files that a run reads, for a configured source that has some.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

impl Source {
    /// Its age in words.
    #[must_use]
    pub fn words(&self, clocks: &Clocks) -> String {
        let limit = self
            .fresh_for
            .map(|f| format!(" (limit {f})"))
            .unwrap_or_default();
        let mark = if self.stale { "STALE: " } else { "" };
        match self.as_of {
            None if self.api => format!("{mark}never read to its end; run followup sync"),
            None => format!("{mark}nothing imported yet"),
            Some(at) if at == Timestamp::UNIX_EPOCH && self.api => {
                format!("{mark}not read to its end; the next sync goes on")
            }
            Some(at) if at == Timestamp::UNIX_EPOCH => {
                format!("{mark}an import was cut off: import it again")
            }
            Some(at) => {
                format!(
                    "{mark}complete until {}, {}{limit}",
                    clocks.moment(at),
                    clocks.relative(at)
                )
            }
        }
    }
}

const LABEL: usize = 12;

/// The report for people, in `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn page(
    out: &mut dyn Write,
    report: &Report,
    clocks: &Clocks,
    width: usize,
    styles: Styles,
) -> Result<()> {
    let mut field = |label: &str, text: &str, is_bad: bool| -> Result<()> {
        for (n, line) in wrap(&plain(text), width.saturating_sub(LABEL))
            .iter()
            .enumerate()
        {
            let label = if n == 0 { label } else { "" };
            let gap = " ".repeat(padding(label, LABEL));
            write!(out, "{}{gap}", styles.faint(label))?;
            if is_bad {
                writeln!(out, "{}", styles.bad(line))?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    };
    let counts = &report.counts;
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let contacts = count(number(counts.contacts), "contact", "contacts");
    let not_looked_at = match report.not_looked_at {
        0 => String::new(),
        n => format!("; {n} more have news that the next run looks at"),
    };
    field(
        "Contacts",
        &format!(
            "{contacts}, {} scheduled or due{not_looked_at}",
            counts.scheduled
        ),
        false,
    )?;
    let held = list(counts.holds.iter().map(|(r, n)| (reason(r), *n)));
    field("Held", &held, false)?;
    let follow_ups = list(counts.follow_ups.iter().map(|(s, n)| (s.clone(), *n)));
    field("Follow-ups", &follow_ups, false)?;
    if let Some(ai) = &report.ai {
        field("AI", &ai.words(), ai.is_spent())?;
    }
    for (n, source) in report.sources.iter().enumerate() {
        let label = if n == 0 { "Sources" } else { "" };
        field(
            label,
            &format!("{}: {}", source.name, source.words(clocks)),
            source.stale,
        )?;
    }
    let mut label = "To do";
    for words in problems(report, clocks) {
        field(label, &words, false)?;
        label = "";
    }
    if label == "To do" {
        field(label, "nothing needs a person", false)?;
    }
    Ok(())
}

fn list(counts: impl Iterator<Item = (String, i64)>) -> String {
    let words: Vec<String> = counts.map(|(what, n)| format!("{n} {what}")).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

fn reason(code: &str) -> String {
    code.parse::<Reason>()
        .map_or_else(|_| code.to_owned(), |r| reason_words(r).to_owned())
}

/// What needs a person, each with what to do.
pub(super) fn problems(report: &Report, clocks: &Clocks) -> Vec<String> {
    let stale = report.sources.iter().filter(|source| source.stale);
    let mut problems: Vec<String> = stale.map(|source| stale_words(source, report)).collect();
    problems.extend(report.outboxes.iter().cloned());
    if let Some(held) = held(report, Reason::WindowClosed) {
        problems.push(format!(
            "{held} held: the channel takes text only within 24 hours of their last message there. Write to them \
             yourself, or give the step an approved template or a channel to switch to. See: followup plan"
        ));
    }
    for row in &report.follow_ups {
        let follow_up = &row.follow_up;
        let which = format!(
            "{} to {}, {} step {} by {} ({})",
            follow_up.id,
            row.contact_id,
            scenario_words(follow_up.scenario),
            follow_up.step,
            channel_words(follow_up.channel),
            clocks.moment(follow_up.went_out_at()),
        );
        if follow_up.state == FollowUpState::Unknown {
            problems.push(format!(
                "{which}: nobody knows whether it was sent. Look at the provider, then: followup resolve {} sent|not-sent",
                follow_up.id
            ));
        }
        if let Some(reply) = row.reply_at {
            problems.push(format!(
                "{which}: sent after a reply ({}) that came to light later",
                clocks.moment(reply)
            ));
        }
        for (action, _, detail) in row.actions.iter().filter(|(_, state, _)| state == "failed") {
            let detail = detail.as_deref().unwrap_or("failed");
            problems.push(format!("{which}: {action}: {detail}"));
        }
    }
    for contact in &report.contacts {
        let name = name_after(&contact.contact_id, contact.name.as_deref());
        let todo = match contact.hold.as_str() {
            UNCONFIRMED => {
                problems.push(format!(
                    "{}{name}: says that they booked, and no source of bookings has an appointment of theirs. \
                     See: followup show {}",
                    contact.contact_id, contact.contact_id
                ));
                continue;
            }
            "unclear_time" => "Look at what they asked for, then: followup resume",
            "ai_declined" => {
                "Read the conversation, and if something should be sent: followup resume"
            }
            "awaiting_approval" => "Read the text and decide: followup review",
            "no_sender" => "Configure a sender for the channel",
            _ => "Add a phone number or an address",
        };
        problems.push(format!(
            "{}{name}: held, {}. {todo}. See: followup show {}",
            contact.contact_id,
            reason(&contact.hold),
            contact.contact_id
        ));
    }
    problems
}

/// What to do about a source that is too old to be trusted (rule D15).
fn stale_words(source: &Source, report: &Report) -> String {
    let name = &source.name;
    let held = held(report, Reason::StaleSource);
    let held = held.map(|held| format!(" ({held} held for want of fresh data)"));
    let held = held.unwrap_or_default();
    let (never, what) = match source.as_of {
        None => ("nothing was ever read from it", "an export"),
        Some(_) => ("it is stale, and replies may be missing", "a newer export"),
    };
    let todo = match &source.path {
        _ if source.api => format!("See what it says: followup sync {name}"),
        Some(path) => format!("Put {what} where a run looks for it: {}", path.display()),
        None => format!("Import {what}: followup import FILE --source {name}"),
    };
    format!("Source {name}: {never}{held}. {todo}")
}

/// How many contacts are held for a reason, in words; `None` when nobody is.
fn held(report: &Report, reason: Reason) -> Option<String> {
    let held = &report.counts.holds;
    let (_, n) = held.iter().find(|(code, _)| code == reason.as_str())?;
    let n = u64::try_from(*n).unwrap_or(0);
    let are = if n == 1 { "is" } else { "are" };
    Some(format!("{} {are}", count(n, "contact", "contacts")))
}

/// The report as one JSON object.
#[must_use]
pub fn json(report: &Report) -> impl Serialize + use<'_> {
    let counts = &report.counts;
    Object {
        contacts: counts.contacts,
        scheduled: counts.scheduled,
        held: counts.holds.iter().map(|(k, n)| (k.as_str(), *n)).collect(),
        follow_ups: counts
            .follow_ups
            .iter()
            .map(|(k, n)| (k.as_str(), *n))
            .collect(),
        sent_after_reply: counts.sent_after_reply,
        failed_actions: counts.failed_actions,
        ai: report.ai,
        sources: &report.sources,
        problems: report
            .follow_ups
            .iter()
            .flat_map(of_follow_up)
            .chain(report.contacts.iter().map(|contact| Problem {
                kind: &contact.hold,
                contact_id: &contact.contact_id,
                follow_up_id: None,
                detail: None,
            }))
            .collect(),
    }
}

fn of_follow_up(row: &FollowUpRow) -> Vec<Problem<'_>> {
    let problem = |kind, detail| Problem {
        kind,
        contact_id: &row.contact_id,
        follow_up_id: Some(&row.follow_up.id),
        detail,
    };
    let mut problems = Vec::new();
    if row.follow_up.state == FollowUpState::Unknown {
        problems.push(problem("unknown", row.follow_up.error.as_deref()));
    }
    if row.reply_at.is_some() {
        problems.push(problem("sent_after_reply", None));
    }
    let failed = row.actions.iter().filter(|(_, state, _)| state == "failed");
    problems.extend(failed.map(|(_, _, detail)| problem("failed_action", detail.as_deref())));
    problems
}

#[derive(Serialize)]
struct Object<'a> {
    contacts: i64,
    scheduled: i64,
    held: BTreeMap<&'a str, i64>,
    follow_ups: BTreeMap<&'a str, i64>,
    sent_after_reply: i64,
    failed_actions: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ai: Option<Models>,
    sources: &'a [Source],
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Problem<'a> {
    kind: &'a str,
    contact_id: &'a str,
    follow_up_id: Option<&'a str>,
    detail: Option<&'a str>,
}
