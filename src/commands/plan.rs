use anyhow::Result;

use super::look::Look;
use super::write::{Desk, Written};
use super::{Context, find_contact, used_today};
use crate::cli::{Plan, PlanFormat};
use crate::compose::Composer;
use crate::compose::ai::Author;
use crate::config::Config;
use crate::decide::{Action, Decision};
use crate::error::Outcome;
use crate::model::{TextSource, Thread, Timestamp};
use crate::report::calendar::PlanCalendar;
use crate::report::plan::{Row, Table, Tally, json};
use crate::report::{Clocks, count};
use crate::store::{Access, ContactKey, Store};

/// Decides about every contact that may be due, and shows it. Nothing is written but the drafts that `--render` asks
/// for.
pub(super) fn plan(context: &mut Context<'_>, arguments: &Plan) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let until = arguments.until.map(|t| t.instant(&config.bot.zone));
    let wanted = |decision: &Decision| match decision.action {
        _ if arguments.all || arguments.contact.is_some() => true,
        Action::Send | Action::Hold => true,
        Action::Wait => until.is_none_or(|until| decision.due_at <= Some(until)),
        Action::Stop | Action::None => false,
    };
    let look = Look::new(&store, &config, now);
    let composer = Composer::new(&config);
    let clock = context.running_clock(Some(now));
    let used = used_today(&store, &config, now)?;
    let author = Author::new(&config, context.environment, used, &clock);
    let script = Script {
        desk: author.as_ref().map(|author| Desk {
            store: &store,
            author,
            composer: &composer,
        }),
        composer: &composer,
        now,
    };
    let format = arguments.format();
    let mut paper = Paper::new(context, format, &config.bot.name);
    let unread = store.unread_by_contact()?;
    let held_back = store.held_back_by_contact()?;
    let mut tell = |key: ContactKey, thread: &Thread, decision: &Decision| {
        let text = match arguments.render {
            true => script.text(key, thread, decision)?,
            false => None,
        };
        let (text, text_source) = match text {
            Some(Ok((text, source))) => (Some(text), Some(source)),
            Some(Err(why)) if format == PlanFormat::Table => {
                (Some(format!("(no text: {why})")), None)
            }
            Some(Err(_)) | None => (None, None),
        };
        let row = Row {
            contact: &thread.contact,
            decision,
            text: text.as_deref(),
            text_source,
            unread: unread.get(&key).copied().unwrap_or(0),
            held_back: held_back.get(&key),
        };
        paper.row(&row, || Clocks::new(&thread.contact, &config.bot.zone, now))
    };
    match arguments.contact.as_deref() {
        Some(contact_id) => {
            let key = find_contact(&store, contact_id)?;
            if let Some((thread, decision)) = look.at(key)? {
                tell(key, &thread, &decision)?;
            }
        }
        None => {
            let sift = |thread: &mut Thread, decision: &Decision| {
                if !arguments.render {
                    thread.messages = Vec::new(); // only a text needs them now
                }
                wanted(decision)
            };
            look.everywhere(arguments.all, sift, tell)?;
        }
    }
    let mut notes = Vec::new();
    if format == PlanFormat::Table {
        notes = stale_sources(&store, &config, now)?;
        let unread = unread.values().copied().map(u64::from).sum();
        if unread > 0 {
            let what = count(unread, "message waits", "messages wait");
            notes.push(format!(
                "{what} for a model to read what the rules are unsure of"
            ));
        }
    }
    paper.finish(&notes)?;
    Ok(Outcome::Done)
}

/// How texts are made for the plan.
struct Script<'a> {
    desk: Option<Desk<'a>>,
    composer: &'a Composer<'a>,
    now: Timestamp,
}

impl Script<'_> {
    /// The text that would go out, and where it comes from; in words why there is none. Nothing for a step that will
    /// not go out.
    fn text(
        &self,
        key: ContactKey,
        thread: &Thread,
        decision: &Decision,
    ) -> Result<Option<Result<(String, TextSource), String>>> {
        let (Action::Send | Action::Wait, Some(scenario), Some(step)) =
            (decision.action, decision.scenario, decision.step)
        else {
            return Ok(None);
        };
        let desk = self.desk.as_ref();
        if let Some(desk) = desk.filter(|desk| desk.author.writes(decision)) {
            return self.by_model(desk, key, thread, decision).map(Some);
        }
        let composed = self
            .composer
            .compose(thread, scenario, step, decision.approved_template);
        let composed = composed.map(|composed| (composed.text, composed.source));
        Ok(Some(composed.map_err(|why| why.to_string())))
    }

    fn by_model(
        &self,
        desk: &Desk<'_>,
        key: ContactKey,
        thread: &Thread,
        decision: &Decision,
    ) -> Result<Result<(String, TextSource), String>> {
        if decision.action == Action::Wait {
            let kept = desk.author.usable(thread, decision, self.now);
            return Ok(match kept {
                Some((draft, text)) => Ok((text.to_owned(), draft.source)),
                None => Err("a model writes it when it is due".to_owned()),
            });
        }
        Ok(match desk.draft(key, thread, decision, self.now)? {
            Written::Draft(draft) => match (draft.text, draft.reason) {
                (Some(text), _) => Ok((text, draft.source)),
                (None, Some(reason)) => Err(format!("the model would not send one: {reason}")),
                (None, None) => Err("the model would not send one".to_owned()),
            },
            Written::Nothing(reason) => Err(format!("the step waits for a model: {reason}")),
        })
    }
}

/// Where the plan is written, and what is counted on the way.
struct Paper<'c, 'w> {
    context: &'c mut Context<'w>,
    form: Form,
    tally: Tally,
}

enum Form {
    Table(Table),
    /// With the line that is being made.
    Json(Vec<u8>),
    Calendar(PlanCalendar),
}

impl<'c, 'w> Paper<'c, 'w> {
    fn new(context: &'c mut Context<'w>, format: PlanFormat, business: &str) -> Self {
        let terminal = context.terminal;
        Self {
            form: match format {
                PlanFormat::Table => Form::Table(Table::new(terminal.width, terminal.out_styles)),
                PlanFormat::Json => Form::Json(Vec::new()),
                PlanFormat::Ics => Form::Calendar(PlanCalendar::new(business)),
            },
            context,
            tally: Tally::default(),
        }
    }

    fn row(&mut self, row: &Row<'_>, clocks: impl FnOnce() -> Clocks) -> Result<()> {
        let is_first = self.tally == Tally::default();
        self.tally.add(row.decision);
        let out = &mut *self.context.out;
        match &mut self.form {
            Form::Table(table) => {
                if is_first {
                    table.head(out)?;
                }
                table.row(out, row, &clocks())?;
            }
            Form::Json(line) => {
                line.clear();
                serde_json::to_writer(&mut *line, &json(row))?;
                line.push(b'\n');
                out.write_all(line)?;
            }
            Form::Calendar(calendar) => calendar.add(row, &clocks()),
        }
        Ok(())
    }

    fn finish(self, notes: &[String]) -> Result<()> {
        let out = &mut *self.context.out;
        match self.form {
            Form::Table(table) => table.foot(out, &self.tally, notes)?,
            Form::Json(_) => {}
            Form::Calendar(calendar) => calendar.write(out)?,
        }
        Ok(())
    }
}

/// The sources that are too old to be trusted (rule D15), in words.
fn stale_sources(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<String>> {
    let clocks = Clocks::of_bot(&config.bot.zone, now);
    let stale = store.sources()?.into_iter().filter_map(|source| {
        let fresh_for = config.policy.fresh_for(&source.name)?;
        (now > config.bot.zone.after(source.as_of, fresh_for)).then(|| {
            let is_api = config.is_pulled(&source.name);
            let age = match (source.as_of == Timestamp::UNIX_EPOCH, is_api) {
                (true, true) => "was not read to its end".to_owned(),
                (true, false) => "was cut off while it was imported".to_owned(),
                (false, _) => format!(
                    "is complete only until {}, {} (limit {fresh_for})",
                    clocks.moment(source.as_of),
                    clocks.relative(source.as_of)
                ),
            };
            let then = if is_api {
                "Run followup sync."
            } else {
                "Import it again."
            };
            format!(
                "Source {} {age}: replies may be missing. {then}",
                source.name
            )
        })
    });
    Ok(stale.collect())
}
