//! That no rule goes without a test of its own name.

use std::fs;
use std::path::Path;

use crate::cli::Desk;

/// The rules of each family, as `README.md` and the doc comments number them.
const FAMILIES: [(char, u32); 3] = [('s', 8), ('d', 21), ('x', 9)];

#[test]
fn every_rule_has_a_test_that_names_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = String::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &mut names);
    }
    for (family, last) in FAMILIES {
        for number in 1..=last {
            let rule = format!("{family}{number}_");
            let named = names.lines().any(|name| name.starts_with(&rule));
            assert!(named, "no test's name begins with {rule}");
        }
    }
}

/// The names of test functions and of written cases under a folder, one a line.
fn collect(folder: &Path, names: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        let kind = path.extension().and_then(|e| e.to_str());
        let begin = match kind {
            Some("rs") => "fn ",
            Some("toml") => "name = \"",
            _ => continue,
        };
        let text = fs::read_to_string(&path).unwrap();
        let found = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix(begin));
        names.extend(found.map(|name| format!("{name}\n")));
    }
}

#[test]
fn s3_tomorrow_is_the_day_after_the_messages_own_in_the_contacts_zone() {
    let desk = Desk::clinic();
    // 23:50 on the 2nd in Tijuana is 07:50 UTC on the 3rd, which is past midnight for the bot in Mexico City too.
    desk.write(
        "late.csv",
        "contact_id,phone,timezone,language,channel,direction,sent_at,text\n\
         late,+5266400000,America/Tijuana,es,sms,in,2026-03-03T07:50:00Z,escríbeme mañana a las 10\n",
    );
    let imported = desk.run(&["import", "late.csv", "--now=2026-03-05T09:00"]);
    assert!(imported.contains("[exit 0]"), "{imported}");
    let shown = desk.run(&["plan", "--contact=late", "--json", "--now=2026-03-03T03:00"]);
    assert!(
        shown.contains("\"due_at\":\"2026-03-03T18:00:00Z\""),
        "ten in Tijuana on the 3rd: {shown}"
    );
}

#[test]
fn s4_a_date_or_an_hour_that_there_is_not_is_unclear() {
    let desk = Desk::empty();
    for text in [
        "write to me on 31 February",
        "escríbeme el 31 de abril",
        "rappelez-moi le 30 février",
        "call me tomorrow at 25:00",
        "llámame mañana a las 10:75",
    ] {
        let at = "--at=2026-03-03T10:00:00Z";
        let seen = desk.run(&["detect", "--timezone=UTC", at, text]);
        assert!(seen.contains("unclear: a person must say when"), "{seen}");
    }
}
