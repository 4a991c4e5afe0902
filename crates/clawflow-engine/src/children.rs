//! Child flows on behalf of their parents: made, cancelled, and their ends told.
//!
//! Everything here follows from what is on disk: the parent's open wait names the child and says
//! whether its end is wanted. So it may be done again at any time, after a crash too, and a child
//! is made once: its id is the parent's, and whoever looks whether it is there holds its cell.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::files::{ChildFile, FileError};
use crate::held::{Decided, Held, OfFile};
use clawflow_core::definition::limits::FLOW_DEPTH_MAX;
use clawflow_core::drive::{
    self, ChildEnd, ChildLaunch, ChildOf, Ctx, FlowState, NewFlow, Outcome,
};
use clawflow_core::error::Code;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::task::Usage;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use tokio::task::JoinSet;

/// Waits for children that are looked at together after a start.
const AT_ONCE: usize = 64;
/// Conflicts in a row before the making of a child gives up for the moment.
const CONFLICTS_MAX: u32 = 16;

/// What a child is made from, with what its parent adds to it.
#[derive(Clone)]
struct Plan {
    launch: ChildLaunch,
    files: Option<String>,
    auto_approve: bool,
}

/// What is to be done about a child after a look at it.
enum Next {
    Nothing,
    /// Its parent is to be told of its end.
    Tell(ChildEnd),
    Cancel,
    Adopt,
    /// It is to hold with its parent, whose budget is used up, or to go on with it.
    Hold(bool),
}

impl Engine {
    /// Makes the child flow of this wait, or has it cancelled, as the wait says. `again`: a further
    /// cancel gives its unwinding up.
    pub(crate) fn see_to_child(&self, held: &Held, wait_id: &WaitId, again: bool) {
        let Held::File(state) = held else { return };
        let Some(wait) = state.waits.get(wait_id).cloned() else { return };
        if !self.drives(&wait.flow_id) {
            return;
        }
        let plan = plan_of(state, wait_id);
        let engine = self.clone();
        tokio::spawn(async move { engine.see_to(&wait, plan, again).await });
    }

    /// Tells the parent of an ended flow, if it has one, how that ended.
    pub(crate) fn tell_parent(&self, held: &Held) {
        let Held::File(state) = held else { return };
        let Some(parent) = state.flow.parent_flow_id.clone() else { return };
        let end = end_of_flow(state);
        let engine = self.clone();
        tokio::spawn(async move { engine.tell_end(&parent, end).await });
    }

    /// Until it is done, or the engine stops: then the next one sees to it.
    async fn see_to(&self, wait: &Wait, plan: Option<Result<Plan, String>>, again: bool) {
        let Some(child) = wait.target.clone().map(FlowId) else { return };
        let mut backoff = self.backoff();
        loop {
            match self.look(&child, wait, plan.as_ref()).await {
                Ok(Next::Nothing) => return,
                Ok(Next::Tell(end)) => {
                    return self.tell_end(&wait.flow_id, end).await;
                }
                Ok(Next::Cancel) => return self.cancel_child(&wait.flow_id, &child, again).await,
                Ok(Next::Adopt) => {
                    self.adopt_child(&child).await;
                    return self.tell_used_again(&wait.flow_id, &child).await;
                }
                Ok(Next::Hold(held)) => {
                    self.adopt_child(&child).await;
                    self.tell_used_again(&wait.flow_id, &child).await;
                    match self.hold_child(&child, held).await {
                        // Looked at anew: it may have changed its mind meanwhile.
                        Ok(()) => {}
                        Err(error) if !error.may_pass() => return,
                        Err(error) => {
                            if backoff.pause(child.as_str(), &error).await.is_err() {
                                return;
                            }
                        }
                    }
                }
                Err(error) if !error.may_pass() => {
                    return tracing::warn!(flow_id = %child, %error, "a child is left as it is");
                }
                Err(error) => {
                    if backoff.pause(child.as_str(), &error).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Looks at the child, with its cell in hand, and makes it if it is not there and wanted. The
    /// parent is told later: its cell may be in the hand of somebody who wants this one.
    async fn look(
        &self,
        child: &FlowId,
        wait: &Wait,
        plan: Option<&Result<Plan, String>>,
    ) -> Result<Next, EngineError> {
        let in_use = self.in_use(child);
        let mut cell = in_use.lock().await;
        for _ in 0..CONFLICTS_MAX {
            // Anew each time: what is wanted may have changed.
            let Some(wait) = self.store().wait(&wait.wait_id)? else { return Ok(Next::Nothing) };
            if wait.state != WaitState::Open {
                return Ok(Next::Nothing);
            }
            if let Some(flow) = self.flow(child)? {
                if flow.is_terminal() {
                    return Ok(self.end_of(child)?.map_or(Next::Nothing, Next::Tell));
                }
                if wait.cancel_requested_at.is_some() {
                    return Ok(Next::Cancel);
                }
                return self.held_or_not(&flow, &wait);
            }
            if wait.cancel_requested_at.is_some() {
                let why = "its end was wanted before it was made".to_owned();
                return Ok(unmade(child, why));
            }
            match self.make(&mut cell, &wait, plan).await {
                // The parent has moved: it is looked at anew.
                Err(error) if error.code() == Some(Code::RevisionConflict) => {}
                Err(EngineError::Refused { refusal, .. })
                    if refusal.code != Code::PersistFailed =>
                {
                    return Ok(unmade(child, refusal.to_string()));
                }
                made => return made,
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the parent changes too fast"))
    }

    async fn make(
        &self,
        cell: &mut Option<Held>,
        wait: &Wait,
        plan: Option<&Result<Plan, String>>,
    ) -> Result<Next, EngineError> {
        let child = FlowId(wait.target.clone().unwrap_or_default());
        let Some(parent) = self.flow(&wait.flow_id)? else { return Ok(Next::Nothing) };
        if parent.held_at.is_some() {
            // It is made once its parent goes on, which looks for it again.
            return Ok(Next::Nothing);
        }
        if parent.is_terminal() || parent.cancel_requested_at.is_some() {
            // The wait says so by now, or is closed.
            return Err(EngineError::refused(Code::RevisionConflict, "the parent was cancelled"));
        }
        let found;
        let plan = match plan {
            Some(plan) => plan,
            None => match self.plan(wait)? {
                Some(plan) => {
                    found = plan;
                    &found
                }
                None => return Ok(Next::Nothing),
            },
        };
        let plan = match plan {
            Ok(plan) => plan.clone(),
            Err(why) => return Ok(unmade(&child, why.clone())),
        };
        if plan.launch.above.len() >= FLOW_DEPTH_MAX {
            let why = format!("flows are nested deeper than {FLOW_DEPTH_MAX}");
            return Ok(unmade(&child, why));
        }
        let file = match self.child_file(&plan.launch, plan.files.as_deref()).await {
            Ok(file) => file,
            Err(FileError::Bad(why)) => return Ok(unmade(&child, why)),
            Err(FileError::Store(error)) => return Err(error.into()),
        };
        let ours = self.drives(&parent.flow_id);
        let new = new_flow(parent, plan, file);
        let make = move |ctx: &mut Ctx<'_>| drive::create(new, ctx).map(Decided::from);
        self.create_in(cell, ours, make).await.map(|()| Next::Nothing)
    }

    /// What the child of this wait is made from, by the parent's state on disk.
    fn plan(&self, wait: &Wait) -> Result<Option<Result<Plan, String>>, EngineError> {
        match self.load(&wait.flow_id) {
            Ok(Held::File(state)) => Ok(plan_of(&state, &wait.wait_id)),
            Ok(Held::Code(_) | Held::Group(_)) => Ok(None),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The flow with this very id.
    pub(crate) fn flow(&self, flow_id: &FlowId) -> Result<Option<Flow>, EngineError> {
        let found = self.store().find_flows(flow_id.as_str())?;
        Ok(found.into_iter().find(|flow| flow.flow_id == *flow_id))
    }

    fn end_of(&self, child: &FlowId) -> Result<Option<ChildEnd>, EngineError> {
        match self.load(child)? {
            Held::File(state) => Ok(Some(end_of_flow(&state))),
            Held::Code(_) | Held::Group(_) => Ok(None),
        }
    }

    /// Whether a live child is to hold because its parent does, by what is on disk.
    fn held_or_not(&self, child: &Flow, wait: &Wait) -> Result<Next, EngineError> {
        let Some(parent) = self.flow(&wait.flow_id)? else { return Ok(Next::Nothing) };
        let waits = self.store().waits(&child.flow_id)?;
        let holds = waits.iter().any(|own| {
            own.state == WaitState::Open
                && own.kind == WaitKind::Budget
                && own.target.as_deref() == Some(parent.flow_id.as_str())
        });
        let wanted = parent.held_at.is_some();
        let to_end = child.cancel_requested_at.is_some() || parent.is_terminal();
        Ok(if wanted == holds || to_end { Next::Adopt } else { Next::Hold(wanted) })
    }

    /// Has the child hold, or go on.
    async fn hold_child(&self, child: &FlowId, held: bool) -> Result<(), EngineError> {
        let follow =
            move |state: &FlowState, ctx: &mut Ctx<'_>| drive::follow_parent(state, ctx, held);
        self.decide(None, child, OfFile(follow)).await.map(|_| ())
    }

    /// Tells the parent of a flow at work, if it has one, what that has used now. Told too late or
    /// twice it changes nothing, and after a crash it is told again.
    pub(crate) fn tell_used(&self, was: Option<&Held>, now: &Held) {
        let Held::File(state) = now else { return };
        let Some(parent) = state.flow.parent_flow_id.clone() else { return };
        let used = drive::used(state);
        let before = was.and_then(|was| match was {
            Held::File(state) => drive::used(state),
            Held::Code(_) | Held::Group(_) => None,
        });
        let (Some(used), false) = (used.clone(), used == before) else { return };
        if state.flow.is_terminal() {
            // Its end tells that too.
            return;
        }
        let (engine, child) = (self.clone(), state.flow.flow_id.clone());
        tokio::spawn(async move { engine.tell_used_to(&parent, child, used).await });
    }

    async fn tell_used_again(&self, parent: &FlowId, child: &FlowId) {
        if let Ok(Held::File(state)) = self.load(child)
            && let Some(used) = drive::used(&state)
        {
            self.tell_used_to(parent, child.clone(), used).await;
        }
    }

    async fn tell_used_to(&self, parent: &FlowId, child: FlowId, used: Usage) {
        let id = child.clone();
        let tell =
            move |state: &FlowState, ctx: &mut Ctx<'_>| drive::child_used(state, ctx, &id, &used);
        match self.decide_surely(parent, OfFile(tell)).await {
            // It was told before, or waits no longer.
            Ok(_) | Err(EngineError::Refused { .. }) => {}
            Err(error) => tracing::warn!(flow_id = %parent, %child, %error, "its use was not told"),
        }
    }

    async fn tell_end(&self, parent: &FlowId, end: ChildEnd) {
        let child = end.flow_id.clone();
        let told = move |state: &FlowState, ctx: &mut Ctx<'_>| drive::child_ended(state, ctx, &end);
        match self.decide_surely(parent, OfFile(told)).await {
            Ok(_) => {}
            // It was told before, or waits no longer.
            Err(EngineError::Refused { refusal, .. }) => {
                tracing::debug!(flow_id = %parent, %child, %refusal, "an end was not told");
            }
            Err(error) => tracing::warn!(flow_id = %parent, %child, %error, "an end was not told"),
        }
    }

    async fn cancel_child(&self, parent: &FlowId, child: &FlowId, again: bool) {
        let reason = format!("its parent {parent} wants no more of it");
        let cancel = move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::cancel_child(state, ctx, &reason, again)
        };
        match self.decide_surely(child, OfFile(cancel)).await {
            // Its end is told as any other; or it was cancelled before.
            Ok(_) | Err(EngineError::Refused { .. }) => {}
            Err(error) => tracing::warn!(flow_id = %child, %error, "a child was not cancelled"),
        }
        self.adopt_child(child).await;
    }

    /// Drives the child too, unless it has ended meanwhile: its end lets go of it, in its cell.
    async fn adopt_child(&self, child: &FlowId) {
        let in_use = self.in_use(child);
        let _cell = in_use.lock().await;
        let adopted = match self.flow(child) {
            Ok(Some(flow)) if !flow.is_terminal() => self.adopt(child).map_err(EngineError::from),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = adopted {
            tracing::warn!(flow_id = %child, %error, "a child flow was not adopted");
        }
    }
}

/// Sees to the children of these waits, after a start.
pub(crate) async fn see_to_children(engine: Engine, waits: Vec<Wait>) {
    let mut looks = JoinSet::new();
    for wait in waits {
        if looks.len() >= AT_ONCE {
            looks.join_next().await;
        }
        if engine.drives(&wait.flow_id) {
            let engine = engine.clone();
            looks.spawn(async move { engine.see_to(&wait, None, false).await });
        }
    }
    while looks.join_next().await.is_some() {}
}

/// How an ended flow ended, for its parent.
fn end_of_flow(state: &FlowState) -> ChildEnd {
    ChildEnd {
        flow_id: state.flow.flow_id.clone(),
        outcome: drive::outcome_of(state),
        used: drive::used(state),
    }
}

fn unmade(child: &FlowId, why: String) -> Next {
    let (flow_id, outcome) = (child.clone(), Outcome::Unmade(why));
    Next::Tell(ChildEnd { flow_id, outcome, used: None })
}

fn plan_of(state: &FlowState, wait_id: &WaitId) -> Option<Result<Plan, String>> {
    let launch = drive::child(state, wait_id)?;
    Some(launch.map_err(|error| error.to_string()).map(|launch| Plan {
        launch,
        files: state.spec.files.clone(),
        auto_approve: state.spec.auto_approve,
    }))
}

fn new_flow(parent: Flow, plan: Plan, file: ChildFile) -> NewFlow {
    let Plan { launch, auto_approve, .. } = plan;
    let mut env = launch.env;
    let folder = launch.path.rfind('/').map_or("/", |at| &launch.path[..at.max(1)]);
    env.insert("CLAWFLOW_FLOW_DIR".to_owned(), folder.to_owned());
    NewFlow {
        definition: file.definition,
        file: launch.path.clone(),
        args: launch.args,
        cwd: launch.cwd,
        env,
        owner_key: parent.owner_key.clone(),
        requester_origin: parent.requester_origin.clone(),
        key: None,
        auto_approve,
        reuse: None,
        path: launch.path,
        files: file.files,
        child_of: Some(ChildOf {
            flow_id: launch.flow_id,
            step_id: launch.step_id,
            key_root: launch.key_root,
            above: launch.above,
            counts_use: launch.counts_use,
            parent,
        }),
    }
}
