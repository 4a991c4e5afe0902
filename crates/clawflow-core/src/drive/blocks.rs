//! Steps that have steps inside: loops over items, and branches side by side.
//!
//! The inner steps have rows of their own, written when their item or branch begins. The row of the
//! outer step is running meanwhile, without a task, and its result is made from theirs.

use super::Draft;
use super::begin::{begin, fail_by_eval, new_wait, succeed};
use super::cancel::withdraw;
use super::child::{awaits_child, stop_child};
use super::ended::{fail_step, retry_at};
use super::scope::items_of;
use super::words;
use crate::definition::{Action, Dialect, ForEach, OnError, Parallel, Race, json_of_stdout};
use crate::effect::Effect;
use crate::json::Object;
use crate::limits::{ITEMS_PER_LOOP_MAX, RESULT_BYTES_MAX, ROWS_PER_LOOP_MAX};
use crate::step::{PartOf, Step, StepError, StepResult, StepStatus};
use crate::task::{Task, TaskStatus};
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// The wait between two batches of a loop.
const PAUSE: &str = "pause";
/// The wait for the end of the time of all inner steps together.
const TIMEOUT: &str = "timeout";

/// Begins a step that has steps inside.
pub(super) fn begin_block(draft: &mut Draft, at: usize) {
    let mut count = 1;
    if matches!(draft.def(at).action, Action::ForEach(_)) {
        match items_of(&draft.state, at) {
            Err(error) => return fail_by_eval(draft, at, &error),
            Ok(None) => {
                let why = StepError::new("not_a_list", "what `for_each` refers to is not a list");
                return fail_step(draft, at, why);
            }
            Ok(Some(items)) if items.len() > ITEMS_PER_LOOP_MAX => {
                let why = format!("a loop has at most {ITEMS_PER_LOOP_MAX} items");
                return fail_step(draft, at, StepError::new("too_many_items", why));
            }
            Ok(Some(items)) if items.len() * draft.def(at).parts().len() > ROWS_PER_LOOP_MAX => {
                let why = format!("a loop has at most {ROWS_PER_LOOP_MAX} items times inner steps");
                return fail_step(draft, at, StepError::new("too_many_items", why));
            }
            Ok(Some(items)) => {
                count = items.len();
                draft.state.items.insert(at, items);
            }
        }
    }
    draft.set_status(at, StepStatus::Running);
    draft.event("step.started", Some(at), None, json!({ "parts": count }));
    open_alarm(draft, at);
    take_up(draft, at);
    run_block(draft, at, false);
}

/// Goes on with what was done inside before, where a retry begins with it and it is the same work.
fn take_up(draft: &mut Draft, at: usize) {
    let Some(carried) = draft.carried.remove(&at) else { return };
    if !carried.is_of(draft.items(at).as_ref()) {
        return;
    }
    for row in carried.rows {
        let position = small(draft.state.steps.len());
        draft.append_step(Step { position, ..row });
    }
}

/// Goes on with every step that has steps inside.
pub(super) fn run_blocks(draft: &mut Draft) -> bool {
    let mut moved = false;
    for at in draft.fixed() {
        if draft.step(at).status == StepStatus::Running && draft.def(at).is_block() {
            moved |= run_block(draft, at, false);
        }
    }
    moved
}

/// Begins what may begin inside, stops what is not wanted any more, and ends the step once all of
/// it has ended. `rested`: the pause between two batches is over.
fn run_block(draft: &mut Draft, at: usize, rested: bool) -> bool {
    match draft.def(at).action.clone() {
        Action::ForEach(each) => run_loop(draft, at, &each, rested),
        Action::Parallel(parallel) => run_branches(draft, at, &parallel),
        _ => false,
    }
}

/// The alarm of a block whose time passes, or the end of its pause.
pub(super) fn block_due(draft: &mut Draft, at: usize, wait: &Wait) {
    let rested = wait.target.as_deref() == Some(PAUSE);
    let over = deadline(draft, at).is_some_and(|deadline| deadline <= draft.now());
    draft.close_wait(at, WaitState::Resolved, None);
    if over {
        let ms = time_of(draft, at).unwrap_or_default();
        let why = words::of_time(draft, at, ms);
        draft.step_mut(at).error = Some(StepError::new("timed_out", why));
    } else {
        open_alarm(draft, at);
    }
    run_block(draft, at, rested && !over);
}

fn time_of(draft: &Draft, at: usize) -> Option<u64> {
    let inner = match &draft.def(at).action {
        Action::Parallel(parallel) => parallel.timeout_ms,
        _ => None,
    };
    // Lobster limits the step and its branches apart; the shorter one comes first.
    [inner, draft.def(at).timeout_ms].into_iter().flatten().min()
}

fn deadline(draft: &Draft, at: usize) -> Option<i64> {
    let ms = i64::try_from(time_of(draft, at)?).unwrap_or(i64::MAX);
    Some(draft.step(at).started_at?.saturating_add(ms))
}

fn open_alarm(draft: &mut Draft, at: usize) {
    if let Some(due) = deadline(draft, at) {
        open_timer(draft, at, TIMEOUT, due);
    }
}

/// One timer at a time: a pause is cut short by the end of the step's time.
fn open_timer(draft: &mut Draft, at: usize, target: &str, due: i64) {
    draft.close_wait(at, WaitState::Cancelled, None);
    let due = deadline(draft, at).map_or(due, |deadline| deadline.min(due));
    let mut wait = new_wait(draft, at, WaitKind::Timer, Some(due));
    wait.target = Some(target.to_owned());
    draft.step_mut(at).wait_id = Some(wait.wait_id.clone());
    draft.effect(Effect::Timer);
    draft.put_wait(wait);
}

/// Rows for the inner steps of an item, or for the branches.
fn append(draft: &mut Draft, at: usize, item: Option<u32>) -> usize {
    let first = draft.state.steps.len();
    let block = draft.step(at).step_id.clone();
    let round = draft.step(at).attempt;
    let defs = draft.def(at).parts().len();
    for part in 0..defs {
        let id = &draft.def(at).parts()[part].id;
        let step_id = match (item, round) {
            (Some(item), 0) => format!("{block}[{item}].{id}"),
            (Some(item), _) => format!("{block}[~{round}.{item}].{id}"),
            (None, 0) => id.clone(),
            (None, _) => format!("{block}[~{round}].{id}"),
        };
        let position = u32::try_from(first + part).unwrap_or(u32::MAX);
        let of = PartOf { step: small(at), part: small(part), item, round, undo: false };
        let flow_id = draft.state.flow.flow_id.clone();
        draft.append_step(Step { of: Some(of), ..Step::fresh(flow_id, step_id, position) });
    }
    first
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The place of an inner step; none of one that undoes another.
fn inner(draft: &Draft, row: usize) -> Option<PartOf> {
    draft.step(row).of.filter(|of| !of.undo)
}

/// The rows of the inner steps of this round, in the order in which they were written.
fn rows(draft: &Draft, at: usize) -> Vec<usize> {
    let all = draft.state.definition.steps.len()..draft.state.steps.len();
    let round = draft.step(at).attempt;
    let is_mine = |of: PartOf| of.step as usize == at && of.round == round;
    let mine = |row: &usize| inner(draft, *row).is_some_and(is_mine);
    all.filter(mine).collect()
}

/// Whether nothing more may begin inside, and why.
fn halted(draft: &Draft, at: usize) -> Option<StepError> {
    if draft.cancelling() {
        return Some(StepError::new("cancelled", "the flow was cancelled"));
    }
    if let Some(error) = &draft.step(at).error {
        return Some(error.clone());
    }
    draft.stopping.then(|| StepError::new("stopped", "another step failed"))
}

/// What an inner step has come to that its block looks at.
fn has_failed(draft: &Draft, row: usize) -> bool {
    draft.step(row).status == StepStatus::Failed && draft.def(row).on_error == OnError::Stop
}

fn run_branches(draft: &mut Draft, at: usize, parallel: &Parallel) -> bool {
    let mut moved = false;
    let mut mine = rows(draft, at);
    let held = draft.state.flow.holds_starts();
    if mine.is_empty() && !held && halted(draft, at).is_none() {
        let first = append(draft, at, None);
        mine = (first..first + parallel.branches.len()).collect();
    }
    for &row in &mine {
        let free = !held && halted(draft, at).is_none() && !is_decided(draft, at, &mine);
        if free && draft.step(row).status == StepStatus::Pending && !draft.is_full(row) {
            begin(draft, row);
            moved = true;
        }
    }
    if draft.step(at).error.is_some() || is_decided(draft, at, &mine) {
        let why = unwanted_by(draft, at);
        for &row in &mine {
            moved |= give_up(draft, row, &why, true);
        }
    }
    let begun = !mine.is_empty() || halted(draft, at).is_some();
    if !begun || !mine.iter().all(|row| draft.step(*row).status.is_terminal()) {
        return moved;
    }
    conclude(draft, at, &mine, |draft| branches_result(draft, &mine));
    true
}

/// Whether a race has its winner: the first branch that has succeeded or failed.
fn is_decided(draft: &Draft, at: usize, rows: &[usize]) -> bool {
    use StepStatus as S;
    let Action::Parallel(parallel) = &draft.def(at).action else { return false };
    let settled = |row: &usize| matches!(draft.step(*row).status, S::Succeeded | S::Failed);
    parallel.wait == Race::Any && rows.iter().any(settled)
}

/// Why the end of this inner step is not looked at any more, if it is not.
pub(super) fn unwanted(draft: &Draft, row: usize) -> Option<StepError> {
    let at = inner(draft, row)?.step as usize;
    let late = draft.step(at).error.is_some() || is_decided(draft, at, &rows(draft, at));
    (late && !draft.cancelling()).then(|| unwanted_by(draft, at))
}

/// Whether nothing more may begin in the loop or among the branches that this inner step is of.
pub(super) fn is_over(draft: &Draft, row: usize) -> bool {
    let Some(of) = inner(draft, row) else { return false };
    let at = of.step as usize;
    let failed = || rows(draft, at).into_iter().any(|row| has_failed(draft, row));
    draft.step(at).error.is_some() || of.item.is_some() && failed()
}

fn unwanted_by(draft: &Draft, at: usize) -> StepError {
    let error = draft.step(at).error.clone();
    error.unwrap_or_else(|| StepError::new("not_needed", "another branch was first"))
}

/// Gives an inner step up. What may run is stopped only where its end is not wanted: `stop`.
fn give_up(draft: &mut Draft, row: usize, why: &StepError, stop: bool) -> bool {
    use StepStatus as S;
    let status = match draft.step(row).status {
        S::Succeeded | S::Failed | S::Skipped | S::Cancelled => return false,
        S::Pending if draft.step(row).attempt == 0 => S::Skipped,
        S::Pending | S::Retrying => S::Cancelled,
        S::Waiting if awaits_child(draft, row) => return stop && stop_child(draft, row, false),
        S::Waiting => S::Cancelled,
        S::InDoubt if stop => S::Cancelled,
        S::InDoubt => return false,
        S::Starting | S::Running => {
            if withdraw(draft, row) {
                S::Cancelled
            } else {
                return stop && stop_task(draft, row);
            }
        }
    };
    draft.close_wait(row, WaitState::Cancelled, None);
    draft.end_step(row, status, Some(why.clone()));
    true
}

/// Asks once for the end of a running task.
fn stop_task(draft: &mut Draft, row: usize) -> bool {
    let Some(id) = draft.step(row).task_id.clone() else { return false };
    let Some(task) = draft.state.tasks.get(&id) else { return false };
    if task.cancel_requested_at.is_some() || task.status != TaskStatus::Running {
        return false;
    }
    let task = Task { cancel_requested_at: Some(draft.now()), ..Task::clone(task) };
    draft.put_task(task);
    draft.effect(Effect::Stop(id));
    true
}

/// Where an item of a loop stands.
enum Stand {
    Done,
    Failed,
    Busy,
    /// This row is next.
    Next(usize),
}

fn stand(draft: &Draft, first: usize, width: usize) -> Stand {
    for row in first..first + width {
        if has_failed(draft, row) || draft.step(row).status == StepStatus::Cancelled {
            return Stand::Failed;
        }
        match draft.step(row).status {
            StepStatus::Pending => return Stand::Next(row),
            status if status.is_terminal() => {}
            _ => return Stand::Busy,
        }
    }
    Stand::Done
}

/// A loop at work: counted once, and kept up to date as items begin and end.
struct Loop<'e> {
    each: &'e ForEach,
    at: usize,
    items: usize,
    /// First rows of the items that have begun.
    firsts: Vec<usize>,
    active: usize,
    failed: bool,
    ready: VecDeque<(usize, usize)>,
}

impl Loop<'_> {
    /// Takes note of where an item stands now.
    fn note(&mut self, draft: &Draft, first: usize) {
        match stand(draft, first, self.each.steps.len()) {
            Stand::Busy => self.active += 1,
            Stand::Next(row) => {
                self.active += 1;
                self.ready.push_back((first, row));
            }
            Stand::Failed => self.failed = true,
            Stand::Done => {}
        }
    }

    /// Whether one more item may begin: there is one, there is room, and it is of the batch that is
    /// at work.
    fn may_begin(&self, rested: bool) -> bool {
        let next = self.firsts.len();
        let new_batch =
            self.each.pause_ms > 0 && next > 0 && next.is_multiple_of(self.each.batch_size);
        next < self.items && self.active < self.each.concurrency && (!new_batch || rested)
    }
}

fn run_loop(draft: &mut Draft, at: usize, each: &ForEach, mut rested: bool) -> bool {
    let Some(items) = draft.items(at) else { return false };
    let firsts = rows(draft, at);
    let firsts =
        firsts.into_iter().filter(|row| draft.step(*row).of.is_some_and(|of| of.part == 0));
    let mut work = Loop {
        each,
        at,
        items: items.len(),
        firsts: firsts.collect(),
        active: 0,
        failed: false,
        ready: VecDeque::new(),
    };
    for index in 0..work.firsts.len() {
        work.note(draft, work.firsts[index]);
    }
    let mut moved = false;
    let held = draft.state.flow.holds_starts();
    while !held && !work.failed && halted(draft, at).is_none() {
        // Of items that were begun in another flow there may be more than have room here.
        let room = work.active - work.ready.len() < each.concurrency;
        if room && let Some((first, row)) = work.ready.pop_front() {
            if draft.is_full(row) {
                // It is looked at again when another step of the flow has ended.
                continue;
            }
            begin(draft, row);
            work.active -= 1;
            work.note(draft, first);
        } else if work.may_begin(rested) {
            let first = append(draft, at, Some(small(work.firsts.len())));
            work.firsts.push(first);
            work.note(draft, first);
            rested = false;
        } else {
            break;
        }
        moved = true;
    }
    let over = work.failed || halted(draft, at).is_some();
    moved |= over && give_up_items(draft, &work);
    if over || work.firsts.len() == work.items {
        return end_loop(draft, &work) || moved;
    }
    let pausing = draft.step(at).wait_id.as_ref().and_then(|id| draft.state.waits.get(id));
    let pausing = pausing.is_some_and(|wait| wait.target.as_deref() == Some(PAUSE));
    if !held && !pausing && work.active == 0 {
        let pause = i64::try_from(each.pause_ms).unwrap_or(i64::MAX);
        let due = draft.now().saturating_add(pause);
        open_timer(draft, at, PAUSE, due);
        moved = true;
    }
    moved
}

/// After a failure what has not begun never does; what runs comes to its end.
fn give_up_items(draft: &mut Draft, work: &Loop) -> bool {
    let timed_out = draft.step(work.at).error.is_some();
    let stopped = || StepError::new("stopped", "another item failed");
    let why = halted(draft, work.at).unwrap_or_else(stopped);
    let mut moved = false;
    for &first in &work.firsts {
        for row in first..first + work.each.steps.len() {
            moved |= give_up(draft, row, &why, timed_out);
        }
    }
    moved
}

fn end_loop(draft: &mut Draft, work: &Loop) -> bool {
    let width = work.each.steps.len();
    let all: Vec<usize> = work.firsts.iter().flat_map(|first| *first..first + width).collect();
    if !all.iter().all(|row| draft.step(*row).status.is_terminal()) {
        return false;
    }
    conclude(draft, work.at, &all, |draft| loop_result(draft, work));
    true
}

/// Ends a block whose inner steps have all ended.
fn conclude(draft: &mut Draft, at: usize, rows: &[usize], result: impl FnOnce(&Draft) -> Value) {
    draft.close_wait(at, WaitState::Cancelled, None);
    if draft.cancelling() {
        let why = StepError::new("cancelled", "the flow was cancelled");
        return draft.end_step(at, StepStatus::Cancelled, Some(why));
    }
    if let Some(error) = draft.step(at).error.clone() {
        return fail_round(draft, at, error);
    }
    if let Some(row) = rows.iter().find(|row| has_failed(draft, **row)) {
        let step = draft.step(*row);
        let why = step.error.as_ref().map_or("it failed", |e| e.message.as_str());
        let why = words::of_inner(draft, at, &step.step_id, why);
        return fail_round(draft, at, StepError::new("inner", why));
    }
    let race = is_decided(draft, at, rows);
    let given_up = |row: &usize| match draft.step(*row).status {
        StepStatus::Cancelled => true,
        StepStatus::Skipped => draft.step(*row).error.as_ref().is_some_and(|e| e.code == "stopped"),
        _ => false,
    };
    let unfinished = matches!(draft.def(at).action, Action::ForEach(_))
        && draft.items(at).map_or(0, |items| items.len()) * draft.def(at).parts().len()
            > rows.len()
        || rows.is_empty() && matches!(draft.def(at).action, Action::Parallel(_));
    if unfinished || !race && rows.iter().any(given_up) {
        let why = halted(draft, at);
        let why = why.unwrap_or_else(|| StepError::new("stopped", "an inner step was stopped"));
        let status = match draft.stopping {
            true => StepStatus::Cancelled,
            false => StepStatus::Failed,
        };
        return draft.end_step(at, status, Some(why));
    }
    let value = result(draft);
    if value.to_string().len() > RESULT_BYTES_MAX {
        let why = format!("the results together are larger than {RESULT_BYTES_MAX} bytes");
        return fail_step(draft, at, StepError::new("output_too_large", why));
    }
    succeed(draft, at, StepResult { json: Some(value), ..StepResult::default() });
}

/// A block as a whole that failed is tried again from its beginning where a Lobster file says so.
fn fail_round(draft: &mut Draft, at: usize, error: StepError) {
    let retry = draft.def(at).retry.clone();
    let failures = draft.step(at).attempt + 1;
    let written = draft
        .state
        .steps
        .iter()
        .filter(|step| step.of.is_some_and(|of| !of.undo && of.step as usize == at));
    let room = written.count() + rows(draft, at).len() <= ROWS_PER_LOOP_MAX;
    let again = retry.applies(None, &[error.message.as_str()]) && failures < retry.max && room;
    if !again || draft.stopping {
        return fail_step(draft, at, error);
    }
    let delay = retry.delay_ms(failures, draft.ctx.jitter);
    retry_at(draft, at, delay, error, Some((failures, retry.max)));
}

/// The next round of a block is due. Its rows are new ones; what the earlier ones did stays done.
pub(super) fn next_round(draft: &mut Draft, at: usize) {
    draft.set_status(at, StepStatus::Pending);
    draft.state.items.remove(&at);
    let held = draft.is_held(at);
    let now = draft.now();
    let step = draft.step_mut(at);
    step.attempt += 1;
    step.due_at = None;
    step.error = None;
    // The limit of time is that of each round.
    step.started_at = Some(now);
    if !held {
        begin_block(draft, at);
    }
}

/// Each branch by its id.
fn branches_result(draft: &Draft, rows: &[usize]) -> Value {
    let mut all = Object::new();
    for &row in rows {
        let value = part_value(draft, row);
        // Lobster merges what is JSON and nothing else.
        let lobster = draft.state.definition.dialect == Dialect::Lobster;
        let result = draft.step(row).result.as_ref();
        let plain = result.filter(|result| result.json.is_none()).and_then(|r| r.stdout.as_deref());
        let is_text = plain.is_some_and(|said| json_of_stdout(said).is_none());
        if let Some(value) = value.filter(|_| !(lobster && is_text)) {
            all.insert(draft.def(row).id.clone(), value);
        }
    }
    Value::Object(all)
}

/// One object for each item, in the order of the items.
fn loop_result(draft: &Draft, work: &Loop) -> Value {
    let items = draft.items(work.at).unwrap_or_default();
    let one = |(index, first): (usize, &usize)| {
        let mut one = Object::new();
        one.insert(work.each.item_var.clone(), items.get(index).cloned().unwrap_or_default());
        one.insert(work.each.index_var.clone(), json!(index));
        for row in *first..first + work.each.steps.len() {
            if let Some(value) = part_value(draft, row) {
                one.insert(draft.def(row).id.clone(), value);
            }
        }
        Value::Object(one)
    };
    work.firsts.iter().enumerate().map(one).collect()
}

/// What an inner step hands to its block: its JSON, else its text; nothing where it was skipped.
fn part_value(draft: &Draft, row: usize) -> Option<Value> {
    let step = draft.step(row);
    if step.status == StepStatus::Failed {
        let why = step.error.as_ref().map(|error| error.message.as_str());
        return Some(json!({ "error": true, "errorMessage": why }));
    }
    if step.status != StepStatus::Succeeded {
        return None;
    }
    let Some(result) = &step.result else { return Some(Value::Null) };
    let json = result.json.clone().or_else(|| result.response.clone());
    let said =
        || result.stdout.as_ref().map(|said| json_of_stdout(said).unwrap_or_else(|| json!(said)));
    let decision = || result.approved.map(|approved| json!({ "approved": approved }));
    Some(json.or_else(said).or_else(decision).unwrap_or_default())
}
