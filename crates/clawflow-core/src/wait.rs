//! Waits: what a flow or step waits for, since when, until when.

use crate::Millis;
use crate::error::{Code, Refusal};
use crate::flow::check_whole;
use crate::hash::hex;
use crate::ids::{FlowId, WaitId};
use crate::task::Usage;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

text_enum!(
    /// What kind of thing is waited for.
    WaitKind {
        /// A task's end.
        Task = "task",
        /// A point in time.
        Timer = "timer",
        /// An event by name and key.
        Event = "event",
        /// A person's yes or no.
        Approval = "approval",
        /// A person's structured answer.
        Input = "input",
        /// A child flow's end.
        Flow = "flow",
        /// A person's yes or no to what an agent wants to do.
        Permission = "permission",
        /// A decision about an attempt whose outcome is unknown.
        InDoubt = "in_doubt",
        /// A higher budget, or the end of that wait in the flow above.
        Budget = "budget",
    }
);

text_enum!(
    /// Where a wait stands.
    WaitState {
        /// Not answered and not due.
        Open = "open",
        /// Answered.
        Resolved = "resolved",
        /// Its time passed first.
        Expired = "expired",
        /// Given up: its flow or step moved on.
        Cancelled = "cancelled",
    }
);

text_enum!(
    /// What happens to a gate whose time has passed.
    OnTimeout {
        /// The step fails.
        Fail = "fail",
        /// The step goes on, not approved.
        Continue = "continue",
        /// The flow is cancelled.
        Cancel = "cancel",
    }
);

text_enum!(
    /// What the engine does with a flow that code drives when its wait is resolved.
    OnResolved {
        /// The flow goes on: one more revision, with an event that carries it.
        Resume = "resume",
        /// Only an event: the controller decides.
        Tell = "tell",
    }
);

impl From<crate::definition::OnTimeout> for OnTimeout {
    fn from(file: crate::definition::OnTimeout) -> Self {
        match file {
            crate::definition::OnTimeout::Fail => Self::Fail,
            crate::definition::OnTimeout::Continue => Self::Continue,
            crate::definition::OnTimeout::Cancel => Self::Cancel,
        }
    }
}

/// A wait is a row; its answer is single-use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// Its id: answers name it.
    pub wait_id: WaitId,
    /// The flow that waits.
    pub flow_id: FlowId,
    /// +1 per change of this row.
    pub version: u64,
    /// The step that waits, where it is not the flow as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// What kind of thing is waited for.
    pub kind: WaitKind,
    /// What is waited for: a task id, an event name, a flow id, who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What a person is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What is decided about, one by one, where the gate says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Value>,
    /// SHA-256 (hex) of prompt and preview: an answer may bind itself to what was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_hash: Option<String>,
    /// Who may answer; empty: anybody who may operate the flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Who asks, where its file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<String>,
    /// Whether the one who asks may not answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub different_approver: bool,
    /// What an input's answer must be like: a JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// What is suggested as the answer to an input.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::json::present"
    )]
    pub defaults: Option<Value>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// What happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<OnTimeout>,
    /// What its resolution does to the flow, where code drives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_resolved: Option<OnResolved>,
    /// The key of the event that is waited for; any, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_key: Option<String>,
    /// Since when the child flow that is waited for is to be cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Millis>,
    /// What the child flow that is waited for has used so far, as far as it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Usage>,
    /// Where it stands.
    pub state: WaitState,
    /// The answer, once resolved.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::json::present"
    )]
    pub answer: Option<Value>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// Since when.
    pub created_at: Millis,
    /// When it was resolved, expired or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Millis>,
}

impl Wait {
    /// An open wait of the flow as a whole, for nothing yet.
    pub(crate) fn fresh(wait_id: WaitId, flow_id: FlowId, kind: WaitKind, now: Millis) -> Self {
        Self {
            wait_id,
            flow_id,
            version: 0,
            step_id: None,
            kind,
            target: None,
            prompt: None,
            preview: None,
            items: None,
            shown_hash: None,
            approvers: Vec::new(),
            initiated_by: None,
            different_approver: false,
            schema: None,
            defaults: None,
            due_at: None,
            on_timeout: None,
            on_resolved: None,
            event_key: None,
            cancel_requested_at: None,
            used: None,
            state: WaitState::Open,
            answer: None,
            answered_by: None,
            created_at: now,
            closed_at: None,
        }
    }

    /// Refuses the answer of somebody who may not give it, or who was shown something else.
    pub(crate) fn check_answerer(&self, by: &str, shown: Option<&str>) -> Result<(), Refusal> {
        check_whole("the name of who answers", by)?;
        if !self.approvers.is_empty() && !self.approvers.iter().any(|who| who == by) {
            let who = self.approvers.join(", ");
            return Err(Refusal::new(Code::Invalid, format!("only {who} may answer this")));
        }
        if self.different_approver && self.initiated_by.as_deref() == Some(by) {
            let message = format!("{by} asks and may not answer");
            return Err(Refusal::new(Code::Invalid, message));
        }
        if shown.is_some() && shown != self.shown_hash.as_deref() {
            return Err(Refusal::new(Code::Invalid, "what is asked is not what was shown"));
        }
        Ok(())
    }
}

/// SHA-256 of what a person is shown, in hex.
pub(crate) fn shown_hash(prompt: &str, preview: Option<&str>) -> String {
    let mut sha = Sha256::new();
    sha.update(prompt.as_bytes());
    sha.update([0]);
    sha.update(preview.unwrap_or_default().as_bytes());
    hex(&sha.finalize())
}
