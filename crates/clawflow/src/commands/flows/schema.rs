//! `clawflow flows schema`.

use crate::cli::{CliError, Ctx, Exit};
use clap::{Args, ValueEnum};
use clawflow_core::definition::{Dialect, file_schema, mirrored_schema};

/// For which files.
#[derive(Debug, Args)]
#[command(after_help = "\
An editor that knows the schema completes keys, says what they are for, and marks what is wrong.
For example, with the YAML extension of VS Code:
  clawflow flows schema > flow.schema.json
and as the first line of a workflow file beside it:
  # yaml-language-server: $schema=flow.schema.json")]
pub(crate) struct SchemaArgs {
    /// the language of the files
    #[arg(long, value_name = "DIALECT", value_enum, default_value_t = Language::Flow)]
    dialect: Language,
    /// that of files with `mode: mirrored`
    #[arg(long, conflicts_with = "dialect")]
    mirrored: bool,
}

/// The language of workflow files.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Language {
    /// clawflow's own: .flow.yaml, .yaml, .yml, .json
    Flow,
    /// Lobster's: .lobster
    Lobster,
}

impl Language {
    /// The rules that files of the language are read by.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Flow => Dialect::Strict,
            Self::Lobster => Dialect::Lobster,
        }
    }
}

/// Prints it.
pub(crate) fn run(ctx: &Ctx, args: SchemaArgs) -> Result<Exit, CliError> {
    let schema = match args.mirrored {
        true => mirrored_schema(),
        false => file_schema(args.dialect.dialect()),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| CliError::internal(format!("cannot write JSON: {error}")))?;
    ctx.mode.print_text(&format!("{text}\n"))?;
    Ok(Exit::Done)
}
