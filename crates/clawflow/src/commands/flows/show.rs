//! `clawflow flows show`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::Client;
use crate::show::{flow_name, flow_view, route};
use clap::Args;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_engine::api::{DeliveryList, DeliveryListRequest, FlowRef, FlowShow, FlowView};
use serde_json::Value;

/// The newest messages that are looked at.
const MESSAGES: usize = 50;

/// Which flow to show.
#[derive(Debug, Args)]
#[command(after_help = "\
A field is a path of names and numbers: `revision`, `stateJson.threads.0`, `waits.-1.answer` of
the newest wait. Text is printed as it is, with its control characters escaped; other values as
JSON; what is not there, or null, as an empty line. For example:
  clawflow flows show weekly --field revision --field status --field currentStep")]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// print this output of the flow, and nothing else
    #[arg(long, value_name = "KEY")]
    output: Option<String>,
    /// print this field of what --json shows, on a line of its own; may be given more than once
    #[arg(long = "field", value_name = "PATH", conflicts_with_all = ["output", "json"])]
    fields: Vec<String>,
}

/// Shows it.
pub(crate) async fn run(ctx: &Ctx, args: ShowArgs) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let looked = look(ctx, &client, &args).await;
    let (view, messages) = client.close(looked).await?;
    match args.output {
        _ if !args.fields.is_empty() => ctx.mode.print(&fields(&view, &args.fields)?)?,
        Some(key) => output(ctx, &view, &key)?,
        None if ctx.mode.json => ctx.mode.print_json(&view)?,
        None => ctx.mode.print(&format!("{}{messages}", flow_view(&view, ctx.mode)))?,
    }
    Ok(Exit::Done)
}

/// The flow, and where its messages stand, in words.
async fn look(ctx: &Ctx, client: &Client, args: &ShowArgs) -> Result<(FlowView, String), CliError> {
    let view = client.call::<FlowShow>(&FlowRef { flow: args.flow.flow.clone() }).await?;
    if ctx.mode.json || args.output.is_some() || !args.fields.is_empty() {
        return Ok((view, String::new()));
    }
    let request = DeliveryListRequest {
        owner: None,
        flow: Some(view.flow.flow_id.0.clone()),
        task: None,
        state: Vec::new(),
        limit: Some(MESSAGES),
        after: None,
    };
    // The flow is what was asked for: it is shown without its messages, too.
    let page = client.call::<DeliveryList>(&request).await;
    Ok((view, page.map(|page| messages(&page.deliveries)).unwrap_or_default()))
}

fn messages(deliveries: &[Delivery]) -> String {
    let mut text = String::new();
    let count = |state| deliveries.iter().filter(|delivery| delivery.state == state).count();
    let counted = DeliveryState::ALL.iter().map(|state| (state, count(*state)));
    let said: Vec<String> =
        counted.filter(|(_, n)| *n > 0).map(|(state, n)| format!("{n} {state}")).collect();
    if !said.is_empty() {
        text.push_str(&format!("messages: {}\n", said.join(", ")));
    }
    for delivery in deliveries.iter().filter(|delivery| delivery.error.is_some()) {
        let error = escape(delivery.error.as_deref().unwrap_or_default());
        let (id, route) = (escape(&delivery.delivery_id.0), escape(&route(delivery)));
        let (state, tries) = (delivery.state, delivery.attempts);
        text.push_str(&format!("    {id}  {route}  {state} after {tries} tries: {error}\n"));
    }
    text
}

/// The fields, each on one line, whatever is in them.
fn fields(view: &FlowView, paths: &[String]) -> Result<String, CliError> {
    let record = serde_json::to_value(view)
        .map_err(|error| CliError::internal(format!("cannot write JSON: {error}")))?;
    let line = |path: &String| match field(&record, path) {
        None | Some(Value::Null) => "\n".to_owned(),
        Some(Value::String(text)) => format!("{}\n", escape(text)),
        Some(value) => format!("{value}\n"),
    };
    Ok(paths.iter().map(line).collect())
}

fn field<'v>(record: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(record, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => match name.strip_prefix('-') {
            Some(back) => items.get(items.len().checked_sub(back.parse().ok()?)?),
            None => items.get(name.parse::<usize>().ok()?),
        },
        _ => None,
    })
}

fn output(ctx: &Ctx, view: &FlowView, key: &str) -> Result<(), CliError> {
    let Some(value) = view.flow.outputs.get(key) else {
        let message = format!("{} has no output {}", flow_name(&view.flow), escape(key));
        let known: Vec<&str> = view.flow.outputs.keys().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => "it has no outputs yet".to_owned(),
            known => format!("it has {}", known.join(", ")),
        };
        return Err(CliError::new(Exit::NotFound, "not_found", message).hint(hint));
    };
    match value {
        // Into a pipe goes the text itself; on a terminal it must not act.
        Value::String(text) if !ctx.mode.json => ctx.mode.print_text(&format!("{text}\n")),
        value => ctx.mode.print_json(value),
    }
}

#[cfg(test)]
mod tests {
    use super::field;
    use serde_json::{Value, json};

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let record = json!({ "a": { "b": [1, { "c": "x" }] }, "n": null });
        let at = |path: &str| field(&record, path).cloned();
        assert_eq!(at("a.b.0"), Some(json!(1)));
        assert_eq!(at("a.b.-1.c"), Some(json!("x")));
        assert_eq!(at("n"), Some(Value::Null));
        for none in ["", "b", "a.c", "a.b.2", "a.b.-3", "a.b.-0", "a.b.x", "a.b.0.c", "a..b"] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
