//! The command line: its doc comments are the help.

mod time;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use time::{NotATime, TimeArgument};

/// Follows up with contacts who went quiet: decides who is due, writes the message, sends it once, and can say why.
#[derive(Debug, Parser)]
#[command(
    name = "followup",
    version,
    max_term_width = 100,
    after_help = "Begin with: followup init, followup import FILE, followup plan, followup run\n\
                  Exit codes: 0 all well, 1 some messages not sent, 2 usage, 65 some input rejected, \
                  66 no such input, 70 internal error, 75 try again later, 77 permissions, 78 configuration"
)]
pub struct Cli {
    /// The configuration [default: $FOLLOWUP_CONFIG, ./followup.toml, $XDG_CONFIG_HOME/followup/followup.toml, /etc/followup/followup.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to colour: auto is on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: ColorChoice,
    /// Say more of what is done, on standard error
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that can, unless `NO_COLOR` is set.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented followup.toml; asks nothing, never overwrites
    Init {
        /// Where [default: here]
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
    /// Validate the configuration: every fault at once, and what is doubtful
    Check,
    /// Show what is due, what is scheduled, and why; changes nothing
    Plan(Plan),
    /// Show everything about one contact: conversation, schedule, and the reasons
    Show(Show),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
}

/// `--now`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Now {
    /// Decide as if it were this time [default: now]
    ///
    /// RFC 3339 (2026-03-02T09:00:00+01:00), or a time in the bot's zone (2026-03-02T09:00, 2026-03-02).
    #[arg(long, value_name = "T")]
    pub now: Option<TimeArgument>,
}

/// `followup plan`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup plan                       what would go out now, and what is scheduled
  followup plan --until 2026-03-03    only what is scheduled before that day
  followup plan --all                 also the contacts who are left alone, and why
  followup plan --render --json       with the texts, one JSON object a line")]
pub struct Plan {
    /// The time to decide for.
    #[command(flatten)]
    pub now: Now,
    /// Leave out what is scheduled later than this
    #[arg(long, value_name = "T")]
    pub until: Option<TimeArgument>,
    /// Only this contact, whatever is decided
    #[arg(long, value_name = "ID")]
    pub contact: Option<String>,
    /// Also contacts for whom nothing is due, with the reason
    #[arg(long)]
    pub all: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `followup show`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup show +5215512345678
  followup show c-102 --now 2026-03-02T09:00")]
pub struct Show {
    /// The contact's id
    pub contact: String,
    /// The time to decide for.
    #[command(flatten)]
    pub now: Now,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
