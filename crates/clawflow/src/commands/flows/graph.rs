//! `clawflow flows graph`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use crate::commands::workflow_file;
use clap::{Args, ValueEnum};
use clawflow_core::definition::{Definition, Dialect, GraphFormat, render_graph};
use clawflow_core::step::Step;
use clawflow_engine::api::{FlowRef, FlowShow, FlowSource};
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
    let (definition, rows) = read(ctx, &args.target).await?;
    let (word, format) = match args.format {
        Format::Mermaid => ("mermaid", GraphFormat::Mermaid),
        Format::Dot => ("dot", GraphFormat::Dot),
        Format::Ascii => ("ascii", GraphFormat::Ascii),
    };
    let graph = render_graph(&definition, rows.as_deref(), format);
    match ctx.mode.json {
        true => ctx.mode.print_json(&json!({ "format": word, "graph": graph }))?,
        false => ctx.mode.print_text(&graph)?,
    }
    Ok(Exit::Done)
}

/// The file; of a flow the one that it was made from, and where its steps stand.
async fn read(ctx: &Ctx, target: &str) -> Result<(Definition, Option<Vec<Step>>), CliError> {
    let path = Path::new(target);
    let (name, bytes, rows) = if path.is_file() || looks_like_a_file(target) {
        (target.to_owned(), workflow_file::read(path)?, None)
    } else {
        let client = Client::open(ctx).await?;
        let flow = FlowRef { flow: target.to_owned() };
        let looked = async {
            let source = client.call::<FlowSource>(&flow).await?;
            Ok((source, client.call::<FlowShow>(&flow).await?))
        };
        let looked = looked.await;
        let (found, view) = client.close(looked).await?;
        (found.file, found.source.into_bytes(), Some(view.steps))
    };
    let dialect = Dialect::of_path(Path::new(&name));
    let definition = Definition::parse(&name, &bytes, dialect).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        CliError::new(Exit::Usage, "bad_file", all.join("\n"))
    })?;
    Ok((definition, rows))
}

fn looks_like_a_file(target: &str) -> bool {
    let ends = [".yaml", ".yml", ".json", ".lobster"];
    target.starts_with(['/', '.']) || ends.iter().any(|end| target.ends_with(end))
}
