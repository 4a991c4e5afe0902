//! What the steps did in the world, by the lines that they wrote, against the ledger.

use super::story::Story;
use clawflow_core::task::{Task, TaskStatus};
use std::collections::BTreeMap;

/// The lines of one attempt: the word and its place in the file.
type Lines<'a> = Vec<(usize, &'a str)>;

/// What one flow's steps wrote, by step and attempt, and what the harness wrote about it.
#[derive(Default)]
pub(crate) struct World<'a> {
    attempts: BTreeMap<(&'a str, u32), Lines<'a>>,
    /// Where a cancel was acknowledged.
    cancelled: Option<usize>,
    /// Where the end was seen.
    ended: Option<usize>,
    odd: Vec<String>,
}

impl<'a> World<'a> {
    /// Of the lines of a round, those of this flow.
    pub(crate) fn of(marks: &'a str, flow: &str) -> Self {
        let mut world = Self::default();
        for (at, line) in marks.lines().enumerate() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                [_, of, ..] if *of != flow => {}
                ["cancelled", _] => world.cancelled = world.cancelled.or(Some(at)),
                ["ended", _] => world.ended = world.ended.or(Some(at)),
                [word, _, step, attempt] => {
                    let attempt = attempt.parse().unwrap_or(0);
                    world.attempts.entry((step, attempt)).or_default().push((at, word));
                }
                _ => world.odd.push(format!("a line that nobody writes: {line:?}")),
            }
        }
        world
    }

    /// What the ledger does not account for.
    pub(crate) fn findings(mut self, story: &Story) -> Vec<String> {
        let mut found = std::mem::take(&mut self.odd);
        let key = |task: &Task| (task.step_id.clone().unwrap_or_default(), task.attempt);
        let tasks: BTreeMap<(String, u32), &Task> =
            story.tasks.iter().map(|task| (key(task), task)).collect();
        if tasks.len() != story.tasks.len() {
            found.push("two tasks of one attempt".to_owned());
        }
        for ((step, attempt), lines) in &self.attempts {
            match tasks.get(&((*step).to_owned(), *attempt)) {
                None => found.push(format!("{step} {attempt} ran and is not on record")),
                Some(task) => self.attempt(story, task, lines, &mut found),
            }
        }
        for ((step, attempt), task) in &tasks {
            let wrote = self.attempts.contains_key(&(step.as_str(), *attempt));
            if task.status == TaskStatus::Succeeded && !wrote {
                found.push(format!("{step} {attempt} succeeded and never ran"));
            }
            let before = tasks.get(&(step.clone(), attempt.saturating_sub(1)));
            if let Some(before) = before {
                self.overlap(before, (step, *attempt), &mut found);
            }
        }
        let name = story.flow.key.clone().unwrap_or_default();
        found.into_iter().map(|what| format!("{name}: {what}")).collect()
    }

    fn attempt(&self, story: &Story, task: &Task, lines: &Lines, found: &mut Vec<String>) {
        let name = format!("{} {}", task.step_id.as_deref().unwrap_or_default(), task.attempt);
        let count = |word: &str| lines.iter().filter(|(_, found)| *found == word).count();
        let (starts, ends) = (count("start"), count("end"));
        if starts != 1 || ends > 1 {
            found.push(format!("{name} ({}) has {starts} starts, {ends} ends", task.status));
        }
        if task.status == TaskStatus::Succeeded && ends != 1 {
            found.push(format!("{name} succeeded with {ends} ends"));
        }
        if task.fence == 0 {
            found.push(format!("{name} ran without being claimed"));
        }
        let last = lines.iter().map(|(at, _)| *at).max();
        // What a step that succeeded leaves behind has the grace; any other's is proved gone.
        let strict = lines.iter().filter(|(_, word)| *word != "deep").map(|(at, _)| *at).max();
        let last = if task.status == TaskStatus::Succeeded { strict } else { last };
        if self.ended.is_some_and(|ended| last > Some(ended)) {
            found.push(format!("{name} ({}) acted after the flow's end", task.status));
        }
        let Some(cancelled) = self.cancelled else { return };
        let finally = story.steps.iter().any(|s| s.finally && s.step_id == name_of(task));
        let start = lines.iter().find(|(_, word)| *word == "start").map(|(at, _)| *at);
        if finally || start < Some(cancelled) {
            return;
        }
        // Under way when the cancel came: its start is told of before the intent.
        let started = story.events.iter().position(|event| {
            event.kind == "step.started" && event.task_id.as_deref() == Some(task.task_id.as_str())
        });
        if started > story.at("flow.cancel_requested") {
            found.push(format!("{name} started after the cancel was acknowledged"));
        }
    }

    /// The attempt before must have fallen silent before the next one speaks.
    fn overlap(&self, before: &Task, next: (&str, u32), found: &mut Vec<String>) {
        let spoken = |attempt: u32| {
            let lines = self.attempts.get(&(next.0, attempt)).into_iter().flatten();
            lines.map(|(at, _)| *at).collect::<Vec<_>>()
        };
        let (last, first) =
            (spoken(before.attempt).into_iter().max(), spoken(next.1).into_iter().min());
        if let (Some(last), Some(first)) = (last, first)
            && last > first
        {
            let status = before.status;
            found.push(format!("{} {} ({status}) overlaps the next one", next.0, before.attempt));
        }
    }
}

fn name_of(task: &Task) -> &str {
    task.step_id.as_deref().unwrap_or_default()
}
