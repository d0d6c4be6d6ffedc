//! A calendar by its URL: a real server on loopback that remembers what it gave, moves, fails and lies.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{MARKER, business, command, ran, source_status, sync_at};
use crate::cli::Desk;
use crate::server::{Recorded, Reply, Server};

const CHATS: &str = "contact_id,name,email,channel,direction,sent_at,text
ana,Ana,ana@a.example,email,in,2026-03-02T07:00:00Z,Is there a slot?
ana,,,email,out,2026-03-02T07:05:00Z,At eleven. Shall I book it?
";
const BOOKED: &str = "UID:1@shop\r\nCREATED:20260302T073000Z\r\nDTSTART:20260306T110000Z\r\nATTENDEE:mailto:ana@a.example";
const OTHER: &str = "UID:2@shop\r\nCREATED:20260302T073000Z\r\nDTSTART:20260306T120000Z\r\nATTENDEE:mailto:ben@b.example";

fn calendar(events: &[&str]) -> String {
    let events = events.iter();
    let events: String = events
        .map(|e| format!("BEGIN:VEVENT\r\n{e}\r\nEND:VEVENT\r\n"))
        .collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

/// What the server gives; each change is a change.
type Given = Arc<Mutex<Reply>>;

fn serve(given: &Given) -> Server {
    let given = Arc::clone(given);
    Server::start(move |request, _| {
        assert_eq!(request.path, format!("/{MARKER}/shop.ics"));
        given.lock().unwrap().clone()
    })
}

fn given(reply: Reply) -> Given {
    Arc::new(Mutex::new(reply))
}

/// A business whose calendar has a secret address.
fn desk_of(server: &Server) -> Desk {
    let desk = business(
        "[limits]\nrequest_timeout = \"1s\"\n[channels.email.outbox]\n[[sources]]\nname = \"calendar\"\n\
         url = { file = \"address\" }\n[[sources]]\nname = \"chats\"\npath = \"chats.csv\"\nfresh_for = \"off\"\n",
    );
    desk.write("address", &format!("{}/{MARKER}/shop.ics", server.url()));
    let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(desk.path("address"), only_ours).unwrap();
    desk.write("chats.csv", CHATS);
    ran(&desk, &["import", "chats.csv"]);
    desk
}

fn reason(desk: &Desk, now: &str) -> Value {
    let plan = ran(
        desk,
        &[
            "plan",
            "--json",
            "--contact",
            "ana",
            &format!("--now={now}"),
        ],
    );
    plan.lines[0]["reason"].clone()
}

fn tags(server: &Server) -> Vec<Option<String>> {
    let tag = |r: Recorded| r.header("if-none-match").map(str::to_owned);
    server.requests().into_iter().map(tag).collect()
}

#[test]
fn d5_a_calendar_books_and_what_is_gone_from_it_is_called_off() {
    let tagged =
        |tag: &str, events: &[&str]| Reply::answer(200, calendar(events)).header("ETag", tag);
    let given = given(tagged("\"a\"", &[BOOKED, OTHER]));
    let server = serve(&given);
    let desk = desk_of(&server);
    let due = "2026-03-02T08:00:00Z";
    assert_eq!(reason(&desk, due), "due");
    let synced = sync_at(&desk, due);
    assert_eq!(
        (synced.code, &synced.lines[0]["new_bookings"]),
        (Some(0), &json!(2)),
        "{synced:?}"
    );
    assert_eq!(reason(&desk, due), "booked");
    // Asked with the tag, the server has nothing to give: the calendar is fresh all the same.
    *given.lock().unwrap() = Reply::answer(304, "");
    let synced = sync_at(&desk, "2026-03-02T08:30:00Z");
    assert_eq!(synced.lines[0]["unchanged"], true, "{synced:?}");
    assert_eq!(tags(&server), [None, Some("\"a\"".to_owned())]);
    let status = source_status(&desk, "2026-03-02T09:20:00Z");
    assert_eq!(
        (&status["name"], &status["stale"]),
        (&json!("calendar"), &json!(false))
    );
    // A run asks as well.
    *given.lock().unwrap() = tagged("\"b\"", &[OTHER]);
    let run = super::run_at(&desk, "2026-03-02T08:45:00Z");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(reason(&desk, "2026-03-02T08:55:00Z"), "due");
    // What is kept of the address is no address.
    let database = std::fs::read(desk.path("followup.db")).unwrap();
    assert!(
        !database
            .windows(MARKER.len())
            .any(|w| w == MARKER.as_bytes())
    );
}

/// A server that tells no tag gives the same again: nothing is stored anew.
#[test]
fn the_same_again_is_unchanged() {
    let given = given(Reply::answer(200, calendar(&[BOOKED])));
    let server = serve(&given);
    let desk = desk_of(&server);
    let synced = |now: &str| sync_at(&desk, now).lines[0]["unchanged"].clone();
    assert_eq!(synced("2026-03-02T08:00:00Z"), false);
    assert_eq!(synced("2026-03-02T08:10:00Z"), true);
    // Read with other settings, it is read anew.
    let toml = std::fs::read_to_string(desk.path("followup.toml")).unwrap();
    desk.write(
        "followup.toml",
        &toml.replace("url = {", "us = [\"ana@a.example\"]\nurl = {"),
    );
    assert_eq!(synced("2026-03-02T08:20:00Z"), false);
}

#[test]
fn d15_what_fails_keeps_what_is_known_and_lets_it_grow_old() {
    for (failure, code, words) in [
        (Reply::answer(500, "oh"), 75, "HTTP 500"),
        (Reply::answer(404, "gone"), 75, "HTTP 404"),
        (Reply::answer(403, "no"), 77, "HTTP 403"),
        (Reply::stall(), 75, "no complete answer within 1 s"),
        (Reply::reset(), 75, "the server: "),
        (
            Reply::answer(200, calendar(&[])).cut_after(30),
            75,
            "the answer's body",
        ),
        (
            Reply::answer(200, calendar(&[OTHER])[..90].to_owned()),
            65,
            "cut off",
        ),
        (
            Reply::answer(200, "<html>log in</html>"),
            65,
            "it is no calendar",
        ),
        (
            Reply::answer(302, "").header("Location", "ftp://x.example/"),
            78,
            "redirects",
        ),
        (
            Reply::answer(302, "").header("Location", "//169.254.169.254/"),
            78,
            "redirects",
        ),
        (
            Reply::answer(302, "").header("Location", "http://192.0.2.1/x"),
            78,
            "plain http is only for this machine",
        ),
        (
            Reply::answer(302, "").header("Location", &format!("/{MARKER}/shop.ics")),
            78,
            "more than 5 times",
        ),
    ] {
        let given = given(Reply::answer(200, calendar(&[BOOKED])));
        let server = serve(&given);
        let desk = desk_of(&server);
        assert_eq!(sync_at(&desk, "2026-03-02T08:00:00Z").code, Some(0));
        *given.lock().unwrap() = failure;
        let late = "2026-03-02T09:30:00Z";
        let synced = sync_at(&desk, late);
        assert_eq!(synced.code, Some(code), "{words}: {synced:?}");
        let error = synced.lines[0]["error"].as_str().unwrap();
        assert!(error.contains(words), "{words}: {error}");
        assert_eq!(
            (reason(&desk, late), &source_status(&desk, late)["stale"]),
            (json!("booked"), &json!(true))
        );
    }
}

/// D15: a cache on the way that says "unchanged" to whoever asks has not given a calendar.
#[test]
fn d15_unchanged_is_no_answer_to_who_has_nothing() {
    let server = serve(&given(Reply::answer(304, "")));
    let desk = desk_of(&server);
    let synced = sync_at(&desk, "2026-03-02T08:00:00Z");
    assert_eq!(synced.code, Some(75), "{synced:?}");
    let status = command(&desk, &["status", "--now=2026-03-02T08:00:00Z"]).output();
    let status = String::from_utf8(status.unwrap().stdout).unwrap();
    assert!(status.contains("calendar: STALE: never read"), "{status}");
}

#[test]
fn a_calendar_that_has_moved_is_followed() {
    let server = Server::start(|request, _| match request.path.ends_with("/new.ics") {
        true => Reply::answer(200, calendar(&[BOOKED])),
        false => Reply::answer(301, "").header("Location", "/new.ics"),
    });
    let desk = desk_of(&server);
    assert_eq!(
        sync_at(&desk, "2026-03-02T08:00:00Z").lines[0]["new_bookings"],
        1
    );
}

#[test]
fn a_source_that_is_fetched_is_named_like_the_others() {
    let server = serve(&given(Reply::answer(200, calendar(&[BOOKED]))));
    let desk = desk_of(&server);
    let text = |arguments: &[&str]| {
        let output = command(&desk, arguments).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let now = "--now=2026-03-02T08:00:00Z";
    assert!(
        text(&["status", now])
            .contains("calendar: STALE: never read to its end; run followup sync")
    );
    assert_eq!(
        text(&["sync", "calendar", now]),
        "calendar: 1 new appointment\n"
    );
    assert_eq!(
        text(&["sync", "calendar", now]),
        "calendar: unchanged since the last import\n"
    );
    assert!(text(&["sync", "chats", now]).contains("the source chats is files"));
}
