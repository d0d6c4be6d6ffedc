//! What a model is asked, and what becomes of its answer.

use std::time::Duration;

use serde_json::json;

use super::shop::{DUE, GOOD, Shop, body, chat, finish, openai, wrote};
use crate::server::{Reply, Server};

#[test]
fn a_text_takes_one_request_and_goes_out() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(&openai(&server.url()), 3);
    let ran = shop.run();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(shop.sent().len(), 3);
    assert!(shop.sent().iter().all(|(_, text)| text == GOOD));
    assert_eq!(ran.summary("written"), 3);
    assert_eq!(ran.summary("ai")["calls"], 3);
    assert_eq!(ran.summary("ai")["input_tokens"], 300);
    let written = ran.of_type("written");
    assert_eq!(written.len(), 3);
    assert_eq!(written[0]["source"], "ai");
    assert_eq!(written[0]["model"], "small");
    assert_eq!(written[0]["output_tokens"], 20);
    // Nothing is left to do, and nothing is asked again.
    assert_eq!(shop.run().code, 0);
    assert_eq!(server.requests().len(), 3);
    let history = shop.json(&["history", "--json"]);
    assert_eq!(history[0]["text_source"], "ai");
    assert_eq!(history[0]["ai"]["model"], "small");
    assert_eq!(history[0]["ai"]["input_tokens"], 100);
}

#[test]
fn chat_completions_are_asked_as_their_interface_says() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(&format!("temperature = 0.5\n{}", openai(&server.url())), 1);
    shop.run();
    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(
        request.header("authorization"),
        Some("Bearer sk-secret-key")
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body = body(request);
    assert_eq!(body["model"], "small");
    assert_eq!(body["temperature"], 0.5);
    assert!(body["max_tokens"].as_u64().unwrap() >= 100);
    assert_eq!(body["messages"][0]["role"], "system");
    assert_eq!(body["messages"][1]["role"], "user");
    assert_eq!(body["response_format"]["type"], "json_schema");
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert_eq!(
        body["response_format"]["json_schema"]["schema"]["additionalProperties"],
        false
    );
}

#[test]
fn anthropic_is_asked_as_its_interface_says() {
    let answer = json!({
        "content": [{"type": "text", "text": wrote(GOOD)}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 90, "output_tokens": 21},
    });
    let server = Server::always(Reply::answer(200, answer.to_string()));
    let ai = format!(
        "[ai.anthropic]\nbase_url = \"{}\"\nmodel = \"small\"\napi_key = {{ env = \"MODEL_KEY\" }}\n",
        server.url()
    );
    let shop = Shop::new(&ai, 1);
    let ran = shop.run();
    assert_eq!(shop.sent()[0].1, GOOD);
    assert_eq!(ran.summary("ai")["input_tokens"], 90);
    let request = &server.requests()[0];
    assert_eq!(request.path, "/v1/messages");
    assert_eq!(request.header("x-api-key"), Some("sk-secret-key"));
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(request.header("authorization"), None);
    let body = body(request);
    assert!(body["system"].as_str().unwrap().contains("Studio Luz"));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
    assert_eq!(body["messages"][0]["role"], "user");
    assert!(body["max_tokens"].is_u64());
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    assert!(body.get("response_format").is_none());
}

#[test]
fn ollama_is_asked_as_its_interface_says() {
    let answer = json!({
        "message": {"role": "assistant", "content": wrote(GOOD)},
        "done": true, "done_reason": "stop", "prompt_eval_count": 80, "eval_count": 22,
    });
    let server = Server::always(Reply::answer(200, answer.to_string()));
    let ai = format!(
        "[ai.ollama]\nbase_url = \"{}\"\nmodel = \"small\"\n",
        server.url()
    );
    let shop = Shop::new(&ai, 1);
    let ran = shop.run();
    assert_eq!(shop.sent()[0].1, GOOD);
    assert_eq!(ran.summary("ai")["output_tokens"], 22);
    let request = &server.requests()[0];
    assert_eq!(request.path, "/api/chat");
    assert_eq!(request.header("authorization"), None);
    let body = body(request);
    assert_eq!(body["stream"], false);
    assert_eq!(body["format"]["type"], "object");
    assert!(body["options"]["num_predict"].is_u64());
}

#[test]
fn a_server_that_knows_no_schema_is_asked_without() {
    let server = Server::start(|request, _| {
        if body(request).get("response_format").is_some() {
            return Reply::answer(
                400,
                r#"{"error":{"message":"response_format json_schema is not supported"}}"#,
            );
        }
        chat(&format!("Sure! Here it is:\n```json\n{}\n```", wrote(GOOD)))
    });
    let shop = Shop::new(&openai(&server.url()), 20);
    let ran = shop.run();
    assert_eq!(ran.code, 0);
    assert_eq!(shop.sent().len(), 20);
    assert!(shop.sent().iter().all(|(_, text)| text == GOOD));
    let refused = server
        .requests()
        .iter()
        .filter(|r| body(r).get("response_format").is_some())
        .count();
    assert!(
        refused <= 8,
        "once for each request that was in flight: {refused}"
    );
}

#[test]
fn s8_a_model_learns_nothing_by_which_a_contact_is_reached() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(
        &format!(
            "facts = [\"Ring us on +34 911 000 111\"]\n{}",
            openai(&server.url())
        ),
        3,
    );
    shop.run();
    for request in server.requests() {
        let text = body(&request)["messages"].to_string();
        assert!(
            text.contains("yoga") && text.contains("[number]") && text.contains("[email]"),
            "{text}"
        );
        assert!(
            text.contains("Ana"),
            "the first name is for the text: {text}"
        );
        assert!(text.contains("first of 2"), "{text}");
        assert!(
            text.contains("+34 911 000 111"),
            "the business's own facts are for the text: {text}"
        );
        for secret in ["600 100", "600100", "@example.org", "Lopez", "sk-secret"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let others = (1..=3)
            .filter(|n| text.contains(&format!("Ana{n}")))
            .count();
        assert_eq!(others, 1, "no other contact: {text}");
    }
}

#[test]
fn a_text_that_the_guard_refuses_is_tried_once_more_with_the_finding_named() {
    let server = Server::start(|request, _| {
        let asked = body(request)["messages"][1]["content"].to_string();
        match asked.contains("was refused") {
            true => chat(&wrote(GOOD)),
            false => chat(&wrote(
                "Come to yoga, today for only 9 euros: http://evil.example",
            )),
        }
    });
    let shop = Shop::new(&openai(&server.url()), 1);
    let ran = shop.run();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(shop.sent(), [("c1".to_owned(), GOOD.to_owned())]);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let second = body(&requests[1])["messages"][1]["content"].to_string();
    assert!(
        second.contains("link") && second.contains("price"),
        "{second}"
    );
    let findings = ran.of_type("written")[0]["findings"].to_string();
    assert!(findings.contains("link"), "{findings}");
    let history = shop.json(&["history", "--json"]);
    let recorded = history[0]["ai"]["findings"].to_string();
    assert!(recorded.contains("evil.example"), "{recorded}");
    assert_eq!(history[0]["ai"]["calls"], 2);
}

#[test]
fn what_is_refused_twice_is_the_fallback() {
    let server = Server::always(chat(&wrote("Only today 50% off at http://evil.example")));
    let shop = Shop::new(&openai(&server.url()), 1);
    let ran = shop.run();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        shop.sent(),
        [("c1".to_owned(), "Are you still there, Ana1?".to_owned())]
    );
    assert_eq!(server.requests().len(), 2);
    assert_eq!(ran.summary("fallbacks"), 1);
    let history = shop.json(&["history", "--json"]);
    assert_eq!(history[0]["text_source"], "custom");
    assert!(history[0]["ai"]["findings"].to_string().contains("percent"));
    // A step without a fallback has the built-in text.
    let ran = shop.run_at("2026-03-02T10:00:00Z", &[]);
    assert_eq!(ran.summary("fallbacks"), 1);
    assert_eq!(
        shop.json(&["history", "--json"])[1]["text_source"],
        "builtin"
    );
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn x5_a_model_that_declines_holds_the_contact_until_they_write_or_a_person_resumes() {
    let no = json!({"send": false, "reason": "they sound angry", "message": "", "language": "en"})
        .to_string();
    let server = Server::start(move |_, n| if n < 2 { chat(&no) } else { chat(&wrote(GOOD)) });
    let shop = Shop::new(&openai(&server.url()), 1);
    let ran = shop.run();
    assert_eq!(ran.summary("declined"), 1, "{ran:?}");
    assert_eq!(shop.sent(), []);
    let said = ran.of_type("skipped");
    assert_eq!(said[0]["reason"], "ai_declined");
    let told = format!("{:?}", ran.events);
    assert!(
        !told.contains("angry"),
        "S3: no one's words in a log: {told}"
    );
    let now = "--now=2026-03-02T08:19:00Z".to_owned();
    let plan = shop.json(&["plan", "--json", &now]);
    assert_eq!(
        (&plan[0]["action"], &plan[0]["reason"]),
        (&json!("hold"), &json!("ai_declined"))
    );
    assert!(plan[0]["because"].to_string().contains("they sound angry"));
    for command in [["show", "c1", &now], ["plan", "--all", &now]] {
        let seen = shop
            .desk
            .run(&command)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(seen.contains("they sound angry"), "{seen}");
    }
    let status = shop.desk.run(&["status", &now]);
    assert!(
        status.contains("c1") && status.contains("resume"),
        "{status}"
    );
    // Held, and not asked again.
    shop.run_at("2026-03-02T08:20:00Z", &[]);
    assert_eq!(server.requests().len(), 1);
    // A person says go on; the model still says no.
    shop.desk
        .run(&["resume", "c1", "--now=2026-03-02T08:21:00Z"]);
    shop.run_at("2026-03-02T08:30:00Z", &[]);
    assert_eq!((server.requests().len(), shop.sent().len()), (2, 0));
    // The contact writes again, we answer, they go quiet.
    shop.import(
        "c1,live_chat,inbound,2026-03-02T08:31:00Z,Is there a class on weekends?,,\n\
         c1,live_chat,outbound,2026-03-02T08:32:00Z,Yes there is. Shall I keep a mat?,,\n",
    );
    let ran = shop.run_at("2026-03-02T08:40:00Z", &[]);
    assert_eq!(shop.sent().len(), 1, "{ran:?}");
}

#[test]
fn x2_a_reply_that_comes_while_the_text_is_written_stops_it() {
    let server = Server::always(chat(&wrote(GOOD)).after(Duration::from_secs(2)));
    let shop = Shop::new(&openai(&server.url()), 1);
    let run = shop.start(DUE, &[]);
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    shop.import("c1,live_chat,inbound,2026-03-02T08:04:00Z,\"Yes, keep one please\",,\n");
    let ran = finish(run);
    assert_eq!(shop.sent(), [], "{ran:?}");
    assert_eq!(ran.summary("written"), 1);
    assert_eq!(
        server.requests().len(),
        1,
        "what was written is for another conversation"
    );
}

#[test]
fn x1_a_text_is_kept_before_it_is_sent_and_serves_the_next_try() {
    let model = Server::always(chat(&wrote(GOOD)));
    let hook = Server::sequence(vec![
        Reply::answer(429, "").header("Retry-After", "60"),
        Reply::answer(200, r#"{"id":"m1"}"#),
    ]);
    let channels = format!(
        "[channels.live_chat.webhook]\nurl = \"{}/hook\"\nsecret = {{ env = \"HOOK_SECRET\" }}\n",
        hook.url()
    );
    let shop = Shop::with(&channels, &openai(&model.url()), 1);
    let ran = shop.run();
    assert_eq!(ran.summary("retry"), 1, "{ran:?}");
    let ran = shop.run_at("2026-03-02T08:15:00Z", &[]);
    assert_eq!(ran.summary("sent"), 1, "{ran:?}");
    assert_eq!(model.requests().len(), 1);
    assert_eq!(body(&hook.requests()[1])["text"], GOOD);
}

#[test]
fn a_slow_model_holds_nobody_back_and_is_asked_eight_times_at_once() {
    let server = Server::always(chat(&wrote(GOOD)).after(Duration::from_millis(700)));
    let shop = Shop::new(&openai(&server.url()), 16);
    let busy: String = (1..=10)
        .map(|n| {
            format!(
                "b{n},live_chat,inbound,2026-03-02T08:02:00Z,\"I'm busy now, later please\",Bo,\n"
            )
        })
        .collect();
    shop.import(&busy);
    let ran = shop.run();
    assert_eq!(ran.summary("sent"), 26, "{ran:?}");
    let first: Vec<String> = shop
        .sent()
        .into_iter()
        .take(10)
        .map(|(who, _)| who)
        .collect();
    assert!(first.iter().all(|who| who.starts_with('b')), "{first:?}");
    assert!(server.connections() >= 8, "{}", server.connections());
}

#[test]
fn d19_no_more_texts_are_written_than_may_be_sent() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(&openai(&server.url()), 30);
    let ran = shop.run_at(DUE, &["--limit=5"]);
    assert_eq!(
        (ran.summary("sent"), ran.summary("left")),
        (&json!(5), &json!(25)),
        "{ran:?}"
    );
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_plan_shows_a_draft_that_the_next_run_uses_and_asks_for_no_second_one() {
    let server = Server::always(chat(&wrote(GOOD)));
    let shop = Shop::new(&openai(&server.url()), 1);
    let now = format!("--now={DUE}");
    let key = |mut command: std::process::Command| {
        let output = command.env("MODEL_KEY", "sk-secret-key").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for _ in 0..2 {
        let seen = key(shop.desk.command(80, &["plan", "--render", &now]));
        assert!(seen.contains("draft: “Would you still like"), "{seen}");
    }
    let seen = key(shop.desk.command(80, &["plan", "--render", "--json", &now]));
    let line: serde_json::Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(
        (&line["text"], &line["text_source"], &line["draft"]),
        (&json!(GOOD), &json!("ai"), &json!(true))
    );
    assert_eq!(shop.sent(), []);
    assert_eq!(shop.run_at("2026-03-02T08:11:00Z", &[]).summary("sent"), 1);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_draft_is_shown_with_what_the_model_is_told_and_nothing_is_sent() {
    let server = Server::always(chat(&wrote(GOOD)));
    let ai = format!(
        "prompt = \"Call them by their name.\"\nfacts = [\"Mats are free.\"]\n{}",
        openai(&server.url())
    );
    let shop = Shop::new(&ai, 1);
    let now = format!("--now={DUE}");
    let write = |more: &[&str]| {
        let arguments = [&["write", "c1", now.as_str()], more].concat();
        let mut command = shop.desk.command(80, &arguments);
        let output = command.env("MODEL_KEY", "sk-secret-key").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let seen = write(&["--prompt"]);
    for words in [
        "INSTRUCTIONS",
        "Call them by their name.",
        "Mats are free.",
        "yoga class",
        "DRAFT, not sent",
        GOOD,
        "written by small",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    assert!(
        !seen.contains("600 100") && !seen.contains("sk-secret-key"),
        "{seen}"
    );
    assert!(
        seen.lines().all(|line| line.chars().count() <= 80),
        "{seen}"
    );
    let line: serde_json::Value = serde_json::from_str(&write(&["--json"])).unwrap();
    assert_eq!(
        (&line["text"], &line["declined"], &line["calls"]),
        (&json!(GOOD), &json!(false), &json!(1))
    );
    assert!(line.get("prompt").is_none());
    assert_eq!(shop.sent(), []);
    let plan = shop.json(&["plan", "--json", &now]);
    assert_eq!(
        plan[0]["action"], "send",
        "nothing is kept, and nothing changes"
    );
    let status = shop.json(&["status", "--json", &now]);
    assert_eq!(status[0]["ai"]["today"]["calls"], 2);
}

#[test]
fn a_models_server_is_asked_a_harmless_question() {
    let list = |name: &str| Reply::answer(200, json!({"data": [{"id": name}]}).to_string());
    let server = Server::sequence(vec![list("small"), list("other"), Reply::answer(401, "{}")]);
    let shop = Shop::new(&openai(&server.url()), 1);
    let check = || {
        let mut command = shop.desk.command(80, &["check", "--online"]);
        let output = command.env("MODEL_KEY", "sk-secret-key").output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert!(matches!(check(), (Some(0), said) if said.contains("small by openai: has small")));
    assert!(
        matches!(check(), (Some(0), said) if said.contains("does not list small; it lists: other"))
    );
    assert!(matches!(check(), (Some(78), said) if said.contains("refuses us: HTTP 401")));
    assert!(
        server
            .requests()
            .iter()
            .all(|r| (r.method.as_str(), r.path.as_str()) == ("GET", "/v1/models"))
    );
}
