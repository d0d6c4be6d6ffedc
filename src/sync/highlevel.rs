//! HighLevel: a location's messages by its export, oldest first, with the contacts joined.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{HighlevelSettings, Secret};
use crate::http::query;
use crate::import::{ContactRecord, Record, RowError, highlevel_contact, highlevel_message};
use crate::model::{Channel, Timestamp};

/// The versions of the API for conversations and for contacts.
const CONVERSATIONS: &str = "2021-04-15";
const CONTACTS: &str = "2021-07-28";

/// Without a channel the export gives everything but email.
const LISTS: [&str; 2] = ["", "&channel=Email"];
/// More contacts than this that are unknown on one page are listed instead of asked for one by one.
const FEW: usize = 20;
/// How many contacts are remembered while a source is read.
const MOST_CONTACTS: usize = 200_000;

/// `[sources.highlevel]`.
pub(super) struct Highlevel<'a> {
    client: Client<'a>,
    base_url: String,
    location_id: String,
    token: Secret,
    since: Option<Timestamp>,
    contacts: Mutex<Contacts>,
}

#[derive(Default)]
struct Contacts {
    /// By id; `None` is one that HighLevel does not have any more.
    known: HashMap<String, Option<Arc<ContactRecord>>>,
    /// All that there are have been listed.
    listed: bool,
}

#[derive(Deserialize)]
struct Export {
    messages: Vec<Box<RawValue>>,
    #[serde(rename = "nextCursor")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct OneContact {
    contact: Box<RawValue>,
}

#[derive(Deserialize)]
struct ContactList {
    contacts: Vec<Box<RawValue>>,
    meta: Option<ContactMeta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactMeta {
    start_after_id: Option<String>,
    start_after: Option<serde_json::Value>,
}

impl<'a> Highlevel<'a> {
    pub(super) fn new(
        client: Client<'a>,
        settings: &HighlevelSettings,
        token: Secret,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            client,
            base_url: settings.base_url.clone(),
            location_id: settings.location_id.clone(),
            token,
            since,
            contacts: Mutex::default(),
        }
    }

    fn get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        version: &str,
    ) -> Result<T, SyncError> {
        let authorization = format!("Bearer {}", self.token.expose());
        let headers = [
            ("authorization", authorization.as_str()),
            ("version", version),
        ];
        self.client
            .get(&format!("{}{path}", self.base_url), &headers)
    }

    fn export(&self, more: &str, from: Option<Timestamp>) -> Result<Export, SyncError> {
        let mut path = format!(
            "/conversations/messages/export?locationId={}&limit=500&sortBy=createdAt&sortOrder=asc{more}",
            query(&self.location_id)
        );
        if let Some(from) = from {
            let from = from.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            path.push_str(&format!("&startDate={}", query(&from)));
        }
        self.get(&path, CONVERSATIONS)
    }

    /// Makes the contacts of these ids known.
    fn meet(&self, ids: &BTreeSet<&str>) -> Result<(), SyncError> {
        let unknown = |contacts: &Contacts| -> Vec<String> {
            let unknown = ids.iter().filter(|id| !contacts.known.contains_key(**id));
            unknown.map(|id| (*id).to_owned()).collect()
        };
        let (mut strangers, listed) = {
            let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
            (unknown(&contacts), contacts.listed)
        };
        if strangers.len() > FEW && !listed {
            self.list_contacts()?;
            let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
            strangers = unknown(&contacts);
        }
        for id in strangers {
            let asked = self.get(&format!("/contacts/{}", query(&id)), CONTACTS);
            let contact = match asked {
                Ok(OneContact { contact }) => highlevel_contact(contact.get()).ok().map(Arc::new),
                Err(SyncError::Refused { .. }) => None, // it is gone
                Err(error) => return Err(error),
            };
            self.remember(id, contact);
        }
        Ok(())
    }

    /// Goes through the list of all contacts, as far as they can be remembered.
    fn list_contacts(&self) -> Result<(), SyncError> {
        let mut after = String::new();
        for _ in 0..MOST_CONTACTS / 100 {
            let path = format!(
                "/contacts/?locationId={}&limit=100{after}",
                query(&self.location_id)
            );
            let list: ContactList = match self.get(&path, CONTACTS) {
                Err(SyncError::Refused { .. }) => break, // then one by one
                asked => asked?,
            };
            let is_last = list.contacts.len() < 100;
            for contact in list.contacts {
                if let Ok(contact) = highlevel_contact(contact.get()) {
                    let id = contact.contact.contact_id.clone();
                    self.remember(id, Some(Arc::new(contact)));
                }
            }
            let Some(meta) = list.meta.filter(|_| !is_last) else {
                break;
            };
            let (Some(id), Some(at)) = (meta.start_after_id, meta.start_after) else {
                break;
            };
            let at = at.as_str().map_or_else(|| at.to_string(), str::to_owned);
            let next = format!("&startAfterId={}&startAfter={}", query(&id), query(&at));
            if std::mem::replace(&mut after, next.clone()) == next {
                break;
            }
        }
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.listed = true;
        Ok(())
    }

    fn remember(&self, id: String, contact: Option<Arc<ContactRecord>>) {
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        if contacts.known.len() >= MOST_CONTACTS {
            contacts.known.clear();
        }
        contacts.known.insert(id, contact);
    }

    /// Gives the messages of a page; those that are older than `known` come without their contact, who is known.
    fn give(
        &self,
        raw: &[Box<RawValue>],
        cursor: &mut Cursor,
        known: Option<Timestamp>,
        take: &mut Take<'_>,
    ) -> Result<(), SyncError> {
        let messages: Vec<_> = raw.iter().map(|raw| highlevel_message(raw.get())).collect();
        let records = messages.iter().filter_map(|m| m.as_ref().ok()?.as_ref());
        let news = records.filter(|r| known.is_none_or(|known| r.sent_at > known));
        let news: BTreeSet<&str> = news.map(|r| &*r.contact_id).collect();
        self.meet(&news)?;
        let contact = |id: &str| {
            let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
            contacts.known.get(id).cloned().flatten()
        };
        let opted_out: Vec<(String, String)> = news
            .iter()
            .filter_map(|id| Some(((*id).to_owned(), contact(id)?.opted_out.clone()?)))
            .collect();
        let now = self.client.now();
        for message in messages {
            cursor.seen += 1;
            let line = cursor.seen;
            match message {
                Ok(Some(record)) => {
                    cursor.saw(record.sent_at, now);
                    let contact = contact(&record.contact_id);
                    let record = Record { line, ..record };
                    let record = match &contact {
                        Some(contact) => record.of(contact),
                        None => record,
                    };
                    take(Told::Record(&record));
                }
                Ok(None) => {}
                Err(reason) => take(Told::Unusable(RowError { line, reason })),
            }
        }
        for (contact_id, reason) in &opted_out {
            take(Told::OptedOut { contact_id, reason });
        }
        Ok(())
    }
}

impl Api for Highlevel<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        let from = cursor.from(self.since);
        let list = |cursor: &Cursor| {
            let list = LISTS[usize::try_from(cursor.list)
                .unwrap_or(0)
                .min(LISTS.len() - 1)];
            let next = cursor.next.as_deref();
            let next = next.map(|next| format!("&cursor={}", query(next)));
            self.export(&format!("{list}{}", next.unwrap_or_default()), from)
        };
        let export = match list(&cursor) {
            Err(SyncError::Refused { .. }) if cursor.next.is_some() => {
                cursor = cursor.again();
                list(&cursor)?
            }
            export => export?,
        };
        let known = cursor.done.and_then(Timestamp::from_timestamp_millis);
        self.give(&export.messages, &mut cursor, known, take)?;
        let next = export.next.filter(|next| !next.is_empty());
        if next.is_some() && next == cursor.next {
            return Err(SyncError::Later(
                "HighLevel gives the same page again".to_owned(),
            ));
        }
        let mut is_last = false;
        if next.is_some() && !export.messages.is_empty() {
            cursor.next = next;
        } else if cursor.list + 1 < LISTS.len() as u64 {
            (cursor.list, cursor.next) = (cursor.list + 1, None);
        } else {
            (cursor, is_last) = (cursor.passed(), true);
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last,
        })
    }

    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let from = Some(whom.since - chrono::TimeDelta::minutes(1));
        let has_email = whom
            .conversations
            .iter()
            .any(|t| t.channel == Channel::Email);
        let lists = if has_email { &LISTS[..] } else { &LISTS[..1] };
        // Of a person over several contacts, not every id is one of HighLevel's.
        let mut refused = None;
        let mut answered = false;
        for contact_id in whom.contact_ids {
            for list in lists {
                let more = format!("&contactId={}{list}", query(contact_id));
                match self.export(&more, from) {
                    Ok(export) => {
                        let known = Some(Timestamp::MAX_UTC); // the contact is known already
                        self.give(&export.messages, &mut Cursor::default(), known, take)?;
                        answered = true;
                    }
                    Err(error @ SyncError::Refused { .. }) => refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        if let Some(error) = refused.filter(|_| !answered) {
            return Err(error);
        }
        Ok(true)
    }
}
