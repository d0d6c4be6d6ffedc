//! Whether a text is in the contact's language. Short texts prove little: it takes several telling words, or a
//! longer text that a recogniser is sure of, to say that it is another.

use whatlang::{Detector, Lang};

use super::plain::{Plain, words};
use super::{Finding, FindingKind, Grounds};
use crate::model::Language;

/// Common words of each language, without accents.
const COMMON: [(Language, &str); 6] = [
    (
        Language::En,
        "the and you your are is to of for with have has was would can could this that we our us i my me please thanks thank hello hi hey again still there just when what how if it at do did any good time help let know here will not be or like more now soon anything else question questions reply message",
    ),
    (
        Language::Es,
        "el la los las un una de del que y en con para por su tu te le lo se es esta estas si no mi me nos hola gracias sigues sigue quieres quiere puedo puede podemos cuando como hay algo mas alguna duda dudas aqui usted ustedes estoy muy bien buen buenos buenas dia dias gusto cualquier ayudar ayudarte ayudarle mensaje todavia aun ahora bueno hacer ya responder seguimos retomar",
    ),
    (
        Language::Pt,
        "o a os as um uma de do da dos das que e em no na com para por seu sua voce voces te se nao sim meu minha ola oi obrigado obrigada posso pode podemos quando como ha algo mais alguma duvida duvidas aqui estou muito bem bom dia boa tarde noite tudo ainda agora mensagem ajudar ajuda continuar fico disposicao pra ja",
    ),
    (
        Language::Fr,
        "le la les un une de du des que et en avec pour par votre vos vous je nous est etes suis si pas ne mon ma bonjour bonsoir merci puis pouvez quand comment il y a plus aide question questions ici tres bien toujours encore moment message besoin au aux ce cette ou sur dans souhaitez voulez",
    ),
    (
        Language::De,
        "der die das ein eine einen und zu mit fur sie ihr ihre ihnen ich wir ist sind haben habe nicht noch wenn wann wie kann konnen gern gerne hallo guten tag danke bitte auf im in den dem bei es uns mir mich weiter weitermachen frage fragen nachricht hier da auch jetzt oder schon etwas",
    ),
    (
        Language::It,
        "il lo la gli le un una di del della che e in con per suo sua lei ti si non mio mia ciao salve buongiorno grazie posso puo possiamo quando come ce c'e qualcosa piu dubbio domanda domande qui sono molto bene ancora ora messaggio aiutare aiuto continuare da dove e ha vuole volentieri disposizione",
    ),
];

/// A recogniser needs this many bytes.
const LONG: usize = 40;

/// Finds a text in another language than the contact's, or a sentence in one.
pub(super) fn find(plain: &Plain, grounds: &Grounds<'_>, findings: &mut Vec<Finding>) {
    let Some(wanted) = grounds.language else {
        return;
    };
    let mut found = |words: &str| {
        findings.push(Finding {
            kind: FindingKind::Language,
            words: words.chars().take(60).collect(),
        });
    };
    if is_other(plain.raw(), &plain.text, wanted) {
        return found(plain.raw().trim());
    }
    for sentence in plain.sentences() {
        let text = plain.text.get(sentence.clone()).unwrap_or_default();
        let raw = plain.words(sentence);
        if words(text).count() >= 4 && is_other(&raw, text, wanted) {
            return found(&raw);
        }
    }
}

fn is_other(raw: &str, text: &str, wanted: Language) -> bool {
    let count = |language: Language| {
        let common = COMMON.iter().find(|(l, _)| *l == language);
        let common = common.map_or("", |(_, words)| words);
        words(text)
            .filter(|w| common.split(' ').any(|c| c == *w))
            .count()
    };
    let own = count(wanted);
    let others = Language::ALL.iter().copied().filter(|l| *l != wanted);
    let most = others.map(count).max().unwrap_or_default();
    if most >= 3 && most > 2 * own {
        return true;
    }
    if raw.len() < LONG || own * 4 > words(text).count() {
        return false;
    }
    // The recogniser knows languages that we have no words of, too.
    let recognised = Detector::new().detect(raw);
    let sure = recognised.filter(whatlang::Info::is_reliable);
    sure.is_some_and(|info| info.lang() != lang(wanted)) && most.max(1) > own
        || own == 0 && words(text).count() >= 6
}

const fn lang(language: Language) -> Lang {
    match language {
        Language::En => Lang::Eng,
        Language::Es => Lang::Spa,
        Language::Pt => Lang::Por,
        Language::Fr => Lang::Fra,
        Language::De => Lang::Deu,
        Language::It => Lang::Ita,
    }
}
