//! Queues and limits of a file.

use insta::assert_snapshot;

use super::*;

fn named(text: &str, id: &str) -> Option<(String, Option<i32>)> {
    let flow = parse(text).unwrap();
    let step = flow.all_steps().find(|step| step.id == id).unwrap();
    flow.queue_of(step).map(|queue| (queue.name.clone(), queue.priority))
}

#[test]
fn a_step_names_its_queue_or_has_that_of_the_flow() {
    let text = "\
queue: { name: slow, priority: -5 }
concurrency: 3
steps:
  - { id: a, run: x, compensate: { run: u } }
  - { id: b, run: x, queue: llm }
  - { id: c, argv: [x], queue: { name: llm, priority: 1000 } }
  - { id: l, for_each: [1], steps: [{ id: d, pipeline: json }, { id: e, run: x, queue: llm }] }
finally:
  - { id: f, run: x }
  - { id: g, run: x, queue: llm }
";
    let slow = Some(("slow".to_owned(), Some(-5)));
    let llm = Some(("llm".to_owned(), None));
    assert_eq!(parse(text).unwrap().concurrency, Some(3));
    assert_eq!(named(text, "a"), slow);
    assert_eq!(named(text, "compensate"), None, "what is at the end must come to its end");
    assert_eq!(named(text, "b"), llm);
    assert_eq!(named(text, "c"), Some(("llm".to_owned(), Some(1000))));
    assert_eq!(named(text, "d"), slow);
    assert_eq!(named(text, "e"), llm);
    assert_eq!(named(text, "f"), None);
    assert_eq!(named(text, "g"), llm);
}

#[test]
fn what_cannot_be_a_queue_is_told_with_its_place() {
    let text = "\
queue: [llm]
concurrency: 0
steps:
  - { id: a, run: x, queue: 'two words' }
  - { id: b, run: x, queue: { priority: 3 } }
  - { id: c, run: x, queue: { nmae: q } }
  - { id: d, run: x, queue: { name: q, priority: 1001 } }
  - { id: e, run: x, queue: { name: q, priority: high } }
  - { id: f, sleep: 1s, queue: q }
  - { id: g, for_each: [1], queue: q, steps: [{ id: h, run: x }] }
  - { id: i, approval: ok?, queue: q }
";
    let all = messages(text);
    assert_eq!(
        all,
        [
            "expected text for `queue` of the file, found a list",
            "expected a whole number from 1 to 10000 for `concurrency` of the file",
            "the name `two words` in `queue` of step `a` has other characters than letters, \
             digits, `-` and `_`",
            "`queue` of step `b` has no `name`",
            "`queue` of step `c` has no `name`",
            "unknown key `nmae` in `queue` of step `c`",
            "expected a whole number from -1000 to 1000 for `priority` of `queue` of step `d`",
            "expected a whole number from -1000 to 1000 for `priority` of `queue` of step `e`, \
             found text",
            "`queue` has no meaning for a step that starts no process",
            "`queue` has no meaning for a step that starts no process",
            "`queue` has no meaning for a step that starts no process",
        ]
    );
}

#[test]
fn a_queue_that_is_not_configured_is_told_with_its_place() {
    let flow =
        parse("steps:\n  - { id: a, run: x, queue: lml }\n  - { id: b, run: x, queue: ci }\n");
    let flow = flow.unwrap();
    assert_eq!(flow.check_queues("t.yaml", ["lml", "ci"].into_iter()), Ok(()));
    let errors = flow.check_queues("t.yaml", ["llm"].into_iter()).unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_snapshot!(errors.join("\n"), @"
    t.yaml:2:29: no queue `lml` is configured
      2 |   - { id: a, run: x, queue: lml }
        |                             ^^^
    hint: did you mean `llm`?
    t.yaml:3:29: no queue `ci` is configured
      3 |   - { id: b, run: x, queue: ci }
        |                             ^^
    hint: add [queues.ci] to the configuration of the gateway
    ");
}
