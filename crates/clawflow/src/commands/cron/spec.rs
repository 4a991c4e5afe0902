//! When a schedule fires, as flags.

use crate::cli::CliError;
use crate::commands::args::{Due, due, duration_ms, time};
use crate::show::now;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::schedule::Spec;
use jiff::tz::TimeZone;

/// When.
#[derive(Debug, Default, Args)]
pub(super) struct SpecArgs {
    /// once: a duration from now, or a time
    #[arg(long, value_name = "WHEN", value_parser = due, group = "when", help_heading = "when")]
    at: Option<Due>,
    /// again and again, after this time
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, group = "when")]
    #[arg(help_heading = "when")]
    every: Option<u64>,
    /// by a cron expression: 5 fields, 6 with seconds, or a name such as @daily
    #[arg(long, value_name = "EXPR", group = "when", help_heading = "when")]
    cron: Option<String>,
    /// the zone of the cron expression [default: this machine's]
    #[arg(long, value_name = "ZONE", help_heading = "when")]
    tz: Option<String>,
    /// a time from which the intervals are counted [default: now]
    #[arg(long, value_name = "WHEN", value_parser = time, requires = "every")]
    #[arg(help_heading = "when")]
    anchor: Option<Millis>,
}

impl SpecArgs {
    /// The spec that the flags make; what they leave out is as in `was`.
    pub(super) fn spec(&self, was: Option<&Spec>) -> Result<Option<Spec>, CliError> {
        let made = match (self.at, self.every, &self.cron) {
            (Some(Due::At(at)), ..) => Spec::At { at },
            (Some(Due::In(ms)), ..) => {
                let ms = Millis::try_from(ms).unwrap_or(Millis::MAX);
                Spec::At { at: now().saturating_add(ms) }
            }
            (None, Some(every_ms), _) => {
                Spec::Every { every_ms, anchor: self.anchor.unwrap_or_else(now) }
            }
            (None, None, Some(expr)) => {
                let tz = match (&self.tz, was) {
                    (None, Some(Spec::Cron { tz, .. })) => tz.clone(),
                    _ => self.zone()?,
                };
                Spec::Cron { expr: expr.clone(), tz }
            }
            (None, None, None) => match (&self.tz, was) {
                (None, _) => return Ok(None),
                (Some(tz), Some(Spec::Cron { expr, .. })) => {
                    Spec::Cron { expr: expr.clone(), tz: tz.clone() }
                }
                (Some(_), _) => return Err(CliError::usage("--tz goes with --cron")),
            },
        };
        if self.tz.is_some() && !matches!(made, Spec::Cron { .. }) {
            let hint = "a time may say its own zone: 2026-04-09T14:30:00+02:00";
            return Err(CliError::usage("--tz goes with --cron").hint(hint));
        }
        Ok(Some(made))
    }

    fn zone(&self) -> Result<String, CliError> {
        if let Some(tz) = &self.tz {
            return Ok(tz.clone());
        }
        // A machine whose zone has no name keeps the time of the world.
        Ok(TimeZone::system().iana_name().unwrap_or("UTC").to_owned())
    }
}
