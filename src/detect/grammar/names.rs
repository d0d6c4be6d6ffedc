//! The names that the language files know: of the words of a time, and of what a message can want.

/// An enum whose variants have a name in the files.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::detect) enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value of this name.
            pub(in crate::detect) fn named(name: &str) -> Option<Self> {
                const NAMES: &[&str] = &[$($text,)+];
                let place = NAMES.iter().position(|n| *n == name)?;
                Self::ALL.get(place).copied()
            }
        }
    };
}

names! {
    /// What the words of a time can be: the sections and the built-in slots of a language file.
    Slot {
        /// A whole number.
        N = "n",
        /// A number that counts a place.
        Ordinal = "ordinal",
        /// A day of a month.
        Dom = "dom",
        /// A day of a month in digits.
        Digits = "digits",
        /// An hour of a day.
        Hour = "hour",
        /// Minutes of an hour.
        Min = "min",
        /// An hour that shows itself as one: "3 pm", "15h".
        Oclock = "oclock",
        /// Two numbers with a dash, as a day of a month.
        Dashed = "dashed",
        /// A year.
        Year = "year",
        /// A number glued to the word before it: "Q2".
        Glued = "glued",
        /// How many of a unit.
        Amount = "amount",
        /// A unit of time.
        Unit = "unit",
        /// A day of the week.
        Weekday = "weekday",
        /// A month.
        Month = "month",
        /// A part of a day.
        Part = "part",
        /// A length of time.
        Span = "span",
        /// Before or after noon.
        Meridiem = "meridiem",
        /// A time of day.
        Clock = "clock",
        /// A day.
        Day = "day",
        /// A week, a month, a part of one.
        Period = "period",
        /// A feast.
        Holiday = "holiday",
        /// Anything else that is a time.
        Time = "time",
        /// A time that is over.
        Past = "past",
        /// Words that hold the name of a time and are none, such as a greeting.
        Nothing = "nothing",
        /// An hour or a range of hours that counts only beside a day.
        Loose = "loose",
        /// Words that make a time a lower bound.
        After = "after",
        /// Words before the beginning of an open span.
        From = "from",
        /// Words that make a time an upper bound.
        Before = "before",
        /// Words that end a range, or a state ("busy until").
        Until = "until",
        /// Words before a time that mean "in the course of".
        Within = "within",
        /// Words between the ends of a range.
        To = "to",
        /// Words between a day and a time of day.
        Glue = "glue",
        /// Words that negate the time after them.
        Not = "not",
        /// Words that negate the time before them.
        Unfit = "unfit",
        /// Words before a time that takes the place of the one before.
        Instead = "instead",
        /// Words that make the time after them a topic.
        Topic = "topic",
        /// What a topic's time belongs to.
        Thing = "thing",
        /// Words after a number that show an hour.
        Mark = "mark",
        /// Words after a number that show an hour where another word says so too.
        WeakMark = "weakmark",
        /// Words between tens and units.
        Join = "join",
        /// Words between the units of a span.
        And = "and",
        /// What a number counts when it is no hour.
        Counted = "counted",
        /// Endings of ordinals written with digits.
        Suffix = "suffix",
        /// A hundred, a thousand.
        Thousand = "thousand",
        /// Words that may begin or end a clause without a meaning of their own.
        Filler = "filler",
        /// In a section of intents: a word that no rule knows, written like a name.
        Name = "name",
        /// Words of the language that are in every text.
        Common = "common",
        /// A zone named behind a time of day: "3 pm EST".
        Zone = "zone",
    }
}

names! {
    /// What the words of a message can want: the intent sections of a language file.
    Want {
        /// The whole message is a keyword (rule S5).
        OptOutWord = "opt_out whole",
        /// A wish not to be written to (rule S5).
        OptOut = "opt_out",
        /// No opt-out after all.
        OptOutNot = "opt_out not",
        /// The whole message lifts an opt-out.
        OptIn = "opt_in whole",
        /// No interest, anger, the wrong person (rule S6).
        NotInterested = "not_interested",
        /// No such thing after all.
        NotInterestedNot = "not_interested not",
        /// What takes back every "no interest" of the message: it asks for something else.
        NotInterestedNever = "not_interested never",
        /// An appointment is made.
        Booked = "booked",
        /// No such thing after all.
        BookedNot = "booked not",
        /// A wish to be written to or called (rule S7).
        Ask = "ask",
        /// No such wish after all.
        AskNot = "ask not",
        /// Not now, later (rule S4).
        Busy = "busy",
        /// No such thing after all.
        BusyNot = "busy not",
        /// Says when it suits, without asking for anything.
        Available = "available",
        /// Says that a time said would suit.
        Free = "free",
        /// What takes back every "not now" of the message.
        BusyNever = "busy never",
        /// An end of talk.
        Closing = "closing",
        /// A bare sign of having read.
        Ack = "ack",
        /// An automatic reply (rule S8).
        Automatic = "automatic",
    }
}

impl Slot {
    /// How many there are.
    pub(in crate::detect) const COUNT: usize = Self::ALL.len();

    /// The slot of this number.
    pub(in crate::detect) fn at(number: usize) -> Option<Self> {
        Self::ALL.get(number).copied()
    }
}
