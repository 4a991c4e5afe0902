//! Texts with references in them.

use super::super::check::has;
use super::super::model::{Action, Dialect, StepDef};
use super::super::reference::{FIELDS, Found, Reference, scan};
use super::super::template::{Segment, Template, ValueTemplate};
use super::{Linter, variable};
use crate::suggest::closest;

/// Programs that read one of their arguments as a line of commands.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "fish"];
/// Fields that hold what steps and people wrote.
const WRITTEN: [&str; 5] = ["stdout", "json", "response", "subject", "errorMessage"];

impl Linter<'_> {
    /// The texts of a step, which stands at or inside of the step at a place.
    pub(super) fn texts(&mut self, at: usize, step: &StepDef) {
        match &step.action {
            Action::Shell(line) => {
                self.injection(line, "a shell line");
                self.left_to_the_shell(line);
            }
            Action::Pipeline(text) => self.injection(text, "a pipeline"),
            Action::Argv(words) => self.line_in_argv(words),
            _ => {}
        }
        step.env.values().for_each(|template| self.env(template));
        if self.definition.dialect == Dialect::Lobster {
            self.left_as_written(at, step);
        }
    }

    /// Output and arguments pasted into a shell line are read by the shell.
    fn injection(&mut self, line: &Template, place: &str) {
        let pipeline = place == "a pipeline";
        for segment in &line.segments {
            if self.full() {
                return;
            }
            let (written, hint) = match segment {
                Segment::Arg(name) if !pipeline && self.definition.args.contains_key(name) => {
                    let hint = format!(
                        "the shell reads what it says; write `\"${}\"`, or pass it in `argv` or \
                         `stdin`",
                        variable(name)
                    );
                    (format!("${{{name}}}"), hint)
                }
                Segment::Step(reference) if is_written(reference) => {
                    let hint = match pipeline {
                        true => "its words may become stages; pass it as `stdin`",
                        false => {
                            "the shell reads what it says; pass it as `stdin`, in `env` or \
                                  in `argv`"
                        }
                    };
                    (reference.to_string(), hint.to_owned())
                }
                Segment::Text(_) | Segment::Step(_) | Segment::Arg(_) => continue,
            };
            let span = self.source.find(line.span, &written);
            let message = format!("`{written}` becomes part of {place}");
            let code = if pipeline { "pipeline_injection" } else { "shell_injection" };
            self.find(span, code, message, &hint);
        }
    }

    /// `[sh, -c, LINE]` is a shell line, too.
    fn line_in_argv(&mut self, words: &[ValueTemplate]) {
        let text = |word: &ValueTemplate| match word {
            ValueTemplate::Literal(serde_json::Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        let program = words.first().and_then(text).unwrap_or_default();
        if !SHELLS.contains(&program.rsplit('/').next().unwrap_or_default()) {
            return;
        }
        let flag = words.iter().position(|word| {
            text(word).is_some_and(|text| text.starts_with('-') && text.ends_with('c'))
        });
        if let Some(line) = flag.and_then(|at| words.get(at + 1)) {
            line.each(&mut |template| self.injection(template, "a shell line"));
        }
    }

    /// A slip in the id of a reference makes it a variable of the shell.
    fn left_to_the_shell(&mut self, line: &Template) {
        for (at, _) in line.source.match_indices('$') {
            match scan(&line.source[at..], true) {
                Some((Found::Step(found), _)) => self.no_such_step(line, &found),
                Some((Found::Arg(name), _)) => self.no_such_arg(line, &name, true),
                _ => {}
            }
            if self.full() {
                return;
            }
        }
    }

    fn no_such_step(&mut self, text: &Template, found: &Reference) {
        let own = matches!(found.id.as_str(), "flow" | "run") || self.names.contains(&*found.id);
        if own || !FIELDS.contains(&found.path[0].as_str()) {
            return;
        }
        let span = self.source.find(text.span, &found.to_string());
        let message = format!("`{found}` is left as it is: there is no step `{}`", found.id);
        let hint = match closest(&found.id, self.names.iter().copied()) {
            Some(id) => format!("did you mean `${id}.{}`?", found.path.join(".")),
            None => "quote the `$` if the shell is meant".to_owned(),
        };
        self.find(span, "unknown_reference", message, &hint);
    }

    /// A shell has variables of its own: there only what looks like a slip is one.
    fn no_such_arg(&mut self, text: &Template, name: &str, shell: bool) {
        let declared = &self.definition.args;
        let near = closest(name, declared.keys().map(String::as_str));
        if declared.contains_key(name) || shell && near.is_none() {
            return;
        }
        let span = self.source.find(text.span, &format!("${{{name}}}"));
        let message = format!("`${{{name}}}` is left as it is: there is no argument `{name}`");
        let hint = match near {
            Some(near) => format!("did you mean `${{{near}}}`?"),
            None => "declare it under `args`".to_owned(),
        };
        self.find(span, "unknown_arg", message, &hint);
    }

    /// What Lobster does not find in a text it leaves in place, without a word.
    fn left_as_written(&mut self, at: usize, step: &StepDef) {
        let mut texts: Vec<(&Template, bool)> = Vec::new();
        let env: Vec<&Template> = step.env.values().collect();
        let shell = matches!(step.action, Action::Shell(_));
        step.each_template(&mut |text| {
            let line = matches!(&step.action, Action::Shell(line) if std::ptr::eq(line, text));
            let of_env = env.iter().any(|env| std::ptr::eq(*env, text));
            texts.push((text, line && shell || of_env));
        });
        for (text, own_rule) in texts {
            for segment in &text.segments {
                if self.full() {
                    return;
                }
                match segment {
                    Segment::Arg(name) if !own_rule => self.no_such_arg(text, name, false),
                    Segment::Step(found) => {
                        if !matches!(&step.action, Action::Shell(line) if std::ptr::eq(line, text))
                        {
                            self.no_such_step(text, found);
                        }
                        self.too_early(at, text, found);
                    }
                    _ => {}
                }
            }
        }
    }

    /// A step that comes later has no result yet; its reference stays as it is written.
    fn too_early(&mut self, at: usize, text: &Template, found: &Reference) {
        let Some(&target) = self.places.get(found.id.as_str()) else { return };
        let steps = &self.definition.steps;
        let seen_by = steps[at].fallback_of.unwrap_or(at);
        if target == at
            || has(&self.before[seen_by], target)
            || steps[at].phase != steps[target].phase
        {
            return;
        }
        let span = self.source.find(text.span, &found.to_string());
        let message = format!("`{found}` is left as it is: step `{}` has not run yet", found.id);
        let hint = format!("move it behind step `{}`", found.id);
        self.find(span, "not_needed", message, &hint);
    }

    /// No shell reads an `env` block: `$HOME` stays `$HOME`.
    pub(super) fn env(&mut self, template: &Template) {
        let hint = "use `${ARGUMENT}` or `$step.field`, or set the variable in `run`";
        for segment in &template.segments {
            if self.full() {
                return;
            }
            let (name, written) = match segment {
                Segment::Text(text) => {
                    let Some(at) = text.find('$') else { continue };
                    let name = text[at + 1..].trim_start_matches('{');
                    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let name = &name[..end.unwrap_or(name.len())];
                    (name, format!("${name}"))
                }
                Segment::Arg(name) if !self.definition.args.contains_key(name) => {
                    (name.as_str(), format!("${{{name}}}"))
                }
                Segment::Arg(_) | Segment::Step(_) => continue,
            };
            if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                let span = self.source.find(template.span, &written);
                let message = format!("`{written}` in an `env` block is not expanded");
                self.find(span, "env_not_expanded", message, hint);
            }
        }
    }
}

fn is_written(reference: &Reference) -> bool {
    !matches!(reference.id.as_str(), "flow" | "run")
        && WRITTEN.contains(&reference.path[0].as_str())
}
