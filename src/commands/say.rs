//! What an operator says about a contact: `pause`, `resume`, `booked`, `opt-out`, `opt-in`, `resolve`.

use anyhow::Result;

use super::{Context, Verbosity, find_contact};
use crate::cli::{Fate, Pause, Resolve, Say};
use crate::decide::{Action, decide};
use crate::error::{Failure, Outcome};
use crate::model::{Timestamp, Word, WordKind, WordSource};
use crate::report::{Clocks, action_words, reason_words};
use crate::store::{Access, Resolution, Store};

/// Records a pause.
pub(super) fn pause(context: &mut Context<'_>, arguments: &Pause) -> Result<Outcome> {
    let until = |now: Timestamp, zone: &crate::zone::Zone| match arguments.until {
        None => Ok(None),
        Some(until) => {
            let until = until.instant(zone);
            if until <= now {
                let words = "--until is not in the future: the pause would be over at once";
                return Err(Failure::new(Outcome::Usage, words));
            }
            Ok(Some(until))
        }
    };
    record(context, &arguments.say, WordKind::Pause, until)
}

/// Records any other word.
pub(super) fn say(context: &mut Context<'_>, arguments: &Say, kind: WordKind) -> Result<Outcome> {
    record(context, arguments, kind, |_, _| Ok(None))
}

fn record(
    context: &mut Context<'_>,
    arguments: &Say,
    kind: WordKind,
    until: impl FnOnce(Timestamp, &crate::zone::Zone) -> Result<Option<Timestamp>, Failure>,
) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let key = find_contact(&store, &arguments.contact)?;
    let word = Word {
        kind,
        at: now,
        until: until(now, &config.bot.zone)?,
        reason: arguments.reason.clone(),
        source: WordSource::Operator,
    };
    store.say(key, &word)?;
    store.settle(&config.policy, now, || false)?;
    let Some(thread) = store.thread(key)? else {
        return Ok(Outcome::Done);
    };
    let decision = decide(&config.policy, &thread, now);
    let clocks = Clocks::of_bot(&config.bot.zone, now);
    let said = match kind {
        WordKind::Pause => "paused",
        WordKind::Resume => "resumed",
        WordKind::Booked => "booked",
        WordKind::OptOut => "opted out",
        WordKind::OptIn => "opted in",
    };
    let until = word.until.map(|at| format!(" until {}", clocks.moment(at)));
    let mut words = format!("{}: {said}{}", arguments.contact, until.unwrap_or_default());
    words.push_str(&format!("; {}", action_words(decision.action)));
    if decision.action != Action::Send {
        words.push_str(&format!(" ({})", reason_words(decision.reason)));
    }
    context.say(Verbosity::Normal, &words);
    Ok(Outcome::Done)
}

/// Settles an `unknown`.
pub(super) fn resolve(context: &mut Context<'_>, arguments: &Resolve) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let (fate, words) = match arguments.fate {
        Fate::Sent => (Resolution::Sent, "sent: the next step counts from it"),
        Fate::NotSent => (Resolution::NotSent, "not sent: a later run tries again"),
    };
    let id = &arguments.follow_up;
    if !store.has_follow_up(id)? {
        let words = format!("there is no follow-up {id}; see followup history");
        return Err(Failure::new(Outcome::NoInput, words).into());
    }
    store.resolve(id, fate, now)?;
    store.settle(&config.policy, now, || false)?;
    context.say(
        Verbosity::Normal,
        &format!("{} is {words}", arguments.follow_up),
    );
    Ok(Outcome::Done)
}
