//! `cargo bench --bench detect`: how many messages the detector reads a second on one core. Ordinary messages,
//! made here; messages that all want something; and texts made to be slow, twice as long each time. Last, its share
//! of an import: of its processor time, and by the clock.
//!
//! `cargo bench --bench detect -- FILE.jsonl …`: the messages of JSON Lines files instead, of which each line has a
//! `text` and may have its language as `language` or `lang`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program that measures"
)]

#[path = "common/generate.rs"]
mod generate;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use followup::detect::{Detector, Input};
use followup::model::{Language, Timestamp};
use followup::zone::Zone;
use generate::Order;

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
    let files: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let at: Timestamp = "2026-03-11T10:20:00Z".parse().unwrap();
    let zone = Zone::named("America/Mexico_City").unwrap();
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
    let first = spent(own, || read("ok", None));
    println!(
        "the first message, with reading the rules: {:.1} ms",
        first * 1e3
    );

    if !files.is_empty() {
        for file in files {
            rates(&file, &messages(&file), &|l, t| read(t, l).times.len());
        }
        return;
    }
    let ordinary: Vec<_> = (0..THINGS.len())
        .flat_map(|i| ORDINARY.map(|(l, text)| (Some(l), text.replace("{}", THINGS[i]))))
        .collect();
    rates("ordinary messages", &ordinary, &|l, t| {
        read(t, l).times.len()
    });
    let wishes: Vec<_> = WISHES
        .map(|(l, t)| (Some(l), t.to_owned()))
        .into_iter()
        .collect();
    rates("messages that want something", &wishes, &|l, t| {
        read(t, l).times.len()
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
    for order in [Order::ByConversation, Order::ByTime] {
        share_of_an_import(order, first);
    }
}

/// The messages of a JSON Lines file, with their languages.
fn messages(file: &str) -> Vec<(Option<Language>, String)> {
    let lines = fs::read_to_string(file).expect("the file reads");
    let line = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        let language = ["language", "lang"]
            .iter()
            .find_map(|key| row[key].as_str());
        let text = row["text"].as_str().expect("each line has a text");
        (language.and_then(Language::from_tag), text.to_owned())
    };
    lines.lines().map(line).collect()
}

/// Prints the median and the best of nine rates, with the language told and without.
fn rates(
    what: &str,
    messages: &[(Option<Language>, String)],
    read: &dyn Fn(Option<Language>, &str) -> usize,
) {
    let rounds = 40_000_usize.div_ceil(messages.len());
    for told in [true, false] {
        let round = || {
            for (language, text) in (0..rounds).flat_map(|_| messages) {
                std::hint::black_box(read(language.filter(|_| told), text));
            }
        };
        let mut seconds: Vec<f64> = (0..9).map(|_| spent(own, round)).collect();
        seconds.sort_by(f64::total_cmp);
        let count = f64::from(u32::try_from(rounds * messages.len()).unwrap());
        println!(
            "{what}, language {}: {:.0} a second, {:.0} at best",
            if told { "told" } else { "unknown" },
            count / seconds[4],
            count / seconds[0],
        );
    }
}

/// Prints how much of an import is reading what its messages say, medians of five: of its processor time, reading the
/// same messages alone; of its time by the clock, by how much an import is shorter in which no message says anything,
/// as every letter is an x.
fn share_of_an_import(order: Order, first: f64) {
    let room = tempfile::tempdir().unwrap();
    let (file, mute) = (room.path().join("export.csv"), room.path().join("mute.csv"));
    let mut out = BufWriter::new(fs::File::create(&file).unwrap());
    let count = generate::write(&mut out, 20_000, order).unwrap();
    out.flush().unwrap();
    write_mute(&file, &mute);
    fs::write(
        room.path().join("followup.toml"),
        include_str!("common/plain.toml"),
    )
    .unwrap();
    let import = |file: &Path| {
        let _ = fs::remove_file(room.path().join("followup.db"));
        let mut import = Command::new(env!("CARGO_BIN_EXE_followup"));
        import
            .current_dir(room.path())
            .env_clear()
            .arg("import")
            .arg(file)
            .args(["--now", "2026-12-01T12:00:00Z"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let processor = spent(of_children, || assert!(import.status().unwrap().success()));
        (processor, begin.elapsed().as_secs_f64())
    };
    let inbound = inbound(&file);
    let detector = Detector::default();
    let read_all = || {
        for (text, sent_at, zone, language) in &inbound {
            std::hint::black_box(detector.read(&Input {
                text,
                sent_at: *sent_at,
                zone,
                language: *language,
                default_language: Language::Es,
            }));
        }
    };
    let (mut of_processor, mut of_clock) = (vec![], vec![]);
    for _ in 0..5 {
        let (processor, clock) = import(&file);
        of_processor.push((spent(own, read_all) + first) / processor);
        of_clock.push(1.0 - import(&mute).1 / clock);
    }
    let median = |shares: &mut Vec<f64>| {
        shares.sort_by(f64::total_cmp);
        shares[2] * 100.0
    };
    println!(
        "detection, {} of {count} messages read, {order:?}: {:.1} % of an import's processor time, {:.1} % by the clock",
        inbound.len(),
        median(&mut of_processor),
        median(&mut of_clock),
    );
}

/// Writes the same export with an x for every letter and digit that somebody wrote.
fn write_mute(export: &Path, mute: &Path) {
    let mut rows = csv::Reader::from_path(export).unwrap();
    let names = rows.headers().unwrap().clone();
    let text = names.iter().position(|n| n == "text").unwrap();
    let mut out = csv::Writer::from_path(mute).unwrap();
    out.write_record(&names).unwrap();
    let x = |c: char| if c.is_alphanumeric() { 'x' } else { c };
    for row in rows.records().map(Result::unwrap) {
        let values = row.iter().enumerate().map(|(n, value)| match n {
            _ if n == text => value.chars().map(x).collect(),
            _ => value.to_owned(),
        });
        let values: Vec<String> = values.collect();
        out.write_record(&values).unwrap();
    }
    out.flush().unwrap();
}

/// What contacts wrote in an export: text, when, zone, language.
fn inbound(file: &Path) -> Vec<(String, Timestamp, Zone, Option<Language>)> {
    let mut rows = csv::Reader::from_path(file).unwrap();
    let names = rows.headers().unwrap().clone();
    let column = |name| names.iter().position(|n| n == name).unwrap();
    let columns = ["direction", "text", "sent_at", "timezone", "language"].map(column);
    let [direction, text, sent_at, zone, language] = columns;
    rows.records()
        .map(Result::unwrap)
        .filter(|row| &row[direction] == "inbound")
        .map(|row| {
            (
                row[text].to_owned(),
                row[sent_at].parse().unwrap(),
                Zone::named(&row[zone]).unwrap(),
                Language::from_tag(&row[language]),
            )
        })
        .collect()
}

/// How much of a clock some work takes, in seconds.
fn spent<T>(clock: fn() -> f64, work: impl FnOnce() -> T) -> f64 {
    let begin = clock();
    std::hint::black_box(work());
    clock() - begin
}

/// The processor time of this program, in seconds.
fn own() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").expect("Linux counts processor time");
    let nanoseconds = text.split(' ').next().unwrap();
    nanoseconds.parse::<f64>().unwrap() / 1e9
}

/// The processor time of the processes that this one started and that have ended, in seconds.
fn of_children() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").expect("Linux counts processor time");
    let (_, fields) = text.rsplit_once(") ").unwrap();
    // Of the user and of the system, in hundredths.
    let fields = fields.split(' ').skip(13).take(2);
    fields.map(|f| f.parse::<f64>().unwrap() / 100.0).sum()
}
