//! Running a program of the user's: no shell, the facts as JSON on standard input, a scrubbed environment, a
//! bounded time, and bounded output.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::{ActionOutcome, IN_ACTION};
use crate::config::Environment;
use crate::http::provider_words;

/// What of the environment a command sees: where things are and how to write, nothing that could be a secret.
const KEPT: &[&str] = &[
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
];
/// How much of what it prints is kept.
const MAX_OUTPUT: usize = 8 * 1024;
/// How long its output is waited for once it has ended: a program that it left behind may hold it open.
const AFTERWARDS: Duration = Duration::from_millis(500);

pub(super) fn run(
    words: &[String],
    root: &Path,
    environment: &Environment,
    input: &str,
    patience: Duration,
) -> ActionOutcome {
    let Some((program, arguments)) = words.split_first() else {
        return ActionOutcome::Failed("the command is empty".into());
    };
    let failed = |what: &str, error: std::io::Error| {
        ActionOutcome::Failed(format!("cannot {what} {program}: {error}"))
    };
    let mut command = Command::new(program);
    if program.contains('/') {
        command = Command::new(root.join(program));
    }
    command
        .args(arguments)
        .env_clear()
        .envs(
            KEPT.iter()
                .filter_map(|name| Some((name, environment.get(name)?))),
        )
        .env(IN_ACTION, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it starts can be ended with it.
        .process_group(0);
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed("run", error),
    };
    feed(&mut child, input.to_owned());
    let stdout = child.stdout.take().map(gather);
    let stderr = child.stderr.take().map(gather);
    let group = rustix::process::Pid::from_child(&child);
    let (status, is_killed) = match wait(child, patience, group) {
        Ok(ended) => ended,
        Err(error) => return failed("wait for", error),
    };
    let said = |output: Option<Receiver<Vec<u8>>>| last_line(output.as_ref());
    if is_killed {
        return ActionOutcome::Failed(format!(
            "{program} took longer than {} s and was killed",
            patience.as_secs_f32()
        ));
    }
    if status.success() {
        return ActionOutcome::Done(said(stdout));
    }
    ActionOutcome::Failed(match said(stderr) {
        Some(line) => format!("{program} failed ({status}): {line}"),
        None => format!("{program} failed ({status})"),
    })
}

/// Writes the input; a program that does not read it is none the worse.
fn feed(child: &mut Child, input: String) {
    if let Some(mut stdin) = child.stdin.take() {
        std::thread::spawn(move || {
            // A closed pipe is the program's own choice.
            let _ = stdin.write_all(input.as_bytes());
        });
    }
}

/// Reads to the end, so that the program never blocks, and keeps the last [`MAX_OUTPUT`] bytes.
fn gather(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            kept.extend_from_slice(&chunk[..count]);
            if kept.len() > 2 * MAX_OUTPUT {
                kept.drain(..kept.len() - MAX_OUTPUT);
            }
        }
        // Nobody listens any more when the program left another behind that held the pipe.
        let _ = give.send(kept);
    });
    take
}

/// Waits; kills the whole group when the time is up.
fn wait(
    mut child: Child,
    patience: Duration,
    group: rustix::process::Pid,
) -> std::io::Result<(ExitStatus, bool)> {
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || give.send(child.wait()));
    let gone = || std::io::Error::other("the program's end was not seen");
    match take.recv_timeout(patience) {
        Ok(ended) => ended.map(|status| (status, false)),
        Err(_) => {
            // It may have ended just now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            take.recv()
                .map_err(|_| gone())?
                .map(|status| (status, true))
        }
    }
}

fn last_line(output: Option<&Receiver<Vec<u8>>>) -> Option<String> {
    let bytes = output?.recv_timeout(AFTERWARDS).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(provider_words(line, &[]))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn environment() -> Environment {
        [
            ("PATH", "/usr/bin:/bin"),
            ("LANG", "C"),
            ("TWILIO_AUTH_TOKEN", "hunter2"),
            ("CREDENTIALS_DIRECTORY", "/hunter2"),
        ]
        .into_iter()
        .collect()
    }

    fn sh(script: &str, input: &str, patience: Duration) -> ActionOutcome {
        let words = ["sh", "-c", script].map(str::to_owned);
        run(&words, Path::new("/"), &environment(), input, patience)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn x8_a_command_reads_the_facts_and_sees_no_secret() {
        let seen = sh("cat; echo; pwd", "{\"a\":1}", LONG);
        assert_eq!(seen, ActionOutcome::Done(Some("/".into())));
        let seen = sh("tr -d '\\n'", "{\"a\":\n\"ñ\"}", LONG);
        assert_eq!(seen, ActionOutcome::Done(Some("{\"a\":\"ñ\"}".into())));
        let seen = sh(
            "env | sort | grep -v -e PWD -e _= -e SHLVL | tr '\\n' ' '",
            "",
            LONG,
        );
        let kept = "FOLLOWUP_IN_ACTION=1 LANG=C PATH=/usr/bin:/bin";
        assert_eq!(seen, ActionOutcome::Done(Some(kept.into())));
    }

    #[test]
    fn x8_a_command_that_fails_says_so() {
        let failed = sh(
            "echo first >&2; printf 'bad \\033[31m thing\\n\\n' >&2; exit 3",
            "",
            LONG,
        );
        let ActionOutcome::Failed(words) = failed else {
            panic!("{failed:?}");
        };
        assert!(
            words.contains("exit status: 3") && words.ends_with("bad [31m thing"),
            "{words}"
        );
        for words in [
            vec!["./missing.sh".to_owned()],
            vec!["no-such-program".into()],
            vec![],
        ] {
            let outcome = run(&words, Path::new("/"), &environment(), "", LONG);
            assert!(matches!(outcome, ActionOutcome::Failed(_)), "{outcome:?}");
        }
    }

    #[test]
    fn x8_a_command_that_hangs_is_killed_with_all_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("alive");
        let script = format!("(sleep 2; touch {}) & sleep 60", mark.display());
        let started = Instant::now();
        let outcome = sh(&script, "", Duration::from_millis(300));
        assert!(
            matches!(&outcome, ActionOutcome::Failed(words) if words.contains("killed")),
            "{outcome:?}"
        );
        assert!(started.elapsed() < Duration::from_secs(2));
        let (_give, nothing) = mpsc::channel::<()>();
        let _ = nothing.recv_timeout(Duration::from_millis(2500));
        assert!(!mark.exists());
    }

    #[test]
    fn x8_much_output_unread_input_and_an_open_pipe_block_nothing() {
        let large = "x".repeat(1 << 20);
        assert_eq!(sh("true", &large, LONG), ActionOutcome::Done(None));
        let much = sh("yes | head -c 3000000; echo; echo end", "", LONG);
        assert_eq!(much, ActionOutcome::Done(Some("end".into())));
        let started = Instant::now();
        assert_eq!(sh("sleep 5 & echo x", "", LONG), ActionOutcome::Done(None));
        assert!(started.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_relative_program_is_found_beside_the_configuration() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("note.sh");
        std::fs::write(&script, "#!/bin/sh\necho noted $1\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let words = ["./note.sh".to_owned(), "a b; $(rm)".into()];
        let outcome = run(&words, dir.path(), &environment(), "", LONG);
        assert_eq!(
            outcome,
            ActionOutcome::Done(Some("noted a b; $(rm)".into()))
        );
    }
}
