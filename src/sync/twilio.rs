//! Twilio: the messages of an account, newest first.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::cursor::Cursor;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{Secret, TwilioAccount};
use crate::http::query;
use crate::import::{Record, RowError, twilio_message};
use crate::model::{Channel, Timestamp};

/// Messages a page; Twilio gives 1000 at most.
const PAGE: u32 = 500;

/// `[sources.twilio]`.
pub(super) struct Twilio<'a> {
    client: Client<'a>,
    base_url: String,
    /// The path of the list.
    path: String,
    authorization: String,
    since: Option<Timestamp>,
}

#[derive(Deserialize)]
struct List {
    messages: Vec<Box<RawValue>>,
    next_page_uri: Option<String>,
}

impl<'a> Twilio<'a> {
    pub(super) fn new(
        client: Client<'a>,
        settings: &TwilioAccount,
        auth_token: &Secret,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            client,
            base_url: settings.base_url.clone(),
            path: format!(
                "/2010-04-01/Accounts/{}/Messages.json",
                settings.account_sid
            ),
            authorization: authorization(settings, auth_token),
            since,
        }
    }

    fn list(&self, path: &str) -> Result<List, SyncError> {
        self.client.get(&self.url(path), &self.headers())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn headers(&self) -> [(&str, &str); 1] {
        [("authorization", self.authorization.as_str())]
    }

    /// Gives the messages of a page, and the oldest time among them.
    fn give(
        &self,
        raw: &[Box<RawValue>],
        cursor: &mut Cursor,
        take: &mut Take<'_>,
    ) -> Option<Timestamp> {
        let now = self.client.now();
        let mut oldest = None;
        for raw in raw {
            cursor.seen += 1;
            let line = cursor.seen;
            match twilio_message(raw.get()) {
                Ok(Some(record)) => {
                    let at = record.sent_at;
                    cursor.saw(at, now);
                    oldest = Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at)));
                    take(Told::Record(&Record { line, ..record }));
                }
                Ok(None) => {}
                Err(reason) => take(Told::Unusable(RowError { line, reason })),
            }
        }
        oldest
    }
}

/// What goes into the header.
pub(super) fn authorization(settings: &TwilioAccount, auth_token: &Secret) -> String {
    use base64::Engine;
    let user = settings.api_key.as_ref().unwrap_or(&settings.account_sid);
    let pair = format!("{user}:{}", auth_token.expose());
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {pair}")
}

impl Api for Twilio<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut cursor = Cursor::read(cursor);
        let from = cursor.from(self.since);
        let first = || {
            // Twilio filters by the day.
            let day = from.map(|at| format!("&DateSent%3E={}", at.format("%Y-%m-%d")));
            format!("{}?PageSize={PAGE}{}", self.path, day.unwrap_or_default())
        };
        let list = match &cursor.next {
            None => self.list(&first())?,
            Some(next) => match self.list(next) {
                Err(SyncError::Refused { .. }) => {
                    cursor = cursor.again();
                    self.list(&first())?
                }
                list => list?,
            },
        };
        let next = list.next_page_uri.filter(|next| !next.is_empty());
        let is_news = |next: &String| next.starts_with(&self.path) && cursor.goes_on_at(next);
        let is_news = next.as_ref().is_none_or(is_news);
        if let Some(next) = next.as_ref().filter(|_| is_news && from.is_none()) {
            self.client.get_ahead(self.url(next), &self.headers());
        }
        let oldest = self.give(&list.messages, &mut cursor, take);
        // What is older than this was seen by the pass before.
        let goes_on = from.is_none_or(|from| oldest.is_none_or(|oldest| oldest >= from));
        let is_last = match next.filter(|_| goes_on) {
            Some(_) if !is_news => {
                let words = "Twilio: the next page is elsewhere, or the same again";
                return Err(SyncError::Later(words.to_owned()));
            }
            Some(_) => false,
            None => {
                cursor = cursor.passed();
                true
            }
        };
        Ok(Page {
            cursor: cursor.write(),
            is_last,
        })
    }

    /// Asks for what they wrote, and for what was written to them.
    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let mut asked = false;
        let since = (whom.since - TimeDelta::minutes(1)).format("%Y-%m-%d");
        for (channel, address) in whom.addresses {
            let prefix = match channel {
                Channel::Sms => "",
                Channel::Whatsapp => "whatsapp:",
                _ => continue,
            };
            if !address.starts_with('+') {
                continue;
            }
            let address = query(&format!("{prefix}{address}"));
            for side in ["From", "To"] {
                let path = format!(
                    "{}?{side}={address}&DateSent%3E={since}&PageSize=100",
                    self.path
                );
                let list = self.list(&path)?;
                self.give(&list.messages, &mut Cursor::default(), take);
                asked = true;
            }
        }
        Ok(asked)
    }
}
