//! A person's look at a text before it is sent (rule X9): what waits, for how long, and what was let through.

use super::policy::{Approval, ApprovalExpired, Policy};
use super::{Because, Decision};
use crate::model::{Draft, DraftState, Thread, Timestamp};
use crate::zone::Zone;

/// How the text of a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is to be written, and then looked at.
    Unwritten,
    /// It waits since `made_at`, until `until` at most.
    Waits {
        made_at: Timestamp,
        until: Option<Timestamp>,
    },
    /// It may go out.
    Passed,
}

/// How the text of a step stands at `now`. One that was written before our side wrote again is for another
/// conversation: it is to be written anew.
pub(crate) fn standing(
    approval: Approval,
    thread: &Thread,
    (episode, step): (Timestamp, u32),
    our_last_message: Option<Timestamp>,
    zone: &Zone,
    now: Timestamp,
) -> Standing {
    let draft = of_step(thread, episode, step, now)
        .filter(|d| our_last_message.is_none_or(|at| at <= d.made_at));
    match draft.map(|d| (d.state, d.made_at)) {
        Some((DraftState::Approved, _)) => Standing::Passed,
        Some((DraftState::Waiting, made_at)) => {
            let until = approval.within.map(|within| zone.after(made_at, within));
            if until.is_some_and(|until| until <= now) {
                Standing::Passed
            } else {
                Standing::Waits { made_at, until }
            }
        }
        _ => Standing::Unwritten,
    }
}

impl Standing {
    /// The fact that holds the step, if one does.
    pub(crate) const fn fact(self, expired: ApprovalExpired) -> Option<Because> {
        match self {
            Self::Unwritten => Some(Because::AwaitingApproval {
                since: None,
                until: None,
                then: expired,
            }),
            Self::Waits { made_at, until } => Some(Because::AwaitingApproval {
                since: Some(made_at),
                until,
                then: expired,
            }),
            Self::Passed => None,
        }
    }
}

/// The steps of an episode that a person, or the time for one, passed over, and when. `approves` tells which
/// steps wait for a person.
pub(crate) fn skipped<'a>(
    approval: Approval,
    thread: &'a Thread,
    episode: Timestamp,
    our_last_message: Option<Timestamp>,
    approves: impl Fn(u32) -> bool + 'a,
    zone: &'a Zone,
    now: Timestamp,
) -> impl Iterator<Item = (u32, Timestamp)> + 'a {
    let there = move |d: &&Draft| d.episode == episode && d.made_at <= now;
    thread.drafts.iter().filter(there).filter_map(move |d| {
        let at = match d.state {
            DraftState::Skipped | DraftState::Expired => d.decided_at.unwrap_or(d.made_at),
            DraftState::Waiting
                if approval.expired == ApprovalExpired::Skip
                    && approves(d.step)
                    && our_last_message.is_none_or(|at| at <= d.made_at) =>
            {
                zone.after(d.made_at, approval.within?)
            }
            _ => return None,
        };
        (at <= now).then_some((d.step, at))
    })
}

/// The text that a person let through for the step of a decision to send, or for which nobody came in time; `None`
/// where the step asks for nobody.
#[must_use]
pub fn passed<'t>(policy: &Policy, thread: &'t Thread, decision: &Decision) -> Option<&'t Draft> {
    let (scenario, step) = (decision.scenario?, decision.step?);
    policy.step(scenario, step).filter(|rule| rule.approve)?;
    let mut drafts = thread.drafts.iter();
    drafts.find(|d| {
        Some(d.episode) == decision.episode
            && d.step == step
            && matches!(d.state, DraftState::Approved | DraftState::Waiting)
            && d.text.is_some()
    })
}

/// The draft of a step, as it stood at `now`.
fn of_step(thread: &Thread, episode: Timestamp, step: u32, now: Timestamp) -> Option<&Draft> {
    let mut drafts = thread.drafts.iter();
    drafts.find(|d| d.episode == episode && d.step == step && d.made_at <= now)
}

#[cfg(test)]
mod tests {
    use crate::decide::{
        Action, Approval, ApprovalExpired, Cadence, Policy, Reason, StepRule, decide,
    };
    use crate::model::{
        Author, Channel, Contact, Draft, DraftState, Message, Scenario, TextSource, Thread,
        Timestamp, Usage,
    };
    use crate::zone::Zone;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn message(author: Author, sent_at: &str) -> Message {
        Message {
            sent_at: at(sent_at),
            seq: 0,
            channel: Channel::Sms,
            author,
            text: "Hi".into(),
            message_id: None,
            conversation_id: None,
            status: None,
            signal: None,
            automatic: false,
            ad_click: false,
            source: 1,
        }
    }

    /// Wrote on Monday at 9; we answered at 10; step 1 is due on Tuesday at 10, step 2 a day after it.
    fn thread(given: Option<(DraftState, &str, Option<&str>)>) -> Thread {
        let draft = |(state, made_at, decided_at): (DraftState, &str, Option<&str>)| Draft {
            id: 1,
            episode: at("2026-03-02T09:00:00Z"),
            scenario: Scenario::StoppedResponding,
            step: 1,
            channel: Channel::Sms,
            state,
            text: Some("Are you there?".into()),
            source: TextSource::Ai,
            reason: None,
            language: None,
            model: None,
            usage: Usage::default(),
            findings: Vec::new(),
            revision: 0,
            made_at: at(made_at),
            decided_at: decided_at.map(at),
        };
        Thread {
            contact: Contact {
                phone: Some("+15555550100".into()),
                ..Contact::default()
            },
            messages: vec![
                message(Author::Contact, "2026-03-02T09:00:00Z"),
                message(Author::Bot, "2026-03-02T10:00:00Z"),
            ],
            drafts: given.map(draft).into_iter().collect(),
            ..Thread::default()
        }
    }

    fn policy(within: Option<&str>, expired: ApprovalExpired) -> Policy {
        let step = |approve| StepRule {
            after: "1d".parse().unwrap(),
            channel: None,
            whatsapp_template: false,
            approve,
        };
        Policy {
            active: true,
            zone: Zone::named("UTC").unwrap(),
            hours: None,
            asked_for_time: Cadence::default(),
            busy: Cadence::default(),
            stopped_responding: Cadence {
                enabled: true,
                hours_apply: true,
                steps: vec![step(true), step(false)],
            },
            switching: Vec::new(),
            human_hold: "24h".parse().unwrap(),
            per_contact: None,
            max_late: Some("3d".parse().unwrap()),
            fresh_for: None,
            source_fresh_for: [].into(),
            approval: Approval {
                within: within.map(|w| w.parse().unwrap()),
                expired,
            },
            senders: vec![Channel::Sms],
            cancelled: crate::decide::Cancelled::Resume,
            confirms_bookings: false,
            join_by: Vec::new(),
            country: None,
            reach: [].into(),
        }
    }

    #[test]
    fn x9_a_text_waits_for_a_person() {
        use ApprovalExpired::{Send, Skip};
        use DraftState::{Approved, Ready, Skipped, Waiting};
        let (tuesday, noon) = ("2026-03-03T10:00:00Z", "2026-03-03T12:00:00Z");
        let wednesday = "2026-03-04T12:00:00Z";
        let waits = (Action::Hold, Reason::AwaitingApproval, 1);
        let due = |step| (Action::Send, Reason::Due, step);
        for (name, draft, within, expired, now, expected, wake) in [
            (
                "not due yet",
                None,
                None,
                Skip,
                "2026-03-02T12:00:00Z",
                (Action::Wait, Reason::Delay, 1),
                Some(tuesday),
            ),
            (
                "to be written",
                None,
                None,
                Skip,
                noon,
                waits,
                Some(tuesday),
            ),
            (
                "written for sending",
                Some((Ready, tuesday, None)),
                None,
                Skip,
                noon,
                waits,
                Some(tuesday),
            ),
            (
                "waits without an end",
                Some((Waiting, tuesday, None)),
                None,
                Skip,
                noon,
                waits,
                None,
            ),
            (
                "waits",
                Some((Waiting, tuesday, None)),
                Some("4h"),
                Skip,
                noon,
                waits,
                Some("2026-03-03T14:00:00Z"),
            ),
            (
                "nobody came: skipped",
                Some((Waiting, tuesday, None)),
                Some("4h"),
                Skip,
                wednesday,
                (Action::Wait, Reason::Delay, 2),
                Some("2026-03-04T14:00:00Z"),
            ),
            (
                "nobody came: the next step",
                Some((Waiting, tuesday, None)),
                Some("4h"),
                Skip,
                "2026-03-04T15:00:00Z",
                due(2),
                Some("2026-03-04T14:00:00Z"),
            ),
            (
                "nobody came: sent",
                Some((Waiting, tuesday, None)),
                Some("4h"),
                Send,
                "2026-03-03T14:00:00Z",
                due(1),
                Some(tuesday),
            ),
            (
                "let through",
                Some((Approved, tuesday, Some(noon))),
                Some("4h"),
                Skip,
                wednesday,
                due(1),
                Some(tuesday),
            ),
            (
                "passed over",
                Some((Skipped, tuesday, Some(noon))),
                None,
                Skip,
                noon,
                (Action::Wait, Reason::Delay, 2),
                Some(wednesday),
            ),
            (
                "passed over: the next step",
                Some((Skipped, tuesday, Some(noon))),
                None,
                Skip,
                wednesday,
                due(2),
                Some(wednesday),
            ),
            (
                "too late for it",
                Some((Approved, tuesday, Some(noon))),
                None,
                Skip,
                "2026-03-06T10:00:01Z",
                (Action::None, Reason::Expired, 1),
                None,
            ),
        ] {
            let decision = decide(&policy(within, expired), &thread(draft), at(now));
            let step = decision.step.unwrap_or_default();
            assert_eq!((decision.action, decision.reason, step), expected, "{name}");
            assert_eq!(decision.wake_at, wake.map(at), "{name}");
            let to_write = matches!(name, "to be written" | "written for sending");
            assert_eq!(
                decision.wants_text(),
                to_write || decision.action == Action::Send,
                "{name}"
            );
        }
    }

    #[test]
    fn x9_a_text_for_another_conversation_is_written_anew() {
        let policy = policy(None, ApprovalExpired::Skip);
        for (author, reason) in [
            // Step 1 counts from our new message, and its text is written then.
            (Author::Bot, Reason::Delay),
            // The ball is ours: nothing waits.
            (Author::Contact, Reason::AwaitingUs),
        ] {
            let approved = (
                DraftState::Approved,
                "2026-03-03T10:00:00Z",
                Some("2026-03-03T11:00:00Z"),
            );
            let mut thread = thread(Some(approved));
            thread
                .messages
                .push(message(author, "2026-03-03T11:30:00Z"));
            let decision = decide(&policy, &thread, at("2026-03-03T12:00:00Z"));
            assert_eq!(decision.reason, reason, "{author}");
            if author == Author::Bot {
                let decision = decide(&policy, &thread, at("2026-03-04T11:30:00Z"));
                assert_eq!(decision.reason, Reason::AwaitingApproval);
                assert!(decision.wants_text());
            }
        }
    }
}
