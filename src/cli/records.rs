//! What shows, exports and keeps what is stored.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{Now, TimeArgument};
use crate::export::ExportFormat;

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
