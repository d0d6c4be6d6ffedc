use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::config::findings::Findings;
use crate::config::validate;

/// The schema at a dotted path such as `scenarios.busy.steps[1]`.
fn at<'a>(root: &'a Value, path: &str) -> &'a Value {
    let mut found = root;
    for part in path.split('.').filter(|p| !p.is_empty()) {
        let (name, index) = part
            .split_once('[')
            .map_or((part, None), |(n, i)| (n, Some(i)));
        found = follow(root, found);
        found = found["properties"]
            .get(name)
            .unwrap_or_else(|| &found["additionalProperties"]);
        found = follow(root, found);
        if index.is_some() {
            found = follow(root, &found["items"]);
        }
    }
    follow(root, found)
}

/// What a reference, or a reference that may be null, stands for; of a text or a secret, the secret.
fn follow<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = schema.get("anyOf").map_or(schema, |any| {
        let is_secret = |one: &&Value| one["$ref"] == "#/$defs/Secret";
        let mut all = any.as_array().into_iter().flatten();
        all.find(is_secret).unwrap_or(&any[0])
    });
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[test]
fn the_schema_knows_the_keys_that_are_read() {
    let schema = schema();
    let mut checked = 0;
    for text in [
        include_str!("../../../followup.toml"),
        include_str!("../../../tests/configs/valid/every_provider.toml"),
        include_str!("../../../tests/configs/valid/platforms.toml"),
        include_str!("../../../tests/configs/valid/apis.toml"),
        include_str!("../../../tests/configs/valid/highlevel_everywhere.toml"),
        include_str!("../../../tests/configs/valid/sendmail.toml"),
        include_str!("../../../tests/configs/valid/ai.toml"),
        include_str!("../../../tests/configs/valid/approval.toml"),
    ] {
        let document = toml::de::DeTable::parse(text).unwrap();
        let mut findings = Findings::default();
        let file = Path::new("followup.toml");
        validate::read(file, Path::new("."), document.get_ref(), &mut findings).unwrap();
        for (path, keys) in findings.known {
            let shape = at(&schema, &path);
            if shape.get("oneOf").is_some() {
                continue; // a secret's place
            }
            let properties = shape["properties"].as_object();
            let properties: BTreeSet<&str> = properties
                .into_iter()
                .flat_map(|p| p.keys())
                .map(String::as_str)
                .collect();
            // `hours_apply` is read everywhere, to say that it belongs to asked_for_time only.
            let keys: BTreeSet<&str> = keys
                .into_iter()
                .filter(|k| *k != "hours_apply" || path.ends_with("asked_for_time"))
                .collect();
            if !keys.is_empty() {
                assert_eq!(properties, keys, "[{path}]");
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}
