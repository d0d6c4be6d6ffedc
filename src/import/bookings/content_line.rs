//! The content lines of RFC 5545: folded lines put together, and cut into name, parameters and value.

use std::io::Read;

use crate::import::ReadError;
use crate::import::lines::Lines;
use crate::import::rows::RowFault;

/// The longest line that is kept, put together; the rest of a longer one, a description's, is left out.
const MOST: usize = 64 << 10;

/// Content lines, each with the line on which it begins.
pub(super) struct ContentLines {
    lines: Lines<Box<dyn Read + Send>>,
    next: Option<(u64, String)>,
}

impl ContentLines {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            lines: Lines::new(input),
            next: None,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, String)>, ReadError> {
        loop {
            let physical = match self.lines.next()? {
                None => return Ok(self.next.take()),
                Some(Err(RowFault { .. })) => continue, // longer than 8 MiB: some attachment
                Some(Ok((number, bytes))) => (number, String::from_utf8_lossy(bytes)),
            };
            let (number, text) = physical;
            match (text.strip_prefix([' ', '\t']), &mut self.next) {
                (Some(rest), Some((_, line))) => {
                    let room = MOST.saturating_sub(line.len());
                    line.extend(rest.chars().take(room));
                }
                _ => {
                    let line = text.trim_end_matches('\r').chars().take(MOST).collect();
                    if let Some(whole) = self.next.replace((number, line)) {
                        return Ok(Some(whole));
                    }
                }
            }
        }
    }
}

/// A property: `NAME;PARAMETER=VALUE:VALUE`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property<'a> {
    pub(super) name: String,
    parameters: Vec<(String, &'a str)>,
    pub(super) value: &'a str,
}

impl<'a> Property<'a> {
    /// Cuts a content line; `None` when it is none.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let mut cuts = Vec::new();
        let mut value = None;
        for (at, c) in line.char_indices() {
            match c {
                '"' => quoted = !quoted,
                ';' if !quoted => cuts.push(at),
                ':' if !quoted => {
                    value = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let value = value?;
        cuts.retain(|at| *at < value);
        cuts.push(value);
        let mut parts = cuts.windows(2).map(|w| &line[w[0] + 1..w[1]]);
        let name = line[..*cuts.first()?].trim().to_ascii_uppercase();
        let parameters = parts.by_ref().filter_map(|part| {
            let (key, value) = part.split_once('=')?;
            Some((key.trim().to_ascii_uppercase(), value.trim_matches('"')))
        });
        Some(Self {
            parameters: parameters.collect(),
            value: line[value + 1..].trim(),
            name,
        })
    }

    /// A parameter's value.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_cut() {
        let text = "DESCRIPTION;X=\"a:b;c\":Call \r\n +1 555\r\n\t 0101\r\nEND:VEVENT\r\n";
        let mut lines = ContentLines::new(Box::new(std::io::Cursor::new(text)));
        let (number, line) = lines.next().unwrap().unwrap();
        assert_eq!(
            (number, line.as_str()),
            (1, "DESCRIPTION;X=\"a:b;c\":Call +1 555 0101")
        );
        let property = Property::of(&line).unwrap();
        assert_eq!(
            (property.name.as_str(), property.parameter("X")),
            ("DESCRIPTION", Some("a:b;c"))
        );
        assert_eq!(lines.next().unwrap(), Some((4, "END:VEVENT".to_owned())));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(Property::of("no property"), None);
    }
}
