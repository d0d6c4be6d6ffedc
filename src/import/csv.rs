//! The tool's own table of messages: comma, semicolon or tab, columns in any order.

use std::borrow::Cow;
use std::io::Read;

use super::field::{FIELDS, Field};
use super::guard::unguarded;
use super::shape::Shape;
use super::table::Table;
use super::{ReadError, Reader, Record, RowError, SourceSettings};

/// Reads a table of messages row by row.
pub struct CsvReader {
    table: Table,
    shape: Shape,
    /// Where each field stands in a row.
    columns: [Option<usize>; FIELDS],
    /// Which of its columns may be ours by another spelling.
    notes: Vec<String>,
}

impl CsvReader {
    /// A reader of `input`, which is text (see [`super::open`] for files).
    ///
    /// # Errors
    /// A header that cannot be used: a column is missing, or stands there twice.
    pub fn new(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Result<Self, ReadError> {
        Self::of(Table::read(input, settings)?, settings)
    }

    /// A reader of a table whose header has been read.
    pub(crate) fn of(table: Table, settings: &SourceSettings) -> Result<Self, ReadError> {
        let shape = Shape::new(settings)?;
        let columns = table
            .header
            .columns(Field::ALL, settings, |field| shape.is_optional(field))?;
        let notes = table.header.misspelt(Field::ALL, &columns);
        Ok(Self {
            table,
            shape,
            columns,
            notes,
        })
    }
}

impl Reader for CsvReader {
    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        let Table { rows, header } = &mut self.table;
        let cells = match rows.next() {
            Err(e) => return Some(Err(e.into())),
            Ok(None) => return None,
            Ok(Some(Err(fault))) => return Some(Err(header.row_error(fault).into())),
            Ok(Some(Ok(cells))) => cells,
        };
        if cells.len() > header.len()
            && let Some(reason) = header.too_wide(cells)
        {
            let line = cells.line();
            return Some(Err(RowError { line, reason }.into()));
        }
        let cell = |field: Field| {
            let text = cells.get(self.columns[field as usize]?)?;
            Some(Cow::Borrowed(unguarded(text)))
        };
        Some(self.shape.record(cells.line(), cell))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::model::{Author, Channel};
    use crate::zone::Zone;

    const HEADER: &str = "contact_id,channel,direction,sent_at,text";

    fn open(text: &str, settings: &SourceSettings) -> Result<CsvReader, ReadError> {
        CsvReader::new(
            Box::new(Cursor::new(text.to_owned().into_bytes())),
            settings,
        )
    }

    fn refused(text: &str, settings: &SourceSettings) -> String {
        match open(text, settings) {
            Err(ReadError::File(reason)) => reason,
            other => panic!("not refused: {}", other.is_ok()),
        }
    }

    /// Each row in short: `line contact channel author time text`, or the error.
    fn rows(text: &str, settings: &SourceSettings) -> Vec<String> {
        let mut reader = open(text, settings).expect("a good header");
        let mut out = Vec::new();
        while let Some(row) = reader.read() {
            out.push(match row {
                Ok(r) => format!(
                    "{} {} {} {} {} {}",
                    r.line,
                    r.contact_id,
                    r.channel,
                    r.author,
                    r.sent_at
                        .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
                    r.text
                ),
                Err(e) => e.to_string(),
            });
        }
        out
    }

    fn row(line: &str) -> String {
        rows(&format!("{HEADER}\n{line}\n"), &SourceSettings::default()).remove(0)
    }

    #[test]
    fn columns_stand_in_any_order_and_most_are_optional() {
        let text = "text;Sent_At;direction;channel;contact_id;tags;phone;author;automatic\n\
                    \"hi; there\";2026-03-02T09:00:00Z;in;sms;c1;a;+5255;;\n\
                    back;2026-03-02T10:00:00+01:00;out;sms;c1;;;human;true\n\
                    x;2026-03-02T10:00:00+01:00;outbound;sms;c1\n";
        let mut reader = open(text, &SourceSettings::default()).expect("a good header");
        let first = reader.read().expect("a row").expect("good");
        assert_eq!(
            (first.line, first.author, first.channel),
            (2, Author::Contact, Channel::Sms)
        );
        assert_eq!(
            (first.text.as_ref(), first.phone.as_deref()),
            ("hi; there", Some("+5255"))
        );
        assert_eq!((first.name, first.automatic), (None, false));
        let second = reader.read().expect("a row").expect("good");
        assert_eq!(
            (second.author, second.automatic, second.tags),
            (Author::Human, true, None)
        );
        assert_eq!(
            reader.read().expect("a row").expect("good").author,
            Author::Bot
        );
        assert!(reader.read().is_none());
    }

    #[test]
    fn tabs_and_a_declared_delimiter_are_understood() {
        let good = "2 c1 sms contact 2026-03-02T09:00:00Z hi";
        let tabs =
            "contact_id\tchannel\tdirection\tsent_at\ttext\nc1\tsms\tin\t2026-03-02T09:00:00Z\thi";
        assert_eq!(rows(tabs, &SourceSettings::default()), [good]);
        let quoted = "\"sep=;\"\r\ncontact_id;channel;direction;sent_at;text\r\nc1;SMS;Incoming;2026-03-02T09:00:00Z;hi";
        assert_eq!(
            rows(quoted, &SourceSettings::default()),
            [good.replace("2 c1", "3 c1")]
        );
        let undeclared =
            "contact_id|channel|direction|sent_at|text\nc1|sms|in|2026-03-02T09:00:00Z|hi";
        assert_eq!(rows(undeclared, &SourceSettings::default()), [good]);
        let bars = "sep=|\r\ncontact_id|channel|direction|sent_at|text\r\nc1|sms|in|2026-03-02T09:00:00Z|hi";
        assert_eq!(
            rows(bars, &SourceSettings::default()),
            [good.replace("2 c1", "3 c1")]
        );
    }

    #[test]
    fn their_columns_and_values_are_mapped_to_ours() {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect()
        };
        let settings = SourceSettings {
            columns: map(&[
                ("contact_id", "Kunde"),
                ("direction", "Typ"),
                ("sent_at", "Wann"),
            ]),
            values: [(
                "direction".to_owned(),
                map(&[("eingehend", "inbound"), ("", "outbound")]),
            )]
            .into(),
            timezone: Zone::named("Europe/Berlin"),
            channel: Some(Channel::Email),
            ..SourceSettings::default()
        };
        assert_eq!(
            rows(
                "Kunde;Typ;Wann;text\nk1;eingehend;2026-07-02 09:00;ja\nk1;;2026-07-02 09:01:30;nein\n",
                &settings
            ),
            [
                "2 k1 email contact 2026-07-02T07:00:00Z ja",
                "3 k1 email bot 2026-07-02T07:01:30Z nein",
            ]
        );
        let fault = refused("Kunden;Typ;Wann;text\n", &settings);
        assert!(
            fault.contains("\"Kunde\" (which `columns` gives for contact_id) – is it \"Kunden\"?"),
            "{fault}"
        );
        let unknown = SourceSettings {
            columns: map(&[("contactid", "x")]),
            ..SourceSettings::default()
        };
        let fault = refused("x\n", &unknown);
        assert!(fault.contains("did you mean contact_id?"), "{fault}");
    }

    #[test]
    fn a_fault_in_the_header_refuses_the_file() {
        let none = SourceSettings::default();
        let fault = refused("contact id,channel,direction,text\nc1,sms,in,hi\n", &none);
        assert!(
            fault.contains("\"contact_id\" – is it \"contact id\"?, \"sent_at\""),
            "{fault}"
        );
        let fault = refused(&format!("{HEADER},text\n"), &none);
        assert!(
            fault.contains("columns 5 and 6 are both called \"text\""),
            "{fault}"
        );
        assert!(refused("", &none).contains("empty"));
        assert!(refused("\n\n", &none).contains("empty"));
        assert!(refused("contact_id,\"channel\n", &none).contains("never closed"));
        assert!(
            open(&format!("{HEADER},,\n"), &none).is_ok(),
            "nameless columns are nobody's"
        );
    }

    #[test]
    fn a_column_that_is_like_one_of_ours_is_noted() {
        let notes = |columns: &str| {
            let text = format!("{HEADER},{columns}\n");
            let reader = open(&text, &SourceSettings::default()).expect("a good header");
            reader.notes().to_vec()
        };
        assert_eq!(
            notes("nmae,pone"),
            [
                "column \"nmae\" is not used; did you mean `name`?",
                "column \"pone\" is not used; did you mean `phone`?"
            ]
        );
        for columns in [
            "name,nmae",
            "tags,tag",
            "campaign,price,",
            "Name,PHONE",
            "id,state",
        ] {
            assert!(notes(columns).is_empty(), "{columns}: {:?}", notes(columns));
        }
    }

    #[test]
    fn a_bad_row_says_what_is_wrong_and_what_to_write() {
        for (line, words) in [
            (
                ",sms,in,2026-03-02T09:00:00Z,hi",
                "line 2: contact_id: the cell is empty",
            ),
            (
                "c1,smoke,in,2026-03-02T09:00:00Z,hi",
                "channel: \"smoke\" is no channel; write one of live_chat, sms,",
            ),
            (
                "c1,sms,up,2026-03-02T09:00:00Z,hi",
                "direction: \"up\" is neither inbound (in) nor outbound (out)",
            ),
            (
                "c1,sms,in,soon,hi",
                "sent_at: \"soon\" is not a time; write it like 2026-03-02T09:00:00+01:00",
            ),
            (
                "c1,sms,in,2026-03-02T09:00:00,hi",
                "has no offset from UTC; set `timezone`",
            ),
            ("c1,sms,in,03/04/2026 10:00,hi", "set `date_order`"),
            (
                "c1,sms,in,2026-03-02T09:00:00Z,hi, you",
                "the row has 6 cells where the header has 5; put a text that contains `,`",
            ),
            ("c1,sms", "direction: \"\" is neither"),
            ("c1,sms,in,2026-03-02T09:00:00Z,\"hi", "is never closed"),
        ] {
            let said = row(line);
            assert!(said.contains(words), "{line}: {said}");
        }
        let text = format!("{HEADER},author\nc,sms,in,2026-03-02T09:00:00Z,x,bot\n");
        let said = rows(&text, &SourceSettings::default()).remove(0);
        assert!(
            said.contains("author: bot does not write inbound messages"),
            "{said}"
        );
    }

    #[test]
    fn s5_the_guard_of_an_export_is_taken_off() {
        assert_eq!(
            row("c1,sms,in,2026-03-02T09:00:00Z,'=1+1"),
            "2 c1 sms contact 2026-03-02T09:00:00Z =1+1"
        );
        assert_eq!(
            row("c1,sms,in,2026-03-02T09:00:00Z,'tis"),
            "2 c1 sms contact 2026-03-02T09:00:00Z 'tis"
        );
    }

    #[test]
    fn quoted_line_breaks_belong_to_the_text() {
        assert_eq!(
            row("c1,whatsapp,in,2026-03-02T09:00:00Z,\"one\ntwo\""),
            "2 c1 whatsapp contact 2026-03-02T09:00:00Z one\ntwo"
        );
    }
}
