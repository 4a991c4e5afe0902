//! How a flow names the schedule that made it.

/// The label of a flow that a schedule started: the schedule's id.
pub const FLOW_LABEL: &str = "schedule";
