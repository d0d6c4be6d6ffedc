//! An API's pages: one is fetched, some are read, and those before are stored, all at the same time.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};

use anyhow::Result;

use super::Intake;
use crate::config::Config;
use crate::import::RowError;
use crate::store::{Batch, Dnd, Doubts, Imported, Ingest, Page, Reading, SyncCursor};
use crate::sync::{Api, SyncError, Told};

/// What became of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// What was stored of its messages.
    pub messages: Imported,
    /// How many pages were fetched.
    pub pages: u64,
    /// Rows that could not be used.
    pub rejected: u64,
    /// Why it was not read to its end. What came before is stored, and the next sync goes on there.
    pub error: Option<SyncError>,
}

/// What happens while a source is read.
#[derive(Debug)]
pub enum Progress<'a> {
    /// So many messages of so many pages are stored.
    Stored {
        /// Messages.
        messages: u64,
        /// Pages.
        pages: u64,
    },
    /// A row was left out.
    Rejected(&'a RowError),
}

/// So many pages without a message, one after the other, are a defect of the provider.
const MOST_EMPTY_PAGES: u32 = 1000;
/// How many rows are gathered before they are stored: some such batches are in memory at once.
const MOST_GATHERED: usize = 4096;

impl Intake<'_> {
    /// Reads what is new at an API into the source `name`. Whoever is behind `account` has the cursor; another
    /// account is read from its beginning.
    ///
    /// # Errors
    /// When the database cannot be read or written. A provider's failure is in [`Synced::error`].
    pub fn sync(
        &self,
        api: &dyn Api,
        name: &str,
        account: &str,
        see: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Synced> {
        let source = self.store.source(name)?;
        let begins = self.store.cursor(source, account)?;
        let mut ingest = Ingest::new(self.store, source, self.reading())?;
        let mut synced = Synced::default();
        std::thread::scope(|scope| {
            let (pages, fetched) = sync_channel(1);
            let (room, stored) = channel();
            scope.spawn(move || fetch(api, begins, &pages, &stored));
            let (pages, arriving) = sync_channel::<Fetched>(1);
            let mut batches = ingest.reader();
            scope.spawn(move || {
                for mut fetched in fetched {
                    batches.read(&mut fetched.page.messages);
                    if pages.send(fetched).is_err() {
                        return; // the store has failed
                    }
                }
            });
            let mut messages = 0;
            for fetched in arriving {
                for error in &fetched.rejected {
                    see(Progress::Rejected(error));
                }
                synced.rejected += fetched.rejected.len() as u64;
                synced.pages += fetched.pages;
                messages += fetched.page.messages.len() as u64;
                let cursor = fetched.cursor.as_deref();
                let cursor = cursor.map(|cursor| SyncCursor { account, cursor });
                let mut page = fetched.page;
                match fetched.end {
                    None if api.forgets() => ingest.take_only_page(&mut page, cursor)?,
                    None => ingest.take_page(&mut page, cursor)?,
                    Some(Ok(())) => {
                        let as_of = self.as_of.unwrap_or(self.now);
                        synced.messages = ingest.finish_page(page, cursor, as_of)?;
                        return Ok(synced);
                    }
                    Some(Err(error)) => {
                        if cursor.is_some() || !page.messages.is_empty() {
                            ingest.take_only_page(&mut page, cursor)?;
                        }
                        synced.messages = ingest.imported();
                        synced.error = Some(error);
                        return Ok(synced);
                    }
                }
                let pages = synced.pages;
                see(Progress::Stored { messages, pages });
                page.messages.clear();
                // Nobody listens when the fetching has ended.
                let _ = room.send(page.messages);
            }
            Err(anyhow::anyhow!("the fetching ended in a defect"))
        })
    }

    pub(super) fn reading(&self) -> Reading<'_> {
        Reading {
            detector: self.detector,
            language: self.config.bot.language,
            policy: &self.config.policy,
            now: self.now,
            doubts: doubts(self.config),
        }
    }
}

/// Whether messages on which the rules are unsure wait for a model.
pub(super) fn doubts(config: &Config) -> Doubts {
    match &config.ai {
        Some(ai) if ai.detect => Doubts::Keep,
        _ => Doubts::Drop,
    }
}

/// Pages that were fetched one after the other, to be stored in one transaction.
#[derive(Default)]
struct Fetched {
    page: Page,
    rejected: Vec<RowError>,
    /// How many of them are whole.
    pages: u64,
    /// Where it goes on after the last of them that is whole.
    cursor: Option<String>,
    /// Whether it is the last, and how the fetching ended.
    end: Option<Result<(), SyncError>>,
}

impl Fetched {
    /// Nothing yet; `room` is that of a batch that is stored.
    fn in_the_room_of(room: Batch) -> Self {
        let mut fetched = Self::default();
        fetched.page.messages = room;
        fetched
    }

    /// How many rows it has, of every kind.
    fn rows(&self) -> usize {
        let Page {
            messages,
            contacts,
            dnd,
            bookings,
        } = &self.page;
        messages.len() + contacts.len() + dnd.len() + bookings.len() + self.rejected.len()
    }

    /// Whether it must be stored before more is fetched.
    fn is_full(&self) -> bool {
        self.page.messages.is_full() || self.rows() >= MOST_GATHERED
    }

    fn take(&mut self, told: Told<'_>) {
        match told {
            Told::Record(record) => self.page.messages.push(record),
            Told::Contact(contact) => self.page.contacts.push(contact.clone()),
            Told::DoNotDisturb { contact_id, reason } => {
                let on = Dnd::On(reason.to_owned());
                self.page.dnd.push((contact_id.to_owned(), on));
            }
            Told::MayBeWrittenTo { contact_id, said } => {
                let off = Dnd::Off { said };
                self.page.dnd.push((contact_id.to_owned(), off));
            }
            Told::Bookings {
                contact_id,
                mut bookings,
            } => {
                self.rejected.append(&mut bookings.rejected);
                self.page.bookings.push((contact_id, bookings));
            }
            Told::Unusable(error) => self.rejected.push(error),
        }
    }
}

/// Fetches page after page, some ahead of the store. While that is busy, what comes is gathered, so that the next
/// transaction has more of it.
fn fetch(
    api: &dyn Api,
    mut cursor: Option<String>,
    pages: &SyncSender<Fetched>,
    stored: &Receiver<Batch>,
) {
    let mut empty = 0;
    let mut fetched = Fetched::default();
    loop {
        let before = fetched.rows();
        let page = api.page(cursor.as_deref(), &mut |told| fetched.take(told));
        fetched.page.messages.turn_page();
        let is_empty = fetched.rows() == before;
        empty = if is_empty { empty + 1 } else { 0 };
        match page {
            Ok(page) => {
                cursor = Some(page.cursor.clone());
                fetched.cursor = Some(page.cursor);
                fetched.pages += 1;
                if page.is_last {
                    fetched.end = Some(Ok(()));
                } else if empty > MOST_EMPTY_PAGES {
                    let words = "it gives one empty page after the other".to_owned();
                    fetched.end = Some(Err(SyncError::Later(words)));
                }
            }
            Err(error) => fetched.end = Some(Err(error)),
        }
        let ended = fetched.end.is_some();
        let sent = if ended || api.forgets() || fetched.is_full() {
            pages.send(fetched).map_err(|_| None)
        } else {
            pages.try_send(fetched).map_err(|error| match error {
                TrySendError::Full(fetched) => Some(fetched),
                TrySendError::Disconnected(_) => None,
            })
        };
        fetched = match sent {
            Ok(()) if ended => return,
            // What the provider is about to forget must be on the disk.
            Ok(()) if api.forgets() => match stored.recv() {
                Ok(room) => Fetched::in_the_room_of(room),
                Err(_) => return,
            },
            Ok(()) => Fetched::in_the_room_of(stored.try_recv().unwrap_or_default()),
            Err(Some(gathered)) => gathered,
            Err(None) => return, // the store has failed
        };
    }
}
