//! Schedules and their runs.

use super::fixtures::{
    OWNER, definition, flow_id, new, run, run_id, schedule, schedule_id, task_id,
};
use super::{Reopened, Subject, put};
use crate::error::ApplyError;
use crate::schedules::{RunFilter, ScheduleCounts, ScheduleFilter};
use crate::store::Store;
use clawflow_core::Millis;
use clawflow_core::ids::{RunId, ScheduleId};
use clawflow_core::json::Object;
use clawflow_core::schedule::{
    DisabledReason, Payload, RunStatus, Schedule, ScheduleRun, SkipReason,
};
use clawflow_core::unit::{Change, Unit};
use std::collections::BTreeMap;

fn schedules(schedules: Vec<Change<Schedule>>) -> Unit {
    Unit { schedules, ..Unit::default() }
}

fn runs(runs: Vec<Change<ScheduleRun>>) -> Unit {
    Unit { runs, ..Unit::default() }
}

fn next(row: &Schedule) -> Change<Schedule> {
    Change {
        expected: Some(row.version),
        row: Schedule { version: row.version + 1, ..row.clone() },
    }
}

fn next_run(row: &ScheduleRun) -> Change<ScheduleRun> {
    let row = ScheduleRun { version: row.version + 1, ..row.clone() };
    Change { expected: Some(row.version - 1), row }
}

fn disabled(row: Schedule) -> Schedule {
    Schedule {
        enabled: false,
        disabled_reason: Some(DisabledReason::Asked),
        next_at: None,
        next_slot: None,
        ..row
    }
}

fn at(n: u64, next_at: Millis) -> Schedule {
    Schedule { next_at: Some(next_at), next_slot: Some(next_at), ..schedule(n) }
}

fn ended(n: u64, of: u64, at: Millis) -> ScheduleRun {
    ScheduleRun { status: RunStatus::Succeeded, ended_at: Some(at), ..run(n, of) }
}

fn conflict(store: &dyn Store, unit: Unit) {
    let answer = put(store, unit);
    assert!(matches!(answer, Err(ApplyError::Conflict { .. })), "{answer:?}");
}

fn invalid(store: &dyn Store, unit: Unit) {
    let answer = put(store, unit);
    assert!(matches!(answer, Err(ApplyError::Invalid { .. })), "{answer:?}");
}

fn ids(found: &[Schedule]) -> Vec<ScheduleId> {
    found.iter().map(|row| row.schedule_id.clone()).collect()
}

fn run_ids(found: &[ScheduleRun]) -> Vec<RunId> {
    found.iter().map(|row| row.run_id.clone()).collect()
}

/// Of two programs that fire the same slot one is refused, whatever the run is called.
pub fn a_slot_fires_once(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, schedules(vec![new(schedule(1)), new(schedule(2))])).expect("schedules");
    let fired = |n| Unit { runs: vec![new(run(n, 1))], ..schedules(vec![next(&schedule(1))]) };
    put(&*store, fired(1)).expect("it fires");
    conflict(&*store, fired(2));
    let slot = ScheduleRun { slot: run(1, 1).slot, ..run(3, 1) };
    conflict(&*store, runs(vec![new(slot.clone())]));
    let both = vec![new(run(4, 1)), new(ScheduleRun { slot: run(4, 1).slot, ..run(5, 1) })];
    invalid(&*store, runs(both));
    let other = ScheduleRun { schedule_id: schedule_id(2), ..slot };
    put(&*store, runs(vec![new(other)])).expect("another schedule has slots of its own");
    let by_hand = |n| new(ScheduleRun { slot: None, ..run(n, 1) });
    put(&*store, runs(vec![by_hand(6), by_hand(7)])).expect("runs without a slot");
    assert_eq!(store.schedules().run(&run_id(2)), Ok(None));
    let rows = RunFilter { schedule_id: Some(schedule_id(1)), limit: 9, ..RunFilter::default() };
    assert_eq!(run_ids(&store.schedules().list_runs(&rows).expect("runs")), [7, 6, 1].map(run_id));
}

/// An owner's names differ; another owner may have the same.
pub fn names_are_there_once(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, schedules(vec![new(schedule(1))])).expect("a schedule");
    let same = Schedule { name: schedule(1).name, ..schedule(2) };
    conflict(&*store, schedules(vec![new(same.clone())]));
    let other = Schedule { owner_key: "other".to_owned(), ..same.clone() };
    put(&*store, schedules(vec![new(other.clone())])).expect("another owner");
    let taken = Schedule { name: schedule(1).name, ..schedule(3) };
    put(&*store, schedules(vec![new(schedule(3))])).expect("a third");
    conflict(&*store, schedules(vec![next(&taken)]));
    let moved = Unit { dropped: vec![schedule_id(1)], ..schedules(vec![next(&taken)]) };
    put(&*store, moved).expect("the name is free in the same unit");
    let found =
        |owner, token: &str| ids(&store.schedules().find_schedules(owner, token).expect("find"));
    assert_eq!(found(None, "name-1"), [3, 2].map(schedule_id));
    assert_eq!(found(Some(OWNER), "name-1"), [schedule_id(3)]);
    assert_eq!(found(Some(OWNER), schedule_id(2).as_str()), []);
    assert_eq!(found(None, schedule_id(2).as_str()), [schedule_id(2)]);
    assert_eq!(found(None, "00000003"), [schedule_id(3)]);
    assert_eq!(found(None, "0000003"), [], "too short for a part of an id");
    assert_eq!(found(None, "nobody at all"), []);
}

/// By time, then by id; disabled ones never.
pub fn what_is_due_comes_in_order(subject: &mut dyn Subject) {
    let store = subject.open();
    assert_eq!(store.schedules().next_schedule_due(), Ok(None));
    let rows = [at(1, 30), at(2, 10), at(3, 30), disabled(schedule(4))];
    put(&*store, schedules(rows.into_iter().map(new).collect())).expect("schedules");
    assert_eq!(store.schedules().next_schedule_due(), Ok(Some(10)));
    let due = |now, limit| store.schedules().due_schedules(now, limit).expect("due");
    assert_eq!(due(9, 9), []);
    assert_eq!(due(10, 9), [schedule_id(2)]);
    assert_eq!(due(Millis::MAX, 9), [2, 1, 3].map(schedule_id));
    assert_eq!(due(30, 2), [2, 1].map(schedule_id));
    let retrying = ScheduleRun { status: RunStatus::Retrying, due_at: Some(5), ..run(1, 1) };
    let limited = ScheduleRun { due_at: Some(4), ..run(2, 1) };
    put(&*store, runs(vec![new(retrying), new(limited), new(run(3, 1))])).expect("runs");
    let due = |now| run_ids(&store.schedules().due_runs(now, 9).expect("due"));
    assert_eq!(due(4), [run_id(2)]);
    assert_eq!(due(9), [2, 1].map(run_id));
    assert_eq!(store.schedules().next_schedule_due(), Ok(Some(4)));
}

/// A state has what is open, and the row of skipped slots that goes on.
pub fn a_state_is_whole(subject: &mut dyn Subject) {
    let store = subject.open();
    let row = Schedule { skipping: Some(run_id(3)), ..schedule(1) };
    let skipped = ScheduleRun {
        status: RunStatus::Skipped,
        reason: Some(SkipReason::Missed),
        slots: 4320,
        ..ended(3, 1, 9)
    };
    let unit = Unit {
        runs: vec![new(run(1, 1)), new(ended(2, 1, 5)), new(skipped.clone()), new(run(4, 2))],
        ..schedules(vec![new(row.clone()), new(schedule(2))])
    };
    put(&*store, unit).expect("rows");
    let state =
        store.schedules().schedule_state(&schedule_id(1)).expect("state").expect("it is there");
    assert_eq!((state.schedule, state.skipped), (row, Some(skipped)));
    assert_eq!(run_ids(&state.open), [run_id(1)]);
    assert_eq!(store.schedules().schedule_state(&schedule_id(9)), Ok(None));
    let open = |after: Option<RunId>| {
        run_ids(&store.schedules().open_runs(after.as_ref(), 9).expect("open"))
    };
    assert_eq!(open(None), [1, 4].map(run_id));
    assert_eq!(open(Some(run_id(1))), [run_id(4)]);
}

/// Whose end the end of a task or flow is.
pub fn runs_are_found_by_their_work(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, schedules(vec![new(schedule(1))])).expect("a schedule");
    let of = |n| ScheduleRun { task_id: Some(task_id(7)), ..run(n, 1) };
    let over = ScheduleRun { task_id: Some(task_id(7)), ..ended(2, 1, 5) };
    let flow = ScheduleRun { flow_id: Some("flow_x".into()), ..run(3, 1) };
    put(&*store, runs(vec![new(of(1)), new(over), new(flow)])).expect("runs");
    let found = |id: &str| run_ids(&store.schedules().runs_of_work(id).expect("runs"));
    assert_eq!(found(task_id(7).as_str()), [run_id(1)], "open ones only");
    assert_eq!(found("flow_x"), [run_id(3)]);
    assert_eq!(found("nobody"), []);
}

/// Pages, by owner and state, and counts.
pub fn they_are_listed(subject: &mut dyn Subject) {
    let store = subject.open();
    let other = Schedule { owner_key: "other".to_owned(), ..schedule(4) };
    let rows = [schedule(1), disabled(schedule(2)), schedule(3), other];
    put(&*store, schedules(rows.into_iter().map(new).collect())).expect("schedules");
    let list =
        |filter: ScheduleFilter| ids(&store.schedules().list_schedules(&filter).expect("list"));
    let all = ScheduleFilter { limit: 9, ..ScheduleFilter::default() };
    assert_eq!(list(all.clone()), [4, 3, 2, 1].map(schedule_id));
    assert_eq!(list(ScheduleFilter { limit: 2, ..all.clone() }), [4, 3].map(schedule_id));
    assert_eq!(list(ScheduleFilter::default()), []);
    let mine = ScheduleFilter { owner_key: Some(OWNER.to_owned()), ..all };
    assert_eq!(list(mine.clone()), [3, 2, 1].map(schedule_id));
    let after = ScheduleFilter { after: Some(schedule_id(3)), ..mine.clone() };
    assert_eq!(list(after), [2, 1].map(schedule_id));
    assert_eq!(list(ScheduleFilter { enabled_only: true, ..mine }), [3, 1].map(schedule_id));
    let counts = |owner| store.schedules().count_schedules(owner).expect("count");
    assert_eq!(counts(None), ScheduleCounts { total: 4, enabled: 3 });
    assert_eq!(counts(Some(OWNER)), ScheduleCounts { total: 3, enabled: 2 });
    assert_eq!(counts(Some("nobody")), ScheduleCounts::default());
    let failed = ScheduleRun { status: RunStatus::Failed, ..ended(2, 1, 5) };
    let rows = vec![new(ended(1, 1, 5)), new(failed), new(run(3, 3))];
    put(&*store, runs(rows)).expect("runs");
    let list = |statuses: &[RunStatus], after: Option<RunId>| {
        let statuses = statuses.to_vec();
        let filter = RunFilter { statuses, after, limit: 9, ..RunFilter::default() };
        run_ids(&store.schedules().list_runs(&filter).expect("list"))
    };
    assert_eq!(list(&[], None), [3, 2, 1].map(run_id));
    assert_eq!(list(&[RunStatus::Failed, RunStatus::Running], None), [3, 2].map(run_id));
    assert_eq!(list(&[], Some(run_id(2))), [run_id(1)]);
}

/// A workflow file is there for as long as a schedule names it.
pub fn its_workflow_file_is_kept(subject: &mut dyn Subject) {
    let store = subject.open();
    let with = |n, hash: &str, files: Option<&str>| Schedule {
        payload: Payload::Flow {
            file: "a.yaml".to_owned(),
            definition_hash: hash.to_owned(),
            path: "/a.yaml".to_owned(),
            files_hash: files.map(str::to_owned),
            args: Object::new(),
            cwd: "/".to_owned(),
            env: BTreeMap::new(),
            key: None,
            auto_approve: false,
        },
        ..schedule(n)
    };
    let flow = |n, hash: &str| with(n, hash, None);
    invalid(&*store, schedules(vec![new(flow(1, "one"))]));
    let alone = Unit { definitions: vec![definition("one")], ..Unit::default() };
    let files = schedules(vec![new(with(1, "one", Some("files")))]);
    invalid(&*store, Unit { definitions: alone.definitions, ..files });
    let unit = Unit {
        definitions: vec![definition("one"), definition("two")],
        ..schedules(vec![new(flow(1, "one")), new(flow(2, "one")), new(flow(3, "two"))])
    };
    put(&*store, unit).expect("schedules with files");
    let has = |hash: &str| store.schedules().definition(hash).expect("a definition").is_some();
    put(&*store, schedules(vec![next(&flow(1, "two"))])).expect("a new file");
    assert!(has("one") && has("two"));
    let dropped = |n| Unit { dropped: vec![schedule_id(n)], ..Unit::default() };
    put(&*store, dropped(2)).expect("dropped");
    assert!(!has("one"), "nobody names it");
    put(&*store, dropped(3)).expect("dropped");
    assert!(has("two"));
    put(&*store, dropped(1)).expect("dropped");
    assert!(!has("two"));
    let definitions = ["one", "files", "more"].map(definition).to_vec();
    let two = [4, 5].map(|n| new(with(n, "one", Some("files"))));
    let unit = Unit { definitions, ..schedules(two.to_vec()) };
    put(&*store, unit).expect("schedules that name other files");
    put(&*store, schedules(vec![next(&with(4, "one", Some("more")))])).expect("others");
    assert!(has("files") && has("more"));
    put(&*store, dropped(5)).expect("dropped");
    assert!(!has("files") && has("more") && has("one"));
    put(&*store, schedules(vec![next(&Schedule { version: 2, ..flow(4, "one") })])).expect("none");
    assert!(!has("more") && has("one"));
    let changes = vec![next(&Schedule { version: 3, ..flow(4, "two") }), new(flow(6, "one"))];
    let unit = Unit { definitions: vec![definition("two")], ..schedules(changes) };
    put(&*store, unit).expect("one takes what the other leaves");
    assert!(has("one") && has("two"));
    let replaced = Unit { dropped: vec![schedule_id(6)], ..schedules(vec![new(flow(7, "one"))]) };
    put(&*store, replaced).expect("one takes the other's place");
    assert!(has("one"));
    put(&*store, dropped(7)).expect("dropped");
    assert!(!has("one") && has("two"));
    assert_eq!(store.check(), Ok(Vec::new()));
}

/// With a schedule its history goes; old runs go by themselves.
pub fn history_ends(subject: &mut dyn Subject) {
    let store = subject.open();
    let rows = vec![new(run(1, 1)), new(ended(2, 1, 5)), new(ended(3, 2, 6)), new(ended(4, 2, 9))];
    let unit = Unit { runs: rows, ..schedules(vec![new(schedule(1)), new(schedule(2))]) };
    put(&*store, unit).expect("rows");
    assert_eq!(store.schedules().expire_runs(6), Ok(1));
    assert_eq!(store.schedules().expire_runs(9), Ok(1));
    let all = RunFilter { limit: 9, ..RunFilter::default() };
    assert_eq!(run_ids(&store.schedules().list_runs(&all).expect("runs")), [4, 1].map(run_id));
    let unit = Unit { dropped: vec![schedule_id(1), schedule_id(9)], ..Unit::default() };
    put(&*store, unit).expect("one is dropped, one was gone");
    assert_eq!(store.schedules().schedule(&schedule_id(1)), Ok(None));
    assert_eq!(run_ids(&store.schedules().list_runs(&all).expect("runs")), [run_id(4)]);
    let in_vain = Unit { dropped: vec![schedule_id(2)], ..runs(vec![new(run(8, 2))]) };
    invalid(&*store, in_vain);
}

/// Of each schedule the newest runs stay, and all that go on.
pub fn history_is_bounded(subject: &mut dyn Subject) {
    let store = subject.open();
    let mut rows: Vec<Change<ScheduleRun>> = (1..=1205).map(|n| new(ended(n, 1, 5))).collect();
    // Of the other schedule two are open, of which one is old.
    rows.extend([run(1206, 2), ended(1207, 2, 5), ended(1208, 2, 5), run(1209, 2)].map(new));
    let unit = Unit { runs: rows, ..schedules(vec![new(schedule(1)), new(schedule(2))]) };
    put(&*store, unit).expect("rows");
    assert_eq!(store.schedules().trim_runs(1205), Ok(0));
    assert_eq!(store.schedules().trim_runs(2), Ok(1204));
    let all = RunFilter { limit: 9, ..RunFilter::default() };
    let left = run_ids(&store.schedules().list_runs(&all).expect("runs"));
    assert_eq!(left, [1209, 1208, 1206, 1205, 1204].map(run_id));
    assert_eq!(store.schedules().trim_runs(2), Ok(0));
    assert_eq!(store.schedules().trim_runs(0), Ok(3));
    assert_eq!(store.check(), Ok(Vec::new()));
}

/// Runs of a schedule by when their newest attempt began, page by page.
pub fn what_began_in_a_window_is_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let begun = |n, of, at| ScheduleRun { started_at: Some(at), ..run(n, of) };
    let rows = [
        begun(1, 1, 20),
        begun(2, 1, 10),
        begun(3, 1, 9),
        begun(4, 2, 15),
        begun(5, 1, 20),
        begun(6, 1, 30),
        run(7, 1),
    ];
    let runs = rows.iter().cloned().map(new).collect();
    put(&*store, Unit { runs, ..schedules(vec![new(schedule(1)), new(schedule(2))]) })
        .expect("rows");
    let found = |after: Option<&ScheduleRun>, limit| {
        let page = store.schedules().runs_started(&schedule_id(1), 10..30, after, limit);
        run_ids(&page.expect("a page"))
    };
    assert_eq!(found(None, 9), [2, 1, 5].map(run_id));
    assert_eq!(found(None, 2), [2, 1].map(run_id));
    assert_eq!(found(Some(&rows[0]), 2), [run_id(5)]);
    assert!(found(Some(&rows[4]), 2).is_empty() && found(None, 0).is_empty());
    let later = next_run(&begun(2, 1, 40));
    put(&*store, Unit { runs: vec![later], ..Unit::default() }).expect("a later attempt");
    assert_eq!(found(None, 9), [1, 5].map(run_id));
    assert_eq!(store.check(), Ok(Vec::new()));
}

/// The window of a time is found however many came after it, and groups however many schedules
/// there are beside them.
pub fn groups_and_their_windows_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let mirror = Payload::Mirror { goal: None, members: Vec::new(), deadline: None };
    let group = |n| Schedule { payload: mirror.clone(), ..schedule(n) };
    let rows = [schedule(1), group(2), schedule(3), group(4), group(5)];
    put(&*store, schedules(rows.into_iter().map(new).collect())).expect("schedules");
    let groups = |after: Option<u64>, limit| {
        let after = after.map(schedule_id);
        ids(&store.schedules().group_schedules(after.as_ref(), limit).expect("groups"))
    };
    assert_eq!(groups(None, 9), [2, 4, 5].map(schedule_id));
    assert_eq!(groups(Some(2), 1), [schedule_id(4)]);
    assert_eq!((groups(Some(5), 9), groups(None, 0)), (vec![], vec![]));
    put(&*store, schedules(vec![next(&Schedule { version: 1, ..group(1) })])).expect("an edit");
    let other = Unit { dropped: vec![schedule_id(4)], ..Unit::default() };
    put(&*store, other).expect("a group goes");
    assert_eq!(groups(None, 9), [1, 2, 5].map(schedule_id));

    let window = |n: u64, of| ScheduleRun { flow_id: Some(flow_id(n)), ..run(n, of) };
    let by_hand = ScheduleRun { slot: None, ..window(3, 2) };
    let rows = [window(10, 2), window(20, 2), by_hand, run(25, 2), window(30, 2), window(26, 5)];
    put(&*store, runs(rows.into_iter().map(new).collect())).expect("windows");
    let at = |at| {
        let found = store.schedules().window_run(&schedule_id(2), at).expect("a look");
        found.map(|run| run.run_id)
    };
    let wanted = [(9, None), (10, Some(10)), (19, Some(10)), (20, Some(20)), (27, Some(20))];
    for (time, found) in wanted.into_iter().chain([(30, Some(30)), (Millis::MAX, Some(30))]) {
        assert_eq!(at(time), found.map(run_id), "{time}");
    }
    assert_eq!(at(Millis::MIN), None);
    assert_eq!(store.check(), Ok(Vec::new()));
}

/// What a record may not say, and what never changes.
pub fn records_have_rules(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, schedules(vec![new(schedule(1))])).expect("a schedule");
    put(&*store, runs(vec![new(run(1, 1))])).expect("a run");
    invalid(&*store, schedules(vec![new(Schedule { enabled: false, ..schedule(2) })]));
    invalid(&*store, schedules(vec![new(Schedule { next_at: None, ..schedule(2) })]));
    invalid(&*store, schedules(vec![new(Schedule { name: String::new(), ..schedule(2) })]));
    let moved = Schedule { owner_key: "other".to_owned(), ..schedule(1) };
    invalid(&*store, schedules(vec![next(&moved)]));
    conflict(&*store, schedules(vec![new(schedule(1))]));
    let old = Change { expected: Some(7), row: Schedule { version: 8, ..schedule(1) } };
    conflict(&*store, schedules(vec![old]));
    invalid(&*store, runs(vec![new(run(2, 9))]));
    invalid(&*store, runs(vec![new(ScheduleRun { ended_at: Some(5), ..run(2, 1) })]));
    let undue = ScheduleRun { status: RunStatus::Retrying, ..run(2, 1) };
    invalid(&*store, runs(vec![new(undue)]));
    let due = ScheduleRun { due_at: Some(5), ..ended(2, 1, 5) };
    invalid(&*store, runs(vec![new(due)]));
    let unsaid = ScheduleRun { status: RunStatus::Skipped, ..ended(2, 1, 5) };
    invalid(&*store, runs(vec![new(unsaid)]));
    let moved = ScheduleRun { slot: Some(99), ..run(1, 1) };
    invalid(&*store, runs(vec![next_run(&moved)]));
    assert_eq!(store.schedules().schedule(&schedule_id(1)), Ok(Some(schedule(1))));
    assert_eq!(store.schedules().run(&run_id(1)), Ok(Some(run(1, 1))));
}

/// Every field of both comes back, after a restart too.
pub fn they_outlive_a_restart(subject: &mut dyn Subject) {
    let store = subject.open();
    let row = Schedule {
        last_slot: Some(3),
        last_status: Some(RunStatus::Lost),
        last_ended_at: Some(4),
        last_error: Some("why".to_owned()),
        consecutive_errors: 2,
        skipping: Some(run_id(1)),
        ..schedule(1)
    };
    let gone = ScheduleRun {
        slot_to: Some(77),
        slots: 10_000,
        more: true,
        status: RunStatus::Skipped,
        reason: Some(SkipReason::QueueFull),
        attempt: 3,
        stopping: Some("timeout".to_owned()),
        error: Some("why".to_owned()),
        started_at: Some(1),
        ended_at: Some(2),
        ..run(1, 1)
    };
    let unit = Unit { runs: vec![new(gone.clone())], ..schedules(vec![new(row.clone())]) };
    put(&*store, unit).expect("rows");
    let (Reopened::Again(store) | Reopened::Same(store)) = subject.reopen(store);
    assert_eq!(store.schedules().schedule(&schedule_id(1)), Ok(Some(row)));
    assert_eq!(store.schedules().run(&run_id(1)), Ok(Some(gone)));
    assert_eq!(store.check(), Ok(Vec::new()));
}
