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
    assert_snapshot!(remarks(&parse(text).unwrap()), @"
    1:51 unused_arg: the argument `spare` is not used
      steps also see it as `$LOBSTER_ARG_SPARE`
    2:19 env_not_expanded: `$HOME` in an `env` block is not expanded
      use `${ARGUMENT}` or `$step.field`, or set the variable in `run`
    4:34 shell_injection: `${week}` becomes part of a shell line
      pass it through `stdin`, `env` or `argv`; the shell reads what it says
    6:11 never_runs: step `b` never runs
      its condition is always false
    6:24 shell_injection: `$gather.stdout` becomes part of a shell line
      pass it through `stdin`, `env` or `argv`; the shell reads what it says
    6:39 unknown_reference: `$gahter.json` is left to the shell: no step `gahter`
      did you mean `$gather.json`?
    8:11 never_runs: step `d` never runs
      step `c` runs nothing that could fail
    ");
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
    1:1 ignored: unknown key `title` in the file
      -
    2:9 unused_arg: the argument `a` is not used
      steps also see it as `$LOBSTER_ARG_A`
    2:12 ignored: expected a mapping for argument `a`, found a number
      write `a: { default: … }`
    3:11 ignored: expected text for `env` of the file, found a number
      Lobster ignores such a variable
    4:15 unreachable_id: no reference can reach step `a b`
      use letters, digits, `-` and `_`
    4:28 ignored: unknown key `tiemout` in step `a b`
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
