//! Steps one after another.

use super::world::{World, code, exit};
use clawflow_core::drive;
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use serde_json::{Value, json};

#[test]
fn each_step_starts_when_the_one_before_has_ended() {
    let mut w = World::new("steps: [{id: a, run: x}, {id: b, run: y}]");
    assert_eq!(w.show(), "a=starting b=pending | running");
    assert!(matches!(w.effects.as_slice(), [Effect::Start(_)]));
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=starting | running");
    w.ok("b");
    assert_eq!(w.show(), "a=succeeded b=succeeded | succeeded");
    assert_eq!(w.history(Some("b")), ["step.started", "task.ended", "step.ended"]);
    assert_eq!(w.history(None), ["flow.created", "flow.ended"]);
    let told = |at: usize| (w.events[at].data["revision"].clone(), w.events[at].data["to"].clone());
    let last = w.events.len() - 1;
    assert_eq!(told(0), (json!(0), json!("running")));
    assert_eq!(told(last), (json!(w.state.flow.revision), json!("succeeded")));
    assert_eq!(w.events[last].data["from"], json!("running"));
}

#[test]
fn a_started_process_makes_its_step_running_and_leaves_the_flow_alone() {
    let mut w = World::new("steps: [{id: a, run: x}]");
    let task = w.task("a");
    let revision = w.state.flow.revision;
    w.act(|s, ctx| drive::started(s, ctx, &task.task_id, task.fence, 7, 70)).unwrap();
    assert_eq!(w.show(), "a=running | running");
    w.act(|s, ctx| drive::progress(s, ctx, &task.task_id, task.fence, " half\n way ")).unwrap();
    assert_eq!(w.task("a").progress_summary.as_deref(), Some("half way"));
    assert_eq!(w.task("a").executor.as_ref().unwrap().pid, Some(7));
    assert_eq!(w.state.flow.revision, revision);
}

#[test]
fn a_report_with_another_fence_or_about_an_ended_task_is_refused() {
    let mut w = World::new("steps: [{id: a, run: x}, {id: b, run: y}]");
    let task = w.task("a");
    let stale = w.act(|s, ctx| drive::ended(s, ctx, &task.task_id, 0, exit(0, "")));
    assert_eq!(code(stale), Code::InvalidState);
    w.ok("a");
    let late = w.act(|s, ctx| drive::ended(s, ctx, &task.task_id, task.fence, exit(1, "")));
    assert_eq!(code(late), Code::InvalidState);
    let late = w.act(|s, ctx| drive::lost(s, ctx, &task.task_id, task.fence, "gone", Value::Null));
    assert_eq!(code(late), Code::InvalidState);
}

#[test]
fn a_false_condition_skips_its_step_only() {
    let mut w =
        World::new("steps: [{id: a, run: x}, {id: b, run: y, when: $a.json.go}, {id: c, run: z}]");
    w.print("a", r#"{"go": false}"#);
    assert_eq!(w.show(), "a=succeeded b=skipped c=starting | running");
    assert_eq!(w.step("b").error.as_ref().unwrap().code, "condition");
    w.ok("c");
    assert_eq!(w.show(), "a=succeeded b=skipped c=succeeded | succeeded");
}

#[test]
fn a_queued_task_starts_when_it_is_claimed() {
    let mut w = World::with_slots("steps: [{id: a, run: x}]", 0);
    assert_eq!(w.show(), "a=starting | running");
    assert_eq!(w.task("a").status, TaskStatus::Queued);
    assert!(matches!(w.effects.as_slice(), [Effect::Queued(_)]));
    assert_eq!(code(w.end("a", exit(0, ""))), Code::InvalidState);
    w.claim("a").unwrap();
    assert_eq!((w.task("a").status, w.task("a").fence), (TaskStatus::Running, 1));
    assert_eq!(code(w.claim("a")), Code::InvalidState);
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded | succeeded");
    assert_eq!(code(w.claim("a")), Code::Terminal);
}

#[test]
fn a_sleep_waits_and_then_goes_on() {
    let mut w = World::new("steps: [{id: a, sleep: 1m}, {id: b, run: x}]");
    assert_eq!(w.show(), "a=waiting b=pending | waiting");
    let wait = w.step("a").wait_id.clone().unwrap();
    let early = w.act(|s, ctx| drive::wait_due(s, ctx, &wait));
    assert_eq!(code(early), Code::InvalidState);
    w.wait_due("a").unwrap();
    assert_eq!(w.show(), "a=succeeded b=starting | running");
    let twice = w.act(|s, ctx| drive::wait_due(s, ctx, &wait));
    assert_eq!(code(twice), Code::InvalidState);
}

#[test]
fn a_point_in_time_that_has_passed_is_not_waited_for() {
    let w = World::new(r#"steps: [{id: a, sleep: {until: "1970-01-01T00:00:01Z"}}]"#);
    assert_eq!(w.show(), "a=succeeded | succeeded");
}

#[test]
fn a_sleep_with_a_gate_asks_when_it_is_over() {
    let mut w = World::new("steps: [{id: a, sleep: 1m, approval: true, output: o}]");
    w.wait_due("a").unwrap();
    assert_eq!(w.show(), "a=waiting | waiting");
    w.answer("a", true).unwrap();
    assert_eq!(w.show(), "a=succeeded | succeeded");
    assert_eq!(w.state.flow.outputs["o"], Value::Null);
    let w = World::new("steps: [{id: a, sleep: 0ms, approval: true}]");
    assert_eq!(w.show(), "a=waiting | waiting");
}

#[test]
fn a_synthetic_step_passes_its_input_on() {
    let mut w = World::new(
        "steps: [{id: a, run: x}, {id: b, stdin: {n: $a.json.n}, output: o}, \
         {id: c, run: y, stdin: $b.json}]",
    );
    w.print("a", r#"{"n": 3}"#);
    assert_eq!(w.step("b").status, StepStatus::Succeeded);
    assert_eq!(w.state.flow.outputs["o"], json!({"n": 3}));
    let launch = drive::launch(&w.state, &w.task("c").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), br#"{"n":3}"#);
}

#[test]
fn an_output_that_is_too_large_fails_its_step() {
    let mut w = World::new("steps: [{id: a, run: x, output: o}]");
    w.print("a", &"x".repeat(300_000));
    assert_eq!(w.show(), "a=failed | failed");
    assert_eq!(w.step("a").error.as_ref().unwrap().code, "output_too_large");
    assert!(w.state.flow.outputs.is_empty());

    let yaml =
        "steps: [{id: a, run: x, output: o}, {id: b, run: x, output: p, on_error: continue}]";
    let mut w = World::new(yaml);
    w.print("a", &"x".repeat(200_000));
    w.print("b", &"x".repeat(200_000));
    assert_eq!(w.show(), "a=succeeded b=failed | succeeded");
    assert_eq!(w.state.flow.outputs.len(), 1);
}

#[test]
fn the_output_bag_is_measured_to_the_byte() {
    // {"a":"x…"} and {"a":"x…","b":"y…"}: exactly the limit fits, one more does not.
    let yaml = "steps: [{id: s, run: x, output: a}, {id: t, run: x, output: b}]";
    let frame = r#"{"a":"","b":""}"#.len();
    for (spare, ends) in [(0, "succeeded"), (1, "failed")] {
        let mut w = World::new(yaml);
        w.print("s", &"x".repeat(100_000));
        w.print("t", &"y".repeat(256 * 1024 - frame - 100_000 + spare));
        assert_eq!(w.state.flow.status.as_str(), ends);
    }
}

#[test]
fn a_cut_output_cannot_be_kept() {
    let mut w = World::new("steps: [{id: a, run: x, output: o}]");
    let report = drive::Report { truncated: true, ..exit(0, "part") };
    w.end("a", report).unwrap();
    assert_eq!(w.step("a").error.as_ref().unwrap().code, "output_too_large");
}

#[test]
fn a_pipeline_runs_as_a_process_of_its_own_and_its_items_are_the_result() {
    let yaml = "args: {n: {default: 2}}\nsteps: [{id: a, stdin: [1, 2]}, \
                {id: p, pipeline: \"head --n ${n}\", stdin: $a.json}, {id: b, run: x}]";
    for (said, stdout, value) in [
        (r#"{"status":"ok","items":["x","y"],"rendered":null}"#, "x\ny", json!(["x", "y"])),
        (r#"{"status":"ok","items":[{"k":1}],"rendered":null}"#, r#"{"k":1}"#, json!({"k": 1})),
        (r#"{"status":"ok","items":[],"rendered":"[3]"}"#, "[3]", json!([3])),
    ] {
        let mut w = World::new(yaml);
        let launch = drive::launch(&w.state, &w.task("p").task_id).unwrap().unwrap();
        let words = [drive::Launch::SELF, "__pipeline", "run", "head --n 2"];
        assert_eq!(launch.command.argv, words);
        assert_eq!(launch.stdin.unwrap(), b"[1,2]");
        w.print("p", said);
        let result = w.step("p").result.clone().unwrap();
        assert_eq!((result.stdout.as_deref(), result.json), (Some(stdout), Some(value)));
        assert_eq!(w.show(), "a=succeeded p=succeeded b=starting | running");
    }
    for (code, said, why) in [
        (
            1,
            r#"{"status":"failed","error":{"type":"runtime","message":"no such file"}}"#,
            "no such file",
        ),
        (
            0,
            r#"{"status":"needs_approval"}"#,
            "it asks for an approval; use a step with `approval`",
        ),
        (0, "hello", "what the pipeline said was not understood"),
    ] {
        let mut w = World::new(yaml);
        w.end("p", super::world::exit(code, said)).unwrap();
        assert_eq!(w.show(), "a=succeeded p=failed b=skipped | failed");
        assert_eq!(w.step("p").error.as_ref().unwrap().message, why);
    }
}
