//! Spanish, in words that neither the familiar nor the formal "you" shows in.

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "nuestro equipo",
    asked_for_time: Words {
        steps: [
            "Hola {name}, escribo ahora, tal como quedamos. ¿Es buen momento?",
            "Hola de nuevo, {name}. Escribí como quedamos; ¿conviene más otro momento?",
            "{name}, ¿viene mejor otro día u otra hora? Basta con decirme cuándo.",
            "Hola {name}, con un día y una hora basta, y escribiré en ese momento.",
        ],
        last: "Hola {name}, no insistiré más. Cuando convenga, basta con escribir aquí y {bot} continúa con gusto.",
    },
    busy: Words {
        steps: [
            "Hola {name}, ¿es ahora mejor momento para continuar?",
            "Hola de nuevo, {name}. Sin prisa: ¿seguimos cuando haya un minuto libre?",
            "{name}, sé que a veces falta tiempo. ¿A qué hora conviene que escriba?",
            "Hola {name}, puede ser breve. ¿Habrá un par de minutos hoy?",
        ],
        last: "Hola {name}, lo dejo aquí por ahora. Basta con responder y {bot} retoma todo donde quedó.",
    },
    stopped_responding: Words {
        steps: [
            "Hola {name}, ¿todo bien por ahí? Con gusto resuelvo cualquier duda.",
            "Hola de nuevo, {name}. ¿Hubo oportunidad de ver mi mensaje anterior? Quedo a la orden.",
            "{name}, ¿retomamos la conversación donde quedó?",
            "Hola {name}, ¿hay algo más en lo que {bot} pueda ayudar?",
        ],
        last: "Hola {name}, este es mi último mensaje por ahora. Basta con responder aquí y {bot} ayudará con gusto.",
    },
};
