//! Twilio's list of messages, newest first.

use super::*;

const SID: &str = "AC00000000000000000000000000000001";

fn message(sid: &str, direction: &str, from: &str, to: &str, minutes: i64, body: &str) -> Value {
    json!({
        "sid": sid, "direction": direction, "from": from, "to": to, "body": body, "status": "received",
        "date_sent": at(minutes).to_rfc2822(), "date_created": at(minutes).to_rfc2822(),
    })
}

/// An honest list, newest first, with two messages a page.
fn answer(list: &List, request: &Recorded) -> Reply {
    use base64::Engine;
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{SID}:{MARKER}"));
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Basic {login}"))
    );
    let path = &request.path;
    let base = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    assert!(path.starts_with(&base), "{path}");
    let begin = parameter(path, "Page").map_or(0, |n| n.parse::<usize>().unwrap() * 2);
    let (from, to) = (parameter(path, "From"), parameter(path, "To"));
    let mut found = list.lock().unwrap().clone();
    let is = |value: &Value, wanted: &Option<String>| wanted.as_ref().is_none_or(|w| value == w);
    found.retain(|m| is(&m["from"], &from) && is(&m["to"], &to));
    found.sort_by_key(|m| {
        let at = chrono::DateTime::parse_from_rfc2822(m["date_sent"].as_str().unwrap());
        std::cmp::Reverse(at.unwrap())
    });
    let end = found.len().min(begin + 2);
    let next = (end < found.len())
        .then(|| format!("{base}?PageSize=2&Page={}&PageToken=x", begin / 2 + 1));
    Reply::answer(
        200,
        json!({ "messages": found[begin..end], "next_page_uri": next }).to_string(),
    )
}

fn source(server: &Server) -> String {
    format!(
        "[channels.sms.outbox]\n[channels.whatsapp.outbox]\n[[sources]]\nname = \"sms\"\n[sources.twilio]\n\
         account_sid = \"{SID}\"\nauth_token = {{ env = \"TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    )
}

fn quiet() -> List {
    Arc::new(Mutex::new(vec![
        message(
            "SM1",
            "inbound",
            "+15005550001",
            "+15005550006",
            0,
            "How much?",
        ),
        message(
            "SM2",
            "outbound-api",
            "+15005550006",
            "+15005550001",
            1,
            "It is 40.",
        ),
        message(
            "SM3",
            "inbound",
            "whatsapp:+15005550002",
            "whatsapp:+15005550006",
            2,
            "Hola",
        ),
        message(
            "SM4",
            "outbound-reply",
            "whatsapp:+15005550006",
            "whatsapp:+15005550002",
            3,
            "Hola!",
        ),
        message("SM5", "inbound", "messenger:77", "messenger:88", 4, "Hi"),
    ]))
}

#[test]
fn every_page_is_read_and_the_next_sync_stops_where_it_was() {
    let list = quiet();
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| answer(&of_server, request));
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.lines[0]["pages"]),
        (Some(0), &json!(3)),
        "{synced:?}"
    );
    assert_eq!(
        lines(&desk),
        [
            "+15005550001 sms contact How much?",
            "+15005550001 sms bot It is 40.",
            "+15005550002 whatsapp contact Hola",
            "+15005550002 whatsapp bot Hola!",
            "77 facebook contact Hi",
        ]
    );
    for n in 0..4 {
        let new = message(
            &format!("SN{n}"),
            "inbound",
            "+15005550003",
            "+15005550006",
            40 + n,
            "?",
        );
        list.lock().unwrap().push(new);
    }
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (again.code, &again.lines[0]["new"]),
        (Some(0), &json!(4)),
        "{again:?}"
    );
    // By now the first five are older than what a sync looks back for: none is asked for but on the page
    // that shows it.
    let third = sync_at(&desk, "2026-03-02T09:02:00Z");
    assert_eq!(
        (&third.lines[0]["new"], &third.lines[0]["pages"]),
        (&json!(0), &json!(3)),
        "{third:?}"
    );
    assert!(server.requests()[3].path.contains("DateSent%3E=2026-03-02"));
}

#[test]
fn a_reply_of_seconds_ago_stops_the_message() {
    let list = quiet();
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| {
        if parameter(&request.path, "From").as_deref() == Some("+15005550001") {
            let reply = message(
                "SM9",
                "inbound",
                "+15005550001",
                "+15005550006",
                59,
                "Me again",
            );
            of_server.lock().unwrap().push(reply);
        }
        answer(&of_server, request)
    });
    let desk = business(&source(&server));
    let run = run_at(&desk, NOW);
    assert_eq!(
        (run.code, &run.summary()["sent"]),
        (Some(0), &json!(1)),
        "{run:?}"
    );
    assert_eq!(run.lines[0]["contact_id"], "+15005550002");
    assert_eq!(
        lines(&desk).last().unwrap(),
        "+15005550001 sms contact Me again"
    );
}

#[test]
fn a_next_page_that_is_elsewhere_is_not_followed() {
    let body = json!({ "messages": [], "next_page_uri": "@evil.example/x" });
    let server = Server::always(Reply::answer(200, body.to_string()));
    let synced = sync(&business(&source(&server)));
    assert_eq!(synced.code, Some(75), "{synced:?}");
    assert_eq!(server.requests().len(), 1);
}
