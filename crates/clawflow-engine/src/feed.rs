//! The feed: a hint of the newest event on disk, for readers of the history.
//!
//! Use: [`Engine::feed`]; a reader waits for [`Feed::changed`] and lets [`Feed::passed`] say
//! whether what is new may be for it. Limits: the latest few thousand events are remembered, a few
//! bytes of each. Failure: none; who is behind all of them is told to ask the store.

use crate::engine::{Engine, lock};
use clawflow_core::unit::Unit;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Events that are remembered: some seconds of a busy engine.
const RECENT_MAX: usize = 4096;

/// Whose event it is and what it is about, as hashes: two that are the same by chance cost a look
/// into the store, and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    owner: u64,
    subject: u64,
}

/// The latest events of this engine.
#[derive(Default)]
pub(crate) struct Recent {
    hashes: RandomState,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// What is remembered comes after this one; `None` before the first commit.
    after: Option<u64>,
    /// By seq. Commits are told in any order, so that there may be gaps for a moment.
    marks: BTreeMap<u64, Mark>,
}

impl Recent {
    /// What there will be to remember of a unit.
    pub(crate) fn marks(&self, unit: &Unit) -> Vec<Mark> {
        let hash = |text: &String| self.hashes.hash_one(text.as_str());
        let events = unit.events.iter();
        events.map(|e| Mark { owner: hash(&e.owner_key), subject: hash(&e.subject) }).collect()
    }

    /// Remembers the events of a unit, the last of which is `seq`.
    pub(crate) fn add(&self, marks: &[Mark], seq: u64) {
        let before = seq.saturating_sub(marks.len() as u64);
        let mut held = lock(&self.held);
        let mut after = *held.after.get_or_insert(before);
        let known = (before + 1..).zip(marks).filter(|(seq, _)| *seq > after);
        held.marks.extend(known.map(|(seq, mark)| (seq, *mark)));
        while held.marks.len() > RECENT_MAX
            && let Some((first, _)) = held.marks.pop_first()
        {
            after = first;
        }
        held.after = Some(after);
    }
}

/// Tells how far the history has come. A hint only: what happened is asked of the store, by the
/// position that the reader has reached. A slow reader costs nothing and misses nothing.
pub struct Feed {
    newest: watch::Receiver<u64>,
    recent: Arc<Recent>,
}

impl Feed {
    /// Sequence number of the newest event that this engine has brought to disk; 0: none yet.
    #[must_use]
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Waits until more has happened since the last look, and returns how far it is then.
    pub async fn changed(&mut self) -> u64 {
        // An error would mean that the engine is gone: nothing will happen any more.
        if self.newest.changed().await.is_ok() {
            return *self.newest.borrow_and_update();
        }
        std::future::pending().await
    }

    /// How far a reader is that has seen everything up to `seen`, where nothing that came later is
    /// of this owner and subject; `None`, if some of it may be: then the store is to be asked.
    #[must_use]
    pub fn passed(&self, seen: u64, owner: Option<&str>, subject: Option<&str>) -> Option<u64> {
        let hash = |text: &str| self.recent.hashes.hash_one(text);
        let (owner, subject) = (owner.map(hash), subject.map(hash));
        let held = lock(&self.recent.held);
        let Some(after) = held.after else { return Some(seen) };
        if seen < after {
            return None;
        }
        let mut upto = seen;
        for (seq, mark) in held.marks.range(seen + 1..) {
            let is_owners = owner.is_none_or(|owner| owner == mark.owner);
            if is_owners && subject.is_none_or(|subject| subject == mark.subject) {
                return None;
            }
            // Not beyond a gap: what is missing there is on disk and will be told in a moment.
            if *seq == upto + 1 {
                upto = *seq;
            }
        }
        Some(upto)
    }
}

impl Engine {
    /// A hint of the newest event on disk, from now on.
    #[must_use]
    pub fn feed(&self) -> Feed {
        let mut newest = self.inner.feed.subscribe();
        newest.mark_unchanged();
        Feed { newest, recent: self.inner.recent.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clawflow_core::event::Event;

    fn unit(events: &[(&str, &str)]) -> Unit {
        let event = |(owner, subject): &(&str, &str)| {
            let (owner_key, subject) = ((*owner).to_owned(), (*subject).to_owned());
            let (kind, data) = ("test".to_owned(), serde_json::Value::Null);
            Event {
                subject,
                number: 1,
                owner_key,
                at: 1,
                actor: None,
                kind,
                step_id: None,
                task_id: None,
                data,
            }
        };
        Unit { events: events.iter().map(event).collect(), ..Unit::default() }
    }

    fn feed() -> Feed {
        Feed { newest: watch::Sender::new(0).subscribe(), recent: Arc::default() }
    }

    fn tell(feed: &Feed, events: &[(&str, &str)], seq: u64) {
        feed.recent.add(&feed.recent.marks(&unit(events)), seq);
    }

    #[test]
    fn what_is_not_for_a_reader_is_passed() {
        let feed = feed();
        assert_eq!(feed.passed(7, None, None), Some(7), "nothing has happened");
        tell(&feed, &[("a", "one"), ("a", "two")], 102);
        assert_eq!(feed.passed(100, Some("b"), None), Some(102));
        assert_eq!(feed.passed(100, Some("a"), Some("three")), Some(102));
        assert_eq!(feed.passed(99, Some("b"), None), None, "it is behind what is remembered");
        for (owner, subject) in [(None, None), (Some("a"), None), (None, Some("two"))] {
            assert_eq!(feed.passed(100, owner, subject), None);
            assert_eq!(feed.passed(102, owner, subject), Some(102));
        }
        assert_eq!(feed.passed(101, Some("a"), Some("one")), Some(102));
    }

    #[test]
    fn a_gap_is_not_passed_until_it_is_filled() {
        let feed = feed();
        tell(&feed, &[("a", "one")], 1);
        tell(&feed, &[("a", "one")], 3);
        assert_eq!(feed.passed(0, Some("b"), None), Some(1));
        tell(&feed, &[("b", "two")], 2);
        assert_eq!(feed.passed(1, Some("b"), None), None);
        assert_eq!(feed.passed(1, Some("c"), None), Some(3));
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let feed = feed();
        let most = RECENT_MAX as u64;
        (1..=most + 10).for_each(|seq| tell(&feed, &[("a", "one")], seq));
        assert_eq!(lock(&feed.recent.held).marks.len(), RECENT_MAX);
        assert_eq!(feed.passed(9, Some("b"), None), None);
        assert_eq!(feed.passed(10, Some("b"), None), Some(most + 10));
        tell(&feed, &[("b", "two")], 5);
        assert_eq!(feed.passed(10, Some("b"), None), Some(most + 10), "it is too old");
    }
}
