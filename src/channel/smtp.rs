//! Email by a mail server. The line of rule X4 is drawn at the end of the message: whatever breaks before its
//! last dot has sent nothing; what the server then says is plain, and silence is unknown.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use super::email::email;
use super::{Accepted, Outgoing, SendError, Sender};
use crate::config::{Certificates, Secret, Security, SmtpSettings};
use crate::http::is_link_local;
use crate::http::provider_words;
use crate::model::Timestamp;

/// How many connections are kept for the next messages.
const MOST_KEPT: usize = 16;

/// `[channels.email.smtp]`.
#[derive(Debug)]
pub struct Smtp {
    server: Arc<Server>,
    bot_name: String,
    timeout: Duration,
}

struct Server {
    settings: SmtpSettings,
    password: Option<Secret>,
    certificates: Certificates,
    timeout: Duration,
    kept: Mutex<Vec<SmtpConnection>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// A sender by the server of `settings`, whom the public certificates or these vouch for; each message ends within
    /// `timeout`. Emails without a subject have the bot's name.
    #[must_use]
    pub fn new(
        settings: &SmtpSettings,
        bot_name: &str,
        password: Option<Secret>,
        certificates: &Certificates,
        timeout: Duration,
    ) -> Self {
        let server = Server {
            settings: settings.clone(),
            password,
            certificates: certificates.clone(),
            timeout,
            kept: Mutex::default(),
        };
        Self {
            server: Arc::new(server),
            bot_name: bot_name.to_owned(),
            timeout,
        }
    }
}

/// How far one message is; whoever changes it first decides.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

const BEFORE: u8 = 0;
const HANDED_OVER: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Progress {
    fn change(&self, to: u8) -> bool {
        let change = self
            .0
            .compare_exchange(BEFORE, to, Ordering::SeqCst, Ordering::SeqCst);
        change.is_ok()
    }
}

impl Sender for Smtp {
    /// One email; the provider's id is its Message-ID.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let email = email(&self.server.settings.email, &self.bot_name, message, now)?;
        let bytes = email.message.formatted();
        let envelope = email.message.envelope().clone();
        let progress = Arc::new(Progress::default());
        let (done, outcome) = mpsc::channel();
        {
            let (server, progress) = (Arc::clone(&self.server), Arc::clone(&progress));
            // A server may drip its answers without end: whoever waits must be able to leave.
            std::thread::spawn(move || {
                let result = server.hand_over(&envelope, &bytes, &progress);
                let _ = done.send(result);
            });
        }
        let seconds = self.timeout.as_secs_f32();
        match outcome.recv_timeout(self.timeout) {
            Ok(result) => result.map(|()| Accepted {
                provider_id: Some(email.id),
            }),
            Err(_) if progress.change(GIVEN_UP) => Err(SendError::Retry {
                after: None,
                reason: format!("the mail server did not take it within {seconds} s"),
            }),
            Err(_) => Err(SendError::Unknown {
                reason: format!("no complete answer within {seconds} s"),
            }),
        }
    }

    /// Connects, logs in, and leaves.
    fn ask(&self, _now: Timestamp) -> Result<Option<String>, SendError> {
        let (done, outcome) = mpsc::channel();
        let server = Arc::clone(&self.server);
        std::thread::spawn(move || {
            let asked = server.connect().map(|mut connection| {
                // It may say goodbye or not.
                let _ = connection.quit();
            });
            let _ = done.send(asked);
        });
        match outcome.recv_timeout(self.timeout) {
            Ok(asked) => asked.map(|()| Some(self.server.settings.host.clone())),
            Err(_) => Err(SendError::Retry {
                after: None,
                reason: format!("no answer within {} s", self.timeout.as_secs_f32()),
            }),
        }
    }
}

/// At which command a server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The greeting, TLS, logging in, or our own address: not the message's fault.
    Ours,
    /// The recipient or the message.
    Message,
}

impl Server {
    fn hand_over(
        &self,
        envelope: &lettre::address::Envelope,
        bytes: &[u8],
        progress: &Progress,
    ) -> Result<(), SendError> {
        let mut connection = self.begin(envelope)?;
        for to in envelope.to() {
            let rcpt = Rcpt::new(to.clone(), Vec::new());
            let answer = connection.command(rcpt);
            answer.map_err(|error| self.before(&error, Stage::Message))?;
        }
        let answer = connection.command(Data);
        answer.map_err(|error| self.before(&error, Stage::Message))?;
        if !progress.change(HANDED_OVER) {
            return Err(SendError::Retry {
                after: None,
                reason: "given up before the message was handed over".to_owned(),
            });
        }
        match connection.message(bytes) {
            Ok(_) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() < MOST_KEPT {
                    kept.push(connection);
                }
                Ok(())
            }
            Err(error) if error.status().is_some() => Err(self.before(&error, Stage::Message)),
            Err(error) => Err(SendError::Unknown {
                reason: self.words(&error),
            }),
        }
    }

    /// A connection that has taken our address: a kept one, or when that has ended in between a new one.
    fn begin(&self, envelope: &lettre::address::Envelope) -> Result<SmtpConnection, SendError> {
        loop {
            let kept = self
                .kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect()?,
            };
            let mut options = Vec::new();
            let addresses = envelope.to().iter().chain(envelope.from());
            if !addresses
                .into_iter()
                .all(|a| AsRef::<str>::as_ref(a).is_ascii())
            {
                if !connection
                    .server_info()
                    .supports_feature(Extension::SmtpUtfEight)
                {
                    return Err(SendError::Refused {
                        reason: "the mail server takes no address that is not ASCII".to_owned(),
                    });
                }
                options.push(MailParameter::SmtpUtfEight);
            }
            match connection.command(Mail::new(envelope.from().cloned(), options)) {
                Ok(_) => return Ok(connection),
                Err(error) if is_new || error.is_permanent() => {
                    return Err(self.before(&error, Stage::Ours));
                }
                Err(_) => {} // it was closed, or has had enough messages
            }
        }
    }

    fn connect(&self) -> Result<SmtpConnection, SendError> {
        let settings = &self.settings;
        let address = self.resolve()?;
        let ours = |error: Error| self.before(&error, Stage::Ours);
        let mut tls = TlsParameters::builder(settings.host.clone());
        for certificate in &self.certificates {
            let certificate = Certificate::from_der(certificate.to_vec()).map_err(ours)?;
            tls = tls.add_root_certificate(certificate);
        }
        let tls = tls.build().map_err(ours)?;
        let hello = ClientId::Domain(settings.email.from.email.domain().to_owned());
        let from_the_first = (settings.security == Security::Tls).then_some(&tls);
        let mut connection =
            SmtpConnection::connect(address, Some(self.timeout), &hello, from_the_first, None)
                .map_err(ours)?;
        if settings.security == Security::Starttls {
            if !connection.can_starttls() {
                return Err(SendError::Credentials {
                    reason: "the mail server offers no STARTTLS; is the port right?".to_owned(),
                });
            }
            connection.starttls(&tls, &hello).map_err(ours)?;
        }
        if let (Some((user, _)), Some(password)) = (&settings.login, &self.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .map_err(ours)?;
        }
        Ok(connection)
    }

    /// Looks the name up; a link-local address is never asked, and one elsewhere only with TLS.
    fn resolve(&self) -> Result<SocketAddr, SendError> {
        let (host, port) = (self.settings.host.as_str(), self.settings.port);
        let found = (host, port).to_socket_addrs();
        let found = found.ok().and_then(|mut addresses| addresses.next());
        let Some(address) = found else {
            return Err(SendError::Retry {
                after: None,
                reason: "the mail server's name has no address".to_owned(),
            });
        };
        let ip = address.ip().to_canonical();
        if is_link_local(ip) {
            return Err(SendError::Credentials {
                reason: format!("{ip} is a link-local address, which is never asked"),
            });
        }
        if self.settings.security == Security::None && !ip.is_loopback() {
            return Err(SendError::Credentials {
                reason: format!("without TLS only this machine is asked, not {ip}"),
            });
        }
        Ok(address)
    }

    /// What is certain when the message was not yet handed over, or when the server has plainly refused it.
    fn before(&self, error: &Error, stage: Stage) -> SendError {
        let reason = self.words(error);
        match (error.is_permanent(), stage) {
            (true, Stage::Ours) => SendError::Credentials { reason },
            (true, Stage::Message) => SendError::Refused { reason },
            // Nothing that both sides know to log in with.
            (false, Stage::Ours) if error.is_client() => SendError::Credentials { reason },
            _ => SendError::Retry {
                after: None,
                reason,
            },
        }
    }

    /// The server's words, without our password however it is encoded.
    fn words(&self, error: &Error) -> String {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use std::error::Error as _;
        let said = match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        };
        let text = match error.status() {
            Some(code) => format!("SMTP {code}: {said}"),
            None => said,
        };
        let Some((password, user)) = self.password.as_ref().zip(self.settings.login.as_ref())
        else {
            return provider_words(&text, &[]);
        };
        let password = password.expose();
        let login = STANDARD.encode(password);
        let plain = STANDARD.encode(format!("\u{0}{}\u{0}{password}", user.0));
        provider_words(&text, &[password, &login, &plain])
    }
}
