//! Secrets: named in the configuration, read only when one is needed, never shown.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Environment;

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretRef {
    place: Place,
    root: PathBuf,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Env(String),
    File(PathBuf),
    Command(Vec<String>),
}

/// A secret's value. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret cannot be had; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

/// A secret is a line of text; what is longer is the wrong file.
const LONGEST: u64 = 64 * 1024;

/// A command that asks a person or a server may take this long.
const PATIENCE: Duration = Duration::from_secs(30);

const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

impl SecretRef {
    /// `{ env = NAME }`.
    pub fn env(name: impl Into<String>) -> Self {
        Self::new(Place::Env(name.into()), Path::new(""))
    }

    /// `{ file = PATH }`, relative to `root`. A relative path is looked for in the directory of systemd's
    /// `$CREDENTIALS_DIRECTORY` first, and a path may begin with `$CREDENTIALS_DIRECTORY/`.
    pub fn file(path: impl Into<PathBuf>, root: &Path) -> Self {
        Self::new(Place::File(path.into()), root)
    }

    /// `{ command = [PROGRAM, ARGUMENT…] }`, run in `root` without a shell; its first line of output counts.
    #[must_use]
    pub fn command(words: Vec<String>, root: &Path) -> Self {
        Self::new(Place::Command(words), root)
    }

    fn new(place: Place, root: &Path) -> Self {
        Self {
            place,
            root: root.to_owned(),
        }
    }

    /// Reads the secret. This may run a command: call it only when something is to be sent.
    ///
    /// # Errors
    /// When the variable is unset, the file is missing or readable by others, or the command fails.
    pub fn resolve(&self, environment: &Environment) -> Result<Secret, SecretError> {
        let text = match &self.place {
            Place::Env(name) => from_environment(name, environment)?,
            Place::File(path) => from_file(path, &self.root, environment)?,
            Place::Command(words) => from_command(words, &self.root)?,
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() || text.contains(['\n', '\r', '\0']) {
            return Err(SecretError(
                "the secret is empty or more than one line".to_owned(),
            ));
        }
        Ok(Secret(text.to_owned()))
    }
}

impl Secret {
    /// Takes a value for a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the request that needs it and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Debug for SecretRef {
    /// The kind of place only: a secret may have been written where its name belongs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Env(_) => "SecretRef(env)",
            Place::File(_) => "SecretRef(file)",
            Place::Command(_) => "SecretRef(command)",
        })
    }
}

fn from_environment(name: &str, environment: &Environment) -> Result<String, SecretError> {
    // A token written in the place of a name is no upper-case word: it is not repeated.
    let is_name = name
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let shown = if is_name { name } else { "that is named here" };
    let value = environment
        .get(name)
        .ok_or_else(|| SecretError(format!("the environment variable {shown} is not set")))?;
    let value = value
        .to_str()
        .ok_or_else(|| SecretError(format!("the environment variable {shown} is not UTF-8")))?;
    Ok(value.to_owned())
}

fn from_file(path: &Path, root: &Path, environment: &Environment) -> Result<String, SecretError> {
    let credentials = environment.path(CREDENTIALS);
    let (path, is_credential) = match path.strip_prefix(format!("${CREDENTIALS}")) {
        Ok(rest) => match &credentials {
            Some(directory) => (directory.join(rest), true),
            None => {
                return Err(SecretError(format!(
                    "${CREDENTIALS} is not set: systemd sets it by LoadCredential="
                )));
            }
        },
        Err(_) => match credentials.map(|directory| directory.join(path)) {
            Some(credential) if path.is_relative() && credential.exists() => (credential, true),
            _ => (root.join(path), false),
        },
    };
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| {
        SecretError(format!("failed to read the secret file {shown}: {error}"))
    };
    let file = std::fs::File::open(&path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    // systemd guards its own directory; the mode bits of a credential show an access list's mask.
    if !is_credential && is_open_to_others(&metadata) {
        return Err(SecretError(format!(
            "the secret file {shown} can be read by others; run: chmod 600 {shown}"
        )));
    }
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

fn from_command(words: &[String], root: &Path) -> Result<String, SecretError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(SecretError("the secret's command is empty".to_owned()));
    };
    let failed = |error: std::io::Error| {
        SecretError(format!(
            "failed to run the secret's command {program}: {error}"
        ))
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    let mut child = command.spawn().map_err(failed)?;
    let (send, receive) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.take(LONGEST).read_to_string(&mut text);
            // Nobody listens any more when the time is up.
            let _ = send.send(read.map(|_| text));
        });
    }
    let Ok(text) = receive.recv_timeout(PATIENCE) else {
        // Best effort: the command's fault is reported either way.
        let _ = child.kill();
        let _ = child.wait();
        return Err(SecretError(format!(
            "the secret's command {program} gave no answer within {} s",
            PATIENCE.as_secs()
        )));
    };
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(SecretError(format!(
            "the secret's command {program} failed: {status}"
        )));
    }
    text.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Environment {
        Environment::default()
    }

    #[test]
    fn s1_a_secret_is_never_shown() {
        let environment: Environment = [("TOKEN", "hunter2")].into_iter().collect();
        let secret = SecretRef::env("TOKEN").resolve(&environment).unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert!(!format!("{secret:?}{environment:?}").contains("hunter2"));
        let misplaced = SecretRef::env("hunter2");
        let error = misplaced.resolve(&environment).unwrap_err();
        assert!(!format!("{misplaced:?}{error}{error:?}").contains("hunter2"));
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = SecretRef::env("HOOK_SECRET").resolve(&none()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable HOOK_SECRET is not set"
        );
    }

    #[cfg(unix)]
    #[test]
    fn s1_a_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        let mode = |m| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(m)).unwrap();
        let secret = SecretRef::file("token", directory.path());
        mode(0o600);
        assert_eq!(secret.resolve(&none()).unwrap().expose(), "hunter2");
        mode(0o640);
        let error = secret.resolve(&none()).unwrap_err().to_string();
        assert!(
            error.contains("chmod 600") && !error.contains("hunter2"),
            "{error}"
        );
        // As a systemd credential it is fine, and comes before the file beside the configuration.
        let environment: Environment = [(CREDENTIALS, directory.path())].into_iter().collect();
        for written in ["token", "$CREDENTIALS_DIRECTORY/token"] {
            let secret = SecretRef::file(written, Path::new("/nowhere"));
            assert_eq!(secret.resolve(&environment).unwrap().expose(), "hunter2");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_gives_one_line() {
        let run = |script: &str| {
            let words = ["sh", "-c", script].map(str::to_owned).to_vec();
            SecretRef::command(words, Path::new("/")).resolve(&none())
        };
        assert_eq!(run("echo hunter2").unwrap().expose(), "hunter2");
        assert!(run("echo a; echo b").is_err());
        assert!(run("true").is_err());
        let error = run("echo hunter2; exit 3").unwrap_err().to_string();
        assert!(error.contains('3') && !error.contains("hunter2"), "{error}");
    }
}
