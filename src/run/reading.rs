//! Messages on which the rules are unsure, read by a model before anything is decided (rules S1, S5). A failure
//! changes nothing: the message waits, and the rules' reading stands.

use std::collections::VecDeque;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::{Event, Summary};
use crate::compose::ai::reading::{Message, answer, question};
use crate::compose::ai::{Author, NoAnswer};
use crate::config::Config;
use crate::detect::{Detector, Input};
use crate::model::{CallPurpose, Direction, Language, ModelCall, Thread, Timestamp};
use crate::store::{ModelReading, Store, Unread};
use crate::zone::Zone;

/// How many messages one run reads at most.
const MOST: usize = 1000;

/// Who reads, for whom.
pub struct Readings<'a> {
    /// Where messages wait.
    pub store: &'a Store,
    /// The business.
    pub config: &'a Config,
    /// The models.
    pub author: &'a Author<'a>,
    /// What read them first.
    pub detector: &'a Detector,
    /// Tells the time.
    pub clock: super::Clock<'a>,
    /// Whether the run is to end soon: nothing more is asked.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What came of asking about one message.
struct Asked {
    unread: Unread,
    contact_id: String,
    calls: Vec<ModelCall>,
    read: Result<ModelReading, NoAnswer>,
}

impl Readings<'_> {
    /// Reads what waits, several at once, and keeps each answer as it comes. Gives up at the end of the budget.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn read(&self, summary: &mut Summary, report: &mut dyn FnMut(&Event)) -> Result<()> {
        let mut waiting = VecDeque::new();
        for unread in self.store.unread(MOST)? {
            if let Some(thread) = self.store.thread(unread.contact)? {
                waiting.push_back((unread, thread));
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let readers = self.config.limits.concurrency.min(waiting.len());
        let queue = Mutex::new(waiting);
        std::thread::scope(|scope| {
            let (answer, answers) = channel();
            let asker = Asker {
                config: self.config,
                author: self.author,
                detector: self.detector,
            };
            for _ in 0..readers {
                let (queue, answer, stop) = (&queue, answer.clone(), self.stop);
                scope.spawn(move || {
                    let next = || {
                        queue
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .pop_front()
                    };
                    while let Some((unread, thread)) = next().filter(|_| !stop()) {
                        let asked = asker.ask(unread, &thread);
                        let spent = matches!(asked.read, Err(NoAnswer::Spent(_)));
                        if answer.send(asked).is_err() || spent {
                            return;
                        }
                    }
                });
            }
            drop(answer);
            for asked in answers {
                self.keep(&asked, summary)?;
                if let Err(error) = &asked.read {
                    report(&Event::Skipped {
                        contact_id: asked.contact_id,
                        reason: "unread".to_owned(),
                        error: Some(error.to_string()),
                    });
                }
            }
            Ok(())
        })
    }

    fn keep(&self, asked: &Asked, summary: &mut Summary) -> Result<()> {
        let now = (self.clock)();
        self.store.durably(|| {
            for call in &asked.calls {
                self.store.note_call(Some(asked.unread.contact), call)?;
                summary.ai += call.usage;
            }
            match &asked.read {
                Ok(reading) => {
                    summary.read += 1;
                    self.store.keep_reading(&asked.unread, reading, now)
                }
                // Nobody was asked.
                Err(NoAnswer::Spent(_)) => Ok(()),
                Err(_) => {
                    summary.unread += 1;
                    self.store.reading_failed(&asked.unread, now)
                }
            }
        })
    }
}

/// What a thread that asks needs.
#[derive(Clone, Copy)]
struct Asker<'a> {
    config: &'a Config,
    author: &'a Author<'a>,
    detector: &'a Detector,
}

impl Asker<'_> {
    fn ask(&self, unread: Unread, thread: &Thread) -> Asked {
        let bot = &self.config.bot;
        let contact = &thread.contact;
        let named = contact.timezone.as_deref().and_then(Zone::named);
        let zone = named.unwrap_or_else(|| bot.zone.clone());
        let reading = self.detector.read(&Input {
            text: &unread.text,
            sent_at: unread.sent_at,
            zone: &zone,
            language: contact.language.as_deref().and_then(Language::from_tag),
            default_language: bot.language,
        });
        let message = Message {
            contact,
            text: &unread.text,
            sent_at: unread.sent_at,
            zone: &zone,
            before: said_before(thread, unread.sent_at),
            times: &reading.times,
        };
        let models = self.author.models();
        let mut calls = Vec::new();
        let asked = models.ask(
            &question(&message),
            CallPurpose::Read,
            models.deadline(),
            &mut 0,
            &mut calls,
        );
        let read = asked.and_then(|answered| match answer(&answered.text, &message) {
            Ok(signal) => Ok(ModelReading {
                signal,
                model: answered.model,
            }),
            Err(words) => Err(NoAnswer::Unusable(words)),
        });
        Asked {
            contact_id: contact.contact_id.clone(),
            unread,
            calls,
            read,
        }
    }
}

/// What we said last before a message.
fn said_before(thread: &Thread, at: Timestamp) -> Option<&str> {
    let ours = thread.messages.iter();
    let ours = ours.filter(|m| m.direction() == Direction::Outbound && m.sent_at <= at);
    let last = ours.max_by_key(|m| (m.sent_at, m.seq))?;
    Some(&last.text)
}
