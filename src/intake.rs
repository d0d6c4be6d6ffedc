//! Takes messages in: opens a file or asks an API, reads it, stores what is new. What `import`, `sync` and `run`
//! share.

mod bookings;
mod last_look;
mod pages;
mod records;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::config::Config;
use crate::detect::Detector;
use crate::error::{Failure, Outcome};
use crate::import::{
    Progress as FileProgress, ReadError, RowError, SourceSettings, maildir_modified, open,
    open_stream,
};
use crate::model::Timestamp;
use crate::store::{BookingsTaken, FileState, Imported, Store};
use bookings::bookings_format;
pub use last_look::LastLook;
pub use pages::{Progress, Synced};

/// What became of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// What was stored of its messages.
    pub messages: Imported,
    /// Contacts of a contacts file.
    pub contacts: u64,
    /// What became of the appointments of a file that has these.
    pub bookings: BookingsTaken,
    /// Follow-ups of a follow-ups file that were new.
    pub follow_ups: u64,
    /// Rows that could not be used.
    pub rejected: u64,
    /// Whether the file has not changed since it was taken in before: nothing was read.
    pub unchanged: bool,
    /// Up to when an unchanged file's source is now complete, where that is later than before.
    pub complete_until: Option<Timestamp>,
}

/// What happens while a file is taken in.
pub enum Sight<'a> {
    /// The file is open; its reading can be followed.
    Opened(&'a FileProgress),
    /// Something that a person may want to know of the file as a whole.
    Noted(&'a str),
    /// Some more records have been read.
    Advanced,
    /// A row was left out.
    Rejected(&'a RowError),
}

/// Who takes in, for whom.
pub struct Intake<'a> {
    /// Where facts go.
    pub store: &'a Store,
    /// The business.
    pub config: &'a Config,
    /// What reads the messages.
    pub detector: &'a Detector,
    /// The present.
    pub now: Timestamp,
    /// The time up to which the data are complete, where the operator says so.
    pub as_of: Option<Timestamp>,
    /// Whether to end soon: asked between two batches.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Intake<'_> {
    /// Takes in the file at `path` for the source `name`. One that was taken in before and has not changed is
    /// left alone, unless `again` and some of its rows were rejected.
    ///
    /// # Errors
    /// [`Outcome::NoInput`] when it is missing, [`Outcome::InputRejected`] when it is no export that can be
    /// used; then nothing of it is kept.
    pub fn file(
        &self,
        path: &Path,
        name: &str,
        settings: &SourceSettings,
        again: bool,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        let about = std::fs::metadata(path).map_err(|e| unreadable(path, e.into()))?;
        let maildir = about.is_dir().then(|| maildir_modified(path)).flatten();
        let modified = maildir.or(about.modified().ok()).unwrap_or(UNIX_EPOCH);
        // By a clock that is ahead of ours, it is as old as its first import: nobody knows better.
        let is_ahead = Timestamp::from(modified) > self.now;
        let as_of = self.as_of.unwrap_or_else(|| modified.into()).min(self.now);
        let state = (about.is_file() || maildir.is_some())
            .then(|| self.state(path, about.len(), modified, settings));
        let unchanged_until = match self.as_of {
            None if is_ahead => Timestamp::UNIX_EPOCH,
            _ => as_of,
        };
        if let Some(state) = &state
            && let Some(before) = self.store.taken_before(state, name, unchanged_until)?
            && !(again && before.rejected > 0)
        {
            return Ok(Taken {
                unchanged: true,
                complete_until: before.is_fresher.then_some(as_of),
                rejected: before.rejected,
                ..Taken::default()
            });
        }
        if let Some(format) = bookings_format(path, settings) {
            let file = std::fs::File::open(path).map_err(|e| unreadable(path, e.into()))?;
            let shown = path.display().to_string();
            let of = (name, shown.as_str(), as_of);
            let remember = |source, rejected| {
                let state = state.as_ref().map(|s| (s, rejected));
                self.store.source_complete(source, as_of, state)
            };
            return self
                .bookings(file, format, settings, of, &remember, see)
                .with_context(|| format!("failed to import {}", path.display()));
        }
        let opened = open(path, settings).map_err(|e| unreadable(path, e))?;
        let source = self.store.source(name)?; // once the file is one that can be read
        self.take(opened, source, as_of, state.as_ref(), see)
            .with_context(|| format!("failed to import {}", path.display()))
    }

    /// Takes in what is read from `input`, once, for the source `name`.
    ///
    /// # Errors
    /// As [`Intake::file`].
    pub fn stream(
        &self,
        input: impl Read + Send + 'static,
        name: &str,
        settings: &SourceSettings,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        let as_of = self.as_of.unwrap_or(self.now);
        let stdin = Path::new("standard input");
        if let Some(format) = bookings_format(stdin, settings) {
            let of = (name, "-", as_of);
            let remember = |source, _| self.store.source_complete(source, as_of, None);
            return self
                .bookings(input, format, settings, of, &remember, see)
                .context("failed to import standard input");
        }
        let opened = open_stream(input, settings).map_err(|e| match e {
            ReadError::Io(_) if (self.stop)() => stopped(),
            error => unreadable(stdin, error),
        })?;
        let source = self.store.source(name)?;
        self.take(opened, source, as_of, None, see)
            .context("failed to import standard input")
    }

    /// A file is read anew when it is read in another way.
    fn read_with(&self, settings: &SourceSettings) -> u64 {
        let words = (
            settings,
            &self.config.stop.opt_out_words,
            env!("CARGO_PKG_VERSION"),
        );
        xxhash_rust::xxh3::xxh3_64(format!("{words:?}").as_bytes())
    }

    fn state(
        &self,
        path: &Path,
        size: u64,
        modified: std::time::SystemTime,
        settings: &SourceSettings,
    ) -> FileState {
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let read_with = self.read_with(settings);
        let path = path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
        FileState {
            path: path.display().to_string(),
            fingerprint: format!("{size}:{}:{read_with:016x}", since.as_nanos()),
        }
    }

    /// Why reading ended; it may be that somebody wanted it to.
    fn failure(&self, error: ReadError) -> anyhow::Error {
        match error {
            ReadError::Io(_) if (self.stop)() => stopped(),
            error => failure(error),
        }
    }
}

/// What was stored by now stays; the source is not complete.
fn stopped() -> anyhow::Error {
    Failure::new(Outcome::TryLater, "stopped before its end").into()
}

fn unreadable(path: &Path, error: ReadError) -> anyhow::Error {
    let words = format!("failed to import {}", path.display());
    failure(error).context(words)
}

fn failure(error: ReadError) -> anyhow::Error {
    match error {
        ReadError::Io(error) => error.into(),
        error => Failure::new(Outcome::InputRejected, error.to_string()).into(),
    }
}
