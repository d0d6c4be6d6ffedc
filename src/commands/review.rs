//! `followup review`: texts that wait for a person, one after the other (rule X9).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};

use anyhow::{Context as _, Result};

use super::{Context, Verbosity};
use crate::cli::Review;
use crate::compose::guard::{Finding, FindingKind, check_typed};
use crate::config::Config;
use crate::decide::{Because, Decision, Reason, decide};
use crate::error::{Failure, Outcome};
use crate::model::{Draft, Thread, Timestamp};
use crate::report::review::{Waiting, WaitingLine, page};
use crate::report::terminal::plain;
use crate::report::{Clocks, count};
use crate::store::{Access, DraftVerdict, Store};

/// The most that is read of a text from standard input or an editor, in bytes.
const MOST_TEXT: u64 = 1 << 20;

/// A text that waits.
struct Item {
    id: String,
    thread: Thread,
    draft: Draft,
    decision: Decision,
}

/// Shows what waits, or decides as the arguments say.
pub(super) fn review(context: &mut Context<'_>, arguments: &Review) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let items = waiting(&store, &config, now)?;
    let desk = Desk {
        store: &store,
        config: &config,
        now,
        by: by(context, arguments),
    };
    let given =
        !(arguments.approve.is_empty() && arguments.text.is_empty() && arguments.skip.is_empty());
    if given {
        return desk.decide_given(context, arguments, &items);
    }
    if arguments.json {
        for item in &items {
            serde_json::to_writer(&mut *context.out, &WaitingLine::of(&item.waiting(None)))?;
            writeln!(context.out)?;
        }
        return Ok(Outcome::Done);
    }
    if items.is_empty() {
        context.say(Verbosity::Normal, "nothing waits for a person");
        return Ok(Outcome::Done);
    }
    if context.terminal.input && context.terminal.output {
        desk.sit(context, &items)
    } else {
        desk.list(context, &items)
    }
}

/// Who decides: as told, else whose the session is.
fn by(context: &Context<'_>, arguments: &Review) -> String {
    let user = || {
        let variables = ["USER", "LOGNAME", "USERNAME"].into_iter();
        let mut names = variables.filter_map(|v| context.environment.get(v)?.to_str());
        names.find(|name| !name.is_empty()).map(str::to_owned)
    };
    let name = arguments.by.clone().or_else(user);
    name.unwrap_or_else(|| "a person".to_owned())
}

/// The texts that hold a step now: those that a reply or another decision has overtaken are left out.
fn waiting(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for (contact, draft) in store.waiting_drafts()? {
        let Some(thread) = store.thread(contact)? else {
            continue;
        };
        let decision = decide(&config.policy, &thread, now);
        let holds = decision.reason == Reason::AwaitingApproval
            && !decision.wants_text()
            && decision.episode == Some(draft.episode)
            && decision.step == Some(draft.step);
        if holds && draft.text.is_some() {
            let id = public_id(&draft);
            items.push(Item {
                id,
                thread,
                draft,
                decision,
            });
        }
    }
    Ok(items)
}

/// Names a text, not only its step: nobody lets through what was written after they looked.
fn public_id(draft: &Draft) -> String {
    let made_at = draft.made_at.timestamp_micros().cast_unsigned() & 0xff_ffff;
    format!("dr_{}_{made_at:06x}", draft.id)
}

impl Item {
    fn waiting<'a>(&'a self, text: Option<&'a str>) -> Waiting<'a> {
        let until = self.decision.because.iter().find_map(|b| match b {
            Because::AwaitingApproval { until, .. } => *until,
            _ => None,
        });
        Waiting {
            id: &self.id,
            thread: &self.thread,
            draft: &self.draft,
            text: text.or(self.draft.text.as_deref()).unwrap_or_default(),
            steps: self.decision.steps,
            due_at: self.decision.due_at,
            until,
        }
    }
}

struct Desk<'a> {
    store: &'a Store,
    config: &'a Config,
    now: Timestamp,
    by: String,
}

impl Desk<'_> {
    /// What the arguments say, all of it or nothing.
    fn decide_given(
        &self,
        context: &mut Context<'_>,
        arguments: &Review,
        items: &[Item],
    ) -> Result<Outcome> {
        let mut wanted: Vec<(&Item, Option<String>, &str)> = Vec::new();
        for id in &arguments.approve {
            wanted.push((find(items, id)?, None, "approved"));
        }
        for pair in arguments.text.chunks_exact(2) {
            if let [id, text] = pair {
                let item = find(items, id)?;
                let text = match text.as_str() {
                    "-" => read(&mut (context.input)())?,
                    text => text.to_owned(),
                };
                let wrong = check_typed(&text, item.draft.channel);
                if let Some(wrong) = wrong.first().map(wrong_words) {
                    let words = format!("{id}: the text cannot be sent: {wrong}");
                    return Err(Failure::new(Outcome::Usage, words).into());
                }
                wanted.push((item, Some(text), "approved"));
            }
        }
        for id in &arguments.skip {
            wanted.push((find(items, id)?, None, "skipped"));
        }
        let ids: BTreeSet<&str> = wanted.iter().map(|(item, ..)| item.id.as_str()).collect();
        if ids.len() < wanted.len() {
            let words = "a text is named twice; say one thing about it";
            return Err(Failure::new(Outcome::Usage, words).into());
        }
        for (item, text, state) in &wanted {
            let verdict = match (text, *state) {
                (_, "skipped") => DraftVerdict::Skip,
                (Some(text), _) => DraftVerdict::Change(text),
                (None, _) => DraftVerdict::Approve,
            };
            self.decide(item, verdict)?;
            if arguments.json {
                let line = serde_json::json!({ "id": item.id, "contact_id": item.thread.contact.contact_id, "state": state, "changed": text.is_some() });
                writeln!(context.out, "{line}")?;
            } else {
                let words = format!("{}: {}", item.id, said(verdict));
                context.say(Verbosity::Normal, &words);
            }
        }
        self.store.settle(&self.config.policy, self.now, || false)?;
        Ok(Outcome::Done)
    }

    fn decide(&self, item: &Item, verdict: DraftVerdict<'_>) -> Result<()> {
        let deed = match verdict {
            DraftVerdict::Approve => "approved",
            DraftVerdict::Change(_) => "changed",
            DraftVerdict::Skip => "passed over",
        };
        let reason = format!("{deed} by {}", self.by);
        let key = (item.draft.id, item.draft.made_at);
        if self.store.decide_draft(key, verdict, &reason, self.now)? {
            return Ok(());
        }
        let words = format!("{} does not wait any more; see followup review", item.id);
        Err(Failure::new(Outcome::Usage, words).into())
    }

    /// All that waits, for a reader who cannot press keys.
    fn list(&self, context: &mut Context<'_>, items: &[Item]) -> Result<Outcome> {
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                writeln!(context.out)?;
            }
            self.show(context, item, (n + 1, items.len()), None, &[])?;
            writeln!(
                context.out,
                "Then      followup review --approve {}",
                item.id
            )?;
        }
        Ok(Outcome::Done)
    }

    fn show(
        &self,
        context: &mut Context<'_>,
        item: &Item,
        place: (usize, usize),
        text: Option<&str>,
        wrong: &[String],
    ) -> Result<()> {
        let clocks = Clocks::new(&item.thread.contact, &self.config.bot.zone, self.now);
        let terminal = context.terminal;
        let look = (terminal.width, terminal.out_styles);
        page(
            context.out,
            &item.waiting(text),
            place,
            wrong,
            &clocks,
            look,
        )?;
        Ok(())
    }

    /// One text after the other, one key each.
    fn sit(&self, context: &mut Context<'_>, items: &[Item]) -> Result<Outcome> {
        let (mut sent, mut skipped) = (0, 0);
        'items: for (n, item) in items.iter().enumerate() {
            let mut text: Option<String> = None;
            loop {
                let wrong = text.as_deref().map(|t| check_typed(t, item.draft.channel));
                let wrong = wrong.unwrap_or_default();
                let wrong: Vec<String> = wrong.iter().map(wrong_words).collect();
                writeln!(context.out)?;
                self.show(context, item, (n + 1, items.len()), text.as_deref(), &wrong)?;
                writeln!(context.out)?;
                let keys = if wrong.is_empty() {
                    "[s]end  [e]dit  s[k]ip this step  [n]ext  [q]uit "
                } else {
                    "[e]dit  s[k]ip this step  [n]ext  [q]uit "
                };
                write!(context.out, "{}", context.terminal.out_styles.strong(keys))?;
                context.out.flush()?;
                let key = loop {
                    match (context.key)()? {
                        None | Some('q' | '\u{3}' | '\u{4}') => break 'q',
                        Some('s') if wrong.is_empty() => break 's',
                        Some(key @ ('e' | 'k' | 'n')) => break key,
                        Some(_) => {}
                    }
                };
                writeln!(context.out)?;
                context.out.flush()?; // what follows on standard error begins a line
                let verdict = match (key, text.as_deref()) {
                    ('q', _) => break 'items,
                    ('n', _) => continue 'items,
                    ('e', _) => {
                        let before = text.as_deref().or(item.draft.text.as_deref());
                        let edited = edit(context, before.unwrap_or_default())?;
                        text = edited.or(text);
                        continue;
                    }
                    ('s', Some(text)) => DraftVerdict::Change(text),
                    ('s', None) => DraftVerdict::Approve,
                    _ => DraftVerdict::Skip,
                };
                match self.decide(item, verdict) {
                    Ok(()) if verdict == DraftVerdict::Skip => skipped += 1,
                    Ok(()) => sent += 1,
                    Err(error) => context.warn(&format!("{error:#}")),
                }
                continue 'items;
            }
        }
        self.store.settle(&self.config.policy, self.now, || false)?;
        let sent = count(sent, "text goes", "texts go");
        let skipped = count(skipped, "step is", "steps are");
        let words = format!("{sent} out with the next run; {skipped} passed over");
        context.say(Verbosity::Normal, &words);
        Ok(Outcome::Done)
    }
}

/// What is wrong with a text that a person wrote, and what to do.
fn wrong_words(finding: &Finding) -> String {
    match finding.kind {
        FindingKind::TemplateMark | FindingKind::Placeholder => format!(
            "{} would be sent as it stands here; write the words that belong there",
            finding.words
        ),
        _ => finding.to_string(),
    }
}

const fn said(verdict: DraftVerdict<'_>) -> &'static str {
    match verdict {
        DraftVerdict::Approve => "goes out with the next run",
        DraftVerdict::Change(_) => "goes out changed, with the next run",
        DraftVerdict::Skip => "its step is passed over",
    }
}

fn find<'i>(items: &'i [Item], id: &str) -> Result<&'i Item> {
    if let Some(item) = items.iter().find(|item| item.id == id) {
        return Ok(item);
    }
    let words = format!("no text {} waits; see followup review", plain(id));
    Err(Failure::new(Outcome::Usage, words).into())
}

fn read(input: &mut dyn Read) -> Result<String> {
    let mut text = String::new();
    input
        .take(MOST_TEXT)
        .read_to_string(&mut text)
        .context("failed to read the text")?;
    Ok(text.trim_end().to_owned())
}

/// Other words for a text, by the person's editor, else typed here; `None` when they leave it as it is.
fn edit(context: &mut Context<'_>, before: &str) -> Result<Option<String>> {
    let variables = ["VISUAL", "EDITOR"].into_iter();
    let mut editors = variables.filter_map(|v| context.environment.get(v)?.to_str());
    let editor = editors.find(|e| !e.trim().is_empty());
    let after = match editor {
        Some(editor) => in_editor(editor, before)?,
        None => typed(context)?,
    };
    Ok(after.filter(|after| !after.trim().is_empty() && after != before))
}

/// The text as an editor leaves it. The file is the person's own and is gone afterwards.
fn in_editor(editor: &str, before: &str) -> Result<Option<String>> {
    let mut file = tempfile::Builder::new()
        .prefix("followup-")
        .suffix(".txt")
        .tempfile()?;
    file.write_all(before.as_bytes())?;
    file.flush()?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = std::process::Command::new(program)
        .args(words)
        .arg(file.path())
        .status()
        .with_context(|| format!("failed to start {program}; set EDITOR to your editor"))?;
    if !status.success() {
        return Ok(None);
    }
    // An editor may have put another file in its place.
    let mut edited = std::fs::File::open(file.path()).context("failed to read the edited text")?;
    read(&mut edited).map(Some)
}

/// Lines up to an empty one.
fn typed(context: &mut Context<'_>) -> Result<Option<String>> {
    writeln!(
        context.out,
        "The new text, and an empty line; only an empty line keeps the old one:"
    )?;
    context.out.flush()?;
    let mut lines: Vec<String> = Vec::new();
    for line in BufReader::new((context.input)()).take(MOST_TEXT).lines() {
        let line = line?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}
