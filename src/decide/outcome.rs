//! Whether a step whose time is known goes out: the facts are fresh, a channel is open, a person let it through
//! (rules D15 to D18, X9).

use std::ops::ControlFlow;

use crate::decide::approval::{self, Standing};
use crate::decide::outline::{End, Outline};
use crate::decide::routing::Routing;
use crate::decide::step::Step;
use crate::decide::trigger::Trigger;
use crate::decide::{Action, Because, Reason};
use crate::decide::{Case, Policy};
use crate::model::{Message, Thread, Timestamp};
use crate::zone::Zone;

/// Rules D15 to D18, X9.
pub(crate) fn of(
    case: Case<'_>,
    trigger: &Trigger<'_>,
    step: &Step<'_>,
    outline: &mut Outline,
) -> ControlFlow<End, End> {
    let (policy, thread, now) = (case.policy, case.thread, case.now);
    let Step { zone, due, .. } = step;
    let is_due = due.at <= now;
    // D15: only what would go out now can be stale.
    if is_due && let Some(stale) = stale_source(policy, thread, trigger.last_turn.last(), zone, now)
    {
        outline.wake_at = Some(due.at);
        return outline.ends(Action::Hold, Reason::StaleSource, stale);
    }
    // D16, D17, D18
    let routing = Routing {
        policy,
        thread,
        zone,
        timeline: case.timeline,
        step: step.rule,
        refused_on: step.tried.map_or(&[][..], |row| &row.refused_on),
        refused_at: step.tried.map(|row| row.claimed_at),
    };
    match routing.choose(due.at.max(now), &mut outline.because) {
        Ok(route) => {
            outline.channel = Some(route.channel);
            outline.approved_template = route.approved_template;
        }
        Err(none) if none.reason == Reason::Failed => {
            return ControlFlow::Break((Action::None, Reason::Failed));
        }
        Err(none) if is_due => {
            outline.wake_at = none
                .opens_at
                .filter(|at| step.expires_at.is_none_or(|expires_at| *at <= expires_at));
            return ControlFlow::Break((Action::Hold, none.reason));
        }
        Err(_) => {}
    }
    outline.wake_at = Some(due.at);
    outline.because.push(Because::EndedBy {
        expires_at: step.expires_at,
    });
    if !is_due {
        outline.due_at = Some(due.at);
        return ControlFlow::Continue((Action::Wait, due.reason));
    }
    // X9
    if step.rule.approve {
        let of_step = (trigger.episode, step.number);
        let standing =
            approval::standing(policy.approval, thread, of_step, step.ours_at, zone, now);
        if let Some(fact) = standing.fact(policy.approval.expired) {
            if let Standing::Waits { until, .. } = standing {
                outline.wake_at = until;
            }
            return outline.ends(Action::Hold, Reason::AwaitingApproval, fact);
        }
    }
    ControlFlow::Continue((Action::Send, Reason::Due))
}

/// D15: the sources that bring the channel of the contact's last message are all older than they may be.
fn stale_source(
    policy: &Policy,
    thread: &Thread,
    last_inbound: &Message,
    zone: &Zone,
    now: Timestamp,
) -> Option<Because> {
    let bring = |id: i64| {
        thread
            .messages
            .iter()
            .any(|m| m.source == id && m.channel == last_inbound.channel)
    };
    let mut newest = None;
    for source in thread.sources.iter().filter(|s| bring(s.id)) {
        let fresh_for = policy.fresh_for(&source.name)?;
        if now <= zone.after(source.as_of, fresh_for) {
            return None;
        }
        newest = newest.max(Some((source.as_of, &source.name, fresh_for)));
    }
    newest.map(|(as_of, source, fresh_for)| Because::StaleSource {
        source: source.clone(),
        as_of,
        fresh_for,
    })
}
