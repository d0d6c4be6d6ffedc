use super::{Desk, NOW};

fn page(desk: &Desk) -> String {
    let seen = desk.run(&["report", "-o", "desk.html", NOW]);
    assert!(seen.ends_with("[exit 0]\n"), "{seen}");
    std::fs::read_to_string(desk.path("desk.html")).unwrap()
}

#[test]
fn the_dashboard_agrees_with_the_plan() {
    let desk = Desk::clinic();
    let plan = desk.run(&["plan", NOW, "--all", "--json"]);
    let page = page(&desk);
    let count = |action: &str| plan.matches(&format!(r#""action":"{action}""#)).count();
    let tile = |words: &str| {
        let (before, _) = page.split_once(&format!("</b>{words}</div>")).unwrap();
        before.rsplit_once('>').unwrap().1.parse::<usize>().unwrap()
    };
    assert!(
        count("send") > 0 && count("wait") > 0 && count("stop") > 0,
        "{plan}"
    );
    assert_eq!(tile("due now"), count("send"));
    assert_eq!(tile("scheduled"), count("wait"));
    assert_eq!(tile("held"), count("hold"));
    assert_eq!(tile("left alone"), count("stop") + count("none"));
    let cards = page.matches("<details").count();
    assert_eq!(cards, count("send") + count("wait") + count("hold"));
    let funnel = "Nothing was sent yet.";
    assert!(page.contains(funnel));
    desk.run(&["run", NOW]);
    assert!(!self::page(&desk).contains(funnel));
}

#[test]
fn s7_what_contacts_wrote_is_text_on_the_dashboard() {
    let desk = Desk::clinic();
    let attack = "contact_id,name,channel,direction,sent_at,text\n\
        x1,<b>Eve</b>,sms,in,2026-03-02T22:00:00Z,\"<script>alert(1)</script>\u{1b}[2J \"\" onclick=x {{ 7 * 7 }}\"\n\
        x1,,sms,out,2026-03-02T22:01:00Z,\"<img src=x> shall I?\"\n";
    desk.write("attack.csv", attack);
    desk.run(&["import", "attack.csv", NOW]);
    let page = page(&desk);
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(page.contains("{{ 7 * 7 }}"));
    for raw in ["<script", "<img", "<b>Eve", "\u{1b}", "http://", "https://"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_dashboard_is_private_and_never_written_over_the_database() {
    let desk = Desk::clinic();
    page(&desk);
    let seen = desk.run(&["report", "-o", "clinic.db", NOW]);
    assert!(
        seen.contains("stays as it is") && seen.ends_with("[exit 2]\n"),
        "{seen}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(desk.path("desk.html"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}

#[test]
fn the_calendar_has_what_is_due_or_scheduled() {
    let desk = Desk::clinic();
    let plan = desk.run(&["plan", NOW, "--json"]);
    let calendar = desk.run(&["plan", NOW, "--format", "ics", "--render"]);
    let coming = [r#""action":"send""#, r#""action":"wait""#].map(|a| plan.matches(a).count());
    assert_eq!(
        calendar.matches("BEGIN:VEVENT").count(),
        coming.iter().sum::<usize>()
    );
    assert!(calendar.contains("END:VCALENDAR"), "{calendar}");
    let both = desk.run(&["plan", "--json", "--format", "ics", NOW]);
    assert!(both.ends_with("[exit 2]\n"), "{both}");
}
