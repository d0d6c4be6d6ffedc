//! Exports of platforms: every sample with each message at its instant, side and person; what is damaged or hostile.

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use followup::config::Format;
use followup::import::{
    Opened, ReadError, Record, Records, SourceSettings, Tells, open, open_stream,
};
use followup::zone::Zone;

/// A sample, and who we are in it.
pub(crate) const SAMPLES: &[(&str, &[&str])] = &[
    ("messenger/message_1.json", &["Clínica Sol"]),
    ("instagram/message_1.json", &["salon nube"]),
    ("instagram/encrypted.json", &["Salón"]),
    ("telegram/all.json", &[]),
    ("telegram/old.json", &[]),
    ("telegram/group.json", &["Desk"]),
    ("twilio/api.json", &[]),
    ("twilio/console.csv", &[]),
    ("highlevel/messages.json", &[]),
    ("highlevel/contacts.json", &[]),
    ("highlevel/contacts.csv", &[]),
    ("chatwoot/messages.json", &[]),
    ("chatwoot/webhooks.jsonl", &[]),
    ("chatwoot/conversations.json", &[]),
    ("intercom/conversations.json", &[]),
    ("whatsapp_cloud/spool.jsonl", &[]),
    (
        "email/inbox.mbox",
        &["desk@clinic.example", "@clinic.example"],
    ),
    ("email/Maildir", &["desk@clinic.example"]),
    ("signal/chat.txt", &["Desk"]),
    ("sms_backup/sms.xml", &[]),
];

/// Other layouts that the same readers meet.
const LAYOUTS: &[(&str, &[&str])] = &[
    ("signal/Ana Ruiz/chat.md", &["Me"]),
    ("signal/Bea Gil/data.json", &[]),
    ("signal/main.jsonl", &[]),
    ("sms_backup/calls.xml", &[]),
    ("signal/Ana (+15550100).json", &[]),
    ("chatwoot/whatsapp.json", &[]),
    ("messenger/service_lines.json", &["Desk"]),
    ("messenger/Ana_3.json", &["Desk"]),
    ("instagram/messages.json", &["salon.nube"]),
    ("telegram/groups.json", &["Desk"]),
    ("twilio/library.json", &[]),
    ("twilio/conversations.json", &[]),
    ("twilio/log.csv", &[]),
    ("highlevel/webhooks.jsonl", &[]),
    ("highlevel/view.csv", &[]),
    ("chatwoot/spool.jsonl", &[]),
    ("chatwoot/conversation.json", &[]),
    ("intercom/old.json", &[]),
    ("intercom/webhooks.jsonl", &[]),
    ("whatsapp_cloud/wrapped.jsonl", &[]),
    (
        "email/forms.mbox",
        &["desk@clinic.example", "@clinic.example"],
    ),
    ("intercom/reopened.json", &[]),
    ("whatsapp_cloud/history.jsonl", &[]),
    ("email/takeout.mbox", &["desk@clinic.example"]),
    ("whatsapp/ios_ar.txt", &["عيادة"]),
    ("whatsapp/ios_ru.txt", &["Студия"]),
    ("whatsapp/android_id.txt", &["Klinik"]),
    ("whatsapp/android_zh_tw.txt", &["診所"]),
    ("whatsapp/android_th.txt", &["คลินิก"]),
    ("whatsapp/android_vi.txt", &["Shop"]),
    ("whatsapp/android_in.txt", &["Desk"]),
    ("whatsapp/web_copy.txt", &["Desk"]),
    ("whatsapp/ios_number.txt", &["Desk"]),
    ("whatsapp/ios_2014.txt", &["Clínica Sol"]),
    ("whatsapp/android_calls.txt", &["Desk"]),
    ("whatsapp/no_marks.txt", &["Salon"]),
];

pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/exports")
        .join(name)
}

pub(crate) fn settings(name: &str, us: &[&str]) -> SourceSettings {
    let zoned = ["telegram/old", "signal", "whatsapp/"];
    let zoned = zoned.iter().any(|beginning| name.starts_with(beginning));
    SourceSettings {
        us: us.iter().map(|name| (*name).to_owned()).collect(),
        timezone: Zone::named("Europe/Madrid").filter(|_| zoned),
        ..SourceSettings::default()
    }
}

/// A record in one line.
fn shown(r: &Record<'_>) -> String {
    let mut out = format!(
        "{} {} {} {} {} {:?}",
        r.line,
        r.contact_id,
        r.channel,
        r.author,
        r.sent_at
            .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        r.text
    );
    for (name, value) in [
        ("id", &r.message_id),
        ("conversation", &r.conversation_id),
        ("status", &r.status),
        ("name", &r.name),
        ("phone", &r.phone),
        ("email", &r.email),
        ("address", &r.address),
    ] {
        if let Some(value) = value {
            out.push_str(&format!(" {name}={value}"));
        }
    }
    for (mark, is_set) in [("automatic", r.automatic), ("ad_click", r.ad_click)] {
        if is_set {
            out.push_str(&format!(" {mark}"));
        }
    }
    match &r.tells {
        Tells::Message => {}
        other => out.push_str(&format!(" {other:?}")),
    }
    out
}

/// What an export has, a line each; rows that tell nothing are left out.
pub(crate) fn rows(opened: Opened) -> Vec<String> {
    let mut out = Vec::new();
    match opened.records {
        Records::Messages(mut reader) => {
            while let Some(row) = reader.read() {
                match row {
                    Ok(r) if r.tells == Tells::Nothing => {}
                    Ok(r) => out.push(shown(&r)),
                    Err(ReadError::Row(e)) => out.push(format!("✗ {e}")),
                    Err(e) => {
                        out.push(format!("✗✗ {e}"));
                        break;
                    }
                }
            }
        }
        Records::Contacts(contacts) => {
            for row in contacts {
                out.push(row.map_or_else(
                    |e| format!("✗ {e}"),
                    |c| {
                        let opted_out = c.opted_out.unwrap_or_default();
                        format!("{} {:?} {opted_out}", c.line, c.contact)
                    },
                ));
            }
        }
        Records::FollowUps(_) => out.push("follow-ups".to_owned()),
        #[expect(unreachable_patterns, reason = "what others add is no message")]
        _ => out.push("something else".to_owned()),
    }
    out
}

pub(crate) fn refused(result: Result<Opened, ReadError>) -> String {
    match result {
        Err(ReadError::File(reason)) => reason,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn every_format_is_found_by_its_content_and_read_whole() {
    for (name, us) in SAMPLES.iter().chain(LAYOUTS) {
        let opened = open(&sample(name), &settings(name, us)).unwrap();
        let told = rows(opened).join("\n");
        let snapshot = format!(
            "format_{}",
            name.replace(['/', '.', ' ', '(', ')', '+'], "_")
        );
        insta::assert_snapshot!(snapshot, told);
    }
}

#[test]
fn a_stream_is_read_like_a_file() {
    for (name, us) in SAMPLES.iter().chain(LAYOUTS) {
        let path = sample(name);
        let by_name = ["messenger", "instagram", "signal/Ana Ruiz", "signal/Bea"];
        if path.is_dir() || by_name.iter().any(|begin| name.starts_with(begin)) {
            continue; // a folder is no stream; which of Meta's it is, or Signal's, only the name tells
        }
        let settings = settings(name, us);
        let from_file = rows(open(&path, &settings).unwrap());
        let bytes = fs::read(&path).unwrap();
        let from_stream = rows(open_stream(Cursor::new(bytes), &settings).unwrap());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name_of_file = format!(" conversation={stem}");
        let without_names = |rows: Vec<String>| -> Vec<String> {
            rows.iter().map(|r| r.replace(&name_of_file, "")).collect()
        };
        assert_eq!(
            without_names(from_stream),
            without_names(from_file),
            "{name}"
        );
    }
}

#[test]
fn a_format_that_is_named_is_read_as_such() {
    for (name, us) in SAMPLES.iter().chain(LAYOUTS) {
        let format = match name.split('/').next().unwrap() {
            "email" if name.ends_with("mbox") => Format::Mbox,
            "email" => Format::Maildir,
            other => other.parse().unwrap(),
        };
        let mut settings = settings(name, us);
        let found = rows(open(&sample(name), &settings).unwrap());
        settings.format = Some(format);
        assert_eq!(
            rows(open(&sample(name), &settings).unwrap()),
            found,
            "{name}"
        );
    }
}

fn map(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn a_list_of_nested_objects_is_read_by_a_map_of_paths() {
    let settings = SourceSettings {
        columns: map(&[
            ("contact_id", "who.id"),
            ("phone", "who.contact.phone"),
            ("channel", "via"),
            ("direction", "dir"),
            ("sent_at", "when"),
            ("text", "body.text"),
        ]),
        values: [(
            "direction".to_owned(),
            map(&[("from_customer", "inbound"), ("to_customer", "outbound")]),
        )]
        .into(),
        ..SourceSettings::default()
    };
    let found = rows(open(&sample("generic/list.json"), &settings).unwrap());
    assert_eq!(
        found[..2],
        [
            r#"1 7 sms contact 2026-03-02T09:00:00Z "Is there a slot?" phone=+15550100"#,
            r#"2 7 sms bot 2026-03-02T09:01:00Z "Yes""#,
        ]
    );
    assert!(
        found[2].starts_with("✗ line 4: [2]: direction: \"up\" is neither"),
        "{found:?}"
    );
}

#[test]
fn the_list_of_an_answer_and_objects_on_several_lines_are_read_by_a_map_too() {
    let settings = SourceSettings {
        columns: map(&[
            ("contact_id", "from.0.id"),
            ("direction", "from_me"),
            ("sent_at", "ts"),
            ("text", "msg.text"),
        ]),
        values: [(
            "direction".to_owned(),
            map(&[("true", "outbound"), ("false", "inbound")]),
        )]
        .into(),
        channel: Some(followup::model::Channel::Whatsapp),
        ..SourceSettings::default()
    };
    let rows_of = |text: &str| {
        let input = Cursor::new(text.as_bytes().to_vec());
        rows(open_stream(input, &settings).unwrap())
    };
    let first =
        r#"{"from":[{"id":7},{"id":8}],"from_me":false,"ts":1772442000,"msg":{"text":"hi"}}"#;
    let second = r#"{"from":[{"id":7}],"from_me":true,"ts":1772442060.5,"msg":{"text":"yes"}}"#;
    let told = |lines: [u32; 2]| {
        [
            format!(
                "{} 7 whatsapp contact 2026-03-02T09:00:00Z \"hi\"",
                lines[0]
            ),
            format!(
                "{} 7 whatsapp bot 2026-03-02T09:01:00.500Z \"yes\"",
                lines[1]
            ),
        ]
    };
    for text in [
        format!("{first}\n{second}\n"),
        format!("[{first},\n{second}]"),
        format!("{{\"total\": 2, \"data\": [{first},{second}]}}"),
        format!("{{\n  \"data\": {{\"items\": [{first},\n{second}]}}\n}}"),
        format!(
            "{}\n{}",
            first.replace("{\"from\"", "{\n\"from\""),
            second.replace("{\"from\"", "{\n\"from\"")
        ),
    ] {
        assert_eq!(rows_of(&text), told([1, 2]), "{text}");
    }
}

#[test]
fn what_tells_no_messages_of_people_is_refused_with_what_to_do() {
    for (text, words) in [
        (
            r#"{"conversations":[{"id":"v1","contactId":"c1","locationId":"L","lastMessageBody":"hi","lastMessageType":"TYPE_SMS"}]}"#,
            "HighLevel's list of conversations",
        ),
        (
            "From ana at example.com  Mon Mar  2 09:00:00 2026\nFrom: ana at example.com (Ana)\nSubject: x\n\nhi\n",
            "the public archive of a mailing list",
        ),
    ] {
        let input = Cursor::new(text.as_bytes().to_vec());
        let reason = refused(open_stream(input, &SourceSettings::default()));
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn json_of_another_kind_is_refused_and_an_empty_list_is_not() {
    let read = |format: Format, json: &'static str| {
        let settings = SourceSettings {
            format: Some(format),
            us: vec!["Sol".to_owned()],
            ..SourceSettings::default()
        };
        let opened = open_stream(Cursor::new(json), &settings);
        opened.map_or_else(|e| vec![e.to_string()], rows)
    };
    for (format, json, keys) in [
        (
            Format::Telegram,
            r#"{"rows": [1]}"#,
            "(messages, contacts, chats",
        ),
        (Format::Messenger, "{}", "(messages, conversation)"),
    ] {
        let told = read(format, json).concat();
        assert!(told.contains(keys), "{json}: {told}");
    }
    for (format, json) in [
        (Format::Telegram, r#"{"messages": []}"#),
        (Format::Messenger, r#"{"messages": []}"#),
        (Format::Highlevel, r#"{"messages": [], "total": 0}"#),
        (Format::Highlevel, r#"{"contacts": []}"#),
        (Format::Intercom, "[]"),
        (Format::Twilio, r#"{"messages": []}"#),
    ] {
        assert_eq!(read(format, json), [""; 0], "{json}");
    }
}

#[test]
fn s15_bodies_that_lie_in_one_another_without_end_are_refused() {
    let heads = [
        r#""entry":0,"object":"whatsapp_business_account""#,
        r#""conversation_parts":0"#,
        r#""message_type_":0,"message_type":null,"private":null"#,
        r#""locationId":0,"contactId":0"#,
    ];
    for head in heads {
        let mut row = "{}".to_owned();
        for n in 0..200 {
            row = if n % 20 == 19 && row.len() < 1 << 20 {
                format!("{{\"body\":{}}}", serde_json::to_string(&row).unwrap())
            } else if n % 20 < 15 {
                format!("{{\"body\":{row}}}")
            } else {
                row
            };
        }
        let text = format!("{{\"a\":{{{head}}},\"body\":{row}}}\n{{\"a\":{{{head}}}}}\n");
        let told =
            rows(open_stream(Cursor::new(text.into_bytes()), &SourceSettings::default()).unwrap());
        assert!(told.iter().all(|row| row.starts_with('✗')), "{told:?}");
    }
}

#[test]
fn mail_of_apples_is_read_from_its_folder_and_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let email = "From: ana@example.com\nTo: desk@clinic.example\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nhi\n";
    let inbox = folder.path().join("Inbox.mbox");
    fs::create_dir(&inbox).unwrap();
    let separator = "From ana@example.com Mon Mar  2 09:00:00 2026\n";
    fs::write(inbox.join("mbox"), format!("{separator}{email}\n")).unwrap();
    let single = folder.path().join("1.emlx");
    let plist = "<?xml version=\"1.0\"?><plist></plist>\n";
    fs::write(&single, format!("{}\n{email}{plist}", email.len())).unwrap();
    for path in [inbox, single] {
        let told = rows(open(&path, &settings("", &["desk@clinic.example"])).unwrap());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("2026-03-02T09:00:00Z \"hi\""), "{told:?}");
    }
}

#[test]
fn who_we_are_is_asked_for_with_the_names_that_were_seen() {
    for (name, words) in [
        (
            "messenger/message_1.json",
            "\"Clara Nuñez\" (7), \"Clínica Sol\" (2)",
        ),
        (
            "telegram/group.json",
            "\"Desk\" (2), \"Ana\" (1), \"Ben\" (1)",
        ),
        ("email/inbox.mbox", "\"ana@example.com\" (4)"),
        ("email/Maildir", "\"ben@example.com\" (1)"),
    ] {
        let reason = refused(open(&sample(name), &settings(name, &[])));
        assert!(
            reason.contains("set `us` on the source (or --us) to"),
            "{reason}"
        );
        assert!(reason.contains(words), "{name}: {reason}");
    }
    let name = "messenger/message_1.json";
    let reason = refused(open(&sample(name), &settings(name, &["Clinica"])));
    assert!(
        reason.contains(
            "none of the names in `us` (or --us) is in this chat; in it are \"Clara Nuñez\""
        ),
        "{reason}"
    );
}

pub(crate) fn archive(entries: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("facebook-ana.zip")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    folder
}

#[test]
fn an_archive_of_chats_is_read_whole_or_not_at_all() {
    let chat = fs::read(sample("messenger/message_1.json")).unwrap();
    let other = String::from_utf8(chat.clone())
        .unwrap()
        .replace("claranunez_1234567890", "claranunez_9")
        .replace(r#""soon""#, "1772444200000");
    let inbox = "your_facebook_activity/messages/inbox";
    let folder = archive(&[
        (
            &format!("{inbox}/claranunez_1234567890/message_1.json"),
            &chat,
        ),
        (
            &format!("{inbox}/claranunez_9/message_1.json"),
            other.as_bytes(),
        ),
        (
            "your_facebook_activity/messages/autofill_information.json",
            b"{",
        ),
        ("../../etc/message_x.json", b"{"),
        ("photos/1.jpg", b"\xff\xd8"),
    ]);
    let zip = folder.path().join("facebook-ana.zip");
    let told = rows(open(&zip, &settings("", &["Clínica Sol"])).unwrap());
    let of = |id: &str| {
        told.iter()
            .filter(|r| r.contains(&format!(" {id} ")))
            .count()
    };
    assert_eq!(
        (of("claranunez_1234567890"), of("claranunez_9")),
        (6, 7),
        "{told:#?}"
    );
    let bad: Vec<_> = told.iter().filter(|r| r.starts_with('✗')).collect();
    assert_eq!(
        bad,
        [&format!(
            "✗ line 12: {inbox}/claranunez_1234567890/message_1.json: messages[8]: timestamp_ms: \"soon\" is not a time in milliseconds since 1970"
        )]
    );

    let cut = &chat[..chat.len() / 2];
    let folder = archive(&[
        (&format!("{inbox}/a_1/message_1.json"), &chat),
        (&format!("{inbox}/b_2/message_1.json"), cut),
    ]);
    let zip = folder.path().join("facebook-ana.zip");
    let reason = refused(open(&zip, &settings("", &["Clínica Sol"])));
    assert!(
        reason.starts_with(&format!("{inbox}/b_2/message_1.json: line ")),
        "{reason}"
    );
    assert!(reason.contains("nothing of the file is kept"), "{reason}");
}

#[test]
fn a_web_page_is_refused_with_what_to_export_instead() {
    for (format, page) in [
        (
            None,
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"/><title>Exported Data</title></head>",
        ),
        (Some(Format::Telegram), "<html><body>Ana</body></html>"),
    ] {
        let settings = SourceSettings {
            format,
            ..SourceSettings::default()
        };
        let reason = refused(open_stream(Cursor::new(page), &settings));
        assert!(reason.contains("as JSON"), "{reason}");
    }
}

#[test]
fn telegrams_chats_are_read_from_an_archive_too() {
    let result = fs::read(sample("telegram/groups.json")).unwrap();
    let folder = archive(&[
        ("ChatExport_2026-03-02/result.json", &result),
        ("ChatExport_2026-03-02/photos/1.jpg", b"\xff\xd8"),
    ]);
    let path = folder.path().join("facebook-ana.zip");
    let settings = settings("", &["Desk"]);
    let of_file = rows(open(&sample("telegram/groups.json"), &settings).unwrap());
    assert_eq!(rows(open(&path, &settings).unwrap()), of_file);
    let folder = archive(&[("ChatExport_2026-03-02/messages.html", b"<html>")]);
    let path = folder.path().join("facebook-ana.zip");
    let reason = refused(open(&path, &settings));
    assert!(reason.contains("Machine-readable JSON"), "{reason}");
}

#[test]
fn a_backup_of_a_phone_is_read_from_its_archive_too() {
    let settings = settings("", &[]);
    let of_file = rows(open(&sample("sms_backup/sms.xml"), &settings).unwrap());
    let folder = archive(&[
        (
            "sms-20260302120000.xml",
            &fs::read(sample("sms_backup/sms.xml")).unwrap(),
        ),
        (
            "calls-20260302120000.xml",
            &fs::read(sample("sms_backup/calls.xml")).unwrap(),
        ),
    ]);
    let told = rows(open(&folder.path().join("facebook-ana.zip"), &settings).unwrap());
    assert_eq!(told[3..], of_file, "{told:#?}");
    for (xml, words) in [
        (
            "<smses count=\"1\"><sms address=\"1\"/>",
            "ends before </smses>",
        ),
        ("<smses count=\"1\"><sms address=\"1", "ends within a tag"),
        ("<calls count=\"0\"/><x/>", "<x> stands outside of <smses>"),
    ] {
        let reason = refused(open_stream(Cursor::new(xml), &settings));
        assert!(reason.contains(words), "{reason}");
    }
    let none = rows(open_stream(Cursor::new("<smses count=\"0\"/>"), &settings).unwrap());
    assert!(none.is_empty());
}
