//! Which step comes next, and when it is due (rules D5, D6, D8 to D14, D19, S8, X4, X5, X9).

use std::ops::ControlFlow;

use crate::decide::cadence::{self, Due, Progress};
use crate::decide::outline::{End, Outline};
use crate::decide::trigger::Trigger;
use crate::decide::{Action, Anchor, Because, Reason};
use crate::decide::{Case, StepRule, approval, standing};
use crate::model::{Author, FollowUp, FollowUpState, Scenario, Signal, Timestamp};
use crate::zone::Zone;

/// The next step of an episode.
pub(crate) struct Step<'a> {
    pub(crate) rule: &'a StepRule,
    /// Which it is, from 1.
    pub(crate) number: u32,
    /// When it is due, by the rule that moved it last.
    pub(crate) due: Due,
    /// After when it is too late for it (rule D14).
    pub(crate) expires_at: Option<Timestamp>,
    /// The contact's zone, else the bot's.
    pub(crate) zone: Zone,
    /// When our side wrote last since the contact did, other than by a follow-up.
    pub(crate) ours_at: Option<Timestamp>,
    /// The row of this step, if it was tried before.
    pub(crate) tried: Option<&'a FollowUp>,
}

/// Rules D8 to D14, and what moves a due time later.
pub(crate) fn of<'a>(
    case: Case<'a>,
    trigger: &Trigger<'a>,
    outline: &mut Outline,
) -> ControlFlow<End, Step<'a>> {
    let (policy, thread, now) = (case.policy, case.thread, case.now);
    let (scenario, cadence) = (trigger.scenario, trigger.cadence);
    let ours_at = our_last_message(case, trigger);
    let progress = progress(case, trigger, ours_at);
    let awaiting_us = Because::AwaitingUs {
        at: trigger.last_turn.last().sent_at,
    };
    // D8
    if scenario == Scenario::StoppedResponding && ours_at.is_none() && progress.used == 0 {
        return outline.ends(Action::None, Reason::AwaitingUs, awaiting_us);
    }
    // D11
    let Some(rule) = cadence.steps.get(progress.used as usize) else {
        let fact = Because::Exhausted {
            used: progress.used,
        };
        return outline.ends(Action::None, Reason::Exhausted, fact);
    };
    let number = progress.used + 1;
    outline.step = Some(number);
    // X5
    if let Some(fact) = standing::decline(case, trigger.episode) {
        return outline.ends(Action::Hold, Reason::AiDeclined, fact);
    }
    // D9, D10
    let said = trigger.signal;
    let said = said.map_or((trigger.episode, None), |(m, s)| (m.sent_at, Some(s)));
    let Some((event, anchor)) = cadence::anchor(scenario, said, &progress, ours_at) else {
        return outline.ends(Action::None, Reason::AwaitingUs, awaiting_us);
    };
    outline.because.push(Because::Anchor { event, at: anchor });
    let zone = cadence::contact_zone(policy, &thread.contact, &mut outline.because);
    let mut due = Due {
        at: zone.after(anchor, rule.after),
        reason: Reason::Delay,
    };
    outline.because.push(Because::Delay {
        step: number,
        after: rule.after,
        due_at: due.at,
    });
    postpone(case, trigger, rule, &zone, &mut due, outline);
    // D12: hours give way only to a time that the contact asked for, and only if configured so.
    let asked = event == Anchor::TimeAsked && due.reason == Reason::Delay;
    let hours_apply = cadence.hours_apply || !asked;
    if hours_apply {
        due.reopen(due.at, policy, &zone, asked, &mut outline.because);
    }
    outline.due_at = Some(due.at);
    // D14
    let (due_at, max_late) = (due.at, policy.max_late);
    let expires_at = max_late.map(|late| zone.after(due_at, late));
    let too_late = |at: Timestamp| {
        let max_late = max_late.filter(|_| expires_at.is_some_and(|expires_at| at > expires_at))?;
        Some(Because::Expired { due_at, max_late })
    };
    if let Some(fact) = too_late(now) {
        return outline.ends(Action::None, Reason::Expired, fact);
    }
    if let Some(row) = progress.tried {
        retry(row, &mut due, outline)?;
        if hours_apply {
            due.reopen(due.at, policy, &zone, false, &mut outline.because);
        }
    }
    // D12, D14: what no run sent while it was open waits for the next opening, unless that is too late.
    if hours_apply && due.at < now {
        due.reopen(now, policy, &zone, false, &mut outline.because);
    }
    if let Some(fact) = too_late(due.at) {
        return outline.ends(Action::None, Reason::Expired, fact);
    }
    ControlFlow::Continue(Step {
        rule,
        number,
        due,
        expires_at,
        zone,
        ours_at,
        tried: progress.tried,
    })
}

/// D8: when our side wrote last in answer to the contact, other than by a follow-up.
fn our_last_message(case: Case<'_>, trigger: &Trigger<'_>) -> Option<Timestamp> {
    let mut since = case.timeline.after_last_inbound().iter();
    let ours = since.rfind(|m| m.author != Author::Followup)?.sent_at;
    (ours >= trigger.episode).then_some(ours)
}

/// How far the episode has come, with the steps that a person passed over (rule X9).
fn progress<'a>(case: Case<'a>, trigger: &Trigger<'a>, ours_at: Option<Timestamp>) -> Progress<'a> {
    let (policy, thread, episode) = (case.policy, case.thread, trigger.episode);
    let rule = |step: u32| trigger.cadence.steps.get((step as usize).wrapping_sub(1));
    let approves = |step: u32| rule(step).is_some_and(|r| r.approve);
    let zone = cadence::zone_of(policy, &thread.contact);
    let skipped = approval::skipped(
        policy.approval,
        thread,
        episode,
        ours_at,
        approves,
        &zone,
        case.now,
    );
    Progress::of(thread, case.timeline, episode, skipped)
}

/// What moves a due time later before the hours do: a cancelled appointment, a person who took over, an absence, the
/// contact's cap (rules D5, D6, S8, D19).
fn postpone(
    case: Case<'_>,
    trigger: &Trigger<'_>,
    rule: &StepRule,
    zone: &Zone,
    due: &mut Due,
    outline: &mut Outline,
) {
    let (policy, timeline) = (case.policy, case.timeline);
    // D5
    if let Some(at) = trigger.resumed_at
        && due.not_before(zone.after(at, rule.after), Reason::Delay)
    {
        outline.because.push(Because::Cancelled { at });
    }
    // D6
    if let Some(at) = timeline.last_by(Author::Human) {
        let until = zone.after(at, policy.human_hold);
        if due.not_before(until, Reason::HumanTookOver) {
            outline.because.push(Because::HumanTookOver { at, until });
        }
    }
    // S8
    for message in timeline.automatic_since(trigger.episode) {
        if let Some(Signal {
            at: Some(until),
            evidence,
            ..
        }) = &message.signal
            && due.not_before(*until, Reason::Away)
        {
            outline.because.push(Because::Away {
                evidence: evidence.clone(),
                until: *until,
            });
        }
    }
    // D19
    if let Some(cap) = policy.per_contact {
        let until = cadence::within_cap(cap, &case.thread.follow_ups, zone, due.at);
        if due.not_before(until, Reason::PerContact) {
            let (count, window) = (cap.count, cap.window);
            outline.because.push(Because::PerContact {
                count,
                window,
                until,
            });
        }
    }
}

/// X4: a step that failed for good ends the episode unless another channel may take it; one to be tried again waits
/// for its time.
fn retry(row: &FollowUp, due: &mut Due, outline: &mut Outline) -> ControlFlow<End> {
    if row.state == FollowUpState::Failed {
        let fact = Because::ChannelRefused {
            channel: row.channel,
            error: row.error.clone(),
        };
        if row.refused_on.is_empty() {
            return outline.ends(Action::None, Reason::Failed, fact);
        }
        outline.because.push(fact);
    } else if let Some(retry_at) = row.retry_at {
        due.not_before(retry_at, Reason::Retry);
        let (attempts, error) = (row.attempts, row.error.clone());
        outline.because.push(Because::Retry {
            attempts,
            retry_at,
            error,
        });
    }
    ControlFlow::Continue(())
}
