//! Ollama's own interface.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{ModelError, Question, Reply, Request, tokens, unusable};
use super::openai::{Message, conversation};
use crate::config::AiModel;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    options: Options,
}

#[derive(Serialize)]
struct Options {
    num_predict: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
}

pub(super) fn request(
    model: &AiModel,
    question: &Question,
    schema: Option<&RawValue>,
) -> serde_json::Result<Request> {
    let body = Body {
        model: &model.name,
        messages: conversation(question),
        stream: false,
        format: schema,
        options: Options {
            num_predict: question.most_tokens,
            temperature: question.temperature,
        },
    };
    Ok(Request {
        path: "/api/chat",
        body: serde_json::to_string(&body)?,
    })
}

pub(super) fn read(body: &Value) -> Result<Reply, ModelError> {
    let counts = (
        tokens(body, "/prompt_eval_count"),
        tokens(body, "/eval_count"),
    );
    let both = counts.0.zip(counts.1);
    if body.get("done_reason").and_then(Value::as_str) == Some("length") {
        return Err(unusable("the answer is cut off: length", both));
    }
    if body.get("done").and_then(Value::as_bool) == Some(false) {
        return Err(unusable("the answer is not done", both));
    }
    match body.pointer("/message/content").and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => Ok(Reply {
            text: text.to_owned(),
            input_tokens: counts.0,
            output_tokens: counts.1,
        }),
        _ => Err(unusable("there is no text in the answer", both)),
    }
}
