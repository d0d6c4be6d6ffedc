//! Appointments that data tell of, and what calling them off means (rule D5).

use crate::decide::{Cancelled, Policy};
use crate::model::{Booking, Message, SignalKind, Thread, Timestamp, Word, WordKind, WordSource};

use super::Because;
use super::timeline::Turn;

/// When an appointment was called off that nothing has replaced; from then on following up is possible again.
pub(super) fn cancelled_at(policy: &Policy, thread: &Thread, now: Timestamp) -> Option<Timestamp> {
    if policy.cancelled == Cancelled::Keep {
        return None;
    }
    let made = || thread.bookings.iter().filter(|b| b.booked_at <= now);
    let stand = || made().filter(|b| !b.is_cancelled(now));
    let called_off = made().filter(|b| b.is_cancelled(now));
    let called_off = called_off.filter_map(|b| b.cancelled_at);
    let is_replaced = |at: &Timestamp| stand().any(|b| b.is_ahead(*at));
    called_off.filter(|at| !is_replaced(at)).max()
}

/// The newest word or record by which the contact has an appointment that was made after their last turn of
/// substance. What was called off at `cancelled_at` counts no longer; an operator's word does.
pub(super) fn booked<'a>(
    thread: &'a Thread,
    words: impl Iterator<Item = &'a Word>,
    turn: Option<Turn<'_, '_>>,
    cancelled_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Because> {
    let lifted = |at: Timestamp| cancelled_at.is_some_and(|cancelled| at <= cancelled);
    let word = words
        .filter(|w| w.kind == WordKind::Booked)
        .filter(|w| w.source != WordSource::Data || !lifted(w.at))
        .max_by_key(|w| w.at)
        .map(|w| Because::Booked {
            at: w.at,
            evidence: w.reason.clone(),
            by: Some(w.source),
            starts_at: None,
            confirmed: None,
        });
    let stands = |b: &&Booking| b.booked_at <= now && !(b.is_cancelled(now) && lifted(b.booked_at));
    let record = thread
        .bookings
        .iter()
        .filter(stands)
        .max_by_key(|b| (b.booked_at, b.starts_at))
        .map(|b| Because::Booked {
            at: b.booked_at,
            evidence: None,
            by: Some(WordSource::Data),
            starts_at: b.starts_at,
            confirmed: None,
        });
    let at = |fact: &Because| match fact {
        Because::Booked { at, .. } => *at,
        _ => Timestamp::MIN_UTC,
    };
    let newest = word.into_iter().chain(record).max_by_key(at)?;
    turn.is_none_or(|t| t.last().sent_at <= at(&newest))
        .then_some(newest)
}

/// Whether a record bears out what a message says, that an appointment is made; `None` where no source has any.
pub(super) fn confirmed(
    policy: &Policy,
    thread: &Thread,
    message: &Message,
    now: Timestamp,
) -> Option<bool> {
    let bears_out =
        |b: &Booking| b.booked_at <= now && !b.is_cancelled(now) && b.is_ahead(message.sent_at);
    let told = |w: &Word| w.kind == WordKind::Booked && w.source != WordSource::Suppression;
    policy
        .confirms_bookings
        .then(|| thread.bookings.iter().any(bears_out) || thread.words.iter().any(told))
}

/// When following up begins again after an appointment that was called off, if that is what had ended it.
pub(super) fn resumed_at(
    thread: &Thread,
    turn: Option<Turn<'_, '_>>,
    cancelled_at: Option<Timestamp>,
) -> Option<Timestamp> {
    let at = cancelled_at?;
    let turn = turn?;
    let said_so = turn
        .strongest()
        .is_some_and(|(_, signal)| signal.kind == SignalKind::Booked);
    let last = turn.last().sent_at;
    let recorded = thread.bookings.iter().any(|b| b.booked_at >= last)
        || thread
            .words
            .iter()
            .any(|w| w.kind == WordKind::Booked && w.source == WordSource::Data && w.at >= last);
    (at >= last && (said_so || recorded)).then_some(at)
}
