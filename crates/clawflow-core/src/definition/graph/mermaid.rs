//! Mermaid flowcharts.

use super::format::{line, plain};
use super::picture::{Edge, Node, Picture, Shape};
use std::collections::BTreeMap;

/// The nodes of each status, and its colour.
type Classes = BTreeMap<&'static str, (&'static str, Vec<String>)>;

pub(super) fn mermaid(picture: &Picture) -> String {
    let mut out = String::from("flowchart TD\n");
    let mut classes = Classes::new();
    picture.nodes.iter().for_each(|one| node(&mut out, &mut classes, one, "  "));
    for Edge { from, to, label, dashed } in &picture.edges {
        let arrow = if *dashed { "-.->" } else { "-->" };
        let label = label.as_ref().map(|label| format!("|\"{}\"|", text(label)));
        line(&mut out, format_args!("  {from} {arrow}{} {to}", label.unwrap_or_default()));
    }
    for (status, (colour, keys)) in classes {
        line(&mut out, format_args!("  classDef {status} fill:{colour},color:#000000"));
        line(&mut out, format_args!("  class {} {status}", keys.join(",")));
    }
    out
}

/// Nesting is that of the file: a step, and those inside of it.
fn node(out: &mut String, classes: &mut Classes, node: &Node, indent: &str) {
    let key = node.place;
    let lines = node.lines.iter().chain(node.mark.as_ref().map(|mark| &mark.words));
    let label = lines.map(|line| text(line)).collect::<Vec<_>>().join("<br/>");
    if let Some(mark) = &node.mark {
        let of = classes.entry(mark.status).or_insert_with(|| (mark.colour, Vec::new()));
        of.1.push(key.to_string());
    }
    if node.inside.is_empty() {
        let (open, close) = brackets(node.shape);
        return line(out, format_args!("{indent}{key}{open}\"{label}\"{close}"));
    }
    line(out, format_args!("{indent}subgraph {key}[\"{label}\"]"));
    let deeper = format!("{indent}  ");
    node.inside.iter().for_each(|inner| self::node(out, classes, inner, &deeper));
    line(out, format_args!("{indent}end"));
}

fn brackets(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Plain => ("[", "]"),
        Shape::Gate => ("{", "}"),
        Shape::Wait => ("{{", "}}"),
        Shape::Flow => ("[[", "]]"),
        Shape::End => ("([", "])"),
        Shape::Undo => ("[/", "/]"),
    }
}

fn text(text: &str) -> String {
    let text = plain(text).replace('#', "#35;").replace('"', "#quot;");
    text.replace('<', "#lt;").replace('>', "#gt;")
}
