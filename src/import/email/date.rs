//! When an email was written, and when it came.

use chrono::{DateTime, TimeDelta};
use mail_parser::{HeaderName, Message};

use super::raw;
use crate::import::time::instant;
use crate::import::words::shown;
use crate::model::Timestamp;

/// An email takes no longer to arrive.
const LONGEST_WAY: TimeDelta = TimeDelta::hours(24);

/// When it came to us, by our server's clock: the writer's may be slow, and the reply would seem older than what it
/// answers. What lay for longer has been moved from another server, which may not have told when it came.
pub(super) fn received_at(message: &Message<'_>, arrived_at: Timestamp) -> Timestamp {
    match date(message) {
        Ok(at) if arrived_at - at > LONGEST_WAY => at,
        _ => arrived_at,
    }
}

/// When it was written, by the writer's clock; where that cannot be read, when a server received it.
pub(super) fn date(message: &Message<'_>) -> Result<Timestamp, String> {
    let date = message.date().filter(|date| date.is_valid());
    // A zone by its name (`CET`) is taken for none.
    let is_named = || {
        let mut headers = message.root_part().headers.iter();
        let header = headers.rfind(|header| header.name == HeaderName::Date)?;
        let written = header.offset_start as usize..header.offset_end as usize;
        let written = message.raw_message.get(written)?.trim_ascii_end();
        written.last().map(u8::is_ascii_uppercase)
    };
    let is_named = || is_named() == Some(true);
    let is_by_name = date.is_some_and(|d| d.tz_hour == 0 && d.tz_minute == 0) && is_named();
    let at = date.and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0));
    let written = |text: &str| {
        let at = DateTime::parse_from_rfc2822(text).map(|at| at.to_utc());
        instant(text, None, None).or(at).ok()
    };
    let mut in_old_words = raw(message, &["Date"]).filter_map(|(_, text)| written(text));
    let received = raw(message, &["Received"]);
    let mut received = received.filter_map(|(_, hop)| written(hop.rsplit(';').next()?.trim()));
    let by_name = is_by_name.then(|| in_old_words.next()).flatten();
    by_name
        .or(at)
        .or_else(|| in_old_words.next())
        .or_else(|| received.next())
        .filter(|at| at.timestamp() >= 0)
        .ok_or_else(|| match raw(message, &["Date"]).next() {
            Some((_, text)) => format!("Date: {} is no time", shown(text)),
            None => "Date: there is none".to_owned(),
        })
}
