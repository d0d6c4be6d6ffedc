//! `followup sync`: what is new at the APIs, into the store.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::download::Downloaded;
use super::{Context, Verbosity, import};
use crate::cli::Sync as Arguments;
use crate::config::{ApiSource, Config, SourceConfig, SourceUrl, fingerprint};
use crate::detect::Detector;
use crate::error::{Failure, Outcome};
use crate::intake::{Intake, Progress, Synced, Taken};
use crate::model::Timestamp;
use crate::store::{Access, Store};
use crate::sync::{self, Around, Patience};

/// How many rejected rows of one source are named.
const MOST_NAMED: u64 = 100;
/// How long one source may take within a run: what is left is for the next one.
const LONGEST_IN_RUN: TimeDelta = TimeDelta::minutes(5);
/// How often the progress is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// Reads every source that is named, or all; one that fails does not keep the others.
pub(super) fn sync(context: &mut Context<'_>, arguments: &Arguments) -> Result<Outcome> {
    let signals = context.signals;
    signals.listen()?;
    let config = context.load()?;
    let wanted = arguments.wanted(&config)?;
    let store = Store::open(&config.store, Access::Write)?;
    let clock = context.running_clock(arguments.now.now.map(|t| t.instant(&config.bot.zone)));
    store.follow_country(config.bot.country)?;
    store.follow_policy(&fingerprint(&config), clock())?;
    if wanted.apis.is_empty() && wanted.urls.is_empty() {
        let words = "no source is asked by an API or has a url; add [[sources]] with a table such as \
                     [sources.highlevel]";
        context.say(Verbosity::Normal, words);
    }
    let detector = Detector::new(&config.stop.opt_out_words);
    let intake = Intake {
        store: &store,
        config: &config,
        detector: &detector,
        now: clock(),
        as_of: None,
        stop: &|| signals.stop(),
    };
    let patience = Patience::to_sync(None);
    let asked = if arguments.json {
        Asked::Json
    } else {
        Asked::ByName
    };
    let mut outcome = Outcome::Done;
    let mut total =
        json!({ "type": "summary", "sources": 0, "failed": 0, "new": 0, "rejected": 0 });
    let mut add = |what: &str, number: u64| {
        let sum = total[what].as_u64().unwrap_or(0) + number;
        total[what] = sum.into();
    };
    for (source, url) in wanted.urls {
        if signals.stop() {
            break;
        }
        let of = match asked {
            Asked::ByName => import::Asked::ByName,
            Asked::ByRun | Asked::Json => import::Asked::BySource,
        };
        let done = context.download_one(&intake, (source, url), &clock, patience, of)?;
        outcome = outcome.max(done.outcome());
        add("sources", 1);
        add("failed", u64::from(done.error.is_some()));
        add("rejected", done.taken.rejected);
        if arguments.json {
            writeln!(context.out, "{}", downloaded(&source.name, &done))?;
        }
    }
    for source in wanted.apis {
        if signals.stop() {
            break;
        }
        let synced = context.sync_one(&intake, source, &clock, patience, asked)?;
        outcome = outcome.max(outcome_of(&synced));
        add("sources", 1);
        add("failed", u64::from(synced.error.is_some()));
        add("new", synced.messages.new);
        add("rejected", synced.rejected);
    }
    store.settle(&config.policy, clock(), || signals.stop())?;
    if arguments.json {
        writeln!(context.out, "{total}")?;
    }
    Ok(outcome.max(context.stopped("the next sync goes on from here")))
}

/// For a run: reads every source, for a while. What fails is said; the age of its source tells the rest (rule
/// D15).
pub(super) fn before_run(
    context: &mut Context<'_>,
    intake: &Intake<'_>,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    let fetched = intake.config.sources.iter();
    for of in fetched.filter_map(|source| Some((source, source.url.as_ref()?))) {
        if (intake.stop)() {
            break;
        }
        let patience = Patience::to_sync(Some(clock() + LONGEST_IN_RUN));
        let asked = import::Asked::BySource;
        let done = context.download_one(intake, of, clock, patience, asked)?;
        outcome = outcome.max(done.outcome());
    }
    for source in &intake.config.apis {
        if (intake.stop)() {
            break;
        }
        let patience = Patience::to_sync(Some(clock() + LONGEST_IN_RUN));
        let synced = context.sync_one(intake, source, clock, patience, Asked::ByRun)?;
        outcome = outcome.max(outcome_of(&synced));
    }
    Ok(outcome)
}

fn outcome_of(synced: &Synced) -> Outcome {
    let failed = synced.error.as_ref().map_or(Outcome::Done, |e| e.outcome());
    match synced.rejected {
        0 => failed,
        _ => failed.max(Outcome::InputRejected),
    }
}

/// Who wants to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ByName,
    ByRun,
    Json,
}

/// The sources to pull.
#[derive(Default)]
struct Wanted<'c> {
    urls: Vec<(&'c SourceConfig, &'c SourceUrl)>,
    apis: Vec<&'c ApiSource>,
}

impl Arguments {
    /// The sources that are named, else all.
    fn wanted<'c>(&self, config: &'c Config) -> Result<Wanted<'c>, Failure> {
        let urls = config.sources.iter();
        let urls = urls.filter_map(|source| Some((source, source.url.as_ref()?)));
        if self.sources.is_empty() {
            return Ok(Wanted {
                urls: urls.collect(),
                apis: config.apis.iter().collect(),
            });
        }
        let mut wanted = Wanted::default();
        for name in &self.sources {
            if let Some(found) = urls.clone().find(|(source, _)| source.name == *name) {
                wanted.urls.push(found);
                continue;
            }
            let found = config.apis.iter().find(|source| source.name == *name);
            let found = found.ok_or_else(|| {
                let words = if config.sources.iter().any(|source| source.name == *name) {
                    format!(
                        "the source {name} is files: a run reads them, and followup import does"
                    )
                } else {
                    let urls = urls.clone().map(|(source, _)| source.name.as_str());
                    let apis = config.apis.iter().map(|s| s.name.as_str());
                    let known: Vec<&str> = urls.chain(apis).collect();
                    let known = match known.is_empty() {
                        true => "none is configured".to_owned(),
                        false => format!("known: {}", known.join(", ")),
                    };
                    format!("there is no source {name} that is asked by an API; {known}")
                };
                Failure::new(Outcome::Usage, words)
            })?;
            wanted.apis.push(found);
        }
        Ok(wanted)
    }
}

impl Context<'_> {
    /// Reads one source, with a line of progress on a terminal and one for each row that was left out.
    fn sync_one(
        &mut self,
        intake: &Intake<'_>,
        source: &ApiSource,
        clock: &(dyn Fn() -> Timestamp + Sync),
        patience: Patience,
        asked: Asked,
    ) -> Result<Synced> {
        let name = &source.name;
        let stop = intake.stop;
        let around = Around { clock, stop };
        let opened = sync::open(source, intake.config, self.environment, around, patience);
        let synced = match &opened {
            Err(error) => Synced {
                error: Some(error.clone()),
                ..Synced::default()
            },
            Ok(api) => {
                let wants_line = self.terminal.error
                    && self.verbosity >= Verbosity::Normal
                    && asked != Asked::Json;
                let line = wants_line.then(|| progress_line(name));
                let mut named = 0;
                let account = sync::account(source);
                let synced = intake.sync(&**api, name, &account, &mut |progress| match progress {
                    Progress::Stored { messages, pages } => {
                        if let Some(line) = &line {
                            line.set_position(messages);
                            line.set_message(format!("{pages} pages"));
                        }
                    }
                    Progress::Rejected(error) => {
                        named += 1;
                        if named <= MOST_NAMED {
                            let words = format!("{name}: row {}: {}", error.line, error.reason);
                            match &line {
                                Some(line) => line.suspend(|| self.say(Verbosity::Quiet, &words)),
                                None => self.say(Verbosity::Quiet, &words),
                            }
                        }
                    }
                });
                if let Some(line) = line {
                    line.finish_and_clear();
                }
                if named > MOST_NAMED {
                    let words = format!("{name}: {} more rows were left out", named - MOST_NAMED);
                    self.say(Verbosity::Quiet, &words);
                }
                synced?
            }
        };
        self.tell(name, &synced, asked)?;
        Ok(synced)
    }

    fn tell(&mut self, name: &str, synced: &Synced, asked: Asked) -> Result<()> {
        if asked == Asked::Json {
            writeln!(self.out, "{}", line(name, synced))?;
        }
        let messages = &synced.messages;
        import::warn(self, name, messages);
        if let Some(error) = &synced.error {
            let stored = match messages.new {
                0 => String::new(),
                new => format!(" ({new} new messages are stored; the next sync goes on there)"),
            };
            let words = format!("source {name} could not be read to its end: {error}{stored}");
            self.complain(&anyhow::anyhow!(words));
            return Ok(());
        }
        let level = match asked {
            Asked::ByName => Verbosity::Normal,
            Asked::ByRun if self.terminal.output && messages.new > 0 => Verbosity::Normal,
            Asked::ByRun | Asked::Json => Verbosity::Verbose,
        };
        let taken = Taken {
            messages: messages.clone(),
            rejected: synced.rejected,
            ..Taken::default()
        };
        let words = match messages.read + synced.rejected {
            0 => "nothing new".to_owned(),
            _ => import::words(&taken),
        };
        self.say(level, &format!("{name}: {words}"));
        Ok(())
    }
}

/// What became of a source that was fetched, as JSON.
fn downloaded(name: &str, done: &Downloaded) -> serde_json::Value {
    let taken = &done.taken;
    let mut line = json!({
        "type": "source",
        "source": name,
        "complete": done.error.is_none(),
        "unchanged": taken.unchanged,
        "new_bookings": taken.bookings.new,
        "changed_bookings": taken.bookings.changed,
        "gone_bookings": taken.bookings.gone,
        "rejected": taken.rejected,
    });
    if let Some((error, _)) = &done.error {
        line["error"] = error.as_str().into();
    }
    line
}

/// What became of a source, as JSON.
fn line(name: &str, synced: &Synced) -> serde_json::Value {
    let Synced {
        messages,
        pages,
        rejected,
        error,
    } = synced;
    let mut line = json!({
        "type": "source",
        "source": name,
        "complete": error.is_none(),
        "pages": pages,
        "read": messages.read,
        "new": messages.new,
        "known": messages.known,
        "own": messages.own,
        "forgotten": messages.forgotten,
        "new_contacts": messages.new_contacts,
        "rejected": rejected,
        "sent_after_reply": messages.sent_after_reply,
    });
    if let Some(error) = error {
        line["error"] = error.to_string().into();
    }
    line
}

/// A line on standard error that moves while a source is read.
fn progress_line(name: &str) -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{spinner} {prefix}  {human_pos} messages  {msg}  {per_sec}");
    line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    line.set_prefix(name.to_owned());
    line.enable_steady_tick(TICK);
    line
}
