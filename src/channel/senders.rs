use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::http::Http;
use super::{Outbox, SendError, Sender, Twilio, Webhook};
use crate::config::{Config, Environment, Provider, SecretRef};
use crate::model::Channel;

/// The senders of all configured channels. Each is made when it is first asked for: a secret that nothing is
/// sent with is never read.
#[derive(Debug)]
pub struct Senders {
    http: Http,
    environment: Environment,
    slots: BTreeMap<Channel, Slot>,
}

#[derive(Debug)]
enum Slot {
    Configured {
        provider: Box<Provider>,
        made: OnceLock<Result<Box<dyn Sender>, String>>,
    },
    Given(Box<dyn Sender>),
}

impl Senders {
    /// The senders of `config`, with secrets from `environment`. Reads no secret and touches no file yet.
    #[must_use]
    pub fn new(config: &Config, environment: &Environment) -> Self {
        let slots = config.channels.iter().map(|(channel, config)| {
            let slot = Slot::Configured {
                provider: Box::new(config.provider.clone()),
                made: OnceLock::new(),
            };
            (*channel, slot)
        });
        Self {
            http: Http::new(config.limits.request_timeout),
            environment: environment.clone(),
            slots: slots.collect(),
        }
    }

    /// The client that all of them share, for other signed requests.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// The sender of a channel.
    ///
    /// # Errors
    /// [`SendError::Credentials`] when none is configured or its secret cannot be had; the same on every call.
    pub fn get(&self, channel: Channel) -> Result<&dyn Sender, SendError> {
        let slot = self
            .slots
            .get(&channel)
            .ok_or_else(|| SendError::Credentials {
                reason: format!(
                    "no sender is configured for {channel}; add [channels.{channel}.…]"
                ),
            })?;
        let made = match slot {
            Slot::Given(sender) => return Ok(sender.as_ref()),
            Slot::Configured { provider, made } => made.get_or_init(|| self.make(provider)),
        };
        match made {
            Ok(sender) => Ok(sender.as_ref()),
            Err(words) => Err(SendError::Credentials {
                reason: format!("the sender of {channel} cannot be used: {words}"),
            }),
        }
    }

    fn make(&self, provider: &Provider) -> Result<Box<dyn Sender>, String> {
        let secret = |reference: &SecretRef| {
            let resolved = reference.resolve(&self.environment);
            resolved.map_err(|error| error.to_string())
        };
        let http = self.http.clone();
        Ok(match provider {
            Provider::Outbox(settings) => Box::new(Outbox::new(settings.path.clone())),
            Provider::Twilio(settings) => {
                Box::new(Twilio::new(http, settings, secret(&settings.auth_token)?))
            }
            Provider::Webhook(settings) => {
                let sender = Webhook::new(http, settings, secret(&settings.secret)?);
                Box::new(sender.map_err(|error| error.to_string())?)
            }
        })
    }
}

impl FromIterator<(Channel, Box<dyn Sender>)> for Senders {
    /// Senders that are made already, with the default timeout for other requests.
    fn from_iter<I: IntoIterator<Item = (Channel, Box<dyn Sender>)>>(senders: I) -> Self {
        let slots = senders
            .into_iter()
            .map(|(channel, sender)| (channel, Slot::Given(sender)));
        Self {
            http: Http::new(super::http::TIMEOUT),
            environment: Environment::default(),
            slots: slots.collect(),
        }
    }
}
