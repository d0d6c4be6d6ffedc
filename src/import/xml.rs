//! XML of any size, cut into its tags: what matters stands in their attributes. Only one tag is ever kept, and of a
//! long one its beginning; the rest is passed over, and no entity is expanded but those of single characters (threat
//! S15). quick-xml reads the attributes; its own reader would keep a tag whole, and an attached film is one attribute.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr3};
use quick_xml::events::attributes::Attributes;

use super::encoding::text;
use super::lines::read_some;

/// The longest tag that is kept, as with lines: of a longer one, such as a film within it, the beginning.
const TAG_LIMIT: usize = 8 << 20;
const BLOCK: usize = 64 << 10;
/// The room that a tag leaves for the next one.
const KEPT: usize = 256 << 10;

/// The tags of `R`, one by one.
pub(crate) struct Tags<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// The line of `at`, from 1.
    line: u64,
    tag: Vec<u8>,
}

/// What a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `<a …>`
    Open,
    /// `</a>`
    Close,
    /// `<a … />`
    Empty,
}

/// A tag.
#[derive(Debug)]
pub(crate) struct Tag<'a> {
    /// The line on which it begins.
    pub(crate) line: u64,
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    /// Whether its end was left out, as it is too long.
    pub(crate) is_cut: bool,
    inner: Cow<'a, str>,
}

impl<R: Read> Tags<R> {
    /// The tags of `input`, which is text (see [`super::encoding`]).
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BLOCK],
            at: 0,
            end: 0,
            line: 1,
            tag: Vec::new(),
        }
    }

    /// The line that has been come to.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// The next tag; `None` at the end.
    ///
    /// # Errors
    /// Reading fails; with [`io::ErrorKind::UnexpectedEof`] when the input ends within a tag.
    pub(crate) fn next(&mut self) -> io::Result<Option<Tag<'_>>> {
        loop {
            if !self.pass(|bytes| memchr(b'<', bytes))? {
                return Ok(None);
            }
            self.step(1);
            let line = self.line;
            match self.peek()?.ok_or_else(cut_off)? {
                b'!' if self.is_comment()? => self.pass_until(b"-->")?,
                b'!' => self.pass_until(b">")?,
                b'?' => self.pass_until(b"?>")?,
                _ => {
                    if let Some(range) = self.whole()? {
                        return Ok(Some(tag(&self.buffer[range], line, false)));
                    }
                    let is_cut = self.take()?;
                    return Ok(Some(tag(&self.tag, line, is_cut)));
                }
            }
        }
    }

    /// Whether a comment begins, after its `<`.
    fn is_comment(&mut self) -> io::Result<bool> {
        while self.end - self.at < 3 {
            if !self.fill()? {
                break;
            }
        }
        Ok(self.buffer[self.at..self.end].starts_with(b"!--"))
    }

    /// Takes a tag that lies in the buffer and has no quotes but double ones, as most; where.
    fn whole(&mut self) -> io::Result<Option<Range<usize>>> {
        self.tag.clear();
        self.tag.shrink_to(KEPT);
        let mut seen = 0;
        let mut quotes = 0;
        loop {
            let bytes = &self.buffer[self.at..self.end];
            let Some(n) = memchr(b'>', &bytes[seen..]) else {
                if self.end - self.at > BLOCK / 2 || !self.fill()? {
                    return Ok(None);
                }
                continue;
            };
            let piece = &bytes[seen..seen + n];
            if memchr(b'\'', piece).is_some() {
                return Ok(None);
            }
            quotes += memchr_iter(b'"', piece).count();
            seen += n + 1;
            if quotes % 2 == 0 {
                let range = self.at..self.at + seen - 1;
                self.step(seen);
                return Ok(Some(range));
            }
        }
    }

    /// Takes a tag up to its `>`, which is none in quotes. Whether its end was left out.
    fn take(&mut self) -> io::Result<bool> {
        let mut quote = None;
        let mut is_cut = false;
        loop {
            if self.at == self.end && !self.fill()? {
                return Err(cut_off());
            }
            let bytes = &self.buffer[self.at..self.end];
            let found = match quote {
                Some(quote) => memchr(quote, bytes),
                None => memchr3(b'>', b'"', b'\'', bytes),
            };
            let length = found.map_or(bytes.len(), |n| n + 1);
            let last = found.map(|n| bytes[n]);
            let room = TAG_LIMIT - self.tag.len();
            is_cut |= room < length;
            self.tag.extend_from_slice(&bytes[..length.min(room)]);
            self.step(length);
            match (quote, last) {
                (None, Some(b'>')) => break,
                (None, Some(mark)) => quote = Some(mark),
                (Some(_), Some(_)) => quote = None,
                (_, None) => {}
            }
        }
        if !is_cut {
            self.tag.pop(); // the `>`
        }
        Ok(is_cut)
    }

    /// Goes on to what `find` finds; false when there is nothing more.
    fn pass(&mut self, find: impl Fn(&[u8]) -> Option<usize>) -> io::Result<bool> {
        loop {
            let bytes = &self.buffer[self.at..self.end];
            if let Some(n) = find(bytes) {
                self.step(n);
                return Ok(true);
            }
            self.step(bytes.len());
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Goes on to behind `end`, of a few bytes.
    fn pass_until(&mut self, end: &[u8]) -> io::Result<()> {
        let last = end.last().copied().unwrap_or(b'>');
        let mut seen: Vec<u8> = Vec::with_capacity(end.len());
        loop {
            let Some(b) = self.peek()? else {
                return Err(cut_off());
            };
            self.step(1);
            if seen.len() == end.len() {
                seen.remove(0);
            }
            seen.push(b);
            if b == last && seen == end {
                return Ok(());
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// Goes on by so many bytes.
    fn step(&mut self, bytes: usize) {
        let passed = &self.buffer[self.at..self.at + bytes];
        self.line += memchr_iter(b'\n', passed).count() as u64;
        self.at += bytes;
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let n = read_some(&mut self.input, &mut self.buffer[self.end..])?;
        self.end += n;
        Ok(n > 0)
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends within a tag")
}

/// What stands between `<` and `>`.
fn tag(bytes: &[u8], line: u64, is_cut: bool) -> Tag<'_> {
    let (kind, bytes) = match bytes {
        [b'/', rest @ ..] => (Kind::Close, rest),
        [rest @ .., b'/'] if !is_cut => (Kind::Empty, rest),
        // Of a tag that is cut it is not known; those that are too long have nothing within them.
        rest if is_cut => (Kind::Empty, rest),
        rest => (Kind::Open, rest),
    };
    let name = bytes.iter().take_while(|b| !b.is_ascii_whitespace());
    let name = &bytes[..name.count()];
    Tag {
        line,
        kind,
        name: std::str::from_utf8(name).unwrap_or_default(),
        is_cut,
        inner: text(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes)),
    }
}

impl Tag<'_> {
    /// Shows each attribute's name and value; those that are not well formed are left out.
    pub(crate) fn each(&self, mut see: impl FnMut(&[u8], &Value<'_>)) {
        let mut attributes = Attributes::new(&self.inner, self.name.len());
        attributes.with_checks(false);
        for attribute in attributes.flatten() {
            see(attribute.key.as_ref(), &Value(&attribute.value));
        }
    }
}

/// An attribute's value as it is written.
pub(crate) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// The value as it was before it was written.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        unescaped(simdutf8::basic::from_utf8(self.0).unwrap_or_default())
    }
}

/// A value as it was before it was written: with the characters for which entities and numbers stand. A phone writes
/// those beyond 16 bits as two numbers, which XML does not know: `&#55357;&#56832;`.
pub(crate) fn unescaped(value: &str) -> Cow<'_, str> {
    if memchr2(b'&', b'\r', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match character(rest) {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that an entity at the beginning of `text` stands for, and what follows.
fn character(text: &str) -> Option<(char, &str)> {
    const NAMED: [(&str, char); 5] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
    ];
    let named = |(name, c): (&str, char)| Some((c, text.strip_prefix(name)?));
    if let Some(found) = NAMED.into_iter().find_map(named) {
        return Some(found);
    }
    let (unit, rest) = number(text)?;
    if !(0xd800..0xe000).contains(&unit) {
        return Some((char::from_u32(unit)?, rest));
    }
    let pair = number(rest).and_then(|(low, rest)| {
        let units = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
        let c = char::decode_utf16(units).next()?.ok()?;
        Some((c, rest))
    });
    pair.or(Some((char::REPLACEMENT_CHARACTER, rest)))
}

/// The number of `&#10;` or `&#xA;`, and what follows.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.strip_prefix("&#")?;
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let end = digits.bytes().take(9).position(|b| b == b';')?;
    let number = &digits[..end];
    let plain = number.bytes().all(|b| b.is_ascii_alphanumeric());
    let value = u32::from_str_radix(number, radix).ok().filter(|_| plain)?;
    Some((value, &digits[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(xml: &[u8]) -> Vec<String> {
        let mut tags = Tags::new(xml);
        let mut out = Vec::new();
        loop {
            match tags.next() {
                Ok(None) => return out,
                Ok(Some(tag)) => {
                    let mut shown = format!("{} {:?} {}", tag.line, tag.kind, tag.name);
                    tag.each(|name, value| {
                        let name = String::from_utf8_lossy(name);
                        shown.push_str(&format!(" {name}={:?}", value.text()));
                    });
                    out.push(shown);
                }
                Err(e) => {
                    out.push(e.to_string());
                    return out;
                }
            }
        }
    }

    #[test]
    fn tags_are_cut_out_with_their_lines_and_attributes() {
        assert_eq!(
            tags(b"<?xml version='1.0' ?>\n<!-- <a> --><!DOCTYPE x>\n<s n=\"2\">\n <a x='>' y=\"1 &lt; 2\n\"/></s>text"),
            [
                "3 Open s n=\"2\"",
                "4 Empty a x=\">\" y=\"1 < 2\\n\"",
                "5 Close s",
            ]
        );
        for cut in ["<s", "<s n=\"", "<!-- ", "<", "<?xml"] {
            assert_eq!(
                tags(cut.as_bytes()),
                ["the file ends within a tag"],
                "{cut}"
            );
        }
        assert_eq!(tags(b"<a x=1 y=\"2\"/>"), ["1 Empty a y=\"2\""]);
    }

    #[test]
    fn s15_a_tag_without_end_is_not_kept_in_memory() {
        let mut xml = b"<a x=\"1\" y=\"".to_vec();
        xml.resize(TAG_LIMIT * 3, b'y');
        xml.extend(b"\"/>\n<b/>");
        let mut tags = Tags::new(&xml[..]);
        let first = tags.next().expect("memory does not fail").expect("a tag");
        assert!(first.is_cut);
        let mut x = None;
        first.each(|name, value| {
            if name == b"x" {
                x = Some(value.text().into_owned());
            }
        });
        assert_eq!(x.as_deref(), Some("1"));
        assert_eq!(tags.next().expect("no fault").map(|t| t.line), Some(2));
        assert!(tags.tag.capacity() <= KEPT);
    }

    #[test]
    fn characters_are_what_their_entities_and_numbers_say() {
        for (written, read) in [
            ("a &amp; b &lt;&gt;&quot;&apos;", "a & b <>\"'"),
            ("&#55357;&#56832;", "😀"),
            ("&#xD83D;&#xDE00;", "😀"),
            ("&#128512;&#10;x", "😀\nx"),
            ("&#55357; &#56832;", "\u{fffd} \u{fffd}"),
            (
                "&lol; &#; &#x; &#99999999; &#-1; &",
                "&lol; &#; &#x; &#99999999; &#-1; &",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(unescaped(written), read);
        }
    }
}
