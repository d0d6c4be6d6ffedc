//! Servers that refuse, stall, cut off and talk nonsense: it is said, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::server::{Misdeed, Post, mail};
use super::{desk_of, lines, source};
use crate::sync::{NOW, business, run_at, source_status, stored, sync, sync_at};

#[test]
fn a_refused_login_is_said_and_not_tried_again() {
    let server = Post::quiet().serve();
    let desk = business(&source(&server, "").replace("TOKEN", "BOT_TOKEN"));
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(77), "{synced:?}");
    let error = synced.lines[0]["error"].as_str().unwrap();
    // What the server echoes of the password is not shown; `ran` looks at all of it.
    assert!(
        error.contains("refuses our credentials: wrong: LOGIN desk@sol.example ***"),
        "{error}"
    );
    assert_eq!(server.heard_of("LOGIN").len(), 1);
    // One that only has no time is asked again.
    let server = Post::quiet().serve_with(|said, number| {
        let is_first = said.starts_with("LOGIN") && number == 0;
        is_first.then_some(Misdeed::Refuse("[UNAVAILABLE] later"))
    });
    assert_eq!(sync(&desk_of(&server)).code, Some(0));
}

/// Each of these happens once, at each command in turn: the next attempt comes away with everything.
#[test]
fn what_fails_once_is_asked_again() {
    let misdeeds = [
        Misdeed::Cut(0),
        Misdeed::Cut(25),
        Misdeed::Say(b"* BYE the server restarts\r\n".to_vec()),
        Misdeed::Say(b"\xff\xfe\x00garbage\n\n".to_vec()),
        Misdeed::Say(b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n".to_vec()),
    ];
    std::thread::scope(|scope| {
        for misdeed in misdeeds {
            scope.spawn(move || {
                for command in ["LOGIN", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH"] {
                    fails_once(misdeed.clone(), command);
                }
            });
        }
    });
}

fn fails_once(misdeed: Misdeed, command: &'static str) {
    let is_due = AtomicBool::new(true);
    let server = Post::quiet().serve_with(move |said, _| {
        let is_now = said.starts_with(command) && is_due.swap(false, Ordering::SeqCst);
        is_now.then(|| misdeed.clone())
    });
    let desk = desk_of(&server);
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(0), "{command}: {synced:?}");
    assert_eq!(stored(&desk).len(), 2);
}

/// It ends in time, says so, and the next sync has it all.
#[test]
fn what_fails_always_is_said_and_the_source_is_stale() {
    let cases = [
        (Misdeed::Cut(150), "ended the connection"),
        (Misdeed::Stall, "no complete answer within 1 s"),
        (Misdeed::Drip, "no complete answer within 1 s"),
        (Misdeed::Refuse("[SERVERBUG] oh"), "refuses: oh"),
    ];
    std::thread::scope(|scope| {
        for (misdeed, words) in cases {
            scope.spawn(move || fails(misdeed, words));
        }
    });
}

fn fails(misdeed: Misdeed, words: &str) {
    let is_bad = Arc::new(AtomicBool::new(true));
    let of_server = Arc::clone(&is_bad);
    let server = Post::quiet().serve_with(move |said, _| {
        let is_due = said.starts_with("UID FETCH") && of_server.load(Ordering::SeqCst);
        is_due.then(|| misdeed.clone())
    });
    let desk = desk_of(&server);
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(75), "{words}: {synced:?}");
    let error = synced.lines[0]["error"].as_str().unwrap();
    assert!(error.contains(words), "{words}: {error}");
    assert_eq!(source_status(&desk, NOW)["stale"], true);
    assert_eq!(stored(&desk).len(), 0);
    is_bad.store(false, Ordering::SeqCst);
    assert_eq!(sync_at(&desk, "2026-03-02T09:01:00Z").code, Some(0));
    assert_eq!(stored(&desk).len(), 2);
}

/// One that is there and cannot be read is named; one that has been deleted in between is none.
#[test]
fn an_email_that_the_server_does_not_give_is_named() {
    let post = Post::quiet();
    post.gets("INBOX", 2, "this is no email".to_owned());
    post.gets(
        "INBOX",
        3,
        mail("3", "ben@b.example", "desk@sol.example", 3, "Hi"),
    );
    let server = post.serve_with(|said, _| {
        let bytes = b"* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n* 9 NONSENSE (1\r\n* 4 FETCH (UID 7 BODY[]<0> {3}\r\nX:y)\r\n";
        let said_all = [&bytes[..], b"f5 OK done\r\n"].concat();
        said.starts_with("UID FETCH 1,4,7 ").then_some(Misdeed::Say(said_all))
    });
    let synced = sync(&desk_of(&server));
    assert_eq!(
        (synced.code, &synced.lines[0]["rejected"]),
        (Some(65), &json!(3)),
        "{synced:?}"
    );
    for row in [
        "row 1: INBOX: the mail server does not give this email",
        "row 4: ",
        "row 7: ",
    ] {
        assert!(synced.err.contains(row), "{}", synced.err);
    }
}

#[test]
fn folders_that_are_not_there_are_named() {
    let post = Post::default();
    post.make("INBOX", "");
    post.make("Old things", "");
    let server = post.serve();
    let synced = sync(&desk_of(&server));
    assert_eq!(synced.code, Some(78), "{synced:?}");
    let error = synced.lines[0]["error"].as_str().unwrap();
    assert!(
        error.contains(
            "write folders = [\"INBOX\", …] with two or more of \"INBOX\", \"Old things\""
        ),
        "{error}"
    );
    let synced = sync(&business(&source(&server, "folders = [\"Sent\"]\n")));
    assert_eq!(synced.code, Some(78));
    assert!(
        synced
            .err
            .contains("does not open the folder \"Sent\": no such folder"),
        "{synced:?}"
    );
}

/// Nobody is written to blindly.
#[test]
fn without_an_answer_at_the_last_look_nothing_is_sent() {
    for misdeed in [
        Misdeed::Cut(9),
        Misdeed::Refuse("no"),
        Misdeed::Say(b"what?\r\n".to_vec()),
    ] {
        let server = Post::quiet()
            .serve_with(move |said, _| said.contains("OR FROM").then(|| misdeed.clone()));
        let desk = desk_of(&server);
        let run = run_at(&desk, NOW);
        assert_eq!(run.code, Some(75), "{run:?}");
        assert_eq!(
            (&run.summary()["sent"], &run.summary()["not_asked"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(lines(&desk).len(), 2);
    }
}

#[test]
fn what_answers_there_may_be_no_mail_server() {
    let web = crate::server::Server::start(|_, _| crate::server::Reply::answer(200, "hello"));
    let port = web.url().rsplit(':').next().unwrap().to_owned();
    let server = Post::new().serve();
    let elsewhere = source(&server, "").replace(&server.port().to_string(), &port);
    let synced = sync(&business(&elsewhere));
    assert_eq!(synced.code, Some(75), "{synced:?}");
    assert_eq!(synced.lines[0]["complete"], false);
}
