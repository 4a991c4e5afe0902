//! What is allowed in a workflow file but probably not meant.

mod call;
mod effect;
mod reach;
mod text;

use std::collections::{HashMap, HashSet};

use super::check::{Steps, ancestors};
use super::error::shown;
use super::limits::FINDINGS_MAX;
use super::model::{Action, Definition, StepDef};
use super::reference::is_name_byte;
use super::source::{Source, Span};

/// A remark on a file that can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The stable name of the rule.
    pub code: &'static str,
    /// Lower case, without a final full stop.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

/// Looks for probable mistakes, in the order of the file.
#[must_use]
pub fn lint(definition: &Definition) -> Vec<Finding> {
    let source = Source::new("", &definition.source);
    let steps = &definition.steps;
    let mut linter = Linter {
        source: &source,
        definition,
        names: definition.all_steps().flat_map(names).collect(),
        places: steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect(),
        before: ancestors(steps),
        findings: Vec::new(),
    };
    for warning in &definition.warnings {
        linter.findings.push(Finding {
            line: warning.line,
            column: warning.column,
            code: if warning.code == "unknown_key" { "unknown_key" } else { "ignored" },
            message: warning.message.clone(),
            hint: warning.hint.clone(),
        });
    }
    linter.unused_args();
    definition.env.values().for_each(|template| linter.env(template));
    for (at, step) in steps.iter().enumerate() {
        for part in std::iter::once(step).chain(step.parts()) {
            linter.step(at, part);
            if let Some(undo) = &part.compensate {
                linter.texts(at, undo);
                linter.call(undo);
            }
        }
    }
    linter.answers();
    linter.reach();
    let mut findings = linter.findings;
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.dedup();
    findings
}

/// What references can name because of a step.
fn names(step: &StepDef) -> Vec<&str> {
    let mut names = vec![step.id.as_str()];
    if let Action::ForEach(each) = &step.action {
        names.extend([each.item_var.as_str(), each.index_var.as_str()]);
    }
    names
}

struct Linter<'l> {
    source: &'l Source<'l>,
    definition: &'l Definition,
    /// What references can name.
    names: HashSet<&'l str>,
    /// The places of the steps that are not inside of others.
    places: HashMap<&'l str, usize>,
    /// For each of them the steps that have ended when it starts.
    before: Vec<Steps>,
    findings: Vec<Finding>,
}

impl Linter<'_> {
    fn full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    fn find(&mut self, span: Span, code: &'static str, message: String, hint: &str) {
        if self.full() {
            return;
        }
        let (line, column) = self.source.position(span.start);
        let message = shown(&message);
        let hint = Some(shown(hint));
        self.findings.push(Finding { line, column, code, message, hint });
    }

    /// A step, or one inside of it.
    fn step(&mut self, at: usize, step: &StepDef) {
        if !step.id.bytes().all(is_name_byte) {
            let message = format!("no reference can reach step `{}`", step.id);
            self.find(step.span, "unreachable_id", message, "use letters, digits, `-` and `_`");
        }
        self.texts(at, step);
        self.effect(step);
        self.call(step);
    }

    fn unused_args(&mut self) {
        let definition = self.definition;
        let mut used: HashSet<&str> = HashSet::new();
        let mut shell = String::new();
        let top = definition.env.values().chain(&definition.key).chain(&definition.cwd);
        top.for_each(|template| used.extend(template.args()));
        for step in definition.all_steps() {
            step.each_template(&mut |template| {
                used.extend(template.args());
                if template.source.contains("LOBSTER_ARG") {
                    shell.push_str(&template.source);
                    shell.push('\n');
                }
            });
        }
        if shell.contains("LOBSTER_ARGS_JSON") {
            return;
        }
        for (name, arg) in &definition.args {
            if !used.contains(name.as_str()) && !shell.contains(&variable(name)) {
                let message = format!("the argument `{name}` is not used");
                let hint = format!("steps also see it as `${}`", variable(name));
                self.find(arg.span, "unused_arg", message, &hint);
            }
        }
    }
}

/// The variable that carries an argument: upper case, runs of other characters as one `_`.
fn variable(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let words = upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("LOBSTER_ARG_{}", words.collect::<Vec<_>>().join("_"))
}
