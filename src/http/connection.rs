//! How a connection comes to stand, and to where it may: what ureq asks of [`super`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
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

/// Marks every failure to connect, the TLS handshake included, as one before anything was sent.
#[derive(Debug, Default)]
pub(super) struct Marked(DefaultConnector);

impl Connector<()> for Marked {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0
            .connect(details, chained)
            .map_err(|error| Early::Failed(error).into())
    }
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
