//! One line per step.

use super::format::{line, plain};
use super::kind::kind;
use super::marks::{Marks, Place};
use crate::definition::model::{Definition, Phase, StepDef};
use std::fmt::Write as _;

/// Longer ids and statuses push the rest of their line to the right.
const COLUMN_MAX: usize = 40;

pub(super) fn ascii(definition: &Definition, marks: &Marks) -> String {
    let rows = rows(definition, marks);
    let chars = |text: &str| text.chars().count().min(COLUMN_MAX);
    let ids = rows.iter().map(|row| chars(&row.id)).max().unwrap_or(0);
    let words = rows.iter().map(|row| chars(row.words)).max().unwrap_or(0);
    let mut out = String::new();
    for Row { id, words: said, step, own } in &rows {
        let mut text = format!("{id:ids$}  ");
        if words > 0 {
            let _ = write!(text, "{said:words$}  ");
        }
        text.push_str(kind(step));
        if step.phase == Phase::Finally && *own {
            text.push_str(", finally");
        }
        if let Some(user) = step.fallback_of {
            let _ = write!(text, ", fallback of {}", plain(&definition.steps[user].id));
        }
        if let Some(when) = &step.when {
            let _ = write!(text, ", when {}", plain(when.source()));
        }
        if !step.needs.is_empty() && *own {
            let name = |need: &usize| plain(&definition.steps[*need].id);
            let names = step.needs.iter().map(name).collect::<Vec<_>>();
            let _ = write!(text, "  <- {}", names.join(", "));
        }
        line(&mut out, format_args!("{text}"));
    }
    out
}

struct Row<'r> {
    id: String,
    words: &'r str,
    step: &'r StepDef,
    /// Whether it is a step of the file, not one inside of another nor what undoes one.
    own: bool,
}

fn rows<'r>(definition: &'r Definition, marks: &'r Marks) -> Vec<Row<'r>> {
    let mut rows = Vec::new();
    for (at, step) in definition.steps.iter().enumerate() {
        let place = Place { step: at, part: None, undo: false };
        add(&mut rows, marks, place, step);
        for (part, inner) in step.parts().iter().enumerate() {
            add(&mut rows, marks, Place { part: Some(part), ..place }, inner);
        }
    }
    rows
}

/// A step, and what undoes it below.
fn add<'r>(rows: &mut Vec<Row<'r>>, marks: &'r Marks, place: Place, step: &'r StepDef) {
    let mut row = |place: Place, id: String, step| {
        let words = marks.get(place).map_or("", |mark| &mark.words);
        rows.push(Row { id, words, step, own: place.part.is_none() && !place.undo });
    };
    let indent = if place.part.is_some() { "  " } else { "" };
    row(place, format!("{indent}{}", plain(&step.id)), step);
    if let Some(undo) = &step.compensate {
        row(Place { undo: true, ..place }, format!("{indent}  undo"), undo);
    }
}
