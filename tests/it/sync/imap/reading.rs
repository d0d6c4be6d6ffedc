//! What is read of a mailbox, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::server::{Misdeed, Post, mail};
use super::{desk_of, lines, source};
use crate::crash::{kill, until};
use crate::sync::{MARKER, NOW, begin, business, configure, run_at, stored, sync, sync_at};
use crate::tls::Front;

#[test]
fn the_inbox_and_what_was_sent_are_read_and_nothing_is_changed() {
    let post = Post::quiet();
    let reply = "Yes, Friday.\r\n\r\nOn Mon, 2 Mar 2026, Desk wrote:\r\n> Friday?";
    let reply = mail("3", "Ben <Ben@b.example>", "info@sol.example", 2, reply);
    post.gets(
        "INBOX",
        2,
        reply.replace("Subject", "References: <0@x.example>\r\nSubject"),
    );
    let away = mail("4", "cleo@c.example", "desk@sol.example", 3, "I am away.");
    post.gets(
        "INBOX",
        3,
        away.replace("Subject", "Auto-Submitted: auto-replied\r\nSubject"),
    );
    post.gets(
        "Sent",
        4,
        mail("5", "ana.ruiz@sol.example", "ben@b.example", 4, "Done."),
    );
    let server = post.serve();
    let desk = desk_of(&server);
    let synced = sync(&desk);
    assert_eq!(
        (
            synced.code,
            &synced.lines[0]["new"],
            &synced.lines[0]["complete"]
        ),
        (Some(0), &json!(5), &json!(true)),
        "{synced:?}"
    );
    assert_eq!(
        lines(&desk),
        [
            "ana@a.example contact How much?",
            "ana@a.example bot It is 40.",
            "ben@b.example contact Yes, Friday.",
            "cleo@c.example contact I am away.",
            // Under an address that nobody told of: by a person.
            "ben@b.example human Done.",
        ]
    );
    let heard = server.heard();
    let may = [
        "LOGIN ",
        "LIST ",
        "EXAMINE ",
        "UID SEARCH ",
        "UID FETCH ",
        "LOGOUT",
    ];
    let is_reading = |said: &String| may.iter().any(|begin| said.starts_with(begin));
    assert!(heard.iter().all(is_reading), "{heard:#?}");
    assert_eq!(heard.last().map(String::as_str), Some("LOGOUT"));
}

#[test]
fn a_mail_server_is_read_by_tls_when_an_authority_that_is_trusted_vouches_for_it() {
    let server = Post::quiet().serve();
    let front = Front::before(server.port(), "127.0.0.1");
    let by_tls = source(&server, "")
        .replace("security = \"none\"", "security = \"tls\"")
        .replace(&server.port().to_string(), &front.port.to_string());
    let desk = business(&by_tls);
    assert_eq!(sync(&desk).code, Some(78));
    assert!(stored(&desk).is_empty());
    let desk = business(&format!("[tls]\nca_file = \"mail-ca.pem\"\n{by_tls}"));
    desk.write("mail-ca.pem", &front.authority);
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!(lines(&desk).len(), 2);
}

#[test]
fn the_next_sync_fetches_only_what_is_new() {
    let post = Post::quiet();
    let server = post.serve();
    let desk = desk_of(&server);
    assert_eq!(sync(&desk).code, Some(0));
    let fetched = server.heard_of("UID FETCH").len();
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!((again.code, &again.lines[0]["read"]), (Some(0), &json!(0)));
    assert_eq!(server.heard_of("UID FETCH").len(), fetched);
    post.gets(
        "INBOX",
        60,
        mail("9", "ana@a.example", "desk@sol.example", 60, "Fine!"),
    );
    let next = sync_at(&desk, "2026-03-02T09:02:00Z");
    assert_eq!(
        (&next.lines[0]["read"], &next.lines[0]["new"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        server.heard_of("UID FETCH")[fetched..],
        ["UID FETCH 4 (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.524288>)"]
    );
}

/// The server may give all emails other numbers: then they are read again, and known by their Message-ID.
#[test]
fn other_numbers_lose_and_double_nothing() {
    let post = Post::quiet();
    let server = post.serve();
    let desk = desk_of(&server);
    assert_eq!(sync(&desk).code, Some(0));
    post.gets(
        "INBOX",
        30,
        mail("9", "ana@a.example", "desk@sol.example", 30, "Fine!"),
    );
    post.renumber(1);
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    let told = (&again.lines[0]["new"], &again.lines[0]["known"]);
    assert_eq!(told, (&json!(1), &json!(2)), "{again:?}");
    assert_eq!(stored(&desk).len(), 3);
}

#[test]
fn a_kill_between_any_two_pages_loses_and_doubles_nothing() {
    let post = Post::new();
    for n in 0..120 {
        let (from, id) = (format!("c{}@c.example", n % 5), format!("m{n}"));
        post.gets(
            "INBOX",
            n,
            mail(&id, &from, "desk@sol.example", n, &format!("text {n}")),
        );
    }
    let allowed = Arc::new(AtomicUsize::new(2));
    let of_server = Arc::clone(&allowed);
    let fetches = AtomicUsize::new(0);
    let server = post.serve_with(move |said, _| {
        let is_fetch = said.starts_with("UID FETCH");
        let before = fetches.fetch_add(usize::from(is_fetch), Ordering::SeqCst);
        let stalls = is_fetch && before >= of_server.load(Ordering::SeqCst);
        stalls.then_some(Misdeed::Stall)
    });
    let desk = desk_of(&server);
    let mut child = begin(&desk);
    let rows = || match desk.path("followup.db").exists() {
        true => stored(&desk).len(),
        false => 0,
    };
    assert!(until(
        || server.heard_of("UID FETCH").len() > 2 && rows() == 100
    ));
    kill(&mut child);
    assert_eq!(rows(), 100);
    allowed.store(usize::MAX, Ordering::SeqCst);
    let rest = sync(&desk);
    assert_eq!(
        (rest.code, &rest.lines[0]["read"]),
        (Some(0), &json!(20)),
        "{rest:?}"
    );
    let ids: std::collections::BTreeSet<String> =
        stored(&desk).into_iter().map(|[.., id]| id).collect();
    assert_eq!((stored(&desk).len(), ids.len()), (120, 120));
}

/// A contact's clock may be slow; the reply came when it came.
#[test]
fn a_reply_is_as_old_as_its_arrival() {
    let post = Post::quiet();
    let early = mail("3", "ana@a.example", "desk@sol.example", -90, "Yes!");
    post.gets("INBOX", 2, early);
    let moved = mail(
        "4",
        "ben@b.example",
        "desk@sol.example",
        -60 * 24 * 40,
        "Old.",
    );
    post.gets("INBOX", 3, moved);
    let undated = mail("5", "cleo@c.example", "desk@sol.example", 0, "When?");
    post.gets("INBOX", 4, undated.replace("Date: ", "X-Date: "));
    let desk = desk_of(&post.serve());
    let run = run_at(&desk, NOW);
    assert_eq!(
        (run.code, &run.summary()["sent"]),
        (Some(0), &json!(0)),
        "{run:?}"
    );
    assert_eq!(
        lines(&desk),
        [
            "ben@b.example contact Old.",
            "ana@a.example contact How much?",
            "ana@a.example bot It is 40.",
            "ana@a.example contact Yes!",
            "cleo@c.example contact When?",
        ]
    );
}

/// A photograph before the text: the beginning does not tell, so more of it is asked for.
#[test]
fn a_text_behind_a_long_attachment_is_read() {
    let post = Post::new();
    let photo = "QUJD".repeat(19).to_owned() + "\r\n";
    let photo = photo.repeat(600 * 1024 / photo.len());
    let head = mail("1", "ana@a.example", "desk@sol.example", 0, "");
    let head = head.replace(
        "Subject",
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nSubject",
    );
    post.gets("INBOX", 0, format!(
        "{head}--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n{photo}\
         --b\r\nContent-Type: text/plain\r\n\r\nCall me tomorrow at ten\r\n--b--\r\n"
    ));
    let server = post.serve();
    let desk = desk_of(&server);
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!(
        lines(&desk),
        ["ana@a.example contact Call me tomorrow at ten"]
    );
    assert_eq!(server.heard_of("UID FETCH").len(), 2);
}

#[test]
fn what_is_older_than_since_is_not_asked_for() {
    let post = Post::quiet();
    post.gets(
        "INBOX",
        60 * 24,
        mail("9", "ben@b.example", "desk@sol.example", 60 * 24, "New."),
    );
    let server = post.serve();
    let since =
        source(&server, "").replace("name = \"mail\"", "name = \"mail\"\nsince = \"2026-03-03\"");
    let desk = business(&since);
    assert_eq!(sync_at(&desk, "2026-03-03T09:00:00Z").code, Some(0));
    assert_eq!(lines(&desk), ["ben@b.example contact New."]);
}

/// Other addresses that are ours change who said what: all is read anew.
#[test]
fn folders_are_those_that_are_named_and_the_mailbox_is_read_anew_when_we_are_others() {
    let post = Post::quiet();
    post.make("Gesendet &- mehr/B&APw-ro", "");
    let sent = mail("3", "Ana <ana@sol.example>", "dora@d.example", 3, "Hello!");
    post.gets("Gesendet &- mehr/B&APw-ro", 3, sent);
    let server = post.serve();
    let folders = "folders = [\"INBOX\", \"Gesendet & mehr/Büro\"]\n";
    let desk = business(&source(&server, folders));
    let synced = sync(&desk);
    assert_eq!(synced.code, Some(0), "{synced:?}");
    // In a folder that is not marked, one who is not known as ours wrote to us.
    assert_eq!(
        lines(&desk),
        [
            "ana@a.example contact How much?",
            "ana@sol.example contact Hello!"
        ]
    );
    let fetched = server.heard_of("UID FETCH").len();
    let ours = format!("{folders}us = [\"@sol.example\"]\nhumans = [\"ana@sol.example\"]\n");
    configure(&desk, &source(&server, &ours));
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!(server.heard_of("UID FETCH").len(), fetched + 2);
    assert!(
        lines(&desk).contains(&"dora@d.example human Hello!".to_owned()),
        "{:?}",
        lines(&desk)
    );
}

#[test]
fn an_access_token_logs_in_as_well() {
    let server = Post::quiet().serve();
    let token = source(&server, "").replace("password", "access_token");
    let desk = business(&token);
    assert_eq!(sync(&desk).code, Some(0));
    let shown = format!("user=desk@sol.example\u{1}auth=Bearer {MARKER}\u{1}\u{1}");
    assert_eq!(
        server.heard()[..2],
        ["AUTHENTICATE XOAUTH2".to_owned(), shown]
    );
}

#[test]
fn a_reply_of_seconds_ago_stops_the_message() {
    let post = Post::quiet();
    let of_server = post.clone();
    let server = post.serve_with(move |said, _| {
        if said.contains("OR FROM ana@a.example TO ana@a.example")
            && said.contains("SINCE \"01-Mar-2026\"")
        {
            of_server.gets(
                "INBOX",
                59,
                mail("9", "ana@a.example", "desk@sol.example", 59, "I am here!"),
            );
        }
        None
    });
    let desk = desk_of(&server);
    let run = run_at(&desk, NOW);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        (&run.summary()["sent"], &run.summary()["not_asked"]),
        (&json!(0), &json!(0)),
        "{:#?}",
        server.heard()
    );
    assert!(lines(&desk).contains(&"ana@a.example contact I am here!".to_owned()));
    // Without it, the message goes out; and at the last look nothing that is known is stored again.
    let quiet = Post::quiet().serve();
    let desk = desk_of(&quiet);
    assert_eq!(run_at(&desk, NOW).summary()["sent"], 1);
    assert_eq!(quiet.heard_of("UID SEARCH UID 1:* SINCE").len(), 2);
    assert_eq!(stored(&desk).len(), 2);
}
