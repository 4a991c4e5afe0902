//! Flows chosen by a filter: found page by page, counted, asked about, and taken one by one.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{confirmed, label, moment, word};
use crate::commands::client::Client;
use crate::show::flow_name;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::api::{FlowList, FlowListRequest};
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Flows that are read at once.
const PAGE: usize = 500;

/// Which flows, instead of one that is named.
#[derive(Debug, Args)]
pub(crate) struct ManyArgs {
    /// all flows in these states, instead of one flow
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<FlowStatus>)]
    status: Vec<FlowStatus>,
    /// of those, only flows of the workflow with this name
    #[arg(long, requires = "status", conflicts_with = "flow")]
    name: Option<String>,
    /// of those, only flows of this owner
    #[arg(long, value_name = "SESSION", requires = "status", conflicts_with = "flow")]
    owner: Option<String>,
    /// of those, only flows made since then: a duration ago or a date
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    #[arg(requires = "status", conflicts_with = "flow")]
    since: Option<Millis>,
    /// of those, only flows with this label; may be given more than once
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    #[arg(requires = "status", conflicts_with = "flow")]
    labels: Vec<String>,
    /// only say which flows these are
    #[arg(long, requires = "status", conflicts_with = "flow")]
    dry_run: bool,
    /// do not ask
    #[arg(long, short, requires = "status", conflicts_with = "flow")]
    yes: bool,
}

/// What is done to each of them.
pub(crate) struct Deed<'a, F> {
    /// What it is called, in the form in which it is asked for: `retry`.
    pub(crate) verb: &'static str,
    /// States in which a flow can have it done.
    pub(crate) fits: &'a dyn Fn(FlowStatus) -> bool,
    /// Flows that are passed over, though the filter finds them.
    pub(crate) spares: &'a dyn Fn(&Flow) -> bool,
    /// Whether only flows count that no other flow tried again.
    pub(crate) unretried: bool,
    /// Does it, and says so.
    pub(crate) act: F,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    done: Vec<Flow>,
    refused: Vec<Value>,
}

/// Does it to all flows that the filter finds.
pub(crate) async fn each<F>(ctx: &Ctx, args: &ManyArgs, deed: Deed<'_, F>) -> Result<Exit, CliError>
where
    F: AsyncFn(&Client, &Flow) -> Result<(Flow, String), CliError>,
{
    let verb = deed.verb;
    if let Some(odd) = args.status.iter().find(|status| !(deed.fits)(**status)) {
        let fitting = FlowStatus::ALL.iter().filter(|status| (deed.fits)(**status));
        let fitting: Vec<&str> = fitting.map(|status| status.as_str()).collect();
        let error = CliError::usage(format!("there is nothing to {verb} in flows that are {odd}"));
        return Err(error.hint(format!("--status {}", fitting.join(","))));
    }
    let asks = !args.yes && !args.dry_run;
    if asks && !std::io::stdin().is_terminal() {
        let error = CliError::usage(format!("nobody can be asked whether to {verb} these flows"));
        return Err(error.hint("add --yes, or --dry-run to see them"));
    }
    let client = Client::open(ctx).await?;
    let found = find(&client, args, &deed).await;
    // Nobody thinks while the home is held: a question may stand for hours.
    let flows = client.close(found).await?;
    if args.dry_run || flows.is_empty() {
        return tell_found(ctx, &flows, verb);
    }
    if asks && !confirmed(&format!("{verb} {}?", count(flows.len()))) {
        return Ok(Exit::Done);
    }
    let client = Client::open(ctx).await?;
    let outcome = take(ctx, &client, &flows, &deed).await;
    if let Ok(Outcome { done, .. }) = &outcome
        && let Some(first) = done.iter().find(|flow| !flow.is_terminal())
    {
        client.hint_if_undriven(ctx, first).await;
    }
    tell(ctx, client.close(outcome).await?, &flows, verb)
}

async fn find<F>(
    client: &Client,
    args: &ManyArgs,
    deed: &Deed<'_, F>,
) -> Result<Vec<Flow>, CliError> {
    let mut request = FlowListRequest {
        status: args.status.clone(),
        owner: args.owner.clone(),
        since: args.since,
        name: args.name.clone(),
        label: args.labels.clone(),
        retried: deed.unretried.then_some(false),
        limit: Some(PAGE),
        ..FlowListRequest::default()
    };
    let mut flows = Vec::new();
    loop {
        let page = client.call::<FlowList>(&request).await?;
        let page_flows = page.flows.into_iter().map(|line| line.flow);
        flows.extend(page_flows.filter(|flow| !(deed.spares)(flow)));
        if page.next.is_none() {
            // The oldest first, as they came.
            flows.reverse();
            return Ok(flows);
        }
        request.after = page.next;
    }
}

/// One after another. What a flow refuses is told, and the next one has its turn.
async fn take<F>(
    ctx: &Ctx,
    client: &Client,
    flows: &[Flow],
    deed: &Deed<'_, F>,
) -> Result<Outcome, CliError>
where
    F: AsyncFn(&Client, &Flow) -> Result<(Flow, String), CliError>,
{
    let mut outcome = Outcome::default();
    for flow in flows {
        match (deed.act)(client, flow).await {
            Ok((made, line)) => {
                if !ctx.mode.json {
                    ctx.mode.print(&line)?;
                }
                outcome.done.push(made);
            }
            Err(error) if matches!(error.exit, Exit::Unavailable | Exit::Failed) => {
                let (done, all) = (outcome.done.len(), flows.len());
                let hint = "give the same command again: nothing is done twice";
                return Err(error.hint(format!("{done} of {all} were done; {hint}")));
            }
            Err(error) => {
                let name = flow_name(flow);
                ctx.mode.note(&format!("{name}: {}", escape(&error.message)));
                let (code, message) = (&error.code, &error.message);
                outcome.refused.push(json!({
                    "flow": flow.flow_id, "error": { "code": code, "message": message },
                }));
            }
        }
    }
    Ok(outcome)
}

fn tell_found(ctx: &Ctx, flows: &[Flow], verb: &str) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(&json!({ "found": ids(flows), "done": [], "refused": [] }))?;
        return Ok(Exit::Done);
    }
    let line = |flow: &Flow| format!("would {verb} {}, {}\n", flow_name(flow), flow.status);
    ctx.mode.print(&flows.iter().map(line).collect::<String>())?;
    match flows.len() {
        0 => ctx.mode.note(&format!("nothing to {verb}")),
        many => ctx.mode.note(&count(many)),
    }
    Ok(Exit::Done)
}

fn tell(ctx: &Ctx, outcome: Outcome, flows: &[Flow], verb: &str) -> Result<Exit, CliError> {
    let Outcome { done, refused } = outcome;
    let exit = if refused.is_empty() { Exit::Done } else { Exit::Refused };
    if ctx.mode.json {
        let all = json!({ "found": ids(flows), "done": done, "refused": refused });
        ctx.mode.print_json(&all)?;
    } else if !refused.is_empty() {
        ctx.mode.note(&format!("{verb}: {} of {}", done.len(), count(flows.len())));
    }
    Ok(exit)
}

fn ids(flows: &[Flow]) -> Vec<&str> {
    flows.iter().map(|flow| flow.flow_id.as_str()).collect()
}

fn count(flows: usize) -> String {
    match flows {
        1 => "1 flow".to_owned(),
        many => format!("{many} flows"),
    }
}
