//! Portuguese.

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "nossa equipe",
    asked_for_time: Words {
        steps: [
            "Olá, {name}! Escrevo agora, como combinado. É um bom momento para continuar?",
            "Olá de novo, {name}. Escrevi como combinado; outro horário seria melhor?",
            "{name}, fica melhor outro dia ou outra hora? É só dizer quando.",
            "Olá, {name}! Basta um dia e uma hora, e eu escrevo nesse momento.",
        ],
        last: "Olá, {name}! Não vou insistir. Quando for conveniente, basta escrever aqui e {bot} continua com prazer.",
    },
    busy: Words {
        steps: [
            "Olá, {name}! Agora é um momento melhor para conversar?",
            "Olá de novo, {name}. Sem pressa: continuamos quando houver um minuto livre?",
            "{name}, sei que o tempo é curto. Qual seria um bom horário para escrever?",
            "Olá, {name}! Pode ser bem rápido. Dois minutos hoje seriam possíveis?",
        ],
        last: "Olá, {name}! Fico por aqui por agora. Basta responder e {bot} retoma de onde paramos.",
    },
    stopped_responding: Words {
        steps: [
            "Olá, {name}! Tudo bem por aí? Posso esclarecer alguma dúvida?",
            "Olá de novo, {name}. Deu para ver a minha última mensagem? Fico à disposição.",
            "{name}, vamos continuar de onde paramos?",
            "Olá, {name}! Há mais alguma coisa em que {bot} possa ajudar?",
        ],
        last: "Olá, {name}! Esta é a minha última mensagem por agora. Basta responder aqui e {bot} ajuda com prazer.",
    },
};
