//! A task that is a turn of an agent, while somebody waits for its end.

use super::logs::drain;
use crate::cli::{CliError, Ctx};
use crate::commands::client::Client;
use crate::commands::run::person;
use crate::follow::{Gates, Show};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::task::Task;
use clawflow_engine::api::{
    FlowAnswer, FlowAnswerRequest, FlowView, FlowWait, FlowWaitRequest, TaskRef, TaskShow,
};

/// How long one look for news may take.
const NEWS_MS: u64 = 20_000;

/// The task once it has ended, with its answer printed. What its agent asks meanwhile is asked at
/// the terminal, or told where there is none.
pub(super) async fn turn(ctx: &Ctx, client: &Client, task: Task) -> Result<Task, CliError> {
    match &task.parent_flow_id {
        Some(flow_id) => follow(ctx, client, &task, flow_id).await?,
        None => drain(client, &task).await?,
    }
    let task = client.call::<TaskShow>(&TaskRef { task: task.task_id.0 }).await?;
    if let (Some(answer), false) = (&task.answer, ctx.mode.json) {
        ctx.mode.print(&format!("{}\n", answer.trim_end()))?;
    }
    Ok(task)
}

async fn follow(ctx: &Ctx, client: &Client, task: &Task, flow: &FlowId) -> Result<(), CliError> {
    let show = if ctx.mode.json { Show::Quiet } else { Show::Plain };
    let mut gates = Gates::new(!ctx.mode.json);
    let (mut after_event, mut at_once) = (0, true);
    loop {
        let request = FlowWaitRequest {
            flow: flow.0.clone(),
            after_event,
            timeout_ms: if std::mem::take(&mut at_once) { 0 } else { NEWS_MS },
            until_ended: false,
            until_rest: false,
        };
        let mut news = tokio::select! {
            news = client.call::<FlowWait>(&request) => news?,
            answer = gates.answer() => {
                if let Some((wait_id, yes)) = answer {
                    say(client, flow, wait_id, yes, &show).await;
                }
                at_once = true;
                continue;
            }
        };
        after_event = news.events.last().map_or(after_event, |last| last.event.number);
        let now = client.call::<TaskShow>(&TaskRef { task: task.task_id.0.clone() }).await?;
        if now.status.is_terminal() {
            return Ok(());
        }
        if news.view.flow.is_terminal() {
            // It asks nobody any more, and goes on to its own end.
            return drain(client, task).await;
        }
        only_of(&mut news.view, task);
        gates.look(&news.view, &show);
    }
}

/// What others of the flow ask is theirs.
fn only_of(view: &mut FlowView, task: &Task) {
    let begin = format!("{}.", task.task_id);
    view.children.clear();
    view.waits.retain(|wait| wait.target.as_ref().is_some_and(|of| of.starts_with(&begin)));
}

async fn say(client: &Client, flow: &FlowId, wait_id: WaitId, approve: bool, show: &Show) {
    let request = FlowAnswerRequest {
        flow: flow.0.clone(),
        step: None,
        wait_id: Some(wait_id),
        approve: Some(approve),
        response: None,
        by: person(),
        shown_hash: None,
    };
    match client.call::<FlowAnswer>(&request).await {
        Ok(answer) if !answer.applied => {
            let by = answer.wait.answered_by.unwrap_or_default();
            show.say(&format!("{by} has answered before"));
        }
        Ok(_) => {}
        Err(error) => show.say(&format!("error: {}", error.message)),
    }
}
