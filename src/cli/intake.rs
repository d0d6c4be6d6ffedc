//! What takes conversations and settings in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{Now, TimeArgument};
use crate::config::{AUTO, DateOrder, Format};

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
    /// The source they belong to: one that is configured, with its settings, or a name of your own [default: the one whose path it is, else import]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// How they are written.
    #[arg(long, value_name = "F", help = format_words())]
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

What is carried over stands in the file with where it came from; what is not, as a comment there and on \
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
        text.parse()
            .map(|format| Self(Some(format)))
            .map_err(|_| format!("the formats are {AUTO}, {}", formats()))
    }
}

/// The help of `--format`, which names every format.
fn format_words() -> String {
    format!(
        "How they are written: {AUTO} (by their content), or one of {} [default: the source's, else {AUTO}]",
        formats()
    )
}

fn formats() -> String {
    let known: Vec<_> = Format::ALL.iter().map(|f| f.as_str()).collect();
    known.join(", ")
}

/// `followup sync`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  followup sync                       every source that has an API
  followup sync crm                   only this one

A sync that is stopped at any point goes on where it was; nothing is lost or doubled. A run syncs by itself, and \
asks again about each contact right before it writes to them.")]
pub struct Sync {
    /// The sources, by name [default: all that are asked by an API or have a url]
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// One JSON object a line: one for each source, the last one a summary
    #[arg(long)]
    pub json: bool,
    /// The present.
    #[command(flatten)]
    pub now: Now,
}
