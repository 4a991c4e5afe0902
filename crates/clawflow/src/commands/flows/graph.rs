//! `clawflow flows graph`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use crate::commands::workflow_file;
use clap::{Args, ValueEnum};
use clawflow_core::definition::{
    Definition, DefinitionError, Dialect, GraphFormat, Mirrored, render_graph, render_members,
};
use clawflow_core::flow::SyncMode;
use clawflow_core::step::Step;
use clawflow_core::wait::Wait;
use clawflow_engine::api::{FlowRef, FlowShow, FlowSource, FlowView};
use serde_json::json;
use std::path::Path;

/// What to draw, and how.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// a workflow file, or a flow
    #[arg(value_name = "FILE|FLOW")]
    target: String,
    /// the language of the picture
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

/// The language of a picture.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// a Mermaid flowchart
    Mermaid,
    /// a Graphviz digraph
    Dot,
    /// one line per step
    Ascii,
}

/// What is drawn.
enum Drawn {
    /// Steps, and where they stand.
    Steps(Box<Definition>, Option<Vec<Step>>),
    /// Members of a mirrored group, with what they watch, and whether it is told where they stand.
    Members(Vec<(Step, String)>, bool),
}

/// Draws it.
pub(crate) async fn run(ctx: &Ctx, args: GraphArgs) -> Result<Exit, CliError> {
    let drawn = read(ctx, &args.target).await?;
    let (word, format) = match args.format {
        Format::Mermaid => ("mermaid", GraphFormat::Mermaid),
        Format::Dot => ("dot", GraphFormat::Dot),
        Format::Ascii => ("ascii", GraphFormat::Ascii),
    };
    let graph = match drawn {
        Drawn::Steps(definition, rows) => render_graph(&definition, rows.as_deref(), format),
        Drawn::Members(members, marked) => render_members(&members, marked, format),
    };
    match ctx.mode.json {
        true => ctx.mode.print_json(&json!({ "format": word, "graph": graph }))?,
        false => ctx.mode.print_text(&graph)?,
    }
    Ok(Exit::Done)
}

/// The file; of a flow the one that it was made from, and where its steps stand.
async fn read(ctx: &Ctx, target: &str) -> Result<Drawn, CliError> {
    let path = Path::new(target);
    let (name, bytes, rows) = if path.is_file() || looks_like_a_file(target) {
        (target.to_owned(), workflow_file::read(path)?, None)
    } else {
        let client = Client::open(ctx).await?;
        let flow = FlowRef { flow: target.to_owned() };
        let looked = async {
            let view = client.call::<FlowShow>(&flow).await?;
            if view.flow.sync_mode == SyncMode::GroupMirrored {
                return Ok((None, view));
            }
            Ok((Some(client.call::<FlowSource>(&flow).await?), view))
        };
        let looked = looked.await;
        let (found, view) = client.close(looked).await?;
        let Some(found) = found else { return Ok(Drawn::Members(members_of(view), true)) };
        (found.file, found.source.into_bytes(), Some(view.steps))
    };
    let dialect = Dialect::of_path(Path::new(&name));
    if dialect == Dialect::Strict
        && let Some(group) = Mirrored::parse(&name, &bytes).map_err(|errors| bad(&errors))?
    {
        let rows = (0..).zip(&group.members).map(|(at, member)| {
            let row = Step::fresh("flow_".into(), member.id.clone(), at);
            (row, member.title())
        });
        return Ok(Drawn::Members(rows.collect(), false));
    }
    let definition = Definition::parse(&name, &bytes, dialect).map_err(|errors| bad(&errors))?;
    Ok(Drawn::Steps(Box::new(definition), rows))
}

fn bad(errors: &[DefinitionError]) -> CliError {
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    CliError::new(Exit::Usage, "bad_file", all.join("\n"))
}

/// The members of a group flow, with what each watches, as its wait has it.
fn members_of(view: FlowView) -> Vec<(Step, String)> {
    let watches = |step: &Step| {
        let of = |wait: &&Wait| wait.step_id.as_ref() == Some(&step.step_id);
        let wait = view.waits.iter().find(of);
        wait.and_then(|wait| wait.target.clone()).unwrap_or_default()
    };
    view.steps.iter().map(|step| (step.clone(), watches(step))).collect()
}

fn looks_like_a_file(target: &str) -> bool {
    let ends = [".yaml", ".yml", ".json", ".lobster"];
    target.starts_with(['/', '.']) || ends.iter().any(|end| target.ends_with(end))
}
