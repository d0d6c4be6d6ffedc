//! `backup`, `schedule`, `completions`, `man`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use super::{Context, Verbosity};
use crate::cli::{Backup, Cli, Completions, Man, Schedule, Scheduler};
use crate::config::Config;
use crate::error::{Failure, Outcome};
use crate::store::{Access, Store};

/// Copies the database, consistent, while others may use it.
pub(super) fn backup(context: &mut Context<'_>, arguments: &Backup) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    if arguments.file.symlink_metadata().is_ok() {
        let words = format!(
            "{} is there already and stays as it is",
            arguments.file.display()
        );
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    store.backup(&arguments.file)?;
    let words = format!(
        "{} is a copy; to use it in place of the original: followup doctor --adopt",
        arguments.file.display()
    );
    context.say(Verbosity::Normal, &words);
    Ok(Outcome::Done)
}

/// Prints what makes a machine run this every minute.
pub(super) fn schedule(context: &mut Context<'_>, arguments: &Schedule) -> Result<Outcome> {
    let config = context.load()?;
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("failed to resolve {}", path.display()))
    };
    let file = absolute(&config.file)?;
    let program = context.executable.clone();
    match arguments.scheduler {
        Scheduler::Cron => {
            let [program, file] = [&program, &file].map(|p| for_cron(&p.display().to_string()));
            writeln!(context.out, "* * * * * {program} --config {file} run")?;
        }
        Scheduler::Systemd => {
            let mut writable = BTreeSet::new();
            for path in written(&config) {
                let path = absolute(&path)?;
                writable.insert(path.parent().map_or(path.clone(), Path::to_owned));
            }
            let user = context.environment.get("USER").and_then(|u| u.to_str());
            // Nothing of this needs root: a user of its own is better than that.
            let user = user.filter(|user| !user.is_empty() && *user != "root");
            if user.is_none() {
                let files = written(&config).into_iter().filter(|path| path.exists());
                let files: Result<Vec<PathBuf>> = files.map(|path| absolute(&path)).collect();
                let folders = writable.iter().cloned();
                let owned: BTreeSet<PathBuf> = folders.chain(files?).collect();
                let owned = owned.iter().map(|p| for_shell(&p.display().to_string()));
                let owned: Vec<String> = owned.collect();
                writeln!(
                    context.out,
                    "# Once, as root: a user of its own, who owns what a run writes. Let it read\n\
                     # {}\n\
                     #   useradd --system --shell /usr/sbin/nologin {OWN_USER}\n\
                     #   chown {OWN_USER}: {}\n\
                     # Or name a user who owns it already: User=\n",
                    file.display(),
                    owned.join(" ")
                )?;
            }
            let units = systemd(&program, &file, &writable, user);
            context.out.write_all(units.as_bytes())?;
        }
    }
    Ok(Outcome::Done)
}

/// The files that a run writes.
fn written(config: &Config) -> Vec<PathBuf> {
    let outboxes = config.outboxes().map(Path::to_owned);
    outboxes.chain([config.store.clone()]).collect()
}

/// Whom a service runs as where nobody else is known.
const OWN_USER: &str = "followup";

fn systemd(
    program: &Path,
    file: &Path,
    writable: &BTreeSet<PathBuf>,
    user: Option<&str>,
) -> String {
    let user = user.unwrap_or(OWN_USER);
    let quoted = |path: &Path| {
        let path = path
            .display()
            .to_string()
            .replace('\\', "\\\\")
            .replace('"', "\\\"");
        format!("\"{}\"", path.replace('%', "%%"))
    };
    let writable: Vec<String> = writable.iter().map(|p| quoted(p)).collect();
    format!(
        "\
# /etc/systemd/system/followup.service
[Unit]
Description=Follow up with contacts who went quiet
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={program} --config {file} run
# 75 is \"try again later\", which the timer does.
SuccessExitStatus=75
TimeoutStartSec=10min
User={user}
UMask=0077
ReadWritePaths={writable}
ProtectSystem=strict
ProtectHome=read-only
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RemoveIPC=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

# /etc/systemd/system/followup.timer
[Unit]
Description=Follow up every minute

[Timer]
OnCalendar=*:0/1
AccuracySec=5s
Persistent=true

[Install]
WantedBy=timers.target

# Then: systemctl enable --now followup.timer
",
        program = quoted(program),
        file = quoted(file),
        writable = writable.join(" "),
    )
}

/// Quoted for the shell, and with the percent signs that cron would take for line breaks marked.
fn for_cron(path: &str) -> String {
    for_shell(path).replace('%', "\\%")
}

/// Quoted for the shell, where that is needed.
fn for_shell(path: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if path.chars().all(safe) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Prints a shell's completions.
pub(super) fn completions(context: &mut Context<'_>, arguments: &Completions) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "followup",
        &mut script,
    );
    context.out.write_all(&script)?;
    Ok(Outcome::Done)
}

/// Prints a manual page: that of the program, or of one command.
pub(super) fn man(context: &mut Context<'_>, arguments: &Man) -> Result<Outcome> {
    let mut program = Cli::command();
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            let unknown = || Failure::new(Outcome::Usage, format!("there is no command {name}"));
            found.ok_or_else(unknown)?
        }
    };
    clap_mangen::Man::new(command).render(&mut context.out)?;
    Ok(Outcome::Done)
}
