//! The line by which a text says that a language model wrote it, where law asks for that: at the first such text in
//! a conversation, again after a long silence, and when a person wrote in between.

use crate::compose::language::Wanted;
use crate::config::{Config, Disclosure};
use crate::model::{Author, Country, Language, TextSource, Thread, Timestamp};
use crate::zone::Zone;

/// What is put behind a text by a language model, with the line break before it; empty when there is nothing to
/// disclose. `language` is the tag that the text is written in.
///
/// ```
/// use followup::compose::disclosure;
/// use followup::config::Disclosure;
/// use followup::model::{Country, Delay, Thread};
/// use followup::zone::Zone;
///
/// let utc = Zone::named("UTC").ok_or("no such zone")?;
/// let settings = Disclosure { after: Delay::days(30), required_in: vec![], lines: Default::default() };
/// let now = "2026-03-02T09:00:00Z".parse()?;
/// let line = disclosure::added(&settings, &Thread::default(), "es-MX", (None, &utc), now);
/// assert_eq!(line, "\nMensaje escrito por un asistente de IA.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn added(
    settings: &Disclosure,
    thread: &Thread,
    language: &str,
    (home, zone): (Option<Country>, &Zone),
    now: Timestamp,
) -> String {
    if !is_due(settings, thread, zone, now) || !is_required(settings, thread, home) {
        return String::new();
    }
    let builtin = || builtin(Language::from_tag(language).unwrap_or(Language::En));
    format!("\n{}", settings.line(language).unwrap_or_else(builtin))
}

/// The same by a configuration.
#[must_use]
pub fn by_config(config: &Config, thread: &Thread, now: Timestamp) -> String {
    let settings = config.ai.as_ref().and_then(|ai| ai.disclosure.as_ref());
    let bot = &config.bot;
    let language = Wanted::of(thread, config).tag;
    settings.map_or_else(String::new, |settings| {
        added(settings, thread, &language, (bot.country, &bot.zone), now)
    })
}

/// Whether no text by a model went out lately, or a person wrote since.
fn is_due(settings: &Disclosure, thread: &Thread, zone: &Zone, now: Timestamp) -> bool {
    let by_model = thread.follow_ups.iter();
    let by_model = by_model.filter(|f| f.counts_as_sent() && f.text_source == TextSource::Ai);
    let Some(last) = by_model.map(crate::model::FollowUp::went_out_at).max() else {
        return true;
    };
    let by_person = |m: &crate::model::Message| m.author == Author::Human && m.sent_at > last;
    now >= zone.after(last, settings.after) || thread.messages.iter().any(by_person)
}

/// Whether the contact may be of a country where it is required.
fn is_required(settings: &Disclosure, thread: &Thread, home: Option<Country>) -> bool {
    if settings.required_in.is_empty() {
        return true;
    }
    let phone = thread.contact.phone.as_deref();
    match phone.and_then(|number| Country::of(number, home)) {
        Some(country) => settings.required_in.contains(&country),
        None => true,
    }
}

const fn builtin(language: Language) -> &'static str {
    match language {
        Language::En => "This message was written by an AI assistant.",
        Language::Es => "Mensaje escrito por un asistente de IA.",
        Language::Pt => "Mensagem escrita por um assistente de IA.",
        Language::Fr => "Message rédigé par un assistant IA.",
        Language::De => "Diese Nachricht wurde von einem KI-Assistenten verfasst.",
        Language::It => "Messaggio scritto da un assistente IA.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Channel, Contact, Delay, FollowUp, FollowUpState, Message, Scenario};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn by_model(sent_at: &str) -> FollowUp {
        FollowUp {
            id: "fu_1".into(),
            episode: at("2026-01-01T00:00:00Z"),
            scenario: Scenario::Busy,
            step: 1,
            state: FollowUpState::Sent,
            channel: Channel::Sms,
            refused_on: Vec::new(),
            address: String::new(),
            due_at: at(sent_at),
            claimed_at: at(sent_at),
            sent_at: Some(at(sent_at)),
            retry_at: None,
            attempts: 1,
            provider_id: None,
            text: "Are you there?".into(),
            text_source: TextSource::Ai,
            error: None,
        }
    }

    fn by_person(sent_at: &str) -> Message {
        Message {
            sent_at: at(sent_at),
            seq: 0,
            channel: Channel::Sms,
            author: Author::Human,
            text: "Hi".into(),
            message_id: None,
            conversation_id: None,
            status: None,
            signal: None,
            automatic: false,
            ad_click: false,
            source: 1,
        }
    }

    #[test]
    fn the_first_text_after_a_silence_or_a_person_discloses() {
        let zone = Zone::named("Europe/Madrid").unwrap();
        let settings = |countries: &[&str]| Disclosure {
            after: Delay::days(30),
            required_in: countries.iter().map(|c| c.parse().unwrap()).collect(),
            lines: [("de".to_owned(), "Von einer KI.".to_owned())].into(),
        };
        let now = at("2026-03-02T09:00:00Z");
        for (follow_ups, messages, phone, countries, language, line) in [
            (
                vec![],
                vec![],
                None,
                &[][..],
                "en",
                "\nThis message was written by an AI assistant.",
            ),
            (
                vec![by_model("2026-02-20T09:00:00Z")],
                vec![],
                None,
                &[],
                "en",
                "",
            ),
            (
                vec![by_model("2026-01-20T09:00:00Z")],
                vec![],
                None,
                &[],
                "de-AT",
                "\nVon einer KI.",
            ),
            (
                vec![by_model("2026-02-20T09:00:00Z")],
                vec![by_person("2026-02-21T09:00:00Z")],
                None,
                &[],
                "it",
                "\nMessaggio scritto da un assistente IA.",
            ),
            (
                vec![by_model("2026-02-20T09:00:00Z")],
                vec![by_person("2026-02-19T09:00:00Z")],
                None,
                &[],
                "it",
                "",
            ),
            (
                vec![],
                vec![],
                Some("+4930123456"),
                &["DE"],
                "de",
                "\nVon einer KI.",
            ),
            (
                vec![],
                vec![],
                Some("+525512345678"),
                &["DE", "US"],
                "de",
                "",
            ),
            (
                vec![],
                vec![],
                Some("55 1234 5678"),
                &["DE", "US"],
                "de",
                "\nVon einer KI.",
            ),
            (vec![], vec![], None, &["DE"], "de", "\nVon einer KI."),
        ] {
            let thread = Thread {
                contact: Contact {
                    phone: phone.map(str::to_owned),
                    ..Contact::default()
                },
                follow_ups,
                messages,
                ..Thread::default()
            };
            let added = added(&settings(countries), &thread, language, (None, &zone), now);
            assert_eq!(added, line, "{phone:?} {countries:?}");
        }
    }
}
