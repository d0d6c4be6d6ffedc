//! What it tells of contacts besides their messages: do-not-disturb, appointments, details that change.

use serde_json::{Value, json};

use super::{Location, source, talkative};
use crate::server::Server;
use crate::sync::{NOW, business, configure, ran, run_at, stored, sync, sync_at};

/// D3: what HighLevel calls "do not disturb" is an opt-out here, and an appointment is a booking (D5).
#[test]
fn d3_do_not_disturb_is_an_opt_out_and_an_appointment_a_booking() {
    let location = Location::default();
    for contact in ["ana", "ben", "cleo"] {
        location.says(&format!("{contact}-in"), contact, "inbound", 0, "How much?");
        location.says(
            &format!("{contact}-out"),
            contact,
            "outbound",
            1,
            "It is 40.",
        );
    }
    location.knows(json!({ "id": "ana", "phone": "+15005550001", "dnd": true }));
    location.knows(json!({ "id": "ben", "phone": "+15005550002" }));
    location.knows(json!({ "id": "cleo", "phone": "+15005550003" }));
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ben", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    for now in [NOW, "2026-03-02T09:01:00Z"] {
        let synced = sync_at(&desk, now);
        assert_eq!(synced.code, Some(0), "{synced:?}");
    }
    let plan = ran(
        &desk,
        &["plan", "--all", "--json", "--now=2026-03-02T09:02:00Z"],
    );
    let reason = |contact: &str| {
        let row = plan
            .lines
            .iter()
            .find(|l| l["contact_id"] == contact)
            .unwrap();
        row["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        [reason("ana"), reason("ben"), reason("cleo")],
        ["opted_out", "booked", "due"]
    );
}

/// An appointment that is called off at HighLevel, without a word in the conversation, is seen by a later sync.
#[test]
fn d5_an_appointment_that_is_called_off_later_is_seen() {
    let location = Location::default();
    location.quiet("ana");
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ana", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let appoint = |status: &str| {
        location.0.lock().unwrap().appointments = vec![json!({
            "id": "e1", "contactId": "ana", "appointmentStatus": status, "startTime": "2026-03-06 17:00:00",
            "endTime": "2026-03-06 17:30:00", "dateAdded": "2026-03-02 02:30:00",
        })];
    };
    appoint("confirmed");
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let at = |minute: u32| {
        let now = format!("--now=2026-03-02T09:{minute:02}:00Z");
        ran(
            &desk,
            &["plan", "--all", "--json", "--contact", "ana", &now],
        )
        .lines[0]["reason"]
            .clone()
    };
    let asked = || {
        let requests = server.requests().into_iter();
        requests
            .filter(|r| r.path == "/contacts/ana/appointments")
            .count()
    };
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!((at(1), asked()), (json!("booked"), 1));
    appoint("cancelled");
    assert_eq!(sync_at(&desk, "2026-03-02T09:02:00Z").code, Some(0));
    assert_eq!((at(8), asked()), (json!("due"), 2));
    // Nothing of theirs is to come any more: they are not asked about again.
    assert_eq!(sync_at(&desk, "2026-03-02T09:30:00Z").code, Some(0));
    assert_eq!(asked(), 2);
}

/// One that is deleted there is not in the contact's list any more; one that cannot be read may be the one.
#[test]
fn d5_an_appointment_that_is_deleted_is_called_off() {
    let location = Location::default();
    location.quiet("ana");
    location.has(json!({
        "id": "a1", "messageType": "TYPE_ACTIVITY_APPOINTMENT", "contactId": "ana", "dateAdded": "2026-03-02T08:30:00Z",
        "body": "Appointment booked",
    }));
    let event = |id: Value, day: u32| {
        json!({
            "id": id, "contactId": "ana", "appointmentStatus": "confirmed", "dateAdded": "2026-03-02 02:30:00",
            "startTime": format!("2026-03-{day:02} 17:00:00"), "endTime": format!("2026-03-{day:02} 17:30:00"),
        })
    };
    let listed = |events: Vec<Value>| location.0.lock().unwrap().appointments = events;
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let after = |minute: u32, outcome: i32| {
        let now = format!("2026-03-02T09:{minute:02}:00Z");
        assert_eq!(sync_at(&desk, &now).code, Some(outcome));
        let later = format!("--now=2026-03-02T09:{:02}:00Z", minute + 6);
        let plan = ["plan", "--all", "--json", "--contact", "ana", &later];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    listed(vec![event(json!("e1"), 6), event(json!("e2"), 9)]);
    assert_eq!(after(1, 0), "booked");
    listed(vec![event(json!("e2"), 9)]);
    assert_eq!(after(2, 0), "booked");
    listed(vec![event(json!(null), 9)]);
    assert_eq!(after(3, 65), "booked");
    listed(vec![]);
    assert_eq!(after(4, 0), "due");
}

/// "Do not disturb" that somebody sets at HighLevel, without a message, is seen by the next sync, and so is its end.
#[test]
fn d3_do_not_disturb_is_seen_without_a_message() {
    let location = Location::default();
    location.quiet("ana");
    location.quiet("ben");
    for n in 0..250 {
        let id = format!("other{n}");
        location.knows(json!({ "id": id, "phone": "+15005550009" }));
        location.changes(&id, 5, &json!({}));
    }
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    let reasons = |minute: u32| {
        let now = format!("2026-03-02T09:{minute:02}:00Z");
        let synced = sync_at(&desk, &now);
        assert_eq!(synced.code, Some(0), "{synced:?}");
        let later = format!("--now=2026-03-02T09:{:02}:00Z", minute + 1);
        ["ana", "ben"].map(|contact| {
            let plan = ["plan", "--json", "--contact", contact, &later];
            ran(&desk, &plan).lines[0]["reason"].clone()
        })
    };
    assert_eq!(reasons(0), ["due", "due"]);
    location.changes("ana", 59, &json!({ "dnd": true }));
    let by_sms = json!({ "dndSettings": { "SMS": { "status": "permanent" } } });
    location.changes("ben", 59, &by_sms);
    assert_eq!(reasons(2), ["opted_out", "opted_out"]);
    ran(&desk, &["opt-out", "ben", "--now=2026-03-02T09:03:00Z"]);
    location.changes("ana", 59, &json!({ "dnd": false }));
    location.changes("ben", 59, &json!({ "dnd": false, "dndSettings": {} }));
    // What an operator said of Ben stands.
    assert_eq!(reasons(4), ["due", "opted_out"]);
}

/// D15: who was imported by hand, or under another name, and is brought by an API since, is as fresh as the API, which
/// is asked at the last look. A later export by hand does not take them away again.
#[test]
fn d15_what_two_sources_bring_is_as_fresh_as_the_api() {
    let location = Location::default();
    location.quiet("ana");
    let of_server = location.clone();
    let server = Server::start(move |request, _| {
        if request.path.contains("contactId=") {
            of_server.says("reply", "ana", "inbound", 239, "Yes!"); // since the sync
        }
        of_server.answer(request, 500)
    });
    let api = source(&server);
    let desk = business(&format!("[channels.sms.outbox]\n{api}"));
    let export = || {
        let messages = location.0.lock().unwrap().messages.clone();
        desk.write("export.json", &json!({ "messages": messages }).to_string());
    };
    export();
    ran(
        &desk,
        &["import", "export.json", "--now=2026-03-02T07:00:00Z"],
    );
    let reason = |now: &str| {
        let plan = [
            "plan",
            "--json",
            "--contact",
            "ana",
            &format!("--now={now}"),
        ];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    assert_eq!(reason(NOW), "stale_source");
    assert_eq!(sync(&desk).code, Some(0));
    assert_eq!(reason(NOW), "due");
    location.says("more", "ana", "outbound", 2, "In the morning, too.");
    export();
    ran(
        &desk,
        &["import", "export.json", "--now=2026-03-02T09:01:00Z"],
    );
    assert_eq!(sync_at(&desk, "2026-03-02T10:30:00Z").code, Some(0));
    assert_eq!(reason("2026-03-02T10:31:00Z"), "due");
    // By another name.
    let renamed = api.replace("\"crm\"", "\"highlevel\"");
    configure(&desk, &format!("[channels.sms.outbox]\n{renamed}"));
    assert_eq!(sync_at(&desk, "2026-03-02T12:00:00Z").code, Some(0));
    assert_eq!(reason("2026-03-02T12:01:00Z"), "due");
    let run = run_at(&desk, "2026-03-02T12:02:00Z");
    assert_eq!(run.summary()["sent"], 0, "{run:?}");
    assert_eq!(stored(&desk).last().unwrap()[3], "Yes!");
}

/// What somebody writes down at HighLevel of a contact who is quiet is seen by the next sync: a number, a zone.
#[test]
fn d18_a_number_that_is_added_later_is_seen_without_a_message() {
    let location = Location::default();
    location.quiet("ana");
    location.changes("ana", 0, &json!({ "phone": "", "timezone": null }));
    location.knows(json!({ "id": "silent", "phone": "+15005550009" }));
    let server = location.serve(500);
    let desk = business(&format!("[channels.sms.outbox]\n{}", source(&server)));
    assert_eq!(sync(&desk).code, Some(0));
    let planned = |now: &str| {
        let plan = [
            "plan",
            "--json",
            "--contact",
            "ana",
            &format!("--now={now}"),
        ];
        ran(&desk, &plan).lines[0]["reason"].clone()
    };
    assert_eq!(planned(NOW), "no_address");
    location.changes("ana", 59, &json!({ "phone": "+15005550001" }));
    location.changes("silent", 59, &json!({}));
    assert_eq!(sync_at(&desk, "2026-03-02T09:01:00Z").code, Some(0));
    assert_eq!(planned("2026-03-02T09:02:00Z"), "due");
    // Who never wrote is no contact of ours.
    let contacts = ran(&desk, &["export", "contacts", "--format", "jsonl"]);
    assert_eq!(contacts.lines.len(), 1, "{contacts:?}");
}

/// A page of changes is asked for after the one before, and the next sync begins a little before the newest.
#[test]
fn changed_contacts_are_read_page_by_page_and_once() {
    let location = talkative(3);
    for n in 0..250 {
        let id = format!("k{n:03}");
        location.knows(json!({ "id": id }));
        location.changes(&id, 48 + n / 20, &json!({}));
    }
    let server = location.serve(500);
    let desk = business(&source(&server));
    assert_eq!(sync(&desk).code, Some(0));
    let searches = || {
        let requests = server.requests().into_iter();
        let searches = requests.filter(|r| r.path == "/contacts/search");
        searches.map(|r| r.json()).collect::<Vec<Value>>()
    };
    let asked = searches();
    // Who was changed before the first sync is met with their messages.
    let since = |asked: &Value| asked["filters"][0]["value"]["gte"].to_string();
    assert!(
        since(&asked[0]).starts_with("\"2026-03-02T08:45:00."),
        "{asked:?}"
    );
    let after: Vec<&Value> = asked.iter().map(|a| &a["searchAfter"]).collect();
    assert_eq!(
        after,
        [&json!(null), &json!([17, "k099"]), &json!([17, "k199"])]
    );
    assert_eq!(sync_at(&desk, "2026-03-02T09:05:00Z").code, Some(0));
    assert!(since(&searches()[3]).starts_with("\"2026-03-02T08:45:00."));
}
