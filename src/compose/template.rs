//! Texts with values: the templates of the configuration, rendered by minijinja.
//!
//! A template sees `contact.first_name`, `contact.name`, `contact.phone`, `contact.email`, `contact.language`,
//! `contact.timezone`, `contact.tags` (a list), `contact.contact_id`, `bot.name`, `step.number`, `step.count` and `step.scenario`, and nothing else: a
//! name that does not exist is an error with its line. A value of a contact that is not known is empty, the text
//! is drawn together where it would have stood, and `default('…')` puts something in its place. What a contact is
//! called is only ever a value, never a template.

use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior};

use super::tidy::{HOLE, tidy};
use super::values::{Setting, values};
use crate::model::{Contact, Scenario};

/// The longest source of a template, in bytes.
pub const MAX_SOURCE: usize = 8 * 1024;
/// About so many instructions, and 64 bytes of data for each, may one rendering take.
const FUEL: u64 = 50_000;

const NAMES: &[&str] = &[
    "bot.name",
    "contact.contact_id",
    "contact.email",
    "contact.first_name",
    "contact.language",
    "contact.name",
    "contact.phone",
    "contact.tags",
    "contact.timezone",
    "step.count",
    "step.number",
    "step.scenario",
];
/// Functions of minijinja that are there without being declared.
const FUNCTIONS: &[&str] = &["dict", "namespace", "range"];

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line} of the text)")]
pub struct TemplateError {
    /// The line in the template's source, from 1.
    pub line: usize,
    /// What is wrong there and what to write instead.
    pub message: String,
}

/// Whether a variable of an approved template has a value for every contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// It has.
    Always,
    /// It is empty for contacts of whom something is not known; the provider refuses that.
    NotForEveryone,
}

/// Whether `source` can be sent to every contact: it is compiled, every name in it is looked up, and it is
/// rendered for a contact of whom everything is known, for one of whom nothing is, and for those between who
/// lack one thing.
///
/// # Errors
/// The first fault, with its line.
///
/// ```
/// use followup::compose::template::check;
///
/// assert_eq!(check("¿Sigues ahí, {{ contact.first_name }}?"), Ok(()));
/// let error = check("Hola,\n{{ contact.firstname }}").unwrap_err();
/// assert_eq!(error.line, 2);
/// assert!(error.message.contains("contact.first_name"));
/// ```
pub fn check(source: &str) -> Result<(), TemplateError> {
    for text in samples(source)? {
        if text.trim().is_empty() {
            return Err(fault(source, "", "the text can come out empty".to_owned()));
        }
        if let Some(placeholder) = placeholder(&text) {
            return Err(fault(
                source,
                placeholder,
                format!(
                    "{placeholder} is not filled in; write {{{{ contact.first_name }}}} or the like"
                ),
            ));
        }
    }
    Ok(())
}

/// How many SMS the longest text that a template gives its samples takes.
///
/// # Errors
/// As [`check`].
pub fn segments(source: &str) -> Result<usize, TemplateError> {
    let texts = samples(source)?;
    let counts = texts.iter().map(|text| super::sms_segments(text));
    Ok(counts.max().unwrap_or(1))
}

/// The same for a variable of an approved template, which may be empty for some.
///
/// # Errors
/// As [`check`]; also when it is empty for every contact.
pub fn check_variable(source: &str) -> Result<Filled, TemplateError> {
    let texts = samples(source)?;
    let filled = texts.iter().filter(|text| !text.trim().is_empty()).count();
    match filled {
        0 => Err(fault(source, "", "the variable is always empty".to_owned())),
        all if all == texts.len() => Ok(Filled::Always),
        _ => Ok(Filled::NotForEveryone),
    }
}

/// An environment with our rules and no templates.
pub(crate) fn environment<'source>() -> Environment<'source> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.set_formatter(format_value);
    for name in ["default", "d"] {
        env.add_filter(name, default);
    }
    env.add_test("defined", |value: &Value| !is_unknown(value));
    env.add_test("undefined", is_unknown);
    env.remove_global("debug");
    env
}

/// Renders one source, and closes what unknown values leave open.
pub(crate) fn render(
    env: &Environment<'_>,
    source: &str,
    contact: &Contact,
    setting: Setting<'_>,
) -> Result<String, TemplateError> {
    let template = match env.get_template(source) {
        Ok(template) => template,
        Err(_) => env
            .template_from_str(source)
            .map_err(|error| explain(source, &error))?,
    };
    let rendered = template.render(values(contact, setting));
    rendered
        .map(|text| tidy(&text))
        .map_err(|error| explain(source, &error))
}

fn format_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if is_unknown(value) {
        use std::fmt::Write;
        return out.write_char(HOLE).map_err(minijinja::Error::from);
    }
    minijinja::escape_formatter(out, state, value)
}

fn is_unknown(value: &Value) -> bool {
    value.is_undefined() || value.is_none() || value.as_str() == Some("")
}

fn default(value: &Value, other: Option<Value>) -> Value {
    if is_unknown(value) {
        return other.unwrap_or_else(|| Value::from(""));
    }
    value.clone()
}

/// The renderings for the sample contacts.
fn samples(source: &str) -> Result<Vec<String>, TemplateError> {
    if source.len() > MAX_SOURCE {
        let message = format!("longer than {MAX_SOURCE} bytes");
        return Err(fault(source, "", message));
    }
    if source.contains(HOLE) {
        return Err(fault(
            source,
            "",
            "U+FDD0 is no character of a text".to_owned(),
        ));
    }
    let env = environment();
    let template = env
        .template_from_str(source)
        .map_err(|error| explain(source, &error))?;
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort();
    for name in &names {
        check_name(source, name)?;
    }
    let setting = Setting {
        bot_name: "Sol",
        scenario: Scenario::StoppedResponding,
        step: 1,
        steps: 3,
    };
    sample_contacts()
        .iter()
        .map(|contact| render(&env, source, contact, setting))
        .collect()
}

fn check_name(source: &str, name: &str) -> Result<(), TemplateError> {
    let is_known = NAMES
        .iter()
        .any(|known| name == *known || known.split('.').next() == Some(name))
        || FUNCTIONS.contains(&name);
    if is_known {
        return Ok(());
    }
    let like = |known: &&&str| strsim::jaro_winkler(known, name).max(tail_likeness(known, name));
    let nearest = NAMES
        .iter()
        .max_by(|a, b| like(a).total_cmp(&like(b)))
        .filter(|known| like(known) > 0.88);
    let advice = match nearest {
        Some(known) => format!("did you mean {known}?"),
        None => format!("there are {}", NAMES.join(", ")),
    };
    Err(fault(
        source,
        name,
        format!("{name} does not exist; {advice}"),
    ))
}

/// How like the last words of two names are: `first_name` is like `contact.first_name`.
fn tail_likeness(known: &str, name: &str) -> f64 {
    let tail = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    strsim::jaro_winkler(&tail(known), &tail(name))
}

fn sample_contacts() -> Vec<Contact> {
    let full = Contact {
        contact_id: "c1".into(),
        name: Some("Ana Ruiz".into()),
        phone: Some("+525512345678".into()),
        email: Some("ana@example.com".into()),
        timezone: Some("America/Mexico_City".into()),
        language: Some("es-MX".into()),
        tags: vec!["new".into()],
        addresses: Vec::new(),
    };
    let without = |change: fn(&mut Contact)| {
        let mut contact = full.clone();
        change(&mut contact);
        contact
    };
    vec![
        full.clone(),
        Contact {
            contact_id: full.contact_id.clone(),
            ..Contact::default()
        },
        without(|contact| contact.name = None),
        without(|contact| contact.phone = None),
        without(|contact| contact.email = None),
        without(|contact| contact.language = None),
        without(|contact| contact.timezone = None),
        without(|contact| contact.tags.clear()),
    ]
}

/// A word in single braces, as other tools write a value.
fn placeholder(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let end = rest[start..].find('}').map(|end| start + end);
        match end {
            Some(end) if end - start < 60 && !rest[start..end].contains('\n') => {
                return Some(&rest[start..=end]);
            }
            _ => rest = &rest[start + 1..],
        }
    }
    None
}

/// A fault at the first line that has `word`.
fn fault(source: &str, word: &str, message: String) -> TemplateError {
    let tail = word.rsplit('.').next().unwrap_or(word);
    let at = source.lines().position(|line| line.contains(word));
    let at = at.or_else(|| source.lines().position(|line| line.contains(tail)));
    TemplateError {
        line: at.map_or(1, |line| line + 1),
        message,
    }
}

fn explain(source: &str, error: &minijinja::Error) -> TemplateError {
    let detail = error.detail().map(|detail| format!(": {detail}"));
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long; is there a loop without an end?".to_owned(),
        ErrorKind::UndefinedError => "a value that does not exist is used".to_owned(),
        kind => format!("{kind}{}", detail.unwrap_or_default()),
    };
    match error.line() {
        Some(line) => TemplateError { line, message },
        None => fault(source, "", message),
    }
}

#[cfg(test)]
mod tests;
