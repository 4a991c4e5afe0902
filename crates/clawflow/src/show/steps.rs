//! The rows of a flow's steps. The steps inside of a loop are folded: a line says how many items
//! stand where, and only those follow that somebody may have to look at.

use super::paint::Paint;
use super::time::duration;
use crate::cli::escape;
use clawflow_core::Millis;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::Task;
use clawflow_engine::api::{FlowChild, FlowView};
use std::collections::{BTreeMap, HashMap};
use unicode_width::UnicodeWidthStr;

/// Rows of one loop that are shown besides its summary.
const ROWS: usize = 20;

/// What is inside of a step, by its position.
#[derive(Default)]
struct Inside<'v> {
    /// The rows of its branches, or of what undoes it.
    plain: Vec<&'v Step>,
    /// The rows of the items of a loop.
    items: BTreeMap<u32, Vec<&'v Step>>,
}

/// Whether loops are folded, and of how many items those are that have not ended: where that is
/// not known it is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Folded<'v> {
    /// Every row is shown.
    No,
    /// Items of loops by their positions.
    Yes(&'v HashMap<u32, usize>),
}

/// The rows; all of them, or the folded ones.
pub(super) fn rows(view: &FlowView, paint: Paint, now: Millis, folded: Folded<'_>) -> String {
    let mut inside: HashMap<u32, Inside<'_>> = HashMap::new();
    let mut top: Vec<&Step> = Vec::new();
    for step in &view.steps {
        match step.of {
            Some(of) if matches!(folded, Folded::Yes(_)) => {
                let inside = inside.entry(of.step).or_default();
                match of.item.filter(|_| !of.undo) {
                    Some(item) => inside.items.entry(item).or_default().push(step),
                    None => inside.plain.push(step),
                }
            }
            _ => top.push(step),
        }
    }
    let mut shown: Vec<Row<'_>> = Vec::new();
    let totals = match folded {
        Folded::No => &HashMap::new(),
        Folded::Yes(totals) => totals,
    };
    for step in top {
        shown.push(Row::Step(step, 0));
        add(&mut shown, (&inside, totals), step, 1);
    }
    let tasks = view.tasks.iter().map(|task| (&*task.task_id.0, task)).collect();
    let width = shown.iter().map(Row::width).max().unwrap_or(0).min(40);
    let digits = view.steps.len().to_string().len().max(3);
    let children = &view.children;
    let writer = Writer { paint, now, tasks, children, width, digits };
    let mut number = 0;
    shown.iter().map(|row| writer.line(row, &mut number)).collect()
}

/// What is inside of a step, below it.
fn add<'v>(
    shown: &mut Vec<Row<'v>>,
    (inside, totals): (&HashMap<u32, Inside<'v>>, &HashMap<u32, usize>),
    outer: &'v Step,
    depth: usize,
) {
    let Some(parts) = inside.get(&outer.position) else { return };
    for step in &parts.plain {
        shown.push(Row::Step(step, depth));
        add(shown, (inside, totals), step, depth + 1);
    }
    if parts.items.is_empty() {
        return;
    }
    let ended = outer.status.is_terminal().then_some(parts.items.len());
    let total = ended.or_else(|| totals.get(&outer.position).copied());
    shown.push(Row::Summary(summary(&parts.items, total)));
    let mut notable: Vec<&Step> = parts.items.values().flatten().copied().collect();
    notable.retain(|step| is_notable(step));
    for step in notable.iter().take(ROWS) {
        shown.push(Row::Step(step, depth));
        add(shown, (inside, totals), step, depth + 1);
    }
    if let Some(more) = notable.len().checked_sub(ROWS).filter(|more| *more > 0) {
        shown.push(Row::Summary(format!("{more} more; --all shows every row")));
    }
}

/// Whether somebody may have to look at it.
fn is_notable(step: &Step) -> bool {
    !matches!(
        step.status,
        StepStatus::Succeeded | StepStatus::Skipped | StepStatus::Pending | StepStatus::Cancelled
    )
}

/// How many items stand where: an item is what the worst of its steps is.
fn summary(items: &BTreeMap<u32, Vec<&Step>>, total: Option<usize>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut done = 0;
    for steps in items.values() {
        let is = |status| steps.iter().any(|step| step.status == status);
        if is(StepStatus::Failed) {
            *counts.entry("failed").or_default() += 1;
        } else if is(StepStatus::Cancelled) {
            *counts.entry("cancelled").or_default() += 1;
        } else if steps.iter().all(|step| step.status.is_terminal()) {
            done += 1;
        } else if is(StepStatus::InDoubt) {
            *counts.entry("in doubt").or_default() += 1;
        } else if is(StepStatus::Waiting) {
            *counts.entry("waiting").or_default() += 1;
        } else {
            *counts.entry("at work").or_default() += 1;
        }
    }
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let others = counts.into_iter().map(|(word, count)| format!(", {count} {word}"));
    format!("{done}{of} items done{}", others.collect::<String>())
}

enum Row<'v> {
    /// A step, and how deep inside of others it is.
    Step(&'v Step, usize),
    Summary(String),
}

impl Row<'_> {
    fn width(&self) -> usize {
        match self {
            Self::Step(step, depth) => escape(&step.step_id).width() + 2 * depth,
            Self::Summary(_) => 0,
        }
    }
}

struct Writer<'v> {
    paint: Paint,
    now: Millis,
    tasks: HashMap<&'v str, &'v Task>,
    children: &'v [FlowChild],
    width: usize,
    digits: usize,
}

impl Writer<'_> {
    fn line(&self, row: &Row<'_>, number: &mut usize) -> String {
        let digits = self.digits;
        let (step, depth) = match row {
            Row::Step(step, depth) => (step, *depth),
            Row::Summary(text) => return format!("{:digits$}   {text}\n", ""),
        };
        let label = match depth {
            0 => {
                *number += 1;
                number.to_string()
            }
            _ => String::new(),
        };
        let id = format!("{}{}", "  ".repeat(depth), escape(&step.step_id));
        let blanks = " ".repeat(self.width.saturating_sub(id.width()));
        let status = self.paint.status(&format!("{:9}", step.status));
        let took = self.took(step);
        let child = step.child_flow_id.as_ref().map_or("", |id| id.short());
        let task = step.task_id.as_ref().map_or(child, |id| id.short());
        let task = self.paint.dim(&format!("{:8}", escape(task)));
        let said = self.said(step);
        let line = format!("{label:>digits$} {id}{blanks}  {status}  {took:>6}  {task}  {said}");
        format!("{}\n", line.trim_end())
    }

    fn took(&self, step: &Step) -> String {
        match (step.started_at, step.ended_at, step.status) {
            (Some(start), Some(end), _) => duration(end - start),
            (Some(start), None, status) if status != StepStatus::Pending => {
                duration(self.now - start)
            }
            _ => String::new(),
        }
    }

    /// What the step says of itself: its error, or the last line of its progress.
    fn said(&self, step: &Step) -> String {
        if let Some(error) = &step.error {
            return format!("{}: {}", escape(&error.code), escape(&error.message));
        }
        if step.reused_from.is_some() {
            return "reused".to_owned();
        }
        if let Some(child) = &step.child_flow_id {
            let known = self.children.iter().find(|known| known.flow_id == *child);
            let stands = known.map_or(String::new(), |known| format!(" {}", known.status));
            return format!("flow {}{stands}", escape(&child.0));
        }
        let task = step.task_id.as_ref().and_then(|id| self.tasks.get(&*id.0));
        let live = |task: &&&Task| !step.status.is_terminal() && !task.status.is_terminal();
        let progress = task.filter(live).and_then(|task| task.progress_summary.as_deref());
        let attempt = match step.attempt {
            0 | 1 => String::new(),
            n => format!("attempt {n}  "),
        };
        match progress {
            Some(text) => format!("{attempt}\"{}\"", escape(text)),
            None => attempt,
        }
    }
}
