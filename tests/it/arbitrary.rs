//! Policies and threads of every kind, for the properties.

use followup::decide::hours::{Hours, HoursZone, Interval, parse_closed};
use followup::decide::{Approval, Cadence, Cap, Policy, Reach, StepRule, SwitchRule};
use followup::model::{
    Author, Channel, Contact, Delay, FollowUp, FollowUpState, Message, Refusal, Scenario,
    SharedWord, Signal, SignalKind, SignalSource, SourceAge, TextSource, Thread, Timestamp, Word,
    WordKind, WordSource,
};
use followup::zone::Zone;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A strategy that can be kept in a variable and used again.
pub(crate) type Any<T> = BoxedStrategy<T>;

const ZONES: &[&str] = &[
    "Europe/Madrid",
    "America/Mexico_City",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
];

/// Days around which threads lie: without a clock change, and with one in Madrid, New York or Lord Howe.
const BEGINNINGS: &[&str] = &[
    "2026-06-01T00:00:00Z",
    "2026-03-24T00:00:00Z",
    "2026-03-04T00:00:00Z",
    "2026-10-20T00:00:00Z",
    "2026-09-30T00:00:00Z",
];

/// Delays as people configure them.
pub(crate) fn usual_delay() -> Any<Delay> {
    prop_oneof![
        (0u32..7200).prop_map(Delay::seconds),
        (0u32..4).prop_map(Delay::days),
        (0u32..60, 0u32..200_000).prop_map(|(days, seconds)| Delay { days, seconds }),
    ]
    .boxed()
}

/// Delays of any number.
pub(crate) fn any_delay() -> Any<Delay> {
    (any::<u32>(), any::<u32>())
        .prop_map(|(days, seconds)| Delay { days, seconds })
        .boxed()
}

/// Times of a fortnight; two of them are often equal.
pub(crate) fn near_times() -> Any<Any<Timestamp>> {
    let beginning = select(BEGINNINGS).prop_map(|text| text.parse::<Timestamp>().unwrap());
    beginning
        .prop_map(|from| {
            let minutes = prop_oneof![4 => 0i64..300, 2 => 0i64..4000, 1 => 0i64..20_000];
            let micros = prop_oneof![3 => Just(0i64), 1 => 0i64..60_000_000];
            (minutes, micros)
                .prop_map(move |(minutes, micros)| {
                    from + chrono::TimeDelta::minutes(minutes)
                        + chrono::TimeDelta::microseconds(micros)
                })
                .boxed()
        })
        .boxed()
}

/// Every time that can be stored, from the year 1970 to 9999.
pub(crate) fn all_times() -> Any<Any<Timestamp>> {
    const LAST: i64 = 253_402_300_799_999_999;
    let ends = select(vec![0, 1, LAST - 1, LAST]);
    let time = prop_oneof![2 => 0..=LAST, 1 => ends]
        .prop_map(|micros| Timestamp::from_timestamp_micros(micros).unwrap())
        .boxed();
    Just(time).boxed()
}

fn channel() -> Any<Channel> {
    select(Channel::ALL).boxed()
}

fn zone() -> Any<Zone> {
    select(ZONES)
        .prop_map(|name| Zone::named(name).unwrap())
        .boxed()
}

fn hours() -> Any<Hours> {
    let interval = (0u16..1440, 1u16..=1440).prop_map(|(start, length)| Interval {
        start,
        end: start + length,
    });
    // One interval at most, or a split shift: sorted, not overlapping, as the configuration guarantees.
    let day = prop_oneof![
        1 => Just(Vec::new()),
        3 => interval.prop_map(|i| vec![i]),
        3 => Just(vec![Interval { start: 480, end: 780 }, Interval { start: 900, end: 1140 }]),
    ];
    let zone = prop_oneof![
        3 => Just(HoursZone::Contact),
        1 => Just(HoursZone::Bot),
        1 => zone().prop_map(HoursZone::Named),
    ];
    let closed = select(vec![
        "2026-06-03",
        "2026-03-28..2026-03-29",
        "2026-10-04..2026-10-25",
    ]);
    let week = (vec(day, 7), vec(closed, 0..2), zone);
    week.prop_map(|(days, closed, zone)| Hours {
        week: days.try_into().unwrap(),
        closed: closed.iter().map(|c| parse_closed(c).unwrap()).collect(),
        zone,
    })
    .boxed()
}

fn cadence(delay: &Any<Delay>) -> Any<Cadence> {
    let step = (delay.clone(), of(channel()), any::<bool>());
    let step = step.prop_map(|(after, channel, whatsapp_template)| StepRule {
        approve: false,
        after,
        channel: channel.filter(|_| whatsapp_template),
        whatsapp_template,
    });
    (prop::bool::weighted(0.9), any::<bool>(), vec(step, 0..5))
        .prop_map(|(enabled, hours_apply, steps)| Cadence {
            enabled,
            hours_apply,
            steps,
        })
        .boxed()
}

/// A policy whose delays are of the kind given.
pub(crate) fn policy(delay: Any<Delay>) -> Any<Policy> {
    let rule = (vec(channel(), 1..4), vec(channel(), 1..3), delay.clone());
    let rule = rule.prop_map(|(from, to, after)| SwitchRule { from, to, after });
    let cap = (1u32..4, delay.clone()).prop_map(|(count, window)| Cap { count, window });
    let reach = select(vec![Reach::Number, Reach::Contact, Reach::Conversation]);
    let senders = prop_oneof![3 => Just(Channel::ALL.to_vec()), 1 => vec(channel(), 0..5)];
    let cadences = (cadence(&delay), cadence(&delay), cadence(&delay));
    let limits = (of(cap), of(delay.clone()), of(delay.clone()));
    (
        prop::bool::weighted(0.97),
        (zone(), of(hours())),
        cadences,
        vec(rule, 0..3),
        (delay.clone(), limits, of(delay)),
        (senders, btree_map(channel(), reach, 0..3)),
    )
        .prop_map(
            |(active, (zone, hours), cadences, switching, limits, (senders, reach))| {
                let (human_hold, (per_contact, max_late, fresh_for), own) = limits;
                Policy {
                    active,
                    zone,
                    hours: hours.filter(Hours::ever_opens),
                    asked_for_time: cadences.0,
                    // Only asked_for_time can be exempt from hours.
                    busy: Cadence {
                        hours_apply: true,
                        ..cadences.1
                    },
                    stopped_responding: Cadence {
                        hours_apply: true,
                        ..cadences.2
                    },
                    switching,
                    human_hold,
                    per_contact,
                    max_late,
                    fresh_for,
                    source_fresh_for: [("two".to_owned(), own)].into(),
                    approval: Approval::default(),
                    senders,
                    cancelled: followup::decide::Cancelled::Resume,
                    confirms_bookings: false,
                    join_by: Vec::new(),
                    country: None,
                    reach,
                }
            },
        )
        .boxed()
}

fn message(time: &Any<Timestamp>) -> Any<Message> {
    let kind = prop_oneof![
        2 => Just(None),
        1 => select(SignalKind::ALL).prop_map(Some),
        1 => select(vec![SignalKind::Busy, SignalKind::AskedForTime, SignalKind::Ack]).prop_map(Some),
    ];
    let author =
        prop_oneof![3 => Just(Author::Contact), 3 => Just(Author::Bot), 1 => select(Author::ALL)];
    let marks = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let rest = (0i64..3, channel(), marks, 1i64..3);
    (time.clone(), author, kind, of(time.clone()), rest)
        .prop_map(
            |(sent_at, author, kind, at, (seq, channel, (automatic, ad_click), source))| Message {
                sent_at,
                seq,
                channel,
                author,
                text: String::new(),
                message_id: None,
                conversation_id: None,
                status: None,
                signal: kind.map(|kind| Signal {
                    kind,
                    at: at.filter(|_| kind == SignalKind::AskedForTime),
                    evidence: String::new(),
                    zone: None,
                    source: SignalSource::Rules,
                }),
                automatic: automatic && author == Author::Contact,
                ad_click: ad_click && author == Author::Contact,
                source,
            },
        )
        .boxed()
}

fn refusal() -> Any<Refusal> {
    let refusal = (channel(), any::<bool>()).prop_map(|(channel, is_closed)| match is_closed {
        true => Refusal::WindowClosed(channel),
        false => Refusal::ForGood(channel),
    });
    refusal.boxed()
}

/// What a row of the log says beside its episode and step.
type Row = (FollowUpState, Channel, Timestamp, Vec<Refusal>, Timestamp);

fn row((episode, step): (Timestamp, u32), row: Row) -> FollowUp {
    let (state, channel, at, refused_on, retry_at) = row;
    FollowUp {
        id: format!("fu_{episode}_{step}"),
        episode,
        scenario: Scenario::Busy,
        step,
        state,
        channel,
        refused_on: if state == FollowUpState::Failed {
            refused_on
        } else {
            Vec::new()
        },
        address: String::new(),
        due_at: at,
        claimed_at: at,
        sent_at: (state == FollowUpState::Sent).then_some(at),
        retry_at: (state == FollowUpState::Retry).then_some(retry_at),
        attempts: 1,
        provider_id: None,
        text: String::new(),
        text_source: TextSource::Builtin,
        error: None,
    }
}

fn word(time: &Any<Timestamp>) -> Any<Word> {
    (
        select(WordKind::ALL),
        time.clone(),
        of(time.clone()),
        select(WordSource::ALL),
    )
        .prop_map(|(kind, at, until, source)| Word {
            kind,
            at,
            until: until.filter(|_| kind == WordKind::Pause),
            reason: None,
            source,
        })
        .boxed()
}

fn contact() -> Any<Contact> {
    let timezone = of(select(vec![
        "America/New_York",
        "Asia/Kathmandu",
        "Mars/Olympus",
        "",
    ]));
    let phone = prop::bool::weighted(0.8);
    (timezone, phone, any::<bool>())
        .prop_map(|(timezone, phone, email)| Contact {
            contact_id: "eva".to_owned(),
            phone: phone.then(|| "+34600000001".to_owned()),
            email: email.then(|| "eva@example.com".to_owned()),
            timezone: timezone.map(str::to_owned),
            ..Contact::default()
        })
        .boxed()
}

/// A thread at times of the kind given, and a time to decide at.
pub(crate) fn thread(times: Any<Any<Timestamp>>) -> Any<(Thread, Timestamp)> {
    times
        .prop_flat_map(|time| {
            let state = select(FollowUpState::ALL);
            let facts = (
                state,
                channel(),
                time.clone(),
                vec(refusal(), 0..2),
                time.clone(),
            );
            let rows = vec(((any::<Index>(), 1u32..4), facts), 0..4);
            let shared = (
                select(vec![WordKind::OptOut, WordKind::OptIn]),
                time.clone(),
            );
            (
                contact(),
                vec(message(&time), 0..9),
                rows,
                vec(word(&time), 0..2),
                vec(shared, 0..2),
                vec(time.clone(), 0..3),
                // Mostly some time after the last message, so that there is something to decide.
                (prop::bool::weighted(0.7), 0i64..6000, time),
            )
        })
        .prop_map(
            |(contact, mut messages, rows, words, shared, sources, (after, minutes, at))| {
                let last = messages.iter().map(|m| m.sent_at).max().unwrap_or(at);
                let later = last.checked_add_signed(chrono::TimeDelta::minutes(minutes));
                let now = later.filter(|_| after).unwrap_or(at);
                // Without a word of the contact there is nothing to decide (D2).
                if let Some(first) = messages.first_mut() {
                    (first.author, first.automatic) = (Author::Contact, false);
                }
                for (number, message) in messages.iter_mut().enumerate() {
                    message.text = format!("message {number}");
                }
                let mut follow_ups: Vec<FollowUp> = Vec::new();
                for ((index, step), facts) in rows.into_iter().filter(|_| !messages.is_empty()) {
                    let episode = index.get(&messages).sent_at;
                    // No step of an episode has two rows (X3).
                    if !follow_ups
                        .iter()
                        .any(|f| (f.episode, f.step) == (episode, step))
                    {
                        follow_ups.push(row((episode, step), facts));
                    }
                }
                let shared_words = shared.into_iter().map(|(kind, at)| SharedWord {
                    contact_id: "ana".to_owned(),
                    kind,
                    at,
                });
                let sources = sources.into_iter().zip(["one", "two"]).zip(1..);
                let thread = Thread {
                    contact,
                    messages,
                    words,
                    follow_ups,
                    drafts: Vec::new(),
                    shared_words: shared_words.collect(),
                    sources: sources
                        .map(|((as_of, name), id)| SourceAge {
                            id,
                            name: name.to_owned(),
                            as_of,
                        })
                        .collect(),
                    ..Thread::default()
                };
                (thread, now)
            },
        )
        .boxed()
}
