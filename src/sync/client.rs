//! Asking politely: what a provider says of its limits is heeded, what fails is asked again, up to a bound.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde::de::DeserializeOwned;

use super::SyncError;
use super::patience::Waiter;
use crate::http::{Answer, Broken, Http, provider_words};
use crate::model::Timestamp;

/// How much is asked ahead: a page, and a page of what belongs to it.
const MOST_AHEAD: usize = 2;

/// Asks one provider.
pub(super) struct Client<'a> {
    http: Http,
    /// What no error may show.
    secrets: Vec<String>,
    waiter: Waiter<'a>,
    /// The provider's limit is used up until then.
    used_up: Mutex<Option<Timestamp>>,
    /// What is being asked already.
    ahead: Mutex<Vec<Ahead>>,
    /// The threads that ask ahead, once there are any; they end with it.
    runners: OnceLock<Option<Sender<Errand>>>,
}

/// A `GET` under way, by its URL.
struct Ahead {
    url: String,
    answer: Receiver<Result<Answer, Broken>>,
}

/// A `GET` to be made by another thread, and where its answer is wanted.
struct Errand {
    url: String,
    headers: Vec<(String, String)>,
    answer: SyncSender<Result<Answer, Broken>>,
}

/// What became of one attempt that gave no answer.
struct Failure {
    reason: String,
    /// How long the provider wants us to wait.
    wait: Option<Duration>,
}

impl<'a> Client<'a> {
    pub(super) fn new(http: Http, secrets: Vec<String>, waiter: Waiter<'a>) -> Self {
        Self {
            http,
            secrets,
            waiter,
            used_up: Mutex::new(None),
            ahead: Mutex::default(),
            runners: OnceLock::new(),
        }
    }

    /// The present.
    pub(super) fn now(&self) -> Timestamp {
        self.waiter.now()
    }

    /// A `GET` whose answer is JSON of this shape.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<T, SyncError> {
        let headers = for_json(headers);
        let ahead = Cell::new(self.asked_ahead(url));
        self.ask(|| match ahead.take().and_then(|ahead| ahead.recv().ok()) {
            Some(answer) => answer,
            None => self.http.get(url, &headers),
        })
    }

    /// Asks already for what the next [`Client::get`] is to get, while what came before is being read. Only of one that
    /// may be asked twice: whether it is ever taken is open.
    pub(super) fn get_ahead(&self, url: String, headers: &[(&str, &str)]) {
        let mut asked = lock(&self.ahead);
        if asked.len() >= MOST_AHEAD || self.limited_for().is_some() {
            return;
        }
        let runners = self.runners.get_or_init(|| runners(&self.http));
        let Some(runners) = runners else {
            return; // without another thread it is asked in its turn
        };
        let headers = for_json(headers).into_iter();
        let (sender, answer) = sync_channel(1);
        let errand = Errand {
            url: url.clone(),
            headers: headers.map(|(n, v)| (n.into(), v.into())).collect(),
            answer: sender,
        };
        if runners.send(errand).is_ok() {
            asked.push(Ahead { url, answer });
        }
    }

    fn asked_ahead(&self, url: &str) -> Option<Receiver<Result<Answer, Broken>>> {
        let mut asked = lock(&self.ahead);
        let place = asked.iter().position(|ahead| ahead.url == url)?;
        Some(asked.swap_remove(place).answer)
    }

    /// A `POST` that changes nothing, whose answer is JSON of this shape.
    pub(super) fn search<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> Result<T, SyncError> {
        let mut headers = for_json(headers);
        headers.push(("content-type", "application/json"));
        let body = body.to_string();
        self.ask(|| self.http.post(url, &headers, body.as_str()))
    }

    /// A `GET` whose answer is taken as it is; one that is no success is a redirect, or says that nothing has
    /// changed.
    pub(super) fn fetch(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, SyncError> {
        let request = || self.http.get(url, headers);
        self.attempt(request, |answer| match answer.status {
            300..=399 => Ok(Ok(answer)),
            200 => Ok(match &answer.body {
                Err(reason) => Err(Failure {
                    reason: reason.clone(),
                    wait: None,
                }),
                Ok(_) => Ok(answer),
            }),
            201..=299 => Err(SyncError::Settings(format!(
                "{}: HTTP {}, which is no file",
                self.waiter.provider, answer.status
            ))),
            _ => self.refusal(&answer).map(Err),
        })
    }

    fn ask<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> Result<Answer, Broken>,
    ) -> Result<T, SyncError> {
        self.attempt(request, |answer| self.read(&answer))
    }

    fn attempt<T>(
        &self,
        request: impl Fn() -> Result<Answer, Broken>,
        read: impl Fn(Answer) -> Result<Result<T, Failure>, SyncError>,
    ) -> Result<T, SyncError> {
        let mut attempt = 0;
        loop {
            self.wait_for_the_limit()?;
            attempt += 1;
            let failure = match request() {
                Ok(answer) => {
                    self.heed(&answer);
                    match read(answer)? {
                        Ok(value) => return Ok(value),
                        Err(failure) => failure,
                    }
                }
                Err(Broken::Forbidden(reason)) => return Err(SyncError::Settings(reason)),
                Err(Broken::NotSent(reason) | Broken::Unclear(reason)) => {
                    Failure { reason, wait: None }
                }
            };
            let Failure { reason, wait } = failure;
            if attempt >= self.waiter.patience.attempts {
                return Err(SyncError::Later(format!(
                    "{}: {reason}",
                    self.waiter.provider
                )));
            }
            self.waiter.pause(
                wait.unwrap_or_else(|| self.waiter.backoff(attempt)),
                &reason,
            )?;
        }
    }

    /// What an answer gives: a value, a failure after which it may be asked again, or an end.
    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<Result<T, Failure>, SyncError> {
        if answer.is_success() {
            return Ok(match &answer.body {
                Ok(body) => serde_json::from_slice(body).map_err(|error| Failure {
                    reason: format!("the answer cannot be read: {}", kind_of(&error)),
                    wait: None,
                }),
                Err(reason) => Err(Failure {
                    reason: reason.clone(),
                    wait: None,
                }),
            });
        }
        self.refusal(answer).map(Err)
    }

    /// What an answer means that is no success: a failure after which it may be asked again, or an end.
    fn refusal(&self, answer: &Answer) -> Result<Failure, SyncError> {
        let provider = self.waiter.provider;
        let words = self.words(answer);
        let reason = match words.is_empty() {
            true => format!("HTTP {}", answer.status),
            false => format!("HTTP {}: {words}", answer.status),
        };
        let now = self.now();
        match answer.status {
            429 | 503 => Ok(Failure {
                wait: answer
                    .retry_after(now)
                    .map(|seconds| Duration::from_secs(seconds.into()))
                    .or_else(|| resets_in(answer, now)),
                reason,
            }),
            408 | 425 | 500..=599 => Ok(Failure { reason, wait: None }),
            401 | 403 => Err(SyncError::Credentials(format!(
                "{provider} refuses our credentials: {reason}"
            ))),
            300..=399 => Err(SyncError::Settings(format!(
                "{provider}: {reason}; a redirect is never followed, set the final base_url"
            ))),
            400..=499 => Err(SyncError::Refused {
                status: answer.status,
                reason: format!("{provider}: {words}"),
            }),
            _ => Ok(Failure { reason, wait: None }),
        }
    }

    /// The provider's words about a refusal.
    fn words(&self, answer: &Answer) -> String {
        let body = answer.json();
        let places = [
            "/message",
            "/error",
            "/description",
            "/errors/0/message",
            "/detail",
        ];
        let found = places.iter().find_map(|place| {
            let value = body.as_ref()?.pointer(place)?;
            match value {
                serde_json::Value::String(text) => Some(text.clone()),
                serde_json::Value::Array(texts) => Some(texts.first()?.as_str()?.to_owned()),
                _ => None,
            }
        });
        let secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        provider_words(&found.unwrap_or_default(), &secrets)
    }

    /// Remembers that the limit is used up, by the headers of an answer.
    fn heed(&self, answer: &Answer) {
        if let Some(wait) = used_up_for(answer, self.now()) {
            let until = self.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
            *lock(&self.used_up) = Some(until);
        }
    }

    /// How long nothing may be asked.
    fn limited_for(&self) -> Option<Duration> {
        let until = *lock(&self.used_up);
        until.and_then(|until| (until - self.now()).to_std().ok())
    }

    fn wait_for_the_limit(&self) -> Result<(), SyncError> {
        match self.limited_for() {
            Some(wait) => self.waiter.pause(wait, "its limit of requests is used up"),
            None => self.waiter.in_time(Duration::ZERO, "the time is up"),
        }
    }
}

/// Threads that make one `GET` each at a time, until nobody can send them on another.
fn runners(http: &Http) -> Option<Sender<Errand>> {
    let (sender, errands) = channel::<Errand>();
    let errands = Arc::new(Mutex::new(errands));
    for _ in 0..MOST_AHEAD {
        let (http, errands) = (http.clone(), Arc::clone(&errands));
        let run = move || {
            loop {
                let next = lock(&errands).recv();
                let Ok(errand) = next else { return };
                let headers = errand.headers.iter();
                let headers: Vec<_> = headers.map(|(n, v)| (n.as_str(), v.as_str())).collect();
                // Nobody waits for it when the sync has ended.
                let _ = errand.answer.send(http.get(&errand.url, &headers));
            }
        };
        std::thread::Builder::new().spawn(run).ok()?;
    }
    Some(sender)
}

fn for_json<'h>(headers: &[(&'h str, &'h str)]) -> Vec<(&'h str, &'h str)> {
    let mut all = vec![("accept", "application/json")];
    all.extend_from_slice(headers);
    all
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with JSON, without a piece of it: it may hold what a contact wrote.
fn kind_of(error: &serde_json::Error) -> &'static str {
    if error.is_eof() {
        "it is cut off"
    } else if error.is_data() {
        "it is JSON of another shape"
    } else {
        "it is not JSON"
    }
}

/// How long nothing more may be asked, when the answer says that nothing is left.
fn used_up_for(answer: &Answer, now: Timestamp) -> Option<Duration> {
    if number(answer, "x-ratelimit-daily-remaining") == Some(0) {
        return Some(Duration::from_secs(3600));
    }
    match number(answer, "x-ratelimit-remaining") {
        Some(0) => resets_in(answer, now),
        _ => None,
    }
}

/// When the limit begins anew: in an interval of so many milliseconds (HighLevel), or at a second since 1970
/// (Intercom).
fn resets_in(answer: &Answer, now: Timestamp) -> Option<Duration> {
    if let Some(millis) = number(answer, "x-ratelimit-interval-milliseconds") {
        return Some(Duration::from_millis(millis));
    }
    let at = i64::try_from(number(answer, "x-ratelimit-reset")?).ok()?;
    let seconds = at.saturating_sub(now.timestamp());
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

fn number(answer: &Answer, header: &str) -> Option<u64> {
    answer.header(header)?.trim().parse().ok()
}
