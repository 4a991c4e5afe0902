//! A gateway that listens on TCP, and a command line that finds it there.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::shim_support::exe;

fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(exe());
    command.arg("--home").arg(home).args(args).stdin(Stdio::null());
    // The developer's own settings are not under test.
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").env_remove("CLAWFLOW_CONFIG");
    command.env_remove("CLAWFLOW_URL").env_remove("CLAWFLOW_TOKEN");
    command
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A gateway on the loopback, at a port of the kernel's choice.
struct Gateway {
    child: Child,
    url: String,
}

impl Gateway {
    fn start(home: &Path, mut command: Command) -> Self {
        let mut child = command
            .env("CLAWFLOW_GATEWAY_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let socket = home.join("gateway.sock");
        let begin = format!("clawflow gateway: serving {} and ", socket.display());
        let rest = line.strip_prefix(&begin).unwrap_or_else(|| panic!("{line}"));
        let url = rest.split(' ').next().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new token's secret, from the unix socket.
fn token(home: &Path, access: &str) -> String {
    let body = format!("{{\"label\":\"test\",\"access\":\"{access}\"}}");
    let mut stream = UnixStream::connect(home.join("gateway.sock")).unwrap();
    let length = body.len();
    let head = format!(
        "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let made: Value = serde_json::from_str(body).unwrap();
    made["secret"].as_str().unwrap().to_owned()
}

#[test]
fn commands_find_the_gateway_that_the_environment_names() {
    let (there, here) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let gateway = Gateway::start(there.path(), command(there.path(), &["gateway", "run"]));
    let secret = token(there.path(), "operate");
    let status = run(command(there.path(), &["gateway", "status"]));
    let shown = text(&status.stdout);
    assert!(shown.contains(&format!("\nlisten  {}\n", gateway.url)), "{shown}");
    let elsewhere = |args: &[&str], token: &str| {
        let mut command = command(here.path(), args);
        command.env("CLAWFLOW_URL", &gateway.url).env("CLAWFLOW_TOKEN", token);
        run(command)
    };
    let status = elsewhere(&["gateway", "status", "--json"], &secret);
    let shown: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(shown["home"], there.path().display().to_string());
    let made = elsewhere(&["tasks", "run", "--", "true"], &secret);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let listed = run(command(there.path(), &["tasks", "list", "--json"]));
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["tasks"].as_array().map(Vec::len), Some(1));
    assert!(!here.path().join("clawflow.db").exists(), "the home here is not used");

    let stop = elsewhere(&["gateway", "stop"], &secret);
    assert_eq!(stop.status.code(), Some(4), "{}", text(&stop.stderr));
    let wrong = elsewhere(&["flows", "list"], "wrong-secret");
    let said = text(&wrong.stderr);
    assert!(!wrong.status.success() && said.contains("needs a token"), "{said}");
    assert!(!said.contains("wrong-secret"), "{said}");
    let shown = elsewhere(&["config", "show"], &secret);
    assert!(!text(&shown.stdout).contains(&secret));
    let mut tls = command(here.path(), &["flows", "list"]);
    tls.env("CLAWFLOW_URL", "https://127.0.0.1:1");
    assert_eq!(run(tls).status.code(), Some(2));
    let url = gateway.url.clone();
    drop(gateway);
    let mut gone = command(here.path(), &["flows", "list"]);
    gone.env("CLAWFLOW_URL", &url).env("CLAWFLOW_TOKEN", &secret);
    assert_eq!(run(gone).status.code(), Some(5));
}

#[test]
fn an_address_for_other_machines_must_be_meant() {
    let home = TempDir::new().unwrap();
    let mut gateway = command(home.path(), &["gateway", "run"]);
    gateway.env("CLAWFLOW_GATEWAY_LISTEN", "0.0.0.0:0");
    let output = run(gateway);
    assert_eq!(output.status.code(), Some(5));
    let said = text(&output.stderr);
    assert!(said.contains("gateway.allow_remote = true"), "{said}");
    let mut doctor = command(home.path(), &["doctor"]);
    doctor.env("CLAWFLOW_GATEWAY_LISTEN", "0.0.0.0:0");
    let shown = text(&run(doctor).stdout);
    assert!(shown.contains("fail  listener: "), "{shown}");
}

/// The gateway may have many descriptors; what it runs has as many as before.
#[test]
fn steps_have_the_limits_that_the_gateway_was_started_with() {
    let home = TempDir::new().unwrap();
    let mut shell = Command::new("sh");
    let own = command(home.path(), &[]);
    let program = own.get_program().to_string_lossy().into_owned();
    let line =
        format!("ulimit -Sn 555; exec {program} --home {} gateway run", home.path().display());
    shell.args(["-c", &line]).env("HOME", home.path()).env_remove("CLAWFLOW_CONFIG");
    let gateway = Gateway::start(home.path(), shell);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.child.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(words[3], words[4], "{files}");
    let made = run(command(home.path(), &["tasks", "run", "--", "sh", "-c", "ulimit -Sn"]));
    let task = text(&made.stdout);
    let shown = run(command(home.path(), &["tasks", "logs", task.trim(), "--follow"]));
    assert_eq!(text(&shown.stdout), "555\n", "{shown:?}");
}
