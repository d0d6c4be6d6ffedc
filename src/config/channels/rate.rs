use std::collections::BTreeMap;
use std::time::Duration;

use super::ChannelConfig;
use crate::model::Channel;

/// At most `count` messages in any `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how long; at least a second.
    pub per: Duration,
}

/// How fast each channel may send: as configured, else as its provider says. Channels of one account share what
/// the provider allows: a HighLevel location with two channels has half of it for each.
#[must_use]
pub(in crate::config) fn rates(
    channels: &BTreeMap<Channel, ChannelConfig>,
) -> BTreeMap<Channel, Rate> {
    let rate = |config: &ChannelConfig| {
        config.rate.or_else(|| {
            let usual = config.provider.usual_rate()?;
            let account = config.provider.account();
            let sharing = channels
                .values()
                .filter(|other| other.provider.account() == account);
            let per = usual.per * u32::try_from(sharing.count()).unwrap_or(1);
            Some(Rate { per, ..usual })
        })
    };
    let rates = channels.iter();
    rates
        .filter_map(|(channel, config)| Some((*channel, rate(config)?)))
        .collect()
}
