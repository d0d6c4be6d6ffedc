//! Where a message goes, in the one spelling that providers agree on.

use super::SendError;
use crate::config::Country;

/// The number in E.164. Any other is refused here: providers read a national number by a country of their own
/// choice, and the message might go to a stranger.
pub(super) fn e164(address: &str, country: Option<Country>) -> Result<String, SendError> {
    let address = address.trim();
    let plain = address.strip_prefix("whatsapp:").unwrap_or(address);
    let mut number: String = plain
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/'))
        .collect();
    if let Some(rest) = number.strip_prefix("00") {
        number = format!("+{rest}");
    }
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_e164 = matches!(digits.len(), 7..=15)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if is_e164 {
        return Ok(number);
    }
    if let Some(national) = country.and_then(|country| country.international(plain)) {
        return Ok(national);
    }
    Err(SendError::Refused {
        reason: format!(
            "the phone number ending in {:?} is not an international one, as +14155550123 is",
            plain
                .chars()
                .rev()
                .take(2)
                .collect::<Vec<_>>()
                .iter()
                .rev()
                .collect::<String>()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_international_numbers_are_dialled() {
        for (given, dialled) in [
            ("+52 55 1234-5678", Some("+525512345678")),
            ("whatsapp:+525512345678", Some("+525512345678")),
            ("0034 600 11 22 33", Some("+34600112233")),
            ("+1 (500) 555.0006", Some("+15005550006")),
            ("5512345678", None),
            ("+12", None),
            ("+1234567890123456", None),
            ("+0525512345", None),
            ("+52551234567a", None),
            ("ana@example.com", None),
            ("", None),
        ] {
            match (e164(given, None), dialled) {
                (Ok(number), Some(dialled)) => assert_eq!(number, dialled),
                (Err(SendError::Refused { reason }), None) => {
                    assert!(given.len() < 3 || !reason.contains(given));
                }
                (got, _) => panic!("{given}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_national_number_is_read_by_the_bots_country_and_no_other() {
        let in_country = |given, country: &str| e164(given, Some(country.parse().unwrap())).ok();
        for (given, country, dialled) in [
            ("55 1234 5678", "MX", Some("+525512345678")),
            ("whatsapp:55 1234 5678", "MX", Some("+525512345678")),
            ("(415) 555-2671", "US", Some("+14155552671")),
            ("1 415 555 2671", "US", Some("+14155552671")),
            ("600 11 22 33", "ES", Some("+34600112233")),
            ("0151 23456789", "DE", Some("+4915123456789")),
            ("+52 55 1234 5678", "ES", Some("+525512345678")),
            ("0052 55 1234 5678", "ES", Some("+525512345678")),
            ("600 11 22", "ES", None),
            ("5512345678", "ES", None),
            ("ana@example.com", "ES", None),
            ("1-800-FLOWERS", "US", None),
            ("", "US", None),
        ] {
            assert_eq!(
                in_country(given, country).as_deref(),
                dialled,
                "{given} in {country}"
            );
        }
    }
}
