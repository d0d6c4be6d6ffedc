//! The program as a person meets it: what it writes to both streams, and its exit code, for given arguments in
//! a directory of its own, with no environment but the width of the terminal.

mod export;
mod folders;
mod import_config;
mod operator;
mod plan;
mod program;
mod report;
mod show;
mod sources;
mod words;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The time at which the clinic is looked at: Monday 2 March 2026, 17:30 in Mexico City.
pub(crate) const NOW: &str = "--now=2026-03-02T17:30";

/// A business's directory.
pub(crate) struct Desk {
    directory: tempfile::TempDir,
}

impl Desk {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A dental clinic, whose conversations were exported at 17:25.
    pub(crate) fn clinic() -> Self {
        let desk = Self::empty();
        desk.write("followup.toml", include_str!("clinic.toml"));
        desk.write("chats.csv", include_str!("clinic.csv"));
        let imported = desk.run(&["import", "chats.csv", "--as-of=2026-03-02T17:25", NOW]);
        assert!(imported.contains("[exit 0]"), "{imported}");
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, columns: usize, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_followup"));
        command
            .args(arguments)
            .env_clear()
            .env("COLUMNS", columns.to_string())
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    /// What a person sees in 80 columns.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.run_in(80, arguments)
    }

    /// What a person sees in so many columns.
    pub(crate) fn run_in(&self, columns: usize, arguments: &[&str]) -> String {
        let output = self.command(columns, arguments).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let longest = out.lines().map(unicode_width::UnicodeWidthStr::width).max();
        let is_data = |a: &&str| ["--json", "export", "man", "ics"].contains(a);
        if !arguments.iter().any(is_data) {
            assert!(longest <= Some(columns), "a line is too long:\n{out}");
        }
        assert!(
            !out.contains('\u{1b}') && !err.contains('\u{1b}'),
            "{out}{err}"
        );
        let mut seen = format!("$ followup {}\n{out}", arguments.join(" "));
        if !err.is_empty() {
            seen.push_str("--- standard error\n");
            seen.push_str(&err);
        }
        seen.push_str(&format!("[exit {}]\n", output.status.code().unwrap()));
        without_store_key(&seen.replace(&*self.directory.path().to_string_lossy(), "$DIR"))
    }
}

/// The text with each `fu_0a1b2c3d_1`, in which a store's random key is, as `fu_00000000_1`.
fn without_store_key(text: &str) -> String {
    let mut parts = text.split("fu_");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("fu_");
        let key = part
            .get(..8)
            .filter(|k| k.bytes().all(|b| b.is_ascii_hexdigit()));
        plain.push_str(key.map_or("", |_| "00000000"));
        plain.push_str(key.map_or(part, |_| &part[8..]));
    }
    plain
}

/// Compares with the snapshot of this name.
pub(crate) fn assert_seen(name: &str, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings
        .set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, seen));
}
