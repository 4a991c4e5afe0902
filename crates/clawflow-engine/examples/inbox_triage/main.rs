//! The whole life of a flow that a program drives, in its own process.
//!
//! ```sh
//! cargo run -p clawflow-engine --example inbox_triage -- /tmp/triage "$(command -v clawflow)"
//! ```
//!
//! Kill it whenever you like and start it again: it goes on where it was. The person is asked on
//! the terminal. A program that talks to a gateway instead has a `clawflow_gateway::Client` where
//! this one has an `Api`; the controller is the same.

mod controller;

use clawflow_core::flow::FlowStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{Api, FlowAnswerRequest, FlowRef, FlowShow, Session, TaskFlow};
use clawflow_engine::api::{ApiError, Calls};
use clawflow_engine::{Engine, EngineSettings, Scope};
use clawflow_store::SqliteStore;
use controller::Inbox;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(shim)) = (args.next(), args.next()) else {
        return Err("usage: inbox_triage HOME CLAWFLOW".into());
    };
    let home = std::path::absolute(home)?;
    std::fs::create_dir_all(&home)?;
    let engine = Engine::new(
        Arc::new(SqliteStore::open(&home)?),
        settings(home.clone(), shim.into()),
        Scope::All,
    )?;
    engine.start()?;
    let session = Session { session_key: "agent:main:main".to_owned(), requester_origin: None };
    let flows = TaskFlow::bind_session(&Api::new(engine.clone()), session)?;
    let inbox = Inbox {
        name: "inbox-triage".to_owned(),
        classify: ["sh", "-c", "sleep 2; echo 'Re: offer'; echo 'Invoice 42'"]
            .map(str::to_owned)
            .to_vec(),
        cwd: home.display().to_string(),
    };
    let person = tokio::spawn(person(flows.clone()));
    let ended = controller::run(&flows, &inbox).await?;
    person.abort();
    let state = ended.state_json.unwrap_or_default();
    writeln!(std::io::stdout(), "{} {}: {state}", ended.flow_id, ended.status)?;
    engine.stop();
    Ok(())
}

fn settings(home: PathBuf, shim_exe: PathBuf) -> EngineSettings {
    EngineSettings {
        socket: home.join("gateway.sock"),
        home,
        shim_exe,
        shell: "/bin/sh".to_owned(),
        max_tasks: 4,
        queues: std::collections::BTreeMap::new(),
        agents: std::collections::BTreeMap::new(),
        subagents: clawflow_core::subagent::SpawnLimits::default(),
        grace_ms: 5000,
        log_bytes: 16 << 20,
        stdout_bytes: 16 << 20,
        routes: Vec::new(),
        name: format!("inbox_triage:{}", std::process::id()),
    }
}

/// Asks on the terminal whatever the newest flow asks.
async fn person(flows: TaskFlow<Api>) -> Result<(), ApiError> {
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let Some(flow) = flows.find_latest().await? else { continue };
        if flow.status != FlowStatus::Waiting {
            continue;
        }
        let token = FlowRef { flow: flow.flow_id.0.clone() };
        let view = flows.calls().call::<FlowShow>(token).await?;
        let asks = |state, kind| state == WaitState::Open && kind == WaitKind::Approval;
        let Some(wait) = view.waits.into_iter().find(|wait| asks(wait.state, wait.kind)) else {
            continue;
        };
        let prompt = wait.prompt.clone().unwrap_or_default();
        let yes = tokio::task::spawn_blocking(move || ask(&prompt)).await.unwrap_or(false);
        let answer = FlowAnswerRequest {
            flow: flow.flow_id.0,
            wait_id: Some(wait.wait_id),
            approve: Some(yes),
            by: std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned()),
            shown_hash: wait.shown_hash,
            ..FlowAnswerRequest::default()
        };
        flows.answer(answer).await?;
    }
}

fn ask(prompt: &str) -> bool {
    let mut terminal = std::io::stdout();
    let shown = write!(terminal, "{prompt} [y/n] ").and_then(|()| terminal.flush());
    let mut line = String::new();
    shown.and_then(|()| std::io::stdin().lock().read_line(&mut line)).is_ok()
        && line.trim().eq_ignore_ascii_case("y")
}
