//! Work on many contacts by several readers at once, what comes of it in order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::opening::BUSY_PATIENCE;
use super::{ContactKey, Store};
use crate::decide::{Decision, Policy, decide};
use crate::model::{Thread, Timestamp};

/// How many results each thread is ahead of who takes them at most.
const AHEAD: usize = 16;
/// More threads than this only wait for who takes the results.
const MOST_THREADS: usize = 8;
/// How long readers wait for a moment at which nobody writes.
const MOMENT_PATIENCE: Duration = Duration::from_millis(250);
/// How many contacts are decided about in one piece.
const PIECE: usize = 64;

/// What a thread gives.
enum Part<T> {
    One(T),
    /// The piece is whole.
    End,
    Failed(anyhow::Error),
}

impl Store {
    /// Does `work` on each of `pieces`, on several threads with readers of one moment, and gives what comes of it to
    /// `take` in the order of the pieces. `work` gives as many results as it likes, and is not ahead of `take` by
    /// many.
    ///
    /// # Errors
    /// Those of `work` and `take`, and when the database cannot be read.
    pub fn abreast<P: Sync, T: Send>(
        &self,
        pieces: &[P],
        work: impl Fn(&Self, &P, &mut dyn FnMut(T) -> Result<()>) -> Result<()> + Sync,
        mut take: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = pieces.len().min(processors).clamp(1, MOST_THREADS);
        let readers = self.readers_at_one_moment(threads)?;
        let (threads, work) = (readers.len(), &work);
        std::thread::scope(|scope| {
            let mut results = Vec::with_capacity(threads);
            for (first, reader) in readers.into_iter().enumerate() {
                let (parts, result) = sync_channel(AHEAD);
                let mine = pieces.iter().skip(first).step_by(threads);
                scope.spawn(move || do_all(&reader, mine, work, &parts));
                results.push(result);
            }
            for (result, _) in results.iter().cycle().zip(pieces) {
                take_piece(result, &mut take)?;
            }
            Ok(())
        })
    }

    /// Decides about contacts at `now`, several at once, and gives those that `sift` wants to `tell`, in their order.
    /// What of a thread is not needed any more `sift` may take out of it.
    ///
    /// # Errors
    /// Those of `tell`, and when the database cannot be read.
    pub fn decide_each(
        &self,
        contacts: &[ContactKey],
        (policy, now): (&Policy, Timestamp),
        sift: impl Fn(&mut Thread, &Decision) -> bool + Sync,
        mut tell: impl FnMut(ContactKey, Thread, Decision) -> Result<()>,
    ) -> Result<()> {
        let look = |store: &Self, piece: &&[ContactKey]| -> Result<Vec<_>> {
            let mut threads = store.threads()?;
            let mut decided = Vec::with_capacity(piece.len());
            for key in *piece {
                let Some(mut thread) = threads.thread(*key)? else {
                    continue;
                };
                let decision = decide(policy, &thread, now);
                if sift(&mut thread, &decision) {
                    decided.push((*key, thread, decision));
                }
            }
            Ok(decided)
        };
        let pieces: Vec<&[ContactKey]> = contacts.chunks(PIECE).collect();
        let take = |decided: Vec<_>| {
            let mut decided = decided.into_iter();
            decided.try_for_each(|(key, thread, decision)| tell(key, thread, decision))
        };
        match pieces[..] {
            [] => Ok(()),
            [only] => self.at_one_moment(|| look(self, &only)).and_then(take),
            _ => self.abreast(
                &pieces,
                |store, piece, give| give(look(store, piece)?),
                take,
            ),
        }
    }

    /// So many readers that all see the database as it is at one moment, until they are dropped; only one of them
    /// while somebody writes without a break.
    fn readers_at_one_moment(&self, number: usize) -> Result<Vec<Self>> {
        let mut readers = vec![self.reader()?];
        if number > 1 {
            self.connection.busy_timeout(MOMENT_PATIENCE)?;
            let nobody_writes = self.immediate();
            self.connection.busy_timeout(BUSY_PATIENCE)?;
            if let Ok(_nobody_writes) = nobody_writes {
                while readers.len() < number {
                    readers.push(self.reader()?);
                }
                readers.iter().try_for_each(Self::begin_reading)?;
                return Ok(readers);
            }
        }
        readers.iter().try_for_each(Self::begin_reading)?;
        Ok(readers)
    }

    fn begin_reading(&self) -> Result<()> {
        // What is read in the order of its rows is not read again.
        let sql = "PRAGMA cache_size = -2048; BEGIN";
        self.connection.execute_batch(sql)?;
        self.meta("home")?; // the first look sets the moment
        Ok(())
    }
}

/// One thread: does its pieces, one after the other.
fn do_all<'p, P: 'p, T>(
    reader: &Store,
    pieces: impl Iterator<Item = &'p P>,
    work: impl Fn(&Store, &P, &mut dyn FnMut(T) -> Result<()>) -> Result<()>,
    parts: &SyncSender<Part<T>>,
) {
    for piece in pieces {
        let mut give = |one| {
            let gone = |_| anyhow::anyhow!("nobody takes the results any more");
            parts.send(Part::One(one)).map_err(gone)
        };
        let done = work(reader, piece, &mut give);
        let end = done.map_or_else(Part::Failed, |()| Part::End);
        if parts.send(end).is_err() {
            return; // who takes the results has failed
        }
    }
}

/// Takes the results of one piece.
fn take_piece<T>(parts: &Receiver<Part<T>>, take: &mut impl FnMut(T) -> Result<()>) -> Result<()> {
    loop {
        match parts.recv().context("the reading ended in a defect")? {
            Part::One(one) => take(one)?,
            Part::End => return Ok(()),
            Part::Failed(error) => return Err(error),
        }
    }
}
