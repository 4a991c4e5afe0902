//! The places of a listener: so many connections at once, and who goes when there are more.
//!
//! Use: [`Places::take`] for each new connection; its [`Place`] is told when a request begins and
//! ends. Limits: the number that the places were made with.
//! Failure: none; where all are taken, the one that has been idle for longest goes. Whoever is at
//! work stays, and the next that becomes idle makes room.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places of one listener.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// Newcomers who wait for a place.
    wanted: AtomicUsize,
    idle: Mutex<Idle>,
}

/// Idle connections in the order in which they became so.
#[derive(Default)]
struct Idle {
    next: u64,
    by_age: BTreeMap<u64, Arc<Notify>>,
}

impl Idle {
    fn add(&mut self, leave: Arc<Notify>) -> u64 {
        let ticket = self.next;
        self.next += 1;
        self.by_age.insert(ticket, leave);
        ticket
    }
}

/// The place of one connection. Free again when it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    leave: Arc<Notify>,
    /// Its number among the idle ones; `None` at work or told to leave.
    ticket: Mutex<Option<u64>>,
    served: AtomicBool,
    _permit: OwnedSemaphorePermit,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(count)),
            wanted: AtomicUsize::new(0),
            idle: Mutex::default(),
        })
    }

    /// A place for a new connection, idle at first.
    pub(crate) async fn take(self: &Arc<Self>) -> Place {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.make_room().await,
        };
        let place = Place {
            places: self.clone(),
            leave: Arc::default(),
            ticket: Mutex::new(None),
            served: AtomicBool::new(false),
            _permit: permit,
        };
        place.enqueue();
        place
    }

    async fn make_room(&self) -> OwnedSemaphorePermit {
        let _wanted = Wanted::new(&self.wanted);
        // The oldest leaves its ticket here, so that nobody else is sent away in its stead.
        if let Some((_, oldest)) = lock(&self.idle).by_age.pop_first() {
            oldest.notify_one();
        }
        match self.free.clone().acquire_owned().await {
            Ok(permit) => permit,
            // Nobody closes the semaphore.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Counts a newcomer while it waits, also if it gives up.
struct Wanted<'a>(&'a AtomicUsize);

impl<'a> Wanted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Place {
    fn enqueue(&self) {
        let ticket = lock(&self.places.idle).add(self.leave.clone());
        *lock(&self.ticket) = Some(ticket);
    }

    fn dequeue(&self) {
        let ticket = lock(&self.ticket).take();
        if let Some(ticket) = ticket {
            lock(&self.places.idle).by_age.remove(&ticket);
        }
    }

    /// A request has begun.
    pub(crate) fn busy(&self) {
        self.served.store(true, Ordering::Relaxed);
        self.dequeue();
    }

    /// Its answer has been handed over.
    pub(crate) fn idle(&self) {
        self.enqueue();
        if self.places.wanted.load(Ordering::SeqCst) > 0 {
            self.leave.notify_one();
        }
    }

    /// Whether there was ever a request on the connection.
    pub(crate) fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Ends when the connection is to make room.
    pub(crate) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.dequeue();
    }
}
