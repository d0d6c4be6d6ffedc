//! One HTTP request, and what is certain about it afterwards.
//!
//! Rule X4 asks of every failure whether anything was sent. The line is drawn where a connection stands: what
//! fails before (no such host, nobody listening, a TLS handshake that fails or stalls) is [`Broken::NotSent`];
//! what fails after is [`Broken::Unclear`], also on a kept-alive connection that the other side may have closed
//! just before. Nothing is repeated, no redirect is followed, and the environment's proxies are not used.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error as TlsError};
use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

mod connection;

pub(crate) use connection::is_link_local;
pub use ureq::http::Method;

use crate::model::Timestamp;
use connection::{Early, Guarded, Marked};

/// How long one request may take from the name lookup to the last byte of the answer, by default.
pub const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than the five seconds after which common servers close an idle connection, so that a request seldom
/// meets a connection that is being closed.
const MAX_IDLE: Duration = Duration::from_secs(3);
const MAX_IDLE_CONNECTIONS: usize = 256;
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// A client; cheap to clone, shared by threads.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
    timeout: Duration,
    /// The longest body that is read.
    most_bytes: u64,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, by default at most 1 MiB; else what went wrong while reading it.
    pub body: Result<Vec<u8>, String>,
    headers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The request cannot be made, or must not: our own settings are at fault.
    Forbidden(String),
    /// No connection came to stand: nothing was sent.
    NotSent(String),
    /// The request, or a part of it, left.
    Unclear(String),
}

impl Http {
    /// A client whose every request ends within `timeout`, connecting within a third of it and 10 s.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self::trusting(&[], timeout)
    }

    /// The same, which trusts these authorities besides the public ones.
    #[must_use]
    pub fn trusting(certificates: &[CertificateDer<'static>], timeout: Duration) -> Self {
        let roots = if certificates.is_empty() {
            RootCerts::WebPki
        } else {
            let all = TLS_SERVER_ROOT_CERTS.iter().chain(certificates);
            all.map(|der| Certificate::from_der(der).to_owned()).into()
        };
        let connect = CONNECT_TIMEOUT.min(timeout / 3);
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_age(MAX_IDLE)
            // No fewer than `limits.concurrency` allows, or requests would begin with a handshake.
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
            .user_agent(concat!("followup/", env!("CARGO_PKG_VERSION")))
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Self {
            agent: Agent::with_parts(config, Marked::default(), Guarded::default()),
            timeout,
            most_bytes: MAX_ANSWER_BYTES,
        }
    }

    /// The same client, which reads answers of up to `most_bytes`.
    #[must_use]
    pub fn reading(self, most_bytes: u64) -> Self {
        Self { most_bytes, ..self }
    }

    /// Makes one `POST`.
    ///
    /// # Errors
    /// [`Broken`], without the URL or any header in its words.
    pub fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Result<Answer, Broken> {
        self.send(Method::POST, url, headers, body)
    }

    /// As [`Http::post`], of which the whole must take no longer than `within`.
    ///
    /// # Errors
    /// As [`Http::post`].
    pub fn post_within(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
        within: Duration,
    ) -> Result<Answer, Broken> {
        let request = request(Method::POST, url, headers, body.into())?;
        let configured = self.agent.configure_request(request);
        let request = configured.timeout_global(Some(within)).build();
        let this = Self {
            timeout: within,
            ..self.clone()
        };
        this.answer(self.agent.run(request))
    }

    /// Makes one `GET`.
    ///
    /// # Errors
    /// As [`Http::post`].
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, Broken> {
        let request = request(Method::GET, url, headers, ())?;
        self.answer(self.agent.run(request))
    }

    /// Makes one request with a body.
    ///
    /// # Errors
    /// As [`Http::post`].
    pub fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Result<Answer, Broken> {
        let request = request(method, url, headers, body.into())?;
        self.answer(self.agent.run(request))
    }

    fn answer(
        &self,
        result: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Broken> {
        let mut response = result.map_err(|error| self.explain(error))?;
        let body = response
            .body_mut()
            .with_config()
            .limit(self.most_bytes)
            .read_to_vec()
            .map_err(|error| format!("the answer's body: {}", self.words(&error)));
        let (parts, _) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    fn explain(&self, error: ureq::Error) -> Broken {
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<Early>() {
                Ok(early) => match *early {
                    Early::Refused(words) => Broken::Forbidden(words),
                    Early::Failed(error) => Broken::NotSent(self.words(&error)),
                },
                Err(other) => Broken::Unclear(other.to_string()),
            },
            ureq::Error::BadUri(_) => Broken::Forbidden("the URL is not complete".into()),
            error => Broken::Unclear(self.words(&error)),
        }
    }

    /// An error in words that never contain the URL.
    fn words(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve) => "the name lookup took too long".into(),
            ureq::Error::Timeout(ureq::Timeout::Connect) => "connecting took too long".into(),
            ureq::Error::Timeout(_) => {
                format!("no complete answer within {} s", self.timeout.as_secs_f32())
            }
            ureq::Error::HostNotFound => "the host name has no address".into(),
            ureq::Error::BodyExceedsLimit(_) => {
                format!("longer than {} MiB", self.most_bytes >> 20)
            }
            ureq::Error::Protocol(error) => format!("not understandable as HTTP: {error}"),
            ureq::Error::LargeResponseHeader(..) => "the answer's headers are too long".into(),
            ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => "the URL is wrong".into(),
            ureq::Error::Io(error) if is_untrusted(error) => {
                "nobody who is trusted vouches for its certificate; if it is of your own authority, name that \
                 as [tls] ca_file (invalid peer certificate)"
                    .into()
            }
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        }
    }
}

/// Whether a server's certificate is of an authority that we do not know.
fn is_untrusted(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<TlsError>());
    let unknown = TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
    inner.is_some_and(|error| *error == unknown)
}

impl Answer {
    /// A header's value, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status says that the request was accepted.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as JSON, when it is.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.body.as_deref().ok()?).ok()
    }

    /// The seconds to wait by `Retry-After`, given as seconds or as a date.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<u32> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<f64>() {
            // `as` saturates, which is what a wait of more than a century deserves.
            return (seconds >= 0.0).then_some(seconds.ceil() as u32);
        }
        let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
        let wait = at.signed_duration_since(now).num_milliseconds().max(0);
        u32::try_from(wait.unsigned_abs().div_ceil(1000)).ok()
    }
}

/// A text as a part of a URL's path or query.
#[must_use]
pub fn query(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Words of a provider made fit for a record: one line, at most 300 characters, no control characters, and none
/// of our secrets, should the provider echo one.
#[must_use]
pub fn provider_words(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    let words: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn request<B>(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: B,
) -> Result<Request<B>, Broken> {
    let mut builder = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        let mut value = ureq::http::HeaderValue::from_str(value).map_err(|_| {
            Broken::Forbidden(format!(
                "the value of the header {name} has characters that no header may have"
            ))
        })?;
        value.set_sensitive(true);
        builder = builder.header(*name, value);
    }
    builder
        .body(body)
        .map_err(|_| Broken::Forbidden("the URL is wrong".into()))
}

#[cfg(test)]
impl Answer {
    /// An answer without a body.
    pub(crate) fn sample(status: u16, retry_after: Option<&str>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        Self {
            status,
            headers,
            body: Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn x4_retry_after_is_seconds_or_a_date() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("1.5", Some(2)),
            ("Mon, 02 Mar 2026 09:01:30 GMT", Some(90)),
            ("Mon, 02 Mar 2026 08:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("99999999999999", Some(u32::MAX)),
        ] {
            assert_eq!(
                Answer::sample(429, Some(text)).retry_after(now()),
                seconds,
                "{text}"
            );
        }
        assert_eq!(Answer::sample(429, None).retry_after(now()), None);
    }

    #[test]
    fn s4_metadata_addresses_and_plain_http_to_others_are_refused() {
        let http = Http::new(Duration::from_secs(3));
        for url in [
            "https://169.254.169.254/latest",
            "http://169.254.169.254/latest",
            "https://[fe80::1]/",
            "https://[::ffff:169.254.169.254]/",
            "http://192.0.2.1/",
            "not a url",
            "/path",
        ] {
            let broken = http.post(url, &[], "x").unwrap_err();
            assert!(matches!(broken, Broken::Forbidden(_)), "{url}: {broken:?}");
        }
        let broken = http
            .post("http://127.0.0.1:1/", &[("x-key", "a\nb")], "x")
            .unwrap_err();
        assert!(matches!(&broken, Broken::Forbidden(words) if !words.contains('\n')));
    }

    #[test]
    fn s6_provider_words_are_one_line_without_secrets() {
        assert_eq!(
            provider_words("bad\u{1b}[31m\r\n token  s3cret!", &["s3cret", ""]),
            "bad [31m token ***!"
        );
        assert_eq!(provider_words(&"é".repeat(301), &[]), "é".repeat(300) + "…");
    }
}
