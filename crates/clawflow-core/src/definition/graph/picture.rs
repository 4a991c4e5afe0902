//! What a picture shows, whatever its language.

use super::marks::{Mark, Marks, Place};
use crate::definition::model::{Action, Definition, Phase, Race, StepDef};

/// What a node looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A step.
    Plain,
    /// Somebody decides.
    Gate,
    /// Nothing runs: time passes, or something happens elsewhere.
    Wait,
    /// A flow of its own.
    Flow,
    /// A step for every end of the flow.
    End,
    /// What undoes a step.
    Undo,
}

impl Shape {
    fn of(step: &StepDef) -> Self {
        match &step.action {
            _ if step.approval.is_some() => Self::Gate,
            Action::Input(_) => Self::Gate,
            _ if step.phase == Phase::Finally => Self::End,
            Action::Sleep(_) | Action::WaitFor(_) => Self::Wait,
            Action::Flow(_) => Self::Flow,
            _ => Self::Plain,
        }
    }
}

/// A step.
pub(super) struct Node {
    pub(super) place: Place,
    /// What is written in it, line by line.
    pub(super) lines: Vec<String>,
    pub(super) shape: Shape,
    pub(super) mark: Option<Mark>,
    /// The steps inside and what undoes them, if it is a loop or has branches.
    pub(super) inside: Vec<Node>,
}

/// A line between two nodes.
pub(super) struct Edge {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) label: Option<String>,
    pub(super) dashed: bool,
}

/// Nodes and lines.
pub(super) struct Picture {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

impl Picture {
    pub(super) fn of(definition: &Definition, marks: &Marks) -> Self {
        let mut drawing = Drawing { marks, edges: Vec::new() };
        let mut nodes = Vec::new();
        for (at, step) in definition.steps.iter().enumerate() {
            let place = Place { step: at, part: None, undo: false };
            let before = step.needs.iter();
            let before = before.map(|need| Place { step: *need, ..place }).collect::<Vec<_>>();
            let fallback = step.fallback_of.map(|user| Place { step: user, ..place });
            drawing.step(&mut nodes, place, step, &before);
            drawing.edges.extend(fallback.map(|from| Edge {
                from,
                to: place,
                label: Some("fallback".to_owned()),
                dashed: true,
            }));
        }
        Self { nodes, edges: drawing.edges }
    }
}

struct Drawing<'m> {
    marks: &'m Marks,
    edges: Vec<Edge>,
}

impl Drawing<'_> {
    /// A step with what is inside of it and what undoes it.
    fn step(&mut self, nodes: &mut Vec<Node>, place: Place, step: &StepDef, before: &[Place]) {
        let when = step.when.as_ref().map(|when| format!("when: {}", when.source()));
        for from in before {
            self.edges.push(Edge { from: *from, to: place, label: when.clone(), dashed: false });
        }
        let mut lines = vec![name(step)];
        lines.extend(when.filter(|_| before.is_empty()));
        let mut inside = Vec::new();
        let in_turn = matches!(step.action, Action::ForEach(_));
        for (part, inner) in step.parts().iter().enumerate() {
            let at = |part| Place { part: Some(part), ..place };
            let before = part.checked_sub(1).filter(|_| in_turn).map(at);
            self.step(&mut inside, at(part), inner, before.as_slice());
        }
        let shape = Shape::of(step);
        nodes.push(Node { place, lines, shape, mark: self.marks.get(place).cloned(), inside });
        if step.compensate.is_some() {
            let to = Place { undo: true, ..place };
            let label = Some("undone by".to_owned());
            self.edges.push(Edge { from: place, to, label, dashed: true });
            nodes.push(Node {
                place: to,
                lines: vec![format!("undo {}", step.id)],
                shape: Shape::Undo,
                mark: self.marks.get(to).cloned(),
                inside: Vec::new(),
            });
        }
    }
}

/// The id of a step; of one with others inside also how they run.
fn name(step: &StepDef) -> String {
    let how = match &step.action {
        Action::ForEach(each) if each.concurrency == 1 => "for each item",
        Action::ForEach(each) => {
            return format!("{}: for each item, {} at a time", step.id, each.concurrency);
        }
        Action::Parallel(parallel) => match parallel.wait {
            Race::All => "all of",
            Race::Any => "the first of",
        },
        _ => return step.id.clone(),
    };
    format!("{}: {how}", step.id)
}
