use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Context, used_today};
use crate::cli::Status;
use crate::config::{Config, fingerprint};
use crate::decide::{Action, Decision, Reason, decide};
use crate::error::Outcome;
use crate::model::Timestamp;
use crate::report::Clocks;
use crate::report::status::{Models, Report, Source, json, page};
use crate::store::{Access, HeldContact, Store};

/// How many of a kind of problem are listed.
const MOST: u32 = 20;
/// How many contacts are decided about: some tenths of a second.
const MOST_LOOKS: usize = 10_000;

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
    let mut report = Report {
        counts: store.counts(now)?,
        ai: models(store, config, now)?,
        sources: sources(store, config, now)?,
        follow_ups: store.needing_a_person(MOST)?,
        contacts: store.held_for_a_person(MOST, now)?,
        outboxes: unwritable(config),
        not_looked_at: 0,
    };
    look_again(store, config, now, &mut report)?;
    Ok(report)
}

/// Adds to the report who must be decided about again: those whose time has come, those with new facts, and
/// everybody when the configuration has changed; some of them where they are many.
fn look_again(store: &Store, config: &Config, now: Timestamp, report: &mut Report) -> Result<()> {
    let contacts = if store.is_settled_under(&fingerprint(config), now)? {
        store.awake(now)?
    } else {
        report.counts.scheduled = 0;
        report.counts.holds.clear();
        report.contacts.clear();
        store.everyone()?
    };
    report.not_looked_at = contacts.len().saturating_sub(MOST_LOOKS);
    let mut threads = store.threads()?;
    let mut holds: BTreeMap<String, i64> = report.counts.holds.drain(..).collect();
    for key in contacts.into_iter().take(MOST_LOOKS) {
        let Some(thread) = threads.thread(key)? else {
            continue;
        };
        let decision = decide(&config.policy, &thread, now);
        match decision.action {
            Action::Send | Action::Wait => report.counts.scheduled += 1,
            Action::Hold => {
                *holds.entry(decision.reason.to_string()).or_default() += 1;
                if is_for_a_person(&decision) && report.contacts.len() < MOST as usize {
                    report.contacts.push(HeldContact {
                        contact_id: thread.contact.contact_id,
                        name: thread.contact.name,
                        hold: decision.reason.to_string(),
                    });
                }
            }
            Action::Stop | Action::None => {}
        }
    }
    report.counts.holds = holds.into_iter().collect();
    Ok(())
}

/// The sources that have brought something, and those that are configured and have not.
pub(super) fn sources(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for source in store.sources()? {
        let fresh_for = config.policy.fresh_for(&source.name);
        let api = config.is_pulled(&source.name);
        let zone = &config.bot.zone;
        let path = path_of(config, &source.name);
        sources.push(Source {
            name: source.name,
            as_of: Some(source.as_of),
            fresh_for,
            stale: fresh_for.is_some_and(|fresh| now > zone.after(source.as_of, fresh)),
            api,
            path,
        });
    }
    let files = config.sources.iter().map(|s| (&s.name, s.url.is_some()));
    let apis = config.apis.iter().map(|s| (&s.name, true));
    for (name, api) in files.chain(apis) {
        if !sources.iter().any(|s| s.name == *name) {
            let fresh_for = config.policy.fresh_for(name);
            sources.push(Source {
                name: name.clone(),
                as_of: None,
                fresh_for,
                stale: fresh_for.is_some(),
                api,
                path: path_of(config, name),
            });
        }
    }
    Ok(sources)
}

/// The files that a run reads for a source.
fn path_of(config: &Config, name: &str) -> Option<PathBuf> {
    let source = config.sources.iter().find(|s| s.name == name)?;
    source.url.is_none().then(|| source.path.clone())
}

/// The outboxes to which a run could write nothing, each with why.
fn unwritable(config: &Config) -> Vec<String> {
    let outboxes: BTreeSet<&Path> = config.outboxes().collect();
    let fault = |path: &&Path| {
        let shown = path.display();
        let why = match path.parent().filter(|p| !p.as_os_str().is_empty()) {
            _ if path.is_dir() => "it is a folder".to_owned(),
            _ if path.is_file() => {
                let opened = OpenOptions::new().append(true).open(path);
                opened.err()?.to_string()
            }
            Some(folder) if !folder.is_dir() => format!("there is no folder {}", folder.display()),
            _ => return None,
        };
        Some(format!(
            "The outbox {shown} cannot be written: {why}. Nothing goes out by it until then."
        ))
    };
    outboxes.iter().filter_map(fault).collect()
}

/// Whether a hold lasts until somebody does something (rules D18, S4, X5, X9).
fn is_for_a_person(decision: &Decision) -> bool {
    match decision.reason {
        Reason::UnclearTime | Reason::AiDeclined | Reason::NoSender | Reason::NoAddress => true,
        Reason::AwaitingApproval => !decision.wants_text(), // else the next run writes it first
        _ => false,
    }
}
