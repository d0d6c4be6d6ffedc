//! Telling a member of staff, over one of the configured channels.

use super::{ActionOutcome, Told};
use crate::channel::{Outgoing, SendError, Senders};
use crate::model::{Channel, Contact, Language, Timestamp};

const MAX_QUOTED_CHARS: usize = 200;

/// Whom to tell.
pub(super) struct To<'a> {
    pub(super) channel: Channel,
    pub(super) address: &'a str,
}

pub(super) fn send(
    senders: &Senders,
    to: &To<'_>,
    action: &str,
    told: &Told<'_>,
    language: Language,
    now: Timestamp,
) -> ActionOutcome {
    if is_contacts(told.contact, to.address) {
        return ActionOutcome::Failed(format!(
            "{} is the contact's own address; a notification is for staff",
            to.address
        ));
    }
    let sender = match senders.get(to.channel) {
        Ok(sender) => sender,
        Err(words) => return ActionOutcome::later(words),
    };
    let message = Outgoing {
        id: format!("{}_{}", told.follow_up, action.replace([' ', ':'], "_")),
        // Not the contact's ids: whoever delivers by them must not reach the contact.
        contact_id: to.address.to_owned(),
        conversation_id: None,
        conversation: None,
        reply_to: None,
        address: to.address.to_owned(),
        channel: to.channel,
        text: text(told, language),
        scenario: told.scenario,
        step: told.step,
        template: None,
    };
    match sender.send(&message, now) {
        Ok(accepted) => ActionOutcome::Done(accepted.provider_id),
        Err(error @ (SendError::Retry { .. } | SendError::Credentials { .. })) => {
            ActionOutcome::again(&error)
        }
        Err(error @ SendError::Unknown { .. }) => {
            ActionOutcome::Failed(format!("it may have been sent: {error}"))
        }
        Err(error) => ActionOutcome::Failed(error.to_string()),
    }
}

/// Whether an address is one of the contact's, however it is written.
fn is_contacts(contact: &Contact, address: &str) -> bool {
    let given = [&contact.phone, &contact.email].into_iter().flatten();
    let on_channels = Channel::ALL.iter().filter_map(|c| contact.address(*c));
    let listed = contact
        .addresses
        .iter()
        .map(|(_, address)| address.as_str());
    given
        .map(String::as_str)
        .chain(on_channels)
        .chain(listed)
        .any(|own| same(own, address))
}

fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    if one.to_lowercase() == other.to_lowercase() {
        return true;
    }
    if one.contains('@') || other.contains('@') {
        return false;
    }
    // A national and an international spelling of a number end alike.
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let (one, other) = (digits(one), digits(other));
    let significant = |number: &str| number.trim_start_matches('0').to_owned();
    let (one, other) = (significant(&one), significant(&other));
    one.len().min(other.len()) >= 7 && (one.ends_with(&other) || other.ends_with(&one))
}

/// What is told, on one line.
pub(super) fn text(told: &Told<'_>, language: Language) -> String {
    let head = title(told, language);
    one_line(&format!("{head} «{}»", shortened(told.text)))
}

/// The same without the message.
pub(super) fn title(told: &Told<'_>, language: Language) -> String {
    let contact = told.contact;
    let who = match contact.name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => format!("{name} ({})", contact.contact_id),
        _ => contact.contact_id.clone(),
    };
    let (step, steps, channel) = (told.step, told.steps, told.channel);
    let head = match language {
        Language::En => format!("{who}: follow-up {step} of {steps} sent by {channel}."),
        Language::Es => format!("{who}: seguimiento {step} de {steps} enviado por {channel}."),
        Language::Pt => format!("{who}: acompanhamento {step} de {steps} enviado por {channel}."),
        Language::Fr => format!("{who} : relance {step} sur {steps} envoyée par {channel}."),
        Language::De => format!("{who}: Nachfassen {step} von {steps} per {channel} gesendet."),
        Language::It => format!("{who}: sollecito {step} di {steps} inviato via {channel}."),
    };
    one_line(&head)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x8_the_contacts_own_addresses_are_known_in_every_spelling() {
        let contact = Contact {
            contact_id: "page-scoped-7".into(),
            phone: Some("+52 55 1234 5678".into()),
            email: Some("Ana@Example.com".into()),
            addresses: vec![(Channel::Telegram, "99887766".into())],
            ..Contact::default()
        };
        for own in [
            "+525512345678",
            "0052 55 1234-5678",
            "55 1234 5678",
            "whatsapp:+525512345678",
            "ana@example.com ",
            "99887766",
            "page-scoped-7",
        ] {
            assert!(is_contacts(&contact, own), "{own}");
        }
        for other in ["desk@example.com", "+525512345679", "5678", "12345", ""] {
            assert!(!is_contacts(&contact, other), "{other}");
        }
    }
}
