//! Email by the machine's own mail program, which takes it to its queue.

use std::ffi::OsString;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::email::email;
use super::{Accepted, Outgoing, SendError, Sender};
use crate::config::{Environment, SendmailSettings};
use crate::http::provider_words;
use crate::model::Timestamp;

/// What a mail program may see of the environment: no secret.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"];

/// `[channels.email.sendmail]`.
#[derive(Debug)]
pub struct Sendmail {
    settings: SendmailSettings,
    environment: Vec<(&'static str, OsString)>,
    bot_name: String,
    timeout: Duration,
}

impl Sendmail {
    /// A sender by the program of `settings`; each message ends within `timeout`. Emails without a subject have
    /// the bot's name.
    #[must_use]
    pub fn new(
        settings: &SendmailSettings,
        bot_name: &str,
        environment: &Environment,
        timeout: Duration,
    ) -> Self {
        let passed = PASSED_ON.iter();
        Self {
            settings: settings.clone(),
            environment: passed
                .filter_map(|name| Some((*name, environment.get(name)?.to_owned())))
                .collect(),
            bot_name: bot_name.to_owned(),
            timeout,
        }
    }

    fn start(&self, message: &lettre::Message) -> Result<Child, SendError> {
        let envelope = message.envelope();
        let [program, arguments @ ..] = self.settings.command.as_slice() else {
            return Err(SendError::Credentials {
                reason: "no mail program is configured".to_owned(),
            });
        };
        let mut command = Command::new(program);
        command.args(arguments).arg("-i");
        if let Some(from) = envelope.from() {
            command.arg("-f").arg(from);
        }
        command
            .arg("--")
            .args(envelope.to())
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().map_err(|error| SendError::Credentials {
            reason: format!("{program} cannot be started: {error}"),
        })
    }
}

impl Sender for Sendmail {
    /// One email; the provider's id is its Message-ID.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let email = email(&self.settings.email, &self.bot_name, message, now)?;
        let bytes = email.message.formatted();
        let mut child = self.start(&email.message)?;
        let process = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let (done, outcome) = mpsc::channel();
        std::thread::spawn(move || {
            let written = child
                .stdin
                .take()
                .map_or(Ok(()), |mut input| input.write_all(&bytes));
            let _ = done.send((written.is_ok(), child.wait_with_output()));
        });
        match outcome.recv_timeout(self.timeout) {
            Ok((all_written, Ok(output))) => {
                let words = String::from_utf8_lossy(&output.stderr);
                verdict(output.status.code(), all_written, &words)?;
                Ok(Accepted {
                    provider_id: Some(email.id),
                })
            }
            Ok((_, Err(error))) => Err(SendError::Unknown {
                reason: format!("the mail program was lost: {error}"),
            }),
            Err(_) => {
                if let Some(process) = process {
                    // It may have ended just now.
                    let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
                }
                let seconds = self.timeout.as_secs_f32();
                Err(SendError::Unknown {
                    reason: format!("the mail program did not end within {seconds} s"),
                })
            }
        }
    }
}

/// What the program's exit code makes certain, by the codes of sysexits.h.
fn verdict(code: Option<i32>, all_written: bool, words: &str) -> Result<(), SendError> {
    let words = provider_words(words, &[]);
    let shown = code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
    let reason = format!("the mail program ended with {shown}: {words}");
    Err(match code {
        Some(0) if all_written => return Ok(()),
        Some(75) => SendError::Retry {
            after: None,
            reason,
        },
        Some(65 | 67 | 68) => SendError::Refused { reason },
        Some(64 | 69 | 72 | 77 | 78 | 126 | 127) => SendError::Credentials { reason },
        _ => SendError::Unknown { reason },
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::channel::example;
    use crate::model::Channel;

    fn sender(script: &str, directory: &std::path::Path) -> Sendmail {
        let program = directory.join("sendmail");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let settings = SendmailSettings {
            command: vec!["/bin/sh".into(), program.to_str().unwrap().into()],
            email: crate::config::EmailSettings {
                from: "Sol <hola@example.com>".parse().unwrap(),
                reply_to: None,
                subject: None,
                unsubscribe_url: None,
                unsubscribe_email: None,
            },
        };
        let environment: Environment = [("PATH", "/usr/bin:/bin"), ("TOKEN", "hunter2")]
            .into_iter()
            .collect();
        Sendmail::new(&settings, "Sol", &environment, Duration::from_secs(10))
    }

    fn message() -> Outgoing {
        Outgoing {
            address: "ana@example.org".into(),
            ..example(Channel::Email)
        }
    }

    #[test]
    fn the_program_gets_the_email_and_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let seen = dir.path().join("seen");
        let script = format!("{{ echo \"$@\"; env; cat; }} > {}", seen.display());
        let accepted = sender(&script, dir.path())
            .send(&message(), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(accepted.provider_id.as_deref(), Some("<fu_1@example.com>"));
        let seen = std::fs::read_to_string(seen).unwrap();
        assert!(
            seen.starts_with("-i -f hola@example.com -- ana@example.org\n"),
            "{seen}"
        );
        assert!(seen.contains("Message-ID: <fu_1@example.com>"), "{seen}");
        assert!(!seen.contains("hunter2"), "{seen}");
    }

    #[test]
    fn x4_exit_codes_are_of_the_kind_they_mean() {
        let dir = tempfile::tempdir().unwrap();
        for (code, kind) in [
            (75, "retry"),
            (67, "refused"),
            (68, "refused"),
            (65, "refused"),
            (77, "credentials"),
            (78, "credentials"),
            (70, "unknown"),
            (1, "unknown"),
        ] {
            let script = format!("cat > /dev/null; echo in its words >&2; exit {code}");
            let error = sender(&script, dir.path())
                .send(&message(), Timestamp::UNIX_EPOCH)
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{code}: {error}");
            assert!(error.to_string().contains("in its words"), "{error}");
        }
        let mut missing = sender("", dir.path());
        missing.settings.command = vec!["/nowhere/sendmail".into()];
        let error = missing.send(&message(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.kind(), "credentials");
    }
}
