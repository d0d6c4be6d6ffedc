//! Phone numbers in the one spelling that providers agree on.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, country};

/// The number in E.164; `None` when it cannot be read as one: providers read a national number by a country of
/// their own choice, and the message might go to a stranger.
///
/// ```
/// use followup::model::e164;
///
/// assert_eq!(e164("whatsapp:+52 55 1234-5678", None).as_deref(), Some("+525512345678"));
/// assert_eq!(e164("55 1234 5678", None), None);
/// assert_eq!(e164("55 1234 5678", "MX".parse().ok()).as_deref(), Some("+525512345678"));
/// ```
#[must_use]
pub fn e164(number: &str, country: Option<Country>) -> Option<String> {
    let number = number.trim();
    let plain = number.strip_prefix("whatsapp:").unwrap_or(number);
    let mut dialled: String = plain
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/'))
        .collect();
    if let Some(rest) = dialled.strip_prefix("00") {
        dialled = format!("+{rest}");
    }
    let digits = dialled.strip_prefix('+').unwrap_or_default();
    let is_e164 = matches!(digits.len(), 7..=15)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if is_e164 {
        return Some(dialled);
    }
    country?.international(plain)
}

/// A country, whose national phone numbers can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(country::Id);

impl Country {
    /// The country of a phone number, which is read by `home` where it does not say its own.
    ///
    /// ```
    /// use followup::model::Country;
    ///
    /// assert_eq!(Country::of("+49 30 123456", None), "DE".parse().ok());
    /// assert_eq!(Country::of("55 1234 5678", None), None);
    /// ```
    #[must_use]
    pub fn of(number: &str, home: Option<Self>) -> Option<Self> {
        let number = phonenumber::parse(None, e164(number, home)?).ok()?;
        number.country().id().map(Self)
    }

    /// A national number of this country in E.164; `None` when it is none.
    ///
    /// ```
    /// use followup::model::Country;
    ///
    /// let mexico: Country = "MX".parse().unwrap();
    /// assert_eq!(mexico.international("55 1234 5678").as_deref(), Some("+525512345678"));
    /// assert_eq!(mexico.international("1234"), None);
    /// ```
    #[must_use]
    pub fn international(self, national: &str) -> Option<String> {
        // What is read as digits elsewhere, letters above all, is no number that a contact gave.
        if !national.chars().all(|c| !c.is_alphabetic()) {
            return None;
        }
        let number = phonenumber::parse(Some(self.0), national).ok()?;
        let is_of_here = number.country().id() == Some(self.0);
        (is_of_here && number.is_valid()).then(|| number.format().mode(Mode::E164).to_string())
    }
}

impl Country {
    /// What international numbers of this country begin with, behind the `+`.
    ///
    /// ```
    /// use followup::model::Country;
    ///
    /// let spain: Country = "ES".parse().unwrap();
    /// assert_eq!((spain.calling_code(), spain.to_string()), (34, "ES".to_owned()));
    /// ```
    #[must_use]
    pub fn calling_code(self) -> u16 {
        let known = DATABASE.by_id(self.0.as_ref());
        known.map_or(0, phonenumber::Metadata::country_code)
    }
}

impl fmt::Display for Country {
    /// Its two letters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "not a country; write its two letters, such as \"MX\"";
        let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        match text.parse() {
            Ok(id) if is_code => Ok(Self(id)),
            _ => Err(SHAPE.to_owned()),
        }
    }
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
            assert_eq!(e164(given, None).as_deref(), dialled, "{given}");
        }
    }

    #[test]
    fn a_national_number_is_read_by_the_bots_country_and_no_other() {
        let in_country = |given, country: &str| e164(given, Some(country.parse().unwrap()));
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
