//! What a business must not ask in a follow-up, whom it must not speak of, and how it must not speak.

use std::sync::LazyLock;

use regex::Regex;

use super::claims::pattern;
use super::plain::Plain;
use super::{Finding, FindingKind, Ours};

/// Never asked for, whatever the business says elsewhere.
const SECRETS: &str = r"\bpass ?words?\b|\bpasscodes?\b|\bpasswd\b|\bcontrasenas?\b|\bclaves? (?:de acceso|secreta|bancaria|personal)\b|\btu clave\b|\bsu clave\b|\bsenhas?\b|\bmots? de passe\b|\bpasswor[dt]e?s?\b|\bkennwort\w*|\bparola d'ordine\b|\bpin(?: code)?\b|\botp\b|\bcvv\d?\b|\bcvc\d?\b|\b(?:verification|security|access|login|one[- ]time|confirmation|authentication|sms|6[- ]digit|six[- ]digit) codes?\b|\bcodigos? (?:\w+ )?(?:de )?(?:verificacion|seguridad|acceso|confirmacion|verificacao|seguranca|acesso|sms)\b|\bcodes? de (?:verification|securite|confirmation)\b|\b(?:bestatigungs|sicherheits|zugangs|verifizierungs)code\w*|\bcodice di (?:verifica|sicurezza|accesso|conferma)\b|\b(?:code|codigo|codice) (?:that )?(?:you|que|che|de|we|i|te|le) (?:just |te |le |hai |ha |vous )?(?:received|receive|sent|recib\w+|receb\w+|llego|enviamos|recu|ricevut\w+|got)\b|\b(?:credit|debit) cards?\b|\bcard (?:number|details|info\w*)\b|\b(?:numero|datos|foto) de (?:la |tu |su )?tarjeta\b|\btarjeta de (?:credito|debito)\b|\btarjeta bancaria\b|\bcartao de (?:credito|debito)\b|\bnumero do (?:seu )?cartao\b|\bcarte (?:bancaire|de credit|bleue)\b|\bnumero de (?:votre |la )?carte\b|\bkreditkarte\w*|\bkartennummer\b|\bec-karte\b|\bcarta di (?:credito|debito)\b|\bnumero (?:della )?(?:tua |sua )?carta\b|\bmother's maiden\b|\blog ?in (?:details|data|credentials)\b|\bcredentials\b|\bcredenciales\b|\bcredenciais\b|\bidentifiants\b|\bzugangsdaten\b|\banmeldedaten\b|\bcredenziali\b|\b2fa\b|\b(?:seed|recovery) phrase\b|\bprivate key\b";

/// Asked for only where our side or the facts use the same words.
const PRIVATE: &str = r"\biban\b|\bswift code\b|\bbank(?:ing)? (?:account|details|data|info\w*)\b|\baccount number\b|\brouting number\b|\bcuenta bancaria\b|\bnumero de cuenta\b|\bclabe\b|\bdatos bancarios\b|\bconta bancaria\b|\bdados bancarios\b|\bcoordonnees bancaires\b|\bvotre rib\b|\bbankverbindung\b|\bbankdaten\b|\bkontonummer\b|\bkontodaten\b|\bconto (?:bancario|corrente)\b|\bcoordinate bancarie\b|\bssn\b|\bsocial security\b|\bseguridad social\b|\bpassports?\b|\bpasaporte\b|\bpassaporte\b|\bpasseport\b|\breisepass\b|\bpassaporto\b|\bpersonalausweis\w*|\bausweisnummer\b|\bdni\b|\bcurp\b|\bcpf\b|\brfc\b|\bcedula\b|\bcarte d'identite\b|\bcarta d'identita\b|\bcodice fiscale\b|\bid (?:number|card)s?\b|\b(?:photo|copy|picture) of your id\b|\bidentity (?:card|document)s?\b|\bdriver'?s licen[cs]e\b|\b(?:documento|carnet) de identidad\b|\bnumero de identificacion\b|\bdate of birth\b|\bfecha de nacimiento\b|\bmedical (?:history|records?|conditions?)\b|\bdiagnos\w+|\bsymptom\w*|\bsintomas?\b|\bhistorial (?:medico|clinico)\b|\bhistorico medico\b|\bantecedents medicaux\b|\bkrankengeschichte\b|\bvorerkrankung\w*|\bcartella clinica\b|\bmedications?\b|\bmedicamentos?\b|\bmedikamente?n?\b|\bfarmaci\b|\bhealth (?:data|insurance number)\b|\bblood (?:type|test)\b|\b(?:are you|estas) (?:pregnant|embarazada)\b|\bhiv\b|\bvih\b|\bwire transfer\b|\btransfer (?:\w+ )?money\b|\bsend (?:\w+ )?(?:the )?money\b|\btransferencias?\b|\bdeposit(?:e|a|ar|en)? (?:\w+ )?(?:a|en|into|to)\b|\bbizum\b|\bpaypal\b|\bbitcoins?\b|\bcrypto\w*|\bgift cards?\b|\bwestern union\b|\b(?:ue|u)berweis\w+|\bbonifico\b|\bvirement\b|\bpix\b|\bpay (?:now|here|us|the|your|in advance)\b|\bpaga(?:r|ndo)? (?:ahora|aqui|por adelantado)\b|\bunpaid\b|\boverdue\b|\byou owe\b|\b(?:nos|me|usted) debes?\b|\bfactura pendiente\b|\binvoice\b";

/// Other customers.
const OTHERS: &str = r"\b(?:other|another|previous|next|last|our) (?:customer|client|patient|contact|user|guest)s?(?:'s?)?\b|\botr[oa]s? (?:client[ea]s?|pacientes?|contactos?|usuari[oa]s?)\b|\bnuestr[oa]s (?:client[ea]s|pacientes) (?:son|es|se)\b|\boutr[oa]s? (?:clientes?|pacientes?)\b|\bautres? (?:client|patient)\w*|\bandere[rnms]? (?:kund|patient)\w*|\baltr[oiae] (?:client|pazient)\w*|\b(?:customer|client|patient) (?:list|database|records?)\b|\b(?:lista|base de datos) de (?:clientes|pacientes)\b";

const INSULTS: &str = r"\bstupid\b|\bidiots?\b|\bmorons?\b|\bdumb\w*|\bfuck\w*|\bshit\w*|\bbullshit\b|\bbitch\w*|\bassholes?\b|\bbastards?\b|\bloser\b|\bshut up\b|\bkill yourself\b|\bi hate you\b|\bpathetic\b|\bpendej\w*|\bidiotas?\b|\bimbecil\w*|\bestupid\w+|\bputas?\b|\bmierda\w*|\bcabron\w*|\bgilipollas\b|\btont[oa]s?\b|\bcallate\b|\bte odio\b|\bcul[oe]r[oa]s?\b|\botari[oa]\b|\bmerda\b|\bcaralho\b|\bfod[ae]\w*|\bburr[oa]s?\b|\bconnards?\b|\bmerde\b|\bputain\b|\bsalauds?\b|\bferme-la\b|\bdebiles?\b|\barschloch\w*|\bscheiss\w*|\bdummkopf\b|\bblod(?:e|er|es|mann)\b|\bhalt die\b|\bcazzo\b|\bstronz\w*|\bvaffanculo\b|\bcretin[oaie]?\b|\bstupid[oaie]\b|\bcoglion\w*|\blawsuit\b|\blegal action\b|\bsue you\b|\bdebt collect\w*|\bdemandar(?:te|lo|la|emos)\b|\bacciones legales\b|\bwe know where you live\b|\bsabemos donde vives\b|\banwalt einschalten\b";

static WORDS: LazyLock<[(FindingKind, bool, Regex); 4]> = LazyLock::new(|| {
    [
        (FindingKind::AsksSecret, false, pattern(SECRETS)),
        (FindingKind::AsksSecret, true, pattern(PRIVATE)),
        (FindingKind::OtherPeople, true, pattern(OTHERS)),
        (FindingKind::Insult, false, pattern(INSULTS)),
    ]
});

/// Finds such words.
pub(super) fn find(plain: &Plain, ours: &Ours<'_>, findings: &mut Vec<Finding>) {
    for (kind, may_have_grounds, pattern) in WORDS.iter() {
        for found in pattern.find_iter(&plain.text) {
            if *may_have_grounds && ours.say(found.as_str()) {
                continue;
            }
            findings.push(Finding {
                kind: *kind,
                words: plain.words(found.range()),
            });
        }
    }
}
