//! What models may use: no more than is allowed, and never silently less.

use serde_json::json;

use super::shop::{DUE, GOOD, Shop, chat, openai, wrote};
use crate::server::Server;

#[test]
fn a_budget_for_a_run_holds_and_the_rest_get_their_fallback() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(
        &format!("max_calls = \"3/run\"\n{}", openai(&server.url())),
        10,
    );
    let ran = shop.run();
    assert_eq!(server.requests().len(), 3);
    assert_eq!(
        (
            ran.summary("written"),
            ran.summary("fallbacks"),
            ran.summary("sent")
        ),
        (&json!(3), &json!(7), &json!(10)),
        "{ran:?}"
    );
    assert_eq!(ran.code, 0);
    assert_eq!(ran.summary("budget_spent"), true);
    assert!(
        ran.of_type("budget")[0]["reason"]
            .to_string()
            .contains("max_calls")
    );
}

#[test]
fn a_budget_for_a_day_holds_across_runs_and_steps_wait_for_the_next() {
    let server = Server::always(chat(&wrote(GOOD)));
    let ai = format!(
        "max_calls = [\"50/run\", \"4/day\"]\nwhen_spent = \"wait\"\n{}",
        openai(&server.url())
    );
    let shop = Shop::new(&ai, 10);
    let ran = shop.run();
    assert_eq!(
        (ran.code, ran.summary("sent"), ran.summary("waiting")),
        (75, &json!(4), &json!(6)),
        "{ran:?}"
    );
    assert_eq!(ran.of_type("skipped")[0]["reason"], "ai_budget");
    let again = shop.run_at("2026-03-02T09:00:00Z", &[]);
    assert_eq!(
        (again.code, again.summary("sent")),
        (75, &json!(0)),
        "{again:?}"
    );
    assert_eq!(server.requests().len(), 4);
    let status = shop.desk.run(&["status", "--now=2026-03-02T09:00:00Z"]);
    assert!(status.contains("4 of 4"), "{status}");
    // The next day begins anew; D14 counts from the time at which the step was due.
    let next = shop.run_at("2026-03-03T00:10:00Z", &[]);
    assert_eq!(next.summary("ai")["calls"], 4, "{next:?}");
}

#[test]
fn tokens_and_money_are_counted_with_what_is_in_flight() {
    let server = Server::always(chat(&wrote(GOOD)));
    let limits = "max_tokens = \"20k/day\"\nmax_cost = \"1/day\"\n";
    let ai = format!(
        "{limits}{}price = {{ input = 10, output = 100 }}\n",
        openai(&server.url())
    );
    let shop = Shop::new(&ai, 60);
    let ran = shop.run();
    let used = ran.summary("ai");
    let tokens = used["input_tokens"].as_u64().unwrap() + used["output_tokens"].as_u64().unwrap();
    assert!(tokens <= 20_000 && tokens > 0, "{used}");
    // 100 × 10 + 20 × 100 millionths a text.
    assert_eq!(used["cost"], 3000 * server.requests().len(), "{used}");
    assert_eq!(ran.summary("sent"), 60);
    let status = shop.json(&["status", "--json", &format!("--now={DUE}")]);
    assert_eq!(status[0]["ai"]["today"]["calls"], server.requests().len());
    assert_eq!(status[0]["ai"]["max_tokens_per_day"], 20_000);
}

#[test]
fn the_time_of_a_run_ends_the_writing_and_not_the_sending() {
    let server = Server::always(chat(&wrote(GOOD)).after(std::time::Duration::from_millis(400)));
    let shop = Shop::new(&format!("max_time = \"1s\"\n{}", openai(&server.url())), 60);
    let ran = shop.run();
    assert_eq!(ran.summary("sent"), 60, "{ran:?}");
    assert!(ran.summary("written").as_u64() < Some(60), "{ran:?}");
    assert!(
        ran.of_type("budget")[0]["reason"]
            .to_string()
            .contains("max_time")
    );
}
