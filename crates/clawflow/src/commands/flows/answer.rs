//! `clawflow flows approve` and `clawflow flows deny`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{FlowArg, person};
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use crate::show::flow_name;
use clap::Args;
use clawflow_core::wait::WaitKind;
use clawflow_engine::api::{FlowAnswer, FlowAnswerRequest, FlowAnswerResponse};
use serde_json::Value;

/// Which question, and who answers.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// the step that asks; needed where more than one does
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// the wait to answer, instead of the step
    #[arg(long, value_name = "ID", conflicts_with = "step")]
    wait_id: Option<String>,
    /// who answers [default: the user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// hash of what was shown; refused if the question is another one
    #[arg(long, value_name = "HASH")]
    shown_hash: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Answers an approval.
pub(crate) async fn run(ctx: &Ctx, args: QuestionArgs, approve: bool) -> Result<Exit, CliError> {
    answer(ctx, args, Some(approve), None, |answer| tell(ctx, answer, approve)).await
}

/// Answers, tells of the answer that counts, and says so where nobody goes on with the flow.
pub(super) async fn answer(
    ctx: &Ctx,
    args: QuestionArgs,
    approve: Option<bool>,
    response: Option<Value>,
    tell: impl Fn(&FlowAnswerResponse) -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    let request = FlowAnswerRequest {
        flow: args.flow.flow,
        step: args.step,
        wait_id: args.wait_id.as_deref().map(Into::into),
        approve,
        response,
        by: person(args.by.as_deref(), &ctx.env),
        shown_hash: args.shown_hash,
    };
    let client = Client::open_as(ctx, args.binding.caller(ctx)?).await?;
    let answered = client.call::<FlowAnswer>(&request).await;
    let told = match answered {
        Ok(answer) => {
            let told = tell(&answer);
            if answer.applied && answer.flow.is_engine() {
                client.hint_if_undriven(ctx, &answer.flow).await;
            }
            told
        }
        Err(error) => Err(error),
    };
    client.close(told).await
}

fn tell(ctx: &Ctx, answer: &FlowAnswerResponse, approve: bool) -> Result<Exit, CliError> {
    let given = answer.wait.answer.as_ref().and_then(|value| {
        value.as_bool().or_else(|| value.get("approved").and_then(serde_json::Value::as_bool))
    });
    let yes = given.unwrap_or(approve);
    let by = escape(answer.wait.answered_by.as_deref().unwrap_or("somebody"));
    let whole = if answer.wait.kind == WaitKind::Permission { "the task" } else { "the flow" };
    let step = answer.wait.step_id.as_deref().map_or(whole.to_owned(), escape);
    let verb = if yes { "approved" } else { "denied" };
    let name = flow_name(&answer.flow);
    if yes != approve {
        let message = format!("{step} of {name} was already {verb} by {by}");
        let error = CliError::new(Exit::Refused, "invalid_state", message);
        let wait = serde_json::to_value(&answer.wait).unwrap_or_default();
        return Err(error.hint("an approval is answered once").detail("wait", wait));
    }
    match (ctx.mode.json, answer.applied) {
        (true, _) => ctx.mode.print_json(answer)?,
        (false, true) => ctx.mode.print(&format!("{verb} {step} of {name}\n"))?,
        (false, false) => {
            ctx.mode.print(&format!("{step} of {name} was already {verb} by {by}\n"))?;
        }
    }
    Ok(Exit::Done)
}
