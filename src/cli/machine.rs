//! What fits the tool to a machine and a shell, and tries the detector.

use clap::{Args, ValueEnum};

use crate::cli::TimeArgument;

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

With --json and no TEXT it reads JSON Lines {\"id\",\"text\",\"at\",\"timezone\",\"language\"} on standard \
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
