use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::config::{Bot, Limits, Stop, WhatsappTemplate};
use crate::decide::{Cadence, Policy};
use crate::model::{Contact, Delay, Language};
use crate::zone::Zone;

fn config(steps: Vec<Step>) -> Config {
    let template = Template {
        variants: [
            (
                "en",
                "Hi {{ contact.first_name | default('') }}, shall I hold a slot?",
            ),
            (
                "es",
                "Hola {{ contact.first_name | default('') }}, ¿te aparto un horario?",
            ),
            ("pt-BR", "Olá {{ contact.first_name }}, reservo um horário?"),
        ]
        .map(|(tag, source)| (tag.to_owned(), source.to_owned()))
        .into(),
        whatsapp: Some(WhatsappTemplate {
            name: "reminder_v2".into(),
            language: "es_MX".into(),
            category: "UTILITY".into(),
            variables: vec!["{{ contact.first_name }}".into(), "{{ bot.name }}".into()],
        }),
    };
    Config {
        file: PathBuf::from("/followup.toml"),
        root: PathBuf::from("/"),
        bot: Bot {
            country: None,
            name: "Clínica Sol".into(),
            active: true,
            zone: Zone::utc(),
            language_tag: "es".into(),
            language: Language::Es,
        },
        store: PathBuf::from("/followup.db"),
        policy: Policy {
            active: true,
            zone: Zone::utc(),
            hours: None,
            asked_for_time: Cadence::default(),
            busy: Cadence::default(),
            stopped_responding: Cadence::default(),
            switching: Vec::new(),
            human_hold: Delay::days(1),
            per_contact: None,
            max_late: None,
            fresh_for: None,
            source_fresh_for: BTreeMap::new(),
            approval: crate::decide::Approval::default(),
            senders: Vec::new(),
            cancelled: crate::decide::Cancelled::Resume,
            confirms_bookings: false,
            join_by: Vec::new(),
            country: None,
            reach: Default::default(),
        },
        scenarios: [(Scenario::StoppedResponding, steps)].into(),
        templates: [("reminder".to_owned(), template)].into(),
        workflows: BTreeMap::new(),
        channels: BTreeMap::new(),
        sources: Vec::new(),
        apis: Vec::new(),
        stop: Stop::default(),
        limits: Limits {
            per_run: None,
            concurrency: 1,
            request_timeout: Duration::from_secs(1),
        },
        certificates: Vec::new(),
        ai: None,
    }
}

fn step(text: StepText) -> Step {
    Step {
        text,
        ..Step::default()
    }
}

fn thread(name: Option<&str>, language: Option<&str>) -> Thread {
    Thread {
        contact: Contact {
            contact_id: "c1".into(),
            name: name.map(str::to_owned),
            language: language.map(str::to_owned),
            ..Contact::default()
        },
        ..Thread::default()
    }
}

const QUIET: Scenario = Scenario::StoppedResponding;

#[test]
fn a_step_without_a_text_gets_the_built_in_one_in_the_contacts_language() {
    let config = config(vec![Step::default(), Step::default()]);
    let composer = Composer::new(&config);
    for (language, begins) in [
        (Some("en-GB"), "Hi Ana, are you"),
        (Some("de"), "Hallo Ana, sind"),
        (Some("ja"), "Hola Ana, ¿todo"),
        (None, "Hola Ana, ¿todo"),
    ] {
        let composed = composer
            .compose(&thread(Some("Ana Ruiz"), language), QUIET, 1, false)
            .unwrap();
        assert!(composed.text.starts_with(begins), "{}", composed.text);
        assert_eq!(composed.source, TextSource::Builtin);
        assert_eq!(composed.template, None);
    }
    let last = composer.compose(&thread(None, None), QUIET, 2, false);
    assert!(last.unwrap().text.contains("último mensaje"));
}

#[test]
fn x5_the_users_fallback_comes_before_the_built_in_text() {
    let step = Step {
        fallback: StepText::Custom("¿Seguimos, {{ contact.first_name }}?".into()),
        ..Step::default()
    };
    let config = config(vec![step]);
    let composed = Composer::new(&config).compose(&thread(None, None), QUIET, 1, false);
    let composed = composed.unwrap();
    assert_eq!(composed.text, "¿Seguimos?");
    assert_eq!(composed.source, TextSource::Custom);
    let step = Step {
        fallback: StepText::Template("reminder".into()),
        ..Step::default()
    };
    let config = self::config(vec![step]);
    let composed = Composer::new(&config).compose(&thread(Some("es"), None), QUIET, 1, false);
    assert_eq!(composed.unwrap().source, TextSource::Template);
}

#[test]
fn a_templates_variant_is_the_nearest_that_there_is() {
    let config = config(vec![step(StepText::Template("reminder".into()))]);
    let composer = Composer::new(&config);
    for (language, text) in [
        (Some("es-MX"), "Hola Ana, ¿te aparto un horario?"),
        (Some("en_US"), "Hi Ana, shall I hold a slot?"),
        (Some("pt"), "Olá Ana, reservo um horário?"),
        (Some("ja"), "Hola Ana, ¿te aparto un horario?"),
        (None, "Hola Ana, ¿te aparto un horario?"),
    ] {
        let composed = composer.compose(&thread(Some("Ana"), language), QUIET, 1, false);
        let composed = composed.unwrap();
        assert_eq!(composed.text, text, "{language:?}");
        assert_eq!(composed.source, TextSource::Template);
        assert_eq!(composed.template, None, "inside the window it is free text");
    }
}

#[test]
fn d17_the_approved_template_comes_filled_and_never_empty() {
    let config = config(vec![
        step(StepText::Template("reminder".into())),
        step(StepText::Custom("¿Seguimos?".into())),
    ]);
    let composer = Composer::new(&config);
    let composed = composer.compose(&thread(Some("Ana\nRuiz"), Some("en")), QUIET, 1, true);
    let composed = composed.unwrap();
    assert_eq!(
        composed.template,
        Some(ApprovedTemplate {
            name: "reminder_v2".into(),
            language: "es_MX".into(),
            category: "UTILITY".into(),
            variables: vec!["Ana".into(), "Clínica Sol".into()],
        })
    );
    assert_eq!(composed.text, "Hola Ana, ¿te aparto un horario?");

    let error = composer.compose(&thread(None, None), QUIET, 1, true);
    let empty = ComposeError::EmptyVariable {
        name: "reminder_v2".into(),
        number: 1,
    };
    assert_eq!(error, Err(empty));
    assert!(
        composer
            .compose(&thread(None, None), QUIET, 2, true)
            .is_err()
    );
}

#[test]
fn what_is_missing_is_named() {
    let config = config(vec![
        step(StepText::Template("nope".into())),
        step(StepText::Custom("Hi {{ contact.nope }}".into())),
        step(StepText::Custom(
            "{% if step.number == 1 %}Hi{% endif %}".into(),
        )),
    ]);
    let composer = Composer::new(&config);
    let compose = |step| composer.compose(&thread(None, None), QUIET, step, false);
    for (step, words) in [
        (0, "no step 0"),
        (4, "no step 4"),
        (1, "the template nope does not exist"),
        (2, "(line 1 of the text)"),
        (3, "is empty for this contact"),
    ] {
        let error = compose(step).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let none = composer.compose(&thread(None, None), Scenario::Busy, 1, false);
    assert!(none.is_err());
}
