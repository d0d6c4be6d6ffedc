//! What each answer of a provider does to a step, from the command line: rule X4 as a table.

use std::time::Duration;

use serde_json::Value;

use super::business::{Books, Business, Fate, taken, time, twilio, webhook};
use crate::server::{Reply, Server};

const NOW: &str = "2026-03-02T08:10:00Z";

/// One behaviour of a provider, and what must come of it.
struct Case {
    name: &'static str,
    reply: fn() -> Reply,
    /// What a webhook's message is then, and Twilio's.
    states: [&'static str; 2],
    code: i32,
}

const fn case(
    name: &'static str,
    reply: fn() -> Reply,
    states: [&'static str; 2],
    code: i32,
) -> Case {
    Case {
        name,
        reply,
        states,
        code,
    }
}

const RETRY: [&str; 2] = ["retry"; 2];
const FAILED: [&str; 2] = ["failed"; 2];
const UNKNOWN: [&str; 2] = ["unknown"; 2];

const CASES: &[Case] = &[
    case("accepted", taken, ["sent"; 2], 0),
    case(
        "accepted, then closed",
        || taken().then_close(),
        ["sent"; 2],
        0,
    ),
    case(
        "accepted late",
        || taken().after(Duration::from_millis(300)),
        ["sent"; 2],
        0,
    ),
    case("429", || Reply::answer(429, ""), RETRY, 75),
    case(
        "429 with Retry-After",
        || Reply::answer(429, "").header("Retry-After", "120"),
        RETRY,
        75,
    ),
    case(
        "503 with Retry-After",
        || Reply::answer(503, "").header("Retry-After", "120"),
        RETRY,
        75,
    ),
    case("503", || Reply::answer(503, ""), UNKNOWN, 1),
    case("500", || Reply::answer(500, "<html>"), UNKNOWN, 1),
    case("502", || Reply::answer(502, ""), UNKNOWN, 1),
    case("reset", Reply::reset, UNKNOWN, 1),
    case(
        "reset after accepting",
        || Reply::reset().accepting(),
        UNKNOWN,
        1,
    ),
    case("silence", Reply::stall, UNKNOWN, 1),
    case(
        "drip",
        || Reply::drip(Duration::from_millis(50)),
        UNKNOWN,
        1,
    ),
    case(
        "garbage",
        || Reply::garbage(b"\x00\xff nonsense".to_vec()),
        UNKNOWN,
        1,
    ),
    case("cut body", || taken().cut_after(4), UNKNOWN, 1),
    case("empty", || Reply::garbage(Vec::new()), UNKNOWN, 1),
    // Any success of a webhook is an acceptance; Twilio's has an SID.
    case(
        "accepted without a body",
        || Reply::answer(200, ""),
        ["sent", "unknown"],
        0,
    ),
    case(
        "400",
        || Reply::answer(400, r#"{"message":"no"}"#),
        FAILED,
        1,
    ),
    case(
        "400, invalid number",
        || Reply::answer(400, r#"{"code":21211,"message":"invalid"}"#),
        FAILED,
        1,
    ),
    case(
        "401",
        || Reply::answer(401, r#"{"code":20003,"message":"who?"}"#),
        RETRY,
        1,
    ),
];

#[test]
fn x4_each_answer_has_its_state_its_event_and_its_exit_code() {
    let half = CASES.len() / 2;
    std::thread::scope(|scope| {
        for cases in [&CASES[..half], &CASES[half..]] {
            scope.spawn(move || cases.iter().for_each(judge));
        }
    });
}

/// A webhook on one channel and Twilio on the other, one contact on each, one server for both.
fn judge(case: &Case) {
    let books = Books::default();
    let server = {
        let (books, reply) = (books.clone(), case.reply);
        // For the books every answer is open, so that any repetition that follows is found below.
        Server::start(move |request, _| books.enter(request, Fate::NotSent, reply()))
    };
    let channels = webhook("telegram", &server.url()) + &twilio("sms", &server.url());
    let business = Business::with(&channels, "request_timeout = \"1s\"", "");
    business.quiet("telegram", 1);
    business.quiet("sms", 1);
    let ran = business.run(NOW);
    let name = case.name;
    for (contact, state) in ["telegram0", "sms0"].into_iter().zip(case.states) {
        let rows = business.rows();
        let row = rows.iter().find(|r| r.contact == contact).unwrap();
        assert_eq!(row.state, state, "{name}: {row:?}");
        let event = ran
            .events
            .iter()
            .find(|e| e["contact_id"] == contact)
            .unwrap();
        assert_eq!(event["type"], state, "{name}: {event}");
        assert_eq!(event["id"], Value::from(&*row.id), "{name}");
        if state != "sent" {
            assert!(!event["error"].as_str().unwrap().is_empty(), "{name}");
        }
        if state == "retry" {
            let waits = if name.contains("Retry-After") {
                120
            } else {
                30
            };
            let at = time(event["retry_at"].as_str().unwrap());
            assert!((at - time(NOW)).num_seconds() >= waits, "{name}: {event}");
        }
    }
    let code = if case.states.contains(&"unknown") {
        1
    } else {
        case.code
    };
    assert_eq!(ran.code, Some(code), "{name}: {}", ran.stderr);
    assert_eq!(books.entries().len(), 2, "{name}");

    // Twenty seconds later nothing is due, whatever happened.
    let again = business.run("2026-03-02T08:10:20Z");
    assert_eq!(again.code, Some(0), "{name}: {again:?}");
    assert_eq!(books.entries().len(), 2, "{name}: asked again");
    business.assert_sound();
}

/// X4: 30 s, 1 m, 5 m, 15 m, 1 h, each not too early, and then no more.
#[test]
fn x4_the_schedule_of_retries_ends_in_failure() {
    let server = Server::always(Reply::answer(429, "slow down"));
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 1);
    let mut now = time(NOW);
    for (attempt, seconds) in [(1, 30), (2, 60), (3, 300), (4, 900), (5, 3600)] {
        let ran = business.run(&now.to_rfc3339());
        assert_eq!(ran.code, Some(75), "{ran:?}");
        let row = business.rows().remove(0);
        assert_eq!((&*row.state, row.attempts), ("retry", attempt));
        let at = chrono::DateTime::from_timestamp_micros(row.retry_at.unwrap()).unwrap();
        // The run's clock goes on from `now` while it works.
        let waits = (at - now).num_seconds();
        assert!(
            waits >= seconds && waits <= seconds * 5 / 4 + 20,
            "{attempt}: {waits}"
        );
        let early = (at - chrono::TimeDelta::seconds(5)).to_rfc3339();
        assert_eq!(business.run(&early).code, Some(0));
        assert_eq!(server.requests().len(), attempt as usize, "too early");
        now = at;
    }
    let ran = business.run(&now.to_rfc3339());
    assert_eq!((ran.code, ran.count("failed")), (Some(1), 1), "{ran:?}");
    let much_later = (now + chrono::TimeDelta::hours(3)).to_rfc3339();
    assert_eq!(business.run(&much_later).code, Some(0));
    assert_eq!(server.requests().len(), 6);
    assert_eq!(business.rows()[0].state, "failed");
}

/// X4: a reply ends the retries.
#[test]
fn x4_never_tried_again_after_a_reply() {
    let server = Server::always(Reply::answer(429, "slow down"));
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 2);
    business.run(NOW);
    business.import("sms0,sms,inbound,2026-03-02T08:10:10Z,Here I am,,\n");
    business.run("2026-03-02T08:12:00Z");
    assert_eq!(server.requests().len(), 3);
    let attempts: Vec<u32> = business.rows().iter().map(|r| r.attempts).collect();
    assert_eq!(attempts, [1, 2]);
}

/// X4, D16: a channel that refuses for good gives way to the one that a switching rule offers, in the same run.
#[test]
fn x4_a_refusal_goes_on_over_the_channel_that_a_rule_offers() {
    let refusing = Server::always(Reply::answer(422, r#"{"message":"blocked"}"#));
    let second = Server::start(|request, _| {
        let lost = request.text().contains("5551001"); // the number of the second contact
        if lost {
            Reply::answer(400, r#"{"code":21211,"message":"invalid"}"#)
        } else {
            taken()
        }
    });
    let channels = webhook("facebook", &refusing.url()) + &twilio("sms", &second.url());
    let own = "[switching]\nenabled = true\n\
               rules = [{ from = [\"facebook\"], to = [\"sms\"], after = \"0m\" }]\n\
               [scenarios.stopped_responding]\nsteps = [{ after = \"5m\", channel = \"facebook\", text = \"One?\" }, \
               { after = \"1h\", text = \"Two?\" }]\n";
    let business = Business::with(&channels, "", own);
    business.quiet("facebook", 2);
    let ran = business.run(NOW);
    let sent = ran.of_type("sent");
    assert_eq!(
        (sent.len(), &sent[0]["channel"]),
        (1, &Value::from("sms")),
        "{ran:?}"
    );
    assert_eq!(
        (ran.code, ran.count("sent"), ran.count("failed")),
        (Some(1), 1, 1)
    );
    assert_eq!(refusing.requests().len(), 2);
    let rows = business.rows();
    let states: Vec<(&str, u32)> = rows.iter().map(|r| (&*r.state, r.attempts)).collect();
    assert_eq!(states, [("sent", 2), ("failed", 2)]);
    // The episode of the one who was refused everywhere is over; the other's goes on.
    let later = business.run("2026-03-02T09:15:00Z");
    assert_eq!((later.code, later.count("sent")), (Some(0), 1), "{later:?}");
    assert_eq!(business.rows().len(), 3);
}

/// X4, D17: the provider says that its window is closed, which our data do not show: the rule for that case, and the
/// approved template, get their chance in the same run.
#[test]
fn x4_a_window_called_closed_goes_on_by_rule_or_as_template() {
    let closed = || Reply::answer(400, r#"{"code":63016,"message":"outside the window"}"#);
    for (switching, template, went) in [
        ("enabled = true", "", "sms"),
        ("enabled = false", ", template = \"late\"", "whatsapp"),
        ("enabled = false", ", text = \"One?\"", ""),
    ] {
        let provider = Server::start(move |request, _| {
            let text = request.text();
            match text.contains("whatsapp") && !text.contains("ContentSid") {
                true => closed(),
                false => taken(),
            }
        });
        let url = provider.url();
        let channels = twilio("whatsapp", &url) + &twilio("sms", &url);
        let own = format!(
            "[switching]\n{switching}\n[templates.late]\nen = \"One?\"\n\
             whatsapp = {{ name = \"HX00000000000000000000000000000001\", language = \"en\" }}\n\
             [scenarios.stopped_responding]\nsteps = [{{ after = \"5m\"{template} }}]\n"
        );
        let business = Business::with(&channels, "", &own);
        business.quiet("whatsapp", 1);
        let ran = business.run(NOW);
        let sent = ran.of_type("sent");
        match went {
            "" => assert_eq!((ran.count("sent"), ran.code), (0, Some(1)), "{ran:?}"),
            went => assert_eq!(sent[0]["channel"], went, "{switching}: {ran:?}"),
        }
        let again = business.run("2026-03-02T08:20:00Z");
        assert_eq!(again.count("sent") + again.count("failed"), 0, "{again:?}");
        let asked = provider.requests().len();
        assert_eq!(asked, if went.is_empty() { 1 } else { 2 });
    }
}

/// X4: 21610 is the contact's opt-out, on every channel, and for everybody with that number (rule D21).
#[test]
fn x4_an_opt_out_at_the_provider_stops_every_channel() {
    let opted_out = r#"{"code":21610,"message":"unsubscribed recipient"}"#;
    let sms = Server::always(Reply::answer(400, opted_out));
    let chat = Server::always(taken());
    let channels = twilio("sms", &sms.url()) + &webhook("telegram", &chat.url());
    let business = Business::with(&channels, "concurrency = 1", "");
    business.quiet("sms", 1);
    let ran = business.run(NOW);
    assert_eq!(
        (ran.code, ran.of_type("failed").len()),
        (Some(1), 1),
        "{ran:?}"
    );
    // The same person in the chat, and another contact with the same number.
    business.import(
        "sms0,telegram,inbound,2026-03-02T09:00:00Z,How much?,,\n\
         sms0,telegram,outbound,2026-03-02T09:01:00Z,It is 40.,,\n\
         twin,telegram,inbound,2026-03-02T08:00:00Z,How much?,Twin,+14155551000\n\
         twin,telegram,outbound,2026-03-02T09:01:00Z,It is 40.,,\n",
    );
    let ran = business.run("2026-03-02T09:30:00Z");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!((sms.requests().len(), chat.requests().len()), (1, 0));
    let plan = business.command(&["plan", "--all", "--json", "--now", "2026-03-02T09:30:00Z"]);
    let plan = super::business::Ran::of_command(plan);
    let reasons: Vec<&Value> = plan.events.iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["opted_out", "opted_out"]);
}

/// D21, X2: also within one run, when the other's step is prepared already.
#[test]
fn d21_an_opt_out_at_the_provider_stops_whoever_has_the_number_in_the_same_run() {
    let opted_out = r#"{"code":21610,"message":"unsubscribed recipient"}"#;
    let slow = Reply::answer(400, opted_out).after(Duration::from_millis(150));
    let sms = Server::always(slow);
    let business = Business::with(&twilio("sms", &sms.url()), "concurrency = 1", "");
    let twins: String = ["a", "b", "c"]
        .map(|twin| {
            format!(
                "{twin},sms,inbound,2026-03-02T08:00:00Z,How much is it?,Twin,+14155551000\n\
                 {twin},sms,outbound,2026-03-02T08:01:00Z,It is 40.,,\n"
            )
        })
        .concat();
    business.import(&twins);
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.of_type("failed").len()), (Some(1), 1));
    assert_eq!(sms.requests().len(), 1, "{ran:?}");
}

/// X4: refused credentials close their channel for the run, are said once, and leave the others alone.
#[test]
fn x4_refused_credentials_close_one_channel_for_the_run() {
    let closed = Server::always(Reply::answer(
        401,
        r#"{"code":20003,"message":"Authenticate"}"#,
    ));
    let open = Server::always(taken());
    let channels = twilio("sms", &closed.url()) + &webhook("telegram", &open.url());
    let business = Business::with(&channels, "concurrency = 2", "");
    business.quiet("sms", 30);
    business.quiet("telegram", 30);
    let ran = business.run(NOW);
    assert_eq!(
        (ran.code, ran.count("sent"), ran.count("closed")),
        (Some(1), 30, 1),
        "{ran:?}"
    );
    let said = ran.of_type("skipped");
    assert_eq!(
        (said.len(), &said[0]["reason"]),
        (1, &Value::from("credentials"))
    );
    let asked = closed.requests().len();
    assert!(asked <= 10, "{asked} requests with refused credentials");
    assert!(!ran.stderr.contains("MARKER") && !format!("{:?}", ran.events).contains("MARKER"));

    let mended = twilio("sms", &open.url()) + &webhook("telegram", &open.url());
    business.configure(&mended);
    let ran = business.run("2026-03-02T08:11:00Z");
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 30), "{ran:?}");
    assert!(
        business
            .rows()
            .iter()
            .all(|r| r.state == "sent" && r.attempts == 1)
    );
}

/// X4: nobody listens, or no such host: nothing was sent, so it is tried again.
#[test]
fn x4_a_provider_that_is_down_is_tried_again() {
    let business = Business::new(&webhook("sms", &Server::nobody()));
    business.quiet("sms", 3);
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.count("retry")), (Some(75), 3), "{ran:?}");
    let server = Server::always(taken());
    business.configure(&webhook("sms", &server.https_url()));
    let ran = business.run("2026-03-02T08:12:00Z");
    assert_eq!(
        (ran.code, ran.count("retry")),
        (Some(75), 3),
        "no TLS there: {ran:?}"
    );
    business.configure(&webhook("sms", &server.url()));
    let ran = business.run("2026-03-02T08:20:00Z");
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 3), "{ran:?}");
    assert_eq!(
        server.deliveries().values().copied().collect::<Vec<_>>(),
        [1, 1, 1]
    );
}

/// X4: a connection that is reset unread leaves it open, and is not tried again.
#[test]
fn x4_a_reset_before_reading_is_unknown() {
    let server = Server::deaf();
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 2);
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.count("unknown")), (Some(1), 2), "{ran:?}");
    let connections = server.connections();
    assert_eq!(business.run("2026-03-02T08:15:00Z").code, Some(0));
    assert_eq!(server.connections(), connections);
}

/// X6: the next export settles what nobody knew, and the cadence goes on from there.
#[test]
fn x6_an_export_that_shows_the_message_makes_it_sent() {
    let books = Books::default();
    let server = {
        let books = books.clone();
        Server::start(move |request, _| {
            let text = request.text();
            let is_cut_off = ["One, Ms sms0", "One, Ms sms1"]
                .iter()
                .any(|t| text.contains(t));
            let reply = if is_cut_off {
                Reply::reset().accepting()
            } else {
                taken()
            };
            books.enter(request, Fate::Taken, reply)
        })
    };
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
    business.quiet("sms", 3);
    business.run(NOW);
    assert_eq!(business.states()["unknown"], 2);
    business.import("sms0,sms,outbound,2026-03-02T08:10:01Z,\"One, Ms sms0?\",,\n");
    let rows = business.rows();
    let states: Vec<&str> = rows.iter().map(|r| &*r.state).collect();
    assert_eq!(states, ["sent", "unknown", "sent"]);
    // Unknown counts as sent, too: nobody gets the first step again.
    let ran = business.run("2026-03-02T09:15:00Z");
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 3), "{ran:?}");
    books.assert_at_most_once();
}

/// X6: also when the export comes between the crash and the next run, while the row is still `sending`.
#[test]
fn x6_an_export_settles_what_a_crash_left_in_flight() {
    let server = Server::always(taken());
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 1", "");
    business.quiet("sms", 1);
    assert!(business.kill_at("before_record", NOW));
    assert_eq!(business.states()["sending"], 1);
    business.import("sms0,sms,outbound,2026-03-02T08:10:01Z,\"One, Ms sms0?\",,\n");
    let ran = business.run("2026-03-02T08:11:00Z");
    assert_eq!((ran.code, ran.count("recovered")), (Some(0), 0), "{ran:?}");
    assert_eq!(business.states()["sent"], 1);
    assert_eq!(server.requests().len(), 1);
}

/// X6: the export may come even before the provider's unclear answer.
#[test]
fn x6_an_unclear_answer_does_not_unsettle_what_an_export_has_shown() {
    let server = Server::always(
        Reply::answer(500, "oops")
            .after(Duration::from_secs(2))
            .accepting(),
    );
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 1", "");
    business.quiet("sms", 1);
    let mut run = business.start(NOW);
    assert!(super::business::until(|| server.requests().len() == 1));
    business.import("sms0,sms,outbound,2026-03-02T08:10:01Z,\"One, Ms sms0?\",,\n");
    assert_eq!(business.states().get("sent"), Some(&1));
    assert!(run.wait().unwrap().code().is_some());
    assert_eq!(business.states().get("sent"), Some(&1));
}

/// X1: a person settles what nobody knows: one was sent, the other is sent after all.
#[test]
fn x1_a_person_settles_an_unknown() {
    let books = Books::default();
    let server = {
        let books = books.clone();
        Server::start(move |request, n| {
            let reply = if n < 2 { Reply::reset() } else { taken() };
            books.enter(request, Fate::Taken, reply)
        })
    };
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
    business.quiet("sms", 2);
    assert_eq!(business.run(NOW).count("unknown"), 2);
    let rows = business.rows();
    for (row, word) in rows.iter().zip(["sent", "not-sent"]) {
        let resolve =
            business.command(&["resolve", &row.id, word, "--now", "2026-03-02T08:11:00Z"]);
        let resolved = super::business::Ran::of_command(resolve);
        assert_eq!(resolved.code, Some(0), "{}", resolved.stderr);
    }
    let later = "2026-03-02T08:12:00Z";
    assert_eq!(business.states()["retry"], 1);
    let ran = business.run(later);
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 1), "{ran:?}");
    let asked: Vec<String> = books.entries().into_iter().map(|e| e.id).collect();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        asked[2], rows[1].id,
        "the same id, so that a receiver can tell"
    );
    assert_eq!(business.run(later).count("sent"), 0);
}
