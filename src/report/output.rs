//! Standard output, and whether anyone still reads it.

use std::cell::Cell;
use std::io::{BufWriter, Error, ErrorKind, Result, Write};

/// A buffered writer that says when its reader has gone (`followup plan | head`), whatever the error is wrapped
/// in on its way up.
pub struct Output<'a, W: Write> {
    inner: BufWriter<W>,
    reader_has_gone: &'a Cell<bool>,
}

impl<'a, W: Write> Output<'a, W> {
    /// Writes to `inner`, in blocks.
    pub fn new(inner: W, reader_has_gone: &'a Cell<bool>) -> Self {
        Self {
            inner: BufWriter::with_capacity(1 << 16, inner),
            reader_has_gone,
        }
    }

    fn note<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            if kind == ErrorKind::BrokenPipe {
                self.reader_has_gone.set(true);
            }
            Error::new(kind, format!("standard output cannot be written: {error}"))
        })
    }
}

impl<W: Write> Write for Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let result = self.inner.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> Result<()> {
        let result = self.inner.flush();
        self.note(result)
    }
}
