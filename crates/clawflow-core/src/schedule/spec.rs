//! When a schedule fires.

use super::limits::{DURATION_MS_MAX, EVERY_MS_MIN, TIME_MS_MAX};
use crate::Millis;
use crate::duration::format_ms;
use crate::error::{Code, Refusal};
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

text_enum!(
    /// The kind of a timetable.
    ScheduleKind {
        /// Once.
        At = "at",
        /// Again and again after the same time.
        Every = "every",
        /// By a cron expression.
        Cron = "cron",
    }
);

/// When a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum Spec {
    /// Once, at this time.
    At {
        /// When.
        at: Millis,
    },
    /// Every so many milliseconds of real time, counted from an anchor.
    Every {
        /// The interval.
        every_ms: u64,
        /// A slot, past or to come, from which the others are counted.
        anchor: Millis,
    },
    /// By a cron expression and the clock on the wall of a zone.
    Cron {
        /// 5 or 6 fields, or a name such as `@daily`.
        expr: String,
        /// Name of the zone in the IANA database.
        tz: String,
    },
}

/// A spec as it is written: one record for all kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ScheduleSpec")]
struct Wire {
    /// Which of the fields below count.
    #[schemars(required, with = "ScheduleKind")]
    kind: Option<ScheduleKind>,
    /// `at`: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
    /// `every`: the interval in milliseconds, at least 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every_ms: Option<u64>,
    /// `every`: a slot, past or to come, from which the others are counted; else 1970 began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<Millis>,
    /// `cron`: 5 or 6 fields, or a name such as `@daily`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expr: Option<String>,
    /// `cron`: name of the zone in the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tz: Option<String>,
}

impl JsonSchema for Spec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Wire::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Wire::json_schema(generator)
    }
}

impl TryFrom<Wire> for Spec {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        match wire {
            Wire { kind: Some(ScheduleKind::At), at: Some(at), .. } => Ok(Self::At { at }),
            Wire { kind: Some(ScheduleKind::Every), every_ms: Some(every_ms), anchor, .. } => {
                Ok(Self::Every { every_ms, anchor: anchor.unwrap_or_default() })
            }
            Wire { kind: Some(ScheduleKind::Cron), expr: Some(expr), tz: Some(tz), .. } => {
                Ok(Self::Cron { expr, tz })
            }
            _ => Err("a schedule has `kind` and, by it, `at`, or `everyMs`, or `expr` \
                      and `tz`"),
        }
    }
}

impl From<Spec> for Wire {
    fn from(spec: Spec) -> Self {
        let wire = |kind| Self { kind: Some(kind), ..Self::default() };
        match spec {
            Spec::At { at } => Self { at: Some(at), ..wire(ScheduleKind::At) },
            Spec::Every { every_ms, anchor } => {
                Self { every_ms: Some(every_ms), anchor: Some(anchor), ..wire(ScheduleKind::Every) }
            }
            Spec::Cron { expr, tz } => {
                Self { expr: Some(expr), tz: Some(tz), ..wire(ScheduleKind::Cron) }
            }
        }
    }
}

impl Spec {
    /// Refuses numbers beyond the calendar; an expression is checked by its timetable.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let known = 0..=TIME_MS_MAX;
        match self {
            Self::At { at } if !known.contains(at) => Err(invalid("the time is out of range")),
            Self::Every { every_ms, .. } if *every_ms < EVERY_MS_MIN => {
                Err(invalid("the interval is shorter than 1s"))
            }
            Self::Every { every_ms, .. } if *every_ms > DURATION_MS_MAX => {
                Err(invalid("the interval is longer than ten years"))
            }
            Self::Every { anchor, .. } if !known.contains(anchor) => {
                Err(invalid("the anchor is out of range"))
            }
            _ => Ok(()),
        }
    }

    /// The zone that its timetable needs.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match self {
            Self::Cron { tz, .. } => Some(tz),
            Self::At { .. } | Self::Every { .. } => None,
        }
    }

    /// Whether it fires once only.
    #[must_use]
    pub fn is_once(&self) -> bool {
        matches!(self, Self::At { .. })
    }
}

fn invalid(why: &str) -> Refusal {
    Refusal::new(Code::Invalid, why)
}

/// For people; times are left to those who know a zone.
impl std::fmt::Display for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At { at } => match jiff::Timestamp::from_millisecond(*at) {
                Ok(at) => write!(f, "at {at}"),
                Err(_) => write!(f, "at {at} ms"),
            },
            Self::Every { every_ms, .. } => write!(f, "every {}", format_ms(*every_ms)),
            Self::Cron { expr, tz } => write!(f, "cron {expr} @ {tz}"),
        }
    }
}
