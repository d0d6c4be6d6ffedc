//! Chat completions: OpenAI, and the many servers that speak the same.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{ModelError, Question, Reply, Request, tokens, unusable};
use crate::config::AiModel;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    /// What OpenAI's newer models call the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

/// A message of a conversation with a model.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: &'a str,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a RawValue,
}

pub(super) fn request(
    model: &AiModel,
    question: &Question,
    schema: Option<&RawValue>,
) -> serde_json::Result<Request> {
    // Their own server refuses the old name with newer models; others do not know the new one.
    let is_theirs = model.base_url.contains("://api.openai.com");
    let most = Some(question.most_tokens);
    let body = Body {
        model: &model.name,
        messages: conversation(question),
        max_completion_tokens: most.filter(|_| is_theirs),
        max_tokens: most.filter(|_| !is_theirs),
        temperature: question.temperature,
        response_format: schema.map(|schema| Format {
            r#type: "json_schema",
            json_schema: Schema {
                name: question.form,
                strict: true,
                schema,
            },
        }),
    };
    Ok(Request {
        path: "/chat/completions",
        body: serde_json::to_string(&body)?,
    })
}

/// The question as a conversation, where instructions are a message of it.
pub(super) fn conversation(question: &Question) -> [Message<'_>; 2] {
    [
        Message {
            role: "system",
            content: &question.system,
        },
        Message {
            role: "user",
            content: &question.user,
        },
    ]
}

pub(super) fn read(body: &Value) -> Result<Reply, ModelError> {
    let counts = (
        tokens(body, "/usage/prompt_tokens"),
        tokens(body, "/usage/completion_tokens"),
    );
    let both = counts.0.zip(counts.1);
    let Some(choice) = body.pointer("/choices/0") else {
        return Err(unusable("there is no answer in the answer", both));
    };
    let refusal = choice.pointer("/message/refusal").and_then(Value::as_str);
    let finish = choice.get("finish_reason").and_then(Value::as_str);
    match finish {
        Some("length") => return Err(unusable("the answer is cut off: length", both)),
        Some("content_filter") => return Err(unusable("the model refuses: content_filter", both)),
        _ if refusal.is_some_and(|r| !r.is_empty()) => {
            return Err(unusable("the model refuses", both));
        }
        _ => {}
    }
    let text = match choice.pointer("/message/content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect(),
        _ => return Err(unusable("there is no text in the answer", both)),
    };
    Ok(Reply {
        text,
        input_tokens: counts.0,
        output_tokens: counts.1,
    })
}
