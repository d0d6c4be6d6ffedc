//! Conversations for measuring: about ten messages a contact, six channels, nine zones, Chinese, Cyrillic and
//! emoji, quoted line breaks. The same numbers give the same bytes.

use std::io::{self, Write};

/// In which order the rows of the file stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Conversation by conversation, each in order of time.
    ByConversation,
    /// By time over all conversations: the worst order for a store.
    ByTime,
}

const HEADER: &str = "contact_id,conversation_id,message_id,channel,direction,author,sent_at,text,name,phone,timezone,language";
const CHANNELS: [&str; 6] = [
    "live_chat",
    "sms",
    "whatsapp",
    "facebook",
    "instagram",
    "email",
];
const ZONES: [&str; 9] = [
    "America/Mexico_City",
    "America/New_York",
    "America/Bogota",
    "America/Los_Angeles",
    "Europe/Madrid",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Shanghai",
    "Australia/Sydney",
];
const LANGUAGES: [&str; 6] = ["es", "en", "pt", "fr", "de", "it"];
const NAMES: [&str; 8] = [
    "María López",
    "John Smith",
    "Иван Петров",
    "王芳",
    "Ana Souza",
    "Luca Rossi",
    "Zoë Müller",
    "José Ñíguez",
];
const INBOUND: [&str; 16] = [
    "Hola, quisiera saber si tienen cita para el jueves por la tarde",
    "How much is a cleaning and do you take my insurance?",
    "I'm driving right now, I will get back to you",
    "你好，我想预约星期五下午三点的位置，可以吗？",
    "Здравствуйте, сколько стоит консультация и когда можно прийти?",
    "gracias 🙏",
    "Mañana te confirmo, ahora mismo estoy en una reunión",
    "ok",
    "Two things:\n1. the price\n2. where are you?",
    "Can you text me tomorrow at ten, please?",
    "Perfecto, nos vemos entonces 😊",
    "I saw your ad and I would like to know more about the treatment",
    "no me interesa, gracias",
    "He said \"call back later\", so I will",
    "is parking free there?",
    "Could you send me the address again? I lost it, sorry",
];
const OUTBOUND: [&str; 8] = [
    "Hi! Thanks for writing to us. What can we do for you today?",
    "¡Claro que sí! ¿Prefieres por la mañana o por la tarde? Tenemos lugar el jueves",
    "We have Tuesday at 10:00, Wednesday at 16:30 and Friday at 9:15.\nWhich one suits you best?",
    "您好！星期五下午三点可以，请问怎么称呼您？",
    "The first visit is 45 minutes and costs nothing. Shall I book it for you?",
    "Да, конечно. Вам удобно в среду в 16:00?",
    "Perfect, one moment while I check the calendar 📅",
    "¿Sigues ahí?",
];

/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600;
const MESSAGES: u64 = 10;

/// Writes a table of `contacts` conversations; gives the number of messages.
pub(crate) fn write<W: Write + ?Sized>(
    out: &mut W,
    contacts: u64,
    order: Order,
) -> io::Result<u64> {
    writeln!(out, "{HEADER}")?;
    let each = (0..contacts).flat_map(|c| {
        let times = times(c);
        times.into_iter().enumerate().map(move |(n, at)| (at, c, n))
    });
    let mut count = 0;
    if order == Order::ByConversation {
        for (at, contact, n) in each {
            row(out, contact, n, at)?;
            count += 1;
        }
    } else {
        let mut all: Vec<_> = each.collect();
        all.sort_unstable();
        for (at, contact, n) in all {
            row(out, contact, n, at)?;
            count += 1;
        }
    }
    Ok(count)
}

/// When the messages of a contact's conversation were sent: 6 to 14 of them over hours and days.
fn times(contact: u64) -> Vec<i64> {
    let mut dice = Dice::new(contact);
    let mut at = BEGIN + dice.below(180 * 86_400);
    let messages = MESSAGES - 4 + dice.below(9).unsigned_abs();
    (0..messages)
        .map(|_| {
            at += if dice.below(8) == 0 {
                dice.below(3 * 86_400)
            } else {
                5 + dice.below(600)
            };
            at
        })
        .collect()
}

fn row<W: Write + ?Sized>(out: &mut W, contact: u64, n: usize, at: i64) -> io::Result<()> {
    let mut dice = Dice::new(contact.wrapping_mul(1_000).wrapping_add(n as u64));
    let of = |list: &[&'static str]| list[usize::try_from(contact).unwrap_or(0) % list.len()];
    let (direction, author, text) = if n.is_multiple_of(2) {
        ("inbound", "contact", dice.pick(&INBOUND))
    } else {
        let author = if dice.below(10) == 0 { "human" } else { "bot" };
        ("outbound", author, dice.pick(&OUTBOUND))
    };
    writeln!(
        out,
        "c{contact:07},v{contact:07},m{contact:07}-{n:02},{},{direction},{author},{},{},{},+52{:010},{},{}",
        of(&CHANNELS),
        Utc(at),
        Cell(text),
        of(&NAMES),
        5_500_000_000 + contact,
        of(&ZONES),
        of(&LANGUAGES),
    )
}

/// A text as a cell: in quotes where it must be.
struct Cell(&'static str);

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.contains(['"', ',', '\n']) {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            f.write_str(self.0)
        }
    }
}

/// Seconds since 1970 as RFC 3339 in UTC.
struct Utc(i64);

impl std::fmt::Display for Utc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let era = days + 719_468;
        let (century, day) = (era.div_euclid(146_097), era.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let shifted = (5 * day + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year + century * 400 + i64::from(month <= 2);
        let day = day - (153 * shifted + 2) / 5 + 1;
        let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
    }
}

/// splitmix64: small, fast, the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self(seed ^ 0x5151_7ead_beef_cafe);
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: i64) -> i64 {
        i64::try_from(self.next() >> 1).unwrap_or(0) % limit
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[usize::try_from(self.next() % list.len() as u64).unwrap_or(0)]
    }
}
