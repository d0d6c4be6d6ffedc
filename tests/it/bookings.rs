//! Appointments that tables and calendars tell of (rule D5).

use serde_json::Value;

use crate::cli::Desk;

const CONFIG: &str = r#"
[bot]
timezone = "America/Mexico_City"
country = "MX"
[scenarios.stopped_responding]
steps = [{ after = "10m", text = "Still there?" }]
[channels.sms.outbox]
[limits]
fresh_for = "off"
[[sources]]
name = "appointments"
format = "bookings"
path = "bookings.csv"
[[sources]]
name = "calendar"
path = "shop.ics"
us = ["desk@example.com"]
"#;
const NOW: &str = "--now=2026-03-02T18:00:00Z";
const CHATS: &str = "contact_id,name,phone,email,channel,direction,sent_at,text
ana,Ana Ruiz,55 1234 5678,,sms,in,2026-03-02T16:00:00Z,Is there a slot?
ana,,,,sms,out,2026-03-02T16:05:00Z,At eleven. Shall I book it?
ben,Ben Okoro,+15550102,ben@example.com,sms,in,2026-03-02T16:00:00Z,Is there a slot?
ben,,,,sms,out,2026-03-02T16:05:00Z,At eleven. Shall I book it?
cleo,Cleo Marsh,+5215500000003,,sms,in,2026-03-02T16:00:00Z,I already booked online
cleo,,,,sms,out,2026-03-02T16:05:00Z,Great
";

fn desk(config: &str) -> Desk {
    let desk = Desk::empty();
    desk.write("followup.toml", config);
    import(&desk, "chats.csv", CHATS);
    desk
}

fn import(desk: &Desk, name: &str, text: &str) -> String {
    desk.write(name, text);
    desk.run(&["import", name, NOW])
}

fn import_as_of(desk: &Desk, name: &str, text: &str, as_of: &str) -> String {
    desk.write(name, text);
    let seen = desk.run(&["import", name, &format!("--as-of={as_of}"), NOW]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    seen
}

fn plan(desk: &Desk, contact: &str) -> Value {
    let output = desk
        .command(80, &["plan", "--json", "--contact", contact, NOW])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn reason(desk: &Desk, contact: &str) -> String {
    plan(desk, contact)["reason"].as_str().unwrap().to_owned()
}

fn table(rows: &str) -> String {
    format!("id,phone,email,starts_at,created_at,status,updated_at\n{rows}")
}

fn calendar(events: &[&str]) -> String {
    let events: String = events
        .iter()
        .map(|e| {
            format!(
                "BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n",
                e.trim().replace('\n', "\r\n")
            )
        })
        .collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

const ANAS: &str = "UID:1@shop
CREATED:20260302T163000Z
DTSTART;TZID=America/Mexico_City:20260306T110000
SUMMARY:Haircut
DESCRIPTION:Ana\\, phone +52 1 55 1234 5678
BEGIN:VALARM
TRIGGER:-PT15M
DESCRIPTION:+52 55 9999 9999
END:VALARM";
const BENS: &str = "UID:2@shop
CREATED:20260302T163000Z
DTSTART:20260306T180000Z
ORGANIZER:mailto:desk@example.com
ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Okoro; Ben\":mailto:BEN@example.com";

#[test]
fn d5_a_table_of_bookings_books_and_a_cancellation_counts_from_its_time() {
    for (cancelled, after) in [("resume", "due"), ("keep", "booked")] {
        let desk = desk(&format!("{CONFIG}[stop]\ncancelled = \"{cancelled}\"\n"));
        assert_eq!(reason(&desk, "ana"), "due");
        let booked = table(
            "1,+525512345678,,2026-03-06T17:00:00Z,2026-03-02T16:30:00Z,Confirmed,\n\
             2,,BEN@example.com,2026-03-06T18:00:00Z,2026-03-02T15:00:00Z,no-show,\n",
        );
        let seen = import_as_of(&desk, "bookings.csv", &booked, "2026-03-02T17:00:00Z");
        assert!(seen.contains("2 new appointments"), "{seen}");
        assert_eq!(reason(&desk, "ana"), "booked");
        assert_eq!(
            plan(&desk, "ana")["because"][0]["starts_at"],
            "2026-03-06T17:00:00Z"
        );
        // Ben wrote after that one was made.
        assert_eq!(reason(&desk, "ben"), "due");
        let panel = desk.run(&["show", "ana", NOW]);
        assert!(
            panel.contains("appointment Fri 11:00, made 10:30 (appointments)"),
            "{panel}"
        );
        let off = table(
            "1,+525512345678,,2026-03-06T17:00:00Z,2026-03-02T16:30:00Z,canceled,2026-03-02T17:30:00Z\n",
        );
        let seen = import_as_of(&desk, "bookings.csv", &off, "2026-03-02T17:35:00Z");
        assert!(seen.contains("1 changed"), "{seen}");
        assert_eq!(reason(&desk, "ana"), after);
        if after == "due" {
            // Ten minutes after it was called off, not after our message.
            assert_eq!(plan(&desk, "ana")["due_at"], "2026-03-02T17:40:00Z");
        }
        // The same again changes nothing; made again, it is booked again.
        let again = format!("{off}\n");
        let seen = import_as_of(&desk, "bookings.csv", &again, "2026-03-02T17:40:00Z");
        assert!(seen.contains("nothing in it"), "{seen}");
        import_as_of(&desk, "bookings.csv", &booked, "2026-03-02T17:50:00Z");
        assert_eq!(reason(&desk, "ana"), "booked");
    }
}

#[test]
fn d5_another_appointment_that_stands_keeps_a_contact_booked() {
    let desk = desk(CONFIG);
    let rows = table(
        "1,+525512345678,,2026-03-06T17:00:00Z,2026-03-02T16:30:00Z,cancelled,2026-03-02T17:30:00Z\n\
         2,+525512345678,,2026-03-09T17:00:00Z,2026-03-02T17:20:00Z,booked,\n",
    );
    import(&desk, "bookings.csv", &rows);
    assert_eq!(reason(&desk, "ana"), "booked");
}

#[test]
fn a_calendar_books_by_attendee_and_by_a_number_in_its_text_whichever_comes_first() {
    let text = calendar(&[ANAS, BENS]);
    let after = desk(CONFIG);
    let seen = import(&after, "shop.ics", &text);
    assert!(seen.contains("2 new appointments"), "{seen}");
    let before = Desk::empty();
    before.write("followup.toml", CONFIG);
    import(&before, "shop.ics", &text);
    import(&before, "chats.csv", CHATS);
    for desk in [&after, &before] {
        assert_eq!(
            (reason(desk, "ana"), reason(desk, "ben")),
            ("booked".into(), "booked".into())
        );
        assert_eq!(
            plan(desk, "ana")["because"][0]["starts_at"],
            "2026-03-06T17:00:00Z"
        );
    }
    let again = import(&after, "shop.ics", &format!("{text}\r\n"));
    assert!(again.contains("nothing in it"), "{again}");
}

#[test]
fn what_is_gone_from_a_whole_calendar_and_still_to_come_is_called_off() {
    let desk = desk(CONFIG);
    import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[ANAS, BENS]),
        "2026-03-02T17:00:00Z",
    );
    assert_eq!(reason(&desk, "ana"), "booked");
    let seen = import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[BENS]),
        "2026-03-02T17:30:00Z",
    );
    assert!(seen.contains("1 gone and called off"), "{seen}");
    assert_eq!(
        (reason(&desk, "ana"), reason(&desk, "ben")),
        ("due".into(), "booked".into())
    );
    // An older export brings nothing back; a newer one does.
    import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[BENS, ANAS]),
        "2026-03-02T17:10:00Z",
    );
    assert_eq!(reason(&desk, "ana"), "due");
    import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[ANAS, BENS]),
        "2026-03-02T17:40:00Z",
    );
    assert_eq!(reason(&desk, "ana"), "booked");
}

#[test]
fn a_calendar_that_is_cut_off_or_none_calls_nothing_off() {
    let desk = desk(CONFIG);
    import(&desk, "shop.ics", &calendar(&[ANAS, BENS]));
    let whole = calendar(&[BENS]);
    let deep = "BEGIN:VCALENDAR\n".to_owned() + &"BEGIN:VALARM\n".repeat(10_000);
    let cut = [&whole[..whole.len() - 20], "<html>log in</html>", &deep, ""];
    for text in cut {
        let seen = import(&desk, "shop.ics", text);
        assert!(seen.contains("[exit 65]"), "{seen}");
        assert_eq!(reason(&desk, "ana"), "booked");
    }
    // One without events is whole, and yet tells nothing.
    import(&desk, "shop.ics", &calendar(&[]));
    assert_eq!(reason(&desk, "ana"), "booked");
    // A bad event is named, and keeps the others from being called off.
    let seen = import(
        &desk,
        "shop.ics",
        &calendar(&["UID:9@shop\nDTSTART:soon", BENS]),
    );
    assert!(seen.contains("shop.ics:3: DTSTART"), "{seen}");
    assert_eq!(reason(&desk, "ana"), "booked");
}

#[test]
fn one_of_a_series_that_is_called_off_leaves_the_series() {
    let desk = desk(CONFIG);
    let series = format!("{ANAS}\nRRULE:FREQ=WEEKLY");
    let one = ANAS.replace(
        "SUMMARY",
        "RECURRENCE-ID:20260313T170000Z\nSTATUS:CANCELLED\nSUMMARY",
    );
    import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[&series, &one]),
        "2026-03-02T17:00:00Z",
    );
    assert_eq!(reason(&desk, "ana"), "booked");
    let all = series.replace(
        "SUMMARY",
        "LAST-MODIFIED:20260302T173000Z\nSTATUS:CANCELLED\nSUMMARY",
    );
    import_as_of(
        &desk,
        "shop.ics",
        &calendar(&[&all, &one]),
        "2026-03-02T17:40:00Z",
    );
    assert_eq!(reason(&desk, "ana"), "due");
}

/// As Calendly and Acuity export them: their names of columns, times of twelve hours, a column that says "Canceled".
#[test]
fn d5_tables_of_scheduling_tools_are_read_as_they_are() {
    let calendly = "User Name,Team,Invitee Name,Invitee Email,Invitee Time Zone,Text Reminder Number,Event Type Name,\
        Start Date & Time,End Date & Time,Event Created Date & Time,Canceled,Canceled By,Marked as No-Show,Event UUID\n\
        Desk,,Ana Ruiz,ana@example.org,Central Time - US & Canada,+52 55 1234 5678,Cut,\
        2026-03-06 11:00 am,2026-03-06 11:30 am,2026-03-02 10:30 am,false,,No,u1\n\
        Desk,,Ben,ben@example.com,Central Time - US & Canada,,Cut,\
        2026-03-06 01:00 pm,2026-03-06 01:30 pm,2026-03-02 10:31 am,true,Ben,No,u2\n";
    let acuity = "Start Time,End Time,First Name,Last Name,Phone,Email,Type,Calendar,Date Scheduled,Appointment ID\n\
        \"March 6, 2026 11:00 am\",\"March 6, 2026 11:30 am\",Ana,Ruiz,'+525512345678,,Cut,Desk,2026-03-02,9001\n";
    let path = "path = \"bookings.csv\"\n";
    let zoned = CONFIG.replace(path, &format!("{path}timezone = \"America/Mexico_City\"\n"));
    for (table, appointments) in [
        (calendly, "2 new appointments"),
        (acuity, "1 new appointment"),
    ] {
        let desk = desk(&zoned);
        let seen = import_as_of(&desk, "bookings.csv", table, "2026-03-02T17:00:00Z");
        assert!(
            seen.contains(appointments) && !seen.contains("left out"),
            "{seen}"
        );
        assert_eq!(
            (reason(&desk, "ana"), reason(&desk, "ben")),
            ("booked".into(), "due".into())
        );
    }
    // What they are is told where they are taken for something else.
    let desk = desk(CONFIG);
    let seen = import(&desk, "other.csv", calendly);
    assert!(seen.contains("--format bookings"), "{seen}");
}

#[test]
fn a_claim_that_no_source_bears_out_is_unconfirmed() {
    let desk = desk(CONFIG);
    let confirmed = |desk: &Desk| plan(desk, "cleo")["because"][0]["confirmed"].clone();
    assert_eq!(
        (reason(&desk, "cleo"), confirmed(&desk)),
        ("booked".into(), false.into())
    );
    let panel = desk.run(&["show", "cleo", NOW]);
    assert!(panel.contains("unconfirmed"), "{panel}");
    let status = desk.run(&["status", NOW]);
    assert!(status.contains("says that they booked"), "{status}");
    assert!(status.contains("Held        none"), "{status}");
    let row = "7,+5215500000003,,2026-03-06T17:00:00Z,2026-03-02T15:58:00Z,booked,\n";
    import(&desk, "bookings.csv", &table(row));
    assert_eq!(
        (reason(&desk, "cleo"), confirmed(&desk)),
        ("booked".into(), true.into())
    );
    let status = desk.run(&["status", NOW]);
    assert!(status.contains("nothing needs a person"), "{status}");
    // Without a source of bookings nothing is doubted.
    let plain = CONFIG.split("[[sources]]").next().unwrap();
    let plain = self::desk(plain);
    assert_eq!(confirmed(&plain), Value::Null);
}

/// A calendar's ids are the same wherever it is read: a file given by hand and the source that has it tell of one.
#[test]
fn a_calendar_that_was_given_by_hand_and_its_source_have_the_same_appointments() {
    let event = ANAS.replacen("UID:", "UID:4f1c2b9e-0001-", 1);
    let of_ana = |desk: &Desk| {
        let shown = desk
            .command(80, &["show", "ana", "--json", NOW])
            .output()
            .unwrap();
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        shown["bookings"].as_array().unwrap().clone()
    };
    for first in ["by_hand.ics", "shop.ics"] {
        let desk = desk(CONFIG);
        let second = if first == "shop.ics" {
            "by_hand.ics"
        } else {
            "shop.ics"
        };
        import_as_of(
            &desk,
            first,
            &calendar(&[&event, BENS]),
            "2026-03-02T17:00:00Z",
        );
        import_as_of(
            &desk,
            second,
            &calendar(&[&event, BENS]),
            "2026-03-02T17:10:00Z",
        );
        let found = of_ana(&desk);
        assert_eq!(found.len(), 1, "{first}: {found:?}");
        assert_eq!(found[0]["source"], "calendar", "{first}");
        // What the source has no longer is called off, whoever told of it.
        import_as_of(
            &desk,
            "shop.ics",
            &calendar(&[BENS]),
            "2026-03-02T17:30:00Z",
        );
        assert_eq!(of_ana(&desk)[0]["status"], "cancelled", "{first}");
    }
}

#[test]
fn who_is_forgotten_is_forgotten_with_their_appointments() {
    let desk = desk(CONFIG);
    import(&desk, "shop.ics", &calendar(&[ANAS]));
    desk.run(&["forget", "ana", "--yes", NOW]);
    let seen = import(&desk, "shop.ics", &calendar(&[ANAS, BENS]));
    assert!(
        seen.contains("1 new appointment") && !seen.contains("2 new"),
        "{seen}"
    );
}

#[test]
fn a_table_without_anybody_and_rows_without_anybody_are_refused() {
    let desk = desk(CONFIG);
    let seen = import(
        &desk,
        "bookings.csv",
        "id,starts_at\n1,2026-03-06T17:00:00Z\n",
    );
    assert!(
        seen.contains("none of contact_id, phone and email"),
        "{seen}"
    );
    let rows = table(
        "1,,,2026-03-06T17:00:00Z,,booked,\n\
         2,+525512345678,,tomorrow,,booked,\n\
         3,+525512345678,,2026-03-06T17:00:00Z,,vielleicht,\n\
         4,+525512345678,,2026-03-06T17:00:00Z,,booked,\n",
    );
    let seen = import(&desk, "bookings.csv", &rows);
    for words in [
        "bookings.csv:2: the row has neither",
        "bookings.csv:3: starts_at",
        "bookings.csv:4: status",
    ] {
        assert!(seen.contains(words), "{seen}");
    }
    assert!(
        seen.contains("1 new appointment, 3 rows left out"),
        "{seen}"
    );
}

#[test]
fn a_table_of_bookings_is_not_taken_for_contacts_nor_messages_for_bookings() {
    let desk = desk(CONFIG);
    let table = "contact_id,phone,starts_at\nana,55 1234 5678,2026-03-04T10:00:00Z\n";
    let seen = import(&desk, "agenda.csv", table);
    assert!(
        seen.contains("this is a table of bookings; import it with --format bookings"),
        "{seen}"
    );
    assert!(seen.contains("[exit 65]"), "{seen}");
    let seen = desk.run(&["import", "chats.csv", "--format=bookings", NOW]);
    assert!(seen.contains("this is a file of messages"), "{seen}");
    assert!(seen.contains("[exit 65]"), "{seen}");
}
