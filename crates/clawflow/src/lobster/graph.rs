//! `lobster graph`: the pictures that Lobster makes of its files, to the letter.

use super::file::{cut, either, field, id, is_gate, shell, some_text, steps, text, with_args};
use super::value::{Object, Value, text_of, trim};
use regex::Regex;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The longest text of a step, in UTF-16 units.
const DETAILS_UNITS: usize = 80;
/// The longest condition.
const CONDITION_UNITS: usize = 70;

/// The language of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Mermaid,
    Dot,
    Ascii,
}

impl Format {
    /// The language of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "mermaid" => Self::Mermaid,
            "dot" => Self::Dot,
            "ascii" => Self::Ascii,
            _ => return None,
        })
    }
}

/// Draws the top-level steps of a file, without a line end after the last line.
pub(super) fn render(workflow: &Value, format: Format, args: &Object) -> String {
    let graph = Graph::of(workflow, args);
    match format {
        Format::Mermaid => graph.mermaid(),
        Format::Dot => graph.dot(),
        Format::Ascii => graph.ascii(),
    }
}

struct Node<'w> {
    id: &'w str,
    kind: &'static str,
    label: String,
    gate: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Edge<'w> {
    from: &'w str,
    to: &'w str,
    label: String,
}

struct Graph<'w> {
    nodes: Vec<Node<'w>>,
    edges: Vec<Edge<'w>>,
}

impl<'w> Graph<'w> {
    fn of(workflow: &'w Value, args: &Object) -> Self {
        let steps = steps(workflow);
        let known: HashSet<&str> = steps.iter().map(id).collect();
        let mut graph = Self { nodes: Vec::new(), edges: Vec::new() };
        let mut seen = HashSet::new();
        let mut before = None;
        for step in steps {
            let mut edge = |from: &'w str, label: &str| {
                let edge = Edge { from, to: id(step), label: label.to_owned() };
                if seen.insert(edge.clone()) {
                    graph.edges.push(edge);
                }
            };
            if let Some(before) = before {
                edge(before, "next");
            }
            before = Some(id(step));
            let mut all = vec![("stdin".to_owned(), field(step, "stdin"))];
            let list = field(step, "for_each");
            all.extend(list.as_text().map(|_| ("for_each".to_owned(), list)));
            let when = either(step, "when", "condition");
            if let Some(text) = when.as_text().map(trim).filter(|text| !text.is_empty()) {
                all.push((cut(&format!("when: {text}"), CONDITION_UNITS).into_owned(), when));
            }
            for (label, value) in all {
                let mut ids = Vec::new();
                references(value, &mut ids);
                ids.iter().filter_map(|id| known.get(id)).for_each(|from| edge(from, &label));
            }
            let details = details(step, args);
            let label = match details.is_empty() {
                true => id(step).to_owned(),
                false => format!("{}\\n{}", id(step), cut(&details, DETAILS_UNITS)),
            };
            graph.nodes.push(Node { id: id(step), kind: kind(step), label, gate: is_gate(step) });
        }
        graph
    }

    fn mermaid(&self) -> String {
        let mut used: HashSet<String> = HashSet::new();
        let mut keys: Vec<String> = Vec::new();
        for node in &self.nodes {
            let plain = mermaid_id(node.id);
            let mut key = match plain.starts_with(|c: char| c.is_ascii_digit()) {
                true => format!("s_{plain}"),
                false => plain.clone(),
            };
            let mut next = 2;
            while !used.insert(key.clone()) {
                key = format!("{plain}_{next}");
                next += 1;
            }
            keys.push(key);
        }
        let key = |id: &str| self.nodes.iter().position(|node| node.id == id).map(|at| &keys[at]);
        let mut out = "flowchart TD".to_owned();
        for (node, key) in self.nodes.iter().zip(&keys) {
            let (open, close) = if node.gate { ("{", "}") } else { ("[", "]") };
            let label = mermaid_text(&node.label);
            push(&mut out, format_args!("  {key}{open}\"{label}\"{close}"));
        }
        push(&mut out, format_args!(""));
        for Edge { from, to, label } in &self.edges {
            let (Some(from), Some(to)) = (key(from), key(to)) else { continue };
            push(&mut out, format_args!("  {from} -->|{}| {to}", mermaid_text(label)));
        }
        out
    }

    fn dot(&self) -> String {
        let mut out = "digraph workflow {\n  rankdir=TB;".to_owned();
        for node in &self.nodes {
            let shape = if node.gate { "diamond" } else { "box" };
            let (id, label) = (dot_text(node.id), dot_text(&node.label));
            push(&mut out, format_args!("  \"{id}\" [shape={shape},label=\"{label}\"];"));
        }
        push(&mut out, format_args!(""));
        for Edge { from, to, label } in &self.edges {
            let (from, to, label) = (dot_text(from), dot_text(to), dot_text(label));
            push(&mut out, format_args!("  \"{from}\" -> \"{to}\" [label=\"{label}\"];"));
        }
        push(&mut out, format_args!("}}"));
        out
    }

    fn ascii(&self) -> String {
        let mut out = "Workflow Graph\n\nNodes:".to_owned();
        for Node { id, kind, label, .. } in &self.nodes {
            let details = label.split("\\n").nth(1).map(|details| format!("({details})"));
            let line = format!("- {id} [{kind}] {}", details.unwrap_or_default());
            push(&mut out, format_args!("{}", trim(&line)));
        }
        out.push_str("\n\nEdges:");
        for Edge { from, to, label } in &self.edges {
            push(&mut out, format_args!("- {from} -> {to} ({label})"));
        }
        if self.edges.is_empty() {
            push(&mut out, format_args!("- (none)"));
        }
        out
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    // invariant: writing to a string does not fail.
    let _ = write!(out, "\n{line}");
}

fn kind(step: &Value) -> &'static str {
    match step {
        step if field(step, "parallel").is_truthy() => "parallel",
        step if text(step, "for_each").is_some() => "for_each",
        step if some_text(step, "workflow").is_some() => "workflow",
        step if some_text(step, "pipeline").is_some() => "pipeline",
        step if shell(step).is_some() => "run",
        step if is_gate(step) => "approval",
        step if field(step, "input").as_object().is_some() => "input",
        _ => "step",
    }
}

fn details(step: &Value, args: &Object) -> String {
    let filled = |name: &str, text: &str| format!("{name}: {}", with_args(text, args));
    let parallel = field(step, "parallel");
    if parallel.is_truthy() {
        let wait = field(parallel, "wait");
        let wait = if wait.is_nullish() { "all".into() } else { text_of(wait) };
        return format!("parallel ({wait})");
    }
    if let Some(list) = text(step, "for_each") {
        return filled("for_each", list);
    }
    for name in ["workflow", "pipeline"] {
        if let Some(text) = some_text(step, name) {
            return filled(name, text);
        }
    }
    match shell(step).filter(|line| !trim(line).is_empty()) {
        Some(line) => filled("run", line),
        None if is_gate(step) => "approval gate".to_owned(),
        None if field(step, "input").as_object().is_some() => "input request".to_owned(),
        None => String::new(),
    }
}

/// The ids of the references in a value, each once. Recursion is bounded by the reader of files.
fn references<'v>(value: &'v Value, ids: &mut Vec<&'v str>) {
    static REFERENCE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\$([A-Za-z0-9_-]+)\.[A-Za-z0-9_]").ok());
    match value {
        Value::Text(text) => {
            let found = REFERENCE.iter().flat_map(|regex| regex.captures_iter(text));
            for id in found.filter_map(|found| found.get(1)).map(|id| id.as_str()) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| references(item, ids)),
        Value::Object(object) => object.iter().for_each(|(_, value)| references(value, ids)),
        _ => {}
    }
}

fn mermaid_id(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let char = |c: char| if plain(c) { c.to_string() } else { "_".repeat(c.len_utf16()) };
    id.chars().map(char).collect()
}

fn mermaid_text(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "&quot;");
    text.replace('<', "&lt;").replace('>', "&gt;").replace('|', "&#124;")
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
