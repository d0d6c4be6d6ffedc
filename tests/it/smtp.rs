//! Email against a mail server on loopback that does what a script says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use followup::channel::{Accepted, Outgoing, SendError, Sender, Smtp};
use followup::config::{Certificates, EmailSettings, Secret, SecretRef, Security, SmtpSettings};
use followup::model::Channel;

use crate::contract::{message, now};
use crate::tls::Front;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(1200);
const MARKER: &str = "MARKERmarkerMARKER";

/// What the server says to one command instead of yes; and how it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Odd {
    Nothing,
    /// Answers the command (its first word, `.` is the end of the message, empty is the greeting) with this.
    Says(&'static str, &'static str),
    /// Closes the connection instead of answering the command.
    Closes(&'static str),
    /// Never answers the command.
    Stalls(&'static str),
    /// Answers the command a letter at a time, without end.
    Drips(&'static str),
    /// Closes the connection after each message.
    ClosesAfterEach,
}

struct MailServer {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl MailServer {
    fn start(odd: Odd) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let (kept, counted) = (Arc::clone(&mails), Arc::clone(&connections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *counted.lock().unwrap() += 1;
                let kept = Arc::clone(&kept);
                // A broken connection is what these tests are about.
                std::thread::spawn(move || converse(stream, odd, &kept));
            }
        });
        Self {
            port,
            mails,
            connections,
        }
    }

    fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn converse(stream: TcpStream, odd: Odd, mails: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    if answer(&mut out, odd, "", "220 ready\r\n")?.is_none() {
        return Ok(());
    }
    while let Some(Ok(line)) = lines.next() {
        let word = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        let usual = match word.as_str() {
            "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
            "AUTH" => "235 welcome\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        let Some(went_well) = answer(&mut out, odd, &word, usual)? else {
            return Ok(());
        };
        if word == "QUIT" {
            return Ok(());
        }
        if word == "DATA" && went_well {
            let mut mail = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                mail.push_str(&line);
                mail.push_str("\r\n");
            }
            mails.lock().unwrap().push(mail);
            if answer(&mut out, odd, ".", "250 queued\r\n")?.is_none()
                || odd == Odd::ClosesAfterEach
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Answers a command, in the odd way if it is its turn; `None` when that was the end.
fn answer(out: &mut TcpStream, odd: Odd, word: &str, usual: &str) -> std::io::Result<Option<bool>> {
    let forever = |_: ()| {
        let (_sender, nothing) = std::sync::mpsc::channel::<()>();
        nothing.recv_timeout(Duration::from_millis(30)).is_err()
    };
    match odd {
        Odd::Says(at, words) if at == word => {
            out.write_all(words.as_bytes())?;
            return Ok(Some(false));
        }
        Odd::Closes(at) if at == word => return Ok(None),
        Odd::Stalls(at) if at == word => {
            let mut end = [0];
            std::io::Read::read(out, &mut end)?;
            return Ok(None);
        }
        Odd::Drips(at) if at == word => {
            while forever(()) {
                out.write_all(b"2")?;
            }
        }
        _ => out.write_all(usual.as_bytes())?,
    }
    Ok(Some(true))
}

fn smtp(port: u16, timeout: Duration) -> Smtp {
    smtp_by(port, Security::None, &Vec::new(), timeout)
}

fn smtp_by(port: u16, security: Security, certificates: &Certificates, timeout: Duration) -> Smtp {
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security,
        login: Some(("hola@example.com".into(), SecretRef::env("UNUSED"))),
        email: EmailSettings {
            from: "Clínica Sol <hola@example.com>".parse().unwrap(),
            reply_to: None,
            subject: Some("Tu cita".into()),
            unsubscribe_url: None,
            unsubscribe_email: None,
        },
    };
    Smtp::new(
        &settings,
        "Sol",
        Some(Secret::new(MARKER)),
        certificates,
        timeout,
    )
}

fn mail() -> Outgoing {
    Outgoing {
        channel: Channel::Email,
        address: "ana@example.org".into(),
        ..message()
    }
}

fn send(odd: Odd, timeout: Duration) -> (Result<Accepted, SendError>, Vec<String>) {
    let server = MailServer::start(odd);
    let sender = smtp(server.port, timeout);
    let sent = sender.send(&mail(), now());
    if let Err(error) = &sent {
        let shown = format!("{error} {error:?} {sender:?}");
        assert!(!shown.contains(MARKER), "{shown}");
    }
    (sent, server.mails())
}

#[test]
fn x1_an_email_is_handed_over_once_with_our_id() {
    let (sent, mails) = send(Odd::Nothing, LONG);
    let id = sent.unwrap().provider_id.unwrap();
    assert_eq!(id, "<fu_1@example.com>");
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains(&format!("Message-ID: {id}\r\n")),
        "{}",
        mails[0]
    );
    assert!(mails[0].contains("Auto-Submitted: auto-generated\r\n"));
}

#[test]
fn x4_a_mail_server_that_nobody_vouches_for_gets_nothing() {
    let server = MailServer::start(Odd::Nothing);
    let front = Front::before(server.port, "127.0.0.1");
    let sent = smtp_by(front.port, Security::Tls, &Vec::new(), LONG).send(&mail(), now());
    let error = sent.unwrap_err();
    assert_eq!(error.kind(), "retry");
    assert!(
        error.to_string().contains("invalid peer certificate"),
        "{error}"
    );
    let known = front.authorities();
    let sent = smtp_by(front.port, Security::Tls, &known, LONG).send(&mail(), now());
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn x4_a_mail_servers_answers_are_of_the_kind_they_mean() {
    for (at, words, kind) in [
        ("", "421 too busy\r\n", "retry"),
        ("", "554 go away\r\n", "credentials"),
        (
            "AUTH",
            "535 5.7.8 no such password MARKERmarkerMARKER\r\n",
            "credentials",
        ),
        ("AUTH", "454 later\r\n", "retry"),
        ("MAIL", "530 5.7.0 log in first\r\n", "credentials"),
        ("MAIL", "451 later\r\n", "retry"),
        ("RCPT", "550 5.1.1 nobody of that name\r\n", "refused"),
        ("RCPT", "451 4.7.1 greylisted, come back\r\n", "retry"),
        ("RCPT", "452 4.2.2 mailbox full\r\n", "retry"),
        ("DATA", "554 5.7.1 no\r\n", "refused"),
        ("DATA", "451 later\r\n", "retry"),
        (".", "554 5.7.1 looks like spam\r\n", "refused"),
        (".", "451 4.3.0 later\r\n", "retry"),
        (".", "what?\r\n", "unknown"),
    ] {
        let (sent, _) = send(Odd::Says(at, words), LONG);
        let error = sent.expect_err(words);
        assert_eq!(error.kind(), kind, "{at} {words}: {error}");
        let said: String = words.trim().chars().skip(4).take(8).collect();
        if kind != "unknown" {
            assert!(error.to_string().contains(&said), "{words}: {error}");
        }
    }
}

#[test]
fn x4_what_breaks_before_the_last_dot_has_sent_nothing() {
    for at in ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        let (sent, mails) = send(Odd::Closes(at), LONG);
        let error = sent.expect_err(at);
        assert_eq!(error.kind(), "retry", "{at}: {error}");
        assert!(mails.is_empty());
    }
    let (sent, mails) = send(Odd::Closes("."), LONG);
    assert_eq!(sent.unwrap_err().kind(), "unknown");
    assert_eq!(mails.len(), 1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = smtp(port, LONG).send(&mail(), now()).unwrap_err();
    assert_eq!(error.kind(), "retry", "nobody listens");
}

#[test]
fn x4_silence_and_a_slow_drip_end_with_the_timeout() {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for (odd, kind) in [
            (Odd::Stalls("RCPT"), "retry"),
            (Odd::Drips("RCPT"), "retry"),
            (Odd::Stalls("."), "unknown"),
            (Odd::Drips("."), "unknown"),
        ] {
            scope.spawn(move || {
                let (sent, mails) = send(odd, SHORT);
                let error = sent.expect_err(kind);
                assert_eq!(error.kind(), kind, "{odd:?}: {error}");
                assert_eq!(mails.is_empty(), kind == "retry", "{odd:?}");
            });
        }
    });
    assert!(started.elapsed() < SHORT + Duration::from_secs(5));
}

#[test]
fn a_connection_is_kept_and_replaced_when_it_has_ended() {
    for (odd, connections) in [(Odd::Nothing, 1), (Odd::ClosesAfterEach, 3)] {
        let server = MailServer::start(odd);
        let sender = smtp(server.port, LONG);
        for n in 0..3 {
            let mail = Outgoing {
                id: format!("fu_{n}"),
                ..mail()
            };
            sender.send(&mail, now()).unwrap();
        }
        assert_eq!(server.mails().len(), 3, "{odd:?}");
        assert_eq!(*server.connections.lock().unwrap(), connections, "{odd:?}");
    }
}
