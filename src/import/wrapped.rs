//! Bodies of webhooks within what a server has written down around them: `{"received_at": …, "body": {…}}`, or the body
//! as a text of JSON.

use std::borrow::Cow;

use super::json::check_depth;
use super::loose::Text;
use super::named_rows::Object;

/// More bodies than this do not lie in one another (threat S15).
pub(crate) const DEEPEST: u8 = 4;

/// Where the body may stand, the likeliest first.
const PLACES: [&str; 11] = [
    "body", "payload", "data", "item", "json", "value", "rawBody", "raw_body", "request", "event",
    "message",
];

/// What is wrapped in a row: an object. `None` when nothing is.
pub(crate) fn body(row: &str) -> Option<Cow<'_, str>> {
    check_depth(row).ok()?;
    let object: Object<'_> = serde_json::from_str(row).ok()?;
    PLACES.iter().find_map(|place| {
        let value = object.get(*place)?.get();
        if value.starts_with('{') {
            return Some(Cow::Borrowed(value));
        }
        let text = value.starts_with('"').then(|| serde_json::from_str(value));
        let Text(text) = text?.ok()?;
        text.trim_start().starts_with('{').then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_found_as_objects_and_as_texts() {
        for (row, inner) in [
            (r#"{"at": 1, "body": {"a": 1}}"#, Some(r#"{"a": 1}"#)),
            (r#"{"payload": [1]}"#, None),
            (r#"{"body": "{\"a\":\"é\\n\"}"}"#, Some("{\"a\":\"é\\n\"}")),
            (r#"{"body": "hi", "data": {"b": 2}}"#, Some(r#"{"b": 2}"#)),
            (r#"{"body": "hi"}"#, None),
            (r#"{"a": {"b": 2}}"#, None),
            ("[1]", None),
            ("{", None),
        ] {
            assert_eq!(body(row).as_deref(), inner, "{row}");
        }
    }
}
