//! Which channel a step goes over (rules D16, D17, D18).

use chrono::TimeDelta;

use crate::decide::timeline::Timeline;
use crate::decide::{Because, Choice, Reason};
use crate::decide::{Nowhere, Policy, StepRule, address};
use crate::model::{Channel, Refusal, Thread, Timestamp};
use crate::zone::Zone;

/// The platforms' window for free text after the contact's last inbound message (rule D17).
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// The same after a message by which the contact came from an ad, on Messenger and Instagram.
const AD_WINDOW: TimeDelta = TimeDelta::days(7);

/// What routing needs to know.
pub(crate) struct Routing<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) thread: &'a Thread,
    pub(crate) zone: &'a Zone,
    pub(crate) timeline: &'a Timeline<'a>,
    pub(crate) step: &'a StepRule,
    /// The channels that would not take this step (rule X4).
    pub(crate) refused_on: &'a [Refusal],
    /// When the last of them did.
    pub(crate) refused_at: Option<Timestamp>,
}

/// A channel on which the step can go out.
pub(crate) struct Route {
    pub(crate) channel: Channel,
    /// As the provider-approved template, because the window is closed.
    pub(crate) approved_template: bool,
    /// When the contact came by an ad, if the window is open by that alone.
    by_ad: Option<Timestamp>,
}

/// Why there is no [`Route`].
pub(crate) struct NoRoute {
    pub(crate) reason: Reason,
    /// When a switching rule may open another channel.
    pub(crate) opens_at: Option<Timestamp>,
}

impl Route {
    fn tell(&self, choice: Choice, because: &mut Vec<Because>) {
        let channel = self.channel;
        because.push(Because::Channel { channel, choice });
        if self.approved_template {
            because.push(Because::ApprovedTemplate { channel });
        }
        if let Some(at) = self.by_ad {
            let closes_at = at + AD_WINDOW;
            because.push(Because::AdWindow {
                channel,
                at,
                closes_at,
            });
        }
    }
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
        let refused = self.refuses(first);
        let closed = self.says_closed(first);
        // A step that names its channel means it; rules lead away only from a channel that refused it.
        let may_switch = refused || closed || choice != Choice::Step;
        let rules = self
            .policy
            .switching
            .iter()
            .filter(|r| may_switch && r.from.contains(&first));
        let opening = |r: &crate::decide::SwitchRule| {
            last_inbound.map_or(at, |m| self.zone.after(m.sent_at, r.after))
        };
        // A refusal ends the episode unless a rule offers another channel there and then (X4).
        let offered_at = self.refused_at.filter(|_| refused || closed).unwrap_or(at);
        // When the provider says that its 24 hours are over, they are.
        let over = last_inbound.filter(|_| closed).map(|m| m.sent_at + WINDOW);
        let offered_at = over.map_or(offered_at, |over| offered_at.max(over));
        let open = rules.clone().filter(|r| opening(r) <= offered_at);
        let switched = open
            .flat_map(|r| &r.to)
            .find_map(|to| self.usable(*to, at).ok());
        if let Some(route) = switched {
            route.tell(Choice::Switched, because);
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
                route.tell(choice, because);
                Ok(route)
            }
            Err(obstacle) => {
                let reason = match obstacle {
                    Because::WindowClosed { .. } => Reason::WindowClosed,
                    Because::NoSender { .. } => Reason::NoSender,
                    _ => Reason::NoAddress,
                };
                because.push(obstacle);
                let reason = if closed { Reason::Failed } else { reason };
                let opens_at = rules.map(opening).filter(|opens| *opens > at).min();
                Err(NoRoute { reason, opens_at })
            }
        }
    }

    /// Whether the step can go out on `channel`, and else why not.
    fn usable(&self, channel: Channel, at: Timestamp) -> Result<Route, Because> {
        if self.refuses(channel) {
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
        let closed = self.says_closed(channel);
        let open = !closed && last.is_some_and(|last| at < last + WINDOW);
        let window_open = !channel.has_window() || open;
        let by_ad = match window_open || closed {
            true => None,
            false => self.ad_window(channel, at),
        };
        let approved_template =
            !window_open && channel == Channel::Whatsapp && self.step.whatsapp_template;
        if !window_open && !approved_template && by_ad.is_none() {
            return Err(Because::WindowClosed {
                channel,
                last_inbound_at: last,
            });
        }
        if !self.policy.senders.contains(&channel) {
            return Err(Because::NoSender { channel });
        }
        if let Err(nowhere) = address(self.policy, self.thread, channel) {
            return Err(match nowhere {
                Nowhere::NoAddress => Because::NoAddress { channel },
                Nowhere::UnreadableNumber => Because::UnreadableNumber { channel },
                Nowhere::NoConversation => Because::NoConversation { channel },
            });
        }
        Ok(Route {
            channel,
            approved_template,
            by_ad,
        })
    }

    /// Whether a channel will not take the step at all.
    fn refuses(&self, channel: Channel) -> bool {
        self.refused_on.contains(&Refusal::ForGood(channel))
    }

    /// Whether a channel takes no free text, by its provider's word.
    fn says_closed(&self, channel: Channel) -> bool {
        self.refused_on.contains(&Refusal::WindowClosed(channel))
    }

    /// D17: when the contact came by an ad, if that keeps the channel open at `at`.
    fn ad_window(&self, channel: Channel, at: Timestamp) -> Option<Timestamp> {
        if !channel.has_ad_window() {
            return None;
        }
        let mut inbound = self.timeline.inbound();
        let clicked = inbound.rfind(|m| m.channel == channel && m.ad_click)?;
        (at < clicked.sent_at + AD_WINDOW).then_some(clicked.sent_at)
    }
}
