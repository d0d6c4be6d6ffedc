use super::channels::Security;
use super::channels::email::mail_server;
use super::file::Table;
use super::findings::{Findings, Spotted};
use super::validate::Place;
use super::{SecretRef, secret_ref};

/// `[sources.imap]`: a mailbox that is read, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImapSettings {
    /// The mail server's name or address.
    pub host: String,
    /// Its port; default 993 with [`Security::Tls`], else 143.
    pub port: u16,
    /// How the connection is protected; default [`Security::Tls`].
    pub security: Security,
    /// The name to log in with.
    pub username: String,
    /// What shows that it is us.
    pub login: ImapLogin,
    /// Which folders; empty for the inbox and the one where the server keeps what was sent.
    pub folders: Vec<String>,
    /// The addresses at which we write, `@example.com` for all of a domain; by default the name to log in with.
    pub us: Vec<String>,
    /// Which of these are staff (rule D6); the others are the bot.
    pub humans: Vec<String>,
}

/// What is shown to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImapLogin {
    /// A password, often one made for this program alone.
    Password(SecretRef),
    /// An OAuth 2 access token (XOAUTH2), as a command gives it.
    AccessToken(SecretRef),
}

/// More folders than this are no inbox that a business answers from.
const MOST_FOLDERS: usize = 20;

pub(super) fn read(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<ImapSettings> {
    let (host, security, port) = mail_server(table, ("imap.example.com", "port = 993"), findings);
    let username = table.required("username", "username = \"desk@example.com\"", findings);
    let login = login(table, place, findings);
    let folders = table.texts("folders", "folders = [\"INBOX\", \"Sent\"]", findings);
    if let Some(folder) = folders.get(MOST_FOLDERS) {
        let message = format!("over {MOST_FOLDERS} folders; name those that are answered from");
        findings.fault(&folder.spot, message);
    }
    for folder in &folders {
        folder.parse(findings, |name| match name.chars().any(char::is_control) {
            false => Ok(()),
            true => Err("not the name of a folder; write, for example: \"Sent\"".to_owned()),
        });
    }
    let us_spot = table.spot_of("us");
    let mut us = addresses(table, "us", findings);
    if us.is_empty()
        && let Some(name) = &username
    {
        match name.value.contains('@') {
            true => us.push(name.value.to_owned()),
            false => findings.fault(
                &us_spot,
                "the username is no address; write the addresses at which you write, such as us = \
                 [\"desk@example.com\"]",
            ),
        }
    }
    let humans = addresses(table, "humans", findings);
    Some(ImapSettings {
        host: host?,
        port: port.unwrap_or(match security {
            Security::Tls => 993,
            Security::Starttls | Security::None => 143,
        }),
        security,
        username: username?.value.to_owned(),
        login: login?,
        folders: folders.iter().map(|f| f.value.to_owned()).collect(),
        us,
        humans,
    })
}

/// Either of the two.
fn login(table: &mut Table<'_>, place: &Place<'_>, findings: &mut Findings) -> Option<ImapLogin> {
    let Some(token) = table.take("access_token") else {
        let password = secret_ref::required(table, "password", "IMAP_PASSWORD", place, findings);
        return password.map(ImapLogin::Password);
    };
    if let Some(password) = table.take("password") {
        let message = "either a password or an access_token; leave one of them out";
        findings.fault(&password.key_spot(), message);
    }
    let token = secret_ref::read(token, "IMAP_ACCESS_TOKEN", place, findings);
    token.map(ImapLogin::AccessToken)
}

/// Addresses, or whole domains: `@example.com`.
fn addresses(table: &mut Table<'_>, key: &'static str, findings: &mut Findings) -> Vec<String> {
    let example = format!("{key} = [\"desk@example.com\"]");
    let read = |text: Spotted<&str>, findings: &mut Findings| {
        text.parse(findings, |text| {
            match text.trim().rsplit_once('@') {
                Some((_, domain)) if !domain.is_empty() => Ok(text.trim().to_owned()),
                _ => Err("not an address; write \"desk@example.com\", or \"@example.com\" for all of a domain"
                    .to_owned()),
            }
        })
    };
    let texts = table.texts(key, &example, findings);
    let read = texts.into_iter().map(|text| read(text, findings));
    read.collect::<Vec<_>>().into_iter().flatten().collect()
}
