//! Whether the contact is left alone, and else which of their turns is followed up (rules D1 to D7).

use std::ops::ControlFlow;

use crate::decide::outline::{End, Outline};
use crate::decide::timeline::{Timeline, Turn};
use crate::decide::{Action, Because, Reason};
use crate::decide::{Cadence, Case, bookings, standing};
use crate::model::{Message, Scenario, Signal, SignalKind, Thread, Timestamp, WordKind};

/// What is followed up.
pub(crate) struct Trigger<'a> {
    /// The contact's last turn.
    pub(crate) last_turn: Turn<'a, 'a>,
    /// When the turn that is followed up ended: it names the episode.
    pub(crate) episode: Timestamp,
    /// The strongest signal in that turn, with its message.
    pub(crate) signal: Option<(&'a Message, &'a Signal)>,
    pub(crate) scenario: Scenario,
    pub(crate) cadence: &'a Cadence,
    /// When a cancelled appointment opened the conversation again (rule D5).
    pub(crate) resumed_at: Option<Timestamp>,
}

/// Rules D1 to D7.
pub(crate) fn of<'a>(case: Case<'a>, outline: &mut Outline) -> ControlFlow<End, Trigger<'a>> {
    let Case {
        policy,
        thread,
        timeline,
        now,
    } = case;
    // D1: held, not used up.
    if !policy.active {
        return outline.ends(Action::Hold, Reason::BotInactive, Because::BotOff);
    }
    if let Some(pause) = standing::pause(timeline.words.iter().copied(), now) {
        outline.wake_at = pause.until;
        let fact = Because::Paused {
            since: pause.at,
            until: pause.until,
            note: pause.reason.clone(),
        };
        return outline.ends(Action::Hold, Reason::BotInactive, fact);
    }
    // D2
    let Some(last_turn) = timeline.turns().next() else {
        return outline.ends(Action::None, Reason::NeverWrote, Because::NeverWrote);
    };
    outline.conversation_id = last_turn.last().conversation_id.clone();
    // D3, D21
    if let Some(opt_out) = standing::opt_out(timeline) {
        return outline.ends(Action::Stop, Reason::OptedOut, opt_out);
    }
    // D4, D5
    let cancelled_at = bookings::cancelled_at(policy, thread, now);
    if let Some((reason, fact)) = standing::stop(case, cancelled_at) {
        return outline.ends(Action::Stop, reason, fact);
    }
    let of_substance = timeline.turns().find(|t| !t.is_bare());
    let resumed_at = bookings::resumed_at(thread, of_substance, cancelled_at);
    // D7 (with S2, S4)
    let strongest = last_turn.strongest();
    if let Some((message, signal)) = strongest.filter(|(_, s)| s.kind == SignalKind::Closing) {
        let fact = Because::Closed {
            at: message.sent_at,
            evidence: signal.evidence.clone(),
        };
        return outline.ends(Action::None, Reason::ConversationClosed, fact);
    }
    let promise = last_turn
        .is_ack()
        .then(|| open_promise(thread, timeline))
        .flatten();
    let turn = promise.unwrap_or(last_turn);
    let signal = turn.strongest();
    outline.episode = Some(turn.last().sent_at);
    outline.because.push(told(&turn, signal));
    if promise.is_some() {
        outline.because.push(Because::PromiseKept {
            at: last_turn.last().sent_at,
        });
    }
    let scenario = scenario(case, signal, outline)?;
    let cadence = policy.cadence(scenario);
    if !cadence.enabled {
        return ControlFlow::Break((Action::None, Reason::ScenarioOff));
    }
    outline.scenario = Some(scenario);
    outline.steps = u32::try_from(cadence.steps.len()).ok();
    ControlFlow::Continue(Trigger {
        last_turn,
        episode: turn.last().sent_at,
        signal,
        scenario,
        cadence,
        resumed_at,
    })
}

/// The scenario that a signal calls for; one that is off gives way to `stopped_responding`, and a time asked for that
/// is unclear holds until a person looked (rule S4).
fn scenario(
    case: Case<'_>,
    signal: Option<(&Message, &Signal)>,
    outline: &mut Outline,
) -> ControlFlow<End, Scenario> {
    let scenario = match signal.map(|(_, s)| s.kind) {
        Some(SignalKind::AskedForTime) => Scenario::AskedForTime,
        Some(SignalKind::Busy) => Scenario::Busy,
        _ => Scenario::StoppedResponding,
    };
    if !case.policy.cadence(scenario).enabled {
        outline.because.push(Because::ScenarioOff { scenario });
        return ControlFlow::Continue(Scenario::StoppedResponding);
    }
    let unclear = signal.filter(|(_, s)| scenario == Scenario::AskedForTime && s.at.is_none());
    let Some((message, signal)) = unclear else {
        return ControlFlow::Continue(scenario);
    };
    let mut words = case.timeline.words.iter();
    if words.any(|w| w.kind == WordKind::Resume && w.at >= message.sent_at) {
        return ControlFlow::Continue(Scenario::StoppedResponding);
    }
    outline.scenario = Some(scenario);
    let fact = Because::UnclearTime {
        evidence: signal.evidence.clone(),
    };
    outline.ends(Action::Hold, Reason::UnclearTime, fact)
}

/// D7: the turn before a bare "ok" that asked to be written to, if no follow-up has gone out for it yet.
fn open_promise<'t, 'a>(thread: &Thread, timeline: &'t Timeline<'a>) -> Option<Turn<'t, 'a>> {
    let turn = timeline.turns().find(|t| !t.is_ack())?;
    let (_, signal) = turn.strongest()?;
    let asked = matches!(signal.kind, SignalKind::AskedForTime | SignalKind::Busy);
    let episode = turn.last().sent_at;
    let followed_up = thread
        .follow_ups
        .iter()
        .any(|f| f.episode == episode && f.counts_as_sent());
    (asked && !followed_up && !timeline.follow_up_since(episode)).then_some(turn)
}

/// The first eighty characters.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(80).map(|(at, _)| at);
    end.map_or(text, |end| &text[..end])
}

/// What the contact wrote, or the words in it that count.
fn told(turn: &Turn<'_, '_>, trigger: Option<(&Message, &Signal)>) -> Because {
    let message = trigger.map_or_else(|| turn.last(), |(m, _)| m);
    let words = trigger.map_or_else(
        || beginning(&message.text).to_owned(),
        |(_, signal)| signal.evidence.clone(),
    );
    let signal = trigger.map(|(_, s)| s.kind);
    Because::Trigger {
        at: message.sent_at,
        channel: message.channel,
        signal,
        words,
    }
}
