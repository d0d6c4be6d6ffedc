//! The bytes between us and a mail server: a name lookup, a connection and TLS that each end in time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chrono::TimeDelta;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::config::{Certificates, ImapSettings, Security};
use crate::http::is_link_local;
use crate::model::Timestamp;
use crate::sync::SyncError;
use crate::sync::patience::{GLANCE, Waiter};

/// Read at once.
const CHUNK: usize = 32 << 10;
/// A line before TLS is no longer than this.
const LONGEST_LINE: usize = 8 << 10;

/// A connection to a mail server.
pub(super) struct Connection<'a> {
    stream: Stream,
    time: Time<'a>,
    buffer: Vec<u8>,
    /// Whether the server has greeted us already, before TLS.
    pub(super) has_greeted: bool,
}

/// How long things may take.
#[derive(Clone, Copy)]
struct Time<'a> {
    waiter: Waiter<'a>,
    timeout: Duration,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// What TLS is begun with: the public certificates are trusted, and these.
///
/// # Errors
/// When there is no TLS to be had.
pub(in super::super) fn trust(certificates: &Certificates) -> Result<Arc<ClientConfig>, SyncError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(certificates.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SyncError::Settings(error.to_string()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

impl<'a> Connection<'a> {
    /// Connects, as the settings want it protected.
    ///
    /// # Errors
    /// When there is no such connection within `timeout`.
    pub(super) fn open(
        settings: &ImapSettings,
        trust: &Arc<ClientConfig>,
        timeout: Duration,
        waiter: Waiter<'a>,
    ) -> Result<Self, SyncError> {
        let time = Time { waiter, timeout };
        let until = time.deadline();
        let stream = connect(settings, timeout, &waiter)?;
        stream
            .set_read_timeout(Some(GLANCE))
            .and_then(|()| stream.set_write_timeout(Some(timeout)))
            .map_err(|error| broken(&error))?;
        let below_tls = stream.try_clone().map_err(|error| broken(&error))?;
        let mut connection = Self {
            stream: Stream::Plain(stream),
            time,
            buffer: vec![0; CHUNK],
            has_greeted: false,
        };
        if settings.security == Security::Starttls {
            connection.ask_for_tls(until)?;
        }
        if settings.security != Security::None {
            let tls = begin_tls(below_tls, &settings.host, trust, &time, until)?;
            connection.stream = Stream::Tls(Box::new(tls));
        }
        Ok(connection)
    }

    /// How long one answer may take.
    pub(super) fn deadline(&self) -> Timestamp {
        self.time.deadline()
    }

    /// Reads some bytes.
    ///
    /// # Errors
    /// When none come by `until`, or the connection ends.
    pub(super) fn read(&mut self, until: Timestamp) -> Result<&[u8], SyncError> {
        loop {
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut self.buffer),
                Stream::Tls(stream) => stream.read(&mut self.buffer),
            };
            match read {
                Ok(0) => {
                    let words = "the mail server ended the connection".to_owned();
                    return Err(SyncError::Later(words));
                }
                Ok(length) => {
                    self.time.check(until)?; // one that drips gives bytes for ever
                    return Ok(self.buffer.get(..length).unwrap_or_default());
                }
                Err(error) if is_pause(&error) => self.time.check(until)?,
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    /// Writes all of them.
    ///
    /// # Errors
    /// When the connection does not take them.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), SyncError> {
        let written = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        written.map_err(|error| broken(&error))
    }

    /// Says goodbye, as far as the other side listens.
    pub(super) fn leave(&mut self) {
        let _ = self.write(b"bye LOGOUT\r\n");
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }

    /// STARTTLS: nothing that came before TLS is believed.
    fn ask_for_tls(&mut self, until: Timestamp) -> Result<(), SyncError> {
        let mut come = Vec::new();
        let greeting = self.line(&mut come, until)?;
        if !greeting.to_ascii_uppercase().starts_with(b"* OK") {
            let words = "the mail server's greeting is none; is the port right?".to_owned();
            return Err(SyncError::Settings(words));
        }
        self.write(b"tls STARTTLS\r\n")?;
        for _ in 0..100 {
            let line = self.line(&mut come, until)?.to_ascii_uppercase();
            if line.starts_with(b"TLS OK") && come.is_empty() {
                self.has_greeted = true;
                return Ok(());
            }
            if line.starts_with(b"TLS ") {
                break;
            }
        }
        Err(SyncError::Settings(
            "the mail server offers no STARTTLS; is the port right?".to_owned(),
        ))
    }

    /// A line, without its end; what follows it stays in `come`.
    fn line(&mut self, come: &mut Vec<u8>, until: Timestamp) -> Result<Vec<u8>, SyncError> {
        loop {
            if let Some(end) = come.windows(2).position(|pair| pair == b"\r\n") {
                let rest = come.split_off(end + 2);
                let mut line = std::mem::replace(come, rest);
                line.truncate(end);
                return Ok(line);
            }
            if come.len() > LONGEST_LINE {
                let words = "what answers there is no mail server; is the port right?".to_owned();
                return Err(SyncError::Settings(words));
            }
            come.extend_from_slice(self.read(until)?);
        }
    }
}

impl Time<'_> {
    fn deadline(&self) -> Timestamp {
        self.waiter.now() + TimeDelta::from_std(self.timeout).unwrap_or(TimeDelta::MAX)
    }

    /// Whether to go on waiting.
    fn check(&self, until: Timestamp) -> Result<(), SyncError> {
        self.waiter.in_time(Duration::ZERO, "the time is up")?;
        if self.waiter.now() > until {
            let seconds = self.timeout.as_secs_f32();
            return Err(SyncError::Later(format!(
                "the mail server: no complete answer within {seconds} s"
            )));
        }
        Ok(())
    }
}

fn begin_tls(
    mut stream: TcpStream,
    host: &str,
    trust: &Arc<ClientConfig>,
    time: &Time<'_>,
    until: Timestamp,
) -> Result<StreamOwned<ClientConnection, TcpStream>, SyncError> {
    let fault = |words: String| SyncError::Settings(format!("the mail server: TLS: {words}"));
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| fault(format!("{host} is no name of a server")))?;
    let tls = ClientConnection::new(Arc::clone(trust), name);
    let mut tls = tls.map_err(|error| fault(error.to_string()))?;
    while tls.is_handshaking() {
        match tls.complete_io(&mut stream) {
            Ok(_) => time.check(until)?,
            Err(error) if is_pause(&error) => time.check(until)?,
            Err(error) => {
                let of_tls = error.get_ref().and_then(|e| e.downcast_ref());
                return Err(match of_tls {
                    Some(rustls::Error::InvalidMessage(_)) => {
                        fault("what answers there does not speak it; is the port right?".to_owned())
                    }
                    Some(error) => fault(error.to_string()),
                    None => broken(&error),
                });
            }
        }
    }
    Ok(StreamOwned::new(tls, stream))
}

/// Connects to the first of the name's addresses that answers.
fn connect(
    settings: &ImapSettings,
    timeout: Duration,
    waiter: &Waiter<'_>,
) -> Result<TcpStream, SyncError> {
    let mut reason = "the mail server's name has no address".to_owned();
    for address in look_up(settings, timeout)? {
        let ip = address.ip().to_canonical();
        if is_link_local(ip) {
            return Err(SyncError::Settings(format!(
                "{ip} is a link-local address, which is never asked"
            )));
        }
        if settings.security == Security::None && !ip.is_loopback() {
            return Err(SyncError::Settings(format!(
                "without TLS only this machine is asked, not {ip}"
            )));
        }
        waiter.in_time(Duration::ZERO, "the time is up")?;
        match TcpStream::connect_timeout(&address, (timeout / 3).max(GLANCE)) {
            Ok(stream) => return Ok(stream),
            Err(error) => reason = format!("the mail server: {error}"),
        }
    }
    Err(SyncError::Later(reason))
}

/// A resolver cannot be told when to give up.
fn look_up(settings: &ImapSettings, timeout: Duration) -> Result<Vec<SocketAddr>, SyncError> {
    const MOST: usize = 4;
    let (tell, told) = channel();
    let (host, port) = (settings.host.clone(), settings.port);
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // Nobody listens when it took too long.
        let _ = tell.send(found.map(|found| found.take(MOST).collect()));
    });
    match told.recv_timeout(timeout / 3) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(SyncError::Later(
            "the mail server's name has no address".to_owned(),
        )),
        Err(_) => Err(SyncError::Later(
            "the lookup of the mail server's name took too long".to_owned(),
        )),
    }
}

/// Whether nothing has come yet.
fn is_pause(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn broken(error: &io::Error) -> SyncError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            SyncError::Later("the mail server ended the connection".to_owned())
        }
        _ => SyncError::Later(format!("the mail server: {error}")),
    }
}
