//! The languages of pictures.

use super::ascii::ascii;
use super::dot::dot;
use super::marks::Marks;
use super::mermaid::mermaid;
use super::picture::Picture;
use crate::definition::model::Definition;
use crate::step::Step;

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

/// Draws the steps of a definition and what they need; where they stand as well, for the rows of
/// a flow that was made from it. `None` draws the file.
#[must_use]
pub fn render(definition: &Definition, rows: Option<&[Step]>, format: GraphFormat) -> String {
    let marks = Marks::of(rows.unwrap_or_default());
    match format {
        GraphFormat::Mermaid => mermaid(&Picture::of(definition, &marks)),
        GraphFormat::Dot => dot(&Picture::of(definition, &marks)),
        GraphFormat::Ascii => ascii(definition, &marks),
    }
}

/// A text without characters that would end a line or steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Adds a line.
pub(super) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    // invariant: writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}
