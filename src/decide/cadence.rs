//! When the next step is due, and what moves it (rules D6, D9, D10, D12, D14, D19).

use crate::decide::hours::HoursZone;
use crate::decide::timeline::Timeline;
use crate::decide::{Anchor, Because, Reason};
use crate::decide::{Cap, Policy};
use crate::model::{Author, Contact, FollowUp, FollowUpState, Scenario, Signal, Thread, Timestamp};
use crate::zone::Zone;

/// The follow-ups of one episode so far.
pub(crate) struct Progress<'a> {
    /// How many steps are used; the next one is `used + 1`.
    pub(crate) used: u32,
    /// When the last of them went out.
    pub(crate) last_sent_at: Option<Timestamp>,
    /// When the last of them was passed over instead, if that was later (rule X9).
    pub(crate) last_skipped_at: Option<Timestamp>,
    /// The row of the next step, if it was tried before.
    pub(crate) tried: Option<&'a FollowUp>,
}

impl<'a> Progress<'a> {
    /// Counts from what was sent, whatever the configuration says today (rule D21), and from what was passed over
    /// (rule X9).
    pub(crate) fn of(
        thread: &'a Thread,
        timeline: &Timeline<'_>,
        episode: Timestamp,
        skipped: impl Iterator<Item = (u32, Timestamp)>,
    ) -> Self {
        let rows = || thread.follow_ups.iter().filter(|f| f.episode == episode);
        let sent = || rows().filter(|f| f.counts_as_sent());
        let in_export = || {
            timeline
                .after_last_inbound()
                .iter()
                .filter(|m| m.author == Author::Followup)
        };
        let used_in_log = sent().map(|f| f.step).max().unwrap_or(0);
        let used = used_in_log.max(u32::try_from(in_export().count()).unwrap_or(u32::MAX));
        // Only one after all that went out can have been passed over last.
        let skipped = skipped.filter(|(step, _)| *step > used).max();
        let used = skipped.map_or(used, |(step, _)| step);
        let last_sent_at = sent()
            .map(FollowUp::went_out_at)
            .chain(in_export().map(|m| m.sent_at))
            .max();
        let tried = rows().find(|f| {
            f.step == used.saturating_add(1)
                && matches!(f.state, FollowUpState::Retry | FollowUpState::Failed)
        });
        Self {
            used,
            last_sent_at,
            last_skipped_at: skipped.map(|(_, at)| at),
            tried,
        }
    }
}

/// The moment from which the next step's delay counts (rules D9, D10).
pub(crate) fn anchor(
    scenario: Scenario,
    trigger: (Timestamp, Option<&Signal>),
    progress: &Progress<'_>,
    our_last_message: Option<Timestamp>,
) -> Option<(Anchor, Timestamp)> {
    let ours = our_last_message.map(|at| (Anchor::OurMessage, at));
    let skipped = progress.last_skipped_at;
    let skipped = skipped.map(|at| (Anchor::StepSkipped, at));
    let sent = progress.last_sent_at.map(|at| (Anchor::StepSent, at));
    if let Some((event, at)) = skipped.or(sent) {
        return ours.filter(|(_, ours)| *ours > at).or(Some((event, at)));
    }
    match scenario {
        Scenario::StoppedResponding => ours,
        Scenario::Busy => Some((Anchor::BusyMessage, trigger.0)),
        Scenario::AskedForTime => trigger.1?.at.map(|at| (Anchor::TimeAsked, at)),
    }
}

/// A due time on its way through the rules that move it later.
pub(crate) struct Due {
    /// The time so far.
    pub(crate) at: Timestamp,
    /// The rule that moved it last, or that it started with.
    pub(crate) reason: Reason,
}

impl Due {
    /// Moves to `until` if that is later.
    pub(crate) fn not_before(&mut self, until: Timestamp, reason: Reason) -> bool {
        let moved = until > self.at;
        if moved {
            (self.at, self.reason) = (until, reason);
        }
        moved
    }

    /// Moves to the next opening after `at`, if that is closed (rules D12, D13).
    pub(crate) fn reopen(
        &mut self,
        at: Timestamp,
        policy: &Policy,
        contact_zone: &Zone,
        asked: bool,
        because: &mut Vec<Because>,
    ) {
        let Some(hours) = &policy.hours else { return };
        let zone = match &hours.zone {
            HoursZone::Contact => contact_zone,
            HoursZone::Bot => &policy.zone,
            HoursZone::Named(zone) => zone,
        };
        // Hours that never open are a configuration error (D13); a policy that has them all the same never
        // counts as open.
        let to = hours.next_open(at, zone).unwrap_or(Timestamp::MAX_UTC);
        let from = self.at;
        if to > at && self.not_before(to, Reason::OutsideHours) {
            because.push(Because::OutsideHours {
                from,
                to,
                timezone: zone.name().to_owned(),
                asked,
            });
        }
    }
}

/// The contact's zone, else the bot's.
pub(crate) fn zone_of(policy: &Policy, contact: &Contact) -> Zone {
    let named = contact.timezone.as_deref().and_then(Zone::named);
    named.unwrap_or_else(|| policy.zone.clone())
}

/// The contact's zone, else the bot's; an unknown one is reported (rule D13).
pub(crate) fn contact_zone(policy: &Policy, contact: &Contact, because: &mut Vec<Because>) -> Zone {
    let Some(given) = contact.timezone.as_deref().filter(|name| !name.is_empty()) else {
        return policy.zone.clone();
    };
    Zone::named(given).unwrap_or_else(|| {
        because.push(Because::UnknownTimezone {
            given: given.to_owned(),
        });
        policy.zone.clone()
    })
}

/// The first time from `at` on at which one more follow-up keeps within the cap (rule D19).
pub(crate) fn within_cap(
    cap: Cap,
    follow_ups: &[FollowUp],
    zone: &Zone,
    at: Timestamp,
) -> Timestamp {
    let mut sent: Vec<Timestamp> = follow_ups
        .iter()
        .filter(|f| f.counts_as_sent())
        .map(FollowUp::went_out_at)
        .collect();
    sent.sort_unstable();
    // With the cap's worth of newer ones inside the window, the oldest of them must leave it first.
    let count = cap.count as usize;
    let oldest = sent.len().checked_sub(count).and_then(|i| sent.get(i));
    oldest.map_or(at, |oldest| at.max(zone.after(*oldest, cap.window)))
}
