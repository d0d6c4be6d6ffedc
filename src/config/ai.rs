use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::budget::{self, Budget, Price};
use super::disclosure::{self, Disclosure};
use super::file::{Table, Value};
use super::findings::{Deferred, Findings, Spot, Spotted};
use super::validate::{self, Place};
use super::{SecretRef, secret_ref, words};

/// Language models that may write texts, and what they are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Ai {
    /// At least one; each is asked when those before it cannot answer.
    pub models: Vec<AiModel>,
    /// What to write, added to the built-in instructions.
    pub prompt: Option<Prose>,
    /// Facts of the business that a text may state, one a line.
    pub facts: Option<Prose>,
    /// How freely the model chooses its words, 0 to 2; the server's own value when it is not set.
    pub temperature: Option<f64>,
    /// How long one text may take, with every attempt at it; default 30 s.
    pub timeout: Duration,
    /// What may be used.
    pub budget: Budget,
    /// Whether they also read messages on which the rules are unsure (rules S1, S5); by default not.
    pub detect: bool,
    /// Whether a person must let each of its texts through, where a step or scenario does not say (rule X9).
    pub approve: bool,
    /// When a text must say that it is by an AI.
    pub disclosure: Option<Disclosure>,
    /// What becomes of a step when the budget is spent; by default its fallback.
    pub when_spent: Otherwise,
    /// What becomes of a step when no model answers, or none with a text that may be sent; by default its fallback.
    pub when_failed: Otherwise,
}

/// One language model on one server.
#[derive(Debug, Clone, PartialEq)]
pub struct AiModel {
    /// Whose interface the server speaks.
    pub provider: AiProvider,
    /// Where it is, without a slash at the end.
    pub base_url: String,
    /// The model's name.
    pub name: String,
    /// The key, where the server asks for one.
    pub api_key: Option<SecretRef>,
    /// What it costs, where that is known.
    pub price: Option<Price>,
}

/// A text that is written in the configuration, or in a file beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prose {
    /// In the configuration.
    Text(String),
    /// In a file, resolved.
    File(PathBuf),
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

crate::model::named! {
    /// What becomes of a step for which no model may write.
    Otherwise {
        /// Its fallback goes out, else the built-in text.
        Fallback = "fallback",
        /// It waits for a later run, until it is too late (rule D14).
        Wait = "wait",
    }
}

/// A file of words is no longer than this.
const LONGEST_PROSE: u64 = 256 * 1024;

impl Prose {
    /// The words.
    ///
    /// # Errors
    /// In words, when the file cannot be read or is longer than 256 KiB.
    pub fn read(&self) -> Result<String, String> {
        let path = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::File(path) => path,
        };
        let failed =
            |why: &dyn std::fmt::Display| format!("failed to read {}: {why}", path.display());
        let size = std::fs::metadata(path).map_err(|e| failed(&e))?.len();
        if size > LONGEST_PROSE {
            return Err(failed(&"it is longer than 256 KiB"));
        }
        std::fs::read_to_string(path).map_err(|e| failed(&e))
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
    let prompt = prompt.map(|text| (text.spot, Prose::Text(text.value.to_owned())));
    let prompt = prose(&mut table, prompt, "prompt", "prompt_file", place, findings);
    let facts_spot = table.spot_of("facts");
    let facts = table.texts("facts", "facts = [\"We open at 8.\"]", findings);
    let facts = (!facts.is_empty()).then(|| {
        let lines: Vec<&str> = facts.iter().map(|f| f.value).collect();
        (facts_spot, Prose::Text(lines.join("\n")))
    });
    let facts = prose(&mut table, facts, "facts", "facts_file", place, findings);
    let temperature = table
        .take("temperature")
        .and_then(|value| decimal(value, 0.0..=2.0, "temperature = 0.7", findings));
    let timeout = time(&mut table, "timeout", "timeout = \"30s\"", 600, findings);
    let max_time = time(
        &mut table,
        "max_time",
        "max_time = \"5m\"",
        24 * 3600,
        findings,
    );
    let budget = budget::read(&mut table, max_time, findings);
    let detect = table.flag("detect", findings).unwrap_or(false);
    let approve = table.flag("approve", findings).unwrap_or(false);
    let disclosure = disclosure::read(table.table("disclosure", findings), findings);
    let otherwise = |table: &mut Table<'_>, key, example, findings: &mut Findings| {
        table.parsed(key, example, findings, |text| {
            words::one_of("choice", Otherwise::ALL, Otherwise::as_str, text)
        })
    };
    let when_spent = otherwise(&mut table, "when_spent", "when_spent = \"wait\"", findings);
    let when_failed = otherwise(
        &mut table,
        "when_failed",
        "when_failed = \"wait\"",
        findings,
    );
    let mut servers: Vec<(Spot, Vec<AiModel>)> = Vec::new();
    for provider in AiProvider::ALL.iter().copied() {
        let inner = table.table(provider.as_str(), findings);
        if inner.is_present() {
            let spot = inner.spot.clone();
            servers.push((spot, server(provider, inner, place, findings)));
        }
    }
    // The order of the file is the order in which they are asked.
    servers.sort_by_key(|(spot, _)| spot.span.as_ref().map(|span| span.start));
    table.done(findings);
    if is_present && servers.is_empty() {
        findings.fault(
            &spot,
            "no model; write [ai.openai], [ai.anthropic] or [ai.ollama] with model = \"…\"",
        );
    }
    let models: Vec<AiModel> = servers.into_iter().flat_map(|(_, models)| models).collect();
    budget::needs_prices(&budget, &models, &spot, findings);
    if models.is_empty() {
        return None;
    }
    Some(Ai {
        models,
        prompt,
        facts,
        temperature,
        timeout: timeout.unwrap_or(Duration::from_secs(30)),
        budget,
        detect,
        approve,
        disclosure,
        when_spent: when_spent.unwrap_or(Otherwise::Fallback),
        when_failed: when_failed.unwrap_or(Otherwise::Fallback),
    })
}

/// Words that are given here, or in a file.
fn prose(
    table: &mut Table<'_>,
    given: Option<(Spot, Prose)>,
    key: &str,
    file_key: &'static str,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<Prose> {
    let example = format!("{file_key} = \"{key}.md\"");
    let file = table.text(file_key, &example, findings);
    let path = file.as_ref().and_then(|file| {
        let path = file.parse(findings, validate::path(&example))?;
        Some((file.spot.clone(), place.path(&path)))
    });
    match (given, path) {
        (Some(_), Some((spot, _))) => {
            findings.fault(
                &spot,
                format!("{key} is there already; leave one of them out"),
            );
            None
        }
        (Some((_, given)), None) => Some(given),
        (None, Some((spot, path))) => {
            findings
                .deferred
                .push((spot, Deferred::Words(path.clone())));
            Some(Prose::File(path))
        }
        (None, None) => None,
    }
}

fn time(
    table: &mut Table<'_>,
    key: &'static str,
    example: &str,
    most_seconds: u64,
    findings: &mut Findings,
) -> Option<Duration> {
    table.parsed(key, example, findings, |text| {
        match words::duration(text)? {
            time if (1..=most_seconds).contains(&time.as_secs()) => Ok(time),
            _ => {
                let most =
                    crate::model::Delay::seconds(u32::try_from(most_seconds).unwrap_or(u32::MAX));
                Err(format!(
                    "not between 1s and {most}; write, for example: {example}"
                ))
            }
        }
    })
}

/// A number that need not be whole.
pub(super) fn decimal(
    value: Value<'_>,
    range: std::ops::RangeInclusive<f64>,
    example: &str,
    findings: &mut Findings,
) -> Option<f64> {
    let number = match value.value {
        DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok(),
        DeValue::Integer(integer) => integer.as_str().replace('_', "").parse::<f64>().ok(),
        _ => {
            value.mismatch("a number, without quotes", example, findings);
            return None;
        }
    };
    match number.filter(|n| range.contains(n)) {
        Some(number) => Some(number),
        None => {
            let (low, high) = (range.start(), range.end());
            let message = format!("not between {low} and {high}; write, for example: {example}");
            findings.fault(&value.spot, message);
            None
        }
    }
}

/// `[ai.PROVIDER]`: one server, and the models on it that may be asked, in order.
fn server(
    provider: AiProvider,
    mut table: Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Vec<AiModel> {
    let base_url = table
        .text(
            "base_url",
            "base_url = \"http://127.0.0.1:8080/v1\"",
            findings,
        )
        .map(|text| words::masked_url(&text, findings));
    let names = names(&mut table, findings);
    let api_key = table
        .take("api_key")
        .map(|value| secret_ref::read(value, provider.usual_variable(), place, findings));
    let price = table.table("price", findings);
    let price = budget::price(price, findings);
    table.done(findings);
    let base_url = base_url.unwrap_or_else(|| Some(provider.usual_url().to_owned()));
    let (Some(base_url), Some(api_key)) = (base_url, api_key.map_or(Some(None), |k| k.map(Some)))
    else {
        return Vec::new();
    };
    let model = |name| AiModel {
        provider,
        base_url: base_url.clone(),
        name,
        api_key: api_key.clone(),
        price,
    };
    names.into_iter().map(model).collect()
}

/// `model`: a name, or a list of them.
fn names(table: &mut Table<'_>, findings: &mut Findings) -> Vec<String> {
    const EXAMPLE: &str = "model = \"…\"";
    let Some(value) = table.take("model") else {
        table.missing("model", EXAMPLE, findings);
        return Vec::new();
    };
    let spot = value.spot.clone();
    let items = match value.value {
        DeValue::Array(items) if items.is_empty() => {
            findings.fault(&spot, format!("no model; write, for example: {EXAMPLE}"));
            Vec::new()
        }
        DeValue::Array(_) => value.items("a model's name", EXAMPLE, findings),
        _ => vec![value],
    };
    let name = |text: Spotted<&str>, findings: &mut Findings| {
        text.parse(findings, |t| match t.trim() {
            "" => Err("empty; write the model's name".to_owned()),
            model => Ok(model.to_owned()),
        })
    };
    let texts = items.into_iter().filter_map(|item| {
        let text = item.text(EXAMPLE, findings)?;
        name(text, findings)
    });
    texts.collect()
}
