//! Values of a certain form.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{AUTO, Format, WhatsappTemplate};

/// Where a secret is kept; it is never written in the file.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Secret {
    /// An environment variable.
    Env(String),
    /// A file that only its owner can read, or a systemd credential.
    File(String),
    /// A program and its arguments that print it.
    Command(Vec<String>),
}

/// A URL by https, or where a secret one is kept.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(super) enum UrlOrSecret {
    Url(String),
    Secret(Secret),
}

/// Text of a certain form.
macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident = $pattern:literal, $words:literal;)+) => {
        $($(#[$meta])* pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $words })
            }
        })+
    };
}

texts! {
    Duration = "^([0-9]+[wdhms])+$", "such as 30s, 5m, 2h, 1d, 1w, 1h30m; d and w are calendar days";
    DurationOrOff = "^(off|([0-9]+[wdhms])+)$", "such as 30s, 5m, 2h, 1d, 1w, 1h30m, or off";
    Rate = "^[0-9]+/[0-9]*[a-z]+$", "such as 1/s, 30/m, 100/10s";
    Language = "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", "a tag such as es or es-MX";
}

/// What a source's files are, or "auto".
pub(super) struct FormatOrAuto;

impl JsonSchema for FormatOrAuto {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatOrAuto".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let format = generator.subschema_for::<Format>();
        json_schema!({ "anyOf": [format, { "const": AUTO }] })
    }
}

/// A whole number, or "off".
pub(super) struct NumberOrOff;

impl JsonSchema for NumberOrOff {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NumberOrOff".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "off" }] })
    }
}

/// A text as a template, or `{ template = "…" }`.
pub(super) struct Fallback;

impl JsonSchema for Fallback {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fallback".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = serde_json::json!({ "type": "string" });
        json_schema!({ "anyOf": [{
            "type": "object",
            "properties": { "template": text },
            "required": ["template"],
            "additionalProperties": false,
        }, text] })
    }
}

/// A text, or several.
pub(super) struct Texts;

impl JsonSchema for Texts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = serde_json::json!({ "type": "string" });
        json_schema!({ "anyOf": [text, { "type": "array", "items": text, "minItems": 1 }] })
    }
}

/// Ways to join contacts, or "off".
pub(super) struct JoinBy;

impl JsonSchema for JoinBy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JoinBy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "array", "items": { "enum": ["phone", "email", "contact_id"] } },
            { "const": "off" },
        ] })
    }
}

/// A text in several languages, by their tags, and what WhatsApp has approved of it.
pub(super) struct Template;

impl JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whatsapp = generator.subschema_for::<WhatsappTemplate>();
        json_schema!({
            "type": "object",
            "description": "A text in several languages, by their tags: es = \"Hola\"",
            "properties": { "whatsapp": whatsapp },
            "patternProperties": { "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$": { "type": "string" } },
            "additionalProperties": false,
            "minProperties": 1,
        })
    }
}
