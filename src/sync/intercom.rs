//! Intercom: the conversations that have changed, and each with its parts.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{IntercomAccess, Secret};
use crate::http::query;
use crate::import::{RowError, intercom_conversation};
use crate::model::Timestamp;

/// The version of the API that this is written for.
const VERSION: &str = "2.15";
/// Conversations a page: each is a request of its own.
const PAGE: u32 = 20;
/// How many contacts are remembered while a source is read.
const MOST_CONTACTS: usize = 100_000;

/// `[sources.intercom]`.
pub(super) struct Intercom<'a> {
    client: Client<'a>,
    base_url: String,
    authorization: String,
    since: Option<Timestamp>,
    contacts: Mutex<HashMap<String, Option<Arc<Contact>>>>,
}

#[derive(Deserialize)]
struct Found {
    conversations: Vec<Changed>,
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Changed {
    id: String,
    updated_at: i64,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    starting_after: Option<String>,
}

#[derive(Deserialize)]
struct Contact {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl<'a> Intercom<'a> {
    pub(super) fn new(
        client: Client<'a>,
        settings: &IntercomAccess,
        token: &Secret,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            client,
            base_url: settings.base_url.clone(),
            authorization: format!("Bearer {}", token.expose()),
            since,
            contacts: Mutex::default(),
        }
    }

    fn headers(&self) -> [(&str, &str); 2] {
        [
            ("authorization", self.authorization.as_str()),
            ("intercom-version", VERSION),
        ]
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, SyncError> {
        let url = format!("{}{path}", self.base_url);
        self.client.get(&url, &self.headers())
    }

    /// Gives the messages of a conversation; one that is gone has none. Says with whom it is.
    fn conversation(&self, id: &str, take: &mut Take<'_>) -> Result<Option<String>, SyncError> {
        let asked = self.get::<Box<RawValue>>(&format!("/conversations/{}", query(id)));
        let raw = match asked {
            Err(error) if error.is_gone() => return Ok(None),
            raw => raw?,
        };
        let records = match intercom_conversation(raw.get()) {
            Ok(records) => records,
            Err(reason) => {
                let reason = format!("conversation {id}: {reason}");
                take(Told::Unusable(RowError { line: 0, reason }));
                return Ok(None);
            }
        };
        let Some(first) = records.first() else {
            return Ok(None);
        };
        let contact_id = first.contact_id.to_string();
        let contact = self.contact(&first.contact_id)?;
        for (line, mut record) in (1..).zip(records) {
            record.line = line;
            if let Some(contact) = &contact {
                let told = |value: &'_ Option<String>| value.clone().map(Into::into);
                record.name = told(&contact.name).or(record.name);
                record.email = told(&contact.email).or(record.email);
                record.phone = told(&contact.phone);
            }
            take(Told::Record(&record));
        }
        Ok(Some(contact_id))
    }

    /// The conversations of a contact in which something happened since `from`.
    fn of_contact(&self, id: &str, from: Timestamp) -> Result<Vec<Changed>, SyncError> {
        let body = json!({
            "query": { "operator": "AND", "value": [
                { "field": "contact_ids", "operator": "=", "value": id },
                { "field": "updated_at", "operator": ">", "value": from.timestamp() },
            ] },
            "pagination": { "per_page": PAGE },
        });
        match self.search(&body) {
            // It is none of Intercom's ids.
            Err(SyncError::Refused { .. }) => Ok(Vec::new()),
            found => Ok(found?.conversations),
        }
    }

    fn search(&self, body: &Value) -> Result<Found, SyncError> {
        let url = format!("{}/conversations/search", self.base_url);
        self.client.search(&url, &self.headers(), body)
    }

    fn contact(&self, id: &str) -> Result<Option<Arc<Contact>>, SyncError> {
        let known = self
            .contacts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let contact = match self.get::<Contact>(&format!("/contacts/{}", query(id))) {
            Ok(contact) => Some(Arc::new(contact)),
            Err(SyncError::Refused { .. }) => None, // it is gone
            Err(error) => return Err(error),
        };
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        if contacts.len() >= MOST_CONTACTS {
            contacts.clear();
        }
        contacts.insert(id.to_owned(), contact.clone());
        Ok(contact)
    }
}

impl Api for Intercom<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        let from = cursor.from(self.since).unwrap_or(Timestamp::UNIX_EPOCH);
        let search = |next: Option<&str>| -> Result<Found, SyncError> {
            let mut body = json!({
                "query": { "field": "updated_at", "operator": ">", "value": from.timestamp() },
                "sort": { "field": "updated_at", "order": "ascending" },
                "pagination": { "per_page": PAGE },
            });
            if let Some(next) = next {
                body["pagination"]["starting_after"] = next.into();
            }
            self.search(&body)
        };
        let found = match search(cursor.next.as_deref()) {
            Err(SyncError::Refused { .. }) if cursor.next.is_some() => {
                cursor = cursor.again();
                search(None)?
            }
            found => found?,
        };
        let now = self.client.now();
        for changed in &found.conversations {
            self.conversation(&changed.id, take)?;
            if let Some(at) = Timestamp::from_timestamp(changed.updated_at, 0) {
                cursor.saw(at, now);
            }
        }
        let next = found.pages.and_then(|pages| pages.next?.starting_after);
        let is_last = next.is_none() || found.conversations.is_empty();
        if let Some(next) = next
            && !cursor.goes_on_at(&next)
        {
            return Err(SyncError::Later(
                "Intercom gives the same page again".to_owned(),
            ));
        }
        if is_last {
            cursor = cursor.passed();
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last,
        })
    }

    /// Asks for the conversations that are known, and for those that the contact may have begun since.
    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let mut contacts: BTreeSet<String> = BTreeSet::new();
        for talk in whom.conversations {
            let contact = self.conversation(talk.id, take)?;
            contacts.insert(contact.unwrap_or_else(|| talk.contact_id.to_owned()));
        }
        let from = whom.since - TimeDelta::minutes(1);
        for contact in &contacts {
            for changed in self.of_contact(contact, from)? {
                if !whom.conversations.iter().any(|talk| talk.id == changed.id) {
                    self.conversation(&changed.id, take)?;
                }
            }
        }
        Ok(!whom.conversations.is_empty())
    }
}
