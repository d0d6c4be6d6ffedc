//! Files that a command writes where its user says: private, whole or not at all, and never over what followup
//! itself lives on. A link is followed, and a device or a pipe is written to.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::error::{Failure, Outcome};

/// How many links lead to a file at most, as for the operating system.
const MOST_LINKS: usize = 40;

/// Writes `path` by `write`.
///
/// # Errors
/// [`Outcome::Usage`] when followup itself lives on that file, or it is a folder; those of `write`, and when the file cannot be
/// made: then it is as it was.
pub(super) fn write_file(
    config: &Config,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    if is_own(config, path) {
        let words = format!(
            "{} is a file that followup itself lives on and stays as it is; choose another name",
            path.display()
        );
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    let fault = || format!("failed to write {}", path.display());
    let path = followed(path);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_dir() => {
            let words = format!("{0} is a folder; name a file in it", path.display());
            return Err(Failure::new(Outcome::Usage, words).into());
        }
        Ok(about) if !about.is_file() => {
            let device = OpenOptions::new().write(true).open(&path);
            let mut out = BufWriter::new(device.with_context(fault)?);
            write(&mut out).with_context(fault)?;
            return out.flush().with_context(fault);
        }
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(fault);
        }
        _ => {}
    }
    let mut file = NewFile::beside(&path).with_context(fault)?;
    write(&mut file.out).with_context(fault)?;
    file.keep().with_context(fault)
}

/// Where the links at `path` lead, whether there is something or not.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// Whether the path is the configuration, an outbox, the database or a file beside it.
fn is_own(config: &Config, path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let beside = ["", "-wal", "-shm", "-journal", ".lock"].map(|suffix| {
        let mut name = config.store.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    });
    let own = config.outboxes().chain(beside.iter().map(PathBuf::as_path));
    own.chain([config.file.as_path()])
        .any(|own| own.canonicalize().is_ok_and(|own| own == real))
}

/// A private file that takes its name only once it is complete.
struct NewFile {
    out: BufWriter<File>,
    temporary: Option<PathBuf>,
    path: PathBuf,
}

impl NewFile {
    fn beside(path: &Path) -> std::io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            out: BufWriter::new(options.open(&temporary)?),
            temporary: Some(temporary),
            path: path.to_owned(),
        })
    }

    fn keep(mut self) -> std::io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        if let Some(temporary) = &self.temporary {
            std::fs::rename(temporary, &self.path)?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = std::fs::remove_file(temporary);
        }
    }
}
