use super::file::Table;
use super::findings::Findings;
use super::validate::Place;
use super::{SecretRef, secret_ref, words};

/// A language model that may write texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ai {
    /// Whose interface the server speaks.
    pub provider: AiProvider,
    /// Where it is, without a slash at the end.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key, where the server asks for one.
    pub api_key: Option<SecretRef>,
    /// What to write, added to the built-in instructions.
    pub prompt: Option<String>,
    /// Facts of the business that a text may state.
    pub facts: Vec<String>,
}

crate::model::named! {
    /// Whose interface a language model's server speaks.
    AiProvider {
        /// OpenAI's, and any compatible server's.
        Openai = "openai",
        /// Anthropic's.
        Anthropic = "anthropic",
        /// Ollama's.
        Ollama = "ollama",
    }
}

impl AiProvider {
    const fn usual_url(self) -> &'static str {
        match self {
            Self::Openai => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
            Self::Ollama => "http://127.0.0.1:11434",
        }
    }

    const fn usual_variable(self) -> &'static str {
        match self {
            Self::Openai => "OPENAI_API_KEY",
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::Ollama => "OLLAMA_API_KEY",
        }
    }
}

/// `[ai]`; `None` without the table.
pub(super) fn read(mut table: Table<'_>, place: &Place<'_>, findings: &mut Findings) -> Option<Ai> {
    let is_present = table.is_present();
    let spot = table.spot.clone();
    let prompt = table.text("prompt", "prompt = \"Write warmly and briefly.\"", findings);
    let facts = table.texts("facts", "facts = [\"We open at 8.\"]", findings);
    let mut servers = Vec::new();
    let mut names = Vec::new();
    for provider in AiProvider::ALL.iter().copied() {
        let inner = table.table(provider.as_str(), findings);
        if inner.is_present() {
            if let Some(other) = names.first() {
                findings.fault(
                    &inner.spot,
                    format!("[ai.{other}] is there already; leave one of them out"),
                );
            }
            names.push(provider);
            servers.push(server(provider, inner, place, findings));
        }
    }
    table.done(findings);
    if is_present && names.is_empty() {
        findings.fault(
            &spot,
            "no model; write [ai.openai], [ai.anthropic] or [ai.ollama] with model = \"…\"",
        );
    }
    if is_present {
        findings.warn(
            &spot,
            "texts by AI are not available in this version: a step without a text uses its fallback, else the built-in text",
        );
    }
    let mut ai = servers.into_iter().next()??;
    ai.prompt = prompt.map(|p| p.value.to_owned());
    ai.facts = facts.iter().map(|f| f.value.to_owned()).collect();
    Some(ai)
}

fn server(
    provider: AiProvider,
    mut table: Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<Ai> {
    let base_url = table
        .text(
            "base_url",
            "base_url = \"http://127.0.0.1:8080/v1\"",
            findings,
        )
        .map(|text| words::masked_url(&text, findings));
    let model = table
        .required("model", "model = \"…\"", findings)
        .and_then(|text| {
            text.parse(findings, |t| match t.trim() {
                "" => Err("empty; write the model's name".to_owned()),
                model => Ok(model.to_owned()),
            })
        });
    let api_key = table
        .take("api_key")
        .map(|value| secret_ref::read(value, provider.usual_variable(), place, findings));
    table.done(findings);
    Some(Ai {
        provider,
        base_url: base_url.unwrap_or_else(|| Some(provider.usual_url().to_owned()))?,
        model: model?,
        api_key: match api_key {
            Some(read) => Some(read?),
            None => None,
        },
        prompt: None,
        facts: Vec::new(),
    })
}
