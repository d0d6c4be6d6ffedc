use anyhow::Result;

use crate::store::Store;

/// While it lives, a commit may be gone again when the power fails, and never out of order: for what is derived, which
/// is then derived once more, for the pages of an API, which is then asked once more, and for the batches of an
/// import before its last one, whose commit puts all of them on the disk. Another connection's commit does so too,
/// so that no claim rests on what is not there (rule X1).
pub(super) struct Relaxed<'s>(&'s Store);

impl<'s> Relaxed<'s> {
    /// Outside of transactions, and for a whole one.
    pub(super) fn new(store: &'s Store) -> Result<Self> {
        // Pages that several batches write are copied into the database once.
        let sql = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192;";
        store.connection.execute_batch(sql)?;
        Ok(Self(store))
    }
}

impl Drop for Relaxed<'_> {
    fn drop(&mut self) {
        // A run makes sure of it once more before it claims.
        let _ = self.0.insist_on_durability();
    }
}
