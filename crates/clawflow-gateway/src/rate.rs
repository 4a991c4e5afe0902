//! How often somebody may ask: a token bucket that holds a second's worth.

use crate::limits::RATES_MAX;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What one caller may still ask.
pub(crate) struct Bucket {
    rate: f64,
    level: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// A full one, for `rate` requests per second.
    pub(crate) fn new(rate: u32) -> Self {
        let rate = f64::from(rate.max(1));
        Self { rate, level: Mutex::new((rate, Instant::now())) }
    }

    /// Takes one request out of it; the error is the time after which there will be one.
    pub(crate) fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let (was, since) = *level;
        let passed = now.saturating_duration_since(since).as_secs_f64();
        let mut filled = (was + passed * self.rate).min(self.rate);
        let taken = filled >= 1.0;
        if taken {
            filled -= 1.0;
        }
        *level = (filled, since.max(now));
        match taken {
            true => Ok(()),
            false => Err(Duration::from_secs_f64((1.0 - filled) / self.rate)),
        }
    }

    fn is_full(&self, now: Instant) -> bool {
        let (was, since) = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        was + now.saturating_duration_since(since).as_secs_f64() * self.rate >= self.rate
    }
}

/// The buckets of all tokens.
pub(crate) struct Rates {
    rate: u32,
    known: Mutex<Known>,
}

struct Known {
    by_token: HashMap<String, Arc<Bucket>>,
    /// When those that rested were forgotten last.
    tidied: Option<Instant>,
}

impl Known {
    /// Makes room, if there is none: a full bucket is as good as none. Not more than once a second.
    fn has_room(&mut self, now: Instant) -> bool {
        if self.by_token.len() < RATES_MAX {
            return true;
        }
        let pause = Duration::from_secs(1);
        if self.tidied.is_none_or(|at| now.saturating_duration_since(at) >= pause) {
            self.tidied = Some(now);
            self.by_token.retain(|_, bucket| !bucket.is_full(now));
        }
        self.by_token.len() < RATES_MAX
    }
}

impl Rates {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, known: Mutex::new(Known { by_token: HashMap::new(), tidied: None }) }
    }

    /// A bucket for a new connection.
    pub(crate) fn connection(&self) -> Arc<Bucket> {
        Arc::new(Bucket::new(self.rate))
    }

    /// Takes one request of this token.
    pub(crate) fn take(&self, token: &str, now: Instant) -> Result<(), Duration> {
        match self.bucket(token, now) {
            Some(bucket) => bucket.take(now),
            // More tokens at once than are remembered: their connections are limited all the same.
            None => Ok(()),
        }
    }

    fn bucket(&self, token: &str, now: Instant) -> Option<Arc<Bucket>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.by_token.contains_key(token) {
            if !known.has_room(now) {
                return None;
            }
            known.by_token.insert(token.to_owned(), Arc::new(Bucket::new(self.rate)));
        }
        known.by_token.get(token).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_its_rate_and_no_more() {
        let (bucket, began) = (Bucket::new(3), Instant::now());
        for _ in 0..3 {
            bucket.take(began).unwrap();
        }
        let wait = bucket.take(began).unwrap_err();
        assert!(wait > Duration::from_millis(300) && wait < Duration::from_millis(340), "{wait:?}");
        bucket.take(began + Duration::from_millis(340)).unwrap();
        assert!(bucket.take(began + Duration::from_millis(341)).is_err());
        // However long nobody asks, it holds a second's worth.
        let later = began + Duration::from_secs(3600);
        assert_eq!((0..9).filter(|_| bucket.take(later).is_ok()).count(), 3);
    }

    #[test]
    fn tokens_do_not_share() {
        let (rates, now) = (Rates::new(1), Instant::now());
        rates.take("a", now).unwrap();
        assert!(rates.take("a", now).is_err());
        rates.take("b", now).unwrap();
    }

    #[test]
    fn so_many_tokens_are_remembered() {
        let (rates, now) = (Rates::new(1), Instant::now());
        for number in 0..3 * RATES_MAX {
            rates.take(&number.to_string(), now).unwrap();
        }
        assert!(rates.known.lock().unwrap().by_token.len() <= RATES_MAX);
        rates.take("late", now + Duration::from_secs(2)).unwrap();
        assert_eq!(
            rates.known.lock().unwrap().by_token.len(),
            1,
            "those that rested are forgotten"
        );
    }
}
