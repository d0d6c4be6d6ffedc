use super::*;
use crate::model::Scenario;

fn setting() -> Setting<'static> {
    Setting {
        bot_name: "Clínica Sol",
        scenario: Scenario::Busy,
        step: 2,
        steps: 3,
    }
}

fn rendered(source: &str, name: Option<&str>) -> String {
    let contact = Contact {
        name: name.map(str::to_owned),
        ..Contact::default()
    };
    render(&environment(), source, &contact, setting()).unwrap()
}

#[test]
fn s12_a_template_for_everyone_passes() {
    for source in [
        "¿Sigues ahí, {{ contact.first_name }}?",
        "Hola {{ contact.first_name | default('') }}, ¿te aparto un horario?",
        "Hola {{ contact.first_name | default('hola') | upper }}",
        "{% if contact.first_name %}Hola {{ contact.first_name }}{% else %}Hola{% endif %}",
        "{% if contact.first_name is defined %}Hola {{ contact.first_name }}{% else %}Hola{% endif %}",
        "Paso {{ step.number }} de {{ step.count }} ({{ step.scenario }}), {{ bot.name }}",
        "Hi {% for tag in contact.tags %}{{ tag }} {{ loop.index }} {% endfor %}",
        "Hi {{ contact.tags | join(', ') }}",
        "Hi {{ contact['first_name'] }}",
        "{% set who = contact.first_name %}Hi {{ who }}",
        "No values at all; 100% & <b>",
    ] {
        assert_eq!(check(source), Ok(()), "{source}");
    }
}

#[test]
fn s12_what_would_fail_at_sending_is_found_with_its_line() {
    for (source, line, words) in [
        ("Hi\n{{ contact.firstname }}", 2, "contact.first_name?"),
        ("{{ first_name }}", 1, "contact.first_name?"),
        ("Hi\n\n{{ nombre }}", 3, "there are bot.name"),
        (
            "{{ contact.password | default('x') }}",
            1,
            "contact.password does not exist",
        ),
        ("Hi {{ contact['nope'] }}", 1, "does not exist"),
        ("Hi {{ contact.first_name", 1, "syntax error"),
        ("Hi\n{% if %}", 2, "syntax error"),
        ("Hi {{ contact.first_name | shout }}", 1, "shout"),
        ("Hi {{ contact.first_name[0] }}", 1, "does not exist"),
        (
            "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
            1,
            "too long",
        ),
        ("{{ 'x' * 100000000 }}", 1, "too long"),
        ("{{ contact.first_name }}", 1, "empty"),
        ("", 1, "empty"),
        ("Hola {nombre}!", 1, "{nombre} is not filled in"),
        ("{% include 'secret' %}", 1, "syntax error"),
    ] {
        let error = check(source).unwrap_err();
        assert_eq!(error.line, line, "{source}: {error}");
        assert!(error.message.contains(words), "{source}: {error}");
    }
    assert!(check(&"x".repeat(MAX_SOURCE + 1)).is_err());
}

#[test]
fn a_variable_may_be_empty_for_some() {
    assert_eq!(
        check_variable("{{ contact.first_name }}"),
        Ok(Filled::NotForEveryone)
    );
    assert_eq!(check_variable("{{ bot.name }}"), Ok(Filled::Always));
    assert_eq!(
        check_variable("{{ contact.first_name | default('allí') }}"),
        Ok(Filled::Always)
    );
    assert!(check_variable("{{ '' }}").is_err());
    assert!(check_variable("{{ contact.nom }}").is_err());
}

#[test]
fn s12_a_contact_is_never_read_as_a_template() {
    let name = "{{7*7}}{%raw%}";
    assert_eq!(
        rendered("Hi {{ contact.name }}!", Some(name)),
        "Hi {{7*7}}{%raw%}!"
    );
    assert_eq!(rendered("Hi {{ contact.first_name }}!", Some(name)), "Hi!");
}

#[test]
fn a_name_that_cannot_be_said_is_unknown() {
    for (name, greeting) in [
        (Some("Ana Ruiz"), "Hi Ana, ok?"),
        (Some("García, Ana"), "Hi García, ok?"),
        (Some("~Ana"), "Hi Ana, ok?"),
        (Some("Ana\u{202e}\u{7}\u{fdd0}"), "Hi Ana, ok?"),
        (Some("Jean-Luc"), "Hi Jean-Luc, ok?"),
        (Some("李"), "Hi 李, ok?"),
        (Some("+52 55 1234"), "Hi, ok?"),
        (Some("🌸"), "Hi, ok?"),
        (Some("https://example.com"), "Hi, ok?"),
        (Some("ana@example.com"), "Hi, ok?"),
        (Some("x_89_x"), "Hi, ok?"),
        (Some(""), "Hi, ok?"),
        (None, "Hi, ok?"),
    ] {
        assert_eq!(
            rendered("Hi {{ contact.first_name }}, ok?", name),
            greeting,
            "{name:?}"
        );
    }
    let long = "A".repeat(41);
    assert_eq!(
        rendered("Hi {{ contact.first_name }}, ok?", Some(&long)),
        "Hi, ok?"
    );
}

#[test]
fn values_that_are_known_change_nothing_else() {
    let source = "Hi {{ contact.first_name }} ,\n\n  https://example.com/?a=1&b=<2>  \n";
    assert_eq!(
        rendered(source, Some("Ana")),
        "Hi Ana ,\n\n  https://example.com/?a=1&b=<2>  "
    );
}
