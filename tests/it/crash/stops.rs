//! SIGTERM and SIGINT: a command ends in good order, a second signal ends it at once.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::business::{Books, Business, Fate, taken, until, webhook};
use crate::server::Server;

const NOW: &str = "2026-03-02T08:10:00Z";
const LATER: &str = "2026-03-02T08:20:00Z";

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// A provider that takes everything, and takes its time.
fn slow(books: &Books) -> Server {
    let books = books.clone();
    let reply = taken().after(Duration::from_millis(300));
    Server::start(move |request, _| books.enter(request, Fate::Taken, reply.clone()))
}

/// What is in flight is waited for and recorded, nothing more is claimed, and the next run goes on.
#[test]
fn x1_a_run_that_is_asked_to_end_leaves_nothing_unknown() {
    for asked in [Signal::TERM, Signal::INT] {
        let books = Books::default();
        let server = slow(&books);
        let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
        business.quiet("sms", 30);
        let mut command = business.command(&["run", "--now", NOW]);
        let mut run = command.stderr(Stdio::piped()).spawn().unwrap();
        assert!(until(|| books.entries().len() >= 3));
        signal(&run, asked);
        let mut words = String::new();
        std::io::Read::read_to_string(&mut run.stderr.take().unwrap(), &mut words).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(75), "{words}");
        assert!(words.contains("stopped by SIG"), "{words}");

        let states = business.states();
        let sent = states["sent"];
        assert_eq!(states.len(), 1, "{states:?}");
        assert!((3..30).contains(&sent), "{states:?}");
        assert_eq!(books.entries().len(), sent);

        let next = business.run(LATER);
        assert_eq!((next.code, next.count("recovered")), (Some(0), 0));
        assert_eq!(business.states()["sent"], 30);
        books.assert_at_most_once();
        books.assert_agree(&business.rows());
    }
}

/// Who does not want to wait sends another: what was in flight is then unknown, as after any crash.
#[test]
fn x1_a_second_signal_ends_a_run_at_once() {
    let books = Books::default();
    let server = slow(&books);
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
    business.quiet("sms", 30);
    let mut run = business.start(NOW);
    assert!(until(|| books.entries().len() >= 3));
    signal(&run, Signal::TERM);
    signal(&run, Signal::INT);
    let ended = run.wait().unwrap();
    assert!(ended.signal().is_some(), "{ended}");
    business.run(LATER);
    business.assert_sound();
    books.assert_at_most_once();
    books.assert_agree(&business.rows());
}

/// An import ends between two batches: whole batches are stored, the source does not count as complete, and the
/// same import again adds what is missing.
#[test]
fn an_import_that_is_asked_to_end_stores_whole_batches_and_can_be_gone_on_with() {
    const ROWS: usize = 120_000;
    let server = Server::always(taken());
    let business = Business::new(&webhook("sms", &server.url()));
    let mut table = String::from("contact_id,channel,direction,sent_at,text\n");
    for row in 0..ROWS {
        table.push_str(&format!(
            "c{},sms,in,2026-03-01T08:00:00Z,Question {row}\n",
            row / 8
        ));
    }
    std::fs::write(business.path("large.csv"), table).unwrap();
    let stored = || {
        let count = "SELECT count(*) FROM messages";
        let read = business.database().query_row(count, [], |row| row.get(0));
        read.unwrap_or(0i64)
    };
    let mut command = business.command(&["import", "--now", NOW, "large.csv"]);
    let mut import = command.stderr(Stdio::piped()).spawn().unwrap();
    assert!(until(
        || business.path("followup.db").exists() && stored() > 0
    ));
    signal(&import, Signal::INT);
    let mut words = String::new();
    std::io::Read::read_to_string(&mut import.stderr.take().unwrap(), &mut words).unwrap();
    assert_eq!(import.wait().unwrap().code(), Some(75), "{words}");
    assert!(words.contains("stopped by SIGINT"), "{words}");
    let part = stored();
    assert!(part > 0 && part < ROWS as i64, "{part}");
    let status = super::business::Ran::of_command(business.command(&["status", "--json"]));
    assert_eq!(
        status.events[0]["sources"][0]["as_of"],
        "1970-01-01T00:00:00Z"
    );

    let again = business.command(&["import", "--now", NOW, "large.csv"]);
    assert_eq!(super::business::Ran::of_command(again).code, Some(0));
    assert_eq!(stored(), ROWS as i64);
}

/// A pipe from which nothing comes keeps nobody waiting: the first signal ends the import.
#[test]
fn an_import_from_an_idle_pipe_ends_at_the_first_signal() {
    use std::io::{Read, Write};
    let head = "contact_id,channel,direction,sent_at,text\nc1,sms,in,2026-03-01T08:00:00Z,Hello\n";
    for begun in ["", head] {
        let business = Business::new("[channels.sms.outbox]\n");
        let mut command = business.command(&["import", "--now", NOW, "-"]);
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut import = command.spawn().unwrap();
        let mut pipe = import.stdin.take().unwrap();
        pipe.write_all(begun.as_bytes()).unwrap();
        assert!(until(|| business.path("followup.db").exists()));
        signal(&import, Signal::TERM);
        assert!(until(|| import.try_wait().unwrap().is_some()), "it waits");
        let mut words = String::new();
        import
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut words)
            .unwrap();
        assert_eq!(import.wait().unwrap().code(), Some(75), "{words}");
        assert!(words.contains("stopped"), "{words}");
        drop(pipe);
    }
}
