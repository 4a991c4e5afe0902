//! What a run of a file would do, as far as that is known before anything has run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::condition::Known;
use super::files::Files;
use super::graph::kind;
use super::model::{
    Action, Definition, Dialect, HeaderValue, OnDeny, OnError, OnLost, OnTimeout, Phase, Secret,
    SleepDef, StepDef,
};
use super::order;
use super::reference::Reference;
use super::retry::{Backoff, Failure};
use super::template::{Mode, Segment, Template, ValueTemplate};
use crate::duration::format_ms;

/// A plan.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `name` of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `goal` of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// The flow's key, its arguments filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The longest time of all steps together, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The arguments that the plan is made with.
    pub args: BTreeMap<String, Value>,
    /// The steps in the order in which they may start.
    pub steps: Vec<PlannedStep>,
}

/// Whether a step will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// Once what it needs has ended.
    Yes,
    /// Its condition does not hold.
    No,
    /// Its condition depends on what other steps say.
    Depends,
    /// If the step that it stands in for fails.
    IfNeeded,
}

/// A step of a plan. References to results stay as they are written.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// Its id.
    pub id: String,
    /// What it does, in one word.
    pub kind: &'static str,
    /// Whether it is a step for every end of the flow.
    pub finally: bool,
    /// Steps with the same number may run side by side; from 1.
    pub wave: usize,
    /// The steps that must have ended.
    pub needs: Vec<String>,
    /// The step that it stands in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_of: Option<String>,
    /// Whether it will run.
    pub runs: Runs,
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What would be run: a line, words, a list of items, method and address of a server, endpoint
    /// and model, the file of a flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<Value>,
    /// The headers of a request; of secrets it says where they come from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a server or a model is sent, and a flow is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<Value>,
    /// The plan of its flow, where the file is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<Box<Plan>>,
    /// What it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Value>,
    /// Its own variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The folder it runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What it waits for, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
    /// Its limits, and what happens when it fails, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// The steps inside of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlannedStep>,
    /// What undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Box<PlannedStep>>,
}

/// Plans a run with these arguments, defaults applied. An approval counts as given. `path` is that
/// of the file, absolute; `files` are those that it names, see [`super::gather`], which has refused
/// files that name themselves.
#[must_use]
pub fn plan(
    definition: &Definition,
    args: BTreeMap<String, Value>,
    (path, files): (&str, &Files),
) -> Plan {
    let steps = &definition.steps;
    let mut waves = vec![1_usize; steps.len()];
    let (order, _) = order::sorted(steps);
    for at in order {
        let after = steps[at].needs.iter().map(|need| waves[*need] + 1).max();
        waves[at] = after.unwrap_or(1);
    }
    let runs = vec![Runs::Yes; steps.len()];
    let mut planner = Planner { definition, args: &args, runs, path, files };
    let last = waves.iter().copied().max().unwrap_or(0);
    for at in 0..steps.len() {
        if let Some(user) = steps[at].fallback_of {
            waves[at] = waves[user];
        }
        if steps[at].phase == Phase::Finally {
            waves[at] += last;
        }
    }
    let mut places: Vec<usize> = (0..steps.len()).collect();
    places.sort_by_key(|at| (steps[*at].phase == Phase::Finally, waves[*at], *at));
    let mut planned: Vec<PlannedStep> = Vec::with_capacity(steps.len());
    for at in places {
        planner.runs[at] = planner.runs(&steps[at]);
        planned.push(PlannedStep { wave: waves[at], ..planner.step(&steps[at], planner.runs[at]) });
    }
    let key = definition.key.as_ref().map(|key| planner.text(key));
    Plan {
        name: definition.name.clone(),
        goal: definition.goal.clone(),
        key,
        timeout_ms: definition.timeout_ms,
        steps: planned,
        args,
    }
}

struct Planner<'p> {
    definition: &'p Definition,
    args: &'p BTreeMap<String, Value>,
    /// Of the steps that were planned.
    runs: Vec<Runs>,
    path: &'p str,
    files: &'p Files,
}

impl Planner<'_> {
    fn runs(&self, step: &StepDef) -> Runs {
        let said = step.when.as_ref().map(|when| when.foresee(&|of| self.known(of)));
        match said {
            Some(Some(false)) => Runs::No,
            _ if step.fallback_of.is_some() => Runs::IfNeeded,
            Some(None) => Runs::Depends,
            Some(Some(true)) | None => Runs::Yes,
        }
    }

    fn known(&self, reference: &Reference) -> Known {
        let at = self.definition.step_index(&reference.id)?;
        let step = &self.definition.steps[at];
        let flag = |value: bool| Some(Some(Value::Bool(value)));
        match (reference.path[0].as_str(), self.runs[at]) {
            ("approved", Runs::Yes) if step.approval.is_some() => flag(true),
            ("approved", _) if step.approval.is_some() => None,
            ("approved", _) if reference.strict => flag(false),
            ("skipped", Runs::No) => flag(true),
            ("skipped", Runs::Yes) if reference.strict => flag(false),
            ("error", Runs::No) if reference.strict => flag(false),
            ("id", _) => None,
            (_, Runs::No) => Some(None),
            _ => None,
        }
    }

    fn step(&self, step: &StepDef, runs: Runs) -> PlannedStep {
        let steps = &self.definition.steps;
        let text = |template: &Template| self.text(template);
        let inner = |part: &StepDef| self.step(part, self.runs(part));
        PlannedStep {
            id: step.id.clone(),
            kind: kind(step),
            finally: step.phase == Phase::Finally,
            wave: 0,
            needs: step.needs.iter().map(|need| steps[*need].id.clone()).collect(),
            fallback_of: step.fallback_of.map(|user| steps[user].id.clone()),
            runs,
            when: step.when.as_ref().map(|when| when.source().to_owned()),
            what: self.what(step),
            headers: self.headers(step),
            sends: self.sends(step),
            flow: self.flow(step),
            stdin: step.stdin.as_ref().map(|stdin| self.value(stdin)),
            env: step.env.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            cwd: step.cwd.as_ref().map(text),
            waits: self.waits(step),
            limits: limits(step, &self.definition.steps),
            steps: step.parts().iter().map(inner).collect(),
            compensate: step.compensate.as_ref().map(|undo| Box::new(inner(undo))),
        }
    }

    fn what(&self, step: &StepDef) -> Option<Value> {
        Some(match &step.action {
            Action::Shell(line) | Action::Pipeline(line) => self.text(line).into(),
            Action::Argv(words) => words.iter().map(|word| self.value(word)).collect(),
            Action::ForEach(each) => self.value(&each.items),
            Action::Http(call) => {
                let query = call.query.iter();
                let query = query.map(|(name, value)| {
                    format!("{name}={}", super::reference::value_text(&self.value(value)))
                });
                let query = query.collect::<Vec<_>>().join("&");
                let mark = if query.is_empty() { "" } else { "?" };
                let url = self.text(&call.url);
                format!("{} {url}{mark}{query}", call.method.as_str()).into()
            }
            Action::Llm(call) => {
                let model = call.model.as_ref().map(|model| format!(", {}", self.text(model)));
                format!("{}{}", self.text(&call.endpoint), model.unwrap_or_default()).into()
            }
            Action::Acp(call) => {
                let model = call.model.as_ref().map(|model| format!(", {}", self.text(model)));
                format!("{}{}", self.text(&call.agent), model.unwrap_or_default()).into()
            }
            Action::Flow(child) => self.text(&child.file).into(),
            _ => return None,
        })
    }

    fn headers(&self, step: &StepDef) -> BTreeMap<String, String> {
        let Action::Http(call) = &step.action else { return BTreeMap::new() };
        let said = |value: &HeaderValue| match value {
            HeaderValue::Text(text) => self.text(text),
            HeaderValue::Secret { from: Secret::Env(name), prefix } => {
                format!("{prefix}(the variable {name})")
            }
            HeaderValue::Secret { from: Secret::File(path), prefix } => {
                format!("{prefix}(the file {path})")
            }
        };
        call.headers.iter().map(|(name, value)| (name.clone(), said(value))).collect()
    }

    fn sends(&self, step: &StepDef) -> Option<Value> {
        match &step.action {
            Action::Http(call) => call.body.as_ref().map(|body| self.value(body)),
            Action::Llm(call) => Some(match &call.system {
                None => self.value(&call.prompt),
                Some(system) => serde_json::json!({
                    "system": self.text(system),
                    "prompt": self.value(&call.prompt),
                }),
            }),
            Action::Acp(call) => Some(match &call.stdin {
                None => self.value(&call.prompt),
                Some(stdin) => serde_json::json!({
                    "prompt": self.value(&call.prompt),
                    "stdin": self.value(stdin),
                }),
            }),
            Action::Flow(child) => {
                let args = child.args.iter();
                let args = args.map(|(name, value)| (name.clone(), self.value(value)));
                Some(Value::Object(args.collect())).filter(|_| !child.args.is_empty())
            }
            _ => None,
        }
    }

    /// The plan of a flow below.
    fn flow(&self, step: &StepDef) -> Option<Box<Plan>> {
        let Action::Flow(child) = &step.action else { return None };
        let path = super::path::beside(self.path, &self.text(&child.file));
        let source = self.files.get(&path)?;
        let dialect = Dialect::of_path(std::path::Path::new(&path));
        let definition = Definition::parse(&path, source.as_bytes(), dialect).ok()?;
        let args = child.args.iter().map(|(name, value)| (name.clone(), self.value(value)));
        let args = definition.args_with_defaults(&args.collect());
        Some(Box::new(plan(&definition, args, (&path, self.files))))
    }

    fn waits(&self, step: &StepDef) -> Vec<String> {
        let mut waits = Vec::new();
        let open = |ms: Option<u64>, then: OnTimeout| match ms {
            Some(ms) => format!("for {}, then: {}", format_ms(ms), on_timeout(then)),
            None => "for ever".to_owned(),
        };
        match &step.action {
            Action::Sleep(SleepDef::For(ms)) => waits.push(format!("sleeps {}", format_ms(*ms))),
            Action::Sleep(SleepDef::Until(ms)) => {
                let until = jiff::Timestamp::from_millisecond(*ms);
                waits.push(format!(
                    "sleeps until {}",
                    until.map_or_else(|_| ms.to_string(), |at| at.to_string())
                ));
            }
            Action::Input(input) => {
                let asked = self.text(&input.prompt);
                waits.push(format!("asks {asked:?} {}", open(input.timeout_ms, input.on_timeout)));
            }
            Action::WaitFor(wanted) => {
                let key = wanted.key.as_ref().map(|key| format!(" with key {:?}", self.text(key)));
                waits.push(format!(
                    "waits for the event {:?}{} {}",
                    self.text(&wanted.event),
                    key.unwrap_or_default(),
                    open(wanted.timeout_ms, wanted.on_timeout)
                ));
            }
            _ => {}
        }
        if let Some(gate) = &step.approval {
            let asked =
                gate.prompt.as_ref().map_or_else(|| "approve?".to_owned(), |p| self.text(p));
            let denied = match gate.on_deny {
                OnDeny::Cancel => "cancel",
                OnDeny::Continue => "continue",
            };
            let by = match gate.approvers.as_slice() {
                [] => String::new(),
                names => format!(" of {}", names.join(", ")),
            };
            let open = open(gate.timeout_ms, gate.on_timeout);
            waits.push(format!("asks{by} {asked:?} {open}; a no: {denied}"));
        }
        waits
    }

    /// A text with its arguments; references that are not known stay as they are written.
    fn text(&self, template: &Template) -> String {
        let mut text = String::new();
        for segment in &template.segments {
            match segment {
                Segment::Text(plain) => text.push_str(plain),
                Segment::Arg(name) => text.push_str(&self.arg(name, template)),
                Segment::Step(reference) => match self.known(reference) {
                    Some(Some(Value::Bool(known))) => text.push_str(&known.to_string()),
                    _ => text.push_str(&reference.to_string()),
                },
            }
        }
        text
    }

    fn arg(&self, name: &str, template: &Template) -> String {
        match self.args.get(name) {
            Some(value) => super::reference::arg_text(
                value,
                !matches!(template.mode, Mode::Lobster | Mode::LobsterArgs),
            ),
            None => format!("${{{name}}}"),
        }
    }

    fn value(&self, value: &ValueTemplate) -> Value {
        match value {
            ValueTemplate::Literal(value) => value.clone(),
            ValueTemplate::Arg(template) => {
                let name = template.args().next().unwrap_or_default();
                self.args.get(name).cloned().unwrap_or_else(|| template.source.clone().into())
            }
            ValueTemplate::Reference(template) | ValueTemplate::Text(template) => {
                self.text(template).into()
            }
            ValueTemplate::List(items) => items.iter().map(|item| self.value(item)).collect(),
            ValueTemplate::Map(entries) => {
                let pairs = entries.iter().map(|(key, value)| (key.clone(), self.value(value)));
                Value::Object(pairs.collect())
            }
        }
    }
}

fn on_timeout(then: OnTimeout) -> &'static str {
    match then {
        OnTimeout::Fail => "fail",
        OnTimeout::Continue => "continue",
        OnTimeout::Cancel => "cancel",
    }
}

fn limits(step: &StepDef, steps: &[StepDef]) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(ms) = step.timeout_ms {
        limits.push(format!("at most {}", format_ms(ms)));
    }
    match &step.action {
        Action::ForEach(each) => {
            limits.push(match each.concurrency {
                1 => "one item at a time".to_owned(),
                many => format!("{many} items at a time"),
            });
            if each.pause_ms > 0 {
                let pause = format_ms(each.pause_ms);
                limits.push(format!("a pause of {pause} after {} items", each.batch_size));
            }
        }
        Action::Parallel(parallel) => {
            let ms = parallel.timeout_ms.map(|ms| format!("at most {}", format_ms(ms)));
            limits.extend(ms);
        }
        Action::Llm(call) => {
            limits.extend(call.max_tokens.map(|max| format!("at most {max} tokens")));
            if call.corrections > 0 {
                limits.push(format!("at most {} corrections", call.corrections));
            }
        }
        Action::Acp(call) => {
            let policy = call.permissions.as_ref().map(|policy| policy.words().join("; "));
            limits.extend(policy.map(|words| format!("permissions: {words}")));
            if call.corrections > 0 {
                limits.push(format!("at most {} corrections", call.corrections));
            }
        }
        _ => {}
    }
    if step.retry.max > 1 {
        limits.push(attempts(step));
    }
    limits.extend(match step.on_error {
        _ if step.phase == Phase::Finally => None,
        OnError::Stop => None,
        OnError::Continue => Some("a failure: the flow goes on".to_owned()),
        OnError::SkipRest => Some("a failure: the rest is skipped".to_owned()),
        OnError::Fallback(at) => {
            Some(format!("a failure: {} stands in", steps.get(at).map_or("", |step| &step.id)))
        }
    });
    if step.on_lost == OnLost::Retry {
        limits.push("a lost attempt is tried again".to_owned());
    }
    limits
}

fn attempts(step: &StepDef) -> String {
    let retry = &step.retry;
    let delay = format_ms(retry.delay_ms);
    let mut text = format!("{} attempts, ", retry.max);
    text.push_str(&match retry.backoff {
        Backoff::Fixed => format!("{delay} apart"),
        Backoff::Exponential => {
            format!("{delay} apart, doubling up to {}", format_ms(retry.max_delay_ms))
        }
    });
    let named = |failures: &[Failure]| {
        let word = |failure: &Failure| match failure {
            Failure::Exit(code) => code.to_string(),
            Failure::Text(text) => format!("{text:?}"),
        };
        failures.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    if !retry.retry_on.is_empty() {
        text.push_str(&format!(", after {}", named(&retry.retry_on)));
    }
    if !retry.stop_on.is_empty() {
        text.push_str(&format!(", not after {}", named(&retry.stop_on)));
    }
    text
}
