use super::{Desk, NOW, assert_seen};

#[test]
fn what_is_exported_comes_back_exact() {
    let desk = Desk::clinic();
    desk.run(&["run", NOW]);
    desk.run(&["pause", "c-101", NOW, "--reason==cmd()"]);
    let other = Desk::empty();
    other.write("followup.toml", include_str!("clinic.toml"));
    let mut files = Vec::new();
    for (what, format) in [
        ("messages", "csv"),
        ("contacts", "csv"),
        ("followups", "jsonl"),
    ] {
        let file = format!("{what}.{format}");
        let seen = desk.run(&["export", what, "-o", &file]);
        assert!(seen.ends_with(&format!("{file}\n[exit 0]\n")), "{seen}");
        std::fs::copy(desk.path(&file), other.path(&file)).unwrap();
        files.push(file);
    }
    for file in &files {
        let seen = other.run(&["import", file, "--as-of=2026-03-02T17:25", NOW]);
        assert!(seen.contains("[exit 0]"), "{seen}");
    }
    for file in &files {
        let what = file.split('.').next().unwrap();
        let again = format!("again-{file}");
        other.run(&["export", what, "-o", &again]);
        let mut lines = [desk.path(file), other.path(&again)].map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        });
        let (second, first) = (lines[1].split_off(0), lines[0].split_off(0));
        assert_eq!(first, second, "{what}");
    }
}

#[test]
fn an_export_is_private_and_whole_or_not_there() {
    let desk = Desk::clinic();
    desk.run(&["export", "messages", "-o", "out.csv"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(desk.path("out.csv"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let seen = desk.run(&["export", "messages", "-o", "missing/out.csv"]);
    assert!(seen.contains("[exit 66]"), "{seen}");
    let left: Vec<_> = std::fs::read_dir(desk.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_seen(
        "export_contacts",
        &desk.run_in(400, &["export", "contacts"]),
    );
}

#[test]
fn an_export_never_replaces_what_the_program_lives_on() {
    let desk = Desk::clinic();
    desk.run(&["run", NOW]);
    for own in [
        "clinic.db",
        "outbox.jsonl",
        "followup.toml",
        "./clinic.db.lock",
    ] {
        let before = std::fs::read(desk.path(own)).unwrap();
        let seen = desk.run(&["export", "messages", "-o", own]);
        assert!(seen.contains("[exit 2]"), "{own}: {seen}");
        assert_eq!(std::fs::read(desk.path(own)).unwrap(), before, "{own}");
    }
}
