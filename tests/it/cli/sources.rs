//! Exports of platforms, all the way into the plan: what they say of contacts counts, what is cut off leaves nothing.

use std::fs;
use std::path::Path;

use super::Desk;

const NOW: &str = "--now=2026-03-02T10:30:00Z";

fn desk(source: &str) -> Desk {
    let desk = Desk::empty();
    desk.write(
        "followup.toml",
        &format!(
            "[bot]\ntimezone = \"UTC\"\n[scenarios.stopped_responding]\nsteps = [{{ after = \"5m\" }}]\n\
             [limits]\nfresh_for = \"off\"\n[channels.sms.outbox]\n[channels.whatsapp.outbox]\n\
             [channels.facebook.outbox]\n[channels.email.outbox]\n{source}"
        ),
    );
    desk
}

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    fs::read(path.join(name)).unwrap()
}

/// The reason of the decision about a contact.
fn reason(desk: &Desk, contact: &str) -> String {
    let plan = desk.run(&["plan", "--all", "--json", NOW]);
    let line = plan
        .lines()
        .find(|l| l.contains(&format!("\"contact_id\":\"{contact}\"")));
    let line: serde_json::Value = serde_json::from_str(line.unwrap_or("{}")).unwrap();
    line["reason"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn d3_d5_highlevels_bookings_and_do_not_disturb_count_whichever_file_comes_first() {
    for order in [
        ["messages.json", "contacts.json"],
        ["contacts.json", "messages.json"],
    ] {
        let desk = desk("");
        for name in order {
            fs::write(desk.path(name), sample(&format!("highlevel/{name}"))).unwrap();
            let told = desk.run(&["import", name, "--as-of=2026-03-02T10:20:00Z", NOW]);
            assert!(told.contains("[exit 65]"), "{told}");
        }
        assert_eq!(reason(&desk, "c1"), "booked");
        assert_eq!(reason(&desk, "c2"), "opted_out", "do not disturb by SMS");
        assert_eq!(reason(&desk, "c4"), "never_wrote");
        let contacts = desk.run(&["export", "contacts", "--format=jsonl"]);
        let opted_out = |id: &str| {
            let line = contacts
                .lines()
                .find(|l| l.contains(&format!("\"contact_id\":\"{id}\"")));
            line.is_some_and(|l| l.contains("opt_out"))
        };
        let all: Vec<_> = ["c1", "c2", "c3", "c4", "c5"]
            .into_iter()
            .filter(|id| opted_out(id))
            .collect();
        assert_eq!(all, ["c2", "c3", "c4"], "{contacts}");
        assert!(contacts.contains("America/New_York"), "{contacts}");
        // Said again it is the same word.
        desk.run(&[
            "import",
            "contacts.json",
            "--as-of=2026-03-02T10:29:00Z",
            NOW,
        ]);
        let again = desk.run(&["export", "contacts", "--format=jsonl"]);
        assert_eq!(
            again.matches("opt_out").count(),
            contacts.matches("opt_out").count()
        );
    }
}

#[test]
fn x4_an_opt_out_that_twilio_knows_of_is_the_contacts() {
    let desk = desk("");
    let from_them = "+15550102,+15550199,Hi,received,2026-03-02T08:00:00Z,,,,,SM0,inbound,,\n";
    let text = String::from_utf8(sample("twilio/console.csv")).unwrap();
    let header = text.lines().next().unwrap();
    let refused = "+15550199,+15550102,Still there?,undelivered,2026-03-02T08:01:00Z,,,21610,,SM1,outbound-api,,\n";
    desk.write("log.csv", &format!("{header}\n{from_them}"));
    assert!(
        desk.run(&["import", "log.csv", NOW])
            .contains("1 new message")
    );
    assert_eq!(reason(&desk, "+15550102"), "awaiting_us");
    desk.write("log.csv", &format!("{header}\n{from_them}{refused}"));
    let told = desk.run(&["import", "log.csv", NOW]);
    assert!(
        told.contains("1 new message") && told.contains("1 known already"),
        "{told}"
    );
    assert_eq!(reason(&desk, "+15550102"), "opted_out");
}

#[test]
fn a_longer_export_without_ids_adds_only_what_is_new() {
    let desk = desk(
        "[[sources]]\nname = \"fb\"\npath = \"chat.json\"\nformat = \"messenger\"\nus = [\"Desk\"]\n",
    );
    let chat = |messages: &[&str]| {
        format!(
            "{{\"participants\":[{{\"name\":\"Ana\"}},{{\"name\":\"Desk\"}}],\"messages\":[{}],\"title\":\"Ana\",\"thread_path\":\"inbox/ana_1\"}}",
            messages.join(",")
        )
    };
    let say = |who: &str, at: u64, text: &str| {
        format!("{{\"sender_name\":\"{who}\",\"timestamp_ms\":{at},\"content\":\"{text}\"}}")
    };
    let (first, twice) = (
        say("Ana", 1_772_442_000_000, "Hi"),
        say("Ana", 1_772_442_001_000, "?"),
    );
    let answer = say("Desk", 1_772_442_060_000, "Hello");
    desk.write("chat.json", &chat(&[&twice, &twice, &first]));
    assert!(
        desk.run(&["import", "chat.json", NOW])
            .contains("3 new messages")
    );
    desk.write("chat.json", &chat(&[&answer, &twice, &twice, &first]));
    let told = desk.run(&["import", "chat.json", NOW]);
    assert!(told.contains("1 new message, 3 known already"), "{told}");
    assert_eq!(reason(&desk, "ana_1"), "due");
}

#[test]
fn d11_messages_of_the_future_are_pointed_out_and_those_of_a_clock_that_runs_fast_are_not() {
    let desk = desk("");
    let file = |name: &str, times: &[&str]| {
        let rows = times.iter().enumerate();
        let rows = rows.map(|(n, at)| format!("c{n},sms,in,2026-03-02T{at}Z,STOP\n"));
        let header = "contact_id,channel,direction,sent_at,text\n".to_owned();
        desk.write(name, &(header + &rows.collect::<String>()));
        desk.run(&["import", name, NOW, "--quiet"])
    };
    let told = file("wrong.csv", &["10:29:00", "13:00:00", "16:00:00"]);
    let warning = "wrong.csv: 2 messages are dated after now, the last 2026-03-02T16:00:00Z";
    assert!(told.contains(warning), "{told}");
    assert!(told.contains("[exit 0]"), "{told}");
    let told = file("right.csv", &["10:30:00", "10:31:30"]);
    assert!(!told.contains("dated after now"), "{told}");
}

#[test]
fn s15_a_document_that_is_cut_off_leaves_nothing_behind() {
    let desk = desk("");
    // More than a batch, so that something would be stored before the end is seen.
    let mut text = String::from("{\"messages\":[");
    for n in 0..20_000 {
        text.push_str(&format!(
            "{{\"sid\":\"SM{n}\",\"account_sid\":\"AC\",\"direction\":\"inbound\",\"from\":\"+1555{n:07}\",\"to\":\"+1\",\"body\":\"hi\",\"date_sent\":\"Mon, 02 Mar 2026 09:00:00 +0000\"}},"
        ));
    }
    desk.write("cut.json", &text);
    let told = desk.run(&["import", "cut.json", NOW]);
    assert!(
        told.contains("[exit 65]") && told.contains("nothing of the file is kept"),
        "{told}"
    );
    assert_eq!(
        desk.run(&["export", "contacts", "--format=jsonl"])
            .lines()
            .filter(|l| l.starts_with('{'))
            .count(),
        0
    );
    text.pop();
    text.push_str("]}");
    desk.write("cut.json", &text);
    let told = desk.run(&["import", "cut.json", NOW]);
    assert!(
        told.contains("20,000 new messages") || told.contains("20000 new messages"),
        "{told}"
    );
}

#[test]
fn a_maildir_is_a_source_and_read_again_only_when_mail_came() {
    let desk =
        desk("[[sources]]\nname = \"desk\"\npath = \"Maildir\"\nus = [\"desk@clinic.example\"]\n");
    for folder in ["cur", "new", "tmp"] {
        fs::create_dir_all(desk.path("Maildir").join(folder)).unwrap();
    }
    let mail = "From: ben@example.com\nTo: desk@clinic.example\nDate: Mon, 02 Mar 2026 09:20:00 +0000\nMessage-ID: <m1@example.com>\n\nWhere is the key?\n";
    desk.write("Maildir/new/1.host", mail);
    let told = desk.run(&["import", "Maildir", NOW]);
    assert!(told.contains("1 new message"), "{told}");
    let told = desk.run(&["import", "Maildir", NOW]);
    assert!(told.contains("unchanged since the last import"), "{told}");
    desk.write("Maildir/new/2.host", &mail.replace("m1@", "m2@"));
    let told = desk.run(&["import", "Maildir", NOW]);
    assert!(told.contains("1 new message, 1 known already"), "{told}");
}
