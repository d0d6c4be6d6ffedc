//! An export's bytes, read from the beginning as often as needed: a file, or texts in a `.zip`. Nothing is unpacked to
//! disk, and no name in the archive is ever used as a path (threat S15).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use flate2::CrcReader;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::ReadError;
use super::encoding::{Counted, Progress, decoded};
use super::words::list;

/// The largest text that is read out of an archive.
const UNPACKED_LIMIT: u64 = 1 << 30;
/// The most that all texts of an archive may be.
const TOTAL_LIMIT: u64 = 8 << 30;
const ENTRIES_LIMIT: usize = 100_000;

/// Where an export's text is.
pub(crate) struct Stored {
    file: Arc<File>,
    packed: Option<Packed>,
    length: u64,
}

#[derive(Debug, Clone)]
struct Packed {
    start: u64,
    deflated: bool,
    crc: u32,
    /// How long it is unpacked, as the archive says.
    size: u64,
    name: String,
}

type Zip<'a> = ZipArchive<&'a File>;

impl Stored {
    /// A text in a file of its own.
    pub(crate) fn plain(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            packed: None,
            length,
        })
    }

    /// The chat in the archive `file`; `stem` is the archive's own name without `.zip`.
    ///
    /// # Errors
    /// It is no archive, has no text or several of which none is the chat's, or is encrypted.
    pub(crate) fn chat(file: File, stem: Option<&str>) -> Result<Self, ReadError> {
        let file = Arc::new(file);
        let mut archive = archive(&file)?;
        let name = chat_entry(archive.file_names(), stem)
            .map_err(ReadError::File)?
            .to_owned();
        let index = archive
            .index_for_name(&name)
            .ok_or_else(|| damaged(&"its list of files"))?;
        Self::entry(&file, &mut archive, index)
    }

    /// The texts of the archive `file` whose names are `wanted`, sorted by their names.
    ///
    /// # Errors
    /// It is no archive, is encrypted, or its texts are larger than can be real.
    pub(crate) fn texts(file: File, wanted: impl Fn(&str) -> bool) -> Result<Vec<Self>, ReadError> {
        let file = Arc::new(file);
        let mut archive = archive(&file)?;
        let mut names: Vec<String> = archive
            .file_names()
            .filter(|name| wanted(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        let mut texts = Vec::with_capacity(names.len());
        let mut total = 0_u64;
        for name in names {
            if let Some(index) = archive.index_for_name(&name) {
                let text = Self::entry(&file, &mut archive, index)?;
                total = total.saturating_add(text.packed.as_ref().map_or(0, |p| p.size));
                texts.push(text);
            }
        }
        if total > TOTAL_LIMIT {
            return Err(ReadError::File(
                "the texts in the zip are larger than 8 GiB; unpack it and import them one by one"
                    .to_owned(),
            ));
        }
        Ok(texts)
    }

    fn entry(file: &Arc<File>, archive: &mut Zip<'_>, index: usize) -> Result<Self, ReadError> {
        let entry = archive.by_index_raw(index).map_err(|e| damaged(&e))?;
        if entry.encrypted() {
            return Err(ReadError::File(
                "the zip is encrypted; unpack it and import what is in it".to_owned(),
            ));
        }
        let deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                return Err(ReadError::File(format!(
                    "the zip is packed by a method that is not known here ({other}); unpack it and import what is in it"
                )));
            }
        };
        let start = entry
            .data_start()
            .ok_or_else(|| damaged(&"where its text begins"))?;
        Ok(Self {
            file: Arc::clone(file),
            length: entry.compressed_size(),
            packed: Some(Packed {
                start,
                deflated,
                crc: entry.crc32(),
                size: entry.size(),
                name: entry.name().to_owned(),
            }),
        })
    }

    /// How many bytes one reading takes from the file.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// The name of the text in the archive, with its folders: to be shown, never to be opened.
    pub(crate) fn path_in_archive(&self) -> Option<&str> {
        self.packed.as_ref().map(|packed| packed.name.as_str())
    }

    /// The name of the text in the archive.
    pub(crate) fn entry_name(&self) -> Option<&str> {
        self.path_in_archive()?.rsplit(['/', '\\']).next()
    }

    /// The text from its beginning. Only one can be read at a time.
    pub(crate) fn text(&self, progress: &Progress) -> Result<Box<dyn Read + Send>, ReadError> {
        let mut file = Shared(Arc::clone(&self.file));
        let start = self.packed.as_ref().map_or(0, |packed| packed.start);
        file.seek(SeekFrom::Start(start))?;
        let bytes = Counted::new(file.take(self.length), progress.clone());
        match &self.packed {
            None => decoded(bytes),
            Some(packed) if packed.deflated => {
                decoded(Unpacked::new(DeflateDecoder::new(bytes), packed))
            }
            Some(packed) => decoded(Unpacked::new(bytes, packed)),
        }
        .map_err(|e| match e {
            ReadError::Io(e) => as_fault(e),
            other => other,
        })
    }
}

/// A file that several hold.
struct Shared(Arc<File>);

impl Read for Shared {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(out)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self.0).seek(to)
    }
}

/// A fault of the text in an archive is one of the file.
pub(crate) fn as_fault(error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge => {
            ReadError::File(error.to_string())
        }
        _ => ReadError::Io(error),
    }
}

fn damaged(e: &dyn std::fmt::Display) -> ReadError {
    ReadError::File(format!("the zip cannot be read ({e}); export it again"))
}

fn archive(file: &File) -> Result<Zip<'_>, ReadError> {
    let archive = ZipArchive::new(file).map_err(|e| damaged(&e))?;
    if archive.len() > ENTRIES_LIMIT {
        return Err(ReadError::File(format!(
            "the zip has over {ENTRIES_LIMIT} files; unpack it and import what is in it"
        )));
    }
    Ok(archive)
}

/// The names of the files in the archive `file`.
///
/// # Errors
/// It is no archive.
pub(crate) fn names(file: &File) -> Result<Vec<String>, ReadError> {
    let archive = archive(file)?;
    Ok(archive.file_names().map(str::to_owned).collect())
}

/// The entry that is the chat: `_chat.txt` (iOS), the one that is called as the archive (Android), or the only text.
fn chat_entry<'a>(
    names: impl Iterator<Item = &'a str>,
    stem: Option<&str>,
) -> Result<&'a str, String> {
    let base = |name: &'a str| name.rsplit(['/', '\\']).next().unwrap_or(name);
    let texts: Vec<&str> = names
        .filter(|name| !name.starts_with("__MACOSX/") && name.to_lowercase().ends_with(".txt"))
        .collect();
    let named = |wanted: &str| {
        let mut found = texts.iter().copied().filter(|name| base(name) == wanted);
        found.next().filter(|_| found.next().is_none())
    };
    let by_stem = stem.and_then(|stem| named(&format!("{stem}.txt")));
    if let Some(name) = named("_chat.txt").or(by_stem) {
        return Ok(name);
    }
    match texts.as_slice() {
        [] => Err("the zip has no .txt in it, so it is no chat export (an Excel workbook? save it as CSV)".to_owned()),
        [one] => Ok(one),
        several => Err(format!(
            "the zip has several texts ({}); unpack it and import the chat's own",
            list(several.iter().copied(), 5)
        )),
    }
}

/// Unpacked bytes, up to the limit; at the end their checksum is compared.
struct Unpacked<R: Read> {
    inner: CrcReader<R>,
    left: u64,
    crc: u32,
}

impl<R: Read> Unpacked<R> {
    fn new(inner: R, packed: &Packed) -> Self {
        Self {
            inner: CrcReader::new(inner),
            left: UNPACKED_LIMIT.min(packed.size),
            crc: packed.crc,
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let damaged = |e: String| io::Error::new(io::ErrorKind::InvalidData, e);
        let n = self.inner.read(out).map_err(|e| {
            damaged(format!(
                "the text in the zip is damaged ({e}); export the chat again"
            ))
        })?;
        if n == 0 && !out.is_empty() && self.inner.crc().sum() != self.crc {
            return Err(damaged(
                "the text in the zip is damaged (its checksum is wrong); export the chat again"
                    .to_owned(),
            ));
        }
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the text in the zip is larger than 1 GiB, or than the zip says; unpack it and import the .txt",
            )
        })?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s15_what_unpacks_without_end_is_cut_off_with_words() {
        let packed = Packed {
            start: 0,
            deflated: false,
            crc: 0,
            size: 1 << 20,
            name: String::new(),
        };
        let mut endless = Unpacked::new(io::repeat(b'x'), &packed);
        let fault = io::copy(&mut endless, &mut io::sink()).expect_err("no end");
        assert_eq!(fault.kind(), io::ErrorKind::FileTooLarge);
        assert!(
            fault.to_string().contains("unpack it and import the .txt"),
            "{fault}"
        );
    }

    #[test]
    fn the_chat_is_found_among_other_texts() {
        for (names, stem, chat) in [
            (
                &["a/_chat.txt", "1-notes.txt"][..],
                None,
                Some("a/_chat.txt"),
            ),
            (
                &["Chat with Ana.txt", "notes.txt"],
                Some("Chat with Ana"),
                Some("Chat with Ana.txt"),
            ),
            (&["x.TXT", "1.jpg"], None, Some("x.TXT")),
            (&["__MACOSX/._x.txt", "1.jpg"], None, None),
            (&["a.txt", "b.txt"], Some("c"), None),
        ] {
            assert_eq!(
                chat_entry(names.iter().copied(), stem).ok(),
                chat,
                "{names:?}"
            );
        }
    }
}
