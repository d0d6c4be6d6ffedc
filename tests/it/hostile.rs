//! Hostile exports (threat S15), of every format: cut off, damaged, in wrong encodings, without end, nested without
//! end, packed without end, with names that are paths. Nothing panics, nothing is half taken, memory stays bounded.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use followup::config::Format;
use followup::import::{Bookings, ReadError, SourceSettings, open, open_stream, read_bookings};
use followup::zone::Zone;

use crate::formats::{SAMPLES, archive, refused, rows, sample, settings};

/// The samples that are files, with their bytes, and the settings with their format.
fn files() -> impl Iterator<Item = (&'static str, Vec<u8>, SourceSettings)> {
    SAMPLES.iter().filter_map(|(name, us)| {
        let path = sample(name);
        if path.is_dir() {
            return None;
        }
        let mut settings = settings(name, us);
        settings.format = match name.split('/').next().unwrap() {
            "email" => Some(Format::Mbox),
            other => Some(other.parse().unwrap()),
        };
        Some((*name, fs::read(&path).unwrap(), settings))
    })
}

fn read(bytes: impl Into<Vec<u8>>, settings: &SourceSettings) -> Result<Vec<String>, ReadError> {
    open_stream(Cursor::new(bytes.into()), settings).map(rows)
}

fn good(told: &[String]) -> usize {
    told.iter().filter(|row| !row.starts_with('✗')).count()
}

/// Rule: nothing is half imported. A document that is cut off is refused as a whole; of lines, only the one that is cut.
#[test]
fn s15_a_document_cut_at_any_byte_is_refused_and_lines_lose_only_their_end() {
    for (name, bytes, settings) in files() {
        let most = good(&read(bytes.clone(), &settings).unwrap());
        let is_document = name.ends_with(".json") || name.ends_with(".xml");
        for cut in 0..bytes.trim_ascii_end().len() {
            match read(&bytes[..cut], &settings) {
                Err(ReadError::File(reason)) => assert!(!reason.is_empty()),
                Err(e) => panic!("{name} cut at {cut}: {e}"),
                Ok(told) if is_document => {
                    assert!(told.is_empty(), "{name} cut at {cut} still tells {told:?}");
                }
                Ok(told) => assert!(good(&told) <= most + 1, "{name} cut at {cut}: {told:?}"),
            }
        }
    }
}

/// An email in a file of its own may be cut anywhere: its text is what there is of it.
#[test]
fn s15_an_email_cut_at_any_byte_is_read_as_far_as_it_goes_or_refused() {
    let settings = SourceSettings {
        format: Some(Format::Maildir),
        us: vec!["desk@clinic.example".to_owned()],
        ..SourceSettings::default()
    };
    let mail = fs::read(sample("email/Maildir/new/1772443260.M2.host")).unwrap();
    for cut in 0..=mail.len() {
        let told = read(&mail[..cut], &settings).unwrap();
        assert_eq!(told.len(), 1, "cut at {cut}: {told:?}");
        assert!(cut < mail.len() || good(&told) == 1, "{told:?}");
    }
}

/// Any byte may be wrong.
#[test]
fn s15_a_wrong_byte_anywhere_is_survived() {
    for (_, bytes, mut settings) in files() {
        for (format, stride) in [(settings.format, 3), (None, 11)] {
            settings.format = format;
            for at in (0..bytes.len()).step_by(stride) {
                let mut bytes = bytes.clone();
                bytes[at] = [0, b'"', b'{', b']', 0xff, b'\n'][at % 6];
                let _ = read(bytes, &settings);
            }
        }
    }
}

/// The same text in another encoding tells the same.
#[test]
fn s15_other_encodings_are_read_or_refused_with_words() {
    for (name, bytes, settings) in files() {
        let told = read(bytes.clone(), &settings).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let marked = read(format!("\u{feff}{text}"), &settings).unwrap();
        assert_eq!(marked, told, "{name} with a mark");
        let units: Vec<u16> = text.encode_utf16().collect();
        for big in [false, true] {
            let bytes = std::iter::once(&0xfeff).chain(&units);
            let bytes: Vec<u8> = match big {
                true => bytes.flat_map(|unit| unit.to_be_bytes()).collect(),
                false => bytes.flat_map(|unit| unit.to_le_bytes()).collect(),
            };
            let cut = bytes.len() - 3;
            assert_eq!(
                read(&bytes[..], &settings).unwrap(),
                told,
                "{name} in UTF-16"
            );
            if let Ok(told_of_cut) = read(&bytes[..cut], &settings) {
                assert!(
                    good(&told_of_cut) <= good(&told) + 1,
                    "{name}: {told_of_cut:?}"
                );
            }
        }
        let (old, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
        if !lossy {
            assert_eq!(
                read(&old[..], &settings).unwrap(),
                told,
                "{name} in Windows-1252"
            );
        }
        let wide: Vec<u8> = std::iter::once(0xfeff)
            .chain(text.chars().map(u32::from))
            .flat_map(u32::to_le_bytes)
            .collect();
        let reason = refused(open_stream(Cursor::new(wide), &settings));
        assert!(reason.contains("UTF-32"), "{name}: {reason}");
    }
}

/// A text of each sample, and how many rows are lost with it.
const TEXTS: [(&str, &str, usize); 19] = [
    ("messenger/message_1.json", "A las diez?", 1),
    ("instagram/message_1.json", "Is there a slot?", 3), // who said it is in the group no more
    ("instagram/encrypted.json", "Hay lugar", 1),
    ("telegram/all.json", "You called?", 1),
    ("telegram/old.json", "Hello", 1),
    ("telegram/group.json", "Thanks", 2),
    ("twilio/api.json", "Is there a slot?", 1),
    ("twilio/console.csv", "Is there a slot, for two?", 1),
    ("highlevel/messages.json", "Is there a slot?", 1),
    ("highlevel/contacts.json", "ana ruiz", 1),
    ("highlevel/contacts.csv", "Ruiz", 1),
    ("chatwoot/messages.json", "Is there a slot?", 1),
    ("chatwoot/webhooks.jsonl", "Yes, at 10", 1), // not in the first line, which tells the layout
    ("chatwoot/conversations.json", "Is there a slot?", 1),
    ("intercom/conversations.json", "at 10 &amp;", 5), // a conversation is a row
    ("whatsapp_cloud/spool.jsonl", "From the app", 1),
    ("email/inbox.mbox", "Yes, at ten.", 2), // to two contacts
    ("signal/chat.txt", "Hello Ana", 1),
    ("sms_backup/sms.xml", "Abrimos", 2), // to two contacts
];

/// The bytes before and after the first `text`.
fn around<'b>(bytes: &'b [u8], text: &str) -> (&'b [u8], &'b [u8]) {
    let at = bytes.windows(text.len()).position(|w| w == text.as_bytes());
    let at = at.unwrap_or_else(|| panic!("no {text}"));
    (&bytes[..at], &bytes[at + text.len()..])
}

#[test]
fn s15_a_text_without_end_costs_its_row_only() {
    for (name, bytes, settings) in files() {
        let (_, text, lost) = TEXTS.iter().find(|(n, ..)| *n == name).unwrap();
        let whole = read(bytes.clone(), &settings).unwrap();
        let (before, after) = around(&bytes, text);
        // More than any row may have; a chat's line goes on for as long.
        let endless = vec![b'x'; 9 << 20];
        let told = read([before, &endless, after].concat(), &settings).unwrap();
        assert!(
            good(&told) + lost >= good(&whole),
            "{name}: {} of {}",
            good(&told),
            good(&whole)
        );
        let longest = told.iter().map(String::len).max().unwrap();
        assert!(longest < 1 << 20, "{name}: a row of {longest} bytes");
    }
}

/// Nothing that a database or a terminal cannot bear gets in by a list of contacts either.
#[test]
fn s15_contacts_with_texts_that_cannot_be_stored_are_left_out() {
    let long = "x".repeat((1 << 20) + 1);
    for (text, words) in [
        ("a\\u0000b", "NUL character"),
        (&*long, "longer than 1 MiB"),
    ] {
        let of_api =
            format!("{{\"contacts\":[{{\"id\":\"c2\"}},{{\"id\":\"c1\",\"name\":\"{text}\"}}]}}");
        let own = format!(
            "{{\"contact_id\":\"c2\",\"addresses\":{{}}}}\n\
             {{\"contact_id\":\"c1\",\"addresses\":{{\"sms\":\"{text}\"}}}}\n"
        );
        for (json, format) in [(of_api, Format::Highlevel), (own, Format::Jsonl)] {
            let settings = SourceSettings {
                format: Some(format),
                ..SourceSettings::default()
            };
            let told = read(json, &settings).unwrap();
            assert_eq!(told.len(), 2, "{format}");
            assert!(told[0].contains("c2"), "{}", told[0]);
            let start = told[1].get(..200).unwrap_or(&told[1]);
            assert!(start.contains(words), "{format}: {start}");
        }
    }
}

#[test]
fn s15_nesting_without_end_costs_its_row_only() {
    for (name, bytes, settings) in files().filter(|(name, ..)| name.contains(".json")) {
        let (_, text, lost) = TEXTS.iter().find(|(n, ..)| *n == name).unwrap();
        let whole = read(bytes.clone(), &settings).unwrap();
        let (before, after) = around(&bytes, text);
        let begin = before.iter().rposition(|b| *b == b'"').unwrap();
        let end = after.iter().position(|b| *b == b'"').unwrap() + 1;
        // The first line tells whether it is one of many, unless it is longer than 64 KiB.
        let deepest = if name.ends_with("jsonl") {
            5000
        } else {
            100_000
        };
        for deep in [65, deepest] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let inner = format!("{}1{}", open.repeat(deep), close.repeat(deep));
                let bytes = [&before[..begin], inner.as_bytes(), &after[end..]].concat();
                let told = read(bytes, &settings).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert!(good(&told) + lost >= good(&whole), "{name}: {told:?}");
                // Never closed: the document has no end.
                let bytes = [&before[..begin], open.repeat(deep).as_bytes()].concat();
                if let Ok(told) = read(bytes, &settings) {
                    assert!(good(&told) < good(&whole), "{name}: {told:?}");
                }
            }
        }
    }
}

#[test]
fn s15_endless_texts_and_deep_nesting_cost_their_row_only() {
    let mut big = br#"{"messages":[{"sid":"SM1","account_sid":"AC","from":"+1555","to":"+1","direction":"inbound","date_sent":"Mon, 02 Mar 2026 09:00:00 +0000","body":""#.to_vec();
    big.resize(big.len() + (24 << 20), b'x');
    big.extend(br#""},{"sid":"SM2","account_sid":"AC","from":"+1555","to":"+1","direction":"inbound","date_sent":"Mon, 02 Mar 2026 09:00:00 +0000","body":"ok","x":"#);
    big.extend("[".repeat(100).bytes());
    big.extend("]".repeat(100).bytes());
    big.extend(br#"},{"sid":"SM3","account_sid":"AC","from":"+1555","to":"+1","direction":"inbound","date_sent":"Mon, 02 Mar 2026 09:00:00 +0000","body":"ok"}]}"#);
    let told = rows(
        open_stream(
            Cursor::new(big),
            &SourceSettings {
                format: Some(Format::Twilio),
                ..SourceSettings::default()
            },
        )
        .unwrap(),
    );
    assert_eq!(
        told,
        [
            "✗ line 1: messages[0]: the message is longer than 8 MiB; shorten it",
            "✗ line 1: messages[1]: the JSON is nested more than 64 deep; such a message is not read",
            r#"3 +1555 sms contact 2026-03-02T09:00:00Z "ok" id=SM3 phone=+1555"#,
        ]
    );
}

#[test]
fn s15_an_archive_that_unpacks_without_end_is_refused() {
    let chat = fs::read(sample("messenger/message_1.json")).unwrap();
    let mut bomb = chat[..chat.len() - 2].to_vec();
    bomb.extend(std::iter::repeat_n(b' ', 2 << 20));
    bomb.push(b'}');
    let folder = archive(&[("messages/inbox/a_1/message_1.json", &bomb)]);
    let zip = folder.path().join("facebook-ana.zip");
    assert!(zip.metadata().unwrap().len() < 64 << 10);
    // It says how large it is, and is as large as that: it is read.
    assert_eq!(
        rows(open(&zip, &settings("", &["Clínica Sol"])).unwrap()).len(),
        7
    );
    // One that is larger than it says is not.
    let mut bytes = fs::read(&zip).unwrap();
    let size = u32::try_from(bomb.len()).unwrap().to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        }
    }
    fs::write(&zip, bytes).unwrap();
    let reason = refused(open(&zip, &settings("", &["Clínica Sol"])));
    assert!(
        reason.contains("larger than 1 GiB, or than the zip says"),
        "{reason}"
    );
}

#[test]
fn s15_a_chat_that_unpacks_without_end_is_refused() {
    let mut bomb = "21/11/25, 9:33 - Ana: hi\n21/11/25, 9:34 - Desk: hello\n".to_owned();
    bomb.push_str(&" \n".repeat(1 << 20));
    let folder = archive(&[("WhatsApp Chat with Ana.txt", bomb.as_bytes())]);
    let zip = folder.path().join("facebook-ana.zip");
    let of_chat = SourceSettings {
        format: Some(Format::Whatsapp),
        us: vec!["Desk".to_owned()],
        timezone: Zone::named("Europe/Madrid"),
        ..SourceSettings::default()
    };
    assert!(zip.metadata().unwrap().len() < 64 << 10);
    assert_eq!(rows(open(&zip, &of_chat).unwrap()).len(), 2);
    // One that is larger than it says is refused, and nothing of it is read.
    let mut bytes = fs::read(&zip).unwrap();
    let size = u32::try_from(bomb.len()).unwrap().to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        }
    }
    fs::write(&zip, bytes).unwrap();
    let reason = refused(open(&zip, &of_chat));
    assert!(
        reason.contains("larger than 1 GiB, or than the zip says"),
        "{reason}"
    );
}

/// What comes line by line is taken so however long the first line is: a damaged line costs itself only.
#[test]
fn s15_a_long_first_line_does_not_make_a_document_of_lines() {
    let line = |id: u32, text: &str| {
        format!(
            r#"{{"event":"message_created","id":{id},"created_at":"2026-03-02T09:00:00.000Z","message_type":"incoming","content_type":"text","private":false,"sender":{{"id":7,"name":"Ana"}},"conversation":{{"id":12,"channel":"Channel::WebWidget","can_reply":true,"contact_inbox":{{"contact_id":7}}}},"content":"{text}"}}"#
        )
    };
    let long = line(1, &"x".repeat(100 << 10));
    let all = [
        &long,
        &line(2, "hi"),
        "{\"event\":\"message_created\",",
        &line(3, "ok"),
    ]
    .join("\n");
    let of_chatwoot = SourceSettings {
        format: Some(Format::Chatwoot),
        ..SourceSettings::default()
    };
    for settings in [&of_chatwoot, &SourceSettings::default()] {
        let told = read(all.clone(), settings).unwrap();
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(good(&told), 3, "{told:?}");
        assert!(told[2].starts_with("✗ line 3: "), "{}", told[2]);
    }
    // One value alone is a document, which is read as a whole or not at all.
    assert!(read(&long[..long.len() - 1], &of_chatwoot).is_err());
}

/// No name in an archive is ever a path.
#[test]
fn s15_the_names_in_an_archive_of_a_chat_are_names_only() {
    let chat = b"[21/11/25, 9:33:35] Ana: Hello\n[21/11/25, 9:34:35] Desk: Hello Ana\n";
    for name in [
        "../../../../tmp/hostile/_chat.txt",
        "/tmp/hostile/_chat.txt",
        "C:\\hostile\\_chat.txt",
        "..\\..\\_chat.txt",
        "_chat.txt",
    ] {
        let folder = archive(&[
            (name, chat),
            ("../../etc/passwd", b"x"),
            ("photo.jpg", b"x"),
        ]);
        let zip = folder.path().join("facebook-ana.zip");
        let settings = SourceSettings {
            us: vec!["Desk".to_owned()],
            timezone: Zone::named("Europe/Madrid"),
            ..SourceSettings::default()
        };
        let told = rows(open(&zip, &settings).unwrap());
        assert_eq!(good(&told), 2, "{name}: {told:?}");
        let shown = told.join("\n");
        assert!(
            !shown.contains("hostile") && !shown.contains(".."),
            "{shown}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name}");
    }
}

/// Marks and `~` alone are no name: a message of nobody could not be stored.
#[test]
fn a_chat_line_whose_sender_is_only_a_tilde_is_no_message() {
    for nobody in [
        "~",
        "~ ",
        "~~",
        "\u{200e}~\u{202f}",
        "~\u{a0}~",
        " ",
        "\u{c}",
        "\u{c}\u{2003}~",
    ] {
        let chat = format!(
            "[21/11/25, 9:33:35] ~ Ana: Hello\n[21/11/25, 9:33:40] {nobody}: lost\n\
             [21/11/25, 9:33:41] {nobody}:lost\n[21/11/25, 9:34:35] Desk: Hello Ana\n"
        );
        let settings = SourceSettings {
            us: vec!["Desk".to_owned()],
            timezone: Zone::named("Europe/Madrid"),
            ..SourceSettings::default()
        };
        let told = read(chat, &settings).unwrap();
        assert_eq!(told.len(), 2, "{nobody:?}: {told:?}");
        assert!(
            told[0].contains(" Ana ") && !told[0].contains('~'),
            "{told:?}"
        );
    }
}

/// What cannot be stored of a chat is said, and not stored without its text.
#[test]
fn s15_a_chat_line_that_cannot_be_stored_is_left_out_with_words() {
    let long = "x".repeat((1 << 20) + 1);
    for (line, words) in [
        (format!("Ana: {long}"), "longer than 1 MiB"),
        ("A\0na: Hello".to_owned(), "NUL"),
        ("Ana: He\0llo".to_owned(), "NUL"),
    ] {
        let chat = format!(
            "[21/11/25, 9:33:35] Ana: Hello\n[21/11/25, 9:33:40] {line}\n[21/11/25, 9:34:35] Desk: Hello\n"
        );
        let settings = SourceSettings {
            us: vec!["Desk".to_owned()],
            timezone: Zone::named("Europe/Madrid"),
            ..SourceSettings::default()
        };
        let told = read(chat, &settings).unwrap();
        assert_eq!((told.len(), good(&told)), (3, 2));
        assert!(
            told[1].contains("line 2") && told[1].contains(words),
            "{}",
            told[1]
        );
    }
}

const APPOINTMENTS: [(&str, Format); 2] = [
    ("bookings/table.csv", Format::Bookings),
    ("icalendar/shop.ics", Format::Icalendar),
];

fn appointments(bytes: impl Into<Vec<u8>>, format: Format) -> Result<Bookings, ReadError> {
    let settings = SourceSettings {
        timezone: Zone::named("America/Mexico_City"),
        ..SourceSettings::default()
    };
    read_bookings(Cursor::new(bytes.into()), format, &settings)
}

fn appointment_files() -> impl Iterator<Item = (Vec<u8>, Format)> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    APPOINTMENTS.into_iter().map(move |(name, format)| {
        let bytes = fs::read(seeds.join(name)).unwrap();
        assert!(appointments(bytes.clone(), format).unwrap().records.len() > 1);
        (bytes, format)
    })
}

/// A calendar that is cut off is refused as a whole, or what is missing would be called off; a table loses its end.
#[test]
fn s15_appointments_cut_at_any_byte_are_refused_or_lose_only_their_end() {
    for (bytes, format) in appointment_files() {
        let whole = appointments(bytes.clone(), format).unwrap();
        for cut in 0..bytes.trim_ascii_end().len() {
            match appointments(&bytes[..cut], format) {
                Err(ReadError::File(reason)) => assert!(!reason.is_empty()),
                Err(e) => panic!("cut at {cut}: {e}"),
                Ok(read) => {
                    assert_ne!(format, Format::Icalendar, "cut at {cut}: {read:?}");
                    // A row may be good without its end.
                    assert!(
                        read.records.len() <= whole.records.len() + 1,
                        "cut at {cut}"
                    );
                }
            }
        }
    }
}

#[test]
fn s15_a_wrong_byte_anywhere_in_appointments_is_survived() {
    for (bytes, format) in appointment_files() {
        for at in 0..bytes.len() {
            for wrong in [0, b'"', b';', b':', 0xff, b'\n'] {
                let mut bytes = bytes.clone();
                bytes[at] = wrong;
                let _ = appointments(bytes, format);
            }
        }
    }
}

#[test]
fn s15_appointments_without_end_are_refused_or_cost_their_row_only() {
    for (bytes, format) in appointment_files() {
        let whole = appointments(bytes.clone(), format).unwrap();
        let text = if format == Format::Icalendar {
            "Haircut"
        } else {
            "ben"
        };
        let (before, after) = around(&bytes, text);
        let endless = vec![b'x'; 9 << 20];
        if let Ok(read) = appointments([before, &endless, after].concat(), format) {
            assert!(
                read.records.len() + 1 >= whole.records.len(),
                "{:?}",
                read.rejected
            );
        }
        // More than any calendar has.
        let endless = Cursor::new(bytes).chain(std::io::repeat(b'x'));
        let refused = read_bookings(endless, format, &SourceSettings::default());
        assert!(
            refused.is_err() || refused.is_ok_and(|read| read.records.len() <= whole.records.len())
        );
    }
    for deep in [10, 100_000] {
        let nested = format!(
            "BEGIN:VCALENDAR\r\n{}{}END:VCALENDAR\r\n",
            "BEGIN:VEVENT\r\n".repeat(deep),
            "END:VEVENT\r\n".repeat(deep)
        );
        let read = appointments(nested, Format::Icalendar);
        assert!(read.is_err() || read.is_ok_and(|read| read.records.is_empty()));
    }
}

#[test]
fn s15_appointments_in_other_encodings_are_read() {
    for (bytes, format) in appointment_files() {
        let whole = appointments(bytes.clone(), format).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            appointments(format!("\u{feff}{text}"), format).unwrap(),
            whole
        );
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let wide: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        assert_eq!(appointments(wide, format).unwrap(), whole);
    }
}
