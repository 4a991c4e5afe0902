//! Order, fallbacks, and pictures.

use insta::assert_snapshot;

use super::super::{GraphFormat, OnError, Phase, render_graph};
use super::*;

fn needs(text: &str) -> Vec<(String, Vec<String>)> {
    let flow = parse(text).unwrap();
    let id = |at: &usize| flow.steps[*at].id.clone();
    flow.steps.iter().map(|s| (s.id.clone(), s.needs.iter().map(id).collect())).collect()
}

fn edges(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    list.iter().map(|(id, needs)| ((*id).to_owned(), owned(needs))).collect()
}

#[test]
fn without_needs_the_order_is_linear_and_skips_fallbacks() {
    let text = "\
steps:
  - { id: a, run: x, on_error: { fallback: f } }
  - { id: f, run: x }
  - { id: b, run: x, stdin: $a.json }
  - { id: c, run: x }
finally:
  - { id: y, run: x, stdin: $c.json }
  - { id: z, run: x, stdin: $y.json }
";
    let wanted =
        [("a", &[][..]), ("f", &[]), ("b", &["a"]), ("c", &["b"]), ("y", &[]), ("z", &["y"])];
    assert_eq!(needs(text), edges(&wanted));
    let flow = parse(text).unwrap();
    assert_eq!(flow.steps[0].on_error, OnError::Fallback(1));
    assert_eq!(flow.steps[0].fallback(), Some(1));
    assert_eq!(flow.steps[1].fallback_of, Some(0));
    assert_eq!(flow.steps[4].phase, Phase::Finally);
    assert_eq!(flow.forward_steps().count(), 4);
    assert_eq!(flow.step_index("z"), Some(5));
}

#[test]
fn with_needs_a_step_without_the_key_needs_the_one_before() {
    let text = "\
steps:
  - { id: a, run: x }
  - { id: b, run: x, needs: [] }
  - { id: f, run: x, needs: [] }
  - { id: c, run: x, needs: [later, a, a], on_error: { fallback: f } }
  - { id: d, run: x }
  - { id: later, run: x, needs: [b] }
";
    let wanted = [
        ("a", &[][..]),
        ("b", &[]),
        ("f", &[]),
        ("c", &["a", "later"]),
        ("d", &["c"]),
        ("later", &["b"]),
    ];
    assert_eq!(needs(text), edges(&wanted));
}

#[test]
fn a_join_may_do_nothing_but_an_empty_step_may_not() {
    parse("steps: [{ id: a, run: x, needs: [] }, { id: j, needs: [a] }]").unwrap();
    assert!(errors("steps: [{ id: a }]").contains("step `a` does nothing"));
}

#[test]
fn wrong_fallbacks_are_named() {
    let text = "\
steps:
  - { id: a, run: x, on_error: { fallback: a } }
  - { id: b, run: x, on_error: { fallback: f } }
  - { id: c, run: x, on_error: { fallback: f }, needs: [f] }
  - { id: f, run: x, needs: [a], on_error: { fallback: g } }
  - { id: g, run: x }
";
    assert_snapshot!(errors(text), @"
    t.flow.yaml:2:44: step `a` is its own fallback
      2 |   - { id: a, run: x, on_error: { fallback: a } }
        |                                            ^
    t.flow.yaml:4:44: step `f` is already the fallback of `b`
      4 |   - { id: c, run: x, on_error: { fallback: f }, needs: [f] }
        |                                            ^
    hint: give each step a fallback of its own
    t.flow.yaml:4:57: step `f` is a fallback and cannot be needed
      4 |   - { id: c, run: x, on_error: { fallback: f }, needs: [f] }
        |                                                         ^
    hint: need `b`; its fallback stands in for it
    t.flow.yaml:5:22: step `f` is a fallback and cannot have needs of its own
      5 |   - { id: f, run: x, needs: [a], on_error: { fallback: g } }
        |                      ^^^^^
    hint: it starts when its step has failed; write `needs: []` or leave it out
    t.flow.yaml:5:56: step `f` is a fallback and cannot have one itself
      5 |   - { id: f, run: x, needs: [a], on_error: { fallback: g } }
        |                                                        ^
    ");
}

#[test]
fn a_fallback_sees_what_its_step_sees() {
    let text = "\
steps:
  - { id: a, run: x }
  - { id: b, run: x, on_error: { fallback: f } }
  - { id: f, run: x, stdin: $a.json }
  - { id: c, run: x, stdin: $b.json }
";
    parse(text).unwrap();
    assert_snapshot!(errors(&text.replace("stdin: $a", "stdin: $b")), @"
    t.flow.yaml:4:29: step `f` refers to `b`, which it does not need
      4 |   - { id: f, run: x, stdin: $b.json }
        |                             ^^^^^^^
    hint: a fallback may refer to what its own step may refer to
    ");
    assert_snapshot!(errors(&text.replace("stdin: $b", "stdin: $f")), @"
    t.flow.yaml:5:29: step `c` refers to `f`, which it does not need
      5 |   - { id: c, run: x, stdin: $f.json }
        |                             ^^^^^^^
    hint: refer to `b`; its fallback stands in for it
    ");
}

const PICTURE: &str = "\
steps:
  - { id: crm, run: x, needs: [], on_error: { fallback: cache } }
  - { id: cache, run: x }
  - { id: pause, sleep: 1s, needs: [] }
  - { id: sign-off, approval: Go?, needs: [crm, pause] }
  - { id: send, argv: [x], when: $sign-off.approved == true && \"a\" != \"b\" }
finally: [{ id: tidy, run: x }]
";

#[test]
fn pictures() {
    let flow = parse(PICTURE).unwrap();
    assert_snapshot!(render_graph(&flow, GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["crm"]
      s1["cache"]
      s2["pause"]
      s3{"sign-off"}
      s4["send"]
      s5(["tidy"])
      s0 -.->|"fallback"| s1
      s0 --> s3
      s2 --> s3
      s3 -->|"when: $sign-off.approved == true && #quot;a#quot; != #quot;b#quot;"| s4
    "#);
    assert_snapshot!(render_graph(&flow, GraphFormat::Dot), @r#"
    digraph flow {
      rankdir=TB;
      s0 [label="crm", shape=box];
      s1 [label="cache", shape=box];
      s2 [label="pause", shape=box];
      s3 [label="sign-off", shape=diamond];
      s4 [label="send", shape=box];
      s5 [label="tidy", shape=oval];
      s0 -> s1 [label="fallback", style=dashed];
      s0 -> s3;
      s2 -> s3;
      s3 -> s4 [label="when: $sign-off.approved == true && \"a\" != \"b\""];
    }
    "#);
    assert_snapshot!(render_graph(&flow, GraphFormat::Ascii), @r#"
    crm       run
    cache     run, fallback of crm
    pause     sleep
    sign-off  approval  <- crm, pause
    send      argv, when $sign-off.approved == true && "a" != "b"  <- sign-off
    tidy      run, finally
    "#);
}

#[test]
fn the_names_of_a_lobster_file_cannot_break_a_picture() {
    let text = "steps: [{ id: 'a\"]; <b>\\ #', run: x }]";
    let flow = parse_lobster(text).unwrap();
    assert_snapshot!(render_graph(&flow, GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["a#quot;]; #lt;b#gt;\ #35;"]
    "#);
    assert_snapshot!(render_graph(&flow, GraphFormat::Dot), @r#"
    digraph flow {
      rankdir=TB;
      s0 [label="a\"]; <b>\\ #", shape=box];
    }
    "#);
}
