//! `followup run`: takes in what is new, sends what is due, does what follows, exits.

use std::path::PathBuf;

use anyhow::Result;

use super::{Context, Verbosity, import, sync, used_today};
use crate::channel::Senders;
use crate::cli::Run as Arguments;
use crate::compose::Composer;
use crate::compose::ai::Author;
use crate::config::{Config, fingerprint};
use crate::decide::Decision;
use crate::detect::Detector;
use crate::error::{Failure, Outcome};
use crate::intake::{Intake, LastLook};
use crate::model::{Thread, Timestamp};
use crate::report::run::{event_words, is_problem, needs_a_person, summary_words};
use crate::report::terminal::plain;
use crate::run::{Actions, Event, Point, Readings, Run, Summary, Written};
use crate::store::{Access, RunLock, Store};
use crate::workflow::{IN_ACTION, Workflows};

/// How many threads read, decide and write texts: that is work for a processor.
const PREPARERS: usize = 2;
/// How many contacts each of them takes at a time.
const PORTION: usize = 16;

/// What becomes of the rest when a run is stopped.
const WHAT_IS_LEFT: &str = "what was in flight is recorded, and the next run goes on from here";

/// Does one run. A second one at the same time leaves at once (rule X3).
pub(super) fn run(context: &mut Context<'_>, arguments: &Arguments) -> Result<Outcome> {
    if context.environment.get(IN_ACTION).is_some() {
        let words =
            "followup run was started by a workflow's command: a follow-up would start follow-ups";
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    let signals = context.signals;
    signals.listen()?;
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Write)?;
    let Some(_lock) = RunLock::take(&config.store)? else {
        context.say(Verbosity::Verbose, "another run is at work; nothing to do");
        return Ok(Outcome::Done);
    };
    let clock = context.running_clock(arguments.now.now.map(|t| t.instant(&config.bot.zone)));
    store.follow_country(config.bot.country)?;
    store.follow_policy(&fingerprint(&config), clock())?;
    let detector = Detector::new(&config.stop.opt_out_words);
    let intake = Intake {
        store: &store,
        config: &config,
        detector: &detector,
        now: clock(),
        as_of: None,
        stop: &|| signals.stop(),
    };
    let taken = import::changed_sources(context, &intake, &clock)?;
    let synced = sync::before_run(context, &intake, &clock)?;
    store.settle(&config.policy, clock(), || signals.stop())?;

    let looks = LastLook::new(&config, context.environment, &detector, &clock, intake.stop);
    let summary = send(context, arguments, &config, &store, &clock, &looks)?;
    Ok(outcome(&summary)
        .max(taken)
        .max(synced)
        .max(context.stopped(WHAT_IS_LEFT)))
}

fn send(
    context: &mut Context<'_>,
    arguments: &Arguments,
    config: &Config,
    store: &Store,
    clock: &(dyn Fn() -> Timestamp + Sync),
    looks: &LastLook<'_>,
) -> Result<Summary> {
    let senders = Senders::new(config, context.environment);
    let composer = Composer::new(config);
    let used = used_today(store, config, clock())?;
    let author = Author::new(config, context.environment, used, clock);
    let detector = Detector::new(&config.stop.opt_out_words);
    let workflows = Workflows::new(config, &senders, context.environment);
    let concurrency = config.limits.concurrency;
    let signals = context.signals;
    let stop = &|| signals.stop();
    let actions = Actions {
        store,
        config,
        workflows: &workflows,
        clock,
        concurrency,
        stop,
    };
    let pause = PausePoint::of(context);
    let per_run = config.limits.per_run.map(u64::from);
    let ask = |thread: &Thread| looks.ask(thread);
    // Whoever waits for an answer needs no processor, and keeps nobody else waiting.
    let (preparers, portion) = match looks.asks() {
        true => (concurrency.max(PREPARERS), 1),
        false => (PREPARERS, PORTION),
    };
    let run = Run {
        store,
        policy: &config.policy,
        sender: &|channel| senders.get(channel),
        rates: config.rates(),
        contact_rates: config.contact_rates(),
        author: author.as_ref(),
        write: &|thread, decision| write(&composer, thread, decision),
        queue_actions: &|row, decision| actions.queue(row, decision),
        queue_found: &|row, scenario, step| actions.queue_found(row, scenario, step),
        ask: looks.asks().then_some(&ask),
        preparers,
        portion,
        clock,
        concurrency,
        stop,
        limit: [per_run, arguments.limit].into_iter().flatten().min(),
        at: &|point| pause.wait(point),
    };
    let json = arguments.json;
    let mut paper = Paper::new(context, json);
    let mut read = Summary::default();
    if let Some(author) = author.as_ref().filter(|_| reads_by_model(config)) {
        let readings = Readings {
            store,
            config,
            author,
            detector: &detector,
            clock,
            stop,
        };
        readings.read(&mut read, &mut |event| paper.event(event))?;
        store.settle(&config.policy, clock(), || signals.stop())?;
    }
    let mut summary = run.send_due(&mut |event| paper.event(event))?;
    summary.read = read.read;
    summary.unread = read.unread;
    summary.ai += read.ai;
    actions.perform(&mut summary, &mut |event| paper.event(event))?;
    paper.summary(&summary);
    Ok(summary)
}

/// Whether a model reads messages on which the rules are unsure.
fn reads_by_model(config: &Config) -> bool {
    config.ai.as_ref().is_some_and(|ai| ai.detect)
}

fn write(composer: &Composer<'_>, thread: &Thread, decision: &Decision) -> Result<Written, String> {
    let (Some(scenario), Some(step)) = (decision.scenario, decision.step) else {
        return Err("the decision names no step".to_owned());
    };
    let composed = composer.compose(thread, scenario, step, decision.approved_template);
    let composed = composed.map_err(|error| error.to_string())?;
    Ok(Written {
        text: composed.text,
        source: composed.source,
        template: composed.template,
    })
}

fn outcome(summary: &Summary) -> Outcome {
    let Summary {
        failed,
        unknown,
        recovered,
        failed_actions,
        not_written,
        closed,
        ..
    } = summary;
    if failed + unknown + recovered + failed_actions + not_written + closed > 0 {
        Outcome::NotAllSent
    } else if summary.stale
        + summary.retry
        + summary.waiting
        + summary.silent_models
        + summary.not_asked
        > 0
    {
        Outcome::TryLater
    } else {
        Outcome::Done
    }
}

/// Where a test wants a run to stop, to kill it there; in debug builds only.
struct PausePoint(Option<(String, PathBuf)>);

impl PausePoint {
    /// `FOLLOWUP_PAUSE_AT=POINT:FILE`: at that point the file is made, and the process waits for its end.
    fn of(context: &Context<'_>) -> Self {
        let wanted = context
            .environment
            .get("FOLLOWUP_PAUSE_AT")
            .filter(|_| cfg!(debug_assertions));
        let wanted = wanted.and_then(|w| w.to_str()?.split_once(':'));
        Self(wanted.map(|(point, file)| (point.to_owned(), PathBuf::from(file))))
    }

    fn wait(&self, point: Point) {
        let Some((_, file)) = self.0.as_ref().filter(|(name, _)| name == point.name()) else {
            return;
        };
        let _ = std::fs::write(file, "");
        loop {
            std::thread::park();
        }
    }
}

/// Where a run's events go. A reader who goes away does not stop the run.
struct Paper<'p, 'c> {
    context: &'p mut Context<'c>,
    json: bool,
}

impl<'p, 'c> Paper<'p, 'c> {
    /// Events as lines for a person, or as JSON Lines.
    fn new(context: &'p mut Context<'c>, json: bool) -> Self {
        Self { context, json }
    }

    /// Says what happened.
    fn event(&mut self, event: &Event) {
        if self.json {
            if self.context.verbosity > Verbosity::Quiet {
                self.json_line(&serde_json::to_value(event).unwrap_or_default());
            }
            return;
        }
        let (verbosity, is_problem) = (self.context.verbosity, is_problem(event));
        if is_problem {
            self.context.say(Verbosity::Quiet, &event_words(event));
        } else if self.context.terminal.output {
            if verbosity > Verbosity::Quiet {
                let _ = writeln!(self.context.out, "{}", plain(&event_words(event)));
            }
        } else if verbosity >= Verbosity::Verbose {
            self.context.say(Verbosity::Verbose, &event_words(event));
        }
    }

    /// Says what the whole run did.
    fn summary(&mut self, summary: &Summary) {
        if self.json {
            let mut value = serde_json::to_value(summary).unwrap_or_default();
            value["type"] = "summary".into();
            self.json_line(&value);
            return;
        }
        let line = summary_words(summary);
        let news = *summary != Summary::default();
        if needs_a_person(summary) {
            self.context.say(Verbosity::Quiet, &line);
        } else if self.context.terminal.output && self.context.verbosity > Verbosity::Quiet {
            let _ = writeln!(self.context.out, "{line}");
        } else if news {
            self.context.say(Verbosity::Verbose, &line);
        }
    }

    fn json_line(&mut self, value: &serde_json::Value) {
        let _ = writeln!(self.context.out, "{value}");
    }
}
