//! The condition language, as Lobster 2026.9.13 was seen to answer.

use super::super::{Condition, EvalErrorCode};
use super::*;

fn run() -> Run {
    let stdout = r#"{"n": 3, "s": "", "t": " 5 ", "l": [1, {"k": 2}], "o": {"a": 1, "b": [2]},
        "o2": {"b": [2.0], "a": 1}, "yes": true, "nil": null, "zero": 0}"#;
    Run::default().printed("a", stdout).result("s", Outcome { skipped: true, ..Outcome::default() })
}

fn holds(text: &str) -> bool {
    let condition = Condition::parse(text, false).unwrap_or_else(|error| panic!("{text}: {error}"));
    condition.eval(&run()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_holds() {
    for text in [
        "true",
        "1 < 2",
        "-1 < 1",
        "!false",
        "!!true",
        "1.0 == 1",
        "\"a\\nb\" == \"anb\"",
        "'it\\'s' == \"it's\"",
        "\"x\"==x&&true",
        "\"foo-bar\" == foo-bar",
        "\"1\" < \"0x10\"",
        "$a.json.t < 6",
        "$a.json.t == ' 5 '",
        "$a.json.nope == $a.json.nope2",
        "$a.json.nope != null",
        "$a.json.nil == null",
        "$a.json.l.1.k == 2",
        "$a.json.o == $a.json.o2",
        "$a.json.l",
        "$s.skipped",
        "$s.skipped == true",
        "$a.id == a",
        "$a.exit == 0",
        "false || false || $a.json.yes",
        "true && (false || $a.json.n >= 3)",
        "false && true || true",
        "true || false && false",
        "!$a.json.s && !$a.json.zero && !$a.json.nil && !$a.json.none",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn what_does_not_hold() {
    for text in [
        "\"a\" == b",
        "5 == \"5\"",
        "!\"x\" == true",
        "\"t\" == true",
        "$a.json.s < 1",
        "$a.json.yes < 2",
        "$a.json.nil < 1",
        "$a.skipped == false",
        "$a.json.l == 1",
        "$a.json.l.7",
        "$a.json.n.x.y",
        "$s.json.x > 0",
        "!(true || false)",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn what_is_not_a_condition() {
    for text in [
        "",
        "a == 'a'",
        "${e} == prod",
        "1e3 == 1000",
        ".5 < 1",
        "TRUE",
        "1 == 1 == 1",
        "$a.json == $b",
        "\"foo.bar\" == foo.bar",
        "$a.json.t == x y",
        "(true",
        "true)",
        "true &&",
        "&& true",
        "1 +  2",
        "'open",
        "'open\\",
        "$",
        "$a",
        "$a.",
        "a",
        "!",
        "()",
        "true true",
        "=",
        "1 = 1",
        "é",
        "- 1",
        "1-2",
        "$a.json.é == 1",
    ] {
        assert!(Condition::parse(text, false).is_err(), "{text}");
        assert!(Condition::parse(text, true).is_err(), "{text}");
    }
}

#[test]
fn nesting_is_limited_and_long_chains_are_not_nesting() {
    let deep = |n: usize| format!("{}true{}", "(".repeat(n), ")".repeat(n));
    assert!(Condition::parse(&deep(64), true).is_ok());
    assert!(Condition::parse(&deep(65), true).is_err());
    assert!(Condition::parse(&deep(100_000), true).is_err());
    assert!(Condition::parse(&"!".repeat(100_000), true).is_err());
    let chain = format!("{}true", "false || ".repeat(1_500));
    assert!(Condition::parse(&chain.repeat(2), true).is_err());
    assert!(Condition::parse(&chain, true).unwrap().eval(&run()).unwrap());
}

#[test]
fn a_condition_is_bounded_in_length_and_in_what_it_reads() {
    for text in ["true || ".repeat(130_000) + "true", "x".repeat(1024 * 1024), "(".repeat(1 << 20)]
    {
        let error = Condition::parse(&text, true).unwrap_err();
        assert_eq!(error.message, "it is longer than 16384 bytes");
    }
    for open in ["(", "!", "!("] {
        let text = open.repeat(10_000 / open.len());
        assert!(Condition::parse(&text, false).unwrap_err().message.contains("nested too deeply"));
    }
    let run = Run::default().printed("a", &json!({ "big": "x".repeat(1 << 20) }).to_string());
    let reads = |times: usize| {
        let text = vec!["!$a.json.big"; times].join(" || ");
        Condition::parse(&text, true).unwrap().eval(&run)
    };
    assert_eq!(reads(60), Ok(false));
    let error = reads(1_000).unwrap_err();
    assert_eq!(error.code, EvalErrorCode::TextTooLarge);
    assert_eq!(error.message, "a condition brings in more than 67108864 bytes");
}

#[test]
fn an_unknown_step_is_an_error_on_either_side() {
    for text in ["true || $zz.json", "!$zz.json", "false && $zz.json", "1 == $zz.json"] {
        let error = Condition::parse(text, false).unwrap().eval(&run()).unwrap_err();
        assert_eq!(error.code.as_str(), "unknown_step");
    }
}

#[test]
fn flags_are_always_booleans_in_the_strict_dialect() {
    let strict = |text: &str| Condition::parse(text, true).unwrap().eval(&run()).unwrap();
    assert!(strict("$a.skipped == false && $a.approved == false && $a.error == false"));
    assert!(strict("$run.attempt == 2 && $flow.outputs.report.total == 3"));
}
