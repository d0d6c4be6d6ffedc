//! Marks that no person's message has: of templates, prompts, envelopes and markup, and characters that hide.

use std::sync::LazyLock;

use regex::Regex;

use super::claims::pattern;
use super::plain::{Plain, is_unseen, words};
use super::{Finding, FindingKind, Grounds, Ours};

static RAW: LazyLock<Vec<(FindingKind, Regex)>> = LazyLock::new(|| {
    [
        (
            FindingKind::RoleMarker,
            r"(?im)<\|[^\n]{0,40}\|?>|<\|?/?(?:im_start|im_end|endoftext|system|assistant|user|human|s|inst|eot_id|start_of_turn|end_of_turn|bos|eos|think|tool_call|function)\b[^>\n]{0,40}>|\[/?(?:inst|sys|system|user|assistant|out|end)\]|<</?sys>>|^\s*#{2,}\s*\w+|^\s*(?:-{3,}|={3,}|\*{3,}|_{3,})|\b(?:begin|end) (?:of )?(?:system|prompt|instructions?|conversation|message)\b|^\W{0,3}(?:system|sistema|assistant|asistente|assistente|user|usuario|usuário|utilisateur|benutzer|utente|human|humano|ai|ia|bot|chatbot|developer|admin|tool|function|instructions?|instrucciones|customer|client|cliente|contact|contacto|agent|agente|model|modelo|output|response|respuesta|input|prompt)\s*(?:\([^)\n]{0,30}\))?\s*[:>]",
        ),
        (
            FindingKind::Envelope,
            r#"(?im)"\s*(?:send|reason|message|language|text|role|content|type)\s*"\s*:|\\[nrtu"]|^\s*(?:message|mensaje|mensagem|nachricht|messaggio|text|texto|subject|asunto|assunto|objet|betreff|oggetto|re|fwd|to|from|draft|borrador|follow[ -]?up(?: message)?|seguimiento)\s*:|^\s*(?:sure|of course|certainly|okay|ok|claro|por supuesto|bien sûr|natürlich|certo|absolutely|great)\b[^\n]{0,12}[,!.:]?\s*(?:here(?:'s| is| are)|aquí (?:tienes|está|te)|aqui está|voici|hier ist|ecco)|^\s*(?:here(?:'s| is) (?:a|the|your|my|an)\b|aquí (?:tienes|está) (?:el|un|tu)\b|aqui está (?:a|o|uma)\b|voici (?:le|un|votre)\b|hier ist (?:die|eine|ihre)\b|ecco (?:il|un)\b)|\bjson\b|\b(?:null|undefined|NaN)\b|\bbase64\b|<!--|-->|&(?:nbsp|amp|lt|gt|quot|#\d+);|%[0-9a-f]{2}%[0-9a-f]{2}"#,
        ),
        (
            FindingKind::TemplateMark,
            r"\{\{|\}\}|\{%|%\}|\{#|\$\{|<%|%>|[{}]|%\(?[sd]\b|\$[A-Z_]{3,}\b",
        ),
        (
            FindingKind::Placeholder,
            r"(?i)\[[^\]\n]{1,60}\]|<\s*(?:your|tu|su|votre|ihr|nome|name|nombre|company|empresa|firma|date|fecha|time|hora|link|first|last|phone)\b[^>\n]{0,30}>|\b[xX]{3,}\b|_{3,}|\b(?:lorem ipsum|insert (?:name|date|link|time) here|your name here|tu nombre aquí)\b|(?-i:\bTODO\b|\bTBD\b)|\(\s*(?:your name|nombre|name|tu nombre|date|fecha|link|hora|time)\s*\)|…{2,}",
        ),
        (
            FindingKind::Markup,
            r"(?m)`|\*\*|__\w|~~|\]\(|^\s*#{1,6}\s+\S|^\s*>\s|^\s*[-*•]\s+\S[^\n]*\n+\s*[-*•]\s+\S|^\s*\d[.)]\s+\S[^\n]*\n+\s*\d[.)]\s+\S|</?[A-Za-z][^>\n]{0,60}>|!\[|\|\s*-{2,}",
        ),
    ]
    .map(|(kind, source)| (kind, pattern(source)))
    .into()
});

static SELF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\bas an? (?:ai|artificial|language|assistant|chat ?bot|virtual|helpful|bot)\b|\b(?:i am|i'm|am) (?:just |only )?an? (?:ai|artificial|language model|chat ?bot|bot|llm|machine|large language)\b|\b(?:ai|large|small)[ -]?(?:language )?models?\b|\blanguage models?\b|\bmodelos? de (?:lenguaje|linguagem|ia)\b|\bmodele de langage\b|\bsprachmodell\w*|\bmodello linguistico\b|\bcomo (?:una? )?(?:ia|inteligencia artificial|asistente|assistente|chatbot)\b|\bsoy una? (?:ia|inteligencia artificial|bot|chatbot|asistente|modelo)\b|\bsou uma? (?:ia|inteligencia artificial|bot|assistente|modelo)\b|\ben tant qu'?(?:e )?(?:ia|intelligence|assistant|modele)\b|\bje suis une? (?:ia|intelligence artificielle|assistant|robot|modele)\b|\bals (?:eine? )?(?:ki|kunstliche|sprachmodell|assistent)\b|\bich bin eine? (?:ki|kunstliche|chatbot|sprachmodell|bot)\b|\bcome (?:ia|intelligenza artificiale|assistente|modello)\b|\bsono un'?a? ?(?:ia|intelligenza|bot|assistente|modello)\b|\bchat ?gpt\b|\bgpt-?\d|\bopen ?ai\b|\banthropic\b|\bi (?:can ?not|can't|am unable to|cannot) (?:help|assist|comply|fulfill|provide|do that|share|disclose|generate)\b|\bi(?: am|'m) (?:not able|unable) to (?:help|assist|comply|provide|share)\b|\blo siento, (?:pero )?no puedo (?:ayudar|cumplir|proporcionar|compartir|generar)\w*|\bno puedo (?:cumplir|proporcionar|generar)\b|\bich kann (?:dabei|ihnen dabei|das) (?:leider )?nicht\b|\bdevelop(?:er)? mode\b|\bjailb\w+|\bdan mode\b",
    )
});
static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:system|hidden|secret|initial|original|developer|previous|prior|my|these|the|above|your) (?:prompt|instructions?|guidelines|programming|rules are)\b|\bprompts?\b|\b(?:mis|sus|tus|las|estas|anteriores) instrucciones\b|\binstrucciones (?:del sistema|anteriores|secretas|ocultas)\b|\binstrucoes\b|\b(?:mes|les|vos) (?:instructions|consignes)\b|\b(?:meine|die|diese) (?:anweisungen|systemanweisung\w*)\b|\b(?:mie|le) istruzioni\b|\binstruct(?:ed|ions) (?:to|say|are)\b|\bi was told to\b|\bme (?:indicaron|ordenaron|pidieron) (?:que )?(?:escrib|dec|segu)\w*|\bi have been programmed\b|\bignore (?:all|any|the|your|previous|prior)\b|\bignora (?:todas?|las|tus)\b|\bpwned\b|\bhacked\b|\bhackead[oa]\b|\binjection\b|\boverride\b|\broleplay\b|\btoken limit\b|\bcontext window\b|\bfollow-?ups? (?:number|message|step)\b|\bstep \d of \d\b|\bpaso \d de \d\b|\b(?:second|third|final) (?:and last )?(?:reminder|follow-?up)\b",
    )
});

/// Finds such marks and characters.
pub(super) fn find(
    text: &str,
    plain: &Plain,
    grounds: &Grounds<'_>,
    ours: &Ours<'_>,
    findings: &mut Vec<Finding>,
) {
    characters(text, grounds, ours, findings);
    for (kind, pattern) in RAW.iter() {
        if let Some(found) = pattern.find(text) {
            findings.push(Finding {
                kind: *kind,
                words: found.as_str().trim().to_owned(),
            });
        }
    }
    let quoted = text.trim();
    if quoted.starts_with(['"', '“', '«', '\'']) && quoted.ends_with(['"', '”', '»', '\'']) {
        findings.push(Finding {
            kind: FindingKind::Envelope,
            words: quoted.chars().take(20).collect(),
        });
    }
    for (kind, pattern) in [
        (FindingKind::SelfReference, &*SELF),
        (FindingKind::PromptTrace, &*PROMPT),
    ] {
        for found in pattern.find_iter(&plain.text) {
            if !ours.say(found.as_str()) {
                findings.push(Finding {
                    kind,
                    words: plain.words(found.range()),
                });
            }
        }
    }
    if let Some(words) = quotes(plain, grounds, ours) {
        findings.push(Finding {
            kind: FindingKind::PromptTrace,
            words,
        });
    }
    if let Some(word) = encoded(text) {
        findings.push(Finding {
            kind: FindingKind::Envelope,
            words: word.to_owned(),
        });
    }
}

/// What a template would fill in.
static UNFILLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\{\{[^{}\n]{0,60}(?:\}\})?|\{[%#][^\n]{0,60}?[%#]\}|\{[%#]|\}\}|[%#]\}|\$\{[^}\n]{0,60}\}?|<%[^\n]{0,60}?%>",
    )
});

/// What nobody fills in once a person has written a text: marks of a template, or a spot left open.
pub(super) fn unfilled(text: &str) -> Option<Finding> {
    let open = RAW
        .iter()
        .filter(|(kind, _)| *kind == FindingKind::Placeholder)
        .map(|(kind, pattern)| (*kind, pattern));
    let mut patterns = std::iter::once((FindingKind::TemplateMark, &*UNFILLED)).chain(open);
    patterns.find_map(|(kind, pattern)| {
        let words = pattern.find(text)?.as_str().trim().to_owned();
        Some(Finding { kind, words })
    })
}

/// How many words in a row show that a text was taken from the instructions.
const RUN: usize = 7;

/// A run of words that the text has from the instructions, and from nowhere else.
fn quotes(plain: &Plain, grounds: &Grounds<'_>, ours: &Ours<'_>) -> Option<String> {
    let told = crate::model::fold(grounds.instructions);
    let told: Vec<&str> = words(&told).collect();
    let told: std::collections::HashSet<&[&str]> = told.windows(RUN).collect();
    if told.is_empty() {
        return None;
    }
    let said: Vec<&str> = words(&plain.text).collect();
    let known = |run: &[&str]| {
        ours.grounds.iter().any(|g| {
            let ground: Vec<&str> = words(&g.text).collect();
            ground.windows(RUN).any(|w| w == run)
        })
    };
    let run = said
        .windows(RUN)
        .find(|run| told.contains(run) && !known(run))?;
    Some(run.join(" "))
}

/// A word that looks encoded: long, of letters and digits in both cases.
fn encoded(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| {
        let has = |what: fn(&u8) -> bool| word.bytes().filter(what).count() >= 2;
        word.len() >= 16
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'))
            && (has(u8::is_ascii_uppercase)
                && has(u8::is_ascii_lowercase)
                && has(u8::is_ascii_digit)
                || word.ends_with('=')
                || word.bytes().all(|b| b.is_ascii_hexdigit()))
    })
}

/// The first character that is not seen, or turns the direction of others.
pub(super) fn hidden(text: &str) -> Option<char> {
    let chars: Vec<char> = text.chars().collect();
    let at = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied().unwrap_or(' ');
    let hides = |place: usize, c: char| match c {
        '\n' => false,
        // Pictures are joined and coloured by unseen marks.
        '\u{200d}' => {
            let before = at(place.checked_sub(1));
            !(is_picture(before) || before == '\u{fe0f}') || !is_picture(at(Some(place + 1)))
        }
        '\u{fe0f}' => !is_picture(at(place.checked_sub(1))),
        '\u{2028}'
        | '\u{2029}'
        | '\u{fffd}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{e000}'..='\u{f8ff}' => true,
        c => is_unseen(c) || c.is_control(),
    };
    let mut places = chars.iter().copied().enumerate();
    places.find(|(place, c)| hides(*place, *c)).map(|(_, c)| c)
}

/// Letters and digits that are wide, circled, squared or styled.
fn styled(text: &str) -> Option<char> {
    let mut previous = ' ';
    text.chars().find(|c| {
        let before = std::mem::replace(&mut previous, *c);
        match c {
            '\u{ff01}'..='\u{ff5e}'
            | '\u{2460}'..='\u{24ff}'
            | '\u{1d400}'..='\u{1d7ff}'
            | '\u{1f100}'..='\u{1f1e5}'
            | '\u{2070}'..='\u{209c}'
            | '\u{2800}'..='\u{28ff}' => true,
            '\u{20dd}'..='\u{20e3}' => before.is_ascii_digit() || before == '\u{fe0f}',
            _ => false,
        }
    })
}

/// Characters that a follow-up has no use for: controls, unseen ones, other scripts, styled letters.
fn characters(text: &str, grounds: &Grounds<'_>, ours: &Ours<'_>, findings: &mut Vec<Finding>) {
    if let Some(c) = hidden(text).or_else(|| styled(text)) {
        findings.push(Finding {
            kind: FindingKind::Characters,
            words: c.escape_unicode().to_string(),
        });
        return;
    }
    // Many marks on one letter, and letters of other scripts: Cyrillic letters pose as Latin ones.
    let name = grounds.thread.contact.name.as_deref().unwrap_or_default();
    let known = |word: &str| {
        let named = |text: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|w| w == word)
        };
        named(name)
            || named(grounds.bot_name)
            || grounds.facts.iter().any(|f| named(f))
            || ours.messages.iter().any(|(_, m)| named(m))
    };
    for word in text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)) {
        let foreign = word.chars().any(|c| c.is_alphanumeric() && !is_latin(c));
        let mixed = foreign && word.chars().any(is_latin);
        let stacked = word.chars().filter(|c| is_mark(*c)).count() > word.chars().count() / 2;
        if mixed
            || (foreign && grounds.language.is_some() && !known(word))
            || (stacked && !word.is_empty())
        {
            findings.push(Finding {
                kind: FindingKind::Characters,
                words: word.to_owned(),
            });
            return;
        }
    }
}

const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Letters and digits that are written in our six languages and their neighbours.
const fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, 'ª' | 'º' | '¹' | '²' | '³' | '¼'..='¾' | 'À'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

const fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '©' | '®' | '™' | '\u{203c}' | '\u{2049}' | 'ℹ')
}
