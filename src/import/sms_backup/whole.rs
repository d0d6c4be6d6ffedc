//! Whether a backup is whole.

use super::{Input, is_root};
use crate::import::ReadError;
use crate::import::archive::as_fault;
use crate::import::xml::{Kind, Tags};

/// Sees that a backup is one, and whole.
///
/// # Errors
/// It is not, or reading fails.
pub(super) fn see_whole(input: Input) -> Result<(), ReadError> {
    let mut tags = Tags::new(input);
    let mut open: Option<String> = None;
    let mut any = false;
    loop {
        let at = tags.line();
        let tag = match tags.next() {
            Ok(tag) => tag,
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(ReadError::File(format!(
                    "line {at}: {e}; nothing of it is kept; make the backup again"
                )));
            }
            Err(e) => return Err(as_fault(e)),
        };
        let Some(tag) = tag else {
            return match (open, any) {
                (Some(root), _) => Err(ReadError::File(format!(
                    "the file ends before </{root}>; nothing of it is kept; make the backup again"
                ))),
                (None, false) => Err(ReadError::File(
                    "there is no <smses> in it; a backup of SMS Backup & Restore begins with it"
                        .to_owned(),
                )),
                (None, true) => Ok(()),
            };
        };
        match (is_root(tag.name), tag.kind) {
            (true, Kind::Open) => (open, any) = (Some(tag.name.to_owned()), true),
            (true, Kind::Empty) => any = true,
            (true, Kind::Close) => open = None,
            _ if open.is_none() => {
                return Err(ReadError::File(format!(
                    "line {}: <{}> stands outside of <smses>; this is no backup of SMS Backup & Restore",
                    tag.line,
                    tag.name.chars().take(40).collect::<String>()
                )));
            }
            _ => {}
        }
    }
}
