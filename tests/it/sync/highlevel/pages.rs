//! Its messages, page by page: every one once, whatever the server does.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Location, exports, source, talkative};
use crate::cli::Desk;
use crate::server::{Recorded, Reply, Server};
use crate::sync::{
    MARKER, NOW, business, configure, parameter, ran, run_at, source_status, stored, sync, sync_at,
};

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

/// Another account's cursor is of no use.
#[test]
fn another_location_is_read_from_its_beginning() {
    let location = talkative(4);
    let server = location.serve(500);
    let desk = business(&source(&server));
    sync(&desk);
    let before = exports(&server).len();
    configure(
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
