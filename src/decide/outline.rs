//! A decision in the making.

use std::ops::ControlFlow;

use crate::decide::{Action, Because, Decision, Reason};
use crate::model::{Channel, Scenario, Timestamp};

/// What a rule that applies decides.
pub(crate) type End = (Action, Reason);

/// What the rules so far have found.
#[derive(Default)]
pub(crate) struct Outline {
    pub(crate) scenario: Option<Scenario>,
    pub(crate) step: Option<u32>,
    pub(crate) steps: Option<u32>,
    pub(crate) episode: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) channel: Option<Channel>,
    pub(crate) approved_template: bool,
    pub(crate) conversation_id: Option<String>,
    pub(crate) because: Vec<Because>,
    pub(crate) wake_at: Option<Timestamp>,
    next_fact: Option<Timestamp>,
}

impl Outline {
    /// Begins. A fact dated after now may change everything when its time has come.
    pub(crate) fn new(next_fact: Option<Timestamp>) -> Self {
        Self {
            next_fact,
            ..Self::default()
        }
    }

    /// Ends it with the fact that decides.
    pub(crate) fn ends<T>(
        &mut self,
        action: Action,
        reason: Reason,
        fact: Because,
    ) -> ControlFlow<End, T> {
        self.because.push(fact);
        ControlFlow::Break((action, reason))
    }

    /// The decision.
    pub(crate) fn decides(self, (action, reason): End) -> Decision {
        Decision {
            action,
            reason,
            scenario: self.scenario,
            step: self.step,
            steps: self.steps,
            episode: self.episode,
            due_at: self.due_at,
            channel: self.channel,
            approved_template: self.approved_template,
            conversation_id: self.conversation_id,
            because: self.because,
            wake_at: self.wake_at.into_iter().chain(self.next_fact).min(),
        }
    }
}
