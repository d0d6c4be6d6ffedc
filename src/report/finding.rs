use std::io::{Result, Write};

use super::terminal::{Styles, plain};
use super::text::wrap;

/// One line of a check-up: what was looked at, and what was found; further lines are indented below it.
///
/// # Errors
/// When `out` cannot be written.
pub fn finding(
    out: &mut dyn Write,
    is_good: bool,
    words: &str,
    width: usize,
    styles: Styles,
) -> Result<()> {
    const LABEL: usize = 6;
    let mark = if is_good { "ok" } else { "wrong" };
    for (n, line) in wrap(&plain(words), width.saturating_sub(LABEL))
        .iter()
        .enumerate()
    {
        let gap = " ".repeat(LABEL - if n == 0 { mark.len() } else { 0 });
        match (n, is_good) {
            (0, true) => write!(out, "{}", styles.good(mark))?,
            (0, false) => write!(out, "{}", styles.bad(mark))?,
            _ => {}
        }
        writeln!(out, "{gap}{line}")?;
    }
    Ok(())
}
