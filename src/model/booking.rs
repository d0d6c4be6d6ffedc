use super::{Timestamp, named};

named! {
    /// What a record of an appointment says of it.
    BookingStatus {
        /// It is made; also one that was kept.
        Booked = "booked",
        /// It is called off.
        Cancelled = "cancelled",
        /// The contact did not come.
        NoShow = "no_show",
    }
}

/// An appointment, as a calendar or a table of bookings has it (rule D5).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Booking {
    /// The source that has it.
    pub source: String,
    /// Its id there.
    pub id: String,
    /// What is said of it.
    pub status: BookingStatus,
    /// When it was made, or moved to another time.
    pub booked_at: Timestamp,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it is over; `None` for one that repeats without an end, or where that is not known.
    pub ends_at: Option<Timestamp>,
    /// When it was called off.
    pub cancelled_at: Option<Timestamp>,
}

impl Booking {
    /// Whether it is called off by `now`.
    #[must_use]
    pub fn is_cancelled(&self, now: Timestamp) -> bool {
        self.cancelled_at.is_some_and(|at| at <= now)
    }

    /// Whether it was still to come, or going on, at `at`.
    #[must_use]
    pub fn is_ahead(&self, at: Timestamp) -> bool {
        self.ends_at.or(self.starts_at).is_none_or(|end| end > at)
    }
}

/// The names of the columns of a table of bookings. Each row needs one of the first three, to say whom it is with;
/// without `created_at` a booking counts from the import that first shows it.
pub const BOOKING_COLUMNS: [&str; 9] = [
    "contact_id",
    "phone",
    "email",
    "id",
    "status",
    "starts_at",
    "ends_at",
    "created_at",
    "updated_at",
];
