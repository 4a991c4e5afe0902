//! The engine: the store, the cells of the flows at work, the slots and the running attempts.

use crate::api::Actor;
use crate::audit::Began;
use crate::cell::Cell;
use crate::changes::Changes;
use crate::clock::{Ids, jitter, now};
use crate::dispatch::Slots;
use crate::feed::Recent;
use crate::groups::Groups;
use crate::hooks::Hooks;
use crate::retention::Retention;
use crate::runtime::{Beginnings, Running};
use crate::schedules::{self, Ended};
use crate::settings::EngineSettings;
use crate::supervise::Supervisor;
use crate::{recover, timers};
use clawflow_core::definition::{Definition, Dialect, Files};
use clawflow_core::drive::Ctx;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Executor, Task};
use clawflow_store::{Store, StoreError};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, watch};

/// Parsed definitions kept at hand.
const DEFINITIONS_MAX: usize = 64;

/// Which flows an engine starts things for. It answers commands about all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All: a gateway.
    All,
    /// Those that it made or was told to drive: a foreground run.
    Driven,
    /// None but those that it was told to drive: a single command without a gateway.
    Nothing,
}

/// What is told about a flow or task without looking into the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct News {
    /// Decisions since somebody began to watch.
    pub count: u64,
    /// It had ended with the latest of them.
    pub ended: bool,
}

/// What an engine holds in memory: all but the free slots is nothing when nothing is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Attempts that are watched or examined.
    pub running: usize,
    /// Slots that the next attempts can take; below zero after an adoption of more than there are.
    pub slots_free: isize,
    /// Tasks in line for a slot.
    pub queued: usize,
    /// Flows whose state is kept at hand.
    pub flows_at_work: usize,
    /// Flows and tasks whose changes somebody waits for.
    pub watched: usize,
    /// Flows that are driven one by one.
    pub driven: usize,
}

/// Runs flows above a store. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: EngineSettings,
    pub(crate) supervisor: Supervisor,
    pub(crate) executor: Executor,
    pub(crate) scope: Scope,
    // Short critical sections without awaits: std mutexes.
    driven: Mutex<HashSet<FlowId>>,
    pub(crate) cells: Mutex<HashMap<FlowId, Arc<Cell>>>,
    definitions: Mutex<HashMap<String, Arc<Definition>>>,
    pub(crate) files: Mutex<HashMap<String, Arc<Files>>>,
    pub(crate) slots: Slots,
    pub(crate) running: Running,
    pub(crate) beginnings: Beginnings,
    pub(crate) timer_hint: Notify,
    pub(crate) delivery_hint: Notify,
    pub(crate) schedule_hint: Notify,
    pub(crate) ended_work: Ended,
    // Held across a look and a commit, hence tokio's mutex; an owner always has the same.
    pub(crate) signals: [tokio::sync::Mutex<()>; 64],
    pub(crate) feed: watch::Sender<u64>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) hooks: Mutex<Vec<Arc<dyn Hooks>>>,
    // Held across a whole sweep: one at a time.
    pub(crate) sweeping: tokio::sync::Mutex<()>,
    /// How long what has ended is kept. Short critical sections: a std mutex.
    pub(crate) retention: Mutex<Retention>,
    // Held across a look and a commit, hence tokio's mutex.
    pub(crate) groups: Groups,
    pub(crate) pings: tokio::sync::Mutex<()>,
    pub(crate) followed: Mutex<HashSet<TaskId>>,
    pub(crate) examined: Semaphore,
    pub(crate) began: Began,
    pub(crate) watched: Mutex<HashMap<String, watch::Sender<News>>>,
    stopping: watch::Sender<bool>,
}

/// Locks a mutex whose data no panic can leave half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine over an open store. It does nothing by itself until [`Engine::start`].
    ///
    /// # Errors
    /// Those of the store: a new epoch is durable before anything else happens.
    pub fn new(
        store: Arc<dyn Store>,
        settings: EngineSettings,
        scope: Scope,
    ) -> Result<Self, StoreError> {
        let boot_id = Supervisor::boot_id().map_err(|error| StoreError::Unavailable {
            doing: "reading the boot id".to_owned(),
            why: error.to_string(),
        })?;
        let epoch = store.next_epoch()?;
        let supervisor =
            Supervisor::new(settings.home.join("runs"), &settings.shim_exe, boot_id.clone());
        let executor = Executor {
            gateway: settings.name.clone(),
            epoch,
            boot_id,
            pid: None,
            start_time: None,
        };
        let slots = Slots::new(settings.max_tasks, &settings.all_queues());
        let inner = Inner {
            store,
            supervisor,
            executor,
            scope,
            driven: Mutex::default(),
            cells: Mutex::default(),
            definitions: Mutex::default(),
            files: Mutex::default(),
            slots,
            running: Running::default(),
            beginnings: Beginnings::default(),
            timer_hint: Notify::new(),
            delivery_hint: Notify::new(),
            schedule_hint: Notify::new(),
            ended_work: Ended::default(),
            signals: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            feed: watch::Sender::new(0),
            recent: Arc::default(),
            hooks: Mutex::default(),
            sweeping: tokio::sync::Mutex::default(),
            retention: Mutex::default(),
            groups: Groups::default(),
            pings: tokio::sync::Mutex::default(),
            followed: Mutex::default(),
            examined: Semaphore::new(recover::EXAMINED_AT_ONCE),
            began: Began::now(),
            watched: Mutex::default(),
            stopping: watch::Sender::new(false),
            settings,
        };
        let engine = Self { inner: Arc::new(inner) };
        engine.recall_queues()?;
        Ok(engine)
    }

    /// Takes up the work that the store knows of and keeps the timers, from now on.
    ///
    /// # Errors
    /// Those of the store.
    pub fn start(&self) -> Result<(), StoreError> {
        if self.inner.scope == Scope::All {
            recover::recover(self, None)?;
            tokio::spawn(schedules::run(self.clone()));
        }
        tokio::spawn(timers::run(self.clone()));
        Ok(())
    }

    /// Drives this flow from now on, and takes up its work.
    ///
    /// # Errors
    /// Those of the store.
    pub fn adopt(&self, flow_id: &FlowId) -> Result<(), StoreError> {
        if self.inner.scope == Scope::All {
            return Ok(());
        }
        lock(&self.inner.driven).insert(flow_id.clone());
        self.hold_places(Some(flow_id))?;
        recover::recover(self, Some(flow_id))?;
        self.inner.timer_hint.notify_one();
        Ok(())
    }

    /// Stops: nothing starts any more, what runs goes on under its shims, and the next engine
    /// adopts it.
    pub fn stop(&self) {
        self.inner.stopping.send_replace(true);
        self.inner.slots.close();
        self.inner.timer_hint.notify_one();
        self.inner.supervisor.litter().tidy(false);
    }

    /// The store, for queries.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The settings that it was made with.
    #[must_use]
    pub fn settings(&self) -> &EngineSettings {
        &self.inner.settings
    }

    /// Where attempts and their logs are.
    #[must_use]
    pub fn supervisor(&self) -> &Supervisor {
        &self.inner.supervisor
    }

    /// The epoch under which this engine claims tasks.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.inner.executor.epoch
    }

    /// How many attempts run now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.inner.running.len()
    }

    /// How many attempts of this owner run now.
    ///
    /// # Errors
    /// Those of the store.
    pub fn running_of(&self, owner_key: &str) -> Result<usize, StoreError> {
        let mut mine = 0;
        for task_id in self.inner.running.tasks() {
            let task = self.store().task(&task_id)?;
            mine += usize::from(task.is_some_and(|task| task.owner_key == owner_key));
        }
        Ok(mine)
    }

    /// What it holds in memory for the moment.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let (slots_free, queued) = self.inner.slots.usage();
        Usage {
            running: self.running(),
            slots_free,
            queued,
            flows_at_work: lock(&self.inner.cells).len(),
            watched: lock(&self.inner.watched).len(),
            driven: lock(&self.inner.driven).len(),
        }
    }

    /// Which flows it drives.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.inner.scope
    }

    /// Wakes with each decision about this flow or task; a hint to look again.
    #[must_use]
    pub fn changes(&self, subject: &str) -> Changes {
        let mut watched = lock(&self.inner.watched);
        let hint = Some(watched.entry(subject.to_owned()).or_default().subscribe());
        Changes { engine: self.clone(), subject: subject.to_owned(), hint }
    }

    pub(crate) fn changed(&self, subject: &str, ended: bool) {
        if let Some(hint) = lock(&self.inner.watched).get(subject) {
            hint.send_modify(|news| *news = News { count: news.count + 1, ended });
        }
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.inner.stopping.subscribe()
    }

    /// Whether this engine starts things for the flow.
    pub(crate) fn drives(&self, flow_id: &FlowId) -> bool {
        match self.inner.scope {
            Scope::All => true,
            Scope::Driven | Scope::Nothing => lock(&self.inner.driven).contains(flow_id),
        }
    }

    /// Whether this engine starts tasks without a flow.
    pub(crate) fn drives_tasks(&self) -> bool {
        self.inner.scope != Scope::Nothing
    }

    /// Whether this engine starts the task.
    pub(crate) fn drives_task(&self, task: &Task) -> bool {
        match &task.parent_flow_id {
            Some(flow_id) => self.drives(flow_id),
            None => self.drives_tasks(),
        }
    }

    /// The flows that a foreground run drives.
    pub(crate) fn driven(&self) -> Vec<FlowId> {
        lock(&self.inner.driven).iter().cloned().collect()
    }

    pub(crate) fn drive_also(&self, flow_id: &FlowId) {
        if self.inner.scope == Scope::Driven {
            lock(&self.inner.driven).insert(flow_id.clone());
        }
    }

    /// Drives a child flow where its parent is driven.
    pub(crate) fn drive_with_parent(&self, flow_id: &FlowId, driven: bool) {
        if driven && self.inner.scope != Scope::All {
            lock(&self.inner.driven).insert(flow_id.clone());
        }
    }

    /// Lets go of a flow that has ended or was never made.
    pub(crate) fn drive_no_more(&self, flow_id: &FlowId) {
        if self.inner.scope != Scope::All {
            lock(&self.inner.driven).remove(flow_id);
        }
    }

    /// Calls `decide` with the time, new ids and `slots` free slots.
    pub(crate) fn with_ctx<T>(
        &self,
        actor: &Actor,
        slots: usize,
        decide: impl FnOnce(&mut Ctx) -> T,
    ) -> T {
        let mut ids = Ids;
        let mut ctx = Ctx {
            now: now(),
            ids: &mut ids,
            jitter: jitter(),
            slots,
            executor: &self.inner.executor,
            actor: actor.as_deref(),
            routes: &self.inner.settings.routes,
        };
        decide(&mut ctx)
    }

    /// The definition of this source, parsed once.
    pub(crate) fn definition(
        &self,
        hash: &str,
        file: &str,
        source: &str,
    ) -> Result<Arc<Definition>, String> {
        let dialect = Dialect::of_path(Path::new(file));
        let name = format!("{dialect:?} {hash}");
        if let Some(known) = lock(&self.inner.definitions).get(&name) {
            return Ok(known.clone());
        }
        let parsed = Definition::parse(file, source.as_bytes(), dialect).map_err(|errors| {
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })?;
        let parsed = Arc::new(parsed);
        let mut known = lock(&self.inner.definitions);
        if known.len() >= DEFINITIONS_MAX {
            known.clear();
        }
        known.insert(name, parsed.clone());
        Ok(parsed)
    }
}
