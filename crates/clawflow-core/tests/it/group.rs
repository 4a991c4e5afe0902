//! Mirrored groups: early, late, repeated and missing runs, in any order.

use crate::world::Count;
use clawflow_core::Millis;
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::{FlowStatus, NotifyPolicy};
use clawflow_core::group::{
    self, GroupDecision, GroupState, MemberRun, NewGroup, NewMember, Outcome, Window,
};
use clawflow_core::step::StepStatus;
use clawflow_core::task::Executor;
use clawflow_core::unit::Unit;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const START: Millis = 1_000_000;
const END: Millis = START + 86_400_000;
/// Of the first member; the second one's is the window's end.
const DEADLINE: Millis = START + 10_000;

/// A group of two members and a store that checks each unit.
#[derive(Clone)]
struct World {
    state: GroupState,
    ids: Count,
    now: Millis,
    rows: BTreeMap<String, u64>,
    messages: Vec<String>,
    events: usize,
}

impl World {
    fn open(now: Millis, made_at: Millis, runs: Vec<MemberRun>) -> Self {
        let member = |id: &str, deadline, runs| NewMember {
            id: id.to_owned(),
            title: format!("label {id}"),
            deadline,
            runs,
        };
        let new = NewGroup {
            owner_key: "agent:main:main".to_owned(),
            requester_origin: None,
            schedule_id: "sched_1".into(),
            made_at,
            name: "morning".to_owned(),
            goal: None,
            key: Some("morning-1970-01-01".to_owned()),
            notify_policy: NotifyPolicy::DoneOnly,
            window: Window { start: START, end: END },
            members: vec![member("a", DEADLINE, runs), member("b", END, Vec::new())],
        };
        let mut ids = Count(0);
        let made = with(&mut ids, now, |ctx| group::open(new, ctx));
        let mut world = Self {
            state: made.state.clone(),
            ids,
            now,
            rows: BTreeMap::new(),
            messages: Vec::new(),
            events: 0,
        };
        world.store(&made.unit);
        world.check();
        world
    }

    fn new() -> Self {
        Self::open(START, 0, Vec::new())
    }

    /// Applies a unit as a store would.
    fn store(&mut self, unit: &Unit) {
        let flows =
            unit.flows.iter().map(|one| ("flow".to_owned(), one.expected, one.row.revision));
        let steps = unit.steps.iter();
        let steps = steps.map(|one| (one.row.step_id.clone(), one.expected, one.row.version));
        let waits = unit.waits.iter();
        let waits = waits.map(|one| (one.row.wait_id.0.clone(), one.expected, one.row.version));
        for (row, expected, version) in flows.chain(steps).chain(waits).collect::<Vec<_>>() {
            assert_eq!(self.rows.get(&row).copied(), expected, "{row}");
            assert!(expected.is_none_or(|was| version == was + 1));
            self.rows.insert(row, version);
        }
        for event in &unit.events {
            self.events += 1;
            assert_eq!(event.number, self.events as u64);
        }
        assert!(unit.flows.len() == 1 || unit.events.is_empty() || unit.guards.len() == 1);
        self.messages.extend(unit.deliveries.iter().map(|one| one.row.kind.clone()));
    }

    fn apply(&mut self, made: GroupDecision) {
        let was = self.state.clone();
        self.store(&made.unit);
        assert_eq!(made.unit.is_empty(), made.state == was, "{:?}", made.unit);
        self.state = made.state;
        self.check();
        let over = was.flow.ended_at;
        assert!(over.is_none() || self.state.flow.ended_at == over, "an end stays when it was");
    }

    /// What holds in every state.
    fn check(&self) {
        let flow = &self.state.flow;
        assert_eq!(flow.ended_at.is_some(), flow.is_terminal());
        let waiting = self.state.steps.iter().filter(|step| step.status == StepStatus::Waiting);
        assert_eq!(waiting.clone().count(), self.state.waits.len());
        for step in waiting {
            assert!(self.state.waits.contains_key(step.wait_id.as_ref().unwrap()));
        }
        for step in &self.state.steps {
            assert_eq!(step.status.is_terminal(), step.ended_at.is_some(), "{step:?}");
            assert_eq!(step.wait_id.is_some(), step.status == StepStatus::Waiting);
            let open = !step.status.is_terminal();
            // Of one that has ended, a run that began before that may go on.
            assert!(!open || !flow.is_terminal() || step.status == StepStatus::Running);
        }
        let bad = self.state.steps.iter().any(|step| step.status == StepStatus::Failed);
        let open = self.state.steps.iter().any(|step| !step.status.is_terminal());
        if !open && flow.status != FlowStatus::Cancelled {
            assert_eq!(flow.status == FlowStatus::Failed, bad, "{:?}", self.state.steps);
            assert!(flow.is_terminal());
        }
    }

    fn saw(&mut self, member: usize, run: MemberRun) {
        self.now += 1;
        let state = self.state.clone();
        let made = with(&mut self.ids, self.now, |ctx| group::saw(&state, ctx, &[(member, run)]));
        self.apply(made);
    }

    fn due(&mut self, member: usize) -> Result<(), Refusal> {
        let state = self.state.clone();
        let step = &state.steps[member];
        let id = step.wait_id.clone().ok_or_else(|| Refusal::state("end", "over"))?;
        self.now = self.now.max(step.due_at.unwrap());
        let made = with(&mut self.ids, self.now, |ctx| group::due(&state, ctx, &id))?;
        self.apply(made);
        Ok(())
    }

    fn cancel(&mut self) -> Result<(), Refusal> {
        let state = self.state.clone();
        let now = self.now + 1;
        let made = with(&mut self.ids, now, |ctx| group::cancel(&state, ctx, None, "enough"))?;
        self.apply(made);
        Ok(())
    }

    fn show(&self) -> String {
        let step = |step: &Arc<clawflow_core::step::Step>| {
            let error = step.error.as_ref().map_or(String::new(), |e| format!(" ({})", e.message));
            format!("{}={}{error}", step.step_id, step.status)
        };
        let steps: Vec<String> = self.state.steps.iter().map(step).collect();
        format!("{} | {}", steps.join(" "), self.state.flow.status)
    }
}

fn with<T>(ids: &mut Count, now: Millis, decide: impl FnOnce(&mut Ctx) -> T) -> T {
    let executor = Executor::default();
    decide(&mut Ctx {
        now,
        ids,
        jitter: 0.0,
        slots: 0,
        executor: &executor,
        actor: None,
        routes: &[],
    })
}

fn run(id: u64, began: Millis) -> MemberRun {
    MemberRun {
        task_id: Some(format!("task_{id}").as_str().into()),
        flow_id: None,
        started_at: START + began,
        ended_at: None,
        exit_code: None,
        outcome: Outcome::Running,
    }
}

fn good(id: u64, began: Millis) -> MemberRun {
    let ended_at = Some(START + began + 100);
    MemberRun { ended_at, exit_code: Some(0), outcome: Outcome::Succeeded, ..run(id, began) }
}

fn bad(id: u64, began: Millis) -> MemberRun {
    let outcome = Outcome::Failed("exit code 3".to_owned());
    MemberRun { exit_code: Some(3), outcome, ..good(id, began) }
}

#[test]
fn a_group_ends_when_its_members_have_with_their_times() {
    let mut w = World::new();
    assert_eq!(w.show(), "a=waiting b=waiting | running");
    w.saw(0, run(1, 50));
    assert_eq!(w.show(), "a=running b=waiting | running");
    w.saw(0, good(1, 50));
    w.saw(0, good(1, 50));
    w.saw(1, bad(2, 80));
    assert_eq!(w.show(), "a=succeeded b=failed (exit code 3) | failed");
    let flow = &w.state.flow;
    assert_eq!((flow.created_at, flow.ended_at), (START, Some(START + 180)));
    assert_eq!(flow.error.as_deref(), Some("b: exit code 3"));
    assert_eq!(w.messages, ["flow.ended"]);
    let step = &w.state.steps[1];
    assert_eq!(step.result.as_ref().unwrap().exit_code, Some(3));
    assert_eq!((step.started_at, step.ended_at), (Some(START + 80), Some(START + 180)));
}

#[test]
fn runs_that_are_known_when_a_window_is_opened_are_in_it() {
    let mut w = World::open(START + 500, 0, vec![good(1, 50), bad(2, 90), run(3, 70)]);
    assert_eq!(w.show(), "a=failed (exit code 3) b=waiting | running");
    assert_eq!(w.state.steps[0].attempt, 3, "the newest of them counts");
    w.saw(1, good(9, 600));
    assert_eq!(w.state.flow.status, FlowStatus::Failed);
}

#[test]
fn one_that_has_not_begun_at_its_deadline_is_missing() {
    let mut w = World::new();
    w.now = DEADLINE - 1;
    let state = w.state.clone();
    let id = state.steps[0].wait_id.clone().unwrap();
    let early = with(&mut w.ids, DEADLINE - 1, |ctx| group::due(&state, ctx, &id));
    assert_eq!(early.unwrap_err().code, Code::InvalidState);
    w.due(0).unwrap();
    w.saw(1, good(2, 20_000));
    let shown = "a=failed (missing: it had not begun at its deadline) b=succeeded | failed";
    assert_eq!(w.show(), shown);
    assert!(w.due(0).is_err());
    // One that runs at its deadline is waited for.
    let mut w = World::new();
    w.saw(0, run(1, 50));
    assert!(w.due(0).is_err());
    w.due(1).unwrap();
    assert_eq!(w.state.flow.status, FlowStatus::Running);
    w.saw(0, good(1, 50));
    assert_eq!(w.state.flow.status, FlowStatus::Failed);
}

#[test]
fn one_that_begins_after_its_deadline_is_late_before_and_after_that_is_said() {
    for said in [false, true] {
        let mut w = World::new();
        if said {
            w.due(0).unwrap();
        }
        w.saw(0, run(1, 70_000));
        w.saw(0, good(1, 70_000));
        let late = "a=failed (began 1m after its deadline, and succeeded) b=waiting | running";
        assert_eq!(w.show(), late);
        // A report of an earlier run shows that it was in time.
        w.saw(0, good(2, 60));
        assert_eq!(w.show(), "a=succeeded b=waiting | running");
    }
}

#[test]
fn a_repetition_mends_a_failure_as_long_as_the_group_is_open() {
    let mut w = World::new();
    w.saw(0, bad(1, 50));
    w.saw(0, run(2, 60_000));
    w.saw(0, good(2, 60_000));
    assert_eq!(w.show(), "a=succeeded b=waiting | running");
    assert_eq!(w.state.steps[0].attempt, 2);
    // What is told later of an older run changes nothing.
    w.saw(0, bad(1, 50));
    w.saw(1, bad(3, 70_000));
    assert_eq!(w.state.flow.status, FlowStatus::Failed);
    let was = w.state.clone();
    w.saw(1, good(4, 80_000));
    assert_eq!(w.state, was, "a run after the end is none of the group's");
}

#[test]
fn a_late_report_of_an_earlier_time_corrects_the_end() {
    let mut w = World::new();
    w.saw(1, good(2, 20));
    w.due(0).unwrap();
    assert_eq!((w.state.flow.status, w.messages.len()), (FlowStatus::Failed, 1));
    w.saw(0, run(1, 60));
    assert_eq!(w.state.flow.status, FlowStatus::Failed, "until it has ended");
    w.saw(0, good(1, 60));
    assert_eq!((w.state.flow.status, &w.state.flow.error), (FlowStatus::Succeeded, &None));
    assert_eq!(w.messages, ["flow.ended", "flow.corrected"]);
}

#[test]
fn a_cancel_ends_the_watching_only_and_says_so() {
    let mut w = World::new();
    w.saw(0, run(1, 50));
    w.cancel().unwrap();
    let flow = &w.state.flow;
    assert_eq!(
        (flow.status, flow.cancel_reason.as_deref()),
        (FlowStatus::Cancelled, Some("enough"))
    );
    assert!(flow.error.as_deref().unwrap().contains("were not stopped"));
    let was = w.state.clone();
    w.saw(0, good(1, 50));
    w.saw(1, good(2, 60));
    assert_eq!(w.state, was);
    assert_eq!(w.cancel().unwrap_err().code, Code::Terminal);
}

#[test]
fn a_deadline_before_the_group_was_made_counts_only_for_what_is_known() {
    let w = World::open(DEADLINE + 5, DEADLINE + 5, Vec::new());
    assert!(w.show().starts_with("a=skipped (its deadline had passed"), "{}", w.show());
    let w = World::open(DEADLINE + 5, DEADLINE + 5, vec![good(1, 50)]);
    assert_eq!(w.show(), "a=succeeded b=waiting | running");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_order_of_reports_keeps_the_rules_and_has_its_end(
        moves in prop::collection::vec((0..2_usize, 0..4_u64, 0..6_u8), 0..30),
    ) {
        let mut w = World::new();
        for (member, id, what) in moves {
            // A run has one start, whatever is told of it.
            let began = 4_000 * Millis::try_from(id).unwrap() + 100;
            let id = id * 2 + member as u64;
            match what {
                0 | 1 => w.saw(member, run(id, began)),
                2 => w.saw(member, good(id, began)),
                3 => w.saw(member, bad(id, began)),
                4 => drop(w.due(member)),
                _ => {}
            }
        }
        for member in 0..2 {
            let _ = w.due(member);
        }
        let open = w.state.steps.iter().enumerate().filter(|(_, step)| !step.status.is_terminal());
        for (member, step) in open.map(|(at, step)| (at, step.clone())).collect::<Vec<_>>() {
            let id = step.task_id.as_ref().unwrap().0.trim_start_matches("task_").parse().unwrap();
            w.saw(member, good(id, step.started_at.unwrap() - START));
        }
        prop_assert!(w.state.flow.is_terminal());
        prop_assert!(w.state.waits.is_empty());
    }
}
