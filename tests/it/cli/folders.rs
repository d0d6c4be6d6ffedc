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
