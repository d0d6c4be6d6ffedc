//! What a model's words say: one JSON object, which not every model gives alone.

use serde_json::{Deserializer, Map, Value};

/// The answer of a model that was asked to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This should be sent.
    Send { message: String },
    /// Nothing should be sent.
    Decline { reason: String },
}

/// The form of the answer: what a model is held to, where its server can.
pub(super) const FORM: &str = r#"{"type":"object","properties":{"send":{"type":"boolean","description":"false when no follow-up is appropriate"},"reason":{"type":"string","description":"why, in a few words of English, for the business's staff"},"message":{"type":"string","description":"the text, exactly as the contact will read it; empty when send is false"},"language":{"type":"string","description":"the message's language tag, such as es"}},"required":["send","reason","message","language"],"additionalProperties":false}"#;

/// How many places of a text are tried as the beginning of an object.
const MOST_PLACES: usize = 64;
/// How much of a model's reason is kept.
const LONGEST_REASON: usize = 300;

/// What a model's words say; in words, why they say nothing.
pub(super) fn read(text: &str) -> Result<Verdict, String> {
    let object = object(text, "message").or_else(|| object(text, "send"));
    let Some(object) = object else {
        return Err("the answer holds no JSON object with a message".to_owned());
    };
    let words = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let message = tidy(words("message"));
    let is_send = match object.get("send") {
        Some(Value::Bool(send)) => *send,
        Some(Value::String(word)) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" => true,
            "false" | "no" => false,
            _ => return Err("the answer does not say whether to send".to_owned()),
        },
        None | Some(Value::Null) => !message.is_empty(),
        Some(_) => return Err("the answer does not say whether to send".to_owned()),
    };
    if !is_send {
        let reason = crate::http::provider_words(words("reason"), &[]);
        return Ok(Verdict::Decline {
            reason: reason.chars().take(LONGEST_REASON).collect(),
        });
    }
    if message.is_empty() {
        return Err("the message is empty".to_owned());
    }
    if !is_sentence(&message) {
        return Err(format!("the message is no sentence: {:?}", short(&message)));
    }
    Ok(Verdict::Send { message })
}

/// The first whole JSON object in a text that has this key: alone, in a fence, or among prose. One that is cut off
/// is none.
pub(super) fn object(text: &str, key: &str) -> Option<Map<String, Value>> {
    // What a model thinks aloud comes first, and may quote the form.
    let text = text.rsplit_once("</think>").map_or(text, |(_, rest)| rest);
    let mut from = 0;
    for _ in 0..MOST_PLACES {
        let start = from + text.get(from..)?.find('{')?;
        let mut values = Deserializer::from_str(text.get(start..)?).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Object(object))) if object.contains_key(key) => return Some(object),
            Some(Ok(_)) => from = start + values.byte_offset().max(1),
            _ => from = start + 1,
        }
    }
    None
}

/// Whether a text can be more than a fragment: what a weak model copies from what it was told is less than this.
fn is_sentence(text: &str) -> bool {
    let ends = ['.', '?', '!', '…', '¿', '¡'];
    let words = text
        .split_whitespace()
        .filter(|w| w.contains(char::is_alphabetic));
    words.count() >= 3 && text.contains(ends)
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The text without blank ends of lines, and with one kind of line break.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Option<String> {
        match read(text) {
            Ok(Verdict::Send { message }) => Some(message),
            _ => None,
        }
    }

    #[test]
    fn the_form_is_json_whose_keys_are_all_required() {
        let form: Value = serde_json::from_str(FORM).unwrap();
        let keys = form["properties"].as_object().unwrap().len();
        assert_eq!(form["required"].as_array().unwrap().len(), keys);
    }

    #[test]
    fn an_answer_is_found_alone_in_a_fence_and_among_prose() {
        let whole =
            r#"{"send":true,"reason":"x","message":" Hola, Ana. \r\n¿Seguimos? ","language":"es"}"#;
        for text in [
            whole.to_owned(),
            format!("```json\n{whole}\n```"),
            format!("Here is the message {{as asked}}:\n\n{whole}\n\nShall I change it?"),
            format!("<think>maybe {{\"message\":\"no\"}}</think>{whole}"),
            format!("{{\"plan\":1}} {whole}"),
        ] {
            assert_eq!(
                message(&text).as_deref(),
                Some("Hola, Ana.\n¿Seguimos?"),
                "{text}"
            );
        }
        for text in [
            r#"{"message":"¿Sigues por ahí?","send":"true"}"#,
            r#"{"message":"¿Sigues por ahí?"}"#,
        ] {
            assert_eq!(message(text).as_deref(), Some("¿Sigues por ahí?"));
        }
    }

    #[test]
    fn what_is_cut_or_empty_or_no_json_is_no_answer() {
        for text in [
            "",
            "Hola Ana",
            "{",
            r#"{"send":true,"message":"Hola, te esc"#,
            r#"{"send":true,"message":""}"#,
            r#"{"send":true,"message":7}"#,
            r#"{"send":1,"message":"Hola"}"#,
            r#"["message"]"#,
            r#"{"send":true,"message":"10 minutes ago"}"#,
            r#"{"send":true,"message":"Yes!"}"#,
            &"{".repeat(100_000),
        ] {
            assert!(read(text).is_err(), "{}", &text[..text.len().min(50)]);
        }
    }

    #[test]
    fn a_model_may_decline() {
        let declined =
            read(r#"{"send":false,"reason":"the contact\nis angry","message":"","language":"en"}"#);
        let reason = "the contact is angry".to_owned();
        assert_eq!(declined, Ok(Verdict::Decline { reason }));
        assert!(matches!(
            read(r#"{"send":false}"#),
            Ok(Verdict::Decline { .. })
        ));
    }
}
