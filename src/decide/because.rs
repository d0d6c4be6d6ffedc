//! The rules' parts in a decision, with their facts: why, as data.

use serde::{Deserialize, Serialize};

use super::policy::ApprovalExpired;
use crate::model::{Channel, Delay, Scenario, SignalKind, Timestamp, WordSource, named};

/// One rule's part in a decision, with its facts. The table, the JSON and the stored record render this list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Because {
    /// The bot is switched off.
    BotOff,
    /// This contact's bot is paused.
    Paused {
        /// Since when.
        since: Timestamp,
        /// Until when; open when absent.
        until: Option<Timestamp>,
        /// In the operator's words.
        note: Option<String>,
    },
    /// There is no inbound message.
    NeverWrote,
    /// An opt-out stands.
    OptedOut {
        /// When it was said.
        at: Timestamp,
        /// The words, or the operator's reason.
        evidence: Option<String>,
        /// Who said it, when it was not the contact in a message.
        by: Option<WordSource>,
        /// Another contact with the same phone number or address, who said it (rule D21).
        contact_id: Option<String>,
    },
    /// The last turn of substance says no.
    NotInterested {
        /// When.
        at: Timestamp,
        /// The words.
        evidence: String,
    },
    /// An appointment is made.
    Booked {
        /// When it was said.
        at: Timestamp,
        /// The words, or the operator's reason.
        evidence: Option<String>,
        /// Who said it, when it was not the contact in a message.
        by: Option<WordSource>,
        /// When the appointment is, where a record tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        starts_at: Option<Timestamp>,
        /// Whether a record bears out what the contact said; absent where no source has any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirmed: Option<bool>,
    },
    /// The appointment that had ended it was called off: delays count from then.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// The message that a follow-up answers.
    Trigger {
        /// When it was sent.
        at: Timestamp,
        /// On which channel.
        channel: Channel,
        /// What it means.
        signal: Option<SignalKind>,
        /// The words that showed it; without a signal, the beginning of the text.
        words: String,
    },
    /// A bare "ok" keeps what was promised before it.
    PromiseKept {
        /// When the "ok" was sent.
        at: Timestamp,
    },
    /// The scenario is off; `stopped_responding` stands in.
    ScenarioOff {
        /// The scenario that would apply.
        scenario: Scenario,
    },
    /// A time was said that cannot be trusted.
    UnclearTime {
        /// The words.
        evidence: String,
    },
    /// The model that was to write says that nothing should be sent.
    AiDeclined {
        /// When.
        at: Timestamp,
        /// Why, in its words.
        reason: Option<String>,
        /// Its name.
        model: Option<String>,
    },
    /// The text waits for a person.
    AwaitingApproval {
        /// Since when; absent, while it has yet to be written.
        since: Option<Timestamp>,
        /// How long at most; open when absent.
        until: Option<Timestamp>,
        /// What then.
        then: ApprovalExpired,
    },
    /// The contact ended the talk.
    Closed {
        /// When.
        at: Timestamp,
        /// The words.
        evidence: String,
    },
    /// The contact wrote last.
    AwaitingUs {
        /// When.
        at: Timestamp,
    },
    /// All steps have been used.
    Exhausted {
        /// How many.
        used: u32,
    },
    /// The moment from which the delay counts.
    Anchor {
        /// What happened then.
        event: Anchor,
        /// When.
        at: Timestamp,
    },
    /// The step's own delay.
    Delay {
        /// The step, from 1.
        step: u32,
        /// Its delay.
        after: Delay,
        /// When it would be due by that alone.
        due_at: Timestamp,
    },
    /// A member of staff wrote; the step waits behind them.
    HumanTookOver {
        /// When they wrote last.
        at: Timestamp,
        /// Until when nothing is due.
        until: Timestamp,
    },
    /// An automatic reply says when the contact is back.
    Away {
        /// The words.
        evidence: String,
        /// When they are back.
        until: Timestamp,
    },
    /// The cap on follow-ups per contact.
    PerContact {
        /// How many are allowed.
        count: u32,
        /// In which window.
        window: Delay,
        /// When the cap allows the next.
        until: Timestamp,
    },
    /// The contact's zone is unknown to us; the bot's is used.
    UnknownTimezone {
        /// What the export says.
        given: String,
    },
    /// Moved to the next opening.
    OutsideHours {
        /// When it was due.
        from: Timestamp,
        /// When it is due now.
        to: Timestamp,
        /// On whose clock.
        timezone: String,
        /// Whether `from` is the time that the contact asked for.
        asked: bool,
    },
    /// A failed attempt, to be tried again.
    Retry {
        /// How many attempts were made.
        attempts: u32,
        /// Not before this.
        retry_at: Timestamp,
        /// The provider's words.
        error: Option<String>,
    },
    /// Too late.
    Expired {
        /// When it was due.
        due_at: Timestamp,
        /// How late it may be.
        max_late: Delay,
    },
    /// The source that would show a reply is too old.
    StaleSource {
        /// Its name.
        source: String,
        /// Up to when it is complete.
        as_of: Timestamp,
        /// How old it may be.
        fresh_for: Delay,
    },
    /// The channel, and why this one.
    Channel {
        /// The channel.
        channel: Channel,
        /// Why.
        choice: Choice,
    },
    /// A channel that was tried or thought of, and cannot be used.
    ChannelRefused {
        /// The channel.
        channel: Channel,
        /// The provider's words.
        error: Option<String>,
    },
    /// The channel's 24 hours are over; the approved template goes out.
    ApprovedTemplate {
        /// The channel.
        channel: Channel,
    },
    /// The channel's 24 hours are over.
    WindowClosed {
        /// The channel.
        channel: Channel,
        /// The contact's last inbound message there.
        last_inbound_at: Option<Timestamp>,
    },
    /// No phone number or address.
    NoAddress {
        /// The channel.
        channel: Channel,
    },
    /// A phone number that cannot be read as an international one.
    UnreadableNumber {
        /// The channel.
        channel: Channel,
    },
    /// No conversation in which the sender could answer.
    NoConversation {
        /// The channel.
        channel: Channel,
    },
    /// The 24 hours are over, but the contact came by an ad, which keeps the channel open for seven days.
    AdWindow {
        /// The channel.
        channel: Channel,
        /// When they came.
        at: Timestamp,
        /// From this moment on it is closed.
        closes_at: Timestamp,
    },
    /// No sender is configured.
    NoSender {
        /// The channel.
        channel: Channel,
    },
    /// What ends this schedule: a reply, an opt-out, a booking, a closed conversation, and being too late.
    EndedBy {
        /// After this it is too late.
        expires_at: Option<Timestamp>,
    },
}

named! {
    /// What happened at an anchor (rules D9, D10).
    Anchor {
        /// Our message that nobody answered.
        OurMessage = "our_message",
        /// The contact's message that says they are busy.
        BusyMessage = "busy_message",
        /// The time that the contact asked for.
        TimeAsked = "time_asked",
        /// The step before was sent.
        StepSent = "step_sent",
        /// The step before was passed over by a person, or because none came in time.
        StepSkipped = "step_skipped",
    }
}

named! {
    /// Why a channel was chosen (rule D16).
    Choice {
        /// The step names it.
        Step = "step",
        /// The contact wrote there last.
        LastInbound = "last_inbound",
        /// A switching rule.
        Switched = "switched",
    }
}

/// A decision's rules with their numbers, as a JSON array.
///
/// # Errors
/// Never in practice: it is text and numbers.
pub fn because_json(because: &[Because]) -> serde_json::Result<String> {
    let mut json = Vec::with_capacity(1024);
    json.push(b'[');
    for fact in because {
        if json.len() > 1 {
            json.push(b',');
        }
        fact.write_json(&mut json)?;
    }
    json.push(b']');
    String::from_utf8(json).map_err(serde::de::Error::custom)
}

impl Because {
    /// The number of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::BotOff | Self::Paused { .. } => "D1",
            Self::NeverWrote => "D2",
            Self::OptedOut {
                contact_id: None, ..
            } => "D3",
            Self::OptedOut {
                contact_id: Some(_),
                ..
            } => "D21",
            Self::NotInterested { .. } => "D4",
            Self::Booked { .. } | Self::Cancelled { .. } => "D5",
            Self::HumanTookOver { .. } => "D6",
            Self::Trigger { .. } => "S1",
            Self::PromiseKept { .. } | Self::ScenarioOff { .. } | Self::Closed { .. } => "D7",
            Self::UnclearTime { .. } => "S4",
            Self::AiDeclined { .. } => "X5",
            Self::AwaitingApproval { .. } => "X9",
            Self::AwaitingUs { .. } => "D8",
            Self::Exhausted { .. } | Self::EndedBy { .. } => "D11",
            Self::Anchor {
                event: Anchor::StepSent | Anchor::StepSkipped,
                ..
            } => "D10",
            Self::Anchor { .. } | Self::Delay { .. } => "D9",
            Self::Away { .. } => "S8",
            Self::PerContact { .. } => "D19",
            Self::UnknownTimezone { .. } => "D13",
            Self::OutsideHours { .. } => "D12",
            Self::Retry { .. } | Self::ChannelRefused { .. } => "X4",
            Self::Expired { .. } => "D14",
            Self::StaleSource { .. } => "D15",
            Self::Channel { .. } => "D16",
            Self::ApprovedTemplate { .. } | Self::WindowClosed { .. } | Self::AdWindow { .. } => {
                "D17"
            }
            Self::NoAddress { .. }
            | Self::UnreadableNumber { .. }
            | Self::NoConversation { .. }
            | Self::NoSender { .. } => "D18",
        }
    }

    /// Appends this fact with its rule's number: `{"rule":"D12","fact":"outside_hours",…}`.
    fn write_json(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        json.extend_from_slice(br#"{"rule":""#);
        json.extend_from_slice(self.rule().as_bytes());
        json.push(b'"');
        let opening = json.len();
        serde_json::to_writer(&mut *json, self)?;
        json[opening] = b','; // the fact's own fields follow, in the same object
        Ok(())
    }
}
