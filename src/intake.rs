//! Takes messages in: opens a file or asks an API, reads it, stores what is new. What `import`, `sync` and `run`
//! share.

mod bookings;
mod last_look;
mod pages;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::config::Config;
use crate::detect::Detector;
use crate::error::{Failure, Outcome};
use crate::import::{
    ContactRecord, Opened, Progress as FileProgress, ReadError, Reader, Records, RowError,
    SourceSettings, maildir_modified, open, open_stream,
};
use crate::model::Timestamp;
use crate::store::{Batch, BookingsTaken, FileState, Imported, Ingest, Store};
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

/// How many batches are under way: one is cut, one is read, one is stored, and one evens out their times.
const BATCHES: usize = 4;
/// How many records are read between two looks at the progress.
const STRIDE: u64 = 4096;
/// How many bytes of a contacts or follow-ups file are read ahead of the store.
const MOST_BYTES: u64 = 8 << 20;

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
        let as_of = self.as_of.unwrap_or_else(|| modified.into());
        let state = (about.is_file() || maildir.is_some())
            .then(|| self.state(path, about.len(), modified, settings));
        if let Some(state) = &state
            && let Some(before) = self.store.taken_before(state, name, as_of)?
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

    fn take(
        &self,
        opened: Opened,
        source: i64,
        as_of: Timestamp,
        state: Option<&FileState>,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        see(Sight::Opened(&opened.progress));
        match opened.records {
            Records::Messages(reader) => {
                for note in reader.notes() {
                    see(Sight::Noted(note));
                }
                self.messages(reader, source, as_of, state, see)
            }
            Records::Contacts(mut contacts) => {
                let mut taken = Taken::default();
                let next = |room: Option<ContactRecord>| {
                    let mut record = room.unwrap_or_default();
                    let read = contacts.read(&mut record)?;
                    Some(read.map(|()| record))
                };
                self.rows(
                    next,
                    &opened.progress,
                    source,
                    as_of,
                    state,
                    see,
                    &mut taken,
                    |taken, record| {
                        self.store.restore_contact(record, as_of)?;
                        taken.contacts += 1;
                        Ok(())
                    },
                )?;
                Ok(taken)
            }
            Records::FollowUps(mut rows) => {
                let mut taken = Taken::default();
                self.rows(
                    |_| rows.next(),
                    &opened.progress,
                    source,
                    as_of,
                    state,
                    see,
                    &mut taken,
                    |taken, record| {
                        taken.follow_ups += u64::from(self.store.restore_follow_up(record)?);
                        Ok(())
                    },
                )?;
                Ok(taken)
            }
        }
    }

    fn messages(
        &self,
        reader: Box<dyn Reader + Send>,
        source: i64,
        as_of: Timestamp,
        state: Option<&FileState>,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        let mut ingest = Ingest::new(self.store, source, self.reading())?;
        let mut rejected = 0;
        let messages = std::thread::scope(|scope| {
            let (room, emptied) = channel();
            for _ in 0..BATCHES {
                let _ = room.send(Batch::default());
            }
            let (parcels, cut) = sync_channel::<Parcel>(BATCHES);
            scope.spawn(move || read_ahead(reader, &emptied, &parcels));
            let (parcels, arriving) = sync_channel(BATCHES);
            let mut batches = ingest.reader();
            scope.spawn(move || {
                for mut parcel in cut {
                    batches.read(&mut parcel.batch);
                    if parcels.send(parcel).is_err() {
                        return; // the store has failed
                    }
                }
            });
            for mut parcel in arriving {
                for error in &parcel.rejected {
                    rejected += 1;
                    see(Sight::Rejected(error));
                }
                match parcel.end {
                    None if (self.stop)() => return Err(stopped()),
                    None => ingest.take(&mut parcel.batch)?,
                    Some(Ok(())) => {
                        let state = state.map(|s| (s, rejected));
                        return ingest.finish(&mut parcel.batch, as_of, state);
                    }
                    Some(Err(error)) => return Err(self.failure(error)),
                }
                see(Sight::Advanced);
                parcel.batch.clear();
                let _ = room.send(parcel.batch); // all may have been read
            }
            Err(anyhow::anyhow!("the reading ended in a defect"))
        })?;
        Ok(Taken {
            messages,
            rejected,
            ..Taken::default()
        })
    }

    /// Why reading ended; it may be that somebody wanted it to.
    fn failure(&self, error: ReadError) -> anyhow::Error {
        match error {
            ReadError::Io(_) if (self.stop)() => stopped(),
            error => failure(error),
        }
    }

    /// Stores the rows of a contacts or follow-ups file, some in each transaction. `next` gets the room of a row that is
    /// stored.
    #[expect(
        clippy::too_many_arguments,
        reason = "one file's facts, passed through once"
    )]
    fn rows<T>(
        &self,
        mut next: impl FnMut(Option<T>) -> Option<Result<T, ReadError>>,
        progress: &FileProgress,
        source: i64,
        as_of: Timestamp,
        state: Option<&FileState>,
        see: &mut dyn FnMut(Sight<'_>),
        taken: &mut Taken,
        mut store: impl FnMut(&mut Taken, &T) -> Result<()>,
    ) -> Result<()> {
        let mut stored = Vec::new();
        loop {
            if (self.stop)() {
                return Err(stopped());
            }
            let (mut some, begin) = (Vec::new(), progress.read());
            while some.len() < STRIDE as usize
                && progress.read().saturating_sub(begin) < MOST_BYTES
                && let Some(row) = next(stored.pop())
            {
                some.push(row);
            }
            let last = some.is_empty();
            self.store.durably(|| {
                for row in some {
                    match row {
                        Ok(record) => {
                            store(taken, &record)?;
                            stored.push(record);
                        }
                        Err(ReadError::Row(error)) => {
                            taken.rejected += 1;
                            see(Sight::Rejected(&error));
                        }
                        Err(error) => return Err(self.failure(error)),
                    }
                }
                if last {
                    self.store.source_complete(
                        source,
                        as_of,
                        state.map(|s| (s, taken.rejected)),
                    )?;
                }
                Ok(())
            })?;
            if last {
                return Ok(());
            }
            see(Sight::Advanced);
        }
    }
}

/// Records that were read while others were stored.
#[derive(Default)]
struct Parcel {
    batch: Batch,
    rejected: Vec<RowError>,
    /// Whether it is the last, and how the reading ended.
    end: Option<Result<(), ReadError>>,
}

/// Reads a file to its end, some batches ahead of the store, into the room that it gives back.
fn read_ahead(
    mut reader: Box<dyn Reader + Send>,
    emptied: &Receiver<Batch>,
    parcels: &SyncSender<Parcel>,
) {
    for batch in emptied {
        let mut parcel = Parcel {
            batch,
            ..Parcel::default()
        };
        while parcel.end.is_none()
            && !parcel.batch.is_full()
            && parcel.rejected.len() < STRIDE as usize
        {
            match reader.read() {
                Some(Ok(record)) => parcel.batch.push(&record),
                Some(Err(ReadError::Row(error))) => parcel.rejected.push(error),
                Some(Err(error)) => parcel.end = Some(Err(error)),
                None => parcel.end = Some(Ok(())),
            }
        }
        let ended = parcel.end.is_some();
        if parcels.send(parcel).is_err() || ended {
            return; // else the store has failed
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
