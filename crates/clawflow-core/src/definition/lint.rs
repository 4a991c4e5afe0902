//! What is allowed in a workflow file but probably not meant.

use std::collections::HashSet;

use super::error::shown;
use super::limits::FINDINGS_MAX;
use super::model::{Action, Definition, StepDef};
use super::reference::{FIELDS, Found, is_name_byte, scan};
use super::source::{Source, Span};
use super::template::{Segment, Template};
use crate::suggest::closest;

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
    let ids = definition.all_steps().map(|step| step.id.as_str()).collect();
    let mut linter = Linter { source: &source, definition, ids, findings: Vec::new() };
    for warning in &definition.warnings {
        linter.findings.push(Finding {
            line: warning.line,
            column: warning.column,
            code: "ignored",
            message: warning.message.clone(),
            hint: warning.hint.clone(),
        });
    }
    linter.unused_args();
    definition.env.values().for_each(|template| linter.env(template));
    for step in definition.all_steps() {
        linter.step(step);
    }
    let mut findings = linter.findings;
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.dedup();
    findings
}

struct Linter<'l> {
    source: &'l Source<'l>,
    definition: &'l Definition,
    ids: HashSet<&'l str>,
    findings: Vec<Finding>,
}

impl Linter<'_> {
    fn find(&mut self, span: Span, code: &'static str, message: String, hint: &str) {
        if self.findings.len() >= FINDINGS_MAX {
            return;
        }
        let (line, column) = self.source.position(span.start);
        let message = shown(&message);
        let hint = Some(shown(hint));
        self.findings.push(Finding { line, column, code, message, hint });
    }

    fn step(&mut self, step: &StepDef) {
        if !step.id.bytes().all(is_name_byte) {
            let message = format!("no reference can reach step `{}`", step.id);
            self.find(step.span, "unreachable_id", message, "use letters, digits, `-` and `_`");
        }
        if let Action::Shell(line) = &step.action {
            self.injection(line);
            self.left_to_the_shell(line);
        }
        step.env.values().for_each(|template| self.env(template));
        if step.when.as_ref().is_some_and(|when| when.source() == "false") {
            let message = format!("step `{}` never runs", step.id);
            self.find(step.span, "never_runs", message, "its condition is always false");
        }
        let user = step.fallback_of.map(|at| &self.definition.steps[at]);
        if let Some(user) = user.filter(|user| matches!(user.action, Action::Synthetic)) {
            let message = format!("step `{}` never runs", step.id);
            let hint = format!("step `{}` runs nothing that could fail", user.id);
            self.find(step.span, "never_runs", message, &hint);
        }
    }

    /// Output and arguments pasted into a shell line are read by the shell.
    fn injection(&mut self, line: &Template) {
        let hint = "pass it through `stdin`, `env` or `argv`; the shell reads what it says";
        for segment in &line.segments {
            if self.findings.len() >= FINDINGS_MAX {
                return;
            }
            let written = match segment {
                Segment::Arg(name) => format!("${{{name}}}"),
                Segment::Step(reference)
                    if !matches!(reference.id.as_str(), "flow" | "run")
                        && matches!(
                            reference.path[0].as_str(),
                            "stdout" | "json" | "response" | "subject" | "errorMessage"
                        ) =>
                {
                    reference.to_string()
                }
                Segment::Text(_) | Segment::Step(_) => continue,
            };
            let span = self.source.find(line.span, &written);
            let message = format!("`{written}` becomes part of a shell line");
            self.find(span, "shell_injection", message, hint);
        }
    }

    /// A slip in the id of a reference makes it a variable of the shell.
    fn left_to_the_shell(&mut self, line: &Template) {
        for (at, _) in line.source.match_indices('$') {
            let Some((Found::Step(found), _)) = scan(&line.source[at..], true) else { continue };
            let own = matches!(found.id.as_str(), "flow" | "run") || self.ids.contains(&*found.id);
            let full = self.findings.len() >= FINDINGS_MAX;
            if own || full || !FIELDS.contains(&found.path[0].as_str()) {
                continue;
            }
            let span = self.source.find(line.span, &found.to_string());
            let message = format!("`{found}` is left to the shell: no step `{}`", found.id);
            let steps = &self.definition.steps;
            let hint = match closest(&found.id, steps.iter().map(|step| step.id.as_str())) {
                Some(id) => format!("did you mean `${id}.{}`?", found.path.join(".")),
                None => "quote the `$` if the shell is meant".to_owned(),
            };
            self.find(span, "unknown_reference", message, &hint);
        }
    }

    /// No shell reads an `env` block: `$HOME` stays `$HOME`.
    fn env(&mut self, template: &Template) {
        for segment in &template.segments {
            let Segment::Text(text) = segment else { continue };
            let Some(at) = text.find('$') else { continue };
            if self.findings.len() >= FINDINGS_MAX {
                return;
            }
            let name = text[at + 1..].trim_start_matches('{');
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &name[..end.unwrap_or(name.len())];
            if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                let span = self.source.find(template.span, &format!("${name}"));
                let message = format!("`${name}` in an `env` block is not expanded");
                let hint = "use `${ARGUMENT}` or `$step.field`, or set the variable in `run`";
                self.find(span, "env_not_expanded", message, hint);
            }
        }
    }

    fn unused_args(&mut self) {
        let definition = self.definition;
        let mut used: HashSet<&str> = HashSet::new();
        let mut shell = String::new();
        let top = definition.env.values().chain(&definition.key).chain(&definition.cwd);
        top.for_each(|template| used.extend(template.args()));
        for step in definition.all_steps() {
            step.each_template(&mut |template| used.extend(template.args()));
            if let Action::Shell(line) = &step.action {
                shell.push_str(&line.source);
                shell.push('\n');
            }
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
