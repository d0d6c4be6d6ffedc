//! Where cells end, by their bytes.

use memchr::{memchr, memchr2};

/// How many words of eight bytes are looked at one by one before a search for long texts is started.
pub(super) const SHORT: usize = 4;

/// The top bit of the lowest byte of `word` that equals `byte` is set; bits above it may be set wrongly.
pub(super) const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::MAX / 0xff;
    let zero_where_equal = word ^ (LOW * byte as u64);
    zero_where_equal.wrapping_sub(LOW) & !zero_where_equal & (LOW << 7)
}

/// Where a quoted cell's text ends.
pub(super) struct Closing {
    /// The closing quote.
    pub(super) at: usize,
    /// Whether quotes are doubled before it.
    pub(super) doubled: bool,
    /// How many line ends are before it.
    pub(super) lines: u64,
}

/// The end of the cell whose text begins at `from`.
pub(super) fn closing_quote(bytes: &[u8], from: usize) -> Option<Closing> {
    let (mut at, mut doubled, mut lines) = (from, false, 0);
    loop {
        at += memchr2(b'"', b'\n', &bytes[at..])?;
        if bytes[at] == b'\n' {
            (at, lines) = (at + 1, lines + 1);
            continue;
        }
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(Closing { at, doubled, lines });
        }
        (at, doubled) = (at + 2, true);
    }
}

/// The text of a cell with its quotes: up to the closing quote, doubled quotes are one; after it, all stands
/// for itself.
pub(super) fn unquote(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 1;
    while let Some(quote) = raw.get(at..).and_then(|rest| memchr(b'"', rest)) {
        out.extend_from_slice(&raw[at..at + quote]);
        at += quote + 1;
        if raw.get(at) != Some(&b'"') {
            break;
        }
        out.push(b'"');
        at += 1;
    }
    out.extend_from_slice(raw.get(at..).unwrap_or_default());
}
