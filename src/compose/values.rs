//! What a template sees of a contact, made fit for a line of text.

use minijinja::context;
use minijinja::value::Value;

use super::tidy::HOLE;
use crate::model::{Contact, Scenario};

const MAX_VALUE_CHARS: usize = 200;
const MAX_NAME_CHARS: usize = 40;

/// What a template is rendered with, besides the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    pub(crate) bot_name: &'a str,
    pub(crate) scenario: Scenario,
    pub(crate) step: u32,
    pub(crate) steps: u32,
}

/// Everything that a template sees; what is not known is empty.
pub(crate) fn values(contact: &Contact, setting: Setting<'_>) -> Value {
    let text = |value: &Option<String>| clean(value.as_deref().unwrap_or_default());
    context! {
        contact => context! {
            contact_id => clean(&contact.contact_id),
            first_name => first_name(contact).unwrap_or_default(),
            name => text(&contact.name),
            phone => text(&contact.phone),
            email => text(&contact.email),
            language => text(&contact.language),
            timezone => text(&contact.timezone),
            tags => contact.tags.iter().map(|tag| clean(tag)).collect::<Vec<_>>(),
        },
        bot => context! { name => clean(setting.bot_name) },
        step => context! {
            number => setting.step,
            count => setting.steps,
            scenario => setting.scenario.as_str(),
        },
    }
}

/// The name to call a contact by, when there is one that can be said.
pub(crate) fn first_name(contact: &Contact) -> Option<String> {
    let name = contact.first_name()?.trim_start_matches('~');
    let name = clean(name.trim_end_matches([',', ';', ':']));
    let is_name = name.chars().any(char::is_alphabetic)
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.contains([
            '/', '@', '<', '>', '{', '}', '\\', '_', '|', '[', ']', '"', '=',
        ])
        && !name.trim_end_matches('.').contains('.')
        && name.chars().filter(char::is_ascii_digit).count() < 3
        && !name.starts_with("www.");
    is_name.then_some(name)
}

/// A value fit for a line of text: without control and direction characters, and of bounded length.
fn clean(value: &str) -> String {
    let value: String = value
        .chars()
        .filter(|c| {
            !matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | HOLE)
        })
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_VALUE_CHARS)
        .collect();
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
