use std::collections::BTreeMap;

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
        let same = |a: &str, b: &str| {
            a.replace('_', "-")
                .eq_ignore_ascii_case(&b.replace('_', "-"))
        };
        let find = |wanted: &dyn Fn(&str) -> bool| {
            let found = self.variants.iter().find(|(t, _)| wanted(t));
            found.map(|(_, source)| source.as_str())
        };
        find(&|t| same(t, tag))
            .or_else(|| find(&|t| same(t, primary(tag))))
            .or_else(|| find(&|t| same(primary(t), primary(tag))))
    }
}

fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
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
