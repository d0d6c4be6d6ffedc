//! English.

use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    nameless: "our team",
    asked_for_time: Words {
        steps: [
            "Hi {name}, I am writing to you now, as you asked. Is this a good time?",
            "Hello again, {name}. I wrote as agreed. Is there a better moment for you?",
            "Hi {name}, would another day or hour suit you better? Just tell me when.",
            "Hello {name}, give me a day and an hour, and I will write to you then.",
        ],
        last: "Hi {name}, I will not insist. Whenever it suits you, write here and {bot} will gladly continue.",
    },
    busy: Words {
        steps: [
            "Hi {name}, you were busy earlier. Is now a better time?",
            "Hello {name}, no rush at all. Shall we continue whenever you have a minute?",
            "Hi {name}, I know how full a day can be. When would be a good time to write to you?",
            "Hello {name}, we can keep it short. Would two minutes today work for you?",
        ],
        last: "Hi {name}, I will leave it here for now. Reply when you have time and {bot} will take it from there.",
    },
    stopped_responding: Words {
        steps: [
            "Hi {name}, are you still there? Happy to help if anything is unclear.",
            "Hello again, {name}. Did you have a chance to look at my last message? I can answer any question.",
            "Hi {name}, just checking in. Would you like to pick up where we left off?",
            "Hello {name}, is there anything else {bot} can help you with?",
        ],
        last: "Hi {name}, this is my last message for now. Whenever it suits you, reply here and {bot} will be glad to help.",
    },
};
