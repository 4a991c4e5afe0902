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
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["crm"]
      s1["cache"]
      s2{{"pause"}}
      s3{"sign-off"}
      s4["send"]
      s5(["tidy"])
      s0 -.->|"fallback"| s1
      s0 --> s3
      s2 --> s3
      s3 -->|"when: $sign-off.approved == true && #quot;a#quot; != #quot;b#quot;"| s4
    "#);
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Dot), @r#"
    digraph flow {
      rankdir=TB;
      s0 [label="crm", shape=box];
      s1 [label="cache", shape=box];
      s2 [label="pause", shape=hexagon];
      s3 [label="sign-off", shape=diamond];
      s4 [label="send", shape=box];
      s5 [label="tidy", shape=oval];
      s0 -> s1 [label="fallback", style=dashed];
      s0 -> s3;
      s2 -> s3;
      s3 -> s4 [label="when: $sign-off.approved == true && \"a\" != \"b\""];
    }
    "#);
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Ascii), @r#"
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
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["a#quot;]; #lt;b#gt;\ #35;"]
    "#);
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Dot), @r#"
    digraph flow {
      rankdir=TB;
      s0 [label="a\"]; <b>\\ #", shape=box];
    }
    "#);
}

const BLOCKS: &str = "\
steps:
  - { id: list, run: x, when: 1 < 2 }
  - id: each
    for_each: $list.json
    concurrency: 2
    steps:
      - { id: put, run: x, compensate: { run: y } }
      - { id: look, approval: 'Keep it?', when: $put.json.new }
  - id: race
    parallel: { wait: any, branches: [{ id: fast, run: x }, { id: slow, run: y }] }
  - { id: below, flow: { file: below.flow.yaml } }
  - { id: paid, wait_for: { event: paid } }
  - { id: why, input: { prompt: 'Why?', schema: {} } }
  - { id: book, argv: [x], compensate: { argv: [y] } }
";

#[test]
fn what_is_inside_of_a_step_is_drawn_inside_of_it() {
    let flow = parse(BLOCKS).unwrap();
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["list<br/>when: 1 #lt; 2"]
      subgraph s1["each: for each item, 2 at a time"]
        s1_0["put"]
        s1_0_undo[/"undo put"/]
        s1_1{"look"}
      end
      subgraph s2["race: the first of"]
        s2_0["fast"]
        s2_1["slow"]
      end
      s3[["below"]]
      s4{{"paid"}}
      s5{"why"}
      s6["book"]
      s6_undo[/"undo book"/]
      s0 --> s1
      s1_0 -.->|"undone by"| s1_0_undo
      s1_0 -->|"when: $put.json.new"| s1_1
      s1 --> s2
      s2 --> s3
      s3 --> s4
      s4 --> s5
      s5 --> s6
      s6 -.->|"undone by"| s6_undo
    "#);
}

#[test]
fn graphviz_and_text_have_it_inside_as_well() {
    let flow = parse(BLOCKS).unwrap();
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Dot), @r#"
    digraph flow {
      rankdir=TB;
      compound=true;
      s0 [label="list\nwhen: 1 < 2", shape=box];
      subgraph cluster_s1 {
        label="each: for each item, 2 at a time";
        s1 [shape=point, style=invis];
        s1_0 [label="put", shape=box];
        s1_0_undo [label="undo put", shape=parallelogram];
        s1_1 [label="look", shape=diamond];
      }
      subgraph cluster_s2 {
        label="race: the first of";
        s2 [shape=point, style=invis];
        s2_0 [label="fast", shape=box];
        s2_1 [label="slow", shape=box];
      }
      s3 [label="below", shape=box3d];
      s4 [label="paid", shape=hexagon];
      s5 [label="why", shape=diamond];
      s6 [label="book", shape=box];
      s6_undo [label="undo book", shape=parallelogram];
      s0 -> s1 [lhead=cluster_s1];
      s1_0 -> s1_0_undo [label="undone by", style=dashed];
      s1_0 -> s1_1 [label="when: $put.json.new"];
      s1 -> s2 [ltail=cluster_s1, lhead=cluster_s2];
      s2 -> s3 [ltail=cluster_s2];
      s3 -> s4;
      s4 -> s5;
      s5 -> s6;
      s6 -> s6_undo [label="undone by", style=dashed];
    }
    "#);
    assert_snapshot!(render_graph(&flow, None, GraphFormat::Ascii), @"
    list      run, when 1 < 2
    each      for_each  <- list
      put     run
        undo  run
      look    approval, when $put.json.new
    race      parallel  <- each
      fast    run
      slow    run
    below     flow  <- race
    paid      wait_for  <- below
    why       input  <- paid
    book      argv  <- why
      undo    argv
    ");
}

/// A row of a flow, as programs see it.
fn row(position: u32, status: &str, of: serde_json::Value) -> crate::step::Step {
    let mut row = json!({
        "flowId": "flow_1", "stepId": "x", "position": position, "version": 1, "attempt": 1,
        "status": status,
    });
    if !of.is_null() {
        row["of"] = of;
    }
    serde_json::from_value(row).unwrap()
}

/// Rows of a flow of that file.
fn stands() -> [crate::step::Step; 10] {
    let part = |part: u32, item: u32| json!({ "step": 1, "part": part, "item": item, "round": 1 });
    [
        row(0, "succeeded", json!(null)),
        row(1, "running", json!(null)),
        row(6, "cancelled", json!(null)),
        row(7, "failed", json!({ "step": 1, "part": 0, "item": 0 })),
        row(8, "succeeded", part(0, 0)),
        row(9, "succeeded", part(0, 1)),
        row(10, "in_doubt", part(0, 2)),
        row(11, "waiting", part(1, 0)),
        row(12, "failed", json!({ "step": 8, "part": 0, "undo": true })),
        row(13, "running", json!({ "step": 6, "part": 0, "undo": true })),
    ]
}

#[test]
fn the_steps_of_a_flow_are_drawn_where_they_stand() {
    let (flow, rows) = (parse(BLOCKS).unwrap(), stands());
    assert_snapshot!(render_graph(&flow, Some(&rows), GraphFormat::Mermaid), @r#"
    flowchart TD
      s0["list<br/>when: 1 #lt; 2<br/>succeeded"]
      subgraph s1["each: for each item, 2 at a time<br/>running"]
        s1_0["put<br/>1 in_doubt, 2 succeeded"]
        s1_0_undo[/"undo put<br/>failed"/]
        s1_1{"look<br/>1 waiting"}
      end
      subgraph s2["race: the first of"]
        s2_0["fast"]
        s2_1["slow"]
      end
      s3[["below"]]
      s4{{"paid"}}
      s5{"why"}
      s6["book<br/>cancelled"]
      s6_undo[/"undo book<br/>running"/]
      s0 --> s1
      s1_0 -.->|"undone by"| s1_0_undo
      s1_0 -->|"when: $put.json.new"| s1_1
      s1 --> s2
      s2 --> s3
      s3 --> s4
      s4 --> s5
      s5 --> s6
      s6 -.->|"undone by"| s6_undo
      classDef cancelled fill:#e0e0e0,color:#000000
      class s6 cancelled
      classDef failed fill:#ffcdd2,color:#000000
      class s1_0_undo failed
      classDef in_doubt fill:#ffe0b2,color:#000000
      class s1_0 in_doubt
      classDef running fill:#bbdefb,color:#000000
      class s1,s6_undo running
      classDef succeeded fill:#c8e6c9,color:#000000
      class s0 succeeded
      classDef waiting fill:#fff9c4,color:#000000
      class s1_1 waiting
    "#);
}

#[test]
fn graphviz_and_text_say_where_they_stand_as_well() {
    let (flow, rows) = (parse(BLOCKS).unwrap(), stands());
    assert_snapshot!(render_graph(&flow, Some(&rows), GraphFormat::Dot), @r##"
    digraph flow {
      rankdir=TB;
      compound=true;
      s0 [label="list\nwhen: 1 < 2\nsucceeded", shape=box, style=filled, fillcolor="#c8e6c9"];
      subgraph cluster_s1 {
        label="each: for each item, 2 at a time\nrunning"; style=filled; fillcolor="#bbdefb";
        s1 [shape=point, style=invis];
        s1_0 [label="put\n1 in_doubt, 2 succeeded", shape=box, style=filled, fillcolor="#ffe0b2"];
        s1_0_undo [label="undo put\nfailed", shape=parallelogram, style=filled, fillcolor="#ffcdd2"];
        s1_1 [label="look\n1 waiting", shape=diamond, style=filled, fillcolor="#fff9c4"];
      }
      subgraph cluster_s2 {
        label="race: the first of";
        s2 [shape=point, style=invis];
        s2_0 [label="fast", shape=box];
        s2_1 [label="slow", shape=box];
      }
      s3 [label="below", shape=box3d];
      s4 [label="paid", shape=hexagon];
      s5 [label="why", shape=diamond];
      s6 [label="book\ncancelled", shape=box, style=filled, fillcolor="#e0e0e0"];
      s6_undo [label="undo book\nrunning", shape=parallelogram, style=filled, fillcolor="#bbdefb"];
      s0 -> s1 [lhead=cluster_s1];
      s1_0 -> s1_0_undo [label="undone by", style=dashed];
      s1_0 -> s1_1 [label="when: $put.json.new"];
      s1 -> s2 [ltail=cluster_s1, lhead=cluster_s2];
      s2 -> s3 [ltail=cluster_s2];
      s3 -> s4;
      s4 -> s5;
      s5 -> s6;
      s6 -> s6_undo [label="undone by", style=dashed];
    }
    "##);
    assert_snapshot!(render_graph(&flow, Some(&rows), GraphFormat::Ascii), @"
    list      succeeded                run, when 1 < 2
    each      running                  for_each  <- list
      put     1 in_doubt, 2 succeeded  run
        undo  failed                   run
      look    1 waiting                approval, when $put.json.new
    race                               parallel  <- each
      fast                             run
      slow                             run
    below                              flow  <- race
    paid                               wait_for  <- below
    why                                input  <- paid
    book      cancelled                argv  <- why
      undo    running                  argv
    ");
}
