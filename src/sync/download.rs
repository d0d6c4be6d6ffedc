//! A file by its URL, taken only when it has changed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ureq::http::Uri;

use super::SyncError;
use super::client::Client;
use super::patience::{Around, Patience, Waiter};
use crate::config::Config;
use crate::http::{Answer, Http};

/// A calendar of one business is shorter.
const MOST_BYTES: u64 = 32 << 20;
/// How often the server may send us elsewhere.
const MOST_REDIRECTS: usize = 5;

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Download {
    /// It is as it was.
    Unchanged,
    /// It is another.
    Changed {
        /// All of it.
        body: Vec<u8>,
        /// By what it is known again: to be kept with what was made of the body.
        cursor: String,
    },
}

/// By what a file is known again.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// For servers that tell neither.
    digest: String,
}

/// Fetches what is at `url`, unless it is what `cursor` stands for.
///
/// # Errors
/// When it cannot be had, or not all of it. The URL, which may be a secret, is in no error's words.
pub fn download(
    url: &str,
    cursor: Option<&str>,
    config: &Config,
    around: Around<'_>,
    patience: Patience,
) -> Result<Download, SyncError> {
    let timeout = config.limits.request_timeout;
    let http = Http::trusting(&config.certificates, timeout).reading(MOST_BYTES);
    let waiter = Waiter {
        provider: "the server",
        around,
        patience,
    };
    let client = Client::new(http, vec![url.to_owned()], waiter);
    let known = cursor.and_then(|text| serde_json::from_str::<Known>(text).ok());
    let known = known.unwrap_or_default();
    let mut headers = vec![("accept", "text/calendar, text/csv, */*")];
    headers.extend(known.etag.as_deref().map(|tag| ("if-none-match", tag)));
    let since = known.last_modified.as_deref();
    headers.extend(since.map(|at| ("if-modified-since", at)));
    let mut url = url.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        let answer = client.fetch(&url, &headers)?;
        match answer.status {
            304 if cursor.is_none() => {
                let words = "the server says that nothing has changed (HTTP 304), and has never given anything";
                return Err(SyncError::Later(words.to_owned()));
            }
            304 => return Ok(Download::Unchanged),
            300..=399 => url = elsewhere(&url, &answer)?,
            _ => return Ok(taken(answer, &known)),
        }
    }
    let words = format!("the server redirects more than {MOST_REDIRECTS} times");
    Err(SyncError::Settings(words))
}

fn taken(answer: Answer, known: &Known) -> Download {
    let header = |name| answer.header(name).map(str::to_owned);
    let (etag, last_modified) = (header("etag"), header("last-modified"));
    let body = answer.body.unwrap_or_default();
    let digest = Sha256::digest(&body);
    let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    if digest == known.digest {
        return Download::Unchanged;
    }
    let known = Known {
        etag,
        last_modified,
        digest,
    };
    Download::Changed {
        body,
        cursor: serde_json::to_string(&known).unwrap_or_default(),
    }
}

/// Where a redirect leads: by https, and to another server only by a whole URL.
fn elsewhere(url: &str, answer: &Answer) -> Result<String, SyncError> {
    let refused = |words: &str| {
        let status = answer.status;
        SyncError::Settings(format!("the server redirects (HTTP {status}) {words}"))
    };
    let location = answer.header("location").unwrap_or_default().trim();
    let uri = |text: &str| text.parse::<Uri>().ok();
    let (from, to) = (uri(url), uri(location));
    let (Some(from), Some(to)) = (from, to) else {
        return Err(refused("to nowhere"));
    };
    let was_plain = from.scheme_str() == Some("http");
    match (to.scheme_str(), from.authority()) {
        (Some("https"), _) => Ok(location.to_owned()),
        // Plain http is only for this machine; the connection sees to that.
        (Some("http"), _) if was_plain => Ok(location.to_owned()),
        (None, Some(server)) if location.starts_with('/') && !location.starts_with("//") => {
            let scheme = if was_plain { "http" } else { "https" };
            Ok(format!("{scheme}://{server}{location}"))
        }
        _ => Err(refused("to where no https is; write the final URL")),
    }
}
