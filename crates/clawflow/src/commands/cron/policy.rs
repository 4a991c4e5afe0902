//! How a schedule fires, as flags.

use crate::cli::CliError;
use crate::commands::args::{Due, due, duration_ms, word};
use crate::show::now;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::schedule::{MissedPolicy, OverlapPolicy, Policies};

/// How.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "policies")]
pub(super) struct PolicyArgs {
    /// slots that nobody was there to start: skip, once or all [default: once]
    #[arg(long, value_name = "POLICY", value_parser = word::<MissedPolicy>)]
    missed: Option<MissedPolicy>,
    /// skip missed slots that are older than this; `none`: none is too old
    #[arg(long, value_name = "DURATION", value_parser = maybe_ms)]
    missed_window: Option<Maybe>,
    /// with --missed all: start so many of the newest at most [default: 10]
    #[arg(long, value_name = "N")]
    missed_cap: Option<u32>,
    /// with --missed all: time from one start to the next [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    missed_spacing: Option<u64>,
    /// how late a start still counts as on time [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    late: Option<u64>,
    /// while an earlier run goes on: skip, queue, replace or allow [default: skip]
    #[arg(long, value_name = "POLICY", value_parser = word::<OverlapPolicy>)]
    overlap: Option<OverlapPolicy>,
    /// try a run that failed so many times again [default: 0]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// pause before the first retry, doubled each time [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    retry_pause: Option<u64>,
    /// stop a run after this time; `none`: let it run
    #[arg(long, value_name = "DURATION", value_parser = maybe_ms)]
    timeout: Option<Maybe>,
    /// fire up to this much later, always the same for one schedule [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    jitter: Option<u64>,
    /// no slot before then; `none`: from now on
    #[arg(long, value_name = "WHEN", value_parser = maybe_due)]
    starts: Option<MaybeDue>,
    /// no slot after then; `none`: for ever
    #[arg(long, value_name = "WHEN", value_parser = maybe_due)]
    ends: Option<MaybeDue>,
    /// disable it after so many runs that failed in a row; 0: never [default: 10]
    #[arg(long, value_name = "N")]
    disable_after: Option<u32>,
    /// delete it once its last slot has run well
    #[arg(long, overrides_with = "keep_after_run")]
    delete_after_run: bool,
    /// keep it after its last slot
    #[arg(long)]
    keep_after_run: bool,
    /// what the owner is told of each task: done_only, state_changes or silent [default: silent]
    #[arg(long, value_name = "POLICY", value_parser = word::<NotifyPolicy>)]
    notify: Option<NotifyPolicy>,
}

/// A duration, or none.
#[derive(Clone, Copy, Debug)]
struct Maybe(Option<u64>);

fn maybe_ms(text: &str) -> Result<Maybe, String> {
    match text {
        "none" => Ok(Maybe(None)),
        _ => duration_ms(text).map(|ms| Maybe(Some(ms))),
    }
}

/// A time to come, or none.
#[derive(Clone, Copy, Debug)]
struct MaybeDue(Option<Due>);

fn maybe_due(text: &str) -> Result<MaybeDue, String> {
    match text {
        "none" => Ok(MaybeDue(None)),
        _ => due(text).map(|due| MaybeDue(Some(due))),
    }
}

impl MaybeDue {
    fn moment(self) -> Option<Millis> {
        self.0.map(|due| match due {
            Due::At(at) => at,
            Due::In(ms) => now().saturating_add(Millis::try_from(ms).unwrap_or(Millis::MAX)),
        })
    }
}

impl PolicyArgs {
    /// The policies that the flags make of these.
    pub(super) fn policies(&self, was: Policies) -> Result<Policies, CliError> {
        // Missed slots that are all to run would only skip each other.
        let queues = self.missed == Some(MissedPolicy::All) && was == Policies::default();
        let overlap = if queues { OverlapPolicy::Queue } else { was.overlap };
        let maybe = |flag: Option<Maybe>, was| flag.map_or(was, |Maybe(ms)| ms);
        let moment = |flag: Option<MaybeDue>, was| flag.map_or(was, MaybeDue::moment);
        Ok(Policies {
            missed: self.missed.unwrap_or(was.missed),
            missed_window_ms: maybe(self.missed_window, was.missed_window_ms),
            missed_cap: self.missed_cap.unwrap_or(was.missed_cap),
            missed_spacing_ms: self.missed_spacing.unwrap_or(was.missed_spacing_ms),
            late_ms: self.late.unwrap_or(was.late_ms),
            overlap: self.overlap.unwrap_or(overlap),
            retries: self.retries.unwrap_or(was.retries),
            retry_pause_ms: self.retry_pause.unwrap_or(was.retry_pause_ms),
            timeout_ms: maybe(self.timeout, was.timeout_ms),
            jitter_ms: self.jitter.unwrap_or(was.jitter_ms),
            starts_at: moment(self.starts, was.starts_at),
            ends_at: moment(self.ends, was.ends_at),
            disable_after: self.disable_after.unwrap_or(was.disable_after),
            delete_after_run: match (self.delete_after_run, self.keep_after_run) {
                (true, _) => true,
                (false, true) => false,
                (false, false) => was.delete_after_run,
            },
            notify: self.notify.unwrap_or(was.notify),
        })
    }
}
