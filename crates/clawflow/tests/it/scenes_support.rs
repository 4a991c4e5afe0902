//! A home in which everything may be killed: the real binary, its processes, its records.
//!
//! Use: [`Home::new`], [`Home::gateway`], [`Home::flow`], then kill and look. Steps write lines to
//! the file `marks` with one append each, so that the order of its lines is that of the world.
//! Limits: only processes that carry this home in their environment, or are named by a record
//! below it, are ever signalled.

mod terminal;

pub(crate) use terminal::{Said, Terminal};

use clawflow_core::event::{Event, StoredEvent};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::Task;
use clawflow_engine::api::{
    ApiError, Call, FlowEvents, FlowEventsRequest, FlowRef, FlowRun, FlowRunRequest, FlowSettle,
    FlowSettleRequest, FlowShow, FlowView, SettleHow,
};
use clawflow_engine::shim::procfs::{self, ProcId};
use clawflow_gateway::Client;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far beyond what any scene takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What is on record of an attempt: the spec, who ran, how it ended, a line each.
pub(crate) fn recorded(dir: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join("attempt.jsonl")).unwrap_or_default();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// A line of shell that tells that the attempt began.
pub(crate) const START: &str = r#"echo "start $CLAWFLOW_STEP $CLAWFLOW_ATTEMPT" >> marks"#;
/// A line of shell that tells that it came to its end.
pub(crate) const END: &str = r#"echo "end $CLAWFLOW_STEP $CLAWFLOW_ATTEMPT" >> marks"#;

pub(crate) struct Home {
    dir: TempDir,
    gateway: Option<Child>,
    runtime: tokio::runtime::Runtime,
    /// Settings, as environment of every program.
    env: BTreeMap<&'static str, String>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let env = BTreeMap::from([("CLAWFLOW_CANCEL_GRACE", "500ms".to_owned())]);
        Self { dir: TempDir::new().unwrap(), gateway: None, runtime, env }
    }

    /// A setting of every program that is started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.env.insert(name, value.to_owned());
    }

    /// The directory of the steps.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The home of clawflow.
    pub(crate) fn home(&self) -> PathBuf {
        self.path().join("h")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clawflow"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.path()).env("USER", "tester");
        command.env("CLAWFLOW_HOME", self.home()).envs(&self.env);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn cli(&self, args: &[&str]) -> Said {
        self.terminal(args).end()
    }

    /// Starts a command and leaves it running.
    pub(crate) fn terminal(&self, args: &[&str]) -> Terminal {
        let number = std::fs::read_dir(self.path()).unwrap().count();
        let at = |what: &str| self.path().join(format!("{what}{number}"));
        let (out, err) = (at("out"), at("err"));
        let mut command = self.command(args);
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        Terminal::new(command.spawn().unwrap(), out, err)
    }

    /// Starts the gateway and waits until it serves.
    pub(crate) fn gateway(&mut self) {
        assert!(self.gateway.is_none(), "there is a gateway already");
        let log = OpenOptions::new().create(true).append(true).open(self.path().join("log"));
        let mut command = self.command(&["gateway", "run"]);
        let mut child = command.stdout(Stdio::piped()).stderr(log.unwrap()).spawn().unwrap();
        let (sender, said) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(out).read_line(&mut line);
            sender.send(read.map(|_| line))
        });
        let line = said.recv_timeout(PATIENCE).unwrap().unwrap();
        self.gateway = Some(child);
        assert!(line.contains("serving"), "the gateway said {line:?}; {}", self.log());
    }

    /// Starts a gateway that may die at any moment; returns its pid at once.
    pub(crate) fn spawn_gateway(&mut self) -> u32 {
        let log = OpenOptions::new().create(true).append(true).open(self.path().join("log"));
        let mut command = self.command(&["gateway", "run"]);
        let child = command.stdout(Stdio::null()).stderr(log.unwrap()).spawn().unwrap();
        let pid = child.id();
        self.gateway = Some(child);
        pid
    }

    /// Whether there is no gateway; one that has died is reaped.
    pub(crate) fn gateway_is_gone(&mut self) -> bool {
        let Some(gateway) = &mut self.gateway else { return true };
        let gone = gateway.try_wait().unwrap().is_some();
        if gone {
            self.gateway = None;
        }
        gone
    }

    /// What the gateways have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn gateway_pid(&self) -> u32 {
        self.gateway.as_ref().unwrap().id()
    }

    /// `kill -9` for the gateway. Its lock is free when this returns.
    pub(crate) fn kill_gateway(&mut self) {
        let mut gateway = self.gateway.take().unwrap();
        gateway.kill().unwrap();
        gateway.wait().unwrap();
    }

    /// Kills the gateway and starts another one.
    pub(crate) fn restart(&mut self) {
        self.kill_gateway();
        self.gateway();
    }

    /// `gateway stop`, which waits for the end.
    pub(crate) fn stop_gateway(&mut self) {
        let said = self.cli(&["gateway", "stop"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(self.gateway.take().unwrap().wait().unwrap().success());
    }

    /// The way to whoever holds the home. A client of its own: what was kept may be dead.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.home().join("gateway.sock"))
    }

    pub(crate) fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, ApiError> {
        self.runtime.block_on(self.client().call::<C>(request))
    }

    /// As [`Home::call`], for many at once.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Starts a flow; returns its id.
    pub(crate) fn flow(&self, key: &str, file: &str) -> String {
        let flow = self.try_flow(key, file).unwrap();
        flow.flow_id.0
    }

    pub(crate) fn try_flow(&self, key: &str, file: &str) -> Result<Flow, ApiError> {
        self.call::<FlowRun>(&FlowRunRequest {
            idempotency_key: None,
            source: file.to_owned(),
            file: "scene.flow.yaml".to_owned(),
            path: None,
            files: BTreeMap::new(),
            args: serde_json::Map::new(),
            cwd: self.path().to_str().unwrap().to_owned(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            owner: None,
            key: Some(key.to_owned()),
            auto_approve: false,
        })
    }

    /// Writes a workflow file for the command line.
    pub(crate) fn file(&self, text: &str) -> &'static str {
        std::fs::write(self.path().join("scene.flow.yaml"), text).unwrap();
        "scene.flow.yaml"
    }

    pub(crate) fn view(&self, flow: &str) -> FlowView {
        self.call::<FlowShow>(&FlowRef { flow: flow.to_owned() }).unwrap()
    }

    pub(crate) fn events(&self, flow: &str) -> Vec<Event> {
        let request =
            FlowEventsRequest { flow: Some(flow.to_owned()), after: 0, limit: Some(1000) };
        let page = self.call::<FlowEvents>(&request).unwrap();
        page.events.into_iter().map(|stored: StoredEvent| stored.event).collect()
    }

    /// Waits until the flow looks like this.
    #[track_caller]
    pub(crate) fn wait(&self, flow: &str, like: impl Fn(&FlowView) -> bool) -> FlowView {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let view = self.view(flow);
            if like(&view) {
                return view;
            }
            if Instant::now() > give_up {
                panic!("waited in vain; {}\n{:#?}\n{}", self.log(), told(&view), self.marks());
            }
            pause();
        }
    }

    #[track_caller]
    pub(crate) fn wait_step(&self, flow: &str, step: &str, status: StepStatus) -> FlowView {
        self.wait(flow, |view| step_of(view, step).status == status)
    }

    #[track_caller]
    pub(crate) fn wait_end(&self, flow: &str) -> FlowView {
        self.wait(flow, |view| view.flow.is_terminal())
    }

    /// Waits for the end, which must be this one.
    #[track_caller]
    pub(crate) fn ends(&self, flow: &str, status: FlowStatus) -> FlowView {
        let view = self.wait_end(flow);
        assert_eq!(view.flow.status, status, "{:#?}\n{}", told(&view), self.log());
        view
    }

    pub(crate) fn settle(
        &self,
        flow: &str,
        how: SettleHow,
        result: Option<Value>,
    ) -> Result<Flow, ApiError> {
        let by = "tester".to_owned();
        let flow = flow.to_owned();
        self.call::<FlowSettle>(&FlowSettleRequest { flow, step: None, how, result, by })
    }

    pub(crate) fn marks(&self) -> String {
        std::fs::read_to_string(self.path().join("marks")).unwrap_or_default()
    }

    /// How often a line was written.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.marks().lines().filter(|found| *found == line).count()
    }

    #[track_caller]
    pub(crate) fn wait_mark(&self, line: &str) {
        until(&format!("the mark {line:?}"), || (self.count(line) > 0).then_some(()));
    }

    /// Appends a line of the test's own.
    pub(crate) fn mark(&self, line: &str) {
        let file = OpenOptions::new().create(true).append(true).open(self.path().join("marks"));
        file.unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The directory of an attempt.
    pub(crate) fn run_dir(&self, task: &Task) -> PathBuf {
        let boot = &task.executor.as_ref().unwrap().boot_id;
        self.home().join("runs").join(boot).join(format!("{}.{}", task.task_id, task.fence))
    }

    /// The shim and the child of an attempt that executes.
    #[track_caller]
    pub(crate) fn processes(&self, task: &Task) -> (ProcId, ProcId) {
        let dir = self.run_dir(task);
        until("a run on record", || {
            let run: Value = serde_json::from_str(recorded(&dir).get(1)?).ok()?;
            let id = |name: &str| serde_json::from_value(run[name].clone()).ok();
            Some((id("shim")?, id("child")?))
        })
    }

    /// A process whose pid a step has written.
    #[track_caller]
    pub(crate) fn pid_in(&self, name: &str) -> ProcId {
        let path = self.path().join(name);
        until(name, || {
            let text = std::fs::read_to_string(&path).ok()?;
            let pid = text.strip_suffix('\n')?.trim().parse().ok()?;
            Some(procfs::stat(pid)?.id)
        })
    }

    /// Living processes that carry this home in their environment.
    pub(crate) fn left(&self) -> Vec<u32> {
        let mark = format!("CLAWFLOW_HOME={}", self.home().display()).into_bytes();
        let gateway = self.gateway.as_ref().map(Child::id);
        let all = procfs::all().into_iter().filter(|stat| !stat.is_dead());
        let ours = all.filter(|stat| procfs::has_environ(stat.id.pid, std::slice::from_ref(&mark)));
        ours.map(|stat| stat.id.pid).filter(|pid| Some(*pid) != gateway).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(mut gateway) = self.gateway.take() {
            let _ = gateway.kill();
            let _ = gateway.wait();
        }
        // Shims end with their children.
        for pid in self.left() {
            if let Some(stat) = procfs::stat(pid) {
                let _ = procfs::signal(stat.id, Signal::KILL);
            }
        }
        if std::thread::panicking() {
            eprintln!("--- log\n{}--- marks\n{}", self.log(), self.marks());
        }
    }
}

/// `kill -9`. The process is dead when this returns.
#[track_caller]
pub(crate) fn kill_9(id: ProcId) {
    let _ = procfs::signal(id, Signal::KILL).unwrap();
    until("a killed process to go", || (!procfs::is_alive(id)).then_some(()));
}

/// Waits for a condition that nobody signals.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < give_up, "waited in vain for {what}");
        pause();
    }
}

/// Between two looks.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

#[track_caller]
pub(crate) fn step_of<'a>(view: &'a FlowView, id: &str) -> &'a Step {
    view.steps.iter().find(|step| step.step_id == id).unwrap()
}

/// The newest attempt of a step.
#[track_caller]
pub(crate) fn task_of<'a>(view: &'a FlowView, step: &str) -> &'a Task {
    let id = step_of(view, step).task_id.as_ref().unwrap();
    view.tasks.iter().find(|task| task.task_id == *id).unwrap()
}

pub(crate) fn stdout_of(view: &FlowView, step: &str) -> String {
    let result = step_of(view, step).result.as_ref();
    result.and_then(|result| result.stdout.as_deref()).unwrap_or_default().to_owned()
}

/// The flow in short.
fn told(view: &FlowView) -> (FlowStatus, Vec<(String, StepStatus, u32)>) {
    let steps = view.steps.iter().map(|s| (s.step_id.clone(), s.status, s.attempt));
    (view.flow.status, steps.collect())
}
