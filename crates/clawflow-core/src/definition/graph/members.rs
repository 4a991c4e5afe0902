//! The members of a mirrored group: nothing leads from one to another.

use super::dot::dot;
use super::format::{GraphFormat, line, plain};
use super::marks::{Marks, Place};
use super::mermaid::mermaid;
use super::picture::{Node, Picture, Shape};
use crate::step::Step;

/// Draws the members of a group, each with what it watches; `marked`: and where they stand.
#[must_use]
pub fn render_members(members: &[(Step, String)], marked: bool, format: GraphFormat) -> String {
    let rows: Vec<Step> = members.iter().map(|(step, _)| step.clone()).collect();
    let marks = Marks::of(if marked { &rows } else { &[] });
    if format == GraphFormat::Ascii {
        let mut out = String::new();
        let widest = rows.iter().map(|row| row.step_id.chars().count()).max().unwrap_or(0);
        for (step, watches) in members {
            let place = Place { step: step.position as usize, part: None, undo: false };
            let words = marks.get(place).map_or("", |mark| mark.words.as_str());
            let (id, watches) = (plain(&step.step_id), plain(watches));
            match words {
                "" => line(&mut out, format_args!("{id:widest$}  {watches}")),
                words => line(&mut out, format_args!("{id:widest$}  {words:9}  {watches}")),
            }
        }
        return out;
    }
    let node = |(step, watches): &(Step, String)| {
        let place = Place { step: step.position as usize, part: None, undo: false };
        Node {
            place,
            lines: vec![step.step_id.clone(), watches.clone()],
            shape: Shape::Wait,
            mark: marks.get(place).cloned(),
            inside: Vec::new(),
        }
    };
    let picture = Picture { nodes: members.iter().map(node).collect(), edges: Vec::new() };
    match format {
        GraphFormat::Dot => dot(&picture),
        GraphFormat::Mermaid | GraphFormat::Ascii => mermaid(&picture),
    }
}
