use proptest::prelude::*;

use super::*;

type Row = Result<Vec<String>, Fault>;

fn rows(input: impl Read, delimiter: u8) -> Vec<(u64, Row)> {
    let mut rows = Rows::new(input, delimiter, 1);
    let mut out = Vec::new();
    while let Some(row) = rows.next().expect("memory does not fail") {
        out.push(match row {
            Ok(cells) => (cells.line(), Ok(cells.iter().map(str::to_owned).collect())),
            Err(fault) => (fault.line, Err(fault.kind)),
        });
    }
    out
}

fn row(line: u64, cells: &[&str]) -> (u64, Row) {
    (line, Ok(cells.iter().map(|c| (*c).to_owned()).collect()))
}

#[test]
fn rows_know_their_lines() {
    let text = "a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n,,\n\"q\"junk,p\"q\rlast,";
    assert_eq!(
        rows(text.as_bytes(), b','),
        [
            row(1, &["a", "b"]),
            row(3, &["x\r\ny", "say \"hi\""]),
            row(6, &["qjunk", "p\"q"]),
            row(7, &["last", ""]),
        ]
    );
}

#[test]
fn s15_long_cells_and_open_quotes_are_refused_and_the_rest_is_read() {
    let long = "x".repeat(CELL_LIMIT + 1);
    assert_eq!(
        rows(format!("a,{long}\nb,c\n").as_bytes(), b','),
        [(1, Err(Fault::CellTooLong(1))), row(2, &["b", "c"])]
    );
    let bomb = "x,\"\n\"".repeat(ROW_LIMIT);
    assert_eq!(
        rows(format!("{bomb}\nb,c\n").as_bytes(), b','),
        [
            (1, Err(Fault::RowTooLong)),
            row(ROW_LIMIT as u64 + 2, &["b", "c"])
        ]
    );
    assert_eq!(
        rows(b"a,b\nc,\"d\ne,f\n".as_slice(), b','),
        [row(1, &["a", "b"]), (2, Err(Fault::Unclosed))]
    );
    let open = format!("a,\"{}", "x\n".repeat(ROW_LIMIT));
    assert_eq!(rows(open.as_bytes(), b','), [(1, Err(Fault::Unclosed))]);
}

#[test]
fn rows_that_are_not_utf8_are_windows_1252_and_nul_is_refused() {
    assert_eq!(
        rows(
            b"a\xf1o,\"\"\"\x80\"\ncaf\xc3\xa9,b\nx\0,y\n\x81\xff,z\n".as_slice(),
            b','
        ),
        [
            row(1, &["año", "\"€"]),
            row(2, &["café", "b"]),
            (3, Err(Fault::Nul)),
            (4, Err(Fault::NotText)),
        ]
    );
}

/// Gives its bytes in pieces, as a pipe may.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(out.len()).min(self.0.len());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn by_csv_crate(text: &str) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.expect("text").iter().map(str::to_owned).collect())
        .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
        .collect()
}

proptest! {
    #[test]
    fn cells_are_those_of_the_csv_crate(text in "([a-z,\"\\r\\n ñ]|\"\"){0,60}", piece in 1usize..9) {
        let ours = rows(Pieces(text.as_bytes(), piece), b',');
        let closed = ours.iter().all(|(_, row)| row.is_ok());
        if closed {
            let ours: Vec<_> = ours.into_iter().filter_map(|(_, row)| row.ok()).collect();
            prop_assert_eq!(ours, by_csv_crate(&text));
        } else {
            prop_assert_eq!(ours.last().map(|(_, row)| row.clone()), Some(Err(Fault::Unclosed)));
        }
    }

    #[test]
    fn any_bytes_are_read_to_the_end(bytes: Vec<u8>) {
        let lines = bytes.len() as u64 + 1;
        prop_assert!(rows(bytes.as_slice(), b',').iter().all(|(line, _)| *line <= lines));
    }
}
