//! From bytes to UTF-8.
//!
//! UTF-16 is known by its byte order mark and decoded as a stream. Everything else is taken row by row: a row is
//! UTF-8, and when it is not, it is Windows-1252 (or UTF-8 with a letter cut in two). That needs no first pass over the file and no copy of standard
//! input, and a file that is UTF-8 but for one bad byte loses nothing but that byte's letter, where a verdict on
//! the whole file would garble every accent in it (and, when the fault is in a later export of the same
//! conversations, make every message look new).

use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::ReadError;

/// How far the reading of a file has come, for a progress bar; may be kept and asked from another thread.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    pub(crate) fn of(total: Option<u64>) -> Self {
        Self {
            read: Arc::default(),
            total,
        }
    }

    /// Bytes read so far. A format that is read twice counts each byte twice here and in [`Progress::total`].
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The bytes there are to read; `None` for standard input.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

/// Counts what goes through it.
pub(crate) struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R> Counted<R> {
    pub(crate) const fn new(inner: R, progress: Progress) -> Self {
        Self { inner, progress }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// How a row's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowEncoding {
    /// As they are.
    Utf8,
    /// UTF-8 that is damaged, as by a cut in the middle of a letter: at least as many letters beyond ASCII are whole as
    /// are broken, which hardly ever happens in Windows-1252.
    DamagedUtf8,
    /// Windows-1252.
    Windows1252,
}

impl RowEncoding {
    /// The encoding of `row`.
    pub(crate) fn of(row: &[u8]) -> Self {
        if simdutf8::basic::from_utf8(row).is_ok() {
            return Self::Utf8;
        }
        let (mut whole, mut broken) = (0, 0);
        for chunk in row.utf8_chunks() {
            whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            broken += usize::from(!chunk.invalid().is_empty());
        }
        if whole > 0 && whole >= broken {
            Self::DamagedUtf8
        } else {
            Self::Windows1252
        }
    }

    /// A part of the row as text; `None` when a byte has no meaning.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 | Self::DamagedUtf8 => Some(String::from_utf8_lossy(bytes)),
            Self::Windows1252 => windows_1252(bytes),
        }
    }
}

/// Bytes as Windows-1252; `None` when one of them has no meaning there, nor as text at all.
fn windows_1252(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let undefined = |b: &u8| matches!(b, 0 | 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    if bytes.iter().any(undefined) {
        return None;
    }
    Some(WINDOWS_1252.decode_without_bom_handling(bytes).0)
}

/// A row's bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => RowEncoding::of(bytes).decode(bytes),
    }
}

/// How a file's bytes are to be read, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// UTF-8 or Windows-1252, after so many bytes of mark.
    Bytes { mark: usize },
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

impl Encoding {
    /// The encoding of a file that begins with `head`, or why it is no text.
    fn of(head: &[u8]) -> Result<Self, ReadError> {
        let refuse = |what: &str| Err(ReadError::File(what.to_owned()));
        match head {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
                refuse("the file is UTF-32; save it as UTF-8")
            }
            [0xef, 0xbb, 0xbf, ..] => Ok(Self::Bytes { mark: 3 }),
            [0xff, 0xfe, ..] => Ok(Self::Utf16Le),
            [0xfe, 0xff, ..] => Ok(Self::Utf16Be),
            [0xd0, 0xcf, 0x11, 0xe0, ..] => refuse(
                "the file is an old Excel or Word document, or an Outlook message (.msg), not text; save it as CSV, or the message as .eml",
            ),
            [0x1f, 0x8b, ..] => refuse("the file is compressed with gzip; unpack it first"),
            [b'%', b'P', b'D', b'F', ..] => refuse("the file is a PDF, not text; export it as CSV"),
            _ => {
                let begin = &head[..head.len().min(512)];
                let zeros = |odd: usize| {
                    begin
                        .iter()
                        .skip(odd)
                        .step_by(2)
                        .filter(|b| **b == 0)
                        .count()
                        * 4
                        > begin.len()
                };
                if zeros(0) || zeros(1) {
                    return refuse(
                        "the file looks like UTF-16 without a byte order mark; save it as UTF-8",
                    );
                }
                if begin.starts_with(b"SQLite format 3\0")
                    || begin.iter().filter(|b| **b == 0).count() > 1
                {
                    return refuse("the file is not text (it has NUL bytes); export it as CSV");
                }
                Ok(Self::Bytes { mark: 0 })
            }
        }
    }

    /// `input`, which begins where the file begins, without its mark, and decoded where it is UTF-16.
    fn decode<R: Read + Send + 'static>(self, mut input: R) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Bytes { mark } => {
                let mut bytes = [0; 3];
                input.read_exact(&mut bytes[..mark])?;
                Ok(Box::new(input))
            }
            Self::Utf16Le => Ok(Box::new(Utf16::new(input, UTF_16LE.new_decoder()))),
            Self::Utf16Be => Ok(Box::new(Utf16::new(input, UTF_16BE.new_decoder()))),
        }
    }
}

/// `input` from its beginning as UTF-8 or, row by row, Windows-1252: without its mark, decoded where it is UTF-16.
///
/// # Errors
/// [`ReadError::File`] when it is no text.
pub(crate) fn decoded(
    mut input: impl Read + Send + 'static,
) -> Result<Box<dyn Read + Send>, ReadError> {
    let mut head = Vec::new();
    (&mut input).take(512).read_to_end(&mut head)?;
    let encoding = Encoding::of(&head)?;
    Ok(encoding.decode(Cursor::new(head).chain(input))?)
}

/// UTF-16 read as UTF-8. Half of a pair that stands alone becomes U+FFFD.
struct Utf16<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    text: Vec<u8>,
    taken: usize,
}

const UTF16_BLOCK: usize = 64 << 10;

impl<R: Read> Utf16<R> {
    fn new(input: R, decoder: Decoder) -> Self {
        Self {
            input,
            decoder,
            raw: vec![0; UTF16_BLOCK],
            start: 0,
            end: 0,
            ended: false,
            text: Vec::new(),
            taken: 0,
        }
    }

    /// Decodes the next block. False at the end.
    fn refill(&mut self) -> io::Result<bool> {
        if self.ended && self.start == self.end {
            return Ok(false);
        }
        if self.start == self.end {
            self.start = 0;
            self.end = self.input.read(&mut self.raw)?;
            self.ended = self.end == 0;
        }
        self.text.resize(UTF16_BLOCK * 2, 0);
        let (result, read, written, _) = self.decoder.decode_to_utf8(
            &self.raw[self.start..self.end],
            &mut self.text,
            self.ended,
        );
        self.start += read;
        if self.ended && result == CoderResult::InputEmpty {
            self.start = self.end;
        }
        self.text.truncate(written);
        self.taken = 0;
        Ok(true)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let n = out.len().min(self.text.len() - self.taken);
        out[..n].copy_from_slice(&self.text[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        let mut out = String::new();
        Encoding::of(bytes)
            .expect("text")
            .decode(io::Cursor::new(bytes.to_vec()))
            .expect("a mark")
            .read_to_string(&mut out)
            .expect("UTF-8");
        out
    }

    #[test]
    fn utf16_is_decoded_as_a_stream() {
        let text = "año 😀 中文,\r\n".repeat(20_000);
        for big in [false, true] {
            let mut bytes = Vec::new();
            for unit in std::iter::once(0xfeff).chain(text.encode_utf16()) {
                bytes.extend(if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                });
            }
            assert!(decoded(&bytes) == text);
            bytes.truncate(bytes.len() - 1);
            assert!(decoded(&bytes).starts_with(&text[..text.len() - 1]));
        }
    }

    #[test]
    fn the_mark_is_taken_off() {
        assert_eq!(decoded(b"\xef\xbb\xbfa\xc3\xb1o"), "año");
        assert_eq!(decoded(b"\xff\xfe"), "");
        assert_eq!(decoded(b""), "");
    }

    #[test]
    fn a_row_that_is_not_utf8_is_windows_1252() {
        assert_eq!(
            text(b"a\xf1o \x80 \x93hi\x94").as_deref(),
            Some("año € “hi”")
        );
        assert_eq!(text("año".as_bytes()).as_deref(), Some("año"));
        assert_eq!(text(b"\x81\xff"), None);
        assert_eq!(
            text(b"ma\xc3\xb1ana \xc3").as_deref(),
            Some("mañana \u{fffd}"),
            "a cut letter"
        );
        assert_eq!(text(b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(
            text(b"f\xfcr Spa\xdf\x85 sch\xf6n").as_deref(),
            Some("für Spaß… schön")
        );
    }

    #[test]
    fn what_is_no_text_is_refused_with_words() {
        for (head, word) in [
            (b"a\0,\0b\0".as_slice(), "UTF-16"),
            (b"\0a\0,\0b", "UTF-16"),
            (b"\xff\xfe\0\0a", "UTF-32"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\xd0\xcf\x11\xe0\xa1", "Excel"),
            (b"%PDF-1.7", "PDF"),
            (b"SQLite format 3\0", "not text"),
        ] {
            let refused = Encoding::of(head).expect_err("no text").to_string();
            assert!(refused.contains(word), "{refused}");
        }
    }
}
