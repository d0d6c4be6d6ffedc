//! How the tables of tools for scheduling, such as Calendly and Acuity, name what we ask for.

use crate::import::SourceSettings;

/// Our columns, and what tools call them; the first that a table has counts.
const THEIRS: [(&str, &[&str]); 9] = [
    ("contact_id", &["Contact ID", "ContactId"]),
    (
        "phone",
        &[
            "Text Reminder Number",
            "Phone",
            "Phone Number",
            "Client Phone",
            "Customer Phone",
            "Attendee Phone",
            "Contact Phone",
            "Mobile",
            "Mobile Number",
            "Mobile Phone",
            "Client Mobile",
            "Client Phone Number",
            "Customer Phone Number",
            "Cell Phone",
            "Telephone",
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
            "Contact Email",
            "Client Email Address",
            "Customer Email Address",
            "Guest Email",
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
            "Appointment Ref",
            "Appt. Ref",
            "Booking Reference",
            "Booking Number",
            "Booking Code",
            "Confirmation Number",
            "Ref #",
            "Ref",
            "Code",
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
            "Appointment Time",
            "Appointment Date",
            "Requested Time",
            "Scheduled Date",
            "Booking Date",
            "Date & Time",
            "Date and Time",
            "Date/Time",
            "Date",
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
            "Created Date",
            "Created On",
            "Created",
            "Date Added",
            "Booked On",
            "Booked At",
            "Record Date",
        ],
    ),
    ("no_show", &["Marked as No-Show", "No Show", "No-Show"]),
];
/// Tables that keep the day in one column and the time in another: whether it is the beginning, the day's column, and
/// what the other may be.
const SPLIT: [(&str, &str, &[&str]); 9] = [
    ("starts", "Start Date", &["Start Time"]),
    (
        "starts",
        "Scheduled Date",
        &["Scheduled Time", "Start Time", "Time"],
    ),
    (
        "starts",
        "Appointment Date",
        &["Appointment Time", "Start Time", "Time"],
    ),
    (
        "starts",
        "Booking Date",
        &["Booking Time", "Start Time", "Time"],
    ),
    ("starts", "Date", &["Start Time", "Time", "Start"]),
    ("ends", "End Date", &["End Time"]),
    ("ends", "Start Date", &["End Time"]),
    ("ends", "Scheduled Date", &["End Time"]),
    ("ends", "Date", &["End Time", "End"]),
];

const OURS: [&str; 2] = ["starts_at", "ends_at"];

/// Names in `settings` the columns that a table has under a tool's name only, and what their values mean.
pub(super) fn fill_in(settings: &mut SourceSettings, has: impl Fn(&str) -> bool) {
    let given: Vec<String> = settings.columns.keys().cloned().collect();
    let given = [
        given,
        OURS.iter()
            .filter(|o| has(o))
            .map(|o| (*o).to_owned())
            .collect(),
    ]
    .concat();
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
        if ours == "no_show" {
            continue;
        }
        if matches!(*theirs, "Canceled" | "Cancelled") {
            let values = settings.values.entry("status".to_owned()).or_default();
            for (word, status) in [
                ("true", "cancelled"),
                ("yes", "cancelled"),
                ("false", "booked"),
                ("no", "booked"),
                ("1", "cancelled"),
                ("0", "booked"),
            ] {
                let capital = word[..1].to_uppercase() + &word[1..];
                for word in [word.to_owned(), word.to_uppercase(), capital] {
                    values.entry(word).or_insert_with(|| status.to_owned());
                }
            }
        }
    }
    // A day of its own goes before the time, unless the source has said where the time is.
    for (which, day, times) in SPLIT {
        let (at, on) = (format!("{which}_at"), format!("{which}_on"));
        if given.contains(&at) || settings.columns.contains_key(&on) || !has(day) {
            continue;
        }
        if let Some(time) = times.iter().find(|time| has(time)) {
            settings.columns.insert(at, (*time).to_owned());
            settings.columns.insert(on, day.to_owned());
        }
    }
}

/// Whether a header is that of a tool's table of appointments.
pub(crate) fn is_tools(has: impl Fn(&str) -> bool) -> bool {
    let person = [
        "Email",
        "Client Email",
        "Customer Email",
        "Client",
        "Client Phone",
    ];
    has("Invitee Email")
        || has("Start Date & Time")
        || has("Start Time") && has("End Time") && has("Email")
        || (has("Scheduled Date")
            || has("Appointment Date")
            || has("Start Date") && has("Start Time"))
            && person.into_iter().any(&has)
}
