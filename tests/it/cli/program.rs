//! What holds for every command: errors in words, exit codes, pipes, colour, and upkeep.

use std::io::Read;
use std::process::Stdio;

use super::{Desk, NOW, assert_seen};

#[test]
fn what_is_missing_is_said_in_words() {
    let desk = Desk::empty();
    let mut seen = desk.run(&["plan"]).replace(&home_line(), "");
    desk.write("followup.toml", include_str!("clinic.toml"));
    for arguments in [
        &["plan"][..],
        &["show", "c-101"],
        &["import", "nothing.csv"],
        &["plan", "--now=tomorrow"],
        &["sing"],
        &["--config=other.toml", "plan"],
    ] {
        seen.push_str(&desk.run(arguments));
    }
    assert_seen("missing", &seen);
}

/// The test's own directory is not the only place that is looked at.
fn home_line() -> String {
    "  /etc/followup/followup.toml\n".to_owned()
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::empty();
    let help = desk.run(&["--help"]);
    assert_seen("help", &help);
    let commands = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let mut count = 0;
    for line in commands
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
    {
        let command = line.split_whitespace().next().unwrap();
        if command != "help" {
            let seen = desk.run(&[command, "--help"]);
            assert!(seen.contains("[exit 0]"), "{seen}");
            let page = desk.run(&["man", command]);
            assert!(page.contains(".SH NAME"), "{page}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count} commands");
    assert_seen("help_plan", &desk.run(&["plan", "--help"]));
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let desk = Desk::clinic();
    let rows: String = (0..4000)
        .map(|n| {
            format!(
                "x-{n},sms,inbound,2026-03-02T17:0{}:00-06:00,hola {n}\n",
                n % 10
            )
        })
        .collect();
    desk.write(
        "many.csv",
        &format!("contact_id,channel,direction,sent_at,text\n{rows}"),
    );
    desk.run(&["import", "many.csv", "--as-of=2026-03-02T17:25", NOW]);
    for arguments in [
        &["plan", "--all", NOW][..],
        &["plan", "--all", "--json", NOW],
        &["export", "messages"],
    ] {
        let mut child = desk
            .command(80, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_a_failure() {
    let desk = Desk::clinic();
    for arguments in [&["plan", NOW][..], &["export", "messages"]] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = desk.command(80, arguments);
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(75), "{arguments:?}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            words,
            "error: standard output cannot be written: No space left on device (os error 28)\n"
        );
    }
}

#[test]
fn x3_a_second_run_leaves_at_once() {
    let desk = Desk::clinic();
    let lock = followup::store::RunLock::take(&desk.path("clinic.db")).unwrap();
    assert!(lock.is_some());
    assert_eq!(
        desk.run(&["run", NOW]),
        format!("$ followup run {NOW}\n[exit 0]\n")
    );
    let seen = desk.run(&["-v", "run", NOW]);
    assert!(seen.contains("another run is at work"), "{seen}");
    assert!(!desk.path("outbox.jsonl").exists());
    assert_seen(
        "doctor_locked",
        &versions_masked(&desk.run(&["doctor", NOW])),
    );
}

fn versions_masked(seen: &str) -> String {
    let lines = seen
        .lines()
        .map(|line| match line.split_once("versions: ") {
            Some((head, _)) => format!("{head}versions: …"),
            None => line.to_owned(),
        });
    lines.map(|line| line + "\n").collect()
}

#[test]
#[cfg(unix)]
fn doctor_finds_what_is_wrong() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::clinic();
    let database = desk.path("clinic.db");
    let mut seen = desk.run(&["doctor", "--now=2026-03-03T12:00"]);
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
    seen.push_str(&desk.run(&["doctor", NOW]));
    seen.push_str(&desk.run(&["backup", "copy.db"]));
    seen.push_str(&desk.run(&["backup", "copy.db"]));
    std::fs::remove_file(&database).unwrap();
    std::fs::rename(desk.path("copy.db"), &database).unwrap();
    seen.push_str(&desk.run(&["run", NOW]));
    seen.push_str(&desk.run(&["doctor", NOW]));
    seen.push_str(&desk.run(&["doctor", NOW, "--adopt"]));
    seen.push_str(&desk.run(&["plan", NOW, "--contact=c-101"]));
    assert_seen("doctor", &versions_masked(&seen));
}

#[test]
fn a_machine_is_told_how_to_run_it_every_minute() {
    let desk = Desk::clinic();
    let program = env!("CARGO_BIN_EXE_followup");
    for scheduler in ["systemd", "cron"] {
        let seen = desk.run_in(400, &["schedule", scheduler]);
        assert_seen(
            &format!("schedule_{scheduler}"),
            &seen.replace(program, "$PROGRAM"),
        );
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.command(80, &["completions", shell]).output().unwrap();
        assert!(script.status.success() && script.stdout.len() > 1000);
    }
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let desk = Desk::clinic();
    let coloured = |arguments: &[&str]| {
        let output = desk.command(80, arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains('\u{1b}')
    };
    assert!(!coloured(&["plan", NOW]));
    assert!(!coloured(&["--color=never", "plan", NOW]));
    assert!(coloured(&["--color=always", "plan", NOW]));
    assert!(coloured(&["show", "c-101", NOW, "--color=always"]));
}

#[test]
fn a_file_that_is_refused_leaves_no_source_behind() {
    let desk = Desk::clinic();
    let before = desk.run(&["status", NOW]);
    desk.write("broken.csv", "name,words\nAna,hello\n");
    let refused = desk.run(&["import", "broken.csv", "--source", "desk", NOW]);
    assert!(refused.contains("[exit 65]"), "{refused}");
    assert_eq!(desk.run(&["status", NOW]), before);
}
