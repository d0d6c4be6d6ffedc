//! The last look: a source is asked about one contact right before they are written to, so that a reply of
//! seconds ago still stops the message.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::config::{Config, Environment};
use crate::detect::Detector;
use crate::model::{Channel, Message, Thread, Timestamp};
use crate::store::{Access, Dnd, Ingest, Page, Reading, Store};
use crate::sync::{self, Api, Around, Patience, SyncError, Talk, Told, Whom};

/// The conversations of one contact that are asked about: the newest ones.
const MOST_CONVERSATIONS: usize = 3;

/// The ids of one person that are asked about: those by which the source knows them come first.
const MOST_IDS: usize = 8;

/// The sources that are asked, each once more. Shared by threads.
pub struct LastLook<'a> {
    sources: BTreeMap<String, Result<Box<dyn Api + 'a>, SyncError>>,
    path: PathBuf,
    /// Opened with the first news.
    store: Mutex<Option<Store>>,
    config: &'a Config,
    detector: &'a Detector,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<'a> LastLook<'a> {
    /// At every API that is to be asked (`last_look`); asks nothing yet.
    #[must_use]
    pub fn new(
        config: &'a Config,
        environment: &Environment,
        detector: &'a Detector,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        let around = Around { clock, stop };
        let asked = config.apis.iter().filter(|source| source.last_look);
        let sources = asked.map(|source| {
            let patience = Patience::to_look();
            let opened = sync::open(source, config, environment, around, patience);
            (source.name.clone(), opened)
        });
        Self {
            sources: sources.collect(),
            path: config.store.clone(),
            store: Mutex::new(None),
            config,
            detector,
            clock,
        }
    }

    /// Whether anybody is asked at all.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Asks the sources that brought a contact's messages, and stores what is new; says whether there was any.
    /// May take seconds; no transaction is open meanwhile.
    ///
    /// # Errors
    /// In words, when one of them gives no clear answer: then nobody knows whether they have replied.
    pub fn ask(&self, thread: &Thread) -> Result<bool, String> {
        let mut is_news = false;
        for source in &thread.sources {
            let Some(api) = self.sources.get(&source.name) else {
                continue;
            };
            let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", source.name);
            let api = api.as_ref().map_err(|error| failed(error))?;
            let news = ask_one(&**api, thread, source.id).map_err(|error| failed(&error))?;
            if !news.messages.is_empty() || !news.dnd.is_empty() {
                let stored = self.store(source.id, news);
                stored.map_err(|error| failed(&format!("{error:#}")))?;
                is_news = true;
            }
        }
        Ok(is_news)
    }

    fn store(&self, source: i64, mut news: Page) -> Result<()> {
        let mut opened = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            *opened = Some(Store::open(&self.path, Access::Write)?);
        }
        let Some(store) = &*opened else {
            return Ok(());
        };
        let reading = Reading {
            detector: self.detector,
            language: self.config.bot.language,
            policy: &self.config.policy,
            now: (self.clock)(),
            doubts: super::pages::doubts(self.config),
        };
        let mut ingest = Ingest::new(store, source, reading)?;
        store.durably(|| ingest.add(&mut news, None))
    }
}

/// What a source has of a contact that is not known yet.
fn ask_one(api: &dyn Api, thread: &Thread, source: i64) -> Result<Page, SyncError> {
    let contact = &thread.contact;
    let mut of_source: Vec<&Message> = thread
        .messages
        .iter()
        .filter(|m| m.source == source)
        .collect();
    of_source.sort_by_key(|m| std::cmp::Reverse((m.sent_at, m.seq)));
    let mut conversations: Vec<Talk<'_>> = Vec::new();
    for message in &of_source {
        if let Some(id) = message.conversation_id.as_deref()
            && !conversations.iter().any(|known| known.id == id)
            && conversations.len() < MOST_CONVERSATIONS
        {
            let channel = message.channel;
            let of_person = thread.ids.iter().find(|(known, _)| *known == channel);
            let contact_id = of_person.map_or(&contact.contact_id, |(_, id)| id);
            conversations.push(Talk {
                id,
                channel,
                contact_id,
            });
        }
    }
    let addresses: Vec<(Channel, String)> = Channel::ALL
        .iter()
        .filter_map(|channel| Some((*channel, contact.address(*channel)?.to_owned())))
        .collect();
    let aliases = thread.aliases.iter().map(String::as_str);
    let on_its_channels = thread
        .ids
        .iter()
        .filter(|(channel, _)| of_source.iter().any(|m| m.channel == *channel))
        .map(|(_, id)| id.as_str());
    let mut contact_ids: Vec<&str> = Vec::new();
    for id in on_its_channels.chain([&*contact.contact_id]).chain(aliases) {
        if !contact_ids.contains(&id) && contact_ids.len() < MOST_IDS {
            contact_ids.push(id);
        }
    }
    let whom = Whom {
        contact_ids: &contact_ids,
        addresses: &addresses,
        conversations: &conversations,
        since: of_source
            .first()
            .map_or(Timestamp::UNIX_EPOCH, |m| m.sent_at),
    };
    let known = thread
        .messages
        .iter()
        .filter_map(|m| m.message_id.as_deref());
    let sent = thread
        .follow_ups
        .iter()
        .filter_map(|f| f.provider_id.as_deref());
    let twice = thread.brought_twice.iter().map(String::as_str);
    let known: HashSet<&str> = known.chain(sent).chain(twice).collect();
    let mut news = Page::default();
    let mut fault = None;
    api.look(&whom, &mut |told| match told {
        Told::Record(record) => {
            let id = record.message_id.as_deref();
            if id.is_none_or(|id| !known.contains(id)) {
                news.messages.push(record);
            }
        }
        Told::DoNotDisturb { contact_id, reason } => {
            let on = Dnd::On(reason.to_owned());
            news.dnd.push((contact_id.to_owned(), on));
        }
        // As was believed; appointments are for a sync.
        Told::Contact(_) | Told::MayBeWrittenTo { .. } | Told::Bookings { .. } => {}
        Told::Unusable(error) => fault = Some(error.reason),
    })?;
    match fault {
        // What cannot be read may be the reply.
        Some(reason) => Err(SyncError::Later(reason)),
        None => Ok(news),
    }
}
