//! The arrows between the rooms of `src`: which may use which, and what the pure ones may not touch.

use std::path::{Path, PathBuf};

/// Each room and the rooms that it may use: only rooms above it, so that no two use each other in a circle.
/// A new room of `src/lib.rs` gets its line here.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("error", &[]),
    ("zone", &["model"]),
    ("decide", &["model", "zone"]),
    ("detect", &["model", "zone"]),
    ("config", &["model", "error", "zone", "decide"]),
    ("migrate", &["model", "zone"]),
    ("import", &["model", "zone", "config"]),
    ("http", &["model"]),
    (
        "sync",
        &["model", "error", "zone", "config", "import", "http"],
    ),
    (
        "store",
        &["model", "error", "zone", "decide", "detect", "import"],
    ),
    ("export", &["model", "import"]),
    ("channel", &["model", "config", "http"]),
    (
        "compose",
        &[
            "model", "zone", "decide", "detect", "config", "store", "http", "channel",
        ],
    ),
    (
        "workflow",
        &[
            "model", "error", "zone", "config", "store", "http", "channel",
        ],
    ),
    (
        "run",
        &[
            "model", "error", "zone", "decide", "detect", "config", "store", "channel", "compose",
            "workflow",
        ],
    ),
    (
        "intake",
        &[
            "model", "error", "zone", "detect", "config", "import", "sync", "store",
        ],
    ),
    (
        "report",
        &["model", "error", "zone", "decide", "detect", "store", "run"],
    ),
    ("cli", &["model", "zone", "config", "export"]),
    (
        "commands",
        &[
            "model", "error", "zone", "decide", "detect", "config", "import", "sync", "store",
            "export", "channel", "compose", "workflow", "run", "intake", "report", "cli",
            "migrate",
        ],
    ),
];

/// The rooms that do no I/O and read no clock.
const PURE: &[&str] = &["model", "zone", "decide", "detect"];

/// What a pure room's code may not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Timestamp::now",
    "rusqlite",
    "ureq",
    "getrandom",
];

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let mut faults = Vec::new();
    for (place, (room, allowed)) in ROOMS.iter().enumerate() {
        let above = |name: &&str| ROOMS[..place].iter().any(|(room, _)| room == name);
        if let Some(name) = allowed.iter().find(|name| !above(name)) {
            faults.push(format!("the table lets {room} use {name}, not above it"));
        }
        for (file, line, code) in code_of(room) {
            for used in rooms_named(&code) {
                if used != *room && !allowed.contains(&used) {
                    faults.push(format!("{file}:{line}: {room} may not use {used}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut faults = Vec::new();
    for room in PURE {
        let code = code_of(room);
        assert!(!code.is_empty(), "{room} has no code");
        for (file, line, code) in code {
            for word in IMPURE.iter().filter(|word| code.contains(*word)) {
                faults.push(format!("{file}:{line}: {room} is pure, without {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let map = std::fs::read_to_string(src().join("lib.rs")).unwrap();
    for line in map.lines() {
        let room = line.strip_prefix("pub mod ").or(line.strip_prefix("mod "));
        if let Some(room) = room.and_then(|room| room.strip_suffix(';')) {
            let known = ROOMS.iter().any(|(name, _)| *name == room);
            assert!(known, "say in {} what the room {room} may use", file!());
        }
    }
}

#[test]
fn the_scan_sees_what_is_used() {
    let named = |code| rooms_named(code).collect::<Vec<_>>();
    assert_eq!(named("use crate::store::Store;"), ["store"]);
    assert_eq!(
        named("let a = crate::zone::f(crate::run::g);"),
        ["zone", "run"]
    );
    assert_eq!(named("use crate::{zone::Zone, store};"), ["{"]);
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The lines of a room's code with their place, without comments and unit tests; none when there is no such room.
fn code_of(room: &str) -> Vec<(String, usize, String)> {
    let mut files = vec![src().join(format!("{room}.rs")), src().join(room)];
    let mut lines = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            files.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") && path.exists() {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                lines.push((path.display().to_string(), number + 1, line.to_owned()));
            }
        }
    }
    lines
}

/// The rooms that a line of code names; a group, `crate::{…}`, is named `{` and allowed nowhere.
fn rooms_named(code: &str) -> impl Iterator<Item = &str> {
    code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        match end {
            Some(0) if rest.starts_with('{') => "{",
            Some(end) => &rest[..end],
            None => rest,
        }
    })
}
