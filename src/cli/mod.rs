//! The command line: its doc comments are the help.

mod time;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{AUTO, DateOrder, Format};
use crate::export::ExportFormat;

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
    Split(Say),
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

/// `followup import`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup import exports/messages.csv
  followup import 'WhatsApp Chat with Ana.zip' --us 'Clinica Sol' --timezone America/Mexico_City
  crm-dump | followup import - --source crm

Bad rows are named with file and line and left out; the good ones are kept, and the exit code is 65.")]
pub struct Import {
    /// The files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The source they belong to, with its settings: one that is configured [default: the one whose path it is]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// How they are written: auto (by their content), or one of csv, jsonl, whatsapp, signal, messenger, instagram, telegram, twilio, highlevel, chatwoot, intercom, whatsapp_cloud, mbox, maildir [default: the source's, else auto]
    #[arg(long, value_name = "F")]
    pub format: Option<FormatArgument>,
    /// Up to when they are complete [default: the file's modification time]
    #[arg(long, value_name = "T")]
    pub as_of: Option<TimeArgument>,
    /// For chat exports and email: a name or address under which the business writes; may be given again
    #[arg(long, value_name = "SENDER")]
    pub us: Vec<String>,
    /// The zone of times without an offset
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The order of numeric dates: dmy, mdy or ymd
    #[arg(long, value_name = "ORDER")]
    pub date_order: Option<DateOrder>,
    /// The time to decide for.
    #[command(flatten)]
    pub now: Now,
}

/// `followup import-config`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup import-config highlevel agent.json
  followup import-config highlevel agent.json -o - | less

What is carried over stands in the file with where it came from; what is not, as a comment there and on
standard error. The file passes followup check, and writes to an outbox until you give it senders.")]
pub struct ImportConfig {
    /// Whose configuration it is
    pub tool: ImportedConfig,
    /// The file, as the tool's API gives it; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What to write; - is standard output; never over a file that is there
    #[arg(short, long, value_name = "FILE", default_value = "followup.toml")]
    pub output: PathBuf,
}

/// Another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportedConfig {
    /// HighLevel: the Auto Follow-Up of a Conversation AI agent
    Highlevel,
}

/// A format, or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatArgument(pub Option<Format>);

impl std::str::FromStr for FormatArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == AUTO {
            return Ok(Self(None));
        }
        text.parse().map(|format| Self(Some(format))).map_err(|_| {
            let known: Vec<_> = Format::ALL.iter().map(|f| f.as_str()).collect();
            format!("the formats are {AUTO}, {}", known.join(", "))
        })
    }
}

/// `followup sync`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup sync                       every source that has an API
  followup sync crm                   only this one

A sync that is stopped at any point goes on where it was; nothing is lost or doubled. A run syncs by itself, and
asks again about each contact right before it writes to them.")]
pub struct Sync {
    /// The sources, by name [default: all that are asked by an API]
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// One JSON object a line: one for each source, the last one a summary
    #[arg(long)]
    pub json: bool,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}

/// `followup run`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Silent when all is well and standard output is not a terminal.

Examples:
  followup run                        from cron or a systemd timer
  followup run --limit 1              one message, to begin with
  followup run --json                 what happened, one JSON object a line"
)]
pub struct Run {
    /// The time to decide for.
    #[command(flatten)]
    pub now: Now,
    /// Send at most so many messages
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// One JSON object a line, the last one a summary
    #[arg(long)]
    pub json: bool,
}

/// `followup plan`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup plan                       what would go out now, and what is scheduled
  followup plan --until 2026-03-03    only what is scheduled before that day
  followup plan --all                 also the contacts who are left alone, and why
  followup plan --render --json       with the texts, one JSON object a line
  followup plan --format ics          what is scheduled, for a calendar")]
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
    /// With the texts as they would go out; a model writes those that are due now, as drafts that the next run may use
    #[arg(long)]
    pub render: bool,
    /// How it is written [default: table]
    #[arg(long, value_name = "F", conflicts_with = "json")]
    pub format: Option<PlanFormat>,
    /// One JSON object a line; the same as --format json
    #[arg(long)]
    pub json: bool,
}

impl Plan {
    /// How it is written.
    #[must_use]
    pub fn format(&self) -> PlanFormat {
        match self.format {
            Some(format) => format,
            None if self.json => PlanFormat::Json,
            None => PlanFormat::Table,
        }
    }
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// A table, for people.
    Table,
    /// One JSON object a line.
    Json,
    /// An iCalendar file: what is due or scheduled.
    Ics,
}

/// `followup show`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup show +5215512345678
  followup show c-102 --now 2026-03-02T09:00")]
pub struct Show {
    /// The contact's id
    pub contact: String,
    /// The whole conversation, however long
    #[arg(long)]
    pub all: bool,
    /// The time to decide for.
    #[command(flatten)]
    pub now: Now,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// `followup write`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup write c-102
  followup write c-102 --prompt       with what the model is told

The request counts against the budget of [ai]. What is written is not kept: a run has its own text written.")]
pub struct Write {
    /// The contact's id
    pub contact: String,
    /// Also what the model is told
    #[arg(long)]
    pub prompt: bool,
    /// The time to write at.
    #[command(flatten)]
    pub now: Now,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// `followup history`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup history --since 2026-03-01
  followup history --contact c-102 --why")]
pub struct History {
    /// Only those claimed at this time or later
    #[arg(long, value_name = "T")]
    pub since: Option<TimeArgument>,
    /// Only those to this contact
    #[arg(long, value_name = "ID")]
    pub contact: Option<String>,
    /// With the reasons as they were then
    #[arg(long)]
    pub why: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}

/// `followup status`.
#[derive(Debug, Args)]
pub struct Status {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}

/// `followup report`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup report -o followup.html
  followup report -o - | ssh desk 'cat > followup.html'

The page holds names, numbers and messages of contacts; the file can be read by its owner only.")]
pub struct Report {
    /// The file; - is standard output
    #[arg(short, long, value_name = "FILE.html")]
    pub output: PathBuf,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}

/// An operator's word about a contact.
#[derive(Debug, Args)]
pub struct Say {
    /// The contact's id
    pub contact: String,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// When it is said.
    #[command(flatten)]
    pub now: Now,
}

/// `followup merge`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup merge c-102 +5215512345678 --reason 'told us so'
  followup split +5215512345678       to take it back

Contacts of several sources are joined by themselves where they share a phone number, an email address or a
platform's id, and no name speaks against it: see [people] join_by. Facts stay with the contact they came
with; importing again undoes neither a merge nor a split.")]
pub struct Merge {
    /// The contact's id; it is the one that is shown
    pub contact: String,
    /// The id of the other one
    pub other: String,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// When it is said.
    #[command(flatten)]
    pub now: Now,
}

/// `followup pause`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup pause c-102 --reason 'on holiday'
  followup pause c-102 --until 2026-03-09T09:00")]
pub struct Pause {
    /// Whom, and why.
    #[command(flatten)]
    pub say: Say,
    /// Until when [default: until resume]
    #[arg(long, value_name = "T")]
    pub until: Option<TimeArgument>,
}

/// `followup resolve`.
#[derive(Debug, Args)]
pub struct Resolve {
    /// The follow-up's id, as history shows it
    #[arg(value_name = "FOLLOWUP")]
    pub follow_up: String,
    /// What became of it
    pub fate: Fate,
    /// When it is said.
    #[command(flatten)]
    pub now: Now,
}

/// `followup review`.
#[derive(Debug, Args)]
pub struct Review {
    /// Let a text through as it is
    #[arg(long, value_name = "ID")]
    pub approve: Vec<String>,
    /// Let it through with other words; - reads them from standard input
    #[arg(long, num_args = 2, value_names = ["ID", "TEXT"])]
    pub text: Vec<String>,
    /// Pass over its step
    #[arg(long, value_name = "ID")]
    pub skip: Vec<String>,
    /// Who decides [default: $USER]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// One object a line: what waits, or what was decided
    #[arg(long)]
    pub json: bool,
    /// When it is said.
    #[command(flatten)]
    pub now: Now,
}

/// What became of a follow-up, by a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fate {
    /// It reached the contact
    Sent,
    /// It did not: a later run tries again
    NotSent,
}

/// `followup forget`.
#[derive(Debug, Args)]
pub struct Forget {
    /// The contact's id
    pub contact: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// When they are forgotten.
    #[command(flatten)]
    pub now: Now,
}

/// `followup export`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup export messages > messages.csv
  followup export contacts --format jsonl -o contacts.jsonl

In CSV, a cell that a spreadsheet would run as a formula gets a leading ', which import takes off again.")]
pub struct Export {
    /// What
    pub what: Exported,
    /// How [default: by the name of the file, else csv]
    #[arg(long, value_name = "F")]
    pub format: Option<ExportFormat>,
    /// Into this file, which only you can read, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Exported {
    /// Every message, our own follow-ups among them
    Messages,
    /// Every contact, with what was said about them
    Contacts,
    /// The log of follow-ups
    Followups,
}

/// `followup backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to make; must not exist
    pub file: PathBuf,
}

/// `followup doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Make a copied database the original: only when the other one is no longer used
    #[arg(long)]
    pub adopt: bool,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}

/// `followup schedule`.
#[derive(Debug, Args)]
pub struct Schedule {
    /// For what
    pub scheduler: Scheduler,
}

/// What starts a run every minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A hardened service and its timer
    Systemd,
    /// A line for crontab -e
    Cron,
}

/// `followup completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `followup man`.
#[derive(Debug, Args)]
pub struct Man {
    /// One command's page
    pub command: Option<String>,
}

/// `followup detect`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup detect 'call me tomorrow after 3'
  followup detect --timezone Europe/Madrid --at 2026-03-11T10:20 'mejor el viernes por la tarde'
  followup detect --json < messages.jsonl

With --json and no TEXT it reads JSON Lines {\"id\",\"text\",\"at\",\"timezone\",\"language\"} on standard
input, of which only text is required, and writes one object a line.")]
pub struct Detect {
    /// The texts
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// When they were sent [default: now]
    #[arg(long, value_name = "T")]
    pub at: Option<TimeArgument>,
    /// The contact's zone [default: the bot's, else UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The contact's language: en, es, pt, fr, de or it [default: by the text]
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// One JSON object a line
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
