//! `clawflow flows lint`.

use super::schema::Language;
use crate::cli::{CliError, Ctx, Exit, escape, escape_lines};
use crate::commands::workflow_file;
use clap::Args;
use clawflow_core::definition::{Definition, DefinitionError, Dialect, Finding, Mirrored, lint};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Which files to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Errors keep a file from running, warnings are what is probably not meant. The exit code is 2 where
there is an error, with --strict also where there is a warning. With --json each has `file`,
`line`, `column`, `code` and `message`. The codes are in docs/flow-file.md.")]
pub(crate) struct LintArgs {
    /// workflow files; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// warnings count as errors
    #[arg(long)]
    strict: bool,
    /// the language of the files [default: that of their names; of standard input: flow]
    #[arg(long, value_name = "DIALECT", value_enum)]
    dialect: Option<Language>,
}

/// What is wrong with one file.
struct Checked {
    file: String,
    /// It could not be read at all.
    unreadable: Option<String>,
    errors: Vec<DefinitionError>,
    warnings: Vec<Finding>,
}

impl Checked {
    fn errors(&self) -> usize {
        self.errors.len() + usize::from(self.unreadable.is_some())
    }
}

/// Checks them.
pub(crate) fn run(ctx: &Ctx, args: LintArgs) -> Result<Exit, CliError> {
    let all: Vec<Checked> = args.files.iter().map(|path| check(path, args.dialect)).collect();
    if let [Checked { unreadable: Some(why), .. }] = &*all {
        return Err(CliError::new(Exit::Usage, "bad_file", why));
    }
    let errors: usize = all.iter().map(Checked::errors).sum();
    let warnings: usize = all.iter().map(|checked| checked.warnings.len()).sum();
    let good = errors == 0 && !(args.strict && warnings > 0);
    if ctx.mode.json {
        let files: Vec<Value> = all.iter().map(as_json).collect();
        ctx.mode.print_json(&json!({ "ok": good, "files": files }))?;
    } else {
        let found: String = all.iter().map(text).collect();
        ctx.mode.print(&found)?;
        let files = all.len();
        ctx.mode.note(&match (errors, warnings) {
            (0, 0) if files == 1 => "the file is good".to_owned(),
            (0, 0) => format!("{files} files are good"),
            _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        });
    }
    Ok(if good { Exit::Done } else { Exit::Usage })
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn check(path: &Path, language: Option<Language>) -> Checked {
    let (errors, warnings) = (Vec::new(), Vec::new());
    let file = match path == Path::new("-") {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    };
    let bytes = match workflow_file::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let why = error.source.map_or_else(String::new, |why| format!(": {why}"));
            let unreadable = Some(format!("{}{why}", error.message));
            return Checked { file, unreadable, errors, warnings };
        }
    };
    let dialect = language.map_or_else(|| Dialect::of_path(path), Language::dialect);
    let mirrored = match dialect {
        Dialect::Strict => Mirrored::parse(&file, &bytes),
        Dialect::Lobster => Ok(None),
    };
    if !matches!(mirrored, Ok(None)) {
        let errors = mirrored.err().unwrap_or_default();
        return Checked { file, unreadable: None, errors, warnings };
    }
    let (errors, warnings) = match Definition::parse(&file, &bytes, dialect) {
        Ok(definition) => {
            let here = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            let named = workflow_file::named_by(&definition, &file, &here.to_string_lossy(), None);
            (named.err().unwrap_or_default(), lint(&definition))
        }
        Err(errors) => (errors, warnings),
    };
    Checked { file, unreadable: None, errors, warnings }
}

fn text(checked: &Checked) -> String {
    let mut out = String::new();
    if let Some(why) = &checked.unreadable {
        out.push_str(&format!("{}\n", escape(why)));
    }
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
    let file = &checked.file;
    let unreadable = checked.unreadable.iter().map(|why| {
        json!({ "file": file, "line": 1, "column": 1, "code": "unreadable",
            "message": why, "hint": null })
    });
    let errors = checked.errors.iter().map(|error| {
        let DefinitionError { line, column, code, message, hint, .. } = error;
        json!({ "file": file, "line": line, "column": column, "code": code,
            "message": message, "hint": hint })
    });
    let warnings = checked.warnings.iter().map(|found| {
        let Finding { line, column, code, message, hint } = found;
        json!({ "file": file, "line": line, "column": column, "code": code,
            "message": message, "hint": hint })
    });
    json!({
        "file": file,
        "errors": unreadable.chain(errors).collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}
