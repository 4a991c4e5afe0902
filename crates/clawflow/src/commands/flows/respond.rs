//! `clawflow flows answer`.

use super::answer::{QuestionArgs, answer};
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::input::Input;
use crate::show::flow_name;
use clap::Args;
use clawflow_engine::api::FlowAnswerResponse;
use serde_json::Value;

/// Which question, and the answer to it.
#[derive(Debug, Args)]
#[command(after_help = "\
For example:
  clawflow flows answer weekly --approve
  clawflow flows answer \"$flow\" --wait-id \"$wait\" --response '{\"subject\": \"Hello\"}'")]
pub(crate) struct RespondArgs {
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    given: GivenArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct GivenArgs {
    /// yes
    #[arg(long)]
    approve: bool,
    /// no
    #[arg(long)]
    deny: bool,
    /// the answer where any JSON is asked for: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    response: Option<String>,
}

/// Answers it.
pub(crate) async fn run(ctx: &Ctx, args: RespondArgs) -> Result<Exit, CliError> {
    let RespondArgs { question, given } = args;
    let Some(given) = given.response else {
        return super::answer::run(ctx, question, given.approve).await;
    };
    let response = Input::default().json("--response", &given)?;
    let tell = |answer: &FlowAnswerResponse| tell(ctx, answer, &response);
    answer(ctx, question, None, Some(response.clone()), tell).await
}

fn tell(ctx: &Ctx, answer: &FlowAnswerResponse, response: &Value) -> Result<Exit, CliError> {
    let first = answer.wait.answer.as_ref();
    let same =
        first == Some(response) || first.and_then(|first| first.get("response")) == Some(response);
    let name = flow_name(&answer.flow);
    let by = escape(answer.wait.answered_by.as_deref().unwrap_or("somebody"));
    if !answer.applied && !same {
        let message = format!("{name} has another answer already, from {by}");
        let wait = serde_json::to_value(&answer.wait).unwrap_or_default();
        return Err(CliError::new(Exit::Refused, "invalid_state", message)
            .hint("a question is answered once")
            .detail("wait", wait));
    }
    match (ctx.mode.json, answer.applied) {
        (true, _) => ctx.mode.print_json(answer)?,
        (false, true) => ctx.mode.print(&format!("answered {name}\n"))?,
        (false, false) => ctx.mode.print(&format!("{name} was already answered by {by}\n"))?,
    }
    Ok(Exit::Done)
}
