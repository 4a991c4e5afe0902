//! `clawflow flows show`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::Client;
use crate::show::{Folded, flow_name, flow_view, route};
use clap::Args;
use clawflow_core::definition::{Action, Definition, Dialect, Scope, StepView, json_of_stdout};
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::step::{Step, StepStatus};
use clawflow_engine::api::{
    DeliveryList, DeliveryListRequest, FlowRef, FlowShow, FlowSource, FlowSourceResponse, FlowView,
};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

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
    /// show every step inside of loops, too
    #[arg(long)]
    all: bool,
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
    let (view, messages, totals) = client.close(looked).await?;
    let folded = if args.all { Folded::No } else { Folded::Yes(&totals) };
    match args.output {
        _ if !args.fields.is_empty() => ctx.mode.print(&fields(&view, &args.fields)?)?,
        Some(key) => output(ctx, &view, &key)?,
        None if ctx.mode.json => ctx.mode.print_json(&view)?,
        None => ctx.mode.print(&format!("{}{messages}", flow_view(&view, ctx.mode, folded)))?,
    }
    Ok(Exit::Done)
}

/// The flow, where its messages stand, in words, and how many items its loops have.
async fn look(
    ctx: &Ctx,
    client: &Client,
    args: &ShowArgs,
) -> Result<(FlowView, String, HashMap<u32, usize>), CliError> {
    let view = client.call::<FlowShow>(&FlowRef { flow: args.flow.flow.clone() }).await?;
    if ctx.mode.json || args.output.is_some() || !args.fields.is_empty() {
        return Ok((view, String::new(), HashMap::new()));
    }
    let looping = view.steps.iter().any(|step| {
        step.status == StepStatus::Running && step.of.is_none() && step.task_id.is_none()
    });
    let totals = match looping && !args.all {
        true => {
            let source = client.call::<FlowSource>(&FlowRef { flow: args.flow.flow.clone() }).await;
            source.map(|source| items(&view, &source)).unwrap_or_default()
        }
        false => HashMap::new(),
    };
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
    Ok((view, page.map(|page| messages(&page.deliveries)).unwrap_or_default(), totals))
}

/// How many items the loops of a flow have, where that is told by the file or by a result.
fn items(view: &FlowView, source: &FlowSourceResponse) -> HashMap<u32, usize> {
    let dialect = Dialect::of_path(Path::new(&source.file));
    let read = Definition::parse(&source.file, source.source.as_bytes(), dialect);
    let Ok(definition) = read else { return HashMap::new() };
    let scope = Results(view);
    let count = |step: &Step| {
        let def = definition.steps.get(usize::try_from(step.position).ok()?)?;
        let Action::ForEach(each) = &def.action else { return None };
        let items = each.items.resolve(&scope).ok()?;
        Some((step.position, items.as_array()?.len()))
    };
    view.steps.iter().filter(|step| step.of.is_none()).filter_map(count).collect()
}

/// The results of a flow, as far as they are shown.
struct Results<'v>(&'v FlowView);

impl Scope for Results<'_> {
    fn step(&self, id: &str) -> Option<StepView<'_>> {
        let step = self.0.steps.iter().find(|step| step.step_id == id)?;
        let result = step.result.as_ref()?;
        let given = result.json.as_ref().map(Cow::Borrowed);
        let printed = || json_of_stdout(result.stdout.as_deref()?).map(Cow::Owned);
        let json = given.or_else(printed);
        Some(StepView { json, truncated: result.truncated, ..StepView::default() })
    }

    fn arg(&self, _: &str) -> Option<&Value> {
        None
    }

    fn flow(&self, _: &[&str]) -> Option<Value> {
        None
    }

    fn run_attempt(&self) -> u32 {
        1
    }
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
