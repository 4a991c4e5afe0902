//! Files that nobody meant to be workflows, and files made to do harm.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use super::super::lint;
use super::*;

fn refused(bytes: &[u8]) -> String {
    parse_as("f", bytes, Dialect::Strict).expect_err("the file should be refused")
}

#[test]
fn empty_files_say_so() {
    assert_eq!(
        errors(""),
        "t.flow.yaml:1:1: the file is empty\nhint: a workflow has at least `steps`"
    );
    for text in ["", "\n\n", "# only a comment\n", "---\n", "null\n", "\u{feff}"] {
        assert!(errors(text).contains("the file is empty"), "{text:?}: {}", errors(text));
    }
}

#[test]
fn a_root_of_another_kind_says_what_it_found() {
    assert_snapshot!(errors("- a\n- b\n"), @"
    t.flow.yaml:1:1: expected a mapping for the file, found a list
      1 | - a
        | ^^^
    ");
    assert_snapshot!(errors("just text\n"), @"
    t.flow.yaml:1:1: expected a mapping for the file, found text
      1 | just text
        | ^^^^^^^^^
    ");
    assert_snapshot!(errors("{}\n"), @"
    t.flow.yaml:1:1: the file has no `steps`
      1 | {}
        | ^
    ");
    assert_snapshot!(errors("steps: []\n"), @"
    t.flow.yaml:1:8: `steps` is empty
      1 | steps: []
        |        ^^
    ");
    assert_snapshot!(errors("steps: {}\n"), @"
    t.flow.yaml:1:8: expected a list of steps for `steps`, found a mapping
      1 | steps: {}
        |        ^^
    ");
    assert_snapshot!(errors("steps: [1, null, x, [a]]\n"), @"
    t.flow.yaml:1:9: expected a mapping for a step, found a number
      1 | steps: [1, null, x, [a]]
        |         ^
    t.flow.yaml:1:12: expected a mapping for a step, found nothing
      1 | steps: [1, null, x, [a]]
        |            ^^^^
    t.flow.yaml:1:18: expected a mapping for a step, found text
      1 | steps: [1, null, x, [a]]
        |                  ^
    t.flow.yaml:1:21: expected a mapping for a step, found a list
      1 | steps: [1, null, x, [a]]
        |                     ^^^
    ");
}

#[test]
fn binary_and_nul_are_not_text() {
    assert_snapshot!(refused(b"steps:\n  - \xff\xfe"), @"
    f:2:5: the file is not UTF-8 text
      2 |   - 
        |     ^
    ");
    assert_snapshot!(refused(b"steps:\n  - id: a\0b"), @"
    f:2:10: the file is not text: it contains a NUL byte
      2 |   - id: a
        |          ^
    ");
    assert_snapshot!(refused(b"steps: [{ id: a, run: \"x\\0y\" }]"), @r#"
    f:1:23: text must not contain a NUL character
      1 | steps: [{ id: a, run: "x\0y" }]
        |                       ^^^^^^
    "#);
    assert!(refused(b"\x7fELF\x02\x01\x01\x00\x00").contains("NUL byte"));
}

#[test]
fn tabs_and_broken_yaml_have_a_place() {
    assert_snapshot!(errors("steps:\n\t- id: a\n"), @"
    t.flow.yaml:2:2: a tab is used for indentation; YAML allows spaces only
      2 |  - id: a
        |  ^
    ");
    assert_snapshot!(errors("steps:\n  - id: a\n    run: \"x\n"), @"
    t.flow.yaml:4:1: not valid YAML: invalid indentation in multiline quoted scalar
      4 | 
        | ^
    ");
    assert_snapshot!(errors("steps: [a, b\n"), @"
    t.flow.yaml:1:8: not valid YAML: unclosed bracket '['
      1 | steps: [a, b
        |        ^
    ");
    assert_snapshot!(errors("steps: *nowhere\n"), @"
    t.flow.yaml:1:8: not valid YAML: while parsing node, found unknown anchor
      1 | steps: *nowhere
        |        ^
    ");
    assert_snapshot!(errors("steps: !custom []\n"), @"
    t.flow.yaml:1:16: the tag `!custom` is not supported
      1 | steps: !custom []
        |                ^
    ");
    assert_snapshot!(errors("name: a\nname: b\nsteps: []\n"), @"
    t.flow.yaml:2:1: the key `name` appears twice
      2 | name: b
        | ^^^^
    ");
    assert_snapshot!(errors("steps: [{ id: a, run: x }]\n---\nsteps: []\n"), @"
    t.flow.yaml:3:1: a second document begins here
      3 | steps: []
        | ^^^^^^^^^
    hint: a workflow file holds one document
    ");
    assert_snapshot!(errors("? [a, b]\n: x\n"), @"
    t.flow.yaml:1:3: a key must be text, not a list or a mapping
      1 | ? [a, b]
        |   ^^^^^^
    ");
}

#[test]
fn a_file_over_its_limit_is_not_read() {
    let big = vec![b'#'; 1024 * 1024 + 1];
    assert_snapshot!(refused(&big), @"f:1:1: the file has more than 1048576 bytes");
    let mut fits = b"steps: [{ id: a, run: x }]\n#".to_vec();
    fits.resize(1024 * 1024, b'x');
    assert!(parse_as("f", &fits, Dialect::Strict).is_ok());
}

#[test]
fn alias_bombs_are_stopped_by_count_and_by_size() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{before}]");
    }
    assert!(errors(&bomb).contains("more than 100000 values"), "{}", errors(&bomb));
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(60));
    assert!(errors(&text).contains("bytes of text, aliases expanded"));
    assert!(errors("steps: &s [*s]\n").contains("inside of what it refers to"));
}

#[test]
fn deep_nesting_is_refused_before_it_costs_anything() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        for depth in [70, 1_000, 100_000] {
            let text = format!("steps: {}{}", open.repeat(depth), close.repeat(depth));
            let error = errors(&text);
            assert!(error.contains("nested") || error.contains("recursion"), "{error}");
        }
    }
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..80 {
        let _ = writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1);
    }
    assert!(errors(&chain).contains("nested more than 64 levels deep"));
}

#[test]
fn anchors_and_merge_keys_work_within_the_budget() {
    let text = "\
steps:
  - &base { id: a, run: x, env: &env { A: \"1\", B: \"2\" }, retry: { max: 3 } }
  - { <<: *base, id: b, env: { <<: *env, B: \"3\" } }
";
    let flow = parse(text).unwrap();
    assert_eq!(flow.steps[1].retry.max, 3);
    assert_eq!(flow.steps[1].env["A"].source(), "1");
    assert_eq!(flow.steps[1].env["B"].source(), "3");
}

fn linear(steps: usize) -> String {
    let mut text = String::from("steps:\n");
    for at in 0..steps {
        let _ = writeln!(text, "  - {{ id: s{at}, run: echo }}");
    }
    text
}

#[test]
fn ten_thousand_steps_are_read_quickly_and_no_more() {
    let text = linear(10_000);
    let started = Instant::now();
    let flow = parse(&text).unwrap();
    // Generous for a debug build on a busy machine; it takes about a tenth of it.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(flow.steps.len(), 10_000);
    assert_eq!(flow.steps[9_999].needs, [9_998]);
    assert!(errors(&linear(10_001)).contains("a flow has at most 10000 steps"));
}

#[test]
fn a_cycle_through_ten_thousand_steps_is_found_without_recursion() {
    let mut text = String::from("steps:\n");
    for at in 0..10_000 {
        let _ = writeln!(text, "  - {{ id: s{at}, run: x, needs: [s{}] }}", (at + 1) % 10_000);
    }
    let error = errors(&text);
    assert!(error.contains("in a circle: `s0` needs `s1`"), "{error}");
    assert!(error.contains("more) needs"), "{error}");
}

#[test]
fn wrong_types_everywhere_are_errors_and_nothing_else() {
    let wrong = ["3", "true", "null", "[]", "[[1]]", "{}", "{ a: { b: c } }", "\"\"", "1.5", "~"];
    let top = super::super::keys::FLOW;
    let step = super::super::keys::STEP;
    for value in wrong {
        for key in top {
            let _ = parse(&format!("{key}: {value}\nsteps: [{{ id: a, run: x }}]\n"));
            let _ = parse_lobster(&format!("{key}: {value}\n"));
        }
        for key in step {
            let text = format!("steps:\n  - {{ id: a, {key}: {value} }}\n");
            let _ = parse(&text);
            let _ = parse_lobster(&text);
            let _ = parse(&format!(
                "steps: [{{ id: a, run: x }}]\nfinally:\n  - {{ {key}: {value} }}\n"
            ));
        }
        for key in super::super::keys::APPROVAL {
            let _ = parse(&format!("steps:\n  - {{ id: a, approval: {{ {key}: {value} }} }}\n"));
        }
        for key in super::super::keys::RETRY {
            let _ =
                parse(&format!("steps:\n  - {{ id: a, run: x, retry: {{ {key}: {value} }} }}\n"));
        }
    }
    assert_eq!(messages("name: []\nsteps: [{ id: a, run: x }]\n").len(), 1);
}

#[test]
fn thousands_of_mistakes_cost_no_more_than_twenty() {
    let mut needs = String::from("steps:\n");
    let mut refs = String::from("steps:\n");
    for at in 0..10_000 {
        let _ = writeln!(needs, "  - {{ id: step-{at}, run: x, needs: [stpe-{at}-x] }}");
        let _ = writeln!(refs, "  - {{ id: step-{at}, run: x, stdin: $stpe-{at}-x.json }}");
    }
    let many = format!("steps: [{{ id: a, argv: [x, \"{}\"] }}]", "$b.json ".repeat(60_000));
    let fine = "$a.json.x ".repeat(60_000);
    let fine = format!("steps: [{{ id: a, run: x }}, {{ id: b, run: \"{fine}\" }}]");
    let started = Instant::now();
    for text in [&needs, &refs] {
        assert_eq!(messages(text).len(), 20);
    }
    assert_eq!(messages(&many).len(), 1);
    assert_eq!(lint(&parse(&fine).unwrap()).len(), 1);
    // A search for each of them would take an hour.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn what_a_file_says_cannot_steer_the_terminal() {
    let error = errors("steps: [{ id: \"a\\e[2J\", run: x, \"\\a\\r\": 1 }]");
    assert!(!error.contains(|c: char| c.is_control() && c != '\n'), "{error:?}");
    let long = errors(&format!("{}: 1\nsteps: []\n", "k".repeat(900)));
    assert!(long.len() < 4_000);
}

#[test]
fn errors_stop_at_twenty() {
    let text = format!("steps: [{}]\n", "{ id: 'a b', rnu: x }, ".repeat(50));
    assert_eq!(messages(&text).len(), 20);
}

#[test]
fn names_that_other_languages_keep_for_themselves_are_names() {
    let text = "\
args: { __proto__: { default: x }, constructor: {} }
steps:
  - { id: __proto__, run: x }
  - { id: constructor, run: x, when: '!$__proto__.json.constructor' }
  - { id: toString, stdin: [$__proto__.json, $constructor.json.__proto__, '${__proto__}'] }
";
    let run = Run::default()
        .printed("__proto__", r#"{"a":1}"#)
        .printed("constructor", r#"{"__proto__":{"b":2}}"#)
        .given("__proto__", json!("arg"));
    let flow = parse(text).unwrap();
    assert!(flow.steps[1].when.as_ref().unwrap().eval(&run).unwrap());
    let value = flow.steps[2].stdin.as_ref().unwrap().resolve(&run).unwrap();
    assert_eq!(value, json!([{"a": 1}, {"b": 2}, "arg"]));
    let inherited = parse("steps: [{ id: a, run: x }, { id: b, stdin: $a.json.toString.name }]");
    let run = Run::default().printed("a", "{}");
    let value = inherited.unwrap().steps[1].stdin.as_ref().unwrap().resolve(&run).unwrap();
    assert_eq!(value, json!(null));
    assert!(
        errors("steps: [{ id: a, run: x, stdin: $__proto__.json }]").contains("does not exist")
    );
}
