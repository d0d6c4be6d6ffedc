use super::{Desk, NOW, assert_seen};

#[test]
fn the_plan_reads_well_in_80_and_120_columns() {
    let desk = Desk::clinic();
    assert_seen("plan_80", &desk.run_in(80, &["plan", NOW]));
    assert_seen("plan_120", &desk.run_in(120, &["plan", NOW]));
    assert_seen("plan_all_80", &desk.run_in(80, &["plan", NOW, "--all"]));
    assert_seen("plan_render_80", &desk.run(&["plan", NOW, "--render"]));
}

#[test]
fn the_plan_as_json_is_one_object_a_line() {
    let desk = Desk::clinic();
    let seen = desk.run(&["plan", NOW, "--json", "--all", "--render"]);
    assert_seen("plan_json", &seen);
    let lines: Vec<serde_json::Value> = seen
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 10);
}

#[test]
fn the_plan_of_one_contact_and_until_a_time() {
    let desk = Desk::clinic();
    assert_seen(
        "plan_contact",
        &desk.run(&["plan", NOW, "--contact", "c-104"]),
    );
    assert_seen(
        "plan_until",
        &desk.run(&["plan", NOW, "--until=2026-03-03T08:00"]),
    );
}

#[test]
fn the_plan_for_an_earlier_time_than_the_last_one_looks_at_everyone() {
    let desk = Desk::clinic();
    let planned = desk.run(&["plan", NOW, "--json"]);
    // Months later everything is too late; looking back must show what was due then.
    let late = desk.run(&[
        "import",
        "chats.csv",
        "--as-of=2026-09-01",
        "--now=2026-09-01",
    ]);
    assert!(late.contains("[exit 0]"), "{late}");
    desk.write(
        "more.csv",
        &include_str!("clinic.csv")
            .replace("c-1", "d-1")
            .replace("+5255", "+5281"),
    );
    desk.run(&[
        "import",
        "more.csv",
        "--as-of=2026-09-01",
        "--now=2026-09-01",
    ]);
    let back = desk.run(&["plan", NOW, "--json"]);
    let of_first = back.lines().filter(|line| line.contains("\"c-1")).count();
    let before = planned
        .lines()
        .filter(|line| line.contains("\"c-1"))
        .count();
    assert_eq!(of_first, before, "{back}");
    assert!(
        back.lines().any(|line| line.contains("\"d-101\"")),
        "{back}"
    );
}

#[test]
fn d15_stale_sources_are_told_below_the_plan() {
    let desk = Desk::clinic();
    assert_seen("plan_stale", &desk.run(&["plan", "--now=2026-03-02T18:40"]));
}

#[test]
fn a_long_contact_id_is_shown_whole() {
    let desk = Desk::empty();
    let id = "whatsapp-group-member-0123456789-abcdef";
    desk.write("followup.toml", include_str!("clinic.toml"));
    desk.write(
        "chats.csv",
        &include_str!("clinic.csv").replace("c-101", id),
    );
    desk.run(&["import", "chats.csv", "--as-of=2026-03-02T17:25", NOW]);
    let seen = desk.run(&["plan", NOW]);
    assert!(seen.contains(&format!("contact {id} Ana")), "{seen}");
}
