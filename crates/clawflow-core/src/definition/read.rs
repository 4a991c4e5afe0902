//! From bytes to a definition.

use std::collections::BTreeMap;

use super::budget;
use super::check;
use super::cost_limit;
use super::decode::{
    Decoder, Fields, check_name, choice, duration, expected, integer, label, not_long, text,
};
use super::error::{DefinitionError, Fault, Report};
use super::keys;
use super::limits::{FILE_BYTES_MAX, STEPS_MAX};
use super::mirrored;
use super::model::{ArgDef, Definition, Dialect, OnConflict, Phase};
use super::node::{Entry, Kind, Node};
use super::order;
use super::queue;
use super::source::{Source, Span};
use super::step::{self, RawStep};
use super::template::Names;
use super::yaml;
use crate::hash::sha256;
use crate::limits::LABELS_MAX;
use indexmap::IndexMap;

pub(super) const NOTIFY: [(&str, &str); 3] =
    [("done_only", "done_only"), ("state_changes", "state_changes"), ("silent", "silent")];

impl Definition {
    /// Reads and checks a workflow file. `file` is only what errors call it.
    ///
    /// # Errors
    /// What is wrong with the file, at most twenty mistakes in the order of the file.
    pub fn parse(file: &str, bytes: &[u8], dialect: Dialect) -> Result<Self, Vec<DefinitionError>> {
        let text = match readable(bytes) {
            Ok(text) => text,
            Err((good, fault)) => {
                let source = Source::new(file, good);
                let mut report = Report::new(&source);
                report.error(fault);
                return Err(report.errors());
            }
        };
        let source = Source::new(file, text);
        let mut report = Report::new(&source);
        let root = match yaml::read(text) {
            Ok(root) => root.filter(|root| !root.is_null()),
            Err(fault) => {
                report.error(fault);
                return Err(report.errors());
            }
        };
        let Some(root) = root else {
            let fault = Fault::new(Span::default(), "the file is empty");
            report.error(fault.hint("a workflow has at least `steps`"));
            return Err(report.errors());
        };
        let definition = decode(&mut report, &root, dialect);
        match definition {
            Some(definition) if !report.failed() => {
                let warnings = report.warnings();
                let (hash, source) = (sha256(bytes), text.to_owned());
                Ok(Self { warnings, hash, source, ..definition })
            }
            _ => Err(report.errors()),
        }
    }
}

/// What stands in a file, as a value, whether or not it is a workflow; `None` for what is no YAML.
#[must_use]
pub fn file_value(bytes: &[u8]) -> Option<serde_json::Value> {
    let text = readable(bytes).ok()?;
    yaml::read(text).ok()?.map(|root| root.to_value())
}

/// The text of the file, or the part before the mistake for the excerpt.
fn readable(bytes: &[u8]) -> Result<&str, (&str, Fault)> {
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("the file has more than {FILE_BYTES_MAX} bytes");
        return Err(("", Fault::new(Span::default(), message)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let end = error.valid_up_to();
        // invariant: everything up to `valid_up_to` is valid.
        let good = std::str::from_utf8(&bytes[..end]).unwrap_or("");
        let fault = Fault::new(Span { start: end, end }, "the file is not UTF-8 text");
        (good, fault)
    })?;
    match text.find('\0') {
        Some(at) => {
            let span = Span { start: at, end: at };
            let fault = Fault::new(span, "the file is not text: it contains a NUL byte");
            Err((&text[..at], fault))
        }
        None => Ok(text),
    }
}

/// What stands in a file, with the places; an error for what is no text or no YAML.
pub(super) fn tree(bytes: &[u8]) -> Result<Option<Node>, Fault> {
    yaml::read(readable(bytes).map_err(|(_, fault)| fault)?)
}

fn decode(report: &mut Report<'_>, root: &Node, dialect: Dialect) -> Option<Definition> {
    if dialect == Dialect::Strict && mirrored::refuse(report, root) {
        return None;
    }
    let mut decoder = Decoder { report, dialect, names: names(root) };
    let fields = decoder.fields(root, "the file", &keys::FLOW, &keys::FLOW_LATER)?;
    let notify = |node: &Node, place: &str| choice(node, place, &NOTIFY);
    let mut definition = Definition {
        dialect,
        name: decoder.optional(&fields, "name", label),
        description: decoder.optional(&fields, "description", label),
        goal: decoder.optional(&fields, "goal", label),
        key: fields.get("key").and_then(|node| {
            let result = decoder.template(node, "`key`");
            decoder.report.keep(result)
        }),
        on_conflict: on_conflict(&mut decoder, &fields),
        concurrency: decoder.optional(&fields, "concurrency", at_once),
        queue: queue::queue(&mut decoder, &fields),
        timeout_ms: decoder.optional(&fields, "timeout", lifetime),
        cost_limit: cost_limit::decode(&mut decoder, &fields),
        budget: budget::decode(&mut decoder, &fields),
        owner: decoder.optional(&fields, "owner", label),
        notify: decoder.optional(&fields, "notify", notify).map(str::to_owned),
        labels: decoder.optional(&fields, "labels", labels).unwrap_or_default(),
        args: args(&mut decoder, &fields),
        env: decoder.env(&fields),
        cwd: fields.get("cwd").and_then(|node| {
            let result = decoder.folder(node, "`cwd`");
            decoder.report.keep(result)
        }),
        steps: Vec::new(),
        warnings: Vec::new(),
        hash: String::new(),
        source: String::new(),
    };
    let raw = steps(&mut decoder, &fields, root)?;
    definition.steps = order::settle(decoder.report, raw);
    // References mean nothing while ids or needs are wrong.
    if !report.failed() {
        check::check(report, &definition);
    }
    Some(definition)
}

/// Steps of the flow that run at once.
fn at_once(node: &Node, place: &str) -> Result<usize, Fault> {
    let number = integer(node, place, 1, STEPS_MAX as u64)?;
    Ok(usize::try_from(number).unwrap_or(STEPS_MAX))
}

/// The time of the flow as a whole.
fn lifetime(node: &Node, place: &str) -> Result<u64, Fault> {
    match duration(node, place)? {
        0 => Err(Fault::new(node.span, format!("{place} must be longer than nothing"))),
        ms => Ok(ms),
    }
}

fn on_conflict(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> OnConflict {
    let choices =
        [("reject", OnConflict::Reject), ("join", OnConflict::Join), ("queue", OnConflict::Queue)];
    let choose = |node: &Node, place: &str| choice(node, place, &choices);
    decoder.optional(fields, "on_conflict", choose).unwrap_or(OnConflict::Reject)
}

/// The names that references may use, before anything is checked.
fn names(root: &Node) -> Names {
    let mut names = Names::default();
    let Kind::Map(entries) = &root.kind else { return names };
    let inside = |key: &str| entries.iter().find(|entry| entry.key == key).map(|e| &e.value.kind);
    if let Some(Kind::Map(args)) = inside("args") {
        names.args.extend(args.iter().map(|entry| entry.key.clone()));
    }
    for key in ["steps", "finally"] {
        let Some(Kind::List(steps)) = inside(key) else { continue };
        for step in steps {
            let Kind::Map(entries) = &step.kind else { continue };
            step_names(entries, &mut names);
        }
    }
    names
}

/// The id of a step, and the names that exist inside of it.
fn step_names(entries: &[Entry], names: &mut Names) {
    let inside = |key: &str| entries.iter().find(|entry| entry.key == key).map(|e| &e.value);
    names.steps.extend(inside("id").and_then(|id| label(id, "").ok()));
    if inside("for_each").is_some() {
        for (key, default) in [("item_var", "item"), ("index_var", "index")] {
            let name = inside(key).and_then(|name| label(name, "").ok());
            names.steps.insert(name.unwrap_or_else(|| default.to_owned()));
        }
    }
    let branches = inside("parallel").and_then(|node| match &node.kind {
        Kind::Map(entries) => entries.iter().find(|entry| entry.key == "branches"),
        _ => None,
    });
    for list in inside("steps").into_iter().chain(branches.map(|entry| &entry.value)) {
        let Kind::List(parts) = &list.kind else { continue };
        for part in parts {
            let Kind::Map(entries) = &part.kind else { continue };
            let id = entries.iter().find(|entry| entry.key == "id");
            names.steps.extend(id.and_then(|entry| label(&entry.value, "").ok()));
        }
    }
}

fn labels(node: &Node, place: &str) -> Result<BTreeMap<String, String>, Fault> {
    let Kind::Map(entries) = &node.kind else { return Err(expected("a mapping", node, place)) };
    if let Some(over) = entries.get(LABELS_MAX) {
        let message = format!("{place} has more than {LABELS_MAX} labels");
        return Err(Fault::new(over.key_span, message));
    }
    let pair = |entry: &Entry| {
        let name = not_long(entry.key.clone(), &entry.value, &format!("a name in {place}"))?;
        let place = format!("`{name}` in {place}");
        let value = not_long(label(&entry.value, &place)?, &entry.value, &place)?;
        Ok((name, value))
    };
    entries.iter().map(pair).collect()
}

fn args(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> IndexMap<String, ArgDef> {
    let mut args = IndexMap::new();
    let Some(node) = fields.get("args") else { return args };
    let Kind::Map(entries) = &node.kind else {
        decoder.report.error(expected("a mapping", node, "`args`"));
        return args;
    };
    for entry in entries {
        if decoder.strict() {
            let checked = check_name(&entry.key, entry.key_span, "the name of an argument");
            decoder.report.keep(checked);
        }
        let mut arg = ArgDef { default: None, description: None, span: entry.key_span };
        let place = format!("argument `{}`", entry.key);
        match &entry.value.kind {
            Kind::Map(inner) => {
                if let Some(fields) = decoder.fields(&entry.value, &place, &keys::ARG, &[]) {
                    // Here `null` is a value like any other, to Lobster too.
                    let default = inner.iter().find(|entry| entry.key == "default");
                    arg.default = default.map(|entry| entry.value.to_value());
                    arg.description = decoder.optional(&fields, "description", text);
                }
            }
            _ if entry.value.is_null() => {}
            _ => {
                let fault = expected("a mapping", &entry.value, &place);
                let fault = fault.hint(format!("write `{}: {{ default: … }}`", entry.key));
                match decoder.dialect {
                    Dialect::Strict => decoder.report.error(fault),
                    Dialect::Lobster => decoder.report.warn(fault),
                }
            }
        }
        args.insert(entry.key.clone(), arg);
    }
    args
}

fn steps(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>, root: &Node) -> Option<Vec<RawStep>> {
    let Some(node) = fields.get("steps") else {
        let fault =
            Fault::new(Span { end: root.span.start, ..root.span }, "the file has no `steps`");
        decoder.report.error(fault);
        return None;
    };
    let mut raw = Vec::new();
    for (key, phase) in [("steps", Phase::Forward), ("finally", Phase::Finally)] {
        let Some(node) = fields.get(key) else { continue };
        let Kind::List(items) = &node.kind else {
            decoder.report.error(expected("a list of steps", node, &format!("`{key}`")));
            continue;
        };
        if let Some(over) = items.get(STEPS_MAX.saturating_sub(raw.len())) {
            let message = format!("a flow has at most {STEPS_MAX} steps");
            decoder.report.error(Fault::new(over.span, message));
            return None;
        }
        for item in items {
            raw.extend(step::decode(decoder, item, phase));
        }
    }
    if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
        decoder.report.error(Fault::new(node.span, "`steps` is empty"));
    }
    Some(raw)
}
