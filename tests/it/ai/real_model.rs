//! A real language model on a real server, where `tests/real_model.sh` has started one: what it answers is asserted by
//! its shape, never by its wording, for it is the weakest there is.

use chrono::TimeDelta;
use followup::compose::ai::{Models, NoAnswer, Question};
use followup::config::{self, Ai, Environment};
use followup::model::{CallPurpose, ModelCall, Timestamp, Usage};
use serde_json::Value;

use super::shop::{Shop, finish};

/// The server's URL and key; without one the test says that it proves nothing.
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
fn server() -> Option<(String, String)> {
    #[expect(clippy::disallowed_methods, reason = "the script names its server so")]
    let variable = |name| std::env::var(name).ok();
    let found = variable("FOLLOWUP_REAL_MODEL").zip(variable("FOLLOWUP_REAL_MODEL_KEY"));
    if found.is_none() {
        println!("SKIPPED, no real model: see tests/real_model.sh");
    }
    found
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server of this machine takes its time"
)]
fn now() -> Timestamp {
    chrono::Utc::now()
}

fn ai(table: &str) -> Ai {
    let text = format!("[bot]\ntimezone = \"UTC\"\n[ai]\ntimeout = \"2m\"\n{table}");
    let (config, _) = config::parse(std::path::Path::new("followup.toml"), &text).unwrap();
    config.ai.unwrap()
}

fn openai(url: &str) -> String {
    format!(
        "[ai.openai]\nbase_url = \"{url}/v1\"\nmodel = \"smollm2\"\napi_key = {{ env = \"KEY\" }}\n"
    )
}

fn anthropic(url: &str) -> String {
    format!(
        "[ai.anthropic]\nbase_url = \"{url}\"\nmodel = \"smollm2\"\napi_key = {{ env = \"KEY\" }}\n"
    )
}

fn question(user: &str, most_tokens: u32) -> Question {
    Question {
        system: "You sort messages.".to_owned(),
        user: user.to_owned(),
        form: "kind",
        schema: r#"{"type":"object","properties":{"kind":{"type":"string","enum":["yes","no","later"]}},"required":["kind"],"additionalProperties":false}"#,
        most_tokens,
        temperature: Some(0.0),
    }
}

/// What comes of one question, and every request that was made for it.
fn ask(table: &str, key: &str, question: &Question) -> (Result<String, NoAnswer>, Vec<ModelCall>) {
    let environment: Environment = [("KEY", key)].into_iter().collect();
    let models = Models::new(
        &ai(table),
        &Vec::new(),
        &environment,
        Usage::default(),
        &now,
    );
    let mut calls = Vec::new();
    let deadline = now() + TimeDelta::minutes(2);
    let asked = models.ask(question, CallPurpose::Write, deadline, &mut 0, &mut calls);
    (asked.map(|answered| answered.text), calls)
}

#[test]
fn chat_completions_answer_in_the_form_that_is_asked_for() {
    let Some((url, key)) = server() else { return };
    let asked = question("I am busy, write to me tomorrow.", 64);
    let (text, calls) = ask(&openai(&url), &key, &asked);
    let text = text.unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let kind = answer["kind"].as_str().unwrap();
    assert!(["yes", "no", "later"].contains(&kind), "{text}");
    assert_eq!(calls.len(), 1);
    let usage = calls[0].usage;
    assert!(
        usage.input_tokens > 5 && usage.output_tokens > 0,
        "{calls:?}"
    );
}

#[test]
fn messages_are_answered_in_words_at_least() {
    let Some((url, key)) = server() else { return };
    // This server takes the form of an answer for a wish.
    let (asked, calls) = ask(&anthropic(&url), &key, &question("Say yes.", 64));
    match asked {
        Ok(text) => assert!(!text.trim().is_empty()),
        Err(NoAnswer::Unusable(words)) => assert!(words.contains("cut off"), "{words}"),
        Err(other) => panic!("{other:?}"),
    }
    let usage = calls[0].usage;
    assert!(
        usage.input_tokens > 5 && usage.output_tokens > 0,
        "{calls:?}"
    );
}

#[test]
fn an_answer_that_is_cut_off_is_none() {
    let Some((url, key)) = server() else { return };
    for table in [openai(&url), anthropic(&url)] {
        let (asked, calls) = ask(&table, &key, &question("I am busy.", 2));
        assert!(
            matches!(&asked, Err(NoAnswer::Unusable(words)) if words.contains("cut off")),
            "{asked:?}"
        );
        assert!(
            calls[0].usage.output_tokens > 0,
            "it is paid for all the same: {calls:?}"
        );
    }
}

#[test]
fn a_wrong_key_and_a_question_that_is_too_long_are_said_to_be_so() {
    let Some((url, key)) = server() else { return };
    for table in [openai(&url), anthropic(&url)] {
        let (asked, calls) = ask(&table, "sk-wrong-key", &question("I am busy.", 16));
        let words = asked.unwrap_err().to_string();
        assert!(
            words.contains("HTTP 401") && !words.contains("sk-wrong-key"),
            "{words}"
        );
        assert_eq!(calls.len(), 1);
        let (asked, calls) = ask(&table, &key, &question(&"word ".repeat(20_000), 16));
        let words = asked.unwrap_err().to_string();
        assert!(words.contains("HTTP 400"), "{words}");
        assert_eq!(calls.len(), 1, "it is not asked again");
    }
}

#[test]
fn whatever_a_weak_model_writes_a_contact_gets_a_fitting_text() {
    let Some((url, key)) = server() else { return };
    for (table, base) in [(openai(&url), 0), (anthropic(&url), 1)] {
        let table = table.replace("KEY", "MODEL_KEY");
        let ai =
            format!("timeout = \"40s\"\nmax_time = \"40s\"\nprompt = \"Be friendly.\"\n{table}");
        let shop = Shop::new(&ai, 3);
        let mut command = shop
            .desk
            .command(80, &["run", "--json", "--now=2026-03-02T08:10:00Z"]);
        command.env("MODEL_KEY", &key);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let ran = finish(command.spawn().unwrap());
        let of_model = ran.summary("written").as_u64().unwrap();
        let declined = ran.summary("declined").as_u64().unwrap();
        let instead = ran.summary("fallbacks").as_u64().unwrap();
        println!(
            "interface {base}: {of_model} by the model, {declined} declined, {instead} in other words: {ran:?}"
        );
        assert_eq!(of_model + declined + instead, 3, "{ran:?}");
        assert_eq!(shop.sent().len() as u64, of_model + instead);
        assert!(ran.summary("ai")["calls"].as_u64().unwrap() >= 1);
        for (_, text) in shop.sent() {
            println!("  {text}");
            let words = text.split_whitespace().count();
            assert!((3..=200).contains(&words), "{text}");
            assert!(text.contains(['.', '?', '!', '…']), "{text}");
            for rubbish in [
                "http",
                "{",
                "}",
                "[",
                "FACTS",
                "JSON",
                "send",
                "AI",
                "assistant",
                "@",
            ] {
                assert!(!text.contains(rubbish), "{rubbish}: {text}");
            }
        }
    }
}
