//! What a run says to a person.

use super::count;
use crate::model::TextSource;
use crate::run::{Event, Step, Summary};

/// Whether somebody should hear of it.
#[must_use]
pub fn is_problem(event: &Event) -> bool {
    match event {
        Event::Written { to_review, .. } => *to_review,
        Event::Sent { .. } | Event::Budget { .. } => false,
        Event::Action { state, .. } => state != "done",
        Event::Failed { .. }
        | Event::Retry { .. }
        | Event::Unknown { .. }
        | Event::Skipped { .. } => true,
    }
}

/// Whether the run as a whole is a matter for somebody.
#[must_use]
pub fn needs_a_person(summary: &Summary) -> bool {
    let Summary {
        failed,
        retry,
        unknown,
        recovered,
        stale,
        not_written,
        not_asked,
        closed,
        failed_actions,
        waiting,
        silent_models,
        ..
    } = summary;
    [
        failed,
        retry,
        unknown,
        recovered,
        stale,
        not_written,
        not_asked,
        closed,
        failed_actions,
        waiting,
        silent_models,
    ]
    .iter()
    .any(|n| **n > 0)
}

/// One line.
#[must_use]
pub fn event_words(event: &Event) -> String {
    match event {
        Event::Sent { step, .. } => format!("sent     {}", of(step)),
        Event::Failed { step, error } => format!("failed   {}: {error}", of(step)),
        Event::Retry {
            step,
            error,
            retry_at,
        } => {
            let again = retry_at.format("%Y-%m-%dT%H:%M:%SZ");
            format!("retry    {}: {error}; not before {again}", of(step))
        }
        Event::Unknown { step, error } => {
            format!(
                "unknown  {}: {error}; settle it with followup resolve {} sent|not-sent",
                of(step),
                step.id
            )
        }
        Event::Written {
            contact_id,
            scenario,
            step,
            source,
            declined,
            to_review,
            model,
            usage,
            findings,
            error,
        } => {
            let by = model.as_deref().unwrap_or("a model");
            let text = match source {
                TextSource::Ai => "a text",
                TextSource::Custom => "the step's own text",
                TextSource::Template => "the template's text",
                TextSource::Builtin => "a built-in text",
            };
            let (what, words) = match source {
                _ if *declined => ("declined", format!("{by} says that nothing should be sent")),
                TextSource::Ai => ("written ", format!("{text} by {by}")),
                _ if usage.calls > 0 => ("written ", format!("{text} instead of one by {by}")),
                _ => ("written ", text.to_owned()),
            };
            let mut line = format!("{what} for {contact_id} ({scenario} {step}): {words}");
            if usage.calls > 0 {
                let tokens = usage.tokens();
                let seconds = usage.latency_ms as f64 / 1000.0;
                line.push_str(&format!(", {tokens} tokens in {seconds:.1} s"));
            }
            if !findings.is_empty() {
                line.push_str(&format!("; refused: {}", findings.join(", ")));
            }
            if let Some(error) = error {
                line.push_str(&format!("; {error}"));
            }
            if *to_review {
                line.push_str("; it waits for a person to look at it: followup review");
            }
            line
        }
        Event::Budget { reason } => format!("budget   {reason}"),
        // A channel that is closed for this run: the words say why, which need not be a password.
        Event::Skipped {
            reason,
            error: Some(error),
            ..
        } if reason == "credentials" => format!("closed   {error}"),
        Event::Skipped {
            contact_id,
            reason,
            error,
        } => {
            let error = error
                .as_deref()
                .map(|e| format!(": {e}"))
                .unwrap_or_default();
            format!("skipped  {contact_id} {reason}{error}").replace("  ", " ")
        }
        Event::Action {
            follow_up_id,
            action,
            state,
            detail,
        } => {
            let detail = detail
                .as_deref()
                .map(|d| format!(": {d}"))
                .unwrap_or_default();
            format!("action   {follow_up_id} {action} {state}{detail}")
        }
    }
}

fn of(step: &Step) -> String {
    format!(
        "{} to {} by {} ({} {})",
        step.id, step.contact_id, step.channel, step.scenario, step.step
    )
}

/// One line.
#[must_use]
pub fn summary_words(summary: &Summary) -> String {
    let mut parts = vec![format!("{} sent", summary.sent)];
    let mut part = |number: u64, words: &str| {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    };
    part(summary.retry, "to be tried again");
    part(summary.failed, "failed");
    part(summary.unknown, "unknown");
    part(summary.found, "found sent after all");
    part(summary.recovered, "left unknown by a run that was cut off");
    part(summary.not_written, "without a text");
    part(
        summary.not_asked,
        "not sent for want of a last look at the source",
    );
    part(summary.skipped, "newly held");
    part(summary.left, "left to the next run");
    part(summary.written, "written by a model");
    part(summary.declined, "declined by a model");
    part(summary.fallbacks, "in other words than a model's");
    part(summary.waiting, "waiting for a model");
    part(summary.silent_models, "models given up");
    part(summary.failed_actions, "actions failed");
    if summary.budget_spent {
        parts.push("the models' budget is spent".to_owned());
    }
    if summary.stale > 0 {
        let contacts = count(summary.stale, "contact", "contacts");
        parts.push(format!(
            "{contacts} held because a source is stale (see followup status)"
        ));
    }
    parts.join(", ")
}
