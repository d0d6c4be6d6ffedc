//! What an open file holds, into the store: some of it is read while what came before is stored.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use anyhow::Result;

use super::{Intake, Sight, Taken, stopped};
use crate::import::{
    ContactRecord, Opened, Progress as FileProgress, ReadError, Reader, Records, RowError,
};
use crate::model::Timestamp;
use crate::store::{Batch, FileState, Ingest};

/// How many batches are under way: one is cut, one is read, one is stored, and one evens out their times.
const BATCHES: usize = 4;
/// How many records are read between two looks at the progress.
const STRIDE: u64 = 4096;
/// How many bytes of a contacts or follow-ups file are read ahead of the store.
const MOST_BYTES: u64 = 8 << 20;

impl Intake<'_> {
    /// Takes in what is open.
    pub(super) fn take(
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
