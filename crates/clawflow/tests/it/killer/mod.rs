//! The random killer: flows made from a seed, kills at random instants, then the reckoning.
//!
//! Use: `CLAWFLOW_KILLER_ROUNDS` says how many rounds (50), `CLAWFLOW_KILLER_SEED` where they
//! begin; a round that fails says how to repeat it. The plan of a round follows from its seed, the
//! instants of the kills do not quite: a repeat may need more than one try. `docs/crash-tests.md`.

mod chaos;
mod plan;
pub(crate) mod rng;
mod round;
pub(crate) mod story;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const ROUNDS: &str = "CLAWFLOW_KILLER_ROUNDS";
const SEED: &str = "CLAWFLOW_KILLER_SEED";
/// Rounds without a wish.
const ROUNDS_DEFAULT: u64 = 50;
/// Rounds at the same time: they mostly wait.
const AT_ONCE: usize = 4;

#[test]
fn random_kills_lose_nothing_and_double_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number(ROUNDS).unwrap_or(ROUNDS_DEFAULT);
    let seed = number(SEED).unwrap_or_else(|| u64::from(std::process::id()) * 1000);
    println!("{SEED}={seed} {ROUNDS}={rounds}");
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let tally = Mutex::new(round::Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let round = next.fetch_add(1, Ordering::Relaxed);
                    if round >= rounds {
                        return;
                    }
                    let (happened, findings) = round::run(seed + round);
                    tally.lock().unwrap().add(happened);
                    if !findings.is_empty() {
                        println!("{}", findings.join("\n"));
                        failures.lock().unwrap().push(seed + round);
                    }
                }
            });
        }
    });
    println!("{:?}", tally.into_inner().unwrap());
    let failures = failures.into_inner().unwrap();
    let repeat = |seed: &u64| {
        format!("{SEED}={seed} {ROUNDS}=1 cargo test -p clawflow --test it killer -- --nocapture")
    };
    let repeats: Vec<String> = failures.iter().map(repeat).collect();
    assert!(failures.is_empty(), "{} rounds failed:\n{}", failures.len(), repeats.join("\n"));
}
