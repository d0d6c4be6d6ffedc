//! Messages on which the rules are unsure, read by a model (rules S1, S3, S4, S5): once, in the message's own
//! words, and never against the rules.

use serde_json::{Value, json};

use crate::ai::shop::{Shop, body, chat, openai, wrote};
use crate::server::{Reply, Server};

/// A time, and no wish that the rules know.
const UNSURE: &str = "c1,live_chat,inbound,2026-03-02T08:04:00Z,Friday 18:00 for me,Ana Lopez,\n";
const NOW: &str = "2026-03-02T08:20:00Z";

fn shop(ai: &str) -> Shop {
    let shop = Shop::new(ai, 1);
    let config = std::fs::read_to_string(shop.desk.path("followup.toml")).unwrap();
    let asked = "[scenarios.asked_for_time]\nsteps = [{ after = \"0m\" }]\n";
    shop.desk.write(
        "followup.toml",
        &config.replace("[limits]", &format!("{asked}[limits]")),
    );
    shop.import(UNSURE);
    shop.import("c1,live_chat,outbound,2026-03-02T08:04:30Z,All right!,,\n");
    shop
}

fn found(signal: &str, quote: &str) -> Reply {
    let answer = json!({"signal": signal, "quote": quote, "date": "2026-03-06", "time": "18:00"});
    chat(&answer.to_string())
}

fn detecting(server: &Server) -> String {
    format!("detect = true\n{}", openai(&server.url()))
}

fn decision(shop: &Shop) -> Value {
    let now = format!("--now={NOW}");
    let plan = shop.json(&["plan", "--json", "--all", &now]);
    plan.into_iter().find(|p| p["contact_id"] == "c1").unwrap()
}

#[test]
fn s1_the_model_is_asked_once_and_the_rules_make_the_instant() {
    let server = Server::always(found("asked_for_time", "Friday 18:00"));
    let shop = shop(&detecting(&server));
    let before = decision(&shop);
    assert_eq!(before["scenario"], "stopped_responding", "{before}");
    let seen = shop.desk.run(&["plan", &format!("--now={NOW}")]);
    assert!(seen.contains("1 message waits for a model"), "{seen}");
    let ran = shop.run_at(NOW, &[]);
    assert_eq!((ran.code, ran.summary("read")), (0, &1.into()), "{ran:?}");
    assert_eq!(ran.summary("ai")["calls"], 1);
    let after = decision(&shop);
    assert_eq!(after["scenario"], "asked_for_time", "{after}");
    assert_eq!(after["due_at"], "2026-03-06T18:00:00Z", "{after}");
    let show = &shop.json(&["show", "c1", "--json", &format!("--now={NOW}")])[0];
    let text = show.to_string();
    assert!(text.contains("\"source\":\"ai\""), "{text}");
    let asked = body(&server.requests()[0]);
    let user = asked["messages"][1]["content"].as_str().unwrap();
    assert!(user.contains("Monday 2026-03-02 08:04"), "{user}");
    assert_eq!(asked["response_format"]["json_schema"]["name"], "reading");
    // Never twice.
    shop.run_at("2026-03-02T08:21:00Z", &[]);
    assert_eq!(server.requests().len(), 1);
    assert!(shop.sent().is_empty());
}

#[test]
fn s5_a_model_may_add_an_opt_out() {
    let server = Server::always(found("opt_out", "for me"));
    let shop = shop(&detecting(&server));
    let ran = shop.run_at(NOW, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(shop.sent().is_empty());
    let decision = decision(&shop);
    assert_eq!(
        (&decision["action"], &decision["reason"]),
        (&"stop".into(), &"opted_out".into())
    );
}

#[test]
fn s5_what_the_rules_are_sure_of_is_not_asked() {
    let server = Server::always(found("ack", "STOP"));
    let shop = Shop::new(&detecting(&server), 1);
    shop.import("c1,live_chat,inbound,2026-03-02T08:04:00Z,STOP,,\n");
    let ran = shop.run_at(NOW, &[]);
    assert_eq!((ran.code, server.requests().len()), (0, 0), "{ran:?}");
    assert_eq!(decision(&shop)["reason"], "opted_out");
}

#[test]
fn without_detect_nothing_is_asked() {
    let server = Server::always(chat(&wrote(
        "Would you still like to come to the yoga class?",
    )));
    let shop = shop(&openai(&server.url()));
    let ran = shop.run_at(NOW, &[]);
    assert_eq!((ran.code, ran.summary("read")), (0, &0.into()), "{ran:?}");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        body(&server.requests()[0])["response_format"]["json_schema"]["name"],
        "follow_up"
    );
}

#[test]
fn a_model_that_fails_leaves_the_rules_reading_and_the_message_unread() {
    for answer in [
        found("asked_for_time", "on Saturday"),
        found("opt_in", "Friday"),
        chat("I would say that they are busy."),
        Reply::answer(500, "{}"),
        Reply::answer(401, "{}"),
    ] {
        let server = Server::always(answer);
        let shop = shop(&detecting(&server));
        let ran = shop.run_at(NOW, &[]);
        assert_eq!(ran.summary("unread"), 1, "{ran:?}");
        let skipped = ran.of_type("skipped");
        assert!(
            skipped
                .iter()
                .any(|e| e["reason"] == "unread" && e["contact_id"] == "c1"),
            "{ran:?}"
        );
        // X5: the step goes out all the same.
        assert_eq!(shop.sent().len(), 1, "{ran:?}");
        let seen = shop.desk.run(&["plan", &format!("--now={NOW}")]);
        assert!(seen.contains("1 message waits for a model"), "{seen}");
    }
}

#[test]
fn a_spent_budget_leaves_messages_unread() {
    let server = Server::always(found("asked_for_time", "Friday 18:00"));
    let shop = shop(&format!("max_calls = \"1/day\"\n{}", detecting(&server)));
    shop.import("c2,live_chat,inbound,2026-03-02T08:04:40Z,Friday 18:00 for me,Bo,\n");
    let ran = shop.run_at(NOW, &[]);
    assert_eq!(ran.summary("read"), 1, "{ran:?}");
    assert_eq!(server.requests().len(), 1);
    let seen = shop.desk.run(&["plan", &format!("--now={NOW}")]);
    assert!(seen.contains("1 message waits for a model"), "{seen}");
}
