//! The folders of a mailbox: which are read, and how their names are written.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::sync::SyncError;

/// A folder as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name.
    pub(super) name: String,
    /// Whether the server keeps there what was sent (RFC 6154).
    pub(super) is_sent: bool,
}

/// Names of the folder of what was sent, where the server does not mark it: those that common mail programs make.
const SENT: [&str; 12] = [
    "sent",
    "sent items",
    "sent messages",
    "sent mail",
    "enviados",
    "elementos enviados",
    "itens enviados",
    "éléments envoyés",
    "envoyés",
    "gesendet",
    "gesendete elemente",
    "posta inviata",
];

/// The folders to read: the `wanted` ones, else the inbox and the folder of what was sent.
///
/// # Errors
/// When it cannot be told where the server keeps what was sent: without it, nobody would know what we answered.
pub(super) fn chosen(listed: &[Listed], wanted: &[String]) -> Result<Vec<Listed>, SyncError> {
    let known = |name: &str| {
        let found = listed.iter().find(|l| l.name == name);
        found.is_some_and(|l| l.is_sent)
    };
    if !wanted.is_empty() {
        let wanted = wanted.iter().map(|name| Listed {
            name: name.clone(),
            is_sent: known(name),
        });
        return Ok(wanted.collect());
    }
    let marked = listed.iter().find(|l| l.is_sent);
    let sent = marked.or_else(|| {
        SENT.iter().find_map(|usual| {
            let is_usual = |l: &&Listed| {
                let name = l.name.rsplit(['/', '.']).next().unwrap_or_default();
                name.to_lowercase() == *usual
            };
            listed.iter().find(is_usual)
        })
    });
    let Some(sent) = sent else {
        let names = listed.iter().take(20).map(|l| format!("{:?}", l.name));
        return Err(SyncError::Settings(format!(
            "the mail server does not say where it keeps what was sent; write folders = [\"INBOX\", …] with two or \
             more of {}",
            names.collect::<Vec<_>>().join(", ")
        )));
    };
    let inbox = Listed {
        name: "INBOX".to_owned(),
        is_sent: false,
    };
    let sent = Listed {
        is_sent: true,
        ..sent.clone()
    };
    Ok(vec![inbox, sent])
}

const MUTF7: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A name as IMAP writes it (RFC 3501, 5.1.3): what is not ASCII as base64 of UTF-16.
pub(super) fn encoded(name: &str) -> String {
    let mut written = String::new();
    let mut other: Vec<u8> = Vec::new();
    let end = |other: &mut Vec<u8>, written: &mut String| {
        if !other.is_empty() {
            written.push_str(&format!("&{}-", MUTF7.encode(&*other)));
            other.clear();
        }
    };
    for c in name.chars() {
        match c {
            ' '..='~' => {
                end(&mut other, &mut written);
                written.push(c);
                if c == '&' {
                    written.push('-');
                }
            }
            _ => {
                let units = c.encode_utf16(&mut [0; 2]).to_vec();
                other.extend(units.into_iter().flat_map(u16::to_be_bytes));
            }
        }
    }
    end(&mut other, &mut written);
    written
}

/// A name as people write it; what cannot be read stays as it is.
pub(super) fn decoded(written: &str) -> String {
    let mut name = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('&') {
        name.push_str(before);
        let Some((inside, after)) = after.split_once('-') else {
            return written.to_owned();
        };
        if inside.is_empty() {
            name.push('&');
        } else {
            let bytes = MUTF7.decode(inside).unwrap_or_default();
            let pairs = bytes.chunks_exact(2);
            let units: Vec<u16> = pairs
                .map(|pair| pair.iter().fold(0, |unit, b| unit << 8 | u16::from(*b)))
                .collect();
            match String::from_utf16(&units) {
                Ok(text) if !text.is_empty() && bytes.len() % 2 == 0 => name.push_str(&text),
                _ => return written.to_owned(),
            }
        }
        rest = after;
    }
    name + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read_as_rfc_3501_says() {
        for (name, written) in [
            ("INBOX", "INBOX"),
            ("Éléments envoyés", "&AMk-l&AOk-ments envoy&AOk-s"),
            ("R&D", "R&-D"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("🙂", "&2D3eQg-"),
            ("", ""),
        ] {
            assert_eq!(encoded(name), written);
            assert_eq!(decoded(written), name);
        }
        for broken in ["&", "&AMk", "&A-", "&!!-", "&2D0-"] {
            assert_eq!(decoded(broken), broken);
        }
    }

    #[test]
    fn the_folder_of_what_was_sent_is_found_or_asked_for() {
        let list = |names: &[(&str, bool)]| -> Vec<Listed> {
            let listed = names.iter().map(|(name, is_sent)| Listed {
                name: (*name).to_owned(),
                is_sent: *is_sent,
            });
            listed.collect()
        };
        let names = |listed: &[Listed], wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|w| (*w).to_owned()).collect();
            let found = chosen(listed, &wanted)?;
            Ok(found.into_iter().map(|l| (l.name, l.is_sent)).collect())
        };
        let inbox = || ("INBOX".to_owned(), false);
        let gmail = list(&[
            ("INBOX", false),
            ("Sent", false),
            ("[Gmail]/Enviados", true),
        ]);
        let with = |sent: &str| -> Result<Vec<(String, bool)>, SyncError> {
            Ok(vec![inbox(), (sent.to_owned(), true)])
        };
        assert_eq!(names(&gmail, &[]), with("[Gmail]/Enviados"));
        let old = list(&[("INBOX", false), ("INBOX.Sent Items", false)]);
        assert_eq!(names(&old, &[]), with("INBOX.Sent Items"));
        assert_eq!(
            names(&gmail, &["INBOX", "[Gmail]/Enviados"]),
            with("[Gmail]/Enviados")
        );
        let none = list(&[("INBOX", false), ("Old", false)]);
        assert!(matches!(
            names(&none, &[]),
            Err(SyncError::Settings(words)) if words.contains("\"Old\"")
        ));
        let found: Result<Vec<(String, bool)>, SyncError> = names(&none, &["INBOX"]);
        assert_eq!(found, Ok(vec![inbox()]));
    }
}
