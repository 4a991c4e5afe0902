//! Cells: one per flow at work, so that decisions about it come one after the other.

use crate::engine::{Engine, lock};
use crate::error::EngineError;
use crate::held::Held;
use clawflow_core::control::{ControlState, Ended};
use clawflow_core::drive::FlowState;
use clawflow_core::error::Code;
use clawflow_core::flow::{Flow, SyncMode};
use clawflow_core::group::GroupState;
use clawflow_core::ids::FlowId;
use clawflow_core::task::TaskStatus;
use clawflow_store::StoreError;
use clawflow_store::query::{FlowBundle, TaskFilter};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// Ended tasks that one look at a flow's children reads.
const PAGE: usize = 500;

/// The state of one flow at work; an empty cell is loaded when it is needed. A decision holds the
/// lock across its commit, hence tokio's mutex.
#[derive(Default)]
pub(crate) struct Cell {
    state: Mutex<Option<Held>>,
}

/// A cell that is looked at. With the last look it leaves the map, if nothing is kept in it.
pub(crate) struct InUse<'a> {
    engine: &'a Engine,
    flow_id: &'a FlowId,
    cell: Arc<Cell>,
}

impl InUse<'_> {
    pub(crate) async fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.cell.state.lock().await
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let mut cells = lock(&self.engine.inner.cells);
        // Let go of under the map's lock: of two looks that end together one sees that it is last.
        self.cell = Arc::default();
        let idle = |cell: &Arc<Cell>| {
            Arc::strong_count(cell) == 1 && cell.state.try_lock().is_ok_and(|s| s.is_none())
        };
        if cells.get(self.flow_id).is_some_and(idle) {
            cells.remove(self.flow_id);
        }
    }
}

impl Engine {
    /// The flow's cell, in the map for as long as somebody looks at it.
    pub(crate) fn in_use<'a>(&'a self, flow_id: &'a FlowId) -> InUse<'a> {
        let cell = lock(&self.inner.cells).entry(flow_id.clone()).or_default().clone();
        InUse { engine: self, flow_id, cell }
    }

    /// The flow with all that steers it, from the store.
    pub(crate) fn load(&self, flow_id: &FlowId) -> Result<Held, EngineError> {
        let Some(bundle) = self.inner.store.load(flow_id)? else {
            return Err(EngineError::refused(Code::NotFound, format!("flow not found: {flow_id}")));
        };
        self.held(bundle)
    }

    /// The flow with all that steers it, of which the store gave this.
    pub(crate) fn held(&self, bundle: FlowBundle) -> Result<Held, EngineError> {
        if bundle.flow.is_engine() {
            return Ok(Held::File(Box::new(self.file_state(bundle)?)));
        }
        if bundle.flow.sync_mode == SyncMode::GroupMirrored {
            return Ok(Held::Group(Box::new(GroupState {
                flow: bundle.flow,
                steps: bundle.steps,
                waits: bundle.waits.into_iter().map(|w| (w.wait_id.clone(), w)).collect(),
                last_event: bundle.last_event,
            })));
        }
        let ended = self.ended(&bundle.flow)?;
        Ok(Held::Code(Box::new(ControlState {
            flow: bundle.flow,
            tasks: bundle.tasks.into_iter().map(|t| (t.task_id.clone(), t)).collect(),
            waits: bundle.waits.into_iter().map(|w| (w.wait_id.clone(), w)).collect(),
            ended,
            last_event: bundle.last_event,
        })))
    }

    fn file_state(&self, bundle: FlowBundle) -> Result<FlowState, EngineError> {
        let flow_id = &bundle.flow.flow_id;
        let (Some(spec), Some(source)) = (bundle.spec, bundle.source) else {
            return Err(EngineError::Broken(format!("{flow_id} has lost its workflow file")));
        };
        let definition = self
            .definition(&spec.definition_hash, &spec.file, &source)
            .map_err(|why| EngineError::Broken(format!("the file of {flow_id}: {why}")))?;
        Ok(FlowState {
            flow: bundle.flow,
            spec: Arc::new(spec),
            definition,
            steps: bundle.steps,
            tasks: bundle.tasks.into_iter().map(|t| (t.task_id.clone(), t)).collect(),
            waits: bundle.waits.into_iter().map(|w| (w.wait_id.clone(), w)).collect(),
            items: BTreeMap::new(),
            last_event: bundle.last_event,
        })
    }

    /// How the ended children did, where a decision looks at that.
    fn ended(&self, flow: &Flow) -> Result<Ended, EngineError> {
        let ended = Ended::default();
        if !ControlState::counts_ended(flow) {
            return Ok(ended);
        }
        Ok(self.count_ended(&flow.flow_id)?)
    }

    /// How all children of this flow that have ended did, and what they used.
    pub(crate) fn count_ended(&self, flow_id: &FlowId) -> Result<Ended, StoreError> {
        let mut ended = Ended::default();
        let over = TaskStatus::ALL.iter().copied().filter(|status| status.is_terminal());
        let mut filter = TaskFilter {
            statuses: over.collect(),
            flow_id: Some(flow_id.clone()),
            limit: PAGE,
            ..TaskFilter::default()
        };
        loop {
            let page = self.inner.store.list_tasks(&filter)?;
            page.iter().for_each(|task| ended.count(task));
            filter.after = page.last().map(|task| task.task_id.clone());
            if page.len() < PAGE {
                return Ok(ended);
            }
        }
    }
}
