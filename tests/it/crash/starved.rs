//! No room, no permission, no place: clear words, the right code, nothing lost and nothing twice.

use std::os::unix::process::CommandExt;

use super::business::{Books, Business, Fate, Ran, taken, webhook};
use crate::server::Server;

const NOW: &str = "2026-03-02T08:10:00Z";

/// The program as `sh` starts it after `setup`.
fn under(business: &Business, setup: &str, arguments: &str) -> Ran {
    let line = format!("{setup}; exec \"$0\" {arguments}");
    let mut command = business.command(&[]);
    let program = command.get_program().to_owned();
    let mut shell = std::process::Command::new("sh");
    shell
        .current_dir(business.folder())
        .env_clear()
        .envs(
            command
                .env("PATH", "/usr/bin:/bin")
                .get_envs()
                .filter_map(|(k, v)| Some((k, v?))),
        )
        .args(["-c", &line])
        .arg(program);
    Ran::of_command(shell)
}

/// X1: when the disk takes no more, the run ends with words and a code; what it claimed is not sent again, and
/// once there is room the rest goes out.
#[test]
fn x1_a_full_disk_ends_a_run_with_words_and_doubles_nothing() {
    let books = Books::default();
    let server = {
        let books = books.clone();
        Server::start(move |request, _| books.enter(request, Fate::Taken, taken()))
    };
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
    business.quiet("sms", 40);
    let mut failures = 0;
    for blocks in [0, 20, 40, 60, 100, 140, 200, 260, 400] {
        // No file may grow beyond this; the signal that comes with it is ignored, as on a full disk.
        let full = format!("trap '' XFSZ; ulimit -f {blocks}");
        let ran = under(&business, &full, &format!("run --now {NOW}"));
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        match ran.code {
            Some(75) => {
                assert!(
                    ran.stderr.contains("the database cannot be written"),
                    "{}",
                    ran.stderr
                );
                failures += 1;
            }
            Some(0 | 1) => {}
            code => panic!("{code:?} {}", ran.stderr),
        }
    }
    assert!(failures > 0);
    business.run(NOW);
    business.assert_sound();
    assert_eq!(business.rows().len(), 40);
    books.assert_at_most_once();
    books.assert_agree(&business.rows());
}

/// An outbox on a full disk: nothing was written, so it is tried again.
#[test]
fn x4_an_outbox_on_a_full_disk_is_tried_again() {
    let business = Business::new("[channels.sms.outbox]\npath = \"/dev/full\"\n");
    business.quiet("sms", 2);
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.count("retry")), (Some(75), 2), "{ran:?}");
    business.configure("[channels.sms.outbox]\npath = \"outbox.jsonl\"\n");
    let ran = business.run("2026-03-02T08:12:00Z");
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 2), "{ran:?}");
    business.assert_sound();
}

/// An outbox that cannot be opened closes its channel, uses no attempt, and is said once.
#[test]
fn x4_an_outbox_that_cannot_be_opened_closes_its_channel() {
    let business = Business::new("[channels.sms.outbox]\npath = \"missing/outbox.jsonl\"\n");
    business.quiet("sms", 30);
    for minute in 10..18 {
        let ran = business.run(&format!("2026-03-02T08:{minute}:00Z"));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(ran.count("closed"), 1, "{ran:?}");
        assert!(ran.events.iter().any(|e| {
            e["error"]
                .as_str()
                .is_some_and(|e| e.contains("missing/outbox.jsonl"))
        }));
    }
    std::fs::create_dir(business.path("missing")).unwrap();
    let ran = business.run("2026-03-02T08:40:00Z");
    assert_eq!((ran.code, ran.count("sent")), (Some(0), 30), "{ran:?}");
    assert!(business.rows().iter().all(|r| r.attempts == 1));
}

/// A database that this user may not write: permission, in words, and nothing is sent.
#[test]
fn a_database_of_somebody_else_is_refused_before_anything_is_sent() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::always(taken());
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 2);
    let mode = |name: &str, mode: u32| {
        let to = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(business.path(name), to).unwrap();
    };
    mode("followup.db", 0o444);
    mode("followup.toml", 0o444);
    mode("", 0o555);
    let mut command = business.command(&["run", "--now", NOW]);
    let program = business
        .path("../")
        .join(format!("followup-{}", std::process::id()));
    if rustix::process::geteuid().is_root() {
        // What root may do says nothing: as nobody, with a program that nobody can reach.
        std::fs::copy(env!("CARGO_BIN_EXE_followup"), &program).unwrap();
        command = std::process::Command::new(&program);
        command
            .args(["run", "--now", NOW])
            .current_dir(business.folder())
            .uid(65534)
            .gid(65534);
    }
    let ran = Ran::of_command(command);
    // Only there when it was needed.
    let _ = std::fs::remove_file(&program);
    mode("", 0o755);
    assert_eq!(ran.code, Some(77), "{}", ran.stderr);
    assert!(ran.stderr.contains("followup.db"), "{}", ran.stderr);
    assert_eq!(server.requests().len(), 0);
}
