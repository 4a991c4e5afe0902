//! Pictures of a workflow: Mermaid, Graphviz, or plain text.

use std::fmt::Write as _;

use super::model::{Action, Definition, Phase, StepDef};

/// The language of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz digraph.
    Dot,
    /// One line per step.
    Ascii,
}

/// Draws the steps of a definition and what they need.
#[must_use]
pub fn render(definition: &Definition, format: GraphFormat) -> String {
    match format {
        GraphFormat::Mermaid => mermaid(definition),
        GraphFormat::Dot => dot(definition),
        GraphFormat::Ascii => ascii(definition),
    }
}

fn mermaid(definition: &Definition) -> String {
    let mut out = String::from("flowchart TD\n");
    for (at, step) in definition.steps.iter().enumerate() {
        let label = mermaid_text(&step.id);
        let (open, close) = match step.approval {
            Some(_) => ("{", "}"),
            None if step.phase == Phase::Finally => ("([", "])"),
            None => ("[", "]"),
        };
        line(&mut out, format_args!("  s{at}{open}\"{label}\"{close}"));
    }
    for edge in edges(definition) {
        let Edge { from, to, label, dashed } = edge;
        let arrow = if dashed { "-.->" } else { "-->" };
        match label {
            Some(label) => {
                let label = mermaid_text(&label);
                line(&mut out, format_args!("  s{from} {arrow}|\"{label}\"| s{to}"));
            }
            None => line(&mut out, format_args!("  s{from} {arrow} s{to}")),
        }
    }
    out
}

fn dot(definition: &Definition) -> String {
    let mut out = String::from("digraph flow {\n  rankdir=TB;\n");
    for (at, step) in definition.steps.iter().enumerate() {
        let shape = match step.approval {
            Some(_) => "diamond",
            None if step.phase == Phase::Finally => "oval",
            None => "box",
        };
        let label = dot_text(&step.id);
        line(&mut out, format_args!("  s{at} [label=\"{label}\", shape={shape}];"));
    }
    for Edge { from, to, label, dashed } in edges(definition) {
        let mut attributes = Vec::new();
        attributes.extend(label.map(|label| format!("label=\"{}\"", dot_text(&label))));
        attributes.extend(dashed.then(|| "style=dashed".to_owned()));
        let list = match attributes.is_empty() {
            true => String::new(),
            false => format!(" [{}]", attributes.join(", ")),
        };
        line(&mut out, format_args!("  s{from} -> s{to}{list};"));
    }
    out.push_str("}\n");
    out
}

fn ascii(definition: &Definition) -> String {
    let steps = &definition.steps;
    let width = steps.iter().map(|step| step.id.chars().count()).max().unwrap_or(0).min(40);
    let mut out = String::new();
    for step in steps {
        let mut text = format!("{:width$}  {}", plain(&step.id), kind(step));
        if step.phase == Phase::Finally {
            text.push_str(", finally");
        }
        if let Some(user) = step.fallback_of {
            let _ = write!(text, ", fallback of {}", plain(&steps[user].id));
        }
        if let Some(when) = &step.when {
            let _ = write!(text, ", when {}", plain(when.source()));
        }
        if !step.needs.is_empty() {
            let names: Vec<String> = step.needs.iter().map(|&at| plain(&steps[at].id)).collect();
            let _ = write!(text, "  <- {}", names.join(", "));
        }
        line(&mut out, format_args!("{text}"));
    }
    out
}

/// What a step does, in a few words.
pub(crate) fn kind(step: &StepDef) -> &'static str {
    match (&step.action, &step.approval) {
        (Action::Shell(_), None) => "run",
        (Action::Shell(_), Some(_)) => "run, then approval",
        (Action::Argv(_), None) => "argv",
        (Action::Argv(_), Some(_)) => "argv, then approval",
        (Action::Sleep(_), None) => "sleep",
        (Action::Sleep(_), Some(_)) => "sleep, then approval",
        (Action::Synthetic, Some(_)) => "approval",
        (Action::Pipeline(_), None) => "pipeline",
        (Action::Pipeline(_), Some(_)) => "pipeline, then approval",
        (Action::ForEach(_), _) => "for_each",
        (Action::Parallel(_), _) => "parallel",
        (Action::Flow(_), None) => "flow",
        (Action::Flow(_), Some(_)) => "flow, then approval",
        (Action::Input(_), _) => "input",
        (Action::WaitFor(_), _) => "wait_for",
        (Action::Http(_), None) => "http",
        (Action::Http(_), Some(_)) => "http, then approval",
        (Action::Llm(_), None) => "llm",
        (Action::Llm(_), Some(_)) => "llm, then approval",
        (Action::Synthetic, None) => "value",
    }
}

struct Edge {
    from: usize,
    to: usize,
    label: Option<String>,
    dashed: bool,
}

fn edges(definition: &Definition) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (to, step) in definition.steps.iter().enumerate() {
        for &from in &step.needs {
            let label = step.when.as_ref().map(|when| format!("when: {}", when.source()));
            edges.push(Edge { from, to, label, dashed: false });
        }
        if let Some(from) = step.fallback_of {
            edges.push(Edge { from, to, label: Some("fallback".to_owned()), dashed: true });
        }
    }
    edges
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // invariant: writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn mermaid_text(text: &str) -> String {
    let text = plain(text).replace('#', "#35;").replace('"', "#quot;");
    text.replace('<', "#lt;").replace('>', "#gt;")
}

fn dot_text(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}
