//! `clawflow flows graph`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::commands::workflow_file;
use clap::{Args, ValueEnum};
use clawflow_core::definition::{Definition, Dialect, GraphFormat, render_graph};
use clawflow_engine::api::{FlowRef, FlowSource};
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

/// Draws it.
pub(crate) async fn run(ctx: &Ctx, args: GraphArgs) -> Result<Exit, CliError> {
    let definition = definition(ctx, &args.target).await?;
    let (word, format) = match args.format {
        Format::Mermaid => ("mermaid", GraphFormat::Mermaid),
        Format::Dot => ("dot", GraphFormat::Dot),
        Format::Ascii => ("ascii", GraphFormat::Ascii),
    };
    let graph = render_graph(&definition, format);
    match ctx.mode.json {
        true => ctx.mode.print_json(&json!({ "format": word, "graph": graph }))?,
        false => ctx.mode.print_text(&graph)?,
    }
    Ok(Exit::Done)
}

async fn definition(ctx: &Ctx, target: &str) -> Result<Definition, CliError> {
    let path = Path::new(target);
    let (name, bytes) = if path.is_file() || looks_like_a_file(target) {
        (target.to_owned(), workflow_file::read(path)?)
    } else {
        let found = ask::<FlowSource>(ctx, &FlowRef { flow: target.to_owned() }).await?;
        (found.file, found.source.into_bytes())
    };
    Definition::parse(&name, &bytes, Dialect::of_path(Path::new(&name))).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        CliError::new(Exit::Usage, "bad_file", all.join("\n"))
    })
}

fn looks_like_a_file(target: &str) -> bool {
    let ends = [".yaml", ".yml", ".json", ".lobster"];
    target.starts_with(['/', '.']) || ends.iter().any(|end| target.ends_with(end))
}
