//! One step of the file.

use super::acp;
use super::attempt;
use super::blocks;
use super::budget;
use super::call;
use super::child;
use super::decode::{Decoder, Fields, boolean, check_name, choice, duration, expected};
use super::decode::{label, text};
use super::error::Fault;
use super::gate;
use super::input;
use super::keys;
use super::model::{Action, Dialect, OnError, OnLost, Phase, SleepDef, StepDef};
use super::node::{Kind, Node};
use super::queue;
use super::source::Span;
use super::template::ValueTemplate;

/// A step whose references to other steps are still names.
#[derive(Debug)]
pub(crate) struct RawStep {
    pub(crate) step: StepDef,
    /// `None` without the key.
    pub(crate) needs: Option<Vec<Named>>,
    pub(crate) needs_span: Span,
    pub(crate) fallback: Option<Named>,
}

/// The name of a step and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) span: Span,
}

/// Decodes a step. `None` without a usable id; what else is wrong is reported and left out.
pub(crate) fn decode(decoder: &mut Decoder<'_, '_>, node: &Node, phase: Phase) -> Option<RawStep> {
    let id = step_id(decoder, node)?;
    let place = format!("step `{}`", id.id);
    let fields = match phase {
        Phase::Forward => decoder.fields(node, &place, &keys::STEP, &keys::STEP_LATER)?,
        Phase::Finally => finally_fields(decoder, node, &place)?,
    };
    let (on_error, fallback) = decode_on_error(decoder, &fields);
    let action = decode_action(decoder, &fields);
    let idempotent = decoder.optional(&fields, "idempotent", boolean);
    // What was asked by a safe method, or of a model, may be asked again.
    let again = idempotent.unwrap_or_else(|| action.may_run_twice());
    let on_lost = decode_on_lost(decoder, &fields, again);
    let needs = decode_needs(decoder, &fields);
    let when = if fields.get("when").is_some() { "when" } else { "condition" };
    let when_node = fields.get(when);
    let step = StepDef {
        id: id.id,
        phase,
        action,
        env: decoder.env(&fields),
        cwd: fields.get("cwd").and_then(|node| {
            let result = decoder.folder(node, &format!("`cwd` of {place}"));
            decoder.report.keep(result)
        }),
        stdin: fields.get("stdin").map(|node| decoder.value(node)),
        when: when_node.and_then(|node| {
            let result = decoder.condition(node, &format!("`{when}` of {place}"));
            decoder.report.keep(result)
        }),
        needs: Vec::new(),
        retry: attempt::retry(decoder, &fields),
        timeout_ms: attempt::timeout(decoder, &fields),
        on_error,
        fallback_of: None,
        idempotent: again,
        on_lost,
        output: decoder.optional(&fields, "output", super::decode::name),
        approval: gate::decode(decoder, &fields),
        queue: queue::queue(decoder, &fields),
        budget: budget::decode(decoder, &fields),
        compensate: fields
            .get("compensate")
            .and_then(|node| compensate(decoder, node, &place, id.span)),
        span: id.span,
    };
    check_work(decoder, &fields, &step, needs.is_some());
    let needs_span = fields.entry("needs").map_or(id.span, |entry| entry.key_span);
    Some(RawStep { step, needs, needs_span, fallback })
}

/// What undoes a step: a process, bounded in time like those of `finally`.
fn compensate(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    outer: &str,
    span: Span,
) -> Option<Box<StepDef>> {
    let place = format!("`compensate` of {outer}");
    let fields = decoder.fields(node, &place, &keys::COMPENSATE, &[])?;
    let action = decode_action(decoder, &fields);
    if action == Action::Synthetic && !decoder.report.full() {
        let fault = Fault::new(node.span, format!("{place} does nothing"));
        decoder.report.error(fault.hint("give it `run` or `argv`"));
    }
    let env = decoder.env(&fields);
    let cwd = fields.get("cwd").and_then(|node| {
        let result = decoder.folder(node, &format!("`cwd` of {place}"));
        decoder.report.keep(result)
    });
    Some(Box::new(StepDef {
        id: "compensate".to_owned(),
        phase: Phase::Finally,
        action,
        env,
        cwd,
        stdin: fields.get("stdin").map(|node| decoder.value(node)),
        when: None,
        needs: Vec::new(),
        retry: attempt::retry(decoder, &fields),
        timeout_ms: attempt::timeout(decoder, &fields),
        on_error: OnError::Continue,
        fallback_of: None,
        idempotent: false,
        on_lost: OnLost::Fail,
        output: None,
        approval: None,
        queue: queue::queue(decoder, &fields),
        budget: None,
        compensate: None,
        span,
    }))
}

fn step_id(decoder: &mut Decoder<'_, '_>, node: &Node) -> Option<Named> {
    let Kind::Map(entries) = &node.kind else {
        decoder.report.error(expected("a mapping", node, "a step"));
        return None;
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "id") else {
        // The first key, as the span of the whole step would be many lines.
        let span = entries.first().map_or(node.span, |entry| entry.key_span);
        let fault = Fault::new(span, "this step has no `id`");
        decoder.report.error(fault.hint("add `id: NAME`; results are found by it"));
        return None;
    };
    let span = entry.value.span;
    let id = decoder.report.keep(label(&entry.value, "the id of a step"))?;
    if id.is_empty() {
        decoder.report.error(Fault::new(span, "the id of a step is empty"));
        return None;
    }
    // Lobster accepts any id; one with other characters is only out of the reach of references.
    if decoder.strict() || id.len() > super::limits::NAME_BYTES_MAX {
        decoder.report.keep(check_name(&id, span, "the id of a step"));
    }
    if decoder.strict() && matches!(id.as_str(), "flow" | "run") {
        let fault = Fault::new(span, format!("the step id `{id}` is reserved"));
        let hint = format!("`${id}.…` refers to the {id} itself; choose another id");
        decoder.report.error(fault.hint(hint));
    }
    Some(Named { id, span })
}

/// A key that is fine elsewhere gets its own message here.
fn finally_fields<'n>(
    decoder: &mut Decoder<'_, '_>,
    node: &'n Node,
    place: &str,
) -> Option<Fields<'n>> {
    let fields = decoder.fields(node, place, &keys::STEP, &keys::STEP_LATER)?;
    for key in keys::NOT_IN_FINALLY {
        if let Some(entry) = fields.entry(key) {
            let message = format!("`{key}` cannot be used in a `finally` step");
            let hint = "`finally` steps run one after another at every end of the flow";
            decoder.report.error(Fault::new(entry.key_span, message).hint(hint));
        }
    }
    Some(fields)
}

fn decode_action(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Action {
    let actions = [
        "run", "command", "argv", "pipeline", "sleep", "input", "wait_for", "http", "llm", "acp",
        "flow", "workflow", "parallel", "for_each",
    ];
    let present: Vec<&str> = actions.into_iter().filter(|key| fields.get(key).is_some()).collect();
    // In Lobster `run` wins over `command`.
    let lobster_pair = decoder.dialect == Dialect::Lobster && present == ["run", "command"];
    if let ([first, second, ..], false) = (present.as_slice(), lobster_pair) {
        decoder.exclusive(fields, first, second);
    }
    let Some((&key, node)) =
        present.first().and_then(|key| fields.get(key).map(|node| (key, node)))
    else {
        meaningless(decoder, fields, "nothing else");
        return Action::Synthetic;
    };
    let place = format!("`{key}` of {}", fields.place);
    let action = match key {
        "argv" => argv(decoder, node, &place),
        "pipeline" => decoder.template(node, &place).map(Action::Pipeline),
        "sleep" => sleep(decoder, node, &place),
        "input" => input::input(decoder, node, &place),
        "wait_for" => input::wait_for(decoder, node, &place),
        "http" => call::http(decoder, node, &place),
        "llm" => call::llm(decoder, node, &place),
        "acp" => acp::acp(decoder, node, &place),
        "flow" => child::flow(decoder, node, &place),
        "workflow" => child::workflow(decoder, fields, node, &place),
        "parallel" => blocks::parallel(decoder, node, &place),
        "for_each" => blocks::for_each(decoder, fields, node, &place),
        _ => decoder.shell(node, &place).map(|line| match line.source.trim() {
            "" => Action::Synthetic,
            _ => Action::Shell(line),
        }),
    };
    meaningless(decoder, fields, key);
    decoder.report.keep(action).unwrap_or(Action::Synthetic)
}

/// Keys that would have no effect beside this action are refused rather than ignored.
fn meaningless(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>, action: &str) {
    let block = matches!(action, "parallel" | "for_each");
    let words: &[&str] = match action {
        "input" | "wait_for" => &keys::OF_PROCESS,
        "http" | "llm" | "acp" => &["stdin"],
        "flow" | "workflow" if decoder.strict() => &keys::NOT_OF_CHILD,
        "for_each" if decoder.strict() => &["retry", "stdin", "idempotent", "on_lost", "approval"],
        "for_each" => &["approval"],
        "parallel" if !decoder.strict() => &["stdin", "idempotent", "on_lost", "approval"],
        "parallel" => &["retry", "stdin", "idempotent", "on_lost", "approval"],
        _ => &[],
    };
    let starts = keys::STARTS.contains(&action);
    for key in ["queue", "budget"].into_iter().filter(|_| !starts) {
        let Some(entry) = fields.entry(key) else { continue };
        let message = format!("`{key}` has no meaning for a step that starts no process");
        let fault = Fault::new(entry.key_span, message);
        let hint = "give it to the inner steps";
        decoder.report.error(if block { fault.hint(hint) } else { fault });
    }
    let of_loop: &[&str] = if action == "for_each" { &[] } else { &keys::OF_LOOP };
    let alone = action != "workflow" && decoder.strict();
    let args: &[&str] = if alone { &["workflow_args"] } else { &[] };
    for word in words.iter().chain(of_loop).chain(args) {
        let Some(entry) = fields.entry(word) else { continue };
        let message = format!("`{word}` has no meaning for a step with `{action}`");
        let fault = Fault::new(entry.key_span, message);
        let hint = "give it to the inner steps";
        decoder.report.error(if block { fault.hint(hint) } else { fault });
    }
}

fn argv(decoder: &Decoder<'_, '_>, node: &Node, place: &str) -> Result<Action, Fault> {
    let Kind::List(items) = &node.kind else {
        let fault = expected("a list", node, place);
        return Err(fault.hint("write one word per item, or use `run` for a shell line"));
    };
    let word = |item: &Node| match &item.kind {
        // `-n 1.10` must reach the program as it is written.
        Kind::Plain(value, written) if !value.is_null() => {
            Ok(ValueTemplate::Literal(written.clone().into()))
        }
        Kind::Text(_) => Ok(decoder.value(item)),
        _ => Err(expected("text", item, &format!("a word of {place}"))),
    };
    let words: Vec<ValueTemplate> = items.iter().map(word).collect::<Result<_, _>>()?;
    match words.first() {
        None => Err(Fault::new(node.span, format!("{place} is empty"))),
        Some(ValueTemplate::Literal(program)) if program == "" => {
            Err(Fault::new(items[0].span, format!("the program in {place} is empty")))
        }
        Some(_) => Ok(Action::Argv(words)),
    }
}

fn sleep(decoder: &mut Decoder<'_, '_>, node: &Node, place: &str) -> Result<Action, Fault> {
    if !matches!(node.kind, Kind::Map(_)) {
        return duration(node, place).map(|ms| Action::Sleep(SleepDef::For(ms)));
    }
    let fields = decoder.fields(node, place, &["until"], &[]);
    let Some(until) = fields.as_ref().and_then(|fields| fields.get("until")) else {
        return Err(Fault::new(node.span, format!("{place} has neither a duration nor `until`")));
    };
    let written = text(until, &format!("`until` of {place}"))?;
    match written.trim().parse::<jiff::Timestamp>() {
        Ok(time) => Ok(Action::Sleep(SleepDef::Until(time.as_millisecond()))),
        Err(_) => {
            let fault = Fault::new(until.span, format!("`{written}` is not a time"));
            Err(fault.hint("write it with its offset, for example \"2026-12-24T18:00:00Z\""))
        }
    }
}

fn decode_needs(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<Vec<Named>> {
    let node = fields.get("needs")?;
    let place = format!("`needs` of {}", fields.place);
    let Kind::List(items) = &node.kind else {
        let fault = expected("a list of step ids", node, &place);
        decoder.report.error(fault.hint("write `needs: [first, second]`"));
        return Some(Vec::new());
    };
    let mut needs = Vec::new();
    for item in items {
        let id = decoder.report.keep(label(item, &place));
        needs.extend(id.map(|id| Named { id, span: item.span }));
    }
    Some(needs)
}

fn decode_on_error(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> (OnError, Option<Named>) {
    let Some(node) = fields.get("on_error") else { return (OnError::Stop, None) };
    let place = format!("`on_error` of {}", fields.place);
    if matches!(node.kind, Kind::Map(_)) {
        let inner = decoder.fields(node, &place, &["fallback"], &[]);
        let Some(target) = inner.as_ref().and_then(|fields| fields.get("fallback")) else {
            let fault = Fault::new(node.span, format!("{place} names no fallback"));
            decoder.report.error(fault.hint("write `on_error: { fallback: OTHER-STEP }`"));
            return (OnError::Stop, None);
        };
        let id = decoder.report.keep(label(target, &format!("`fallback` in {place}")));
        return (OnError::Stop, id.map(|id| Named { id, span: target.span }));
    }
    let choices = [
        ("stop", OnError::Stop),
        ("continue", OnError::Continue),
        ("skip_rest", OnError::SkipRest),
    ];
    let chosen = decoder.report.keep(choice(node, &place, &choices));
    (chosen.unwrap_or(OnError::Stop), None)
}

fn decode_on_lost(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>, idempotent: bool) -> OnLost {
    let choices = [("ask", OnLost::Ask), ("retry", OnLost::Retry), ("fail", OnLost::Fail)];
    let choose = |node: &Node, place: &str| choice(node, place, &choices);
    let default = if idempotent { OnLost::Retry } else { OnLost::Ask };
    decoder.optional(fields, "on_lost", choose).unwrap_or(default)
}

/// A step must do something: run, wait, ask, hand on a value, or join other steps.
fn check_work(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>, step: &StepDef, joins: bool) {
    let written = [
        "run", "command", "argv", "pipeline", "sleep", "input", "wait_for", "http", "llm", "acp",
        "flow", "workflow", "parallel", "for_each", "approval",
    ];
    if written.into_iter().any(|key| fields.get(key).is_some()) || decoder.report.full() {
        return;
    }
    let strict = decoder.strict();
    if strict && (step.stdin.is_some() || joins) {
        return;
    }
    // An action of a later release was already refused by its own name.
    if keys::STEP_LATER.iter().any(|key| fields.entry(key).is_some()) {
        return;
    }
    let fault = Fault::new(step.span, format!("step `{}` does nothing", step.id));
    let hint = match strict {
        true => "give it `run`, `argv`, `sleep`, `approval`, `stdin` or `needs`",
        false => "a step of a .lobster file needs `run`, `command` or `approval`",
    };
    decoder.report.error(fault.hint(hint));
}
