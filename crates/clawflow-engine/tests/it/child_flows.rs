//! Child flows: made once, cancelled with their parents, found again after a restart.

use crate::world::{Kind, World, named, scenario, until};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::TaskId;
use clawflow_core::step::StepStatus;
use clawflow_core::wait::WaitKind;
use clawflow_engine::api::{
    Ancestry, Call as _, Caller, FlowAnswer, FlowAnswerRequest, FlowCancel, FlowCancelRequest,
    FlowList, FlowListRequest, FlowPurge, FlowPurgeRequest, FlowRef, FlowRun, FlowRunRequest,
    FlowShow, FlowView, FlowWhy,
};
use clawflow_engine::{Hooks, Scope};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request with files beside it, which are nowhere on a disk.
pub(crate) fn request(world: &World, main: &str, files: &[(&str, &str)]) -> FlowRunRequest {
    let files = files.iter().map(|(name, text)| (format!("/no/{name}"), (*text).to_owned()));
    let path = Some("/no/main.flow.yaml".to_owned());
    FlowRunRequest { path, files: files.collect(), ..world.request(main) }
}

async fn run(world: &World, main: &str, files: &[(&str, &str)]) -> Flow {
    world.call::<FlowRun>(request(world, main, files)).await.unwrap()
}

/// The children of a flow, oldest first, whatever their state.
async fn children(world: &World, flow: &Flow) -> Vec<Flow> {
    let parent = Some(flow.flow_id.0.clone());
    let request = FlowListRequest { parent, limit: Some(1000), ..FlowListRequest::default() };
    let page = world.call::<FlowList>(request).await.unwrap();
    page.flows.into_iter().rev().map(|line| line.flow).collect()
}

async fn show(world: &World, flow: &str) -> FlowView {
    world.call::<FlowShow>(FlowRef { flow: flow.to_owned() }).await.unwrap()
}

/// Whoever has this ancestry may answer the gate of the flow, or may not and is told so.
async fn may_answer(world: &World, flow: &Flow, from: Ancestry) -> bool {
    let api = world.api.as_caller(Caller { from, ..Caller::default() });
    let by = "ann".to_owned();
    let request = FlowAnswerRequest {
        flow: flow.flow_id.0.clone(),
        approve: Some(true),
        by,
        ..FlowAnswerRequest::default()
    };
    match FlowAnswer::run(&api, request).await {
        Ok(answer) => answer.applied,
        Err(error) => {
            assert_eq!(error.code, "forbidden", "{error:?}");
            false
        }
    }
}

scenario!(a_gate_is_answered_by_nobody_below_it, 4);
async fn a_gate_is_answered_by_nobody_below_it(world: World) {
    let child = "steps: [{ id: a, argv: [true] }, { id: g, needs: [], approval: true }]";
    let main = "steps: [{ id: c, needs: [], flow: { file: c.yaml } }, \
                { id: own, needs: [], argv: [true] }, { id: g, needs: [], approval: true }]";
    let flow = run(&world, main, &[("c.yaml", child)]).await;
    let other = world.run("steps: [{ id: a, argv: [true] }]").await;
    let task = async |flow: &Flow| {
        let ran = |view: &FlowView| view.tasks.iter().any(|task| task.status.is_terminal());
        let view = world.until(flow, "its step", ran).await;
        view.tasks[0].task_id.clone()
    };
    let asks = |view: &FlowView| view.waits.iter().any(|wait| wait.kind == WaitKind::Approval);
    world.until(&flow, "its child", |view| asks(view) && view.children.len() == 1).await;
    let own = task(&flow).await;
    let made = children(&world, &flow).await;
    let below = task(&made[0]).await;
    world.until(&made[0], "its gate", asks).await;
    let elsewhere = [task(&other).await, TaskId("task_of_another_home".to_owned())];
    let attempts = |tasks: &[&TaskId]| Ancestry::Attempts(tasks.iter().copied().cloned().collect());
    for from in [
        attempts(&[&own]),
        attempts(&[&below]),
        attempts(&[&elsewhere[0], &own]),
        Ancestry::Unknown,
    ] {
        assert!(!may_answer(&world, &flow, from.clone()).await, "{from:?}");
    }
    // The gate of the flow below: not for its own, and for who is above or elsewhere.
    assert!(!may_answer(&world, &made[0], attempts(&[&below])).await);
    assert!(may_answer(&world, &made[0], attempts(&[&own])).await);
    assert!(may_answer(&world, &flow, attempts(&[&elsewhere[0], &elsewhere[1]])).await);
    world.succeeded(&flow).await;
}

const DOUBLE: &str = "args: { n: {} }
cwd: sub
env: { OWN: \"$flow.id\" }
steps:
  - { id: a, run: 'echo \"${n} $UP\" >> ../marks; echo $((2 * ${n})); sleep 0.05' }
";

scenario!(a_child_is_a_flow_of_its_own, 4);
async fn a_child_is_a_flow_of_its_own(world: World) {
    std::fs::create_dir(world.path().join("sub")).unwrap();
    let main = "steps:
  - id: l
    for_each: [1, 2, 3]
    concurrency: 2
    env: { UP: up }
    steps: [{ id: c, flow: { file: d/../double.yaml, args: { n: $item.json } } }]
  - { id: s, argv: [echo, $l.json.0.c, $l.json.1.c, $l.json.2.c] }
";
    let flow = run(&world, main, &[("double.yaml", DOUBLE)]).await;
    let view = world.succeeded(&flow).await;
    let said = view.steps[1].result.clone().unwrap().stdout;
    assert_eq!(said.as_deref(), Some("2 4 6\n"));
    let mut marks = world.lines("marks");
    marks.sort();
    assert_eq!(marks, ["1 up", "2 up", "3 up"]);
    let made = children(&world, &flow).await;
    assert_eq!((made.len(), view.children.len()), (3, 3));
    for child in &made {
        assert_eq!(child.parent_flow_id.as_ref(), Some(&flow.flow_id));
        let step =
            view.steps.iter().find(|step| step.child_flow_id.as_ref() == Some(&child.flow_id));
        assert_eq!(step.map(|step| step.step_id.clone()), child.parent_step_id);
        assert_eq!((child.owner_key.as_str(), child.revision > 0), (flow.owner_key.as_str(), true));
    }
    world.at_rest().await;
}

scenario!(a_path_that_a_step_tells_is_read_when_the_step_begins, 2);
async fn a_path_that_a_step_tells_is_read_when_the_step_begins(world: World) {
    let write = |name: &str, text: &str| std::fs::write(world.path().join(name), text).unwrap();
    let main = "steps:
  - { id: a, run: 'echo late.yaml' }
  - { id: c, flow: { file: $a.json.file }, on_error: continue, when: $a.json.file }
  - { id: d, flow: { file: $b.response } }
";
    let main = main
        .replace("  - { id: d", "  - { id: b, input: { prompt: which, schema: {} } }\n  - { id: d");
    let path = Some(world.path().join("main.flow.yaml").display().to_string());
    let request = FlowRunRequest { path, ..world.request(&main) };
    let flow = world.call::<FlowRun>(request.clone()).await.unwrap();
    let answer = |flow: &Flow, file: &str| FlowAnswerRequest {
        flow: flow.flow_id.0.clone(),
        response: Some(serde_json::json!(file)),
        by: "ann".to_owned(),
        ..FlowAnswerRequest::default()
    };
    world.until(&flow, "the question", |v| v.flow.status == FlowStatus::Waiting).await;
    // Only now is it there, with what it names.
    write("late.yaml", "steps: [{ id: x, flow: { file: leaf.yaml } }]");
    write("leaf.yaml", "steps: [{ id: y, run: echo leaf }]");
    world.call::<FlowAnswer>(answer(&flow, "late.yaml")).await.unwrap();
    let view = world.succeeded(&flow).await;
    assert_eq!(view.steps[3].result.clone().unwrap().stdout.as_deref(), Some("leaf\n"));
    write("loop.yaml", "steps: [{ id: x, flow: { file: main.flow.yaml } }]");
    write("main.flow.yaml", "steps: [{ id: x, run: x }]");
    write("wrong.yaml", "steps: [{ id: x, rum: x }]");
    for (file, why) in [
        ("none.yaml", "workflow file not found"),
        (".", "is not a file"),
        ("/dev/zero", "is not a file"),
        ("wrong.yaml", "unknown key `rum`"),
        ("main.flow.yaml", "creates a cycle"),
        ("loop.yaml", "creates a cycle"),
    ] {
        let flow = world.call::<FlowRun>(request.clone()).await.unwrap();
        world.until(&flow, "the question", |v| v.flow.status == FlowStatus::Waiting).await;
        world.call::<FlowAnswer>(answer(&flow, file)).await.unwrap();
        let view = world.ended(&flow).await;
        let error = view.flow.error.unwrap_or_default();
        assert!(view.flow.status == FlowStatus::Failed && error.contains(why), "{file}: {error}");
        assert!(children(&world, &flow).await.is_empty());
    }
    world.at_rest().await;
}

#[tokio::test]
async fn what_was_not_sent_or_is_wrong_makes_no_flow() {
    let world = World::new(Kind::Memory, 1);
    let main = "steps: [{ id: a, flow: { file: b.yaml } }]";
    for (files, why) in [
        (vec![], "t.flow.yaml:1:32: the workflow file /no/b.yaml was not sent"),
        (vec![("b.yaml", "steps: []")], "the flow in /no/b.yaml cannot run: 1:8: `steps` is empty"),
        (vec![("b.yaml", "steps: [{ id: a, flow: { file: b.yaml } }]")], "creates a cycle"),
    ] {
        let error = world.call::<FlowRun>(request(&world, main, &files)).await.unwrap_err();
        assert!(error.code == "bad_file" && error.message.contains(why), "{}", error.message);
    }
    for path in ["main.flow.yaml", "", "/a\0b"] {
        let path = Some(path.to_owned());
        let request = FlowRunRequest { path, ..world.request("steps: [{ id: a, run: x }]") };
        assert_eq!(world.call::<FlowRun>(request).await.unwrap_err().code, "bad_request");
    }
}

scenario!(a_child_that_fails_or_cannot_be_made_fails_its_step, 2);
async fn a_child_that_fails_or_cannot_be_made_fails_its_step(world: World) {
    let bad = "steps: [{ id: x, run: 'echo x >> marks; exit 3' }]";
    let main = "steps:
  - { id: a, flow: { file: bad.yaml }, retry: { max: 2, delay: 1ms }, on_error: continue }
  - { id: b, flow: { file: keyed.yaml }, on_error: continue }
  - { id: c, argv: [echo, $a.errorMessage] }
";
    let keyed = "key: taken\nsteps: [{ id: x, run: x }]";
    let holder = world.run("key: taken\nsteps: [{ id: x, approval: true }]").await;
    let flow = run(&world, main, &[("bad.yaml", bad), ("keyed.yaml", keyed)]).await;
    let view = world.succeeded(&flow).await;
    assert_eq!(world.lines("marks"), ["x", "x"], "a child for each attempt");
    let said = view.steps[2].result.clone().unwrap().stdout.unwrap();
    assert!(said.contains("failed: step x failed: exit code 3"), "{said:?}");
    let why = view.steps[1].error.clone().unwrap().message;
    assert!(why.contains("taken"), "{why}");
    let made = children(&world, &flow).await;
    assert_eq!(made.iter().map(|f| f.status).collect::<Vec<_>>(), [FlowStatus::Failed; 2]);
    let cancel = FlowCancelRequest { flow: holder.flow_id.0, ..FlowCancelRequest::default() };
    world.call::<FlowCancel>(cancel).await.unwrap();
    world.at_rest().await;
}

const FAMILY: [(&str, &str); 2] = [
    (
        "b.yaml",
        "steps: [{ id: c, needs: [], flow: { file: c.yaml } }, \
      { id: w, needs: [], run: 'echo b >> marks; sleep 100' }]\nfinally: [{ id: f, run: 'echo fb >> marks' }]",
    ),
    (
        "c.yaml",
        "steps: [{ id: g, needs: [], approval: { prompt: go? } }, \
      { id: w, needs: [], run: 'echo c >> marks; sleep 100' }, { id: n, run: 'echo n >> marks' }]\n\
      finally: [{ id: f, run: 'echo fc >> marks' }]",
    ),
];
const TOP: &str = "steps: [{ id: b, flow: { file: b.yaml } }, { id: n, run: 'echo n >> marks' }]\n\
                   finally: [{ id: f, run: 'echo fa >> marks' }]";

/// A family at work: the flow, its child, its grandchild.
async fn family(world: &World) -> [Flow; 3] {
    let top = run(world, TOP, &FAMILY).await;
    until("both processes", || world.lines("marks").len() == 2).await;
    let child = children(world, &top).await.remove(0);
    let grandchild = children(world, &child).await.remove(0);
    [top, child, grandchild]
}

scenario!(a_cancel_reaches_all_that_is_below, 4);
async fn a_cancel_reaches_all_that_is_below(world: World) {
    let flows = family(&world).await;
    let why = world.call::<FlowWhy>(named(&flows[0])).await.unwrap();
    let below: Vec<_> = why.reasons.iter().map(|r| (r.flow_id.clone(), r.kind.as_str())).collect();
    assert!(below.contains(&(Some(flows[2].flow_id.clone()), "approval")), "{why:?}");
    assert!(why.commands.iter().any(|c| c.contains(flows[2].flow_id.as_str())), "{why:?}");
    let view = show(&world, &flows[0].flow_id.0).await;
    assert_eq!(view.children[0].asks.len(), 1, "the question of the grandchild");
    let request = FlowCancelRequest {
        flow: flows[0].flow_id.0.clone(),
        wait_ms: 20_000,
        ..FlowCancelRequest::default()
    };
    let flow = world.call::<FlowCancel>(request).await.unwrap();
    assert_eq!(flow.status, FlowStatus::Cancelled);
    for flow in &flows {
        let view = world.view(flow).await;
        assert_eq!(view.flow.status, FlowStatus::Cancelled);
        assert!(view.steps.iter().all(|step| step.status.is_terminal()));
    }
    assert_eq!(world.lines("marks")[2..], ["fc", "fb", "fa"], "from below, and nothing else");
    world.at_rest().await;
}

scenario!(a_timeout_cancels_the_child_and_tries_again, 4);
async fn a_timeout_cancels_the_child_and_tries_again(world: World) {
    let main =
        "steps: [{ id: c, flow: { file: c.yaml }, timeout: 300ms, retry: { max: 2, delay: 1ms } }]";
    let child =
        "steps: [{ id: w, run: 'echo w >> marks; test $(wc -l < marks) = 2 || sleep 100' }]";
    let flow = run(&world, main, &[("c.yaml", child)]).await;
    world.succeeded(&flow).await;
    let made = children(&world, &flow).await;
    let ends: Vec<FlowStatus> = made.iter().map(|flow| flow.status).collect();
    assert_eq!(ends, [FlowStatus::Cancelled, FlowStatus::Succeeded]);
    world.at_rest().await;
}

scenario!(a_live_parent_holds_its_child_back_from_a_purge, 4);
async fn a_live_parent_holds_its_child_back_from_a_purge(world: World) {
    let flow = run(
        &world,
        "steps: [{ id: c, flow: { file: c.yaml } }, { id: g, approval: true }]",
        &[("c.yaml", "steps: [{ id: s, sleep: 0s }]")],
    )
    .await;
    let view = world
        .until(&flow, "its gate", |v| v.waits.iter().any(|w| w.kind == WaitKind::Approval))
        .await;
    let child = view.children[0].flow_id.0.clone();
    let one = FlowPurgeRequest { flow: Some(child.clone()), ..Default::default() };
    let error = world.call::<FlowPurge>(one).await.unwrap_err();
    assert!(error.message.contains("which has not ended"), "{error:?}");
    let all = FlowPurgeRequest { ended_before: Some(i64::MAX), ..Default::default() };
    assert_eq!(world.call::<FlowPurge>(all).await.unwrap().flows, Vec::<String>::new());
    assert_eq!(show(&world, &child).await.flow.status, FlowStatus::Succeeded);
    let cancel = FlowCancelRequest { flow: flow.flow_id.0.clone(), ..Default::default() };
    world.call::<FlowCancel>(cancel).await.unwrap();
    world.ended(&flow).await;
    let all = FlowPurgeRequest { ended_before: Some(i64::MAX), ..Default::default() };
    assert_eq!(world.call::<FlowPurge>(all).await.unwrap().flows.len(), 2);
}

scenario!(a_live_child_holds_its_parent_back_from_a_purge, 4);
async fn a_live_child_holds_its_parent_back_from_a_purge(world: World) {
    // Only a flow of code can end before its child: the law of files waits for them.
    use clawflow_core::flow::FlowStatus::Cancelled;
    let flow = run(
        &world,
        "steps: [{ id: c, flow: { file: c.yaml } }]",
        &[("c.yaml", "steps: [{ id: g, approval: true }]")],
    )
    .await;
    let view = world.until(&flow, "its child", |v| v.children.len() == 1).await;
    let child = view.children[0].flow_id.0.clone();
    let purge = |flow: &str| FlowPurgeRequest { flow: Some(flow.to_owned()), ..Default::default() };
    assert!(world.call::<FlowPurge>(purge(&flow.flow_id.0)).await.is_err());
    let cancel = |flow: &str| FlowCancelRequest { flow: flow.to_owned(), ..Default::default() };
    world.call::<FlowCancel>(cancel(&child)).await.unwrap();
    let view = world.ended(&flow).await;
    assert_eq!(view.steps[0].error.clone().unwrap().code, "cancelled", "{view:?}");
    assert_eq!((view.flow.status, view.children[0].status), (FlowStatus::Failed, Cancelled));
    world.call::<FlowPurge>(purge(&flow.flow_id.0)).await.unwrap();
    let child = show(&world, &child).await;
    assert_eq!(child.flow.parent_flow_id, Some(flow.flow_id), "it outlives its parent");
    world.at_rest().await;
}

/// Where the engine dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    /// The parent waits for a child that is not made.
    ParentMade,
    /// The child is made; nothing of it was told.
    ChildMade,
    /// The child has ended, and its parent does not know.
    ChildEnded,
}

/// Lets the store take nothing any more, from a moment on.
struct Dies {
    at: At,
    store: Arc<crate::store::Faulty>,
    died: Arc<AtomicBool>,
}

impl Dies {
    fn now(&self, at: At, flow: &Flow) {
        let child = at != At::ParentMade;
        if at == self.at && flow.parent_flow_id.is_some() == child {
            self.store.fail(usize::MAX / 2);
            self.died.store(true, Ordering::SeqCst);
        }
    }
}

impl Hooks for Dies {
    fn flow_created(&self, flow: &Flow) {
        self.now(if flow.parent_flow_id.is_some() { At::ChildMade } else { At::ParentMade }, flow);
    }

    fn flow_ended(&self, flow: &Flow) {
        self.now(At::ChildEnded, flow);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_engine_dies_there_is_one_child_with_one_effect() {
    let child = "steps: [{ id: x, run: 'echo x >> marks; echo 7' }]";
    let main = "steps: [{ id: c, flow: { file: c.yaml } }, { id: d, argv: [echo, $c.json] }]";
    for kind in [Kind::Memory, Kind::Sqlite] {
        for at in [At::ParentMade, At::ChildMade, At::ChildEnded] {
            let mut world = World::new(kind, 2);
            let died = Arc::new(AtomicBool::new(false));
            let (store, seen) = (world.store.clone(), died.clone());
            world.engine.on(Dies { at, store, died: seen });
            let flow = run(&world, main, &[("c.yaml", child)]).await;
            until("its death", || died.load(Ordering::SeqCst)).await;
            let waits = world.view(&flow).await.steps[0].status;
            assert_eq!(waits, StepStatus::Waiting, "{at:?}");
            world.restart(Scope::All);
            let view = world.succeeded(&flow).await;
            assert_eq!(world.lines("marks"), ["x"], "{at:?}");
            let made = children(&world, &flow).await;
            assert_eq!(made.len(), 1, "{at:?}");
            assert_eq!(view.steps[0].child_flow_id.as_ref(), Some(&made[0].flow_id));
            assert_eq!(view.steps[1].result.clone().unwrap().stdout.as_deref(), Some("7\n"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_goes_on_below_after_a_restart() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let mut world = World::new(kind, 4);
        let flows = family(&world).await;
        world.engine.stop();
        // Nobody drives them while the cancel is recorded.
        world.restart(Scope::Nothing);
        let id = flows[0].flow_id.0.clone();
        let cancel = FlowCancelRequest { flow: id, ..FlowCancelRequest::default() };
        world.call::<FlowCancel>(cancel).await.unwrap();
        world.restart(Scope::All);
        for flow in &flows {
            let view = world.ended(flow).await;
            assert_eq!(view.flow.status, FlowStatus::Cancelled);
        }
        assert_eq!(world.lines("marks")[2..], ["fc", "fb", "fa"]);
        world.at_rest().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_drives_a_flow_drives_its_children() {
    let mut world = World::scoped(Kind::Sqlite, 4, Scope::Driven);
    let flow = run(&world, TOP, &[FAMILY[0], ("c.yaml", "steps: [{ id: x, run: exit 1 }]")]).await;
    until("the process", || !world.lines("marks").is_empty()).await;
    world.engine.stop();
    world.restart(Scope::Driven);
    world.engine.adopt(&flow.flow_id).unwrap();
    let cancel = FlowCancelRequest { flow: flow.flow_id.0.clone(), ..Default::default() };
    world.call::<FlowCancel>(cancel).await.unwrap();
    world.ended(&flow).await;
    world.at_rest().await;
}
