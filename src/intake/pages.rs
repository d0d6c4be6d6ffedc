//! An API's pages: one is fetched, one is read, and those before are stored, all at the same time.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use anyhow::Result;

use super::Intake;
use crate::config::Config;
use crate::import::RowError;
use crate::store::{Dnd, Doubts, Imported, Ingest, Page, Reading, SyncCursor};
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
/// How many pages wait for the store.
const MOST_AHEAD: usize = 8;

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
            let (pages, fetched) = sync_channel(0);
            let (store, stored) = channel();
            scope.spawn(move || fetch(api, begins, &pages, &stored));
            let (pages, arriving) = sync_channel::<Fetched>(MOST_AHEAD);
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
            while let Ok(first) = arriving.recv() {
                // All that have arrived while the ones before were stored go into one transaction.
                let mut arrived = Arrived::default();
                for page in std::iter::once(first).chain(arriving.try_iter().take(MOST_AHEAD)) {
                    for error in &page.rejected {
                        see(Progress::Rejected(error));
                    }
                    synced.rejected += page.rejected.len() as u64;
                    synced.pages += u64::from(page.cursor.is_some());
                    messages += page.page.messages.len() as u64;
                    arrived.add(page);
                }
                let cursor = arrived.cursor.as_deref();
                let cursor = cursor.map(|cursor| SyncCursor { account, cursor });
                let pages = arrived.pages;
                match arrived.end {
                    None if api.forgets() => ingest.take_only_pages(pages, cursor)?,
                    None => ingest.take_pages(pages, cursor)?,
                    Some(Ok(())) => {
                        let as_of = self.as_of.unwrap_or(self.now);
                        synced.messages = ingest.finish_pages(pages, cursor, as_of)?;
                        return Ok(synced);
                    }
                    Some(Err(error)) => {
                        if cursor.is_some() || pages.iter().any(|page| !page.messages.is_empty()) {
                            ingest.take_only_pages(pages, cursor)?;
                        }
                        synced.messages = ingest.imported();
                        synced.error = Some(error);
                        return Ok(synced);
                    }
                }
                let pages = synced.pages;
                see(Progress::Stored { messages, pages });
                // Nobody listens when the fetching has ended.
                let _ = store.send(());
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

/// A page that was fetched.
#[derive(Default)]
struct Fetched {
    page: Page,
    rejected: Vec<RowError>,
    /// Where it goes on after this page, when it is whole.
    cursor: Option<String>,
    /// Whether it is the last, and how the fetching ended.
    end: Option<Result<(), SyncError>>,
}

impl Fetched {
    fn take(&mut self, told: Told<'_>) {
        match told {
            Told::Record(record) => self.page.messages.push(record),
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

/// Pages that are stored in one transaction.
#[derive(Default)]
struct Arrived {
    pages: Vec<Page>,
    /// Where it goes on after the last of them that is whole.
    cursor: Option<String>,
    end: Option<Result<(), SyncError>>,
}

impl Arrived {
    fn add(&mut self, fetched: Fetched) {
        self.pages.push(fetched.page);
        self.cursor = fetched.cursor.or(self.cursor.take());
        self.end = fetched.end;
    }
}

/// Fetches page after page, some ahead of the store.
fn fetch(
    api: &dyn Api,
    mut cursor: Option<String>,
    pages: &SyncSender<Fetched>,
    stored: &Receiver<()>,
) {
    let mut empty = 0;
    loop {
        let mut fetched = Fetched::default();
        let page = api.page(cursor.as_deref(), &mut |told| fetched.take(told));
        let Page {
            messages,
            dnd,
            bookings,
        } = &fetched.page;
        let is_empty = messages.is_empty()
            && fetched.rejected.is_empty()
            && dnd.is_empty()
            && bookings.is_empty();
        empty = if is_empty { empty + 1 } else { 0 };
        match page {
            Ok(page) => {
                cursor = Some(page.cursor.clone());
                fetched.cursor = Some(page.cursor);
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
        if pages.send(fetched).is_err() || ended {
            return; // else the store has failed
        }
        // What the provider is about to forget must be on the disk.
        if api.forgets() && stored.recv().is_err() {
            return;
        }
    }
}
