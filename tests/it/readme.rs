//! The README's blocks do what they say: those for a shell are run, in order, in one scratch directory; the
//! configuration is checked; what `show` prints is what it prints. The two set-up commands are run by `.ci/run`.

use std::fs::read_to_string;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::Desk;
use crate::examples::{AGENCY, anonymous};

/// A fenced block: what stands behind the fence, and the text in it.
struct Block {
    info: String,
    text: String,
    line: usize,
}

fn blocks() -> Vec<Block> {
    let readme = read_to_string(root().join("README.md")).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in readme.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                let (info, text) = (info.to_owned(), String::new());
                let line = number + 1;
                blocks.push(Block { info, text, line });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "README.md ends inside a block");
    blocks
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn of(info: &str) -> Vec<Block> {
    let mut blocks = blocks();
    blocks.retain(|b| b.info == info);
    assert!(!blocks.is_empty(), "README.md has no block ```{info}");
    blocks
}

#[test]
fn every_block_is_of_a_kind_that_is_tested() {
    let kinds = [
        "sh set-up",
        "sh",
        "csv messages.csv",
        "toml config",
        "text show",
        "sh ignore",
    ];
    for block in blocks() {
        let Block { info, line, .. } = block;
        assert!(kinds.contains(&&*info), "README.md:{line}: ```{info}");
    }
}

#[test]
fn the_two_set_up_commands_are_those_that_ci_runs() {
    let set_up = of("sh set-up");
    let commands: Vec<&str> = set_up.iter().map(|b| b.text.trim()).collect();
    assert_eq!(commands, ["sh examples/try.sh", "cargo test --locked"]);
    let ci = read_to_string(root().join(".ci/run")).unwrap();
    for command in commands {
        let run = |line: &str| line.trim().trim_start_matches("step ") == command;
        let piped = |line: &str| line.trim().starts_with(&format!("{command} |"));
        assert!(
            ci.lines().any(|l| run(l) || piped(l)),
            ".ci/run has no {command}"
        );
    }
}

#[test]
fn the_shell_blocks_do_what_they_say() {
    let desk = Desk::empty();
    for block in of("csv messages.csv") {
        desk.write("messages.csv", &block.text);
    }
    let mut seen = String::new();
    for block in of("sh") {
        seen.push_str(&shell(&desk, &block));
    }
    for said in [
        "1 due now, 1 scheduled, 0 held, 1 with nothing due",
        "Is there a free slot for two people tomorrow?",
        "\"contact_id\":\"ana\"",
        "booked",
        "* * * * * ",
        "[Timer]",
    ] {
        assert!(seen.contains(said), "nothing says {said:?}:\n{seen}");
    }
    let outbox = read_to_string(desk.path("outbox.jsonl")).unwrap();
    assert_eq!(outbox.lines().count(), 1, "{outbox}");
    let kept = read_to_string(desk.path("all.csv")).unwrap();
    assert!(kept.contains("ben,sms,inbound"), "{kept}");
}

fn shell(desk: &Desk, block: &Block) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_followup")).parent().unwrap();
    let output = Command::new("sh")
        .args(["-euc", &block.text])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .env("COLUMNS", "80")
        .current_dir(desk.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let Block { text, line, .. } = block;
    assert!(
        output.status.success(),
        "README.md:{line}:\n{text}\n{out}\n{err}"
    );
    out + &err
}

#[test]
fn the_configuration_is_valid_without_a_warning() {
    for block in of("toml config") {
        let desk = Desk::empty();
        desk.write("followup.toml", &block.text);
        std::fs::create_dir(desk.path("exports")).unwrap();
        desk.write("exports/messages.csv", "");
        let mut check = desk.command(120, &["check"]);
        let output = check.env("TWILIO_AUTH_TOKEN", "secret").output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && out.contains(" 0 warnings"),
            "{out}{err}"
        );
    }
}

#[test]
fn what_show_prints_is_what_it_prints() {
    let desk = AGENCY.desk();
    desk.run(&["import", "inbox.jsonl", AGENCY.now]);
    desk.run(&["run", AGENCY.now]);
    let seen = anonymous(&desk.run(&["show", "liam.tremblay", AGENCY.later]));
    for block in of("text show") {
        let text = anonymous(&block.text);
        assert!(seen.contains(&text), "{text}\nis not in\n{seen}");
    }
}
