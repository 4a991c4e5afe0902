//! `clawflow flows lint`.

use crate::cli::{CliError, Ctx, Exit, escape, escape_lines};
use crate::commands::workflow_file;
use clap::Args;
use clawflow_core::definition::{Definition, DefinitionError, Dialect, Finding, lint};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Which files to check.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// workflow files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What is wrong with one file.
struct Checked {
    file: String,
    errors: Vec<DefinitionError>,
    warnings: Vec<Finding>,
}

/// Checks them.
pub(crate) fn run(ctx: &Ctx, args: LintArgs) -> Result<Exit, CliError> {
    let all = args.files.iter().map(|path| check(path)).collect::<Result<Vec<_>, _>>()?;
    let errors: usize = all.iter().map(|checked| checked.errors.len()).sum();
    let warnings: usize = all.iter().map(|checked| checked.warnings.len()).sum();
    if ctx.mode.json {
        let files: Vec<Value> = all.iter().map(as_json).collect();
        ctx.mode.print_json(&json!({ "ok": errors == 0, "files": files }))?;
    } else {
        let found: String = all.iter().map(text).collect();
        ctx.mode.print(&found)?;
        let files = all.len();
        ctx.mode.note(&match (errors, warnings) {
            (0, 0) if files == 1 => "the file is good".to_owned(),
            (0, 0) => format!("{files} files are good"),
            _ => format!("{errors} errors, {warnings} warnings"),
        });
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Usage })
}

fn check(path: &Path) -> Result<Checked, CliError> {
    let file = path.display().to_string();
    let bytes = workflow_file::read(path)?;
    Ok(match Definition::parse(&file, &bytes, Dialect::of_path(path)) {
        Ok(definition) => {
            let here = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            let named = workflow_file::named_by(&definition, &file, &here.to_string_lossy(), None);
            Checked { file, errors: named.err().unwrap_or_default(), warnings: lint(&definition) }
        }
        Err(errors) => Checked { file, errors, warnings: Vec::new() },
    })
}

fn text(checked: &Checked) -> String {
    let mut out = String::new();
    for error in &checked.errors {
        out.push_str(&format!("{}\n", escape_lines(&error.to_string())));
    }
    for Finding { line, column, code, message, hint } in &checked.warnings {
        let file = escape(&checked.file);
        let message = escape(message);
        out.push_str(&format!("{file}:{line}:{column}: warning: {message} [{code}]\n"));
        if let Some(hint) = hint {
            out.push_str(&format!("hint: {}\n", escape(hint)));
        }
    }
    out
}

fn as_json(checked: &Checked) -> Value {
    let errors = checked.errors.iter().map(|error| {
        let DefinitionError { line, column, message, hint, .. } = error;
        json!({ "line": line, "column": column, "message": message, "hint": hint })
    });
    let warnings = checked.warnings.iter().map(|found| {
        let Finding { line, column, code, message, hint } = found;
        json!({ "line": line, "column": column, "code": code, "message": message, "hint": hint })
    });
    json!({
        "file": checked.file,
        "errors": errors.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}
