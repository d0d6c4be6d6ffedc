//! Links, domains, email addresses and accounts, also where they are spelled out to hide.

use std::sync::LazyLock;

use regex::Regex;

use super::{Key, Work, pattern};
use crate::compose::guard::FindingKind;

/// What ends a domain when a person spells it out. One that is written with dots may end in anything.
const ENDINGS: &str = "com|net|org|info|biz|io|co|me|app|dev|xyz|top|site|online|shop|store|club|link|click|live|page|ly|ai|gg|tv|cc|es|mx|ar|cl|pe|uy|br|pt|fr|de|it|uk|us|eu|ca|ch|at|ru|cn|in|to|tk|gov|edu";
const DOT: &str = r"(?:\(\s*\.\s*\)|\[\s*\.\s*\]|\{\s*\.\s*\}|[(\[{<_-]?\s*\b(?:dot|punto|ponto|point|punkt)\b\s*[)\]}>_-]?)";

static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:[a-z][a-z0-9+.-]{1,20}|h..ps?)\s?:\s?/\s?/|(?:javascript|data|mailto|tel|sms|smsto|whatsapp|tg|viber|skype|intent|market|magnet|vbscript|file|blob|facetime|bitcoin|ethereum|upi|geo)\s?:)\s?[^\s\x01]+",
    )
});
static SPELLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b[a-z0-9][a-z0-9-]*(?:\s*{DOT}\s*[a-z0-9-]+)*\s*{DOT}\s*(?:{ENDINGS})\b(?:\s*(?:/|slash|barra)\s*[a-z0-9./_-]+)*"
    ))
});
/// "example .com", "example . com"; not "Hi.Com", which a Portuguese may begin a sentence with.
static SPACED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b[a-z0-9][a-z0-9-]*\s+\.\s*(?:com|net|org|info|io|app|xyz|shop|site|online|link|me|co|es|mx|ly)\b(?:/[^\s]*)?",
    )
});
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"[\p{{L}}\p{{N}}._%+'-]+\s*(?:@|[(\[{{]\s*(?:at|arroba|ät|chez|@)\s*[)\]}}]|\barroba\b)\s*[\p{{L}}\p{{N}}-]+(?:\s*(?:\.|{DOT})\s*[\p{{L}}\p{{N}}-]+)+|\b[a-z0-9._-]+\s+(?:at|chez|auf|chiocciola|klammeraffe)\s+[a-z0-9-]+\s*{DOT}\s*[a-z]{{2,}}"
    ))
});
static HANDLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^\p{L}\p{N}._])(@\s?[\p{L}\p{N}_][\p{L}\p{N}_.]+)"));
static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[^\s\x01"'()<>\[\]{},;!?¡¿]+"#));
static NETWORK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:telegram|signal app|wechat|snapchat|discord|instagram|insta|facebook|messenger|tiktok|whatsapp|viber|skype|kik|onlyfans|twitter|linkedin|youtube|zelle|venmo|cash ?app|google|t\.me)\b",
    )
});

pub(super) fn find(work: &mut Work<'_>) {
    work.take(&EMAIL, FindingKind::Email, |c, _| {
        let whole = c.get(0)?;
        let mut text = whole.as_str().to_owned();
        for (word, sign) in [
            ("arroba", "@"),
            (" at ", "@"),
            ("(at)", "@"),
            ("[at]", "@"),
            ("punto", "."),
            ("ponto", "."),
            ("point", "."),
            ("punkt", "."),
            ("dot", "."),
        ] {
            if !text.contains(sign) || sign == "." {
                text = text.replace(word, sign);
            }
        }
        text.retain(|c| !c.is_whitespace() && !"()[]{}".contains(c));
        Some((Key::Email(text), whole.range()))
    });
    work.take(&SCHEME, FindingKind::Link, |c, _| {
        let whole = c.get(0)?;
        Some((link(whole.as_str()), whole.range()))
    });
    work.take(&SPELLED, FindingKind::Link, |c, _| {
        let whole = c.get(0)?;
        let mut text = whole.as_str().to_owned();
        for word in ["dot", "punto", "ponto", "point", "punkt"] {
            text = text.replace(word, ".");
        }
        text.retain(|c| !c.is_whitespace() && !"()[]{}<>_".contains(c));
        Some((link(&text), whole.range()))
    });
    work.take(&SPACED, FindingKind::Link, |c, _| {
        let whole = c.get(0)?;
        let text: String = whole.as_str().split_whitespace().collect();
        Some((link(&text), whole.range()))
    });
    work.take(&TOKEN, FindingKind::Link, |c, _| {
        let whole = c.get(0)?;
        let token = whole
            .as_str()
            .trim_end_matches(['.', ':', '-', '_', '*', '~', '…', '/']);
        let token_start = token.len() - token.trim_start_matches(['.', '*', '_', '~', '-']).len();
        let token = token.get(token_start..)?;
        is_domain(token).then(|| {
            let start = whole.start() + token_start;
            (link(token), start..start + token.len())
        })
    });
    work.take(&HANDLE, FindingKind::Handle, |c, _| {
        let handle = c.get(1)?;
        let name = handle.as_str().trim_end_matches('.');
        let key = name.split_whitespace().collect();
        Some((
            Key::Handle(key),
            handle.start()..handle.start() + name.len(),
        ))
    });
    work.take(&NETWORK, FindingKind::Handle, |c, _| {
        let network = c.get(0)?;
        Some((Key::Handle(network.as_str().to_owned()), network.range()))
    });
}

/// A link without scheme, `www.` and the signs after it.
fn link(written: &str) -> Key {
    let bare: String = written.split_whitespace().collect();
    let rest = match bare.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        _ => &bare,
    };
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let rest = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '/', '"', '\'', '*']);
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    Key::Link(host.to_owned(), path.to_owned())
}

/// Whether a word between spaces is a domain, perhaps with a path: letters on both sides of a dot, the last of
/// at least two. "p.m.", "e.g.", "S.A." and "1.5" are none.
fn is_domain(token: &str) -> bool {
    if token.contains("xn--") {
        return true;
    }
    let host = token.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    if labels.len() == 4 && labels.iter().all(|l| l.parse::<u8>().is_ok()) {
        return true;
    }
    let whole = |label: &&str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_' || !c.is_ascii())
    };
    let [first @ .., last] = labels.as_slice() else {
        return false;
    };
    let has_path = token.len() > host.len() + 1;
    !first.is_empty()
        && labels.iter().all(whole)
        && last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && first.iter().any(|l| l.chars().any(char::is_alphanumeric))
        // "p.ej", "z.bsp", "u.s.a", "a.m": abbreviations of single letters.
        && (has_path
            || first.iter().any(|l| l.chars().count() > 1)
            || matches!(*last, "co" | "me" | "io" | "ly" | "gg" | "cc" | "com" | "net" | "org"))
        // "8.30h", "9.00uhr"
        && !first.iter().all(|l| l.bytes().all(|b| b.is_ascii_digit())
            && matches!(*last, "am" | "pm" | "uhr" | "hs" | "hrs" | "st" | "nd" | "rd" | "th"))
}
