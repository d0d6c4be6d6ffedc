//! The contacts of a location: met with their messages, and again when HighLevel has changed them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{CONTACTS, Highlevel, headers};
use crate::http::query;
use crate::import::{ContactRecord, HIGHLEVEL_DND, highlevel_contact};
use crate::model::Timestamp;
use crate::sync::cursor::{Cursor, OVERLAP};
use crate::sync::{Page, SyncError, Take, Told};

/// More contacts than this that are unknown on one page are listed instead of asked for one by one.
const FEW: usize = 20;
/// How many contacts are remembered while a source is read.
const MOST_CONTACTS: usize = 200_000;

/// Changed contacts a page.
const PAGE: usize = 100;

#[derive(Default)]
pub(super) struct Contacts {
    /// By id; `None` is one that HighLevel does not have any more.
    known: HashMap<String, Option<Arc<ContactRecord>>>,
    /// All that there are have been listed.
    listed: bool,
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

impl ContactMeta {
    /// What asks for the page after this one.
    fn next(self) -> Option<String> {
        let (id, at) = (self.start_after_id?, self.start_after?);
        let at = at.as_str().map_or_else(|| at.to_string(), str::to_owned);
        Some(format!(
            "&startAfterId={}&startAfter={}",
            query(&id),
            query(&at)
        ))
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    contacts: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    date_updated: Option<String>,
    search_after: Option<serde_json::Value>,
}

/// Tells of a contact who is not to be disturbed.
pub(super) fn disturb(contact: &ContactRecord, take: &mut Take<'_>) {
    if let Some(reason) = &contact.opted_out {
        let contact_id = &contact.contact.contact_id;
        take(Told::DoNotDisturb { contact_id, reason });
    }
}

impl Highlevel<'_> {
    /// Gives what contacts tell that were changed since they were last asked for, without a message: somebody may
    /// have added a number, or set "do not disturb".
    pub(super) fn changed(
        &self,
        mut cursor: Cursor,
        take: &mut Take<'_>,
    ) -> Result<Page, SyncError> {
        let since = cursor.contacts.and_then(Timestamp::from_timestamp_millis);
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH) - OVERLAP;
        let since = since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let mut body = json!({
            "locationId": self.location_id,
            "pageLimit": PAGE,
            "filters": [{ "field": "dateUpdated", "operator": "range", "value": { "gte": since } }],
            "sort": [{ "field": "dateUpdated", "direction": "asc" }],
        });
        let after = cursor.next.clone();
        if let Some(after) = after.as_deref().and_then(|a| serde_json::from_str(a).ok()) {
            body["searchAfter"] = after;
        }
        let authorization = self.authorization();
        let (url, headers) = (
            self.url("/contacts/search"),
            headers(&authorization, CONTACTS),
        );
        let found: Search = match self.client.search(&url, &headers, &body) {
            // Then each contact is asked about before they are written to.
            Err(SyncError::Refused { .. }) => Search {
                contacts: Vec::new(),
            },
            asked => asked?,
        };
        let now = self.client.now().timestamp_millis();
        let mut next = None;
        for raw in &found.contacts {
            if let Ok(contact) = highlevel_contact(raw.get()) {
                take(Told::Contact(&contact));
                disturb(&contact, take);
                let id = contact.contact.contact_id.clone();
                if contact.dnd_off {
                    take(Told::MayBeWrittenTo {
                        contact_id: &id,
                        said: HIGHLEVEL_DND,
                    });
                }
                self.remember(id, Some(Arc::new(contact)));
            }
            let Ok(changed) = serde_json::from_str::<Changed>(raw.get()) else {
                continue;
            };
            let at = changed
                .date_updated
                .and_then(|at| at.parse::<Timestamp>().ok());
            let at = at.map(|at| at.timestamp_millis().min(now));
            cursor.contacts_seen = cursor.contacts_seen.max(at);
            next = changed.search_after;
        }
        let next = next.map(|next| next.to_string());
        let next = next.filter(|_| found.contacts.len() >= PAGE);
        if !next.is_some_and(|next| cursor.goes_on_at(&next)) {
            cursor.contacts = cursor.contacts_seen.take().max(cursor.contacts);
            cursor.turn_to_next_list();
        }
        Ok(Page {
            cursor: cursor.write(),
            is_last: false,
        })
    }

    /// A contact as they are now.
    pub(super) fn contact(&self, id: &str) -> Result<ContactRecord, SyncError> {
        let OneContact { contact } = self.get(&format!("/contacts/{}", query(id)), CONTACTS)?;
        highlevel_contact(contact.get()).map_err(|reason| {
            SyncError::Later(format!("HighLevel: a contact cannot be read: {reason}"))
        })
    }

    /// A contact who has been met.
    pub(super) fn known(&self, id: &str) -> Option<Arc<ContactRecord>> {
        let contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.known.get(id).cloned().flatten()
    }

    /// Makes the contacts of these ids known.
    pub(super) fn meet(&self, ids: &BTreeSet<&str>) -> Result<(), SyncError> {
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
            let contact = match self.contact(&id) {
                Ok(contact) => Some(Arc::new(contact)),
                Err(SyncError::Refused { .. }) => None, // it is gone
                Err(error) => return Err(error),
            };
            self.remember(id, contact);
        }
        Ok(())
    }

    /// Goes through the list of all contacts, as far as they can be remembered.
    fn list_contacts(&self) -> Result<(), SyncError> {
        let page = |after: &str| {
            let location = query(&self.location_id);
            format!("/contacts/?locationId={location}&limit=100{after}")
        };
        let mut after = String::new();
        for _ in 0..MOST_CONTACTS / 100 {
            let list: ContactList = match self.get(&page(&after), CONTACTS) {
                Err(SyncError::Refused { .. }) => break, // then one by one
                asked => asked?,
            };
            let is_last = list.contacts.len() < 100;
            let next = list.meta.filter(|_| !is_last).and_then(ContactMeta::next);
            let next = next.filter(|next| *next != after);
            if let Some(next) = &next {
                self.get_ahead(&page(next), CONTACTS);
            }
            for contact in list.contacts {
                if let Ok(contact) = highlevel_contact(contact.get()) {
                    let id = contact.contact.contact_id.clone();
                    self.remember(id, Some(Arc::new(contact)));
                }
            }
            match next {
                Some(next) => after = next,
                None => break,
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
}
