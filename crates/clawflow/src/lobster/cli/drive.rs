//! Follows a flow to where it rests, and drives it where nobody else does.

use super::outcome::{Outcome, at_end, at_gate};
use super::said::Said;
use super::signals::{Came, Signals};
use super::trouble::Trouble;
use crate::cli::Ctx;
use crate::commands::run::adopt;
use crate::open::{Opened, Want, open};
use clawflow_core::ids::FlowId;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{
    FlowAdopt, FlowAnswer, FlowAnswerRequest, FlowCancel, FlowCancelRequest, FlowRef, FlowRun,
    FlowRunRequest, FlowView, FlowWait, FlowWaitRequest,
};
use clawflow_gateway::Backend;
use std::path::Path;

/// How long one question for news waits, in milliseconds.
const NEWS_MS: u64 = 30_000;
/// How long a run that was given up is waited for, in milliseconds.
const END_MS: u64 = 10_000;

/// A flow that is followed.
pub(super) struct Run {
    ctx: Ctx,
    opened: Opened,
    flow: FlowId,
    after_event: u64,
    said: Said,
    signals: Signals,
}

/// Where a flow rests.
pub(super) enum Rest {
    /// At its end.
    Ended(Box<FlowView>),
    /// At a question.
    Asks(Box<FlowView>, Box<Wait>),
    /// It goes on, but its caller is to end.
    Came(Came),
}

impl Run {
    /// Opens the home. Signals are caught from now on.
    pub(super) async fn open(ctx: Ctx) -> Result<Self, Trouble> {
        let signals = Signals::catch()?;
        let opened = open(&ctx.settings, Want::ForegroundRun).await?;
        Ok(Self {
            ctx,
            opened,
            flow: FlowId::from(""),
            after_event: 0,
            said: Said::default(),
            signals,
        })
    }

    /// The home.
    pub(super) fn home(&self) -> &Path {
        &self.ctx.settings.home
    }

    /// Where calls go.
    pub(super) fn backend(&self) -> &Backend {
        self.opened.backend()
    }

    /// Whether somebody else drives.
    pub(super) fn is_remote(&self) -> bool {
        self.opened.is_remote()
    }

    /// Starts a flow.
    pub(super) async fn start(&mut self, request: &FlowRunRequest) -> Result<(), Trouble> {
        self.flow = self.backend().call::<FlowRun>(request).await?.flow_id;
        Ok(())
    }

    /// Has the holder of the home drive a flow that is there.
    pub(super) async fn adopt(&mut self, flow: &FlowId) -> Result<(), Trouble> {
        let request = FlowRef { flow: flow.0.clone() };
        self.flow = self.backend().call::<FlowAdopt>(&request).await?.flow_id;
        Ok(())
    }

    /// What happened up to this event was told before.
    pub(super) fn passed(&mut self, event: u64) {
        self.said.up_to = self.said.up_to.max(event);
    }

    /// Follows the flow until it ends or asks somebody.
    pub(super) async fn rest(&mut self) -> Result<Rest, Trouble> {
        loop {
            let ask = FlowWaitRequest {
                flow: self.flow.0.clone(),
                after_event: self.after_event,
                timeout_ms: NEWS_MS,
                until_ended: false,
                until_rest: true,
            };
            let backend = self.backend().clone();
            let news = tokio::select! {
                news = backend.call::<FlowWait>(&ask) => news,
                came = self.signals.next() => return Ok(Rest::Came(came)),
            };
            let (view, events) = match news {
                Ok(news) => (news.view, news.events),
                // The one who drove is gone: another one, or this process, goes on.
                Err(error) if error.code == "unavailable" && self.is_remote() => {
                    (self.opened, _) = adopt(&self.ctx, &self.flow.0).await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            self.after_event = view.last_event;
            self.said.catch_up(&backend, &view, events).await;
            if view.flow.is_terminal() {
                return Ok(Rest::Ended(Box::new(view)));
            }
            let idle = view.task_summary.active == 0;
            if let Some(wait) = asks(&view).filter(|_| idle).cloned() {
                return Ok(Rest::Asks(Box::new(view), Box::new(wait)));
            }
        }
    }

    /// The next signal.
    pub(super) async fn signal(&mut self) -> Came {
        self.signals.next().await
    }

    /// Answers a question; says whether this answer is the one that counts.
    pub(super) async fn answer(&self, request: &FlowAnswerRequest) -> Result<bool, Trouble> {
        match self.backend().call::<FlowAnswer>(request).await {
            Ok(answered) => Ok(answered.applied),
            Err(error) => match error.code.as_str() {
                "invalid_state" | "terminal" | "cancel_requested" | "not_found" => Ok(false),
                "invalid" | "bad_request" => Err(Trouble::parse(error.message)),
                _ => Err(error.into()),
            },
        }
    }

    /// Gives the flow up and waits for its end; a second signal ends the waiting.
    pub(super) async fn cancel(&mut self, reason: &str) -> Result<(), Trouble> {
        let request = FlowCancelRequest {
            flow: self.flow.0.clone(),
            reason: reason.to_owned(),
            wait_ms: END_MS,
            ..FlowCancelRequest::default()
        };
        let backend = self.backend().clone();
        tokio::select! {
            ended = backend.call::<FlowCancel>(&request) => {
                ended?;
            }
            _ = self.signals.next() => {}
        }
        Ok(())
    }

    /// A signal ends the run, as in Lobster: what runs is stopped, nothing starts.
    pub(super) async fn interrupted(&mut self, came: Came) -> Trouble {
        let reason = format!("Received {}", came.name);
        // What could not be stopped is seen in the flow, which was told to end or goes on.
        let _ = self.cancel(&reason).await;
        Trouble::runtime(reason)
    }

    /// Gives the home back.
    pub(super) async fn close(self) {
        self.opened.close().await;
    }

    /// Gives the home back, which takes a while after a large result, and tells of the end
    /// meanwhile: it is on record.
    ///
    /// # Errors
    /// What is to be told broke off.
    pub(super) async fn close_telling<T: Send + 'static>(
        self,
        tell: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let telling = tokio::task::spawn_blocking(tell);
        self.close().await;
        telling.await.map_err(|error| Trouble::runtime(error.to_string()))
    }
}

/// The outcome of a flow that rests.
pub(super) fn outcome(rest: &Rest) -> Result<Outcome, Trouble> {
    match rest {
        Rest::Ended(view) => at_end(view),
        Rest::Asks(view, wait) if wait.kind == WaitKind::InDoubt => {
            let step = wait.step_id.as_deref().unwrap_or_default();
            let flow = &view.flow.flow_id;
            Err(Trouble::runtime(format!(
                "nobody knows how step {step} ended: clawflow flows settle {flow} --step {step}"
            )))
        }
        Rest::Asks(view, wait) => at_gate(view, wait),
        Rest::Came(came) => Err(Trouble::runtime(format!("Received {}", came.name))),
    }
}

/// The oldest open question to a person.
fn asks(view: &FlowView) -> Option<&Wait> {
    let kinds = [WaitKind::Approval, WaitKind::Input, WaitKind::InDoubt];
    view.waits.iter().find(|wait| wait.state == WaitState::Open && kinds.contains(&wait.kind))
}
