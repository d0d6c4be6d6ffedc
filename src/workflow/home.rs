//! What a workflow asks of the platform that the contact is on.

use super::{Action, ActionOutcome, Told, Workflows};
use crate::channel::{Deed, SendError};
use crate::model::Timestamp;

impl<'c> Workflows<'c> {
    /// Who takes the contact over.
    pub(super) fn assignee(&self, workflow: &str) -> Option<&'c str> {
        self.config.workflows.get(workflow)?.assign.as_deref()
    }

    /// What the store keeps, and the contact's platform too if they are on one.
    pub(super) fn kept(
        &self,
        action: &Action,
        told: &Told<'_>,
        deed: &Deed<'_>,
        words: String,
        now: Timestamp,
    ) -> ActionOutcome {
        if told.home.is_none() {
            return ActionOutcome::Done(Some(words));
        }
        match self.at_home(action, told, deed, now) {
            ActionOutcome::Done(_) => ActionOutcome::Done(Some(words)),
            other => other,
        }
    }

    /// Asks the contact's platform.
    pub(super) fn at_home(
        &self,
        action: &Action,
        told: &Told<'_>,
        deed: &Deed<'_>,
        now: Timestamp,
    ) -> ActionOutcome {
        let Some(home) = &told.home else {
            return ActionOutcome::Failed(
                "the contact is on no platform that could do it".to_owned(),
            );
        };
        let sender = match self.senders.get(home.channel) {
            Ok(sender) => sender,
            Err(words) => return ActionOutcome::later(words),
        };
        let Some(platform) = sender.platform() else {
            let channel = home.channel;
            return ActionOutcome::Failed(format!("the sender of {channel} is no platform"));
        };
        let id = format!("{}_{}", told.follow_up, action.name.replace(' ', "_"));
        match platform.act(home, deed, &id, now) {
            Ok(words) => ActionOutcome::Done(words),
            Err(error @ (SendError::Retry { .. } | SendError::Credentials { .. })) => {
                ActionOutcome::again(&error)
            }
            Err(error @ SendError::Unknown { .. }) if deed.is_repeatable() => {
                ActionOutcome::again(&error)
            }
            Err(error @ SendError::Unknown { .. }) => {
                ActionOutcome::Failed(format!("it may have been done: {error}"))
            }
            Err(error) => ActionOutcome::Failed(error.to_string()),
        }
    }
}
