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
fn the_pause_between_two_messages_to_one_chat_is_kept() {
    let server = Server::always(Reply::answer(
        200,
        r#"{"ok":true,"result":{"message_id":1}}"#,
    ));
    let url = server.url();
    let tables = format!(
        "[channels.telegram.telegram]\nbot_token = {{ env = \"BOT_TOKEN\" }}\nbase_url = \"{url}\"\n"
    );
    let rows = quiet("ana", "telegram", "99,,") + &quiet("bea", "telegram", "99,,");
    let desk = business(&tables, &rows);
    let (_, _, summary) = run(&desk, "2026-03-02T08:10:00Z");
    assert_eq!((&summary["sent"], &summary["left"]), (&json!(1), &json!(1)));
    let (_, _, summary) = run(&desk, "2026-03-02T08:11:00Z");
    assert_eq!((&summary["sent"], &summary["left"]), (&json!(1), &json!(0)));
    assert_eq!(server.requests().len(), 2);
}
