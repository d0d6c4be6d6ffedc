//! The texts for steps that bring none of their own: for each language, scenario and step one that reads well
//! with a first name and without.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod pt;

use super::tidy::{HOLE, tidy};
use crate::model::{Language, Scenario};

/// One language's texts, with `{name}` for the contact's first name and `{bot}` for the business's name.
struct Texts {
    /// What stands for `{bot}` where the business has no name.
    nameless: &'static str,
    asked_for_time: Words,
    busy: Words,
    stopped_responding: Words,
}

/// One scenario's texts.
struct Words {
    /// For the first steps, in order.
    steps: [&'static str; 4],
    /// For the last step of a cadence that has several.
    last: &'static str,
}

/// The text of step `step` of `steps`, both from 1. A cadence of more than five steps repeats its middle ones.
pub(super) fn text(
    language: Language,
    scenario: Scenario,
    (step, steps): (u32, u32),
    first_name: Option<&str>,
    bot_name: &str,
) -> String {
    let texts = match language {
        Language::En => &en::TEXTS,
        Language::Es => &es::TEXTS,
        Language::Pt => &pt::TEXTS,
        Language::Fr => &fr::TEXTS,
        Language::De => &de::TEXTS,
        Language::It => &it::TEXTS,
    };
    let words = match scenario {
        Scenario::AskedForTime => &texts.asked_for_time,
        Scenario::Busy => &texts.busy,
        Scenario::StoppedResponding => &texts.stopped_responding,
    };
    let source = match words.steps {
        _ if step > 1 && step >= steps => words.last,
        [first, ..] if step <= 1 => first,
        [_, second, third, fourth] => [second, third, fourth][(step as usize - 2) % 3],
    };
    let bot_name = match bot_name.trim() {
        "" => texts.nameless,
        name => name,
    };
    fill(source, first_name, bot_name)
}

fn fill(source: &str, first_name: Option<&str>, bot_name: &str) -> String {
    let hole = HOLE.to_string();
    let value = |value: &str| {
        if value.is_empty() {
            hole.clone()
        } else {
            value.to_owned()
        }
    };
    // Split, not replaced: a name with braces in it stays a name.
    let parts = source.split("{name}").map(|part| {
        let parts: Vec<&str> = part.split("{bot}").collect();
        parts.join(&value(bot_name))
    });
    let parts: Vec<String> = parts.collect();
    tidy(&parts.join(&value(first_name.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compose::sms_segments;

    /// Every text of a cadence of `steps`.
    fn each(steps: u32, name: Option<&str>, check: impl FnMut(Language, Scenario, u32, String)) {
        each_of("Clínica Sol", steps, name, check);
    }

    fn each_of(
        bot: &str,
        steps: u32,
        name: Option<&str>,
        mut check: impl FnMut(Language, Scenario, u32, String),
    ) {
        for language in Language::ALL {
            for scenario in Scenario::ALL {
                for step in 1..=steps {
                    let text = text(*language, *scenario, (step, steps), name, bot);
                    check(*language, *scenario, step, text);
                }
            }
        }
    }

    #[test]
    fn a_business_without_a_name_is_a_team() {
        each_of(" ", 5, None, |language, scenario, step, text| {
            let mut named = String::new();
            each_of("ACME", 5, None, |l, s, n, text| {
                if (l, s, n) == (language, scenario, step) {
                    named = text;
                }
            });
            let nameless = ["our team", "nuestro equipo", "nossa equipe"];
            let nameless = [
                &nameless[..],
                &["notre équipe", "unser Team", "il nostro team"],
            ];
            let team = nameless.concat().into_iter().find(|t| text.contains(t));
            assert_eq!(text, named.replace("ACME", team.unwrap_or("ACME")));
        });
    }

    #[test]
    fn nothing_is_left_unfilled_and_every_text_fits() {
        for name in [Some("Ana"), Some("Maximiliano"), None] {
            for steps in 1..=7 {
                each(steps, name, |language, scenario, step, text| {
                    let what = format!("{language} {scenario} {step} of {steps}: {text}");
                    assert!(!text.contains(['{', '}', HOLE]), "{what}");
                    assert!(!text.contains("  ") && !text.contains('\n'), "{what}");
                    assert!(text.ends_with(['.', '?', '!']), "{what}");
                    for wrong in [
                        " ,", " .", ",.", ",,", "(", ", !", ", ?", ",?", "¿ ", "..", "!,",
                    ] {
                        assert!(!text.contains(wrong), "{wrong:?} in {what}");
                    }
                    let first = text.trim_start_matches(['¿', '¡']).chars().next();
                    assert!(first.is_some_and(char::is_uppercase), "{what}");
                    assert!(sms_segments(&text) <= 2, "{what}");
                    assert_eq!(
                        text.contains(name.unwrap_or("Ana")),
                        name.is_some(),
                        "{what}"
                    );
                });
            }
        }
    }

    #[test]
    fn each_scenario_and_step_reads_differently() {
        for name in [Some("Ana"), None] {
            let mut seen = BTreeSet::new();
            each(5, name, |language, scenario, step, text| {
                assert!(
                    seen.insert(text.clone()),
                    "{language} {scenario} {step}: {text}"
                );
            });
            assert_eq!(seen.len(), Language::ALL.len() * Scenario::ALL.len() * 5);
        }
        // Longer ones repeat, but never one right after itself.
        let mut last = String::new();
        each(9, Some("Ana"), |language, scenario, step, text| {
            assert_ne!(text, last, "{language} {scenario} {step}");
            last = text;
        });
    }

    #[test]
    fn the_only_step_is_no_farewell() {
        for scenario in Scenario::ALL {
            let only = text(Language::En, *scenario, (1, 1), None, "Sol");
            let first = text(Language::En, *scenario, (1, 4), None, "Sol");
            assert_eq!(only, first);
        }
        let last = text(
            Language::En,
            Scenario::StoppedResponding,
            (2, 2),
            None,
            "Sol",
        );
        assert!(
            last.starts_with("Hi, this is my last message for now."),
            "{last}"
        );
    }

    #[test]
    fn names_stay_names() {
        let odd = text(
            Language::En,
            Scenario::Busy,
            (5, 5),
            Some("{bot}"),
            "{name} & Co",
        );
        assert!(
            odd.starts_with("Hi {bot}, I will") && odd.contains("{name} & Co will"),
            "{odd}"
        );
    }

    #[test]
    fn without_a_name_a_sentence_begins_with_a_capital() {
        let third = |language| text(language, Scenario::StoppedResponding, (3, 5), None, "Sol");
        assert_eq!(
            third(Language::Es),
            "¿Retomamos la conversación donde quedó?"
        );
        assert_eq!(
            third(Language::De),
            "Wollen wir dort weitermachen, wo wir stehen geblieben sind?"
        );
        assert_eq!(
            third(Language::Fr),
            "Souhaitez-vous reprendre là où nous en étions ?"
        );
    }
}
