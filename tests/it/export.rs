//! What `export` writes, `import` reads again with every field exact (threat S5).

use std::io::Cursor;

use chrono::DateTime;
use followup::export::{ContactWriter, ExportFormat, FollowUpWriter, MessageWriter};
use followup::import::{
    ContactRecord, FollowUpRecord, Opened, Record, Records, SourceSettings, Tells, open_stream,
};
use followup::model::{
    Author, Channel, Contact, FollowUp, FollowUpState, Refusal, Scenario, TextSource, Timestamp,
    Word, WordKind, WordSource,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// A text such as people and attackers write: never empty, without NUL, which no import takes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zñ ,;\"'=+@\\-\\t\\r\\n\u{a0}0-9]{1,12}",
        "[^\\x00]{1,20}",
        "\\+[0-9]{7,14}",
        "'?[=+@-][A-Z(]{1,4}",
    ]
}

fn tag() -> impl Strategy<Value = String> {
    "[a-zñ=+@'\"{\\[,-][a-z ]{0,5}[a-z]"
}

fn time() -> impl Strategy<Value = Timestamp> {
    // The years 1970 to 9999, in microseconds.
    prop_oneof![
        0..253_402_300_799_999_999_i64,
        (0..4_102_444_800_i64).prop_map(|s| s * 1_000_000)
    ]
    .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

/// A record's fields, owned.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    ids: [String; 2],
    channel: Channel,
    author: Author,
    sent_at: Timestamp,
    automatic: bool,
    ad_click: bool,
    texts: Vec<Option<String>>,
    tags: Vec<String>,
}

fn message() -> impl Strategy<Value = Message> {
    (
        (text(), prop_oneof![Just(String::new()), text()]),
        select(Channel::ALL),
        select(Author::ALL),
        time(),
        any::<(bool, bool)>(),
        vec(option::of(text()), 9),
        vec(tag(), 0..3),
    )
        .prop_map(
            |(ids, channel, author, sent_at, (automatic, ad_click), texts, tags)| Message {
                ids: ids.into(),
                channel,
                author,
                sent_at,
                automatic,
                ad_click,
                texts,
                tags,
            },
        )
}

impl Message {
    fn record<'a>(&'a self, tags: &'a str) -> Record<'a> {
        let get = |n: usize| self.texts[n].as_deref().map(Into::into);
        Record {
            tells: Tells::Message,
            line: 0,
            contact_id: self.ids[0].as_str().into(),
            channel: self.channel,
            author: self.author,
            sent_at: self.sent_at,
            text: self.ids[1].as_str().into(),
            automatic: self.automatic,
            ad_click: self.ad_click,
            message_id: get(0),
            conversation_id: get(1),
            status: get(2),
            name: get(3),
            phone: get(4),
            email: get(5),
            address: get(6),
            timezone: get(7),
            language: get(8),
            tags: (!tags.is_empty()).then(|| tags.into()),
        }
    }

    fn of(record: &Record<'_>) -> Self {
        let r = record.clone();
        let texts = [
            r.message_id,
            r.conversation_id,
            r.status,
            r.name,
            r.phone,
            r.email,
            r.address,
            r.timezone,
            r.language,
        ];
        let tags = r.tags.as_deref().unwrap_or_default().split(';');
        Self {
            ids: [r.contact_id.into_owned(), r.text.into_owned()],
            channel: r.channel,
            author: r.author,
            sent_at: r.sent_at,
            automatic: r.automatic,
            ad_click: r.ad_click,
            texts: texts
                .into_iter()
                .map(|t| t.map(|t| t.into_owned()))
                .collect(),
            tags: tags.filter(|t| !t.is_empty()).map(str::to_owned).collect(),
        }
    }
}

fn opened(bytes: Vec<u8>) -> Opened {
    open_stream(Cursor::new(bytes), &SourceSettings::default()).unwrap()
}

fn contact() -> impl Strategy<Value = ContactRecord> {
    let word = (
        select(WordKind::ALL),
        time(),
        option::of(time()),
        option::of(text()),
        select(WordSource::ALL),
    )
        .prop_map(|(kind, at, until, reason, source)| Word {
            kind,
            at,
            until,
            reason,
            source,
        });
    let address = (select(Channel::ALL), text());
    (
        text(),
        vec(option::of(text()), 5),
        vec(tag(), 0..3),
        vec(address, 0..3),
        vec(word, 0..3),
    )
        .prop_map(|(contact_id, mut texts, tags, addresses, words)| {
            let mut next = || texts.pop().flatten();
            let contact = Contact {
                contact_id,
                name: next(),
                phone: next(),
                email: next(),
                timezone: next(),
                language: next(),
                tags,
                addresses,
            };
            ContactRecord {
                line: 0,
                joins: Vec::new(),
                dnd_off: false,
                contact,
                words,
                opted_out: None,
            }
        })
}

fn follow_up() -> impl Strategy<Value = FollowUpRecord> {
    (
        (text(), text(), text(), text()),
        (
            select(Scenario::ALL),
            select(FollowUpState::ALL),
            select(Channel::ALL),
            select(TextSource::ALL),
        ),
        vec(refusal(), 0..3),
        vec(time(), 5),
        (any::<u32>(), any::<u32>(), any::<bool>()),
        vec(option::of(text()), 3),
    )
        .prop_map(
            |(ids, kinds, refused_on, times, (step, attempts, some), texts)| FollowUpRecord {
                line: 0,
                contact_id: ids.0,
                conversation_id: texts[0].clone(),
                because: some.then(|| "[{\"rule\":\"D12\",\"a\":\"=1\"}]".to_owned()),
                follow_up: FollowUp {
                    id: ids.1,
                    episode: times[0],
                    scenario: kinds.0,
                    step,
                    state: kinds.1,
                    channel: kinds.2,
                    refused_on,
                    address: ids.2,
                    due_at: times[1],
                    claimed_at: times[2],
                    sent_at: some.then_some(times[3]),
                    retry_at: (!some).then_some(times[4]),
                    attempts,
                    provider_id: texts[1].clone(),
                    text: ids.3,
                    text_source: kinds.3,
                    error: texts[2].clone(),
                },
            },
        )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    (select(Channel::ALL), any::<bool>()).prop_map(|(channel, is_closed)| match is_closed {
        true => Refusal::WindowClosed(channel),
        false => Refusal::ForGood(channel),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn s5_messages_come_back_exact(messages in vec(message(), 1..5), format in select(ExportFormat::ALL)) {
        let mut writer = MessageWriter::new(Vec::new(), format);
        for message in &messages {
            writer.write(&message.record(&message.tags.join(";"))).unwrap();
        }
        let Records::Messages(mut reader) = opened(writer.finish().unwrap()).records else {
            panic!("no messages");
        };
        let mut back = Vec::new();
        while let Some(record) = reader.read() {
            back.push(Message::of(&record.unwrap()));
        }
        prop_assert_eq!(back, messages);
    }

    #[test]
    fn s5_contacts_come_back_exact(contacts in vec(contact(), 1..5), format in select(ExportFormat::ALL)) {
        let mut writer = ContactWriter::new(Vec::new(), format);
        for contact in &contacts {
            writer.write(contact).unwrap();
        }
        let Records::Contacts(reader) = opened(writer.finish().unwrap()).records else {
            panic!("no contacts");
        };
        let back: Vec<_> = reader.map(|r| ContactRecord { line: 0, ..r.unwrap() }).collect();
        prop_assert_eq!(back, contacts);
    }

    #[test]
    fn s5_follow_ups_come_back_exact(all in vec(follow_up(), 1..5), format in select(ExportFormat::ALL)) {
        let mut writer = FollowUpWriter::new(Vec::new(), format);
        for follow_up in &all {
            writer.write(follow_up).unwrap();
        }
        let Records::FollowUps(reader) = opened(writer.finish().unwrap()).records else {
            panic!("no follow-ups");
        };
        let back: Vec<_> = reader.map(|r| FollowUpRecord { line: 0, ..r.unwrap() }).collect();
        prop_assert_eq!(back, all);
    }
}

#[test]
fn exports_look_as_documented() {
    let record = Record {
        tells: Tells::Message,
        line: 0,
        contact_id: "c1".into(),
        channel: Channel::Sms,
        author: Author::Human,
        sent_at: "2026-03-02T09:00:00.5Z".parse().unwrap(),
        text: "=1+1, \"hi\"".into(),
        automatic: false,
        ad_click: false,
        message_id: None,
        conversation_id: None,
        status: None,
        name: Some("-Ana".into()),
        phone: Some("+525512345678".into()),
        email: None,
        address: None,
        timezone: None,
        language: None,
        tags: Some("a;b".into()),
    };
    let written = |format| {
        let mut writer = MessageWriter::new(Vec::new(), format);
        writer.write(&record).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    };
    assert_eq!(
        written(ExportFormat::Csv),
        "contact_id,channel,direction,sent_at,text,message_id,conversation_id,author,name,phone,email,address,timezone,language,tags,status,automatic,ad_click\n\
         c1,sms,outbound,2026-03-02T09:00:00.5Z,\"'=1+1, \"\"hi\"\"\",,,human,'-Ana,+525512345678,,,,,\"a;b\",,false,false\n"
    );
    assert_eq!(
        written(ExportFormat::Jsonl),
        "{\"contact_id\":\"c1\",\"channel\":\"sms\",\"direction\":\"outbound\",\"sent_at\":\"2026-03-02T09:00:00.5Z\",\"text\":\"=1+1, \\\"hi\\\"\",\"message_id\":null,\"conversation_id\":null,\"author\":\"human\",\"name\":\"-Ana\",\"phone\":\"+525512345678\",\"email\":null,\"address\":null,\"timezone\":null,\"language\":null,\"tags\":[\"a\",\"b\"],\"status\":null,\"automatic\":false,\"ad_click\":false}\n"
    );
}
