//! The store, through the doors that the program uses: what is kept, what is found again, what is refused.

use std::path::{Path, PathBuf};

use followup::config::{self, Config};
use followup::decide::{Action, Because, Reason, decide};
use followup::detect::Detector;
use followup::error::{Outcome, outcome_of};
use followup::import::{Records, SourceSettings, open_stream};
use followup::intake::{Intake, Taken};
use followup::model::{FollowUpState, TextSource, Thread, Timestamp, Word, WordKind, WordSource};
use followup::store::{Access, Claim, Claimed, ContactKey, Resolution, SendOutcome, Store};
use tempfile::TempDir;

const CONFIG: &str = r#"
[bot]
name = "Studio"
timezone = "Europe/Madrid"
[scenarios.stopped_responding]
steps = [{ after = "5m" }, { after = "1h" }]
[scenarios.busy]
steps = [{ after = "2h" }]
[scenarios.asked_for_time]
steps = [{ after = "0m" }]
[limits]
fresh_for = "off"
[channels.sms.outbox]
path = "outbox.jsonl"
"#;

const HEADER: &str = "contact_id,channel,direction,sent_at,text,message_id,name,phone\n";

struct World {
    _folder: TempDir,
    path: PathBuf,
    config: Config,
    store: Store,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("followup.db");
        let store = Store::open(&path, Access::Write).unwrap();
        let (config, _) = config::parse(Path::new("followup.toml"), CONFIG).unwrap();
        Self {
            _folder: folder,
            path,
            config,
            store,
        }
    }

    /// Imports rows of `HEADER`.
    fn import(&self, rows: &str) -> Taken {
        self.import_table(&format!("{HEADER}{rows}"))
    }

    fn import_table(&self, table: &str) -> Taken {
        let detector = Detector::new(&["STOP".to_owned()]);
        let (store, config) = (&self.store, &self.config);
        let intake = Intake {
            store,
            config,
            detector: &detector,
            now: at("2026-03-02T12:00:00Z"),
            as_of: None,
            stop: &|| false,
        };
        let input = std::io::Cursor::new(table.to_owned());
        let taken = intake
            .stream(input, "crm", &SourceSettings::default(), &mut |_| ())
            .unwrap();
        self.store
            .settle(&self.config.policy, at("2026-03-02T12:00:00Z"), || false)
            .unwrap();
        taken
    }

    fn key(&self, contact_id: &str) -> ContactKey {
        self.store.find(contact_id).unwrap().unwrap()
    }

    fn thread(&self, contact_id: &str) -> Thread {
        self.store.thread(self.key(contact_id)).unwrap().unwrap()
    }

    fn say(&self, contact_id: &str, kind: WordKind, when: &str) {
        let word = Word {
            kind,
            at: at(when),
            until: None,
            reason: None,
            source: WordSource::Operator,
        };
        self.store.say(self.key(contact_id), &word).unwrap();
    }

    /// Claims what is due at `now`.
    fn claim(&self, contact_id: &str, now: &str) -> Option<Claimed> {
        let thread = self.thread(contact_id);
        let decision = decide(&self.config.policy, &thread, at(now));
        assert_eq!(decision.action, Action::Send, "{decision:?}");
        let claim = Claim {
            contact: self.key(contact_id),
            thread: &thread,
            decision: &decision,
            because: "[]",
            address: "+34600000001",
            text: "Still there?",
            text_source: TextSource::Custom,
        };
        self.store
            .durably(|| self.store.ledger()?.claim(&claim, at(now)))
            .unwrap()
    }

    fn send(&self, contact_id: &str, now: &str, outcome: &SendOutcome) -> Claimed {
        let claimed = self.claim(contact_id, now).unwrap();
        let channel = followup::model::Channel::Sms;
        let record = || {
            let claimed = (self.key(contact_id), claimed.row);
            let mut ledger = self.store.ledger()?;
            ledger.record(claimed, channel, outcome, None, at(now))
        };
        self.store.durably(record).unwrap();
        claimed
    }

    fn messages(&self) -> Vec<String> {
        let mut rows = Vec::new();
        self.store
            .each_message(&(0..i64::MAX), |m| {
                rows.push(format!(
                    "{} {} {} {}",
                    m.contact_id,
                    m.sent_at.format("%H:%M:%S"),
                    m.author,
                    m.text
                ));
                Ok(())
            })
            .unwrap();
        rows
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sent(provider_id: Option<&str>) -> SendOutcome {
    SendOutcome::Sent {
        provider_id: provider_id.map(str::to_owned),
    }
}

const ASKED: &str = "c1,sms,in,2026-03-02T10:00:00Z,How much is it?,,Ana,+34600000001\n\
                     c1,sms,out,2026-03-02T10:01:00Z,It is 20,,,\n";

#[test]
fn importing_again_adds_only_what_is_new() {
    let world = World::new();
    assert_eq!(world.import(ASKED).messages.new, 2);
    let again = world.import(ASKED).messages;
    assert_eq!((again.new, again.known), (0, 2));
    let longer = format!("{ASKED}c1,sms,in,2026-03-02T10:05:00Z,Fine,,,\n");
    let longer = world.import(&longer).messages;
    assert_eq!((longer.new, longer.known), (1, 2));
}

#[test]
fn the_same_words_at_the_same_time_are_as_many_messages_as_there_are() {
    let world = World::new();
    let ok = "c1,sms,in,2026-03-02T10:00:00Z,ok,,,\n";
    assert_eq!(world.import(&ok.repeat(3)).messages.new, 3);
    assert_eq!(world.import(&ok.repeat(3)).messages.new, 0);
    assert_eq!(world.import(&ok.repeat(4)).messages.new, 1);
}

#[test]
fn the_order_of_rows_and_imports_does_not_matter() {
    let rows: Vec<String> = (0..40)
        .map(|n| {
            let direction = if n % 3 == 0 { "in" } else { "out" };
            let name = if n % 5 == 0 {
                format!("Name {n}")
            } else {
                String::new()
            };
            format!(
                "c{},sms,{direction},2026-03-02T10:{n:02}:00Z,text {n},,{name},\n",
                n % 4
            )
        })
        .collect();
    let seen = |world: &World| {
        let contacts: Vec<_> = (0..4).map(|c| world.thread(&format!("c{c}"))).collect();
        let decisions: Vec<_> = contacts
            .iter()
            .map(|t| decide(&world.config.policy, t, at("2026-03-02T11:00:00Z")))
            .collect();
        let names: Vec<_> = contacts.into_iter().map(|t| t.contact).collect();
        let mut messages = world.messages();
        messages.sort();
        (messages, names, decisions)
    };
    let forwards = World::new();
    forwards.import(&rows.concat());
    let backwards = World::new();
    for row in rows.iter().rev() {
        backwards.import(row);
    }
    let mixed = World::new();
    let shuffled: Vec<_> = (0..40).map(|n| rows[(n * 17) % 40].clone()).collect();
    mixed.import(&shuffled.concat());
    assert_eq!(seen(&forwards), seen(&backwards));
    assert_eq!(seen(&forwards), seen(&mixed));
}

#[test]
fn equal_times_keep_the_order_of_a_file_that_has_one() {
    // An export that tells only minutes: question and answer in the same one.
    let world = World::new();
    world.import(
        "c1,sms,in,2026-03-02T10:00:00Z,How much?,,,\nc1,sms,out,2026-03-02T10:00:00Z,20,,,\n",
    );
    assert_eq!(
        world.messages(),
        ["c1 10:00:00 contact How much?", "c1 10:00:00 bot 20"]
    );
    let decision = decide(
        &world.config.policy,
        &world.thread("c1"),
        at("2026-03-02T10:02:00Z"),
    );
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Wait, Reason::Delay)
    );
    // Newest first.
    let world = World::new();
    world.import(
        "c1,sms,out,2026-03-02T10:00:00Z,20,,,\nc1,sms,in,2026-03-02T10:00:00Z,How much?,,,\n\
         c1,sms,in,2026-03-02T09:00:00Z,Hello,,,\n",
    );
    let decision = decide(
        &world.config.policy,
        &world.thread("c1"),
        at("2026-03-02T10:02:00Z"),
    );
    assert_eq!(decision.action, Action::Wait);
}

#[test]
fn s1_a_signal_is_kept_with_its_evidence() {
    let world = World::new();
    world.import("c1,sms,in,2026-03-02T10:00:00Z,STOP,,,\n");
    let signal = world.thread("c1").messages[0].signal.clone().unwrap();
    assert_eq!(
        (
            signal.kind.as_str(),
            signal.evidence.as_str(),
            signal.source.as_str()
        ),
        ("opt_out", "STOP", "rules")
    );
}

#[test]
fn x1_a_step_is_claimed_once() {
    let world = World::new();
    world.import(ASKED);
    let thread = world.thread("c1");
    let now = "2026-03-02T10:10:00Z";
    assert!(world.claim("c1", now).is_some());
    let decision = decide(&world.config.policy, &thread, at(now)); // from before the claim
    let claim = Claim {
        contact: world.key("c1"),
        thread: &thread,
        decision: &decision,
        because: "[]",
        address: "+34600000001",
        text: "Still there?",
        text_source: TextSource::Custom,
    };
    let second = world
        .store
        .durably(|| world.store.ledger()?.claim(&claim, at(now)))
        .unwrap();
    assert_eq!(second, None);
}

#[test]
fn x1_what_a_crash_left_is_unknown_and_counts_as_sent() {
    let world = World::new();
    world.import(ASKED);
    world.claim("c1", "2026-03-02T10:10:00Z").unwrap();
    assert_eq!(world.store.recover().unwrap(), 1);
    assert_eq!(world.store.recover().unwrap(), 0);
    let thread = world.thread("c1");
    assert_eq!(thread.follow_ups[0].state, FollowUpState::Unknown);
    let decision = decide(&world.config.policy, &thread, at("2026-03-02T10:20:00Z"));
    assert_eq!((decision.action, decision.step), (Action::Wait, Some(2)));
}

#[test]
fn x4_a_providers_opt_out_is_the_contacts() {
    let world = World::new();
    world.import(ASKED);
    let refused = SendOutcome::Refused {
        error: "21610".into(),
        opted_out: true,
    };
    world.send("c1", "2026-03-02T10:10:00Z", &refused);
    let decision = decide(
        &world.config.policy,
        &world.thread("c1"),
        at("2026-03-02T10:20:00Z"),
    );
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Stop, Reason::OptedOut)
    );
}

#[test]
fn x6_our_own_messages_come_back_by_id_or_by_text_and_time() {
    let world = World::new();
    world.import(ASKED);
    world.send("c1", "2026-03-02T10:10:00Z", &sent(Some("SM1")));
    world.send(
        "c1",
        "2026-03-02T11:15:00Z",
        &SendOutcome::Unknown {
            error: "reset".into(),
        },
    );
    let export = format!(
        "{ASKED}c1,sms,out,2026-03-02T10:10:02Z,another spelling,SM1,,\n\
         c1,sms,out,2026-03-02T11:15:05Z, Still there? ,SM2,,\n"
    );
    for _ in 0..2 {
        let taken = world.import(&export).messages;
        assert_eq!((taken.new, taken.own), (0, 2));
    }
    let states: Vec<_> = world
        .thread("c1")
        .follow_ups
        .into_iter()
        .map(|f| (f.state, f.provider_id))
        .collect();
    let (one, two) = (Some("SM1".to_owned()), Some("SM2".to_owned()));
    assert_eq!(
        states,
        [(FollowUpState::Sent, one), (FollowUpState::Sent, two)]
    );
    // The same words by a person hours later are a person's.
    let taken = world
        .import("c1,sms,out,2026-03-02T15:00:00Z,Still there?,,,\n")
        .messages;
    assert_eq!((taken.new, taken.own), (1, 0));
}

#[test]
fn x7_a_reply_that_comes_to_light_too_late_is_reported() {
    let world = World::new();
    world.import(ASKED);
    let claimed = world.send("c1", "2026-03-02T10:10:00Z", &sent(None));
    let taken = world.import("c1,sms,in,2026-03-02T10:08:00Z,Great,,,\n");
    assert_eq!(taken.messages.sent_after_reply, [claimed.id]);
    assert_eq!(
        world
            .store
            .counts(at("2026-03-02T12:00:00Z"))
            .unwrap()
            .sent_after_reply,
        1
    );
}

#[test]
fn d21_an_opt_out_follows_the_number_and_an_opt_in_lifts_it() {
    let world = World::new();
    world.import(ASKED);
    world.import("c2,sms,in,2026-03-02T10:02:00Z,STOP,,Luis,+34600000001\n");
    let now = at("2026-03-02T10:10:00Z");
    let decision = decide(&world.config.policy, &world.thread("c1"), now);
    assert_eq!(decision.reason, Reason::OptedOut);
    assert!(
        matches!(&decision.because[..], [Because::OptedOut { contact_id: Some(c), .. }] if c == "c2")
    );
    world.say("c2", WordKind::OptIn, "2026-03-02T10:03:00Z");
    assert_eq!(
        world.store.awake(now).unwrap(),
        [world.key("c1"), world.key("c2")],
        "both are looked at again"
    );
    let decision = decide(&world.config.policy, &world.thread("c1"), now);
    assert_eq!(decision.action, Action::Send);
}

#[test]
fn d21_a_number_is_the_same_however_it_is_spelt() {
    for spelling in [
        "+1 (212) 555-0100",
        "12125550100",
        "0012125550100",
        "(212) 555-0100",
        "+1.212.555.0100",
    ] {
        let world = World::new();
        world.import(&format!(
            "a,sms,in,2026-03-02T09:50:00Z,STOP,,,+12125550100\n\
             b,sms,in,2026-03-02T09:58:00Z,How much?,,,{spelling}\nb,sms,out,2026-03-02T09:59:00Z,10,,,\n"
        ));
        let decision = decide(
            &world.config.policy,
            &world.thread("b"),
            at("2026-03-02T11:00:00Z"),
        );
        assert_eq!(decision.reason, Reason::OptedOut, "{spelling}");
        world.say("a", WordKind::OptIn, "2026-03-02T10:00:00Z");
        let awake = world.store.awake(at("2026-03-02T11:00:00Z")).unwrap();
        assert!(
            awake.contains(&world.key("b")),
            "{spelling}: looked at again"
        );
    }
}

#[test]
fn forgetting_erases_and_keeps_an_opt_out() {
    let world = World::new();
    world.import(ASKED);
    world.say("c1", WordKind::OptOut, "2026-03-02T11:00:00Z");
    let contact = world.thread("c1").contact;
    let said = Some(at("2026-03-02T11:00:00Z"));
    world
        .store
        .forget(world.key("c1"), &contact, said, at("2026-03-02T12:00:00Z"))
        .unwrap();
    assert_eq!(world.messages(), [""; 0]);
    let file = std::fs::read(&world.path).unwrap();
    let wal = std::fs::read(world.path.with_extension("db-wal")).unwrap_or_default();
    for trace in ["How much is it", "+34600000001"] {
        let found = |bytes: &[u8]| bytes.windows(trace.len()).any(|w| w == trace.as_bytes());
        assert!(
            !found(&file) && !found(&wal),
            "{trace} is still in the file"
        );
    }
    // The old export brings nobody back.
    let taken = world.import(ASKED).messages;
    assert_eq!((taken.new, taken.forgotten, taken.new_contacts), (0, 2, 0));
    // Who comes back under another id with the same number is still opted out.
    world.import("c9,sms,in,2026-03-03T10:00:00Z,Hello,,Ana,+34600000001\nc9,sms,out,2026-03-03T10:01:00Z,Hi,,,\n");
    let decision = decide(
        &world.config.policy,
        &world.thread("c9"),
        at("2026-03-03T11:00:00Z"),
    );
    assert_eq!(decision.reason, Reason::OptedOut);
}

#[test]
fn an_unknown_is_settled_once_by_a_person() {
    let world = World::new();
    world.import(ASKED);
    let claimed = world.send(
        "c1",
        "2026-03-02T10:10:00Z",
        &SendOutcome::Unknown {
            error: "reset".into(),
        },
    );
    let now = at("2026-03-02T10:30:00Z");
    world
        .store
        .resolve(&claimed.id, Resolution::NotSent, now)
        .unwrap();
    let decision = decide(&world.config.policy, &world.thread("c1"), now);
    assert_eq!((decision.action, decision.step), (Action::Send, Some(1)));
    let error = world
        .store
        .resolve(&claimed.id, Resolution::Sent, now)
        .unwrap_err();
    assert_eq!(outcome_of(&error), Outcome::Usage);
    assert!(
        world
            .store
            .resolve("nonsense", Resolution::Sent, now)
            .is_err()
    );
}

#[test]
fn exports_of_contacts_and_follow_ups_are_taken_back() {
    let world = World::new();
    world.import_table(
        "contact_id,name,phone,email,timezone,language,tags,addresses,words\n\
         c1,Ana,+34600000001,,Europe/Madrid,es,vip;new,,\n",
    );
    let contact = world.thread("c1").contact;
    assert_eq!(
        (contact.name.as_deref(), contact.tags.len()),
        (Some("Ana"), 2)
    );
    let opened = open_stream(
        std::io::Cursor::new("contact_id,name\nc1,Ana\n"),
        &SourceSettings::default(),
    );
    assert!(matches!(opened.unwrap().records, Records::Contacts(_)));
}

#[cfg(unix)]
#[test]
fn files_are_private_from_the_first_byte() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.import(ASKED);
    let copy = world.path.with_file_name("backup.db");
    world.store.backup(&copy).unwrap();
    for entry in std::fs::read_dir(world.path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn a_copied_foreign_or_newer_file_is_refused_with_words() {
    let world = World::new();
    world.import(ASKED);
    let copy = world.path.with_file_name("copy.db");
    world.store.backup(&copy).unwrap();
    let refused = |path: &Path| {
        let error = Store::open(path, Access::Write).err().unwrap();
        assert_eq!(outcome_of(&error), Outcome::Permission);
        error.to_string()
    };
    assert!(refused(&copy).contains("is a copy"));
    Store::adopt(&copy).unwrap();
    assert!(Store::open(&copy, Access::Write).is_ok());

    let foreign = world.path.with_file_name("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    assert!(refused(&foreign).contains("is not a followup database"));
    let text = world.path.with_file_name("text.db");
    std::fs::write(
        &text,
        "this is no database, but long enough to be looked at as one",
    )
    .unwrap();
    assert!(refused(&text).contains("is not a SQLite database"));
    let newer = world.path.with_file_name("newer.db");
    world.store.backup(&newer).unwrap();
    rusqlite::Connection::open(&newer)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    assert!(refused(&newer).contains("newer followup"));
    let missing = Store::open(&world.path.with_file_name("missing.db"), Access::Read)
        .err()
        .unwrap();
    assert_eq!(outcome_of(&missing), Outcome::NoInput);
}

#[test]
fn wake_at_follows_every_new_fact_and_the_policy() {
    let world = World::new();
    world.import(ASKED);
    let key = world.key("c1");
    assert_eq!(
        world.store.awake(at("2026-03-02T10:05:59Z")).unwrap(),
        [] as [ContactKey; 0]
    );
    // Imported at noon: due at 10:06, not yet a day late.
    assert_eq!(
        world.store.awake(at("2026-03-02T10:06:00Z")).unwrap(),
        [key]
    );
    world.say("c1", WordKind::Booked, "2026-03-02T12:00:00Z");
    world
        .store
        .settle(&world.config.policy, at("2026-03-02T12:00:00Z"), || false)
        .unwrap();
    assert_eq!(
        world.store.awake(at("2036-01-01T00:00:00Z")).unwrap(),
        [] as [ContactKey; 0]
    );
    let noon = at("2026-03-02T12:00:00Z");
    assert!(world.store.follow_policy("other", noon).unwrap());
    assert!(!world.store.follow_policy("other", noon).unwrap());
    let before = at("2026-03-02T10:00:00Z");
    assert!(world.store.follow_policy("other", before).unwrap());
    assert_eq!(
        world.store.awake(at("2026-03-02T12:00:00Z")).unwrap(),
        [key]
    );
}

#[test]
fn what_is_read_by_several_at_once_comes_in_order() {
    let world = World::new();
    let row = |contact: u32, second: u32| {
        let (minute, second) = (second / 60, second % 60);
        format!("c{contact:03},sms,in,2026-03-02T09:{minute:02}:{second:02}Z,hi {second},,,\n")
    };
    // One of them with more messages than are put in order by hand.
    let long = (0..4_500).map(|n| row(7, n * 7_919 % 3_600));
    let rows: Vec<String> = long
        .chain((0..300).rev().flat_map(|c| [row(c, 30), row(c, 10)]))
        .collect();
    world.import(&rows.concat());
    let mut seen: Vec<(ContactKey, Timestamp)> = Vec::new();
    let pieces = world.store.pieces(16).unwrap();
    assert!(pieces.len() > 10);
    let read = |store: &Store, piece: &_, give: &mut dyn FnMut(_) -> anyhow::Result<()>| {
        store.each_message(piece, |m| {
            let key = store.find(m.contact_id)?;
            give((key.unwrap(), m.sent_at))
        })
    };
    let take = |row| {
        seen.push(row);
        Ok(())
    };
    world.store.abreast(&pieces, read, take).unwrap();
    assert_eq!(seen.len(), rows.len());
    assert!(seen.is_sorted());

    let policy = &world.config.policy;
    let now = at("2026-03-02T12:00:00Z");
    let contacts: Vec<ContactKey> = world.store.rows().unwrap().into_iter().rev().collect();
    let mut decided = Vec::new();
    let sift = |thread: &mut Thread, _: &_| thread.contact.contact_id != "c007";
    let tell = |key, thread: Thread, decision| {
        assert_eq!(decision, decide(policy, &thread, now));
        decided.push(key);
        Ok(())
    };
    let each = world
        .store
        .decide_each(&contacts, (policy, now), sift, tell);
    each.unwrap();
    let left_out = world.key("c007");
    let wanted: Vec<_> = contacts.into_iter().filter(|k| *k != left_out).collect();
    assert_eq!(decided, wanted);

    // A failure of either side ends it.
    let failed = |_: &Store, _: &_, _: &mut dyn FnMut(()) -> anyhow::Result<()>| {
        anyhow::bail!("the disk is gone")
    };
    let error = world
        .store
        .abreast(&pieces, failed, |()| Ok(()))
        .unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");
    let take = |_: (ContactKey, Timestamp)| anyhow::bail!("the reader is gone");
    let error = world.store.abreast(&pieces, read, take).unwrap_err();
    assert_eq!(error.to_string(), "the reader is gone");
}
