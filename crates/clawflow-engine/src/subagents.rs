//! Sub-agents: who is whose parent, what they are started with, and that a cancel reaches all that
//! are below each other.
//!
//! The parent of a sub-agent is the session that owns its task. All of it follows from rows, so it
//! may be looked at again at any time, after a crash too.

use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::held::OfEither;
use clawflow_core::acp::agent;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState, Launch};
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::FlowId;
use clawflow_core::subagent::{is_subagent, task_of};
use clawflow_core::task::solo::{self, Solo};
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_core::unit::Unit;
use clawflow_store::StoreError;
use clawflow_store::query::{FlowFilter, TaskFilter};
use std::sync::Arc;

/// How far up parents are looked for: more than any limit of depth allows.
const ABOVE_MAX: usize = 64;
/// Tasks and flows of a session that one look reads.
const PAGE: usize = 500;
/// What a command inherits from the gateway's own environment.
pub(crate) const INHERITED: [&str; 5] = ["PATH", "HOME", "USER", "LANG", "TMPDIR"];
/// Why what a sub-agent has begun is stopped.
const WHY: &str = "the sub-agent that began it was cancelled";

impl Engine {
    /// The sub-agents above a session, its own task first.
    pub(crate) fn line_of(&self, session: &str) -> Result<Vec<Arc<Task>>, StoreError> {
        let mut line: Vec<Arc<Task>> = Vec::new();
        let mut session = session.to_owned();
        while let Some(id) = task_of(&session).filter(|_| line.len() < ABOVE_MAX) {
            let found = self.store().task(&id)?;
            let own = |task: &Arc<Task>| task.child_session_key.as_ref() == Some(&session);
            let Some(task) = found.filter(own) else { break };
            session.clone_from(&task.owner_key);
            line.push(task);
        }
        Ok(line)
    }

    /// How many sub-agents of this session are open, counted up to `most`.
    pub(crate) fn open_subagents(&self, session: &str, most: usize) -> Result<usize, StoreError> {
        let filter = TaskFilter {
            runtimes: vec![Runtime::Subagent, Runtime::Acp],
            limit: most,
            ..open_of(session)
        };
        Ok(self.store().list_tasks(&filter)?.len())
    }

    /// The launch of a sub-agent: its prompt, on standard input if it is not spoken to, and what
    /// its configuration and the gateway's own environment give it, which is not on record.
    pub(crate) fn as_agent(&self, task: &Task, launch: Launch) -> Result<Launch, String> {
        let mut launch = launch;
        let prompt = self.prompt_of(task)?;
        match &mut launch.command.acp {
            Some(acp) => acp.prompt = prompt,
            None => launch.stdin = Some(prompt.into_bytes()),
        }
        let value = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
        let mut env: std::collections::BTreeMap<String, String> =
            INHERITED.iter().filter_map(|name| value(name)).collect();
        let name = task.agent_id.as_deref().unwrap_or_default();
        let config = agent(&self.inner.settings.agents, name).unwrap_or_default();
        for given in &config.env {
            match given.split_once('=') {
                Some((name, value)) => env.extend([(name.to_owned(), value.to_owned())]),
                None => env.extend(value(given)),
            }
        }
        env.append(&mut launch.command.env);
        if let Some(session) = &task.child_session_key {
            env.insert("CLAWFLOW_SESSION".to_owned(), session.clone());
        }
        if let Some(run_id) = &task.run_id {
            env.insert("CLAWFLOW_RUN_ID".to_owned(), run_id.clone());
        }
        launch.command.env = env;
        Ok(launch)
    }

    /// What a sub-agent is asked.
    ///
    /// # Errors
    /// A sentence on why that cannot be told.
    pub(crate) fn prompt_of(&self, task: &Task) -> Result<String, String> {
        let prompt = self.store().task_input(&task.task_id).map_err(|error| error.to_string())?;
        prompt.ok_or_else(|| "its prompt is gone".to_owned())
    }

    /// The sessions of sub-agents that this unit wants stopped.
    pub(crate) fn cancelled_sessions(unit: &Unit) -> Vec<String> {
        let wanted = unit.tasks.iter().map(|change| &change.row).filter(|task| {
            task.cancel_requested_at.is_some() || task.status == TaskStatus::Cancelled
        });
        let keys = wanted.filter_map(|task| task.child_session_key.clone());
        keys.filter(|key| is_subagent(key)).collect()
    }

    /// Stops what these sessions have begun: their tasks and flows, and so what is below those.
    pub(crate) fn stop_sessions(&self, sessions: &[String]) {
        if self.inner.scope == Scope::Nothing {
            return;
        }
        for session in sessions {
            let (engine, session) = (self.clone(), session.clone());
            tokio::spawn(async move {
                let mut backoff = engine.backoff();
                while let Err(error) = engine.stop_session(&session).await {
                    if !error.may_pass() || backoff.pause(&session, &error).await.is_err() {
                        return tracing::warn!(session, %error, "what it began was not stopped");
                    }
                }
            });
        }
    }

    async fn stop_session(&self, session: &str) -> Result<(), EngineError> {
        let mut tasks = TaskFilter { limit: PAGE, ..open_of(session) };
        loop {
            let page = self.store().list_tasks(&tasks)?;
            for task in page.iter().filter(|task| task.cancel_requested_at.is_none()) {
                self.stop_task(task, WHY).await?;
            }
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else { break };
            tasks.after = Some(last.task_id.clone());
        }
        let live = FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal());
        let mut flows = FlowFilter {
            statuses: live.collect(),
            owner_key: Some(session.to_owned()),
            limit: PAGE,
            ..FlowFilter::default()
        };
        loop {
            let page = self.store().list_flows(&flows)?;
            for row in page.iter().filter(|row| row.flow.cancel_requested_at.is_none()) {
                self.stop_flow(&row.flow.flow_id).await?;
            }
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else { break };
            flows.after = Some(last.flow.flow_id.clone());
        }
        Ok(())
    }

    /// Cancels a task, alone or in the flow that it belongs to; one that is over stays so.
    pub(crate) async fn stop_task(&self, task: &Task, why: &str) -> Result<(), EngineError> {
        let id = task.task_id.clone();
        let done = match &task.parent_flow_id {
            None => {
                let why = why.to_owned();
                let cancel = move |was: &Solo, ctx: &mut Ctx<'_>| solo::cancel(was, ctx, &why);
                self.decide_task(None, &id, cancel).await.map(|_| ())
            }
            Some(flow_id) => {
                let (one, same) = (id.clone(), id.clone());
                let (reason, same_reason) = (why.to_owned(), why.to_owned());
                let cancel = OfEither(
                    move |state: &FlowState, ctx: &mut Ctx<'_>| {
                        drive::cancel_task(state, ctx, &one, &reason)
                    },
                    move |state: &ControlState, ctx: &mut Ctx<'_>| {
                        control::cancel_task(state, ctx, &same, &same_reason)
                    },
                );
                self.decide(None, flow_id, cancel).await.map(|_| ())
            }
        };
        unless_over(done)
    }

    async fn stop_flow(&self, flow_id: &FlowId) -> Result<(), EngineError> {
        let cancel = OfEither(
            |state: &FlowState, ctx: &mut Ctx<'_>| drive::cancel(state, ctx, None, WHY),
            |state: &ControlState, ctx: &mut Ctx<'_>| control::cancel(state, ctx, None, WHY),
        );
        unless_over(self.decide(None, flow_id, cancel).await.map(|_| ()))
    }

    /// Stops a task whose parent was cancelled while it was made.
    pub(crate) async fn stop_if_orphaned(&self, task: &Task) {
        match self.line_of(&task.owner_key) {
            Ok(above) if above.first().is_some_and(is_stopped) => {
                self.stop_sessions(std::slice::from_ref(&task.owner_key));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(task_id = %task.task_id, %error, "its parent is unknown"),
        }
    }
}

/// Looks for what a cancel had not reached when the engine before this one died.
pub(crate) async fn stop_orphans(engine: Engine) {
    if let Err(error) = stop_all_orphans(&engine) {
        tracing::warn!(%error, "sub-agents of cancelled ones may still run");
    }
}

fn stop_all_orphans(engine: &Engine) -> Result<(), StoreError> {
    let open = |status: &TaskStatus| !status.is_terminal();
    let mut filter = TaskFilter {
        statuses: TaskStatus::ALL.iter().copied().filter(open).collect(),
        runtimes: vec![Runtime::Subagent, Runtime::Acp],
        limit: PAGE,
        ..TaskFilter::default()
    };
    loop {
        let page = engine.store().list_tasks(&filter)?;
        for task in page.iter().filter(|task| is_subagent(&task.owner_key)) {
            let above = engine.line_of(&task.owner_key)?;
            if above.first().is_some_and(is_stopped) {
                engine.stop_sessions(std::slice::from_ref(&task.owner_key));
            }
        }
        filter.after = page.last().map(|task| task.task_id.clone());
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

/// Whether it was stopped, or is to be.
pub(crate) fn is_stopped(task: &Arc<Task>) -> bool {
    task.cancel_requested_at.is_some() || task.status == TaskStatus::Cancelled
}

fn open_of(session: &str) -> TaskFilter {
    TaskFilter {
        statuses: TaskStatus::ALL.iter().copied().filter(|s| !s.is_terminal()).collect(),
        owner_key: Some(session.to_owned()),
        ..TaskFilter::default()
    }
}

/// What has ended meanwhile need not be stopped.
fn unless_over(done: Result<(), EngineError>) -> Result<(), EngineError> {
    match done {
        Err(EngineError::Refused { .. }) => Ok(()),
        done => done,
    }
}
