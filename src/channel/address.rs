//! Where a message goes, in the one spelling that providers agree on.

use super::SendError;
use crate::model::{Country, e164};

/// The number in E.164. Any other is refused here, should it come this far (rule D18).
pub(super) fn number(address: &str, country: Option<Country>) -> Result<String, SendError> {
    e164(address, country).ok_or_else(|| {
        let end = address.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
        SendError::Refused {
            reason: format!(
                "the phone number ending in {:?} is not an international one, as +14155550123 is",
                &address[end..]
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_refused_is_not_shown_whole() {
        for given in ["5512345678", "ana@example.com", "ñandú", "ñ", ""] {
            let reason = number(given, None).unwrap_err().to_string();
            assert!(given.len() < 3 || !reason.contains(given), "{reason}");
        }
    }
}
