//! One person over several contacts: who is joined, who is not, and that nothing is lost by either.

use serde_json::Value;

use crate::cli::Desk;

const CONFIG: &str = r#"
[bot]
name = "Clinic"
timezone = "America/Mexico_City"
country = "MX"
[scenarios.stopped_responding]
steps = [{ after = "10m", text = "Still there?" }, { after = "1h", text = "Shall I hold it?" }]
[channels.sms.outbox]
[channels.telegram.outbox]
[channels.whatsapp.outbox]
[limits]
fresh_for = "off"
"#;
const HEAD: &str = "contact_id,name,phone,email,channel,direction,sent_at,text,message_id,address";
const NOW: &str = "--now=2026-03-02T18:00:00Z";

/// A business whose exports are `files`, imported in turn.
fn desk(files: &[(&str, &str)]) -> Desk {
    desk_with(CONFIG, files)
}

fn desk_with(config: &str, files: &[(&str, &str)]) -> Desk {
    let desk = Desk::empty();
    desk.write("followup.toml", config);
    for (name, rows) in files {
        import(&desk, name, rows);
    }
    desk
}

fn import(desk: &Desk, name: &str, rows: &str) {
    desk.write(name, &format!("{HEAD}\n{rows}"));
    let seen = desk.run(&["import", name, NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
}

/// What a command writes as JSON Lines.
fn lines(desk: &Desk, arguments: &[&str]) -> Vec<Value> {
    let output = desk.command(80, arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn show(desk: &Desk, contact: &str) -> Value {
    lines(desk, &["show", contact, "--json", NOW]).remove(0)
}

/// Who is one person with this contact.
fn ids(desk: &Desk, contact: &str) -> Vec<String> {
    let ids = show(desk, contact)["contact"]["ids"].clone();
    let ids = ids.as_array().unwrap().iter();
    ids.map(|id| id["contact_id"].as_str().unwrap().to_owned())
        .collect()
}

fn reason(desk: &Desk, contact: &str) -> String {
    show(desk, contact)["plan"]["reason"]
        .as_str()
        .unwrap()
        .to_owned()
}

const ANA_SMS: &str = "ana,Ana Ruiz,55 1234 5678,,sms,in,2026-03-02T16:00:00Z,Is there a slot?,,
ana,,,,sms,out,2026-03-02T16:05:00Z,At eleven. Shall I book it?,,
";
const ANA_WHATSAPP: &str =
    "+5215512345678,ana,+5215512345678,,whatsapp,in,2026-03-02T17:30:00Z,Yes please,,\n";

#[test]
fn the_same_number_however_it_is_spelt_is_one_person_and_a_reply_anywhere_counts() {
    let alone = desk(&[("sms.csv", ANA_SMS)]);
    assert_eq!(reason(&alone, "ana"), "due");
    for files in [
        [("sms.csv", ANA_SMS), ("whatsapp.csv", ANA_WHATSAPP)],
        [("whatsapp.csv", ANA_WHATSAPP), ("sms.csv", ANA_SMS)],
    ] {
        let desk = desk(&files);
        assert_eq!(ids(&desk, "ana").len(), 2);
        assert_eq!(ids(&desk, "+5215512345678"), ids(&desk, "ana"));
        assert_eq!(reason(&desk, "ana"), "awaiting_us");
        assert_eq!(lines(&desk, &["plan", "--all", "--json", NOW]).len(), 1);
        let status = lines(&desk, &["status", "--json", NOW]).remove(0);
        assert_eq!(status["contacts"], 1);
    }
}

#[test]
fn a_number_that_people_share_joins_nobody_by_itself_and_d21_its_opt_out_still_counts_for_all() {
    let family = "ben,Ben Okoro,+15550101,ben@example.com,sms,in,2026-03-02T16:00:00Z,Hi,,
ben,,,,sms,out,2026-03-02T16:05:00Z,Hello,,
joy,Joy Okoro,+15550101,joy@example.com,sms,in,2026-03-02T16:00:00Z,Hi,,
joy,,,,sms,out,2026-03-02T16:06:00Z,Hello,,
none,,+15550101,none@example.com,sms,in,2026-03-02T16:00:00Z,Hi,,
none,,,,sms,out,2026-03-02T16:07:00Z,Hello,,
";
    let desk = desk(&[("sms.csv", family)]);
    for contact in ["ben", "joy", "none"] {
        assert_eq!(ids(&desk, contact), [contact]);
        assert_eq!(reason(&desk, contact), "due");
        let may_be = show(&desk, contact)["contact"]["may_be"].clone();
        assert_eq!(may_be.as_array().unwrap().len(), 2, "{may_be}");
    }
    let panel = desk.run(&["show", "ben", NOW]);
    assert!(panel.contains("followup merge ben joy"), "{panel}");
    desk.run(&["opt-out", "joy", NOW]);
    for contact in ["ben", "joy", "none"] {
        assert_eq!(reason(&desk, contact), "opted_out");
    }
}

/// Ids that two sources count up from 1 are not those of the same people: that is pointed out, once.
#[test]
fn an_id_that_two_sources_give_to_people_of_different_names_is_pointed_out() {
    let desk = desk(&[]);
    let csv = |file: &str, row: &str| {
        desk.write(file, &format!("{HEAD}\n{row}"));
        desk.run(&["import", file, "--source", file, NOW])
    };
    let first = "17,Ana Ruiz,+15550100,,sms,in,2026-03-02T16:00:00Z,Hi,,\n";
    assert!(!csv("crm.csv", first).contains("two people"));
    let same = first.replace("Ana Ruiz", "ana").replace("16:00", "16:01");
    assert!(!csv("forms.csv", &same).contains("two people"));
    let other = "17,Bob Stone,,,whatsapp,in,2026-03-02T16:00:00Z,STOP,,\n";
    let seen = csv("chats.csv", other);
    let words = "contact 17 was ana, and is Bob Stone here: if these are two people";
    assert!(seen.contains(words), "{seen}");
    let again = other.replace("16:00", "16:05").replace("Bob", "Bobby");
    assert!(!csv("chats.csv", &again).contains("two people"));
}

/// Who said STOP by a number has said it of that number, whatever they are reached at later, and whoever has it then.
#[test]
fn d21_an_opt_out_stays_with_the_number_by_which_it_was_said() {
    let stop = "ana,Ana Ruiz,+15550100,,sms,in,2026-03-02T16:00:00Z,STOP,,\n";
    let moved = "ana,Ana Ruiz,+15550199,,sms,out,2026-03-02T16:10:00Z,Noted,,\n";
    let back = "ana,,,,sms,in,2026-03-02T16:20:00Z,START,,\n";
    let other = "carl,Carl Marsh,+1 555 0100,,sms,in,2026-03-02T16:00:00Z,Hi,,\n\
                 carl,,,,sms,out,2026-03-02T16:05:00Z,Hello,,\n";
    let config = CONFIG.replace("country = \"MX\"\n", "");
    let together = format!("{stop}{moved}{other}");
    let turned = format!("{moved}{stop}");
    for files in [
        &[("a.csv", stop), ("b.csv", moved), ("c.csv", other)][..],
        &[("c.csv", other), ("a.csv", stop), ("b.csv", moved)],
        &[("b.csv", moved), ("a.csv", stop), ("c.csv", other)],
        &[("a.csv", &turned), ("c.csv", other)],
        &[("a.csv", &together)],
    ] {
        let desk = desk_with(&config, files);
        assert_eq!(reason(&desk, "carl"), "opted_out", "{files:?}");
        // By the new number they say of the new number that they are back.
        import(&desk, "back.csv", back);
        assert_eq!(reason(&desk, "ana"), "awaiting_us", "{files:?}");
        assert_eq!(reason(&desk, "carl"), "opted_out", "{files:?}");
    }
    // What is said once the number is another's is not said of the old one.
    let late = stop.replace("STOP", "Hello").replace("16:00", "15:00");
    let later = moved.replace(",out,", ",in,").replace("Noted", "STOP");
    let desk = desk_with(
        &config,
        &[("a.csv", &late), ("b.csv", &later), ("c.csv", other)],
    );
    assert_eq!(reason(&desk, "carl"), "due");
}

/// Forgotten with it, an opt-out stays with the number by which it was said.
#[test]
fn d21_an_opt_out_by_a_former_number_outlives_an_erasure() {
    let desk = desk(&[
        (
            "a.csv",
            "ana,Ana Ruiz,+15550100,,sms,in,2026-03-02T16:00:00Z,STOP,,\n",
        ),
        (
            "b.csv",
            "ana,Ana Ruiz,+15550199,,sms,out,2026-03-02T16:10:00Z,Noted,,\n",
        ),
    ]);
    let forgotten = desk.run(&["forget", "ana", "--yes", NOW]);
    assert!(forgotten.contains("[exit 0]"), "{forgotten}");
    let other = "carl,Carl Marsh,+15550100,,sms,in,2026-03-02T16:00:00Z,Hi,,\n\
                 carl,,,,sms,out,2026-03-02T16:05:00Z,Hello,,\n";
    import(&desk, "c.csv", other);
    assert_eq!(reason(&desk, "carl"), "opted_out");
}

/// In Spain a number has nine digits: fewer than the ten by which numbers of other countries are compared.
#[test]
fn d21_a_short_national_number_is_its_international_one_where_the_country_is_known() {
    let spain = CONFIG.replace("\"MX\"", "\"ES\"");
    let bookings =
        "[[sources]]\nname = \"bookings\"\nformat = \"bookings\"\npath = \"bookings.csv\"\n";
    let national = "ana,Ana Ruiz,600 11 22 33,,sms,in,2026-03-02T16:00:00Z,Is there a slot?,,\n\
                    ana,,,,sms,out,2026-03-02T16:05:00Z,At eleven.,,\n";
    let international = "wa,Ana Ruiz,+34 600 11 22 33,,whatsapp,in,2026-03-02T15:00:00Z,Hola,,\n";
    // In either order they are one.
    for files in [
        [("a.csv", national), ("b.csv", international)],
        [("b.csv", international), ("a.csv", national)],
    ] {
        assert_eq!(ids(&desk_with(&spain, &files), "ana").len(), 2);
    }
    // Of different names they are two, and an opt-out counts for both.
    let other = international.replace("Ana Ruiz", "Luis Gil");
    for (says, asked) in [("STOP", "ana"), ("Hola", "wa")] {
        let other = other.replace("Hola", says);
        let own = match says {
            "STOP" => national.to_owned(),
            _ => national.replace(
                "At eleven.,,",
                "At eleven.,,\nana,,,,sms,in,2026-03-02T16:06:00Z,STOP,,",
            ),
        };
        let desk = desk_with(&spain, &[("a.csv", &own), ("b.csv", &other)]);
        assert_eq!(ids(&desk, "ana").len(), 1);
        assert_eq!(reason(&desk, asked), "opted_out");
        // It outlives the one who said it.
        let said = ["wa", "ana"][usize::from(asked == "wa")];
        desk.run(&["forget", said, "--yes", "--now=2026-03-02T16:30:00Z"]);
        let later = "new,Eva,PHONE,,sms,in,2026-03-02T17:00:00Z,Hola,,\n";
        let spelt_otherwise = ["600112233", "+34600112233"][usize::from(asked == "wa")];
        import(&desk, "later.csv", &later.replace("PHONE", spelt_otherwise));
        assert_eq!(reason(&desk, "new"), "opted_out");
    }
    // An appointment of one spelling is that of the other.
    for (given, booked) in [(national, "+34 600 11 22 33"), (international, "600112233")] {
        let desk = desk_with(&format!("{spain}{bookings}"), &[("a.csv", given)]);
        let row = format!(
            "id,phone,starts_at,created_at\n1,{booked},2026-03-06T17:00:00Z,2026-03-02T16:30:00Z\n"
        );
        desk.write("bookings.csv", &row);
        let seen = desk.run(&["import", "bookings.csv", NOW]);
        assert!(seen.contains("1 new appointment"), "{seen}");
        let contact = ["ana", "wa"][usize::from(given == international)];
        assert_eq!(reason(&desk, contact), "booked");
    }
}

#[test]
fn an_email_address_and_a_platforms_id_join_and_off_joins_nothing() {
    let rows = "crm-1,Cleo Marsh,+15550102,Cleo@Example.com,sms,in,2026-03-02T16:00:00Z,Hi,,
crm-1,Cleo Marsh,,,telegram,in,2026-03-02T16:01:00Z,Hi,,998877
c-mail,Marsh Cleo,,cleo@example.COM,email,in,2026-03-02T16:02:00Z,Hi,,
998877,C.,,,telegram,in,2026-03-02T17:30:00Z,Hello?,,
998877,,,,telegram,out,2026-03-02T17:31:00Z,Yes?,,
";
    let joined = desk(&[("all.csv", rows)]);
    assert_eq!(ids(&joined, "crm-1"), ["crm-1", "c-mail", "998877"]);
    let panel = joined.run(&["show", "c-mail", NOW]);
    assert!(
        panel.contains("also 998877, the same id on the platform"),
        "{panel}"
    );
    // What goes out by Telegram goes to the id that Telegram knows.
    let seen = joined.run(&["run", NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    let outbox = std::fs::read_to_string(joined.path("outbox.jsonl")).unwrap();
    let sent: Value = serde_json::from_str(outbox.trim()).unwrap();
    assert_eq!(
        (&sent["to"], &sent["contact_id"]),
        (&"998877".into(), &"998877".into())
    );
    let apart = desk_with(
        &format!("{CONFIG}[people]\njoin_by = \"off\"\n"),
        &[("all.csv", rows)],
    );
    for contact in ["crm-1", "c-mail", "998877"] {
        assert_eq!(ids(&apart, contact), [contact]);
    }
}

const TWO: &str = "a,Ana Ruiz,+15550111,,sms,in,2026-03-02T16:00:00Z,Hi,m1,
a,,,,sms,out,2026-03-02T16:05:00Z,Hello,m2,
b,A. R.,+15550112,,sms,in,2026-03-02T17:00:00Z,STOP,m3,
";

#[test]
fn a_merge_and_a_split_hold_against_every_later_import_and_lose_no_opt_out() {
    let desk = desk(&[("two.csv", TWO)]);
    assert_eq!(ids(&desk, "a"), ["a"]);
    assert_eq!(reason(&desk, "a"), "due");
    let merge = ["merge", "a", "b", "--reason=told us so", NOW];
    let seen = desk.run(&merge);
    assert!(
        seen.contains("a and b are one person now; stopped (opted out)"),
        "{seen}"
    );
    let seen = desk.run(&merge);
    assert!(seen.contains("one person already"), "{seen}");
    assert_eq!(ids(&desk, "b"), ["a", "b"]);
    let panel = desk.run(&["show", "b", NOW]);
    assert!(panel.contains("also b, by an operator's word"), "{panel}");
    assert!(panel.contains("told us so"), "{panel}");
    import(&desk, "again.csv", TWO);
    assert_eq!(ids(&desk, "b"), ["a", "b"]);
    let seen = desk.run(&["split", "b", "--reason=no, a brother", NOW]);
    assert!(seen.contains("b is a person apart from a now"), "{seen}");
    let seen = desk.run(&["split", "b", NOW]);
    assert!(seen.contains("joined to nobody"), "{seen}");
    import(&desk, "third.csv", TWO);
    for contact in ["a", "b"] {
        assert_eq!(ids(&desk, contact), [contact]);
        assert_eq!(reason(&desk, contact), "opted_out");
    }
    assert_eq!(show(&desk, "a")["messages"].as_array().unwrap().len(), 2);
    assert_eq!(show(&desk, "b")["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn of_two_whom_an_operator_merges_the_first_gives_the_name() {
    let rows =
        "jane,Jane Poe,,jane@example.com,sms,in,2026-03-02T16:00:00Z,Is there a slot?,,+15550100
kim,Kim Cho,,kim@example.com,sms,in,2026-03-02T17:00:00Z,Hello,,+15550101
";
    let desk = desk(&[("two.csv", rows)]);
    let merged = desk.run(&["merge", "jane", "kim", NOW]);
    assert!(merged.contains("[exit 0]"), "{merged}");
    assert_eq!(show(&desk, "kim")["contact"]["name"], "Jane Poe");
}

#[test]
fn those_whom_an_operator_split_are_not_joined_by_their_number_again() {
    let desk = desk(&[("sms.csv", ANA_SMS), ("whatsapp.csv", ANA_WHATSAPP)]);
    // The one that leads is split off; the other one stays what it was.
    desk.run(&["split", "ana", NOW]);
    let more = "ana,Ana Ruiz,55 1234 5678,,sms,out,2026-03-02T17:40:00Z,Done,,
+5215512345678,ana,+5215512345678,,whatsapp,out,2026-03-02T17:40:00Z,Done,,
";
    import(&desk, "more.csv", more);
    assert_eq!(ids(&desk, "ana"), ["ana"]);
    assert_eq!(ids(&desk, "+5215512345678"), ["+5215512345678"]);
    // An operator's later word counts more.
    desk.run(&[
        "merge",
        "+5215512345678",
        "ana",
        NOW.replace("18:00", "18:01").as_str(),
    ]);
    assert_eq!(ids(&desk, "ana"), ["+5215512345678", "ana"]);
}

#[test]
fn a_step_that_went_out_is_not_sent_again_when_a_second_source_brings_the_same_conversation() {
    let desk = desk(&[("sms.csv", ANA_SMS)]);
    let seen = desk.run(&["run", NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    // The same messages a second later, and our own follow-up as another's.
    let again = "crm-9,Ana Ruiz,+525512345678,,sms,in,2026-03-02T16:00:01Z,Is there a slot?,,
crm-9,,,,sms,out,2026-03-02T16:05:01Z,At eleven. Shall I book it?,,
crm-9,,,,sms,out,2026-03-02T18:00:02Z,Still there?,,
";
    import(&desk, "crm.csv", again);
    assert_eq!(ids(&desk, "crm-9"), ["ana", "crm-9"]);
    let plan = show(&desk, "ana")["plan"].clone();
    assert_eq!(
        (&plan["step"], &plan["action"]),
        (&2.into(), &"wait".into()),
        "{plan}"
    );
    // An hour after the step before, which a running clock dates.
    let due_at = plan["due_at"].as_str().unwrap();
    assert!(due_at.starts_with("2026-03-02T19:00:"), "{due_at}");
    desk.run(&["run", "--now=2026-03-02T19:02:00Z"]);
    desk.run(&["run", "--now=2026-03-02T21:00:00Z"]);
    let history = lines(&desk, &["history", "--json", "--contact=crm-9", NOW]);
    let steps: Vec<_> = history
        .iter()
        .map(|h| h["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [1, 2]);
}

#[test]
fn x6_an_unknown_is_settled_by_another_contacts_export_and_x7_a_crossed_reply_is_told() {
    let desk = desk(&[("sms.csv", ANA_SMS)]);
    desk.run(&["run", NOW]);
    let log = desk
        .command(80, &["export", "followups", "--format=jsonl"])
        .output()
        .unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    let tagging = CONFIG.replace("Still there?\" }", "Still there?\", workflow = \"mark\" }")
        + "[workflows.mark]\nadd_tags = [\"waited\"]\n";
    let other = desk_with(&tagging, &[("sms.csv", ANA_SMS)]);
    other.write("log.jsonl", &log.replace("\"sent\"", "\"unknown\""));
    other.run(&["import", "log.jsonl", NOW]);
    let states = |desk: &Desk| -> Vec<String> {
        let history = lines(desk, &["history", "--json", NOW]);
        history
            .iter()
            .map(|h| h["state"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(states(&other), ["unknown"]);
    let crm = "crm-9,Ana Ruiz,+525512345678,,sms,in,2026-03-02T17:00:00Z,Found one elsewhere,,
crm-9,,,,sms,out,2026-03-02T18:00:02Z,Still there?,,
";
    other.write("crm.csv", &format!("{HEAD}\n{crm}"));
    let seen = other.run(&["import", "crm.csv", NOW]);
    assert!(seen.contains("was sent after a reply"), "{seen}");
    assert_eq!(states(&other), ["sent"]);
    // X8: its actions are done like any other step's.
    other.run(&["run", NOW]);
    assert_eq!(
        show(&other, "ana")["contact"]["tags"],
        serde_json::json!(["waited"])
    );
    // A split takes nothing away.
    other.run(&["split", "crm-9", NOW]);
    assert_eq!(states(&other), ["sent"]);
    assert_eq!(
        show(&other, "crm-9")["messages"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn an_export_gives_every_message_back_under_its_own_id_and_people_with_it() {
    let files = [
        ("sms.csv", ANA_SMS),
        ("whatsapp.csv", ANA_WHATSAPP),
        ("two.csv", TWO),
    ];
    let desk = desk(&files);
    desk.run(&["merge", "a", "b", "--reason=sisters' phone", NOW]);
    desk.run(&["split", "ana", NOW]);
    let other = desk_with(CONFIG, &[]);
    for (what, name) in [
        ("contacts", "c.csv"),
        ("messages", "m.csv"),
        ("followups", "f.csv"),
    ] {
        let out = other.path(name);
        desk.run(&["export", what, "-o", out.to_str().unwrap()]);
        let seen = other.run(&["import", name, NOW]);
        assert!(seen.contains("[exit 0]"), "{seen}");
    }
    for contact in ["ana", "+5215512345678", "a", "b"] {
        let (mut here, mut there) = (ids(&desk, contact), ids(&other, contact));
        here.sort();
        there.sort();
        assert_eq!(here, there);
        assert_eq!(reason(&desk, contact), reason(&other, contact));
    }
    let back = other.command(80, &["export", "messages"]).output().unwrap();
    assert_eq!(back.stdout, std::fs::read(other.path("m.csv")).unwrap());
}

#[test]
fn forgetting_a_person_forgets_each_of_their_contacts() {
    let desk = desk(&[("sms.csv", ANA_SMS), ("whatsapp.csv", ANA_WHATSAPP)]);
    let seen = desk.run(&["forget", "ana", "--yes", NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    for name in ["again.csv", "more.csv"] {
        import(
            &desk,
            name,
            if name == "again.csv" {
                ANA_SMS
            } else {
                ANA_WHATSAPP
            },
        );
    }
    for contact in ["ana", "+5215512345678"] {
        let seen = desk.run(&["show", contact, NOW]);
        assert!(seen.contains("[exit 66]"), "{seen}");
    }
}

#[test]
fn d3_do_not_disturb_in_data_is_an_opt_out_that_data_may_lift_and_the_contacts_own_is_not() {
    let desk = desk(&[("two.csv", TWO)]);
    let contacts = |rows: &str, as_of: &str| {
        desk.write("contacts.csv", &format!("contact_id,name,DND\n{rows}"));
        desk.run(&["import", "contacts.csv", &format!("--as-of={as_of}"), NOW])
    };
    assert_eq!(
        (reason(&desk, "a"), reason(&desk, "b")),
        ("due".into(), "opted_out".into())
    );
    contacts("a,,sms;call\nb,,yes\n", "2026-03-02T17:10:00Z");
    assert_eq!(
        (reason(&desk, "a"), reason(&desk, "b")),
        ("opted_out".into(), "opted_out".into())
    );
    // An older file lifts nothing; one without a word on it neither.
    contacts("a,,false\nb,,false\n", "2026-03-02T17:00:00Z");
    contacts("a,Ana,\nb,,\n", "2026-03-02T17:20:00Z");
    assert_eq!(reason(&desk, "a"), "opted_out");
    contacts("a,,false\nb,,false\n", "2026-03-02T17:30:00Z");
    assert_eq!(
        (reason(&desk, "a"), reason(&desk, "b")),
        ("due".into(), "opted_out".into())
    );
    // The older file again, and a newer one.
    contacts("a,,all\n", "2026-03-02T17:15:00Z");
    assert_eq!(reason(&desk, "a"), "due");
    contacts("a,,call\n", "2026-03-02T17:35:00Z");
    assert_eq!(reason(&desk, "a"), "due");
    contacts("a,,email\n", "2026-03-02T17:40:00Z");
    assert_eq!(reason(&desk, "a"), "opted_out");
    let seen = contacts("a,,perhaps\n", "2026-03-02T17:50:00Z");
    assert!(
        seen.contains("dnd: \"perhaps\" is neither yes nor no"),
        "{seen}"
    );
}
