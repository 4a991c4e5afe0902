//! Hooks: programs that embed the engine are told of flows as they move.

use crate::engine::{Engine, lock};
use clawflow_core::flow::{Flow, FlowStatus};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a program is told. Every call comes after the commit of what it tells of, and in order for
/// one flow.
///
/// Hooks are hints: a process that dies between the commit and the call never makes it. What must
/// not be missed is read from the history, by its position ([`crate::api::FlowEvents`]). They run
/// on the engine's own threads while the flow waits: a hook must be quick. A panic in one is
/// caught and logged.
///
/// ```
/// use clawflow_core::flow::{Flow, FlowStatus};
/// struct Log;
/// impl clawflow_engine::Hooks for Log {
///     fn flow_transition(&self, flow: &Flow, from: FlowStatus, to: FlowStatus) {
///         println!("{}: {from} -> {to}", flow.flow_id);
///     }
/// }
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// A flow was made.
    fn flow_created(&self, _flow: &Flow) {}

    /// A flow has another status; also when it has ended, before [`Hooks::flow_ended`].
    fn flow_transition(&self, _flow: &Flow, _from: FlowStatus, _to: FlowStatus) {}

    /// A flow has ended.
    fn flow_ended(&self, _flow: &Flow) {}
}

impl Engine {
    /// Tells these hooks too, from now on and for as long as the engine lives.
    pub fn on(&self, hooks: impl Hooks) {
        lock(&self.inner.hooks).push(Arc::new(hooks));
    }

    /// Tells of a flow whose change is on disk; `was` is how it stood before, if it was there.
    pub(crate) fn tell_hooks(&self, was: Option<FlowStatus>, flow: &Flow, ended: bool) {
        let all = lock(&self.inner.hooks).clone();
        for hooks in all {
            let told = catch_unwind(AssertUnwindSafe(|| match was {
                None => hooks.flow_created(flow),
                Some(from) if from != flow.status => {
                    hooks.flow_transition(flow, from, flow.status);
                }
                Some(_) => {}
            }));
            let told = told.and_then(|()| {
                let end = || {
                    if ended {
                        hooks.flow_ended(flow);
                    }
                };
                catch_unwind(AssertUnwindSafe(end))
            });
            if told.is_err() {
                tracing::error!(flow_id = %flow.flow_id, "a hook panicked");
            }
        }
    }
}
