use std::collections::BTreeMap;

use super::file::Table;
use super::findings::Findings;
use super::load::TemplateUse;
use super::{Provider, channels, words};

/// `[templates.NAME]`: one text in several languages, and what WhatsApp has approved of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Each language's source, by its tag as written, such as `es` or `pt-BR`.
    pub variants: BTreeMap<String, String>,
    /// What may be sent outside WhatsApp's 24-hour window (rule D17).
    pub whatsapp: Option<WhatsappTemplate>,
}

/// A template that WhatsApp has approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatsappTemplate {
    /// Its name or, at Twilio, its content SID.
    pub name: String,
    /// WhatsApp's language code, such as `es_MX`.
    pub language: String,
    /// What WhatsApp has approved it as, such as `UTILITY`, which is the default; Chatwoot wants to know.
    pub category: String,
    /// The sources of its variables' values, in order.
    pub variables: Vec<String>,
}

impl Template {
    /// The source for a contact of language `tag`: that of the tag, else of its primary language, else of any
    /// region of that language, else the same for `default_tag`, else the first.
    #[must_use]
    pub fn variant(&self, tag: Option<&str>, default_tag: &str) -> Option<&str> {
        tag.and_then(|tag| self.closest(tag))
            .or_else(|| self.closest(default_tag))
            .or_else(|| self.variants.values().next().map(String::as_str))
    }

    fn closest(&self, tag: &str) -> Option<&str> {
        closest(&self.variants, tag)
    }
}

/// Of texts by language tag, the one for `tag`, else for its primary language, else for any region of that.
pub(super) fn closest<'t>(texts: &'t BTreeMap<String, String>, tag: &str) -> Option<&'t str> {
    let same = |a: &str, b: &str| {
        a.replace('_', "-")
            .eq_ignore_ascii_case(&b.replace('_', "-"))
    };
    let find = |wanted: &dyn Fn(&str) -> bool| {
        let found = texts.iter().find(|(t, _)| wanted(t));
        found.map(|(_, source)| source.as_str())
    };
    find(&|t| same(t, tag))
        .or_else(|| find(&|t| same(t, primary(tag))))
        .or_else(|| find(&|t| same(primary(t), primary(tag))))
}

fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// `[templates]`: by name.
pub(super) fn read(
    table: Table<'_>,
    bot_language: Option<&str>,
    whatsapp: Option<&Provider>,
    findings: &mut Findings,
) -> BTreeMap<String, Template> {
    let mut templates = BTreeMap::new();
    for (name, value) in table.entries() {
        let spot = value.key_spot();
        let Some(table) = value.table(findings) else {
            continue;
        };
        let before = findings.faults.len();
        let template = read_one(table, whatsapp, findings);
        if template.variants.is_empty() && findings.faults.len() > before {
            // Its keys were not understood; that is said already.
        } else if template.variants.is_empty() {
            findings.fault(
                &spot,
                "no text in any language; write, for example: es = \"Hola\"",
            );
        } else if let Some(language) = bot_language
            && template.closest(language).is_none()
        {
            findings.warn(
                &spot,
                format!("no text in the bot's language; write, for example: {language} = \"…\""),
            );
        }
        templates.insert(name.to_owned(), template);
    }
    templates
}

fn read_one(
    mut table: Table<'_>,
    provider: Option<&Provider>,
    findings: &mut Findings,
) -> Template {
    let whatsapp = match table.take("whatsapp") {
        Some(value) => value
            .inline_table(
                "whatsapp = { name = \"reminder_v2\", language = \"es_MX\" }",
                findings,
            )
            .and_then(|t| whatsapp(t, provider, findings)),
        None => None,
    };
    let mut variants = BTreeMap::new();
    for (tag, value) in table
        .entries()
        .into_iter()
        .filter(|(k, _)| *k != "whatsapp")
    {
        if !words::is_language_tag(tag) {
            findings.fault(
                &value.key_spot(),
                "neither a language, such as `es` or `es-MX`, nor `whatsapp`",
            );
        } else if let Some(text) = value.text(&format!("{tag} = \"Hola\""), findings) {
            if text.value.trim().is_empty() {
                findings.fault(&text.spot, "empty; write a text or leave the language out");
            }
            findings.template(&text, TemplateUse::Text);
            variants.insert(tag.to_owned(), text.value.to_owned());
        }
    }
    Template { variants, whatsapp }
}

/// What an approved template may be, as Chatwoot names it.
const CATEGORIES: &[&str] = &[
    "UTILITY",
    "MARKETING",
    "SHIPPING_UPDATE",
    "TICKET_UPDATE",
    "ISSUE_RESOLUTION",
];

fn whatsapp(
    mut table: Table<'_>,
    provider: Option<&Provider>,
    findings: &mut Findings,
) -> Option<WhatsappTemplate> {
    let name = table.required("name", "name = \"reminder_v2\"", findings);
    let language = table
        .required("language", "language = \"es_MX\"", findings)
        .and_then(|text| text.parse(findings, words::language_tag));
    let example = "category = \"MARKETING\"";
    let category = table.parsed("category", example, findings, |text| {
        words::one_of("category", CATEGORIES, |word| word, text)
    });
    let variables = table.texts(
        "variables",
        "variables = [\"{{ contact.first_name }}\"]",
        findings,
    );
    for variable in &variables {
        findings.template(variable, TemplateUse::Variable);
    }
    table.done(findings);
    if let (Some(Provider::Highlevel(_)), Some(first)) = (provider, variables.first()) {
        findings.warn(
            &first.spot,
            "HighLevel fills the variables of its templates itself: these are not sent",
        );
    }
    let name = name?;
    if let Some(Provider::Intercom(_)) = provider {
        findings.warn(
            &name.spot,
            "Intercom sends no approved template by its API: outside the 24 hours nothing goes out",
        );
        return None;
    }
    Some(WhatsappTemplate {
        name: name.parse(findings, |text| approved_name(provider, text))?,
        language: language?,
        category: category.unwrap_or("UTILITY").to_owned(),
        variables: variables.iter().map(|v| v.value.to_owned()).collect(),
    })
}

/// The name of an approved template, as the provider spells it.
fn approved_name(provider: Option<&Provider>, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("empty; write the name that WhatsApp approved".to_owned());
    }
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    match provider {
        Some(Provider::Twilio(_)) => {
            channels::twilio_sid("HX", "the SID of a content template at Twilio", text)
        }
        Some(Provider::Meta(_)) if !text.bytes().all(is_part) => Err(
            "not the name of a template, which is lower-case letters, digits and `_`; write name = \"reminder_v2\""
                .to_owned(),
        ),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_language_is_chosen() {
        let template = Template {
            variants: [("en", "E"), ("es-MX", "M"), ("pt", "P"), ("pt-BR", "B")]
                .map(|(tag, source)| (tag.to_owned(), source.to_owned()))
                .into(),
            whatsapp: None,
        };
        for (tag, chosen) in [
            (Some("pt_br"), "B"),
            (Some("pt-PT"), "P"),
            (Some("es"), "M"),
            (Some("ES-mx"), "M"),
            (Some("fr"), "P"),
            (None, "P"),
        ] {
            assert_eq!(template.variant(tag, "pt"), Some(chosen), "{tag:?}");
        }
        assert_eq!(template.variant(None, "de"), Some("E"));
        assert_eq!(Template::default().variant(Some("es"), "en"), None);
    }
}
