//! `examples/shell-controller`.

use crate::code_support::SESSION;
use crate::support::{Home, wait_until};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

const SUMMARY: &str = "3 for business, 2 other\n- contract for the spring (ada@example.com)\n\
                       - invoice 2026-041 (billing@example.com)\n\
                       - deadline moved to tuesday (eve@example.com)\n";

/// Stands before the real program: counts its calls, and kills the controller at one of them, with
/// all that it has started.
const WRAPPER: &str = r#"#!/bin/sh
at=$(($(cat "$COUNT") + 1))
echo "$at" > "$COUNT"
case $KILL_AT in
"$at:during")
    "$REAL" "$@" &
    sleep "0.0$((at % 5))"
    kill -9 0
    ;;
"$at:after")
    "$REAL" "$@"
    kill -9 0
    ;;
esac
exec "$REAL" "$@"
"#;

/// A gateway, and the controller as often as it is started.
struct Scene {
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let mut home = Home::new();
        home.start_gateway();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        let wrapper = home.write("bin/clawflow", WRAPPER);
        std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { home }
    }

    /// Starts the controller, which is killed during or after its n-th command.
    fn start(&self, key: &str, kill_at: &str) -> Child {
        let count = self.home.write(&format!("count-{key}"), "0");
        let real = self.home.command(&[]);
        let mut command = Command::new(controller());
        command.arg(key).current_dir(self.home.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        command.env_clear();
        for (name, value) in real.get_envs() {
            command.env(name, value.unwrap());
        }
        let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", self.home.path().display());
        command.env("PATH", path).env("CLAWFLOW_SESSION", SESSION).env("KILL_AT", kill_at);
        command.env("COUNT", count).env("REAL", real.get_program());
        // A group of its own: all of it dies at once, and nothing else.
        command.process_group(0).spawn().unwrap()
    }

    /// Runs the controller; whoever is asked answers.
    fn run(&self, key: &str, kill_at: &str, verb: &str) -> (ExitStatus, String) {
        let mut child = self.start(key, kill_at);
        wait_until("the controller to end", || {
            self.answer(key, verb);
            child.try_wait().unwrap().is_some()
        });
        let out = child.wait_with_output().unwrap();
        (out.status, String::from_utf8(out.stdout).unwrap())
    }

    /// How many commands the last run of the controller has given.
    fn commands(&self, key: &str) -> u32 {
        let count = std::fs::read_to_string(self.home.path().join(format!("count-{key}")));
        count.unwrap().trim().parse().unwrap()
    }

    /// Answers, if somebody asks.
    fn answer(&self, key: &str, verb: &str) {
        let shown = self.home.run(&["flows", "show", key, "--json"]);
        let Ok(view) = serde_json::from_str::<Value>(&shown.stdout) else { return };
        if questions(&view).iter().any(|wait| wait["state"] == "open") {
            self.home.run(&["flows", verb, key]);
        }
    }

    /// One flow, one child, one question, one message of each kind.
    fn assert_done_once(&self, key: &str) {
        let view = self.home.ok(&["flows", "show", key, "--json"]).json();
        assert_eq!(view["status"], "succeeded", "{key}: {view}");
        assert_eq!(view["tasks"].as_array().unwrap().len(), 1, "{key}: {view}");
        assert_eq!(questions(&view).len(), 1, "{key}: {view}");
        let id = view["flowId"].as_str().unwrap();
        let page = self.home.bound(&["tasks", "deliveries", "--flow", id, "--json"]).json();
        let all = page["deliveries"].as_array().unwrap().iter();
        let mut kinds: Vec<&str> = all.filter_map(|message| message["kind"].as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["flow.ended", "flow.update"], "{key}: {page}");
    }
}

fn questions(view: &Value) -> Vec<&Value> {
    let waits = view["waits"].as_array().into_iter().flatten();
    waits.filter(|wait| wait["kind"] == "approval").collect()
}

fn controller() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shell-controller");
    dir.canonicalize().unwrap().join("triage.sh")
}

#[test]
fn the_controller_goes_on_wherever_it_was_killed() {
    let scene = Scene::new();
    let (status, said) = scene.run("whole", "", "approve");
    assert!(status.success() && said == SUMMARY, "{status}: {said}");
    scene.assert_done_once("whole");
    let mut killed = 0;
    for at in 1..=scene.commands("whole") {
        for moment in ["during", "after"] {
            let key = format!("{moment}-{at}");
            // Where fewer looks were enough there is nothing to kill.
            let (status, _) = scene.run(&key, &format!("{at}:{moment}"), "approve");
            killed += u32::from(!status.success());
            let (status, said) = scene.run(&key, "", "approve");
            assert!(status.success() && said == SUMMARY, "{key}: {status}: {said}");
            scene.assert_done_once(&key);
        }
    }
    assert!(killed > scene.commands("whole"), "only {killed} were killed");
    let flows = scene.home.ok(&["flows", "list", "--all", "--json", "--limit", "1000"]).json();
    let all = flows["flows"].as_array().unwrap().len();
    assert_eq!(all, 1 + 2 * usize::try_from(scene.commands("whole")).unwrap());
}

#[test]
fn a_summary_that_is_not_approved_fails_the_flow() {
    let scene = Scene::new();
    let (status, said) = scene.run("no", "", "deny");
    assert_eq!((status.code(), said.as_str()), (Some(1), ""));
    let view = scene.home.ok(&["flows", "show", "no", "--json"]).json();
    assert_eq!(view["error"], "the summary was not approved");
}

#[test]
fn two_controllers_of_one_flow_do_everything_once() {
    let scene = Scene::new();
    let mut both = [scene.start("two", ""), scene.start("two", "")];
    wait_until("both controllers to end", || {
        scene.answer("two", "approve");
        both.iter_mut().all(|child| child.try_wait().unwrap().is_some())
    });
    for child in both {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success() && out.stdout == SUMMARY.as_bytes(), "{out:?}");
    }
    scene.assert_done_once("two");
}
