//! The configured models, asked in order: with patience for one that is busy, and none for one that does not
//! answer at all.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;

use super::client::{Client, ModelError, Question};
use super::meter::Meter;
use crate::config::{Ai, Certificates, Environment};
use crate::http::Http;
use crate::model::{CallPurpose, ModelCall, Timestamp, Usage};

/// How often one model is asked the same question, when it is busy.
const MOST_TRIES: u32 = 3;
/// The wait after the first busy answer; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// After so many questions in a row to which it had no answer, a model is asked no more in this run.
const MOST_SILENT: u32 = 3;
/// The same for answers that could not be used.
const MOST_UNUSABLE: u32 = 10;

/// The models of a configuration, for one run. Shared by threads; its `Debug` shows no secret.
pub struct Models<'c> {
    slots: Vec<Slot>,
    meter: Meter,
    clock: &'c (dyn Fn() -> Timestamp + Sync),
    /// How long one question may take, with every attempt at it.
    timeout: Duration,
    ends_at: Timestamp,
    /// Waits are on this, so that they can be ended.
    bell: (Mutex<bool>, Condvar),
}

struct Slot {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    closed: Option<String>,
    silent: u32,
    unusable: u32,
    not_before: Option<Timestamp>,
}

/// An answer, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The words, whole.
    pub text: String,
    /// The model.
    pub model: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The budget, or the time of the run, does not allow the question.
    #[error("{0}")]
    Spent(String),
    /// A model answered, and the answer cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// No model answered.
    #[error("{0}")]
    Failed(String),
}

impl std::fmt::Debug for Models<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clients: Vec<&Client> = self.slots.iter().map(|s| &s.client).collect();
        f.debug_struct("Models")
            .field("clients", &clients)
            .finish_non_exhaustive()
    }
}

impl<'c> Models<'c> {
    /// The models of `ai`, for whose servers the public certificates or these vouch. `used_today` is what was used since the bot's midnight. Reads no secret yet.
    #[must_use]
    pub fn new(
        ai: &Ai,
        certificates: &Certificates,
        environment: &Environment,
        used_today: Usage,
        clock: &'c (dyn Fn() -> Timestamp + Sync),
    ) -> Self {
        let http = Http::trusting(certificates, ai.timeout);
        let slots = ai.models.iter().map(|model| Slot {
            client: Client::new(http.clone(), model.clone(), environment),
            state: Mutex::default(),
        });
        Self {
            slots: slots.collect(),
            meter: Meter::new(ai.budget, used_today),
            clock,
            timeout: ai.timeout,
            ends_at: clock() + delta(ai.budget.time),
            bell: (Mutex::new(false), Condvar::new()),
        }
    }

    /// Until when a question that is asked now must be answered.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        ((self.clock)() + delta(self.timeout)).min(self.ends_at)
    }

    /// Asks until one of the models answers, at most until `deadline`. `first` is which of them is asked first; an
    /// answer that cannot be used moves it on to the next. Every request is noted in `calls`.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn ask(
        &self,
        question: &Question,
        purpose: CallPurpose,
        deadline: Timestamp,
        first: &mut usize,
        calls: &mut Vec<ModelCall>,
    ) -> Result<Answered, NoAnswer> {
        let mut reason = None;
        for turn in 0..self.slots.len() {
            let index = (*first + turn) % self.slots.len().max(1);
            let Some(slot) = self.slots.get(index) else {
                break;
            };
            let left = u32::try_from(self.slots.len() - turn).unwrap_or(1);
            match self.ask_one(slot, question, purpose, deadline, left, calls) {
                Ok(text) => {
                    slot.state().silent = 0;
                    let model = slot.client.model.name.clone();
                    return Ok(Answered { text, model });
                }
                Err(NoAnswer::Failed(words)) => reason = Some(words),
                Err(NoAnswer::Unusable(words)) => {
                    *first = index + 1;
                    slot.state().silent = 0;
                    self.was_unusable(index, &words);
                    return Err(NoAnswer::Unusable(words));
                }
                Err(spent) => return Err(spent),
            }
        }
        Err(NoAnswer::Failed(
            reason.unwrap_or_else(|| "there is no model".to_owned()),
        ))
    }

    /// One model, a few times while it is busy.
    fn ask_one(
        &self,
        slot: &Slot,
        question: &Question,
        purpose: CallPurpose,
        deadline: Timestamp,
        models_left: u32,
        calls: &mut Vec<ModelCall>,
    ) -> Result<String, NoAnswer> {
        let name = &slot.client.model.name;
        let failed = |reason: &str| NoAnswer::Failed(format!("{name}: {reason}"));
        // Those that come after it get their share of the time.
        let share = self.remaining(deadline) / models_left.max(1);
        let deadline = (self.clock)() + delta(share);
        let mut last = "no answer in time".to_owned();
        for attempt in 0..MOST_TRIES {
            if let Some(closed) = &slot.state().closed {
                return Err(failed(closed));
            }
            if !self.is_open() {
                return Err(failed("the run is over"));
            }
            if self.remaining(self.ends_at).is_zero() {
                return Err(NoAnswer::Spent(self.meter.out_of_time()));
            }
            let not_before = slot.state().not_before;
            let wait = not_before.map_or(Duration::ZERO, |at| self.remaining(at));
            let remaining = self.remaining(deadline);
            if wait >= remaining {
                break;
            }
            self.wait(wait);
            let within = self.remaining(deadline);
            if within.is_zero() {
                break;
            }
            match self.request(slot, question, purpose, within, calls)? {
                Ok(text) => return Ok(text),
                Err(ModelError::Unusable { reason, .. }) => {
                    return Err(NoAnswer::Unusable(format!("{name}: {reason}")));
                }
                Err(ModelError::Busy { after, reason }) => {
                    let doubled = FIRST_WAIT * 2u32.pow(attempt);
                    let wait = after.map_or(doubled, |s| Duration::from_secs(u64::from(s)));
                    slot.state().not_before = Some((self.clock)() + delta(wait));
                    last = reason;
                }
                Err(ModelError::Closed { reason }) => {
                    slot.state().closed = Some(reason.clone());
                    return Err(failed(&reason));
                }
                Err(ModelError::Refused { reason }) => {
                    last = reason;
                    break;
                }
            }
        }
        let mut state = slot.state();
        state.silent += 1;
        if state.silent >= MOST_SILENT && state.closed.is_none() {
            state.closed = Some(format!(
                "no answer {MOST_SILENT} times in a row, at last: {last}"
            ));
        }
        drop(state);
        Err(failed(&last))
    }

    /// One request, within the budget.
    fn request(
        &self,
        slot: &Slot,
        question: &Question,
        purpose: CallPurpose,
        within: Duration,
        calls: &mut Vec<ModelCall>,
    ) -> Result<Result<String, ModelError>, NoAnswer> {
        let client = &slot.client;
        let estimate = |input: u64, output: u64, latency_ms: u64| Usage {
            calls: 1,
            input_tokens: input,
            output_tokens: output,
            latency_ms,
            cost: client
                .model
                .price
                .map_or(0, |price| price.of(input, output)),
        };
        let read = rough_tokens(&question.system) + rough_tokens(&question.user);
        let most = estimate(read, u64::from(question.most_tokens), 0);
        self.meter.reserve(&most).map_err(NoAnswer::Spent)?;
        let at = (self.clock)();
        let result = client.ask(question, within, at);
        let latency = ((self.clock)() - at).num_milliseconds();
        let latency = u64::try_from(latency).unwrap_or(0);
        let used = match &result {
            Ok(reply) => estimate(
                reply.input_tokens.unwrap_or(read),
                reply
                    .output_tokens
                    .unwrap_or_else(|| rough_tokens(&reply.text)),
                latency,
            ),
            Err(ModelError::Unusable { tokens, .. }) => {
                let (input, output) = tokens.unwrap_or((read, u64::from(question.most_tokens)));
                estimate(input, output, latency)
            }
            // Nothing is charged for an error; of an answer that was lost nobody knows.
            Err(_) => estimate(0, 0, latency),
        };
        self.meter.settle(&most, &used);
        calls.push(ModelCall {
            purpose,
            model: client.model.name.clone(),
            at,
            usage: used,
            error: result.as_ref().err().map(ToString::to_string),
        });
        Ok(result.map(|reply| reply.text))
    }

    /// Counts an answer that could not be used, by its form or by what it says, against the model of that place.
    pub(super) fn was_unusable(&self, index: usize, reason: &str) {
        if let Some(slot) = self.slots.get(index) {
            let mut state = slot.state();
            state.unusable += 1;
            if state.unusable >= MOST_UNUSABLE && state.closed.is_none() {
                let words = format!("{MOST_UNUSABLE} unusable answers in a row, at last: {reason}");
                state.closed = Some(words);
            }
        }
    }

    /// Counts an answer that could be used.
    pub(super) fn was_good(&self, model: &str) {
        let mut slots = self.slots.iter();
        if let Some(slot) = slots.find(|slot| slot.client.model.name == model) {
            slot.state().unusable = 0;
        }
    }

    /// The place of a model.
    pub(super) fn place_of(&self, model: &str) -> usize {
        let mut slots = self.slots.iter();
        slots
            .position(|slot| slot.client.model.name == model)
            .unwrap_or(0)
    }

    /// What this run has used.
    #[must_use]
    pub fn used(&self) -> Usage {
        self.meter.used()
    }

    /// Which limit of the budget kept a question from being asked.
    #[must_use]
    pub fn spent(&self) -> Option<String> {
        self.meter.spent()
    }

    /// The models that are asked no more, each with why.
    #[must_use]
    pub fn closed(&self) -> Vec<(String, String)> {
        let slots = self.slots.iter();
        slots
            .filter_map(|slot| {
                let closed = slot.state().closed.clone()?;
                Some((slot.client.model.name.clone(), closed))
            })
            .collect()
    }

    /// Asks each model's server a harmless question, and gives what it says or why it does not.
    #[must_use]
    pub fn greet(&self) -> Vec<(String, Result<String, ModelError>)> {
        let now = (self.clock)();
        let slots = self.slots.iter().map(|slot| &slot.client);
        slots
            .map(|client| {
                let model = &client.model;
                (
                    format!("{} by {}", model.name, model.provider),
                    client.greet(now),
                )
            })
            .collect()
    }

    /// Ends every wait: nobody wants an answer any more.
    pub fn stop(&self) {
        *self.bell.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.1.notify_all();
    }

    fn is_open(&self) -> bool {
        !*self.bell.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remaining(&self, until: Timestamp) -> Duration {
        (until - (self.clock)()).to_std().unwrap_or_default()
    }

    fn wait(&self, time: Duration) {
        if !time.is_zero() {
            let guard = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Whether the bell rang or the time is over is seen by who called.
            let _ = self
                .bell
                .1
                .wait_timeout_while(guard, time, |stopped| !*stopped);
        }
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// How many tokens a text is, more or less: rather more.
fn rough_tokens(text: &str) -> u64 {
    text.chars().count() as u64 / 3 + 1
}
