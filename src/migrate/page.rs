//! The file in the making, and the list of what is not in it.

/// A `followup.toml` that is written line by line.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) toml: String,
    pub(super) missed: Vec<String>,
    /// The workflows that steps name.
    pub(super) workflows: Vec<String>,
    /// Whether a text can go out as a template, and why not.
    pub(super) accepts: fn(&str) -> Result<(), String>,
}

/// How wide comments are.
const WIDTH: usize = 100;

impl Page {
    pub(super) fn new(accepts: fn(&str) -> Result<(), String>) -> Self {
        Self {
            toml: String::new(),
            missed: Vec::new(),
            workflows: Vec::new(),
            accepts,
        }
    }

    pub(super) fn line(&mut self, line: &str) {
        self.toml.push_str(line.trim_end());
        self.toml.push('\n');
    }

    /// A line, and where it came from.
    pub(super) fn from(&mut self, line: &str, origin: &str) {
        let gap = " ".repeat(40usize.saturating_sub(line.chars().count()).max(2));
        self.line(&format!("{line}{gap}# {}", one_line(origin)));
    }

    pub(super) fn comment(&mut self, words: &str) {
        self.block("#", &one_line(words));
    }

    /// Something that is not carried over: said here, and in the list.
    pub(super) fn miss(&mut self, words: String) {
        let words = one_line(&words);
        self.block("#", &format!("NOT CARRIED OVER: {words}"));
        self.missed.push(words);
    }

    fn block(&mut self, mark: &str, words: &str) {
        let mut line = String::from(mark);
        for word in words.split(' ') {
            if line.len() > mark.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = String::from(mark);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }
}

/// Text for a comment: what would end its line, or is not seen, is escaped.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            c if c.is_control() || is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A value as TOML has it: JSON's escapes are all TOML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// A value in words: quoted, and not too long.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    let cut: String = text.chars().take(MOST).collect();
    let mark = if cut.len() < text.len() { "…" } else { "" };
    format!("“{}{mark}”", one_line(&cut))
}
