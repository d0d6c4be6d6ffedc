//! Two processes on one database: runs, imports, actions; the lock, and what it does not need to guard.

use std::process::Stdio;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::business::{Books, Business, Fate, PATIENCE, Ran, kill, taken, until, webhook};
use crate::server::{Reply, Server};

const NOW: &str = "2026-03-02T08:10:00Z";

/// A server that holds each answer back until it is let go; its books are written before.
fn gated(books: &Books) -> (Server, Sender<()>) {
    let (open, gate): (Sender<()>, Receiver<()>) = channel();
    let (books, gate) = (books.clone(), Mutex::new(gate));
    let server = Server::start(move |request, _| {
        let reply = books.enter(request, Fate::Taken, taken());
        let gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        // When the other end is gone, the gate stays open.
        let _ = gate.recv_timeout(PATIENCE);
        reply
    });
    (server, open)
}

/// X2: what is stored after the run has chosen its contacts counts: a reply on any channel, an opt-out.
#[test]
fn x2_facts_that_arrive_during_a_run_stop_what_is_not_claimed() {
    let books = Books::default();
    let (server, open) = gated(&books);
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 1", "");
    business.quiet("sms", 7);
    let mut run = business.start(NOW);
    assert!(until(|| books.entries().len() == 1));
    business.import(
        "sms1,sms,inbound,2026-03-02T08:09:00Z,How about Friday?,,\n\
         sms2,telegram,inbound,2026-03-02T08:09:00Z,Here I am,,\n\
         sms3,sms,inbound,2026-03-02T08:09:00Z,STOP,,\n\
         sms4,sms,outbound,2026-03-02T08:09:30Z,By the way: we have a new price.,,\n",
    );
    let pause = business.command(&["pause", "sms5", "--now", NOW]);
    assert_eq!(Ran::of_command(pause).code, Some(0));
    drop(open);
    assert_eq!(run.wait().unwrap().code(), Some(0));
    let sent: Vec<String> = business.rows().into_iter().map(|r| r.contact).collect();
    assert_eq!(sent, ["sms0", "sms6"]);
    assert_eq!(books.entries().len(), 2);
}

/// X3: a second run leaves at once with 0, says so with `-v` only, and the lock dies with its holder.
#[test]
fn x3_a_second_run_leaves_at_once_and_a_dead_one_holds_no_lock() {
    let books = Books::default();
    let (server, open) = gated(&books);
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 1", "");
    business.quiet("sms", 3);
    // The same database by another name.
    std::os::unix::fs::symlink("followup.db", business.path("link.db")).unwrap();
    let config = std::fs::read_to_string(business.path("followup.toml")).unwrap();
    let linked = format!("[store]\npath = \"link.db\"\n{config}");
    std::fs::write(business.path("linked.toml"), linked).unwrap();

    let mut first = business.start(NOW);
    assert!(until(|| books.entries().len() == 1));
    for arguments in [
        &["run", "--now", NOW][..],
        &["--config", "linked.toml", "run", "--now", NOW],
    ] {
        let second = Ran::of_command(business.command(arguments));
        assert_eq!((second.code, &*second.stderr), (Some(0), ""));
    }
    let second = Ran::of_command(business.command(&["-v", "run", "--now", NOW]));
    assert_eq!(second.code, Some(0));
    assert!(
        second.stderr.contains("another run is at work"),
        "{}",
        second.stderr
    );
    assert_eq!(books.entries().len(), 1);

    kill(&mut first);
    drop(open);
    let third = business.run(NOW);
    assert_eq!(
        (third.code, third.count("recovered"), third.count("sent")),
        (Some(1), 1, 2),
        "{third:?}"
    );
    books.assert_at_most_once();
}

/// X3: the very first runs, all at once, make one database between them.
#[test]
fn x3_first_runs_at_once_make_one_database() {
    let server = Server::always(taken());
    for _ in 0..4 {
        let business = Business::new(&webhook("sms", &server.url()));
        let mut runs: Vec<_> = (0..5).map(|_| business.start(NOW)).collect();
        let codes: Vec<_> = runs.iter_mut().map(|r| r.wait().unwrap().code()).collect();
        assert_eq!(codes, [Some(0); 5]);
        business.quiet("sms", 1);
        assert_eq!(business.run(NOW).count("sent"), 1);
        business.assert_sound();
    }
}

/// X8: in an action nothing is followed up.
#[test]
fn x8_a_run_inside_an_action_is_refused() {
    let server = Server::always(taken());
    let program = env!("CARGO_BIN_EXE_followup");
    let workflow = format!(
        "[scenarios.stopped_responding]\nsteps = [{{ after = \"5m\", text = \"One?\", workflow = \"loop\" }}]\n\
         [workflows.loop]\ncommand = [\"{program}\", \"run\", \"--now\", \"2026-03-02T08:20:00Z\"]\n"
    );
    let business = Business::with(&webhook("sms", &server.url()), "per_run = 1", &workflow);
    business.quiet("sms", 2);
    let ran = business.run(NOW);
    assert_eq!(
        (ran.code, ran.count("sent"), ran.count("failed_actions")),
        (Some(1), 1, 1)
    );
    let action = ran.of_type("action")[0];
    assert!(
        action["detail"]
            .as_str()
            .unwrap()
            .contains("started by a workflow"),
        "{action}"
    );
    assert_eq!(server.requests().len(), 1);

    let mut command = business.command(&["run", "--now", NOW]);
    command.env("FOLLOWUP_IN_ACTION", "1");
    assert_eq!(Ran::of_command(command).code, Some(2));
    assert_eq!(server.requests().len(), 1);
}

fn acting(url: &str, hook: &str, actions: &str) -> Business {
    let workflow = format!(
        "[scenarios.stopped_responding]\nsteps = [{{ after = \"5m\", text = \"One?\", workflow = \"cold\" }}]\n\
         [workflows.cold]\nadd_tags = [\"cold\"]\nassign = \"ana@example.com\"\n\
         webhook = {{ url = \"{hook}/action\", secret = {{ env = \"HOOK_SECRET\" }} }}\n{actions}\n"
    );
    Business::with(&webhook("sms", url), "", &workflow)
}

/// X8: an action is done at most once; one that a crash cut off is said to be unknown; a webhook comes again
/// with its id, and what happens in the database alone is done after all.
#[test]
fn x8_a_crash_in_an_action_repeats_none_and_loses_none_silently() {
    let server = Server::always(taken());
    // Writes that it was here, and kills the run that started it.
    let command =
        "command = [\"sh\", \"-c\", \"cat > /dev/null; echo here >> log; kill -9 $PPID\"]";
    let business = acting(&server.url(), &server.url(), command);
    business.quiet("sms", 2);
    let killed = business.run(NOW);
    assert_eq!(killed.code, None, "{killed:?}");
    let again = business.run("2026-03-02T08:11:00Z");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(again.count("failed_actions"), 2);
    let unknown: Vec<&Value> = again
        .events
        .iter()
        .filter(|e| e["state"] == "unknown")
        .collect();
    assert_eq!(unknown.len(), 2, "{again:?}");
    let log = std::fs::read_to_string(business.path("log")).unwrap();
    assert!(log.lines().count() <= 2, "{log}");
    let done = |action: &str| (action.to_owned(), "done".to_owned());
    for contact in ["sms0", "sms1"] {
        let actions = business.actions();
        let own: Vec<(String, String)> = actions
            .into_iter()
            .filter(|(c, ..)| c == contact)
            .map(|(_, action, state)| (action, state))
            .collect();
        let command = ("command".to_owned(), "unknown".to_owned());
        assert_eq!(
            own,
            [done("assign"), command, done("tags"), done("webhook")]
        );
    }
    // The messages themselves: once each.
    let hooks = server.requests();
    let (actions, messages): (Vec<_>, Vec<_>) = hooks.iter().partition(|r| r.path == "/action");
    assert_eq!(messages.len(), 2);
    // Each webhook under one id, however often.
    let mut ids: Vec<_> = actions
        .iter()
        .map(|r| r.header("webhook-id").unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2);
    assert_eq!(business.run("2026-03-02T08:20:00Z").code, Some(0));
}

/// X8: killed once the steps are sent and before any action has begun: the next run does them all, once.
#[test]
fn x8_actions_of_a_run_that_died_before_them_are_done_by_the_next() {
    let server = Server::always(taken());
    let hook = Server::always(Reply::answer(200, ""));
    let command = "command = [\"sh\", \"-c\", \"cat > /dev/null; echo here >> log\"]";
    let business = acting(&server.url(), &hook.url(), command);
    business.quiet("sms", 2);
    assert!(business.kill_at("recorded", NOW));
    let sent = business.states().get("sent").copied().unwrap_or(0);
    assert!(sent > 0);
    for now in ["2026-03-02T08:11:00Z", "2026-03-02T08:12:00Z"] {
        business.run(now);
    }
    let sent = business.states()["sent"];
    assert_eq!(hook.requests().len(), sent);
    let log = std::fs::read_to_string(business.path("log")).unwrap();
    assert_eq!(log.lines().count(), sent);
    assert_eq!(business.actions().len(), 4 * sent);
    assert!(business.actions().iter().all(|(.., state)| state == "done"));
}

/// X8, X6: a step that a crash left unknown, and that an export or a person then shows to have been sent, has its
/// actions done like any other; once.
#[test]
fn x8_a_step_that_turns_out_to_have_been_sent_has_its_actions_done() {
    let by_export = |business: &Business| {
        business.import("sms0,sms,outbound,2026-03-02T08:10:30Z,One?,,\n");
    };
    let by_word = |business: &Business| {
        let id = business.rows().remove(0).id;
        let resolve = business.command(&["resolve", &id, "sent", "--now", NOW]);
        assert_eq!(Ran::of_command(resolve).code, Some(0));
    };
    for show in [&by_export as &dyn Fn(&Business), &by_word] {
        let server = Server::always(taken());
        let hook = Server::always(Reply::answer(200, ""));
        let business = acting(&server.url(), &hook.url(), "");
        business.quiet("sms", 1);
        assert!(business.kill_at("claimed", NOW));
        let left = business.run("2026-03-02T08:11:00Z");
        assert_eq!((left.count("recovered"), left.count("sent")), (1, 0));
        assert!(business.actions().is_empty() && hook.requests().is_empty());
        show(&business);
        for now in ["2026-03-02T08:12:00Z", "2026-03-02T08:13:00Z"] {
            business.run(now);
            assert_eq!(business.actions().len(), 3);
            assert!(business.actions().iter().all(|(.., state)| state == "done"));
            assert_eq!(hook.requests().len(), 1);
        }
    }
}

/// X5: a reader of the output who goes away stops nothing.
#[test]
fn x5_a_reader_who_goes_away_does_not_stop_the_run() {
    let server = Server::always(taken());
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 60);
    let mut command = business.command(&["run", "--json", "--now", NOW]);
    let mut run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(run.stdout.take());
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(business.states().get("sent"), Some(&60));
    assert_eq!(server.requests().len(), 60);
}
