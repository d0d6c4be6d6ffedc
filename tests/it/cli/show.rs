use super::{Desk, NOW, assert_seen};

#[test]
fn the_panel_tells_what_comes_and_why() {
    let desk = Desk::clinic();
    for contact in ["c-101", "c-102", "c-103", "c-104", "c-105"] {
        let seen = desk.run(&["show", contact, NOW]);
        assert_seen(&format!("show_{contact}"), &seen);
    }
    assert_seen("show_120", &desk.run_in(120, &["show", "c-103", NOW]));
    assert_seen("show_json", &desk.run(&["show", "c-102", NOW, "--json"]));
}

#[test]
fn s6_nothing_of_a_contact_reaches_the_terminal_raw() {
    let desk = Desk::empty();
    desk.write("followup.toml", include_str!("clinic.toml"));
    desk.write(
        "chats.csv",
        "contact_id,channel,direction,sent_at,text,name,phone\n\
         \u{1b}[31mx,sms,inbound,2026-03-02T17:00:00-06:00,\"hi \u{1b}]0;owned\u{7}\u{202e}abc\u{9b}2J\",\"\u{1b}[2JEve\u{2066}\",+525511110199\n\
         \u{1b}[31mx,sms,outbound,2026-03-02T17:01:00-06:00,\"one\r\ntwo\tthree\u{8}\",,\n",
    );
    let run = |arguments: &[&str]| {
        let seen = desk.run(arguments);
        let raw = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
        assert!(!seen.contains(raw), "{seen:?}");
        seen
    };
    run(&["import", "chats.csv", "--as-of=2026-03-02T17:25", NOW]);
    let plan = run(&["plan", NOW, "--render"]);
    assert!(plan.contains("\\u{1b}[31mx \\u{1b}[2"), "{plan}");
    let id = "\u{1b}[31mx";
    let show = String::from_utf8(
        desk.command(80, &["show", id, NOW])
            .output()
            .unwrap()
            .stdout,
    );
    let show = show.unwrap();
    assert!(
        !show.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}', '\u{8}']),
        "{show:?}"
    );
    assert_seen("show_control_characters", &show);
}

#[test]
fn who_is_not_there_is_looked_for() {
    let desk = Desk::clinic();
    assert_seen("show_unknown", &desk.run(&["show", "ana", NOW]));
    assert_seen(
        "show_unknown_nothing_like_it",
        &desk.run(&["show", "zzz", NOW]),
    );
}
