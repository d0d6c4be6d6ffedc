//! Standard output, and whether anyone still reads it.

use std::io::{BufWriter, ErrorKind, Result, Write};

/// A buffered writer that remembers that its reader has gone (`followup plan | head`), whatever an error was
/// wrapped in on its way.
pub struct Output<W: Write> {
    inner: BufWriter<W>,
    reader_has_gone: bool,
}

impl<W: Write> Output<W> {
    /// Writes to `inner`, in blocks.
    pub fn new(inner: W) -> Self {
        Self {
            inner: BufWriter::with_capacity(1 << 16, inner),
            reader_has_gone: false,
        }
    }

    /// Whether a write failed because nobody reads any more: no failure of ours.
    #[must_use]
    pub const fn reader_has_gone(&self) -> bool {
        self.reader_has_gone
    }

    fn note<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.reader_has_gone |= error.kind() == ErrorKind::BrokenPipe;
        }
        result
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let result = self.inner.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> Result<()> {
        let result = self.inner.flush();
        self.note(result)
    }
}
