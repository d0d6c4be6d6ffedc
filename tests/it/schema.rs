//! `followup schema` accepts what is valid and refuses unknown keys, by a reading of JSON Schema that is just
//! large enough for it.
#![expect(
    clippy::panic,
    reason = "a schema that cannot be read here is a failed test"
)]

use std::path::Path;

use serde_json::{Map, Value};

fn schema() -> Value {
    let mut out = Vec::new();
    followup::commands::schema::run(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn toml_file(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What of `value` the schema does not accept.
fn refusals(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut own = Vec::new();
    let mut refuse = |what: String| own.push(format!("{path}: {what}"));
    for (keyword, wanted) in schema.as_object().into_iter().flatten() {
        match (keyword.as_str(), wanted) {
            (
                "$schema" | "$defs" | "title" | "description" | "format" | "required"
                | "patternProperties",
                _,
            ) => {}
            ("additionalProperties", _) => {}
            ("$ref", Value::String(to)) => {
                let target = root.pointer(to.trim_start_matches('#')).unwrap();
                found.extend(refusals(root, target, value, path));
                continue;
            }
            ("type", wanted) => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    "null" => value.is_null(),
                    other => panic!("a type that is not read: {other}"),
                };
                let matches = wanted
                    .as_array()
                    .map_or_else(|| is(wanted), |any| any.iter().any(is));
                if !matches {
                    refuse(format!("not {wanted}"));
                }
            }
            // What may be left out; TOML has no null.
            ("anyOf", Value::Array(options)) if options[1]["type"] == "null" => {
                found.extend(refusals(root, &options[0], value, path));
            }
            ("anyOf" | "oneOf", Value::Array(options)) => {
                let accepted = options
                    .iter()
                    .filter(|o| refusals(root, o, value, path).is_empty())
                    .count();
                if accepted == 0 || (keyword == "oneOf" && accepted > 1) {
                    refuse(format!("{accepted} of {keyword}"));
                }
            }
            ("enum", Value::Array(words)) => {
                if !words.contains(value) {
                    refuse(format!("none of {wanted}"));
                }
            }
            ("const", word) => {
                if word != value {
                    refuse(format!("not {word}"));
                }
            }
            ("pattern", Value::String(pattern)) => {
                if value.as_str().is_some_and(|text| !matches(pattern, text)) {
                    refuse(format!("not {pattern}"));
                }
            }
            ("minimum" | "maximum", limit) => {
                if let (Some(n), Some(limit)) = (value.as_i64(), limit.as_i64())
                    && (if keyword == "minimum" {
                        n < limit
                    } else {
                        n > limit
                    })
                {
                    refuse(format!("{keyword} {limit}"));
                }
            }
            ("minItems" | "minProperties" | "maxProperties", limit) => {
                let size = match value {
                    Value::Array(items) => items.len(),
                    Value::Object(entries) => entries.len(),
                    _ => continue,
                };
                let limit = usize::try_from(limit.as_u64().unwrap()).unwrap();
                if if keyword.starts_with("min") {
                    size < limit
                } else {
                    size > limit
                } {
                    refuse(format!("{keyword} {limit}"));
                }
            }
            ("items", items) => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(refusals(root, items, item, &format!("{path}[{index}]")));
                }
                continue;
            }
            ("properties", _) => {}
            (other, _) => panic!("a keyword that is not read: {other}"),
        }
    }
    found.extend(own);
    if let Value::Object(entries) = value {
        found.extend(entry_refusals(root, schema, entries, path));
    }
    found
}

fn entry_refusals(
    root: &Value,
    schema: &Value,
    entries: &Map<String, Value>,
    path: &str,
) -> Vec<String> {
    let mut found = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        if !entries.contains_key(name.as_str().unwrap()) {
            found.push(format!("{path}: {name} is missing"));
        }
    }
    for (name, value) in entries {
        let by_pattern = schema["patternProperties"]
            .as_object()
            .into_iter()
            .flatten()
            .find(|(pattern, _)| matches(pattern, name))
            .map(|(_, schema)| schema);
        let inner = schema["properties"].get(name).or(by_pattern);
        let inner = inner.unwrap_or(&schema["additionalProperties"]);
        match inner {
            Value::Bool(false) => found.push(format!("{path}.{name}: unknown")),
            Value::Object(_) => {
                found.extend(refusals(root, inner, value, &format!("{path}.{name}")))
            }
            _ => {}
        }
    }
    found
}

/// The patterns of the schema, by hand.
fn matches(pattern: &str, text: &str) -> bool {
    let is_duration = |text: &str| {
        let units = ['w', 'd', 'h', 'm', 's'];
        let numbers = text.split_inclusive(units);
        !text.is_empty()
            && numbers.into_iter().all(|part| {
                let digits = part.trim_end_matches(units);
                part.len() == digits.len() + 1 && digits.parse::<u64>().is_ok()
            })
    };
    match pattern {
        "^([0-9]+[wdhms])+$" => is_duration(text),
        "^(off|([0-9]+[wdhms])+)$" => text == "off" || is_duration(text),
        "^[0-9]+/[0-9]*[a-z]+$" => text.split_once('/').is_some_and(|(count, per)| {
            count.parse::<u64>().is_ok()
                && per
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .chars()
                    .all(|c| c.is_ascii_lowercase())
        }),
        "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$" => {
            let (primary, rest) = text.split_at(text.find(['-', '_']).unwrap_or(text.len()));
            (2..=3).contains(&primary.len())
                && primary.bytes().all(|b| b.is_ascii_alphabetic())
                && rest
                    .split(['-', '_'])
                    .skip(1)
                    .all(|p| (2..=8).contains(&p.len()))
        }
        other => panic!("a pattern that is not read: {other}"),
    }
}

#[test]
fn the_schema_accepts_what_is_valid() {
    let schema = schema();
    for file in [
        "followup.toml",
        "src/commands/starter.toml",
        "tests/configs/valid/least.toml",
        "tests/configs/valid/everything_off.toml",
        "tests/configs/valid/every_provider.toml",
        "tests/configs/valid/spam_like.toml",
    ] {
        let refused = refusals(&schema, &schema, &toml_file(file), "");
        assert!(refused.is_empty(), "{file}: {refused:#?}");
    }
}

#[test]
fn the_schema_refuses_what_is_not() {
    let schema = schema();
    for (file, at) in [
        ("unknown_key", ".bot.langauge: unknown"),
        ("unknown_table", ".scenario: unknown"),
        ("unknown_scenario", ".scenarios.stoped_responding: unknown"),
        ("missing_timezone", "\"timezone\" is missing"),
        ("missing_bot", "\"bot\" is missing"),
        (
            "bad_durations",
            ".scenarios.stopped_responding.steps[0].after",
        ),
        ("s1_secret_as_plain_text", ".channels.sms.twilio.auth_token"),
        ("switching", ".switching.rules[0].from[0]"),
        ("limits", ".limits.concurrency: maximum 64"),
        ("channels", ".channels.live_chat.twilio: unknown"),
        ("wrong_types", ".bot: not \"object\""),
    ] {
        let value = toml_file(&format!("tests/configs/invalid/{file}.toml"));
        let refused = refusals(&schema, &schema, &value, "");
        assert!(
            refused.iter().any(|r| r.contains(at)),
            "{file}: {refused:#?}"
        );
    }
}
