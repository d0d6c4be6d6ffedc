//! What an operator looks at and says about one contact.

use clap::Args;

use crate::cli::{Now, TimeArgument};

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

Contacts of several sources are joined by themselves where they share a phone number, an email address or a \
platform's id, and no name speaks against it: see [people] join_by. Importing again undoes neither a merge nor a split.

After a split, messages and follow-ups are with the contact they came with. What was said of either by then (a pause, \
a booking, an opt-out), and an opt-out that either wrote, stays with both: an opt-out is never lost. Where it is not \
meant for one of them: followup opt-in, or followup resume.")]
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

/// `followup split`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup split +5215512345678 --reason 'mother and daughter'

Messages and follow-ups are with the contact they came with. What was said of either by then (a pause, a booking, an \
opt-out), and an opt-out that either wrote, stays with both: an opt-out is never lost. Where it is not meant for one \
of them: followup opt-in, or followup resume.")]
pub struct Split {
    /// Whom, and why.
    #[command(flatten)]
    pub say: Say,
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

/// `followup forget`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "What was exported, and what an outbox holds, is not touched: the texts that were sent to them may \
still stand there."
)]
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
