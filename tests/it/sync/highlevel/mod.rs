//! HighLevel, as a server on loopback that has messages, contacts and appointments.

mod contacts;
mod pages;

use std::sync::{Arc, Mutex};

use followup::model::Timestamp;
use serde_json::{Value, json};

use super::{MARKER, parameter};
use crate::server::{Recorded, Reply, Server};

/// What a location has.
#[derive(Clone, Default)]
pub(in crate::sync) struct Location(Arc<Mutex<Things>>);

#[derive(Default)]
struct Things {
    messages: Vec<Value>,
    contacts: Vec<Value>,
    appointments: Vec<Value>,
}

impl Location {
    /// A message of a contact, `minutes` after eight.
    pub(in crate::sync) fn says(
        &self,
        id: &str,
        contact: &str,
        direction: &str,
        minutes: u32,
        body: &str,
    ) {
        let at = format!(
            "2026-03-02T{:02}:{:02}:00.000Z",
            8 + minutes / 60,
            minutes % 60
        );
        self.has(json!({
            "id": id, "type": 2, "messageType": "TYPE_SMS", "locationId": "loc1", "contactId": contact,
            "conversationId": format!("conv-{contact}"), "dateAdded": at, "body": body,
            "direction": direction, "status": "delivered", "contentType": "text/plain",
        }));
    }

    pub(in crate::sync) fn has(&self, message: Value) {
        self.0.lock().unwrap().messages.push(message);
    }

    fn knows(&self, contact: Value) {
        self.0.lock().unwrap().contacts.push(contact);
    }

    /// A contact is changed, so many minutes after eight.
    pub(in crate::sync) fn changes(&self, contact: &str, minutes: u32, what: &Value) {
        let mut things = self.0.lock().unwrap();
        let mut known = things.contacts.iter_mut();
        let found = known.find(|c| c["id"] == contact).unwrap();
        found["dateUpdated"] = format!("2026-03-02T08:{minutes:02}:00.000Z").into();
        for (key, value) in what.as_object().unwrap() {
            found[key] = value.clone();
        }
    }

    /// The contacts that were changed since a time, oldest first, some on each page.
    fn changed(&self, asked: &Value, most: usize) -> Reply {
        let filter = &asked["filters"][0];
        assert_eq!(
            (&asked["locationId"], &filter["field"], &filter["operator"]),
            (&json!("loc1"), &json!("dateUpdated"), &json!("range"))
        );
        let things = self.0.lock().unwrap();
        let mut found: Vec<Value> = things.contacts.clone();
        found.retain(|c| c["dateUpdated"].as_str() >= filter["value"]["gte"].as_str());
        found.retain(|c| c["dateUpdated"].is_string());
        found.sort_by_key(|c| c["dateUpdated"].to_string());
        let after = &asked["searchAfter"][1];
        let begin = found.iter().position(|c| c["id"] == *after);
        let begin = begin.map_or(0, |n| n + 1);
        let end = found.len().min(begin + most);
        for contact in &mut found {
            contact["searchAfter"] = json!([17, contact["id"]]);
        }
        Reply::answer(200, json!({ "contacts": found[begin..end] }).to_string())
    }

    /// Somebody who asked at eight, was answered at one minute past, and has a phone.
    pub(in crate::sync) fn quiet(&self, contact: &str) {
        self.says(&format!("{contact}-in"), contact, "inbound", 0, "How much?");
        self.says(
            &format!("{contact}-out"),
            contact,
            "outbound",
            1,
            "It is 40.",
        );
        let number: u32 = match contact {
            "ana" => 1,
            other => other.bytes().map(u32::from).sum(),
        };
        self.knows(json!({
            "id": contact, "firstName": "Ana", "lastName": "Ruiz", "phone": format!("+1500555{number:04}"),
            "timezone": "America/Mexico_City", "tags": ["vip", "new"],
        }));
    }

    /// An honest answer, with so many messages a page.
    pub(in crate::sync) fn answer(&self, request: &Recorded, most: usize) -> Reply {
        let things = self.0.lock().unwrap();
        let path = request.path.as_str();
        if request.header("authorization") != Some(&format!("Bearer {MARKER}")) {
            return Reply::answer(401, r#"{"message":"Invalid JWT"}"#);
        }
        let of = path.strip_prefix("/contacts/");
        if let Some(id) = of.and_then(|of| of.strip_suffix("/appointments")) {
            let mut events = things.appointments.clone();
            events.retain(|event| event["contactId"] == id);
            return Reply::answer(200, json!({ "events": events }).to_string());
        }
        if path == "/contacts/search" {
            drop(things);
            return self.changed(&request.json(), 100);
        }
        if let Some(id) = path
            .strip_prefix("/contacts/")
            .filter(|id| !id.starts_with('?'))
        {
            let found = things.contacts.iter().find(|c| c["id"] == id);
            return match found {
                Some(contact) => Reply::answer(200, json!({ "contact": contact }).to_string()),
                None => Reply::answer(404, r#"{"message":"Contact not found"}"#),
            };
        }
        if path.starts_with("/contacts/?") {
            let after = parameter(path, "startAfterId");
            let begin = after.map_or(0, |id| {
                things.contacts.iter().position(|c| c["id"] == *id).unwrap() + 1
            });
            let end = things.contacts.len().min(begin + 100);
            let list = &things.contacts[begin..end];
            let last = list.last().map(|c| c["id"].clone());
            let body =
                json!({ "contacts": list, "meta": { "startAfterId": last, "startAfter": 17 } });
            return Reply::answer(200, body.to_string());
        }
        if !path.starts_with("/conversations/messages/export?") {
            return Reply::answer(404, r#"{"message":"Cannot GET"}"#);
        }
        assert_eq!(request.header("version"), Some("2021-04-15"));
        assert_eq!(parameter(path, "locationId").as_deref(), Some("loc1"));
        let from = parameter(path, "startDate").map(|t| t.parse::<Timestamp>().unwrap());
        let is_email = parameter(path, "channel").as_deref() == Some("Email");
        let contact = parameter(path, "contactId");
        let mut found: Vec<&Value> = things.messages.iter().collect();
        found.retain(|m| {
            let at = m["dateAdded"]
                .as_str()
                .and_then(|t| t.parse::<Timestamp>().ok());
            let is_new = from.is_none_or(|from| at.is_none_or(|at| at >= from));
            let is_theirs = contact.as_ref().is_none_or(|c| m["contactId"] == *c);
            is_new && is_theirs && (m["messageType"] == "TYPE_EMAIL") == is_email
        });
        found.sort_by_key(|m| m["dateAdded"].to_string());
        let begin = parameter(path, "cursor").map_or(0, |c| c[1..].parse().unwrap());
        let end = found.len().min(begin + most);
        let mut body = json!({ "messages": found[begin..end], "total": found.len() });
        if end < found.len() {
            body["nextCursor"] = format!("c{end}").into();
        }
        Reply::answer(200, body.to_string())
    }

    pub(in crate::sync) fn serve(&self, most: usize) -> Server {
        let location = self.clone();
        Server::start(move |request, _| location.answer(request, most))
    }
}

/// The table of a source that is this server.
pub(in crate::sync) fn source(server: &Server) -> String {
    format!(
        "[[sources]]\nname = \"crm\"\n[sources.highlevel]\nlocation_id = \"loc1\"\n\
         token = {{ env = \"TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    )
}

/// The requests for messages so far.
fn exports(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter().map(|r| r.path);
    requests
        .filter(|p| p.starts_with("/conversations/"))
        .collect()
}

fn talkative(messages: u32) -> Location {
    let location = Location::default();
    for n in 0..messages {
        let (contact, direction) = (
            format!("c{}", n % 7),
            ["inbound", "outbound"][n as usize % 2],
        );
        location.says(
            &format!("m{n}"),
            &contact,
            direction,
            n / 2,
            &format!("text {n}"),
        );
    }
    location
}
