//! HTML as text: what a person would read, with a line for each block.

use std::borrow::Cow;

/// Elements of which nothing is read.
const HIDDEN: [&str; 6] = ["head", "style", "script", "template", "title", "noscript"];
/// Elements that begin and end a line.
const BLOCKS: [&str; 27] = [
    "p",
    "div",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "hr",
    "section",
    "article",
    "header",
    "footer",
    "form",
    "address",
    "figure",
    "dl",
    "dt",
    "dd",
    "br",
];
const ENTITIES: [(&str, char); 40] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("euro", '€'),
    ("pound", '£'),
    ("copy", '©'),
    ("reg", '®'),
    ("aacute", 'á'),
    ("eacute", 'é'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("ntilde", 'ñ'),
    ("uuml", 'ü'),
    ("ouml", 'ö'),
    ("auml", 'ä'),
    ("szlig", 'ß'),
    ("ccedil", 'ç'),
    ("agrave", 'à'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("ocirc", 'ô'),
    ("atilde", 'ã'),
    ("otilde", 'õ'),
    ("bull", '•'),
    ("middot", '·'),
];

/// What a text in HTML says. Quotations of other emails are left out.
pub(crate) fn to_text(html: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'<', b'&', html.as_bytes()).is_none() {
        return Cow::Borrowed(html.trim());
    }
    let mut out = Text::default();
    let mut rest = html;
    // The element of which nothing is read, and how many of its kind are open.
    let mut hidden: Option<(&str, usize)> = None;
    while !rest.is_empty() {
        let Some(start) = memchr::memchr2(b'<', b'&', rest.as_bytes()) else {
            out.words(rest, hidden.is_none());
            break;
        };
        out.words(&rest[..start], hidden.is_none());
        rest = &rest[start..];
        if rest.starts_with('&') {
            let (c, length) = entity(rest);
            if hidden.is_none() {
                out.letter(c);
            }
            rest = &rest[length..];
            continue;
        }
        let Some(tag) = Tag::read(rest) else {
            out.words("<", hidden.is_none());
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.length..];
        match &mut hidden {
            Some((name, open)) if tag.name.eq_ignore_ascii_case(name) => {
                *open = if tag.closes {
                    *open - 1
                } else {
                    *open + usize::from(!tag.is_empty)
                };
                if *open == 0 {
                    hidden = None;
                }
            }
            Some(_) => {}
            None if tag.ends_the_letter() && !out.out.is_empty() => break,
            None if !tag.closes && !tag.is_empty && tag.is_hidden() => hidden = Some((tag.name, 1)),
            None => {
                let name = tag.name.to_ascii_lowercase();
                if name == "br" || BLOCKS.contains(&name.as_str()) {
                    out.line(name == "br");
                } else if matches!(name.as_str(), "td" | "th") {
                    out.letter(' ');
                }
            }
        }
    }
    Cow::Owned(out.done())
}

/// A tag, or a comment.
struct Tag<'a> {
    name: &'a str,
    rest: &'a str,
    closes: bool,
    is_empty: bool,
    length: usize,
}

impl<'a> Tag<'a> {
    /// The tag at the beginning of `html`, which begins with `<`; `None` when it is a mere `<`.
    fn read(html: &'a str) -> Option<Self> {
        let none = |length| Self {
            name: "",
            rest: "",
            closes: false,
            is_empty: true,
            length,
        };
        if html.starts_with("<!--") {
            return Some(none(html.find("-->").map_or(html.len(), |n| n + 3)));
        }
        let closes = html.starts_with("</");
        let inner = &html[if closes { 2 } else { 1 }..];
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
            return None;
        }
        let end = end_of_tag(html)?;
        let inner = &html[html.len() - inner.len()..end];
        let cut = inner
            .find(|c: char| c.is_ascii_whitespace() || c == '/')
            .unwrap_or(inner.len());
        let (name, rest) = inner.split_at(cut);
        let is_empty = rest.ends_with('/');
        Some(Self {
            name,
            rest,
            closes,
            is_empty,
            length: end + 1,
        })
    }

    /// Whether only what is quoted follows: what Outlook puts before it has no end.
    fn ends_the_letter(&self) -> bool {
        let marks = ["divRplyFwdMsg", "appendonsend"];
        !self.closes
            && self.name.eq_ignore_ascii_case("div")
            && marks.iter().any(|mark| self.rest.contains(mark))
    }

    /// Whether nothing of it is read: no text, or the quotation of another email.
    fn is_hidden(&self) -> bool {
        let is = |names: &[&str]| names.iter().any(|n| self.name.eq_ignore_ascii_case(n));
        let quotes = [
            "gmail_quote",
            "yahoo_quoted",
            "moz-cite-prefix",
            "type=\"cite\"",
            "divRplyFwdMsg",
            "protonmail_quote",
            "tutanota_quote",
            "zmail_extra",
            "name=\"quote\"",
            "reference-message",
        ];
        is(&HIDDEN) || is(&["div", "blockquote"]) && quotes.iter().any(|q| self.rest.contains(q))
    }
}

/// Where the `>` of a tag is, which may stand in quotes before.
fn end_of_tag(html: &str) -> Option<usize> {
    const LONGEST: usize = 64 << 10;
    let mut quote = None;
    for (at, b) in html.bytes().enumerate().take(LONGEST) {
        match (b, quote) {
            (b'>', None) => return Some(at),
            (b'"' | b'\'', None) => quote = Some(b),
            (b, Some(q)) if b == q => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed ends with the tag.
    html.find('>').filter(|at| *at < LONGEST)
}

/// The letter of the entity at the beginning of `html`, and its length; `&` itself when it is none.
fn entity(html: &str) -> (char, usize) {
    let end = html.bytes().take(12).position(|b| b == b';');
    let Some(end) = end else { return ('&', 1) };
    let name = &html[1..end];
    let code = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
        Some(digits) => digits.parse().ok(),
        None => None,
    };
    let named = || ENTITIES.iter().find(|(n, _)| *n == name).map(|(_, c)| *c);
    let letter = code
        .and_then(char::from_u32)
        .filter(|c| *c != '\0')
        .or_else(named);
    letter.map_or(('&', 1), |c| (if c == '\u{a0}' { ' ' } else { c }, end + 1))
}

/// Text under way: blanks are one, empty lines at most one.
#[derive(Default)]
struct Text {
    out: String,
    blank: bool,
    /// Line ends that come before the next word.
    lines: usize,
}

impl Text {
    fn words(&mut self, text: &str, read: bool) {
        if !read {
            return;
        }
        for (n, word) in text
            .split(|c: char| c.is_ascii_whitespace() || c == '\u{a0}')
            .enumerate()
        {
            self.blank |= n > 0;
            if !word.is_empty() {
                self.before();
                self.out.push_str(word);
            }
        }
    }

    fn letter(&mut self, c: char) {
        if c == ' ' {
            self.blank = true;
        } else {
            self.before();
            self.out.push(c);
        }
    }

    /// A line ends; `forced` even where one has just ended.
    fn line(&mut self, forced: bool) {
        self.lines = if forced {
            (self.lines + 1).min(2)
        } else {
            self.lines.max(1)
        };
        self.blank = false;
    }

    fn before(&mut self) {
        if self.out.is_empty() {
            self.lines = 0;
        } else if self.lines > 0 {
            self.out
                .push_str(if self.lines > 1 { "\n\n" } else { "\n" });
        } else if self.blank {
            self.out.push(' ');
        }
        (self.lines, self.blank) = (0, false);
    }

    fn done(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_is_read_as_a_person_would() {
        for (html, text) in [
            ("plain", "plain"),
            (
                "<p>this is the message body</p>",
                "this is the message body",
            ),
            (
                "<p>Hi&nbsp;there,</p>\n<p>a &lt;b&gt; &amp; c&#39;s &#x1F600; &nope; &</p>",
                "Hi there,\na <b> & c's 😀 &nope; &",
            ),
            (
                "<div>one</div><div>two<br>three<br/><br/>four</div>",
                "one\ntwo\nthree\n\nfour",
            ),
            ("<ul><li>a</li><li>b <b>c</b></li></ul>", "a\nb c"),
            (
                "<style>p{}</style><!-- <p>x</p> --><script>1<2</script>ok 1 < 2",
                "ok 1 < 2",
            ),
            ("<a href=\"x>y\">link</a>", "link"),
            (
                "yes<div class=\"gmail_quote\">On Monday:<div>old</div></div> thanks",
                "yes thanks",
            ),
            (
                "<div>yes</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> x</div><div>old</div>",
                "yes",
            ),
            (
                "<div id=\"divRplyFwdMsg\"><b>From:</b> x</div><div>forwarded</div>",
                "forwarded",
            ),
            (
                "yes<div class=\"protonmail_quote\">On Monday, x wrote:<blockquote>old</blockquote></div>",
                "yes",
            ),
            ("<p>unclosed <b", "unclosed <b"),
            ("<head><title>x</title></head><body>y", "y"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_html_is_read_to_the_end(html in "(<[a-z/!\"'= -]{0,8}>?|&#?x?[a-z0-9]{0,4};?|[a-z é<&]){0,30}") {
            to_text(&html);
        }
    }
}
