//! What holds of every decision, whatever the policy, the thread and the moment.

use chrono::{Datelike, TimeDelta, Timelike};
use followup::decide::hours::{Hours, HoursZone};
use followup::decide::{Action, Because, Decision, Policy, decide};
use followup::model::{
    Author, Channel, FollowUp, Message, Refusal, Scenario, SharedWord, Signal, SignalKind,
    SignalSource, Thread, Timestamp, Word, WordKind, WordSource,
};
use followup::zone::Zone;
use proptest::prelude::*;

use crate::arbitrary::{all_times, any_delay, near_times, policy, thread, usual_delay};

/// What the contact wrote on a channel by `now`.
fn inbound_of(thread: &Thread, channel: Channel, now: Timestamp) -> impl Iterator<Item = &Message> {
    thread.messages.iter().filter(move |m| {
        m.author == Author::Contact && m.channel == channel && m.sent_at <= now && !m.automatic
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// D6, D9, D10, D14, D17, D19: each rule that keeps a step back has kept it back.
    #[test]
    fn what_is_sent_or_scheduled_keeps_every_limit(
        policy in policy(usual_delay()),
        (thread, now) in thread(near_times()),
    ) {
        let decision = decide(&policy, &thread, now);
        let Some(due_at) = planned(&decision) else { return Ok(()) };
        let zone = contact_zone(&policy, &thread);
        let step = &policy.cadence(decision.scenario.unwrap()).steps[decision.step.unwrap() as usize - 1];
        let anchor = decision.because.iter().find_map(|b| match b {
            Because::Anchor { at, .. } => Some(*at),
            _ => None,
        });
        prop_assert!(due_at >= zone.after(anchor.unwrap(), step.after), "before its delay");
        prop_assert_eq!(decision.action == Action::Send, due_at <= now);
        if decision.action == Action::Wait {
            prop_assert!(decision.wake_at.unwrap() <= due_at);
        }
        let at = due_at.max(now);
        let sent = thread.follow_ups.iter().filter(|f| f.counts_as_sent());
        if let Some(cap) = policy.per_contact {
            let inside = sent.filter(|f| zone.after(f.went_out_at(), cap.window) > at);
            prop_assert!(inside.count() < cap.count as usize, "more than the cap");
        }
        let there = || thread.messages.iter().filter(|m| m.sent_at <= now && !m.automatic);
        if let Some(human) = there().filter(|m| m.author == Author::Human).map(|m| m.sent_at).max() {
            prop_assert!(zone.after(human, policy.human_hold) <= due_at, "while a person has it");
        }
        if let (Action::Send, Some(channel)) = (decision.action, decision.channel) {
            let last = inbound_of(&thread, channel, now).map(|m| m.sent_at).max();
            let closed = thread.follow_ups.iter().any(|f| f.refused_on.contains(&Refusal::WindowClosed(channel)));
            let open = last.is_some_and(|last| now - last < TimeDelta::hours(24));
            let by_ad = [Channel::Facebook, Channel::Instagram].contains(&channel)
                && inbound_of(&thread, channel, now).any(|m| m.ad_click && now - m.sent_at < TimeDelta::days(7));
            prop_assert!(open || by_ad || !channel.has_window() || decision.approved_template, "window");
            prop_assert!(policy.senders.contains(&channel), "no sender");
            let by_contact = policy.reach.contains_key(&channel); // the platform knows them, whatever we know
            prop_assert!(by_contact || thread.contact.address(channel).is_some(), "no address");
            if !closed {
                prop_assert_eq!(decision.approved_template, channel == Channel::Whatsapp && !open);
            }
            prop_assert!(channel == Channel::Whatsapp || !decision.approved_template);
            let expires = policy.max_late.map(|late| zone.after(due_at, late));
            prop_assert!(expires.is_none_or(|expires| now <= expires), "too late");
        }
    }

    /// D12: by a second reading of the hours, on the wall clock.
    #[test]
    fn d12_due_times_and_sendings_lie_inside_hours(
        policy in policy(usual_delay()),
        (thread, now) in thread(near_times()),
    ) {
        let decision = decide(&policy, &thread, now);
        let (Some(due_at), Some(hours)) = (planned(&decision), &policy.hours) else { return Ok(()) };
        let first_asked = decision.scenario == Some(Scenario::AskedForTime) && decision.step == Some(1);
        if first_asked && !policy.asked_for_time.hours_apply {
            return Ok(());
        }
        let contact_zone = contact_zone(&policy, &thread);
        let zone = match &hours.zone {
            HoursZone::Contact => &contact_zone,
            HoursZone::Bot => &policy.zone,
            HoursZone::Named(zone) => zone,
        };
        prop_assert!(open_by_the_wall(hours, zone, due_at), "due while closed");
        if decision.action == Action::Send {
            prop_assert!(open_by_the_wall(hours, zone, now), "sent while closed");
        }
    }

    /// The order of the facts in a thread says nothing; and planning changes nothing.
    #[test]
    fn input_order_does_not_matter_and_planning_twice_is_equal(
        policy in policy(usual_delay()),
        (thread, now) in thread(near_times()),
        turn in 0usize..9,
    ) {
        fn mix<T>(list: &mut [T], turn: usize) {
            list.reverse();
            if !list.is_empty() {
                list.rotate_left(turn % list.len());
            }
        }
        let decision = decide(&policy, &thread, now);
        prop_assert_eq!(&decide(&policy, &thread, now), &decision);
        let mut mixed = thread.clone();
        mix(&mut mixed.messages, turn);
        mix(&mut mixed.words, turn);
        mix(&mut mixed.follow_ups, turn);
        mix(&mut mixed.shared_words, turn);
        mix(&mut mixed.sources, turn);
        prop_assert_eq!(decide(&policy, &mixed, now), decision);
    }

    /// D11: whatever the facts, a reply begins a new episode, at step 1.
    #[test]
    fn d11_after_a_reply_no_older_step_is_ever_due(
        policy in policy(usual_delay()),
        (mut thread, now) in thread(near_times()),
        later in 0i64..5_000_000,
        answered in any::<bool>(),
    ) {
        thread.messages.retain(|m| m.sent_at <= now);
        let replied_at = now + TimeDelta::microseconds(1);
        thread.follow_ups.retain(|f| f.went_out_at() <= replied_at);
        thread.messages.push(message(replied_at, Author::Contact, None));
        if answered {
            thread.messages.push(message(replied_at + TimeDelta::minutes(1), Author::Bot, None));
        }
        let decision = decide(&policy, &thread, replied_at + TimeDelta::seconds(later));
        if planned(&decision).is_some() {
            prop_assert_eq!(decision.episode, Some(replied_at));
            prop_assert_eq!(decision.step, Some(1));
        }
    }

    /// D3, D21: nothing after an opt-out, by whatever way it came.
    #[test]
    fn d3_nothing_is_sent_after_an_opt_out(
        policy in policy(usual_delay()),
        (mut thread, at) in thread(near_times()),
        later in 0i64..5_000_000,
        way in 0..3,
    ) {
        thread.words.retain(|w| w.kind != WordKind::OptIn || w.at <= at);
        thread.shared_words.retain(|w| w.kind != WordKind::OptIn || w.at <= at);
        let opts_in = |m: &Message| m.signal.as_ref().is_some_and(|s| s.kind == SignalKind::OptIn);
        thread.messages.retain(|m| !opts_in(m) || m.sent_at <= at);
        match way {
            0 => thread.messages.push(message(at, Author::Contact, Some(SignalKind::OptOut))),
            1 => thread.words.push(Word {
                kind: WordKind::OptOut,
                at,
                until: None,
                reason: None,
                source: WordSource::Provider,
            }),
            _ => thread.shared_words.push(SharedWord {
                contact_id: "ana".to_owned(),
                kind: WordKind::OptOut,
                at,
            }),
        }
        let decision = decide(&policy, &thread, at + TimeDelta::seconds(later));
        prop_assert_eq!(planned(&decision), None);
    }

    /// Who is not looked at before `wake_at` misses nothing.
    #[test]
    fn nothing_is_due_before_wake_at(
        policy in policy(usual_delay()),
        (thread, now) in thread(near_times()),
        offsets in proptest::collection::vec(0i64..20_000_000, 4),
    ) {
        let decision = decide(&policy, &thread, now);
        for at in moments(&thread, &policy, now, &offsets) {
            if at >= now && decision.wake_at.is_none_or(|wake| at < wake) {
                let then = decide(&policy, &thread, at);
                prop_assert_ne!(then.action, Action::Send, "at {}, of {:?}", at, decision);
            }
        }
    }

    /// What is scheduled is kept: at its time it is sent, or held for a reason that only then can be known.
    #[test]
    fn what_is_scheduled_comes(
        policy in policy(usual_delay()),
        (mut thread, now) in thread(near_times()),
    ) {
        thread.messages.retain(|m| m.sent_at <= now);
        thread.words.retain(|w| w.at <= now);
        thread.shared_words.retain(|w| w.at <= now);
        let decision = decide(&policy, &thread, now);
        if decision.action == Action::Wait {
            let then = decide(&policy, &thread, decision.due_at.unwrap());
            prop_assert!(matches!(then.action, Action::Send | Action::Hold), "{:?}", then);
            prop_assert_eq!((then.scenario, then.step), (decision.scenario, decision.step));
        }
    }

    /// Every time that can be stored, and any delay at all.
    #[test]
    fn deciding_never_fails(
        policy in policy(any_delay()),
        (thread, now) in thread(all_times()),
    ) {
        let decision = decide(&policy, &thread, now);
        prop_assert!(serde_json::to_string(&decision.because).is_ok());
    }
}

/// When the step is due, if one is.
fn planned(decision: &Decision) -> Option<Timestamp> {
    let planned = matches!(decision.action, Action::Send | Action::Wait);
    decision.due_at.filter(|_| planned)
}

fn contact_zone(policy: &Policy, thread: &Thread) -> Zone {
    let given = thread.contact.timezone.as_deref();
    given
        .and_then(Zone::named)
        .unwrap_or_else(|| policy.zone.clone())
}

/// Whether clocks of `zone` show an open time; within three hours of a clock change, where the wall clock does
/// not tell, everything is.
fn open_by_the_wall(hours: &Hours, zone: &Zone, at: Timestamp) -> bool {
    let near = TimeDelta::hours(3);
    if zone.offset_seconds(at - near) != zone.offset_seconds(at + near) {
        return true;
    }
    let local = zone.local(at);
    let (today, minute) = (local.date(), local.hour() * 60 + local.minute());
    let shut = hours
        .closed
        .iter()
        .any(|c| (c.first..=c.last).contains(&today));
    let begins = |days_ago: u32| {
        &hours.week[(today.weekday().num_days_from_monday() as usize + 7 - days_ago as usize) % 7]
    };
    let inside = |days_ago: u32| {
        let minute = minute + days_ago * 1440;
        begins(days_ago)
            .iter()
            .any(|i| (u32::from(i.start)..u32::from(i.end)).contains(&minute))
    };
    !shut && (inside(0) || inside(1))
}

fn message(sent_at: Timestamp, author: Author, signal: Option<SignalKind>) -> Message {
    Message {
        sent_at,
        seq: 0,
        channel: Channel::Sms,
        author,
        text: "added".to_owned(),
        message_id: None,
        conversation_id: None,
        status: None,
        signal: signal.map(|kind| Signal {
            kind,
            at: None,
            evidence: "STOP".to_owned(),
            zone: None,
            source: SignalSource::Rules,
        }),
        automatic: false,
        ad_click: false,
        source: 1,
    }
}

/// The moments at which something may change: every fact and what the policy makes of it, and some others.
fn moments(thread: &Thread, policy: &Policy, now: Timestamp, offsets: &[i64]) -> Vec<Timestamp> {
    let facts = thread.messages.iter().map(|m| m.sent_at);
    let facts = facts.chain(
        thread
            .words
            .iter()
            .flat_map(|w| [Some(w.at), w.until])
            .flatten(),
    );
    let facts = facts.chain(thread.shared_words.iter().map(|w| w.at));
    let facts = facts.chain(thread.follow_ups.iter().map(FollowUp::went_out_at));
    let facts = facts.chain(thread.follow_ups.iter().filter_map(|f| f.retry_at));
    let facts = facts.chain([now]);
    let mut moments: Vec<Timestamp> = facts.collect();
    let zone = contact_zone(policy, thread);
    for rule in &policy.switching {
        moments.extend(
            thread
                .messages
                .iter()
                .map(|m| zone.after(m.sent_at, rule.after)),
        );
    }
    moments.extend(
        thread
            .messages
            .iter()
            .map(|m| m.sent_at + TimeDelta::hours(24)),
    );
    moments.extend(offsets.iter().map(|s| now + TimeDelta::seconds(*s)));
    moments
}
