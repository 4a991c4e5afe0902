//! Values at run time in the strict dialect.

use super::super::{Action, EvalErrorCode};
use super::*;

fn run() -> Run {
    Run::default()
        .printed("a", r#"{"n": 3, "l": [{"k": "v"}], "s": "text"}"#)
        .given("week", json!("2026-W15"))
        .given("list", json!(["x", 2]))
        .given("evil", json!("$a.json.n ${week} `rm`"))
        .given("obj", json!({"k": 1}))
}

fn flow(step: &str) -> Definition {
    let args = "args: { week: {}, list: {}, evil: {}, obj: {} }";
    parse(&format!("{args}\nsteps: [{{ id: a, run: x }}, {{ id: b, {step} }}]\n")).unwrap()
}

fn stdin(text: &str) -> Value {
    flow(&format!("stdin: {text}")).steps[1].stdin.as_ref().unwrap().resolve(&run()).unwrap()
}

#[test]
fn a_whole_reference_keeps_its_type_everywhere_inside() {
    assert_eq!(stdin("$a.json.l"), json!([{"k": "v"}]));
    assert_eq!(stdin("'${list}'"), json!(["x", 2]));
    assert_eq!(
        stdin("{ z: $a.json.n, a: ['${obj}', 1, null] }"),
        json!({"z": 3, "a": [{"k": 1}, 1, null]})
    );
    assert_eq!(stdin("$a.json.l.0.k"), json!("v"));
    assert_eq!(stdin("$a.json.l.00.k.x"), json!(null));
    assert_eq!(stdin("$a.skipped"), json!(false));
    assert_eq!(stdin("$flow.id"), json!("f-1"));
    assert_eq!(stdin("plain"), json!("plain"));
    assert_eq!(stdin("''"), json!(""));
}

#[test]
fn the_order_of_a_mapping_is_that_of_the_file() {
    assert_eq!(stdin("{ z: 1, a: 2, m: 3 }").to_string(), r#"{"z":1,"a":2,"m":3}"#);
}

#[test]
fn an_embedded_reference_becomes_text() {
    assert_eq!(
        stdin("'n=$a.json.n l=$a.json.l ${list} ${obj}'"),
        json!(r#"n=3 l=[{"k":"v"}] x,2 {"k":1}"#)
    );
    assert_eq!(stdin("'$run.attempt: $a.approved $a.json.nope.'"), json!("2: false ."));
}

#[test]
fn what_a_reference_brings_in_is_never_read_again() {
    let flow = flow("run: 'echo ${evil} $a.json.s'");
    let Action::Shell(line) = &flow.steps[1].action else { panic!("a shell line expected") };
    assert_eq!(line.render(&run()).unwrap(), "echo $a.json.n ${week} `rm` text");
    assert_eq!(stdin("'see ${evil}'"), json!("see $a.json.n ${week} `rm`"));
}

#[test]
fn a_result_that_was_cut_is_an_error_and_its_flags_are_not() {
    let cut = Outcome { stdout: Some("x".into()), truncated: true, ..Outcome::default() };
    let run = Run::default().result("a", cut);
    for text in ["$a.stdout", "$a.json.x", "'embedded $a.stdout'"] {
        let step = flow(&format!("stdin: {text}"));
        let error = step.steps[1].stdin.as_ref().unwrap().resolve(&run).unwrap_err();
        assert_eq!(error.code, EvalErrorCode::OutputTooLarge);
        assert_eq!(error.code.as_str(), "output_too_large");
    }
    let step = flow("run: x, when: $a.json.x");
    assert!(step.steps[1].when.as_ref().unwrap().eval(&run).is_err());
    let step = flow("run: x, when: $a.exit == 0");
    assert!(step.steps[1].when.as_ref().unwrap().eval(&run).unwrap());
}

#[test]
fn a_step_that_never_ran_is_empty_for_a_finally_step() {
    let text = "steps: [{ id: a, run: x }]\nfinally: [{ id: z, run: 'x [$a.stdout] $a.skipped', \
                stdin: $a.json, when: '!$a.json' }]";
    let flow = parse(text).unwrap();
    let none = Run::default();
    let Action::Shell(line) = &flow.steps[1].action else { panic!("a shell line expected") };
    assert_eq!(line.render(&none).unwrap(), "x [] false");
    assert_eq!(flow.steps[1].stdin.as_ref().unwrap().resolve(&none).unwrap(), json!(null));
    assert!(flow.steps[1].when.as_ref().unwrap().eval(&none).unwrap());
}

#[test]
fn a_text_cannot_grow_without_bound() {
    let long = "x".repeat(1024 * 1024);
    let run = Run::default().printed("a", &long);
    let step = flow(&format!("stdin: '{}'", "$a.stdout ".repeat(20)));
    let error = step.steps[1].stdin.as_ref().unwrap().resolve(&run).unwrap_err();
    assert_eq!(error.code, EvalErrorCode::TextTooLarge);
}

#[test]
fn a_text_with_a_hundred_thousand_references_is_filled_in() {
    let run = Run::default().printed("a", "{\"n\": 7}");
    let step = flow(&format!("stdin: '{}'", "$a.json.n".repeat(100_000)));
    let value = step.steps[1].stdin.as_ref().unwrap().resolve(&run).unwrap();
    assert_eq!(value.as_str().unwrap().len(), 100_000);
}

#[test]
fn a_value_cannot_multiply_a_result() {
    let run = Run::default().printed("a", &json!({"big": "x".repeat(1024 * 1024)}).to_string());
    let step = flow(&format!("stdin: [{}]", "$a.json.big, ".repeat(20)));
    let error = step.steps[1].stdin.as_ref().unwrap().resolve(&run).unwrap_err();
    assert_eq!(error.code, EvalErrorCode::TextTooLarge);
}

#[test]
fn the_json_of_an_output_is_the_whole_of_it() {
    assert_eq!(json_of_stdout(" {\"a\": 1}\n"), Some(json!({"a": 1})));
    assert_eq!(json_of_stdout("[]"), Some(json!([])));
    for text in ["007", "{} done", "1\n2", "", "text", "{'a': 1}"] {
        assert_eq!(json_of_stdout(text), None, "{text}");
    }
}

#[test]
fn given_arguments_win_over_defaults() {
    let text = "args: { a: { default: 1 }, b: { default: 2 }, c: {} }\nsteps: [{ id: a, run: x }]";
    let given = BTreeMap::from([("b".to_owned(), json!(9))]);
    let args = parse(text).unwrap().args_with_defaults(&given);
    assert_eq!(json!(args), json!({"a": 1, "b": 9}));
}
