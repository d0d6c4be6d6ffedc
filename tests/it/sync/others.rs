//! Twilio, Chatwoot, Telegram and Intercom: what each lists, how it pages, and its last look.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use followup::model::Timestamp;
use serde_json::{Value, json};

use super::{MARKER, NOW, business, parameter, run_at, stored, sync, sync_at};
use crate::server::{Recorded, Reply, Server};

const EIGHT: &str = "2026-03-02T08:00:00Z";

fn at(minutes: i64) -> Timestamp {
    EIGHT.parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
}

type List = Arc<Mutex<Vec<Value>>>;

/// What is stored, as `contact channel author text`.
fn lines(desk: &crate::cli::Desk) -> Vec<String> {
    stored(desk).iter().map(|row| row[..4].join(" ")).collect()
}

mod twilio {
    use super::*;

    const SID: &str = "AC00000000000000000000000000000001";

    fn message(
        sid: &str,
        direction: &str,
        from: &str,
        to: &str,
        minutes: i64,
        body: &str,
    ) -> Value {
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
        let is =
            |value: &Value, wanted: &Option<String>| wanted.as_ref().is_none_or(|w| value == w);
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
}

mod chatwoot {
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(0)),
            "{run:?}"
        );
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(0)),
            "{run:?}"
        );
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(1)),
            "{run:?}"
        );
        assert_eq!(lines(&desk).len(), 2);
    }
}

mod telegram {
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
}

mod intercom {
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
                    let parts = &mut of_server.0.lock().unwrap()[0]["conversation_parts"]["conversation_parts"];
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(0)),
            "{run:?}"
        );
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(0)),
            "{run:?}"
        );
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
        let desk = business(&source(&server));
        let run = run_at(&desk, NOW);
        assert_eq!(
            (run.code, &run.summary()["sent"]),
            (Some(0), &json!(1)),
            "{run:?}"
        );
        assert_eq!(lines(&desk).len(), 2);
    }
}
