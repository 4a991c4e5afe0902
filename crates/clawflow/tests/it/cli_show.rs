//! `clawflow flows show` of flows with loops and branches.

use crate::support::Home;

const LOOP: &str = "\
name: letters
steps:
  - { id: list, stdin: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21] }
  - id: each
    for_each: $list.json
    steps:
      - { id: check, run: 'test $index.json != 7', on_error: continue }
      - { id: keep, stdin: $item.json }
  - id: both
    parallel:
      branches:
        - { id: left, stdin: 1 }
        - { id: right, argv: [\"false\"], on_error: continue }
";

#[test]
fn a_loop_is_one_line_and_what_somebody_may_have_to_look_at() {
    let home = Home::new();
    home.write("f.flow.yaml", LOOP);
    home.ok(&["run", "f.flow.yaml", "--key", "letters"]);
    let steps = |out: &str| -> String {
        let rows = out.lines().skip_while(|line| !line.contains("list"));
        rows.filter(|line| !line.starts_with("messages")).map(|line| format!("{line}\n")).collect()
    };
    insta::assert_snapshot!(steps(&home.ok(&["flows", "show", "letters"]).told()), @r"
      1 list succeeded [T]
      2 each succeeded [T]
      20 of 21 items done, 1 failed
      each[7].check failed [T] [ID] exit: exit code 1
      3 both succeeded [T]
      left succeeded [T]
      right failed [T] [ID] exit: exit code 1
    exit 0
    ");
    let all = home.ok(&["flows", "show", "letters", "--all"]).stdout;
    for id in ["each[0].check", "each[20].keep", "left", "right"] {
        assert!(all.lines().any(|line| line.split_whitespace().nth(1) == Some(id)), "{id}: {all}");
    }
    assert!(!all.contains("items done"), "{all}");
    let json = home.ok(&["flows", "show", "letters", "--json"]).json();
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(3 + 42 + 2));
}

#[test]
fn a_loop_at_work_says_how_many_items_stand_where() {
    let mut home = Home::new();
    let text = "\
steps:
  - id: each
    for_each: [1, 2, 3]
    concurrency: 2
    steps: [{ id: ask, approval: 'Go on?' }]
";
    home.write("f.flow.yaml", text);
    home.start_gateway();
    assert_eq!(home.run(&["run", "f.flow.yaml", "--key", "asks"]).code, 7);
    let shown = home.ok(&["flows", "show", "asks"]).stdout;
    assert!(shown.contains("0 of 3 items done, 2 waiting\n"), "{shown}");
    assert!(shown.contains("each[0].ask") && shown.contains("each[1].ask"), "{shown}");
    home.ok(&["flows", "approve", "asks", "--step", "each[0].ask"]);
    crate::support::wait_until("the third item", || {
        home.ok(&["flows", "show", "asks"]).stdout.contains("1 of 3 items done, 2 waiting\n")
    });
}
