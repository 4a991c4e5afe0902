//! `flow.setWaiting`: a controller parks its flow, and may say until what.

use super::flow_move::patch;
use super::flow_run_task::unreadable;
use super::{Api, ApiError, FlowSetWaitingRequest, FlowWaitingResponse, WaitFor as Asked};
use crate::engine::Engine;
use crate::held::{Decided, Held, Of};
use clawflow_core::Millis;
use clawflow_core::control::{self, Found, WaitFor, WaitSpec};
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::{self, Blocker, Flow};
use clawflow_core::signal::Signal;
use clawflow_core::task::Task;
use clawflow_core::wait::{OnResolved, OnTimeout};
use std::sync::Arc;

/// Kept signals of one name that are looked at for one that the flow may take.
const SIGNALS_MAX: usize = 1000;

impl Api {
    pub(super) async fn flow_set_waiting(
        &self,
        request: FlowSetWaitingRequest,
    ) -> Result<FlowWaitingResponse, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        let (api, engine) = (self.clone(), self.engine.clone());
        let waits_for_event = matches!(request.wait_for, Some(Asked::Event { .. }));
        let park = Of(move |held: &Held, ctx: &mut Ctx<'_>| park(&engine, &request, held, ctx));
        let done = crate::decide::carried_through(async move {
            // A signal must not come between the look for kept ones and the wait.
            let _turn = match waits_for_event {
                true => Some(api.engine.signals(&flow.owner_key).await),
                false => None,
            };
            api.engine.decide(api.actor(), &flow.flow_id, park).await
        })
        .await?;
        Ok(FlowWaitingResponse { flow: done.flow, wait_id: done.waits.into_iter().next() })
    }
}

fn park(
    engine: &Engine,
    request: &FlowSetWaitingRequest,
    held: &Held,
    ctx: &mut Ctx,
) -> Result<Decided, Refusal> {
    let blocker = Blocker {
        task_id: request.blocked_task_id.clone(),
        summary: request.blocked_summary.clone(),
    };
    // What is asked for is looked at last: the caller may have to decide again anyway.
    flow::may_set_waiting(held.flow(), request.expected_revision, blocker.clone())?;
    let spec = spec(request, ctx.now)?;
    let patch =
        patch(request.current_step.clone(), request.state_json.clone(), request.wait_json.clone());
    let (signal, task) = there(engine, held.flow(), spec.wait_for.as_ref())?;
    let found = Found { signal: signal.as_ref(), task: task.as_deref() };
    let expected = request.expected_revision;
    let state = held.as_code();
    control::set_waiting(&state, ctx, expected, patch, blocker, spec, found).map(Decided::from)
}

/// What is there already of what the flow begins to wait for.
fn there(
    engine: &Engine,
    flow: &Flow,
    what: Option<&WaitFor>,
) -> Result<(Option<Signal>, Option<Arc<Task>>), Refusal> {
    let store = engine.store();
    match what {
        Some(WaitFor::Event { name, key }) => {
            let (owner, name) = (&flow.owner_key, name.trim());
            let key = key.as_deref().map(str::trim);
            let kept = store.kept_signals(owner, name, key, SIGNALS_MAX).map_err(unreadable)?;
            let may_take = |kept: &Signal| {
                kept.flow_id.as_ref().is_none_or(|flow_id| *flow_id == flow.flow_id)
            };
            Ok((kept.into_iter().find(may_take), None))
        }
        Some(WaitFor::Task { task_id }) => Ok((None, store.task(task_id).map_err(unreadable)?)),
        _ => Ok((None, None)),
    }
}

/// The request's words for a wait, as the law has them.
fn spec(request: &FlowSetWaitingRequest, now: Millis) -> Result<WaitSpec, Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    let wait_for = match request.wait_for.clone() {
        None => None,
        Some(Asked::Timer { due_at, after_ms }) => match point(due_at, after_ms, now) {
            Ok(Some(due_at)) => Some(WaitFor::Timer { due_at }),
            Ok(None) => return invalid("a timer needs dueAt or afterMs"),
            Err(()) => return invalid("a timer has dueAt or afterMs, not both"),
        },
        Some(Asked::Event { name, key }) => Some(WaitFor::Event { name, key }),
        Some(Asked::Person { prompt, preview, input, approvers }) => {
            Some(WaitFor::Person { prompt, preview, input, approvers })
        }
        Some(Asked::Task { task_id }) => Some(WaitFor::Task { task_id }),
    };
    let Ok(deadline_at) = point(request.deadline_at, request.deadline_ms, now) else {
        return invalid("the deadline is deadlineAt or deadlineMs, not both");
    };
    if request.on_deadline.is_some() && deadline_at.is_none() {
        return invalid("onDeadline needs a deadline");
    }
    if request.on_resolved.is_some() && wait_for.is_none() && deadline_at.is_none() {
        return invalid("onResolved needs something to wait for");
    }
    Ok(WaitSpec {
        wait_for,
        on_resolved: request.on_resolved.unwrap_or(OnResolved::Resume),
        deadline_at,
        on_deadline: request.on_deadline.unwrap_or(OnTimeout::Continue),
    })
}

/// A point in time that is given as such or as a distance from now; both are an error.
fn point(at: Option<Millis>, after: Option<u64>, now: Millis) -> Result<Option<Millis>, ()> {
    match (at, after) {
        (Some(_), Some(_)) => Err(()),
        (at, None) => Ok(at),
        (None, Some(after)) => {
            Ok(Some(now.saturating_add(i64::try_from(after).unwrap_or(i64::MAX))))
        }
    }
}
