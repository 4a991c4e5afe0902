//! `lobster run --dry-run` of a workflow file: the plan, in Lobster's words. Nothing is run.
//!
//! Conditions are evaluated with what is known before anything ran: an approval counts as given,
//! and no step has printed anything. Failure: one message, in Lobster's words.

use super::file::{
    Execution, either, execution, field, id, is_gate, list, some_text, steps, text, with_args,
};
use super::pipeline::Pipeline;
use super::value::{Object, Value, number_text, text_of, trim};
use clawflow_core::definition::{Condition, Scope, StepView};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

const UNKNOWN: &str = "[contains step output refs — unknown at plan time]";

/// The plan of a file, as it is printed.
///
/// # Errors
/// Why the file cannot run, as far as that is known before.
pub(super) fn plan(workflow: &Value, args: &Object) -> Result<String, String> {
    let steps = steps(workflow);
    let plural = if steps.len() == 1 { "" } else { "s" };
    let lines = vec![format!("[DRY RUN] Would execute {} step{plural}:\n", steps.len())];
    let mut planner = Planner { args, known: Known::default(), lines };
    for (at, step) in steps.iter().enumerate() {
        planner.step(at + 1, step)?;
    }
    Ok(planner.lines.join("\n") + "\n")
}

/// What is known of a step.
#[derive(Clone, Debug, Default)]
struct Seen {
    approved: bool,
    skipped: bool,
    json: Option<serde_json::Value>,
    response: Option<serde_json::Value>,
}

/// The steps that were planned.
#[derive(Clone, Debug, Default)]
struct Known(HashMap<String, Seen>);

impl Scope for Known {
    fn step(&self, id: &str) -> Option<StepView<'_>> {
        let seen = self.0.get(id)?;
        Some(StepView {
            approved: seen.approved.then_some(true),
            skipped: seen.skipped,
            json: seen.json.as_ref().map(Cow::Borrowed),
            response: seen.response.as_ref(),
            ..StepView::default()
        })
    }

    fn arg(&self, _: &str) -> Option<&serde_json::Value> {
        None
    }

    fn flow(&self, _: &[&str]) -> Option<serde_json::Value> {
        None
    }

    fn run_attempt(&self) -> u32 {
        1
    }
}

impl Known {
    fn set(&mut self, id: &str, seen: Seen) {
        self.0.insert(id.to_owned(), seen);
    }

    fn holds(&self, step: &Value) -> Result<bool, String> {
        let condition = match either(step, "when", "condition") {
            value if value.is_nullish() => return Ok(true),
            Value::Bool(holds) => return Ok(*holds),
            Value::Text(text) => trim(text),
            _ => return Err("Unsupported condition type".to_owned()),
        };
        let unsupported = |_| format!("Unsupported condition: {condition}");
        let parsed = Condition::parse(condition, false).map_err(unsupported)?;
        parsed.eval(self).map_err(|error| first_upper(&error.message))
    }

    /// A text that is one reference must lead to a step.
    fn reaches(&self, value: &Value) -> Result<(), String> {
        static WHOLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"^\$([A-Za-z0-9_-]+)\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)$").ok()
        });
        let found = value.as_text().and_then(|text| WHOLE.as_ref()?.captures(trim(text)));
        match found {
            Some(found) if !self.0.contains_key(&found[1]) => {
                Err(format!("Unknown step reference: {}.{}", &found[1], &found[2]))
            }
            _ => Ok(()),
        }
    }
}

struct Planner<'w> {
    args: &'w Object,
    known: Known,
    lines: Vec<String>,
}

impl Planner<'_> {
    fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    fn step(&mut self, number: usize, step: &Value) -> Result<(), String> {
        let id = id(step);
        if !self.known.holds(step)? {
            self.known.set(id, Seen { skipped: true, ..Seen::default() });
            self.say(format!("  {number}. {id}  [skipped — condition: false]"));
            return Ok(());
        }
        let input = field(step, "input");
        if input.as_object().is_some() {
            self.say(format!("  {number}. {id}  [input]"));
            self.say(format!("     prompt: {}", text_of(field(input, "prompt"))));
            self.say("     [input required]".to_owned());
            let response = Some(serde_json::json!({ "pending": true }));
            self.known.set(id, Seen { response, ..Seen::default() });
            return Ok(());
        }
        if let (Some(items), Value::List(_)) = (text(step, "for_each"), field(step, "steps")) {
            self.each(number, step, items)?;
            self.attempts(step);
            self.known.set(id, Seen::default());
            return Ok(());
        }
        let stdin = field(step, "stdin");
        self.known.reaches(stdin).map_err(|why| format!("Workflow step {id} stdin: {why}"))?;
        self.action(number, step)?;
        if let Some(note) = stdin.as_text().and_then(stdin_note) {
            self.say(format!("     stdin: {note}"));
        }
        self.attempts(step);
        let gate = is_gate(step);
        if gate {
            self.say("     [approval required]".to_owned());
        }
        self.known.set(id, Seen { approved: gate, ..Seen::default() });
        Ok(())
    }

    fn action(&mut self, number: usize, step: &Value) -> Result<(), String> {
        let id = id(step);
        let head = |kind: &str| format!("  {number}. {id}  [{kind}]");
        match execution(step) {
            Execution::Parallel => {
                self.say(head("parallel"));
                return self.branches(field(step, "parallel"));
            }
            Execution::Workflow(path) => {
                self.say(head("workflow"));
                let path = noted(&self.filled(path));
                self.say(format!("     workflow: {path}"));
                let args = field(step, "workflow_args").as_object();
                let names = args.iter().flat_map(|args| args.iter()).map(|(name, _)| name);
                let names: Vec<&str> = names.collect();
                if !names.is_empty() {
                    self.say(format!("     args: {}", names.join(", ")));
                }
            }
            Execution::Shell(line) => {
                self.say(head("shell"));
                let line = noted(&self.filled(line));
                self.say(format!("     run: {line}"));
            }
            Execution::Pipeline(text) => {
                let text = self.filled(text);
                let unknown = |name: &str| {
                    format!("Workflow step {id} pipeline references unknown command: {name}")
                };
                let deferred = check_pipeline(&text, unknown)?;
                self.say(head("pipeline"));
                self.say(format!("     pipeline: {}", noted(&text)));
                if deferred {
                    let note = "[command validation deferred — stage name depends on step output]";
                    self.say(format!("     {note}"));
                }
            }
            Execution::Nothing => self.say(head("no-op")),
        }
        Ok(())
    }

    fn branches(&mut self, parallel: &Value) -> Result<(), String> {
        let wait = field(parallel, "wait");
        let wait = if wait.is_nullish() { "all".into() } else { text_of(wait) };
        self.say(format!("     wait: {wait}"));
        self.truthy("     timeout: ", field(parallel, "timeout_ms"), "ms");
        for branch in list(field(parallel, "branches")) {
            let id = id(branch);
            let text = match execution(branch) {
                Execution::Pipeline(text) => {
                    let text = self.filled(text);
                    check_pipeline(&text, |name| {
                        format!("Parallel branch {id} pipeline references unknown command: {name}")
                    })?;
                    format!("[pipeline] {}", noted(&text))
                }
                Execution::Shell(line) => format!("[shell] {}", noted(&self.filled(line))),
                _ => "[no-op]".to_owned(),
            };
            self.say(format!("     branch {id}: {text}"));
            self.known.set(id, Seen::default());
        }
        Ok(())
    }

    fn each(&mut self, number: usize, step: &Value, items: &str) -> Result<(), String> {
        let outer = id(step);
        self.say(format!("  {number}. {outer}  [for_each]"));
        self.say(format!("     for_each: {}", noted(items)));
        if trim(items).starts_with('$') {
            let failed = |why| format!("Workflow step {outer} for_each: {why}");
            self.known.reaches(field(step, "for_each")).map_err(failed)?;
        }
        let name = |key: &str, or: &str| text(step, key).unwrap_or(or).to_owned();
        let (item, index) = (name("item_var", "item"), name("index_var", "index"));
        self.say(format!("     item_var: {item}, index_var: {index}"));
        self.truthy("     batch_size: ", field(step, "batch_size"), "");
        self.truthy("     pause_ms: ", field(step, "pause_ms"), "");
        self.say(format!("     sub-steps: {}", steps(step).len()));
        let mut inside = self.known.clone();
        let json = |value| Seen { json: Some(value), ..Seen::default() };
        inside.set(&item, json(serde_json::json!({ "_placeholder": true })));
        inside.set(&index, json(serde_json::json!(0)));
        std::mem::swap(&mut self.known, &mut inside);
        for (at, sub) in steps(step).iter().enumerate() {
            self.sub_step(outer, at + 1, sub)?;
        }
        std::mem::swap(&mut self.known, &mut inside);
        Ok(())
    }

    fn sub_step(&mut self, outer: &str, number: usize, sub: &Value) -> Result<(), String> {
        let id = id(sub);
        if !self.known.holds(sub)? {
            self.say(format!("       {number}. {id}  [skipped — condition: false]"));
            self.known.set(id, Seen { skipped: true, ..Seen::default() });
            return Ok(());
        }
        let place = format!("Workflow step {outer} for_each sub-step {id}");
        let stdin = field(sub, "stdin");
        self.known.reaches(stdin).map_err(|why| format!("{place} stdin: {why}"))?;
        let text = match execution(sub) {
            Execution::Shell(line) => format!("[shell] run: {}", self.filled(line)),
            Execution::Pipeline(text) => {
                let text = self.filled(text);
                let unknown = |name: &str| format!("{place} pipeline: unknown command: {name}");
                check_pipeline(&text, unknown)?;
                format!("[pipeline] pipeline: {text}")
            }
            _ => "[no-op]".to_owned(),
        };
        self.say(format!("       {number}. {id}  {text}"));
        self.known.set(id, Seen::default());
        Ok(())
    }

    /// What is said of every step's attempts.
    fn attempts(&mut self, step: &Value) {
        self.truthy("     timeout: ", field(step, "timeout_ms"), "ms");
        let on_error = field(step, "on_error");
        if on_error.is_truthy() && on_error.as_text() != Some("stop") {
            self.say(format!("     on_error: {}", text_of(on_error)));
        }
        let retry = field(step, "retry");
        let max = number(field(retry, "max"), 1.0);
        if max > 1.0 {
            let backoff = some_text(retry, "backoff").unwrap_or("fixed");
            let base = number_text(number(field(retry, "delay_ms"), 1000.0));
            let jitter = if field(retry, "jitter").is_truthy() { ", jitter" } else { "" };
            let max = number_text(max);
            self.say(format!(
                "     retry: up to {max} attempts, {backoff} backoff (base: {base}ms{jitter})"
            ));
        }
    }

    fn truthy(&mut self, before: &str, value: &Value, after: &str) {
        if value.is_truthy() {
            self.say(format!("{before}{}{after}", text_of(value)));
        }
    }

    /// A text with what is known before anything runs.
    fn filled(&self, text: &str) -> String {
        static KNOWN: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\$([A-Za-z0-9_-]+)\.(stdout|json|approved)").ok());
        let text = with_args(text, self.args);
        let Some(known) = &*KNOWN else { return text.into_owned() };
        let fill = |found: &Captures<'_>| match self.known.0.get(&found[1]) {
            Some(seen) if &found[2] == "approved" => seen.approved.to_string(),
            _ => found[0].to_owned(),
        };
        known.replace_all(&text, fill).into_owned()
    }
}

fn number(value: &Value, or: f64) -> f64 {
    match value {
        Value::Number(number) => *number,
        _ => or,
    }
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Whether what a text says depends on what steps print.
fn is_open(text: &str) -> bool {
    static OPEN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\$[A-Za-z0-9_-]+\.(stdout|json)").ok());
    OPEN.as_ref().is_some_and(|open| open.is_match(text))
}

fn noted(text: &str) -> String {
    if is_open(text) { format!("{text}  {UNKNOWN}") } else { text.to_owned() }
}

fn stdin_note(text: &str) -> Option<String> {
    static ALL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\$[A-Za-z0-9_-]+\.(stdout|json)$").ok());
    let text = trim(text);
    if ALL.as_ref().is_some_and(|all| all.is_match(text)) {
        return Some(format!("{text}  [output unknown at plan time]"));
    }
    is_open(text).then(|| format!("{text}  {UNKNOWN}"))
}

/// Reads a pipeline and looks its commands up. Says whether one is known only when it runs.
fn check_pipeline(text: &str, unknown: impl Fn(&str) -> String) -> Result<bool, String> {
    let pipeline = Pipeline::parse(text).map_err(|failure| failure.message)?;
    let mut deferred = false;
    for (name, exists) in pipeline.commands() {
        if is_open(name) {
            deferred = true;
        } else if !exists {
            return Err(unknown(name));
        }
    }
    Ok(deferred)
}
