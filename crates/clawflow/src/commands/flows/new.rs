//! `clawflow flows new`.

use crate::cli::{CliError, Ctx, Exit};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What to begin with, and where.
#[derive(Debug, Args)]
#[command(after_help = "\
The file says in comments what its keys mean, and runs as it is. For example:
  clawflow flows new hello.flow.yaml
  clawflow run hello.flow.yaml")]
pub(crate) struct NewArgs {
    /// the file to write, which must not exist; `-` writes to standard output
    /// [default: TEMPLATE.flow.yaml]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// what to begin with
    #[arg(long, value_name = "TEMPLATE", value_enum, default_value_t = Template::Linear)]
    template: Template,
}

/// What a new file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Template {
    /// steps one after another, with arguments and retries
    Linear,
    /// steps side by side, with a fallback and a condition
    Graph,
    /// a person decides; what was done can be undone
    Approval,
    /// the same steps for each item of a list
    Loop,
    /// waits for something that happens elsewhere
    Event,
    /// a file in Lobster's dialect
    Lobster,
}

impl Template {
    /// The name of its file, and what is in it.
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Linear => ("linear.flow.yaml", include_str!("templates/linear.flow.yaml")),
            Self::Graph => ("graph.flow.yaml", include_str!("templates/graph.flow.yaml")),
            Self::Approval => ("approval.flow.yaml", include_str!("templates/approval.flow.yaml")),
            Self::Loop => ("loop.flow.yaml", include_str!("templates/loop.flow.yaml")),
            Self::Event => ("event.flow.yaml", include_str!("templates/event.flow.yaml")),
            Self::Lobster => ("lobster.lobster", include_str!("templates/lobster.lobster")),
        }
    }
}

/// Writes it.
pub(crate) fn run(ctx: &Ctx, args: NewArgs) -> Result<Exit, CliError> {
    let (name, text) = args.template.file();
    let path = args.file.unwrap_or_else(|| PathBuf::from(name));
    if path == Path::new("-") {
        ctx.mode.print(text)?;
        return Ok(Exit::Done);
    }
    check_name(&path, args.template)?;
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let hint = "name another file; nothing was changed";
            CliError::new(Exit::Refused, "exists", format!("{shown} exists")).hint(hint)
        }
        _ => CliError::io(format!("cannot write {shown}"), error),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| CliError::io(format!("cannot write {shown}"), error))?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&json!({ "file": path }))?,
        false => {
            ctx.mode.print(&format!("{shown}\n"))?;
            ctx.mode.note(&format!("hint: clawflow run {shown}"));
        }
    }
    Ok(Exit::Done)
}

/// The name says in which dialect a file is read.
fn check_name(path: &Path, template: Template) -> Result<(), CliError> {
    let lobster = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("lobster"));
    let ends: &[&str] = if template == Template::Lobster { &["lobster"] } else { &["yaml", "yml"] };
    let fits = path.extension().is_some_and(|end| ends.iter().any(|known| end == *known));
    if fits {
        return Ok(());
    }
    let message = match (template, lobster) {
        (Template::Lobster, _) => "a file of Lobster ends in .lobster",
        (_, true) => "a .lobster file is made by --template lobster",
        _ => "a workflow file ends in .flow.yaml or .yaml",
    };
    Err(CliError::usage(message))
}
