use anyhow::Result;

use super::{Context, find_contact};
use crate::cli::Show;
use crate::compose::Composer;
use crate::config::{Config, StepText};
use crate::decide::hours::HoursZone;
use crate::decide::{Action, Decision, decide};
use crate::error::Outcome;
use crate::model::{Thread, Timestamp};
use crate::report::Clocks;
use crate::report::history::FollowUpLine;
use crate::report::panel::{Coming, Extent, Panel, json, panel};
use crate::store::{Access, Store};
use crate::zone::Zone;

/// Shows one contact.
pub(super) fn show(context: &mut Context<'_>, arguments: &Show) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let key = find_contact(&store, &arguments.contact)?;
    let Some(thread) = store.thread(key)? else {
        return Ok(Outcome::Done); // forgotten in this very moment
    };
    let decision = decide(&config.policy, &thread, now);
    let coming = coming(&config, &thread, &decision, now);
    let mut log = Vec::new();
    store.each_follow_up(None, Some(key), |row| {
        log.push(row.clone());
        Ok(())
    })?;
    let held_back = store.held_back(key)?;
    let shown = Panel {
        thread: &thread,
        decision: &decision,
        coming: &coming,
        log: &log,
        ids: &store.person_ids(key)?,
        alike: &store.may_be_the_same(key, &config.policy)?,
        held_back: held_back.as_ref(),
    };
    if arguments.json {
        let follow_ups: Vec<_> = log.iter().map(FollowUpLine::of).collect();
        serde_json::to_writer(&mut *context.out, &json(&shown, &follow_ups))?;
        writeln!(context.out)?;
        return Ok(Outcome::Done);
    }
    let extent = if arguments.all {
        Extent::Whole
    } else {
        Extent::Recent
    };
    let clocks = Clocks::new(&thread.contact, &config.bot.zone, now);
    let terminal = context.terminal;
    panel(
        context.out,
        &shown,
        extent,
        &clocks,
        terminal.width,
        terminal.out_styles,
    )?;
    Ok(Outcome::Done)
}

/// The next step and those after it, each as early as it may come.
pub(super) fn coming(
    config: &Config,
    thread: &Thread,
    decision: &Decision,
    now: Timestamp,
) -> Vec<Coming> {
    let (Action::Send | Action::Wait, Some(scenario), Some(next), Some(due)) = (
        decision.action,
        decision.scenario,
        decision.step,
        decision.due_at,
    ) else {
        return Vec::new();
    };
    let zone = thread.contact.timezone.as_deref().and_then(Zone::named);
    let zone = zone.as_ref().unwrap_or(&config.bot.zone);
    let composer = Composer::new(config);
    let mut at = due.max(now);
    let mut coming = Vec::new();
    let steps = &config.policy.cadence(scenario).steps;
    for (step, rule) in (1..).zip(steps).skip_while(|(step, _)| *step < next) {
        if step > next {
            at = open_at(config, zone, zone.after(at, rule.after));
        }
        let approved = step == next && decision.approved_template;
        let by_model = config.ai.is_some()
            && !approved
            && config
                .step(scenario, step)
                .is_some_and(|s| s.text == StepText::Default);
        let text = if by_model {
            Err("a model writes it when it is due; see followup write".to_owned())
        } else {
            let text = composer.compose(thread, scenario, step, approved);
            text.map(|t| t.text).map_err(|e| e.to_string())
        };
        coming.push(Coming { step, at, text });
    }
    coming
}

/// The next opening, for a contact in `zone` (rule D12).
fn open_at(config: &Config, zone: &Zone, at: Timestamp) -> Timestamp {
    let Some(hours) = &config.policy.hours else {
        return at;
    };
    let zone = match &hours.zone {
        HoursZone::Contact => zone,
        HoursZone::Bot => &config.bot.zone,
        HoursZone::Named(zone) => zone,
    };
    hours.next_open(at, zone).unwrap_or(at)
}
