//! `flow.answer` and `flow.settle`: what a flow asks people.

use super::{
    Ancestry, Api, ApiError, FlowAnswerRequest, FlowAnswerResponse, FlowSettleRequest, SettleHow,
};
use crate::held::{Command, OfEither, OfFile};
use clawflow_core::control::{self, ControlState, Reply, Said};
use clawflow_core::definition::limits::FLOW_DEPTH_MAX;
use clawflow_core::drive::{self, Answer, Ctx, FlowState, Response, Settlement};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId, WaitId};
use clawflow_core::wait::{Wait, WaitKind, WaitState};

/// Waits for people.
const PERSON: [WaitKind; 3] = [WaitKind::Approval, WaitKind::Permission, WaitKind::Input];

impl Api {
    pub(super) async fn flow_answer(
        &self,
        request: FlowAnswerRequest,
    ) -> Result<FlowAnswerResponse, ApiError> {
        named(&request.by)?;
        let flow_id = self.find_flow_id(&request.flow)?;
        let wait = match (&request.wait_id, &request.step) {
            (Some(wait_id), _) => self.wait(&flow_id, |wait| wait.wait_id == *wait_id)?,
            (None, step) => self.asked(&flow_id, &PERSON, step.as_deref())?,
        };
        let wait_id = wait.wait_id.clone();
        if PERSON.contains(&wait.kind) && wait.state != WaitState::Open {
            return self.answered(&flow_id, &wait_id, false);
        }
        self.may_answer(&flow_id, &wait)?;
        let command = reply(request, wait)?;
        match self.engine.decide(self.actor(), &flow_id, command).await {
            Ok(_) => self.answered(&flow_id, &wait_id, true),
            Err(error) => {
                // Somebody else was first: the second gets the first one's outcome.
                let now = self.wait(&flow_id, |wait| wait.wait_id == wait_id)?;
                if now.state == WaitState::Resolved {
                    return self.answered(&flow_id, &wait_id, false);
                }
                Err(error.into())
            }
        }
    }

    /// Whoever is asked answers, and not what asks. What an agent may do is decided by no attempt
    /// at all; a gate and a question, by none of the flow itself or of a flow below it.
    fn may_answer(&self, flow_id: &FlowId, wait: &Wait) -> Result<(), ApiError> {
        let why = match (wait.kind, &self.caller().from) {
            (_, Ancestry::Outside) => return Ok(()),
            (WaitKind::Permission, _) => {
                "what an attempt started may not answer what an agent asks"
            }
            (WaitKind::Approval | WaitKind::Input, Ancestry::Attempts(tasks)) => {
                if !self.is_part_of(tasks, flow_id)? {
                    return Ok(());
                }
                "what an attempt of the flow has started may not answer what the flow asks"
            }
            (WaitKind::Approval | WaitKind::Input, Ancestry::Unknown) => {
                "nobody can tell who answers: the process that asked for it is gone"
            }
            _ => return Ok(()),
        };
        Err(ApiError::new("forbidden", why).hint("a person answers, elsewhere"))
    }

    /// Whether one of the tasks belongs to this flow, or to a flow below it.
    fn is_part_of(&self, tasks: &[TaskId], flow_id: &FlowId) -> Result<bool, ApiError> {
        let store = self.engine.store();
        for task_id in tasks {
            // Of another home there is none here.
            let mut at = store.task(task_id)?.and_then(|task| task.parent_flow_id.clone());
            // Deeper is only a store that is damaged.
            for _ in 0..=FLOW_DEPTH_MAX {
                let Some(here) = at else { break };
                if here == *flow_id {
                    return Ok(true);
                }
                let mut found = store.find_flows(&here.0)?.into_iter();
                at = found.find(|flow| flow.flow_id == here).and_then(|flow| flow.parent_flow_id);
            }
        }
        Ok(false)
    }

    fn answered(
        &self,
        flow_id: &FlowId,
        wait_id: &WaitId,
        applied: bool,
    ) -> Result<FlowAnswerResponse, ApiError> {
        let wait = self.wait(flow_id, |wait| wait.wait_id == *wait_id)?;
        if wait.state != WaitState::Resolved {
            let message = format!("the approval is {}: nobody can answer it any more", wait.state);
            return Err(ApiError::new("invalid_state", message));
        }
        Ok(FlowAnswerResponse { flow: self.find_flow(&flow_id.0)?, wait, applied })
    }

    /// The newest wait that fits.
    fn wait(&self, flow_id: &FlowId, fits: impl Fn(&Wait) -> bool) -> Result<Wait, ApiError> {
        let waits = self.engine.store().waits(flow_id)?;
        let found = waits.into_iter().rev().find(|wait| fits(wait));
        found.ok_or_else(|| ApiError::new("not_found", "the flow has no such wait"))
    }

    /// The wait that is asked: the open one, if there is only one, else the step's newest.
    fn asked(
        &self,
        flow_id: &FlowId,
        kinds: &[WaitKind],
        step: Option<&str>,
    ) -> Result<Wait, ApiError> {
        let waits = self.engine.store().waits(flow_id)?;
        let fits = |wait: &&Wait| {
            kinds.contains(&wait.kind)
                && step.is_none_or(|step| wait.step_id.as_deref() == Some(step))
        };
        let open: Vec<&Wait> =
            waits.iter().filter(fits).filter(|wait| wait.state == WaitState::Open).collect();
        match (open.as_slice(), step) {
            ([one], _) => Ok(Wait::clone(one)),
            // An agent may ask about more than one thing: the first comes first.
            ([first, rest @ ..], _)
                if first.kind == WaitKind::Permission
                    && rest
                        .iter()
                        .all(|wait| wait.kind == first.kind && wait.step_id == first.step_id) =>
            {
                Ok(Wait::clone(first))
            }
            ([], Some(_)) => match waits.iter().rfind(fits) {
                Some(wait) => Ok(wait.clone()),
                None => Err(nothing_asked(kinds)),
            },
            ([], None) => Err(nothing_asked(kinds)),
            (many, _) => {
                let steps: Vec<String> = many.iter().filter_map(|w| w.step_id.clone()).collect();
                if steps.is_empty() {
                    let message = "a task and the flow ask: which is answered?";
                    let mut error = ApiError::new("ambiguous", message);
                    error.candidates = many.iter().map(|wait| wait.wait_id.to_string()).collect();
                    return Err(error.hint("name one with --wait-id: clawflow flows why FLOW"));
                }
                let message = format!("more than one step asks: {}", steps.join(", "));
                let mut error = ApiError::new("ambiguous", message).hint("name one with --step");
                error.candidates = steps;
                Err(error)
            }
        }
    }

    pub(super) async fn flow_settle(&self, request: FlowSettleRequest) -> Result<Flow, ApiError> {
        named(&request.by)?;
        let flow_id = self.find_flow_id(&request.flow)?;
        let step = match request.step {
            Some(step) => step,
            None => {
                let wait = self.asked(&flow_id, &[WaitKind::InDoubt], None)?;
                wait.step_id.unwrap_or_default()
            }
        };
        if request.result.is_some() && request.how != SettleHow::Succeeded {
            return Err(ApiError::new("bad_request", "a result goes with succeeded only"));
        }
        let how = match request.how {
            SettleHow::Rerun => Settlement::Rerun,
            SettleHow::Succeeded => Settlement::Succeeded(request.result),
            SettleHow::Skip => Settlement::Skip,
            SettleHow::Fail => Settlement::Fail,
        };
        let by = request.by;
        let settle = move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::settle(state, ctx, &step, how.clone(), &by)
        };
        Ok(self.engine.decide(self.actor(), &flow_id, OfFile(settle)).await?.flow)
    }
}

/// The answer as a command, by the law of whoever steers the flow.
fn reply(request: FlowAnswerRequest, wait: Wait) -> Result<impl Command, ApiError> {
    let bad = |message: &str| Err(ApiError::new("bad_request", message));
    let said = match (request.approve, request.response, wait.kind) {
        (Some(_), Some(_), _) => return bad("an answer is `approve` or `response`, not both"),
        (None, None, WaitKind::Input) => return bad("`response` is missing: any JSON"),
        (None, None, _) => return bad("`approve` is missing: yes or no"),
        (Some(approve), None, _) => Said::Decision(approve),
        (None, Some(value), _) => Said::Value(value),
    };
    let answer = Answer {
        approve: said == Said::Decision(true),
        by: request.by.clone(),
        shown_hash: request.shown_hash.clone(),
    };
    let response = match &said {
        Said::Value(value) => Some(Response {
            value: value.clone(),
            by: request.by.clone(),
            shown_hash: request.shown_hash.clone(),
        }),
        Said::Decision(_) => None,
    };
    let asks_for_value = wait.kind == WaitKind::Input;
    let reply = Reply { said, by: request.by, shown_hash: request.shown_hash };
    let (id, same) = (wait.wait_id.clone(), wait.wait_id);
    Ok(OfEither(
        move |state: &FlowState, ctx: &mut Ctx<'_>| {
            let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
            match &response {
                Some(response) if asks_for_value => drive::respond(state, ctx, &id, response),
                Some(_) => invalid("a yes or no is asked for, not a value"),
                None if asks_for_value => invalid("a value is asked for, not a yes or no"),
                None => drive::answer(state, ctx, &id, &answer),
            }
        },
        move |state: &ControlState, ctx: &mut Ctx<'_>| control::answer(state, ctx, &same, &reply),
    ))
}

/// The record of an answer is worth nothing without who gave it.
fn named(by: &str) -> Result<(), ApiError> {
    match by.trim() {
        "" => Err(ApiError::new("bad_request", "`by` is blank: say who answers")),
        _ => Ok(()),
    }
}

fn nothing_asked(kinds: &[WaitKind]) -> ApiError {
    let what = match kinds {
        [WaitKind::InDoubt] => "no step of the flow is in doubt",
        _ => "the flow waits for no approval or other answer of a person",
    };
    ApiError::new("invalid_state", what).hint("clawflow flows why FLOW")
}
