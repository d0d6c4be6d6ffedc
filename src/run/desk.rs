//! Where texts are written by a model, beside the sending: on threads of their own, with no transaction open.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender as Queue, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use super::pipeline::Arrived;
use crate::compose::ai::{Author, Manuscript};
use crate::decide::Decision;
use crate::model::Thread;
use crate::store::ContactKey;

/// How often a text is written for one contact in one run: anew when the thread changed meanwhile.
const MOST_TEXTS: u8 = 2;

/// A step whose text is to be written, from the facts as they were when it was asked for.
pub(super) struct Order {
    pub(super) contact: ContactKey,
    pub(super) thread: Thread,
    pub(super) decision: Decision,
}

/// The texts under way.
pub(super) struct Desk {
    /// The threads that write, once there is something to write.
    orders: Option<Queue<Box<Order>>>,
    in_flight: usize,
    most: usize,
    parked: VecDeque<ContactKey>,
    asked: HashMap<ContactKey, u8>,
    /// How many models had been given up when that was last said.
    pub(super) closed: usize,
}

impl Desk {
    /// A desk for so many requests at once.
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            orders: None,
            in_flight: 0,
            // As many wait as are at work, so that no thread waits for the next commit.
            most: concurrency * 2,
            parked: VecDeque::new(),
            asked: HashMap::new(),
            closed: 0,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.most
    }

    /// How many texts are being written or wait for it.
    pub(super) fn open(&self) -> u64 {
        (self.in_flight + self.parked.len()) as u64
    }

    /// Whether a contact waits for whom there is room now.
    pub(super) fn has_next(&self) -> bool {
        self.has_room() && !self.parked.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<ContactKey> {
        if self.has_room() {
            self.parked.pop_front()
        } else {
            None
        }
    }

    pub(super) fn park(&mut self, contact: ContactKey) {
        self.parked.push_back(contact);
    }

    /// Gives up what waits; says how many.
    pub(super) fn clear(&mut self) -> u64 {
        let left = self.parked.len() as u64;
        self.parked.clear();
        left
    }

    pub(super) fn arrived(&mut self, count: usize) {
        self.in_flight -= count;
    }

    /// Whether a text may still be asked for.
    pub(super) fn may_ask(&self, contact: ContactKey) -> bool {
        self.asked.get(&contact).is_none_or(|n| *n < MOST_TEXTS)
    }

    /// Sends an order to the threads that write, which are made when there is the first.
    pub(super) fn order<'scope, 'env>(
        &mut self,
        order: Order,
        author: &'env Author<'env>,
        scope: &'scope Scope<'scope, 'env>,
        answer: &Queue<Arrived>,
    ) {
        *self.asked.entry(order.contact).or_default() += 1;
        self.in_flight += 1;
        let threads = self.most / 2;
        let orders = self
            .orders
            .get_or_insert_with(|| spawn(threads, author, scope, answer));
        // The threads end only after the writer.
        let _ = orders.send(Box::new(order));
    }
}

fn spawn<'scope, 'env>(
    threads: usize,
    author: &'env Author<'env>,
    scope: &'scope Scope<'scope, 'env>,
    answer: &Queue<Arrived>,
) -> Queue<Box<Order>> {
    let (orders, queue) = channel::<Box<Order>>();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..threads {
        let (queue, answer) = (Arc::clone(&queue), answer.clone());
        scope.spawn(move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(order) = next else { return };
                let manuscript = write(author, &order);
                if answer.send(Arrived::Written(order, manuscript)).is_err() {
                    return;
                }
            }
        });
    }
    orders
}

/// A defect of the author is one text that is not there; the run must hear of it, or it would wait for ever.
fn write(author: &Author<'_>, order: &Order) -> Option<Box<Manuscript>> {
    let write = AssertUnwindSafe(|| author.write(&order.thread, &order.decision));
    catch_unwind(write).ok().map(Box::new)
}
