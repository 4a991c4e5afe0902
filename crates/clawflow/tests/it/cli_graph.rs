//! `clawflow flows graph`: pictures of files, and of flows with where their steps stand.

use crate::support::Home;

const FLOW: &str = "\
steps:
  - { id: list, run: 'echo [1, 2, 3]' }
  - { id: each, for_each: $list.json, steps: [{ id: one, run: 'true' }] }
  - { id: sure, approval: 'Sure?' }
  - { id: last, run: 'true' }
";

#[test]
fn a_flow_is_drawn_with_where_its_steps_stand() {
    let mut home = Home::new();
    home.write("f.flow.yaml", FLOW);
    let ascii = |home: &Home, target: &str| {
        home.ok(&["flows", "graph", target, "--format", "ascii"]).stdout
    };
    insta::assert_snapshot!(ascii(&home, "f.flow.yaml"), @r"
    list   run
    each   for_each  <- list
      one  run
    sure   approval  <- each
    last   run  <- sure
    ");
    home.start_gateway();
    home.ok(&["run", "f.flow.yaml", "--detach", "--key", "k"]);
    home.wait_for("k", "waiting");
    insta::assert_snapshot!(ascii(&home, "k"), @r"
    list   succeeded    run
    each   succeeded    for_each  <- list
      one  3 succeeded  run
    sure   waiting      approval  <- each
    last   pending      run  <- sure
    ");
    home.ok(&["flows", "cancel", "k"]);
    let mermaid = home.ok(&["flows", "graph", "k"]).stdout;
    assert!(mermaid.contains("class s0,s1,s1_0 succeeded"), "{mermaid}");
    assert!(mermaid.contains("class s2,s3 cancelled"), "{mermaid}");
    let json = home.ok(&["flows", "graph", "k", "--format", "dot", "--json"]).json();
    assert_eq!(json["format"], "dot");
    assert!(json["graph"].as_str().unwrap().contains("last\\ncancelled"), "{json}");
}
