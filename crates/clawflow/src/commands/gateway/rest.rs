//! What a gateway gives back when it has nothing to do.

use rustix::time::{ClockId, clock_gettime};
use std::convert::Infallible;
use std::time::Duration;

/// How often it is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Processor time between two looks up to which there was nothing to do.
const QUIET: Duration = Duration::from_millis(10);
/// Processor time since it was given back for which it is worth while to do so again.
const WORTH: Duration = Duration::from_millis(20);

/// Gives back what the start took, and later what bursts of work took, when they are over.
/// Never returns.
pub(super) async fn rest() -> Infallible {
    release();
    let (mut released, mut looked) = (used(), used());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = used();
        if is_due(now - looked, now - released) {
            release();
            released = used();
        }
        looked = now;
    }
}

fn is_due(since_look: Duration, since_release: Duration) -> bool {
    since_look <= QUIET && since_release >= WORTH
}

fn release() {
    if let Err(error) = clawflow_engine::release_program() {
        tracing::debug!(%error, "the program's memory is not given back");
    }
}

/// Processor time of this process until now.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_back_once_after_a_burst_and_not_during_it() {
        let ms = Duration::from_millis;
        assert!(is_due(ms(0), ms(20)));
        assert!(!is_due(ms(11), ms(500)));
        assert!(!is_due(ms(1), ms(19)));
    }

    #[test]
    fn processor_time_goes_on() {
        let before = used();
        while used() == before {}
    }
}
