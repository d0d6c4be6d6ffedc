use lettre::message::Mailbox;

use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::{Place, number};
use super::super::{SecretRef, secret_ref, words};

/// What an email looks like, whoever carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailSettings {
    /// Who writes: `Clínica Sol <hola@example.com>`.
    pub from: Mailbox,
    /// Where answers go; by default to `from`.
    pub reply_to: Option<Mailbox>,
    /// The subject; by default the bot's name.
    pub subject: Option<String>,
    /// Where a click ends it (RFC 8058); `{contact_id}` and `{id}` stand for the contact's and the follow-up's id.
    pub unsubscribe_url: Option<String>,
    /// Where a mail ends it.
    pub unsubscribe_email: Option<Mailbox>,
}

/// `[channels.email.smtp]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// The mail server's name or address.
    pub host: String,
    /// Its port; default 465 with [`Security::Tls`], 587 with [`Security::Starttls`], 25 with
    /// [`Security::None`].
    pub port: u16,
    /// How the connection is protected; default [`Security::Tls`].
    pub security: Security,
    /// The name and the password to log in with.
    pub login: Option<(String, SecretRef)>,
    /// What it looks like.
    pub email: EmailSettings,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `tls`: from the first byte.
    Tls,
    /// `starttls`: the server must offer it.
    Starttls,
    /// `none`: only to this machine.
    None,
}

impl Security {
    pub(in super::super) const ALL: &[Self] = &[Self::Tls, Self::Starttls, Self::None];

    pub(in super::super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
            Self::None => "none",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// `[channels.email.sendmail]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendmailSettings {
    /// The program and its first arguments; default `/usr/sbin/sendmail`. `-i -f FROM -- TO` follows.
    pub command: Vec<String>,
    /// What it looks like.
    pub email: EmailSettings,
}

/// Where a mail server is: `host`, `security` and `port`, with an example of the host and of the port's line.
pub(in crate::config) fn mail_server(
    table: &mut Table<'_>,
    (sample, port_sample): (&str, &str),
    findings: &mut Findings,
) -> (Option<String>, Security, Option<u16>) {
    let host_spot = table.spot_of("host");
    let host = table
        .required("host", &format!("host = \"{sample}\""), findings)
        .and_then(|text| text.parse(findings, |text| host(text, sample)));
    let security = table
        .parsed("security", "security = \"starttls\"", findings, |text| {
            words::one_of("security", Security::ALL, Security::as_str, text)
        })
        .unwrap_or(Security::Tls);
    if let (Security::None, Some(host)) = (security, &host)
        && !is_this_machine(host)
    {
        findings.fault(
            &host_spot,
            "without TLS anyone can read it; security = \"none\" is only for this machine",
        );
    }
    let port = table.take("port").and_then(|value| {
        let port = number(value, 1..=65535, port_sample, findings)?;
        u16::try_from(port).ok()
    });
    (host, security, port)
}

pub(super) fn smtp(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<SmtpSettings> {
    let (host, security, port) = mail_server(table, ("smtp.example.com", "port = 465"), findings);
    let username = table.text("username", "username = \"hola@example.com\"", findings);
    let password = table
        .take("password")
        .and_then(|value| secret_ref::read(value, "SMTP_PASSWORD", place, findings));
    let login = match (username, password) {
        (Some(name), Some(password)) => Some((name.value.to_owned(), password)),
        (Some(name), None) if !table.entries().iter().any(|(k, _)| *k == "password") => {
            findings.fault(
                &name.spot,
                "a username without a password; write password = { env = \"SMTP_PASSWORD\" }",
            );
            None
        }
        (None, Some(_)) => {
            let example = "username = \"hola@example.com\"";
            table.missing("username", example, findings);
            None
        }
        _ => None,
    };
    let email = email(table, findings);
    Some(SmtpSettings {
        host: host?,
        port: port.unwrap_or(security.port()),
        security,
        login,
        email: email?,
    })
}

pub(super) fn sendmail(table: &mut Table<'_>, findings: &mut Findings) -> Option<SendmailSettings> {
    let example = "command = [\"/usr/sbin/sendmail\"]";
    let command = table.texts("command", example, findings);
    let mut command: Vec<String> = command.iter().map(|w| w.value.to_owned()).collect();
    if command.is_empty() {
        command.push("/usr/sbin/sendmail".to_owned());
    }
    let email = email(table, findings);
    Some(SendmailSettings {
        command,
        email: email?,
    })
}

fn email(table: &mut Table<'_>, findings: &mut Findings) -> Option<EmailSettings> {
    let from = table
        .required(
            "from",
            "from = \"Clínica Sol <hola@example.com>\"",
            findings,
        )
        .and_then(|text| text.parse(findings, mailbox));
    let reply_to = table.parsed(
        "reply_to",
        "reply_to = \"desk@example.com\"",
        findings,
        mailbox,
    );
    let subject = subject(table, findings);
    let unsubscribe_url = table
        .text(
            "unsubscribe_url",
            "unsubscribe_url = \"https://example.com/u/{contact_id}\"",
            findings,
        )
        .and_then(|text| text.parse(findings, unsubscribe_url));
    let unsubscribe_email = table.parsed(
        "unsubscribe_email",
        "unsubscribe_email = \"stop@example.com\"",
        findings,
        mailbox,
    );
    Some(EmailSettings {
        from: from?,
        reply_to,
        subject,
        unsubscribe_url,
        unsubscribe_email,
    })
}

pub(super) fn subject(table: &mut Table<'_>, findings: &mut Findings) -> Option<String> {
    let example = "subject = \"Your appointment\"";
    table.parsed("subject", example, findings, |text| {
        match text.trim().is_empty() || text.chars().any(char::is_control) {
            true => Err(format!("not one line of text; write {example}")),
            false => Ok(text.trim().to_owned()),
        }
    })
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.trim()
        .parse()
        .map_err(|_| "not an email address; write \"Name <name@example.com>\"".to_owned())
}

fn unsubscribe_url(text: &str) -> Result<String, String> {
    let url = words::url(&text.replace(['{', '}'], ""))?;
    if !url.to_ascii_lowercase().starts_with("https://") {
        return Err("a mail program asks only https; write https://".to_owned());
    }
    if !text.contains("{contact_id}") && !text.contains("{id}") {
        return Err(
            "one click must say who it was; write {contact_id} or {id} where it belongs".to_owned(),
        );
    }
    let rest = text.replace("{contact_id}", "").replace("{id}", "");
    match rest.contains(['{', '}', '<', '>', ',']) || !rest.is_ascii() {
        true => Err(
            "only {contact_id} and {id} are filled in; write the rest as a plain URL".to_owned(),
        ),
        false => Ok(text.to_owned()),
    }
}

/// The name of a server, such as `example`.
fn host(text: &str, example: &str) -> Result<String, String> {
    let text = text.trim();
    let as_url = if text.contains(':') {
        format!("https://[{text}]")
    } else {
        format!("https://{text}")
    };
    match words::url(&as_url) {
        Ok(_) if !text.contains(['/', '?']) => Ok(text.to_owned()),
        _ => Err(format!(
            "not the name of a server; write {example:?}, without port and scheme"
        )),
    }
}

/// Whether a server is this machine by its name.
fn is_this_machine(host: &str) -> bool {
    let as_url = if host.contains(':') {
        format!("http://[{host}]")
    } else {
        format!("http://{host}")
    };
    words::url(&as_url).is_ok()
}
