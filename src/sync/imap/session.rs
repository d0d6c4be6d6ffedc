//! A conversation with a mail server: its beginning, one command after the other, and what can go wrong.

use std::sync::Arc;
use std::time::Duration;

use imap_next::client::{Client, Error as Unreadable, Event, Options};
use imap_next::imap_types::auth::{AuthMechanism, AuthenticateData};
use imap_next::imap_types::command::{Command, CommandBody};
use imap_next::imap_types::core::Tag;
use imap_next::imap_types::response::{Code, Data, GreetingKind, Status, StatusBody, StatusKind};
use imap_next::{Interrupt, Io, State};
use rustls::ClientConfig;

use super::connection::Connection;
use crate::config::{ImapLogin, ImapSettings, Secret};
use crate::http::provider_words;
use crate::model::Timestamp;
use crate::sync::SyncError;
use crate::sync::patience::Waiter;

/// One answer is no longer: the longest email that is asked for, and the numbers of two million emails.
pub(super) const LONGEST_ANSWER: u32 = 16 << 20;
/// More answers that cannot be read are no mail server's.
const MOST_UNREADABLE: u32 = 1000;

/// A server that we are logged in at.
pub(super) struct Session<'a> {
    connection: Connection<'a>,
    client: Client,
    tags: u64,
    unreadable: u32,
    /// What no error may show.
    secrets: Vec<String>,
}

/// What the server tells before it is done with a command.
pub(super) enum Told {
    /// What the command was made for, or other news.
    Data(Data<'static>),
    /// A code that a program can read.
    Code(Code<'static>),
}

impl<'a> Session<'a> {
    /// Connects and logs in.
    ///
    /// # Errors
    /// When there is no connection, or the server refuses us.
    pub(super) fn begin(
        settings: &ImapSettings,
        shown: &Secret,
        trust: &Arc<ClientConfig>,
        timeout: Duration,
        waiter: Waiter<'a>,
    ) -> Result<Self, SyncError> {
        use base64::Engine;
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let connection = Connection::open(settings, trust, timeout, waiter)?;
        let mut options = Options::default();
        options.max_response_size = LONGEST_ANSWER;
        options.discard_greeting = connection.has_greeted;
        let bearer = bearer(&settings.username, shown);
        let mut session = Self {
            client: Client::new(options),
            tags: 0,
            unreadable: 0,
            secrets: vec![
                shown.expose().to_owned(),
                base64(shown.expose()),
                base64(&bearer),
            ],
            connection,
        };
        if session.connection.has_greeted || session.is_to_log_in()? {
            session.log_in(settings, shown)?;
        }
        Ok(session)
    }

    /// Waits for the greeting.
    fn is_to_log_in(&mut self) -> Result<bool, SyncError> {
        let until = self.connection.deadline();
        loop {
            if let Event::GreetingReceived { greeting } = self.event(until)? {
                let words = self.words(&greeting.text);
                return match greeting.kind {
                    GreetingKind::Ok => Ok(true),
                    GreetingKind::PreAuth => Ok(false),
                    GreetingKind::Bye => Err(SyncError::Later(format!("the mail server: {words}"))),
                };
            }
        }
    }

    fn log_in(&mut self, settings: &ImapSettings, shown: &Secret) -> Result<(), SyncError> {
        let fault = || {
            let words = "the username or the password has a character that no mail server takes";
            SyncError::Settings(words.to_owned())
        };
        let command = match &settings.login {
            ImapLogin::Password(_) => {
                let (user, password) = (settings.username.clone(), shown.expose().to_owned());
                CommandBody::login(user, password).map_err(|_| fault())?
            }
            ImapLogin::AccessToken(_) => CommandBody::authenticate(AuthMechanism::XOAuth2),
        };
        let bearer = bearer(&settings.username, shown);
        let answer = self.command(command, &bearer, &mut |_| false)?;
        if answer.kind == StatusKind::Ok {
            return Ok(());
        }
        let words = self.words(&answer.text);
        let code = match &answer.code {
            Some(Code::Other(code)) => format!("{code:?}"),
            _ => String::new(),
        };
        // RFC 5530: these pass.
        if ["UNAVAILABLE", "INUSE", "LIMIT"]
            .iter()
            .any(|c| code.contains(c))
        {
            return Err(SyncError::Later(format!("the mail server: {words}")));
        }
        Err(SyncError::Credentials(format!(
            "the mail server refuses our credentials: {words}"
        )))
    }

    /// A command that the server must do.
    pub(super) fn well(
        &mut self,
        body: CommandBody<'static>,
        see: &mut dyn FnMut(Told) -> bool,
    ) -> Result<(), SyncError> {
        let answer = self.command(body, "", see)?;
        match answer.kind {
            StatusKind::Ok => Ok(()),
            StatusKind::No | StatusKind::Bad => Err(SyncError::Later(format!(
                "the mail server refuses: {}",
                self.words(&answer.text)
            ))),
        }
    }

    /// Makes one command. Each answer that `see` finds to be progress gives the server time for the next.
    pub(super) fn command(
        &mut self,
        body: CommandBody<'static>,
        bearer: &str,
        see: &mut dyn FnMut(Told) -> bool,
    ) -> Result<StatusBody<'static>, SyncError> {
        self.tags += 1;
        let tag = Tag::try_from(format!("f{}", self.tags)).map_err(|_| unwritable())?;
        let command = Command {
            tag: tag.clone(),
            body,
        };
        self.client.enqueue_command(command);
        let mut until = self.connection.deadline();
        let mut is_shown = false;
        loop {
            match self.event(until)? {
                Event::DataReceived { data } => {
                    let is_progress = see(Told::Data(data));
                    if is_progress {
                        until = self.connection.deadline();
                    }
                }
                Event::StatusReceived { status }
                | Event::CommandRejected { status, .. }
                | Event::AuthenticateStatusReceived { status, .. } => match status {
                    Status::Tagged(tagged) if tagged.tag == tag => return Ok(tagged.body),
                    Status::Tagged(_) => {}
                    Status::Untagged(body) => {
                        if let Some(code) = body.code {
                            see(Told::Code(code));
                        }
                    }
                    Status::Bye(bye) => {
                        let words = self.words(&bye.text);
                        return Err(SyncError::Later(format!("the mail server: {words}")));
                    }
                },
                Event::AuthenticateContinuationRequestReceived { .. } => {
                    // Asked a second time, it has refused, and waits for an empty line to say so.
                    let shown = if is_shown { "" } else { bearer };
                    is_shown = true;
                    let data = AuthenticateData::r#continue(shown.as_bytes().to_vec());
                    let _ = self.client.set_authenticate_data(data);
                }
                _ => {}
            }
        }
    }

    fn event(&mut self, until: Timestamp) -> Result<Event, SyncError> {
        loop {
            match self.client.next() {
                Ok(event) => return Ok(event),
                Err(Interrupt::Io(Io::NeedMoreInput)) => {
                    let come = self.connection.read(until)?;
                    self.client.enqueue_input(come);
                }
                Err(Interrupt::Io(Io::Output(bytes))) => self.connection.write(&bytes)?,
                // News of a kind that we do not know; an email that is missed by it is told as missing.
                Err(Interrupt::Error(Unreadable::MalformedMessage { .. }))
                    if self.unreadable < MOST_UNREADABLE && self.tags > 0 =>
                {
                    self.unreadable += 1;
                }
                Err(Interrupt::Error(Unreadable::ResponseTooLong { .. })) => {
                    return Err(SyncError::Later(format!(
                        "the mail server: an answer is longer than {} MiB; a `since` makes it shorter",
                        LONGEST_ANSWER >> 20
                    )));
                }
                Err(Interrupt::Error(_)) => {
                    let words = "the mail server: what it says is not IMAP; is the port right?";
                    return Err(SyncError::Later(words.to_owned()));
                }
            }
        }
    }

    /// The server's words, without our secrets.
    pub(super) fn words(&self, text: &impl AsRef<str>) -> String {
        let secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        provider_words(text.as_ref(), &secrets)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.connection.leave();
    }
}

/// XOAUTH2's way of showing a token.
fn bearer(username: &str, token: &Secret) -> String {
    format!(
        "user={username}\u{1}auth=Bearer {}\u{1}\u{1}",
        token.expose()
    )
}

/// What IMAP has no words for.
pub(super) fn unwritable() -> SyncError {
    SyncError::Settings("the mail server takes no such words".to_owned())
}
