//! German, with "Sie".

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "unser Team",
    asked_for_time: Words {
        steps: [
            "Hallo {name}, wie gewünscht melde ich mich jetzt. Passt es Ihnen gerade?",
            "Hallo {name}, ich hatte mich wie gewünscht gemeldet. Passt ein anderer Zeitpunkt besser?",
            "{name}, wäre Ihnen ein anderer Tag oder eine andere Uhrzeit lieber? Sagen Sie mir einfach, wann.",
            "Guten Tag {name}, nennen Sie mir Tag und Uhrzeit, dann schreibe ich Ihnen genau dann.",
        ],
        last: "Hallo {name}, ich möchte nicht drängen. Schreiben Sie hier, wann immer es passt, {bot} ist gern für Sie da.",
    },
    busy: Words {
        steps: [
            "Hallo {name}, passt es jetzt besser, um weiterzumachen?",
            "Hallo {name}, es eilt nicht. Wollen wir weitermachen, sobald Sie eine Minute haben?",
            "{name}, die Zeit ist oft knapp, ich weiß. Wann darf ich Ihnen wieder schreiben?",
            "Guten Tag {name}, es geht auch ganz kurz. Hätten Sie heute zwei Minuten?",
        ],
        last: "Hallo {name}, ich lasse es vorerst dabei. Eine kurze Antwort genügt, und {bot} macht gern mit Ihnen weiter.",
    },
    stopped_responding: Words {
        steps: [
            "Hallo {name}, sind Sie noch da? Bei Fragen helfe ich gern weiter.",
            "Hallo {name}, konnten Sie meine letzte Nachricht schon lesen? Ich beantworte gern alles Weitere.",
            "{name}, wollen wir dort weitermachen, wo wir stehen geblieben sind?",
            "Guten Tag {name}, kann {bot} noch etwas für Sie tun?",
        ],
        last: "Hallo {name}, das ist vorerst meine letzte Nachricht. Antworten Sie einfach hier, {bot} hilft Ihnen gern.",
    },
};
