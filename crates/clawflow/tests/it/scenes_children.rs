//! Child flows with the real binary: gates in them, cancels through generations, kills at any time.

use crate::scenes_support::{Home, step_of, until};
use clawflow_core::event::Event;
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_engine::api::{
    FlowAnswer, FlowAnswerRequest, FlowLine, FlowList, FlowListRequest, FlowView,
};
use clawflow_engine::shim::procfs;

/// Writes workflow files and starts the first one, as a person does.
fn start(home: &Home, files: &[(&str, &str)]) -> String {
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let said = home.cli(&["run", "--detach", files[0].0]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out.trim().to_owned()
}

fn children(home: &Home, flow: &str) -> Vec<FlowLine> {
    let parent = Some(flow.to_owned());
    let request = FlowListRequest { parent, limit: Some(1000), ..FlowListRequest::default() };
    home.call::<FlowList>(&request).unwrap().flows
}

/// The only child, once it is there.
fn child(home: &Home, flow: &str) -> String {
    let view = home.wait(flow, |view| !view.children.is_empty());
    assert_eq!(view.children.len(), 1);
    view.children[0].flow_id.0.clone()
}

fn answer(flow: &str, step: &str, by: &str) -> FlowAnswerRequest {
    FlowAnswerRequest {
        flow: flow.to_owned(),
        step: Some(step.to_owned()),
        approve: Some(true),
        by: by.to_owned(),
        ..FlowAnswerRequest::default()
    }
}

const LETTERS: &[(&str, &str)] = &[
    (
        "parent.flow.yaml",
        "steps:
  - { id: letters, flow: { file: sub/letters.flow.yaml, args: { all: [a, b, c] } } }
  - { id: done, argv: [sh, -c, 'echo \"all $0\" >> marks', $letters.json] }
",
    ),
    (
        "sub/letters.flow.yaml",
        "args: { all: {} }
steps:
  - id: each
    for_each: \"${all}\"
    concurrency: 3
    steps:
      - { id: ask, approval: { prompt: Send $item.json? } }
      - { id: send, argv: [sh, -c, 'echo \"sent $0\" >> marks; printf ok', $item.json] }
",
    ),
];

#[test]
fn gates_in_a_loop_in_a_child_are_answered_once() {
    let mut home = Home::new();
    home.gateway();
    std::fs::create_dir(home.path().join("sub")).unwrap();
    let flow = start(&home, LETTERS);
    let asks = |view: &FlowView| view.children.iter().map(|child| child.asks.len()).sum::<usize>();
    let view = home.wait(&flow, |view| asks(view) == 3);
    let child = view.children[0].flow_id.0.clone();
    // What is on the disk does not matter any more.
    std::fs::remove_file(home.path().join("sub/letters.flow.yaml")).unwrap();
    let shown = home.cli(&["flows", "show", &flow]).out;
    assert!(shown.contains(&format!("flow {child} waiting")), "{shown}");
    assert!(shown.contains(&format!("approval of each[1].ask in {child}")), "{shown}");
    let why = home.cli(&["flows", "why", &flow]).out;
    assert!(why.contains(&format!("clawflow flows approve {child} --step each[2].ask")), "{why}");
    let shown = home.cli(&["flows", "show", &child]).out;
    assert!(shown.contains(&format!("child of: {flow} (step letters)")), "{shown}");

    let first = home.call::<FlowAnswer>(&answer(&child, "each[0].ask", "ann")).unwrap();
    assert!(first.applied);
    home.restart();
    let said = home.cli(&["flows", "approve", &child, "--step", "each[1].ask"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (one, other) = (home.client(), home.client());
    let (ann, bob) = (answer(&child, "each[2].ask", "ann"), answer(&child, "each[2].ask", "bob"));
    let (one, other) = home.block_on(async {
        tokio::join!(one.call::<FlowAnswer>(&ann), other.call::<FlowAnswer>(&bob))
    });
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.applied, other.applied, "one of them counts");
    assert_eq!(one.wait.answered_by, other.wait.answered_by, "the other one is told whose");
    home.ends(&flow, FlowStatus::Succeeded);
    for line in ["sent a", "sent b", "sent c"] {
        assert_eq!(home.count(line), 1, "{line}");
    }
    let all = home.marks().lines().last().unwrap().to_owned();
    assert!(all.starts_with("all [") && all.contains("\"item\":\"c\""), "{all}");
    home.ends(&child, FlowStatus::Succeeded);
}

/// Three generations, each with something booked, something that runs and a child.
const FAMILY: &[(&str, &str)] = &[
    (
        "top.flow.yaml",
        "steps:
  - { id: book, needs: [], run: echo top >> marks, compensate: { run: echo undo top >> marks } }
  - { id: work, needs: [book], run: echo $$ > work1; sleep 1000 }
  - { id: child, needs: [book], flow: { file: middle.flow.yaml } }
  - { id: after, needs: [child], run: echo after >> marks }
",
    ),
    (
        "middle.flow.yaml",
        "steps:
  - { id: one, run: echo one >> marks, compensate: { run: echo undo one >> marks } }
  - { id: two, run: echo two >> marks, compensate: { run: echo undo two >> marks; exit 3 } }
  - { id: child, flow: { file: bottom.flow.yaml } }
  - { id: after, run: echo after >> marks }
",
    ),
    (
        "bottom.flow.yaml",
        "steps:
  - { id: deep, run: echo deep >> marks, compensate: { run: echo undo deep >> marks } }
  - id: stubborn
    run: |
      trap '' TERM
      echo $$ > work2
      while :; do sleep 0.05; done
  - { id: after, run: echo after >> marks }
",
    ),
];

/// Whether the event is of a step that does forward work.
fn starts(event: &Event) -> bool {
    let step = event.step_id.as_deref().unwrap_or_default();
    matches!(event.kind.as_str(), "step.started" | "step.queued" | "wait.opened")
        && !step.ends_with(".compensate")
}

#[test]
fn a_cancel_ends_three_generations_and_undoes_what_they_did() {
    let mut home = Home::new();
    home.gateway();
    let top = start(&home, FAMILY);
    let works = [home.pid_in("work1"), home.pid_in("work2")];
    let middle = child(&home, &top);
    let bottom = child(&home, &middle);
    let said = home.cli(&["flows", "cancel", &top, "--no-wait"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    // In the grace period of the one that ignores TERM.
    home.restart();
    for flow in [&bottom, &middle, &top] {
        let view = home.ends(flow, FlowStatus::Cancelled);
        let gone =
            |step: &StepStatus| matches!(step, StepStatus::Succeeded | StepStatus::Cancelled);
        let forward = view.steps.iter().filter(|step| !step.finally);
        assert!(forward.map(|step| step.status).all(|status| gone(&status)));
        let events = home.events(flow);
        let intent = events.iter().position(|event| event.kind == "flow.cancel_requested");
        assert!(!events[intent.unwrap()..].iter().any(starts), "{events:#?}");
    }
    assert!(works.iter().all(|id| !procfs::is_alive(*id)));
    until("the trees' ends", || home.left().is_empty().then_some(()));
    let marks = home.marks();
    let marks: Vec<&str> = marks.lines().collect();
    assert_eq!(marks[..4], ["top", "one", "two", "deep"]);
    assert_eq!(marks[4..], ["undo deep", "undo two", "undo one", "undo top"], "in reverse");
    let view = home.view(&middle);
    let failed = step_of(&view, "two.compensate");
    assert_eq!(failed.status, StepStatus::Failed);
    assert!(failed.error.as_ref().unwrap().message.contains("exit code 3"));
    let shown = home.cli(&["flows", "show", &middle]).out;
    assert!(shown.contains("two.compensate") && shown.contains("exit: exit code 3"), "{shown}");
}

const ITEMS: usize = 8;

#[test]
fn kills_at_any_time_leave_one_child_for_each_item() {
    let mut home = Home::new();
    home.gateway();
    let flow = start(
        &home,
        &[
            (
                "loop.flow.yaml",
                "steps:
  - id: each
    for_each: [0, 1, 2, 3, 4, 5, 6, 7]
    concurrency: 2
    steps: [{ id: go, flow: { file: item.flow.yaml, args: { n: $item.json } } }]
  - { id: sum, argv: [echo, $each.json.0.go, $each.json.7.go] }
",
            ),
            (
                "item.flow.yaml",
                "args: { n: {} }
steps:
  - { id: a, run: \"echo begin ${n} >> marks; sleep 0.1\" }
  - { id: b, run: \"echo end ${n} >> marks; echo ${n}\" }
",
            ),
        ],
    );
    // Each kill a little later than the one before: between all that happens to an item.
    for tick in 0..12_u64 {
        std::thread::sleep(std::time::Duration::from_millis(20 + 13 * tick));
        home.restart();
    }
    let view = home.ends(&flow, FlowStatus::Succeeded);
    for item in 0..ITEMS {
        for line in [format!("begin {item}"), format!("end {item}")] {
            assert_eq!(home.count(&line), 1, "{line}\n{}", home.marks());
        }
    }
    let made = children(&home, &flow);
    assert_eq!(made.len(), ITEMS, "one child for each attempt");
    assert!(made.iter().all(|line| line.flow.status == FlowStatus::Succeeded));
    let result = step_of(&view, "sum").result.clone().unwrap().stdout;
    assert_eq!(result.as_deref(), Some("0 7\n"));
}

#[test]
fn a_run_without_a_gateway_drives_its_children() {
    let home = Home::new();
    for (name, text) in [
        ("main.flow.yaml", "steps: [{ id: c, flow: { file: c.lobster } }]"),
        (
            "c.lobster",
            "steps:\n- { id: a, command: \"echo '[5]'\" }\n- { id: b, workflow: d.yaml }",
        ),
        ("d.yaml", "steps: [{ id: x, run: \"echo '[9]'\" }]"),
    ] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let said = home.cli(&["run", "main.flow.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "9\n"), "{said:?}");
}

#[test]
fn what_is_wrong_with_a_child_is_said_before_anything_runs() {
    let home = Home::new();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write(
        "main.flow.yaml",
        "steps:\n- { id: a, run: echo a >> marks }\n- { id: c, flow: { file: c.yaml } }",
    );
    for (text, wanted) in [
        (None, "workflow file not found"),
        (Some("steps: [{ id: a, run: x, rum: x }]"), "cannot run: 1:26: unknown key `rum`"),
        (Some("args: { n: {} }\nsteps: [{ id: a, run: x }]"), "the argument n was not given"),
        (Some("steps: [{ id: a, flow: { file: main.flow.yaml } }]"), "creates a cycle"),
    ] {
        if let Some(text) = text {
            write("c.yaml", text);
        }
        for words in [&["run", "main.flow.yaml"][..], &["flows", "lint", "main.flow.yaml"]] {
            let said = home.cli(words);
            let told = format!("{}{}", said.out, said.err);
            assert_eq!(said.code, Some(2), "{said:?}");
            assert!(told.contains("main.flow.yaml:3:26: ") && told.contains(wanted), "{told}");
        }
    }
    assert_eq!(home.marks(), "");
}
