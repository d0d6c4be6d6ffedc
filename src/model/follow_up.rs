use std::fmt;
use std::str::FromStr;

use super::{Channel, Timestamp, UnknownName, named};

named! {
    /// Why we may write.
    Scenario {
        /// The contact asked to be written to at a time.
        AskedForTime = "asked_for_time",
        /// The contact is busy now.
        Busy = "busy",
        /// The contact has not answered us.
        StoppedResponding = "stopped_responding",
    }
}

named! {
    /// What became of a claimed follow-up (rules X1, X4).
    FollowUpState {
        /// Claimed; the request may have left.
        Sending = "sending",
        /// Accepted by the provider, or found in an export.
        Sent = "sent",
        /// Certainly not sent; tried again at `retry_at`.
        Retry = "retry",
        /// Certainly not sent; not tried again.
        Failed = "failed",
        /// The request left and nobody knows what became of it; counted as sent, never repeated.
        Unknown = "unknown",
    }
}

named! {
    /// Where a follow-up's text came from.
    TextSource {
        /// A language model.
        Ai = "ai",
        /// The step's `text`.
        Custom = "custom",
        /// A template.
        Template = "template",
        /// The built-in text of the scenario and step.
        Builtin = "builtin",
    }
}

/// A channel that would not take a step (rule X4): `whatsapp`, or `whatsapp:window_closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It will not take it at all.
    ForGood(Channel),
    /// It takes no free text now: its window is closed, whatever our own data say (rule D17).
    WindowClosed(Channel),
}

const WINDOW_CLOSED: &str = ":window_closed";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForGood(channel) => f.write_str(channel.as_str()),
            Self::WindowClosed(channel) => write!(f, "{channel}{WINDOW_CLOSED}"),
        }
    }
}

impl FromStr for Refusal {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.strip_suffix(WINDOW_CLOSED) {
            Some(channel) => channel.parse().map(Self::WindowClosed),
            None => text.parse().map(Self::ForGood),
        }
    }
}

/// One row of the log: a step that was claimed, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The public id, such as `fu_1k9x…`; also the idempotency key of a webhook.
    pub id: String,
    /// The `sent_at` of the inbound message that the episode answers.
    pub episode: Timestamp,
    /// The scenario under which it was claimed.
    pub scenario: Scenario,
    /// The step, from 1.
    pub step: u32,
    /// What became of it.
    pub state: FollowUpState,
    /// The channel it was sent on.
    pub channel: Channel,
    /// The channels that would not take it, in order (rule X4).
    pub refused_on: Vec<Refusal>,
    /// Where it was sent.
    pub address: String,
    /// When it was due, after every move.
    pub due_at: Timestamp,
    /// When it was claimed for the last attempt.
    pub claimed_at: Timestamp,
    /// When the provider accepted it.
    pub sent_at: Option<Timestamp>,
    /// For `retry`: not before this.
    pub retry_at: Option<Timestamp>,
    /// How often the request was made.
    pub attempts: u32,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// The text that was sent.
    pub text: String,
    /// Where the text came from.
    pub text_source: TextSource,
    /// The provider's words on a failure.
    pub error: Option<String>,
}

impl FollowUp {
    /// Whether the step counts as used (rule X1: an `unknown` is counted as sent).
    #[must_use]
    pub const fn counts_as_sent(&self) -> bool {
        matches!(
            self.state,
            FollowUpState::Sending | FollowUpState::Sent | FollowUpState::Unknown
        )
    }

    /// When the step went out, for the delay of the next one (rule D10): the actual sending, or the claim when
    /// the outcome is not known.
    #[must_use]
    pub fn went_out_at(&self) -> Timestamp {
        self.sent_at.unwrap_or(self.claimed_at)
    }
}
