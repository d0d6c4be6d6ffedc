//! What a person is told who errs, or does not know the tool yet: what is wrong, and what to do about it.

use std::fs;

use clap::CommandFactory as _;

use super::{Desk, NOW};

/// A shop with one source; its path is given.
fn shop(path: &str, more: &str) -> Desk {
    let desk = Desk::empty();
    desk.write(
        "followup.toml",
        &format!(
            "[bot]\ntimezone = \"UTC\"\n[hours]\nopen = [\"Mo-Su 08:00-20:00\"]\n\
             [scenarios.stopped_responding]\nsteps = [{{ after = \"5m\" }}]\n{more}\n\
             [[sources]]\nname = \"shop\"\nformat = \"csv\"\npath = \"{path}\"\n"
        ),
    );
    desk
}

const OUTBOX: &str = "[channels.sms.outbox]\npath = \"outbox.jsonl\"\n";
const HEADER: &str = "contact_id,channel,direction,sent_at,text";
const LATER: &str = "--now=2026-03-02T10:00:00Z";
const AS_OF: &str = "--as-of=2026-03-02T09:59:00Z";

/// One conversation, in which the contact owes the answer.
fn messages(contact: &str) -> String {
    format!(
        "{HEADER},name,phone\n\
         {contact},sms,inbound,2026-03-02T09:00:00Z,How much is it?,Wanda,+15550100001\n\
         {contact},sms,outbound,2026-03-02T09:01:00Z,It is 20.,,\n"
    )
}

#[test]
fn check_warns_of_a_source_that_finds_no_file() {
    let desk = shop("exprots/*.csv", OUTBOX);
    let seen = desk.run_in(120, &["check"]);
    assert!(
        seen.contains("there is no folder exprots yet; exprots/*.csv"),
        "{seen}"
    );
    assert!(seen.contains("1 source, 1 warning\n"), "{seen}");
    fs::create_dir(desk.path("exprots")).unwrap();
    let seen = desk.run_in(120, &["check"]);
    assert!(seen.contains("no file matches exprots/*.csv yet"), "{seen}");
    desk.write("exprots/a.csv", &messages("c1"));
    let seen = desk.run_in(120, &["check"]);
    assert!(seen.contains("1 source, 0 warnings\n"), "{seen}");

    let desk = shop("chats.csv", OUTBOX);
    let seen = desk.run_in(120, &["check"]);
    assert!(seen.contains("there is no file chats.csv yet"), "{seen}");
}

#[test]
fn d15_status_says_what_to_do_about_a_stale_source_and_an_outbox_that_cannot_be_written() {
    let desk = shop("exprots/*.csv", OUTBOX);
    desk.write("a.csv", &messages("c1"));
    desk.run(&["import", "a.csv", "--as-of=2026-03-02T09:02:00Z", LATER]);
    let fresh = desk.run(&["status", LATER]);
    let words = fresh.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(
            "To do Source shop: nothing was ever read from it. \
             Put an export where a run looks for it: exprots/*.csv"
        ),
        "{fresh}"
    );
    let stale = desk.run(&["status", "--now=2026-03-02T12:00:00Z"]);
    let words = stale.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("Source import: it is stale, and replies may be missing (1 contact is held"),
        "{stale}"
    );
    assert!(!stale.contains("nothing needs a person"), "{stale}");

    let desk = shop(
        "a.csv",
        "[channels.sms.outbox]\npath = \"missing/outbox.jsonl\"\n",
    );
    desk.write("a.csv", &messages("c1"));
    desk.run(&["import", "a.csv", AS_OF, LATER]);
    let seen = desk.run(&["status", LATER]);
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(
            "The outbox missing/outbox.jsonl cannot be written: there is no folder missing."
        ),
        "{seen}"
    );
    let seen = desk.run(&["run", LATER]);
    assert!(
        seen.contains("closed   sms: cannot open the outbox missing/outbox.jsonl")
            && !seen.contains("credentials"),
        "{seen}"
    );
}

#[test]
fn known_words_are_named_where_another_one_is_given() {
    let desk = Desk::clinic();
    for (arguments, words) in [
        (
            &["import", "chats.csv", "--date-order=abc"][..],
            "write one of dmy, mdy, ymd",
        ),
        (
            &["export", "messages", "--format=xml"],
            "write one of csv, jsonl",
        ),
    ] {
        let seen = desk.run(arguments);
        assert!(seen.contains(words) && seen.contains("[exit 2]"), "{seen}");
    }
    let help = desk.run_in(400, &["import", "--help"]);
    for format in followup::config::Format::ALL {
        assert!(help.contains(format.as_str()), "{format}: {help}");
    }
}

#[test]
fn a_paragraph_of_help_is_broken_by_the_terminal_alone() {
    let mut prose = 0;
    for command in followup::cli::Cli::command().get_subcommands() {
        let Some(help) = command.get_after_long_help() else {
            continue;
        };
        for paragraph in help.to_string().split("\n\n") {
            if !paragraph.starts_with("Examples:") {
                assert_eq!(paragraph.lines().count(), 1, "{paragraph}");
                prose += 1;
            }
        }
    }
    assert!(prose > 8, "{prose} paragraphs");
}

#[test]
fn a_service_names_its_user_or_says_how_to_make_one() {
    let desk = Desk::clinic();
    let unknown = desk.run_in(200, &["schedule", "systemd"]);
    assert!(unknown.contains("\nUser=followup\n"), "{unknown}");
    assert!(
        unknown.contains("#   useradd --system --shell /usr/sbin/nologin followup\n#   chown followup: $DIR $DIR/clinic.db\n"),
        "{unknown}"
    );
    for (user, expected, has_hint) in [
        ("ana", "\nUser=ana\n", false),
        ("root", "\nUser=followup\n", true),
    ] {
        let mut command = desk.command(80, &["schedule", "systemd"]);
        let output = command.env("USER", user).output().unwrap();
        let seen = String::from_utf8(output.stdout).unwrap();
        assert!(seen.contains(expected), "{seen}");
        assert_eq!(seen.contains("useradd"), has_hint, "{seen}");
    }
}

#[test]
fn a_name_that_is_the_id_is_shown_once_and_a_lifted_opt_out_is_told_as_that() {
    let desk = shop("a.csv", "");
    desk.write(
        "a.csv",
        &format!(
            "{HEADER},name,phone\nWanda,sms,inbound,2026-03-02T09:00:00Z,STOP,wanda,+15550100001\n\
             Wanda,sms,outbound,2026-03-02T09:01:00Z,Shall we talk?,,\n"
        ),
    );
    desk.run(&["import", "a.csv", AS_OF, LATER]);
    desk.run(&["opt-in", "Wanda", "--now=2026-03-02T09:30:00Z"]);
    let status = desk.run(&["status", LATER]);
    assert!(status.contains("Wanda: held, no sender"), "{status}");
    let shown = desk.run(&["show", "Wanda", LATER]);
    assert!(
        shown.contains("wrote “STOP”, and opted in again since"),
        "{shown}"
    );
    assert!(!shown.contains("Why        opted out"), "{shown}");
    assert!(!shown.to_lowercase().contains("wanda  wanda"), "{shown}");
}

#[test]
fn doctor_says_which_secret_is_not_there() {
    let desk = shop(
        "a.csv",
        "[channels.sms.twilio]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\n\
         auth_token = { env = \"NOT_SET_ANYWHERE\" }\nfrom = \"+15550100000\"\n",
    );
    desk.write("a.csv", &messages("c1"));
    desk.run(&["import", "a.csv", AS_OF, LATER]);
    let seen = desk.run(&["doctor", LATER]);
    assert!(
        seen.contains("wrong configuration: channels.sms.twilio.auth_token")
            && seen.contains("NOT_SET_ANYWHERE")
            && seen.contains("[exit 78]"),
        "{seen}"
    );
}

#[test]
fn d3_forget_says_which_outbox_still_has_their_texts() {
    let desk = shop("a.csv", OUTBOX);
    desk.write("a.csv", &messages("c1"));
    desk.run(&["import", "a.csv", AS_OF, LATER]);
    desk.run(&["run", LATER]);
    let seen = desk.run(&["forget", "c1", "--yes", LATER]);
    assert!(
        seen.contains(
            "c1 is forgotten\nwhat was sent to them may still stand in outbox.jsonl, from"
        ),
        "{seen}"
    );
}

#[test]
fn a_misspelt_column_is_noted_once() {
    let desk = shop("a.csv", OUTBOX);
    desk.write("a.csv", &messages("c1").replace(",name,", ",nmae,"));
    let seen = desk.run(&["import", "a.csv", AS_OF, LATER]);
    let note = "a.csv: column \"nmae\" is not used; did you mean `name`?\n";
    assert_eq!(seen.matches(note).count(), 1, "{seen}");
    assert!(seen.contains("[exit 0]"), "{seen}");
}

#[test]
fn a_database_that_is_a_folder_is_a_matter_of_the_configuration() {
    let desk = shop("a.csv", OUTBOX);
    desk.write("a.csv", &messages("c1"));
    fs::create_dir(desk.path("followup.db")).unwrap();
    for arguments in [
        &["plan", LATER][..],
        &["import", "a.csv", LATER],
        &["doctor"],
    ] {
        let seen = desk.run(arguments);
        assert!(
            seen.contains("followup.db is a folder; name a file") && seen.contains("[exit 78]"),
            "{seen}"
        );
    }
}

#[test]
#[cfg(unix)]
fn an_output_that_is_no_file_is_written_to_and_a_folder_is_refused() {
    let desk = Desk::clinic();
    fs::create_dir(desk.path("folder")).unwrap();
    for arguments in [
        &["report", "-o", "folder", NOW][..],
        &["export", "messages", "-o", "folder"],
    ] {
        let seen = desk.run(arguments);
        assert!(
            seen.contains("error: folder is a folder; name a file in it")
                && seen.contains("[exit 2]"),
            "{seen}"
        );
    }

    let whole = desk.run(&["export", "messages"]);
    let whole = whole.split_once('\n').unwrap().1.replace("[exit 0]\n", "");
    desk.write("target.csv", "before");
    for (link, target) in [("link.csv", "target.csv"), ("dangling.csv", "made.csv")] {
        std::os::unix::fs::symlink(target, desk.path(link)).unwrap();
        let seen = desk.run(&["export", "messages", "-o", link]);
        assert!(seen.contains("[exit 0]"), "{seen}");
        assert!(fs::symlink_metadata(desk.path(link)).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(desk.path(target)).unwrap(), whole);
    }

    let pipe = desk.path("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    let seen = desk.run(&["export", "messages", "-o", "pipe"]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    assert_eq!(reader.join().unwrap(), whole);
}
