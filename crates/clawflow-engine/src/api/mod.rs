//! The commands and queries of clawflow, as every face calls them: typed requests and answers.
//!
//! Each is one [`Call`]: a name, a request, an answer. [`Api`] carries them out in this process;
//! the gateway offers the same calls over a wire, so that a face need not know where they happen:
//! both are [`Calls`]. A program may be written over that trait alone.
//!
//! # In this process
//!
//! A store, an engine over it, the calls. The engine starts processes under shims, so it needs the
//! program to run as one: the `clawflow` binary.
//!
//! ```no_run
//! # // It would start processes.
//! use clawflow_engine::api::{Api, Call, FlowList, FlowListRequest};
//! use clawflow_engine::{Engine, EngineSettings, Scope};
//! use clawflow_store::SqliteStore;
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let home = std::path::PathBuf::from("/home/me/.clawflow");
//! let settings = EngineSettings {
//!     home: home.clone(),
//!     shim_exe: "/usr/bin/clawflow".into(),
//!     socket: home.join("gateway.sock"),
//!     shell: "/bin/sh".to_owned(),
//!     max_tasks: 16,
//!     queues: BTreeMap::new(),
//!     agents: BTreeMap::new(),
//!     subagents: clawflow_core::subagent::SpawnLimits::default(),
//!     grace_ms: 5000,
//!     log_bytes: 16 << 20,
//!     stdout_bytes: 16 << 20,
//!     routes: Vec::new(),
//!     name: "my program".to_owned(),
//! };
//! // One process at a time: the store refuses the second.
//! let store = Arc::new(SqliteStore::open(&home)?);
//! let engine = Engine::new(store, settings, Scope::All)?;
//! engine.start()?;
//! let api = Api::new(engine);
//! let flows = FlowList::run(&api, FlowListRequest::default()).await?;
//! println!("{} flows", flows.flows.len());
//! # Ok(())
//! # }
//! ```
//!
//! # On behalf of a session
//!
//! [`Api::bind_session`] gives the same calls for one owner, to whom nothing else exists.
//! [`TaskFlow`] has the names of the original over them. Nothing here starts a process, so it runs:
//!
//! ```
//! use clawflow_engine::api::{Api, FlowCreateRequest, FlowFinishRequest, Session, TaskFlow};
//! use clawflow_engine::{Engine, EngineSettings, Scope};
//! use clawflow_store::MemoryStore;
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let settings = EngineSettings {
//! #     home: "/nonexistent".into(), shim_exe: "/nonexistent".into(),
//! #     socket: "/nonexistent".into(), shell: "/bin/sh".to_owned(), max_tasks: 1, grace_ms: 1,
//! #     queues: Default::default(), agents: Default::default(),
//! #     subagents: Default::default(), log_bytes: 1, stdout_bytes: 1,
//! #     routes: Vec::new(), name: "doc".to_owned(),
//! # };
//! let api = Api::new(Engine::new(Arc::new(MemoryStore::new()), settings, Scope::All)?);
//! let bind = |session_key: &str| {
//!     let session_key = session_key.to_owned();
//!     TaskFlow::bind_session(&api, Session { session_key, requester_origin: None })
//! };
//! let mine = bind("agent:main:main")?;
//! let flow = mine
//!     .create_managed(FlowCreateRequest {
//!         controller_id: "my-plugin/report".to_owned(),
//!         goal: "write the weekly report".to_owned(),
//!         key: Some("weekly-report".to_owned()),
//!         ..FlowCreateRequest::default()
//!     })
//!     .await?;
//! assert_eq!(flow.revision, 0);
//!
//! // To another session it is not there.
//! assert!(bind("agent:other:main")?.get(&flow.flow_id.0).await?.is_none());
//!
//! // A decision names what it was made on, and is refused if that has changed.
//! let finish = |expected_revision| FlowFinishRequest {
//!     flow: "weekly-report".to_owned(),
//!     expected_revision: Some(expected_revision),
//!     ..FlowFinishRequest::default()
//! };
//! let refused = mine.finish(finish(7)).await.unwrap_err();
//! assert_eq!(refused.code, "revision_conflict");
//! assert_eq!(refused.current.map(|flow| flow.revision), Some(0));
//! assert!(mine.finish(finish(0)).await?.is_terminal());
//! # Ok(())
//! # }
//! ```
//!
//! `examples/inbox_triage` is a whole controller, which may be killed at any point.
//!
//! # News
//!
//! [`crate::Engine::feed`] hints at every commit, [`crate::Engine::on`] calls hooks; both are
//! hints. What happened is in the history: [`FlowEvents`], by its position.

mod agent_spawn;
mod audit;
mod blocking;
mod caller;
mod calls;
mod clawflow;
mod delivery;
mod error;
mod flow_answer;
mod flow_budget;
mod flow_cancel;
mod flow_children;
mod flow_create;
mod flow_emit;
mod flow_events;
mod flow_fork;
mod flow_get;
mod flow_list;
mod flow_move;
mod flow_pause;
mod flow_purge;
mod flow_retry;
mod flow_run;
mod flow_run_task;
mod flow_set_waiting;
mod flow_show;
mod flow_wait;
mod flow_why;
mod import;
mod import_job;
mod inbox;
mod lookup;
mod maintenance;
mod once;
mod ping;
mod queue_list;
mod schedule;
mod schedule_flow;
mod schedule_view;
mod schedules;
mod signal_send;
mod task_cancel;
mod task_list;
mod task_logs;
mod task_purge;
mod task_record;
mod task_report;
mod task_rerun;
mod task_run;
mod task_why;
mod taskflow;
mod token;
mod types;
mod why_code;
mod why_queue;

pub use caller::Ancestry;
pub use caller::Caller;
pub use caller::Session;
pub use caller::ToolContext;
pub use calls::*;
pub use error::ApiError;
pub use flow_wait::WAIT_MS_MAX;
pub use ping::Ping;
pub use schedules::Schedules;
pub use taskflow::TaskFlow;
pub use types::*;

pub(crate) use agent_spawn::command as spawned_command;
pub(crate) use blocking::blocking;
pub(crate) use caller::Actor;
pub(crate) use error::is_persistence;

use crate::engine::Engine;
use std::sync::Arc;

/// The calls, carried out in this process.
#[derive(Clone)]
pub struct Api {
    pub(crate) engine: Engine,
    caller: Arc<Caller>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl Api {
    /// The calls on this engine, on behalf of an operator who sees all.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, caller: Arc::default() }
    }

    /// The engine below.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
