//! One request to a language model, whosoever's interface its server speaks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{anthropic, ollama, openai};
use crate::config::{AiModel, AiProvider, Environment, Secret, SecretRef};
use crate::http::{Answer, Broken, Http, provider_words};
use crate::model::Timestamp;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What it is to do.
    pub system: String,
    /// With what.
    pub user: String,
    /// A name of [`Question::schema`].
    pub form: &'static str,
    /// The JSON Schema of the answer.
    pub schema: &'static str,
    /// The most tokens of the answer.
    pub most_tokens: u32,
    /// How freely it chooses its words, 0 to 2; the server's own value when it is not set.
    pub temperature: Option<f64>,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its words, whole.
    pub text: String,
    /// The tokens that it read, where the server counts them.
    pub input_tokens: Option<u64>,
    /// The tokens that it wrote, where the server counts them.
    pub output_tokens: Option<u64>,
}

/// Why a model gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It may answer later; not before `after` seconds where it says so.
    #[error("{reason}")]
    Busy {
        /// Seconds that it asks us to wait.
        after: Option<u32>,
        /// The server's code and words.
        reason: String,
    },
    /// It will not answer: our key, our credit or the model's name is refused. Nothing more is asked of it.
    #[error("{reason}")]
    Closed {
        /// The server's code and words.
        reason: String,
    },
    /// It does not answer this question.
    #[error("{reason}")]
    Refused {
        /// The server's code and words.
        reason: String,
    },
    /// It answered, and the answer cannot be used: cut off, refused, or not understandable.
    #[error("{reason}")]
    Unusable {
        /// What is wrong with it.
        reason: String,
        /// The tokens that it took all the same, read and written.
        tokens: Option<(u64, u64)>,
    },
}

/// A model on a server. Its `Debug` shows no secret.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    pub(super) model: AiModel,
    environment: Environment,
    key: OnceLock<Result<Option<Secret>, String>>,
    /// The server does not know JSON Schema: it is not told any more.
    is_plain: AtomicBool,
}

/// A request as an interface wants it.
pub(super) struct Request {
    /// What comes after the base URL.
    pub(super) path: &'static str,
    pub(super) body: String,
}

impl Client {
    pub(super) fn new(http: Http, model: AiModel, environment: &Environment) -> Self {
        Self {
            http,
            model,
            environment: environment.clone(),
            key: OnceLock::new(),
            is_plain: AtomicBool::new(false),
        }
    }

    /// Asks once, or twice where the server does not know JSON Schema.
    pub(super) fn ask(
        &self,
        question: &Question,
        within: Duration,
        now: Timestamp,
    ) -> Result<Reply, ModelError> {
        let is_plain = self.is_plain.load(Ordering::Relaxed);
        let asked = self.once(question, is_plain, within, now);
        match &asked {
            Err(ModelError::Refused { reason }) if !is_plain && is_about_schemas(reason) => {
                self.is_plain.store(true, Ordering::Relaxed);
                self.once(question, true, within, now)
            }
            _ => asked,
        }
    }

    fn once(
        &self,
        question: &Question,
        is_plain: bool,
        within: Duration,
        now: Timestamp,
    ) -> Result<Reply, ModelError> {
        let model = &self.model;
        let schema = (!is_plain).then_some(question.schema);
        let request = match model.provider {
            AiProvider::Openai => openai::request(model, question, raw(schema)?),
            AiProvider::Anthropic => anthropic::request(model, question, raw(schema)?),
            AiProvider::Ollama => ollama::request(model, question, raw(schema)?),
        };
        let request = request.map_err(|error| ModelError::Refused {
            reason: format!("the request cannot be made: {error}"),
        })?;
        let key = self.key()?;
        let answer = self.with_headers(key, |headers| {
            let url = format!("{}{}", self.base(), request.path);
            self.http.post_within(&url, headers, request.body, within)
        });
        let answer = answer.map_err(broken)?;
        let secrets: Vec<&str> = key.map(Secret::expose).into_iter().collect();
        let body = match &answer.body {
            Ok(_) => answer.json(),
            Err(reason) => return Err(busy(None, format!("HTTP {}; {reason}", answer.status))),
        };
        if !answer.is_success() {
            return Err(verdict(&answer, body.as_ref(), &secrets, now));
        }
        let Some(body) = body else {
            return Err(unusable("the answer is not JSON", None));
        };
        match model.provider {
            AiProvider::Openai => openai::read(&body),
            AiProvider::Anthropic => anthropic::read(&body),
            AiProvider::Ollama => ollama::read(&body),
        }
    }

    /// Asks a harmless question that only who has the right key may ask, and gives what the server says.
    pub(super) fn greet(&self, now: Timestamp) -> Result<String, ModelError> {
        let key = self.key()?;
        let path = match self.model.provider {
            AiProvider::Openai => "/models",
            AiProvider::Anthropic => "/v1/models",
            AiProvider::Ollama => "/api/tags",
        };
        let answer = self.with_headers(key, |headers| {
            self.http.get(&format!("{}{path}", self.base()), headers)
        });
        let answer = answer.map_err(broken)?;
        let body = answer.json();
        let secrets: Vec<&str> = key.map(Secret::expose).into_iter().collect();
        if !answer.is_success() {
            return Err(verdict(&answer, body.as_ref(), &secrets, now));
        }
        let list = body.as_ref().and_then(|b| {
            let list = b.get("data").or_else(|| b.get("models"))?;
            list.as_array()
        });
        let Some(list) = list else {
            return Ok("answers, without a list of models".to_owned());
        };
        let named = |m: &Value| {
            let names = ["id", "name", "model"].iter();
            let mut names = names.filter_map(|key| m.get(key)?.as_str());
            names.any(|n| {
                n == self.model.name || n.strip_suffix(":latest") == Some(&self.model.name)
            })
        };
        if list.iter().any(named) {
            return Ok(format!("has {}", self.model.name));
        }
        let names: Vec<&str> = list
            .iter()
            .filter_map(|m| m.get("id").or_else(|| m.get("name"))?.as_str())
            .take(5)
            .collect();
        let words = provider_words(&names.join(", "), &secrets);
        Ok(format!(
            "does not list {}; it lists: {words}",
            self.model.name
        ))
    }

    /// The base URL; of Anthropic's interface without its version, which belongs to the path.
    fn base(&self) -> &str {
        let base = self.model.base_url.as_str();
        match self.model.provider {
            AiProvider::Anthropic => base.strip_suffix("/v1").unwrap_or(base),
            AiProvider::Ollama => base.strip_suffix("/api").unwrap_or(base),
            AiProvider::Openai => base,
        }
    }

    fn key(&self) -> Result<Option<&Secret>, ModelError> {
        let read = self.key.get_or_init(|| {
            let key = self.model.api_key.as_ref();
            key.map(|k: &SecretRef| k.resolve(&self.environment))
                .transpose()
                .map_err(|error| error.to_string())
        });
        match read {
            Ok(key) => Ok(key.as_ref()),
            Err(reason) => Err(ModelError::Closed {
                reason: reason.clone(),
            }),
        }
    }

    fn with_headers<T>(&self, key: Option<&Secret>, send: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        let bearer;
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        match (self.model.provider, key) {
            (AiProvider::Anthropic, key) => {
                headers.push(("anthropic-version", "2023-06-01"));
                headers.extend(key.map(|key| ("x-api-key", key.expose())));
            }
            (AiProvider::Openai | AiProvider::Ollama, Some(key)) => {
                bearer = format!("Bearer {}", key.expose());
                headers.push(("authorization", &bearer));
            }
            (AiProvider::Openai | AiProvider::Ollama, None) => {}
        }
        send(&headers)
    }
}

fn raw(schema: Option<&'static str>) -> Result<Option<&'static RawValue>, ModelError> {
    let read = schema.map(serde_json::from_str).transpose();
    read.map_err(|error| ModelError::Refused {
        reason: format!("the form of the answer is no JSON: {error}"),
    })
}

fn broken(broken: Broken) -> ModelError {
    match broken {
        Broken::Forbidden(reason) => ModelError::Closed { reason },
        // To ask again has no side effect, whether or not the request left.
        Broken::NotSent(reason) | Broken::Unclear(reason) => busy(None, reason),
    }
}

fn busy(after: Option<u32>, reason: String) -> ModelError {
    ModelError::Busy { after, reason }
}

pub(super) fn unusable(reason: impl Into<String>, tokens: Option<(u64, u64)>) -> ModelError {
    ModelError::Unusable {
        reason: reason.into(),
        tokens,
    }
}

/// Words of an error by which a server says that our money is spent: waiting does not help.
const NO_CREDIT: [&str; 7] = [
    "insufficient_quota",
    "spend_limit",
    "credit_balance",
    "credit balance",
    "billing",
    "exceeded your current quota",
    "payment required",
];

/// What a status that is no success says.
fn verdict(answer: &Answer, body: Option<&Value>, secrets: &[&str], now: Timestamp) -> ModelError {
    let status = answer.status;
    let error = body.and_then(|b| b.get("error")).or(body);
    let mut words: Vec<&str> = Vec::new();
    if let Some(text) = error.and_then(Value::as_str) {
        words.push(text);
    }
    for key in ["code", "type", "message", "detail"] {
        words.extend(error.and_then(|e| e.get(key)?.as_str()));
    }
    let words = provider_words(&words.join(": "), secrets);
    let reason = match words.is_empty() {
        true => format!("HTTP {status}"),
        false => format!("HTTP {status}: {words}"),
    };
    let folded = words.to_lowercase();
    if NO_CREDIT.iter().any(|w| folded.contains(w)) {
        return ModelError::Closed { reason };
    }
    match status {
        429 | 408 | 425 | 500..=599 => busy(answer.retry_after(now), reason),
        401..=403 => ModelError::Closed { reason },
        404 | 405 | 410 => ModelError::Closed {
            reason: format!("{reason}; are the URL and the model's name right?"),
        },
        301 | 302 | 303 | 307 | 308 => ModelError::Closed {
            reason: format!("{reason}; a redirect is never followed, set the final URL"),
        },
        _ => ModelError::Refused { reason },
    }
}

fn is_about_schemas(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    [
        "response_format",
        "json_schema",
        "output_config",
        "output_format",
        "grammar",
    ]
    .iter()
    .any(|w| reason.contains(w))
}

/// A count of tokens, where the server gives one.
pub(super) fn tokens(body: &Value, place: &str) -> Option<u64> {
    body.pointer(place)?.as_u64()
}
