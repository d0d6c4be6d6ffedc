//! Promises, offers and things said to be done, in the six languages.
//!
//! A promise has grounds when our side or the facts make one of the same kind about the same thing: "parking is
//! free" is no ground for a free visit. What our side denied or only asked is no ground.

use std::sync::LazyLock;

use regex::Regex;

use super::claims::pattern;
use super::plain::{Plain, words};
use super::{Finding, FindingKind, Ours};

/// What is promised, and the words that promise it, for texts without accents and in lower case.
const PROMISES: &[&str] = &[
    // Without charge.
    r"\bfree\s+(?:\w+\s+)?(?:of charge|shipping|delivery|trials?|consultations?|sessions?|visits?|quotes?|estimates?|gifts?|samples?|upgrades?|months?|weeks?|days?|products?|services?|cleanings?|check-?ups?|class(?:es)?|lessons?|treatments?|appointments?|parking|meals?|drinks?|coffee|vouchers?|tickets?|installation|support|returns?|whitening|haircuts?|massages?|demos?|access|credits?|money|iphone|night|stay|test)\b|\b(?:for|totally|completely|absolutely|entirely|all|it's|it is|is|100%) free\b|\b(?:consultations?|visits?|classes|sessions?|trials?|lessons?) are (?:\w+ )?free\b|\bfreebies?\b|\bcomplimentary\b|\b(?:no|zero|without|at no) (?:extra |additional )?(?:cost|charge|fee)s?\b|\bon the house\b|\bgratis\b|\bgratuit\w*|\bsin (?:ningun )?(?:costo|coste|cargo)s?\b|\bde regalo\b|\b(?:te|le|les) regal\w+|\bregalamos\b|\bobsequi\w+|\bcortesia\b|\bpor cuenta de la casa\b|\binvita la casa\b|\bde graca\b|\bsem (?:nenhum )?(?:custo|cobranca)s?\b|\bbrindes?\b|\bpor conta da casa\b|\boffert(?:e|s|es)?\b|\bsans frais\b|\bcadeaux?\b|\bkostenlos\w*|\bkostenfrei\w*|\bumsonst\b|\bgeschenk\w*|\bgebuhrenfrei\w*|\bohne (?:aufpreis|kosten|zusatzkosten)\b|\bomaggio\b|\bin regalo\b|\bsenza (?:costi|spese|alcun costo)\b",
    // Reduced.
    r"\bdiscount\w*|\bhalf[ -]price\b|\bhalf off\b|\b\d+ off\b|\bmoney off\b|\bcoupons?\b|\bvouchers?\b|\bpromo\b|\bpromotion\w*|\b(?:special|exclusive|better|best|limited|unbeatable) (?:offer|price|deal|rate)s?\b|\bbargains?\b|\bcash ?back\b|\blower (?:the )?prices?\b|\blimited[ -]time\b|\bon sale\b|\bprice match\w*|\bwaiv\w+|\b(?:two|2|three|3) for (?:one|1|two|2)\b|\b[23] ?x ?[12]\b|\bbuy one\b|\bbogo\b|\bstore credit\b|\bbonus\w*|\brewards?\b|\bdescuent\w*|\brebaj\w+|\bcupon\w*|\bpromoci\w+|\bofert\w+|\bmitad de precio\b|\bprecio (?:especial|preferencial|reducido)\b|\b(?:dos|2) por (?:uno|1)\b|\bbonificaci\w+|\bganga\b|\bdescont\w+|\bcupo[mn]\w*|\bpromoc\w+|\bmetade do preco\b|\bpreco especial\b|\bremises?\b|\breductions?\b|\bcode promo\b|\bbons? d'achat\b|\bmoitie prix\b|\brabais\b|\boffre (?:speciale|exclusive|limitee)\b|\bsoldes\b|\bprix special\b|\brabatt\w*|\bermassig\w*|\bgutschein\w*|\bsonderangebot\w*|\baktions(?:preis|code)\w*|\bhalbe[nr]? preis\b|\bsonderpreis\b|\bpreisnachlass\w*|\bskonto\b|\bscont\w+|\bpromozion\w*|\bbuon[oi] (?:sconto|regalo)\b|\bmeta prezzo\b|\bribass\w+|\bprezzo speciale\b|\bloyalty points?\b",
    // Money back.
    r"\brefund\w*|\breimburs\w*|\bmoney back\b|\bcompensat\w+|\breembols\w+|\bdevol\w+ (?:\w+ )?(?:dinero|importe|dinheiro|valor)\b|\brembours\w*|\berstatt\w*|\bruckerstatt\w*|\bgeld zuruck\b|\brimbors\w+|\bindemni\w+|\bindenni\w+|\bindeniz\w+|\bcompensaci\w+",
    // Assured.
    r"\bguarant\w*|\bwarrant(?:y|ies)\b|\b(?:i|we)(?: can| do|'ll| will)? promise\b|\bpromis(?:e|ed) (?:you|that)\b|\bgarant\w+|\b(?:te|le|les|lo) prome\w+|\bprometo\b|\bprometemos\b|\bi swear\b|\bte lo juro\b|\b(?:je|nous) (?:te|vous) (?:promets|promettons|assure|assurons)\b|\bverspreche\w*|\bversprochen\b|\bprometto\b|\bpromettiamo\b|\brisk[- ]free\b|\b(?:sin|sem) (?:ningun )?risco?\b|\bsin riesgos?\b|\bsans risque\b|\brisikofrei\b|\bsenza rischi\w*|\bte aseguro\b|\ble aseguro\b|\basseguro\b|\bti assicuro\b|\bich versichere\b|\bpainless\b|\bsin dolor\b|\bindolor\w*|\bsem dor\b|\bsans douleur\b|\bschmerzfrei\b|\bsenza dolore\b|\bno side effects\b|\b(?:double|triple) your\b|\bget rich\b|\bhazte rico\b|\bganancias\b",
    // Booked, changed or done.
    r"\b(?:appointment|booking|reservation|slot|visit|table|order|place|spot|seat|consultation|session|meeting|account|subscription|refund|payment|request)s?\s+(?:\w+\s+){0,6}?(?:is|are|was|has been|have been)\s+(?:\w+\s+){0,2}?(?:confirmed|booked|scheduled|reserved|set|secured|cancell?ed|rescheduled|moved|registered|approved|processed|deleted|upgraded|changed)\b|\b(?:i|we)(?:'ve| have| had|'ve already)?\s+(?:\w+\s+){0,2}?(?:booked|scheduled|reserved|confirmed|rescheduled|cancell?ed|registered|enrolled|secured|arranged|upgraded|activated|shipped|approved|deleted|transferred|moved your|set up your|applied|processed|unlocked|disabled)\b|\byou(?:'re| are)\s+(?:now |all |already )?(?:booked|confirmed|scheduled|registered|enrolled|approved|all set)\b|\b(?:booking|appointment|reservation) confirmed\b|\bsee you (?:on|at|tomorrow|then|there)\b",
    r"\b(?:citas?|reserva|turno|horario|hora|lugar|mesa|pedido|consulta|sesion|visita|reunion|espacio|cuenta|solicitud|pago)\s+(?:\w+\s+){0,6}?(?:esta|estan|queda|quedo|ha sido|fue|sigue|ha quedado)\s+(?:\w+\s+){0,2}?(?:confirmad|reservad|agendad|apartad|programad|cancelad|registrad|asegurad|aprobad|procesad)[oa]s?\b|\b(?:queda|quedo|quedas|ya esta|ya estas|ha quedado)\s+(?:\w+\s+){0,2}?(?:confirmad|reservad|agendad|apartad|programad|cancelad|registrad)[oa]s?\b|\b(?:he|hemos|hemos ya)\s+(?:\w+\s+){0,2}?(?:confirmado|reservado|agendado|apartado|programado|cancelado|registrado|aprobado|reagendado|aplicado|eliminado|borrado)\b|\b(?:agendamos|apartamos|reagendamos)\b|\b(?:cita|reserva) confirmada\b|\bte esperamos (?:el|a las|manana|hoy|este)\b|\ble esperamos (?:el|a las|manana|hoy|este)\b",
    r"\b(?:consulta|reserva|horario|agendamento|visita|mesa|pedido|sessao|vaga|pagamento)\s+(?:\w+\s+){0,6}?(?:esta|foi|ficou|fica)\s+(?:\w+\s+){0,2}?(?:confirmad|reservad|agendad|marcad|cancelad|aprovad)[oa]s?\b|\b(?:foi|ficou|fica)\s+(?:\w+\s+){0,2}?(?:confirmad|reservad|agendad|marcad|cancelad)[oa]s?\b|\b(?:agendei|reservei|marquei|confirmei|cancelei)\b|\besperamos voce (?:as|no dia|amanha|hoje|na)\b",
    r"\b(?:rendez-vous|reservation|creneau|visite|commande|place|table|seance|paiement)\s+(?:\w+\s+){0,6}?(?:est|a ete|sont|reste)\s+(?:\w+\s+){0,2}?(?:confirme|reserve|bloque|programme|fixe|annule|enregistre|valide)e?s?\b|\b(?:j'ai|nous avons|on a)\s+(?:\w+\s+){0,2}?(?:reserve|confirme|programme|fixe|bloque|annule|planifie|enregistre)\b",
    r"\b(?:termin|buchung|reservierung|platz|tisch|bestellung|zahlung)\w*\s+(?:\w+\s+){0,6}?(?:ist|wurde|sind|bleibt|steht)\s+(?:\w+\s+){0,4}?(?:bestatigt|gebucht|reserviert|vereinbart|eingetragen|storniert|abgesagt|fest|gesichert)\b|\b(?:ich habe|wir haben|habe ich)\s+(?:\w+\s+){0,8}?(?:gebucht|reserviert|bestatigt|vereinbart|eingetragen|storniert|vorgemerkt|geloscht)\b|\bterminbestatigung\b",
    r"\b(?:appuntamento|prenotazione|visita|posto|tavolo|ordine|pagamento)\s+(?:\w+\s+){0,6}?(?:e|e stat[oa]|risulta|rimane)\s+(?:\w+\s+){0,2}?(?:confermat|prenotat|riservat|fissat|annullat|registrat)[oa]\b|\b(?:ho|abbiamo)\s+(?:\w+\s+){0,3}?(?:prenotat|confermat|riservat|fissat|annullat|registrat)[oaie]\b",
    // Delivered.
    r"\bdeliver(?:y|ed|ies|s|ing)?\b|\bshipp?(?:ed|ing|ment|ments)\b|\bwill arrive\b|\bon its way\b|\btracking (?:number|code)\b|\bdispatched\b|\bentregas?\b|\bentregar(?:emos|an|a|e)\b|\bllegara (?:el|manana|hoy|en)\b|\benvio (?:gratis|express|urgente|en)\b|\bnumero de (?:guia|seguimiento)\b|\bentregaremos\b|\bfrete\b|\bchegara\b|\brastreio\b|\blivraisons?\b|\b(?:sera|serez) livre\w*|\bcolis\b|\blieferung\w*|\bgeliefert\b|\bliefern\b|\bversand\w*|\bzustell\w+|\bconsegn\w+|\bspedi(?:zione|to|ta|remo)\b",
    // Won, approved.
    r"\b(?:pre-?)?approv(?:ed|al)\b|\byou(?:'ve| have)? (?:just )?won\b|\bwinner\b|\bprizes?\b|\blottery\b|\baprobad[oa]s?\b|\b(?:has|ha) ganado\b|\bganaste\b|\bganador\w*|\bpremios?\b|\bsorteos?\b|\baprovad[oa]\b|\bganhou\b|\bsorteio\b|\bavez gagne\b|\bgewonnen\b|\bgewinner\w*|\bgenehmigt\b|\bha vinto\b|\bvincitore\b",
    // Only now.
    r"\blast chance\b|\bact now\b|\b(?:only today|today only)\b|\bhurry\b|\b(?:expires?|expiring)\b|\bends (?:today|tonight|tomorrow|soon|on)\b|\blimited (?:availability|spots|places|slots)\b|\b(?:only|just) \w+ (?:spots?|places?|slots?|seats?)\b|\bultima oportunidad\b|\bsolo (?:por )?hoy\b|\bultim[oa]s (?:lugares|plazas|cupos)\b|\b(?:cupos?|plazas) limitad\w+|\bcaduca\w*|\bexpira\w*|\bso hoje\b|\bultima chance\b|\bultimas vagas\b|\bvagas limitadas\b|\bderniere chance\b|\bdernieres places\b|\baujourd'hui seulement\b|\bletzte chance\b|\bnur heute\b|\blauft (?:heute |morgen |bald )?ab\b|\bultima occasione\b|\bsolo oggi\b|\bultimi posti\b",
    // A call or visit by somebody.
    r"\b(?:will|'ll|going to) (?:call|phone|ring|visit) you\b|\bte (?:llamara|llamare|llamaran|llamaremos|va a llamar|van a llamar)\b|\ble (?:llamara|llamare|llamaran|llamaremos)\b|\bvai (?:te |lhe )?ligar\b|\bvous (?:rappellera|appellera|appellerai|appellerons|rappellerons)\b|\bruft sie an\b|\bwerden sie angerufen\b|\b(?:la|ti) (?:chiamera|chiameremo|richiamera)\b",
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| PROMISES.iter().map(|p| pattern(p)).collect());

/// Past tenses that lose their accent, and with it their sense, in a plain text: read as written. After "que"
/// they are wishes in any case.
static DONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:te|le|les|lo|la|se|ya)\s+(?:\w+\s+)?(?:agendé|reservé|aparté|confirmé|cancelé|programé|reagendé|registré|apliqué|bloqueé)\b|\b(?:agendé|reagendé|aparté)\b",
    )
});

/// Words that deny.
const NOT: &[&str] = &[
    "not", "no", "never", "cannot", "nicht", "kein", "keine", "keinen", "non", "ne", "pas", "nao",
    "nunca", "jamais", "mai", "t",
];

/// Finds what is promised without grounds.
pub(super) fn find(plain: &Plain, ours: &Ours<'_>, findings: &mut Vec<Finding>) {
    for found in DONE.find_iter(plain.raw()) {
        let folded = crate::model::fold(found.as_str());
        if !ours.say(&folded) {
            findings.push(Finding {
                kind: FindingKind::Promise,
                words: found.as_str().to_owned(),
            });
        }
    }
    for pattern in PATTERNS.iter() {
        for found in pattern.find_iter(&plain.text) {
            if is_turn_of_speech(plain, &found) {
                continue;
            }
            let sentence = plain.sentence(found.start());
            if !has_grounds(pattern, sentence, found.as_str(), ours) {
                findings.push(Finding {
                    kind: FindingKind::Promise,
                    words: plain.words(found.range()),
                });
            }
        }
    }
}

/// Whether the words only sound like a promise where they stand: "feel free".
fn is_turn_of_speech(plain: &Plain, found: &regex::Match<'_>) -> bool {
    let before = plain.text.get(..found.start()).unwrap_or_default();
    let before = words(before).last().unwrap_or_default();
    match found.as_str() {
        free if free.starts_with("free ") => {
            matches!(before, "feel" | "be" | "are" | "you're" | "re")
        }
        free if free.ends_with("is free") => {
            plain.sentence(found.start()).trim_end().ends_with('?')
        }
        _ => false,
    }
}

/// Whether our side made such a promise about the same thing.
fn has_grounds(pattern: &Regex, stated: &str, trigger: &str, ours: &Ours<'_>) -> bool {
    let about = |sentence: &str, trigger: &str| -> Vec<String> {
        let sentence = sentence.replace(trigger, " ");
        words(&sentence).filter_map(stem).collect()
    };
    let stated = about(stated, trigger);
    ours.grounds.iter().any(|ground| {
        pattern.find_iter(&ground.text).any(|found| {
            let sentence = ground.sentence(found.start());
            if found.as_str() == trigger && words(trigger).count() >= 3 && !denies(sentence) {
                return true;
            }
            let known = about(sentence, found.as_str());
            !denies(sentence)
                && !sentence.trim_end().ends_with('?')
                && (known.iter().any(|k| stated.contains(k)) || known.is_empty())
        })
    })
}

fn denies(sentence: &str) -> bool {
    words(sentence).any(|w| NOT.contains(&w))
}

/// The beginning of a word that carries a sense.
fn stem(word: &str) -> Option<String> {
    let idle = matches!(
        word,
        "your"
            | "this"
            | "that"
            | "with"
            | "have"
            | "from"
            | "para"
            | "este"
            | "esta"
            | "como"
            | "tiene"
            | "pour"
            | "votre"
            | "vous"
            | "dans"
            | "unser"
            | "unsere"
            | "eine"
            | "einen"
            | "nach"
            | "della"
            | "nostro"
            | "nostra"
            | "nuestra"
            | "nuestro"
            | "nossa"
            | "nosso"
            | "hola"
            | "hallo"
            | "hello"
            | "bonjour"
            | "salve"
            | "team"
            | "equipo"
    );
    (word.chars().count() >= 4 && !idle).then(|| word.chars().take(5).collect())
}
