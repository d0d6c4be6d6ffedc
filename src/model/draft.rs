use super::{Channel, Scenario, TextSource, Timestamp, named};

named! {
    /// What may become of a draft.
    DraftState {
        /// It may be sent.
        Ready = "ready",
        /// A person must look at it first.
        Waiting = "waiting",
        /// A person let it through, as it is or changed.
        Approved = "approved",
        /// The model says that nothing should be sent.
        Declined = "declined",
        /// A person says that this step is not sent.
        Skipped = "skipped",
        /// Nobody looked at it in time.
        Expired = "expired",
    }
}

/// A step's text that was written before the step is claimed, or the word that there should be none. There is at
/// most one for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its row.
    pub id: i64,
    /// The `sent_at` of the inbound message that the episode answers.
    pub episode: Timestamp,
    /// The scenario.
    pub scenario: Scenario,
    /// The step, from 1.
    pub step: u32,
    /// The channel that it was written for.
    pub channel: Channel,
    /// What may become of it.
    pub state: DraftState,
    /// The text; `None` when there should be none.
    pub text: Option<String>,
    /// Where the text came from: a model, or what stands in for it.
    pub source: TextSource,
    /// Why there is no text by a model, or why a person decided as they did.
    pub reason: Option<String>,
    /// The language tag, where the model named one.
    pub language: Option<String>,
    /// The model that was asked last.
    pub model: Option<String>,
    /// What all requests for it used together.
    pub usage: Usage,
    /// What was wrong with texts that were refused.
    pub findings: Vec<DraftFinding>,
    /// [`super::Thread::revision`] of the thread that it was made from.
    pub revision: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// When a person decided about it.
    pub decided_at: Option<Timestamp>,
}

/// Something that a text must not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DraftFinding {
    /// What it is, in one word.
    pub kind: String,
    /// The words in question.
    pub words: String,
}

/// What requests to a model used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// Requests.
    pub calls: u64,
    /// Tokens that the model read.
    pub input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// How long its answers took, in milliseconds.
    pub latency_ms: u64,
    /// What it cost, in millionths of the configured price's unit.
    pub cost: u64,
}

impl Usage {
    /// Tokens read and written.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.latency_ms = self.latency_ms.saturating_add(other.latency_ms);
        self.cost = self.cost.saturating_add(other.cost);
    }
}

named! {
    /// What a model was asked for.
    CallPurpose {
        /// To write a step's text.
        Write = "write",
        /// To read a message on which the rules are unsure.
        Read = "read",
    }
}

/// One request to a language model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCall {
    /// For what.
    pub purpose: CallPurpose,
    /// Which model.
    pub model: String,
    /// When it was asked.
    pub at: Timestamp,
    /// What it used; `calls` is 1.
    pub usage: Usage,
    /// Why its answer could not be used.
    pub error: Option<String>,
}
