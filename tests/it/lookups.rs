//! What a provider says of a message whose answer was lost (rule X4).

use followup::channel::{Found, Lost, Outbox, Sender};
use followup::http::Http;
use followup::model::{Channel, Timestamp};
use serde_json::{Value, json};

use crate::contract::{
    LONG, chatwoot, highlevel, intercom, message, meta, now, telegram, twilio, webhook,
};
use crate::server::{Reply, Server};

type Make = fn(Http, &str) -> Box<dyn Sender>;

const TEXT: &str = "Hola Ana, ¿sigues ahí? <3\nhttps://example.com/a?b=c&d=e";

fn lost(channel: Channel) -> Lost<'static> {
    Lost {
        id: "fu_1",
        contact_id: "c1",
        conversation: Some("77"),
        address: "+525512345678",
        channel,
        text: TEXT,
        claimed_at: now(),
    }
}

fn sent(id: &str) -> Found {
    Found::Sent {
        provider_id: Some(id.to_owned()),
    }
}

/// What the sender says after this answer, and the path that it asked.
fn look_up(
    make: Make,
    channel: Channel,
    status: u16,
    body: &Value,
) -> (Result<Found, String>, String) {
    let server = Server::always(Reply::answer(status, body.to_string()));
    let sender = make(Http::new(LONG), &server.url());
    let found = sender.look_up(&lost(channel), now());
    let requests = server.requests();
    assert!(
        requests.iter().all(|r| r.method == "GET"),
        "nothing is sent"
    );
    let path = requests.first().map(|r| r.path.clone()).unwrap_or_default();
    (found.map_err(|e| e.kind().to_owned()), path)
}

fn at(minutes: i64) -> Timestamp {
    now() + chrono::TimeDelta::minutes(minutes)
}

#[test]
fn x4_twilio_lists_the_messages_to_a_number() {
    let one = |sid: &str, minutes: i64, body: &str, direction: &str| {
        json!({ "sid": sid, "body": body, "direction": direction,
                "date_created": at(minutes).to_rfc2822(), "status": "sent" })
    };
    let list =
        |messages: Vec<Value>, next: Value| json!({ "messages": messages, "next_page_uri": next });
    let ours = one("SM2", 0, TEXT, "outbound-api");
    let old = one("SM1", -600, TEXT, "outbound-api");
    let theirs = one("SM3", 1, TEXT, "inbound");
    let other = one("SM4", 1, "Another", "outbound-api");
    for (body, found) in [
        (
            list(vec![theirs.clone(), ours.clone(), old.clone()], Value::Null),
            sent("SM2"),
        ),
        (list(vec![old.clone()], Value::Null), Found::Absent),
        (list(vec![], Value::Null), Found::Absent),
        (list(vec![theirs], Value::Null), Found::Absent),
        // An approved template's text is not ours: what went out then may be it.
        (list(vec![other.clone()], Value::Null), Found::CannotSay),
        // The list goes on, and reaches back far enough or not.
        (list(vec![old], json!("/next")), Found::Absent),
        (
            list(
                vec![one("SM5", 30, "Later", "outbound-api")],
                json!("/next"),
            ),
            Found::CannotSay,
        ),
    ] {
        let (got, path) = look_up(twilio, Channel::Sms, 200, &body);
        assert_eq!(got, Ok(found), "{body}");
        let account = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
        assert_eq!(path, format!("{account}?To=%2B525512345678&PageSize=200"));
    }
    let (_, path) = look_up(twilio, Channel::Whatsapp, 200, &list(vec![], Value::Null));
    assert!(path.contains("?To=whatsapp%3A%2B525512345678&"), "{path}");
}

#[test]
fn x4_highlevel_exports_the_contacts_messages() {
    let one = |direction: &str, body: &str, at: Timestamp| json!({ "id": "m9", "direction": direction, "source": "api", "body": body, "dateAdded": at });
    for (messages, found) in [
        (json!([one("outbound", TEXT, at(0))]), sent("m9")),
        (json!([one("inbound", TEXT, at(0))]), Found::Absent),
        (json!([one("outbound", TEXT, at(-60))]), Found::Absent),
        (json!([]), Found::Absent),
    ] {
        let body = json!({ "messages": messages, "nextCursor": null, "total": 1 });
        let (got, path) = look_up(highlevel, Channel::Sms, 200, &body);
        assert_eq!(got, Ok(found), "{body}");
        assert_eq!(
            path,
            "/conversations/messages/export?locationId=loc1&contactId=c1\
             &startDate=2026-03-02T08%3A55%3A00.000Z&limit=500"
        );
    }
    let more = json!({ "messages": [], "nextCursor": "abc" });
    let (got, _) = look_up(highlevel, Channel::Sms, 200, &more);
    assert_eq!(got, Ok(Found::CannotSay));
}

#[test]
fn x4_chatwoot_and_intercom_have_it_in_the_conversation() {
    let one = |kind: Value, content: &str, at: Timestamp| json!({ "id": 12, "message_type": kind, "content": content, "created_at": at.timestamp(), "private": false });
    let before = one(json!(0), "Hola", at(-60));
    for (payload, found) in [
        (json!([before, one(json!(1), TEXT, at(0))]), sent("12")),
        (
            json!([before, one(json!("outgoing"), TEXT, at(0))]),
            sent("12"),
        ),
        (json!([before]), Found::Absent),
        (
            json!([before, one(json!(1), "Another", at(1))]),
            Found::CannotSay,
        ),
        (json!([one(json!(0), "Hola", at(5))]), Found::CannotSay),
    ] {
        let (got, path) = look_up(
            chatwoot,
            Channel::LiveChat,
            200,
            &json!({ "payload": payload }),
        );
        assert_eq!(got, Ok(found), "{payload}");
        assert_eq!(path, "/api/v1/accounts/1/conversations/77/messages");
    }

    let html = "<p>Hola Ana, ¿sigues ahí? &lt;3<br>https://example.com/a?b=c&amp;d=e</p>";
    let part = |author: &str, body: &str| {
        json!({ "id": "9", "part_type": "comment", "body": body, "created_at": now().timestamp(),
                "author": { "type": author } })
    };
    for (parts, total, found) in [
        (vec![part("admin", html)], 1, sent("9")),
        (vec![part("user", html)], 1, Found::Absent),
        (vec![], 0, Found::Absent),
        (vec![part("user", html)], 600, Found::CannotSay),
    ] {
        let body = json!({ "id": "77", "conversation_parts": { "conversation_parts": parts, "total_count": total } });
        let (got, path) = look_up(intercom, Channel::LiveChat, 200, &body);
        assert_eq!(got, Ok(found), "{body}");
        assert_eq!(path, "/conversations/77");
    }
}

#[test]
fn x4_a_webhooks_receiver_knows_it_by_its_id() {
    let (got, path) = look_up(webhook, Channel::Sms, 200, &json!({ "id": "w1" }));
    assert_eq!((got, &*path), (Ok(sent("w1")), "/sent/fu_1"));
    let (got, _) = look_up(webhook, Channel::Sms, 404, &json!({}));
    assert_eq!(got, Ok(Found::Absent));
}

#[test]
fn x4_the_outbox_has_it_in_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path().join("outbox.jsonl"));
    let cannot = outbox.look_up(&lost(Channel::Sms), now()).unwrap();
    assert_eq!(cannot, Found::CannotSay);
    outbox.send(&message(), now()).unwrap();
    assert_eq!(
        outbox.look_up(&lost(Channel::Sms), now()).unwrap(),
        sent("fu_1")
    );
}

#[test]
fn x4_who_cannot_be_asked_says_so_and_who_does_not_answer_is_an_error() {
    for (make, channel) in [
        (meta as Make, Channel::Whatsapp),
        (telegram, Channel::Telegram),
    ] {
        let (got, path) = look_up(make, channel, 200, &json!({}));
        assert_eq!((got, &*path), (Ok(Found::CannotSay), ""));
    }
    for make in [twilio as Make, highlevel, chatwoot, intercom, webhook] {
        for status in [401, 429, 500] {
            let (got, _) = look_up(make, Channel::LiveChat, status, &json!({ "messages": [] }));
            assert!(got.is_err(), "{status}");
        }
    }
    for make in [twilio as Make, highlevel, chatwoot, intercom] {
        let (got, _) = look_up(make, Channel::LiveChat, 200, &json!({ "odd": true }));
        assert!(got.is_err(), "an answer that is no list");
    }
}
