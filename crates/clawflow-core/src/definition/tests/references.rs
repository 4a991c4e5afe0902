//! Which references a strict file may make.

use super::*;

fn second(step: &str) -> Result<Definition, String> {
    let first = "args: { week: {} }\nsteps:\n  - { id: a, run: x, output: bag }";
    parse(&format!("{first}\n  - {{ id: b, {step} }}\n"))
}

#[test]
fn every_place_of_a_step_may_refer_to_what_it_needs() {
    for step in [
        "run: 'x $a.stdout ${week} $flow.id $run.attempt'",
        "argv: [x, $a.json, '${week}', $flow.key, $run.attempt]",
        "stdin: { deep: [$a.json.x.0, { k: 'see $a.errorMessage' }] }",
        "run: x, env: { A: $a.approvedBy }, cwd: /tmp/$a.json.dir",
        "run: x, when: $a.exit == 0 && $flow.outputs.bag.x > 1",
        "approval: { prompt: 'Send ${week}?', preview: $a.stdout, items: $a.json.rows }",
        "run: x, approval: { prompt: 'Keep $b.json.n?', preview: $b.stdout }",
        "stdin: $flow.outputs.bag",
    ] {
        second(step).unwrap_or_else(|error| panic!("{step}: {error}"));
    }
}

#[test]
fn what_does_not_exist_is_an_error_outside_of_shell_lines() {
    for step in [
        "argv: [x, $zz.json]",
        "argv: [x, '${weeks}']",
        "stdin: '${nope}'",
        "stdin: [$zz.stdout]",
        "run: x, env: { A: $zz.json }",
        "run: x, env: { A: '${nope}' }",
        "run: x, cwd: $zz.x",
        "run: x, when: $zz.json",
        "approval: 'Send ${nope}?'",
        "stdin: $a.nope",
        "stdin: $flow.nope",
        "stdin: $flow.outputs",
        "stdin: $flow.outputs.nope",
        "stdin: $flow.id.x",
        "stdin: $run.id",
        "run: x $a.nope",
        "stdin: $b.json",
        "run: x, approval: true, stdin: $b.json",
    ] {
        let error = second(step).expect_err(step);
        assert_eq!(error.matches("t.flow.yaml:4:").count(), 1, "{error}");
    }
}

#[test]
fn a_shell_keeps_its_own_variables() {
    for line in ["$HOME.x ${HOME} $$ $1 ${x:-y} $(date) $zz.json", "awk '{ print $1.5 }'"] {
        second(&format!("run: {}", json!(line))).unwrap();
    }
}

#[test]
fn a_dollar_sign_can_be_written() {
    let flow = second("stdin: 'costs $5.00, $$HOME, $${week}, $$a.json, 3$'").unwrap();
    let value = flow.steps[1].stdin.as_ref().unwrap().resolve(&Run::default()).unwrap();
    assert_eq!(value, json!("costs $5.00, $HOME, ${week}, $a.json, 3$"));
}

#[test]
fn the_flow_itself_may_use_arguments_only() {
    let with =
        |line: &str| parse(&format!("args: {{ w: {{}} }}\n{line}\nsteps: [{{ id: a, run: x }}]"));
    with("key: 'k-${w}'").unwrap();
    with("env: { A: '$flow.id ${w} $run.attempt' }").unwrap();
    for line in
        ["key: $a.json", "key: $flow.key", "key: '${nope}'", "env: { A: $a.json }", "cwd: $a.x"]
    {
        assert!(with(line).is_err(), "{line}");
    }
}

#[test]
fn needs_count_through_other_steps_and_siblings_do_not() {
    let text = "\
steps:
  - { id: a, run: x, needs: [] }
  - { id: b, run: x, needs: [a] }
  - { id: c, run: x, needs: [b], stdin: $a.json }
  - { id: d, run: x, needs: [a], stdin: $b.json }
finally: [{ id: e, run: x, stdin: [$a.json, $d.json] }]
";
    let found = messages(text);
    assert_eq!(found, ["step `d` refers to `b`, which it does not need"]);
}

#[test]
fn an_output_has_one_step() {
    let text = "steps: [{ id: a, run: x, output: o }, { id: b, run: x, output: o }]";
    assert_eq!(messages(text), ["the output `o` is already that of step `a`"]);
}
