//! PURE. Facts in, decision out (rules D1 to D21). No I/O, no clock, nothing that can fail. `plan`, `run`
//! and `show` all call [`decide`], so they cannot disagree.

mod address;
mod approval;
mod bookings;
mod cadence;
pub mod hours;
mod policy;
mod reason;
mod routing;
mod timeline;

pub use address::{Nowhere, address, conversation_on};
pub use approval::passed;
pub use policy::{
    Approval, ApprovalExpired, Cadence, Cancelled, Cap, Policy, Reach, StepRule, SwitchRule,
};
pub use reason::{Action, Anchor, Because, Choice, Decision, Reason};

use crate::model::{
    Author, DraftState, FollowUpState, Message, Scenario, Signal, SignalKind, Thread, Timestamp,
    Word, WordKind,
};
use cadence::{Due, Progress};
use routing::Routing;
use timeline::{Timeline, Turn};

/// What to do about this contact at `now`. The rules apply from top to bottom; the first that applies decides.
#[must_use]
pub fn decide(policy: &Policy, thread: &Thread, now: Timestamp) -> Decision {
    let timeline = Timeline::new(thread, now);
    let mut draft = Draft {
        next_fact: timeline.next_fact,
        ..Draft::default()
    };
    let words = || timeline.words.iter().copied();

    // D1: held, not used up.
    if !policy.active {
        return draft.ends(Action::Hold, Reason::BotInactive, Because::BotOff);
    }
    if let Some(pause) = standing_pause(words(), now) {
        draft.wake_at = pause.until;
        let fact = Because::Paused {
            since: pause.at,
            until: pause.until,
            note: pause.reason.clone(),
        };
        return draft.ends(Action::Hold, Reason::BotInactive, fact);
    }
    // D2
    let Some(last_turn) = timeline.turns().next() else {
        return draft.ends(Action::None, Reason::NeverWrote, Because::NeverWrote);
    };
    draft.conversation_id = last_turn.last().conversation_id.clone();
    // D3, D21
    if let Some(opt_out) = standing_opt_out(&timeline) {
        return draft.ends(Action::Stop, Reason::OptedOut, opt_out);
    }
    // D4, D5
    let cancelled_at = bookings::cancelled_at(policy, thread, now);
    if let Some((reason, fact)) = stopped(policy, thread, &timeline, cancelled_at, now) {
        return draft.ends(Action::Stop, reason, fact);
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
        return draft.ends(Action::None, Reason::ConversationClosed, fact);
    }
    let promise = last_turn
        .is_ack()
        .then(|| open_promise(thread, &timeline))
        .flatten();
    let turn = promise.unwrap_or(last_turn);
    let episode = turn.last().sent_at;
    let trigger = turn.strongest();
    draft.episode = Some(episode);
    draft.because.push(trigger_fact(&turn, trigger));
    if promise.is_some() {
        draft.because.push(Because::PromiseKept {
            at: last_turn.last().sent_at,
        });
    }
    let mut scenario = match trigger.map(|(_, s)| s.kind) {
        Some(SignalKind::AskedForTime) => Scenario::AskedForTime,
        Some(SignalKind::Busy) => Scenario::Busy,
        _ => Scenario::StoppedResponding,
    };
    if !policy.cadence(scenario).enabled {
        draft.because.push(Because::ScenarioOff { scenario });
        scenario = Scenario::StoppedResponding;
    }
    if scenario == Scenario::AskedForTime
        && let Some((message, signal)) = trigger.filter(|(_, s)| s.at.is_none())
    {
        // S4: a person must look; their `resume` says that they did.
        if words().any(|w| w.kind == WordKind::Resume && w.at >= message.sent_at) {
            scenario = Scenario::StoppedResponding;
        } else {
            draft.scenario = Some(scenario);
            let fact = Because::UnclearTime {
                evidence: signal.evidence.clone(),
            };
            return draft.ends(Action::Hold, Reason::UnclearTime, fact);
        }
    }
    let cadence = policy.cadence(scenario);
    if !cadence.enabled {
        return draft.decides(Action::None, Reason::ScenarioOff);
    }
    draft.scenario = Some(scenario);
    draft.steps = u32::try_from(cadence.steps.len()).ok();
    // D8
    let ours = timeline
        .after_last_inbound()
        .iter()
        .rfind(|m| m.author != Author::Followup);
    let ours = ours.filter(|m| m.sent_at >= episode);
    // X9
    let own_zone = cadence::zone_of(policy, &thread.contact);
    let rule = |step: u32| cadence.steps.get((step as usize).wrapping_sub(1));
    let approves = |step: u32| rule(step).is_some_and(|r| r.approve);
    let ours_at = ours.map(|m| m.sent_at);
    let skipped = approval::skipped(
        policy.approval,
        thread,
        episode,
        ours_at,
        approves,
        &own_zone,
        now,
    );
    let progress = Progress::of(thread, &timeline, episode, skipped);
    if scenario == Scenario::StoppedResponding && ours.is_none() && progress.used == 0 {
        let fact = Because::AwaitingUs {
            at: last_turn.last().sent_at,
        };
        return draft.ends(Action::None, Reason::AwaitingUs, fact);
    }
    // D11
    let Some(step) = cadence.steps.get(progress.used as usize) else {
        let fact = Because::Exhausted {
            used: progress.used,
        };
        return draft.ends(Action::None, Reason::Exhausted, fact);
    };
    let number = progress.used + 1;
    draft.step = Some(number);
    // X5
    if let Some(fact) = standing_decline(thread, &timeline, episode, now) {
        return draft.ends(Action::Hold, Reason::AiDeclined, fact);
    }
    // D9, D10
    let anchored = trigger.map_or((episode, None), |(m, s)| (m.sent_at, Some(s)));
    let Some((event, anchor)) =
        cadence::anchor(scenario, anchored, &progress, ours.map(|m| m.sent_at))
    else {
        let fact = Because::AwaitingUs {
            at: last_turn.last().sent_at,
        };
        return draft.ends(Action::None, Reason::AwaitingUs, fact);
    };
    draft.because.push(Because::Anchor { event, at: anchor });
    let zone = cadence::contact_zone(policy, &thread.contact, &mut draft.because);
    let mut due = Due {
        at: zone.after(anchor, step.after),
        reason: Reason::Delay,
    };
    let by_delay = due.at;
    draft.because.push(Because::Delay {
        step: number,
        after: step.after,
        due_at: by_delay,
    });
    // D5
    if let Some(at) = resumed_at
        && due.not_before(zone.after(at, step.after), Reason::Delay)
    {
        draft.because.push(Because::Cancelled { at });
    }
    // D6
    if let Some(at) = timeline.last_by(Author::Human) {
        let until = zone.after(at, policy.human_hold);
        if due.not_before(until, Reason::HumanTookOver) {
            draft.because.push(Because::HumanTookOver { at, until });
        }
    }
    // S8
    for message in timeline.automatic_since(episode) {
        if let Some(Signal {
            at: Some(until),
            evidence,
            ..
        }) = &message.signal
            && due.not_before(*until, Reason::Away)
        {
            draft.because.push(Because::Away {
                evidence: evidence.clone(),
                until: *until,
            });
        }
    }
    // D19
    if let Some(cap) = policy.per_contact {
        let until = cadence::within_cap(cap, &thread.follow_ups, &zone, due.at);
        if due.not_before(until, Reason::PerContact) {
            let (count, window) = (cap.count, cap.window);
            draft.because.push(Because::PerContact {
                count,
                window,
                until,
            });
        }
    }
    // D12: hours give way only to a time that the contact asked for, and only if configured so.
    let asked = event == Anchor::TimeAsked && due.reason == Reason::Delay;
    let hours_apply = cadence.hours_apply || !asked;
    if hours_apply {
        due.reopen(due.at, policy, &zone, asked, &mut draft.because);
    }
    draft.due_at = Some(due.at);
    // D14
    let expires_at = policy.max_late.map(|late| zone.after(due.at, late));
    if let (Some(expires_at), Some(max_late)) = (expires_at, policy.max_late)
        && now > expires_at
    {
        let fact = Because::Expired {
            due_at: due.at,
            max_late,
        };
        return draft.ends(Action::None, Reason::Expired, fact);
    }
    // X4
    let refused_on = progress.tried.map_or(&[][..], |f| &f.refused_on);
    if let Some(row) = progress.tried {
        if row.state == FollowUpState::Failed {
            let fact = Because::ChannelRefused {
                channel: row.channel,
                error: row.error.clone(),
            };
            if refused_on.is_empty() {
                return draft.ends(Action::None, Reason::Failed, fact);
            }
            draft.because.push(fact);
        } else if let Some(retry_at) = row.retry_at {
            due.not_before(retry_at, Reason::Retry);
            let (attempts, error) = (row.attempts, row.error.clone());
            draft.because.push(Because::Retry {
                attempts,
                retry_at,
                error,
            });
            if hours_apply {
                due.reopen(due.at, policy, &zone, false, &mut draft.because);
            }
        }
    }
    // D12, D14: what no run sent while it was open waits for the next opening, unless that is too late.
    if hours_apply && due.at < now {
        due.reopen(now, policy, &zone, false, &mut draft.because);
    }
    if let (Some(expires_at), Some(max_late), Some(due_at)) =
        (expires_at, policy.max_late, draft.due_at)
        && due.at > expires_at
    {
        let fact = Because::Expired { due_at, max_late };
        return draft.ends(Action::None, Reason::Expired, fact);
    }
    // D15: only what would go out now can be stale.
    if due.at <= now
        && let Some(stale) = stale_source(policy, thread, last_turn.last(), &zone, now)
    {
        draft.wake_at = Some(due.at);
        return draft.ends(Action::Hold, Reason::StaleSource, stale);
    }
    // D16, D17, D18
    let routing = Routing {
        policy,
        thread,
        zone: &zone,
        timeline: &timeline,
        step,
        refused_on,
        refused_at: progress.tried.map(|row| row.claimed_at),
    };
    let route = routing.choose(due.at.max(now), &mut draft.because);
    if let Ok(route) = &route {
        draft.channel = Some(route.channel);
        draft.approved_template = route.approved_template;
    }
    match route {
        Err(none) if none.reason == Reason::Failed => {
            return draft.decides(Action::None, Reason::Failed);
        }
        Err(none) if due.at <= now => {
            draft.wake_at = none
                .opens_at
                .filter(|at| expires_at.is_none_or(|e| *at <= e));
            return draft.decides(Action::Hold, none.reason);
        }
        _ => {}
    }
    draft.wake_at = Some(due.at);
    draft.because.push(Because::EndedBy { expires_at });
    // X9
    if step.approve && due.at <= now {
        let standing = approval::standing(
            policy.approval,
            thread,
            (episode, number),
            ours_at,
            &zone,
            now,
        );
        if let Some(fact) = standing.fact(policy.approval.expired) {
            if let approval::Standing::Waits { until, .. } = standing {
                draft.wake_at = until;
            }
            return draft.ends(Action::Hold, Reason::AwaitingApproval, fact);
        }
    }
    if due.at > now {
        draft.due_at = Some(due.at);
        draft.decides(Action::Wait, due.reason)
    } else {
        draft.decides(Action::Send, Reason::Due)
    }
}

/// D1: the pause that stands at `now`.
fn standing_pause<'a>(words: impl Iterator<Item = &'a Word>, now: Timestamp) -> Option<&'a Word> {
    words
        .filter(|w| matches!(w.kind, WordKind::Pause | WordKind::Resume))
        .max_by_key(|w| (w.at, w.kind == WordKind::Resume))
        .filter(|w| w.kind == WordKind::Pause && w.until.is_none_or(|until| now < until))
}

/// Since when a standing opt-out holds at `now`, by the contact or by who shares their number (rules D3, D21).
#[must_use]
pub fn opted_out_at(thread: &Thread, now: Timestamp) -> Option<Timestamp> {
    match standing_opt_out(&Timeline::new(thread, now))? {
        Because::OptedOut { at, .. } => Some(at),
        _ => None,
    }
}

/// D3, D21: the newest opt-out that no later opt-in lifts, by the contact or by who shares their number.
fn standing_opt_out(timeline: &Timeline<'_>) -> Option<Because> {
    let said = |kind: SignalKind| {
        timeline.inbound().filter_map(move |m| {
            m.signal
                .as_ref()
                .filter(|s| s.kind == kind)
                .map(|s| (m.sent_at, s))
        })
    };
    let words = |kind: WordKind| timeline.words.iter().filter(move |w| w.kind == kind);
    let shared = |kind: WordKind| timeline.shared_words.iter().filter(move |w| w.kind == kind);
    let opt_in = said(SignalKind::OptIn)
        .map(|(at, _)| at)
        .chain(words(WordKind::OptIn).map(|w| w.at))
        .chain(shared(WordKind::OptIn).map(|w| w.at))
        .max();
    let by_message = said(SignalKind::OptOut).map(|(at, signal)| Because::OptedOut {
        at,
        evidence: Some(signal.evidence.clone()),
        by: None,
        contact_id: None,
    });
    // What data told of is over when data say so.
    let stands = |w: &&&Word| w.until.is_none_or(|until| timeline.now < until);
    let by_word = words(WordKind::OptOut)
        .filter(stands)
        .map(|w| Because::OptedOut {
            at: w.at,
            evidence: w.reason.clone(),
            by: Some(w.source),
            contact_id: None,
        });
    let by_other = shared(WordKind::OptOut).map(|w| Because::OptedOut {
        at: w.at,
        evidence: None,
        by: None,
        contact_id: Some(w.contact_id.clone()),
    });
    let at = |fact: &Because| match fact {
        Because::OptedOut { at, .. } => *at,
        _ => Timestamp::MIN_UTC,
    };
    // The contact's own words come last, so that they are shown when times are equal.
    let newest = by_other.chain(by_word).chain(by_message).max_by_key(at)?;
    opt_in
        .is_none_or(|lifted| at(&newest) >= lifted)
        .then_some(newest)
}

/// D4, D5: the last turn of substance, or a word after it, says that there is nothing to follow up.
fn stopped(
    policy: &Policy,
    thread: &Thread,
    timeline: &Timeline<'_>,
    cancelled_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<(Reason, Because)> {
    let turn = timeline.turns().find(|t| !t.is_bare());
    let words = timeline.words.iter().copied();
    if let Some(fact) = bookings::booked(thread, words, turn, cancelled_at, now) {
        return Some((Reason::Booked, fact));
    }
    let (message, signal) = turn?.strongest()?;
    let (at, evidence) = (message.sent_at, signal.evidence.clone());
    match signal.kind {
        SignalKind::NotInterested => Some((
            Reason::NotInterested,
            Because::NotInterested { at, evidence },
        )),
        SignalKind::Booked if cancelled_at.is_none_or(|cancelled| cancelled < at) => Some((
            Reason::Booked,
            Because::Booked {
                at,
                evidence: Some(evidence),
                by: None,
                starts_at: None,
                confirmed: bookings::confirmed(policy, thread, message, now),
            },
        )),
        _ => None,
    }
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

/// X5: the model's word that nothing should be sent. A newer message of the contact ends it, and so does a person's
/// `resume`.
fn standing_decline(
    thread: &Thread,
    timeline: &Timeline<'_>,
    episode: Timestamp,
    now: Timestamp,
) -> Option<Because> {
    let drafts = thread.drafts.iter();
    let of_episode = drafts.filter(|d| d.episode == episode && d.made_at <= now);
    let declined = of_episode
        .filter(|d| d.state == DraftState::Declined)
        .max_by_key(|d| (d.made_at, d.step))?;
    let resumed = timeline
        .words
        .iter()
        .any(|w| w.kind == WordKind::Resume && w.at >= declined.made_at);
    let wrote = timeline.inbound().any(|m| m.sent_at > declined.made_at);
    (!resumed && !wrote).then(|| Because::AiDeclined {
        at: declined.made_at,
        reason: declined.reason.clone(),
        model: declined.model.clone(),
    })
}

fn trigger_fact(turn: &Turn<'_, '_>, trigger: Option<(&Message, &Signal)>) -> Because {
    let message = trigger.map_or_else(|| turn.last(), |(m, _)| m);
    let words = trigger.map_or_else(
        || message.text.chars().take(80).collect(),
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

/// D15: the sources that bring the channel of the contact's last message are all older than they may be.
fn stale_source(
    policy: &Policy,
    thread: &Thread,
    last_inbound: &Message,
    zone: &crate::zone::Zone,
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

/// A decision in the making.
#[derive(Default)]
struct Draft {
    scenario: Option<Scenario>,
    step: Option<u32>,
    steps: Option<u32>,
    episode: Option<Timestamp>,
    due_at: Option<Timestamp>,
    channel: Option<crate::model::Channel>,
    approved_template: bool,
    conversation_id: Option<String>,
    because: Vec<Because>,
    wake_at: Option<Timestamp>,
    /// A fact dated after now may change everything when its time has come.
    next_fact: Option<Timestamp>,
}

impl Draft {
    fn ends(mut self, action: Action, reason: Reason, fact: Because) -> Decision {
        self.because.push(fact);
        self.decides(action, reason)
    }

    fn decides(self, action: Action, reason: Reason) -> Decision {
        Decision {
            action,
            reason,
            scenario: self.scenario,
            step: self.step,
            steps: self.steps,
            episode: self.episode,
            due_at: self.due_at,
            channel: self.channel,
            approved_template: self.approved_template,
            conversation_id: self.conversation_id,
            because: self.because,
            wake_at: self.wake_at.into_iter().chain(self.next_fact).min(),
        }
    }
}
