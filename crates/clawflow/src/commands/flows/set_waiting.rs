//! `clawflow flows set-waiting`.

use super::steer::{PatchArgs, Target};
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{Due, due, duration_ms, time, word};
use crate::commands::client::Client;
use crate::commands::input::Input;
use crate::show::flow_words;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::wait::{OnResolved, OnTimeout};
use clawflow_engine::api::{FlowSetWaiting, FlowSetWaitingRequest, FlowWaitingResponse, WaitFor};

/// What to wait for.
#[derive(Debug, Args)]
#[command(after_help = "\
Without one of the typed waits the flow waits for its controller only. A typed wait wakes it:
it is running then, one revision on. Prints the flow's id, its revision and its status, and the
wait's id where the engine waits. For example:
  clawflow flows set-waiting \"$flow\" --timer 10m
  clawflow flows set-waiting \"$flow\" --event reply --event-key \"$thread\" --deadline 1d
  clawflow flows set-waiting \"$flow\" --ask 'send it?' --deadline 1h --on-deadline cancel")]
pub(crate) struct SetWaitingArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    patch: PatchArgs,
    /// the controller's note of what it waits for: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    wait_json: Option<String>,
    /// the task that blocks it; the flow is blocked then
    #[arg(long, value_name = "TASK")]
    blocked_by: Option<String>,
    /// why it is blocked, for people; the flow is blocked then
    #[arg(long, value_name = "TEXT")]
    blocked_summary: Option<String>,
    #[command(flatten)]
    kind: WaitArgs,
    #[command(flatten)]
    end: DeadlineArgs,
}

/// At most one of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "typed waits")]
struct WaitArgs {
    /// until this much time has passed
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, group = "wait_for")]
    timer: Option<u64>,
    /// until this point in time
    #[arg(long, value_name = "TIME", value_parser = time, group = "wait_for")]
    until: Option<Millis>,
    /// for a signal of this name
    #[arg(long, value_name = "NAME", group = "wait_for")]
    event: Option<String>,
    /// only a signal with this key
    #[arg(long, value_name = "KEY", requires = "event")]
    event_key: Option<String>,
    /// for a person's yes or no to this question
    #[arg(long, value_name = "PROMPT", group = "wait_for")]
    ask: Option<String>,
    /// any JSON is asked for, instead of yes or no
    #[arg(long, requires = "ask")]
    input: bool,
    /// what the person is shown: text, @FILE or @-
    #[arg(long, value_name = "TEXT", requires = "ask")]
    preview: Option<String>,
    /// who may answer; may be given more than once [default: anybody]
    #[arg(long = "approver", value_name = "NAME", requires = "ask")]
    approvers: Vec<String>,
    /// for the end of one of its tasks
    #[arg(long, value_name = "TASK", group = "wait_for")]
    task: Option<String>,
    /// only tell of it with an event: the flow stays as it is until its controller resumes it
    #[arg(long, requires = "wait_for")]
    tell: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "deadline")]
struct DeadlineArgs {
    /// until when, at the latest: a duration from now or a time
    #[arg(long, value_name = "WHEN", value_parser = due, conflicts_with_all = ["timer", "until"])]
    deadline: Option<Due>,
    /// what happens then: continue, fail or cancel [default: continue]
    #[arg(long, value_name = "WHAT", value_parser = word::<OnTimeout>, requires = "deadline")]
    on_deadline: Option<OnTimeout>,
}

impl WaitArgs {
    fn wait_for(&self, input: &mut Input) -> Result<Option<WaitFor>, CliError> {
        let preview = self.preview.as_deref().map(|text| input.text("--preview", text));
        let timer = |due_at, after_ms| Some(WaitFor::Timer { due_at, after_ms });
        // The parser lets one through at most.
        let wait_for = match self {
            Self { timer: Some(ms), .. } => timer(None, Some(*ms)),
            Self { until: Some(at), .. } => timer(Some(*at), None),
            Self { event: Some(name), event_key, .. } => {
                Some(WaitFor::Event { name: name.clone(), key: event_key.clone() })
            }
            Self { ask: Some(prompt), input, approvers, .. } => Some(WaitFor::Person {
                prompt: prompt.clone(),
                preview: preview.transpose()?,
                input: *input,
                approvers: approvers.clone(),
            }),
            Self { task: Some(task), .. } => Some(WaitFor::Task { task_id: task.as_str().into() }),
            Self { .. } => None,
        };
        Ok(wait_for)
    }
}

/// Parks the flow.
pub(crate) async fn run(ctx: &Ctx, args: SetWaitingArgs) -> Result<Exit, CliError> {
    let mut input = Input::default();
    let (deadline_at, deadline_ms) = match args.end.deadline {
        Some(Due::At(at)) => (Some(at), None),
        Some(Due::In(ms)) => (None, Some(ms)),
        None => (None, None),
    };
    let request = FlowSetWaitingRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        current_step: args.patch.current_step(),
        state_json: args.patch.state(&mut input)?,
        wait_json: input.maybe_json("--wait-json", args.wait_json.as_deref())?,
        blocked_task_id: args.blocked_by.as_deref().map(Into::into),
        blocked_summary: args.blocked_summary,
        wait_for: args.kind.wait_for(&mut input)?,
        on_resolved: args.kind.tell.then_some(OnResolved::Tell),
        deadline_at,
        deadline_ms,
        on_deadline: args.end.on_deadline,
    };
    let is_timed =
        args.end.deadline.is_some() || matches!(request.wait_for, Some(WaitFor::Timer { .. }));
    let client = Client::open_as(ctx, args.target.binding.caller(ctx)?).await?;
    let parked = client.call::<FlowSetWaiting>(&request).await;
    if parked.is_ok() && is_timed {
        client.hint_if_nobody_wakes(ctx);
    }
    tell(ctx, &client.close(parked).await?)
}

/// `FLOW REVISION STATUS [WAIT]`
fn tell(ctx: &Ctx, answer: &FlowWaitingResponse) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(answer)?;
        return Ok(Exit::Done);
    }
    let wait = answer.wait_id.as_ref();
    let wait = wait.map_or_else(String::new, |wait| format!(" {}", escape(&wait.0)));
    ctx.mode.print(&format!("{}{wait}\n", flow_words(&answer.flow)))?;
    Ok(Exit::Done)
}
