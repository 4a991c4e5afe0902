//! A pipeline that asks waits for its answer, whatever dies meanwhile.

use crate::scenes_support::{Home, step_of};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;

/// What stands before the question has an effect that must not be repeated.
const FLOW: &str = r#"
steps:
  - id: pick
    pipeline: >-
      exec --shell 'echo asked >> marks; echo a' |
      ask --prompt 'Which?' --schema '{"type": "object", "required": ["n"]}' |
      map --wrap said
  - { id: show, argv: [echo, $pick.json.said.n] }
"#;

#[test]
fn a_pipeline_goes_on_with_its_answer_after_everything_was_killed() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("asks", FLOW);
    home.wait_step(&flow, "pick", StepStatus::Waiting);
    home.kill_gateway();
    home.gateway();
    let view = home.view(&flow);
    assert_eq!(view.flow.status, FlowStatus::Waiting);
    let wait = view.waits.iter().find(|wait| wait.prompt.as_deref() == Some("Which?")).unwrap();
    assert_eq!(wait.schema.as_ref().unwrap()["required"][0], "n");
    let wrong = home.cli(&["flows", "answer", "asks", "--response", "{}"]);
    assert_ne!(wrong.code, Some(0), "{wrong:?}");
    let said = home.cli(&["flows", "answer", "asks", "--response", r#"{"n": 7}"#]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let view = home.ends(&flow, FlowStatus::Succeeded);
    let shown = step_of(&view, "show").result.as_ref().unwrap().stdout.clone();
    assert_eq!((shown.as_deref(), home.count("asked")), (Some("7\n"), 1));
    let pick = step_of(&view, "pick");
    assert_eq!((pick.attempt, pick.result.as_ref().unwrap().rest.is_none()), (2, true));
}
