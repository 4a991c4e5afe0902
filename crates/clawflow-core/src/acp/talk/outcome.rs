//! What a conversation came to.

use super::super::request::OnStop;
use super::Why;
use crate::step::StepError;
use crate::task::Usage;
use serde_json::Value;

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The agent has done what it was asked to do.
    Done,
    /// The agent stopped before that, or could not do it.
    Stopped(Why),
    /// The agent stopped by itself: it refused, or came to a limit of its own. The text is the
    /// reason, in the words of the protocol.
    Short(StepError),
    /// It failed.
    Failed(StepError),
    /// The session that was to go on is not there any more.
    NoSession(String),
    /// Nobody knows how far the agent came.
    Lost(String),
}

/// The end of an attempt of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentEnd {
    /// How.
    pub end: End,
    /// The last that it said.
    pub text: Option<String>,
    /// Whether that was cut.
    pub truncated: bool,
    /// What it used.
    pub usage: Option<Usage>,
    /// What its session has cost, over all that was done in it.
    pub session_cost: Option<f64>,
    /// What it means that it stopped by itself.
    pub on_stop: OnStop,
    /// What else is worth telling.
    pub notes: Value,
}
