//! Where cells end, by their bytes.

use memchr::memchr;

/// How many words of eight bytes are looked at one by one before a search for long texts is started.
pub(super) const SHORT: usize = 4;

/// The top bit of the lowest byte of `word` that equals `byte` is set; bits above it may be set wrongly.
pub(super) const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::MAX / 0xff;
    let zero_where_equal = word ^ (LOW * byte as u64);
    zero_where_equal.wrapping_sub(LOW) & !zero_where_equal & (LOW << 7)
}

/// The closing quote of the cell whose text begins at `from`, and whether quotes are doubled before it.
pub(super) fn closing_quote(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut doubled) = (from, false);
    loop {
        at += memchr(b'"', &bytes[at..])?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some((at, doubled));
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
