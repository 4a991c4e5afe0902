//! How a flow stands, in few words: what a model reads that waits for it.
//!
//! It says what is new since the cursor, what the flow waits for, who is asked, and, at the end,
//! what came out. Waiting for a flow of a hundred steps costs a model as much as for one of three.

use super::ask::of_person;
use super::brief;
use super::limits::{NAMED_BYTES, NEWS_MAX, REASONS_MAX};
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::FlowStatus;
use clawflow_core::json::Object;
use clawflow_core::step::StepStatus;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{ApiError, FlowView, FlowWhyResponse};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// Characters of a hash in a cursor: enough to tell one trouble from the next.
const HASH_CHARS: usize = 8;
/// Events that say nothing which another one does not say.
const SAID_BY_OTHERS: [&str; 3] = ["flow.changed", "step.running", "wait.resolved"];

/// The digest. `why` is of the same flow, at about the same moment.
pub(super) fn of(view: &FlowView, news: &[StoredEvent], why: Option<&FlowWhyResponse>) -> Value {
    let mut all = brief::flow(&view.flow);
    if let Value::Object(fields) = &mut all {
        fields.shift_remove("updatedAt");
        fields.shift_remove("goal");
    }
    all["cursor"] = Cursor::of(view).to_string().into();
    let named = || view.steps.iter().filter(|step| step.of.is_none());
    if named().next().is_some() {
        let done = named().filter(|step| step.status.is_terminal()).count();
        all["stepsDone"] = format!("{done}/{}", named().count()).into();
    }
    let lines: Vec<String> = news.iter().filter_map(line).collect();
    if !lines.is_empty() {
        let left_out = lines.len().saturating_sub(NEWS_MAX);
        if left_out > 0 {
            all["newsLeftOut"] = left_out.into();
        }
        all["news"] = json!(lines[left_out..]);
    }
    let asks: Vec<Value> = asks(view).map(|wait| ask(view, wait)).take(REASONS_MAX).collect();
    if !asks.is_empty() {
        all["asks"] = asks.into();
    }
    if view.flow.is_terminal() {
        ended(view, &mut all);
    } else if let Some(why) = why {
        let reasons = why.reasons.iter().take(REASONS_MAX);
        all["now"] = reasons.map(|reason| brief::text(&reason.text)).collect();
        if let Some(earliest) = why.earliest {
            all["nextWakeAt"] = brief::time(earliest).into();
        }
    }
    all
}

fn ask(view: &FlowView, wait: &Wait) -> Value {
    let mut all = brief::wait(wait);
    if wait.flow_id != view.flow.flow_id {
        // Of a flow below: it is that one which is answered.
        all["flowId"] = wait.flow_id.as_str().into();
    }
    all
}

/// The questions to people that are open in the flow, and in those below it.
pub(super) fn asks(view: &FlowView) -> impl Iterator<Item = &Wait> {
    let own = view.waits.iter().filter(|wait| wait.state == WaitState::Open);
    let below = view.children.iter().flat_map(|child| &child.asks);
    own.chain(below).filter(|wait| of_person(wait))
}

/// What a client knows of a flow: the newest event that it was told of, and what needed somebody
/// then. It carries all of it itself: nothing is kept for it here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Number of the event.
    pub(super) event: u64,
    /// What needed somebody, as a hash; empty: nothing.
    trouble: String,
}

impl Cursor {
    /// That of a client which is told how the flow stands now.
    pub(super) fn of(view: &FlowView) -> Self {
        Self { event: view.last_event, trouble: trouble(view) }
    }

    /// Reads it; whoever has none yet may say 0.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        let (event, trouble) = text.split_once('-').unwrap_or((text, ""));
        let known = trouble.len() <= HASH_CHARS && trouble.bytes().all(|b| b.is_ascii_hexdigit());
        match event.parse() {
            Ok(event) if known => Ok(Self { event, trouble: trouble.to_owned() }),
            _ => Err(ApiError::new("bad_request", "`cursor` is none of this flow's digests")
                .hint("take it as the digest before has it, or leave it out")),
        }
    }

    /// Whether somebody has to do something that the client does not know of, or all is over.
    pub(super) fn calls_for(&self, view: &FlowView) -> bool {
        let trouble = trouble(view);
        view.flow.is_terminal() || (!trouble.is_empty() && trouble != self.trouble)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.trouble.as_str() {
            "" => write!(f, "{}", self.event),
            trouble => write!(f, "{}-{trouble}", self.event),
        }
    }
}

/// What keeps the flow until somebody acts, as a hash: two that are the same are the same trouble.
fn trouble(view: &FlowView) -> String {
    let mut all: Vec<String> = asks(view).map(|wait| wait.wait_id.0.clone()).collect();
    let in_doubt = |wait: &&Wait| wait.state == WaitState::Open && wait.kind == WaitKind::InDoubt;
    all.extend(view.waits.iter().filter(in_doubt).map(|wait| wait.wait_id.0.clone()));
    if view.flow.status == FlowStatus::Blocked {
        all.push(format!("blocked {}", view.flow.revision));
    }
    if let Some(at) = view.flow.paused_at {
        all.push(format!("paused {at}"));
    }
    if all.is_empty() {
        return String::new();
    }
    let hash = Sha256::digest(all.join("\n").as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hash[..HASH_CHARS].to_owned()
}

/// What came out of a flow that has ended.
fn ended(view: &FlowView, all: &mut Value) {
    if !view.flow.outputs.is_empty() {
        all["outputs"] = brief::value(&Value::Object(view.flow.outputs.clone()), NAMED_BYTES);
    }
    if let Some((step, result)) = last_result(view) {
        all["result"] = brief::value(&result, NAMED_BYTES);
        all["resultOf"] = step.into();
    }
    let failed = |status| matches!(status, StepStatus::Failed);
    let errors = view.steps.iter().filter(|step| failed(step.status)).take(REASONS_MAX);
    let errors: Object = errors
        .filter_map(|step| {
            let error = step.error.as_ref()?;
            Some((step.step_id.clone(), brief::text(&error.message).into()))
        })
        .collect();
    if !errors.is_empty() {
        all["errors"] = Value::Object(errors);
    }
}

/// What the last step of the file left that succeeded and left something.
fn last_result(view: &FlowView) -> Option<(&str, Value)> {
    let named = view.steps.iter().rev().filter(|step| !step.finally && step.of.is_none());
    let mut done = named.filter(|step| step.status == StepStatus::Succeeded);
    done.find_map(|step| Some((step.step_id.as_str(), brief::result(step.result.as_ref()?)?)))
}

/// One event, in words. What only repeats another one has none.
fn line(stored: &StoredEvent) -> Option<String> {
    let event = &stored.event;
    let about = |what: &str| event.data[what].as_str().map(str::to_owned);
    let step = event.step_id.as_deref();
    if SAID_BY_OTHERS.contains(&event.kind.as_str()) {
        return None;
    }
    let (noun, verb) = event.kind.split_once('.')?;
    let what = match (noun, step) {
        ("step" | "wait", Some(step)) => format!("step {step}"),
        // Tasks of steps tell nothing that their steps do not.
        ("task", Some(_)) => return None,
        ("task", None) => format!("task {}", event.task_id.as_deref().unwrap_or_default()),
        _ => noun.to_owned(),
    };
    let verb = match noun {
        "wait" => format!("wait {verb}"),
        _ => verb.replace('_', " "),
    };
    let more = about("status").or_else(|| about("kind"));
    let more = more.map_or_else(String::new, |more| format!(" ({more})"));
    Some(brief::text(&format!("{what} {verb}{more}")))
}
