use std::str::FromStr;

use phonenumber::{Mode, country};

/// A country, whose national phone numbers can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(country::Id);

impl Country {
    /// A national number of this country in E.164; `None` when it is none.
    ///
    /// ```
    /// use followup::config::Country;
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
