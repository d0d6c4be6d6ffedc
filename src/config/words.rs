//! Words of the configuration that are more than text: each reader says what to write instead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::channels::Rate;
use super::findings::{Findings, Spotted};
use super::suggest;
use crate::decide::Cap;
use crate::model::{Channel, Delay};
use crate::zone::Zone;

pub(super) fn delay(text: &str) -> Result<Delay, String> {
    text.trim().parse::<Delay>().map_err(|e| e.to_string())
}

/// An exact duration: of a request, not of a plan.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    delay(text)?
        .nominal()
        .to_std()
        .map_err(|_| "longer than ten years".to_owned())
}

/// `"off"`, or what `parse` makes of it.
pub(super) fn or_off<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match text.trim() {
        "off" => Ok(None),
        text => parse(text)
            .map(Some)
            .map_err(|message| format!("{message}; or \"off\"")),
    }
}

/// `3/24h`.
pub(super) fn cap(text: &str) -> Result<Cap, String> {
    const SHAPE: &str = "not a number of messages in a time; write \"3/24h\"";
    let (count, window) = text.split_once('/').ok_or(SHAPE)?;
    let count = count.trim().parse::<u32>().map_err(|_| SHAPE)?;
    let window = delay(window).map_err(|e| format!("{SHAPE}: {e}"))?;
    if count == 0 {
        return Err("0 would never send; write bot.active = false for that".to_owned());
    }
    if window == Delay::default() {
        return Err("the time is empty; write \"3/24h\"".to_owned());
    }
    Ok(Cap { count, window })
}

/// `1/s`, `30/m`, `100/10s`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    const SHAPE: &str = "not a rate; write \"1/s\", \"30/m\" or \"100/10s\"";
    let (count, per) = text.split_once('/').ok_or(SHAPE)?;
    let count = count.trim().parse::<u32>().map_err(|_| SHAPE)?;
    let per = per.trim();
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
        duration(per)
    } else {
        duration(&format!("1{per}"))
    };
    let per = per.map_err(|_| SHAPE)?;
    if count == 0 || per.is_zero() {
        return Err("would never send; write \"1/s\", \"30/m\" or \"100/10s\"".to_owned());
    }
    Ok(Rate { count, per })
}

pub(super) fn zone(text: &str) -> Result<Zone, String> {
    if let Some(zone) = Zone::named(text) {
        return Ok(zone);
    }
    let near = suggest::zones(text);
    if near.is_empty() {
        return Err("no such zone; write a name such as \"America/Mexico_City\"".to_owned());
    }
    let near: Vec<String> = near.iter().map(|n| format!("{n:?}")).collect();
    Err(format!("no such zone; close names: {}", near.join(", ")))
}

pub(super) fn channel(text: &str) -> Result<Channel, String> {
    one_of("channel", Channel::ALL, Channel::as_str, text)
}

/// One of an enum's words.
pub(super) fn one_of<T: Copy>(
    what: &str,
    all: &[T],
    name: fn(T) -> &'static str,
    text: &str,
) -> Result<T, String> {
    if let Some(found) = all.iter().find(|v| name(**v) == text) {
        return Ok(*found);
    }
    let names: Vec<&'static str> = all.iter().map(|v| name(*v)).collect();
    Err(match suggest::nearest(text, names.iter().copied()) {
        Some(near) => format!("no such {what}; did you mean {near:?}?"),
        None => format!("no such {what}; known: {}", names.join(", ")),
    })
}

pub(super) fn channels(texts: &[Spotted<&str>], findings: &mut Findings) -> Vec<Channel> {
    let read = texts.iter().filter_map(|t| t.parse(findings, channel));
    read.collect()
}

/// A language tag such as `es` or `es-MX`.
pub(super) fn language_tag(text: &str) -> Result<String, String> {
    if is_language_tag(text) {
        return Ok(text.to_owned());
    }
    Err("not a language; write a tag such as \"es\" or \"es-MX\"".to_owned())
}

pub(super) fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let primary = parts.next().unwrap_or("");
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A URL that a request may go to (threat S4): `https`, or `http` to this machine; no credentials in it; not a
/// cloud's own address. Without slashes at the end.
pub(super) fn url(text: &str) -> Result<String, String> {
    const SHAPE: &str = "not a URL; write one such as \"https://example.com/hook\"";
    let (scheme, rest) = text.split_once("://").ok_or(SHAPE)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Err(SHAPE.to_owned());
    }
    if authority.contains('@') {
        return Err("a URL must not hold a name or password; use a secret's own key".to_owned());
    }
    if text.contains('#') {
        return Err("a URL that is requested has no part after `#`; leave it out".to_owned());
    }
    let (host, port) = split_port(authority).ok_or(SHAPE)?;
    if port.is_some_and(|p| p.parse::<u16>().map_or(true, |n| n == 0)) {
        return Err("the URL's port is not a number from 1 to 65535".to_owned());
    }
    let host = read_host(host).ok_or(SHAPE)?;
    if host.is_link_local() {
        return Err("a link-local address is never requested".to_owned());
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if host.is_loopback() => {}
        "http" => {
            return Err("http would send it readable by anyone; write https:// (http:// only to this machine)".to_owned());
        }
        _ => return Err("not https; write a URL such as \"https://example.com/hook\"".to_owned()),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// [`url`] of a value in the file: one that is refused may hold a password, and is not shown.
pub(super) fn masked_url(text: &Spotted<&str>, findings: &mut Findings) -> Option<String> {
    if text.value.contains('@') {
        findings.mask(&text.spot);
    }
    text.parse(findings, url)
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')?;
        let port = match &authority[end + 1..] {
            "" => None,
            rest => Some(rest.strip_prefix(':')?),
        };
        return Some((&authority[..=end], port));
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

enum Host<'a> {
    Name(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

fn read_host(host: &str) -> Option<Host<'_>> {
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inner.parse().ok().map(Host::V6);
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => return Some(Host::V4(address)),
        Ok(IpAddr::V6(_)) => return None,
        Err(_) => {}
    }
    // A resolver takes 2852039166 and 0xa9fea9fe for addresses: a name's last part is not a number.
    let last = host.trim_end_matches('.').rsplit('.').next()?;
    let is_number = last.starts_with(|c: char| c.is_ascii_digit());
    let is_name = host.split('.').all(|part| {
        part.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    (!last.is_empty() && !is_number && is_name).then_some(Host::Name(host))
}

impl Host<'_> {
    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
            Self::V4(address) => address.is_loopback(),
            Self::V6(address) => address.is_loopback(),
        }
    }

    fn is_link_local(&self) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case("metadata.google.internal"),
            Self::V4(address) => address.is_link_local(),
            Self::V6(address) => {
                address.is_unicast_link_local()
                    || address
                        .to_ipv4_mapped()
                        .is_some_and(|v4| v4.is_link_local())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_urls_that_must_not_be_requested_are_refused() {
        for good in [
            "https://example.com/hook?x=1",
            "http://127.0.0.1:8080/v1",
            "http://localhost:8080",
            "http://[::1]:3000/x",
            "HTTPS://api.example.com",
            "https://10.0.0.5/internal",
        ] {
            assert!(url(good).is_ok(), "{good}: {:?}", url(good));
        }
        for bad in [
            "",
            "example.com",
            "http://example.com",
            "http://10.0.0.5/",
            "http://127.0.0.1.example.com/",
            "https://user:secret@example.com/",
            "https://169.254.169.254/latest",
            "https://[fe80::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://0251.0376.0251.0376/",
            "https://metadata.google.internal/",
            "https://exa mple.com",
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://example.com/#x",
            "https:///path",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://example.com\\@evil.example/",
        ] {
            let refused = url(bad).unwrap_err();
            assert!(!refused.contains("secret@"), "{bad}");
        }
    }

    #[test]
    fn caps_and_rates_read() {
        let day = Delay::seconds(24 * 3600);
        assert_eq!(
            cap("3/24h"),
            Ok(Cap {
                count: 3,
                window: day
            })
        );
        for bad in ["3", "x/24h", "3/", "0/24h", "3/0m", "-1/1h"] {
            assert!(cap(bad).is_err(), "{bad}");
        }
        for (text, count, seconds) in [
            ("1/s", 1, 1),
            ("30/m", 30, 60),
            ("100/10s", 100, 10),
            ("9/d", 9, 86_400),
        ] {
            let per = Duration::from_secs(seconds);
            assert_eq!(rate(text), Ok(Rate { count, per }));
        }
        for bad in ["1", "1/", "0/s", "1/0s", "1/x", "1/second"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn language_tags_read() {
        for good in ["es", "es-MX", "pt_BR", "zh-Hant-TW", "fil"] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in ["", "e", "español", "spanish", "es-", "es mx"] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }
}
