//! Graphviz digraphs.

use super::format::{line, plain};
use super::marks::Place;
use super::picture::{Edge, Node, Picture, Shape};

pub(super) fn dot(picture: &Picture) -> String {
    let mut out = String::from("digraph flow {\n  rankdir=TB;\n");
    if picture.nodes.iter().any(|node| !node.inside.is_empty()) {
        out.push_str("  compound=true;\n");
    }
    picture.nodes.iter().for_each(|one| node(&mut out, one, "  "));
    let blocks = picture.nodes.iter().filter(|node| !node.inside.is_empty());
    let blocks: std::collections::HashSet<Place> = blocks.map(|node| node.place).collect();
    for Edge { from, to, label, dashed } in &picture.edges {
        let mut attributes = Vec::new();
        attributes.extend(label.as_ref().map(|label| format!("label=\"{}\"", text(label))));
        attributes.extend(dashed.then(|| "style=dashed".to_owned()));
        for (place, end) in [(from, "ltail"), (to, "lhead")] {
            attributes.extend(blocks.contains(place).then(|| format!("{end}=cluster_{place}")));
        }
        let list = match attributes.is_empty() {
            true => String::new(),
            false => format!(" [{}]", attributes.join(", ")),
        };
        line(&mut out, format_args!("  {from} -> {to}{list};"));
    }
    out.push_str("}\n");
    out
}

/// Nesting is that of the file: a step, and those inside of it.
fn node(out: &mut String, node: &Node, indent: &str) {
    let key = node.place;
    let lines = node.lines.iter().chain(node.mark.as_ref().map(|mark| &mark.words));
    let label = lines.map(|line| text(line)).collect::<Vec<_>>().join("\\n");
    let colour = node.mark.as_ref().map(|mark| mark.colour);
    if node.inside.is_empty() {
        let shape = shape(node.shape);
        let fill = colour.map(|colour| format!(", style=filled, fillcolor=\"{colour}\""));
        let fill = fill.unwrap_or_default();
        return line(out, format_args!("{indent}{key} [label=\"{label}\", shape={shape}{fill}];"));
    }
    line(out, format_args!("{indent}subgraph cluster_{key} {{"));
    let fill = colour.map(|colour| format!(" style=filled; fillcolor=\"{colour}\";"));
    line(out, format_args!("{indent}  label=\"{label}\";{}", fill.unwrap_or_default()));
    // Lines lead to this one, and end at the border around it.
    line(out, format_args!("{indent}  {key} [shape=point, style=invis];"));
    let deeper = format!("{indent}  ");
    node.inside.iter().for_each(|inner| self::node(out, inner, &deeper));
    line(out, format_args!("{indent}}}"));
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Plain => "box",
        Shape::Gate => "diamond",
        Shape::Wait => "hexagon",
        Shape::Flow => "box3d",
        Shape::End => "oval",
        Shape::Undo => "parallelogram",
    }
}

fn text(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}
