//! How a connection comes to stand, to where it may, and how it is used sparingly: what ureq asks of [`super`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration as Limit;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport,
};

/// A failure before a connection stood.
#[derive(Debug)]
pub(super) enum Early {
    Failed(ureq::Error),
    Refused(String),
}

impl fmt::Display for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "{error}"),
            Self::Refused(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Early {}

impl From<Early> for ureq::Error {
    fn from(early: Early) -> Self {
        Self::Other(Box::new(early))
    }
}

/// Connects, by TLS where the URL says so, and marks every failure to do it, the handshake included, as one before
/// anything was sent.
#[derive(Debug, Default)]
pub(super) struct Marked {
    tcp: TcpConnector,
    tls: RustlsConnector,
}

impl Connector<()> for Marked {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let connect = || -> Result<Option<Self::Out>, ureq::Error> {
            let Some(tcp) = Connector::<()>::connect(&self.tcp, details, None)? else {
                return Ok(None);
            };
            let connected = self.tls.connect(details, Some(Sparing::new(tcp)))?;
            Ok(connected.map(|transport| Box::new(transport) as Self::Out))
        };
        connect().map_err(|error| Early::Failed(error).into())
    }
}

/// How much may wait to be sent together with what follows.
const MOST_PENDING: usize = 16 * 1024;

/// The grain of the limits that the operating system is told: no request takes longer than its own limit by more.
const GRAIN: Duration = Duration::from_millis(250);

/// A connection that asks less of the operating system: head and body of a request leave in one piece, which also
/// wakes the other side once; the limit of a wait is set anew only when it differs by [`GRAIN`]; and whether the other
/// side has closed an idle connection is looked up when it is about to be used, not also when it was used.
#[derive(Debug)]
struct Sparing<T> {
    inner: T,
    /// What is to be sent before anything is waited for.
    pending: Vec<u8>,
    /// Whether it was used since it was last looked whether it is open.
    is_in_use: bool,
}

impl<T: Transport> Sparing<T> {
    const fn new(inner: T) -> Self {
        Self {
            inner,
            pending: Vec::new(),
            is_in_use: false,
        }
    }

    fn send_pending(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            let output = self.inner.buffers().output();
            let (now, later) = rest.split_at(rest.len().min(output.len()));
            output[..now.len()].copy_from_slice(now);
            self.inner.transmit_output(now.len(), coarse(timeout))?;
            rest = later;
        }
        self.pending.clear();
        Ok(())
    }
}

impl<T: Transport> Transport for Sparing<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.is_in_use = true;
        let output = &self.inner.buffers().output()[..amount];
        self.pending.extend_from_slice(output);
        if self.pending.len() > MOST_PENDING {
            self.send_pending(timeout)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.is_in_use = true;
        self.send_pending(timeout)?;
        self.inner.await_input(coarse(timeout))
    }

    fn is_open(&mut self) -> bool {
        std::mem::take(&mut self.is_in_use) || self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// A limit made longer to the next [`GRAIN`], so that those of one request are mostly the same; short ones are exact.
fn coarse(timeout: NextTimeout) -> NextTimeout {
    let after = match timeout.after {
        Limit::Exact(exact) if exact > GRAIN * 4 => {
            let grains = exact.as_nanos().div_ceil(GRAIN.as_nanos());
            u32::try_from(grains).map_or(timeout.after, |grains| Limit::Exact(GRAIN * grains))
        }
        after => after,
    };
    NextTimeout { after, ..timeout }
}

/// Looks names up, and refuses what no setting may lead to: link-local addresses (where clouds keep their
/// machines' secrets), and plain HTTP to another machine.
#[derive(Debug, Default)]
pub(super) struct Guarded(DefaultResolver);

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = match literal(uri) {
            Some(address) => {
                let mut found = self.empty();
                found.push(address);
                found
            }
            None => self
                .0
                .resolve(uri, config, timeout)
                .map_err(Early::Failed)?,
        };
        for address in found.iter() {
            let ip = address.ip().to_canonical();
            if is_link_local(ip) {
                return Err(Early::Refused(format!(
                    "{ip} is a link-local address, which is never asked"
                ))
                .into());
            }
            if uri.scheme() == Some(&Scheme::HTTP) && !ip.is_loopback() {
                return Err(Early::Refused(format!(
                    "plain http is only for this machine, not for {ip}; use https"
                ))
                .into());
            }
        }
        Ok(found)
    }
}

/// The address that a URL names by number: looked up without a thread.
fn literal(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let port = match uri.port_u16() {
        Some(port) => port,
        None if uri.scheme() == Some(&Scheme::HTTPS) => 443,
        None => 80,
    };
    Some(SocketAddr::new(host.parse::<IpAddr>().ok()?, port))
}

pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::http::Http;

    /// What the first read of a request gives, and how long the whole of it is.
    fn received(body: &str) -> (String, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::scope(|scope| {
            let server = scope.spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = vec![0; 1 << 16];
                let first = stream.read(&mut buffer).unwrap();
                let text = String::from_utf8_lossy(&buffer[..first]).into_owned();
                let head = text.find("\r\n\r\n").unwrap() + 4;
                let mut read = first;
                while read < head + body.len() {
                    read += stream.read(&mut buffer).unwrap();
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer.as_bytes()).unwrap();
                (text, read - head)
            });
            let http = Http::new(Duration::from_secs(30));
            assert_eq!(http.post(&url, &[], body).unwrap().status, 200);
            server.join().unwrap()
        })
    }

    #[test]
    fn a_request_leaves_in_one_piece() {
        let (first, length) = received("Hola Ana");
        assert!(first.ends_with("\r\n\r\nHola Ana"), "{first}");
        assert_eq!(length, 8);
    }

    #[test]
    fn a_long_request_arrives_whole() {
        let body = "0123456789abcdef".repeat(1 << 16);
        assert_eq!(received(&body).1, body.len());
    }

    #[test]
    fn limits_are_never_shorter_and_longer_by_a_grain_at_most() {
        for millis in [0, 1, 999, 1000, 1001, 29_750, 29_751, 30_000] {
            let exact = Duration::from_millis(millis);
            let timeout = NextTimeout {
                after: Limit::Exact(exact),
                ..NextTimeout::default()
            };
            let Limit::Exact(told) = coarse(timeout).after else {
                panic!("{millis} ms became no limit");
            };
            assert!(told >= exact && told < exact + GRAIN, "{millis}: {told:?}");
            assert!(millis > 1000 || told == exact, "{millis}: {told:?}");
        }
        let never = coarse(NextTimeout::default()).after;
        assert!(matches!(never, Limit::NotHappening));
    }
}
