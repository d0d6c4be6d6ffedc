//! The last look: what a source says of a contact right before they are written to.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::highlevel::{Location, source};
use super::{NOW, business, ran, run_at, source_status, stored};
use crate::server::{Reply, Server};

const OUTBOX: &str = "[channels.sms.outbox]\n";

/// A location of one who is quiet, and a server on which `meanwhile` happens before each question about a contact.
fn meanwhile(
    happens: impl Fn(&Location) -> Option<Reply> + Send + Sync + 'static,
) -> (Location, Server) {
    let location = Location::default();
    location.quiet("ana");
    let of_server = location.clone();
    let server = Server::start(move |request, _| {
        if request.path.contains("contactId=")
            && let Some(reply) = happens(&of_server)
        {
            return reply;
        }
        of_server.answer(request, 500)
    });
    (location, server)
}

#[test]
fn a_reply_of_seconds_ago_stops_the_message() {
    let (_, server) = meanwhile(|location| {
        location.says("reply", "ana", "inbound", 59, "Yes, I am here!");
        None
    });
    let desk = business(&format!("{OUTBOX}{}", source(&server)));
    let run = run_at(&desk, NOW);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        (&run.summary()["sent"], &run.summary()["not_asked"]),
        (&json!(0), &json!(0))
    );
    assert!(!desk.path("outbox.jsonl").exists());
    let rows = stored(&desk);
    assert_eq!(rows.last().unwrap()[3], "Yes, I am here!");
    // The next sync brings it again, and knows it.
    let again = super::sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (&again.lines[0]["new"], again.code),
        (&json!(0), Some(0)),
        "{again:?}"
    );
}

#[test]
fn without_the_last_look_it_would_have_gone_out() {
    let (_, server) = meanwhile(|location| {
        location.says("reply", "ana", "inbound", 59, "Yes, I am here!");
        None
    });
    let careless = source(&server).replace("name = \"crm\"", "name = \"crm\"\nlast_look = false");
    let desk = business(&format!("{OUTBOX}{careless}"));
    assert_eq!(run_at(&desk, NOW).summary()["sent"], 1);
    let asked = server
        .requests()
        .into_iter()
        .filter(|r| r.path.contains("contactId="));
    assert_eq!(asked.count(), 0);
}

/// Somebody has set "do not disturb" since the last sync.
#[test]
fn d3_do_not_disturb_of_seconds_ago_stops_the_message() {
    let location = Location::default();
    location.quiet("ana");
    let of_server = location.clone();
    let asked = Mutex::new(0);
    let server = Server::start(move |request, _| {
        if request.path == "/contacts/ana" {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            if *asked == 2 {
                of_server.changes("ana", 59, &json!({ "dnd": true }));
            }
        }
        of_server.answer(request, 500)
    });
    let desk = business(&format!("{OUTBOX}{}", source(&server)));
    let run = run_at(&desk, NOW);
    assert_eq!(
        (
            run.code,
            &run.summary()["sent"],
            &run.summary()["not_asked"]
        ),
        (Some(0), &json!(0), &json!(0)),
        "{run:?}"
    );
    let plan = [
        "plan",
        "--json",
        "--contact",
        "ana",
        "--now=2026-03-02T09:01:00Z",
    ];
    assert_eq!(super::ran(&desk, &plan).lines[0]["reason"], "opted_out");
}

/// Nobody is written to blindly: without an answer the contact waits for the next run, and it is said.
#[test]
fn without_an_answer_nothing_is_sent_and_it_is_said() {
    let is_down = Arc::new(Mutex::new(true));
    for reply in [
        Reply::answer(500, "{}"),
        Reply::reset(),
        Reply::answer(200, "{}"),
        Reply::answer(401, r#"{"message":"no"}"#),
        Reply::answer(200, r#"{"messages":[{"id":"x"}]}"#),
    ] {
        *is_down.lock().unwrap() = true;
        let down = Arc::clone(&is_down);
        let (_, server) = meanwhile(move |_| down.lock().unwrap().then(|| reply.clone()));
        let desk = business(&format!("{OUTBOX}{}", source(&server)));
        let run = run_at(&desk, NOW);
        assert_eq!(run.code, Some(75), "{run:?}");
        assert_eq!(
            (&run.summary()["sent"], &run.summary()["not_asked"]),
            (&json!(0), &json!(1))
        );
        let skipped = &run.lines[0];
        assert_eq!(
            (&skipped["type"], &skipped["reason"]),
            (&json!("skipped"), &json!("last_look"))
        );
        assert_eq!(skipped["contact_id"], "ana");
        assert!(
            skipped["error"].as_str().unwrap().starts_with("crm: "),
            "{run:?}"
        );
        // Whoever looks is told why it did not go out.
        let later = "--now=2026-03-02T09:00:30Z";
        let plan = ran(&desk, &["plan", "--json", "--contact", "ana", later]);
        let held = &plan.lines[0]["held_back"];
        assert_eq!(
            (&plan.lines[0]["reason"], &held["reason"], &held["error"]),
            (&json!("due"), &json!("last_look"), &skipped["error"]),
            "{plan:?}"
        );
        for words in [["plan", later].as_slice(), &["show", "ana", later]] {
            let output = super::command(&desk, words).output().unwrap();
            let seen = String::from_utf8(output.stdout).unwrap();
            let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
            let why = "as nobody can say whether they have replied: crm: ";
            assert!(seen.contains(why), "{seen}");
        }
        *is_down.lock().unwrap() = false;
        let next = run_at(&desk, "2026-03-02T09:01:00Z");
        assert_eq!(
            (next.code, &next.summary()["sent"]),
            (Some(0), &json!(1)),
            "{next:?}"
        );
        let plan = ran(&desk, &["plan", "--json", "--contact", "ana", later]);
        assert_eq!(plan.lines[0]["held_back"], json!(null), "{plan:?}");
    }
}

/// One that is slow keeps nobody else waiting.
#[test]
fn contacts_are_asked_about_side_by_side() {
    let slow = Duration::from_millis(400);
    let location = Location::default();
    for n in 0..6 {
        location.quiet(&format!("c{n}"));
    }
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let of_server = (location, Arc::clone(&times));
    let server = Server::start(move |request, _| {
        let honest = of_server.0.answer(request, 500);
        if request.path.contains("contactId=") {
            of_server.1.lock().unwrap().push(Instant::now());
            return honest.after(slow);
        }
        honest
    });
    let desk = business(&format!("{OUTBOX}{}", source(&server)));
    assert_eq!(run_at(&desk, NOW).summary()["sent"], 6);
    let times = times.lock().unwrap();
    assert!(
        times[3] - times[0] < slow,
        "the fourth was asked about after the first was answered"
    );
}

/// D15: what is stored on the way says nothing of how complete the source is.
#[test]
fn d15_a_last_look_does_not_make_a_source_fresh() {
    let (location, server) = meanwhile(|location| {
        location.says("reply", "ana", "inbound", 59, "Yes!");
        None
    });
    location.quiet("ben");
    let desk = business(&format!("{OUTBOX}{}", source(&server)));
    run_at(&desk, NOW);
    let status = source_status(&desk, "2026-03-02T09:16:00Z");
    let as_of = status["as_of"].as_str().unwrap();
    assert!(as_of.starts_with("2026-03-02T09:00:0"), "{status}");
    assert_eq!(status["stale"], true);
}

/// D15: a source that has never been read is stale, and each age is told with its limit.
#[test]
fn d15_every_source_has_an_age_and_a_limit() {
    let location = Location::default();
    location.quiet("ana");
    let server = location.serve(500);
    let desk = business(&format!("{OUTBOX}{}", source(&server)));
    let text = |arguments: &[&str]| {
        let output = super::command(&desk, arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    desk.write("none.csv", "contact_id,channel,direction,sent_at,text\n");
    super::ran(&desk, &["import", "none.csv"]);
    let before = text(&["status", &format!("--now={NOW}")]);
    assert!(
        before.contains("crm: STALE: never read to its end; run followup sync"),
        "{before}"
    );
    super::sync(&desk);
    let after = text(&["status", "--now=2026-03-02T09:10:00Z"]);
    assert!(after.contains("min ago (limit 15m)"), "{after}");
    let plan = text(&["plan", "--now=2026-03-02T09:20:00Z"]);
    assert!(
        plan.contains("Source crm is complete only until") && plan.contains("(limit 15m)"),
        "{plan}"
    );
    assert!(plan.contains("followup sync."), "{plan}");
}
