//! Questions to the person at the terminal.

use super::drive::Run;
use super::gate::check_approver;
use super::home::variable;
use super::outcome::{Origin, from_json};
use super::pipeline;
use super::signals::Came;
use super::trouble::Trouble;
use crate::commands::run::person;
use crate::lobster::schema::Schema;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::{FlowAnswerRequest, FlowView};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// What became of a question.
pub(super) enum Asked {
    /// It was answered: the flow goes on.
    Answered,
    /// Its answer ends the run.
    Refused(Trouble),
    /// The person ended it all.
    Came(Came),
}

/// Asks, and passes the answer on.
pub(super) async fn ask(run: &mut Run, view: &FlowView, wait: &Wait) -> Result<Asked, Trouble> {
    let origin = Origin::of(view);
    let prompt = wait.prompt.as_deref().unwrap_or_default();
    let prompt = crate::cli::escape_lines(prompt);
    print(&match (wait.kind, origin) {
        (WaitKind::Approval, _) => format!("{prompt} [y/N] "),
        (_, Origin::Workflow) => format!("{prompt}\nEnter JSON response: "),
        (_, Origin::Pipeline) => format!("{prompt}\n> "),
    });
    let line = tokio::select! {
        line = read_line() => line,
        came = run.signal() => return Ok(Asked::Came(came)),
    };
    let line = match line {
        Ok(line) => line,
        Err(trouble) => return Ok(Asked::Refused(trouble)),
    };
    let by = variable("LOBSTER_APPROVAL_APPROVED_BY");
    let mut request = FlowAnswerRequest {
        flow: view.flow.flow_id.0.clone(),
        wait_id: Some(wait.wait_id.clone()),
        by: by.clone().unwrap_or_else(person),
        ..FlowAnswerRequest::default()
    };
    let line = line.trim();
    let taken = match (wait.kind, origin) {
        (WaitKind::Approval, _) => {
            let yes = matches!(line.to_ascii_lowercase().as_str(), "y" | "yes");
            request.approve = Some(yes);
            match yes {
                true => check_approver(wait, by.as_deref()),
                false => Err("Not approved".to_owned()),
            }
        }
        (_, Origin::Workflow) => json(line).and_then(|value| {
            check(wait, &value, &workflow_words(wait))?;
            request.response = Some(value);
            Ok(())
        }),
        (_, Origin::Pipeline) => {
            fitting(view, wait, line).map(|value| request.response = Some(value))
        }
    };
    if let Err(message) = taken {
        return Ok(Asked::Refused(Trouble::runtime(message)));
    }
    // Somebody may have been faster elsewhere: then theirs counts, and the flow goes on.
    run.answer(&request).await.map(|_| Asked::Answered)
}

fn json(line: &str) -> Result<Value, String> {
    serde_json::from_str(line).map_err(|_| "Input response must be valid JSON".to_owned())
}

/// A line at a pipeline's question is JSON, or else a text or a decision.
fn fitting(view: &FlowView, wait: &Wait, line: &str) -> Result<Value, String> {
    let gate = wait.step_id.as_deref().unwrap_or_default();
    let asked = pipeline::request(view, gate).map_err(|trouble| trouble.message);
    let schema = asked?.take("responseSchema");
    let text = |text: &str| vec![Value::from(text), serde_json::json!({ "decision": text })];
    let candidates = match serde_json::from_str(line) {
        Ok(Value::String(said)) => text(&said),
        Ok(value) => vec![value],
        Err(_) => text(line),
    };
    let mut said = Err(String::new());
    for value in candidates {
        let words = "ask response failed schema validation";
        said = check_by(&schema, &value, words).map(|()| value);
        if said.is_ok() {
            break;
        }
    }
    said
}

/// The words about an answer that does not fit the step of a workflow.
pub(super) fn workflow_words(wait: &Wait) -> String {
    let step = wait.step_id.as_deref().unwrap_or_default();
    format!("Workflow input step {step} response failed schema validation")
}

/// Looks whether an answer is as it was asked for.
pub(super) fn check(wait: &Wait, value: &Value, words: &str) -> Result<(), String> {
    let schema = wait.schema.as_ref().map(from_json).unwrap_or_default();
    check_by(&schema, value, words)
}

/// The same by this schema.
pub(super) fn check_by(
    schema: &crate::lobster::value::Value,
    value: &Value,
    words: &str,
) -> Result<(), String> {
    if *schema == crate::lobster::value::Value::Undefined {
        return Ok(());
    }
    let compiled = Schema::compile(schema)
        .map_err(|_| "pipeline input response schema is invalid".to_owned())?;
    match compiled.first_fault(&from_json(value)) {
        None => Ok(()),
        Some(fault) => Err(format!("{words} at {}: {}", fault.place(), fault.message)),
    }
}

fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // Where nobody reads, nobody answers.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// The next line of the terminal.
async fn read_line() -> Result<String, Trouble> {
    let (sender, line) = tokio::sync::oneshot::channel();
    // Not a task of the runtime: its end would wait for the line.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        let _ = sender.send(read);
    });
    let read = async {
        match line.await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Trouble::runtime(error.to_string())),
            Err(_) => Ok(String::new()),
        }
    };
    let patience = variable("LOBSTER_APPROVAL_INPUT_TIMEOUT_MS");
    match patience.and_then(|ms| ms.parse::<u64>().ok()).filter(|ms| *ms > 0) {
        None => read.await,
        Some(ms) => match tokio::time::timeout(Duration::from_millis(ms), read).await {
            Ok(line) => line,
            Err(_) => Err(Trouble::runtime(format!("Timed out waiting for input ({ms}ms)"))),
        },
    }
}
