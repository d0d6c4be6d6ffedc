//! `followup import`: exports in, facts kept, bad rows named.

use std::path::{Path, PathBuf};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::after_import::{Seen, after_import};
use super::{Context, Verbosity};
use crate::cli::Import;
use crate::config::{Config, SourceConfig, fingerprint};
use crate::detect::Detector;
use crate::error::{Failure, Outcome};
use crate::import::{Progress, SourceSettings, files_of};
use crate::intake::{Intake, Sight, Taken};
use crate::model::Timestamp;
use crate::report::count;
use crate::report::terminal::plain;
use crate::store::{Access, Imported, Namesake, Store};

/// The source of files that none is configured for.
const UNNAMED: &str = "import";
/// Files smaller than this are done before a bar could be read.
const WORTH_A_BAR: u64 = 10 << 20;
/// How many rejected rows of one file are named.
const MOST_NAMED: u64 = 100;

/// Takes every file in; the good ones are kept whatever the others are.
pub(super) fn import(context: &mut Context<'_>, arguments: &Import) -> Result<Outcome> {
    let signals = context.signals;
    signals.listen()?;
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Write)?;
    let now = context.now(arguments.now, &config);
    store.follow_country(config.bot.country)?;
    store.follow_policy(&fingerprint(&config), now)?;
    let detector = Detector::new(&config.stop.opt_out_words);
    let as_of = arguments.as_of.map(|t| t.instant(&config.bot.zone));
    let intake = Intake {
        store: &store,
        config: &config,
        detector: &detector,
        now,
        as_of,
        stop: &|| signals.stop(),
    };
    let mut outcome = Outcome::Done;
    for file in &arguments.files {
        if signals.stop() {
            break;
        }
        let result = one(context, &intake, arguments, file);
        outcome = outcome.max(context.file_outcome(result));
    }
    store.settle(&config.policy, now, || signals.stop())?;
    Ok(outcome.max(
        context.stopped("import the rest again: what is stored stays, and nothing is stored twice"),
    ))
}

fn one(
    context: &mut Context<'_>,
    intake: &Intake<'_>,
    arguments: &Import,
    file: &Path,
) -> Result<Outcome> {
    let (name, settings) = arguments.source_of(intake.config, file)?;
    if file == Path::new("-") {
        let input = (context.input)();
        let taken = context.take("standard input", Asked::ByName, |see| {
            intake.stream(input, &name, &settings, see)
        })?;
        return Ok(outcome_of(&taken));
    }
    let shown = shown(file);
    let file = context.directory.join(file);
    let taken = context.take(&shown, Asked::ByName, |see| {
        intake.file(&file, &name, &settings, true, see)
    })?;
    Ok(outcome_of(&taken))
}

/// A file's name on one line.
fn shown(file: &Path) -> String {
    plain(&file.display().to_string()).into_owned()
}

/// Takes in the files of every configured source that have changed since the last time. One that cannot be
/// read is said, and leaves the others alone.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn changed_sources(
    context: &mut Context<'_>,
    intake: &Intake<'_>,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    let files = intake.config.sources.iter().filter(|s| s.url.is_none());
    for source in files {
        let settings = SourceSettings::from(source);
        let files = match files_of(&source.path.to_string_lossy()) {
            Ok(files) => files,
            Err(error) => {
                context.say(
                    Verbosity::Quiet,
                    &format!("source {}: {error}", source.name),
                );
                outcome = outcome.max(Outcome::NoInput);
                continue;
            }
        };
        for file in files {
            if context.signals.stop() {
                return Ok(outcome);
            }
            let shown = shown(&file);
            let seen = Seen::at(&file);
            let mut is_whole = false;
            let taken = |see: &mut dyn FnMut(Sight<'_>)| {
                let taken = intake.file(&file, &source.name, &settings, false, see)?;
                is_whole = taken.rejected == 0;
                Ok(taken)
            };
            let result = context.take(&shown, Asked::BySource, taken);
            let result = result.map(|taken| outcome_of(&taken));
            outcome = outcome.max(context.file_outcome(result));
            if is_whole {
                match after_import(source, &file, seen.as_ref(), clock()) {
                    Ok(None) => {}
                    Ok(Some(done)) => context.say(Verbosity::Verbose, &format!("{shown}: {done}")),
                    Err(error) => {
                        let words = format!("{shown} is imported, but {error:#}");
                        context.say(Verbosity::Quiet, &words);
                        outcome = outcome.max(Outcome::Permission);
                    }
                }
            }
        }
    }
    Ok(outcome)
}

impl Import {
    /// The source of a file, and how it is read: the one that is named, else the configured one whose path
    /// it is, else none.
    fn source_of(&self, config: &Config, file: &Path) -> Result<(String, SourceSettings)> {
        let found = match &self.source {
            Some(name) => config.sources.iter().find(|s| s.name == *name),
            None => config.sources.iter().find(|s| brings(s, file)),
        };
        let mut settings = found.map(SourceSettings::from).unwrap_or_default();
        if let Some(format) = self.format {
            settings.format = format.0;
        }
        if !self.us.is_empty() {
            settings.us.clone_from(&self.us);
        }
        if let Some(order) = self.date_order {
            settings.date_order = Some(order);
        }
        if let Some(name) = &self.timezone {
            let zone = crate::zone::Zone::named(name);
            let words = || format!("{name:?} is no time zone; write one like Europe/Madrid");
            settings.timezone = Some(zone.ok_or_else(|| Failure::new(Outcome::Usage, words()))?);
        }
        let name = found.map(|s| &s.name).or(self.source.as_ref());
        Ok((
            name.cloned().unwrap_or_else(|| UNNAMED.to_owned()),
            settings,
        ))
    }
}

fn brings(source: &SourceConfig, file: &Path) -> bool {
    if source.url.is_some() {
        return false;
    }
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let files: Vec<PathBuf> = files_of(&source.path.to_string_lossy()).unwrap_or_default();
    files.iter().any(|f| same(f, file))
}

/// How a file came to be taken in: a person waits for an answer, a run from cron keeps still.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    ByName,
    BySource,
}

impl Context<'_> {
    /// Takes in one file, with a bar on a terminal and a line for each row that was left out.
    pub(super) fn take(
        &mut self,
        shown: &str,
        asked: Asked,
        work: impl FnOnce(&mut dyn FnMut(Sight<'_>)) -> Result<Taken>,
    ) -> Result<Taken> {
        let mut bar = Bar::default();
        let wants_bar = self.terminal.error && self.verbosity >= Verbosity::Normal;
        let mut named = 0;
        let taken = work(&mut |sight| match sight {
            Sight::Opened(progress) if wants_bar => bar.begin(progress),
            Sight::Opened(_) => {}
            Sight::Noted(words) => {
                bar.over(|| self.say(Verbosity::Normal, &format!("{shown}: {words}")));
            }
            Sight::Advanced => bar.advance(),
            Sight::Rejected(error) => {
                named += 1;
                if named <= MOST_NAMED {
                    let line = format!("{shown}:{}: {}", error.line, error.reason);
                    bar.over(|| self.say(Verbosity::Quiet, &line));
                }
            }
        });
        bar.end();
        let taken = taken?;
        if named > MOST_NAMED {
            let line = format!("{shown}: {} more rows were left out", named - MOST_NAMED);
            self.say(Verbosity::Quiet, &line);
        }
        let level = match asked {
            Asked::ByName => Verbosity::Normal,
            Asked::BySource if self.terminal.output && !taken.unchanged => Verbosity::Normal,
            Asked::BySource => Verbosity::Verbose,
        };
        self.say(level, &format!("{shown}: {}", words(&taken)));
        warn(self, shown, &taken.messages);
        Ok(taken)
    }

    /// A file that could not be used is said, with its outcome; the files after it are taken all the same.
    fn file_outcome(&mut self, result: Result<Outcome>) -> Outcome {
        result.unwrap_or_else(|error| {
            self.complain(&error);
            crate::error::outcome_of(&error)
        })
    }
}

/// Whether rows were left out.
pub(super) fn outcome_of(taken: &Taken) -> Outcome {
    if taken.rejected > 0 && !taken.unchanged {
        Outcome::InputRejected
    } else {
        Outcome::Done
    }
}

/// What a person should know of the messages from `origin`: follow-ups that went out after a reply that only now came
/// to light (rule X7), contacts who may be two people, and messages of the future (rule D11).
pub(super) fn warn(context: &mut Context<'_>, origin: &str, messages: &Imported) {
    for id in &messages.sent_after_reply {
        let line =
            format!("{id} was sent after a reply that only now came to light (sent_after_reply)");
        context.say(Verbosity::Quiet, &line);
    }
    for Namesake {
        contact_id,
        was,
        is,
    } in &messages.namesakes
    {
        let line = format!(
            "{origin}: contact {contact_id} was {was}, and is {is} here: if these are two people, two sources give \
             the same ids to different contacts; let one of them take another column, such as columns = {{ \
             contact_id = \"phone\" }}",
        );
        context.say(Verbosity::Quiet, &plain(&line));
    }
    if let Some(ahead) = messages.ahead {
        let line = format!(
            "{origin}: {} dated after now, the last {}; until then nothing that they say counts, not even a STOP: \
             are the source's `timezone` and this machine's clock right?",
            count(ahead.number, "message is", "messages are"),
            ahead.until.format("%Y-%m-%dT%H:%M:%SZ"),
        );
        context.say(Verbosity::Quiet, &line);
    }
}

pub(super) fn words(taken: &Taken) -> String {
    if let Some(until) = taken.complete_until {
        let until = until.format("%Y-%m-%dT%H:%M:%SZ");
        return format!("no new messages; its source is now complete until {until}");
    }
    if taken.unchanged {
        return "unchanged since the last import".to_owned();
    }
    let messages = &taken.messages;
    let mut parts = Vec::new();
    let mut part = |number: u64, one: &str, many: &str| {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    };
    part(messages.new, "new message", "new messages");
    part(messages.new_contacts, "new contact", "new contacts");
    part(messages.known, "known already", "known already");
    part(
        messages.own,
        "of our own follow-ups",
        "of our own follow-ups",
    );
    part(
        messages.forgotten,
        "of a forgotten contact left out",
        "of forgotten contacts left out",
    );
    part(taken.contacts, "contact", "contacts");
    part(taken.follow_ups, "follow-up", "follow-ups");
    part(taken.bookings.new, "new appointment", "new appointments");
    part(taken.bookings.changed, "changed", "changed");
    part(
        taken.bookings.gone,
        "gone and called off",
        "gone and called off",
    );
    part(taken.rejected, "row left out", "rows left out");
    if parts.is_empty() {
        "nothing in it".to_owned()
    } else {
        parts.join(", ")
    }
}

/// A progress bar on standard error, for files that take a while.
#[derive(Default)]
struct Bar(Option<(ProgressBar, Progress)>);

impl Bar {
    fn begin(&mut self, progress: &Progress) {
        let Some(total) = progress.total().filter(|total| *total >= WORTH_A_BAR) else {
            return;
        };
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {binary_bytes_per_sec}  {eta} left",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.0 = Some((bar, progress.clone()));
    }

    fn advance(&self) {
        if let Some((bar, progress)) = &self.0 {
            bar.set_position(progress.read());
        }
    }

    /// Lets a line be written where the bar is.
    fn over(&self, write: impl FnOnce()) {
        match &self.0 {
            Some((bar, _)) => bar.suspend(write),
            None => write(),
        }
    }

    fn end(&self) {
        if let Some((bar, _)) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
