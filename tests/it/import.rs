//! Reading exports from files and streams: what is found out by content, chats of every phone, damaged input.

use std::fs::{self, File};
use std::io::{Cursor, ErrorKind, Write};
use std::path::{Path, PathBuf};

use followup::config::{DateOrder, Format};
use followup::import::{
    ChatCounts, Opened, ReadError, Records, SourceSettings, files_of, open, open_stream,
};
use followup::zone::Zone;
use proptest::prelude::*;

const HEADER: &str = "contact_id,channel,direction,sent_at,text\n";
const ROW: &str = "c1,sms,in,2026-03-02T09:00:00Z,hi\n";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/exports/whatsapp")
        .join(name)
}

fn chat_settings(us: &[&str]) -> SourceSettings {
    SourceSettings {
        us: us.iter().map(|name| (*name).to_owned()).collect(),
        timezone: Zone::named("America/Mexico_City"),
        ..SourceSettings::default()
    }
}

/// Each record in short: `line contact author local-time text`, or the error.
fn rows(opened: Opened, settings: &SourceSettings) -> Vec<String> {
    let zone = settings.timezone.clone().unwrap_or_else(Zone::utc);
    let Records::Messages(mut reader) = opened.records else {
        panic!("no messages");
    };
    let mut out = Vec::new();
    while let Some(row) = reader.read() {
        out.push(match row {
            Ok(r) => {
                let local = zone.local(r.sent_at).format("%y%m%d %H%M%S");
                format!(
                    "{} {} {} {local} {:?}",
                    r.line, r.contact_id, r.author, r.text
                )
            }
            Err(e) => e.to_string(),
        });
    }
    out
}

fn chat(name: &str, us: &[&str]) -> (ChatCounts, Vec<String>) {
    let settings = chat_settings(us);
    let opened = open(&sample(name), &settings).unwrap();
    (opened.chat.unwrap(), rows(opened, &settings))
}

fn refused(result: Result<Opened, ReadError>) -> String {
    match result {
        Err(ReadError::File(reason)) => reason,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn counts(messages: u64, media: u64, system: u64) -> ChatCounts {
    ChatCounts {
        messages,
        media,
        system,
    }
}

#[test]
fn chats_of_ios_in_spanish() {
    let (seen, rows) = chat("ios_es.txt", &["Clínica Sol"]);
    assert_eq!(seen, counts(9, 2, 1));
    assert_eq!(
        rows,
        [
            r#"2 Lucía contact 251121 093340 "Hola, ¿tienen lugar el viernes?""#,
            r#"3 Lucía bot 251121 093402 "¡Hola! Sí: a las 10:00 o a las 16:30\nTe escribo aquí:\n- calle Luna 5""#,
            r#"6 Lucía contact 251121 093510 "imagen omitida""#,
            r#"7 Lucía contact 251121 093600 "A las diez, por favor""#,
            r#"8 Lucía contact 251121 093700 "Se eliminó este mensaje.""#,
            r#"9 Lucía contact 251121 093800 "Llamada perdida, \u{200e}toca para devolver la llamada""#,
            r#"10 Lucía bot 251121 094000 "Mira \u{200e}<adjunto: 00000012-PHOTO-2025-11-21-09-40-00.jpg>""#,
            r#"11 Lucía contact 251121 100000 "Ubicación: https://maps.example/?q=19.4,-99.1""#,
            r#"12 Lucía contact 251121 235959 "ok 👍🏽""#,
        ]
    );
}

#[test]
fn chats_of_android_in_spanish_with_a_pasted_chat_inside() {
    let (seen, rows) = chat("android_es_mx.txt", &["Recepción"]);
    assert_eq!(seen, counts(8, 3, 2));
    assert_eq!(
        rows,
        [
            r#"2 +525512345678 contact 260112 080500 "Buenas, ¿cuánto cuesta la limpieza?""#,
            r#"3 +525512345678 bot 260113 121000 "Cuesta 600 pesos""#,
            r#"4 +525512345678 contact 260113 121100 "Te copio lo que me dijeron:\n[13/01/26, 12:00:01] Ana: cuesta 500\n12/01/2026 09:00 - Ana: pasa mañana\nPrecio: 500\n\nGracias""#,
            r#"10 +525512345678 contact 260113 121200 "null""#,
            r#"11 +525512345678 contact 260113 121300 "<Multimedia omitido>""#,
            r#"12 +525512345678 contact 260113 121400 "Eliminaste este mensaje""#,
            r#"13 +525512345678 bot 260113 121500 "IMG-20260113-WA0001.jpg (archivo adjunto)\n¿Así?""#,
            r#"16 +525512345678 bot 260114 000000 "¿Sigues ahí?""#,
        ]
    );
    let opened = open(&sample("android_es_mx.txt"), &chat_settings(&["Recepción"])).unwrap();
    let Records::Messages(mut reader) = opened.records else {
        panic!("no messages");
    };
    let first = reader.read().unwrap().unwrap();
    assert_eq!(
        (first.phone.as_deref(), first.name),
        (Some("+525512345678"), None)
    );
    assert_eq!(first.conversation_id.as_deref(), Some("android_es_mx"));
}

#[test]
fn in_a_group_each_writes_for_themselves_and_we_to_who_wrote_last() {
    let settings = SourceSettings {
        humans: vec!["Ana Desk".to_owned()],
        ..chat_settings(&["Front Desk"])
    };
    let opened = open(&sample("android_group_us.txt"), &settings).unwrap();
    assert_eq!(opened.chat, Some(counts(6, 0, 4)));
    assert_eq!(
        rows(opened, &settings),
        [
            r#"3 Bea bot 251230 143600 "Hello everyone, two slots are free""#,
            r#"4 Bea contact 251230 143700 "I take the first""#,
            r#"5 +15550100199 contact 251230 143800 "and I the second: thanks!""#,
            r#"6 +15550100199 bot 251230 143800 "Great""#,
            r#"8 Bea contact 251230 144100 ".""#,
            r#"9 Bea human 251230 144200 "I am a person of the desk""#,
        ]
    );
}

#[test]
fn chats_in_other_languages_and_layouts() {
    for (name, us, seen, expected) in [
        (
            "ios_de.txt",
            "Praxis",
            counts(6, 1, 1),
            &[
                r#"2 Jörg contact 230927 091900 "Guten Tag!""#,
                "3 Jörg contact 230927 092000 \"Rezept.pdf • \\u{200e}2 Seiten \\u{200e}Dokument weggelassen\"",
                r#"4 Jörg bot 230927 092100 "Danke, bis morgen""#,
                r#"5 Jörg contact 230927 092200 "Diese Nachricht wurde gelöscht.""#,
                r#"6 Jörg contact 230927 092300 "Bis morgen""#,
                r#"7 Jörg contact 230928 000000 "Verpasster Sprachanruf um 00:00""#,
            ][..],
        ),
        (
            "ios_pt.txt",
            "Nós",
            counts(3, 0, 0),
            &[
                r#"1 Bia contact 240920 204700 "12/10 plantão noturno 19:00\n13/10 também 19:00""#,
                r#"3 Bia bot 240920 204816 "12/10 fechado""#,
                r#"4 Bia contact 240921 014023 "Mensagem apagada""#,
            ],
        ),
        (
            "android_fi.txt",
            "Me",
            counts(2, 0, 0),
            &[
                r#"1 Matti contact 180613 212515 "Moi""#,
                r#"2 Matti bot 180701 090500 "Hei: mitä kuuluu?""#,
            ],
        ),
        (
            "ios_us_12h.txt",
            "Us",
            counts(2, 0, 0),
            &[
                r#"1 Tom contact 251231 235958 "almost""#,
                r#"2 Tom bot 260101 000001 "Happy new year""#,
            ],
        ),
        (
            "android_iso.txt",
            "Us",
            counts(2, 0, 0),
            &[
                r#"1 Tom contact 190101 112500 "hi""#,
                r#"2 Tom bot 190101 112600 "hello""#,
            ],
        ),
    ] {
        let (found, rows) = chat(name, &[us]);
        assert_eq!(found, seen, "{name}");
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn what_a_chat_does_not_tell_is_asked_for_all_at_once() {
    let fault = refused(open(&sample("ambiguous.txt"), &SourceSettings::default()));
    for words in [
        "`date_order`",
        "`us`",
        "\"Tom\" (1), \"Us\" (1)",
        "`timezone`",
    ] {
        assert!(fault.contains(words), "{fault}");
    }
    let fault = refused(open(&sample("ios_de.txt"), &chat_settings(&["Praxiss"])));
    assert!(
        fault.contains("none of the names in `us`") && fault.contains("\"Praxis\" (1)"),
        "{fault}"
    );
    for (order, first) in [(DateOrder::Dmy, "260403"), (DateOrder::Mdy, "260304")] {
        let settings = SourceSettings {
            date_order: Some(order),
            ..chat_settings(&["Us"])
        };
        let rows = rows(
            open(&sample("ambiguous.txt"), &settings).unwrap(),
            &settings,
        );
        assert!(rows[0].contains(first), "{rows:?}");
    }
    let settings = SourceSettings {
        contact_id: Some("c9".to_owned()),
        ..chat_settings(&["Praxis"])
    };
    assert!(
        rows(open(&sample("ios_de.txt"), &settings).unwrap(), &settings)[0]
            .starts_with("2 c9 contact")
    );
    let settings = SourceSettings {
        contact_id: Some("c9".to_owned()),
        ..chat_settings(&["Front Desk"])
    };
    assert!(refused(open(&sample("android_group_us.txt"), &settings)).contains("has several"));
}

/// An archive of these entries: name, content, packed or stored.
fn zip_of(entries: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, packed) in entries {
        let method = if *packed {
            zip::CompressionMethod::Deflated
        } else {
            zip::CompressionMethod::Stored
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn chats_are_read_out_of_an_archive() {
    let text = fs::read(sample("ios_es.txt")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = chat_settings(&["Clínica Sol"]);
    let (_, expected) = chat("ios_es.txt", &["Clínica Sol"]);
    for (archive, entries, chat_name) in [
        (
            "WhatsApp Chat - Lucía.zip",
            vec![
                ("_chat.txt", text.as_slice(), true),
                ("00000001-notes.txt", b"no", true),
                ("1.jpg", b"x", false),
            ],
            "Lucía",
        ),
        (
            "WhatsApp Chat with Lu (2).zip",
            vec![("WhatsApp Chat with Lu.txt", text.as_slice(), false)],
            "Lu",
        ),
        (
            "x.zip",
            vec![
                ("../../etc/x.txt", text.as_slice(), true),
                ("__MACOSX/._x.txt", b"no", true),
            ],
            "x",
        ),
    ] {
        let path = folder.path().join(archive);
        fs::write(&path, zip_of(&entries)).unwrap();
        let opened = open(&path, &settings).unwrap();
        let progress = opened.progress.clone();
        assert_eq!(rows(opened, &settings), expected, "{archive}");
        assert_eq!(Some(progress.read()), progress.total(), "{archive}");
        let Records::Messages(mut reader) = open(&path, &settings).unwrap().records else {
            panic!("no messages");
        };
        let record = reader.read().unwrap().unwrap();
        assert_eq!(record.conversation_id.as_deref(), Some(chat_name));
        let streamed = open_stream(File::open(&path).unwrap(), &settings).unwrap();
        assert_eq!(rows(streamed, &settings), expected, "{archive}");
    }
}

#[test]
fn s15_archives_that_are_no_chat_or_are_damaged_are_refused() {
    let settings = chat_settings(&["Us"]);
    let refuse = |bytes: &[u8]| refused(open_stream(Cursor::new(bytes.to_vec()), &settings));
    let text = b"13/01/26, 10:00 - Tom: hi\n14/01/26, 10:00 - Us: hi\n".as_slice();
    assert!(refuse(&zip_of(&[("xl/workbook.xml", b"x", true)])).contains("no .txt"));
    assert!(
        refuse(&zip_of(&[("a.txt", text, true), ("b.txt", text, true)])).contains("several texts")
    );
    let whole = zip_of(&[("_chat.txt", text, true)]);
    for length in 4..whole.len() {
        let result = open_stream(Cursor::new(whole[..length].to_vec()), &settings);
        assert!(matches!(result, Err(ReadError::File(_))), "cut at {length}");
    }
    let mut stored = zip_of(&[("_chat.txt", text, false)]);
    let at = stored.windows(3).position(|w| w == b"Tom").unwrap();
    stored[at] = b'R';
    assert!(refuse(&stored).contains("checksum"));
}

#[test]
fn formats_are_found_by_content() {
    let none = SourceSettings::default();
    let open_text = |text: &str| open_stream(Cursor::new(text.as_bytes().to_vec()), &none);
    let json = r#"{"contact_id":1,"channel":"sms","direction":"in","sent_at":"2026-03-02T09:00:00Z","text":"hi"}"#;
    for text in [
        format!("{HEADER}{ROW}"),
        format!("\u{feff}{HEADER}{ROW}"),
        format!("\n\n {json}\n"),
        format!("\u{feff}{json}"),
    ] {
        assert!(
            matches!(open_text(&text).unwrap().records, Records::Messages(_)),
            "{text}"
        );
    }
    for (text, contacts) in [
        ("contact_id;name\nc1;Ana\n", true),
        ("{\"contact_id\":\"c1\",\"name\":\"Ana\"}\n", true),
        ("id,contact_id,claimed_at\n", false),
        ("{\"id\":\"f1\",\"claimed_at\":\"x\"}\n", false),
    ] {
        match open_text(text).unwrap().records {
            Records::Contacts(_) => assert!(contacts, "{text}"),
            Records::FollowUps(_) => assert!(!contacts, "{text}"),
            Records::Messages(_) => panic!("messages: {text}"),
        }
    }
    let array = open_text("[{\"contact_id\":1}]").unwrap().records;
    assert!(matches!(array, Records::Messages(_)));
    assert!(refused(open_text("")).contains("empty"));
    assert!(refused(open_text("hello\n")).contains("the header lacks \"contact_id\""));
    let chat = SourceSettings {
        format: Some(Format::Whatsapp),
        ..chat_settings(&["Us"])
    };
    assert!(
        refused(open_stream(Cursor::new(b"hello\n".to_vec()), &chat))
            .contains("no line begins a message")
    );
    assert!(refused(open(Path::new(env!("CARGO_MANIFEST_DIR")), &none)).contains("directory"));
    match open(Path::new("no/such/file.csv"), &none) {
        Err(ReadError::Io(e)) => assert_eq!(e.kind(), ErrorKind::NotFound),
        _ => panic!("found"),
    }
}

#[test]
fn every_encoding_gives_the_same_rows() {
    let text = format!("{HEADER}c1,sms,in,2026-03-02T09:00:00Z,\"¿Mañana, José?\nsí\"\n");
    let utf16 = |big: bool| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let bytes = |unit: u16| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        };
        units.flat_map(bytes).collect::<Vec<u8>>()
    };
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    for bytes in [
        text.clone().into_bytes(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(false),
        utf16(true),
        latin.into_owned(),
    ] {
        let none = SourceSettings::default();
        let opened = open_stream(Cursor::new(bytes), &none).unwrap();
        assert_eq!(
            rows(opened, &none),
            [r#"2 c1 contact 260302 090000 "¿Mañana, José?\nsí""#]
        );
    }
    let none = SourceSettings::default();
    let without_mark = &utf16(false)[2..];
    assert!(refused(open_stream(Cursor::new(without_mark.to_vec()), &none)).contains("UTF-16"));
}

#[test]
fn json_lines_are_read_with_mapping_and_bad_lines_are_left_out() {
    let map = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    };
    let settings = SourceSettings {
        columns: map(&[
            ("contact_id", "from.id"),
            ("phone", "from.phone"),
            ("sent_at", "at"),
            ("text", "body.text"),
        ]),
        values: [("direction".to_owned(), map(&[("received", "in")]))].into(),
        ..SourceSettings::default()
    };
    let good = r#"{"from":{"id":7,"phone":"+5255","x":[{"y":1}]},"direction":"received","channel":"sms","at":"2026-03-02T09:00:00Z","body":{"text":"a \"b\" \u00f1"},"tags":["x","y"],"more":null}"#;
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(65), "]".repeat(65));
    let long = good.replace("a \\\"b", &"x".repeat((1 << 20) + 1));
    let lines = [
        good,
        "",
        "{\"from\":",
        "[1]",
        &deep,
        &good.replace("7", "[7]"),
        &good.replace("7", "true"),
        &good.replace("7", "1.5"),
        &good.replace("7", "null"),
        &good.replace("\\u00f1", "\\u0000"),
        &long,
        &good.replace("received", "sent"),
        good,
    ];
    let text = lines.join("\n");
    let opened = open_stream(Cursor::new(text.into_bytes()), &settings).unwrap();
    let said = rows(opened, &settings);
    for (n, words) in [
        "1 7 contact 260302 090000 \"a \\\"b\\\" ñ\"",
        "line 3: not a JSON object: EOF",
        "line 4: not a JSON object: invalid type: sequence, expected an object",
        "line 5: the JSON is nested more than 64 deep",
        "line 6: contact_id: the value is a list; write a text in double quotes",
        "line 7: contact_id: the value is true or false",
        "line 8: contact_id: the value is a number with a fraction",
        "line 9: contact_id: the cell is empty",
        "line 10: text: the text has a NUL character",
        "line 11: text: the text is longer than 1 MiB",
        "line 12: direction: \"sent\" is neither inbound (in) nor outbound (out)",
        "13 7 contact 260302 090000",
    ]
    .iter()
    .enumerate()
    {
        assert!(
            said[n].starts_with(words),
            "{words}: {}",
            &said[n][..said[n].len().min(200)]
        );
    }
    assert_eq!(said.len(), 12);
}

#[test]
fn contacts_and_follow_ups_say_what_is_wrong() {
    let none = SourceSettings::default();
    let text = "contact_id,tags,addresses,words\n\
                c1,a; b,\"{\"\"telegram\"\":\"\"5\"\"}\",\"[{\"\"kind\"\":\"\"opt_out\"\",\"\"at\"\":\"\"2026-03-02T09:00:00Z\"\",\"\"source\"\":\"\"operator\"\"}]\"\n\
                ,a,,\nc2,,{x,\nc3,,,[{}]\nc4,,,\n";
    let Records::Contacts(reader) = open_stream(Cursor::new(text.as_bytes().to_vec()), &none)
        .unwrap()
        .records
    else {
        panic!("no contacts");
    };
    let said: Vec<String> = reader
        .map(|row| match row {
            Ok(r) => format!(
                "{} {:?} {} {}",
                r.contact.contact_id,
                r.contact.tags,
                r.contact.addresses.len(),
                r.words.len()
            ),
            Err(e) => e.to_string(),
        })
        .collect();
    assert_eq!(said[0], "c1 [\"a\", \"b\"] 1 1");
    assert!(
        said[1].starts_with("line 3: contact_id: the value is empty"),
        "{}",
        said[1]
    );
    assert!(
        said[2].starts_with("line 4: addresses: \"{x\" cannot be used"),
        "{}",
        said[2]
    );
    assert!(
        said[3].starts_with("line 5: words: \"[{}]\" cannot be used"),
        "{}",
        said[3]
    );
    assert_eq!(said[4], "c4 [] 0 0");
    let text = "id,claimed_at\nf1,now\n";
    let Records::FollowUps(mut reader) = open_stream(Cursor::new(text.as_bytes().to_vec()), &none)
        .unwrap()
        .records
    else {
        panic!("no follow-ups");
    };
    let fault = reader.next().unwrap().unwrap_err().to_string();
    assert!(
        fault.starts_with("line 2: episode: the value is empty"),
        "{fault}"
    );
}

#[test]
fn a_source_names_its_files_by_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.csv", "a.csv", "c.txt", "odd[1].csv"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join("d.csv")).unwrap();
    let names = |pattern: &str| {
        let files = files_of(folder.path().join(pattern).to_str().unwrap()).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        files.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("*.csv"), ["a.csv", "b.csv", "odd[1].csv"]);
    assert_eq!(names("?.txt"), ["c.txt"]);
    assert_eq!(
        names("odd[1].csv"),
        ["odd[1].csv"],
        "a file of that name is no pattern"
    );
    assert_eq!(names("missing.csv"), ["missing.csv"]);
    assert!(names("*.json").is_empty());
    assert!(files_of("a[").is_err());
}

/// Reads everything there is, whatever it is: how many good rows, how many bad ones.
fn read_all(bytes: &[u8], settings: &SourceSettings) -> Option<(usize, usize)> {
    let opened = match open_stream(Cursor::new(bytes.to_vec()), settings) {
        Ok(opened) => opened,
        Err(ReadError::File(_)) => return None,
        Err(other) => panic!("memory does not fail: {other}"),
    };
    let (mut good, mut bad) = (0, 0);
    let mut count = |failed: Option<ReadError>| match failed {
        None => good += 1,
        Some(ReadError::Row(_)) => bad += 1,
        Some(other) => panic!("after opening only rows fail: {other}"),
    };
    match opened.records {
        Records::Messages(mut reader) => {
            while let Some(row) = reader.read() {
                count(row.err());
            }
        }
        Records::Contacts(reader) => reader.for_each(|row| count(row.err())),
        Records::FollowUps(reader) => reader.for_each(|row| count(row.err())),
    }
    Some((good, bad))
}

#[test]
fn files_cut_at_any_byte_are_read_as_far_as_they_go() {
    let csv = format!("{HEADER}{ROW}c1,sms,out,2026-03-02T10:00:00Z,\"a\n\"\"ñ\"\"\"\n{ROW}");
    let json = "{\"contact_id\":\"c\",\"channel\":\"sms\",\"direction\":\"in\",\"sent_at\":\"2026-03-02T09:00:00Z\",\"text\":\"ñ\"}\n".repeat(2);
    let mut samples = vec![csv.into_bytes(), json.into_bytes()];
    for name in ["ios_es.txt", "android_es_mx.txt"] {
        samples.push(fs::read(sample(name)).unwrap());
    }
    let settings = chat_settings(&["Clínica Sol", "Recepción"]);
    for whole in samples {
        let mut last = 0;
        for length in 0..=whole.len() {
            let (good, bad) = read_all(&whole[..length], &settings).unwrap_or_default();
            // A line of WhatsApp's own that is cut after its sender is taken for a message.
            assert!(
                good + 1 >= last && bad <= 1,
                "cut at {length}: {good} good, {bad} bad"
            );
            last = good;
        }
        let (_, bad) = read_all(&whole, &settings).unwrap();
        assert_eq!(bad, 0);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused_by_every_reader(bytes: Vec<u8>, begin in 0..7usize) {
        let begins: [&[u8]; 7] = [
            b"",
            b"contact_id,channel,direction,sent_at,text\n",
            b"{\"contact_id\":\"c\",\"text\":",
            b"[21/11/25, 9:33:35] A: b\n",
            b"contact_id,name,words\n",
            b"id,claimed_at\n",
            b"PK\x03\x04",
        ];
        let bytes = [begins[begin], &bytes].concat();
        for format in [None, Some(Format::Csv), Some(Format::Jsonl), Some(Format::Whatsapp)] {
            let settings = SourceSettings { format, ..chat_settings(&["B"]) };
            read_all(&bytes, &settings);
        }
    }

    #[test]
    fn every_good_row_is_returned_whatever_stands_between(junk in "[a-z,;.= \\t]{0,30}", rows in 1..5usize) {
        let text = format!("{HEADER}{}", format!("{ROW}{junk}\n").repeat(rows));
        let (good, _) = read_all(text.as_bytes(), &SourceSettings::default()).unwrap();
        prop_assert!(good >= rows, "{good} of {rows}");
    }

    #[test]
    fn every_message_of_a_chat_is_returned(texts in proptest::collection::vec("[^\\x00\\x81\\x8d\\x8f\\x90\\x9d\\r]{0,20}", 1..6)) {
        let mut chat = String::new();
        for (n, text) in texts.iter().enumerate() {
            // A text line that looks like a header of this very shape cannot be told from one.
            prop_assume!(!text.contains("] "));
            chat.push_str(&format!("[21/11/25, 9:33:{n:02}] {}: x{text}\n", ["A", "B"][n % 2]));
        }
        let (good, bad) = read_all(chat.as_bytes(), &chat_settings(&["B"])).unwrap();
        prop_assert_eq!((good, bad), (texts.len(), 0));
    }
}
