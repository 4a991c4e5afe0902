//! Who calls: the owner whose records are seen and changed, and who answers for it.

use super::{Api, ApiError};
use crate::shim::procfs::{shims_above, task_of_shim};
use clawflow_core::flow::Origin;
use clawflow_core::ids::TaskId;
use std::sync::Arc;

/// On whose behalf calls are made. It belongs to a handle, never to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The one owner whose records exist for the caller. `None`: an operator, who sees all.
    pub owner: Option<String>,
    /// Where the caller's requests come from: its flows carry it, and every message about them.
    pub origin: Option<Origin>,
    /// Who it is, for the history; else the owner, else nobody.
    pub actor: Option<String>,
    /// The attempts that have started the process that calls, or may have: what asks for something
    /// may not give it.
    pub from: Ancestry,
}

/// The attempts that a process comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ancestry {
    /// None: a person, or a program of theirs.
    #[default]
    Outside,
    /// Those of these tasks, the nearest first.
    Attempts(Arc<[TaskId]>),
    /// It may be any: nobody can tell.
    Unknown,
}

/// A session to bind a handle to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Session key: the owner of everything that the handle makes and sees.
    pub session_key: String,
    /// Where its requests come from.
    pub requester_origin: Option<Origin>,
}

/// The part of an agent's tool context that binds a handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolContext {
    /// Session key of the session in which the tool is called.
    pub session_key: Option<String>,
    /// Where answers of that session go.
    pub delivery_context: Option<Origin>,
}

impl Ancestry {
    /// The attempts that have started this process: one that is gone cannot tell. To be asked when
    /// it comes, not when it is judged: it may hand its connection on and end.
    #[must_use]
    pub fn of(pid: Option<u32>) -> Self {
        let Some(shims) = pid.and_then(shims_above) else { return Self::Unknown };
        let tasks: Option<Arc<[TaskId]>> =
            shims.iter().map(|shim| task_of_shim(*shim).map(TaskId)).collect();
        match tasks {
            Some(tasks) if tasks.is_empty() => Self::Outside,
            Some(tasks) => Self::Attempts(tasks),
            None => Self::Unknown,
        }
    }
}

impl Api {
    /// The same calls on behalf of this caller.
    #[must_use]
    pub fn as_caller(&self, caller: Caller) -> Self {
        Self { engine: self.engine.clone(), caller: Arc::new(caller) }
    }

    /// The same calls on behalf of a session: they see and change its records only.
    ///
    /// ```
    /// use clawflow_engine::api::{Api, ApiError, Session};
    /// # async fn example(api: Api) -> Result<(), ApiError> {
    /// let mine = api.bind_session(Session {
    ///     session_key: "agent:main:main".to_owned(),
    ///     requester_origin: None,
    /// })?;
    /// assert_eq!(mine.caller().owner.as_deref(), Some("agent:main:main"));
    /// assert!(api.bind_session(Session::default()).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn bind_session(&self, session: Session) -> Result<Self, ApiError> {
        Ok(self.as_caller(session.caller()?))
    }

    /// As [`Api::bind_session`], from what a tool is told about its session.
    ///
    /// # Errors
    /// `invalid` for a context without a session key.
    pub fn from_tool_context(&self, context: ToolContext) -> Result<Self, ApiError> {
        Ok(self.as_caller(context.caller()?))
    }

    /// On whose behalf calls are made.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether a record of this owner exists for the caller.
    pub(super) fn sees(&self, owner_key: &str) -> bool {
        self.caller.owner.as_deref().is_none_or(|owner| owner == owner_key)
    }

    /// Whose records a list shows, of those that are asked for. A foreign owner has none.
    pub(super) fn scope(&self, asked: Option<String>) -> Option<String> {
        match (&self.caller.owner, asked) {
            (None, asked) => asked,
            (Some(owner), Some(asked)) if *owner != asked => {
                // No record has a blank owner.
                Some(String::new())
            }
            (Some(owner), _) => Some(owner.clone()),
        }
    }

    /// The owner of what a call makes: the binding's, if there is one.
    pub(super) fn owner_of_new(&self, asked: Option<String>) -> Result<Option<String>, ApiError> {
        match (&self.caller.owner, asked) {
            (Some(owner), Some(asked)) if *owner != asked => {
                let message = "the caller is bound to another session than the owner it names";
                Err(ApiError::new("forbidden", message))
            }
            (Some(owner), _) => Ok(Some(owner.clone())),
            (None, asked) => Ok(asked),
        }
    }

    /// The owner that the caller is bound to.
    pub(super) fn bound(&self) -> Result<&str, ApiError> {
        self.caller.owner.as_deref().ok_or_else(|| {
            let message = "no session is bound: this call needs the session key of an owner";
            ApiError::new("invalid", message).hint("bind one, over HTTP with Clawflow-Session")
        })
    }

    /// Who answers for what the caller does.
    pub(super) fn actor(&self) -> Actor {
        let caller = &self.caller;
        caller.actor.as_deref().or(caller.owner.as_deref()).map(Arc::from)
    }
}

/// Who caused a decision; `None`: the engine itself, or an operator without a name.
pub(crate) type Actor = Option<Arc<str>>;

impl Session {
    /// The caller that this session makes.
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn caller(self) -> Result<Caller, ApiError> {
        caller(&self.session_key, self.requester_origin)
            .ok_or_else(|| blank("TaskFlow runtime requires a bound sessionKey."))
    }
}

impl ToolContext {
    /// The caller that this context makes.
    ///
    /// # Errors
    /// `invalid` for a context without a session key.
    pub fn caller(self) -> Result<Caller, ApiError> {
        caller(self.session_key.as_deref().unwrap_or_default(), self.delivery_context)
            .ok_or_else(|| blank("TaskFlow runtime requires tool context with a sessionKey."))
    }
}

fn blank(message: &str) -> ApiError {
    ApiError::new("invalid", message)
}

fn caller(session_key: &str, origin: Option<Origin>) -> Option<Caller> {
    let owner = session_key.trim();
    (!owner.is_empty()).then(|| Caller {
        owner: Some(owner.to_owned()),
        origin,
        ..Caller::default()
    })
}
