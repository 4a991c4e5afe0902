//! The step that `flows` times: tells the clock at its start and at its end, and does nothing else.
//! A program of its own, so that loading it costs as little as loading `true`.

fn main() {
    let started = monotonic_ns();
    println!("{started} {}", monotonic_ns());
}

/// Nanoseconds of the clock that all processes share.
fn monotonic_ns() -> i128 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec)
}
