//! Tasks that somebody else runs, told of early, late and twice.

use clawflow_core::Millis;
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::IdSource;
use clawflow_core::task::recorded::{self, NewRecorded};
use clawflow_core::task::solo::{self, Solo, SoloDecision};
use clawflow_core::task::{Executor, Exit, Runtime, TaskReport, TaskStatus};

struct Ids(u128);

impl IdSource for Ids {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

fn at<T>(now: Millis, decide: impl FnOnce(&mut Ctx) -> T) -> T {
    let executor = Executor::default();
    let mut ids = Ids(0);
    decide(&mut Ctx {
        now,
        ids: &mut ids,
        jitter: 0.0,
        slots: 0,
        executor: &executor,
        actor: None,
        routes: &[],
    })
}

fn new() -> NewRecorded {
    NewRecorded {
        task_id: None,
        owner_key: "agent:main:main".to_owned(),
        runtime: Runtime::External,
        kind: Some("wrap".to_owned()),
        source_id: None,
        run_id: None,
        label: Some("backup".to_owned()),
        task: "backup --all".to_owned(),
        executor: None,
        requester_origin: None,
        notify_policy: None,
        unlinked: None,
    }
}

fn is(status: TaskStatus) -> TaskReport {
    TaskReport { status: Some(status), ..TaskReport::default() }
}

fn running() -> Solo {
    let began = TaskReport { started_at: Some(10), ..TaskReport::default() };
    at(20, |ctx| recorded::record(new(), &began, ctx)).unwrap().solo
}

fn tell(was: &Solo, told: &TaskReport) -> Result<SoloDecision, Refusal> {
    at(50, |ctx| recorded::report(was, ctx, told))
}

fn kinds(made: &SoloDecision) -> Vec<&str> {
    made.unit.events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn a_task_may_be_told_of_when_it_is_over() {
    let told = TaskReport {
        started_at: Some(10),
        ended_at: Some(30),
        exit: Some(Exit::Code(0)),
        ..is(TaskStatus::Succeeded)
    };
    let made = at(90, |ctx| recorded::record(new(), &told, ctx)).unwrap();
    let task = &made.solo.task;
    assert_eq!((task.created_at, task.started_at, task.ended_at), (10, Some(10), Some(30)));
    assert_eq!((task.status, task.reported), (TaskStatus::Succeeded, true));
    assert_eq!(kinds(&made), ["task.created", "task.ended"]);
    assert_eq!((made.unit.tasks.len(), made.unit.tasks[0].expected), (1, None));
    assert_eq!((made.unit.events[1].number, made.solo.last_event), (2, 2));
    // The same again changes nothing, another end is refused, a late progress is none.
    assert!(tell(&made.solo, &told).unwrap().unit.is_empty());
    assert_eq!(tell(&made.solo, &is(TaskStatus::Failed)).unwrap_err().code, Code::Terminal);
    let late = TaskReport { last_event_at: Some(20), ..TaskReport::default() };
    assert!(tell(&made.solo, &late).unwrap().unit.is_empty());
}

#[test]
fn what_is_told_is_checked() {
    let refused = |new: NewRecorded, told: &TaskReport| {
        at(20, |ctx| recorded::record(new, told, ctx)).unwrap_err().code
    };
    let none = TaskReport::default();
    assert_eq!(refused(NewRecorded { owner_key: " ".into(), ..new() }, &none), Code::Invalid);
    assert_eq!(refused(NewRecorded { task: "\t".into(), ..new() }, &none), Code::Invalid);
    assert_eq!(refused(NewRecorded { task: "a\0".into(), ..new() }, &none), Code::Invalid);
    assert_eq!(refused(NewRecorded { label: Some(" ".into()), ..new() }, &none), Code::Invalid);
    let times = TaskReport { started_at: Some(-1), ..none.clone() };
    let exit = TaskReport { exit: Some(Exit::Code(0)), ..none };
    assert_eq!([refused(new(), &times), refused(new(), &exit)], [Code::Invalid; 2]);
}

#[test]
fn a_process_that_went_without_a_word_is_settled_by_what_is_known() {
    let gone =
        |exit: Option<Exit>| at(50, |ctx| recorded::gone(&running(), ctx, exit.as_ref(), "gone"));
    let status = |exit| gone(exit).unwrap().solo.task.status;
    assert_eq!(status(Some(Exit::Code(0))), TaskStatus::Succeeded);
    assert_eq!(status(Some(Exit::Code(1))), TaskStatus::Failed);
    assert_eq!(status(Some(Exit::Signal(9))), TaskStatus::Failed);
    let lost = gone(None).unwrap().solo;
    assert_eq!((lost.task.status, lost.task.error.as_deref()), (TaskStatus::Lost, Some("gone")));
    // The report that was late is the truth.
    let told = TaskReport { ended_at: Some(40), ..is(TaskStatus::Succeeded) };
    let made = tell(&lost, &told).unwrap();
    assert_eq!((made.solo.task.status, made.solo.task.ended_at), (TaskStatus::Succeeded, Some(40)));
    assert_eq!(kinds(&made), ["task.corrected"]);
    assert_eq!(
        at(60, |ctx| recorded::gone(&made.solo, ctx, None, "gone")).unwrap_err().code,
        Code::InvalidState
    );
}

#[test]
fn a_cancel_lets_go() {
    let made = at(40, |ctx| solo::cancel(&running(), ctx, "enough")).unwrap();
    assert_eq!((made.solo.task.status, made.effects.len()), (TaskStatus::Cancelled, 0));
    let late = tell(&made.solo, &is(TaskStatus::Succeeded)).unwrap();
    assert_eq!((late.unit.tasks.len(), kinds(&late)), (0, vec!["task.late_end"]));
    assert_eq!(late.solo.task.status, TaskStatus::Cancelled);
}
