//! Files that are dropped into a source's folder: taken once, and moved or deleted only when all of them is stored.

use std::fs;

use super::Desk;

const NOW: &str = "--now=2026-03-02T12:00:00Z";
const ROWS: &str = "contact_id,channel,direction,sent_at,text
ana,sms,in,2026-03-02T10:00:00Z,Hi
";

fn desk(after_import: &str) -> Desk {
    let desk = Desk::empty();
    desk.write(
        "followup.toml",
        &format!(
            "[bot]\ntimezone = \"UTC\"\n[channels.sms.outbox]\n[[sources]]\nname = \"inbox\"\n\
             path = \"in/*.csv\"\nafter_import = \"{after_import}\"\n"
        ),
    );
    fs::create_dir(desk.path("in")).unwrap();
    desk
}

fn names(desk: &Desk, folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(desk.path(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn whole_files_are_moved_and_none_is_overwritten() {
    let desk = desk("move:done");
    for n in 0..3 {
        desk.write("in/a.csv", &ROWS.replace("Hi", &format!("Hi {n}")));
        let seen = desk.run(&["run", "-v", NOW]);
        assert!(seen.contains("moved to"), "{seen}");
    }
    assert_eq!(names(&desk, "in"), [""; 0]);
    assert_eq!(names(&desk, "done"), ["a-2.csv", "a-3.csv", "a.csv"]);
    let first = fs::read_to_string(desk.path("done/a.csv")).unwrap();
    assert!(first.contains("Hi 0"), "{first}");
    let shown = desk.run(&["show", "ana", NOW]);
    assert_eq!(shown.matches("▌ Hi").count(), 3, "{shown}");
}

#[test]
fn a_file_with_a_rejected_row_stays_until_it_is_mended() {
    let desk = desk("delete");
    desk.write("in/a.csv", &format!("{ROWS}ben,sms,in,yesterday,Hi\n"));
    for _ in 0..2 {
        desk.run(&["run", NOW]);
        assert_eq!(names(&desk, "in"), ["a.csv"]);
    }
    desk.write("in/a.csv", ROWS);
    desk.run(&["run", NOW]);
    assert_eq!(names(&desk, "in"), [""; 0]);
}

#[test]
fn what_was_committed_and_not_yet_moved_is_moved_by_the_next_run() {
    let desk = desk("move:done");
    desk.write("in/a.csv", ROWS);
    // As a run leaves it that is killed after the commit, and one that is killed between the two names.
    let imported = desk.run(&["import", "in/a.csv", NOW]);
    assert!(imported.contains("[exit 0]"), "{imported}");
    fs::create_dir(desk.path("done")).unwrap();
    fs::hard_link(desk.path("in/a.csv"), desk.path("done/a.csv")).unwrap();
    desk.run(&["run", NOW]);
    assert_eq!(
        (names(&desk, "in").len(), names(&desk, "done")),
        (0, vec!["a.csv".to_owned()])
    );
}

#[test]
#[cfg(unix)]
fn nothing_outside_the_place_is_touched() {
    let desk = desk("delete");
    fs::create_dir(desk.path("elsewhere")).unwrap();
    desk.write("elsewhere/a.csv", ROWS);
    std::os::unix::fs::symlink(desk.path("elsewhere/a.csv"), desk.path("in/link.csv")).unwrap();
    let seen = desk.run(&["run", NOW]);
    assert!(seen.contains("it is a link"), "{seen}");
    assert!(seen.contains("[exit 77]"), "{seen}");
    assert_eq!(
        (names(&desk, "in").len(), names(&desk, "elsewhere").len()),
        (1, 1)
    );
}

#[test]
fn by_default_files_stay() {
    let desk = desk("keep");
    desk.write("in/a.csv", ROWS);
    desk.run(&["run", NOW]);
    assert_eq!(names(&desk, "in"), ["a.csv"]);
}

/// Whoever writes slowly keeps the file open: what they write after it was moved would never be read.
#[test]
fn a_file_that_may_still_be_written_to_stays_for_the_next_run() {
    let desk = desk("move:done");
    desk.write("in/a.csv", ROWS);
    let written = |at: &str| {
        let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
        let file = fs::File::options().write(true).open(desk.path("in/a.csv"));
        file.unwrap().set_modified(at.into()).unwrap();
    };
    written("2026-03-02T11:59:30Z");
    let first = desk.run(&["run", "-v", NOW]);
    assert!(first.contains("less than a minute ago"), "{first}");
    assert_eq!(names(&desk, "in"), ["a.csv"]);
    desk.write(
        "in/a.csv",
        &format!("{ROWS}ana,sms,in,2026-03-02T10:01:00Z,STOP\n"),
    );
    written("2026-03-02T12:00:10Z");
    desk.run(&["run", "-v", "--now=2026-03-02T12:01:00Z"]);
    assert_eq!(names(&desk, "in"), ["a.csv"]);
    desk.run(&["run", "-v", "--now=2026-03-02T12:01:10Z"]);
    assert_eq!(names(&desk, "done"), ["a.csv"]);
    let shown = desk.run(&["show", "ana", NOW]);
    assert!(shown.contains("STOP"), "{shown}");
}

#[test]
#[cfg(unix)]
fn a_file_of_any_name_is_taken_and_a_pipe_is_waited_for_by_nobody() {
    use std::os::unix::ffi::OsStrExt as _;
    let desk = desk("move:done");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.csv");
    fs::write(desk.path("in").join(name), ROWS).unwrap();
    desk.write("in/two\nlines.csv", &ROWS.replace("ana", "ben"));
    let pipe = std::process::Command::new("mkfifo")
        .arg(desk.path("in/pipe.csv"))
        .status();
    assert!(pipe.unwrap().success());
    let seen = desk.run(&["run", "-v", NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    assert!(seen.contains("in/two lines.csv: 1 new message"), "{seen}");
    assert!(desk.path("done").join(name).exists(), "{seen}");
    assert_eq!(names(&desk, "in"), ["pipe.csv"]);
}

/// D15: a file that bears a time of tomorrow, as a phone's clock or a memory stick makes it, is as old as the import.
#[test]
fn d15_a_file_of_the_future_is_no_fresher_than_its_import() {
    let desk = desk("keep");
    desk.write("in/a.csv", ROWS);
    let tomorrow: chrono::DateTime<chrono::Utc> = "2026-03-03T12:00:00Z".parse().unwrap();
    let file = fs::File::options().write(true).open(desk.path("in/a.csv"));
    file.unwrap().set_modified(tomorrow.into()).unwrap();
    desk.run(&["run", NOW]);
    desk.run(&["run", "--now=2026-03-02T12:30:00Z"]);
    let status = desk.run(&["status", "--json", "--now=2026-03-02T13:01:00Z"]);
    assert!(
        status.contains("\"as_of\":\"2026-03-02T12:00:0") && status.contains("\"stale\":true"),
        "{status}"
    );
}
