//! The command line: its doc comments are the help.

mod contact;
mod intake;
mod machine;
mod records;
mod sending;
mod time;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use contact::{Forget, Merge, Pause, Say, Show, Split};
pub use intake::{FormatArgument, Import, ImportConfig, ImportedConfig, Sync};
pub use machine::{Completions, Detect, Man, Schedule, Scheduler};
pub use records::{Backup, Doctor, Export, Exported, History, Report, Status};
pub use sending::{Fate, Plan, PlanFormat, Resolve, Review, Run, Write};
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
    Check {
        /// Also ask each provider a harmless question with its secrets; nothing is sent
        #[arg(long)]
        online: bool,
    },
    /// Read exports of conversations; again and in any order is safe
    Import(Import),
    /// Turn another tool's follow-up configuration into a followup.toml
    ImportConfig(ImportConfig),
    /// Pull new messages from the APIs that are configured as sources
    Sync(Sync),
    /// Show what is due, what is scheduled, and why; changes nothing
    Plan(Plan),
    /// Take in what is new, send what is due, and exit: for cron and systemd
    Run(Run),
    /// Show everything about one contact: conversation, schedule, and the reasons
    Show(Show),
    /// Have a model write a contact's next text, to look at; nothing is sent
    Write(Write),
    /// List every follow-up ever claimed, with what became of it
    History(History),
    /// Show how things stand: counts, the age of each source, what needs a person
    Status(Status),
    /// Write the dashboard: one HTML file to look at, without scripts
    Report(Report),
    /// Hold everything for a contact, until a time or until resume
    Pause(Pause),
    /// End a contact's pause; also says that a person has looked at an unclear time
    Resume(Say),
    /// Record that a contact has an appointment: nothing is sent until they write again
    Booked(Say),
    /// Record that a contact must never be written to
    OptOut(Say),
    /// Record a contact's consent to be written to again
    OptIn(Say),
    /// Make one person of two contacts: one conversation, and a reply to either counts
    Merge(Merge),
    /// Take a contact out of the person it was joined to; no import joins them again
    Split(Split),
    /// Settle a follow-up of which nobody knows whether it was sent
    Resolve(Resolve),
    /// See the texts that wait for a person: let them through, change them or pass them over
    Review(Review),
    /// Erase a person's data; that they opted out is kept as a keyed hash
    Forget(Forget),
    /// Write what is stored, so that it can be imported again with every field exact
    Export(Export),
    /// Copy the database, consistent, into a new private file
    Backup(Backup),
    /// Look at versions, permissions, integrity, the lock, and the age of the data
    Doctor(Doctor),
    /// Print what makes this machine run followup every minute
    Schedule(Schedule),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page of followup or of one command
    Man(Man),
    /// Show what the detector makes of a text: what it means, and when it asks to be written to
    Detect(Detect),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
