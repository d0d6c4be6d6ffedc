/// The characters of GSM 7-bit besides the letters and digits of ASCII: one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those that take two.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// Into how many SMS a text is cut: 160 units of GSM 7-bit, or 70 of UCS-2 when a character needs it; 153 and 67
/// of each when there are several, whose parts are never cut within a character.
///
/// ```
/// use followup::compose::sms_segments;
///
/// assert_eq!(sms_segments("Are you still there?"), 1);
/// assert_eq!(sms_segments(&"ñ".repeat(161)), 2);
/// assert_eq!(sms_segments(&"á".repeat(71)), 2);
/// ```
#[must_use]
pub fn sms_segments(text: &str) -> usize {
    let gsm: Option<Vec<usize>> = text.chars().map(gsm_units).collect();
    match gsm {
        Some(units) => segments(units, 160, 153),
        None => segments(text.chars().map(char::len_utf16).collect(), 70, 67),
    }
}

fn gsm_units(c: char) -> Option<usize> {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Some(1),
        c if BASIC.contains(c) => Some(1),
        c if EXTENDED.contains(c) => Some(2),
        _ => None,
    }
}

fn segments(units: Vec<usize>, single: usize, part: usize) -> usize {
    if units.iter().sum::<usize>() <= single {
        return 1;
    }
    let (mut count, mut used) = (1, 0);
    for unit in units {
        if used + unit > part {
            count += 1;
            used = 0;
        }
        used += unit;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_in_the_units_of_sms() {
        for (text, count) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("€".repeat(153), 3), // 76 fit into a part: the 153rd unit stays unused
            ("í".repeat(70), 1),
            ("í".repeat(71), 2),
            ("👋".repeat(35), 1),
            ("👋".repeat(36), 2),
            ("👋".repeat(67), 3), // 33 fit into a part
        ] {
            assert_eq!(
                sms_segments(&text),
                count,
                "{} × {:?}",
                text.chars().count(),
                text.chars().next()
            );
        }
    }
}
