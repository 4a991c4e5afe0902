//! `table`: prints the items as a table.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, compact, property, text_of, width};
use indexmap::IndexSet;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "table",
    about: "Print the items as a table",
    flags: &[],
    required: &[],
    effects: &[],
    run,
};

/// The items that columns are taken from.
const SAMPLE: usize = 20;
/// No column is narrower.
const NARROW: usize = 3;

fn run(items: Items, _: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let items = collect(items)?;
    ctx.print(&rendered(&items))?;
    Ok(Staged::Rendered)
}

fn rendered(items: &[Value]) -> String {
    if items.is_empty() {
        return "(no results)\n".to_owned();
    }
    let mut columns: IndexSet<&str> = IndexSet::new();
    for item in items.iter().take(SAMPLE) {
        let Some(object) = item.as_object() else {
            return items.iter().map(|item| cell(item) + "\n").collect();
        };
        columns.extend(object.iter().map(|(name, _)| name));
    }
    let one_line = |text: String| text.replace('\n', " ");
    let row = |item| columns.iter().map(|c| one_line(cell(&property(item, c)))).collect();
    let names = columns.iter().map(|name| one_line((*name).to_owned())).collect();
    let rows: Vec<Vec<String>> = std::iter::once(names).chain(items.iter().map(row)).collect();
    let widest = |at: usize| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0).max(NARROW);
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        line(&mut text, row, &widths);
        if at == 0 {
            line(&mut text, &rule, &widths);
        }
    }
    text
}

fn line(text: &mut String, row: &[String], widths: &[usize]) {
    for (at, (cell, wide)) in row.iter().zip(widths).enumerate() {
        text.push_str(if at > 0 { "  " } else { "" });
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(cell))));
    }
    text.push('\n');
}

fn cell(value: &Value) -> String {
    match value {
        Value::Undefined | Value::Null => String::new(),
        Value::List(_) | Value::Object(_) => compact(value).unwrap_or_default(),
        value => text_of(value).into_owned(),
    }
}
