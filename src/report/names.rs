//! What actions, reasons, channels and the like are called in front of people.

use crate::decide::{Action, Reason};
use crate::model::{Channel, FollowUpState, Scenario, SignalKind, WordSource, fold};

/// An action in a word or two.
#[must_use]
pub const fn action_words(action: Action) -> &'static str {
    match action {
        Action::Send => "due now",
        Action::Wait => "scheduled",
        Action::Hold => "held",
        Action::Stop => "stopped",
        Action::None => "nothing due",
    }
}

/// A reason in a few words, for counts.
#[must_use]
pub const fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Due => "due",
        Reason::Delay => "waiting",
        Reason::OutsideHours => "outside hours",
        Reason::HumanTookOver => "staff took over",
        Reason::Away => "away",
        Reason::PerContact => "at the limit per contact",
        Reason::Retry => "waiting for another try",
        Reason::BotInactive => "bot off or paused",
        Reason::NeverWrote => "never wrote",
        Reason::OptedOut => "opted out",
        Reason::NotInterested => "not interested",
        Reason::Booked => "booked",
        Reason::UnclearTime => "unclear time",
        Reason::AiDeclined => "declined by the AI",
        Reason::AwaitingApproval => "waits for review",
        Reason::ConversationClosed => "conversation closed",
        Reason::ScenarioOff => "scenario off",
        Reason::AwaitingUs => "awaiting our answer",
        Reason::Exhausted => "all steps used",
        Reason::Expired => "too late",
        Reason::StaleSource => "stale source",
        Reason::WindowClosed => "24-hour window closed",
        Reason::NoAddress => "no address",
        Reason::NoSender => "no sender",
        Reason::Failed => "refused by the provider",
    }
}

/// A scenario in words.
#[must_use]
pub const fn scenario_words(scenario: Scenario) -> &'static str {
    match scenario {
        Scenario::AskedForTime => "asked for a time",
        Scenario::Busy => "busy",
        Scenario::StoppedResponding => "stopped responding",
    }
}

/// A channel in words.
#[must_use]
pub const fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::LiveChat => "live chat",
        Channel::Sms => "SMS",
        Channel::Whatsapp => "WhatsApp",
        Channel::Facebook => "Facebook",
        Channel::Instagram => "Instagram",
        Channel::Telegram => "Telegram",
        Channel::Email => "email",
    }
}

/// What became of a follow-up, in words.
pub(super) const fn state_words(state: FollowUpState) -> &'static str {
    match state {
        FollowUpState::Sending => "on its way",
        FollowUpState::Sent => "sent",
        FollowUpState::Retry => "not sent yet, tried again",
        FollowUpState::Failed => "not sent",
        FollowUpState::Unknown => "perhaps sent: nobody knows",
    }
}

/// What a signal means, in words.
pub(super) const fn signal_words(signal: SignalKind) -> &'static str {
    match signal {
        SignalKind::Ack => "only acknowledged",
        SignalKind::Closing => "ended the conversation",
        SignalKind::OptIn => "opted in",
        SignalKind::Busy => "busy",
        SignalKind::AskedForTime => "asked for a time",
        SignalKind::Booked => "booked",
        SignalKind::NotInterested => "not interested",
        SignalKind::OptOut => "opted out",
    }
}

pub(super) const fn by_words(source: WordSource) -> &'static str {
    match source {
        WordSource::Operator => "by an operator",
        WordSource::Provider => "by the provider's word",
        WordSource::Suppression => "before their data was erased",
        WordSource::Data => "by a record in an import",
    }
}

/// A name to be put behind an id: nothing when there is none, or when it is the id again.
#[must_use]
pub fn name_after(id: &str, name: Option<&str>) -> String {
    let told = name.filter(|name| fold(name) != fold(id));
    told.map_or_else(String::new, |name| format!(" {name}"))
}
