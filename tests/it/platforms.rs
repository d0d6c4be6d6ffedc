//! The program with providers of their own kinds, from the configuration to the request.

use std::process::Command;

use serde_json::{Value, json};

use crate::cli::Desk;
use crate::server::{Reply, Server};

/// In every secret.
const MARKER: &str = "MARKERmarkerMARKERmarkerMARKERma";

const HEAD: &str = "[bot]\nname = \"Sol\"\ntimezone = \"America/Mexico_City\"\nlanguage = \"en\"\n\
    [limits]\nfresh_for = \"off\"\n\
    [scenarios.stopped_responding]\nsteps = [{ after = \"5m\", text = \"Still there?\" }]\n";

const HEADER: &str =
    "contact_id,channel,direction,sent_at,text,message_id,conversation_id,address,phone,email\n";

/// A business with these tables, and these rows of messages imported.
fn business(tables: &str, rows: &str) -> Desk {
    let desk = Desk::empty();
    desk.write("followup.toml", &format!("{HEAD}{tables}\n"));
    desk.write("chats.csv", &format!("{HEADER}{rows}"));
    let ran = output(command(
        &desk,
        &["import", "chats.csv", "--now=2026-03-02T08:05:00Z"],
    ));
    assert_eq!(ran.0, Some(0), "{}", ran.2);
    desk
}

/// The program with every secret in its environment.
fn command(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = desk.command(80, arguments);
    command
        .env("TOKEN", MARKER)
        .env("BOT_TOKEN", format!("123456:{MARKER}"))
        .env("HOOK_SECRET", format!("whsec_{MARKER}"));
    command
}

fn output(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// `run --json` at this time: its exit code, its events, its summary.
fn run(desk: &Desk, now: &str) -> (Option<i32>, Vec<Value>, Value) {
    let (code, out, err) = output(command(desk, &["run", "--json", &format!("--now={now}")]));
    let mut events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = events.pop().unwrap_or_else(|| panic!("{err}"));
    (code, events, summary)
}

/// One contact who went quiet at 08:01 on this channel.
fn quiet(contact: &str, channel: &str, more: &str) -> String {
    format!(
        "{contact},{channel},inbound,2026-03-02T08:00:00Z,How much?,in-{contact},77,{more}\n\
         {contact},{channel},outbound,2026-03-02T08:01:00Z,It is 40.,out-{contact},77,{more}\n"
    )
}

fn twilio(url: &str) -> String {
    format!(
        "[channels.sms.twilio]\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = {{ env = \"TOKEN\" }}\nfrom = \"+15005550006\"\nbase_url = \"{url}\"\n"
    )
}

#[test]
fn x4_an_unknown_is_looked_up_by_the_next_run() {
    for (listed, minutes, states) in [
        (true, 1, "sent"),
        (false, 5, "unknown"),
        (false, 20, "sent again"),
    ] {
        let server = Server::start(move |request, _| {
            let list = if listed {
                json!([{ "sid": "SM7", "body": "Still there?", "direction": "outbound-api",
                         "date_created": "Mon, 02 Mar 2026 08:10:01 +0000" }])
            } else {
                json!([])
            };
            match request.method.as_str() {
                "GET" => Reply::answer(200, json!({ "messages": list }).to_string()),
                _ if request.id().is_some_and(|id| id.ends_with("_1")) => {
                    Reply::reset().accepting()
                }
                _ => Reply::answer(201, r#"{"sid":"SM8"}"#),
            }
        });
        let desk = business(
            &twilio(&server.url()),
            &quiet("ana", "sms", ",+525512345678,"),
        );
        let (code, _, summary) = run(&desk, "2026-03-02T08:10:00Z");
        assert_eq!((code, &summary["unknown"]), (Some(1), &json!(1)));
        let next = format!("2026-03-02T08:{}:00Z", 10 + minutes);
        let (code, events, summary) = run(&desk, &next);
        let posts = server
            .requests()
            .iter()
            .filter(|r| r.method == "POST")
            .count();
        match states {
            "sent" => {
                assert_eq!((code, &summary["found"]), (Some(0), &json!(1)));
                assert_eq!(events[0]["provider_id"], "SM7");
                assert_eq!(posts, 1);
            }
            "unknown" => {
                assert_eq!((code, &summary["found"]), (Some(0), &json!(0)));
                assert_eq!((events.len(), posts), (0, 1), "too early to be sure");
            }
            _ => {
                assert_eq!(events[0]["type"], "retry", "{events:?}");
                assert_eq!(posts, 2, "{events:?}");
            }
        }
    }
}

#[test]
fn the_pause_between_two_messages_to_one_number_is_kept() {
    let server = Server::always(Reply::answer(200, r#"{"messages":[{"id":"wamid.1"}]}"#));
    let url = server.url();
    let tables = format!(
        "[channels.whatsapp.meta]\nphone_number_id = \"1\"\naccess_token = {{ env = \"TOKEN\" }}\n\
         base_url = \"{url}\"\n"
    );
    let desk = business(&tables, "");
    // Two people, as their names say, with one phone.
    let rows = [("ana", "Ana Ruiz"), ("bea", "Beatriz Lara")]
        .map(|(id, name)| quiet(id, "whatsapp", &format!(",+525512345678,,{name}")));
    let header = HEADER.replace("email\n", "email,name\n");
    desk.write("chats.csv", &format!("{header}{}", rows.concat()));
    let import = ["import", "chats.csv", "--now=2026-03-02T08:05:00Z"];
    assert_eq!(output(command(&desk, &import)).0, Some(0));
    let (_, _, summary) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!((&summary["sent"], &summary["left"]), (&json!(1), &json!(1)));
    // The other's step went to the same number, in an earlier run: the pause is the number's.
    let (_, _, summary) = run(&desk, "2026-03-02T08:10:03Z");
    assert_eq!((&summary["sent"], &summary["left"]), (&json!(0), &json!(1)));
    let (_, _, summary) = run(&desk, "2026-03-02T08:10:10Z");
    assert_eq!((&summary["sent"], &summary["left"]), (&json!(1), &json!(0)));
    assert_eq!(server.requests().len(), 2);
}

/// Every provider that is asked over HTTP, each on a channel that it serves.
fn everywhere(url: &str) -> String {
    let settings = [
        (
            "whatsapp.meta",
            "phone_number_id = \"1\"\naccess_token = { env = \"TOKEN\" }",
        ),
        (
            "facebook.meta",
            "page_id = \"2\"\naccess_token = { env = \"TOKEN\" }",
        ),
        (
            "instagram.chatwoot",
            "account_id = \"1\"\napi_access_token = { env = \"TOKEN\" }",
        ),
        (
            "live_chat.intercom",
            "admin_id = \"1\"\naccess_token = { env = \"TOKEN\" }",
        ),
        ("telegram.telegram", "bot_token = { env = \"BOT_TOKEN\" }"),
        (
            "email.highlevel",
            "location_id = \"loc1\"\ntoken = { env = \"TOKEN\" }",
        ),
    ];
    let tables =
        settings.map(|(name, lines)| format!("[channels.{name}]\n{lines}\nbase_url = \"{url}\"\n"));
    tables.concat() + &twilio(url)
}

#[test]
fn check_online_asks_each_provider_and_shows_no_secret() {
    let server = Server::start(|request, _| {
        let path = request.path.split('?').next().unwrap_or_default();
        let body = match path {
            "/v23.0/1" => {
                json!({ "display_phone_number": "+52 55 1234 5678", "verified_name": "Sol" })
            }
            "/v23.0/2" => json!({ "name": "Sol's page" }),
            "/me" => json!({ "type": "admin", "name": "Ana" }),
            path if path.ends_with("/getMe") => {
                json!({ "ok": true, "result": { "username": "sol_bot" } })
            }
            _ => json!({ "messages": [] }),
        };
        Reply::answer(200, body.to_string())
    });
    let desk = business(&everywhere(&server.url()), "");
    let (code, out, err) = output(command(&desk, &["check", "--online"]));
    assert_eq!(code, Some(0), "{err}");
    for line in [
        "whatsapp by meta: answers: +52 55 1234 5678, Sol",
        "facebook by meta: answers: Sol's page",
        "live_chat by intercom: answers: Ana",
        "telegram by telegram: answers: sol_bot",
        "instagram by chatwoot: answers",
        "email by highlevel: answers",
        "sms by twilio: answers",
    ] {
        assert!(out.lines().any(|l| l == line), "{line} in:\n{out}");
    }
    assert!(!format!("{out}{err}").contains(MARKER));
    let requests = server.requests();
    assert_eq!(requests.len(), 7);
    assert!(
        requests.iter().all(|r| r.method == "GET"),
        "nothing is sent"
    );
}

#[test]
fn check_online_says_who_refuses_us_and_who_does_not_answer() {
    let echo = |request: &crate::server::Recorded| format!("no: {MARKER} {:?}", request.headers);
    for (status, code, words) in [(401, 78, "refuses us"), (500, 75, "cannot be asked now")] {
        let server = Server::start(move |request, _| {
            let body = json!({ "message": echo(request), "description": echo(request),
                               "error": { "code": 190, "message": echo(request) } });
            Reply::answer(status, body.to_string())
        });
        let desk = business(&everywhere(&server.url()), "");
        let (got, out, err) = output(command(&desk, &["check", "--online"]));
        assert_eq!(got, Some(code), "{out}{err}");
        assert_eq!(out.matches(words).count(), 7, "{out}");
        assert!(!format!("{out}{err}").contains(MARKER), "{out}");
    }
}

/// A provider repeats our secret in its refusal: nothing that is shown or kept has it.
#[test]
fn s1_no_secret_is_in_errors_json_history_or_the_database() {
    let server = Server::start(|request, _| {
        let echo = format!("no: {MARKER} {} {:?}", request.path, request.headers);
        let body = json!({ "code": 21211, "message": echo, "description": echo,
                           "error": { "code": 100, "message": echo } });
        Reply::answer(400, body.to_string())
    });
    let rows: String = [
        "sms",
        "whatsapp",
        "facebook",
        "instagram",
        "live_chat",
        "telegram",
        "email",
    ]
    .iter()
    .enumerate()
    .map(|(i, channel)| {
        let address = if *channel == "telegram" { "99" } else { "" };
        let more = format!("{address},+5255123456{i:02},c{i}@example.com");
        quiet(&format!("c{i}"), channel, &more)
    })
    .collect();
    let tables = format!(
        "{}[switching]\nenabled = false\n",
        everywhere(&server.url())
    );
    let desk = business(&tables, &rows);
    let now = "--now=2026-03-02T08:10:00Z";
    let run = output(command(&desk, &["run", "--json", "-v", now]));
    let posts = server.requests().len();
    assert_eq!(posts, 7, "{run:?}");
    let mut shown = format!("{run:?}");
    for arguments in [
        &["history", "--json"][..],
        &["history"],
        &["show", "c0", now],
        &["status", now],
        &["export", "followups"],
        &["plan", "--all", "--json", now],
    ] {
        let (code, out, err) = output(command(&desk, arguments));
        assert!(!out.is_empty() || code == Some(0), "{arguments:?}: {err}");
        shown.push_str(&format!("{out}{err}"));
    }
    assert!(shown.contains("***"), "the refusals are shown");
    use base64::Engine;
    let pair = format!("AC00000000000000000000000000000001:{MARKER}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    for secret in [MARKER, &encoded] {
        assert!(!shown.contains(secret), "{shown}");
        for name in ["followup.db", "followup.db-wal"] {
            let kept = std::fs::read(desk.path(name)).unwrap_or_default();
            let has = kept.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!has, "in {name}");
        }
    }
}

#[test]
fn a_national_number_goes_to_the_bots_country() {
    for (country, sent) in [("country = \"MX\"\n", true), ("", false)] {
        let server = Server::always(Reply::answer(201, r#"{"sid":"SM1"}"#));
        let desk = Desk::empty();
        let text = HEAD.replacen("[limits]", &format!("{country}[limits]"), 1);
        desk.write("followup.toml", &format!("{text}{}", twilio(&server.url())));
        let rows = quiet("ana", "sms", ",55 1234 5678,");
        desk.write("chats.csv", &format!("{HEADER}{rows}"));
        let import = ["import", "chats.csv", "--now=2026-03-02T08:05:00Z"];
        assert_eq!(output(command(&desk, &import)).0, Some(0));
        let (_, events, _) = run(&desk, "2026-03-02T08:10:00Z");
        if sent {
            let requests = server.requests();
            assert!(requests[0].text().starts_with("To=%2B525512345678&"));
        } else {
            // It may be anyone's.
            assert_eq!(events[0]["type"], "skipped", "{events:?}");
            assert_eq!(events[0]["reason"], "no_address");
            assert!(server.requests().is_empty());
            let plan = ["plan", "--all", "--json", "--now=2026-03-02T08:10:00Z"];
            let (_, plan, _) = output(command(&desk, &plan));
            assert!(plan.contains("unreadable_number"), "{plan}");
            assert!(run(&desk, "2026-03-02T08:11:00Z").1.is_empty(), "said once");
        }
    }
}

/// A workflow's outcomes in the summary of a run, as `action: state (detail)`.
fn outcomes(events: &[Value]) -> Vec<String> {
    let mut outcomes: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == "action")
        .map(|event| {
            let part = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
            format!("{}: {} ({})", part("action"), part("state"), part("detail"))
        })
        .collect();
    outcomes.sort();
    outcomes
}

const COLD: &str = "[workflows.cold]\nadd_tags = [\"cold\"]\nremove_tags = [\"hot\"]\nassign = \"u7\"\n\
    notify = [\"note\", \"task\"]\nhighlevel_workflow = \"wf-1\"\n";

/// A HighLevel business whose one step has a workflow.
fn with_workflow(url: &str, workflow: &str) -> Desk {
    let tables = format!(
        "[channels.sms.highlevel]\nlocation_id = \"loc1\"\ntoken = {{ env = \"TOKEN\" }}\n\
         base_url = \"{url}\"\n{workflow}"
    );
    let desk = Desk::empty();
    let head = HEAD.replace(
        "text = \"Still there?\"",
        "text = \"Still there?\", workflow = \"cold\"",
    );
    desk.write("followup.toml", &format!("{head}{tables}"));
    let rows = quiet("ana", "sms", ",+525512345678,");
    desk.write("chats.csv", &format!("{HEADER}{rows}"));
    let import = ["import", "chats.csv", "--now=2026-03-02T08:05:00Z"];
    assert_eq!(output(command(&desk, &import)).0, Some(0));
    desk
}

#[test]
fn x8_a_workflow_acts_on_the_contacts_platform_each_with_its_outcome() {
    let server = Server::start(|request, _| {
        let path = request.path.as_str();
        match path.rsplit('/').next() {
            Some("tasks") => Reply::answer(422, r#"{"message":["title is odd"]}"#),
            Some("notes") => Reply::reset().accepting(),
            _ => Reply::answer(200, r#"{"messageId":"m1"}"#),
        }
    });
    let desk = with_workflow(&server.url(), COLD);
    let (code, events, summary) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!((code, &summary["failed_actions"]), (Some(1), &json!(2)));
    let outcomes = outcomes(&events);
    assert_eq!(outcomes.len(), 5, "{outcomes:?}");
    assert_eq!(outcomes[0], "assign: done (u7)");
    assert_eq!(outcomes[1], "highlevel_workflow: done (-)");
    assert!(
        outcomes[2].starts_with("notify note: failed (it may have been done:"),
        "{outcomes:?}"
    );
    assert!(outcomes[3].contains("title is odd"), "{outcomes:?}");
    assert_eq!(outcomes[4], "tags: done (+cold -hot)");
    let asked: Vec<String> = server
        .requests()
        .iter()
        .map(|r| format!("{} {}", r.method, r.path))
        .collect();
    let mut sorted = asked.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "DELETE /contacts/ana/tags",
            "POST /contacts/ana/notes",
            "POST /contacts/ana/tags",
            "POST /contacts/ana/tasks",
            "POST /contacts/ana/workflow/wf-1",
            "POST /conversations/messages",
            "PUT /contacts/ana",
        ]
    );
    // Neither is done again.
    let (_, events, _) = run(&desk, "2026-03-02T09:10:00Z");
    assert!(events.is_empty(), "{events:?}");
    assert_eq!(server.requests().len(), asked.len());
}

#[test]
fn x8_what_is_the_same_when_done_twice_is_tried_again_and_the_rest_is_not() {
    let server = Server::start(|request, number| {
        let is_message = request.path == "/conversations/messages";
        if is_message || number > 8 {
            return Reply::answer(200, r#"{"messageId":"m1"}"#);
        }
        Reply::answer(500, "{}")
    });
    let desk = with_workflow(&server.url(), COLD);
    let (code, events, _) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!(code, Some(1));
    let states: Vec<String> = outcomes(&events)
        .iter()
        .map(|o| o.split(" (").next().unwrap_or_default().to_owned())
        .collect();
    let expected = [
        "assign: retry",
        "highlevel_workflow: failed",
        "notify note: failed",
        "notify task: failed",
        "tags: retry",
    ];
    assert_eq!(states, expected);
    let before = server.requests().len();
    let mut later = Vec::new();
    for minutes in [15, 20, 40] {
        let (_, events, _) = run(&desk, &format!("2026-03-02T08:{minutes}:00Z"));
        later.extend(events);
    }
    for done in ["assign: done (u7)", "tags: done (+cold -hot)"] {
        assert!(outcomes(&later).iter().any(|o| o == done), "{later:?}");
    }
    let again = server.requests().split_off(before);
    assert!(
        again
            .iter()
            .all(|r| r.path == "/contacts/ana" || r.path == "/contacts/ana/tags"),
        "{again:?}"
    );
}

#[test]
fn x4_an_action_waits_as_long_as_the_platform_says() {
    let server = Server::start(|request, number| match request.path.as_str() {
        "/conversations/messages" => Reply::answer(200, r#"{"messageId":"m1"}"#),
        _ if number < 3 => Reply::answer(429, "{}").header("Retry-After", "1800"),
        _ => Reply::answer(200, "{}"),
    });
    let desk = with_workflow(&server.url(), "[workflows.cold]\nadd_tags = [\"cold\"]\n");
    let states = |now: &str| outcomes(&run(&desk, now).1);
    assert!(states("2026-03-02T08:10:00Z")[0].starts_with("tags: retry"));
    assert!(states("2026-03-02T08:39:00Z").is_empty(), "too early");
    assert!(states("2026-03-02T08:41:00Z")[0].starts_with("tags: retry"));
    assert!(states("2026-03-02T09:12:00Z")[0].starts_with("tags: done"));
}

#[test]
fn d19_what_workflows_ask_of_a_platform_counts_against_its_rate() {
    let server = Server::always(Reply::answer(200, r#"{"messageId":"m1"}"#));
    let workflow =
        "rate = \"1/m\"\n[workflows.cold]\nadd_tags = [\"cold\"]\nremove_tags = [\"hot\"]\n";
    let desk = with_workflow(&server.url(), workflow);
    let (_, events, summary) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!((&summary["sent"], outcomes(&events).len()), (&json!(1), 0));
    assert_eq!(
        server.requests().len(),
        1,
        "the message took the minute's request"
    );
    let (_, events, _) = run(&desk, "2026-03-02T08:10:20Z");
    assert!(outcomes(&events).is_empty());
    let (code, events, _) = run(&desk, "2026-03-02T08:12:00Z");
    assert_eq!(
        (code, outcomes(&events)),
        (Some(0), vec!["tags: done (+cold -hot)".to_owned()])
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn x8_check_says_what_a_workflow_of_the_platforms_must_not_do() {
    let desk = with_workflow("http://127.0.0.1:9", COLD);
    let (code, _, err) = output(command(&desk, &["check"]));
    assert_eq!(code, Some(0), "{err}");
    let flat = err.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["must not start", "another bot", "another follow-up"] {
        assert!(flat.contains(words), "{err}");
    }
}

#[test]
fn x8_without_a_platform_tags_stay_here_and_a_note_has_nowhere_to_go() {
    let server = Server::always(Reply::answer(201, r#"{"sid":"SM1"}"#));
    let desk = Desk::empty();
    let head = HEAD.replace(
        "text = \"Still there?\"",
        "text = \"Still there?\", workflow = \"cold\"",
    );
    let workflow =
        "[workflows.cold]\nadd_tags = [\"cold\"]\nassign = \"ana\"\nnotify = [\"note\"]\n";
    desk.write(
        "followup.toml",
        &format!("{head}{}{workflow}", twilio(&server.url())),
    );
    let rows = quiet("ana", "sms", ",+525512345678,");
    desk.write("chats.csv", &format!("{HEADER}{rows}"));
    let import = ["import", "chats.csv", "--now=2026-03-02T08:05:00Z"];
    assert_eq!(output(command(&desk, &import)).0, Some(0));
    let (_, _, err) = output(command(&desk, &["check"]));
    assert!(err.contains("nobody will be told"), "{err}");
    let (code, events, _) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!(code, Some(1));
    let expected = [
        "assign: done (ana)",
        "notify note: failed (the contact is on no platform that could do it)",
        "tags: done (+cold)",
    ];
    assert_eq!(outcomes(&events), expected);
    assert_eq!(server.requests().len(), 1);
}

/// A platform repeats our secret when it refuses what a workflow asks; nothing that is shown or kept has it, nor the
/// arguments of any process.
#[test]
fn s1_no_secret_is_in_the_outcomes_of_actions_or_in_arguments() {
    let server = Server::start(|request, _| {
        let path = request.path.as_str();
        let is_message = path.ends_with("/messages") && !request.text().contains("private\":true")
            || path.ends_with("/reply") && request.text().contains("\"comment\"");
        if is_message {
            let body = json!({ "messageId": "m1", "id": 5, "type": "conversation" });
            return Reply::answer(200, body.to_string());
        }
        let echo = format!("no: {MARKER} {path} {:?}", request.headers);
        let body = json!({ "message": echo, "errors": [{ "code": "x", "message": echo }] });
        Reply::answer(422, body.to_string())
    });
    let url = server.url();
    let senders = [
        (
            "sms.highlevel",
            "location_id = \"loc1\"\ntoken = { env = \"TOKEN\" }",
        ),
        (
            "live_chat.chatwoot",
            "account_id = \"1\"\napi_access_token = { env = \"TOKEN\" }",
        ),
        (
            "whatsapp.intercom",
            "admin_id = \"1\"\naccess_token = { env = \"TOKEN\" }",
        ),
    ];
    let tables: String = senders
        .iter()
        .map(|(name, lines)| format!("[channels.{name}]\n{lines}\nbase_url = \"{url}\"\n"))
        .collect();
    let desk = Desk::empty();
    let head = HEAD.replace(
        "text = \"Still there?\"",
        "text = \"Still there?\", workflow = \"cold\"",
    );
    let arguments =
        "command = [\"sh\", \"-c\", \"cat /proc/[0-9]*/cmdline > seen.txt 2>/dev/null; true\"]\n";
    let hook =
        format!("webhook = {{ url = \"{url}/hook\", secret = {{ env = \"HOOK_SECRET\" }} }}\n");
    desk.write(
        "followup.toml",
        &format!("{head}[switching]\nenabled = false\n{tables}{COLD}{arguments}{hook}"),
    );
    let rows: String = ["sms", "live_chat", "whatsapp"]
        .iter()
        .enumerate()
        .map(|(i, channel)| quiet(&format!("c{i}"), channel, &format!(",+5255123456{i:02},")))
        .collect();
    desk.write("chats.csv", &format!("{HEADER}{rows}"));
    let import = ["import", "chats.csv", "--now=2026-03-02T08:05:00Z"];
    assert_eq!(output(command(&desk, &import)).0, Some(0));
    let now = "--now=2026-03-02T08:10:00Z";
    let mut shown = String::new();
    for arguments in [
        &["run", "--json", "-v", now][..],
        &["history", "--json"],
        &["show", "c0", now],
        &["status", "--json", now],
        &["export", "followups"],
    ] {
        let (_, out, err) = output(command(&desk, arguments));
        shown.push_str(&format!("{out}{err}"));
    }
    assert_eq!(shown.matches("\"type\":\"sent\"").count(), 3, "{shown}");
    assert!(
        shown.matches("***").count() > 8,
        "the refusals are shown: {shown}"
    );
    assert!(!shown.contains(MARKER), "{shown}");
    let seen = std::fs::read(desk.path("seen.txt")).unwrap();
    assert!(
        seen.windows(3).any(|w| w == b"run"),
        "the arguments are seen"
    );
    for name in ["followup.db", "followup.db-wal", "seen.txt"] {
        let kept = std::fs::read(desk.path(name)).unwrap_or_default();
        let has = kept.windows(MARKER.len()).any(|w| w == MARKER.as_bytes());
        assert!(!has, "in {name}");
    }
}

/// The Message-ID of an email is made of the follow-up's id: in the folder of sent mail it is found by that, whatever
/// a mail program has made of its text, and however late it is dated.
#[test]
fn x6_our_own_message_id_settles_an_unknown() {
    let server = Server::always(Reply::reset().accepting());
    let desk = business(
        &twilio(&server.url()),
        &quiet("ana", "sms", ",+525512345678,"),
    );
    let (_, events, _) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!(events[0]["type"], "unknown");
    let id = events[0]["id"].as_str().unwrap();
    for (message_id, found) in [
        (format!("<{id}0@example.com>"), 0),
        (format!("<{id}@example.com>"), 1),
    ] {
        desk.write(
            "sent.csv",
            &format!(
                "{HEADER}ana,sms,outbound,2026-03-02T08:40:00Z,\"Still =\nthere?\",{message_id},77,,,\n"
            ),
        );
        let import = ["import", "sent.csv", "--now=2026-03-02T09:00:00Z"];
        assert_eq!(output(command(&desk, &import)).0, Some(0));
        let (_, history, _) = output(command(&desk, &["history", "--json"]));
        let row: Value = serde_json::from_str(history.lines().next().unwrap()).unwrap();
        let states = ["unknown", "sent"];
        assert_eq!(row["state"], states[found], "{message_id}: {history}");
    }
}
