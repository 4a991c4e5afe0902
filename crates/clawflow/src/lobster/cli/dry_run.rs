//! `lobster run --dry-run`: the plan goes to stderr, and nothing is run.

use super::options::RunOptions;
use super::outcome::Outcome;
use super::report;
use super::target::{Target, resolve};
use super::trouble::Trouble;
use super::workflow;
use crate::lobster::pipeline::Pipeline;
use crate::lobster::value::{Value, read_json};
use crate::lobster::{dry_run, file};
use std::io::Write;
use std::process::ExitCode;

/// `--dry-run` after the one other word is meant if that is a workflow file.
pub(super) fn find_flag(options: &mut RunOptions) {
    let others: Vec<&String> = options.words.iter().filter(|word| *word != "--dry-run").collect();
    if let ([word], None) = (others.as_slice(), &options.file)
        && options.words.len() > 1
        && resolve(word).is_ok()
    {
        options.words = vec![(*word).clone()];
        options.dry_run = true;
    }
}

/// Says what would be run.
pub(super) fn run(options: &RunOptions, target: &Target) -> ExitCode {
    let plan = match target {
        Target::File(path) => workflow::arguments(options.args_json.as_deref()).and_then(|args| {
            let given = read_json(&serde_json::Value::Object(args).to_string());
            let given = given.unwrap_or(Value::Null);
            let of_file = file::load(path).and_then(|workflow| {
                let none = Default::default();
                let args = file::arguments(&workflow, given.as_object().unwrap_or(&none));
                dry_run::plan(&workflow, &args)
            });
            of_file.map_err(Trouble::runtime)
        }),
        Target::Pipeline(text) => Pipeline::parse(text)
            .map_err(|failure| Trouble::parse(failure.message))
            .and_then(|read| read.plan().map_err(|failure| Trouble::runtime(failure.message))),
    };
    let end = plan.map(|plan| {
        // Lost words are no failure.
        let _ = std::io::stderr().lock().write_all(plan.as_bytes());
        Outcome::done(Vec::new())
    });
    match (options.tool, end) {
        (true, end) => report::tool(end),
        (false, Ok(_)) => ExitCode::SUCCESS,
        (false, Err(trouble)) => report::complain(&trouble),
    }
}
