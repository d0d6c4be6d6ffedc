//! Phone numbers as far as they tell people apart (rule D21), however they are spelt: `600 11 22 33` and
//! `+34 600 11 22 33` are one where the business is in Spain.

use anyhow::Result;

use super::Store;
use super::schema::comparable_number;
use crate::model::{Country, e164};

/// National numbers shorter than this are not the end of their international spelling.
const COMPARED: usize = 10;

/// How numbers without a country are read.
#[derive(Debug, Clone)]
pub(super) struct Numbering {
    country: Country,
    /// What international numbers of that country begin with, such as `+34`.
    prefix: String,
}

impl Store {
    /// Reads numbers without a country as those of this one, from now on; to be said before anything else is done.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn follow_country(&self, country: Option<Country>) -> Result<()> {
        let code = country.map(|c| c.to_string()).unwrap_or_default();
        if self.meta("country")?.unwrap_or_default() != code {
            let transaction = self.immediate()?;
            self.set_meta("country", &code)?;
            transaction.commit()?;
        }
        Ok(())
    }

    /// How numbers without a country are read.
    pub(super) fn numbering(&self) -> Result<Option<&Numbering>> {
        if let Some(known) = self.numbering.get() {
            return Ok(known.as_ref());
        }
        let country = self.meta("country")?.and_then(|code| code.parse().ok());
        let numbering = country.map(|country: Country| Numbering {
            country,
            prefix: format!("+{}", country.calling_code()),
        });
        Ok(self.numbering.get_or_init(|| numbering).as_ref())
    }

    /// What a number is found by among others.
    pub(super) fn number_keys(&self, number: &str) -> Result<Vec<String>> {
        Ok(number_keys(number, self.numbering()?))
    }
}

/// The same: how [`comparable_number`] may make it, in every spelling.
pub(super) fn number_keys(number: &str, numbering: Option<&Numbering>) -> Vec<String> {
    let mut keys = vec![comparable_number(number)];
    let Some(numbering) = numbering else {
        return keys;
    };
    let Some(spelt_out) = e164(number, Some(numbering.country)) else {
        return keys;
    };
    keys.push(comparable_number(&spelt_out));
    if let Some(national) = spelt_out.strip_prefix(&numbering.prefix)
        && (6..COMPARED).contains(&national.len())
    {
        keys.push(national.to_owned());
        keys.push(format!("0{national}"));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d21_spellings_of_one_number_share_a_key_and_those_of_others_do_not() {
        let keys = |number: &str, country: &str| {
            let numbering = country.parse().ok().map(|country: Country| Numbering {
                country,
                prefix: format!("+{}", country.calling_code()),
            });
            number_keys(number, numbering.as_ref())
        };
        for (one, other, country, is_one) in [
            ("600 11 22 33", "+34 600 11 22 33", "ES", true),
            ("0034600112233", "600112233", "ES", true),
            ("06 12 34 56 78", "+33612345678", "FR", true),
            ("612345678", "+33 6 12 34 56 78", "FR", true),
            ("8888-7777", "+506 8888 7777", "CR", true),
            ("0412 345 678", "+61 412 345 678", "AU", true),
            ("0151 23456789", "+4915123456789", "DE", true),
            ("55 1234 5678", "+525512345678", "MX", true),
            ("55 1234 5678", "+5215512345678", "MX", true),
            ("600 11 22 33", "+351 600 11 22 33", "ES", false),
            ("600 11 22 33", "+34 600 11 22 34", "ES", false),
            // Nobody says whose it is.
            ("600 11 22 33", "+34 600 11 22 33", "", false),
            ("55 1234 5678", "+525512345678", "", true),
        ] {
            let (a, b) = (keys(one, country), keys(other, country));
            let shares = a.iter().any(|key| b.contains(key));
            assert_eq!(shares, is_one, "{one} {other} {country}: {a:?} {b:?}");
        }
    }
}
