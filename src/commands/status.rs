use anyhow::Result;

use super::{Context, used_today};
use crate::cli::Status;
use crate::config::Config;
use crate::error::Outcome;
use crate::model::Timestamp;
use crate::report::Clocks;
use crate::report::status::{Models, Report, Source, json, page};
use crate::store::{Access, Store};

/// How many of a kind of problem are listed.
const MOST: u32 = 20;

/// Shows how things stand, and what needs a person.
pub(super) fn status(context: &mut Context<'_>, arguments: &Status) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let report = standing(&store, &config, now)?;
    if arguments.json {
        serde_json::to_writer(&mut *context.out, &json(&report))?;
        writeln!(context.out)?;
    } else {
        let clocks = Clocks::of_bot(&config.bot.zone, now);
        let terminal = context.terminal;
        page(
            context.out,
            &report,
            &clocks,
            terminal.width,
            terminal.out_styles,
        )?;
    }
    Ok(Outcome::Done)
}

fn models(store: &Store, config: &Config, now: Timestamp) -> Result<Option<Models>> {
    let Some(ai) = &config.ai else {
        return Ok(None);
    };
    Ok(Some(Models {
        today: used_today(store, config, now)?,
        max_calls_per_day: ai.budget.calls.per_day,
        max_tokens_per_day: ai.budget.tokens.per_day,
        max_cost_per_day: ai.budget.cost.per_day,
    }))
}

/// How things stand.
pub(super) fn standing(store: &Store, config: &Config, now: Timestamp) -> Result<Report> {
    Ok(Report {
        counts: store.counts()?,
        ai: models(store, config, now)?,
        sources: sources(store, config, now)?,
        follow_ups: store.needing_a_person(MOST)?,
        contacts: store.held_for_a_person(MOST)?,
    })
}

/// The sources that have brought something, and those that are configured and have not.
pub(super) fn sources(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for source in store.sources()? {
        let fresh_for = config.policy.fresh_for(&source.name);
        let zone = &config.bot.zone;
        sources.push(Source {
            name: source.name,
            as_of: Some(source.as_of),
            fresh_for,
            stale: fresh_for.is_some_and(|fresh| now > zone.after(source.as_of, fresh)),
        });
    }
    for source in &config.sources {
        if !sources.iter().any(|s| s.name == source.name) {
            sources.push(Source {
                name: source.name.clone(),
                as_of: None,
                fresh_for: config.policy.fresh_for(&source.name),
                stale: false,
            });
        }
    }
    Ok(sources)
}
