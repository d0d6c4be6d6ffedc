//! What a model is not shown: how a person can be reached, where they live, and what they are numbered by.

use std::sync::OnceLock;

use regex::{Captures, Regex};

use crate::model::Contact;

/// What is looked for in every message; the first that matches at a place counts. Dates are named so that they
/// are not taken for numbers.
const ANYWHERE: &str = r"(?x)
    (?P<date> \b\d{4}-\d{1,2}-\d{1,2}\b | \b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b )
  | (?P<email> [\p{L}\p{N}._%+-]+ @ [\p{L}\p{N}-]+ (?: \. [\p{L}\p{N}-]+ )+ )
  | (?P<number> (?: \+ | \b[A-Z]{2}\d{2}[\ ]? )? \(? \d (?: [\s().\u{a0}-]{0,2} \d ){6,} )
";
/// What is looked for only in the contact's messages: from our side these are the business's own.
const OF_CONTACTS: &str = r"(?x)
    (?P<link> (?i: https?:// | www\. ) \S+ )
  | (?P<address>
        (?i: \b(?: calle | avenida | avda | av | carrera | rua | rue | via | piazza | plaza | boulevard | blvd )\.? )
        \s (?: [\p{L}.'’-]+ \s ){1,5} (?: (?i:no|num|n[º°]|\#)\.? \s? )? ,? \s? \d{1,5} \w?
      | \b\d{1,5} \s (?: \p{Lu}[\p{L}.'’-]+ \s ){1,3}
        (?: Street | St | Road | Rd | Avenue | Ave | Lane | Ln | Drive | Dr | Boulevard | Blvd | Court | Ct | Way )\b
      | \b\p{L}+ (?i: straße | strasse | str\. | weg | platz | gasse ) \s \d{1,4} \w?
    )
";
/// A shorter id may be a word.
const SHORTEST_ID: usize = 5;

/// What is known of a contact that their messages may hold.
pub(super) struct Redactor {
    ids: Vec<String>,
    names: Option<(String, String)>,
}

impl Redactor {
    pub(super) fn new(contact: &Contact) -> Self {
        let known = [
            Some(&contact.contact_id),
            contact.phone.as_ref(),
            contact.email.as_ref(),
        ];
        let known = known.into_iter().flatten();
        let known = known.chain(contact.addresses.iter().map(|(_, address)| address));
        let has_digit = |id: &&String| id.contains(|c: char| c.is_ascii_digit() || c == '@');
        let mut ids: Vec<String> = known
            .filter(|id| id.chars().count() >= SHORTEST_ID && has_digit(id))
            .cloned()
            .collect();
        ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
        let full = contact.name.as_deref().map(str::trim);
        let names = full.zip(contact.first_name());
        let names = names.filter(|(full, first)| full != first);
        Self {
            ids,
            names: names.map(|(full, first)| (full.to_owned(), first.to_owned())),
        }
    }

    /// A message of the contact.
    pub(super) fn theirs(&self, text: &str) -> String {
        static LOOKED_FOR: OnceLock<Option<Regex>> = OnceLock::new();
        let looked_for = LOOKED_FOR.get_or_init(|| Regex::new(OF_CONTACTS).ok());
        self.ours(&replace(looked_for.as_ref(), &visible(text)))
    }

    /// A message of our side.
    pub(super) fn ours(&self, text: &str) -> String {
        static LOOKED_FOR: OnceLock<Option<Regex>> = OnceLock::new();
        let looked_for = LOOKED_FOR.get_or_init(|| Regex::new(ANYWHERE).ok());
        let mut text = replace(looked_for.as_ref(), &visible(text));
        for id in &self.ids {
            text = text.replace(id.as_str(), "[id]");
        }
        if let Some((full, first)) = &self.names {
            text = text.replace(full.as_str(), first);
        }
        text
    }
}

/// Without a way to look, nothing is shown.
fn replace(looked_for: Option<&Regex>, text: &str) -> String {
    let Some(looked_for) = looked_for else {
        return String::new();
    };
    let mark = |found: &Captures<'_>| {
        for name in ["link", "address", "email", "number"] {
            if found.name(name).is_some() {
                return format!("[{name}]");
            }
        }
        found.get(0).map_or("", |whole| whole.as_str()).to_owned()
    };
    looked_for.replace_all(text, mark).into_owned()
}

/// Without characters that are not seen or turn the direction of what is.
pub(super) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown = text.chars().filter(|c| !hidden(*c));
    shown
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Channel;

    fn redactor() -> Redactor {
        Redactor::new(&Contact {
            contact_id: "crm-10442".to_owned(),
            name: Some("Ana María Pérez".to_owned()),
            addresses: vec![(Channel::Facebook, "psid_7Q3".to_owned())],
            ..Contact::default()
        })
    }

    #[test]
    fn the_patterns_compile() {
        assert!(Regex::new(ANYWHERE).is_ok() && Regex::new(OF_CONTACTS).is_ok());
    }

    #[test]
    fn s8_how_a_person_is_reached_is_not_shown() {
        let redactor = redactor();
        for (text, shown) in [
            ("call +52 (555) 123-4567 please", "call [number] please"),
            ("555.123.4567", "[number]"),
            ("card 4111 1111 1111 1111, ok?", "card [number], ok?"),
            ("ES91 2100 0418 4502 0005 1332", "[number]"),
            ("me@example.co.uk!", "[email]!"),
            ("see https://evil.example/x?y=1 now", "see [link] now"),
            ("I am crm-10442, psid_7Q3", "I am [id], [id]"),
            ("soy Ana María Pérez", "soy Ana"),
            ("vivo en calle Gran Vía 12", "vivo en [address]"),
            ("I live at 221 Baker Street now", "I live at [address] now"),
            ("Hauptstraße 5, bitte", "[address], bitte"),
            ("a\u{202e}b\u{200b}c\u{1b}d", "abc d"),
        ] {
            assert_eq!(redactor.theirs(text), shown, "{text}");
        }
    }

    #[test]
    fn what_a_text_needs_stays() {
        let redactor = redactor();
        for text in [
            "on 2026-03-02 at 10:00",
            "el 9/8/2026 a las 15:30",
            "it costs 1,250 €",
            "room 12, 3rd floor",
            "Ana, sí",
        ] {
            assert_eq!(redactor.theirs(text), text);
        }
        let ours = "Book at https://sol.example/book";
        assert_eq!(redactor.ours(ours), ours);
    }
}
