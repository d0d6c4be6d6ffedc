use serde::Serialize;

use crate::model::{Channel, Draft, Scenario, TextSource, Timestamp, Usage};

/// What happened in a run, as it happens: `run --json` prints each as a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The provider accepted a step.
    Sent {
        /// Which.
        #[serde(flatten)]
        step: Step,
        /// The provider's id.
        provider_id: Option<String>,
    },
    /// A step was refused for good.
    Failed {
        /// Which.
        #[serde(flatten)]
        step: Step,
        /// The provider's words.
        error: String,
    },
    /// A step was certainly not sent, and will be tried again.
    Retry {
        /// Which.
        #[serde(flatten)]
        step: Step,
        /// The provider's words.
        error: String,
        /// Not before this.
        retry_at: Timestamp,
    },
    /// Nobody knows whether a step was sent.
    Unknown {
        /// Which.
        #[serde(flatten)]
        step: Step,
        /// What happened.
        error: String,
    },
    /// A step's text was written, and is kept; it is sent by itself.
    Written {
        /// Whose.
        contact_id: String,
        /// The scenario.
        scenario: Scenario,
        /// The step, from 1.
        step: u32,
        /// Where the text came from; another source than `ai` stands in for a model.
        source: TextSource,
        /// Whether the model says that nothing should be sent.
        declined: bool,
        /// Whether it waits for a person (rule X9).
        to_review: bool,
        /// The model that answered.
        model: Option<String>,
        /// What it took.
        #[serde(flatten)]
        usage: Usage,
        /// What was wrong with texts that were refused: the kinds of it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        findings: Vec<String>,
        /// Why there is no text by a model.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The budget of the language models is spent.
    Budget {
        /// Which limit.
        reason: String,
    },
    /// A contact's step was due and is not sent.
    Skipped {
        /// Whose.
        contact_id: String,
        /// Why: a reason of the decision, or `credentials`, `compose`, `last_look`, `unread`, `ai_budget`, `ai_silent` or
        /// `ai_refused`.
        reason: String,
        /// In words, where there is more to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A workflow's action.
    Action {
        /// The follow-up after which it runs.
        follow_up_id: String,
        /// Which action.
        action: String,
        /// `done`, `failed`, `retry` or `unknown`.
        state: String,
        /// In words, where there is more to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

impl Event {
    /// A draft was kept.
    pub(super) fn written(contact_id: String, draft: &Draft) -> Self {
        let declined = draft.state == crate::model::DraftState::Declined;
        // What a model wrote or was refused for may be a person's words: here are only the kinds of it.
        let reason = draft
            .reason
            .as_ref()
            .filter(|_| draft.findings.is_empty() && !declined);
        let mut findings: Vec<String> = draft.findings.iter().map(|f| f.kind.clone()).collect();
        findings.dedup();
        Self::Written {
            contact_id,
            scenario: draft.scenario,
            step: draft.step,
            source: draft.source,
            declined,
            to_review: draft.state == crate::model::DraftState::Waiting,
            model: draft.model.clone(),
            usage: draft.usage,
            findings,
            error: reason.cloned(),
        }
    }
}

/// A claimed step, for an [`Event`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The follow-up's id.
    pub id: String,
    /// The contact.
    pub contact_id: String,
    /// The scenario.
    pub scenario: Scenario,
    /// The step, from 1.
    pub step: u32,
    /// The channel.
    pub channel: Channel,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Steps sent.
    pub sent: u64,
    /// Steps refused for good.
    pub failed: u64,
    /// Steps to be tried again.
    pub retry: u64,
    /// Steps of which nobody knows.
    pub unknown: u64,
    /// Steps of which nobody knew, and which the provider has: now `sent`.
    pub found: u64,
    /// Steps found `sending` from a run that was cut off, now `unknown`.
    pub recovered: u64,
    /// Contacts held because a source is stale (rule D15).
    pub stale: u64,
    /// Contacts newly held for another reason, and steps on channels that are closed.
    pub skipped: u64,
    /// Steps for which no text could be written (rule X5).
    pub not_written: u64,
    /// Contacts about whom their source could not be asked right before their step.
    pub not_asked: u64,
    /// Channels on which nothing could be sent: refused credentials, a secret that cannot be had.
    pub closed: u64,
    /// Contacts left to the next run (rule D19).
    pub left: u64,
    /// Texts written by a language model.
    pub written: u64,
    /// Contacts of whom a model says that nothing should be sent.
    pub declined: u64,
    /// Steps for which no model gave a text, and which go out in other words.
    pub fallbacks: u64,
    /// Steps for which no model gave a text, and which wait.
    pub waiting: u64,
    /// Models that were given up.
    pub silent_models: u64,
    /// The models' budget is spent.
    pub budget_spent: bool,
    /// Texts that wait for a person since this run (rule X9).
    pub to_review: u64,
    /// Messages read by a language model.
    pub read: u64,
    /// Messages that no model could read; they wait.
    pub unread: u64,
    /// What language models used.
    pub ai: Usage,
    /// Workflow actions that failed, or of which nobody knows.
    pub failed_actions: u64,
}
