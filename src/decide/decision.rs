//! What is to be done about one contact.

use super::Because;
use crate::model::{Channel, Scenario, Timestamp, named};

named! {
    /// What a decision says to do.
    Action {
        /// Due now.
        Send = "send",
        /// Scheduled for `due_at`.
        Wait = "wait",
        /// Kept back until something changes; the step is not used up.
        Hold = "hold",
        /// The contact must not be written to.
        Stop = "stop",
        /// Nothing to do.
        None = "none",
    }
}

named! {
    /// The code of the rule that decided.
    Reason {
        /// Every rule let the step through: it is due.
        Due = "due",
        /// The step's delay has not passed (D9, D10).
        Delay = "delay",
        /// Moved to the next opening (D12).
        OutsideHours = "outside_hours",
        /// Moved behind a member of staff (D6).
        HumanTookOver = "human_took_over",
        /// Moved behind the contact's absence, by their automatic reply (S8).
        Away = "away",
        /// Moved to when the cap allows (D19).
        PerContact = "per_contact",
        /// A failed attempt waits for its next try (X4).
        Retry = "retry",
        /// The bot, or the contact's bot, is off (D1).
        BotInactive = "bot_inactive",
        /// The contact never wrote (D2).
        NeverWrote = "never_wrote",
        /// The contact opted out (D3, D21).
        OptedOut = "opted_out",
        /// Not interested (D4).
        NotInterested = "not_interested",
        /// An appointment is made (D5).
        Booked = "booked",
        /// A time was asked for that cannot be trusted (S4).
        UnclearTime = "unclear_time",
        /// The model that was to write says that nothing should be sent (X5).
        AiDeclined = "ai_declined",
        /// The text waits for a person (X9).
        AwaitingApproval = "awaiting_approval",
        /// The contact ended the talk (D7).
        ConversationClosed = "conversation_closed",
        /// No scenario that applies is switched on (D7).
        ScenarioOff = "scenario_off",
        /// The contact wrote last; the ball is ours (D8).
        AwaitingUs = "awaiting_us",
        /// All steps are used (D11).
        Exhausted = "exhausted",
        /// Too long past due (D14).
        Expired = "expired",
        /// The data may lack a reply (D15).
        StaleSource = "stale_source",
        /// The channel takes no free text now (D17).
        WindowClosed = "window_closed",
        /// No phone number or address for the channel (D18).
        NoAddress = "no_address",
        /// No configured sender for the channel (D18).
        NoSender = "no_sender",
        /// The provider refused the step for good (X4).
        Failed = "failed",
    }
}

/// What to do about one contact, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// The rule that decided.
    pub reason: Reason,
    /// The scenario, once one is found.
    pub scenario: Option<Scenario>,
    /// The step, from 1.
    pub step: Option<u32>,
    /// How many steps the scenario has.
    pub steps: Option<u32>,
    /// The `sent_at` of the inbound message that the episode answers.
    pub episode: Option<Timestamp>,
    /// When the step is due, after every move.
    pub due_at: Option<Timestamp>,
    /// The channel, as far as it is known; chosen again at sending (rule D16).
    pub channel: Option<Channel>,
    /// Whether the step's approved template goes out instead of free text (rule D17).
    pub approved_template: bool,
    /// The provider's id of the conversation.
    pub conversation_id: Option<String>,
    /// The rules that shaped the decision, in order.
    pub because: Vec<Because>,
    /// The earliest time at which the decision can change to `send` without a new fact; `None` is never.
    pub wake_at: Option<Timestamp>,
}

impl Decision {
    /// Whether the step's text is due to be written, to be sent or to be looked at by a person (rule X9).
    #[must_use]
    pub fn wants_text(&self) -> bool {
        match self.action {
            Action::Send => true,
            Action::Hold => self
                .because
                .iter()
                .any(|b| matches!(b, Because::AwaitingApproval { since: None, .. })),
            Action::Wait | Action::Stop | Action::None => false,
        }
    }
}
