//! The `followup` command: arguments, clock, environment and terminal go in once, an exit code comes out.

use std::cell::Cell;
use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use clap::Parser;
use followup::cli::{Cli, ColorChoice};
use followup::commands::{Context, Interruptible, Signals, Terminal, Verbosity, execute};
use followup::config::Environment;
use followup::error::{Outcome, outcome_of};
use followup::report::output::Output;
use followup::report::terminal::Styles;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refusal) => {
            let _ = refusal.print(); // help for a reader who has gone is no failure
            return ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2));
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clock is read"
    )]
    let clock = || chrono::Utc::now();
    let environment: Environment = std::env::vars_os().collect();
    let terminal = terminal(cli.color, &environment);
    let reader_has_gone = Cell::new(false);
    let mut out = Output::new(std::io::stdout().lock(), &reader_has_gone);
    let mut err = std::io::stderr().lock();
    let signals = Signals::default();
    let mut context = Context {
        config: cli.config.clone(),
        environment: &environment,
        directory: ".".into(),
        executable: std::env::current_exe().unwrap_or_else(|_| "followup".into()),
        clock: &clock,
        key: &key,
        input: &|| standard_input(&signals),
        out: &mut out,
        err: &mut err,
        terminal,
        verbosity: Verbosity::of(cli.verbose, cli.quiet),
        signals: &signals,
    };
    let result = execute(cli, &mut context);
    let flushed = context.out.flush();
    match result.and_then(|outcome| Ok(flushed.map(|()| outcome)?)) {
        Ok(outcome) => outcome.into(),
        Err(_) if reader_has_gone.get() => Outcome::Done.into(),
        Err(error) => {
            context.complain(&error);
            outcome_of(&error).into()
        }
    }
}

/// Standard input, to its end or to a signal's.
#[cfg(unix)]
fn standard_input(signals: &Signals) -> Box<dyn Read + Send> {
    use std::os::fd::AsFd;
    match std::io::stdin().as_fd().try_clone_to_owned() {
        // Not `Stdin`, which keeps back what it has read.
        Ok(own) => Box::new(Interruptible::new(
            std::fs::File::from(own),
            signals.clone(),
        )),
        Err(_) => Box::new(std::io::stdin()),
    }
}

/// Standard input, to its end.
#[cfg(not(unix))]
fn standard_input(signals: &Signals) -> Box<dyn Read + Send> {
    Box::new(Interruptible::new(std::io::stdin(), signals.clone()))
}

/// One key, without waiting for the end of a line. Ctrl-C and Ctrl-D are keys too while it waits, so that a terminal
/// is never left without its echo.
#[cfg(unix)]
fn key() -> std::io::Result<Option<char>> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut single = before.clone();
    single.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    tcsetattr(&stdin, OptionalActions::Now, &single)?;
    let read = read_key();
    tcsetattr(&stdin, OptionalActions::Now, &before)?;
    read
}

/// One key, at the end of a line.
#[cfg(not(unix))]
fn key() -> std::io::Result<Option<char>> {
    read_key()
}

fn read_key() -> std::io::Result<Option<char>> {
    let mut byte = [0];
    let count = std::io::stdin().lock().read(&mut byte)?;
    let [byte] = byte;
    Ok((count > 0).then_some(char::from(byte)))
}

fn terminal(color: ColorChoice, environment: &Environment) -> Terminal {
    let coloured = |auto: anstream::ColorChoice| match color {
        ColorChoice::Auto => auto != anstream::ColorChoice::Never,
        ColorChoice::Always => true,
        ColorChoice::Never => false,
    };
    let (out, err) = (std::io::stdout(), std::io::stderr());
    let columns = environment
        .get("COLUMNS")
        .and_then(|c| c.to_str()?.parse().ok());
    let seen = || terminal_size::terminal_size_of(&out).map(|(width, _)| usize::from(width.0));
    Terminal {
        width: columns.or_else(seen).unwrap_or(80).clamp(40, 400),
        input: std::io::stdin().is_terminal(),
        output: out.is_terminal(),
        error: err.is_terminal(),
        out_styles: Styles::new(coloured(anstream::AutoStream::choice(&out))),
        err_styles: Styles::new(coloured(anstream::AutoStream::choice(&err))),
    }
}
