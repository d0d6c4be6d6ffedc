//! Texts that wait for a person (rule X9): nothing leaves before they say so, and what they say is what leaves.

use serde_json::Value;

use crate::ai::shop::{DUE, GOOD, Shop, chat, openai, wrote};
use crate::server::Server;

/// A quarter of an hour after the first step is due.
const LATER: &str = "--now=2026-03-02T08:25:00Z";

fn shop(server: &Server, contacts: usize) -> Shop {
    Shop::new(
        &format!("approve = true\n{}", openai(&server.url())),
        contacts,
    )
}

fn waiting(shop: &Shop, now: &str) -> Vec<Value> {
    shop.json(&["review", "--json", now])
}

fn id(line: &Value) -> &str {
    line["id"].as_str().unwrap()
}

#[test]
fn x9_a_text_waits_and_goes_out_when_a_person_lets_it_through() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = shop(&server, 3);
    let ran = shop.run();
    assert_eq!((ran.code, shop.sent().len()), (0, 0), "{ran:?}");
    assert_eq!(ran.summary("to_review"), 3);
    assert!(
        ran.of_type("written")
            .iter()
            .all(|e| e["to_review"] == true)
    );
    // Nothing is asked again, and nothing leaves by itself.
    assert_eq!(shop.run().code, 0);
    assert_eq!((server.requests().len(), shop.sent().len()), (3, 0));
    let plan = shop.json(&["plan", "--json", LATER]);
    assert_eq!(
        (&plan[0]["action"], &plan[0]["reason"]),
        (&"hold".into(), &"awaiting_approval".into())
    );

    let lines = waiting(&shop, LATER);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["text"], GOOD);
    assert_eq!(lines[0]["text_source"], "ai");
    assert_eq!(lines[0]["model"], "small");
    assert_eq!(lines[0]["conversation"].as_array().unwrap().len(), 2);
    let seen = shop.desk.run(&[
        "review",
        LATER,
        "--by=Ana",
        "--approve",
        id(&lines[0]),
        "--text",
        id(&lines[1]),
        "It costs 12 €, by my own word.",
        "--skip",
        id(&lines[2]),
    ]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    assert!(waiting(&shop, LATER).is_empty());
    let ran = shop.run_at("2026-03-02T08:26:00Z", &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut sent = shop.sent();
    sent.sort();
    let who = |n: usize| lines[n]["contact_id"].as_str().unwrap().to_owned();
    let mut expected = vec![
        (who(0), GOOD.to_owned()),
        (who(1), "It costs 12 €, by my own word.".to_owned()),
    ];
    expected.sort();
    assert_eq!(sent, expected);
    let history = shop.json(&["history", "--json"]);
    let source = |contact: String| {
        let row = history
            .iter()
            .find(|h| h["contact_id"] == contact.as_str())
            .unwrap();
        row["text_source"].clone()
    };
    assert_eq!(source(who(0)), "ai");
    assert_eq!(source(who(1)), "custom");
    // The step that was passed over counts as used: the next comes an hour after that.
    let plan = shop.json(&["plan", "--json", "--all", "--now=2026-03-02T08:30:00Z"]);
    let skipped = plan
        .iter()
        .find(|p| p["contact_id"] == who(2).as_str())
        .unwrap();
    assert_eq!(skipped["step"], 2, "{skipped}");
    assert_eq!(skipped["due_at"], "2026-03-02T09:25:00Z", "{skipped}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn x9_a_reply_since_drops_the_text() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = shop(&server, 1);
    shop.run();
    let lines = waiting(&shop, LATER);
    shop.desk
        .run(&["review", LATER, "--approve", id(&lines[0])]);
    shop.import("c1,live_chat,inbound,2026-03-02T08:20:00Z,Is it heated?,,\n");
    let ran = shop.run_at("2026-03-02T08:30:00Z", &[]);
    assert_eq!((ran.code, shop.sent().len()), (0, 0), "{ran:?}");
    assert!(waiting(&shop, LATER).is_empty());
}

#[test]
fn x9_only_what_was_looked_at_is_let_through() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = shop(&server, 1);
    shop.run();
    let before = waiting(&shop, LATER);
    // We wrote again: the text is written anew, for the new conversation.
    shop.import("c1,live_chat,outbound,2026-03-02T08:12:00Z,The mats are new.,,\n");
    let ran = shop.run_at("2026-03-02T08:20:00Z", &[]);
    assert_eq!(ran.summary("to_review"), 1, "{ran:?}");
    let after = waiting(&shop, LATER);
    assert_ne!(id(&before[0]), id(&after[0]));
    let seen = shop
        .desk
        .run(&["review", LATER, "--approve", id(&before[0])]);
    assert!(
        seen.contains("[exit 2]") && seen.contains("no text"),
        "{seen}"
    );
    for text in ["", "Hi\u{202e}Ana"] {
        let seen = shop
            .desk
            .run(&["review", LATER, "--text", id(&after[0]), text]);
        assert!(
            seen.contains("[exit 2]") && seen.contains("cannot be sent"),
            "{seen}"
        );
    }
    let twice = [
        "review",
        LATER,
        "--approve",
        id(&after[0]),
        "--skip",
        id(&after[0]),
    ];
    assert!(shop.desk.run(&twice).contains("[exit 2]"));
    assert_eq!(shop.run_at("2026-03-02T08:26:00Z", &[]).code, 0);
    assert!(shop.sent().is_empty());
    assert_eq!(waiting(&shop, LATER).len(), 1);
}

/// A business without a model, with these lines in `[bot]`.
fn by_hand(bot: &str) -> Shop {
    let shop = Shop::new("[ai.ollama]\nmodel = \"none\"\n", 1);
    shop.desk.write(
        "followup.toml",
        &format!(
            "[bot]\ntimezone = \"UTC\"\nlanguage = \"en\"\n{bot}\n\
             [scenarios.stopped_responding]\nsteps = [{{ after = \"5m\" }}, {{ after = \"1h\", approve = false }}]\n\
             [limits]\nfresh_for = \"off\"\n[channels.live_chat.outbox]\n"
        ),
    );
    shop
}

#[test]
fn x9_any_text_can_wait_and_what_nobody_looks_at_is_skipped_or_sent() {
    for (expired, sent) in [("skip", 0), ("send", 1)] {
        let shop = by_hand(&format!(
            "approve = true\napprove_within = \"30m\"\napproval_expired = \"{expired}\""
        ));
        let ran = shop.run();
        assert_eq!((ran.code, shop.sent().len()), (0, 0), "{ran:?}");
        let lines = waiting(&shop, LATER);
        assert_eq!(lines[0]["text_source"], "builtin");
        // It waits from the run at 08:10 on, which takes a moment.
        assert!(
            lines[0]["waits_until"]
                .as_str()
                .unwrap()
                .starts_with("2026-03-02T08:40:")
        );
        let text = lines[0]["text"].as_str().unwrap().to_owned();
        shop.run_at("2026-03-02T08:30:00Z", &[]);
        assert_eq!(shop.sent().len(), 0);
        shop.run_at("2026-03-02T08:45:00Z", &[]);
        assert_eq!(shop.sent().len(), sent, "{expired}");
        assert!(shop.sent().iter().all(|(_, said)| *said == text));
        assert!(waiting(&shop, "--now=2026-03-02T08:45:00Z").is_empty());
        // The step after it waits for nobody.
        shop.run_at("2026-03-02T10:00:00Z", &[]);
        assert_eq!(shop.sent().len(), sent + 1, "{expired}");
    }
}

#[test]
fn the_queue_is_shown_to_readers_without_keys_too() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = shop(&server, 1);
    let none = shop.desk.run(&["review", LATER]);
    assert!(
        none.contains("nothing waits") && none.contains("[exit 0]"),
        "{none}"
    );
    shop.run_at(DUE, &[]);
    for columns in [80, 120] {
        let seen = shop.desk.run_in(columns, &["review", LATER]);
        for words in [
            "Ana1 Lopez",
            "1 of 1",
            GOOD,
            "small",
            "followup review --approve dr_",
        ] {
            assert!(seen.contains(words), "{words}: {seen}");
        }
    }
    let status = shop.desk.run(&["status", LATER]);
    assert!(status.contains("followup review"), "{status}");
}

#[test]
fn x9_a_text_with_a_spot_that_nobody_fills_in_is_refused() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = shop(&server, 1);
    shop.run();
    let lines = waiting(&shop, LATER);
    let text = "Hi {{ contact.first_name }}, shall we?";
    let seen = shop
        .desk
        .run(&["review", LATER, "--text", id(&lines[0]), text]);
    assert!(
        seen.contains("{{ contact.first_name }} would be sent as it stands here")
            && seen.contains("[exit 2]"),
        "{seen}"
    );
    assert_eq!(waiting(&shop, LATER).len(), 1);
}
