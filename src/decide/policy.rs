use std::collections::BTreeMap;

use crate::decide::hours::Hours;
use crate::model::{Channel, Country, Delay, JoinedBy, Scenario, named};
use crate::zone::Zone;

/// Everything of the configuration that shapes a decision, and nothing else: two configurations with equal
/// policies decide alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `bot.active` (rule D1).
    pub active: bool,
    /// `bot.timezone`.
    pub zone: Zone,
    /// `[hours]`; `None` is open at any time (rule D12).
    pub hours: Option<Hours>,
    /// `[scenarios.asked_for_time]`.
    pub asked_for_time: Cadence,
    /// `[scenarios.busy]`.
    pub busy: Cadence,
    /// `[scenarios.stopped_responding]`.
    pub stopped_responding: Cadence,
    /// `[switching] rules`; empty when switching is off (rule D16).
    pub switching: Vec<SwitchRule>,
    /// `stop.human_hold` (rule D6).
    pub human_hold: Delay,
    /// `limits.per_contact` (rule D19).
    pub per_contact: Option<Cap>,
    /// `limits.max_late` (rule D14).
    pub max_late: Option<Delay>,
    /// `limits.fresh_for`, for sources without their own (rule D15).
    pub fresh_for: Option<Delay>,
    /// `fresh_for` of the sources that are configured, by name; `None` is `"off"`.
    pub source_fresh_for: BTreeMap<String, Option<Delay>>,
    /// How long texts wait for a person, where a step's do (rule X9).
    pub approval: Approval,
    /// The channels that have a sender (rule D18).
    pub senders: Vec<Channel>,
    /// `stop.cancelled`: what an appointment that is called off means (rule D5).
    pub cancelled: Cancelled,
    /// Whether a source tells of appointments: then what a contact says of one can be looked up.
    pub confirms_bookings: bool,
    /// `people.join_by`: what makes one person of contacts.
    pub join_by: Vec<JoinedBy>,
    /// `bot.country`: where phone numbers without a country belong.
    pub country: Option<Country>,
    /// What the senders need that do not take any address as it is given (rule D18).
    pub reach: BTreeMap<Channel, Reach>,
}

named! {
    /// What an appointment that is called off means (rule D5).
    Cancelled {
        /// Following up is possible again, from then on.
        Resume = "resume",
        /// Nothing, until the contact writes again.
        Keep = "keep",
    }
}

/// What a sender needs to reach a contact (rule D18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A phone number that can be read as an international one.
    Number,
    /// The contact's id, where an address is known or they have written before: the platform knows the rest.
    Contact,
    /// A conversation with the contact on the channel, whose id is known.
    Conversation,
}

/// One scenario's settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cadence {
    /// Whether the scenario is on (rule D7).
    pub enabled: bool,
    /// Whether opening hours move its first step too (rule D12; for `asked_for_time`).
    pub hours_apply: bool,
    /// The steps in order.
    pub steps: Vec<StepRule>,
}

/// What a step says about when and where; its text is the concern of [`crate::compose`].
#[derive(Debug, Clone, PartialEq)]
pub struct StepRule {
    /// The delay from the anchor (step 1) or from the step before (rules D9, D10).
    pub after: Delay,
    /// The channel it names (rule D16).
    pub channel: Option<Channel>,
    /// Whether it has an approved WhatsApp template, to be used outside the 24-hour window (rule D17).
    pub whatsapp_template: bool,
    /// Whether a person must let its text through (rule X9).
    pub approve: bool,
}

/// How long a text waits for a person, and what becomes of it when nobody comes (rule X9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Approval {
    /// How long it waits; `None` is until it is too late anyway (rule D14).
    pub within: Option<Delay>,
    /// What then.
    pub expired: ApprovalExpired,
}

named! {
    /// What becomes of a text that nobody looked at in time (rule X9).
    #[derive(Default)]
    ApprovalExpired {
        /// The step is passed over.
        #[default]
        Skip = "skip",
        /// It goes out.
        Send = "send",
    }
}

/// One switching rule (rule D16).
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchRule {
    /// The channels that it leaves.
    pub from: Vec<Channel>,
    /// The channels to try, in order.
    pub to: Vec<Channel>,
    /// How old the contact's last inbound message must be.
    pub after: Delay,
}

/// "At most `count` in any `window`" (rule D19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// The window's length.
    pub window: Delay,
}

impl Policy {
    /// The settings of a scenario.
    #[must_use]
    pub const fn cadence(&self, scenario: Scenario) -> &Cadence {
        match scenario {
            Scenario::AskedForTime => &self.asked_for_time,
            Scenario::Busy => &self.busy,
            Scenario::StoppedResponding => &self.stopped_responding,
        }
    }

    /// A step's rule; `step` counts from 1.
    #[must_use]
    pub fn step(&self, scenario: Scenario, step: u32) -> Option<&StepRule> {
        let index = (step as usize).checked_sub(1)?;
        self.cadence(scenario).steps.get(index)
    }

    /// How old data of this source may be; `None` is any age (rule D15).
    #[must_use]
    pub fn fresh_for(&self, source: &str) -> Option<Delay> {
        self.source_fresh_for
            .get(source)
            .copied()
            .unwrap_or(self.fresh_for)
    }
}
