//! French, with "vous".

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "notre équipe",
    asked_for_time: Words {
        steps: [
            "Bonjour {name}, je vous écris maintenant, comme convenu. Est-ce un bon moment ?",
            "Bonjour {name}, je vous ai écrit comme convenu. Un autre moment vous irait-il mieux ?",
            "{name}, préférez-vous un autre jour ou une autre heure ? Dites-moi quand.",
            "Bonjour {name}, indiquez-moi un jour et une heure et je vous écrirai à ce moment-là.",
        ],
        last: "Bonjour {name}, je n'insisterai pas. Quand cela vous conviendra, écrivez ici et {bot} poursuivra volontiers.",
    },
    busy: Words {
        steps: [
            "Bonjour {name}, est-ce un meilleur moment pour continuer ?",
            "Bonjour {name}, rien ne presse. Reprenons-nous dès que vous aurez une minute ?",
            "{name}, je sais que le temps manque parfois. Quelle heure vous conviendrait ?",
            "Bonjour {name}, ce sera bref. Auriez-vous deux minutes aujourd'hui ?",
        ],
        last: "Bonjour {name}, j'en reste là pour le moment. Une réponse ici suffit et {bot} reprend avec vous.",
    },
    stopped_responding: Words {
        steps: [
            "Bonjour {name}, êtes-vous toujours là ? Je réponds volontiers à vos questions.",
            "Bonjour {name}, avez-vous pu lire mon message précédent ? Je reste à votre disposition.",
            "{name}, souhaitez-vous reprendre là où nous en étions ?",
            "Bonjour {name}, y a-t-il autre chose que {bot} puisse faire pour vous ?",
        ],
        last: "Bonjour {name}, c'est mon dernier message pour le moment. Répondez ici quand vous voulez, {bot} vous aidera avec plaisir.",
    },
};
