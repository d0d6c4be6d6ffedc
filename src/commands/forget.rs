use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

use anyhow::Result;

use super::{Context, Verbosity, find_contact};
use crate::cli::Forget;
use crate::decide::opted_out_at;
use crate::error::{Failure, Outcome};
use crate::model::Thread;
use crate::report::terminal::plain;
use crate::report::{count, name_after};
use crate::store::{Access, Store};

/// Erases a person's data, once it is certain that this is meant.
pub(super) fn forget(context: &mut Context<'_>, arguments: &Forget) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let key = find_contact(&store, &arguments.contact)?;
    let Some(thread) = store.thread(key)? else {
        return Ok(Outcome::Done);
    };
    if !arguments.yes && !is_meant(context, &thread)? {
        context.say(Verbosity::Normal, "nothing was erased");
        return Ok(Outcome::Done);
    }
    let opted_out_at = opted_out_at(&thread, now);
    store.forget(key, &thread.contact, opted_out_at, now)?;
    store.settle(&config.policy, now, || false)?;
    let kept = if opted_out_at.is_some() {
        "; that they opted out is kept as a keyed hash"
    } else {
        ""
    };
    let mut words = format!("{} is forgotten{kept}", arguments.contact);
    let outboxes = config.outboxes().filter(|path| path.exists());
    let outboxes: BTreeSet<String> = outboxes.map(|p| p.display().to_string()).collect();
    if !outboxes.is_empty() {
        let outboxes: Vec<String> = outboxes.into_iter().collect();
        words.push_str(&format!(
            "\nwhat was sent to them may still stand in {}, from which nothing is erased",
            outboxes.join(", ")
        ));
    }
    context.say(Verbosity::Normal, &words);
    Ok(Outcome::Done)
}

fn is_meant(context: &mut Context<'_>, thread: &Thread) -> Result<bool> {
    if !context.terminal.input {
        let words = "there is nobody to ask whether this is meant: add --yes";
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let contact = &thread.contact;
    let name = name_after(&contact.contact_id, contact.name.as_deref());
    let question = format!(
        "Erase {}{} with {} and {}? This cannot be undone. [y/N] ",
        contact.contact_id,
        name,
        count(number(thread.messages.len()), "message", "messages"),
        count(number(thread.follow_ups.len()), "follow-up", "follow-ups"),
    );
    write!(context.err, "{}", plain(&question))?;
    context.err.flush()?;
    let mut answer = String::new();
    BufReader::new((context.input)()).read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
