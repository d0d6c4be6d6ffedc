//! The cells of a row, and why there may be none.

/// A row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowFault {
    /// The line on which the row begins.
    pub(crate) line: u64,
    /// Why.
    pub(crate) kind: Fault,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The row is longer than the limit of a row.
    RowTooLong,
    /// The cell with this index is longer than the limit of a cell.
    CellTooLong(usize),
    /// A quote is not closed before the end of the file.
    Unclosed,
    /// The row has a NUL byte.
    Nul,
    /// The row is neither UTF-8 nor Windows-1252.
    NotText,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Quotes are doubled inside, or something follows the closing quote: the span then has the quotes too.
    pub(super) raw: bool,
}

/// The cells of one row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub(super) line: u64,
    pub(super) text: &'a str,
    /// Where the text begins in what the cells count from.
    pub(super) base: usize,
    pub(super) cells: &'a [Cell],
}

impl<'a> Cells<'a> {
    /// The cell with this index; `None` when the row has no such cell or it is empty.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
        let cell = self.cells.get(index)?;
        self.text
            .get(cell.start - self.base..cell.end - self.base)
            .filter(|text| !text.is_empty())
    }

    /// The line on which the row begins.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Every cell, empty ones too.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.cells.len()).map(move |n| self.get(n).unwrap_or_default())
    }
}
