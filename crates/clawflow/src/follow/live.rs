//! One live line per step: what it does, for how long, its last progress.

use super::muted::Muted;
use crate::cli::escape;
use clawflow_core::step::{Step, StepStatus};
use clawflow_engine::api::FlowView;
use clawflow_engine::clock::now;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// How often spinners and times move.
const TICK: Duration = Duration::from_millis(100);
/// Steps that get a line of their own; a longer flow shows those at work.
const LINES_MAX: usize = 40;

/// The lines on the screen.
pub(crate) struct Live {
    lines: MultiProgress,
    bars: Vec<Bar>,
    color: bool,
    /// Until the lines stand still.
    muted: Option<Muted>,
}

struct Bar {
    step_id: String,
    bar: ProgressBar,
    shown: Option<StepStatus>,
}

impl Live {
    pub(super) fn new(color: bool) -> Self {
        Self { lines: MultiProgress::new(), bars: Vec::new(), color, muted: Muted::controls() }
    }

    /// Draws the flow as it is.
    pub(super) fn draw(&mut self, view: &FlowView) {
        let width = view.steps.iter().map(|s| s.step_id.chars().count()).max().unwrap_or(0).min(32);
        for step in &view.steps {
            let idle = step.status == StepStatus::Pending;
            if !self.bars.iter().any(|bar| bar.step_id == step.step_id) {
                if idle && (self.bars.len() >= LINES_MAX || view.steps.len() > LINES_MAX) {
                    continue;
                }
                let bar = self.lines.add(ProgressBar::new_spinner());
                self.bars.push(Bar { step_id: step.step_id.clone(), bar, shown: None });
            }
            let text = self.text(view, step, width);
            let Some(bar) = self.bars.iter_mut().find(|bar| bar.step_id == step.step_id) else {
                continue;
            };
            bar.show(step, text);
        }
    }

    fn text(&self, view: &FlowView, step: &Step, width: usize) -> String {
        let took = match (step.started_at, step.ended_at) {
            (Some(from), Some(to)) => seconds(to - from),
            _ => String::new(),
        };
        let note = match step.status {
            StepStatus::Failed | StepStatus::Retrying | StepStatus::InDoubt => {
                step.error.as_ref().map(|error| error.message.clone())
            }
            StepStatus::Skipped => step.error.as_ref().map(|error| error.message.clone()),
            StepStatus::Waiting => {
                let wait = view.waits.iter().find(|w| Some(&w.wait_id) == step.wait_id.as_ref());
                wait.and_then(|wait| wait.prompt.clone())
            }
            _ => {
                let task = view.tasks.iter().find(|t| Some(&t.task_id) == step.task_id.as_ref());
                task.and_then(|task| task.progress_summary.clone())
            }
        };
        let status = paint(step.status, self.color);
        let id = escape(&step.step_id);
        let note = note.map(|n| escape(n.lines().next().unwrap_or_default())).unwrap_or_default();
        format!("{id:width$}  {status} {took:>7}  {note}").trim_end().to_owned()
    }

    pub(super) fn say(&self, text: &str) {
        // Lost words are no failure.
        let _ = self.lines.println(text);
    }

    /// Leaves the lines as they are.
    /// What is printed afterwards stands below them: nothing here draws again.
    pub(super) fn close(&mut self) {
        for bar in self.bars.drain(..) {
            bar.bar.disable_steady_tick();
            bar.bar.abandon();
        }
        self.lines.set_draw_target(ProgressDrawTarget::hidden());
        self.muted = None;
    }
}

impl Bar {
    fn show(&mut self, step: &Step, text: String) {
        let active = !step.status.is_terminal() && step.status != StepStatus::Pending;
        if self.shown != Some(step.status) {
            self.shown = Some(step.status);
            let template =
                if active { "  {spinner} {wide_msg} {elapsed}" } else { "  {prefix} {wide_msg}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.set_prefix(mark(step.status));
            if active {
                let since = step.started_at.map_or(0, |at| now() - at);
                let since = Duration::from_millis(u64::try_from(since).unwrap_or_default());
                self.bar.set_elapsed(since);
                self.bar.enable_steady_tick(TICK);
            } else {
                self.bar.disable_steady_tick();
            }
        }
        self.bar.set_message(text);
        self.bar.tick();
    }
}

/// A sign for a step that does not move.
fn mark(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped => "-",
        StepStatus::Cancelled => "×",
        _ => " ",
    }
}

/// The status in a column of its own, coloured if asked.
fn paint(status: StepStatus, color: bool) -> String {
    let word = format!("{:<9}", status.as_str());
    let code = match status {
        _ if !color => return word,
        StepStatus::Succeeded => "32",
        StepStatus::Failed | StepStatus::InDoubt => "31",
        StepStatus::Waiting | StepStatus::Retrying => "33",
        StepStatus::Starting | StepStatus::Running => "36",
        StepStatus::Pending | StepStatus::Skipped | StepStatus::Cancelled => "2",
    };
    format!("\u{1b}[{code}m{word}\u{1b}[0m")
}

/// Milliseconds as people read them.
fn seconds(ms: i64) -> String {
    let tenths = ms.max(0) / 100;
    match tenths {
        0..600 => format!("{}.{}s", tenths / 10, tenths % 10),
        600..36_000 => format!("{}m{:02}s", tenths / 600, tenths / 10 % 60),
        _ => format!("{}h{:02}m", tenths / 36_000, tenths / 600 % 60),
    }
}
