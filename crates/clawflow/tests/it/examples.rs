//! The flows of `examples/`, with the real binary: what their pages promise is what they do.

mod backup;
mod morning_operations;
mod shell_controller;
mod weekly_report;

use crate::support::{Home, wait_until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A directory to invoke clawflow in, beside a home of its own.
struct Place {
    home: Home,
}

impl Place {
    fn new() -> Self {
        let home = Home::new();
        std::fs::create_dir(home.path().join("here")).unwrap();
        Self { home }
    }

    /// The directory that clawflow is invoked in.
    fn here(&self) -> PathBuf {
        self.beside("here")
    }

    /// A path beside it.
    fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        self.home.write(name, text)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.home.command(words);
        command.current_dir(self.here()).env("TMPDIR", self.home.path());
        command
    }

    fn clawflow(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).output().unwrap())
    }

    /// Starts a run, and leaves it running.
    fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until `look` holds of what `flows show --json` says.
    fn until(&self, flow: &str, look: impl Fn(&Value) -> bool) -> Value {
        let mut view = Value::Null;
        wait_until(&format!("{flow} to come to this"), || {
            let shown = self.clawflow(&["--json", "flows", "show", flow]);
            view = serde_json::from_str(&shown.stdout).unwrap_or_default();
            look(&view)
        });
        view
    }
}

/// What a command left.
#[derive(Debug)]
struct Ran {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            exit: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn expect(self, exit: i32) -> Self {
        assert_eq!(self.exit, Some(exit), "{self:#?}");
        self
    }

    fn says(&self, line: &str) -> bool {
        self.stderr.lines().any(|said| said == line)
    }
}

fn example(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").canonicalize().unwrap();
    dir.join(name).join("flow.yaml").to_str().unwrap().to_owned()
}

fn status_of(view: &Value, step: &str) -> String {
    let steps = view["steps"].as_array().into_iter().flatten();
    let found = steps.filter(|s| s["stepId"] == step).find_map(|s| s["status"].as_str());
    found.unwrap_or_default().to_owned()
}

/// `name=path` for `--arg`.
fn arg(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

#[test]
fn examples_have_nothing_to_lint() {
    let place = Place::new();
    for name in ["weekly-report", "backup", "morning-operations"] {
        place.clawflow(&["flows", "lint", &example(name)]).expect(0);
    }
}
