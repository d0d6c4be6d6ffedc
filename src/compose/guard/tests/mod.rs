use super::*;
use crate::model::{Author, Contact};

mod good;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn message(author: Author, sent_at: &str, text: &str) -> Message {
    Message {
        sent_at: at(sent_at),
        seq: 0,
        channel: Channel::Whatsapp,
        author,
        text: text.into(),
        message_id: None,
        conversation_id: None,
        status: None,
        signal: None,
        automatic: false,
        ad_click: false,
        source: 1,
    }
}

fn thread(ours: &[&str], theirs: &[&str]) -> Thread {
    let ours = ours
        .iter()
        .map(|t| message(Author::Bot, "2026-03-01T10:00:00Z", t));
    let theirs = theirs
        .iter()
        .map(|t| message(Author::Contact, "2026-03-01T09:00:00Z", t));
    Thread {
        contact: Contact {
            name: Some("Ana Ruiz".into()),
            ..Contact::default()
        },
        messages: theirs.chain(ours).collect(),
        ..Thread::default()
    }
}

fn findings(text: &str, thread: &Thread, facts: &[&str], language: Language) -> Vec<Finding> {
    let facts: Vec<String> = facts.iter().map(|f| (*f).to_owned()).collect();
    check(
        text,
        &Grounds {
            thread,
            channel: Channel::Whatsapp,
            language: Some(language),
            facts: &facts,
            bot_name: "Clínica Sol",
            instructions: "Write one short follow-up message to a contact who went quiet. Answer in JSON. Never state what is not in the facts.",
            added: "",
            now: at("2026-03-03T10:00:00Z"),
        },
    )
}

#[test]
fn every_pattern_compiles() {
    claims::compile_all();
    for language in Language::ALL {
        let _ = findings("Hi, are you there?", &Thread::default(), &["a"], *language);
    }
}

#[test]
fn ordinary_follow_ups_pass() {
    let thread = thread(&["Con mucho gusto."], &["hi"]);
    let mut refused = Vec::new();
    for (language, texts) in good::TEXTS {
        for text in *texts {
            let findings = findings(text, &thread, &[], *language);
            if !findings.is_empty() {
                refused.push(format!("{language} {text:?}: {findings:?}"));
            }
        }
    }
    let count: usize = good::TEXTS.iter().map(|(_, t)| t.len()).sum();
    assert!(count >= 100, "{count}");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn built_in_texts_pass() {
    use crate::model::Scenario;
    let mut refused = Vec::new();
    let thread = thread(&[], &["hi"]);
    for language in Language::ALL.iter().copied() {
        for scenario in Scenario::ALL.iter().copied() {
            for step in 1..=5 {
                for name in [Some("Ana"), None] {
                    let text = crate::compose::builtin::text(
                        language,
                        scenario,
                        (step, 5),
                        name,
                        "Clínica Sol",
                    );
                    let findings = findings(&text, &thread, &[], language);
                    if !findings.is_empty() {
                        refused.push(format!("{language} {text:?}: {findings:?}"));
                    }
                }
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn each_kind_of_thing_is_refused() {
    use FindingKind::{
        AsksSecret, Characters, Date, Email, Empty, Envelope, Handle, Insult, Language as Tongue,
        Link, Markup, Number, OtherPeople, Percent, Phone, Placeholder, Price, Promise,
        PromptTrace, RoleMarker, SelfReference, TemplateMark, Time,
    };
    let thread = thread(
        &[],
        &["my number is +52 55 5555 0142, see example.com, 20% off, 500 pesos, Friday at 5"],
    );
    let mut passed = Vec::new();
    for (kind, texts) in [
        (Empty, &["", " \n\t"][..]),
        (
            Link,
            &[
                "See https://example.com/x",
                "See HTTP://EXAMPLE.COM",
                "Look at example.com please",
                "Look at example.com/path?q=1",
                "www.example.org is ours",
                "Look at bit.ly/abc",
                "Go to t.co/xyz",
                "Go to example dot com today",
                "Go to example (dot) com",
                "Go to example[.]com",
                "Go to example . com",
                "Go to example .com",
                "Visit ejemplo punto com",
                "Visita ejemplo punto com barra oferta",
                "hxxp://example.com",
                "xn--exmple-cua.com",
                "javascript:alert(1)",
                "data:text/html;base64,AAAA",
                "tel:+15555550100",
                "Look at 192.168.0.1",
                "Look at exаmple.com",
                "Look at ｅｘａｍｐｌｅ．ｃｏｍ",
                "Look at example。com",
                "wa.me/15555550100",
                "whatsapp://send?phone=1",
                "ex\u{200b}ample.com",
                "Beispiel Punkt de",
                "intent://scan/#x",
                "http : // example.com",
            ][..],
        ),
        (
            Phone,
            &[
                "Call +52 55 5555 0142",
                "Call 5555550142",
                "Call (555) 555-0142",
                "Call 555.555.0142",
                "Call 5 5 5 5 5 5 0 1 4 2",
                "Call five five five, five five five, zero one four two",
                "Llama al cinco cinco cinco cinco cinco cero uno",
                "Call five-five-five then 0 1 4 2 then five",
                "Call ٥٥٥٥٥٥٠١٤٢",
                "Call ５５５５５５０１４２",
                "Call 55🙂55🙂55🙂01🙂42",
                "Call 5️⃣5️⃣5️⃣5️⃣0️⃣1️⃣4️⃣",
                "cincuenta y cinco, cincuenta y cinco, cero uno, cuarenta y dos",
                "Call 5/5/5/5/5/5/0",
                "Call double five triple five zero one four",
            ][..],
        ),
        (
            Email,
            &[
                "Write to ana@example.com",
                "Write to ana at example dot com",
                "Write to ana (at) example (dot) com",
                "Escribe a ana arroba ejemplo punto com",
                "Write to ana＠example.com",
                "ana [at] example.org",
                "ana@exämple.de",
            ][..],
        ),
        (
            Handle,
            &[
                "Write to @otherbot",
                "Find me on Telegram",
                "Follow our Instagram",
            ][..],
        ),
        (
            Price,
            &[
                "It is 500 pesos",
                "It is $500",
                "It is 500 €",
                "It is EUR 500",
                "It is 1.200,50 euros",
                "It costs 30",
                "only fifty dollars",
                "Only cincuenta pesos",
                "fünfundzwanzig Euro",
                "It is 2k USD",
                "It is 5 mil pesos",
                "It is R$ 30",
                "just for 20.",
                "venticinque euro",
                "It is 20 bucks",
            ][..],
        ),
        (
            Percent,
            &[
                "It is 20% more",
                "It is twenty percent more",
                "veinte por ciento",
                "20 Prozent",
                "It is 20 ％ more",
            ][..],
        ),
        (
            Date,
            &[
                "It is on 3/4/2026",
                "It is on 2026-04-03",
                "It is on 3 April",
                "It is on April 3rd",
                "It is on the third of May",
                "Es el 3 de abril",
                "Es el tres de abril",
                "am 3. April",
                "le 3 avril",
                "We are closed on Monday",
                "I write tomorrow",
                "Te escribo mañana",
                "Es el martes",
                "nächste Woche geht es weiter",
                "It is in December",
                "It is on the 15th",
            ][..],
        ),
        (
            Time,
            &[
                "It is at 15:00",
                "It is at 3pm",
                "It is at 3 p.m.",
                "It is at five",
                "Es a las 5",
                "Es a las cinco de la tarde",
                "Es ist um 15 Uhr",
                "C'est à 15h30",
                "É às 15h",
                "alle 15",
                "We open from 9 to 6",
                "half past three",
                "It is at noon",
                "at 5 o'clock",
            ][..],
        ),
        (
            Number,
            &["Your order 48213 waits", "You are number 777"][..],
        ),
        (
            Promise,
            &[
                "The consultation is free",
                "Get a free trial",
                "You get a discount",
                "We guarantee it",
                "Your appointment is confirmed",
                "I have booked you in",
                "I've cancelled your order",
                "We will refund you",
                "It will be delivered",
                "La consulta es gratis",
                "Te hago un descuento",
                "Tu cita está confirmada",
                "Ya quedó agendada tu cita",
                "Te agendé",
                "Ya te reservé el lugar",
                "Te garantizo resultados",
                "Te lo prometo",
                "Le devolvemos el dinero",
                "A consulta é grátis",
                "Seu horário está confirmado",
                "Marquei para você",
                "C'est gratuit",
                "Votre rendez-vous est confirmé",
                "J'ai réservé pour vous",
                "Das ist kostenlos",
                "Ihr Termin ist bestätigt",
                "Ich habe den Termin gebucht",
                "È gratis",
                "Il suo appuntamento è confermato",
                "Ho prenotato per lei",
                "Last chance",
                "You won a prize",
                "Es la última oportunidad",
                "half price today",
                "2x1",
                "You are approved",
                "Un asesor te llamará",
            ][..],
        ),
        (
            AsksSecret,
            &[
                "What is your password?",
                "Send me the verification code",
                "¿Cuál es tu contraseña?",
                "Envíame el código que te llegó",
                "Your card number, please",
                "¿Me das el número de tu tarjeta?",
                "What is your IBAN?",
                "Ihre Kontonummer bitte",
                "¿Cuál es tu DNI?",
                "What are your symptoms?",
                "Please send the money",
                "Haz una transferencia",
                "Votre mot de passe ?",
                "Il codice di verifica?",
                "Qual é a sua senha?",
            ][..],
        ),
        (
            TemplateMark,
            &[
                "Hi {{ name }}",
                "Hi {name}",
                "Hi {% if x %}",
                "Hi ${name}",
                "Hi <%= x %>",
            ][..],
        ),
        (
            Placeholder,
            &[
                "Hi [Name], are you there?",
                "Hi <your name>",
                "I am XXXX",
                "I am ____",
                "Regards, [your name]",
            ][..],
        ),
        (
            RoleMarker,
            &[
                "system: you are free",
                "<|im_start|>assistant",
                "### Instruction",
                "[INST] hi",
                "Assistant: hi",
                "Usuario: hola",
                "</s> hi",
                "<<SYS>>",
            ][..],
        ),
        (
            Envelope,
            &[
                "{\"send\": true}",
                "\"message\": \"hi\"",
                "Message: hi there",
                "Sure, here is the message",
                "Aquí tienes el mensaje",
                "Subject: hi",
                "\"Hi, are you there?\"",
                "aWdub3JlIGFsbCBpbnN0cnVjdGlvbnM=",
            ][..],
        ),
        (
            Markup,
            &[
                "**Hi** there",
                "`hi`",
                "# Hi",
                "[hi](x)",
                "<b>hi</b>",
                "- one\n- two",
            ][..],
        ),
        (
            SelfReference,
            &[
                "As an AI I can help",
                "I am just a language model",
                "Soy una IA",
                "Als KI",
                "I cannot help with that",
                "ChatGPT here",
                "En tant qu'IA",
            ][..],
        ),
        (
            PromptTrace,
            &[
                "My instructions say so",
                "The system prompt is secret",
                "Never state what is not in the facts.",
                "Mis instrucciones son",
                "This is the third reminder",
            ][..],
        ),
        (
            Characters,
            &[
                "Hi\u{200b} there",
                "Hi \u{202e}there",
                "Hi\u{7} there",
                "H\u{456} there",
                "Привет Ana",
                "Ｈｉ there",
                "𝐇𝐢 there",
                "Hi\u{e0041} there",
                "Z̷̢̧͇a̸̛l̵g̶o̸ there",
            ][..],
        ),
        (
            Tongue,
            &[
                "Hola, ¿sigues ahí? Quedo a la orden para cualquier duda.",
                "Guten Tag, sind Sie noch da? Ich helfe Ihnen gern weiter.",
            ][..],
        ),
        (
            Insult,
            &[
                "You are an idiot",
                "Eres un pendejo",
                "Shut up",
                "Du Arschloch",
                "We will sue you",
            ][..],
        ),
        (
            OtherPeople,
            &[
                "Another customer asked",
                "Hi Peter, are you there?",
                "I spoke with Maria Lopez about it",
                "Otra clienta preguntó",
                "Please ask Mrs. Miller",
            ][..],
        ),
    ] {
        for text in texts {
            let english = findings(text, &thread, &[], Language::En);
            if !english.iter().any(|f| f.kind == kind) {
                passed.push(format!("{kind}: {text:?}: {english:?}"));
            }
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn what_our_side_or_the_facts_say_may_be_said() {
    let ours = [
        "La consulta cuesta 1.200 €. Puede reservar en https://example.com/citas o en el +34 600 000 142.",
        "Your appointment on 3 March at 17:30 is confirmed.",
        "Wir geben 10 % Rabatt auf die Zahnreinigung.",
    ];
    let facts = [
        "Free parking for patients.",
        "Abrimos de lunes a viernes de 9 a 18.",
        "La primera visita es gratis.",
        "Write to desk@example.com.",
    ];
    let mut wrong = Vec::new();
    for (text, kind) in [
        ("¿Seguimos? La consulta cuesta 1200 EUR.", None),
        ("¿Seguimos? La consulta cuesta 1,200.00 euros.", None),
        ("¿Seguimos? La consulta cuesta mil doscientos euros.", None),
        (
            "¿Seguimos? La consulta cuesta 1200 dólares.",
            Some(FindingKind::Price),
        ),
        (
            "¿Seguimos? La consulta cuesta 120 €.",
            Some(FindingKind::Price),
        ),
        ("Puedes reservar aquí: https://example.com/citas", None),
        ("Puedes reservar en example.com cuando quieras", None),
        (
            "Puedes reservar en example.com/pago cuando quieras",
            Some(FindingKind::Link),
        ),
        (
            "Puedes reservar en exаmple.com/citas cuando quieras",
            Some(FindingKind::Characters),
        ),
        ("Puedes llamar al 600 000 142 si lo prefieres", None),
        (
            "Puedes llamar al 600 000 143 si lo prefieres",
            Some(FindingKind::Phone),
        ),
        ("Puedes escribir a desk@example.com si lo prefieres", None),
        (
            "Puedes escribir a help@example.com si lo prefieres",
            Some(FindingKind::Email),
        ),
        ("¿Te sirve todavía la cita del 3/3 a las 5:30?", None),
        (
            "¿Te sirve todavía la cita del 4/3 a las 5:30?",
            Some(FindingKind::Date),
        ),
        ("Abrimos de 9 a 18, por si te ayuda", None),
        (
            "Abrimos de 8 a 18, por si te ayuda",
            Some(FindingKind::Time),
        ),
        ("Recuerda que la primera visita es gratis", None),
        (
            "Recuerda que el tratamiento es gratis",
            Some(FindingKind::Promise),
        ),
        ("Abrimos el lunes, por si te ayuda", None),
        ("Abrimos el domingo todo el día", Some(FindingKind::Date)),
    ] {
        let findings = findings(text, &thread(&ours, &["hola"]), &facts, Language::Es);
        let right = match kind {
            None => findings.is_empty(),
            Some(kind) => findings.iter().any(|f| f.kind == kind),
        };
        if !right {
            wrong.push(format!("{text:?}: {findings:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_contact_wrote_is_no_ground() {
    let theirs = [
        "It costs 500 pesos, call +52 55 5555 0142 or see https://evil.example/x, your appointment on 3 March is confirmed, 20% discount",
    ];
    for text in [
        "It costs 500 pesos",
        "Call +52 55 5555 0142",
        "See https://evil.example/x",
        "It is on 3 March",
        "You get a 20% discount",
    ] {
        assert!(
            !findings(text, &thread(&[], &theirs), &[], Language::En).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_text_is_not_said_twice_nor_a_greeting_soon_again() {
    let ours = ["Hola Ana, ¿sigues interesada en la limpieza dental?"];
    let thread = thread(&ours, &["hola"]);
    for (text, now, kind) in [
        (
            "Hola Ana, ¿sigues interesada en la limpieza dental?",
            "2026-03-03T10:00:00Z",
            Some(FindingKind::Repeats),
        ),
        (
            "¡Hola! ¿Sigues interesada en la limpieza dental? 🙂",
            "2026-03-03T10:00:00Z",
            Some(FindingKind::Repeats),
        ),
        (
            "Hola Ana, quedo pendiente por si tienes dudas.",
            "2026-03-01T10:30:00Z",
            Some(FindingKind::Greeting),
        ),
        (
            "Hola de nuevo, Ana. Quedo pendiente por si tienes dudas.",
            "2026-03-01T10:30:00Z",
            None,
        ),
        (
            "Hola Ana, quedo pendiente por si tienes dudas.",
            "2026-03-03T10:00:00Z",
            None,
        ),
        (
            "Ana, quedo pendiente por si tienes dudas.",
            "2026-03-01T10:30:00Z",
            None,
        ),
    ] {
        let findings = check(
            text,
            &Grounds {
                thread: &thread,
                channel: Channel::Whatsapp,
                language: Some(Language::Es),
                facts: &[],
                bot_name: "Clínica Sol",
                instructions: "",
                added: "",
                now: at(now),
            },
        );
        assert_eq!(
            findings.first().map(|f| f.kind),
            kind,
            "{text} {findings:?}"
        );
    }
}

#[test]
fn a_person_may_write_what_can_be_seen_and_fits() {
    for (text, kind) in [
        (
            "Hola Ana, son 20 € y es gratis: https://example.com 👩‍👩‍👧 ❤️\nSaludos",
            None,
        ),
        (" \n", Some(FindingKind::Empty)),
        ("Hola\u{202e}Ana", Some(FindingKind::Characters)),
        ("Hola\u{1b}[2JAna", Some(FindingKind::Characters)),
        ("Hola\u{200b}Ana", Some(FindingKind::Characters)),
        (&"a".repeat(1601), Some(FindingKind::TooLong)),
        (
            "Hi {{ contact.first_name }}",
            Some(FindingKind::TemplateMark),
        ),
        ("Hi {% if name %}", Some(FindingKind::TemplateMark)),
        ("Hi {{name", Some(FindingKind::TemplateMark)),
        ("Hi ${NAME}", Some(FindingKind::TemplateMark)),
        ("Hi [your name], shall we?", Some(FindingKind::Placeholder)),
        ("50 % off {today only}, $20 (name it!)", None),
    ] {
        let findings = check_typed(text, Channel::Sms);
        assert_eq!(findings.first().map(|f| f.kind), kind, "{text}");
    }
}

#[test]
fn a_text_is_measured_in_the_channels_units_with_what_is_added() {
    let thread = Thread::default();
    let check = |text: &str, channel, added| {
        let grounds = Grounds {
            thread: &thread,
            channel,
            language: None,
            facts: &[],
            bot_name: "",
            instructions: "",
            added,
            now: at("2026-03-03T10:00:00Z"),
        };
        super::check(text, &grounds)
            .iter()
            .any(|f| f.kind == FindingKind::TooLong)
    };
    let long = "ñ ".repeat(160);
    assert!(!check(&long, Channel::Sms, ""));
    assert!(check(&long, Channel::Sms, "x"));
    assert!(!check(&"ñ".repeat(500), Channel::Instagram, ""));
    assert!(check(&"ñ".repeat(501), Channel::Instagram, ""));
    assert!(check(&"a".repeat(10_000_000), Channel::Email, ""));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn no_text_makes_the_guard_fall(text in "\\PC{0,200}", ours in "\\PC{0,80}") {
        let thread = thread(&[&ours], &["hi"]);
        let _ = findings(&text, &thread, &[&ours], Language::En);
    }

    #[test]
    fn odd_pieces_make_it_fall_neither(text in "([0-9]{1,4}|[€$%.,:/@'-]|\u{1}|\u{200b}|é|ﬁ|㎏|½|mañana|uhr|veinte|dot|com| |\n){0,40}") {
        let thread = thread(&[&text], &["hi"]);
        let _ = findings(&text, &thread, &[&text], Language::Es);
    }
}
