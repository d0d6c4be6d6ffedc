use super::file::Table;
use super::findings::Findings;
use super::words;
use crate::model::JoinedBy;

/// What may join contacts by itself.
const JOIN_BY: [JoinedBy; 3] = [JoinedBy::Phone, JoinedBy::Email, JoinedBy::ContactId];
const EXAMPLE: &str = "join_by = [\"phone\", \"email\"]";

/// `[people] join_by`; all of them without it.
pub(super) fn read(mut table: Table<'_>, findings: &mut Findings) -> Vec<JoinedBy> {
    let join_by = match table.take("join_by") {
        None => JOIN_BY.to_vec(),
        Some(value) if value.is_text() => {
            let text = value.text(EXAMPLE, findings);
            if let Some(text) = text {
                text.parse(findings, |text| match text {
                    "off" => Ok(()),
                    _ => Err(format!("not a list; write {EXAMPLE} or \"off\"")),
                });
            }
            Vec::new()
        }
        Some(value) => {
            let mut join_by = Vec::new();
            for item in value.items("a list of texts, or \"off\"", EXAMPLE, findings) {
                let word = item.text(EXAMPLE, findings).and_then(|text| {
                    text.parse(findings, |t| {
                        words::one_of("way", &JOIN_BY, JoinedBy::as_str, t)
                    })
                });
                join_by.extend(word.filter(|word| !join_by.contains(word)));
            }
            join_by
        }
    };
    table.done(findings);
    join_by
}
