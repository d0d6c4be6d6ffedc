//! Each provider's own rules: what its requests look like, and what its answers mean (rule X4).

use followup::channel::{ApprovedTemplate, Outgoing, SendError, Sender};
use followup::http::Http;
use followup::model::Channel;
use serde_json::{Value, json};

use crate::contract::{LONG, chatwoot, highlevel, intercom, message, meta, now, telegram};
use crate::server::{Recorded, Reply, Server};

type Make = fn(Http, &str) -> Box<dyn Sender>;

/// The one request that a message makes, and its body.
fn request(make: Make, message: &Outgoing, accepted: &str) -> (Recorded, Value) {
    let server = Server::always(Reply::answer(200, accepted));
    make(Http::new(LONG), &server.url())
        .send(message, now())
        .unwrap();
    let request = server.requests().remove(0);
    let body = serde_json::from_slice(&request.body).unwrap();
    (request, body)
}

/// What a sender makes of an answer.
fn verdict(make: Make, message: &Outgoing, reply: Reply) -> SendError {
    let server = Server::always(reply);
    let sent = make(Http::new(LONG), &server.url()).send(message, now());
    sent.expect_err("an error")
}

/// Each row: status, body, the kind that it means; the provider's words are kept.
fn table(make: Make, message: &Outgoing, rows: &[(u16, Value, &str)]) {
    for (status, body, kind) in rows {
        let error = verdict(make, message, Reply::answer(*status, body.to_string()));
        assert_eq!(error.kind(), *kind, "{status} {body}: {error}");
    }
}

fn on(channel: Channel) -> Outgoing {
    Outgoing {
        channel,
        ..message()
    }
}

fn template() -> Option<ApprovedTemplate> {
    Some(ApprovedTemplate {
        name: "reminder_v2".into(),
        language: "es_MX".into(),
        category: "UTILITY".into(),
        variables: vec!["Ana".into(), "10:00".into()],
    })
}

const WHATSAPP: &str = r#"{"messages":[{"id":"wamid.1"}]}"#;
const PAGE: &str = r#"{"recipient_id":"1","message_id":"mid.1"}"#;

#[test]
fn whatsapp_cloud_gets_text_and_templates_as_it_wants_them() {
    let (request, body) = request(meta, &on(Channel::Whatsapp), WHATSAPP);
    assert_eq!(request.path, "/v23.0/106540352242922/messages");
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("Bearer "));
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+525512345678",
        "type": "text", "text": { "body": message().text, "preview_url": true },
    });
    assert_eq!(body, expected);

    let message = Outgoing {
        template: template(),
        ..on(Channel::Whatsapp)
    };
    let (_, body) = self::request(meta, &message, WHATSAPP);
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+525512345678",
        "type": "template",
        "template": {
            "name": "reminder_v2",
            "language": { "policy": "deterministic", "code": "es_MX" },
            "components": [{ "type": "body", "parameters": [
                { "type": "text", "text": "Ana" }, { "type": "text", "text": "10:00" },
            ]}],
        },
    });
    assert_eq!(body, expected);
}

#[test]
fn d17_messenger_and_instagram_get_a_response_and_never_a_tag() {
    for channel in [Channel::Facebook, Channel::Instagram] {
        let (request, body) = request(meta, &on(channel), PAGE);
        assert_eq!(request.path, "/v23.0/106540352242922/messages");
        assert_eq!(body["recipient"], json!({ "id": "+525512345678" }));
        assert_eq!(body["messaging_type"], "RESPONSE");
        assert_eq!(body["message"]["text"], message().text);
        assert!(!request.text().to_lowercase().contains("tag"), "{channel}");
    }
}

#[test]
fn x4_meta_codes_are_of_the_kind_they_mean() {
    let error = |code: u64, subcode: u64| {
        json!({ "error": {
            "message": format!("(#{code}) in their words"), "type": "OAuthException", "code": code,
            "error_subcode": subcode, "error_data": { "details": "more of them" },
        }})
    };
    let rows = [
        (400, error(131_047, 0), "window_closed"),
        (400, error(470, 0), "window_closed"),
        (400, error(10, 2_018_278), "window_closed"),
        (403, error(10, 2_534_022), "window_closed"),
        (400, error(131_050, 0), "opted_out"),
        (400, error(131_026, 0), "refused"),
        (400, error(131_049, 0), "refused"),
        (404, error(132_001, 0), "refused"),
        (400, error(100, 0), "refused"),
        (400, error(100, 2_018_001), "refused"),
        (400, error(551, 1_545_041), "refused"),
        (400, error(100, 33), "credentials"),
        (401, error(190, 463), "credentials"),
        (400, error(190, 0), "credentials"),
        (403, error(10, 0), "credentials"),
        (403, error(200, 0), "credentials"),
        (403, error(368, 0), "credentials"),
        (400, error(131_031, 0), "credentials"),
        (429, error(130_429, 0), "retry"),
        (400, error(130_429, 0), "retry"),
        (400, error(131_056, 0), "retry"),
        (400, error(131_048, 0), "retry"),
        (400, error(80_007, 0), "retry"),
        (400, error(4, 0), "retry"),
        (400, error(613, 0), "retry"),
        (500, error(131_000, 0), "unknown"),
        (500, error(2, 0), "unknown"),
        (503, error(131_016, 0), "unknown"),
    ];
    table(meta, &on(Channel::Whatsapp), &rows);
    let reply = Reply::answer(400, error(131_047, 0).to_string());
    let words = verdict(meta, &on(Channel::Whatsapp), reply).to_string();
    assert_eq!(
        words,
        "Meta 131047: (#131047) in their words (more of them)"
    );
    let told = json!({ "error": { "code": 10, "message": "sent outside of allowed window" } });
    table(
        meta,
        &on(Channel::Facebook),
        &[(403, told, "window_closed")],
    );
}

#[test]
fn x4_meta_says_how_long_to_wait() {
    for (code, seconds) in [(131_056, Some(6)), (131_048, Some(3600)), (130_429, None)] {
        let body = json!({ "error": { "code": code, "message": "slower" } });
        let error = verdict(
            meta,
            &on(Channel::Whatsapp),
            Reply::answer(400, body.to_string()),
        );
        assert!(
            matches!(error, SendError::Retry { after, .. } if after == seconds),
            "{error:?}"
        );
    }
}

#[test]
fn highlevel_gets_each_channels_type_and_version() {
    for (channel, kind) in [
        (Channel::Sms, "SMS"),
        (Channel::Whatsapp, "WhatsApp"),
        (Channel::Facebook, "FB"),
        (Channel::Instagram, "IG"),
        (Channel::LiveChat, "Live_Chat"),
        (Channel::Email, "Email"),
    ] {
        let (request, body) = request(highlevel, &on(channel), r#"{"messageId":"m"}"#);
        assert_eq!(request.path, "/conversations/messages");
        assert_eq!(request.header("version"), Some("2021-04-15"));
        assert_eq!(body["type"], kind);
        assert_eq!(body["contactId"], "c1");
        assert_eq!(body["message"], message().text);
        let from = (channel == Channel::Sms).then_some("+14155550100");
        assert_eq!(body["fromNumber"].as_str(), from);
        let subject = (channel == Channel::Email).then_some("Sol");
        assert_eq!(body["subject"].as_str(), subject);
        let html = body["html"].as_str().unwrap_or_default();
        assert_eq!(html.contains("<a href="), channel == Channel::Email);
    }
}

#[test]
fn x4_highlevels_words_are_of_the_kind_they_mean() {
    let says = |words: &str| json!({ "statusCode": 400, "message": words, "error": "Bad Request" });
    let list = json!({ "statusCode": 422, "message": ["type must be one of", "contactId empty"] });
    let rows = [
        (
            400,
            says("Cannot send message as DND is active for SMS."),
            "opted_out",
        ),
        (400, says("Contact has unsubscribed"), "opted_out"),
        (
            400,
            says("Message sent outside of the 24-hour window"),
            "window_closed",
        ),
        (400, says("Contact with id c1 not found"), "refused"),
        (404, says("Contact not found"), "refused"),
        (422, list.clone(), "refused"),
        (401, says("Invalid JWT"), "credentials"),
        (
            403,
            says("The token does not have access to this location."),
            "credentials",
        ),
        (404, json!({}), "credentials"),
        (500, says("DND"), "unknown"),
    ];
    table(highlevel, &on(Channel::Sms), &rows);
    let words = verdict(
        highlevel,
        &on(Channel::Sms),
        Reply::answer(422, list.to_string()),
    );
    assert!(words.to_string().contains("type must be one of; contactId"));
}

#[test]
fn x4_highlevels_limits_say_how_long() {
    let busy = || Reply::answer(429, r#"{"message":"Too Many Requests"}"#);
    for (reply, seconds) in [
        (
            busy().header("X-RateLimit-Interval-Milliseconds", "10000"),
            Some(10),
        ),
        (
            busy()
                .header("X-RateLimit-Interval-Milliseconds", "10000")
                .header("X-RateLimit-Daily-Remaining", "0"),
            Some(3600),
        ),
        (busy().header("Retry-After", "7"), Some(7)),
        (busy(), None),
    ] {
        let error = verdict(highlevel, &on(Channel::Sms), reply);
        assert!(
            matches!(error, SendError::Retry { after, .. } if after == seconds),
            "{error:?}"
        );
    }
}

#[test]
fn telegram_gets_the_chats_number_and_the_text() {
    let accepted = r#"{"ok":true,"result":{"message_id":42}}"#;
    for (address, chat) in [
        ("99887766", json!(99_887_766)),
        ("-1001234567890", json!(-1_001_234_567_890_i64)),
        ("@sol", json!("@sol")),
    ] {
        let message = Outgoing {
            address: address.into(),
            ..on(Channel::Telegram)
        };
        let (request, body) = request(telegram, &message, accepted);
        assert!(request.path.ends_with("/sendMessage"));
        let expected = json!({ "chat_id": chat, "text": message.text });
        assert_eq!(body, expected);
    }
    let nobody = Outgoing {
        address: "ana".into(),
        ..on(Channel::Telegram)
    };
    let error = verdict(telegram, &nobody, Reply::answer(200, accepted));
    assert_eq!(error.kind(), "refused");
}

#[test]
fn x4_telegrams_answers_are_of_the_kind_they_mean() {
    let says =
        |code: u64, words: &str| json!({ "ok": false, "error_code": code, "description": words });
    let rows = [
        (
            403,
            says(403, "Forbidden: bot was blocked by the user"),
            "opted_out",
        ),
        (403, says(403, "Forbidden: user is deactivated"), "refused"),
        (
            403,
            says(
                403,
                "Forbidden: bot can't initiate conversation with a user",
            ),
            "refused",
        ),
        (400, says(400, "Bad Request: chat not found"), "refused"),
        (
            400,
            says(400, "Bad Request: message is too long"),
            "refused",
        ),
        (200, says(400, "Bad Request: chat not found"), "refused"),
        (401, says(401, "Unauthorized"), "credentials"),
        (404, says(404, "Not Found"), "credentials"),
        (500, says(500, "Internal Server Error"), "unknown"),
        (
            502,
            says(403, "Forbidden: bot was blocked by the user"),
            "unknown",
        ),
    ];
    table(telegram, &on(Channel::Telegram), &rows);
    let body = json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35",
        "parameters": { "retry_after": 35 },
    });
    let error = verdict(
        telegram,
        &on(Channel::Telegram),
        Reply::answer(429, body.to_string()),
    );
    assert!(
        matches!(
            error,
            SendError::Retry {
                after: Some(35),
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn chatwoot_gets_an_outgoing_message_in_the_conversation() {
    let (request, body) = request(chatwoot, &on(Channel::LiveChat), r#"{"id":5}"#);
    assert_eq!(request.path, "/api/v1/accounts/1/conversations/77/messages");
    assert!(request.header("api_access_token").is_some());
    let expected =
        json!({ "content": message().text, "message_type": "outgoing", "private": false });
    assert_eq!(body, expected);
    let approved = Outgoing {
        template: template(),
        ..on(Channel::Whatsapp)
    };
    let (_, body) = self::request(chatwoot, &approved, r#"{"id":5}"#);
    let expected = json!({
        "name": "reminder_v2", "category": "UTILITY", "language": "es_MX",
        "processed_params": { "body": { "1": "Ana", "2": "10:00" } },
    });
    assert_eq!(body["template_params"], expected);
}

#[test]
fn x4_chatwoots_answers_are_of_the_kind_they_mean() {
    let rows = [
        (
            404,
            json!({ "error": "Resource could not be found" }),
            "refused",
        ),
        (422, json!({ "message": "Content is too long" }), "refused"),
        (
            401,
            json!({ "error": "Invalid Access Token" }),
            "credentials",
        ),
        (404, json!({}), "credentials"),
        (429, json!({}), "retry"),
        (
            500,
            json!({ "error": "Resource could not be found" }),
            "unknown",
        ),
    ];
    table(chatwoot, &on(Channel::LiveChat), &rows);
}

#[test]
fn intercom_gets_a_teammates_comment_in_the_conversation() {
    let (request, body) = request(intercom, &on(Channel::LiveChat), r#"{"id":"77"}"#);
    assert_eq!(request.path, "/conversations/77/reply");
    assert!(request.header("intercom-version").is_some());
    let expected = json!({
        "message_type": "comment", "type": "admin", "admin_id": "1234567", "body": message().text,
    });
    assert_eq!(body, expected);
}

#[test]
fn x4_intercoms_answers_are_of_the_kind_they_mean() {
    let says = |code: &str| json!({ "type": "error.list", "errors": [{ "code": code, "message": "in their words" }] });
    let rows = [
        (404, says("not_found"), "refused"),
        (400, says("parameter_invalid"), "refused"),
        (422, says("action_forbidden"), "refused"),
        (401, says("unauthorized"), "credentials"),
        (403, says("api_plan_restricted"), "credentials"),
        (404, json!({}), "credentials"),
        (500, says("server_error"), "unknown"),
    ];
    table(intercom, &on(Channel::LiveChat), &rows);
    let reset = (now().timestamp() + 12).to_string();
    let busy = Reply::answer(429, says("rate_limit_exceeded").to_string());
    let error = verdict(
        intercom,
        &on(Channel::LiveChat),
        busy.header("X-RateLimit-Reset", &reset),
    );
    assert!(
        matches!(
            error,
            SendError::Retry {
                after: Some(12),
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_reply_needs_the_conversation_of_its_own_channel() {
    let makes: [Make; 2] = [chatwoot, intercom];
    for make in makes {
        for conversation in [None, Some(""), Some("7/../../x"), Some("7 8")] {
            let message = Outgoing {
                conversation: conversation.map(str::to_owned),
                ..on(Channel::LiveChat)
            };
            let server = Server::always(Reply::answer(200, r#"{"id":5}"#));
            let sent = make(Http::new(LONG), &server.url()).send(&message, now());
            assert_eq!(sent.unwrap_err().kind(), "refused", "{conversation:?}");
            assert!(server.requests().is_empty(), "nothing left");
        }
    }
}

#[test]
fn a_text_that_is_too_long_never_leaves() {
    let cases: [(Make, Channel, usize); 6] = [
        (meta, Channel::Whatsapp, 4096),
        (meta, Channel::Facebook, 2000),
        (meta, Channel::Instagram, 1000),
        (telegram, Channel::Telegram, 4096),
        (highlevel, Channel::Sms, 1600),
        (chatwoot, Channel::Instagram, 1000),
    ];
    for (make, channel, most) in cases {
        let message = Outgoing {
            text: "a".repeat(most + 1),
            ..on(channel)
        };
        let server = Server::always(Reply::answer(200, "{}"));
        let sent = make(Http::new(LONG), &server.url()).send(&message, now());
        assert_eq!(sent.unwrap_err().kind(), "refused", "{channel}");
        assert!(server.requests().is_empty(), "{channel}");
    }
}

#[test]
fn d17_intercom_has_no_approved_templates_and_sends_none_as_free_text() {
    let server = Server::always(Reply::answer(200, "{}"));
    let message = Outgoing {
        template: template(),
        ..on(Channel::Whatsapp)
    };
    let sent = intercom(Http::new(LONG), &server.url()).send(&message, now());
    assert_eq!(sent.unwrap_err().kind(), "window_closed");
    assert!(server.requests().is_empty());
}
