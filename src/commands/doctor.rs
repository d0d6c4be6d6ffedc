use std::path::{Path, PathBuf};

use anyhow::Result;

use super::check::try_template;
use super::{Context, Verbosity, status};
use crate::cli::Doctor;
use crate::config;
use crate::error::{Outcome, outcome_of};
use crate::report::{Clocks, finding};
use crate::store::{Access, RunLock, Store};
use crate::zone;

/// Looks at everything that keeps a run from its work, and says what it found.
pub(super) fn doctor(context: &mut Context<'_>, arguments: &Doctor) -> Result<Outcome> {
    let mut findings = Findings {
        context,
        worst: Outcome::Done,
    };
    let versions = format!(
        "followup {}, schema {}, SQLite {}, zone rules {}",
        env!("CARGO_PKG_VERSION"),
        Store::schema_version(),
        Store::sqlite_version(),
        zone::database_version()
    );
    findings.good("versions", &versions)?;
    let config = findings.context.load()?;
    let environment = findings.context.environment;
    match config::check(&config.file, environment, try_template) {
        Ok(_) => findings.good("configuration", &config.file.display().to_string())?,
        Err(faults) => {
            for fault in &faults.faults {
                let words = format!("{}: {}", fault.path, fault.message);
                findings.bad("configuration", &words, Outcome::Config)?;
            }
        }
    }
    if arguments.adopt {
        Store::adopt(&config.store)?;
        findings.good("adopted", "this database is the original now")?;
    }
    let store = match Store::open(&config.store, Access::Read) {
        Ok(store) => store,
        Err(error) => {
            findings.bad("database", &format!("{error:#}"), outcome_of(&error))?;
            return Ok(findings.worst);
        }
    };
    findings.good("database", &config.store.display().to_string())?;
    for path in files_of(&config.store) {
        if is_open_to_others(&path) {
            let words = format!("{0} can be read by others: chmod 600 {0}", path.display());
            findings.bad("permissions", &words, Outcome::Permission)?;
        }
    }
    let problems = store.integrity_problems()?;
    for problem in &problems {
        findings.bad("integrity", problem, Outcome::Internal)?;
    }
    if problems.is_empty() {
        findings.good("integrity", "SQLite finds the database sound")?;
    }
    match RunLock::take(&config.store)? {
        Some(_) => findings.good("lock", "no run is at work")?,
        None => findings.good("lock", "a run is at work now")?,
    }
    let now = findings.context.now(arguments.now, &config);
    let clocks = Clocks::of_bot(&config.bot.zone, now);
    for source in status::sources(&store, &config, now)? {
        let words = format!("{}: {}", source.name, source.words(&clocks));
        if source.stale {
            findings.bad("source", &words, Outcome::TryLater)?;
        } else {
            findings.good("source", &words)?;
        }
    }
    Ok(findings.worst)
}

struct Findings<'c, 'w> {
    context: &'c mut Context<'w>,
    worst: Outcome,
}

impl Findings<'_, '_> {
    fn good(&mut self, what: &str, words: &str) -> Result<()> {
        if self.context.verbosity > Verbosity::Quiet {
            self.tell(true, what, words)?;
        }
        Ok(())
    }

    fn bad(&mut self, what: &str, words: &str, outcome: Outcome) -> Result<()> {
        self.worst = self.worst.max(outcome);
        self.tell(false, what, words)
    }

    fn tell(&mut self, is_good: bool, what: &str, words: &str) -> Result<()> {
        let terminal = self.context.terminal;
        let words = format!("{what}: {words}");
        let (width, styles) = (terminal.width, terminal.out_styles);
        Ok(finding(self.context.out, is_good, &words, width, styles)?)
    }
}

/// The database and the files that SQLite and the lock put beside it, those that there are.
fn files_of(database: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    let beside = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm", ".lock"]
        .map(beside)
        .into_iter()
        .filter(|p| p.exists())
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|about| about.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
