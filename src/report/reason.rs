//! Why, in words.

use super::Clocks;
use super::names::{by_words, channel_words, scenario_words, signal_words};
use crate::decide::{Anchor, ApprovalExpired, Because, Choice};
use crate::model::{Delay, SignalKind, Timestamp};

/// One rule's part in a decision, in words: a fragment of a sentence. What contacts and providers wrote is in it
/// as they wrote it; whoever shows it on a terminal makes it plain first.
#[must_use]
pub fn words(because: &Because, clocks: &Clocks) -> String {
    let on = |at: &Timestamp| clocks.moment(*at);
    match because {
        Because::BotOff => "the bot is switched off: bot.active = false".to_owned(),
        Because::Paused { since, until, note } => {
            let until = until.as_ref().map(|u| format!(" until {}", on(u)));
            format!(
                "paused since {}{}{}",
                on(since),
                or_empty(until),
                colon(note.as_deref())
            )
        }
        Because::NeverWrote => "never wrote to us".to_owned(),
        Because::OptedOut {
            at,
            contact_id: Some(other),
            ..
        } => {
            format!(
                "{other}, who has the same number or address, opted out ({})",
                on(at)
            )
        }
        Because::OptedOut {
            at,
            evidence,
            by: Some(by),
            ..
        } => {
            format!(
                "opted out, {} ({}){}",
                by_words(*by),
                on(at),
                colon(evidence.as_deref())
            )
        }
        Because::OptedOut { at, evidence, .. } => {
            format!(
                "opted out: {} ({})",
                quote(evidence.as_deref().unwrap_or_default()),
                on(at)
            )
        }
        Because::NotInterested { at, evidence } => {
            format!("not interested: {} ({})", quote(evidence), on(at))
        }
        Because::Booked {
            at,
            evidence,
            by: Some(by),
            starts_at,
            ..
        } => {
            let when = starts_at.as_ref().map(|at| format!(" for {}", on(at)));
            format!(
                "booked{}, {} ({}){}",
                when.unwrap_or_default(),
                by_words(*by),
                on(at),
                colon(evidence.as_deref())
            )
        }
        Because::Booked {
            at,
            evidence,
            by: None,
            confirmed,
            ..
        } => {
            let doubt = match confirmed {
                Some(false) => "; unconfirmed: no source of bookings has an appointment of theirs",
                Some(true) | None => "",
            };
            format!(
                "booked: {} ({}){doubt}",
                quote(evidence.as_deref().unwrap_or_default()),
                on(at)
            )
        }
        Because::Cancelled { at } => {
            format!(
                "the appointment was called off {}; counts from then",
                on(at)
            )
        }
        Because::Trigger {
            at,
            channel,
            signal,
            words,
        } => {
            let (words, when) = (quote(words), on(at));
            let channel = channel_words(*channel);
            match signal {
                // D3: only an opt-out that was lifted leaves something to follow up.
                Some(SignalKind::OptOut) => {
                    format!("wrote {words}, and opted in again since ({channel}, {when})")
                }
                signal => {
                    let meaning = signal.map_or("wrote", signal_words);
                    format!("{meaning}: {words} ({channel}, {when})")
                }
            }
        }
        Because::PromiseKept { at } => format!("their “ok” ({}) leaves that open", on(at)),
        Because::ScenarioOff { scenario } => {
            format!(
                "the scenario “{}” is switched off",
                scenario_words(*scenario)
            )
        }
        Because::UnclearTime { evidence } => {
            format!(
                "{} is no time that can be trusted: a person must look, then: followup resume",
                quote(evidence)
            )
        }
        Because::AiDeclined { at, reason, model } => {
            let by = model.as_deref().unwrap_or("the model");
            format!(
                "{by} says that nothing should be sent ({}){}; if something should: followup resume",
                on(at),
                colon(reason.as_deref())
            )
        }
        Because::AwaitingApproval { since: None, .. } => {
            "a person must see the text first: the next run writes it".to_owned()
        }
        Because::AwaitingApproval {
            since: Some(since),
            until,
            then,
        } => {
            let until = until.as_ref().map(|until| match then {
                ApprovalExpired::Skip => format!("; passed over at {}", on(until)),
                ApprovalExpired::Send => format!("; sent at {}", on(until)),
            });
            format!(
                "the text waits for a person since {}{}: followup review",
                on(since),
                until.unwrap_or_default()
            )
        }
        Because::Closed { at, evidence } => {
            format!("ended the conversation: {} ({})", quote(evidence), on(at))
        }
        Because::AwaitingUs { at } => {
            format!("they wrote last ({}): it is for us to answer", on(at))
        }
        Because::Exhausted { used } => match used {
            0 => "the scenario has no steps".to_owned(),
            1 => "the only step is used".to_owned(),
            n => format!("all {n} steps are used"),
        },
        Because::Anchor { event, at } => match event {
            Anchor::OurMessage => format!("no answer to our message ({})", on(at)),
            Anchor::BusyMessage => format!("counted from that message ({})", on(at)),
            Anchor::TimeAsked => format!("asked for {}", on(at)),
            Anchor::StepSent => format!("the step before went out {}", on(at)),
            Anchor::StepSkipped => format!("the step before was passed over {}", on(at)),
        },
        Because::Delay { step, after, .. } if *after == Delay::default() => {
            format!("step {step} comes right then")
        }
        Because::Delay {
            step,
            after,
            due_at,
        } => {
            format!(
                "step {step} comes {} later, {}",
                delay_words(*after),
                on(due_at)
            )
        }
        Because::HumanTookOver { at, until } => {
            format!(
                "a member of staff wrote ({}): nothing before {}",
                on(at),
                on(until)
            )
        }
        Because::Away { evidence, until } => {
            format!(
                "away, by their automatic reply {}: nothing before {}",
                quote(evidence),
                on(until)
            )
        }
        Because::PerContact {
            count,
            window,
            until,
        } => {
            format!(
                "at most {count} in {}: not before {}",
                delay_words(*window),
                on(until)
            )
        }
        Because::UnknownTimezone { given } => {
            format!(
                "their time zone {} is unknown: the bot's is used",
                quote(given)
            )
        }
        Because::OutsideHours {
            from,
            to,
            asked: true,
            ..
        } => {
            format!("asked for {}, moved to {}", on(from), on(to))
        }
        Because::OutsideHours { from, to, .. } => {
            format!("closed at {}, moved to {}", on(from), on(to))
        }
        Because::Retry {
            attempts,
            retry_at,
            error,
        } => {
            let count = if *attempts == 1 {
                "an attempt".to_owned()
            } else {
                format!("{attempts} attempts")
            };
            format!(
                "{count} failed, again not before {}{}",
                on(retry_at),
                colon(error.as_deref())
            )
        }
        Because::Expired { due_at, max_late } => {
            format!(
                "was due {}, over {} ago: too late",
                on(due_at),
                delay_words(*max_late)
            )
        }
        Because::StaleSource { source, as_of, .. } if *as_of == Timestamp::UNIX_EPOCH => {
            format!("{source} was not read to its end: a reply may be missing")
        }
        Because::StaleSource {
            source,
            as_of,
            fresh_for,
        } => format!(
            "{source} is complete only until {}, over {} ago: a reply may be missing",
            on(as_of),
            delay_words(*fresh_for)
        ),
        Because::Channel { channel, choice } => {
            let why = match choice {
                Choice::Step => "as the step says",
                Choice::LastInbound => "where they wrote last",
                Choice::Switched => "by a switching rule",
            };
            format!("by {}, {why}", channel_words(*channel))
        }
        Because::ChannelRefused { channel, error } => {
            format!(
                "{} refused it{}",
                channel_words(*channel),
                colon(error.as_deref())
            )
        }
        Because::ApprovedTemplate { channel } => {
            format!(
                "{}'s 24 hours are over: the approved template goes out",
                channel_words(*channel)
            )
        }
        Because::WindowClosed {
            channel,
            last_inbound_at,
        } => {
            let last = last_inbound_at.as_ref().map(|at| format!(" ({})", on(at)));
            format!(
                "{} takes no text 24 h after their last message there{}",
                channel_words(*channel),
                or_empty(last)
            )
        }
        Because::NoAddress { channel } => {
            format!("no phone number or address for {}", channel_words(*channel))
        }
        Because::UnreadableNumber { channel } => {
            format!(
                "the phone number for {} has no country: set bot.country, or import it as +…",
                channel_words(*channel)
            )
        }
        Because::NoConversation { channel } => {
            format!("no conversation known on {}", channel_words(*channel))
        }
        Because::AdWindow { channel, at, .. } => {
            format!(
                "came by an ad ({}): {} takes text for seven days",
                on(at),
                channel_words(*channel)
            )
        }
        Because::NoSender { channel } => {
            format!(
                "no sender for {}: configure [channels.{channel}.…]",
                channel_words(*channel)
            )
        }
        Because::EndedBy { expires_at } => {
            let late = expires_at
                .as_ref()
                .map(|at| format!("; too late after {}", on(at)));
            format!("a reply, an opt-out or a booking ends it{}", or_empty(late))
        }
    }
}

/// Words as they were written.
pub(super) fn quote(words: &str) -> String {
    format!("“{}”", words.trim())
}

fn colon(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(": {words}"))
}

fn or_empty(words: Option<String>) -> String {
    words.unwrap_or_default()
}

/// `15 min`, `2 h`, `1 day`, `1 h 30 min`.
pub(super) fn delay_words(delay: Delay) -> String {
    let units = [
        (delay.days, "day"),
        (delay.seconds / 3600, "h"),
        (delay.seconds / 60 % 60, "min"),
        (delay.seconds % 60, "s"),
    ];
    let parts: Vec<String> = units
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| match unit {
            "day" if n > 1 => format!("{n} days"),
            _ => format!("{n} {unit}"),
        })
        .collect();
    if parts.is_empty() {
        "no time".to_owned()
    } else {
        parts.join(" ")
    }
}
