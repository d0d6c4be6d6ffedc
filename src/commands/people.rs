//! One person or two, by an operator's word: `merge`, `split`.

use anyhow::Result;

use super::{Context, Verbosity, find_contact};
use crate::cli::{Merge, Split};
use crate::decide::{Action, decide};
use crate::error::Outcome;
use crate::report::{action_words, reason_words};
use crate::store::{Access, ContactKey, Store};

/// Makes one person of two contacts.
pub(super) fn merge(context: &mut Context<'_>, arguments: &Merge) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let [first, second] = [&arguments.contact, &arguments.other].map(|id| row(&store, id));
    let (first, second) = (first?, second?);
    let were_two = store.merge(first, second, now, arguments.reason.as_deref())?;
    store.settle(&config.policy, now, || false)?;
    let (contact, other) = (&arguments.contact, &arguments.other);
    let mut words = if were_two {
        format!("{contact} and {other} are one person now")
    } else {
        format!("{contact} and {other} are one person already")
    };
    words.push_str(&what_follows(&store, &config.policy, contact, now)?);
    context.say(Verbosity::Normal, &words);
    Ok(Outcome::Done)
}

/// Takes a contact out of the person it was joined to.
pub(super) fn split(context: &mut Context<'_>, arguments: &Split) -> Result<Outcome> {
    let arguments = &arguments.say;
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let contact = &arguments.contact;
    let row = row(&store, contact)?;
    let others = store.split(row, now, arguments.reason.as_deref())?;
    store.settle(&config.policy, now, || false)?;
    let mut words = if others.is_empty() {
        format!("{contact} is joined to nobody: there is nothing to split")
    } else {
        format!(
            "{contact} is a person apart from {} now; an opt-out, a pause or a booking that was said of them as one \
             person stays with both",
            others.join(", ")
        )
    };
    words.push_str(&what_follows(&store, &config.policy, contact, now)?);
    context.say(Verbosity::Normal, &words);
    Ok(Outcome::Done)
}

/// The contact of this id itself, which must exist.
fn row(store: &Store, contact_id: &str) -> Result<ContactKey> {
    match store.row_of(contact_id)? {
        Some(row) => Ok(row),
        None => find_contact(store, contact_id),
    }
}

fn what_follows(
    store: &Store,
    policy: &crate::decide::Policy,
    contact_id: &str,
    now: crate::model::Timestamp,
) -> Result<String> {
    let Some(thread) = store.thread(find_contact(store, contact_id)?)? else {
        return Ok(String::new());
    };
    let decision = decide(policy, &thread, now);
    let mut words = format!("; {}", action_words(decision.action));
    if decision.action != Action::Send {
        words.push_str(&format!(" ({})", reason_words(decision.reason)));
    }
    Ok(words)
}
