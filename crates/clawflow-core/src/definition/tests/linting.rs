//! Remarks on files that can run.

use insta::assert_snapshot;

use super::super::lint;
use super::*;

fn remarks(flow: &Definition) -> String {
    let line = |f: &super::super::Finding| {
        let hint = f.hint.as_deref().unwrap_or("-");
        format!("{}:{} {}: {}\n  {hint}", f.line, f.column, f.code, f.message)
    };
    lint(flow).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_probably_not_meant_is_found() {
    let text = "\
args: { week: { default: 1 }, used: {}, seen: {}, spare: {} }
env: { HOME_DIR: \"$HOME/x\", OK: \"${used}\" }
steps:
  - { id: gather, run: \"./gather ${week} $LOBSTER_ARG_SEEN\", on_error: { fallback: f } }
  - { id: f, run: ./f }
  - { id: b, run: \"./b $gather.stdout $gahter.json $HOME.x $gather.exit\", when: false }
  - { id: c, stdin: 1, on_error: { fallback: d } }
  - { id: d, run: x }
";
    assert_snapshot!(remarks(&parse(text).unwrap()), @r#"
    1:51 unused_arg: the argument `spare` is not used
      steps also see it as `$LOBSTER_ARG_SPARE`
    2:19 env_not_expanded: `$HOME` in an `env` block is not expanded
      use `${ARGUMENT}` or `$step.field`, or set the variable in `run`
    4:34 shell_injection: `${week}` becomes part of a shell line
      the shell reads what it says; write `"$LOBSTER_ARG_WEEK"`, or pass it in `argv` or `stdin`
    6:11 never_runs: step `b` never runs
      its condition is always false
    6:24 shell_injection: `$gather.stdout` becomes part of a shell line
      the shell reads what it says; pass it as `stdin`, in `env` or in `argv`
    6:39 unknown_reference: `$gahter.json` is left as it is: there is no step `gahter`
      did you mean `$gather.json`?
    8:11 never_runs: step `d` never runs
      step `c` runs nothing that could fail
    "#);
}

#[test]
fn a_lobster_file_is_told_what_is_ignored() {
    let text = "\
title: x
args: { a: 5 }
env: { N: 3 }
steps: [{ id: a b, run: x, tiemout: 3 }]
";
    assert_snapshot!(remarks(&parse_lobster(text).unwrap()), @"
    1:1 unknown_key: unknown key `title` in the file
      -
    2:9 unused_arg: the argument `a` is not used
      steps also see it as `$LOBSTER_ARG_A`
    2:12 ignored: expected a mapping for argument `a`, found a number
      write `a: { default: … }`
    3:11 ignored: expected text for `env` of the file, found a number
      Lobster ignores such a variable
    4:15 unreachable_id: no reference can reach step `a b`
      use letters, digits, `-` and `_`
    4:28 unknown_key: unknown key `tiemout` in step `a b`
      did you mean `timeout`?
    ");
}

#[test]
fn a_clean_file_has_no_remarks() {
    let text = "\
args: { week: {} }
steps:
  - { id: a, argv: [./a, \"${week}\"] }
  - { id: b, run: \"./b | head -n $COUNT.x\", stdin: $a.json }
";
    assert_eq!(remarks(&parse(text).unwrap()), "");
}

/// The rules that a file breaks, with their places.
fn rules(text: &str, dialect: Dialect) -> Vec<String> {
    let flow = parse_as("t", text.as_bytes(), dialect).unwrap();
    lint(&flow).iter().map(|f| format!("{}:{} {}", f.line, f.column, f.code)).collect()
}

#[test]
fn each_rule_is_told_at_its_place() {
    let strict = |text: &str| rules(text, Dialect::Strict);
    let first = "steps:\n  - { id: a, run: x }\n  - ";
    let with = |step: &str| strict(&format!("{first}{step}\n"));
    assert_eq!(with("{ id: b, run: 'x $a.json.n' }"), ["3:22 shell_injection"]);
    assert_eq!(with("{ id: b, argv: [/bin/sh, -ec, 'x $a.stdout'] }"), ["3:38 shell_injection"]);
    assert_eq!(with("{ id: b, argv: [x, -c, 'x $a.stdout'] }"), [""; 0]);
    assert_eq!(with("{ id: b, pipeline: 'exec $a.stdout | json' }"), ["3:30 pipeline_injection"]);
    assert_eq!(with("{ id: b, pipeline: json, stdin: $a.json }"), [""; 0]);
    assert_eq!(with("{ id: b, run: x, when: false && $a.json }"), ["3:11 never_runs"]);
    assert_eq!(with("{ id: b, run: x, when: 1 > 2 }"), ["3:11 never_runs"]);
    assert_eq!(with("{ id: b, run: x, when: $a.json || 'x' }"), ["3:28 constant_condition"]);
    assert_eq!(with("{ id: b, run: x, when: $a.json }"), [""; 0]);
    assert_eq!(with("{ id: b, for_each: [], steps: [{ id: c, run: x }] }"), ["3:42 never_runs"]);
    assert_eq!(with("{ id: b, run: x, retry: { delay: 5s } }"), ["3:11 no_effect"]);
    let gate = |gate: &str| with(&format!("{{ id: b, approval: {{ {gate} }} }}"));
    assert_eq!(gate("approvers: [ann], required_approver: bob"), ["3:11 unanswerable"]);
    let asks = "initiated_by: ann, require_different_approver: true";
    assert_eq!(gate(&format!("{asks}, approvers: [ann]")), ["3:11 unanswerable"]);
    assert_eq!(gate(&format!("{asks}, approvers: [ann, bob]")), [""; 0]);
    // Inside of a loop, and in what undoes a step.
    let inner = "{ id: b, for_each: $a.json, steps: [{ id: c, run: 'x $item.json' }] }";
    assert_eq!(with(inner), ["3:58 shell_injection"]);
    let undo = "{ id: b, run: x, compensate: { run: 'x $b.stdout' } }";
    assert_eq!(with(undo), ["3:44 shell_injection"]);
}

#[test]
fn what_follows_a_step_that_cannot_go_well_never_runs() {
    let strict = |text: &str| rules(text, Dialect::Strict);
    let text = "\
steps:
  - { id: a, run: exit 3, on_error: skip_rest }
  - { id: b, run: x }
finally: [{ id: c, run: x, when: $b.exit == 0 }]
";
    assert_eq!(strict(text), ["3:11 never_runs", "4:17 never_runs"]);
    for fine in ["run: exit 0", "run: exit 3, on_error: continue", "run: exit 3, when: $z.json"] {
        let text =
            format!("steps: [{{ id: z, run: x }}, {{ id: a, {fine} }}, {{ id: b, run: x }}]");
        assert_eq!(strict(&text), [""; 0], "{fine}");
    }
    let text = "\
steps:
  - { id: a, run: x, when: false, on_error: { fallback: f } }
  - { id: f, run: x }
  - { id: b, argv: [x, $a.stdout], when: $a.skipped }
  - { id: c, argv: [x], when: $a.json.n == 1 }
";
    let wanted = [
        "2:11 never_runs",
        "3:11 never_runs",
        "4:24 empty_reference",
        "4:42 constant_condition",
        "5:11 never_runs",
    ];
    assert_eq!(strict(text), wanted);
}

#[test]
fn in_a_lobster_file_what_stays_as_it_is_written_is_told() {
    let lobster = |text: &str| rules(text, Dialect::Lobster);
    let text = "\
args: { text: { default: x } }
env: { A: \"${HOME}/x\", B: \"$LOBSTER_ARG_TEXT\", C: 3 }
steps:
  - { id: a, run: 'x $b.json ${txet} ${HOME} $LOBSTER_ARG_TEXT' }
  - { id: b, run: x, stdin: 'see $c.json ${nope}' }
  - { id: c, run: x, env: { D: $zz.json }, name: see, exec: y, type: gate, approve: true }
  - { id: d e, for_each: $a.json, steps: [{ id: i, run: x, retry: { max: 2 } }] }
";
    let wanted = [
        "2:12 env_not_expanded",
        "2:28 env_not_expanded",
        "2:51 ignored",
        "4:22 shell_injection",
        "4:22 not_needed",
        "4:30 unknown_arg",
        "5:34 not_needed",
        "5:42 unknown_arg",
        "6:32 unknown_reference",
        "6:44 unknown_key",
        "6:55 unknown_key",
        "6:64 unknown_key",
        "6:76 unknown_key",
        "7:11 unreachable_id",
        "7:60 ignored",
    ];
    assert_eq!(lobster(text), wanted);
    let hints: Vec<_> = lint(&parse_lobster(text).unwrap())
        .into_iter()
        .filter(|found| found.code == "unknown_key")
        .map(|found| found.hint.unwrap())
        .collect();
    assert_eq!(
        hints,
        [
            "a step is called by its `id`",
            "write `run: LINE` for a shell, or `argv: [PROGRAM, …]` without one",
            "what a step does is said by its key: `run`, `argv`, `approval`, `for_each`, …",
            "write `approval: QUESTION`",
        ]
    );
}

#[test]
fn errors_have_codes_too() {
    let codes = |text: &str| -> Vec<&'static str> {
        let errors = Definition::parse("t", text.as_bytes(), Dialect::Strict).unwrap_err();
        errors.into_iter().map(|error| error.code).collect()
    };
    assert_eq!(codes("steps: [{ id: a, if: x, run: x }]"), ["unknown_key"]);
    assert_eq!(codes("steps: [{ id: a, run: x, stdin: $b.json }]"), ["unknown_reference"]);
    assert_eq!(codes("steps: [{ id: a, run: x, stdin: '${b}' }]"), ["unknown_reference"]);
    let later = "steps: [{ id: a, run: x, stdin: $b.json }, { id: b, run: x }]";
    assert_eq!(codes(later), ["not_needed"]);
    assert_eq!(codes("steps: [{ id: a, run: x, needs: [b] }]"), ["unknown_step"]);
    let ring = "steps: [{ id: a, run: x, needs: [b] }, { id: b, run: x, needs: [a] }]";
    assert_eq!(codes(ring), ["cycle"]);
    assert_eq!(codes("steps: [{ id: a, run: x }, { id: a, run: x }]"), ["duplicate_id"]);
    assert_eq!(codes("steps: [{ id: a, run: x, when: a == }]"), ["condition"]);
    assert_eq!(codes("steps: [{ id: a, run: 3 }]"), ["invalid"]);
    assert_eq!(codes("steps: [a, b"), ["yaml"]);
}

#[test]
fn questions_to_servers_and_models_keep_their_secrets_and_say_what_they_expect() {
    let lines = |text: &str| {
        let line = |rule: &String| {
            let (place, code) = rule.split_once(' ').unwrap();
            format!("{} {code}", place.split_once(':').unwrap().0)
        };
        rules(text, Dialect::Strict).iter().map(line).collect::<Vec<_>>()
    };
    let with = |step: &str| lines(&format!("steps:\n  - {step}\n"));
    let http = |url: &str, headers: &str| {
        with(&format!("{{ id: a, http: {{ url: '{url}', headers: {{ {headers} }} }} }}"))
    };
    let safe = "https://x.org/";
    assert_eq!(http(safe, "Authorization: Bearer sk-1234567890"), ["2 literal_secret"]);
    assert_eq!(http(safe, "X-Api-Key: 1234567890"), ["2 literal_secret"]);
    assert_eq!(http(safe, "Accept: application/json"), [""; 0]);
    let token = "Authorization: { env: TOKEN, prefix: 'Bearer ' }";
    assert_eq!(http(safe, token), [""; 0]);
    assert_eq!(http("http://x.org/", token), ["2 secret_in_clear"]);
    assert_eq!(http("http://localhost:80/", token), [""; 0]);
    assert_eq!(http("http://127.0.0.1/", token), [""; 0]);
    let arg = "args: { host: {} }\nsteps: [{ id: a, http: { url: 'https://${host}/x' } }]";
    assert_eq!(lines(arg), [""; 0]);
    let ask = |more: &str, next: &str| {
        let ask = format!("{{ id: a, llm: {{ endpoint: e, prompt: p{more} }} }}");
        with(&format!("{ask}\n  - {{ id: b, {next} }}"))
    };
    assert_eq!(ask("", "argv: [x, $a.json.n]"), ["3 free_answer"]);
    assert_eq!(ask("", "run: x, when: $a.json.n"), ["3 free_answer"]);
    assert_eq!(ask("", "argv: [x, $a.stdout]"), [""; 0]);
    assert_eq!(ask(", schema: { type: object }", "argv: [x, $a.json.n]"), [""; 0]);
}
