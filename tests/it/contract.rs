//! What every HTTP sender must keep to, whatever its provider: one suite, one line for each sender.

use std::time::{Duration, Instant};

use followup::channel::{
    Accepted, Chatwoot, Highlevel, Intercom, Meta, Outgoing, SendError, Sender, Telegram, Twilio,
    Webhook,
};
use followup::config::{
    ChatwootSettings, HighlevelSettings, IntercomSettings, MetaSettings, Secret, SecretRef,
    TelegramSettings, TwilioSender, TwilioSettings, WebhookSettings,
};
use followup::http::Http;
use followup::model::{Channel, Scenario, Timestamp};

use crate::server::{Reply, Server};

/// Long enough for a busy machine; the tests that wait for it use [`SHORT`].
pub(crate) const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(1200);
/// In every secret; nothing that is shown may contain it.
const MARKER: &str = "MARKERmarkerMARKERmarkerMARKERma";

/// One sender under test.
struct Case {
    name: &'static str,
    /// The channel that it serves here.
    channel: Channel,
    /// Makes it for a base URL.
    make: fn(Http, &str) -> Box<dyn Sender>,
    /// What its provider answers on acceptance.
    accepted: &'static str,
    /// The id in that.
    provider_id: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "twilio",
        channel: Channel::Sms,
        make: twilio,
        accepted: r#"{"sid":"SM1","status":"queued"}"#,
        provider_id: "SM1",
    },
    Case {
        name: "webhook",
        channel: Channel::Sms,
        make: webhook,
        accepted: r#"{"id":"w1"}"#,
        provider_id: "w1",
    },
    Case {
        name: "meta",
        channel: Channel::Whatsapp,
        make: meta,
        accepted: r#"{"messaging_product":"whatsapp","contacts":[{"input":"+1","wa_id":"1"}],"messages":[{"id":"wamid.1"}]}"#,
        provider_id: "wamid.1",
    },
    Case {
        name: "messenger",
        channel: Channel::Facebook,
        make: meta,
        accepted: r#"{"recipient_id":"1","message_id":"mid.1"}"#,
        provider_id: "mid.1",
    },
    Case {
        name: "highlevel",
        channel: Channel::LiveChat,
        make: highlevel,
        accepted: r#"{"conversationId":"cv1","messageId":"m1"}"#,
        provider_id: "m1",
    },
    Case {
        name: "telegram",
        channel: Channel::Telegram,
        make: telegram,
        accepted: r#"{"ok":true,"result":{"message_id":42,"chat":{"id":525512345678}}}"#,
        provider_id: "42",
    },
    Case {
        name: "chatwoot",
        channel: Channel::LiveChat,
        make: chatwoot,
        accepted: r#"{"id":5,"content":"…","message_type":1,"status":"sent"}"#,
        provider_id: "5",
    },
    Case {
        name: "intercom",
        channel: Channel::LiveChat,
        make: intercom,
        accepted: r#"{"type":"conversation","id":"77","conversation_parts":{"conversation_parts":[{"id":"8","author":{"type":"user"}},{"id":"9","author":{"type":"admin"}}]}}"#,
        provider_id: "9",
    },
];

pub(crate) fn twilio(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = TwilioSettings {
        account_sid: "AC00000000000000000000000000000001".into(),
        api_key: None,
        auth_token: SecretRef::env("UNUSED"),
        sender: TwilioSender::From("+15005550006".into()),
        base_url: base_url.into(),
    };
    Box::new(Twilio::new(http, &settings, Secret::new(MARKER)))
}

pub(crate) fn webhook(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = WebhookSettings {
        url: format!("{base_url}/hook"),
        lookup_url: Some(format!("{base_url}/sent/{{id}}")),
        secret: SecretRef::env("UNUSED"),
    };
    let secret = Secret::new(format!("whsec_{MARKER}"));
    Box::new(Webhook::new(http, &settings, secret).unwrap())
}

pub(crate) fn meta(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = MetaSettings {
        sender_id: "106540352242922".into(),
        access_token: SecretRef::env("UNUSED"),
        api_version: "v23.0".into(),
        base_url: base_url.into(),
    };
    let channel = Channel::Whatsapp;
    Box::new(Meta::new(http, &settings, channel, Secret::new(MARKER)))
}

pub(crate) fn highlevel(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = HighlevelSettings {
        location_id: "loc1".into(),
        token: SecretRef::env("UNUSED"),
        from_number: Some("+14155550100".into()),
        subject: None,
        base_url: base_url.into(),
    };
    Box::new(Highlevel::new(http, &settings, "Sol", Secret::new(MARKER)))
}

pub(crate) fn telegram(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = TelegramSettings {
        bot_token: SecretRef::env("UNUSED"),
        base_url: base_url.into(),
    };
    let token = Secret::new(format!("123456:{MARKER}"));
    Box::new(Telegram::new(http, &settings, token).unwrap())
}

pub(crate) fn chatwoot(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = ChatwootSettings {
        account_id: "1".into(),
        api_access_token: SecretRef::env("UNUSED"),
        base_url: base_url.into(),
    };
    Box::new(Chatwoot::new(http, &settings, Secret::new(MARKER)))
}

pub(crate) fn intercom(http: Http, base_url: &str) -> Box<dyn Sender> {
    let settings = IntercomSettings {
        access_token: SecretRef::env("UNUSED"),
        admin_id: "1234567".into(),
        base_url: base_url.into(),
    };
    Box::new(Intercom::new(http, &settings, Secret::new(MARKER)))
}

pub(crate) fn message() -> Outgoing {
    Outgoing {
        id: "fu_1".into(),
        contact_id: "c1".into(),
        conversation_id: Some("conv1".into()),
        conversation: Some("77".into()),
        reply_to: None,
        address: "+525512345678".into(),
        channel: Channel::Sms,
        text: "Hola Ana, ¿sigues ahí?\nhttps://example.com/a?b=c&d=e".into(),
        scenario: Scenario::StoppedResponding,
        step: 2,
        template: None,
    }
}

/// The same, on the channel of a case.
fn to(case: &Case) -> Outgoing {
    Outgoing {
        channel: case.channel,
        ..message()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

type Sent = Result<Accepted, SendError>;

/// Sends one message with each sender to a server of its own.
fn each(timeout: Duration, server: impl Fn(&Case) -> Server, check: impl Fn(&Case, &Server, Sent)) {
    for case in CASES {
        let server = server(case);
        let sender = (case.make)(Http::new(timeout), &server.url());
        let sent = sender.send(&to(case), now());
        if let Err(error) = &sent {
            assert_quiet(case, &format!("{error} {error:?} {sender:?}"));
        }
        check(case, &server, sent);
    }
}

/// Every answer leads to an error of this kind, after exactly one request.
fn each_is(kind: &str, timeout: Duration, reply: &Reply, deliveries: usize) {
    each(
        timeout,
        |_| Server::always(reply.clone()),
        |case, server, sent| {
            let error = sent.expect_err(case.name);
            assert_eq!(error.kind(), kind, "{}: {error} after {reply:?}", case.name);
            assert_eq!(server.requests().len(), 1, "{}: {reply:?}", case.name);
            let delivered: usize = server.deliveries().values().sum();
            assert_eq!(delivered, deliveries, "{}: {reply:?}", case.name);
        },
    );
}

fn assert_quiet(case: &Case, shown: &str) {
    use base64::Engine;
    let pair = format!("AC00000000000000000000000000000001:{MARKER}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    assert!(!shown.contains(MARKER), "{}: {shown}", case.name);
    assert!(!shown.contains(&encoded), "{}: {shown}", case.name);
}

#[test]
fn x1_an_accepted_message_is_one_request_with_its_id() {
    each(
        LONG,
        |case| Server::always(Reply::answer(201, case.accepted)),
        |case, server, sent| {
            let sent = sent.expect(case.name);
            assert_eq!(sent.provider_id.as_deref(), Some(case.provider_id));
            let requests = server.requests();
            assert_eq!(requests.len(), 1, "{}", case.name);
            let request = &requests[0];
            assert_eq!(request.method, "POST");
            assert_eq!(request.id(), Some("fu_1"), "{}", case.name);
            let agent = concat!("followup/", env!("CARGO_PKG_VERSION"));
            assert_eq!(request.header("user-agent"), Some(agent));
            // Telegram has its token there and nowhere else.
            let in_path = request.path.contains(MARKER);
            assert_eq!(in_path, case.name == "telegram", "{}", case.name);
        },
    );
}

#[test]
fn x4_what_fails_before_a_connection_stands_was_not_sent() {
    for case in CASES {
        let silent = Server::always(Reply::stall());
        let plain = Server::always(Reply::garbage("no TLS here"));
        let deaf = Server::deaf();
        for (what, base_url) in [
            ("nobody listens", Server::nobody()),
            ("no such host", "https://host.invalid".to_owned()),
            ("a handshake that stalls", silent.https_url()),
            (
                "a handshake that is answered with nonsense",
                plain.https_url(),
            ),
            ("a handshake that is reset", deaf.https_url()),
        ] {
            let sender = (case.make)(Http::new(SHORT), &base_url);
            let started = Instant::now();
            let error = sender.send(&to(case), now()).expect_err(what);
            assert_eq!(error.kind(), "retry", "{}, {what}: {error}", case.name);
            assert!(
                started.elapsed() < SHORT + Duration::from_secs(3),
                "{}, {what}",
                case.name
            );
            assert_quiet(case, &error.to_string());
        }
    }
}

#[test]
fn x4_a_connection_that_is_reset_leaves_it_unknown() {
    each(
        LONG,
        |_| Server::deaf(),
        |case, _, sent| {
            assert_eq!(
                sent.expect_err(case.name).kind(),
                "unknown",
                "{}",
                case.name
            )
        },
    );
    each_is("unknown", LONG, &Reply::reset(), 0);
    each_is("unknown", LONG, &Reply::reset().accepting(), 1);
}

#[test]
fn x4_silence_and_a_slow_drip_end_with_the_timeout() {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for (reply, deliveries) in [
            (Reply::stall(), 0),
            (Reply::stall().accepting(), 1),
            (Reply::drip(Duration::from_millis(50)), 0),
            (Reply::answer(200, "{}").after(LONG), 1),
        ] {
            scope.spawn(move || each_is("unknown", SHORT, &reply, deliveries));
        }
    });
    let most = SHORT * u32::try_from(CASES.len()).unwrap() + Duration::from_secs(3);
    assert!(started.elapsed() < most, "{:?}", started.elapsed());
}

#[test]
fn x4_an_answer_that_is_cut_or_unreadable_leaves_it_unknown() {
    for case in CASES {
        let whole = Reply::answer(201, case.accepted);
        for reply in [
            whole.clone().cut_after(0),
            whole.clone().cut_after(case.accepted.len() - 1),
            Reply::answer(201, vec![b' '; 2 << 20]),
            Reply::garbage(""),
            Reply::garbage("SSH-2.0-OpenSSH_9.6\r\n"),
            Reply::garbage("HTTP/1.1 20"),
            Reply::garbage(vec![0; 200_000]),
        ] {
            let server = Server::always(reply.clone().accepting());
            let sender = (case.make)(Http::new(LONG), &server.url());
            let error = sender.send(&to(case), now()).expect_err(case.name);
            assert_eq!(error.kind(), "unknown", "{}: {error}", case.name);
            assert_eq!(server.deliveries()["fu_1"], 1, "{}", case.name);
        }
    }
}

#[test]
fn x4_server_errors_leave_it_unknown() {
    for status in [500, 502, 503, 504, 599] {
        each_is("unknown", LONG, &Reply::answer(status, "{}"), 0);
        let said = r#"{"code":20500,"message":"oops"}"#;
        each_is("unknown", LONG, &Reply::answer(status, said), 0);
    }
    let waiting = Reply::answer(500, "").header("Retry-After", "5");
    each_is("unknown", LONG, &waiting, 0);
}

#[test]
fn x4_too_many_requests_is_retried_when_the_provider_says() {
    for (status, header, after) in [
        (429, Some("7"), Some(7)),
        (429, None, None),
        (429, Some("Mon, 02 Mar 2026 09:01:30 GMT"), Some(90)),
        (503, Some("30"), Some(30)),
    ] {
        let mut reply = Reply::answer(status, r#"{"code":20429,"message":"slow down"}"#);
        if let Some(value) = header {
            reply = reply.header("Retry-After", value);
        }
        each(
            LONG,
            |_| Server::always(reply.clone()),
            |case, server, sent| {
                let error = sent.expect_err(case.name);
                let SendError::Retry { after: got, reason } = error else {
                    panic!("{}: {error:?}", case.name);
                };
                assert_eq!(got, after, "{}", case.name);
                assert!(reason.contains("slow down"), "{}: {reason}", case.name);
                assert_eq!(server.requests().len(), 1);
            },
        );
    }
}

#[test]
fn x4_refused_credentials_close_the_channel() {
    for status in [401, 403, 404, 410] {
        each_is("credentials", LONG, &Reply::answer(status, "{}"), 0);
    }
}

#[test]
fn x4_other_refusals_are_for_good() {
    for status in [400, 413, 422] {
        each_is(
            "refused",
            LONG,
            &Reply::answer(status, "<html>no</html>"),
            0,
        );
    }
}

#[test]
fn s4_no_redirect_is_followed() {
    for status in [301, 302, 307, 308] {
        let elsewhere = Server::always(Reply::answer(200, "{}"));
        let moved = Reply::answer(status, "").header("Location", &elsewhere.url());
        each_is("credentials", LONG, &moved, 0);
        assert!(elsewhere.requests().is_empty());
    }
}

#[test]
fn x4_a_kept_connection_that_breaks_is_not_tried_again() {
    for case in CASES {
        let server = Server::sequence(vec![
            Reply::answer(201, case.accepted),
            Reply::reset().accepting(),
            Reply::answer(201, case.accepted),
        ]);
        let sender = (case.make)(Http::new(LONG), &server.url());
        let send = |id: &str| {
            let message = Outgoing {
                id: id.into(),
                ..to(case)
            };
            sender.send(&message, now())
        };
        send("fu_1").expect(case.name);
        assert_eq!(send("fu_2").expect_err(case.name).kind(), "unknown");
        send("fu_3").expect(case.name);
        let requests = server.requests();
        assert_eq!(requests.len(), 3, "{}", case.name);
        assert_eq!(requests[1].connection, 0, "the connection was not kept");
        assert!(server.deliveries().values().all(|count| *count == 1));
    }
}

#[test]
fn x4_a_connection_that_was_closed_in_between_is_replaced() {
    for case in CASES {
        let server = Server::always(Reply::answer(201, case.accepted).then_close());
        let sender = (case.make)(Http::new(LONG), &server.url());
        for n in 0..3 {
            sender.send(&to(case), now()).expect(case.name);
            assert_eq!(server.connections(), n + 1, "{}", case.name);
            // The close arrives with the answer or soon after it.
            let (_sender, nothing) = std::sync::mpsc::channel::<()>();
            let _ = nothing.recv_timeout(Duration::from_millis(250));
        }
    }
}

#[test]
fn s6_a_provider_that_echoes_our_secret_is_not_quoted() {
    each(
        LONG,
        |_| {
            Server::start(|request, _| {
                let echo = format!("{MARKER} \u{1b}[31m {:?}", request.headers);
                let body = serde_json::json!({"code": 21211, "message": echo});
                Reply::answer(400, body.to_string())
            })
        },
        |case, _, sent| {
            let words = sent.expect_err(case.name).to_string();
            assert!(!words.contains('\u{1b}'), "{}: {words}", case.name);
            assert!(words.contains("***"), "{}: {words}", case.name);
        },
    );
}

#[test]
fn x1_threads_share_a_sender() {
    for case in CASES {
        let server = Server::always(Reply::answer(201, case.accepted));
        let sender = (case.make)(Http::new(LONG), &server.url());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let sender = &sender;
                scope.spawn(move || {
                    for n in 0..25 {
                        let id = format!("fu_{thread}_{n}");
                        let message = Outgoing { id, ..to(case) };
                        sender.send(&message, now()).expect(case.name);
                    }
                });
            }
        });
        let deliveries = server.deliveries();
        assert_eq!(deliveries.len(), 200, "{}", case.name);
        assert!(deliveries.values().all(|count| *count == 1));
        assert!(server.connections() <= 8, "{}", case.name);
    }
}

#[test]
fn x4_twilio_codes_are_of_the_kind_they_mean() {
    for (status, code, kind) in [
        (400, 21610, "opted_out"),
        (403, 21610, "opted_out"),
        (400, 63016, "window_closed"),
        (400, 21211, "refused"),
        (400, 21614, "refused"),
        (400, 21617, "refused"),
        (403, 21408, "refused"),
        (400, 21606, "refused"),
        (400, 30006, "refused"),
        (400, 99999, "refused"),
        (401, 20003, "credentials"),
        (400, 20003, "credentials"),
        (403, 20005, "credentials"),
        (404, 20404, "credentials"),
        (429, 20429, "retry"),
        (400, 20429, "retry"),
        (429, 21611, "retry"),
        (500, 20429, "unknown"),
        (503, 21610, "unknown"),
    ] {
        let body = serde_json::json!({"code": code, "message": "in their words", "status": status});
        let server = Server::always(Reply::answer(status, body.to_string()));
        let sender = twilio(Http::new(LONG), &server.url());
        let error = sender.send(&message(), now()).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert!(error.to_string().contains("in their words"), "{error}");
        if status < 500 && kind != "retry" {
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
    }
}

#[test]
fn x4_twilio_success_without_a_sid_is_unknown() {
    for body in ["", "ok", "[]", "{}", r#"{"sid":""}"#, r#"{"sid":7}"#] {
        let server = Server::always(Reply::answer(201, body));
        let sender = twilio(Http::new(LONG), &server.url());
        let error = sender.send(&message(), now()).unwrap_err();
        assert_eq!(error.kind(), "unknown", "{body}");
    }
    let failed = r#"{"sid":"SM1","status":"failed","error_code":21610,"error_message":"STOP"}"#;
    let server = Server::always(Reply::answer(201, failed));
    let sender = twilio(Http::new(LONG), &server.url());
    assert_eq!(
        sender.send(&message(), now()).unwrap_err().kind(),
        "opted_out"
    );
}

#[test]
fn twilio_gets_the_form_and_the_credentials_it_wants() {
    let server = Server::always(Reply::answer(201, CASES[0].accepted));
    let sender = twilio(Http::new(LONG), &format!("{}/", server.url()));
    sender.send(&message(), now()).unwrap();
    let request = &server.requests()[0];
    let path = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
    assert_eq!(request.path, path);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(request.header("content-type"), Some(form));
    assert!(
        request
            .header("authorization")
            .unwrap()
            .starts_with("Basic QUM")
    );
    assert!(
        request
            .text()
            .starts_with("To=%2B525512345678&From=%2B15005550006&Body=Hola+Ana%2C")
    );
}

#[test]
fn s11_the_webhook_gets_the_message_signed() {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    let server = Server::always(Reply::answer(204, ""));
    let sender = webhook(Http::new(LONG), &server.url());
    let accepted = sender.send(&message(), now()).unwrap();
    assert_eq!(accepted.provider_id, None, "any success is an acceptance");
    let request = &server.requests()[0];
    assert_eq!(request.path, "/hook");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("webhook-id"), Some("fu_1"));
    assert_eq!(request.header("webhook-timestamp"), Some("1772442000"));
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&base64.decode(MARKER).unwrap()).unwrap();
    mac.update(format!("fu_1.1772442000.{}", request.text()).as_bytes());
    let signature = format!("v1,{}", base64.encode(mac.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), Some(&*signature));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let expected = serde_json::json!({
        "id": "fu_1", "contact_id": "c1", "conversation_id": "conv1", "to": "+525512345678",
        "channel": "sms", "text": message().text, "scenario": "stopped_responding", "step": 2,
    });
    assert_eq!(body, expected);
}
