//! The dialect of `.lobster` files.

use std::path::Path;

use super::super::{Action, EvalErrorCode};
use super::*;

#[test]
fn the_name_of_a_file_decides_its_dialect() {
    for (name, dialect) in [
        ("a.lobster", Dialect::Lobster),
        ("dir.lobster/a.flow.yaml", Dialect::Strict),
        ("a.yml", Dialect::Strict),
        ("a.json", Dialect::Strict),
        ("A.LOBSTER", Dialect::Lobster),
        ("lobster", Dialect::Strict),
    ] {
        assert_eq!(Dialect::of_path(Path::new(name)), dialect, "{name}");
    }
}

#[test]
fn unknown_keys_are_warnings_and_later_ones_are_still_refused() {
    let flow = parse_lobster("steps: [{ id: a, run: x, tiemout: 3 }]\ntitle: y\n").unwrap();
    assert_eq!(flow.warnings.len(), 2);
    assert!(flow.warnings[0].to_string().contains("unknown key `tiemout`"));
    for key in ["subagent: x", "deliver: {}"] {
        let error = parse_lobster(&format!("steps: [{{ id: a, {key} }}]")).unwrap_err();
        assert!(error.contains("is not supported yet"), "{error}");
        assert!(!error.contains("does nothing"), "{error}");
    }
}

#[test]
fn a_cost_limit_is_a_number_that_may_be_text() {
    let parsed =
        |limit: &str| parse_lobster(&format!("cost_limit: {limit}\nsteps: [{{ id: a, run: x }}]"));
    let limit = parsed("{ max_usd: '0.5', action: stop }").unwrap().cost_limit.unwrap();
    assert_eq!((limit.max_usd, limit.stop), (0.5, true));
    assert!(!parsed("{ max_usd: 0 }").unwrap().cost_limit.unwrap().stop);
    for wrong in ["3", "{ max_usd: x }", "{ max_usd: -1 }", "{}", "{ max_usd: 1, action: no }"] {
        assert!(parsed(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn run_wins_over_command_and_when_over_condition() {
    let text = "steps: [{ id: a, command: y, run: x, condition: false, when: true }]";
    let flow = parse_lobster(text).unwrap();
    let Action::Shell(line) = &flow.steps[0].action else { panic!("a shell line expected") };
    assert_eq!(line.source(), "x");
    assert!(flow.steps[0].when.as_ref().unwrap().eval(&Run::default()).unwrap());
}

#[test]
fn a_step_needs_something_to_run_or_a_gate() {
    assert!(parse_lobster("steps: [{ id: a, stdin: 5 }]").unwrap_err().contains("does nothing"));
    parse_lobster("steps: [{ id: a, approval: true, stdin: 5 }]").unwrap();
    parse_lobster("steps: [{ id: a, run: '' }]").unwrap();
}

#[test]
fn unknown_references_fail_only_where_lobster_fails() {
    let lobster = |step: &str| {
        parse_lobster(&format!("steps: [{{ id: a, run: x }}, {{ id: b, run: x, {step} }}]"))
    };
    lobster("stdin: see $zz.json, env: { A: $zz.json }").unwrap();
    lobster("stdin: { deep: $zz.json }").unwrap();
    lobster("when: $a.nofield.x").unwrap();
    assert!(lobster("stdin: $zz.json").unwrap_err().contains("`zz` does not exist"));
    assert!(lobster("when: '!$zz.json'").unwrap_err().contains("`zz` does not exist"));
    assert!(lobster("when: $b.json").unwrap_err().contains("its own result"));
}

fn shell(line: &str, run: &Run) -> String {
    let text = format!("steps: [{{ id: a, run: {} }}]", json!(line));
    let flow = parse_lobster(&text).unwrap();
    let Action::Shell(line) = &flow.steps[0].action else { panic!("a shell line expected") };
    line.render(run).unwrap()
}

#[test]
fn texts_are_filled_in_as_lobster_does() {
    let run = Run::default()
        .printed("s", r#"{"n": null, "l": [1, null, [2]], "o": {"k": 1.0}, "f": 2.5}"#)
        .result("k", Outcome { skipped: true, ..Outcome::default() })
        .given("e", json!("prod"))
        .given("l", json!([1, null, [2, "x"]]))
        .given("o", json!({"a": 1}))
        .given("z", json!(null))
        .given("f", json!(1.0))
        .given("evil", json!("$s.json.f and ${e}"));
    for (text, wanted) in [
        ("[$s.json.n] [$s.json.l] [$s.json.l.2.0]", "[] [[1,null,[2]]] [2]"),
        ("$s.json.f $s.json.nope. $s.exit", "2.5 . 0"),
        ("$k.skipped $k.approved $s.skipped $k.stdout.", "true false false ."),
        ("${e} ${l} ${o} ${z} ${f} ${nope}", "prod 1,,2,x [object Object] null 1 ${nope}"),
        ("$zz.json $HOME.x $5.00 $$ ${", "$zz.json $HOME.x $5.00 $$ ${"),
        ("${evil}", "2.5 and ${e}"),
    ] {
        assert_eq!(shell(text, &run), wanted, "{text}");
    }
}

#[test]
fn stdin_is_typed_when_it_is_one_reference_and_otherwise_untouched() {
    let stdin = |stdin: &str, run: &Run| {
        let text = format!("steps: [{{ id: a, run: x }}, {{ id: b, run: x, stdin: {stdin} }}]");
        parse_lobster(&text).unwrap().steps[1].stdin.as_ref().unwrap().resolve(run)
    };
    let run = Run::default().printed("a", r#"{"n": [1]}"#).given("e", json!(5));
    assert_eq!(stdin("$a.json.n", &run).unwrap(), json!([1]));
    assert_eq!(stdin("$a.json.x", &run).unwrap(), json!(null));
    assert_eq!(stdin("\"n: $a.json.n\"", &run).unwrap(), json!("n: [1]"));
    assert_eq!(stdin("\"${e}\"", &run).unwrap(), json!("5"));
    assert_eq!(stdin("{ k: $a.json.n }", &run).unwrap(), json!({"k": "$a.json.n"}));
    let error = stdin("$a.json", &Run::default()).unwrap_err();
    assert_eq!(error.code, EvalErrorCode::UnknownStep);
}

#[test]
fn a_folder_takes_arguments_and_nothing_else() {
    let flow = parse_lobster("cwd: /x/${e}/$s.json\nsteps: [{ id: s, run: x }]").unwrap();
    let run = Run::default().printed("s", "1").given("e", json!("$s.json"));
    assert_eq!(flow.cwd.unwrap().render(&run).unwrap(), "/x/$s.json/$s.json");
}

#[test]
fn values_that_are_not_text_are_ignored_in_env() {
    let flow = parse_lobster("env: { A: 3, B: x }\nsteps: [{ id: s, run: x }]").unwrap();
    assert_eq!(flow.env.len(), 1);
    assert_eq!(flow.warnings.len(), 1);
}
