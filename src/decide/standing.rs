//! What was said and still stands: a pause, an opt-out, a refusal, an appointment, a model's no (rules D1, D3 to D5,
//! D21, X5).

use crate::decide::timeline::Timeline;
use crate::decide::{Because, Reason};
use crate::decide::{Case, bookings};
use crate::model::{DraftState, SignalKind, Thread, Timestamp, Word, WordKind};

/// Since when a standing opt-out holds at `now`, by the contact or by who shares their number (rules D3, D21).
#[must_use]
pub fn opted_out_at(thread: &Thread, now: Timestamp) -> Option<Timestamp> {
    match opt_out(&Timeline::new(thread, now))? {
        Because::OptedOut { at, .. } => Some(at),
        _ => None,
    }
}

/// D1: the pause that stands at `now`.
pub(crate) fn pause<'a>(words: impl Iterator<Item = &'a Word>, now: Timestamp) -> Option<&'a Word> {
    words
        .filter(|w| matches!(w.kind, WordKind::Pause | WordKind::Resume))
        .max_by_key(|w| (w.at, w.kind == WordKind::Resume))
        .filter(|w| w.kind == WordKind::Pause && w.until.is_none_or(|until| now < until))
}

/// D3, D21: the newest opt-out that no later opt-in lifts, by the contact or by who shares their number.
pub(crate) fn opt_out(timeline: &Timeline<'_>) -> Option<Because> {
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
pub(crate) fn stop(case: Case<'_>, cancelled_at: Option<Timestamp>) -> Option<(Reason, Because)> {
    let Case {
        policy,
        thread,
        timeline,
        now,
    } = case;
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

/// X5: the model's word that nothing should be sent. A newer message of the contact ends it, and so does a person's
/// `resume`.
pub(crate) fn decline(case: Case<'_>, episode: Timestamp) -> Option<Because> {
    let Case {
        thread,
        timeline,
        now,
        ..
    } = case;
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
