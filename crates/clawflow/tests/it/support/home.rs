//! A home and the programs that run in it.

use super::wait::wait_until;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A gate between two steps: what waits can be looked at, answered and cancelled.
const GATED: &str = "\
name: gated
steps:
  - id: gather
    run: echo collected; echo warned >&2
  - id: ask
    approval: go on?
    needs: [gather]
  - id: deliver
    run: echo delivered
    needs: [ask]
";

/// A directory that is deleted at the end, with a home in it.
pub(crate) struct Home {
    dir: tempfile::TempDir,
    programs: Vec<Child>,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Out {
    /// All of it, with what differs from run to run taken out.
    pub(crate) fn told(&self) -> String {
        let Self { code, stdout, stderr } = self;
        super::redact(&format!("{stdout}{stderr}exit {code}"))
    }

    /// The JSON on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), programs: Vec::new() };
        home.write("gated.flow.yaml", GATED);
        home
    }

    /// The directory in which commands run.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A command that has not been started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clawflow"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TZ", "UTC");
        command.env("HOME", self.path()).env("USER", "tester");
        command.env("CLAWFLOW_HOME", self.path().join("home"));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Out {
        let out = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = out.status.code().unwrap_or(-1);
        Out { code, stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// Runs a command that is to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Out {
        let out = self.run(args);
        assert_eq!(out.code, 0, "{args:?}: {out:?}");
        out
    }

    /// Starts a gateway and waits until it serves.
    pub(crate) fn start_gateway(&mut self) {
        self.start(&["gateway", "run"]);
        wait_until("the gateway", || self.run(&["gateway", "status"]).code == 0);
    }

    /// Starts a foreground run that waits at its gate, and so serves.
    pub(crate) fn start_run(&mut self, key: &str) {
        self.start(&["run", "gated.flow.yaml", "--key", key]);
        self.wait_for(key, "waiting");
    }

    /// Ends the newest program that was started, as Ctrl-C does.
    pub(crate) fn interrupt(&mut self) {
        let mut child = self.programs.pop().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        child.wait().unwrap();
    }

    /// The process id of the newest program that was started.
    pub(crate) fn newest_pid(&self) -> u32 {
        self.programs.last().unwrap().id()
    }

    /// Kills the newest program that was started, as nobody expects.
    pub(crate) fn kill_newest(&mut self) {
        let mut child = self.programs.pop().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits until the flow has this status.
    #[track_caller]
    pub(crate) fn wait_for(&self, flow: &str, status: &str) {
        wait_until(&format!("{flow} to be {status}"), || self.status(flow) == status);
    }

    fn status(&self, flow: &str) -> String {
        let shown = self.run(&["flows", "show", flow, "--json"]);
        let Ok(view) = serde_json::from_str::<serde_json::Value>(&shown.stdout) else {
            return String::new();
        };
        view["status"].as_str().unwrap_or_default().to_owned()
    }

    fn start(&mut self, args: &[&str]) {
        let mut command = self.command(args);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        self.programs.push(child);
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for mut child in self.programs.drain(..) {
            // One that has ended is as good.
            let _ = child.kill();
            let _ = child.wait();
            let mut said = String::new();
            let read = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
            if std::thread::panicking() && read.is_some_and(|read| read.is_ok()) {
                eprintln!("--- a program in the background said:\n{said}");
            }
        }
    }
}
