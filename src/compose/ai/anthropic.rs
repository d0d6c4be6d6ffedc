//! Messages: Anthropic, and servers that speak the same.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{ModelError, Question, Reply, Request, tokens, unusable};
use super::openai::Message;
use crate::config::AiModel;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    system: &'a str,
    messages: [Message<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Output<'a>>,
}

#[derive(Serialize)]
struct Output<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: &'a RawValue,
}

pub(super) fn request(
    model: &AiModel,
    question: &Question,
    schema: Option<&RawValue>,
) -> serde_json::Result<Request> {
    let body = Body {
        model: &model.name,
        max_tokens: question.most_tokens,
        system: &question.system,
        messages: [Message {
            role: "user",
            content: &question.user,
        }],
        // Their scale ends at 1.
        temperature: question.temperature.map(|t| t.min(1.0)),
        output_config: schema.map(|schema| Output {
            format: Format {
                r#type: "json_schema",
                schema,
            },
        }),
    };
    Ok(Request {
        path: "/v1/messages",
        body: serde_json::to_string(&body)?,
    })
}

pub(super) fn read(body: &Value) -> Result<Reply, ModelError> {
    let counts = (
        tokens(body, "/usage/input_tokens"),
        tokens(body, "/usage/output_tokens"),
    );
    let both = counts.0.zip(counts.1);
    match body.get("stop_reason").and_then(Value::as_str) {
        Some(cut @ ("max_tokens" | "model_context_window_exceeded")) => {
            return Err(unusable(format!("the answer is cut off: {cut}"), both));
        }
        Some("refusal") => return Err(unusable("the model refuses", both)),
        _ => {}
    }
    let parts = body.get("content").and_then(Value::as_array);
    let texts = parts.into_iter().flatten();
    let text: String = texts
        .filter(|part| part.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|part| part.get("text")?.as_str())
        .collect();
    if text.trim().is_empty() {
        return Err(unusable("there is no text in the answer", both));
    }
    Ok(Reply {
        text,
        input_tokens: counts.0,
        output_tokens: counts.1,
    })
}
