//! Retry, fallback, on_error and finally.

use super::world::{World, code, exit, new_flow};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive;
use clawflow_core::drive::{NewFlow, Report};
use clawflow_core::error::Code;
use clawflow_core::limits::RETRY_AFTER_MS_MAX;
use clawflow_core::task::Exit;
use serde_json::json;
use std::sync::Arc;

#[test]
fn a_failed_attempt_is_tried_again_when_it_is_due() {
    let mut w = World::new("steps: [{id: a, run: x, retry: {max: 2, delay_ms: 500}}]");
    w.fail("a");
    assert_eq!(w.show(), "a=retrying | waiting");
    assert_eq!(w.step("a").due_at, Some(w.now + 500));
    let first = w.task("a");
    assert_eq!(code(w.act(|s, ctx| drive::retry_due(s, ctx, "a"))), Code::InvalidState);
    w.retry_due("a").unwrap();
    assert_eq!(w.show(), "a=starting | running");
    assert_eq!(w.task("a").parent_task_id.as_ref(), Some(&first.task_id));
    assert_eq!(w.step("a").attempt, 2);
    w.fail("a");
    assert_eq!(w.show(), "a=failed | failed");
}

#[test]
fn a_retry_that_succeeds_leaves_no_error() {
    let mut w = World::new("steps: [{id: a, run: x, retry: {max: 3}}]");
    w.fail("a");
    w.retry_due("a").unwrap();
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded | succeeded");
    assert!(w.step("a").error.is_none());
}

#[test]
fn a_server_that_wants_to_be_left_alone_puts_the_next_attempt_off() {
    let ask = |delay: &str| {
        let retry = format!("retry: {{max: 3, delay: {delay}}}");
        World::new(&format!("steps: [{{id: a, http: {{url: 'http://h/'}}, {retry}}}]"))
    };
    let refused = |after_ms: Option<u64>| {
        let mut called = json!({
            "status": 429, "error": { "code": "status", "message": "status 429" },
        });
        if let Some(ms) = after_ms {
            called["retry_after_ms"] = json!(ms);
        }
        exit(0, &called.to_string())
    };
    let hour = i64::try_from(RETRY_AFTER_MS_MAX).unwrap();
    let all = [
        ("1s", Some(5000), 5000),
        ("10s", Some(5000), 10_000),
        ("1s", None, 1000),
        ("1s", Some(u64::MAX), hour),
    ];
    for (delay, after, expected) in all {
        let mut w = ask(delay);
        w.end("a", refused(after)).unwrap();
        assert_eq!(w.show(), "a=retrying | waiting");
        assert_eq!(w.step("a").due_at, Some(w.now + expected), "{delay} {after:?}");
        let error = w.step("a").error.clone().unwrap();
        assert_eq!(error.retry_after_ms, None, "it is not part of the record");
    }
}

#[test]
fn a_failure_tells_in_its_event_which_one_it_is() {
    let mut w =
        World::new("steps: [{id: a, run: x, idempotent: true, retry: {max: 3, delay: 2s}}]");
    w.fail("a");
    let told = w.events.iter().rfind(|event| event.kind == "step.retrying").unwrap();
    let data = &told.data;
    assert_eq!(
        (&data["failures"], &data["max"], &data["delayMs"]),
        (&json!(1), &json!(3), &json!(2000))
    );
}

#[test]
fn a_program_that_writes_more_than_it_may_has_failed() {
    let over =
        |exit: Exit| Report { exit: Some(exit), over_output: Some(1000), ..Report::default() };
    // It may have ended well before it was stopped.
    for end in [Exit::Code(0), Exit::Code(3), Exit::Signal(15)] {
        let mut w = World::new("steps: [{id: a, run: x}]");
        w.end("a", over(end)).unwrap();
        let error = w.step("a").error.clone().unwrap();
        let expected = ("output_too_large", "Process output exceeded 1000 bytes");
        assert_eq!((error.code.as_str(), error.message.as_str()), expected);
        assert_eq!(w.task("a").status.as_str(), "failed");
    }
    let late = Report { timed_out: true, ..over(Exit::Signal(15)) };
    let mut w = World::new("steps: [{id: a, run: x}]");
    w.end("a", late).unwrap();
    assert_eq!(w.task("a").status.as_str(), "timed_out");
}

#[test]
fn what_a_step_of_lobster_may_write_is_in_its_environment() {
    let launch = |dialect: Dialect, step: &str, value: &str| {
        let text =
            format!("steps: [{{id: a, {step}, env: {{LOBSTER_MAX_OUTPUT_BYTES: '{value}'}}}}]");
        let definition = Definition::parse("f", text.as_bytes(), dialect).unwrap();
        let new = new_flow("steps: [{id: a, run: x}]");
        let new = NewFlow { definition: Arc::new(definition), ..new };
        World::make(new, 1000).unwrap()
    };
    let most = |w: &World| {
        let task = w.step("a").task_id.clone().unwrap();
        drive::launch(&w.state, &task).unwrap().unwrap().output_max
    };
    assert_eq!(most(&launch(Dialect::Lobster, "run: x", " 1000 ")), Some(1000));
    assert_eq!(most(&launch(Dialect::Lobster, "run: x", " ")), None);
    assert_eq!(most(&launch(Dialect::Lobster, "pipeline: json", "1000")), None, "it looks itself");
    assert_eq!(most(&launch(Dialect::Strict, "run: x", "1000")), None);
    for wrong in ["0", "-1", "1e3", "1.5", "0x10", "9007199254740992", "many"] {
        let w = launch(Dialect::Lobster, "run: x", wrong);
        let error = w.step("a").error.clone().unwrap();
        let expected = "LOBSTER_MAX_OUTPUT_BYTES must be a positive safe integer (bytes)";
        assert_eq!((error.code.as_str(), error.message.as_str()), ("bad_variable", expected));
    }
}

#[test]
fn a_timeout_and_a_program_that_is_missing_are_failures_by_name() {
    for (report, code, status) in [
        (Report { timed_out: true, ..Report::default() }, "timed_out", "timed_out"),
        (Report { exec_error: Some("no such file".into()), ..Report::default() }, "exec", "failed"),
        (Report { exit: Some(Exit::Signal(9)), ..Report::default() }, "signal", "failed"),
        (Report::default(), "failed", "failed"),
    ] {
        let mut w = World::new("steps: [{id: a, run: x}]");
        w.end("a", report).unwrap();
        assert_eq!(w.show(), "a=failed | failed");
        assert_eq!(w.step("a").error.as_ref().unwrap().code, code);
        assert_eq!(w.task("a").status.as_str(), status);
    }
}

#[test]
fn on_error_continue_goes_on_and_shows_the_failure() {
    let mut w =
        World::new("steps: [{id: a, run: x, on_error: continue}, {id: b, run: y, when: $a.error}]");
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=starting | running");
    w.ok("b");
    assert_eq!(w.show(), "a=failed b=succeeded | succeeded");
}

#[test]
fn skip_rest_skips_what_has_not_begun_and_succeeds() {
    let mut w = World::new(
        "steps: [{id: a, run: x, on_error: skip_rest}, {id: b, run: y}, {id: c, run: z}]",
    );
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=skipped c=skipped | succeeded");
}

#[test]
fn skip_rest_of_a_step_that_fails_before_it_starts_skips_the_rest_too() {
    let w = World::new("steps: [{id: a, run: x, needs: []}, {id: b, stdin: $a.json, needs: [a]}]");
    drop(w);
    let mut w = World::new(
        "steps: [{id: a, run: x}, {id: b, stdin: $a.stdout, on_error: skip_rest}, \
         {id: c, run: z}]",
    );
    let cut = Report { truncated: true, ..super::world::exit(0, "part") };
    w.end("a", cut).unwrap();
    assert_eq!(w.show(), "a=succeeded b=failed c=skipped | succeeded");
    assert!(w.step("c").task_id.is_none());
}

#[test]
fn skip_rest_lets_what_has_begun_come_to_its_end() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: [], on_error: skip_rest}, \
         {id: b, run: x, needs: [], retry: {max: 2}, on_error: {fallback: f}}, {id: f, run: x}, \
         {id: c, approval: true, needs: []}, {id: d, run: x, needs: [b]}]",
    );
    w.fail("b");
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=retrying f=pending c=waiting d=skipped | waiting");
    w.retry_due("b").unwrap();
    w.fail("b");
    assert_eq!(w.show(), "a=failed b=failed f=starting c=waiting d=skipped | running");
    w.ok("f");
    w.answer("c", true).unwrap();
    assert_eq!(w.show(), "a=failed b=failed f=succeeded c=succeeded d=skipped | succeeded");
}

#[test]
fn a_fallback_stands_in_for_its_step() {
    let mut w = World::new(
        "steps: [{id: a, run: x, on_error: {fallback: f}}, {id: f, run: y}, \
         {id: b, run: z, stdin: $a.stdout}]",
    );
    assert_eq!(w.show(), "a=starting f=pending b=pending | running");
    w.fail("a");
    assert_eq!(w.show(), "a=failed f=starting b=pending | running");
    w.print("f", "cached");
    assert_eq!(w.show(), "a=failed f=succeeded b=starting | running");
    let launch = drive::launch(&w.state, &w.task("b").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"cached");
    w.ok("b");
    assert_eq!(w.show(), "a=failed f=succeeded b=succeeded | succeeded");
}

#[test]
fn a_fallback_that_fails_is_the_failure_of_its_step() {
    let mut w = World::new(
        "steps: [{id: a, run: x, on_error: {fallback: f}}, {id: f, run: y}, {id: b, run: z}]",
    );
    w.fail("a");
    w.fail("f");
    assert_eq!(w.show(), "a=failed f=failed b=skipped | failed");
}

#[test]
fn a_fallback_is_skipped_when_its_step_needs_none() {
    let yaml = "steps: [{id: g, run: x}, {id: a, run: x, when: $g.json, \
                on_error: {fallback: f}}, {id: f, run: y}, {id: b, run: z}]";
    let mut w = World::new(yaml);
    w.print("g", "true");
    w.ok("a");
    assert_eq!(w.show(), "g=succeeded a=succeeded f=skipped b=starting | running");
    let mut w = World::new(yaml);
    w.print("g", "false");
    assert_eq!(w.show(), "g=succeeded a=skipped f=skipped b=starting | running");
    let mut w = World::new(yaml);
    w.print("g", "true");
    w.cancel();
    w.stopped("a");
    assert_eq!(w.show(), "g=succeeded a=cancelled f=cancelled b=cancelled | cancelled");
}

#[test]
fn a_fallback_that_ends_at_once_lets_the_others_go_on() {
    let mut w = World::new(
        "steps: [{id: a, run: x, on_error: {fallback: f}}, {id: f, stdin: none}, \
         {id: b, run: z}]",
    );
    w.fail("a");
    assert_eq!(w.show(), "a=failed f=succeeded b=starting | running");
}

const WITH_FINALLY: &str = "steps: [{id: a, run: x}, {id: b, run: y}]\n\
    finally: [{id: t, run: t, when: $a.error}, {id: u, run: u, when: $b.skipped}, {id: v, run: v}]";

#[test]
fn finally_runs_after_a_failure_and_sees_what_failed_and_was_skipped() {
    let mut w = World::new(WITH_FINALLY);
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=skipped t=starting u=pending v=pending | running");
    w.ok("t");
    assert_eq!(w.show(), "a=failed b=skipped t=succeeded u=starting v=pending | running");
    w.fail("u");
    w.ok("v");
    assert_eq!(w.show(), "a=failed b=skipped t=succeeded u=failed v=succeeded | failed");
}

#[test]
fn finally_runs_after_success_and_its_failure_changes_nothing() {
    let mut w = World::new(WITH_FINALLY);
    w.ok("a");
    w.ok("b");
    assert_eq!(w.show(), "a=succeeded b=succeeded t=skipped u=skipped v=starting | running");
    w.fail("v");
    assert_eq!(w.show(), "a=succeeded b=succeeded t=skipped u=skipped v=failed | succeeded");
}

#[test]
fn retry_on_and_stop_on_choose_by_exit_code_and_text() {
    let retry = "retry: {max: 3, retry_on: [75, 'reset by peer'], stop_on: over quota}";
    let yaml = format!("steps: [{{id: a, run: x, {retry}}}]");
    let said = |code: i32, stderr: &str| Report {
        stderr_tail: stderr.to_owned(),
        ..super::world::exit(code, "")
    };
    for (report, show) in [
        (said(75, ""), "a=retrying | waiting"),
        (said(1, "connection reset by peer"), "a=retrying | waiting"),
        (said(1, "no such customer"), "a=failed | failed"),
        (said(75, "you are over quota"), "a=failed | failed"),
        (Report { timed_out: true, ..Report::default() }, "a=failed | failed"),
    ] {
        let mut w = World::new(&yaml);
        w.end("a", report).unwrap();
        assert_eq!(w.show(), show);
    }
}

#[test]
fn a_flow_whose_time_is_over_stops_what_runs_unwinds_and_fails() {
    let yaml = "timeout: 1h\nsteps: [{id: a, run: x, needs: [], retry: {max: 5}}, \
                {id: g, approval: true, needs: []}, {id: b, run: y, needs: [a]}]\n\
                finally: [{id: f, run: f}]";
    let mut w = World::new(yaml);
    assert_eq!(w.state.waits.len(), 2);
    w.deadline().unwrap();
    assert_eq!(w.show(), "a=starting g=cancelled b=skipped f=pending | running");
    assert!(w.task("a").cancel_requested_at.is_some());
    w.stopped("a");
    assert_eq!(w.show(), "a=cancelled g=cancelled b=skipped f=starting | running");
    assert_eq!(w.step("a").error.as_ref().unwrap().code, "timed_out");
    w.ok("f");
    assert_eq!(w.show(), "a=cancelled g=cancelled b=skipped f=succeeded | failed");
    assert_eq!(w.state.flow.error.as_deref(), Some("timed out after 1h"));
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.answer("g", true).unwrap();
    w.deadline().unwrap();
    w.ok("f");
    assert_eq!(w.show(), "a=succeeded g=succeeded b=succeeded f=succeeded | succeeded");
    assert!(w.state.waits.is_empty());
}
