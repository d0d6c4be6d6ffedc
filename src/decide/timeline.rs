//! A thread in time order, and its turns.

use chrono::{DurationRound, TimeDelta};

use crate::model::{
    Author, Booking, Direction, FollowUp, Message, SharedWord, Signal, SignalKind, Thread,
    Timestamp, Word, WordKind,
};

/// What had happened by `now`, each kind of fact in order; the order in the thread means nothing.
pub(crate) struct Timeline<'a> {
    /// The present.
    pub(crate) now: Timestamp,
    /// The messages that count as such (no automatic replies), in order.
    messages: Vec<&'a Message>,
    /// Automatic replies, in order.
    automatic: Vec<&'a Message>,
    /// What operators and providers said, in order.
    pub(crate) words: Vec<&'a Word>,
    /// What contacts with the same number said, in order.
    pub(crate) shared_words: Vec<&'a SharedWord>,
    /// The time of the first fact that is dated after `now`.
    pub(crate) next_fact: Option<Timestamp>,
    follow_ups: &'a [FollowUp],
}

/// The inbound messages between two outbound ones; never empty.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'t, 'a> {
    /// Its messages, in order.
    pub(crate) messages: &'t [&'a Message],
}

impl<'a> Timeline<'a> {
    /// The thread as it stood at `now`: a message dated later is not there yet (rule D11).
    pub(crate) fn new(thread: &'a Thread, now: Timestamp) -> Self {
        let mut there: Vec<&Message> = thread.messages.iter().collect();
        there.retain(|m| m.sent_at <= now);
        there.sort_by(|a, b| order(a).cmp(&order(b)));
        let (automatic, messages) = there.into_iter().partition(|m| m.automatic);
        let mut words: Vec<&Word> = thread.words.iter().filter(|w| w.at <= now).collect();
        // Of two pauses of one moment the longer comes last.
        words.sort_by_key(|w| {
            (
                w.at,
                w.kind,
                w.until.is_none(),
                w.until,
                w.source,
                &w.reason,
            )
        });
        let mut shared_words: Vec<&SharedWord> = thread.shared_words.iter().collect();
        shared_words.retain(|w| w.at <= now);
        shared_words.sort_by_key(|w| (w.at, w.kind, &w.contact_id));
        let times = thread.messages.iter().map(|m| m.sent_at);
        let times = times.chain(thread.words.iter().map(|w| w.at));
        let times = times.chain(thread.shared_words.iter().map(|w| w.at));
        let ended = thread.words.iter().filter(|w| w.kind == WordKind::OptOut);
        let times = times.chain(ended.filter_map(|w| w.until));
        let of_booking = |b: &Booking| [Some(b.booked_at), b.cancelled_at];
        let times = times.chain(thread.bookings.iter().flat_map(of_booking).flatten());
        Self {
            now,
            messages,
            automatic,
            words,
            shared_words,
            next_fact: times.filter(|at| *at > now).min(),
            follow_ups: &thread.follow_ups,
        }
    }

    /// Every inbound message, in order.
    pub(crate) fn inbound(&self) -> impl DoubleEndedIterator<Item = &'a Message> {
        self.messages
            .iter()
            .copied()
            .filter(|m| m.direction() == Direction::Inbound)
    }

    /// Automatic replies from `at` on.
    pub(crate) fn automatic_since(&self, at: Timestamp) -> impl Iterator<Item = &'a Message> {
        self.automatic
            .iter()
            .copied()
            .filter(move |m| m.sent_at >= at)
    }

    /// Outbound messages after the contact's last one, in order.
    pub(crate) fn after_last_inbound(&self) -> &[&'a Message] {
        let start = self
            .messages
            .iter()
            .rposition(|m| m.direction() == Direction::Inbound);
        &self.messages[start.map_or(0, |i| i + 1)..]
    }

    /// When this author wrote last.
    pub(crate) fn last_by(&self, author: Author) -> Option<Timestamp> {
        self.messages
            .iter()
            .rfind(|m| m.author == author)
            .map(|m| m.sent_at)
    }

    /// Whether an export shows a follow-up of ours after `at`.
    pub(crate) fn follow_up_since(&self, at: Timestamp) -> bool {
        self.messages
            .iter()
            .any(|m| m.author == Author::Followup && m.sent_at >= at)
    }

    /// The turns, last first. Our follow-ups separate turns as any outbound message does.
    pub(crate) fn turns(&self) -> impl Iterator<Item = Turn<'_, 'a>> {
        let mut end = self.messages.len();
        std::iter::from_fn(move || {
            let last = self.messages[..end]
                .iter()
                .rposition(|m| m.direction() == Direction::Inbound)?;
            let mut start = last;
            while start > 0
                && self.messages[start - 1].direction() == Direction::Inbound
                && !self.follow_up_between(self.messages[start - 1], self.messages[start])
            {
                start -= 1;
            }
            end = start;
            Some(Turn {
                messages: &self.messages[start..=last],
            })
        })
    }

    fn follow_up_between(&self, before: &Message, after: &Message) -> bool {
        self.follow_ups
            .iter()
            .filter(|f| f.counts_as_sent())
            .any(|f| {
                let sent = f.went_out_at();
                replies_to(after.sent_at, sent) && !replies_to(before.sent_at, sent)
            })
    }
}

/// Of equal times our follow-up comes first, so that a reply of that time answers it (rule D11); then the file's
/// order counts; where there is none, the contact has the last word.
fn order(message: &Message) -> impl Ord + '_ {
    (
        message.sent_at,
        message.author != Author::Followup,
        message.seq,
        message.direction() == Direction::Inbound,
        message.author,
        message.channel,
        &message.text,
    )
}

/// Whether an inbound message at `reply` answers a follow-up sent at `sent`: at the same time or later
/// (rule D11); an export that tells only minutes dates the reply to the beginning of its minute.
fn replies_to(reply: Timestamp, sent: Timestamp) -> bool {
    let minute = TimeDelta::minutes(1);
    reply >= sent
        || (reply.duration_trunc(minute) == Ok(reply) && sent.duration_trunc(minute) == Ok(reply))
}

impl<'a> Turn<'_, 'a> {
    /// The contact's last message of the turn.
    pub(crate) fn last(&self) -> &'a Message {
        self.messages[self.messages.len() - 1]
    }

    /// The strongest signal and its message; of equal ones the later (rule S2). A `closing` that a message of
    /// substance follows closes nothing.
    pub(crate) fn strongest(&self) -> Option<(&'a Message, &'a Signal)> {
        let signals = self.messages.iter().enumerate();
        let (index, signal) = signals
            .filter_map(|(i, m)| m.signal.as_ref().map(|s| (i, s)))
            .max_by_key(|(_, s)| rank(s.kind))?;
        let went_on = self.messages[index..].iter().any(|m| !says(m, &BARE));
        let closes = signal.kind == SignalKind::Closing;
        (!(closes && went_on)).then_some((self.messages[index], signal))
    }

    /// Whether the turn is a bare `ack` or `closing`: nothing of substance.
    pub(crate) fn is_bare(&self) -> bool {
        self.messages.iter().all(|m| says(m, &BARE))
    }

    /// Whether the turn is a bare `ack`.
    pub(crate) fn is_ack(&self) -> bool {
        self.messages.iter().all(|m| says(m, &[SignalKind::Ack]))
    }
}

/// The signals of a message that has nothing of substance.
const BARE: [SignalKind; 2] = [SignalKind::Ack, SignalKind::Closing];

fn says(message: &Message, kinds: &[SignalKind]) -> bool {
    message
        .signal
        .as_ref()
        .is_some_and(|s| kinds.contains(&s.kind))
}

/// The order of rule S2. `opt_in` lifts an opt-out (rule D3) and means nothing else here.
fn rank(kind: SignalKind) -> u8 {
    match kind {
        SignalKind::OptIn => 0,
        SignalKind::Ack => 1,
        SignalKind::Closing => 2,
        SignalKind::Busy => 3,
        SignalKind::AskedForTime => 4,
        SignalKind::Booked => 5,
        SignalKind::NotInterested => 6,
        SignalKind::OptOut => 7,
    }
}
