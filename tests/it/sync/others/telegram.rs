//! What waits for a Telegram bot.

use super::*;

fn update(number: i64, chat: i64, text: &str) -> Value {
    json!({ "update_id": number, "message": {
        "message_id": number, "date": at(number).timestamp(), "text": text,
        "chat": { "id": chat, "type": "private", "first_name": "Ana" },
        "from": { "id": chat, "is_bot": false, "first_name": "Ana", "language_code": "es" },
    } })
}

/// A bot's queue: what is asked from an offset on is forgotten before it.
fn queue(updates: Vec<Value>) -> (List, Server) {
    let list: List = Arc::new(Mutex::new(updates));
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| {
        assert_eq!(request.path, format!("/bot123456:{MARKER}/getUpdates"));
        let body: Value = serde_json::from_str(&request.text()).unwrap();
        let mut list = of_server.lock().unwrap();
        if let Some(offset) = body["offset"].as_i64() {
            list.retain(|u| u["update_id"].as_i64().unwrap() >= offset);
        }
        let some: Vec<Value> = list.iter().take(100).cloned().collect();
        Reply::answer(200, json!({ "ok": true, "result": some }).to_string())
    });
    (list, server)
}

fn source(server: &Server) -> String {
    format!(
        "[[sources]]\nname = \"bot\"\n[sources.telegram]\nbot_token = {{ env = \"BOT_TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    )
}

#[test]
fn what_is_stored_is_forgotten_there_and_not_before() {
    let mut updates: Vec<Value> = (1..=40)
        .map(|n| update(n, 7, &format!("text {n}")))
        .collect();
    updates.push(
        json!({ "update_id": 41, "message": { "message_id": 41, "date": at(41).timestamp(),
        "text": "to all", "chat": { "id": -5, "type": "group" } } }),
    );
    updates.push(json!({ "update_id": 42, "message": { "message_id": 42 } }));
    let (list, server) = queue(updates);
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.lines[0]["new"]),
        (Some(65), &json!(40)),
        "{synced:?}"
    );
    assert_eq!(lines(&desk)[0], "7 telegram contact text 1");
    // The last page is kept there until the next sync says that it is stored.
    assert_eq!(list.lock().unwrap().len(), 42);
    list.lock().unwrap().push(update(43, 7, "new"));
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (again.code, &again.lines[0]["read"]),
        (Some(0), &json!(1)),
        "{again:?}"
    );
}

/// A kill between two pages: what was asked for and not stored is still there.
#[test]
fn a_kill_before_a_page_is_stored_loses_nothing() {
    let updates: Vec<Value> = (1..=250)
        .map(|n| update(n, n % 9, &format!("text {n}")))
        .collect();
    let (list, _) = queue(updates.clone());
    let of_server = Arc::clone(&list);
    let server = Server::start(move |request, _| {
        let body: Value = serde_json::from_str(&request.text()).unwrap();
        let mut list = of_server.lock().unwrap();
        let offset = body["offset"].as_i64().unwrap_or(0);
        list.retain(|u| u["update_id"].as_i64().unwrap() >= offset);
        let some: Vec<Value> = list.iter().take(100).cloned().collect();
        Reply::answer(200, json!({ "ok": true, "result": some }).to_string())
            .after(std::time::Duration::from_millis(15))
    });
    let desk = business(&source(&server));
    for wait in [10, 20, 35, 50, 80] {
        let mut child = super::super::begin(&desk);
        std::thread::park_timeout(std::time::Duration::from_millis(wait));
        crate::crash::kill(&mut child);
    }
    let rest = sync(&desk);
    assert_eq!(rest.code, Some(0), "{rest:?}");
    assert_eq!(lines(&desk).len(), 250);
}

#[test]
fn a_webhook_in_the_way_is_named() {
    let body = r#"{"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}"#;
    let server = Server::always(Reply::answer(409, body));
    let synced = sync(&business(&source(&server)));
    assert_eq!(synced.code, Some(78), "{synced:?}");
    assert!(
        synced.err.contains("a webhook is set for this bot"),
        "{synced:?}"
    );
}
