//! An engine with its store and its home, and waits with deadlines.

use crate::store::Faulty;
use clawflow_core::acp::{AgentConfig, Protocol};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::queue::QueueLimits;
use clawflow_core::subagent::SpawnLimits;
use clawflow_core::task::Task;
use clawflow_engine::api::{
    Api, ApiError, Call, FlowRef, FlowRun, FlowRunRequest, FlowShow, FlowView, TaskRun,
    TaskRunRequest, TaskShow,
};
use clawflow_engine::{Engine, EngineSettings, Scope, Usage};
use clawflow_store::{MemoryStore, SqliteStore};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes on a machine that does other work too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Which store is below.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
}

/// Makes a test over each store of a scenario `async fn(World)`.
macro_rules! scenario {
    ($name:ident, $slots:expr) => {
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                super::$name($crate::world::World::new($crate::world::Kind::Memory, $slots)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::world::World::new($crate::world::Kind::Sqlite, $slots)).await;
            }
        }
    };
}
pub(crate) use scenario;

/// An engine over a store that can be told to fail.
pub(crate) struct World {
    pub(crate) store: Arc<Faulty>,
    pub(crate) engine: Engine,
    pub(crate) api: Api,
    slots: usize,
    queues: Queues,
    tmp: TempDir,
}

/// The named queues.
pub(crate) type Queues = BTreeMap<String, QueueLimits>;

impl Drop for World {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

/// Agents that read a prompt: `sh` runs it, `echo` repeats it.
fn agents() -> BTreeMap<String, AgentConfig> {
    let agent = |words: &[&str]| AgentConfig {
        protocol: Some(Protocol::Stdin),
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        model: Some("m1".to_owned()),
        env: vec!["GIVEN=secret".to_owned()],
        ..AgentConfig::default()
    };
    BTreeMap::from([
        ("sh".to_owned(), agent(&["sh"])),
        ("echo".to_owned(), agent(&["cat"])),
        ("acp".to_owned(), AgentConfig { protocol: None, ..agent(&["cat"]) }),
    ])
}

pub(crate) fn settings(home: &Path, slots: usize, queues: &Queues) -> EngineSettings {
    EngineSettings {
        home: home.to_path_buf(),
        shim_exe: PathBuf::from(env!("CARGO_BIN_EXE_clawflow-shim-host")),
        socket: home.join("sock"),
        shell: "/bin/sh".to_owned(),
        max_tasks: slots,
        queues: queues.clone(),
        agents: agents(),
        subagents: SpawnLimits { depth: 3, children: 3, concurrency: 2 },
        grace_ms: 200,
        log_bytes: 1 << 20,
        stdout_bytes: 1 << 20,
        routes: Vec::new(),
        name: "test".to_owned(),
    }
}

impl World {
    /// An engine that drives everything, with so many slots.
    pub(crate) fn new(kind: Kind, slots: usize) -> Self {
        Self::scoped(kind, slots, Scope::All)
    }

    pub(crate) fn scoped(kind: Kind, slots: usize, scope: Scope) -> Self {
        Self::with_queues(kind, slots, scope, Queues::new())
    }

    pub(crate) fn with_queues(kind: Kind, slots: usize, scope: Scope, queues: Queues) -> Self {
        let tmp = TempDir::new().unwrap();
        let store = Arc::new(match kind {
            Kind::Memory => Faulty::over(Arc::new(MemoryStore::new())),
            Kind::Sqlite => Faulty::over(Arc::new(SqliteStore::open(tmp.path()).unwrap())),
        });
        let engine =
            Engine::new(store.clone(), settings(tmp.path(), slots, &queues), scope).unwrap();
        if *engine.scope() != Scope::Nothing {
            engine.start().unwrap();
        }
        Self { store, api: Api::new(engine.clone()), engine, slots, queues, tmp }
    }

    /// Another engine over the same store and home, as after a restart.
    pub(crate) fn restart(&mut self, scope: Scope) {
        self.engine.stop();
        // Nothing of a process that has ended commits any more.
        self.store = Arc::new(self.store.again());
        let settings = settings(self.tmp.path(), self.slots, &self.queues);
        self.engine = Engine::new(self.store.clone(), settings, scope).unwrap();
        self.api = Api::new(self.engine.clone());
        if *self.engine.scope() != Scope::Nothing {
            self.engine.start().unwrap();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.tmp.path()
    }

    pub(crate) async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        C::run(&self.api, request).await
    }

    pub(crate) fn request(&self, yaml: &str) -> FlowRunRequest {
        FlowRunRequest {
            source: yaml.to_owned(),
            file: "test.flow.yaml".to_owned(),
            path: None,
            files: BTreeMap::new(),
            args: serde_json::Map::new(),
            cwd: self.path().display().to_string(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            owner: None,
            key: None,
            auto_approve: false,
            idempotency_key: None,
        }
    }

    pub(crate) async fn run(&self, yaml: &str) -> Flow {
        self.call::<FlowRun>(self.request(yaml)).await.unwrap()
    }

    pub(crate) async fn run_task(&self, script: &str) -> Task {
        let request = TaskRunRequest {
            argv: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
            cwd: self.path().display().to_string(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            owner: "agent:main:main".to_owned(),
            ..TaskRunRequest::default()
        };
        self.call::<TaskRun>(request).await.unwrap()
    }

    pub(crate) async fn view(&self, flow: &Flow) -> FlowView {
        self.call::<FlowShow>(named(flow)).await.unwrap()
    }

    pub(crate) async fn task(&self, task: &Task) -> Task {
        let request = clawflow_engine::api::TaskRef { task: task.task_id.0.clone() };
        self.call::<TaskShow>(request).await.unwrap()
    }

    pub(crate) async fn ended(&self, flow: &Flow) -> FlowView {
        self.until(flow, "its end", |view| view.flow.is_terminal()).await
    }

    pub(crate) async fn succeeded(&self, flow: &Flow) -> FlowView {
        let view = self.ended(flow).await;
        assert_eq!(view.flow.status, FlowStatus::Succeeded, "{:?}", view.flow.error);
        view
    }

    /// Waits until the flow is as wanted.
    pub(crate) async fn until(
        &self,
        flow: &Flow,
        what: &str,
        holds: impl Fn(&FlowView) -> bool,
    ) -> FlowView {
        let began = Instant::now();
        loop {
            let view = self.view(flow).await;
            if holds(&view) {
                return view;
            }
            let usage = self.engine.usage();
            assert!(began.elapsed() < PATIENCE, "waited in vain for {what}: {usage:?} {view:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lines of a file that steps write.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many attempts have left their result on disk.
    pub(crate) fn exit_records(&self) -> usize {
        let dirs = |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
        let attempts = dirs(self.path().join("runs")).flat_map(|boot| dirs(boot.path()));
        let record = |dir: PathBuf| std::fs::read_to_string(dir.join("attempt.jsonl"));
        attempts.filter(|it| record(it.path()).is_ok_and(|text| text.lines().count() == 3)).count()
    }

    pub(crate) fn touch(&self, file: &str) {
        std::fs::write(self.path().join(file), "").unwrap();
    }

    /// Waits until nothing is at work, and checks that nothing has stayed behind.
    pub(crate) async fn at_rest(&self) {
        let slots_free = isize::try_from(self.slots).unwrap();
        let rest =
            Usage { running: 0, slots_free, queued: 0, flows_at_work: 0, watched: 0, driven: 0 };
        let mut usage = self.engine.usage();
        let began = Instant::now();
        while usage != rest {
            assert!(began.elapsed() < PATIENCE, "something stayed behind: {usage:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
            usage = self.engine.usage();
        }
    }
}

pub(crate) fn named(flow: &Flow) -> FlowRef {
    FlowRef { flow: flow.flow_id.0.clone() }
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
