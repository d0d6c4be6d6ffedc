//! The outbox: a channel that needs no account. Each message becomes one line of JSON in a file, for another
//! program to deliver, for a look at what would be sent, and for tests.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Accepted, Found, Lost, Outgoing, Payload, SendError, Sender};
use crate::model::Timestamp;

/// Appends to one file; created with mode 0600 when the first message is sent.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    file: OnceLock<File>,
    writing: Mutex<()>,
}

impl Outbox {
    /// An outbox at `path`. Touches nothing yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: OnceLock::new(),
            writing: Mutex::new(()),
        }
    }

    fn refused(&self, error: &std::io::Error) -> SendError {
        SendError::Credentials {
            reason: format!("cannot open the outbox {}: {error}", self.path.display()),
        }
    }
}

impl Sender for Outbox {
    /// One line, in one write, durable before this returns. The provider's id is the follow-up's own.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError> {
        let mut line = serde_json::to_value(Payload::of(message))?;
        line["sent_at"] = now
            .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
            .into();
        let line = format!("{line}\n");
        {
            // A panic elsewhere leaves nothing half done here: the lock guards the file's end only.
            let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let file = match self.file.get() {
                Some(file) => file,
                None => {
                    let file = open(&self.path).map_err(|error| self.refused(&error))?;
                    self.file.get_or_init(|| file)
                }
            };
            append(file, line.as_bytes())?;
        }
        if let Some(file) = self.file.get() {
            file.sync_data().map_err(|error| SendError::Unknown {
                reason: format!("the outbox may not have been written to disk: {error}"),
            })?;
        }
        Ok(Accepted {
            provider_id: Some(message.id.clone()),
        })
    }

    /// Looks into the file, which whoever delivers from it may have emptied since.
    fn look_up(&self, lost: &Lost<'_>, _now: Timestamp) -> Result<Found, SendError> {
        let Ok(file) = File::open(&self.path) else {
            return Ok(Found::CannotSay);
        };
        let lines = std::io::BufRead::lines(std::io::BufReader::new(file));
        for line in lines.map_while(Result::ok).filter(|l| l.contains(lost.id)) {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if line["id"] == lost.id {
                return Ok(Found::Sent {
                    provider_id: Some(lost.id.to_owned()),
                });
            }
        }
        Ok(Found::CannotSay)
    }
}

/// Opens for appending; a line that a crash cut is closed off, so that it spoils no other.
fn open(path: &Path) -> std::io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.len() > 0 && file.seek(SeekFrom::End(-1)).is_ok() {
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

fn append(mut file: &File, line: &[u8]) -> Result<(), SendError> {
    let written = loop {
        match file.write(line) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    match written {
        Ok(length) if length == line.len() => Ok(()),
        Ok(_) => Err(SendError::Unknown {
            reason: "the outbox took only a part of the message; is the disk full?".into(),
        }),
        Err(error) => Err(SendError::Retry {
            after: None,
            reason: format!("cannot write to the outbox: {error}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::channel::example;
    use crate::model::Channel;

    #[test]
    fn each_message_is_one_private_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox.jsonl");
        std::fs::write(&path, "{\"cut").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let outbox = Outbox::new(path.clone());
        let message = Outgoing {
            text: "¿Sigues ahí?\nhttps://example.com".into(),
            ..example(Channel::LiveChat)
        };
        let accepted = outbox.send(&message, now).unwrap();
        assert_eq!(accepted.provider_id.as_deref(), Some(&*message.id));
        Outbox::new(path.clone()).send(&message, now).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0], "{\"cut");
        for line in &lines[1..] {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["text"], message.text);
            assert_eq!(value["channel"], "live_chat");
            assert_eq!(value["to"], message.address);
            assert_eq!(value["sent_at"], "2026-03-02T09:00:00Z");
        }
    }

    #[test]
    fn the_file_is_created_for_the_owner_alone_and_only_when_needed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox.jsonl");
        let outbox = Outbox::new(path.clone());
        assert!(!path.exists());
        outbox
            .send(&example(Channel::Sms), Timestamp::UNIX_EPOCH)
            .unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn x4_threads_write_whole_lines_and_a_wrong_path_closes_the_channel() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox.jsonl");
        let outbox = Outbox::new(path.clone());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        outbox
                            .send(&example(Channel::Sms), Timestamp::UNIX_EPOCH)
                            .unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 160);
        assert!(
            text.lines()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );

        let nowhere = Outbox::new(dir.path().join("missing/outbox.jsonl"));
        let error = nowhere
            .send(&example(Channel::Sms), Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert_eq!(error.kind(), "credentials");
        assert!(error.to_string().contains("missing/outbox.jsonl"));
    }
}
