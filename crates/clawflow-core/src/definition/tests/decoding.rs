//! Every key that is understood, and its defaults.

use super::super::{Action, Backoff, OnDeny, OnError, OnLost, OnTimeout, Phase, SleepDef};
use super::*;

#[test]
fn the_top_level_is_read_whole() {
    let text = "\
name: weekly-report
description: The weekly report
goal: Weekly report for the team
key: report-${week}
owner: ann
notify: state_changes
labels: { team: ops, size: 3 }
args: { week: { default: \"2026-W15\", description: which }, full: , n: { default: [1] } }
env: { A: \"${week}\", N: 1.10, B: true }
cwd: /srv/${week}
steps: [{ id: a, run: x }]
";
    let flow = parse(text).unwrap();
    assert_eq!(flow.name.as_deref(), Some("weekly-report"));
    assert_eq!(flow.goal.as_deref(), Some("Weekly report for the team"));
    assert_eq!(flow.key.as_ref().unwrap().source(), "report-${week}");
    assert_eq!(flow.owner.as_deref(), Some("ann"));
    assert_eq!(flow.notify.as_deref(), Some("state_changes"));
    assert_eq!(flow.labels["size"], "3");
    assert_eq!(flow.args["week"].default, Some(json!("2026-W15")));
    assert_eq!(flow.args["full"].default, None);
    assert_eq!(flow.env["N"].source(), "1.10");
    assert_eq!(flow.cwd.unwrap().source(), "/srv/${week}");
    assert_eq!(flow.source, text);
    assert_eq!(flow.hash.len(), 64);
}

#[test]
fn the_same_text_has_the_same_hash_and_definition() {
    let text = "steps: [{ id: a, run: x, when: true }]\n";
    let (one, two) = (parse(text).unwrap(), parse(text).unwrap());
    assert_eq!(one, two);
    assert_eq!(parse_as("t", one.source.as_bytes(), one.dialect).unwrap(), one);
    assert_ne!(parse("steps: [{ id: a, run: y, when: true }]\n").unwrap().hash, one.hash);
}

#[test]
fn json_is_yaml() {
    let text = r#"{"name": "j", "steps": [{"id": "a", "argv": ["x", 1, true, "\u00e9"]}]}"#;
    let flow = parse(text).unwrap();
    let Action::Argv(words) = &flow.steps[0].action else { panic!("argv expected") };
    let words: Vec<Value> = words.iter().map(|w| w.resolve(&Run::default()).unwrap()).collect();
    assert_eq!(words, [json!("x"), json!("1"), json!("true"), json!("é")]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = "name: w\nsteps:\n  - id: a\n    run: |\n      x\n      y\n";
    let plain = parse(text).unwrap();
    let marked = parse(&format!("\u{feff}{text}")).unwrap();
    let windows = parse(&text.replace('\n', "\r\n")).unwrap();
    for flow in [&marked, &windows] {
        let (Action::Shell(one), Action::Shell(two)) =
            (&plain.steps[0].action, &flow.steps[0].action)
        else {
            panic!("shell lines expected")
        };
        assert_eq!((one.source(), "x\ny\n"), (two.source(), one.source()));
        assert_ne!(flow.hash, plain.hash);
    }
    let error = errors("name: w\r\nsteps:\r\n  - id: a\r\n    rnu: x\r\n");
    assert!(error.contains("4:5: unknown key `rnu`") && !error.contains('\r'), "{error}");
}

#[test]
fn the_example_of_the_design_is_read() {
    let text = r#"
name: weekly-report
goal: Weekly report for the team
args: { week: { default: "2026-W15" } }
steps:
  - id: crm
    run: ./gather crm
    needs: []
    retry: { max: 3, backoff: exponential, delay_ms: 2000, jitter: true }
    idempotent: true
  - { id: billing, run: ./gather billing, needs: [] }
  - { id: tickets, run: ./gather tickets, needs: [], on_error: { fallback: tickets-cache } }
  - { id: tickets-cache, run: cat cache/tickets.json, needs: [] }
  - id: report
    needs: [crm, billing, tickets]
    argv: [./report, --week, "${week}"]
    stdin: { crm: $crm.json, billing: $billing.json, tickets: $tickets.json }
    timeout: 10m
    output: report
  - id: sign-off
    needs: [report]
    approval:
      { prompt: "Send?", preview: $report.stdout, timeout: 2d, on_timeout: fail, on_deny: continue }
  - id: cool-down
    sleep: 30m
  - { id: deliver, run: ./deliver, stdin: $report.json, when: $sign-off.approved, on_lost: ask }
finally:
  - { id: tidy, run: rm -rf work }
"#;
    let flow = parse(text).unwrap();
    let id = |id: &str| flow.step_index(id).unwrap();
    assert_eq!(flow.steps[id("report")].needs, [id("crm"), id("billing"), id("tickets")]);
    assert_eq!(flow.steps[id("deliver")].needs, [id("cool-down")]);
    assert_eq!(super::super::lint(&flow), []);
}

#[test]
fn a_bare_step_has_the_documented_defaults() {
    let flow = parse("steps: [{ id: a, run: x }]").unwrap();
    let step = &flow.steps[0];
    assert_eq!((step.retry.max, step.retry.delay_ms, step.retry.max_delay_ms), (1, 1_000, 30_000));
    assert_eq!(step.retry.backoff, Backoff::Fixed);
    assert_eq!((step.on_error, step.on_lost), (OnError::Stop, OnLost::Ask));
    assert_eq!((step.timeout_ms, step.idempotent, step.phase), (None, false, Phase::Forward));
    assert!(step.when.is_none() && step.approval.is_none() && step.needs.is_empty());
}

#[test]
fn policies_of_a_step_are_read() {
    let text = "\
steps:
  - id: a
    run: x
    retry: { max: 3, backoff: exponential, delay: 2s, max_delay: 1m30s, jitter: true }
    timeout: 10m
    idempotent: true
    on_error: skip_rest
    output: report
  - { id: b, command: y, timeout_ms: 5, on_error: continue, idempotent: true, on_lost: fail }
  - { id: c, run: \" \", stdin: { n: 1 } }
";
    let flow = parse(text).unwrap();
    let a = &flow.steps[0];
    assert_eq!((a.retry.max, a.retry.delay_ms, a.retry.max_delay_ms), (3, 2_000, 90_000));
    assert!(a.retry.jitter);
    assert_eq!(
        (a.timeout_ms, a.on_error, a.on_lost),
        (Some(600_000), OnError::SkipRest, OnLost::Retry)
    );
    assert_eq!(a.output.as_deref(), Some("report"));
    let b = &flow.steps[1];
    assert_eq!((b.timeout_ms, b.on_error, b.on_lost), (Some(5), OnError::Continue, OnLost::Fail));
    assert_eq!(flow.steps[2].action, Action::Synthetic);
}

#[test]
fn pairs_that_say_the_same_are_refused() {
    for (step, wanted) in [
        ("run: x, argv: [x]", "both `run` and `argv`"),
        ("run: x, command: y", "both `run` and `command`"),
        ("argv: [x], sleep: 1s", "both `argv` and `sleep`"),
        ("run: x, timeout: 1s, timeout_ms: 1", "both `timeout_ms` and `timeout`"),
        ("run: x, retry: { delay: 1s, delay_ms: 1 }", "both `delay_ms` and `delay`"),
        ("run: x, retry: { max_delay: 1s, max_delay_ms: 1 }", "both `max_delay_ms`"),
    ] {
        let error = errors(&format!("steps: [{{ id: a, {step} }}]"));
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn values_out_of_bounds_are_refused() {
    for step in [
        "timeout_ms: 0",
        "timeout_ms: 2147483648",
        "timeout_ms: \"5\"",
        "timeout_ms: 1.5",
        "timeout: 0s",
        "timeout: 30d",
        "timeout: 10",
        "retry: { max: 0 }",
        "retry: { max: -1 }",
        "retry: { max: \"2\" }",
        "retry: { delay_ms: -1 }",
        "retry: 3",
        "idempotent: yes please",
        "output: \"a b\"",
        "on_lost: never",
        "on_error: { fallback: [] }",
        "on_error: {}",
        "approval: 3",
        "approval: { timeout: 1x }",
        "approval: { on_timeout: fail }",
        "approval: { approvers: [] }",
        "approval: { items: 3 }",
        "env: { \"A=B\": x }",
        "env: { A: [] }",
        "env: { A: }",
        "cwd: 3",
        "needs: a",
        "when: [a]",
    ] {
        let text = format!("steps: [{{ id: a, run: x, {step} }}]");
        assert_eq!(messages(&text).len(), 1, "{step}");
    }
    assert!(errors("steps: [{ id: a, argv: [] }]").contains("is empty"));
    assert!(errors("steps: [{ id: a, argv: [\"\"] }]").contains("is empty"));
    assert!(errors("steps: [{ id: a, argv: [[x]] }]").contains("expected text"));
}

#[test]
fn sleeps_take_a_duration_or_a_time() {
    let text = "\
steps:
  - { id: a, sleep: 30m }
  - { id: b, sleep: { until: \"1970-01-01T00:00:01.5+00:00\" } }
";
    let flow = parse(text).unwrap();
    assert_eq!(flow.steps[0].action, Action::Sleep(SleepDef::For(1_800_000)));
    assert_eq!(flow.steps[1].action, Action::Sleep(SleepDef::Until(1_500)));
    for sleep in ["5", "{ until: tomorrow }", "{ until: 2026-01-01 }", "{}", "{ for: 3s }", "[]"] {
        parse(&format!("steps: [{{ id: a, sleep: {sleep} }}]")).unwrap_err();
    }
}

#[test]
fn what_is_kept_of_a_file_is_bounded() {
    let labels = |count: usize, value: &str| {
        let all: Vec<_> = (0..count).map(|n| format!("l{n}: {value}")).collect();
        format!("labels: {{ {} }}\nsteps: [{{ id: a, run: x }}]", all.join(", "))
    };
    assert_eq!(parse(&labels(64, &"x".repeat(4096))).unwrap().labels.len(), 64);
    assert!(errors(&labels(65, "x")).contains("more than 64 labels"));
    assert!(errors(&labels(1, &"x".repeat(4097))).contains("longer than 4096 characters"));
    let asks = |names: &[&str]| {
        let names = names.join(", ");
        format!("steps: [{{ id: a, run: x, approval: {{ approvers: [{names}] }} }}]")
    };
    parse(&asks(&["ann"; 64])).unwrap();
    assert!(errors(&asks(&["ann"; 65])).contains("more than 64"));
    assert!(errors(&asks(&[&"x".repeat(4097)])).contains("longer than 4096 characters"));
}

#[test]
fn every_form_of_approval_is_read() {
    let gate = |form: &str| {
        let flow = parse(&format!("steps: [{{ id: a, run: x, approval: {form} }}]")).unwrap();
        flow.steps[0].approval.clone()
    };
    assert_eq!(gate("true"), gate("required"));
    assert!(gate("true").unwrap().prompt.is_none());
    assert!(gate("false").is_none() && gate("\"\"").is_none());
    assert_eq!(gate("Send it?").unwrap().prompt.unwrap().source(), "Send it?");
    let full = gate(
        "{ prompt: p, items: [1], preview: $a.stdout, timeout: 2d, on_timeout: continue, \
         on_deny: continue, approvers: [ann, 7] }",
    );
    let full = full.unwrap();
    assert_eq!((full.timeout_ms, full.on_timeout), (Some(172_800_000), OnTimeout::Continue));
    assert_eq!((full.on_deny, full.approvers), (OnDeny::Continue, vec!["ann".into(), "7".into()]));
    let plain = gate("{ prompt: p }").unwrap();
    assert_eq!((plain.on_timeout, plain.on_deny), (OnTimeout::Fail, OnDeny::Cancel));
}

#[test]
fn the_ids_of_the_strict_dialect_can_be_referred_to() {
    for id in ["flow", "run", "a b", "a.b", "é", "\"\"", "[]"] {
        parse(&format!("steps: [{{ id: {id}, run: x }}]")).unwrap_err();
    }
    parse("steps: [{ id: 5, run: x }, { id: a-b_C, run: x }, { id: true, run: x }]").unwrap();
    assert!(errors("steps: [{ run: x }]").contains("this step has no `id`"));
}
