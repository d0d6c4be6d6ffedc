//! The kinds of failure and their exit codes, in one match.

use std::process::ExitCode;

/// How a command ended, the graver the greater. Scripts and timers rely on the numbers of [`Outcome::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All well.
    Done,
    /// Try again later: a source was stale, a provider was down.
    TryLater,
    /// An input file is missing.
    NoInput,
    /// Some input was rejected; the rest was kept.
    InputRejected,
    /// Some messages could not be sent.
    NotAllSent,
    /// The command line is wrong.
    Usage,
    /// The configuration is wrong.
    Config,
    /// Not permitted by the operating system, or by the database's own rules.
    Permission,
    /// A defect of this program.
    Internal,
}

impl Outcome {
    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotAllSent => 1,
            Self::Usage => 2,
            Self::InputRejected => 65,
            Self::NoInput => 66,
            Self::Internal => 70,
            Self::TryLater => 75,
            Self::Permission => 77,
            Self::Config => 78,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// A failure that ends a command, and the outcome that it maps to. Put at the root or on top of an
/// [`anyhow::Error`] chain; [`outcome_of`] finds it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What it maps to.
    pub outcome: Outcome,
    /// What went wrong and what to do, for a person.
    pub message: String,
}

impl Failure {
    /// A failure with words for a person.
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
        }
    }
}

/// The outcome of an error: that of the [`Failure`] in its chain, else by the kind of an I/O error in it,
/// else [`Outcome::Internal`].
#[must_use]
pub fn outcome_of(error: &anyhow::Error) -> Outcome {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.outcome;
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::NotFound
                | std::io::ErrorKind::IsADirectory
                | std::io::ErrorKind::NotADirectory => Outcome::NoInput,
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    Outcome::Permission
                }
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    Outcome::TryLater
                }
                _ => Outcome::Internal,
            };
        }
    }
    Outcome::Internal
}
