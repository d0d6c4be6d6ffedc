use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::apis::{self, ApiSource};
use super::channels::ChannelConfig;
use super::columns::{columns, values};
use super::file::{Table, Value};
use super::findings::{Deferred, Findings, Spotted};
use super::format::{AUTO, DateOrder, Format};
use super::source_url::{self, SourceUrl};
use super::validate::{Place, path};
use super::words;
use crate::model::{BOOKING_COLUMNS, Channel, Delay, MESSAGE_COLUMNS};
use crate::zone::Zone;

/// `[[sources]]`: where messages come from.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceConfig {
    /// Its name; unique.
    pub name: String,
    /// What its files are; `None` is found from their content.
    pub format: Option<Format>,
    /// The files, resolved: a path that may have `*` and `?` in its last parts. Empty where there is a `url`.
    pub path: PathBuf,
    /// Where its one file is fetched from instead.
    pub url: Option<SourceUrl>,
    /// Its own `fresh_for`: `None` is that of `[limits]`, `Some(None)` is `"off"` (rule D15).
    pub fresh_for: Option<Option<Delay>>,
    /// For csv and jsonl: our column's name to the file's.
    pub columns: BTreeMap<String, String>,
    /// For csv and jsonl: our column's name to (the file's value to ours).
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The zone of times without an offset.
    pub zone: Option<Zone>,
    /// The order of numeric dates, where the file does not show it.
    pub date_order: Option<DateOrder>,
    /// For chat exports and email: the names, or the addresses, under which we write.
    pub us: Vec<String>,
    /// Which of [`SourceConfig::us`] are staff (rule D6); the others are the bot.
    pub humans: Vec<String>,
    /// The channel of rows that name none.
    pub channel: Option<Channel>,
    /// For chat exports: the contact's id, when it is not to be taken from the chat.
    pub contact_id: Option<String>,
    /// For csv: the separator, when it is not to be found out.
    pub delimiter: Option<u8>,
    /// What becomes of its files once they are taken.
    pub after_import: AfterImport,
}

/// What becomes of a file once every row of it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AfterImport {
    /// It stays.
    #[default]
    Keep,
    /// It goes into this folder, resolved.
    Move(PathBuf),
    /// It is deleted.
    Delete,
}

impl SourceConfig {
    /// Whether it tells of appointments.
    #[must_use]
    pub fn has_bookings(&self) -> bool {
        let is_calendar = |format: Option<Format>| match format {
            Some(format) => Format::BOOKINGS.contains(&format),
            None => Format::of_calendar(&self.path),
        };
        is_calendar(self.format)
    }

    /// How old its files may be by default (rule D15); where only the content tells what they are, those that phones
    /// export count as chats.
    #[must_use]
    pub fn default_fresh_for(&self) -> Delay {
        let of_a_phone = || {
            let extension = self.path.extension().and_then(|e| e.to_str());
            extension
                .is_some_and(|e| e.eq_ignore_ascii_case("txt") || e.eq_ignore_ascii_case("zip"))
        };
        match self.format {
            Some(format) => format.fresh_for(),
            None if of_a_phone() => Format::Whatsapp.fresh_for(),
            None => Format::Csv.fresh_for(),
        }
    }
}

/// The keys that only files have.
pub(super) const FILE_KEYS: &[&str] = &[
    "path",
    "url",
    "format",
    "columns",
    "values",
    "timezone",
    "date_order",
    "us",
    "humans",
    "channel",
    "contact_id",
    "delimiter",
    "after_import",
];

/// `[[sources]]`: those that are files, and those that are asked by their API.
pub(super) fn read(
    value: Option<Value<'_>>,
    senders: &BTreeMap<Channel, ChannelConfig>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> (Vec<SourceConfig>, Vec<ApiSource>) {
    let (mut sources, mut apis): (Vec<SourceConfig>, Vec<ApiSource>) = Default::default();
    let Some(value) = value else {
        return (sources, apis);
    };
    for item in value.items("a list of tables", "[[sources]]", findings) {
        let Some(mut table) = item.inline_table("[[sources]]", findings) else {
            continue;
        };
        let name = table.required("name", "name = \"crm\"", findings);
        if let Some(name) = &name {
            let mut names = (sources.iter().map(|s| &s.name)).chain(apis.iter().map(|s| &s.name));
            let is_taken = names.any(|taken| taken == name.value);
            if name.value.trim().is_empty() || is_taken {
                let message =
                    "each source needs a name of its own; write, for example: name = \"crm\"";
                findings.fault(&name.spot, message);
            }
        }
        if apis::is_api(&table) {
            let source = apis::read(table, senders, place, findings);
            if let (Some(name), Some(mut source)) = (name, source) {
                name.value.clone_into(&mut source.name);
                apis.push(source);
            }
            continue;
        }
        let source = read_one(table, place, findings);
        if let (Some(name), Some(mut source)) = (name, source) {
            name.value.clone_into(&mut source.name);
            sources.push(source);
        }
    }
    (sources, apis)
}

fn read_one(
    mut table: Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<SourceConfig> {
    let example = "path = \"exports/*.csv\"";
    let has_url = table.entries().iter().any(|(key, _)| *key == "url");
    let written = match has_url {
        true => None,
        false => table.required("path", example, findings),
    };
    let spot = written.as_ref().map(|text| text.spot.clone());
    let files = written.and_then(|text| {
        text.parse(findings, |text| match text.contains("://") {
            true => Err(
                "a URL goes into `url`, of a calendar or a table of bookings: url = \"https://…\""
                    .to_owned(),
            ),
            false => path(example)(text),
        })
    });
    if let (Some(spot), Some(files)) = (spot, &files) {
        let files = Deferred::Files(place.path(files));
        findings.deferred.push((spot, files));
    }
    let mut format = format(&mut table, findings);
    let url = source_url::read(&mut table, &mut format, place, findings);
    let fresh_for = table.parsed("fresh_for", "fresh_for = \"30m\"", findings, |t| {
        words::or_off(t, words::delay)
    });
    let zone = table.parsed(
        "timezone",
        "timezone = \"America/Mexico_City\"",
        findings,
        words::zone,
    );
    let date_order = table.parsed("date_order", "date_order = \"dmy\"", findings, |t| {
        words::one_of("order", DateOrder::ALL, DateOrder::as_str, t)
    });
    let channel = table.parsed("channel", "channel = \"sms\"", findings, words::channel);
    let only =
        |table: &mut Table<'_>, key: &'static str, wanted: &[Format], findings: &mut Findings| {
            let is_misplaced = format.is_some_and(|f| !wanted.contains(&f));
            if let Some((_, value)) = table
                .entries()
                .into_iter()
                .find(|(k, _)| *k == key && is_misplaced)
            {
                let names: Vec<&str> = wanted.iter().map(|f| f.as_str()).collect();
                findings.fault(
                    &value.key_spot(),
                    format!("only for {}; leave it out", names.join(", ")),
                );
            }
        };
    for key in ["columns", "values"] {
        only(&mut table, key, Format::ROWS, findings);
    }
    only(
        &mut table,
        "delimiter",
        &[Format::Csv, Format::Bookings],
        findings,
    );
    for key in ["us", "humans"] {
        only(&mut table, key, Format::OURS, findings);
    }
    only(&mut table, "contact_id", Format::CHATS, findings);
    let ours: &[&str] = match format {
        Some(Format::Bookings) => &BOOKING_COLUMNS,
        _ => &MESSAGE_COLUMNS,
    };
    let columns = columns(table.table("columns", findings), ours, findings);
    let values = values(table.table("values", findings), ours, findings);
    let delimiter = table.parsed("delimiter", "delimiter = \";\"", findings, |t| {
        match t.as_bytes() {
            [b @ (b',' | b';' | b'\t' | b'|')] => Ok(*b),
            _ => Err("not a separator; write \",\", \";\", \"|\" or \"\\t\"".to_owned()),
        }
    });
    let names = |texts: Vec<Spotted<&str>>| texts.iter().map(|t| t.value.to_owned()).collect();
    let us: Vec<String> = names(table.texts("us", "us = [\"Clínica Sol\"]", findings));
    let humans_written = table.texts("humans", "humans = [\"Ana\"]", findings);
    for human in &humans_written {
        if !us.iter().any(|name| name == human.value) {
            findings.fault(&human.spot, "not in `us`; write this name there too");
        }
    }
    let contact_id = table.text("contact_id", "contact_id = \"+525512345678\"", findings);
    let after_import = after_import(&mut table, files.as_deref(), place, findings);
    apis::misplaced(&mut table, findings);
    table.done(findings);
    Some(SourceConfig {
        name: String::new(),
        format,
        path: match has_url {
            true => PathBuf::new(),
            false => place.path(&files?),
        },
        url: match has_url {
            true => Some(url?),
            false => None,
        },
        fresh_for,
        columns,
        values,
        zone,
        date_order,
        us,
        humans: names(humans_written),
        channel,
        contact_id: contact_id.map(|c| c.value.to_owned()),
        delimiter,
        after_import,
    })
}

/// `"keep"`, `"move:DIR"` or `"delete"`.
fn after_import(
    table: &mut Table<'_>,
    files: Option<&str>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> AfterImport {
    const SHAPE: &str =
        "write \"keep\", \"delete\", or \"move:\" and a folder, such as \"move:exports/done\"";
    let example = "after_import = \"move:exports/done\"";
    let read = |text: &str| match text {
        "keep" => Ok(AfterImport::Keep),
        "delete" => Ok(AfterImport::Delete),
        text => match text.strip_prefix("move:").map(str::trim) {
            Some(folder) if !folder.is_empty() && !folder.contains('\0') => {
                let folder = place.path(folder);
                if files.is_some_and(|files| names_files_in(&place.path(files), &folder)) {
                    return Err("the source's path names the files of that folder too, and would take them in again; write another folder".to_owned());
                }
                Ok(AfterImport::Move(folder))
            }
            _ => Err(format!("no such thing to do; {SHAPE}")),
        },
    };
    table
        .parsed("after_import", example, findings, read)
        .unwrap_or_default()
}

/// Whether a pattern names the file of its own name in `folder`.
fn names_files_in(pattern: &Path, folder: &Path) -> bool {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy();
    let name = name.replace(['*', '?'], "x");
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    glob::Pattern::new(&pattern.to_string_lossy())
        .is_ok_and(|pattern| pattern.matches_path_with(&folder.join(name), options))
}

/// As written; `None` when the content is to tell.
fn format(table: &mut Table<'_>, findings: &mut Findings) -> Option<Format> {
    let written = table.text("format", "format = \"csv\"", findings)?;
    if written.value == AUTO {
        return None;
    }
    written.parse(findings, |text| {
        words::one_of("format", Format::ALL, Format::as_str, text)
    })
}
