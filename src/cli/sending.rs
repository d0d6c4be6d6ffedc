//! What decides, writes and sends, and what settles what it left open.

use clap::{Args, ValueEnum};

use crate::cli::{Now, TimeArgument};

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
