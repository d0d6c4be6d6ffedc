//! Chatwoot's conversations, and the messages of each.

use super::*;

/// Conversations by number, each with its messages.
#[derive(Clone, Default)]
struct Account(Arc<Mutex<Vec<Conversation>>>);

type Conversation = (u64, Vec<Value>);

/// Whose a conversation is: 7 and 77 are of one contact.
fn of(conversation: u64) -> u64 {
    match conversation {
        77 => 107,
        n => n + 100,
    }
}

impl Account {
    fn says(&self, conversation: u64, id: u64, kind: u8, minutes: i64, content: &str) {
        let sender = match kind {
            0 => json!({ "id": of(conversation), "type": "contact" }),
            _ => json!({ "id": 1, "type": "agent_bot" }),
        };
        self.has(conversation, json!({
            "id": id, "content": content, "message_type": kind, "created_at": at(minutes).timestamp(),
            "private": false, "status": "sent", "sender": sender,
        }));
    }

    fn has(&self, conversation: u64, message: Value) {
        let mut all = self.0.lock().unwrap();
        match all.iter_mut().find(|(id, _)| *id == conversation) {
            Some((_, messages)) => messages.push(message),
            None => all.push((conversation, vec![message])),
        }
    }

    /// Two conversations a page, and three messages.
    fn answer(&self, request: &Recorded) -> Reply {
        assert_eq!(request.header("api_access_token"), Some(MARKER));
        let path = request.path.strip_prefix("/api/v1/accounts/1").unwrap();
        let all = self.0.lock().unwrap();
        let last = |messages: &[Value]| {
            messages
                .iter()
                .filter_map(|m| m["created_at"].as_i64())
                .max()
        };
        let listed = |(id, messages): &&Conversation| {
            json!({
                "id": id, "last_activity_at": last(messages), "messages": [],
                "meta": {
                    "channel": "Channel::WebWidget",
                    "sender": { "id": of(*id), "name": "Ana", "email": null, "phone_number": null },
                },
            })
        };
        let mut sorted: Vec<&Conversation> = all.iter().collect();
        sorted.sort_by_key(|(_, messages)| std::cmp::Reverse(last(messages)));
        if let Some(rest) = path.strip_prefix("/contacts/") {
            let contact = rest.strip_suffix("/conversations").unwrap();
            sorted.retain(|(id, _)| of(*id).to_string() == contact);
            let payload: Vec<Value> = sorted.iter().map(listed).collect();
            return match payload.is_empty() {
                true => Reply::answer(404, r#"{"error":"Resource could not be found"}"#),
                false => Reply::answer(200, json!({ "payload": payload }).to_string()),
            };
        }
        let path = path.strip_prefix("/conversations").unwrap();
        if path.starts_with('?') {
            assert_eq!(parameter(path, "status").as_deref(), Some("all"));
            let page: usize = parameter(path, "page").unwrap().parse().unwrap();
            let some = sorted.iter().skip((page - 1) * 2).take(2);
            let payload: Vec<Value> = some.map(listed).collect();
            return Reply::answer(
                200,
                json!({ "data": { "meta": {}, "payload": payload } }).to_string(),
            );
        }
        let (id, query) = path[1..].split_once("/messages").unwrap();
        let before = parameter(query, "before").map_or(u64::MAX, |id| id.parse().unwrap());
        let (_, messages) = all.iter().find(|(n, _)| n.to_string() == id).unwrap();
        let older: Vec<&Value> = messages
            .iter()
            .filter(|m| m["id"].as_u64().unwrap() < before)
            .collect();
        let payload = &older[older.len().saturating_sub(3)..];
        let with = of(id.parse().unwrap());
        let body = json!({ "meta": { "contact": { "id": with } }, "payload": payload });
        Reply::answer(200, body.to_string())
    }
}

fn source(server: &Server) -> String {
    format!(
        "[channels.live_chat.outbox]\n[[sources]]\nname = \"desk\"\n[sources.chatwoot]\naccount_id = \"1\"\n\
         api_access_token = {{ env = \"TOKEN\" }}\nbase_url = \"{}\"\n",
        server.url()
    )
}

fn account() -> Account {
    let account = Account::default();
    for conversation in 1..=5 {
        let first = conversation * 10;
        let minutes = i64::try_from(conversation).unwrap();
        for n in 0..6 {
            let kind = u8::try_from(n % 2).unwrap();
            let more = i64::try_from(n).unwrap();
            account.says(
                conversation,
                first + n,
                kind,
                minutes * 2 + more,
                &format!("{conversation}.{n}"),
            );
        }
    }
    account
}

#[test]
fn every_conversation_is_read_to_its_beginning_and_then_only_what_changed() {
    let account = account();
    account.has(
        3,
        json!({ "id": 90, "content": "A note", "message_type": 1, "private": true,
        "created_at": at(12).timestamp() }),
    );
    account.has(
        3,
        json!({ "id": 91, "content": "Ana was assigned", "message_type": 2,
        "created_at": at(12).timestamp() }),
    );
    account.has(
        3,
        json!({ "id": 92, "content": "I am Eva", "message_type": 1, "private": false,
        "created_at": at(12).timestamp(), "sender": { "id": 1, "type": "user" } }),
    );
    let of_server = account.clone();
    let server = Server::start(move |request, _| of_server.answer(request));
    let desk = business(&source(&server));
    let synced = sync(&desk);
    assert_eq!(
        (synced.code, &synced.lines[0]["new"]),
        (Some(0), &json!(31)),
        "{synced:?}"
    );
    let rows = lines(&desk);
    assert!(
        rows.contains(&"101 live_chat contact 1.0".to_owned()),
        "{rows:?}"
    );
    assert!(
        rows.contains(&"103 live_chat human I am Eva".to_owned()),
        "{rows:?}"
    );
    assert!(
        rows.iter()
            .all(|row| !row.contains("note") && !row.contains("assigned")),
        "{rows:?}"
    );

    account.says(2, 200, 0, 55, "Hello?");
    let again = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (again.code, &again.lines[0]["new"]),
        (Some(0), &json!(1)),
        "{again:?}"
    );
    let before = server.requests().len();
    let third = sync_at(&desk, "2026-03-02T09:02:00Z");
    assert_eq!(
        (third.code, &third.lines[0]["new"]),
        (Some(0), &json!(0)),
        "{third:?}"
    );
    let asked = server.requests().split_off(before);
    let asked: Vec<&str> = asked
        .iter()
        .map(|r| r.path.rsplit('/').next().unwrap())
        .collect();
    // The list, and the one conversation in which something happened since.
    assert_eq!(asked.len(), 2, "{asked:?}");
}

/// The list shifts while it is read: what moved up is found by the next sync, nothing is left out.
#[test]
fn a_conversation_that_moves_up_while_the_list_is_read_is_not_lost() {
    let account = account();
    let of_server = account.clone();
    let server = Server::start(move |request, _| {
        if request.path.contains("page=2") {
            of_server.says(1, 300, 0, 50, "Me first!");
        }
        of_server.answer(request)
    });
    let desk = business(&source(&server));
    let first = sync(&desk);
    let second = sync_at(&desk, "2026-03-02T09:01:00Z");
    assert_eq!(
        (first.code, second.code),
        (Some(0), Some(0)),
        "{first:?}{second:?}"
    );
    let rows = lines(&desk);
    assert_eq!(
        rows.iter().filter(|row| row.starts_with("101 ")).count(),
        7,
        "{rows:?}"
    );
    assert_eq!(rows.len(), 31);
}

#[test]
fn a_reply_of_seconds_ago_stops_the_message() {
    let account = Account::default();
    account.says(7, 1, 0, 0, "How much?");
    account.says(7, 2, 1, 1, "It is 40.");
    let asked = Arc::new(Mutex::new(0));
    let of_server = (account, Arc::clone(&asked));
    let server = Server::start(move |request, _| {
        if request.path.ends_with("/7/messages") {
            let mut asked = of_server.1.lock().unwrap();
            *asked += 1;
            if *asked == 2 {
                of_server.0.says(7, 3, 0, 59, "Me again");
            }
        }
        of_server.0.answer(request)
    });
    let desk = run_of(&source(&server), 0);
    assert_eq!(
        lines(&desk).last().unwrap(),
        "107 live_chat contact Me again"
    );
}

/// After the last one was resolved, what somebody writes begins another conversation.
#[test]
fn a_reply_of_seconds_ago_in_a_new_conversation_stops_the_message() {
    let account = Account::default();
    account.says(7, 1, 0, 0, "How much?");
    account.says(7, 2, 1, 1, "It is 40.");
    let of_server = account.clone();
    let server = Server::start(move |request, _| {
        if request.path.ends_with("/contacts/107/conversations") {
            of_server.says(77, 3, 0, 59, "Me again");
        }
        of_server.answer(request)
    });
    let desk = run_of(&source(&server), 0);
    assert_eq!(
        lines(&desk).last().unwrap(),
        "107 live_chat contact Me again"
    );
}

/// One that is deleted between two requests keeps neither the others from being read nor a contact from being
/// written to.
#[test]
fn a_conversation_that_is_deleted_meanwhile_stands_in_nobodys_way() {
    let account = Account::default();
    account.says(7, 1, 0, 0, "How much?");
    account.says(7, 2, 1, 1, "It is 40.");
    account.says(8, 3, 0, 2, "And I?");
    let asked = Mutex::new(0);
    let server = Server::start(move |request, _| {
        let is_gone = request.path.ends_with("/8/messages")
            || request.path.ends_with("/7/messages") && {
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                *asked > 1
            };
        match is_gone {
            true => Reply::answer(404, r#"{"error":"Resource could not be found"}"#),
            false => account.answer(request),
        }
    });
    let desk = run_of(&source(&server), 1);
    assert_eq!(lines(&desk).len(), 2);
}
