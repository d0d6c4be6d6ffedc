use super::{Timestamp, named};

named! {
    /// What one inbound message means for following up (rules S1 to S8), weakest first: of two signals in a
    /// turn the greater counts (rule S2). `opt_in` lifts an opt-out and has no rank of its own.
    SignalKind {
        /// A bare "ok", "thanks" or thumbs-up (rule S6).
        Ack = "ack",
        /// A plain end of talk: "thanks, that's all, bye" (rule S6).
        Closing = "closing",
        /// The contact may be written to again: START, UNSTOP (rule D3).
        OptIn = "opt_in",
        /// A wish for later without a usable time (rule S4).
        Busy = "busy",
        /// A wish to be written to or called at a time (rules S3, S4, S7).
        AskedForTime = "asked_for_time",
        /// The contact says that an appointment is made (rule D5).
        Booked = "booked",
        /// No interest, anger, or the wrong person (rule S6).
        NotInterested = "not_interested",
        /// A wish not to be written to any more (rule S5).
        OptOut = "opt_out",
    }
}

named! {
    /// Who found a signal.
    SignalSource {
        /// The rules of [`crate::detect`].
        Rules = "rules",
        /// A language model; it can add an opt-out, never remove one (rule S5).
        Ai = "ai",
        /// The export itself, such as an appointment record.
        Data = "data",
    }
}

/// A signal with its evidence (rule S1).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Signal {
    /// What the message means.
    pub kind: SignalKind,
    /// For `asked_for_time`: the instant asked for. `None` there means that a time was said but cannot be
    /// trusted, which holds the contact for a person (rule S4).
    pub at: Option<Timestamp>,
    /// The words that showed it.
    pub evidence: String,
    /// For a time: the zone in which the words were read.
    pub zone: Option<String>,
    /// Who found it.
    pub source: SignalSource,
}
