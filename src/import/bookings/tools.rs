//! How the tables of tools for scheduling, such as Calendly and Acuity, name what we ask for.

use crate::import::SourceSettings;

/// Our columns, and what tools call them; the first that a table has counts.
const THEIRS: [(&str, &[&str]); 7] = [
    (
        "phone",
        &[
            "Text Reminder Number",
            "Phone",
            "Phone Number",
            "Client Phone",
            "Customer Phone",
            "Attendee Phone",
            "Mobile",
        ],
    ),
    (
        "email",
        &[
            "Invitee Email",
            "Email",
            "Email Address",
            "Client Email",
            "Customer Email",
            "Attendee Email",
        ],
    ),
    (
        "id",
        &[
            "Event UUID",
            "Invitee UUID",
            "Appointment ID",
            "Booking ID",
            "Appointment reference",
        ],
    ),
    (
        "status",
        &[
            "Canceled",
            "Cancelled",
            "Status",
            "Appointment Status",
            "Booking Status",
        ],
    ),
    (
        "starts_at",
        &[
            "Start Date & Time",
            "Start Time",
            "Start",
            "Starts At",
            "Start Date",
        ],
    ),
    (
        "ends_at",
        &["End Date & Time", "End Time", "End", "Ends At", "End Date"],
    ),
    (
        "created_at",
        &[
            "Event Created Date & Time",
            "Date Scheduled",
            "Created At",
            "Date Created",
            "Created",
        ],
    ),
];

/// Names in `settings` the columns that a table has under a tool's name only, and what their values mean.
pub(super) fn fill_in(settings: &mut SourceSettings, has: impl Fn(&str) -> bool) {
    for (ours, theirs) in THEIRS {
        if settings.columns.contains_key(ours) || has(ours) {
            continue;
        }
        let Some(theirs) = theirs.iter().find(|name| has(name)) else {
            continue;
        };
        settings
            .columns
            .insert(ours.to_owned(), (*theirs).to_owned());
        if matches!(*theirs, "Canceled" | "Cancelled") {
            let values = settings.values.entry("status".to_owned()).or_default();
            for (word, status) in [
                ("true", "cancelled"),
                ("yes", "cancelled"),
                ("false", "booked"),
                ("no", "booked"),
            ] {
                let capital = word[..1].to_uppercase() + &word[1..];
                for word in [word.to_owned(), word.to_uppercase(), capital] {
                    values.entry(word).or_insert_with(|| status.to_owned());
                }
            }
        }
    }
}

/// Whether a header is that of a tool's table of appointments.
pub(crate) fn is_tools(has: impl Fn(&str) -> bool) -> bool {
    has("Invitee Email")
        || has("Start Date & Time")
        || has("Start Time") && has("End Time") && has("Email")
}
