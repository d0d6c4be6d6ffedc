use anyhow::Result;

use super::{Context, find_contact};
use crate::cli::Show;
use crate::decide::decide;
use crate::error::Outcome;
use crate::report::plan::{Row, Table, json};
use crate::report::terminal::plain;
use crate::report::{Clocks, words};
use crate::store::{Access, Store};

/// Shows one contact.
pub(super) fn show(context: &mut Context<'_>, arguments: &Show) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let Some(thread) = store.thread(find_contact(&store, &arguments.contact)?)? else {
        return Ok(Outcome::Done);
    };
    let decision = decide(&config.policy, &thread, now);
    let row = Row {
        contact: &thread.contact,
        decision: &decision,
        text: None,
    };
    if arguments.json {
        serde_json::to_writer(&mut *context.out, &json(&row))?;
        writeln!(context.out)?;
        return Ok(Outcome::Done);
    }
    let clocks = Clocks::new(&thread.contact, &config.bot.zone, now);
    let terminal = context.terminal;
    Table::new(terminal.width, terminal.out_styles).row(context.out, &row, &clocks)?;
    for fact in &decision.because {
        writeln!(context.out, "  {}", plain(&words(fact, &clocks)))?;
    }
    Ok(Outcome::Done)
}
