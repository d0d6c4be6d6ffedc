//! What workflows ask of the platforms, against real servers (rule X8).

use followup::channel::{Deed, Place, SendError, Sender};
use followup::http::Http;
use followup::model::Channel;
use serde_json::{Value, json};

use crate::contract::{LONG, chatwoot, highlevel, intercom, now, twilio};
use crate::server::{Recorded, Reply, Server};

type Make = fn(Http, &str) -> Box<dyn Sender>;

const PLATFORMS: [Make; 3] = [highlevel, chatwoot, intercom];

fn place() -> Place<'static> {
    Place {
        contact_id: "c 1",
        channel: Channel::LiveChat,
        conversation: Some("77"),
    }
}

/// Does the deed against this server.
fn act(make: Make, server: &Server, deed: &Deed<'_>) -> Result<Option<String>, SendError> {
    let sender = make(Http::new(LONG), &server.url());
    sender
        .platform()
        .unwrap()
        .act(&place(), deed, "fu_1_deed", now())
}

/// The requests of a deed that is done: method, path and body of each.
fn requests(make: Make, deed: &Deed<'_>, answers: fn(&Recorded) -> Value) -> Vec<(String, Value)> {
    let server = Server::start(move |r, _| Reply::answer(200, answers(r).to_string()));
    act(make, &server, deed).unwrap();
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|r| r.method == "GET" || r.id() == Some("fu_1_deed"))
    );
    requests
        .iter()
        .map(|r| {
            let body = serde_json::from_slice(&r.body).unwrap_or(Value::Null);
            (format!("{} {}", r.method, r.path), body)
        })
        .collect()
}

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn want(rows: &[(&str, Value)]) -> Vec<(String, Value)> {
    let rows = rows.iter();
    rows.map(|(line, body)| ((*line).to_owned(), body.clone()))
        .collect()
}

#[test]
fn highlevel_gets_tags_a_user_notes_tasks_and_its_own_workflow() {
    let users = |_: &Recorded| {
        json!({ "users": [{ "id": "u1", "email": "eva@example.com" },
                          { "id": "u2", "email": "Ana@example.com" }] })
    };
    let (add, remove) = (list(&["cold"]), list(&["hot", "new"]));
    let deed = Deed::Tags {
        add: &add,
        remove: &remove,
    };
    assert_eq!(
        requests(highlevel, &deed, users),
        want(&[
            ("POST /contacts/c%201/tags", json!({ "tags": ["cold"] })),
            (
                "DELETE /contacts/c%201/tags",
                json!({ "tags": ["hot", "new"] })
            ),
        ])
    );
    assert_eq!(
        requests(highlevel, &Deed::Assign("ana@example.com"), users),
        want(&[
            ("GET /users/?locationId=loc1", Value::Null),
            ("PUT /contacts/c%201", json!({ "assignedTo": "u2" })),
        ])
    );
    assert_eq!(
        requests(highlevel, &Deed::Assign("u9"), users),
        want(&[("PUT /contacts/c%201", json!({ "assignedTo": "u9" }))])
    );
    assert_eq!(
        requests(highlevel, &Deed::Note("Ana: …"), users),
        want(&[("POST /contacts/c%201/notes", json!({ "body": "Ana: …" }))])
    );
    let task = Deed::Task {
        title: "Ana",
        body: "Call her",
        assignee: Some("u9"),
    };
    assert_eq!(
        requests(highlevel, &task, users),
        want(&[(
            "POST /contacts/c%201/tasks",
            json!({ "title": "Ana", "body": "Call her", "completed": false, "assignedTo": "u9",
                    "dueDate": "2026-03-02T09:00:00.000Z" })
        )])
    );
    assert_eq!(
        requests(highlevel, &Deed::Workflow("wf-1"), users),
        want(&[("POST /contacts/c%201/workflow/wf-1", json!({}))])
    );
}

#[test]
fn highlevels_contacts_have_a_version_of_their_own() {
    let server = Server::always(Reply::answer(
        200,
        r#"{"users":[{"id":"u2","name":"Ana Ruiz"}]}"#,
    ));
    act(highlevel, &server, &Deed::Assign("ana ruiz")).unwrap();
    for request in server.requests() {
        assert_eq!(request.header("version"), Some("2021-07-28"));
        assert!(
            request
                .header("authorization")
                .unwrap()
                .starts_with("Bearer ")
        );
    }
    let error = act(highlevel, &server, &Deed::Assign("team:sales")).unwrap_err();
    assert_eq!(error.kind(), "refused");
}

#[test]
fn chatwoots_labels_are_merged_and_not_overwritten() {
    const CONVERSATION: &str = "/api/v1/accounts/1/conversations/77";
    let answers = |_: &Recorded| json!({ "payload": ["vip", "hot"] });
    let (add, remove) = (list(&["cold", "vip"]), list(&["hot", "gone"]));
    let deed = Deed::Tags {
        add: &add,
        remove: &remove,
    };
    let labels = format!("{CONVERSATION}/labels");
    assert_eq!(
        requests(chatwoot, &deed, answers),
        want(&[
            (&format!("GET {labels}"), Value::Null),
            (
                &format!("POST {labels}"),
                json!({ "labels": ["vip", "cold"] })
            ),
        ])
    );
    let vip = list(&["vip"]);
    let deed = Deed::Tags {
        add: &vip,
        remove: &[],
    };
    let nothing_new = requests(chatwoot, &deed, answers);
    assert_eq!(
        nothing_new,
        want(&[(&format!("GET {labels}"), Value::Null)])
    );
    // An answer that has no labels must not take away those that are there.
    for odd in ["[]", "{}", r#"{"payload":"vip"}"#, "<html>"] {
        let server = Server::always(Reply::answer(200, odd));
        let error = act(chatwoot, &server, &deed).unwrap_err();
        assert_eq!(error.kind(), "retry", "{odd}");
        assert!(server.requests().iter().all(|r| r.method == "GET"), "{odd}");
    }
}

#[test]
fn chatwoot_hands_over_to_an_agent_or_a_team_and_takes_private_notes() {
    const ACCOUNT: &str = "/api/v1/accounts/1";
    let answers = |r: &Recorded| match r.path.rsplit('/').next() {
        Some("agents") => json!([{ "id": 3, "email": "ana@example.com", "name": "Ana" }]),
        Some("teams") => json!([{ "id": 3, "name": "support" }, { "id": 4, "name": "Sales" }]),
        _ => json!({ "id": 9 }),
    };
    let assignments = format!("POST {ACCOUNT}/conversations/77/assignments");
    for (whom, list, body) in [
        ("ana@example.com", "agents", json!({ "assignee_id": 3 })),
        ("3", "agents", json!({ "assignee_id": 3 })),
        ("team:sales", "teams", json!({ "team_id": 4 })),
    ] {
        assert_eq!(
            requests(chatwoot, &Deed::Assign(whom), answers),
            want(&[
                (&format!("GET {ACCOUNT}/{list}"), Value::Null),
                (&assignments, body),
            ])
        );
    }
    let note = json!({ "content": "Ana: …", "message_type": "outgoing", "private": true });
    assert_eq!(
        requests(chatwoot, &Deed::Note("Ana: …"), answers),
        want(&[(&format!("POST {ACCOUNT}/conversations/77/messages"), note)])
    );
    let server = Server::start(move |r, _| Reply::answer(200, answers(r).to_string()));
    let error = act(chatwoot, &server, &Deed::Assign("eva@example.com")).unwrap_err();
    assert_eq!(error.kind(), "refused");
    assert!(error.to_string().contains("eva@example.com"), "{error}");
}

#[test]
fn intercom_tags_hands_over_and_takes_notes_in_the_conversation() {
    let answers = |r: &Recorded| match (r.method.as_str(), r.path.as_str()) {
        ("POST", "/tags") => json!({ "type": "tag", "id": "t1", "name": "cold" }),
        ("GET", "/conversations/77") => json!({
            "id": "77",
            "tags": { "type": "tag.list", "tags": [
                { "id": "t7", "name": "hot" }, { "id": "t8", "name": "vip" }] },
        }),
        ("GET", "/admins") => {
            json!({ "admins": [{ "id": "55", "email": "ana@example.com", "name": "Ana" }] })
        }
        ("GET", "/teams") => json!({ "teams": [{ "id": "66", "name": "Sales" }] }),
        _ => json!({ "id": "77" }),
    };
    let (add, remove) = (list(&["cold"]), list(&["hot"]));
    let deed = Deed::Tags {
        add: &add,
        remove: &remove,
    };
    let admin = json!({ "admin_id": "1234567" });
    assert_eq!(
        requests(intercom, &deed, answers),
        want(&[
            ("POST /tags", json!({ "name": "cold" })),
            (
                "POST /conversations/77/tags",
                json!({ "id": "t1", "admin_id": "1234567" })
            ),
            ("GET /conversations/77", Value::Null),
            ("DELETE /conversations/77/tags/t7", admin),
        ])
    );
    for (whom, list, kind, id) in [
        ("ana@example.com", "admins", "admin", "55"),
        ("team:Sales", "teams", "team", "66"),
    ] {
        let body = json!({ "message_type": "assignment", "type": kind, "admin_id": "1234567",
                           "assignee_id": id });
        assert_eq!(
            requests(intercom, &Deed::Assign(whom), answers),
            want(&[
                (&format!("GET /{list}"), Value::Null),
                ("POST /conversations/77/parts", body),
            ])
        );
    }
    let note = json!({ "message_type": "note", "type": "admin", "admin_id": "1234567",
                       "body": "Ana: …" });
    assert_eq!(
        requests(intercom, &Deed::Note("Ana: …"), answers),
        want(&[("POST /conversations/77/reply", note)])
    );
}

#[test]
fn x4_what_a_platform_answers_is_of_the_kind_it_means() {
    let note = Deed::Note("Ana: …");
    for (reply, kind) in [
        (Reply::answer(429, "{}").header("Retry-After", "7"), "retry"),
        (Reply::answer(500, "{}"), "unknown"),
        (Reply::reset(), "unknown"),
        (Reply::garbage("?"), "unknown"),
        (Reply::answer(401, "{}"), "credentials"),
        (Reply::answer(422, r#"{"message":"no"}"#), "refused"),
    ] {
        for make in PLATFORMS {
            let server = Server::always(reply.clone());
            let error = act(make, &server, &note).unwrap_err();
            assert_eq!(error.kind(), kind, "{reply:?}: {error}");
            assert_eq!(server.requests().len(), 1, "{reply:?}");
        }
    }
}

#[test]
fn x4_a_question_whose_answer_is_lost_may_be_asked_again() {
    let assign = Deed::Assign("ana@example.com");
    for make in PLATFORMS {
        for reply in [Reply::reset(), Reply::answer(500, ""), Reply::garbage("?")] {
            let server = Server::always(reply.clone());
            let error = act(make, &server, &assign).unwrap_err();
            assert_eq!(error.kind(), "retry", "{reply:?}: {error}");
            assert!(server.requests().iter().all(|r| r.method == "GET"));
        }
    }
}

#[test]
fn x8_what_a_platform_has_not_is_refused_without_a_request() {
    let server = Server::always(Reply::answer(200, "{}"));
    let task = Deed::Task {
        title: "Ana",
        body: "Call her",
        assignee: None,
    };
    for make in [chatwoot as Make, intercom] {
        for deed in [task, Deed::Workflow("wf-1")] {
            assert_eq!(act(make, &server, &deed).unwrap_err().kind(), "refused");
        }
        let sender = make(Http::new(LONG), &server.url());
        let nowhere = Place {
            conversation: None,
            ..place()
        };
        let deed = Deed::Note("Ana: …");
        let acted = sender.platform().unwrap().act(&nowhere, &deed, "x", now());
        assert_eq!(acted.unwrap_err().kind(), "refused", "no conversation");
    }
    assert!(server.requests().is_empty());
    let sender = twilio(Http::new(LONG), &server.url());
    assert!(sender.platform().is_none());
}
