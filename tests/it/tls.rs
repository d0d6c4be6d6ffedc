//! Servers whose certificates a company's own authority has signed: real TLS on loopback, before real servers.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use followup::config::Certificates;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::cli::Desk;
use crate::server::{Reply, Server};

/// What speaks TLS before a server that does not.
pub(crate) struct Front {
    pub(crate) port: u16,
    /// The authority's certificate, as PEM.
    pub(crate) authority: String,
}

impl Front {
    /// Before the server at `port` on loopback, with a certificate for `name`.
    pub(crate) fn before(port: u16, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = Self {
            port: listener.local_addr().unwrap().port(),
            authority: authority.pem(),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                let behind = TcpStream::connect(("127.0.0.1", port)).unwrap();
                // A client that does not trust us goes away.
                std::thread::spawn(move || relay(StreamOwned::new(session, stream), behind));
            }
        });
        front
    }

    /// The authority, as the configuration has it.
    pub(crate) fn authorities(&self) -> Certificates {
        let der = CertificateDer::from_pem_slice(self.authority.as_bytes());
        vec![der.unwrap()]
    }
}

/// Carries bytes both ways until one side ends.
fn relay(
    mut front: StreamOwned<ServerConnection, TcpStream>,
    mut behind: TcpStream,
) -> std::io::Result<()> {
    let glance = Some(Duration::from_millis(5));
    front.sock.set_read_timeout(glance)?;
    behind.set_read_timeout(glance)?;
    let mut bytes = [0; 4096];
    let waits = |error: &std::io::Error| {
        [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind())
    };
    loop {
        match front.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(n) => behind.write_all(&bytes[..n])?,
            Err(error) if waits(&error) => {}
            Err(error) => return Err(error),
        }
        match behind.read(&mut bytes) {
            Ok(0) => {
                front.conn.send_close_notify();
                return front.flush();
            }
            Ok(n) => front.write_all(&bytes[..n])?,
            Err(error) if waits(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@shop\r\nCREATED:20260302T073000Z\r\n\
    DTSTART:20260306T110000Z\r\nATTENDEE:mailto:ana@a.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// What a sync of a calendar at this port says, with these words in the configuration.
fn synced(port: u16, authority: Option<&str>) -> String {
    let desk = Desk::empty();
    let trusted = match authority {
        None => "",
        Some(pem) => {
            desk.write("company-ca.pem", pem);
            "[tls]\nca_file = \"company-ca.pem\"\n"
        }
    };
    desk.write(
        "followup.toml",
        &format!(
            "[bot]\ntimezone = \"UTC\"\n{trusted}[[sources]]\nname = \"calendar\"\nformat = \"icalendar\"\n\
             url = \"https://127.0.0.1:{port}/shop.ics\"\n"
        ),
    );
    desk.run(&["sync", "--now=2026-03-02T10:00:00Z"])
}

#[test]
fn a_companys_own_authority_is_trusted_where_it_is_named_and_only_for_its_names() {
    let server = Server::always(Reply::answer(200, CALENDAR));
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let front = Front::before(port, "127.0.0.1");
    let stranger = synced(front.port, None);
    assert!(stranger.contains("invalid peer certificate"), "{stranger}");
    assert!(stranger.contains("[tls] ca_file"), "{stranger}");
    assert!(stranger.contains("[exit 75]"), "{stranger}");
    let known = synced(front.port, Some(&front.authority));
    assert!(known.contains("1 new appointment"), "{known}");
    assert!(known.contains("[exit 0]"), "{known}");
    let other = Front::before(port, "elsewhere.example");
    let wrong_name = synced(other.port, Some(&other.authority));
    assert!(
        wrong_name.contains("invalid peer certificate"),
        "{wrong_name}"
    );
    let wrong_authority = synced(front.port, Some(&other.authority));
    assert!(
        wrong_authority.contains("invalid peer certificate"),
        "{wrong_authority}"
    );
}

/// What is cut off would be trusted no more, and nobody would be told.
#[test]
fn certificates_are_read_whole_or_refused() {
    let server = Server::always(Reply::answer(200, CALENDAR));
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let front = Front::before(port, "127.0.0.1");
    let padded = |mib: usize| "\n".repeat(mib << 20) + &front.authority;
    let known = synced(front.port, Some(&padded(3)));
    assert!(known.contains("1 new appointment"), "{known}");
    let refused = synced(front.port, Some(&padded(4)));
    assert!(refused.contains("is over 4 MiB"), "{refused}");
    assert!(refused.contains("[exit 78]"), "{refused}");
}
