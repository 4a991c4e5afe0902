//! What people read when a file is wrong.

use insta::assert_snapshot;

use super::*;

#[test]
fn an_unknown_key_is_shown_with_its_place_and_a_suggestion() {
    let text = "\
name: weekly
steps:
  - id: first
    run: ./gather
  - id: crm
    run: ./gather crm
    tiemout: 10m
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:7:5: unknown key `tiemout` in step `crm`
      7 |     tiemout: 10m
        |     ^^^^^^^
    hint: did you mean `timeout`?
    ");
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let text = "\
nmae: weekly
steps:
  - id: a
    run: echo
    needs: [zz, a, bb]
  - id: bb
    run: [x]
    retry: { max: 0, backoff: exponentail }
  - id: a
    argv: run
    on_error: { fallback: nope }
    on_lost: maybe
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:1:1: unknown key `nmae` in the file
      1 | nmae: weekly
        | ^^^^
    hint: did you mean `name`?
    t.flow.yaml:5:13: the needed step `zz` does not exist
      5 |     needs: [zz, a, bb]
        |             ^^
    t.flow.yaml:5:17: step `a` needs itself
      5 |     needs: [zz, a, bb]
        |                 ^
    t.flow.yaml:5:20: steps need each other in a circle: `a` needs `bb` needs `a`
      5 |     needs: [zz, a, bb]
        |                    ^^
    t.flow.yaml:7:10: expected text for `run` of step `bb`, found a list
      7 |     run: [x]
        |          ^^^
    t.flow.yaml:8:19: expected a whole number from 1 to 10000 for `max` of `retry` of step `bb`
      8 |     retry: { max: 0, backoff: exponentail }
        |                   ^
    t.flow.yaml:8:31: unknown value `exponentail` for `backoff` of `retry` of step `bb`
      8 |     retry: { max: 0, backoff: exponentail }
        |                               ^^^^^^^^^^^
    hint: did you mean `exponential`?
    t.flow.yaml:9:9: the step id `a` is already used in line 3
      9 |   - id: a
        |         ^
    t.flow.yaml:10:11: expected a list for `argv` of step `a`, found text
      10 |     argv: run
         |           ^^^
    hint: write one word per item, or use `run` for a shell line
    t.flow.yaml:11:27: the fallback `nope` does not exist
      11 |     on_error: { fallback: nope }
         |                           ^^^^
    t.flow.yaml:12:14: unknown value `maybe` for `on_lost` of step `a`
      12 |     on_lost: maybe
         |              ^^^^^
    hint: it is one of `ask`, `retry`, `fail`
    ");
}

#[test]
fn a_cycle_is_named_whole() {
    let text = "\
steps:
  - { id: c, run: x, needs: [b] }
  - { id: a, run: x, needs: [c] }
  - { id: b, run: x, needs: [a] }
  - { id: d, run: x, needs: [b] }
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:2:30: steps need each other in a circle: `c` needs `b` needs `a` needs `c`
      2 |   - { id: c, run: x, needs: [b] }
        |                              ^
    ");
}

#[test]
fn keys_of_a_later_release_are_refused_and_named() {
    let text = "\
steps:
  - id: b
    subagent: { agent: claude }
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:3:5: `subagent` is not supported yet
      3 |     subagent: { agent: claude }
        |     ^^^^^^^^
    hint: it belongs to a later release and is refused rather than ignored
    ");
}

#[test]
fn wrong_references_point_into_the_text() {
    let text = "\
args: { week: { default: 1 } }
key: report-${weak}
steps:
  - id: a
    run: ./gather
  - id: b
    argv: [./report, \"${wek}\", \"--from=$aa.stdout\", $a.jsn.total]
    stdin: { own: $b.stdout, later: $c.json }
    when: $a.json.n > 0 && $d.json.x
  - id: c
    run: ./x $c.stdout $HOME.x ${PATH}
    env: { X: $flow.outputs.report, Y: $run.number, Z: $flow.name }
";
    assert_snapshot!(errors(text), @r#"
    t.flow.yaml:2:13: the argument `weak` is not declared
      2 | key: report-${weak}
        |             ^^^^^^^
    hint: did you mean `week`?
    t.flow.yaml:7:23: the argument `wek` is not declared
      7 |     argv: [./report, "${wek}", "--from=$aa.stdout", $a.jsn.total]
        |                       ^^^^^^
    hint: did you mean `week`?
    t.flow.yaml:7:40: the step `aa` does not exist
      7 |     argv: [./report, "${wek}", "--from=$aa.stdout", $a.jsn.total]
        |                                        ^^^^^^^^^^
    hint: did you mean `a`?
    t.flow.yaml:7:53: a step's result has no field `jsn`
      7 |     argv: [./report, "${wek}", "--from=$aa.stdout", $a.jsn.total]
        |                                                     ^^^^^^^^^^^^
    hint: did you mean `json`?
    t.flow.yaml:8:19: step `b` refers to its own result
      8 |     stdin: { own: $b.stdout, later: $c.json }
        |                   ^^^^^^^^^
    hint: only the gate of a step can show its own result
    t.flow.yaml:8:37: step `b` refers to `c`, which it does not need
      8 |     stdin: { own: $b.stdout, later: $c.json }
        |                                     ^^^^^^^
    hint: let it need `c`, directly or through other steps
    t.flow.yaml:9:28: the step `d` does not exist
      9 |     when: $a.json.n > 0 && $d.json.x
        |                            ^^^^^^^^^
    t.flow.yaml:11:14: step `c` refers to its own result
      11 |     run: ./x $c.stdout $HOME.x ${PATH}
         |              ^^^^^^^^^
    hint: only the gate of a step can show its own result
    t.flow.yaml:12:15: no step has the output `report`
      12 |     env: { X: $flow.outputs.report, Y: $run.number, Z: $flow.name }
         |               ^^^^^^^^^^^^^^^^^^^^
    t.flow.yaml:12:40: `$run.number` does not exist
      12 |     env: { X: $flow.outputs.report, Y: $run.number, Z: $flow.name }
         |                                        ^^^^^^^^^^^
    hint: use `$run.attempt`
    t.flow.yaml:12:56: `$flow.name` does not exist
      12 |     env: { X: $flow.outputs.report, Y: $run.number, Z: $flow.name }
         |                                                        ^^^^^^^^^^
    hint: use `$flow.id`, `$flow.key` or `$flow.outputs.NAME`
    "#);
}

#[test]
fn a_wrong_condition_is_shown_where_it_goes_wrong() {
    let text = "\
steps:
  - { id: a, run: x }
  - { id: b, run: x, when: $a.json.n > 1 > 2 }
  - { id: c, run: x, when: \"${x} == 1\" }
  - { id: d, run: x, when: 3 }
  - { id: e, run: x, when: \"\" }
";
    assert_snapshot!(errors(text), @r#"
    t.flow.yaml:3:42: unsupported condition: comparisons cannot be chained
      3 |   - { id: b, run: x, when: $a.json.n > 1 > 2 }
        |                                          ^^^
    hint: for example `$check.json.count > 0 && !$review.skipped`
    t.flow.yaml:4:29: unsupported condition: a condition cannot use an argument
      4 |   - { id: c, run: x, when: "${x} == 1" }
        |                             ^^^^^^^^^
    hint: refer to the result of a step, or test the argument in the step itself
    t.flow.yaml:5:28: expected a condition for `when` of step `d`, found a number
      5 |   - { id: d, run: x, when: 3 }
        |                            ^
    t.flow.yaml:6:28: unsupported condition: it is empty
      6 |   - { id: e, run: x, when: "" }
        |                            ^^
    "#);
}

#[test]
fn a_finally_step_cannot_wait_or_ask() {
    let text = "\
steps: [{ id: a, run: x }]
finally:
  - { id: f, run: x, approval: true, on_error: continue, needs: [a] }
  - { id: g, sleep: 1s }
  - { id: h, run: x, stdin: $h2.stdout }
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:3:22: `approval` cannot be used in a `finally` step
      3 |   - { id: f, run: x, approval: true, on_error: continue, needs: [a] }
        |                      ^^^^^^^^
    hint: `finally` steps run one after another at every end of the flow
    t.flow.yaml:3:38: `on_error` cannot be used in a `finally` step
      3 |   - { id: f, run: x, approval: true, on_error: continue, needs: [a] }
        |                                      ^^^^^^^^
    hint: `finally` steps run one after another at every end of the flow
    t.flow.yaml:3:58: `needs` cannot be used in a `finally` step
      3 |   - { id: f, run: x, approval: true, on_error: continue, needs: [a] }
        |                                                          ^^^^^
    hint: `finally` steps run one after another at every end of the flow
    t.flow.yaml:4:14: `sleep` cannot be used in a `finally` step
      4 |   - { id: g, sleep: 1s }
        |              ^^^^^
    hint: `finally` steps run one after another at every end of the flow
    ");
}

#[test]
fn a_wide_character_and_a_long_line_keep_the_caret_in_place() {
    let long = format!("steps: [{{ id: a, run: \"{}\", rnu: x }}]", "é".repeat(90));
    assert_snapshot!(errors(&long), @r#"
    t.flow.yaml:1:117: unknown key `rnu` in step `a`
      1 | ééééééééééééééééééééééééééé", rnu: x }]
        |                               ^^^
    hint: did you mean `run`?
    "#);
}

#[test]
fn mistakes_in_questions_events_and_retries_are_named() {
    let text = "\
on_conflict: joyn
steps:
  - id: a
    input: { prompt: p, schema: { type: strange } }
  - id: b
    input: { prompt: p }
  - id: c
    wait_for: { event: paid, on_timeout: fail, keys: 1 }
    retry: { max: 2 }
  - id: d
    run: x
    retry: { max: 2, retry_on: [0, ''] }
  - id: e
    run: x
    wait_for: { event: ' ' }
";
    let all = messages(text);
    for wanted in [
        "unknown value `joyn`",
        "`input` of step `a` has no valid schema: ",
        "`input` of step `b` has no `schema`",
        "has `on_timeout` but no `timeout`",
        "unknown key `keys`",
        "`retry` has no meaning for a step with `wait_for`",
        "an exit code in `retry_on`",
        "step `e` has both `run` and `wait_for`",
    ] {
        assert!(all.iter().any(|one| one.contains(wanted)), "{wanted}: {all:#?}");
    }
}
