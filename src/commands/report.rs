use std::path::Path;

use anyhow::Result;

use super::look::Look;
use super::new_file::write_file;
use super::{Context, show, status};
use crate::cli::Report;
use crate::error::Outcome;
use crate::report::dashboard::Dashboard;
use crate::report::panel::Panel;
use crate::store::{Access, Store};

/// Writes the dashboard: one HTML file.
pub(super) fn report(context: &mut Context<'_>, arguments: &Report) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let hours = config.policy.hours.as_ref();
    let mut page = Dashboard::new(&config.bot.name, &config.bot.zone, hours, now);
    let look = Look::new(&store, &config, now);
    let all = |_: &mut _, _: &_| true;
    look.everywhere(true, all, |key, thread, decision| {
        let is_wanted = page.count(thread, decision.action, |tally| tally.add(decision));
        if !is_wanted {
            return Ok(());
        }
        let coming = show::coming(&config, thread, decision, now);
        let mut log = Vec::new();
        store.each_follow_up(None, Some(key), |row| {
            log.push(row.clone());
            Ok(())
        })?;
        page.show(&Panel {
            thread,
            decision,
            coming: &coming,
            log: &log,
            ids: &store.person_ids(key)?,
            alike: &[],
            held_back: store.held_back(key)?.as_ref(),
        });
        Ok(())
    })?;
    let status = status::standing(&store, &config, now)?;
    if arguments.output == Path::new("-") {
        page.write(&status, context.out)?;
    } else {
        write_file(&config, &arguments.output, |out| {
            Ok(page.write(&status, out)?)
        })?;
    }
    Ok(Outcome::Done)
}
