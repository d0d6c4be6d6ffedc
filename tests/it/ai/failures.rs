//! A model that is dead, slow, lying or out of credit: every contact gets a text all the same, and the run ends.

use std::time::Duration;

use serde_json::json;

use super::shop::{GOOD, Shop, body, chat, finished, openai, wrote};
use crate::server::{Reply, Server};

/// More than can be in flight at once.
const CONTACTS: usize = 20;

/// With little time for a text.
fn impatient(url: &str) -> String {
    format!("timeout = \"3s\"\n{}", openai(url))
}

/// Everybody got the fallback, and the model was asked no more often than `most`.
fn all_get_the_fallback(name: &str, server: &Server, most: usize, code: i32) {
    let shop = Shop::new(&impatient(&server.url()), CONTACTS);
    let ran = shop.run();
    assert_eq!(ran.code, code, "{name}: {ran:?}");
    assert_eq!(ran.summary("sent"), CONTACTS, "{name}: {ran:?}");
    assert_eq!(ran.summary("fallbacks"), CONTACTS, "{name}");
    for (who, text) in shop.sent() {
        let number = who.trim_start_matches('c');
        assert_eq!(text, format!("Are you still there, Ana{number}?"), "{name}");
    }
    let asked = server.requests().len();
    assert!(asked <= most, "{name}: asked {asked} times");
    // X5: no step is used up twice, and none is left.
    assert_eq!(shop.run().summary("sent"), 0, "{name}");
}

#[test]
fn x5_a_dead_model_costs_nobody_their_message() {
    all_get_the_fallback("reset", &Server::always(Reply::reset()), 40, 75);
    all_get_the_fallback("500", &Server::always(Reply::answer(500, "oops")), 40, 75);
    let shop = Shop::new(&openai(&Server::nobody()), CONTACTS);
    let ran = shop.run();
    assert_eq!(
        (ran.code, ran.summary("sent")),
        (75, &json!(CONTACTS)),
        "{ran:?}"
    );
    let said = ran.of_type("skipped");
    assert!(
        said[0]["error"].to_string().contains("asked no more"),
        "{said:?}"
    );
}

#[test]
fn x5_a_slow_model_costs_nobody_their_message() {
    all_get_the_fallback("stall", &Server::always(Reply::stall()), 16, 75);
    all_get_the_fallback(
        "drip",
        &Server::always(Reply::drip(Duration::from_millis(50))),
        16,
        75,
    );
}

#[test]
fn x5_a_lying_model_costs_nobody_their_message() {
    let refusal = json!({
        "choices": [{"message": {"role": "assistant", "content": null, "refusal": "I cannot"}, "finish_reason": "stop"}],
    });
    for (name, reply) in [
        ("no HTTP", Reply::garbage("nonsense\r\n\r\n")),
        ("no JSON", Reply::answer(200, "<html>hello</html>")),
        ("other JSON", Reply::answer(200, r#"{"choices":[]}"#)),
        ("prose", chat("Hi Ana, shall we talk?")),
        (
            "cut off",
            finished(
                r#"{"send":true,"reason":"x","message":"Hi Ana, sh"#,
                "length",
            ),
        ),
        ("cut off whole", finished(&wrote(GOOD), "length")),
        (
            "cut JSON",
            chat(r#"{"send":true,"reason":"x","message":"Hi Ana, sh"#),
        ),
        ("filtered", finished("", "content_filter")),
        ("refusal", Reply::answer(200, refusal.to_string())),
        ("empty", chat(&wrote("  "))),
        ("too long for any answer", chat(&"x".repeat(2 << 20))),
    ] {
        let code = 75;
        all_get_the_fallback(name, &Server::always(reply), 40, code);
    }
}

#[test]
fn a_model_without_credit_or_with_a_wrong_key_is_asked_no_more() {
    let quota =
        r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#;
    for (name, reply) in [
        (
            "quota",
            Reply::answer(429, quota).header("Retry-After", "1"),
        ),
        (
            "key",
            Reply::answer(
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-secret-key"}}"#,
            ),
        ),
        (
            "model",
            Reply::answer(404, r#"{"error":{"message":"model not found"}}"#),
        ),
        (
            "credit",
            Reply::answer(
                400,
                r#"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            ),
        ),
    ] {
        // Those that are in flight when the first answer comes.
        all_get_the_fallback(name, &Server::always(reply), 8, 75);
    }
}

#[test]
fn a_rate_limit_is_waited_out_where_there_is_time() {
    let busy = || Reply::answer(429, r#"{"error":{"code":"rate_limit_exceeded"}}"#);
    let server = Server::sequence(vec![busy().header("Retry-After", "1"), chat(&wrote(GOOD))]);
    let shop = Shop::new(&openai(&server.url()), 3);
    let ran = shop.run();
    assert_eq!(
        (ran.code, ran.summary("written")),
        (0, &json!(3)),
        "{ran:?}"
    );
    // Longer than a text may take: nobody waits.
    all_get_the_fallback(
        "long",
        &Server::always(busy().header("Retry-After", "3600")),
        8,
        75,
    );
}

#[test]
fn the_next_model_is_asked_when_one_cannot_answer() {
    let server = Server::start(|request, _| match body(request)["model"].as_str() {
        Some("small") => Reply::answer(429, r#"{"error":{"code":"insufficient_quota"}}"#),
        _ => chat(&wrote(GOOD)),
    });
    let ai = openai(&server.url()).replace("\"small\"", "[\"small\", \"large\"]");
    let shop = Shop::new(&ai, CONTACTS);
    let ran = shop.run();
    assert_eq!(ran.summary("written"), CONTACTS, "{ran:?}");
    let small = server
        .requests()
        .iter()
        .filter(|r| body(r)["model"] == "small")
        .count();
    assert!(small <= 8, "{small}");
    assert!(ran.of_type("written").iter().all(|e| e["model"] == "large"));
}

#[test]
fn the_next_provider_is_asked_when_one_stalls() {
    let stalled = Server::always(Reply::stall());
    let good = Server::always(chat(&wrote(GOOD)));
    let ai = format!(
        "timeout = \"4s\"\n[ai.ollama]\nbase_url = \"{}\"\nmodel = \"slow\"\n\
         [ai.openai]\nbase_url = \"{}\"\nmodel = \"quick\"\n",
        stalled.url(),
        good.url()
    );
    let shop = Shop::new(&ai, CONTACTS);
    let ran = shop.run();
    assert_eq!(ran.summary("written"), CONTACTS, "{ran:?}");
    assert!(stalled.requests().len() <= 16);
}

#[test]
fn x5_a_step_waits_for_a_model_where_that_is_configured() {
    let server = Server::sequence(vec![Reply::answer(500, "oops"); 9]);
    let shop = Shop::new(
        &format!("when_failed = \"wait\"\n{}", openai(&server.url())),
        3,
    );
    let ran = shop.run();
    assert_eq!(
        (ran.code, ran.summary("waiting"), ran.summary("sent")),
        (75, &json!(3), &json!(0)),
        "{ran:?}"
    );
    assert_eq!(ran.of_type("skipped")[0]["reason"], "ai_silent");
    assert_eq!(shop.sent(), []);
    let good = Server::always(chat(&wrote(GOOD)));
    shop.configure("[channels.live_chat.outbox]\n", &openai(&good.url()));
    assert_eq!(shop.run().summary("sent"), 3);
}

#[test]
fn instructions_that_cannot_be_read_are_a_failure_of_the_model_alone() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(
        &format!("prompt_file = \"gone.md\"\n{}", openai(&server.url())),
        2,
    );
    let ran = shop.run();
    assert_eq!(
        (ran.summary("sent"), ran.summary("fallbacks")),
        (&json!(2), &json!(2)),
        "{ran:?}"
    );
    assert!(
        ran.of_type("written")[0]["error"]
            .to_string()
            .contains("gone.md")
    );
    let check = shop.desk.run(&["check"]);
    assert!(
        check.contains("gone.md") && check.contains("[exit 78]"),
        "{check}"
    );
}
