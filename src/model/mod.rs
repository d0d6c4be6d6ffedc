//! Plain facts and the words for them. No I/O, no clock, nothing that can fail.
//!
//! The spelling of every name here is the one used in the configuration, in JSON, in CSV and in SQL.

mod booking;
mod channel;
mod contact;
mod delay;
mod draft;
mod follow_up;
mod held_back;
mod language;
mod message;
mod person;
mod phone;
mod signal;
mod text;
mod thread;

pub use booking::{BOOKING_COLUMNS, Booking, BookingStatus};
pub use channel::Channel;
pub use contact::Contact;
pub use delay::{Delay, DelayError};
pub use draft::{CallPurpose, Draft, DraftFinding, DraftState, ModelCall, Usage};
pub use follow_up::{FollowUp, FollowUpState, Refusal, Scenario, TextSource};
pub use held_back::{HeldBack, Obstacle};
pub use language::Language;
pub use message::{Author, Direction, MESSAGE_COLUMNS, Message};
pub use person::{Join, JoinKind, JoinedBy, names_agree};
pub use phone::{Country, e164};
pub use signal::{Signal, SignalKind, SignalSource};
pub use text::fold;
pub use thread::{SharedWord, SourceAge, Thread, Word, WordKind, WordSource};

/// An instant. Stored as whole microseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Defines an enum whose variants have one spelling everywhere: `as_str`, `FromStr`, `Display`,
/// serde and `ALL` agree by construction.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The one spelling of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::model::UnknownName(&[$($text,)+])),
                }
            }
        }
    };
}
pub(crate) use named;

/// A word that is not one of an enum's values, which are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write one of {}", .0.join(", "))]
pub struct UnknownName(pub(crate) &'static [&'static str]);
