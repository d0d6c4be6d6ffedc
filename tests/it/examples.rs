//! The businesses under `examples/`, from their exports to what was sent: each line of the plans has been
//! checked by hand against the rules, so a line that changes is a fault or a changed rule.

use std::path::{Path, PathBuf};

use crate::cli::Desk;

/// One business, at the time for which its conversations are written.
pub(crate) struct Example {
    name: &'static str,
    pub(crate) now: &'static str,
    /// A minute later, when what was sent is looked at.
    pub(crate) later: &'static str,
    files: &'static [&'static str],
    contacts: [&'static str; 2],
}

pub(crate) const AGENCY: Example = Example {
    name: "agency",
    now: "--now=2026-11-04T11:30",
    later: "--now=2026-11-04T11:31",
    files: &["inbox.jsonl"],
    contacts: ["liam.tremblay", "mateo.alvarez"],
};

const CLINICA: Example = Example {
    name: "clinica",
    now: "--now=2026-03-11T10:30",
    later: "--now=2026-03-11T10:31",
    files: &[
        "mensajes.csv",
        "chats/Chat de WhatsApp con +52 55 5555 0142.txt",
        "chats/Chat de WhatsApp con +52 55 5555 0143.txt",
    ],
    contacts: ["beatriz.lara", "+525555550142"],
};

const SALON: Example = Example {
    name: "salon",
    now: "--now=2026-03-28T11:00",
    later: "--now=2026-03-28T11:01",
    files: &["mensajes.csv"],
    contacts: ["emma.clarke", "paula.rey"],
};

impl Example {
    /// A copy of its directory.
    pub(crate) fn desk(&self) -> Desk {
        let desk = Desk::empty();
        copy(&examples().join(self.name), &desk.path(""));
        desk
    }

    /// All that a person sees on the way, and what went out.
    fn story(&self) -> String {
        let desk = self.desk();
        let mut seen = vec![desk.run_in(120, &["check"])];
        let mut import = vec!["import", self.now];
        import.extend(self.files);
        seen.push(desk.run(&import));
        seen.push(desk.run(&["plan", "--all", self.now]));
        let run = anonymous(&desk.run(&["run", "-v", self.now]));
        seen.push(sorted(&sorted(&run, "action "), "sent "));
        let outbox = std::fs::read_to_string(desk.path("outbox.jsonl")).unwrap();
        seen.push(format!("outbox.jsonl\n{}", texts(&outbox)));
        seen.push(desk.run(&["run", self.now]));
        for contact in self.contacts {
            seen.push(desk.run(&["show", contact, self.later]));
        }
        anonymous(&seen.join("\n"))
    }

    /// The plan in numbers: action, reason and step of each contact.
    fn decisions(&self) -> Vec<(String, String, String)> {
        let desk = self.desk();
        let mut import = vec!["import", self.now];
        import.extend(self.files);
        desk.run(&import);
        let plan = desk.command(80, &["plan", "--all", "--json", self.now]);
        let plan = { plan }.output().unwrap().stdout;
        let mut rows: Vec<_> = String::from_utf8(plan)
            .unwrap()
            .lines()
            .map(|line| {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
                (word("contact_id"), word("action"), word("reason"))
            })
            .collect();
        rows.sort();
        rows
    }
}

#[test]
fn the_agency() {
    insta::assert_snapshot!(AGENCY.story());
}

#[test]
fn the_clinica() {
    insta::assert_snapshot!(CLINICA.story());
}

#[test]
fn the_salon() {
    insta::assert_snapshot!(SALON.story());
}

#[test]
fn every_example_shows_every_way_a_conversation_can_go() {
    for example in [AGENCY, CLINICA, SALON] {
        let rows = example.decisions();
        for wanted in [
            ("send", "due"),
            ("wait", "delay"),
            ("wait", "outside_hours"),
            ("wait", "human_took_over"),
            ("hold", "window_closed"),
            ("hold", "unclear_time"),
            ("stop", "opted_out"),
            ("stop", "not_interested"),
            ("stop", "booked"),
            ("none", "conversation_closed"),
            ("none", "awaiting_us"),
        ] {
            let found = rows.iter().any(|(_, a, r)| (&**a, &**r) == wanted);
            let name = example.name;
            // The salon is shut on the day after its colleague's message: hours move that step last.
            let later = wanted.1 == "human_took_over" && name == "salon";
            assert!(found || later, "{name} shows no {wanted:?}: {rows:?}");
        }
    }
}

#[test]
fn a_wrong_clock_of_vancouver_would_be_seen() {
    // With the rules of 2025 it would be 08:30 there, and the agency would wait for an hour.
    let rows = AGENCY.decisions();
    let liam = rows.iter().find(|(id, _, _)| id == "liam.tremblay");
    assert_eq!(liam.unwrap().1, "send");
}

#[test]
fn an_example_can_be_imported_again_and_by_a_run_alone() {
    for example in [AGENCY, CLINICA, SALON] {
        let desk = example.desk();
        let alone = desk.run(&["run", "-v", example.now]);
        assert!(
            alone.contains(" sent\n") && alone.contains("[exit 0]"),
            "{alone}"
        );
        let mut import = vec!["import", example.now];
        import.extend(example.files);
        let again = desk.run(&import);
        let unchanged = again.matches("unchanged since the last import").count();
        assert_eq!(unchanged, example.files.len(), "{again}");
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Copies what is in the repository, not what a trial has left there.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        let kind = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            copy(&path, &to);
        } else if ["toml", "csv", "txt"].contains(&kind) || path.ends_with("inbox.jsonl") {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

/// The messages of an outbox, one a line.
fn texts(outbox: &str) -> String {
    let mut lines: Vec<String> = outbox
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            let template = match value["template"]["name"].as_str() {
                Some(name) => format!(" as {name}"),
                None => String::new(),
            };
            format!(
                "{} {}{template}: {}\n",
                word("channel"),
                word("to"),
                word("text")
            )
        })
        .collect();
    lines.sort();
    lines.concat()
}

/// Lines that begin so, which come from several threads, in order.
fn sorted(seen: &str, start: &str) -> String {
    let (mut of, rest): (Vec<&str>, Vec<&str>) = seen.lines().partition(|l| l.starts_with(start));
    of.sort_unstable();
    [of, rest].concat().join("\n") + "\n"
}

/// Without the ids of follow-ups: a part of them is another in each database, and their number is that of a claim,
/// which several threads make ready at once.
pub(crate) fn anonymous(seen: &str) -> String {
    let mut parts = seen.split("fu_");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit() || "_…".contains(c));
        out.push_str("fu_…");
        out.push_str(rest);
    }
    out
}
