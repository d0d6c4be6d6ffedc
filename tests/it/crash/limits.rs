//! How much goes out, and how fast: limits, caps and rates across runs.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::business::{Books, Business, Fate, taken, time, webhook};
use crate::server::Server;

const NOW: &str = "2026-03-02T08:10:00Z";

fn after(delay: Duration, books: &Books) -> Server {
    let books = books.clone();
    let reply = taken().after(delay);
    Server::start(move |request, _| books.enter(request, Fate::Taken, reply.clone()))
}

#[test]
fn d19_a_run_leaves_what_is_over_its_limit_to_the_next() {
    let server = Server::always(taken());
    let business = Business::with(&webhook("sms", &server.url()), "per_run = 5", "");
    business.quiet("sms", 12);
    let counts: Vec<(u64, u64)> = (0..4)
        .map(|_| {
            let ran = business.run(NOW);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            (ran.count("sent"), ran.count("left"))
        })
        .collect();
    assert_eq!(counts, [(5, 7), (5, 2), (2, 0), (0, 0)]);
    assert_eq!(server.requests().len(), 12);
}

#[test]
fn d19_the_cap_of_a_contact_moves_the_next_step() {
    let server = Server::always(taken());
    let business = Business::with(
        &webhook("sms", &server.url()),
        "per_contact = \"1/24h\"",
        "",
    );
    business.quiet("sms", 2);
    let sent = |now: &str| business.run(now).count("sent");
    assert_eq!(sent(NOW), 2);
    assert_eq!(sent("2026-03-02T09:30:00Z"), 0);
    assert_eq!(sent("2026-03-03T08:09:00Z"), 0);
    assert_eq!(sent("2026-03-03T08:12:00Z"), 2);
}

/// D20: also when the next step is due as soon as the one before it has gone out.
#[test]
fn d20_a_contact_gets_one_step_in_a_run() {
    let server = Server::always(taken());
    let cadence = "[scenarios.stopped_responding]\nsteps = [{ after = \"5m\", text = \"One?\" }, \
                   { after = \"0m\", text = \"Two?\" }, { after = \"0m\", text = \"Three?\" }]\n";
    let business = Business::with(&webhook("sms", &server.url()), "", cadence);
    business.quiet("sms", 3);
    for done in 1..=3 {
        let ran = business.run(&format!("2026-03-02T08:3{done}:00Z"));
        assert_eq!((ran.code, ran.count("sent")), (Some(0), 3), "{ran:?}");
        assert_eq!(server.requests().len(), 3 * done);
    }
    assert_eq!(business.run("2026-03-02T08:40:00Z").count("sent"), 0);
}

/// The time from the first arrival to the last.
fn span(books: &Books) -> Duration {
    let entries = books.entries();
    let times = || entries.iter().map(|e| e.at);
    times().max().unwrap() - times().min().unwrap()
}

/// What one request may be late by on a machine with other work, so that the next seems early.
const LATE: Duration = Duration::from_millis(400);

#[test]
fn d19_a_rate_holds_within_a_run() {
    let books = Books::default();
    let server = after(Duration::ZERO, &books);
    let channel = webhook("sms", &server.url()) + "rate = \"10/s\"\n";
    let business = Business::new(&channel);
    business.quiet("sms", 16);
    assert_eq!(business.run(NOW).count("sent"), 16);
    // One at once, the others a tenth of a second apart.
    let span = span(&books);
    assert!(span >= Duration::from_millis(1500) - LATE, "{span:?}");
}

#[test]
fn d19_a_rate_holds_across_runs() {
    let books = Books::default();
    let server = after(Duration::ZERO, &books);
    let channel = webhook("sms", &server.url()) + "rate = \"2/s\"\n";
    let business = Business::new(&channel);
    business.quiet("sms", 6);
    let begun = Instant::now();
    for _ in 0..6 {
        let now = time(NOW) + TimeDelta::from_std(begun.elapsed()).unwrap();
        assert_eq!(
            business
                .run_with(&now.to_rfc3339(), &["--limit", "1"])
                .count("sent"),
            1
        );
    }
    let span = span(&books);
    assert!(span >= Duration::from_millis(2500) - LATE, "{span:?}");
}

/// A provider that answers in bursts gets no bursts: no more wait for it than may leave at once.
#[test]
fn d19_a_rate_holds_when_answers_come_in_bursts() {
    let books = Books::default();
    let server = {
        let books = books.clone();
        let begun = std::sync::OnceLock::new();
        Server::start(move |request, _| {
            // All that came within a second and a half are answered at the end of them.
            let begun: &Instant = begun.get_or_init(Instant::now);
            let rest = 1500 - begun.elapsed().as_millis() % 1500;
            let reply = taken().after(Duration::from_millis(u64::try_from(rest).unwrap()));
            books.enter(request, Fate::Taken, reply)
        })
    };
    let channel = webhook("sms", &server.url()) + "rate = \"20/s\"\n";
    let business = Business::with(&channel, "concurrency = 14", "");
    business.quiet("sms", 42);
    assert_eq!(business.run(NOW).count("sent"), 42);
    let times: Vec<Instant> = books.entries().iter().map(|e| e.at).collect();
    // Seventeen in a row take sixteen twentieths of a second, but for lateness.
    let spans = times.windows(17).map(|some| some[16] - some[0]);
    let least = spans.min().unwrap();
    assert!(least >= Duration::from_millis(800) - LATE, "{least:?}");
}

/// A slow channel holds up no other, though its contacts come first.
#[test]
fn x5_a_slow_channel_does_not_hold_up_a_fast_one() {
    let (slow, fast) = (Books::default(), Books::default());
    let slow_server = after(Duration::from_millis(700), &slow);
    let fast_server = after(Duration::ZERO, &fast);
    let channels = webhook("sms", &slow_server.url()) + &webhook("telegram", &fast_server.url());
    let business = Business::with(&channels, "concurrency = 2", "");
    business.quiet("sms", 8);
    business.quiet("telegram", 30);
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 38), "{ran:?}");
    let last = |books: &Books| books.entries().iter().map(|e| e.at).max().unwrap();
    assert!(last(&fast) < last(&slow), "the fast channel waited");
}
