//! The mark that keeps a spreadsheet from running a cell as a formula (threat S5), and its way back.

use memchr::memchr2;

/// Whether `export` puts a `'` before this cell: when a spreadsheet would run it as a formula, and when it
/// begins with a `'` already, which makes the way back exact. A plain phone number stays as it is.
pub(crate) fn needs_guard(cell: &str) -> bool {
    match cell.as_bytes().first() {
        None => false,
        Some(b'\'') => true,
        Some(b'+') if is_phone(cell) => false,
        Some(b)
            if b.is_ascii_alphanumeric() && memchr2(b'\n', b'\r', cell.as_bytes()).is_none() =>
        {
            false
        }
        Some(_) => is_formula(cell),
    }
}

/// The cell without the mark that `export`, or another careful program, put before it.
#[inline]
pub(crate) fn unguarded(cell: &str) -> &str {
    // Most cells begin otherwise, which one byte tells.
    if cell.as_bytes().first() != Some(&b'\'') {
        return cell;
    }
    match &cell[1..] {
        rest if rest.starts_with('\'') || is_formula(rest) => rest,
        _ => cell,
    }
}

/// Whether a line of the cell begins as a formula does, after blanks of any kind.
fn is_formula(cell: &str) -> bool {
    if cell.starts_with(['\t', '\r']) {
        return true;
    }
    cell.split(['\n', '\r']).any(|line| {
        line.trim_start_matches(is_blank)
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    })
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// `+` and digits, blanks between them allowed: no spreadsheet computes with it.
fn is_phone(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    (5..=20).contains(&digits)
        && cell
            .bytes()
            .enumerate()
            .all(|(n, b)| b.is_ascii_digit() || (n == 0 && b == b'+') || (n > 1 && b == b' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for cell in [
            "=1+1",
            "+1-1",
            "-2",
            "@SUM(A1)",
            "\tx",
            "\rx",
            " =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "hi\n=1",
            "hi\r\n  +cmd",
            "＝1",
            "'quoted",
            "+",
            "+52 55-1",
            "\n\t@x",
            "+1+1",
        ] {
            assert!(needs_guard(cell), "{cell:?}");
        }
        for cell in [
            "",
            "hi",
            "a=1",
            "1-2",
            "+525512345678",
            "+52 55 1234 5678",
            "hi - you",
            "año",
            "5+5",
        ] {
            assert!(!needs_guard(cell), "{cell:?}");
        }
    }

    #[test]
    fn a_foreign_apostrophe_stays_unless_it_is_a_guard() {
        assert_eq!(unguarded("'hello'"), "'hello'");
        assert_eq!(unguarded("'"), "'");
        assert_eq!(unguarded("'+525512345678"), "+525512345678");
        assert_eq!(unguarded("'=1"), "=1");
    }

    proptest! {
        #[test]
        fn the_way_back_is_exact(cell in "['=+@ \\t\\r\\n\u{a0}\u{feff}a1-]{0,8}|\\PC*|\\+[0-9 ]{3,15}") {
            let out = if needs_guard(&cell) { format!("'{cell}") } else { cell.clone() };
            prop_assert_eq!(unguarded(&out), cell.as_str());
        }
    }
}
