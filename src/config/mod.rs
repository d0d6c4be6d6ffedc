//! The configuration: `followup.toml` as written goes in, only valid states come out.

mod ai;
mod apis;
mod budget;
mod channels;
mod columns;
mod diagnostic;
mod disclosure;
mod environment;
mod file;
mod find;
mod findings;
mod fingerprint;
mod format;
mod hours;
mod imap;
mod load;
mod people;
mod scenarios;
mod schema;
mod secret;
mod secret_ref;
mod source_url;
mod sources;
mod suggest;
mod switching;
mod templates;
mod tls;
mod validate;
mod words;
mod workflows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use ai::{Ai, AiModel, AiProvider, Otherwise, Prose};
pub use apis::{Api, ApiSource, IntercomAccess, TwilioAccount};
pub use budget::{Allowance, Budget, Price};
pub use channels::{
    ChannelConfig, ChatwootSettings, EmailSettings, HighlevelSettings, IntercomSettings,
    MetaSettings, OutboxSettings, Provider, Rate, Security, SendmailSettings, SmtpSettings,
    TelegramSettings, TwilioSender, TwilioSettings, WebhookSettings,
};
pub use diagnostic::{Diagnostics, Note, Warning};
pub use disclosure::Disclosure;
pub use environment::Environment;
pub use find::find;
pub use fingerprint::fingerprint;
pub use format::{AUTO, DateOrder, Format};
pub use imap::{ImapLogin, ImapSettings};
pub use load::{CheckTemplate, TemplateUse, TemplateVerdict, check, load, parse};
pub use scenarios::{Step, StepText};
pub use schema::schema;
pub use secret::{Secret, SecretError, SecretRef};
pub use source_url::SourceUrl;
pub use sources::{AfterImport, SourceConfig};
pub use templates::{Template, WhatsappTemplate};
pub use tls::Certificates;
pub use workflows::{Hook, Notify, Workflow};

use crate::decide::Policy;
use crate::model::{Channel, Country, Language, Scenario};
use crate::zone::Zone;

/// A configuration without faults.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from.
    pub file: PathBuf,
    /// The directory of that file: what relative paths in it are relative to.
    pub root: PathBuf,
    /// `[bot]`.
    pub bot: Bot,
    /// `store.path`, resolved; default `followup.db`.
    pub store: PathBuf,
    /// What shapes decisions.
    pub policy: Policy,
    /// The texts and workflows of the scenarios' steps, in the order of [`crate::decide::Cadence::steps`].
    pub scenarios: BTreeMap<Scenario, Vec<Step>>,
    /// `[templates]`, by name.
    pub templates: BTreeMap<String, Template>,
    /// `[workflows]`, by name.
    pub workflows: BTreeMap<String, Workflow>,
    /// `[channels]`: at most one sender for each.
    pub channels: BTreeMap<Channel, ChannelConfig>,
    /// `[[sources]]` that are files, in the order of the configuration; names are unique among all sources.
    pub sources: Vec<SourceConfig>,
    /// `[[sources]]` that are asked by their API, in the order of the configuration.
    pub apis: Vec<ApiSource>,
    /// `[stop]`, but for what is in [`Config::policy`].
    pub stop: Stop,
    /// `[limits]`, but for what is in [`Config::policy`].
    pub limits: Limits,
    /// `[tls]`: the certificates that are trusted besides the public ones.
    pub certificates: Certificates,
    /// `[ai]`.
    pub ai: Option<Ai>,
}

/// Who writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Bot {
    /// The business's name; a template sees it as `bot.name`.
    pub name: String,
    /// Whether anything is sent at all (rule D1).
    pub active: bool,
    /// The zone of contacts whose own is unknown.
    pub zone: Zone,
    /// Where phone numbers without a country belong; without it they are refused.
    pub country: Option<Country>,
    /// The language tag of contacts whose own is unknown, as written, such as `es` or `es-MX`; default `en`.
    pub language_tag: String,
    /// The language of that tag; English when it is not one of ours.
    pub language: Language,
}

/// What ends following up, beyond the built-in rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stop {
    /// Further words that are an opt-out when they are the whole message (rule S5).
    pub opt_out_words: Vec<String>,
}

/// How much one run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most messages in one run; `None` is any number; default 500 (rule D19).
    pub per_run: Option<u32>,
    /// How many requests are in flight at once, 1 to 64; default 8.
    pub concurrency: usize,
    /// After how long a request without an answer is given up; default 30 s.
    pub request_timeout: Duration,
}

impl Config {
    /// Whether a source is asked by its API or fetched from a URL, by every run and by a sync.
    #[must_use]
    pub fn is_pulled(&self, source: &str) -> bool {
        let has_url = |s: &SourceConfig| s.url.is_some() && s.name == source;
        self.apis.iter().any(|s| s.name == source) || self.sources.iter().any(has_url)
    }

    /// The files of the channels that write to one instead of sending.
    pub fn outboxes(&self) -> impl Iterator<Item = &Path> {
        self.channels.values().filter_map(|c| match &c.provider {
            Provider::Outbox(settings) => Some(settings.path.as_path()),
            _ => None,
        })
    }

    /// How fast each channel may send: as configured, else as its provider says.
    #[must_use]
    pub fn rates(&self) -> BTreeMap<Channel, Rate> {
        channels::rates(&self.channels)
    }

    /// How fast each channel may send to the same contact: as configured, else as its provider says.
    #[must_use]
    pub fn contact_rates(&self) -> BTreeMap<Channel, Rate> {
        let rate = |(channel, c): (&Channel, &ChannelConfig)| {
            let usual = || c.provider.usual_contact_rate(*channel);
            Some((*channel, c.contact_rate.or_else(usual)?))
        };
        self.channels.iter().filter_map(rate).collect()
    }

    /// The text and workflow of a step, counted from 1.
    #[must_use]
    pub fn step(&self, scenario: Scenario, step: u32) -> Option<&Step> {
        let index = usize::try_from(step).ok()?.checked_sub(1)?;
        self.scenarios.get(&scenario)?.get(index)
    }
}
