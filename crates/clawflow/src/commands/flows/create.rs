//! `clawflow flows create`.

use super::steer::tell;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{budget, name_and_value, word};
use crate::commands::binding::{BindingArgs, OriginArgs};
use crate::commands::client::ask_as;
use crate::commands::input::Input;
use clap::Args;
use clawflow_core::budget::Budget;
use clawflow_core::flow::{FlowStatus, NotifyPolicy, OnChildrenDone};
use clawflow_engine::api::{FlowCreate, FlowCreateRequest};

/// What to make.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status. For example:
  export CLAWFLOW_SESSION=agent:main:main
  read -r flow revision status <<< \"$(clawflow flows create 'triage inbox' \\
    --controller my-plugin/inbox-triage --status running --state '{\"done\": []}')\"")]
pub(crate) struct CreateArgs {
    /// what the flow is for
    #[arg(value_name = "GOAL")]
    goal: String,
    /// who decides about it: a name of your own, such as my-plugin/inbox-triage
    #[arg(long, value_name = "ID")]
    controller: String,
    /// a name for the flow, unique among the owner's live flows
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// take the live flow that has this key, instead of being refused
    #[arg(long, requires = "key")]
    join: bool,
    /// how it begins: queued, running, waiting or blocked [default: queued]
    #[arg(long, value_name = "STATUS", value_parser = word::<FlowStatus>)]
    status: Option<FlowStatus>,
    /// what the owner is told: done_only, state_changes or silent [default: done_only]
    #[arg(long, value_name = "POLICY", value_parser = word::<NotifyPolicy>)]
    notify: Option<NotifyPolicy>,
    /// what happens when its children end: none, resume, finish or fail_fast [default: none]
    #[arg(long, value_name = "POLICY", value_parser = word::<OnChildrenDone>)]
    on_children_done: Option<OnChildrenDone>,
    /// the step at work, for people
    #[arg(long, value_name = "STEP")]
    current_step: Option<String>,
    /// the controller's state: JSON, @FILE that has it, or @- for standard input
    #[arg(long, value_name = "JSON")]
    state: Option<String>,
    /// the controller's note of what it waits for: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    wait_json: Option<String>,
    /// a free label; may be given more than once
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = name_and_value)]
    labels: Vec<(String, String)>,
    /// what it may use with its children, such as tokens=5000,usd=2.5,turns=10,time=1h
    #[arg(long, value_name = "LIMITS", value_parser = budget)]
    budget: Option<Budget>,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    origin: OriginArgs,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Makes it.
pub(crate) async fn run(ctx: &Ctx, args: CreateArgs) -> Result<Exit, CliError> {
    let mut input = Input::default();
    let mut caller = args.binding.owner(ctx)?;
    caller.origin = args.origin.origin(&mut input)?;
    let request = FlowCreateRequest {
        controller_id: args.controller,
        goal: args.goal,
        key: args.key,
        join: args.join,
        status: args.status,
        notify_policy: args.notify,
        on_children_done: args.on_children_done,
        current_step: args.current_step,
        state_json: input.maybe_json("--state", args.state.as_deref())?,
        wait_json: input.maybe_json("--wait-json", args.wait_json.as_deref())?,
        labels: args.labels.into_iter().collect(),
        budget: args.budget,
        idempotency_key: args.idempotency_key,
    };
    tell(ctx, &ask_as::<FlowCreate>(ctx, caller, &request).await?)
}
