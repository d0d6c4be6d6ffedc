use anyhow::Result;

use super::{Context, find_contact};
use crate::cli::History;
use crate::error::Outcome;
use crate::report::Clocks;
use crate::report::history::{FollowUpLine, Table};
use crate::report::terminal::plain;
use crate::store::{Access, Store};

/// Lists every follow-up ever claimed, with what became of it.
pub(super) fn history(context: &mut Context<'_>, arguments: &History) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let since = arguments.since.map(|t| t.instant(&config.bot.zone));
    let contact = arguments.contact.as_deref();
    let contact = contact.map(|id| find_contact(&store, id)).transpose()?;
    let clocks = Clocks::of_bot(&config.bot.zone, now);
    let table = Table::new(context.terminal.width, context.terminal.out_styles);
    let out = &mut *context.out;
    let mut is_first = true;
    store.each_follow_up(since, contact, |row| {
        if arguments.json {
            serde_json::to_writer(&mut *out, &FollowUpLine::of(row))?;
            return Ok(out.write_all(b"\n")?);
        }
        if std::mem::take(&mut is_first) {
            table.head(out)?;
        }
        table.row(out, row, &clocks)?;
        if arguments.why {
            table.why(out, row, &clocks)?;
        }
        Ok(())
    })?;
    if is_first && !arguments.json {
        let to = arguments.contact.as_deref().map(plain);
        let to = to.map(|id| format!(" to {id}")).unwrap_or_default();
        let words = match since {
            Some(since) => format!("No follow-up{to} since {}.", clocks.moment(since)),
            None => format!("No follow-up{to} has been sent yet."),
        };
        writeln!(out, "{words}")?;
    }
    Ok(Outcome::Done)
}
