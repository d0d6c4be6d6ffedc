//! Intercom's conversations, with their parts.

use super::*;

fn conversation(id: &str, minutes: i64, parts: Value) -> Value {
    json!({
        "id": id, "created_at": at(0).timestamp(), "updated_at": at(minutes).timestamp(),
        "source": { "type": "conversation", "id": format!("s{id}"), "body": "<p>How much &amp; when?</p>",
            "author": { "type": "user", "id": "u1" } },
        "contacts": { "contacts": [{ "id": format!("p{id}") }] },
        "conversation_parts": { "conversation_parts": parts },
    })
}

fn part(id: u64, kind: &str, author: &str, minutes: i64, body: &str) -> Value {
    json!({ "id": id, "part_type": kind, "body": body, "created_at": at(minutes).timestamp(),
        "author": { "type": author } })
}

fn answer(list: &List, request: &Recorded) -> Reply {
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Bearer {MARKER}"))
    );
    assert_eq!(request.header("intercom-version"), Some("2.15"));
    let list = list.lock().unwrap();
    if request.path == "/conversations/search" {
        let body: Value = serde_json::from_str(&request.text()).unwrap();
        let query = &body["query"];
        let is_of_contact = query["operator"] == "AND";
        let of = &query["value"][0];
        assert!(!is_of_contact || (of["field"] == "contact_ids" && of["operator"] == "="));
        let since = match is_of_contact {
            true => &query["value"][1]["value"],
            false => &query["value"],
        };
        let since = since.as_i64().unwrap();
        let begin = body["pagination"]["starting_after"]
            .as_str()
            .map_or(0, |n| n.parse().unwrap());
        let mut found: Vec<&Value> = list
            .iter()
            .filter(|c| c["updated_at"].as_i64().unwrap() > since)
            .filter(|c| !is_of_contact || c["contacts"]["contacts"][0]["id"] == of["value"])
            .collect();
        found.sort_by_key(|c| c["updated_at"].as_i64());
        let end = found.len().min(begin + 2);
        let next = (end < found.len()).then(|| json!({ "starting_after": end.to_string() }));
        let some: Vec<Value> = found[begin.min(end)..end]
            .iter()
            .map(|c| json!({ "id": c["id"], "updated_at": c["updated_at"] }))
            .collect();
        return Reply::answer(
            200,
            json!({ "conversations": some, "pages": { "next": next } }).to_string(),
        );
    }
    if let Some(id) = request.path.strip_prefix("/contacts/") {
        return Reply::answer(
            200,
            json!({ "id": id, "name": "Ana", "phone": "+15005550001" }).to_string(),
        );
    }
    let id = request.path.strip_prefix("/conversations/").unwrap();
    match list.iter().find(|c| c["id"] == *id) {
        Some(found) => Reply::answer(200, found.to_string()),
        None => Reply::answer(404, r#"{"errors":[{"code":"not_found"}]}"#),
    }
}

fn source(server: &Server) -> String {
    format!(
        "[channels.live_chat.outbox]\n[[sources]]\nname = \"saas\"\n[sources.intercom]\n\
         access_token = {{ env = \"TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    )
}

#[test]
fn conversations_come_with_their_parts() {
    let parts = json!([
        part(1, "comment", "bot", 1, "<p>It is 40.</p>"),
        part(2, "note", "admin", 2, "<p>Nice one</p>"),
        part(3, "assignment", "admin", 2, ""),
        part(4, "comment", "admin", 3, "<p>I am Eva</p>"),
    ]);
    let list: List = Arc::new(Mutex::new(
        (1..=5)
            .map(|n| conversation(&n.to_string(), n, parts.clone()))
            .collect(),
    ));
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| answer(&of_server, request));
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.lines[0]["new"]),
        (Some(0), &json!(15)),
        "{synced:?}"
    );
    let rows = lines(&desk);
    let of_first: Vec<&String> = rows.iter().filter(|row| row.starts_with("p1 ")).collect();
    assert_eq!(
        of_first,
        [
            "p1 live_chat contact How much & when?",
            "p1 live_chat bot It is 40.",
            "p1 live_chat human I am Eva",
        ]
    );
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (again.code, &again.lines[0]["new"]),
        (Some(0), &json!(0)),
        "{again:?}"
    );
}

#[test]
fn a_reply_of_seconds_ago_stops_the_message() {
    let first = json!([part(1, "comment", "bot", 1, "<p>It is 40.</p>")]);
    let list: List = Arc::new(Mutex::new(vec![conversation("1", 1, first)]));
    let asked = Arc::new(Mutex::new(0));
    let of_server = (Arc::clone(&list), asked);
    let server = Server::start(move |request, _| {
        if request.path == "/conversations/1" {
            let mut asked = of_server.1.lock().unwrap();
            *asked += 1;
            if *asked == 2 {
                let parts =
                    &mut of_server.0.lock().unwrap()[0]["conversation_parts"]["conversation_parts"];
                parts.as_array_mut().unwrap().push(part(
                    2,
                    "comment",
                    "user",
                    59,
                    "<p>Me again</p>",
                ));
            }
        }
        answer(&of_server.0, request)
    });
    let desk = run_of(&source(&server), 0);
    assert_eq!(
        lines(&desk).last().unwrap(),
        "p1 live_chat contact Me again"
    );
}

#[test]
fn a_reply_of_seconds_ago_in_a_new_conversation_stops_the_message() {
    let first = json!([part(1, "comment", "bot", 1, "<p>It is 40.</p>")]);
    let list: List = Arc::new(Mutex::new(vec![conversation("1", 1, first)]));
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| {
        if request.path == "/conversations/search" && request.text().contains("contact_ids") {
            let mut other = conversation("2", 59, json!([]));
            other["contacts"]["contacts"][0]["id"] = "p1".into();
            other["created_at"] = other["updated_at"].clone();
            of_server.lock().unwrap().push(other);
        }
        answer(&of_server, request)
    });
    let desk = run_of(&source(&server), 0);
    assert_eq!(lines(&desk).len(), 3);
}

#[test]
fn a_conversation_that_is_deleted_meanwhile_stands_in_nobodys_way() {
    let first = json!([part(1, "comment", "bot", 1, "<p>It is 40.</p>")]);
    let list: List = Arc::new(Mutex::new(vec![
        conversation("1", 1, first),
        conversation("2", 2, json!([])),
    ]));
    let asked = Mutex::new(0);
    let server = Server::start(move |request, _| {
        if request.path == "/conversations/2" {
            list.lock().unwrap().retain(|c| c["id"] != "2");
        }
        if request.path == "/conversations/1" {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            if *asked == 2 {
                list.lock().unwrap().clear();
            }
        }
        answer(&list, request)
    });
    let desk = run_of(&source(&server), 1);
    assert_eq!(lines(&desk).len(), 2);
}
