//! Exports of platforms for the benchmarks: the same conversations, written as each platform does.

use std::io::{Result, Write};
use std::path::Path;

use super::generate::{self, Order};

/// What reads the bytes and no more: the other side of each comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// serde_json passes over every value.
    Json,
    /// The csv crate cuts rows into cells.
    Csv,
    /// mail-parser parses every email of a mailbox.
    Mailbox,
    /// mail-parser parses every file of a folder.
    Maildir,
    /// quick-xml passes over every attribute of every element.
    Xml,
    /// A regular expression takes the head of each line apart.
    Chat(&'static str),
}

/// One format: its name, the name of the format, and how a file of it is written with so many messages.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) format: &'static str,
    pub(crate) bare: Bare,
    pub(crate) write: fn(&mut dyn Write, u64) -> Result<()>,
}

const fn json(name: &'static str, write: fn(&mut dyn Write, u64) -> Result<()>) -> Sample {
    Sample {
        name,
        format: name,
        bare: Bare::Json,
        write,
    }
}

impl Sample {
    const fn of(self, format: &'static str) -> Self {
        Self { format, ..self }
    }
}

const fn csv(
    name: &'static str,
    format: &'static str,
    write: fn(&mut dyn Write, u64) -> Result<()>,
) -> Sample {
    Sample {
        name,
        format,
        bare: Bare::Csv,
        write,
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    csv("csv, by conversation", "csv", by_conversation),
    csv("csv, by time", "csv", by_time),
    json("jsonl", jsonl),
    json("messenger", messenger),
    json("instagram", messenger),
    json("telegram", telegram),
    json("twilio", twilio),
    csv("twilio, console", "twilio", twilio_console),
    json("highlevel", highlevel),
    csv("highlevel, contacts", "highlevel", highlevel_contacts),
    json("chatwoot", chatwoot),
    json("intercom", intercom),
    json("whatsapp_cloud", whatsapp_cloud),
    Sample {
        name: "whatsapp",
        format: "whatsapp",
        bare: Bare::Chat(r"^(\d+)/(\d+)/(\d+), (\d+):(\d+) - ([^:]+): (.*)$"),
        write: whatsapp,
    },
    Sample {
        name: "signal",
        format: "signal",
        bare: Bare::Chat(r"^\[(\d+)-(\d+)-(\d+), (\d+):(\d+)\] ([^:]+): (.*)$"),
        write: signal,
    },
    json("signal, all chats", signal_backup).of("signal"),
    Sample {
        name: "sms_backup",
        format: "sms_backup",
        bare: Bare::Xml,
        write: sms_backup,
    },
    Sample {
        name: "mbox",
        format: "mbox",
        bare: Bare::Mailbox,
        write: mbox,
    },
    Sample {
        name: "maildir",
        format: "maildir",
        bare: Bare::Maildir,
        write: mbox,
    },
];

const TEXTS: [&str; 5] = [
    "Is there a free slot for two people tomorrow?",
    "There is, at eleven. Shall I book it?",
    "Perdón, estoy manejando. Te escribo mañana a las diez",
    "ok, thanks 👍",
    "Could you tell me once more what the treatment costs, how long it takes, and whether I can park in front of the house? I come by car with my mother.",
];
const BEGIN: u64 = 1_772_442_000;

fn text(n: u64) -> &'static str {
    TEXTS[usize::try_from(n % 5).unwrap_or(0)]
}

/// Each character of UTF-8 as a Latin-1 escape, as Meta writes.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii() {
                char::from(b).to_string()
            } else {
                format!("\\u{b:04x}")
            }
        })
        .collect()
}

fn messenger(out: &mut dyn Write, messages: u64) -> Result<()> {
    write!(
        out,
        "{{\n  \"participants\": [{{\"name\": \"Ana\"}},{{\"name\": \"Desk\"}}],\n  \"messages\": ["
    )?;
    for n in 0..messages {
        let comma = if n == 0 { "" } else { "," };
        let who = if n % 2 == 0 { "Ana" } else { "Desk" };
        write!(
            out,
            "{comma}\n    {{\n      \"sender_name\": \"{who}\",\n      \"timestamp_ms\": {},\n      \"content\": \"{}\",\n      \"is_geoblocked_for_viewer\": false,\n      \"is_unsent_image_by_messenger_kid_parent\": false\n    }}",
            (BEGIN + messages - n) * 1000,
            escaped(text(n))
        )?;
    }
    write!(
        out,
        "\n  ],\n  \"title\": \"Ana\",\n  \"thread_path\": \"inbox/ana_1\"\n}}\n"
    )
}

fn telegram(out: &mut dyn Write, messages: u64) -> Result<()> {
    write!(
        out,
        "{{\n \"name\": \"Ana\",\n \"type\": \"personal_chat\",\n \"id\": 42,\n \"messages\": ["
    )?;
    for n in 0..messages {
        let comma = if n == 0 { "" } else { "," };
        let (who, id) = if n % 2 == 0 { ("Ana", 42) } else { ("Desk", 1) };
        write!(
            out,
            "{comma}\n  {{\n   \"id\": {n},\n   \"type\": \"message\",\n   \"date\": \"2026-03-02T10:00:00\",\n   \"date_unixtime\": \"{}\",\n   \"from\": \"{who}\",\n   \"from_id\": \"user{id}\",\n   \"text\": \"{text}\",\n   \"text_entities\": [\n    {{\n     \"type\": \"plain\",\n     \"text\": \"{text}\"\n    }}\n   ]\n  }}",
            BEGIN + n,
            text = text(n)
        )?;
    }
    write!(out, "\n ]\n}}\n")
}

fn twilio(out: &mut dyn Write, messages: u64) -> Result<()> {
    write!(out, "{{\"page\":0,\"messages\":[")?;
    for n in 0..messages {
        let comma = if n == 0 { "" } else { "," };
        let (from, to, direction) = if n % 2 == 0 {
            (n / 20, 0, "inbound")
        } else {
            (0, n / 20, "outbound-api")
        };
        write!(
            out,
            "{comma}\n {{\"account_sid\":\"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"api_version\":\"2010-04-01\",\"body\":\"{}\",\"date_created\":\"Fri, 24 May 2019 17:44:46 +0000\",\"date_sent\":\"Fri, 24 May 2019 17:44:50 +0000\",\"date_updated\":\"Fri, 24 May 2019 17:44:50 +0000\",\"direction\":\"{direction}\",\"error_code\":null,\"error_message\":null,\"from\":\"+1555{from:07}\",\"num_media\":\"0\",\"num_segments\":\"1\",\"price\":\"-0.00750\",\"price_unit\":\"USD\",\"sid\":\"SM{n:032x}\",\"status\":\"delivered\",\"subresource_uris\":{{\"media\":\"/2010-04-01/Accounts/AC/Messages/SM/Media.json\"}},\"to\":\"+1555{to:07}\"}}",
            text(n)
        )?;
    }
    writeln!(out, "]}}")
}

fn highlevel(out: &mut dyn Write, messages: u64) -> Result<()> {
    write!(out, "{{\"messages\":[")?;
    for n in 0..messages {
        let comma = if n == 0 { "" } else { "," };
        let direction = if n % 2 == 0 { "inbound" } else { "outbound" };
        write!(
            out,
            "{comma}{{\"id\":\"m{n:020}\",\"type\":2,\"messageType\":\"TYPE_SMS\",\"locationId\":\"ve9EPM428h8vShlRW1KT\",\"contactId\":\"c{:019}\",\"conversationId\":\"v{:019}\",\"dateAdded\":\"2026-03-02T09:00:00.000Z\",\"body\":\"{}\",\"direction\":\"{direction}\",\"status\":\"delivered\",\"contentType\":\"text/plain\",\"attachments\":[],\"source\":\"app\"}}",
            n / 10,
            n / 10,
            text(n)
        )?;
    }
    writeln!(out, "],\"nextCursor\":null,\"total\":{messages}}}")
}

fn chatwoot(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        let (kind, sender) = if n % 2 == 0 {
            (
                "incoming",
                "{\"id\":7,\"name\":\"Ana\",\"phone_number\":\"+15550100\"}",
            )
        } else {
            ("outgoing", "{\"id\":1,\"name\":\"Dora\",\"type\":\"user\"}")
        };
        writeln!(
            out,
            "{{\"event\":\"message_created\",\"id\":{n},\"content\":\"{}\",\"created_at\":\"2026-03-02T09:00:00.000Z\",\"message_type\":\"{kind}\",\"content_type\":\"text\",\"content_attributes\":{{}},\"private\":false,\"source_id\":null,\"sender\":{sender},\"inbox\":{{\"id\":3,\"name\":\"Web\"}},\"conversation\":{{\"id\":12,\"channel\":\"Channel::WebWidget\",\"can_reply\":true,\"contact_inbox\":{{\"contact_id\":7}},\"meta\":{{\"sender\":{{\"id\":7,\"name\":\"Ana\"}}}},\"status\":\"open\"}},\"account\":{{\"id\":1}}}}",
            text(n)
        )?;
    }
    Ok(())
}

fn intercom(out: &mut dyn Write, messages: u64) -> Result<()> {
    write!(out, "{{\"type\":\"conversation.list\",\"conversations\":[")?;
    for n in 0..messages / 10 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            out,
            "{comma}\n{{\"type\":\"conversation\",\"id\":\"{n}\",\"created_at\":{BEGIN},\"source\":{{\"type\":\"conversation\",\"id\":\"s{n}\",\"delivered_as\":\"customer_initiated\",\"body\":\"<p>{}</p>\",\"author\":{{\"type\":\"user\",\"id\":\"u{n}\",\"name\":\"Ana\",\"email\":\"ana@example.com\"}}}},\"contacts\":{{\"contacts\":[{{\"id\":\"k{n}\"}}]}},\"conversation_parts\":{{\"conversation_parts\":[",
            text(n)
        )?;
        for part in 1..10 {
            let comma = if part == 1 { "" } else { "," };
            let (kind, id) = if part % 2 == 0 {
                ("user", "u")
            } else {
                ("admin", "1")
            };
            write!(
                out,
                "{comma}{{\"type\":\"conversation_part\",\"id\":\"{n}.{part}\",\"part_type\":\"comment\",\"body\":\"<p>{}</p>\",\"created_at\":{},\"updated_at\":{BEGIN},\"notified_at\":{BEGIN},\"assigned_to\":null,\"author\":{{\"type\":\"{kind}\",\"id\":\"{id}\",\"name\":\"N\",\"email\":\"n@example.com\"}},\"attachments\":[],\"redacted\":false}}",
                text(n + part),
                BEGIN + part
            )?;
        }
        write!(out, "]}}}}")?;
    }
    writeln!(out, "]}}")
}

fn whatsapp_cloud(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        writeln!(
            out,
            "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"1\",\"changes\":[{{\"value\":{{\"messaging_product\":\"whatsapp\",\"metadata\":{{\"display_phone_number\":\"15550199\",\"phone_number_id\":\"9\"}},\"contacts\":[{{\"profile\":{{\"name\":\"Ana\"}},\"wa_id\":\"1555{:07}\"}}],\"messages\":[{{\"from\":\"1555{:07}\",\"id\":\"wamid.{n}\",\"timestamp\":\"{}\",\"text\":{{\"body\":\"{}\"}},\"type\":\"text\"}}]}},\"field\":\"messages\"}}]}}]}}",
            n / 10,
            n / 10,
            BEGIN + n,
            text(n)
        )?;
    }
    Ok(())
}

fn mbox(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        let who = n / 10;
        let (from, to) = if n % 2 == 0 {
            (format!("a{who}@example.com"), "desk@example.com".to_owned())
        } else {
            ("desk@example.com".to_owned(), format!("a{who}@example.com"))
        };
        write!(
            out,
            "From x Mon Mar  2 09:00:00 2026\nReceived: from mx.example by host.example; Mon, 2 Mar 2026 09:00:00 +0000\nFrom: <{from}>\nTo: <{to}>\nSubject: Slot\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <{n}@example.com>\nReferences: <{who}@example.com>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}\n\nOn Mon, 2 Mar 2026 at 09:00, Desk <desk@example.com> wrote:\n> {}\n\n",
            text(n),
            text(n + 1)
        )?;
    }
    Ok(())
}

fn by_conversation(out: &mut dyn Write, messages: u64) -> Result<()> {
    generate::write(out, messages / 10, Order::ByConversation).map(drop)
}

fn by_time(out: &mut dyn Write, messages: u64) -> Result<()> {
    generate::write(out, messages / 10, Order::ByTime).map(drop)
}

fn jsonl(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        let who = n / 10;
        let direction = ["inbound", "outbound"][usize::from(n % 2 == 1)];
        writeln!(
            out,
            "{{\"contact_id\":\"c{who:07}\",\"channel\":\"sms\",\"direction\":\"{direction}\",\"sent_at\":\"2026-03-02T09:{:02}:00Z\",\"text\":\"{}\",\"message_id\":\"m{n}\",\"conversation_id\":\"v{who:07}\",\"name\":\"Ana\",\"phone\":\"+1555{who:07}\",\"timezone\":\"America/Mexico_City\"}}",
            n % 60,
            text(n)
        )?;
    }
    Ok(())
}

fn twilio_console(out: &mut dyn Write, messages: u64) -> Result<()> {
    writeln!(
        out,
        "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit"
    )?;
    for n in 0..messages {
        let (from, to, direction) = if n % 2 == 0 {
            (n / 20, 0, "inbound")
        } else {
            (0, n / 20, "outbound-api")
        };
        writeln!(
            out,
            "+1555{from:07},+1555{to:07},\"{}\",delivered,2026-03-02T09:{:02}:00Z,2010-04-01,1,0,ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,SM{n:032x},{direction},-0.0075,USD",
            text(n),
            n % 60
        )?;
    }
    Ok(())
}

fn highlevel_contacts(out: &mut dyn Write, messages: u64) -> Result<()> {
    writeln!(
        out,
        "Contact Id,First Name,Last Name,Phone,Email,Created,Tags,DND"
    )?;
    for n in 0..messages {
        writeln!(
            out,
            "ocQHyuzHvysMo5N{n:05},Ana,Ruiz,+1555{n:07},ana{n}@example.com,2026-03-01,\"vip, new\",false"
        )?;
    }
    Ok(())
}

/// Who writes, in turn.
fn name(n: u64) -> &'static str {
    ["Ana Ruiz", "Desk"][usize::from(n % 2 == 1)]
}

fn whatsapp(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        let (day, minute) = (1 + n / 1440 % 28, n % 1440);
        let (month, year) = (1 + n / 40_320 % 12, 2000 + n / 483_840);
        let (hour, minute) = (minute / 60, minute % 60);
        let (name, text) = (name(n), text(n));
        writeln!(
            out,
            "{day:02}/{month:02}/{year}, {hour:02}:{minute:02} - {name}: {text}"
        )?;
    }
    Ok(())
}

fn signal(out: &mut dyn Write, messages: u64) -> Result<()> {
    for n in 0..messages {
        let (day, minute) = (1 + n / 1440 % 28, n % 1440);
        let (month, year) = (1 + n / 40_320 % 12, 2000 + n / 483_840);
        let (hour, minute) = (minute / 60, minute % 60);
        let (name, text) = (name(n), text(n));
        writeln!(
            out,
            "[{year}-{month:02}-{day:02}, {hour:02}:{minute:02}] {name}: {text}"
        )?;
    }
    Ok(())
}

fn signal_backup(out: &mut dyn Write, messages: u64) -> Result<()> {
    let at = BEGIN * 1000;
    writeln!(out, r#"{{"version":"1","backupTimeMs":"{at}"}}"#)?;
    for id in 0..100 {
        let e164 = 15_550_000_000_u64 + id;
        writeln!(
            out,
            r#"{{"recipient":{{"id":"{id}","contact":{{"e164":"{e164}","profileGivenName":"Ana"}}}}}}"#
        )?;
        writeln!(out, r#"{{"chat":{{"id":"{id}","recipientId":"{id}"}}}}"#)?;
    }
    for n in 0..messages {
        let (chat, at, text) = (n % 100, at + n * 1000, text(n));
        let side = ["incoming", "outgoing"][usize::try_from(n % 2).unwrap_or(0)];
        writeln!(
            out,
            r#"{{"chatItem":{{"chatId":"{chat}","authorId":"{chat}","dateSent":"{at}","expireStartDate":"0","{side}":{{"dateReceived":"{at}","read":true,"sealedSender":true}},"standardMessage":{{"text":{{"body":"{text}"}}}}}}}}"#
        )?;
    }
    Ok(())
}

fn sms_backup(out: &mut dyn Write, messages: u64) -> Result<()> {
    writeln!(
        out,
        "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    )?;
    writeln!(out, r#"<smses count="{messages}">"#)?;
    for n in 0..messages {
        let (at, text, kind) = (BEGIN * 1000 + n * 1000, text(n), 1 + n % 2);
        let text = text
            .replace('\'', "&apos;")
            .replace('👍', "&#55357;&#56397;");
        let address = 34_600_000_000 + n % 100;
        writeln!(
            out,
            r#"  <sms protocol="0" address="+{address}" date="{at}" type="{kind}" subject="null" body="{text}" toa="null" sc_toa="null" service_center="null" read="1" status="-1" locked="0" date_sent="{at}" sub_id="1" readable_date="2 Mar 2026 10:00:00" contact_name="Ana Ruiz" />"#
        )?;
    }
    writeln!(out, "</smses>")
}

/// The emails of a mailbox, each a file of a Maildir.
pub(crate) fn into_maildir(mailbox: &str, folder: &Path) -> Result<()> {
    for sub in ["cur", "new"] {
        std::fs::create_dir_all(folder.join(sub))?;
    }
    for (n, mail) in mailbox
        .split("From x Mon Mar  2 09:00:00 2026\n")
        .skip(1)
        .enumerate()
    {
        std::fs::write(
            folder.join(format!("cur/1772443200.M{n:08}.host:2,S")),
            mail,
        )?;
    }
    Ok(())
}
