use super::{Desk, NOW, assert_seen};

#[test]
fn what_was_sent_is_in_the_history_the_panel_and_the_status() {
    let desk = Desk::clinic();
    assert_eq!(
        desk.run(&["run", NOW]),
        format!("$ followup run {NOW}\n[exit 0]\n")
    );
    assert_seen("history_80", &desk.run(&["history", NOW]));
    assert_seen(
        "history_why_120",
        &desk.run_in(120, &["history", NOW, "--why"]),
    );
    assert_seen("show_sent", &desk.run(&["show", "c-101", NOW]));
    assert_seen("status_80", &desk.run(&["status", NOW]));
    assert_seen("status_json", &desk.run(&["status", NOW, "--json"]));
    let none = desk.run(&["history", NOW, "--since=2026-03-02T18:00"]);
    assert!(none.contains("No follow-up"), "{none}");
    let json = desk.run(&["history", NOW, "--json", "--contact=c-101"]);
    let line: serde_json::Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    for (key, value) in [
        ("contact_id", "c-101"),
        ("scenario", "stopped_responding"),
        ("state", "sent"),
        ("channel", "whatsapp"),
        ("due_at", "2026-03-02T23:16:00Z"),
        ("text_source", "builtin"),
    ] {
        assert_eq!(line[key], value, "{line}");
    }
    assert_eq!(line["because"][0]["rule"], "S1");
    assert_eq!(line["error"], serde_json::Value::Null);
}

#[test]
fn d6b_an_operators_words_count_at_once() {
    let desk = Desk::clinic();
    let mut seen = String::new();
    for arguments in [
        &[
            "pause",
            "c-101",
            NOW,
            "--until=2026-03-03T09:00",
            "--reason=on holiday",
        ][..],
        &["show", "c-101", NOW],
        &["resume", "c-101", NOW],
        &["booked", "c-102", NOW, "--reason=by phone"],
        &["opt-out", "c-103", NOW],
        &["opt-in", "c-104", NOW, "--reason=signed a form"],
        &["pause", "c-101", NOW, "--until=2026-03-02T17:00"],
        &["opt-out", "+525500000000", NOW],
        &["opt-out", "+525511110101", NOW],
        &["plan", NOW],
    ] {
        seen.push_str(&desk.run(arguments));
    }
    assert_seen("operators_words", &seen);
}

#[test]
fn x1_an_unknown_is_settled_by_a_person() {
    let desk = Desk::clinic();
    desk.run(&["run", NOW]);
    let exported = desk.run(&["export", "followups", "--format=jsonl"]);
    let line = exported.lines().nth(1).unwrap();
    let line = line
        .replace("\"sent\"", "\"unknown\"")
        .replace("fu_00000000", "fu_elsewhere");
    let other = Desk::clinic();
    other.write("log.jsonl", &line);
    let mut seen = other.run(&["import", "log.jsonl", "--as-of=2026-03-02T17:25", NOW]);
    for arguments in [
        &["status", NOW][..],
        &["resolve", "fu_elsewhere_1", "sent", NOW],
        &["resolve", "fu_elsewhere_1", "not-sent", NOW],
        &["resolve", "fu_nobody", "sent", NOW],
        &["resolve", "fu_elsewhere_1", "perhaps", NOW],
        &["history", NOW],
    ] {
        seen.push_str(&other.run(arguments));
    }
    assert_seen("resolve", &seen);
}

#[test]
fn d3_who_is_forgotten_stays_opted_out() {
    let desk = Desk::clinic();
    let mut seen = String::new();
    for arguments in [
        &["forget", "c-104", NOW][..],
        &["forget", "c-104", "--yes", NOW],
        &["show", "c-104", NOW],
        &[
            "import",
            "chats.csv",
            "--as-of=2026-03-02T17:26",
            "--source=again",
            NOW,
        ],
        &["show", "c-104", NOW],
    ] {
        seen.push_str(&desk.run(arguments));
    }
    assert_seen("forget", &seen);
    let database = std::fs::read(desk.path("clinic.db")).unwrap();
    let holds = |text: &str| database.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds("Ana") && !holds("Marta Ruiz") && !holds("+525511110104"));
}
