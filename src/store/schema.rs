//! The tables, as a list of migrations. `PRAGMA user_version` counts those applied.

/// "flup": marks a SQLite file as ours (`PRAGMA application_id`).
pub(super) const APPLICATION_ID: i32 = 0x666C_7570;

/// One step of the schema each; never edited once released, only added to.
pub(super) const MIGRATIONS: [&str; VERSION as usize] = [
    V1, NUMBERS, DRAFTS, CHANNELS, PEOPLE, CURSORS, FOUND, READINGS, BOOKINGS, FORMER, HELD_BACK,
    UIDS,
];

/// The newest schema that this program knows (`PRAGMA user_version`).
pub(super) const VERSION: u32 = 12;

/// Times are whole microseconds since 1970-01-01T00:00:00Z; enums are the words of the configuration and JSON.
/// Facts only, but for `contacts.wake_at` and `contacts.hold`, which are derived from them by `decide`.
const V1: &str = "
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  as_of INTEGER NOT NULL,                    -- complete up to here (rule D15)
  incomplete INTEGER NOT NULL DEFAULT 0      -- an import was cut off; nothing of it may be trusted to be complete
) STRICT;

CREATE TABLE files (
  path TEXT PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES sources(id),
  fingerprint TEXT NOT NULL,                 -- size, modification time and settings of the last whole import
  rejected INTEGER NOT NULL                  -- how many of its rows could not be used
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY,
  contact_id TEXT NOT NULL UNIQUE,
  name TEXT, phone TEXT, email TEXT, timezone TEXT, language TEXT, tags TEXT,
  name_at INTEGER, phone_at INTEGER, email_at INTEGER, timezone_at INTEGER, language_at INTEGER, tags_at INTEGER,
  own_tags TEXT,                             -- added by workflow actions; an import leaves them alone
  wake_at INTEGER,                           -- derived: the earliest time at which the decision can become `send`;
                                             -- 0 is not yet derived, NULL is never
  hold TEXT                                  -- derived: the reason of a hold
) STRICT;
CREATE INDEX contacts_wake_at ON contacts(wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX contacts_hold ON contacts(hold) WHERE hold IS NOT NULL;
CREATE INDEX contacts_email ON contacts(email COLLATE NOCASE) WHERE email IS NOT NULL;

CREATE TABLE addresses (
  contact INTEGER NOT NULL REFERENCES contacts(id),
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (contact, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_address ON addresses(address);


-- Clustered by contact: storing, finding again and reading a thread are one b-tree.
CREATE TABLE messages (
  contact INTEGER NOT NULL REFERENCES contacts(id),
  identity INTEGER NOT NULL,                 -- a hash of the message's id, else of what it says
  sent_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,                      -- the file's order among equal times
  channel TEXT NOT NULL,
  author TEXT NOT NULL,
  source INTEGER NOT NULL REFERENCES sources(id),
  automatic INTEGER NOT NULL,
  signal TEXT, signal_at INTEGER, signal_zone TEXT, signal_source TEXT, signal_evidence TEXT,
  message_id TEXT, conversation_id TEXT, status TEXT,
  text TEXT NOT NULL,
  PRIMARY KEY (contact, identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE words (
  id INTEGER PRIMARY KEY,
  contact INTEGER NOT NULL REFERENCES contacts(id),
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER,
  reason TEXT,
  source TEXT NOT NULL
) STRICT;
CREATE INDEX words_contact ON words(contact);

CREATE TABLE follow_ups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,      -- shown as fu_STORE_ID, which is unique among stores too
  contact INTEGER NOT NULL REFERENCES contacts(id),
  episode INTEGER NOT NULL,                  -- `sent_at` of the inbound message that it answers
  scenario TEXT NOT NULL,
  step INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state = 'sending' OR state = 'sent' OR state = 'retry'
    OR state = 'failed' OR state = 'unknown'), -- a list would be made a table of, for every row
  channel TEXT NOT NULL,
  refused_on TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL,
  conversation_id TEXT,
  due_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  sent_at INTEGER,
  retry_at INTEGER,
  attempts INTEGER NOT NULL,
  provider_id TEXT,
  imported_id TEXT,                          -- the id that another store gave it
  message_identity INTEGER,                  -- the message of an export that shows it (rule X6)
  reply_at INTEGER,                          -- a reply before it that came to light only later (rule X7)
  text TEXT NOT NULL,
  text_source TEXT NOT NULL,
  error TEXT,
  because TEXT NOT NULL,                     -- the decision's list of rules, as JSON
  UNIQUE (contact, episode, step)            -- rule X1: a step is claimed once
) STRICT;
CREATE INDEX follow_ups_imported_id ON follow_ups(imported_id) WHERE imported_id IS NOT NULL;
CREATE INDEX follow_ups_sending ON follow_ups(contact) WHERE state = 'sending';
CREATE INDEX follow_ups_unknown ON follow_ups(claimed_at) WHERE state = 'unknown';

-- What a workflow does after a step is sent (rule X8).
CREATE TABLE actions (
  follow_up INTEGER NOT NULL REFERENCES follow_ups(id),
  action TEXT NOT NULL,
  workflow TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'pending' OR state = 'started' OR state = 'done'
    OR state = 'failed' OR state = 'retry' OR state = 'unknown'),
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER,
  detail TEXT,
  PRIMARY KEY (follow_up, action)
) STRICT, WITHOUT ROWID;
CREATE INDEX actions_open ON actions(state) WHERE state <> 'done';

-- What is left of a person after `forget`: keyed hashes of the contact id, phone number and addresses.
CREATE TABLE suppressions (
  hash BLOB PRIMARY KEY,
  forgotten_at INTEGER NOT NULL,
  opted_out_at INTEGER
) STRICT, WITHOUT ROWID;

-- Token buckets: rate limits that hold across runs.
CREATE TABLE rates (
  channel TEXT PRIMARY KEY,
  tokens REAL NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A phone number as far as it tells people apart (rule D21): its last ten digits, however it is spelt, with or
/// without the country. Two people who differ only before that are one for opting out: the safe side.
macro_rules! number_key {
    ($number:literal) => {
        concat!(
            "substr(replace(replace(replace(replace(replace(replace(",
            $number,
            ", ' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '+', ''), -10)"
        )
    };
}
pub(super) use number_key;

const NUMBERS: &str = concat!(
    "CREATE INDEX contacts_number ON contacts(",
    number_key!("phone"),
    ") WHERE phone IS NOT NULL;\n",
    "CREATE INDEX addresses_number ON addresses(",
    number_key!("address"),
    ") WHERE channel IN ('sms', 'whatsapp');\n"
);

const DRAFTS: &str = "
-- A step's text, written before the step is claimed.
CREATE TABLE drafts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  contact INTEGER NOT NULL REFERENCES contacts(id),
  episode INTEGER NOT NULL,
  scenario TEXT NOT NULL,
  step INTEGER NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'waiting', 'approved', 'declined', 'skipped', 'expired')),
  text TEXT,
  source TEXT NOT NULL,
  reason TEXT,
  language TEXT,
  model TEXT,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  cost INTEGER NOT NULL,                     -- millionths of the configured price's unit
  findings TEXT NOT NULL,                    -- what was wrong with texts that were refused, as JSON
  revision INTEGER NOT NULL,                 -- of the thread that it was made from
  made_at INTEGER NOT NULL,
  decided_at INTEGER,                        -- by a person
  UNIQUE (contact, episode, step)
) STRICT;
CREATE INDEX drafts_waiting ON drafts(made_at) WHERE state = 'waiting';

-- Every request to a language model: what budgets are kept by.
CREATE TABLE model_calls (
  id INTEGER PRIMARY KEY,
  contact INTEGER,
  purpose TEXT NOT NULL,
  model TEXT NOT NULL,
  at INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  error TEXT
) STRICT;
CREATE INDEX model_calls_at ON model_calls(at);
";

/// Rule D17's mark on a message, and the token buckets of single addresses.
const CHANNELS: &str = "
ALTER TABLE messages ADD COLUMN ad_click INTEGER NOT NULL DEFAULT 0;
CREATE TABLE address_rates (
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  tokens REAL NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;
";

/// One person over several contacts: `person` is the row of the one who leads. Only that one is ever awake.
const PEOPLE: &str = "
ALTER TABLE contacts ADD COLUMN person INTEGER REFERENCES contacts(id);
CREATE INDEX contacts_person ON contacts(person) WHERE person IS NOT NULL;
CREATE TRIGGER contacts_wake_person AFTER UPDATE OF wake_at ON contacts
WHEN NEW.person IS NOT NULL AND NEW.wake_at IS NOT NULL
BEGIN
  UPDATE contacts SET wake_at = 0 WHERE id = NEW.person;
  UPDATE contacts SET wake_at = NULL, hold = NULL WHERE id = NEW.id;
END;

-- What was said of two contacts: one person, or two. The later counts.
CREATE TABLE joins (
  id INTEGER PRIMARY KEY,
  contact INTEGER NOT NULL REFERENCES contacts(id),
  other INTEGER NOT NULL REFERENCES contacts(id),
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
  said_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT
) STRICT;
CREATE INDEX joins_contact ON joins(contact);
CREATE INDEX joins_other ON joins(other);
";

/// How far each API's source has been read.
const CURSORS: &str = "
CREATE TABLE cursors (
  source INTEGER PRIMARY KEY REFERENCES sources(id),
  account TEXT NOT NULL,                     -- whose cursor it is: of no use with another one
  cursor TEXT NOT NULL                       -- the API's own; kept in the transaction that stores its messages
) STRICT;
";

/// Follow-ups that turned out to have been sent: their workflows' actions are still to be queued (rule X8).
const FOUND: &str = "
CREATE TABLE found_sent (
  follow_up INTEGER PRIMARY KEY REFERENCES follow_ups(id)
) STRICT;
";

/// Messages on which the rules are unsure, and what became of asking a language model about them.
const READINGS: &str = "
CREATE TABLE readings (
  contact INTEGER NOT NULL REFERENCES contacts(id),
  identity INTEGER NOT NULL,                 -- of the message
  state TEXT NOT NULL CHECK (state IN ('waiting', 'read', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  asked_at INTEGER,
  model TEXT,
  PRIMARY KEY (contact, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX readings_waiting ON readings(contact) WHERE state = 'waiting';
";

/// Appointments as the sources have them, and what is said of whom they are with.
const BOOKINGS: &str = "
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES sources(id),
  uid TEXT NOT NULL,
  file TEXT NOT NULL,                        -- that has it: what is gone from a whole calendar is called off
  status TEXT NOT NULL,
  booked_at INTEGER NOT NULL,
  starts_at INTEGER,
  ends_at INTEGER,                           -- NULL: repeats without an end
  cancelled_at INTEGER,
  seen_at INTEGER NOT NULL,                  -- up to when the file that showed it last was complete
  UNIQUE (source, uid)
) STRICT;

CREATE TABLE booking_keys (
  key TEXT NOT NULL,                         -- id:, tel: or mail:, and the contact's
  booking INTEGER NOT NULL REFERENCES bookings(id),
  PRIMARY KEY (key, booking)
) STRICT, WITHOUT ROWID;
CREATE INDEX booking_keys_booking ON booking_keys(booking);
";

/// What contacts were reached at before: what they said then about being written to still holds there (rule D21).
const FORMER: &str = concat!(
    "CREATE TABLE former_addresses (
       key TEXT NOT NULL,                    -- of a number what tells people apart, else all of it in lower case
       contact INTEGER NOT NULL REFERENCES contacts(id),
       until INTEGER NOT NULL,
       PRIMARY KEY (key, contact)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX former_addresses_contact ON former_addresses(contact);
     CREATE TRIGGER former_phone AFTER UPDATE OF phone ON contacts
       WHEN old.phone IS NOT NULL AND ",
    number_key!("new.phone"),
    " IS NOT ",
    number_key!("old.phone"),
    " BEGIN INSERT INTO former_addresses VALUES (",
    number_key!("old.phone"),
    ", old.id, coalesce(new.phone_at, old.phone_at, 0))
       ON CONFLICT DO UPDATE SET until = max(until, excluded.until); END;
     CREATE TRIGGER former_email AFTER UPDATE OF email ON contacts
       WHEN old.email IS NOT NULL AND lower(new.email) IS NOT lower(old.email)
       BEGIN INSERT INTO former_addresses VALUES (lower(old.email), old.id, coalesce(new.email_at, old.email_at, 0))
       ON CONFLICT DO UPDATE SET until = max(until, excluded.until); END;
     CREATE TRIGGER former_address AFTER UPDATE OF address ON addresses
       WHEN lower(new.address) <> lower(old.address)
       BEGIN INSERT INTO former_addresses VALUES (iif(old.channel IN ('sms', 'whatsapp'), ",
    number_key!("old.address"),
    ", lower(old.address)), old.contact, new.at)
       ON CONFLICT DO UPDATE SET until = max(until, excluded.until); END;"
);

/// Steps that were due and not claimed.
const HELD_BACK: &str = "
CREATE TABLE held_back (
  contact INTEGER PRIMARY KEY REFERENCES contacts(id),
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  error TEXT NOT NULL
) STRICT;
";

/// The id of an appointment may be looked for in all sources: a calendar's is one of its own kind in the world.
const UIDS: &str = "CREATE INDEX bookings_uid ON bookings(uid);";

/// The same of a number outside the database: what [`number_key!`] makes of it.
pub(super) fn comparable_number(number: &str) -> String {
    let kept: Vec<char> = number.chars().filter(|c| !" -().+".contains(*c)).collect();
    kept[kept.len().saturating_sub(10)..].iter().collect()
}
