//! Which channel a step goes over (rules D16, D17, D18).

use chrono::TimeDelta;

use crate::decide::reason::{Because, Choice, Reason};
use crate::decide::timeline::Timeline;
use crate::decide::{Policy, StepRule};
use crate::model::{Channel, Contact, Timestamp};
use crate::zone::Zone;

/// The platforms' window for free text after the contact's last inbound message (rule D17).
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// What routing needs to know.
pub(crate) struct Routing<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) contact: &'a Contact,
    pub(crate) zone: &'a Zone,
    pub(crate) timeline: &'a Timeline<'a>,
    pub(crate) step: &'a StepRule,
    /// The channels that refused this step for good (rule X4).
    pub(crate) refused_on: &'a [Channel],
    /// When the last of them did.
    pub(crate) refused_at: Option<Timestamp>,
}

/// A channel on which the step can go out.
pub(crate) struct Route {
    pub(crate) channel: Channel,
    /// As the provider-approved template, because the window is closed.
    pub(crate) approved_template: bool,
}

/// Why there is no [`Route`].
pub(crate) struct NoRoute {
    pub(crate) reason: Reason,
    /// When a switching rule may open another channel.
    pub(crate) opens_at: Option<Timestamp>,
}

impl Routing<'_> {
    /// The channel at the moment `at`.
    pub(crate) fn choose(
        &self,
        at: Timestamp,
        because: &mut Vec<Because>,
    ) -> Result<Route, NoRoute> {
        let last_inbound = self.timeline.inbound().next_back();
        let (first, choice) = match (self.step.channel, last_inbound) {
            (Some(channel), _) => (channel, Choice::Step),
            (None, Some(message)) => (message.channel, Choice::LastInbound),
            (None, None) => {
                return Err(NoRoute {
                    reason: Reason::NeverWrote,
                    opens_at: None,
                });
            }
        };
        let refused = self.refused_on.contains(&first);
        // A step that names its channel means it; rules lead away only from a channel that refused it.
        let may_switch = refused || choice != Choice::Step;
        let rules = self
            .policy
            .switching
            .iter()
            .filter(|r| may_switch && r.from.contains(&first));
        let opening = |r: &crate::decide::SwitchRule| {
            last_inbound.map_or(at, |m| self.zone.after(m.sent_at, r.after))
        };
        // A refusal ends the episode unless a rule offers another channel there and then (X4).
        let offered_at = self.refused_at.filter(|_| refused).unwrap_or(at);
        let open = rules.clone().filter(|r| opening(r) <= offered_at);
        let switched = open
            .flat_map(|r| &r.to)
            .find_map(|to| self.usable(*to, at).ok());
        if let Some(route) = switched {
            because.push(Because::Channel {
                channel: route.channel,
                choice: Choice::Switched,
            });
            return Ok(route);
        }
        if refused {
            return Err(NoRoute {
                reason: Reason::Failed,
                opens_at: None,
            });
        }
        match self.usable(first, at) {
            Ok(route) => {
                because.push(Because::Channel {
                    channel: first,
                    choice,
                });
                if route.approved_template {
                    because.push(Because::ApprovedTemplate { channel: first });
                }
                Ok(route)
            }
            Err(obstacle) => {
                let reason = match obstacle {
                    Because::WindowClosed { .. } => Reason::WindowClosed,
                    Because::NoSender { .. } => Reason::NoSender,
                    _ => Reason::NoAddress,
                };
                because.push(obstacle);
                let opens_at = rules.map(opening).filter(|opens| *opens > at).min();
                Err(NoRoute { reason, opens_at })
            }
        }
    }

    /// Whether the step can go out on `channel`, and else why not.
    fn usable(&self, channel: Channel, at: Timestamp) -> Result<Route, Because> {
        if self.refused_on.contains(&channel) {
            return Err(Because::ChannelRefused {
                channel,
                error: None,
            });
        }
        let last = self
            .timeline
            .inbound()
            .rfind(|m| m.channel == channel)
            .map(|m| m.sent_at);
        let window_open = !channel.has_window() || last.is_some_and(|last| at < last + WINDOW);
        let approved_template =
            !window_open && channel == Channel::Whatsapp && self.step.whatsapp_template;
        if !window_open && !approved_template {
            return Err(Because::WindowClosed {
                channel,
                last_inbound_at: last,
            });
        }
        if !self.policy.senders.contains(&channel) {
            return Err(Because::NoSender { channel });
        }
        if self.contact.address(channel).is_none_or(str::is_empty) {
            return Err(Because::NoAddress { channel });
        }
        Ok(Route {
            channel,
            approved_template,
        })
    }
}
