//! `cargo bench --bench detect`: how many messages the detector reads a second on one core. Ordinary messages,
//! made here; messages that all want something; and texts made to be slow, twice as long each time.
#![expect(clippy::print_stdout, reason = "a program that measures")]

use std::time::Instant;

use followup::detect::{Detector, Input};
use followup::model::{Language, Timestamp};
use followup::zone::Zone;

/// What people write to a business all day, most of it without a wish or a time.
const ORDINARY: [(Language, &str); 40] = [
    (Language::En, "hi, do you have gel nails in {}?"),
    (
        Language::En,
        "how much is a cleaning and do you take my insurance?",
    ),
    (Language::En, "Great, that looks good to me"),
    (Language::En, "I would like the {} one please"),
    (
        Language::En,
        "can you send me the address and the phone number",
    ),
    (Language::En, "my name is {} and my card was declined"),
    (Language::En, "ok"),
    (Language::En, "Is there parking near the {}?"),
    (Language::En, "do you have a table for two on March 9th"),
    (Language::En, "what is the price of the {} package"),
    (Language::En, "yes that works, thank you so much"),
    (
        Language::En,
        "I forgot my password and cannot get into my account",
    ),
    (Language::En, "please find me a {} restaurant in San Jose"),
    (Language::En, "No, I am looking for something cheaper"),
    (
        Language::En,
        "haha that is so funny, my sister said the same",
    ),
    (Language::En, "the {} I bought is broken, what can I do?"),
    (Language::En, "order number 8812734"),
    (Language::En, "Sounds good. What else do you offer?"),
    (Language::En, "does it come in {} as well"),
    (Language::En, "I need help with my bill from last month"),
    (Language::Es, "Hola, quisiera saber el precio de {}"),
    (Language::Es, "¿tienen servicio a domicilio en la zona {}?"),
    (Language::Es, "muchas gracias, muy amable"),
    (Language::Es, "me gustaría el paquete {} para dos personas"),
    (
        Language::Es,
        "¿cuánto cuesta la consulta y aceptan tarjeta?",
    ),
    (Language::Es, "Sí, perfecto, me parece bien"),
    (Language::Es, "¿hay cita el jueves por la tarde?"),
    (
        Language::Es,
        "no encuentro la dirección, ¿me la pueden mandar?",
    ),
    (Language::Pt, "Olá, queria saber o valor do {}"),
    (Language::Pt, "vocês atendem pelo plano {}?"),
    (Language::Pt, "obrigada, vou ver com meu marido"),
    (Language::Fr, "Bonjour, quels sont vos tarifs pour {} ?"),
    (Language::Fr, "est-ce que vous prenez la carte vitale ?"),
    (Language::Fr, "merci beaucoup pour votre aide"),
    (Language::De, "Hallo, was kostet {} bei Ihnen?"),
    (Language::De, "Haben Sie auch Parkplätze am Haus?"),
    (Language::De, "Alles klar, vielen Dank"),
    (Language::It, "Buongiorno, quanto costa {}?"),
    (Language::It, "avete posto per due persone?"),
    (Language::It, "grazie mille, gentilissima"),
];
const THINGS: [&str; 8] = [
    "blue", "Anna", "classic", "Oakland", "premium", "silver", "garden", "Roma",
];

/// Messages of which each wants something.
const WISHES: [(Language, &str); 8] = [
    (Language::En, "call me tomorrow after 3, not before"),
    (
        Language::En,
        "please stop texting me and take me off your list",
    ),
    (
        Language::En,
        "I'm in a meeting until half past four, text me later today",
    ),
    (
        Language::Es,
        "mejor llámame el próximo martes a las cinco y media",
    ),
    (
        Language::Es,
        "ahora no puedo, escríbeme la segunda quincena de abril",
    ),
    (Language::Fr, "rappelez-moi vendredi en fin de journée"),
    (
        Language::De,
        "bitte rufen Sie mich am Freitagnachmittag um halb vier an",
    ),
    (Language::It, "mi richiami domani mattina verso le dieci"),
];

/// Texts on which a careless matcher would go back and forth.
const SLOW: [&str; 5] = [
    "stop ",
    "please do not ever call me or ",
    "next next tomorrow at 3 to 4 and ",
    "1-2/3.4:5,",
    "no me ",
];

fn main() {
    let at: Timestamp = "2026-03-11T10:20:00Z".parse().unwrap_or_default();
    let zone = Zone::named("America/Mexico_City").unwrap_or_else(Zone::utc);
    let detector = Detector::new(&["no gracias".to_owned()]);
    let read = |text: &str, language| {
        detector.read(&Input {
            text,
            sent_at: at,
            zone: &zone,
            language,
            default_language: Language::En,
        })
    };
    let begin = Instant::now();
    let _ = read("ok", None);
    println!(
        "the first message, with reading the rules: {:.1?}",
        begin.elapsed()
    );

    let ordinary: Vec<(Language, String)> = (0..THINGS.len())
        .flat_map(|i| ORDINARY.map(|(language, text)| (language, text.replace("{}", THINGS[i]))))
        .collect();
    rate("ordinary messages", &ordinary, |l, t| {
        read(t, Some(l)).times.len()
    });
    rate(
        "ordinary messages of unknown language",
        &ordinary,
        |_, t| read(t, None).times.len(),
    );
    let wishes: Vec<_> = WISHES.map(|(l, t)| (l, t.to_owned())).into_iter().collect();
    rate("messages that want something", &wishes, |l, t| {
        read(t, Some(l)).times.len()
    });
    for slow in SLOW {
        print!("{slow:?} again and again, microseconds a kilobyte:");
        for kilobytes in [4_u16, 32, 256, 1000] {
            let text = slow.repeat(usize::from(kilobytes) * 1024 / slow.len());
            let begin = Instant::now();
            let _ = std::hint::black_box(read(&text, Some(Language::En)));
            let each = begin.elapsed().as_secs_f64() * 1e6 / f64::from(kilobytes);
            print!(" {each:.0}");
        }
        println!();
    }
}

/// Prints the best of five rates.
fn rate(what: &str, messages: &[(Language, String)], read: impl Fn(Language, &str) -> usize) {
    let rounds = 40_000 / messages.len();
    let best = (0..5)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..rounds {
                for (language, text) in messages {
                    std::hint::black_box(read(*language, text));
                }
            }
            begin.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    let count = u32::try_from(rounds * messages.len()).unwrap_or(u32::MAX);
    println!("{what}: {:.0} a second", f64::from(count) / best);
}
