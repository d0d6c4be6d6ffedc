//! One thin file per command: load, open, call one function, report. What is data goes to `out`, everything
//! else to `err`.

mod after_import;
pub mod check;
pub mod detect;
mod doctor;
mod download;
mod export;
mod forget;
mod history;
mod import;
mod import_config;
pub mod init;
mod look;
mod new_file;
mod people;
mod plan;
mod report;
mod review;
mod run;
mod say;
pub mod schema;
mod show;
mod signals;
mod status;
mod sync;
mod upkeep;
mod write;

use std::io::{Read, Write};
use std::path::PathBuf;

use anyhow::Result;

pub use signals::{Interruptible, Signals};

use crate::cli::{Cli, Command, Now};
use crate::config::{self, Config, Environment};
use crate::error::{Failure, Outcome};
use crate::model::{Timestamp, Usage, WordKind};
use crate::report::name_after;
use crate::report::terminal::{Styles, plain_lines};
use crate::store::{ContactKey, Store, explained};

/// All that a command knows of the world around it. `main` makes one.
pub struct Context<'a> {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// The environment variables.
    pub environment: &'a Environment,
    /// The current directory.
    pub directory: PathBuf,
    /// This program's own file.
    pub executable: PathBuf,
    /// The clock.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Reads one key from the terminal; `None` at its end.
    pub key: &'a dyn Fn() -> std::io::Result<Option<char>>,
    /// Opens standard input.
    pub input: &'a dyn Fn() -> Box<dyn Read + Send>,
    /// Standard output: data.
    pub out: &'a mut dyn Write,
    /// Standard error: everything else.
    pub err: &'a mut dyn Write,
    /// What is at the other end.
    pub terminal: Terminal,
    /// `-v`, `-q`.
    pub verbosity: Verbosity,
    /// What is asked from outside while the command works.
    pub signals: &'a Signals,
}

/// What standard input, output and error are connected to.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Columns of a line on standard output.
    pub width: usize,
    /// Whether a person may be asked.
    pub input: bool,
    /// Whether standard output is a terminal.
    pub output: bool,
    /// Whether standard error is a terminal.
    pub error: bool,
    /// How standard output is coloured.
    pub out_styles: Styles,
    /// How standard error is coloured.
    pub err_styles: Styles,
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// What a person must know.
    Normal,
    /// What is done.
    Verbose,
}

impl Verbosity {
    /// As `-v` and `-q` say.
    #[must_use]
    pub const fn of(verbose: bool, quiet: bool) -> Self {
        match (verbose, quiet) {
            (_, true) => Self::Quiet,
            (true, _) => Self::Verbose,
            _ => Self::Normal,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// What kept the command from its work; [`crate::error::outcome_of`] gives its exit code.
pub fn execute(cli: Cli, context: &mut Context<'_>) -> Result<Outcome> {
    command(cli, context).map_err(explained)
}

fn command(cli: Cli, context: &mut Context<'_>) -> Result<Outcome> {
    match cli.command {
        Command::Init { directory } => {
            let directory = context.directory.join(directory.unwrap_or_default());
            init::run(&directory, context.environment, context.out)
        }
        Command::Check { online } => {
            let file = context.find_config()?;
            let valid = check::run(&file, context.environment, context.out, context.err)?;
            if !online {
                return Ok(valid);
            }
            check::online(&file, context.environment, context.clock, context.out)
        }
        Command::Schema => schema::run(context.out),
        Command::Import(arguments) => import::import(context, &arguments),
        Command::ImportConfig(arguments) => import_config::import_config(context, &arguments),
        Command::Sync(arguments) => sync::sync(context, &arguments),
        Command::Run(arguments) => run::run(context, &arguments),
        Command::Plan(arguments) => plan::plan(context, &arguments),
        Command::Show(arguments) => show::show(context, &arguments),
        Command::Write(arguments) => write::write(context, &arguments),
        Command::History(arguments) => history::history(context, &arguments),
        Command::Status(arguments) => status::status(context, &arguments),
        Command::Report(arguments) => report::report(context, &arguments),
        Command::Pause(arguments) => say::pause(context, &arguments),
        Command::Resume(arguments) => say::say(context, &arguments, WordKind::Resume),
        Command::Booked(arguments) => say::say(context, &arguments, WordKind::Booked),
        Command::OptOut(arguments) => say::say(context, &arguments, WordKind::OptOut),
        Command::OptIn(arguments) => say::say(context, &arguments, WordKind::OptIn),
        Command::Merge(arguments) => people::merge(context, &arguments),
        Command::Split(arguments) => people::split(context, &arguments),
        Command::Resolve(arguments) => say::resolve(context, &arguments),
        Command::Review(arguments) => review::review(context, &arguments),
        Command::Forget(arguments) => forget::forget(context, &arguments),
        Command::Export(arguments) => export::export(context, &arguments),
        Command::Backup(arguments) => upkeep::backup(context, &arguments),
        Command::Doctor(arguments) => doctor::doctor(context, &arguments),
        Command::Schedule(arguments) => upkeep::schedule(context, &arguments),
        Command::Completions(arguments) => upkeep::completions(context, &arguments),
        Command::Man(arguments) => upkeep::man(context, &arguments),
        Command::Detect(arguments) => detect::detect(context, &arguments),
    }
}

impl<'a> Context<'a> {
    /// Finds and loads the configuration. What is allowed and hardly meant is the concern of `check`.
    ///
    /// # Errors
    /// [`Outcome::Config`] with every fault.
    pub fn load(&mut self) -> Result<Config> {
        let file = self.find_config()?;
        let (config, _) = config::load(&file)?;
        Ok(config)
    }

    /// Where the configuration is.
    ///
    /// # Errors
    /// [`Outcome::Config`] when there is none.
    fn find_config(&mut self) -> Result<PathBuf> {
        let file = config::find(self.config.as_deref(), self.environment, &self.directory)?;
        let words = format!("configuration: {}", file.display());
        self.say(Verbosity::Verbose, &words);
        Ok(file)
    }

    /// The time: that of `--now`, else the clock's.
    #[must_use]
    pub fn now(&self, argument: Now, config: &Config) -> Timestamp {
        argument
            .now
            .map_or_else(self.clock, |now| now.instant(&config.bot.zone))
    }

    /// The clock of a command that takes a while: it begins at `start`, if given, and goes on from there.
    fn running_clock(&self, start: Option<Timestamp>) -> impl Fn() -> Timestamp + Sync + use<'a> {
        let clock = self.clock;
        let ahead = start.map(|start| start - clock());
        move || clock() + ahead.unwrap_or_default()
    }

    /// When the command was asked to end, says so, with what that means; then the rest is for another time.
    fn stopped(&mut self, what_now: &str) -> Outcome {
        let Some(signal) = self.signals.asked() else {
            return Outcome::Done;
        };
        self.say(
            Verbosity::Normal,
            &format!("stopped by {signal}: {what_now}"),
        );
        Outcome::TryLater
    }

    /// Writes a warning to standard error, unless `-q` forbids it.
    pub fn warn(&mut self, words: &str) {
        if self.verbosity > Verbosity::Quiet {
            let mark = self.terminal.err_styles.warning("warning:");
            let _ = writeln!(self.err, "{mark} {}", plain_lines(words));
        }
    }

    /// Writes an error with its causes to standard error.
    pub fn complain(&mut self, error: &anyhow::Error) {
        let mark = self.terminal.err_styles.bad("error:");
        let _ = writeln!(self.err, "{mark} {}", plain_lines(&format!("{error:#}")));
    }

    /// Writes a line to standard error, if so much is wanted. Nobody hears it when that fails.
    pub fn say(&mut self, verbosity: Verbosity, line: &str) {
        if self.verbosity >= verbosity {
            let _ = writeln!(self.err, "{}", plain_lines(line));
        }
    }
}

/// What language models used since the bot's midnight.
fn used_today(store: &Store, config: &Config, now: Timestamp) -> Result<Usage> {
    let zone = &config.bot.zone;
    store.used_since(zone.start_of(zone.local(now).date()), None)
}

/// The contact of this id, which must exist.
fn find_contact(store: &Store, contact_id: &str) -> Result<ContactKey> {
    if let Some(key) = store.find(contact_id)? {
        return Ok(key);
    }
    let mut words = format!("there is no contact {contact_id}");
    let like = store.find_like(contact_id)?;
    if !like.is_empty() {
        words.push_str("; did you mean");
        for (id, name) in like {
            words.push_str("\n  ");
            words.push_str(&id);
            let name = name_after(&id, name.as_deref());
            if !name.is_empty() {
                words.push_str(&format!(" {name}"));
            }
        }
    }
    Err(Failure::new(Outcome::NoInput, words).into())
}
