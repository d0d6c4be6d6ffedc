use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{
    Chatwoot, Highlevel, Intercom, Meta, Outbox, Sender, Sendmail, Smtp, Telegram, Twilio, Webhook,
};
use crate::config::{Certificates, Config, Environment, Provider, SecretRef};
use crate::http::Http;
use crate::model::{Channel, Country};

/// The senders of all configured channels. Each is made when it is first asked for: a secret that nothing is
/// sent with is never read.
#[derive(Debug)]
pub struct Senders {
    http: Http,
    timeout: Duration,
    bot_name: String,
    country: Option<Country>,
    environment: Environment,
    certificates: Certificates,
    slots: BTreeMap<Channel, Slot>,
}

#[derive(Debug)]
enum Slot {
    Configured {
        provider: Box<Provider>,
        made: OnceLock<Result<Arc<dyn Sender>, String>>,
    },
    Given(Arc<dyn Sender>),
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
            http: Http::trusting(&config.certificates, config.limits.request_timeout),
            certificates: config.certificates.clone(),
            timeout: config.limits.request_timeout,
            bot_name: config.bot.name.clone(),
            country: config.bot.country,
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
    /// In words, the same on every call, when none is configured or its secret cannot be had.
    pub fn get(&self, channel: Channel) -> Result<Arc<dyn Sender>, String> {
        let slot = self.slots.get(&channel).ok_or_else(|| {
            format!("no sender is configured for {channel}; add [channels.{channel}.…]")
        })?;
        let made = match slot {
            Slot::Given(sender) => return Ok(Arc::clone(sender)),
            Slot::Configured { provider, made } => {
                made.get_or_init(|| self.make(channel, provider))
            }
        };
        made.clone()
            .map_err(|words| format!("the sender of {channel} cannot be used: {words}"))
    }

    /// The channels whose sender cannot be made, each with why. Reads every secret.
    #[must_use]
    pub fn faults(&self) -> Vec<(Channel, String)> {
        let channels = self.slots.keys();
        channels
            .filter_map(|channel| Some((*channel, self.get(*channel).err()?)))
            .collect()
    }

    fn make(&self, channel: Channel, provider: &Provider) -> Result<Arc<dyn Sender>, String> {
        let secret = |reference: &SecretRef| {
            let resolved = reference.resolve(&self.environment);
            resolved.map_err(|error| error.to_string())
        };
        let http = self.http.clone();
        Ok(match provider {
            Provider::Outbox(settings) => Arc::new(Outbox::new(settings.path.clone())),
            Provider::Twilio(settings) => {
                let token = secret(&settings.auth_token)?;
                Arc::new(Twilio::new(http, settings, token).in_country(self.country))
            }
            Provider::Meta(settings) => {
                let token = secret(&settings.access_token)?;
                Arc::new(Meta::new(http, settings, channel, token).in_country(self.country))
            }
            Provider::Highlevel(settings) => {
                let token = secret(&settings.token)?;
                Arc::new(Highlevel::new(http, settings, &self.bot_name, token))
            }
            Provider::Telegram(settings) => {
                let sender = Telegram::new(http, settings, secret(&settings.bot_token)?);
                Arc::new(sender.map_err(|error| error.to_string())?)
            }
            Provider::Chatwoot(settings) => {
                let token = secret(&settings.api_access_token)?;
                Arc::new(Chatwoot::new(http, settings, token))
            }
            Provider::Intercom(settings) => {
                let token = secret(&settings.access_token)?;
                Arc::new(Intercom::new(http, settings, token))
            }
            Provider::Smtp(settings) => {
                let login = settings.login.as_ref();
                let password = login.map(|(_, password)| secret(password)).transpose()?;
                Arc::new(Smtp::new(
                    settings,
                    &self.bot_name,
                    password,
                    &self.certificates,
                    self.timeout,
                ))
            }
            Provider::Sendmail(settings) => Arc::new(Sendmail::new(
                settings,
                &self.bot_name,
                &self.environment,
                self.timeout,
            )),
            Provider::Webhook(settings) => {
                let sender = Webhook::new(http, settings, secret(&settings.secret)?);
                Arc::new(sender.map_err(|error| error.to_string())?)
            }
        })
    }
}

impl FromIterator<(Channel, Arc<dyn Sender>)> for Senders {
    /// Senders that are made already, with the default timeout for other requests.
    fn from_iter<I: IntoIterator<Item = (Channel, Arc<dyn Sender>)>>(senders: I) -> Self {
        let slots = senders
            .into_iter()
            .map(|(channel, sender)| (channel, Slot::Given(sender)));
        Self {
            http: Http::new(crate::http::TIMEOUT),
            certificates: Certificates::default(),
            timeout: crate::http::TIMEOUT,
            bot_name: String::new(),
            country: None,
            environment: Environment::default(),
            slots: slots.collect(),
        }
    }
}
