//! Italian, with "Lei".

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "il nostro team",
    asked_for_time: Words {
        steps: [
            "Salve {name}, scrivo adesso, come richiesto. È un buon momento per continuare?",
            "Salve di nuovo, {name}. Ho scritto come richiesto: sarebbe meglio un altro momento?",
            "{name}, preferisce un altro giorno o un altro orario? Mi dica pure quando.",
            "Salve {name}, bastano un giorno e un'ora, e scriverò in quel momento.",
        ],
        last: "Salve {name}, non voglio insistere. Quando sarà comodo, basta scrivere qui e {bot} continuerà volentieri.",
    },
    busy: Words {
        steps: [
            "Salve {name}, adesso è un momento migliore per continuare?",
            "Salve di nuovo, {name}. Senza fretta: continuiamo appena ha un minuto?",
            "{name}, so che il tempo è poco. A che ora sarebbe comodo sentirci?",
            "Salve {name}, ci vorrà poco. Avrebbe due minuti oggi?",
        ],
        last: "Salve {name}, per ora mi fermo qui. Basta una risposta e {bot} riprende da dove eravamo rimasti.",
    },
    stopped_responding: Words {
        steps: [
            "Salve {name}, è ancora qui? Rispondo volentieri a ogni domanda.",
            "Salve di nuovo, {name}. Ha potuto vedere il mio ultimo messaggio? Resto a disposizione.",
            "{name}, riprendiamo da dove eravamo rimasti?",
            "Salve {name}, c'è altro in cui {bot} può essere d'aiuto?",
        ],
        last: "Salve {name}, per ora questo è il mio ultimo messaggio. Basta rispondere qui e {bot} aiuterà volentieri.",
    },
};
