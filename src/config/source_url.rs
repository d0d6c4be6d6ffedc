use super::file::Table;
use super::findings::Findings;
use super::format::Format;
use super::validate::Place;
use super::{Environment, SecretRef, secret_ref, words};

/// Where a file is fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceUrl {
    /// An address that anyone may know.
    Plain(String),
    /// An address that is a secret, as calendars have one.
    Secret(SecretRef),
}

impl SourceUrl {
    /// The address, by https.
    ///
    /// # Errors
    /// When the secret cannot be had, or is no such address; without it in the words.
    pub fn resolve(&self, environment: &Environment) -> Result<String, String> {
        match self {
            Self::Plain(url) => Ok(url.clone()),
            Self::Secret(secret) => {
                let resolved = secret.resolve(environment).map_err(|e| e.to_string())?;
                web_url(resolved.expose())
            }
        }
    }
}

/// A URL by https; `webcal` is what calendars call the same.
fn web_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let url = match text.strip_prefix("webcal://") {
        Some(rest) => format!("https://{rest}"),
        None => text.to_owned(),
    };
    words::url(&url).map(|_| url)
}

/// `url` instead of `path`: a calendar, or a table of bookings.
pub(super) fn read(
    table: &mut Table<'_>,
    format: &mut Option<Format>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<SourceUrl> {
    let value = table.take("url")?;
    let spot = value.key_spot();
    for key in ["path", "after_import", "channel", "contact_id"] {
        if let Some(value) = table.take(key) {
            findings.fault(&value.key_spot(), "not with a `url`; leave one of them out");
        }
    }
    let known = format.get_or_insert(Format::Icalendar);
    if !Format::BOOKINGS.contains(known) {
        let message = "only format = \"icalendar\" and \"bookings\" are fetched from a URL";
        findings.fault(&spot, message);
    }
    if value.is_table() {
        return secret_ref::read(value, "CALENDAR_URL", place, findings).map(SourceUrl::Secret);
    }
    let text = value.text("url = \"https://example.com/calendar.ics\"", findings)?;
    let is_secret = text.value.contains("/private-");
    if is_secret || text.value.contains('@') {
        findings.mask(&text.spot);
    }
    text.parse(findings, |text| match is_secret {
        true => Err("whoever knows a calendar's private address can read it; put it into an environment variable \
                     and write url = { env = \"CALENDAR_URL\" }".to_owned()),
        false => web_url(text).map(SourceUrl::Plain),
    })
}
