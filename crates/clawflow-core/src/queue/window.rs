//! The starts of a queue in the last span of time.

use super::limits::Rate;
use crate::Millis;
use std::collections::VecDeque;

/// At most as many starts as the rate allows, each for as long as it counts.
#[derive(Debug)]
pub(super) struct Window {
    rate: Rate,
    /// In the order of time.
    starts: VecDeque<Millis>,
    /// Starts that are being recorded: their time is not known yet.
    pending: usize,
}

impl Window {
    pub(super) fn new(rate: Rate, mut starts: Vec<Millis>) -> Self {
        starts.sort_unstable();
        Self { rate, starts: starts.into(), pending: 0 }
    }

    /// Whether one more may start now.
    pub(super) fn may_start(&mut self, now: Millis) -> bool {
        self.pass(now);
        self.starts.len() + self.pending < self.rate.count
    }

    /// When one more may start, if none may now; `None` while that depends on what is pending.
    pub(super) fn next(&mut self, now: Millis) -> Option<Millis> {
        self.pass(now);
        let over = (self.starts.len() + self.pending + 1).checked_sub(self.rate.count)?;
        let last = self.starts.get(over.checked_sub(1)?)?;
        Some(last.saturating_add(self.rate.period_ms))
    }

    /// A start is decided on.
    pub(super) fn begin(&mut self) {
        self.pending += 1;
    }

    /// It is on record, at this time at the latest.
    pub(super) fn record(&mut self, now: Millis) {
        self.pending = self.pending.saturating_sub(1);
        let at = self.starts.back().map_or(now, |last| now.max(*last));
        self.starts.push_back(at);
    }

    /// It did not come to it.
    pub(super) fn take_back(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// Forgets what counts no more. A clock that was set back makes nobody wait for longer than a
    /// whole period.
    fn pass(&mut self, now: Millis) {
        while self.starts.front().is_some_and(|at| at.saturating_add(self.rate.period_ms) <= now) {
            self.starts.pop_front();
        }
        let ahead = self.starts.iter().rev().take_while(|at| **at > now).count();
        if ahead > 0 {
            let rest = self.starts.len() - ahead;
            self.starts.iter_mut().skip(rest).for_each(|at| *at = now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(starts: &[Millis]) -> Window {
        Window::new(Rate { count: 2, period_ms: 100 }, starts.to_vec())
    }

    #[test]
    fn a_start_counts_for_a_whole_period() {
        let mut window = window(&[40, 10]);
        assert!(!window.may_start(109));
        assert_eq!(window.next(109), Some(110));
        assert!(window.may_start(110));
        window.begin();
        assert!(!window.may_start(110), "what is being recorded counts");
        assert_eq!(window.next(110), Some(140));
        window.record(120);
        assert!(!window.may_start(139));
        assert!(window.may_start(140));
    }

    #[test]
    fn a_start_that_was_refused_counts_no_more() {
        let mut window = window(&[]);
        window.begin();
        window.begin();
        assert!(!window.may_start(0));
        assert_eq!(window.next(0), None, "it depends on what becomes of them");
        window.take_back();
        assert!(window.may_start(0));
    }

    #[test]
    fn a_clock_that_is_set_back_costs_a_period_at_most() {
        let mut window = window(&[1_000_000, 1_000_001]);
        assert!(!window.may_start(50));
        assert_eq!(window.next(50), Some(150));
        assert!(window.may_start(150));
    }
}
