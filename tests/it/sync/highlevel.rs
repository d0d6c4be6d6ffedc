//! HighLevel's export.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use followup::model::Timestamp;
use serde_json::{Value, json};

use super::{MARKER, NOW, business, parameter, ran, run_at, source_status, stored, sync, sync_at};
use crate::cli::Desk;
use crate::server::{Recorded, Reply, Server};

/// What a location has.
#[derive(Clone, Default)]
pub(super) struct Location(Arc<Mutex<Things>>);

#[derive(Default)]
struct Things {
    messages: Vec<Value>,
    contacts: Vec<Value>,
    appointments: Vec<Value>,
}

impl Location {
    /// A message of a contact, `minutes` after eight.
    pub(super) fn says(&self, id: &str, contact: &str, direction: &str, minutes: u32, body: &str) {
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

    pub(super) fn has(&self, message: Value) {
        self.0.lock().unwrap().messages.push(message);
    }

    fn knows(&self, contact: Value) {
        self.0.lock().unwrap().contacts.push(contact);
    }

    /// A contact is changed, so many minutes after eight.
    pub(super) fn changes(&self, contact: &str, minutes: u32, what: &Value) {
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
    pub(super) fn quiet(&self, contact: &str) {
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
    pub(super) fn answer(&self, request: &Recorded, most: usize) -> Reply {
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

    pub(super) fn serve(&self, most: usize) -> Server {
        let location = self.clone();
        Server::start(move |request, _| location.answer(request, most))
    }
}

/// The table of a source that is this server.
pub(super) fn source(server: &Server) -> String {
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

#[test]
fn every_page_is_read_and_contacts_are_joined() {
    let location = Location::default();
    location.quiet("ana");
    location.has(json!({
        "id": "e1", "type": 3, "messageType": "TYPE_EMAIL", "locationId": "loc1", "contactId": "ana",
        "conversationId": "conv-ana", "dateAdded": "2026-03-02T08:02:00Z", "body": "And by email?",
        "direction": "inbound", "contentType": "text/plain",
    }));
    location.has(json!({
        "id": "h1", "type": 2, "messageType": "TYPE_SMS", "locationId": "loc1", "contactId": "ana",
        "conversationId": "conv-ana", "dateAdded": "2026-03-02T08:03:00Z", "body": "I am Eva.",
        "direction": "outbound", "contentType": "text/plain", "userId": "u1", "source": "app",
    }));
    let server = location.serve(1);
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(0), "{synced:?}");
    assert_eq!(synced.lines[0]["new"], 4, "{synced:?}");
    let texts: Vec<[String; 5]> = stored(&desk);
    let expected = [
        ["ana", "sms", "contact", "How much?", "ana-in"],
        ["ana", "sms", "bot", "It is 40.", "ana-out"],
        ["ana", "email", "contact", "And by email?", "e1"],
        ["ana", "sms", "human", "I am Eva.", "h1"],
    ];
    assert_eq!(texts, expected.map(|row| row.map(str::to_owned)));
    let shown = ran(&desk, &["show", "ana", "--json", &format!("--now={NOW}")]);
    let contact = shown.lines[0]["contact"].clone();
    assert_eq!(contact["phone"], "+15005550001", "{shown:?}");
    assert_eq!(contact["timezone"], "America/Mexico_City");
    assert_eq!(contact["name"], "Ana Ruiz");
}

/// A pass begins a little before the newest message that the one before has seen.
#[test]
fn a_second_sync_asks_for_what_is_new_and_finds_what_came_late() {
    let location = talkative(40);
    let server = location.serve(500);
    let desk = business(&source(&server));
    assert_eq!(sync(&desk).summary()["new"], 40);
    let before = exports(&server).len();
    // Listed only now, though it bears an earlier time than what was seen.
    location.says("late", "c1", "inbound", 10, "It took its time.");
    location.says("new", "c2", "inbound", 30, "Hello?");
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (again.code, &again.lines[0]["new"]),
        (Some(0), &json!(2)),
        "{again:?}"
    );
    let from = parameter(&exports(&server)[before], "startDate");
    assert_eq!(from.as_deref(), Some("2026-03-02T08:04:00.000Z"));
    assert_eq!(stored(&desk).len(), 42);
}

#[test]
fn faults_that_pass_are_waited_out_and_every_message_comes_once() {
    let location = talkative(60);
    let of_server = location.clone();
    let server = Server::start(move |request, number| {
        let honest = of_server.answer(request, 10);
        match number % 10 {
            0 => Reply::answer(429, "slow down").header("Retry-After", "0"),
            1 => Reply::answer(503, "busy").header("Retry-After", "0"),
            3 => Reply::answer(500, "<html>oops"),
            5 => Reply::reset(),
            6 => Reply::garbage(b"\x16\x03\x01 what?\r\n\r\n".to_vec()),
            8 => honest.cut_after(40),
            9 => Reply::answer(200, r#"{"unexpected":true}"#),
            _ => honest,
        }
    });
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.summary()["new"]),
        (Some(0), &json!(60)),
        "{synced:?}"
    );
    assert_eq!(stored(&desk).len(), 60);
}

/// A server that lists pages twice, and whose list shifts between two pages.
#[test]
fn pages_that_overlap_are_stored_once() {
    let location = talkative(60);
    let of_server = location.clone();
    let server = Server::start(move |request, _| {
        let begin =
            parameter(&request.path, "cursor").map_or(0, |c| c[1..].parse::<usize>().unwrap());
        let shifted = begin.saturating_sub(5);
        let path = request
            .path
            .replace(&format!("cursor=c{begin}"), &format!("cursor=c{shifted}"));
        of_server.answer(
            &Recorded {
                path,
                ..request.clone()
            },
            10,
        )
    });
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.summary()["new"]),
        (Some(0), &json!(60)),
        "{synced:?}"
    );
    let known = synced.lines[0]["known"].as_u64().unwrap();
    assert!(known > 0, "nothing came twice: {synced:?}");
}

#[test]
fn a_server_that_gives_the_same_page_for_ever_is_left() {
    let page = json!({ "messages": [], "nextCursor": "c1", "total": 1 });
    let message = talkative(1).0.lock().unwrap().messages[0].clone();
    let full = json!({ "messages": [message], "nextCursor": "c1", "total": 1 });
    for body in [page, full] {
        let server = Server::always(Reply::answer(200, body.to_string()));
        let desk = business(&source(&server));
        let synced = sync(&desk);
        assert!(matches!(synced.code, Some(0 | 75)), "{synced:?}");
        assert!(server.requests().len() < 20);
    }
}

#[test]
fn a_server_that_leads_round_in_a_circle_is_left() {
    let location = talkative(3);
    let server = Server::start(move |request, _| {
        let next = match parameter(&request.path, "cursor").as_deref() {
            Some("a") => "b",
            Some("b") => "c",
            _ => "a",
        };
        let messages = location.0.lock().unwrap().messages.clone();
        let page = json!({ "messages": messages, "nextCursor": next, "total": 9 });
        match request.path.starts_with("/conversations/") {
            true => Reply::answer(200, page.to_string()),
            false => location.answer(request, 500),
        }
    });
    let synced = sync(&business(&source(&server)));
    assert_eq!(
        (synced.code, &synced.summary()["new"]),
        (Some(75), &json!(3)),
        "{synced:?}"
    );
    assert!(server.requests().len() < 30);
}

/// D15: what an interrupted sync has stored may lack replies; nobody is written to on its strength.
#[test]
fn d15_a_page_that_fails_leaves_the_source_stale_and_the_next_sync_goes_on() {
    let location = Location::default();
    location.quiet("ana");
    let (of_server, is_down) = (location.clone(), Arc::new(Mutex::new(true)));
    let down = Arc::clone(&is_down);
    let server = Server::start(move |request, _| {
        if *down.lock().unwrap() && request.path.contains("channel=Email") {
            return Reply::answer(500, "{}");
        }
        of_server.answer(request, 1)
    });
    let outbox = "[channels.sms.outbox]\n";
    let desk = business(&format!("{outbox}{}", source(&server)));
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(75), "{synced:?}");
    assert_eq!(
        (&synced.lines[0]["complete"], &synced.lines[0]["new"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(source_status(&desk, NOW)["stale"], true);
    let held = run_at(&desk, NOW);
    assert_eq!(
        (held.code, &held.summary()["stale"]),
        (Some(75), &json!(1)),
        "{held:?}"
    );
    assert_eq!(held.summary()["sent"], 0);

    *is_down.lock().unwrap() = false;
    let before = exports(&server).len();
    let run = run_at(&desk, NOW);
    assert_eq!(
        (run.code, &run.summary()["sent"]),
        (Some(0), &json!(1)),
        "{run:?}"
    );
    let first = &exports(&server)[before];
    assert!(
        first.contains("channel=Email"),
        "it did not go on where it was: {first}"
    );
    assert_eq!(source_status(&desk, NOW)["stale"], false);
}

#[test]
fn what_is_refused_is_said_with_its_exit_code() {
    let answer = |status, body: &str| Server::always(Reply::answer(status, body.to_owned()));
    for (server, code, words) in [
        (
            answer(401, r#"{"message":"Invalid JWT"}"#),
            77,
            "refuses our credentials: HTTP 401: Invalid JWT",
        ),
        (
            answer(403, r#"{"message":["no scope"]}"#),
            77,
            "refuses our credentials: HTTP 403: no scope",
        ),
        (answer(404, "<html>"), 78, "HTTP 404"),
        (answer(302, ""), 78, "a redirect is never followed"),
        (
            Server::always(Reply::answer(429, "{}").header("Retry-After", "3600")),
            75,
            "it asks us to wait 3600 s",
        ),
        (
            Server::always(Reply::answer(
                401,
                format!("{{\"message\":\"no {MARKER}\"}}"),
            )),
            77,
            "no ***",
        ),
    ] {
        let desk = business(&source(&server));
        let synced = sync(&desk);
        assert_eq!(synced.code, Some(code), "{synced:?}");
        assert!(synced.err.contains(words), "{words}: {synced:?}");
        assert_eq!(server.requests().len(), 1, "{words}: it was asked again");
    }
    let desk = business(&source(&answer(200, "{}")).replace("TOKEN", "UNSET"));
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(78), "{synced:?}");
    assert!(synced.err.contains("UNSET is not set"), "{synced:?}");
    let nobody = format!(
        "[[sources]]\nname = \"crm\"\nhighlevel = {{ location_id = \"loc1\", \
        token = {{ env = \"TOKEN\" }}, base_url = \"{}\" }}\n",
        Server::nobody()
    );
    assert_eq!(sync(&business(&nobody)).code, Some(75));
}

#[test]
fn rows_that_cannot_be_used_are_named_and_left_out() {
    let location = talkative(3);
    location.has(
        json!({ "id": "bad1", "messageType": "TYPE_SMS", "contactId": "c1", "direction": "inbound",
        "dateAdded": "yesterday" }),
    );
    location.has(json!({ "id": 7 }));
    let server = location.serve(500);
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.summary()["rejected"]),
        (Some(65), &json!(2)),
        "{synced:?}"
    );
    assert_eq!(synced.err.matches("crm: row ").count(), 2, "{synced:?}");
    assert_eq!(stored(&desk).len(), 3);
}

/// The limit is heeded before it bites: with nothing left, the next request waits for the interval.
#[test]
fn the_limit_of_requests_is_heeded() {
    let location = talkative(30);
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let of_server = (location, Arc::clone(&times));
    let server = Server::start(move |request, _| {
        of_server.1.lock().unwrap().push(Instant::now());
        let answer = of_server.0.answer(request, 10);
        answer
            .header("X-RateLimit-Remaining", "0")
            .header("X-RateLimit-Interval-Milliseconds", "150")
    });
    let desk = business(&source(&server));
    assert_eq!(sync(&desk).summary()["new"], 30);
    let times = times.lock().unwrap();
    let shortest = times.windows(2).map(|two| two[1] - two[0]).min().unwrap();
    assert!(shortest >= Duration::from_millis(145), "{shortest:?}");
}

/// X6: our own message comes back with the next sync.
#[test]
fn x6_our_own_message_comes_back_as_ours() {
    let location = Location::default();
    location.quiet("ana");
    let of_server = location.clone();
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/conversations/messages" => {
            of_server.says("hl-7", "ana", "outbound", 60, "Still there?");
            Reply::answer(200, r#"{"conversationId":"conv-ana","messageId":"hl-7"}"#)
        }
        _ => of_server.answer(request, 500),
    });
    let channel = format!(
        "[channels.sms.highlevel]\nlocation_id = \"loc1\"\ntoken = {{ env = \"TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    );
    // The source takes its settings from the channel.
    let desk = business(&format!(
        "{channel}[[sources]]\nname = \"crm\"\n[sources.highlevel]\n"
    ));
    let run = run_at(&desk, NOW);
    assert_eq!(
        (run.code, &run.summary()["sent"]),
        (Some(0), &json!(1)),
        "{run:?}"
    );
    let synced = sync_at(&desk, "2026-03-02T09:05:00Z");
    assert_eq!(
        (synced.code, &synced.lines[0]["own"]),
        (Some(0), &json!(1)),
        "{synced:?}"
    );
    assert_eq!(stored(&desk).len(), 2);
}

/// D3: what HighLevel calls "do not disturb" is an opt-out here, and an appointment is a booking (D5).
#[test]
fn d3_do_not_disturb_is_an_opt_out_and_an_appointment_a_booking() {
    let location = Location::default();
    for contact in ["ana", "ben", "cleo"] {
        location.says(&format!("{contact}-in"), contact, "inbound", 0, "How much?");
        location.says(
            &format!("{contact}-out"),
            contact,
            "outbound",
            1,
            "It is 40.",
        );
    }
    location.knows(json!({ "id": "ana", "phone": "+15005550001", "dnd": true }));
    location.knows(json!({ "id": "ben", "phone": "+15005550002" }));
    location.knows(json!({ "id": "cleo", "phone": "+15005550003" }));
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ben", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    for now in [NOW, "2026-03-02T09:01:00Z"] {
        let synced = sync_at(&desk, now);
        assert_eq!(synced.code, Some(0), "{synced:?}");
    }
    let plan = ran(
        &desk,
        &["plan", "--all", "--json", "--now=2026-03-02T09:02:00Z"],
    );
    let reason = |contact: &str| {
        let row = plan
            .lines
            .iter()
            .find(|l| l["contact_id"] == contact)
            .unwrap();
        row["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        [reason("ana"), reason("ben"), reason("cleo")],
        ["opted_out", "booked", "due"]
    );
}

/// An appointment that is called off at HighLevel, without a word in the conversation, is seen by a later sync.
#[test]
fn d5_an_appointment_that_is_called_off_later_is_seen() {
    let location = Location::default();
    location.quiet("ana");
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ana", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let appoint = |status: &str| {
        location.0.lock().unwrap().appointments = vec![json!({
            "id": "e1", "contactId": "ana", "appointmentStatus": status, "startTime": "2026-03-06 17:00:00",
            "endTime": "2026-03-06 17:30:00", "dateAdded": "2026-03-02 02:30:00",
        })];
    };
    appoint("confirmed");
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let at = |minute: u32| {
        let now = format!("--now=2026-03-02T09:{minute:02}:00Z");
        ran(
            &desk,
            &["plan", "--all", "--json", "--contact", "ana", &now],
        )
        .lines[0]["reason"]
            .clone()
    };
    let asked = || {
        let requests = server.requests().into_iter();
        requests
            .filter(|r| r.path == "/contacts/ana/appointments")
            .count()
    };
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!((at(1), asked()), (json!("booked"), 1));
    appoint("cancelled");
    assert_eq!(sync_at(&desk, "2026-03-02T09:02:00Z").code, Some(0));
    assert_eq!((at(8), asked()), (json!("due"), 2));
    // Nothing of theirs is to come any more: they are not asked about again.
    assert_eq!(sync_at(&desk, "2026-03-02T09:30:00Z").code, Some(0));
    assert_eq!(asked(), 2);
}

/// One that is deleted there is not in the contact's list any more; one that cannot be read may be the one.
#[test]
fn d5_an_appointment_that_is_deleted_is_called_off() {
    let location = Location::default();
    location.quiet("ana");
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ana", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let event = |id: Value, day: u32| {
        json!({
            "id": id, "contactId": "ana", "appointmentStatus": "confirmed", "dateAdded": "2026-03-02 02:30:00",
            "startTime": format!("2026-03-{day:02} 17:00:00"), "endTime": format!("2026-03-{day:02} 17:30:00"),
        })
    };
    let listed = |events: Vec<Value>| location.0.lock().unwrap().appointments = events;
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let after = |minute: u32, outcome: i32| {
        let now = format!("2026-03-02T09:{minute:02}:00Z");
        assert_eq!(sync_at(&desk, &now).code, Some(outcome));
        let later = format!("--now=2026-03-02T09:{:02}:00Z", minute + 6);
        let plan = ["plan", "--all", "--json", "--contact", "ana", &later];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    listed(vec![event(json!("e1"), 6), event(json!("e2"), 9)]);
    assert_eq!(after(1, 0), "booked");
    listed(vec![event(json!("e2"), 9)]);
    assert_eq!(after(2, 0), "booked");
    listed(vec![event(json!(null), 9)]);
    assert_eq!(after(3, 65), "booked");
    listed(vec![]);
    assert_eq!(after(4, 0), "due");
}

/// "Do not disturb" that somebody sets at HighLevel, without a message, is seen by the next sync, and so is its end.
#[test]
fn d3_do_not_disturb_is_seen_without_a_message() {
    let location = Location::default();
    location.quiet("ana");
    location.quiet("ben");
    for n in 0..250 {
        let id = format!("other{n}");
        location.knows(json!({ "id": id, "phone": "+15005550009" }));
        location.changes(&id, 5, &json!({}));
    }
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let reasons = |minute: u32| {
        let now = format!("2026-03-02T09:{minute:02}:00Z");
        let synced = sync_at(&desk, &now);
        assert_eq!(synced.code, Some(0), "{synced:?}");
        let later = format!("--now=2026-03-02T09:{:02}:00Z", minute + 1);
        ["ana", "ben"].map(|contact| {
            let plan = ["plan", "--json", "--contact", contact, &later];
            ran(&desk, &plan).lines[0]["reason"].clone()
        })
    };
    assert_eq!(reasons(0), ["due", "due"]);
    location.changes("ana", 59, &json!({ "dnd": true }));
    let by_sms = json!({ "dndSettings": { "SMS": { "status": "permanent" } } });
    location.changes("ben", 59, &by_sms);
    assert_eq!(reasons(2), ["opted_out", "opted_out"]);
    ran(&desk, &["opt-out", "ben", "--now=2026-03-02T09:03:00Z"]);
    location.changes("ana", 59, &json!({ "dnd": false }));
    location.changes("ben", 59, &json!({ "dnd": false, "dndSettings": {} }));
    // What an operator said of Ben stands.
    assert_eq!(reasons(4), ["due", "opted_out"]);
}

/// D15: who was imported by hand, or under another name, and is brought by an API since, is as fresh as the API, which
/// is asked at the last look. A later export by hand does not take them away again.
#[test]
fn d15_what_two_sources_bring_is_as_fresh_as_the_api() {
    let location = Location::default();
    location.quiet("ana");
    let of_server = location.clone();
    let server = Server::start(move |request, _| {
        if request.path.contains("contactId=") {
            of_server.says("reply", "ana", "inbound", 239, "Yes!"); // since the sync
        }
        of_server.answer(request, 500)
    });
    let api = source(&server);
    let desk = business(&format!("[channels.sms.outbox]\n{api}"));
    let export = || {
        let messages = location.0.lock().unwrap().messages.clone();
        desk.write("export.json", &json!({ "messages": messages }).to_string());
    };
    export();
    ran(
        &desk,
        &["import", "export.json", "--now=2026-03-02T07:00:00Z"],
    );
    let reason = |now: &str| {
        let plan = [
            "plan",
            "--json",
            "--contact",
            "ana",
            &format!("--now={now}"),
        ];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    assert_eq!(reason(NOW), "stale_source");
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!(reason(NOW), "due");
    location.says("more", "ana", "outbound", 2, "In the morning, too.");
    export();
    ran(
        &desk,
        &["import", "export.json", "--now=2026-03-02T09:01:00Z"],
    );
    assert_eq!(sync_at(&desk, "2026-03-02T10:30:00Z").code, Some(0));
    assert_eq!(reason("2026-03-02T10:31:00Z"), "due");
    // By another name.
    let renamed = api.replace("\"crm\"", "\"highlevel\"");
    super::configure(&desk, &format!("[channels.sms.outbox]\n{renamed}"));
    assert_eq!(sync_at(&desk, "2026-03-02T12:00:00Z").code, Some(0));
    assert_eq!(reason("2026-03-02T12:01:00Z"), "due");
    let run = run_at(&desk, "2026-03-02T12:02:00Z");
    assert_eq!(run.summary()["sent"], 0, "{run:?}");
    assert_eq!(stored(&desk).last().unwrap()[3], "Yes!");
}

/// What somebody writes down at HighLevel of a contact who is quiet is seen by the next sync: a number, a zone.
#[test]
fn d18_a_number_that_is_added_later_is_seen_without_a_message() {
    let location = Location::default();
    location.quiet("ana");
    location.changes("ana", 0, &json!({ "phone": "", "timezone": null }));
    location.knows(json!({ "id": "silent", "phone": "+15005550009" }));
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    assert_eq!(sync(&desk).code, Some(0));
    let planned = |now: &str| {
        let plan = [
            "plan",
            "--json",
            "--contact",
            "ana",
            &format!("--now={now}"),
        ];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    assert_eq!(planned(NOW), "no_address");
    location.changes("ana", 59, &json!({ "phone": "+15005550001" }));
    location.changes("silent", 59, &json!({}));
    assert_eq!(sync_at(&desk, "2026-03-02T09:01:00Z").code, Some(0));
    assert_eq!(planned("2026-03-02T09:02:00Z"), "due");
    // Who never wrote is no contact of ours.
    let contacts = ran(&desk, &["export", "contacts", "--format", "jsonl"]);
    assert_eq!(contacts.lines.len(), 1, "{contacts:?}");
}

/// A page of changes is asked for after the one before, and the next sync begins a little before the newest.
#[test]
fn changed_contacts_are_read_page_by_page_and_once() {
    let location = talkative(3);
    for n in 0..250 {
        let id = format!("k{n:03}");
        location.knows(json!({ "id": id }));
        location.changes(&id, 48 + n / 20, &json!({}));
    }
    let server = location.serve(500);
    let desk = business(&source(&server));
    assert_eq!(sync(&desk).code, Some(0));
    let searches = || {
        let requests = server.requests().into_iter();
        let searches = requests.filter(|r| r.path == "/contacts/search");
        searches.map(|r| r.json()).collect::<Vec<Value>>()
    };
    let asked = searches();
    // Who was changed before the first sync is met with their messages.
    let since = |asked: &Value| asked["filters"][0]["value"]["gte"].to_string();
    assert!(
        since(&asked[0]).starts_with("\"2026-03-02T08:45:00."),
        "{asked:?}"
    );
    let after: Vec<&Value> = asked.iter().map(|a| &a["searchAfter"]).collect();
    assert_eq!(
        after,
        [&json!(null), &json!([17, "k099"]), &json!([17, "k199"])]
    );
    assert_eq!(sync_at(&desk, "2026-03-02T09:05:00Z").code, Some(0));
    assert!(since(&searches()[3]).starts_with("\"2026-03-02T08:45:00."));
}

/// Another account's cursor is of no use.
#[test]
fn another_location_is_read_from_its_beginning() {
    let location = talkative(4);
    let server = location.serve(500);
    let desk = business(&source(&server));
    sync(&desk);
    let before = exports(&server).len();
    super::configure(
        &desk,
        &source(&server).replace("name = \"crm\"", "name = \"crm\"\nsince = \"2026-03-01\""),
    );
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.lines[0]["known"]),
        (Some(0), &json!(4)),
        "{synced:?}"
    );
    let from = parameter(&exports(&server)[before], "startDate");
    assert_eq!(from.as_deref(), Some("2026-03-01T00:00:00.000Z"));
}

#[test]
fn many_contacts_are_listed_instead_of_asked_for() {
    let location = Location::default();
    for n in 0..250 {
        location.quiet(&format!("c{n}"));
    }
    let server = location.serve(500);
    let desk = business(&source(&server));
    assert_eq!(sync(&desk).lines[0]["new_contacts"], 250);
    let asked = server
        .requests()
        .into_iter()
        .filter(|r| r.path.starts_with("/contacts/?"));
    assert_eq!(asked.count(), 3);
}

#[test]
fn what_is_no_api_is_said() {
    let desk = business("");
    let nothing = ran(&desk, &["sync"]);
    assert_eq!(nothing.code, Some(0));
    assert!(
        nothing.err.contains("no source is asked by an API"),
        "{nothing:?}"
    );
    let desk: Desk = business("[[sources]]\nname = \"files\"\npath = \"*.csv\"\n");
    for (name, words) in [("files", "is files"), ("crm", "there is no source crm")] {
        let refused = ran(&desk, &["sync", name]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(words), "{refused:?}");
    }
}
