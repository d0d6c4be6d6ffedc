//! `[ai]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::Otherwise;
use super::shapes::{Duration, Secret, Texts};

/// Language models that write texts, asked in the order of the file: each when those before it cannot answer.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ai {
    /// What to write, added to the built-in instructions.
    prompt: Option<String>,
    /// The same in a file.
    prompt_file: Option<String>,
    /// Facts of the business that a text may state.
    facts: Option<Vec<String>>,
    /// The same in a file, one a line.
    facts_file: Option<String>,
    /// How freely the model chooses its words.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<f64>,
    /// How long one text may take, with every attempt at it; default "30s".
    timeout: Option<Duration>,
    /// How long one run may be writing; default "5m".
    max_time: Option<Duration>,
    /// Requests to a model, such as "50/run", "200/day", or both in a list.
    max_calls: Option<Texts>,
    /// Tokens read and written, such as "100k/run", "1M/day".
    max_tokens: Option<Texts>,
    /// Money by the models' prices, such as "0.50/run", "2.50/day".
    max_cost: Option<Texts>,
    /// Whether a model also reads messages on which the rules are unsure; default false.
    detect: Option<bool>,
    /// Whether its texts wait for a person, where a step or scenario does not say.
    approve: Option<bool>,
    disclosure: Option<Disclosure>,
    /// What becomes of a step when the budget is spent; default "fallback".
    when_spent: Option<Otherwise>,
    /// What becomes of a step when no model gives a text that may be sent; default "fallback".
    when_failed: Option<Otherwise>,
    /// OpenAI or any compatible server.
    openai: Option<Model>,
    anthropic: Option<Model>,
    ollama: Option<Model>,
}

/// When a text by a model says so: at the first in a conversation, after a long silence, and after a person wrote.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Disclosure {
    /// A silence this long is long; default "30d".
    after: Option<Duration>,
    /// The countries of whose numbers it is required, such as ["DE", "US"]; by default everywhere. A contact whose
    /// country is unknown is told.
    required_in: Option<Vec<String>>,
    /// Its words in each language, by tag; there are built-in ones.
    lines: Option<BTreeMap<String, String>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Model {
    base_url: Option<String>,
    /// Its name; of several in a list, each is asked when those before it cannot answer.
    model: Texts,
    api_key: Option<Secret>,
    /// What a million tokens cost, in any currency.
    price: Option<Price>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Price {
    #[schemars(range(min = 0))]
    input: f64,
    #[schemars(range(min = 0))]
    output: f64,
}
