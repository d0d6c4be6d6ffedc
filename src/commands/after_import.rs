//! What becomes of a source's file once it is taken: it stays, is moved, or is deleted.
//!
//! Only after the commit that holds its facts, only when no row of it was rejected, and only while it is still the
//! file that was read and nobody has written to it for a while: one that may still grow stays for the next run. Killed
//! in between, the next run finds it unchanged and goes on from here. Nothing is ever touched outside the place that
//! the source's path names, and nothing is overwritten.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::config::{AfterImport, SourceConfig};
use crate::model::Timestamp;

/// Nobody writes to a file who has not done so for as long as this, in seconds.
const QUIET_FOR: u64 = 60;
/// How many names are tried for a file whose own is taken.
const MOST_NAMES: u32 = 1000;

/// A file as it was before it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    length: u64,
    modified: Option<SystemTime>,
    file: (u64, u64),
}

impl Seen {
    /// The file at `path`; `None` for what is no plain file, or is a link to one elsewhere.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let about = fs::symlink_metadata(path).ok()?;
        about.is_file().then(|| Self {
            length: about.len(),
            modified: about.modified().ok(),
            file: identity(&about),
        })
    }

    /// Whether somebody may still be writing to it. A time later than `now` is of another clock, and tells nothing.
    fn is_warm(&self, now: Timestamp) -> bool {
        let now = SystemTime::from(now);
        let written = self.modified.and_then(|at| now.duration_since(at).ok());
        written.is_some_and(|ago| ago.as_secs() < QUIET_FOR)
    }
}

/// Does with a file of `source` what is configured at `now`. Says what, if anything.
///
/// # Errors
/// When it cannot be done; the file is then where it was.
pub(super) fn after_import(
    source: &SourceConfig,
    file: &Path,
    seen: Option<&Seen>,
    now: Timestamp,
) -> Result<Option<String>> {
    if source.after_import == AfterImport::Keep {
        return Ok(None);
    }
    let Some(seen) = seen else {
        bail!("it is a link, or no plain file, and stays where it is");
    };
    if Seen::at(file).as_ref() != Some(seen) {
        return Ok(Some(
            "it has changed while it was read, and stays for the next run".to_owned(),
        ));
    }
    if seen.is_warm(now) {
        return Ok(Some(
            "it was written to less than a minute ago, and stays for the next run".to_owned(),
        ));
    }
    let inside = fixed_part(&source.path).canonicalize()?;
    if !file.canonicalize()?.starts_with(&inside) {
        bail!(
            "it lies outside {}, and stays where it is",
            inside.display()
        );
    }
    match &source.after_import {
        AfterImport::Keep => Ok(None),
        AfterImport::Delete => {
            fs::remove_file(file).context("failed to delete it")?;
            Ok(Some("deleted".to_owned()))
        }
        AfterImport::Move(folder) => {
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
            if file.parent().and_then(|p| p.canonicalize().ok()) == Some(folder.canonicalize()?) {
                return Ok(None);
            }
            let to = moved(file, folder)
                .with_context(|| format!("failed to move it to {}", folder.display()))?;
            Ok(Some(format!("moved to {}", to.display())))
        }
    }
}

/// The part of a path before its first `*`, `?` or `[`: the folder that everything it names lies in.
fn fixed_part(pattern: &Path) -> PathBuf {
    let is_fixed = |part: &std::path::Component<'_>| {
        !part.as_os_str().to_string_lossy().contains(['*', '?', '['])
    };
    let fixed: PathBuf = pattern.components().take_while(is_fixed).collect();
    let folder = if fixed == pattern {
        pattern.parent().map(Path::to_path_buf).unwrap_or_default()
    } else {
        fixed
    };
    if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder
    }
}

/// Moves a file into a folder under its own name, or that with a number.
fn moved(file: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default();
    let name = Path::new(name);
    for n in 1..=MOST_NAMES {
        let mut numbered = name.file_stem().unwrap_or_default().to_owned();
        if n > 1 {
            numbered.push(format!("-{n}"));
        }
        if let Some(extension) = name.extension() {
            numbered.push(".");
            numbered.push(extension);
        }
        let to = folder.join(numbered);
        match take_place(file, &to) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                let theirs = fs::symlink_metadata(&to)?;
                if identity(&theirs) != identity(&fs::symlink_metadata(file)?) {
                    continue;
                }
                // A run was killed between the two steps: the file has its new name already.
            }
            done => done?,
        }
        fs::remove_file(file)?;
        return Ok(to);
    }
    Err(io::Error::other("every name for it is taken there"))
}

/// Gives the file a second name that nobody has; on another file system, a copy.
fn take_place(file: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(file, to) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => copy(file, to),
        done => done,
    }
}

fn copy(file: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut from = File::open(file)?;
    let mut copy = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut from, copy.as_file_mut())?;
    copy.as_file()
        .set_permissions(from.metadata()?.permissions())?;
    copy.as_file().set_modified(from.metadata()?.modified()?)?;
    copy.as_file().sync_all()?;
    copy.persist_noclobber(to).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn identity(about: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(about: &Metadata) -> (u64, u64) {
    (0, about.len())
}
