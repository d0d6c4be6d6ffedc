//! Pulling messages by API, and files by URL: one file per provider, each an [`Api`] that gives pages of [`Record`]s.
//!
//! A page is asked for with the cursor that the page before left. Whoever stores a page stores its cursor in the
//! same transaction: a sync that is killed anywhere goes on where it was, with nothing lost and nothing doubled.
//! Each sync asks for a little more than what is new, so that a message that arrives late is not missed; messages
//! have identities, and one that comes twice is stored once.

mod chatwoot;
mod client;
mod cursor;
mod download;
mod highlevel;
#[cfg(feature = "imap")]
mod imap;
mod intercom;
mod patience;
mod telegram;
mod twilio;

use crate::config::{self, ApiSource, Config, Environment, SecretRef};
use crate::error::Outcome;
use crate::http::Http;
use crate::import::{Bookings, ContactRecord, Record, RowError};
use crate::model::{Channel, Timestamp};

use client::Client;
pub use download::{Download, download};
use patience::Waiter;
pub use patience::{Around, Patience};

/// What a page tells.
#[derive(Debug)]
pub enum Told<'a> {
    /// A message, or something of its contact.
    Record(&'a Record<'a>),
    /// What the provider has of a contact now; whether they may be written to is told apart from it.
    Contact(&'a ContactRecord),
    /// The provider has the contact as not to be written to.
    DoNotDisturb {
        /// The contact's id.
        contact_id: &'a str,
        /// Why not, in its words.
        reason: &'a str,
    },
    /// The provider has the contact as one who may be written to, whatever it said before.
    MayBeWrittenTo {
        /// The contact's id.
        contact_id: &'a str,
        /// How the reasons begin that it gave before.
        said: &'static str,
    },
    /// A contact's appointments; where they are the whole, another one that is to come has been deleted.
    Bookings {
        /// The contact's id.
        contact_id: String,
        /// The appointments.
        bookings: Bookings,
    },
    /// A row that cannot be used, with its place on the page.
    Unusable(RowError),
}

/// Takes what a page tells.
pub type Take<'t> = dyn FnMut(Told<'_>) + 't;

/// What is known after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where the next page, or the next sync, begins. An opaque text, to be kept with the page's messages.
    pub cursor: String,
    /// Whether there is nothing more for now.
    pub is_last: bool,
}

/// About whom a source is asked right before they are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whom<'a> {
    /// The ids under which they are known.
    pub contact_ids: &'a [&'a str],
    /// Their addresses on each channel, phone numbers with their country.
    pub addresses: &'a [(Channel, String)],
    /// The provider's ids of the conversations with them, and the id that they have on that channel.
    pub conversations: &'a [Talk<'a>],
    /// Their newest message that is known: only newer ones matter.
    pub since: Timestamp,
}

/// A conversation with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk<'a> {
    /// The provider's id of it.
    pub id: &'a str,
    /// The channel.
    pub channel: Channel,
    /// The contact's id there.
    pub contact_id: &'a str,
}

/// An API that messages are pulled from. Asked from several threads at once.
pub trait Api: Send + Sync {
    /// Asks for the page at `cursor`; `None` is the very first. Rows that cannot be used are given too.
    ///
    /// # Errors
    /// When there is no whole page; what `take` was given by then may be kept, the cursor stays.
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError>;

    /// Whether asking for a page makes the provider forget the one before: then each must be stored before the
    /// next is asked for.
    fn forgets(&self) -> bool {
        false
    }

    /// Asks for the newest messages of one contact; `false` when this source cannot be asked about them.
    ///
    /// # Errors
    /// When there is no clear answer.
    fn look(&self, _whom: &Whom<'_>, _take: &mut Take<'_>) -> Result<bool, SyncError> {
        Ok(false)
    }
}

/// Why a source gives nothing now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// It may answer later: it is down, busy, or answered what nobody can read.
    #[error("{0}")]
    Later(String),
    /// It refuses our credentials.
    #[error("{0}")]
    Credentials(String),
    /// The settings are at fault: a URL, an account, a secret that cannot be had, a webhook in the way.
    #[error("{0}")]
    Settings(String),
    /// It refuses this request: there is no such thing, or a cursor has grown too old.
    #[error("HTTP {status}: {reason}")]
    Refused {
        /// The HTTP status, 400 to 499.
        status: u16,
        /// The provider's words.
        reason: String,
    },
}

impl SyncError {
    /// Whether what was asked for is not there any more.
    const fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 404 | 410,
                ..
            }
        )
    }

    /// The exit code's kind.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Later(_) => Outcome::TryLater,
            Self::Credentials(_) => Outcome::Permission,
            Self::Settings(_) | Self::Refused { .. } => Outcome::Config,
        }
    }
}

/// Opens a source: reads its secret, asks nothing yet.
///
/// # Errors
/// [`SyncError::Settings`] when its secret cannot be had.
pub fn open<'a>(
    source: &ApiSource,
    config: &Config,
    environment: &Environment,
    around: Around<'a>,
    patience: Patience,
) -> Result<Box<dyn Api + 'a>, SyncError> {
    let secret = |reference: &SecretRef| {
        let resolved = reference.resolve(environment);
        resolved.map_err(|error| SyncError::Settings(error.to_string()))
    };
    let timeout = config.limits.request_timeout;
    let http = Http::trusting(&config.certificates, timeout).reading(MOST_ANSWER_BYTES);
    let waiter = |provider| Waiter {
        provider,
        around,
        patience,
    };
    let client = |provider, secrets| Client::new(http, secrets, waiter(provider));
    let since = source.since;
    Ok(match &source.api {
        config::Api::Highlevel(settings) => {
            let token = secret(&settings.token)?;
            let client = client("HighLevel", vec![token.expose().to_owned()]);
            Box::new(highlevel::Highlevel::new(client, settings, token, since))
        }
        config::Api::Chatwoot(settings) => {
            let token = secret(&settings.api_access_token)?;
            let client = client("Chatwoot", vec![token.expose().to_owned()]);
            Box::new(chatwoot::Chatwoot::new(client, settings, token, since))
        }
        config::Api::Twilio(settings) => {
            let token = secret(&settings.auth_token)?;
            let header = twilio::authorization(settings, &token);
            let secrets = vec![token.expose().to_owned(), header];
            let client = client("Twilio", secrets);
            Box::new(twilio::Twilio::new(client, settings, &token, since))
        }
        config::Api::Telegram(settings) => {
            let token = secret(&settings.bot_token)?;
            let key = token.expose().rsplit(':').next().unwrap_or_default();
            let client = client("Telegram", vec![key.to_owned()]);
            let telegram = telegram::Telegram::new(client, settings, &token);
            let telegram = telegram.ok_or_else(|| {
                let words = "the bot's token is none: digits, a colon, then letters and digits";
                SyncError::Settings(words.to_owned())
            })?;
            Box::new(telegram)
        }
        config::Api::Intercom(settings) => {
            let token = secret(&settings.access_token)?;
            let client = client("Intercom", vec![token.expose().to_owned()]);
            Box::new(intercom::Intercom::new(client, settings, &token, since))
        }
        #[cfg(feature = "imap")]
        config::Api::Imap(settings) => {
            let (config::ImapLogin::Password(shown) | config::ImapLogin::AccessToken(shown)) =
                &settings.login;
            let shown = secret(shown)?;
            let waiter = waiter("the mail server");
            let trust = imap::trust(&config.certificates)?;
            Box::new(imap::Imap::new(
                settings, shown, trust, timeout, waiter, since,
            ))
        }
        #[cfg(not(feature = "imap"))]
        config::Api::Imap(_) => {
            let words = "this followup was built without IMAP".to_owned();
            return Err(SyncError::Settings(words));
        }
    })
}

/// The account that a source's cursor belongs to: with another one, everything is asked for anew.
#[must_use]
pub fn account(source: &ApiSource) -> String {
    let (name, since) = (source.api.name(), source.since);
    let since = since
        .map(|at| at.timestamp().to_string())
        .unwrap_or_default();
    let account = match &source.api {
        config::Api::Imap(s) => return imap_account(s, &since),
        config::Api::Highlevel(s) => [s.base_url.as_str(), &s.location_id],
        config::Api::Chatwoot(s) => [s.base_url.as_str(), &s.account_id],
        config::Api::Twilio(s) => [s.base_url.as_str(), &s.account_sid],
        config::Api::Telegram(s) => [s.base_url.as_str(), ""],
        config::Api::Intercom(s) => [s.base_url.as_str(), ""],
    };
    format!("{name} {} {} {since}", account[0], account[1])
}

/// A mailbox is read anew when other addresses in it are ours.
fn imap_account(settings: &config::ImapSettings, since: &str) -> String {
    let config::ImapSettings {
        host,
        port,
        username,
        us,
        humans,
        ..
    } = settings;
    let ours = xxhash_rust::xxh3::xxh3_64(format!("{us:?} {humans:?}").as_bytes());
    format!("imap {host}:{port} {username} {since} {ours:016x}")
}

/// A page of messages is longer than what else a provider answers.
const MOST_ANSWER_BYTES: u64 = 16 << 20;
