//! HighLevel: a location's messages by its export, oldest first, with the contacts joined.

mod appointments;
mod contacts;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{HighlevelSettings, Secret};
use crate::http::query;
use crate::import::{ContactRecord, Record, RowError, highlevel_message};
use crate::model::{Channel, Timestamp};

use contacts::{Contacts, disturb};

/// The versions of the API for conversations and for contacts.
const CONVERSATIONS: &str = "2021-04-15";
const CONTACTS: &str = "2021-07-28";

/// Without a channel the export gives everything but email. After these come the contacts that were
/// changed, and the appointments.
const LISTS: [&str; 2] = ["", "&channel=Email"];
/// `[sources.highlevel]`.
pub(super) struct Highlevel<'a> {
    client: Client<'a>,
    base_url: String,
    location_id: String,
    token: Secret,
    since: Option<Timestamp>,
    contacts: Mutex<Contacts>,
}

#[derive(Deserialize)]
struct Export {
    messages: Vec<Box<RawValue>>,
    #[serde(rename = "nextCursor")]
    next: Option<String>,
}

/// The type of a row that tells of an appointment, also of one that is called off.
const APPOINTMENT: &str = "TYPE_ACTIVITY_APPOINTMENT";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Activity {
    contact_id: String,
    date_added: String,
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
        let authorization = self.authorization();
        self.client
            .get(&self.url(path), &headers(&authorization, version))
    }

    /// Asks for a page before its turn.
    fn get_ahead(&self, path: &str, version: &str) {
        let authorization = self.authorization();
        self.client
            .get_ahead(self.url(path), &headers(&authorization, version));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token.expose())
    }

    /// Where messages are listed.
    fn export(&self, more: &str, from: Option<Timestamp>) -> String {
        let mut path = format!(
            "/conversations/messages/export?locationId={}&limit=500&sortBy=createdAt&sortOrder=asc{more}",
            query(&self.location_id)
        );
        if let Some(from) = from {
            let from = from.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            path.push_str(&format!("&startDate={}", query(&from)));
        }
        path
    }

    /// Where the messages at a cursor are listed, if it is messages.
    fn messages(&self, cursor: &Cursor) -> Option<String> {
        let list = LISTS.get(usize::try_from(cursor.list).ok()?)?;
        let next = cursor.next.as_deref();
        let next = next.map(|next| format!("&cursor={}", query(next)));
        let more = format!("{list}{}", next.unwrap_or_default());
        Some(self.export(&more, cursor.from(self.since)))
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
        let met: Vec<Arc<ContactRecord>> = news.iter().filter_map(|id| self.known(id)).collect();
        let now = self.client.now();
        for raw in raw.iter().filter(|raw| raw.get().contains(APPOINTMENT)) {
            if let Ok(activity) = serde_json::from_str::<Activity>(raw.get()) {
                let at = activity.date_added.parse::<Timestamp>();
                let at = at.unwrap_or(now).timestamp_millis();
                // What the pass before has seen is listed again.
                if cursor.done.is_none_or(|done| at > done) {
                    self.expect(cursor, &activity.contact_id, at);
                }
            }
        }
        for message in messages {
            cursor.seen += 1;
            let line = cursor.seen;
            match message {
                Ok(Some(record)) => {
                    cursor.saw(record.sent_at, now);
                    let contact = self.known(&record.contact_id);
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
        for contact in met {
            disturb(&contact, take);
        }
        Ok(())
    }
}

fn headers<'h>(authorization: &'h str, version: &'h str) -> [(&'h str, &'h str); 2] {
    [("authorization", authorization), ("version", version)]
}

impl Api for Highlevel<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        // Who has been changed before is met with the messages.
        let met = || Some(self.client.now().timestamp_millis());
        cursor.contacts = cursor.contacts.or_else(met);
        let Some(path) = self.messages(&cursor) else {
            return match cursor.list == LISTS.len() as u64 {
                true => self.changed(cursor, take),
                false => self.appointments(cursor, take),
            };
        };
        let export: Export = match self.get(&path, CONVERSATIONS) {
            Err(SyncError::Refused { .. }) if cursor.next.is_some() => {
                cursor = cursor.again();
                let path = self.messages(&cursor).unwrap_or(path);
                self.get(&path, CONVERSATIONS)?
            }
            export => export?,
        };
        let known = cursor.done.and_then(Timestamp::from_timestamp_millis);
        let next = export.next.filter(|next| !next.is_empty());
        let is_news = next.as_ref().is_none_or(|next| cursor.goes_on_at(next));
        if next.is_none() || export.messages.is_empty() {
            cursor.turn_to_next_list();
        }
        if let Some(path) = self.messages(&cursor).filter(|_| is_news) {
            self.get_ahead(&path, CONVERSATIONS);
        }
        self.give(&export.messages, &mut cursor, known, take)?;
        if !is_news {
            let words = "HighLevel gives the same page again";
            return Err(SyncError::Later(words.to_owned()));
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last: false,
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
            match self.contact(contact_id) {
                Ok(contact) => disturb(&contact, take),
                Err(SyncError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
            for list in lists {
                let more = format!("&contactId={}{list}", query(contact_id));
                match self.get::<Export>(&self.export(&more, from), CONVERSATIONS) {
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
