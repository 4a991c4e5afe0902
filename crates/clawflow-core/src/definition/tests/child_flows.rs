//! Steps that run other files, and the files that are gathered for them.

use super::super::{Files, Found, gather};
use super::*;
use crate::json::Object;

/// A folder of files; a name may lead to another one.
fn folder<'a>(files: &'a [(&'a str, &'a str)]) -> impl FnMut(&str) -> Result<Found, String> + 'a {
    move |path| {
        let found = files.iter().find(|(name, _)| *name == path);
        let (name, text) = found.ok_or_else(|| format!("workflow file not found: {path}"))?;
        if let Some(target) = text.strip_prefix("-> ") {
            return folder(files)(target);
        }
        Ok(Found { bytes: text.as_bytes().to_vec(), identity: (*name).to_owned() })
    }
}

fn gathered(
    main: &str,
    files: &[(&str, &str)],
    given: Option<&Object>,
) -> Result<Vec<String>, String> {
    let definition = parse(main).unwrap();
    let names = ("main.flow.yaml", "/w/main.flow.yaml", "/w/main.flow.yaml");
    let found = gather(names, &definition, given, &[], &mut folder(files));
    found.map(|files: Files| files.into_keys().collect()).map_err(|errors| {
        let errors: Vec<String> = errors
            .iter()
            .map(|e| format!("{}:{}:{}: {}", e.file, e.line, e.column, e.message))
            .collect();
        errors.join("\n")
    })
}

fn refused(main: &str, files: &[(&str, &str)]) -> String {
    gathered(main, files, None).expect_err("the file should be refused")
}

const LEAF: &str = "steps: [{id: a, run: x}]";

#[test]
fn what_a_file_names_is_gathered_with_what_that_names() {
    let main = "steps:
- {id: a, flow: {file: sub/b.yaml}}
- {id: c, workflow: ./sub/../c.lobster}
- {id: d, flow: {file: sub/b.yaml}}
- {id: l, for_each: [1], steps: [{id: e, flow: {file: /x/e.yaml}}]}
- {id: f, flow: {file: $a.json.file}}";
    let files = [
        ("/w/sub/b.yaml", "steps: [{id: a, flow: {file: ../leaf.yaml}}]"),
        ("/w/c.lobster", "steps: [{id: a, workflow: leaf.yaml}]"),
        ("/w/leaf.yaml", LEAF),
        ("/x/e.yaml", LEAF),
    ];
    let wanted = ["/w/c.lobster", "/w/leaf.yaml", "/w/sub/b.yaml", "/x/e.yaml"];
    assert_eq!(gathered(main, &files, None).unwrap(), wanted);
}

#[test]
fn arguments_in_a_path_are_filled_in_as_far_as_they_are_known() {
    let main = "args: {which: {}, kind: {default: b}}
steps:
- {id: a, flow: {file: '${which}.yaml', args: {next: '${kind}.yaml'}}}";
    let files = [
        ("/w/a.yaml", "args: {next: {}}\nsteps: [{id: a, flow: {file: '${next}'}}]"),
        ("/w/b.yaml", LEAF),
    ];
    let given = |which: &str| Object::from_iter([("which".to_owned(), json!(which))]);
    assert_eq!(gathered(main, &files, Some(&given("a"))).unwrap(), ["/w/a.yaml", "/w/b.yaml"]);
    assert!(gathered(main, &files, None).unwrap().is_empty(), "nobody knows which");
    let missing = gathered(main, &files, Some(&given("z"))).unwrap_err();
    assert_eq!(missing, "main.flow.yaml:3:24: workflow file not found: /w/z.yaml");
}

#[test]
fn a_cycle_is_found_whatever_the_file_is_called() {
    let own = refused(
        "steps: [{id: a, flow: {file: main.flow.yaml}}]",
        &[("/w/main.flow.yaml", "steps: [{id: a, flow: {file: main.flow.yaml}}]")],
    );
    assert!(own.contains("step `a` creates a cycle: /w/main.flow.yaml is already"), "{own}");
    let main = "steps: [{id: a, flow: {file: b.yaml}}]";
    let b = ("/w/b.yaml", "steps: [{id: x, flow: {file: c.yaml}}]");
    let c = ("/w/c.yaml", "steps: [{id: y, flow: {file: link.yaml}}]");
    let through = refused(main, &[b, c, ("/w/link.yaml", "-> /w/b.yaml")]);
    assert!(through.starts_with("main.flow.yaml:1:30: the flow in /w/b.yaml cannot run:"));
    assert!(through.contains("step `y` creates a cycle: /w/link.yaml"), "{through}");
}

#[test]
fn what_is_wrong_with_a_child_is_wrong_with_its_parent() {
    let main = "steps:\n- {id: a, flow: {file: b.yaml, args: {n: 1}}}";
    let with = |text: &'static str| refused(main, &[("/w/b.yaml", text)]);
    assert_eq!(
        with("steps:\n- {id: a, run: x, rum: x}\n- {id: a, run: x}"),
        "main.flow.yaml:2:24: the flow in /w/b.yaml cannot run: 2:19: unknown key `rum` in step \
         `a` (and 1 more)"
    );
    assert!(with(LEAF).ends_with("b.yaml: the flow has no argument n"));
    let missing = with("args: {n: {}, m: {}}\nsteps: [{id: a, run: x}]");
    assert!(missing.ends_with("b.yaml: the argument m was not given"), "{missing}");
    assert!(with("\0").contains("the file is not text"));
    assert!(with("").contains("the file is empty"));
    let mut huge = |_: &str| Ok(Found { bytes: vec![b'#'; 2 << 20], identity: "x".to_owned() });
    let names = ("m", "/w/m", "/w/m");
    let errors = gather(names, &parse(main).unwrap(), None, &[], &mut huge).unwrap_err();
    assert!(errors[0].message.contains("more than"), "{}", errors[0].message);
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = |path: &str| {
        let n: u32 = path.trim_start_matches("/w/").trim_end_matches(".yaml").parse().unwrap();
        let text = format!("steps: [{{id: a, flow: {{file: {}.yaml}}}}]", n + 1);
        Ok(Found { bytes: text.into_bytes(), identity: path.to_owned() })
    };
    let definition = parse("steps: [{id: a, flow: {file: 1.yaml}}]").unwrap();
    let names = ("m", "/w/0.yaml", "/w/0.yaml");
    let errors = gather(names, &definition, None, &[], &mut { deep }).unwrap_err();
    let message = &errors[0].message;
    assert!(message.contains("nested deeper than 16"), "{message}");
    let steps: Vec<String> =
        (0..300).map(|n| format!("- {{id: s{n}, flow: {{file: {n}.yaml}}}}")).collect();
    let definition = parse(&format!("steps:\n{}", steps.join("\n"))).unwrap();
    let mut leaf =
        |path: &str| Ok(Found { bytes: LEAF.as_bytes().to_vec(), identity: path.to_owned() });
    let names = ("m", "/w/m", "/w/m");
    let errors = gather(names, &definition, None, &[], &mut leaf).unwrap_err();
    assert!(errors[0].message.contains("more than 256 files"), "{}", errors[0].message);
    // Two that each name the next one twice would be looked at 2^15 times.
    let mut twice = |path: &str| {
        let n: u32 = path.trim_start_matches("/w/").trim_end_matches(".yaml").parse().unwrap();
        let next =
            if n >= 14 { "run: x".to_owned() } else { format!("flow: {{file: {}.yaml}}", n + 1) };
        let text = format!("steps: [{{id: a, {next}}}, {{id: b, {next}}}]");
        Ok(Found { bytes: text.into_bytes(), identity: path.to_owned() })
    };
    let definition = parse("steps: [{id: a, flow: {file: 1.yaml}}]").unwrap();
    let errors = gather(names, &definition, None, &[], &mut twice).unwrap_err();
    assert!(errors[0].message.contains("more than 10000 flows below"), "{}", errors[0].message);
}

#[test]
fn what_says_nothing_is_refused() {
    for (step, wanted) in [
        ("flow: x.yaml", "expected a mapping for `flow` of step `a`, found text"),
        ("flow: {}", "`flow` of step `a` has no `file`"),
        ("flow: {name: x}", "`flow` of step `a` cannot be named"),
        ("flow: {file: ' '}", "the path in `flow` of step `a` is blank"),
        ("flow: {file: 7}", "expected text for the path in `flow` of step `a`, found a number"),
        ("flow: {file: x, arg: {}}", "unknown key `arg` in `flow` of step `a`"),
        (
            "flow: {file: x, args: [1]}",
            "expected a mapping for the arguments in `flow` of step `a`",
        ),
        ("flow: {file: x}, run: y", "step `a` has both `run` and `flow`"),
        ("flow: {file: x}, workflow: y", "step `a` has both `flow` and `workflow`"),
        ("flow: {file: x}, stdin: y", "`stdin` has no meaning for a step with `flow`"),
        ("flow: {file: x}, workflow_args: {}", "`workflow_args` has no meaning for a step with"),
        ("workflow: [x]", "expected text for the path in `workflow` of step `a`, found a list"),
        ("workflow: x, workflow_args: y", "expected a mapping for the arguments in `workflow`"),
        ("flow: {file: $b.json}", "the step `b` does not exist"),
    ] {
        let found = messages(&format!("steps: [{{id: a, {step}}}]"));
        assert!(found.iter().any(|message| message.starts_with(wanted)), "{step}: {found:?}");
    }
    let found = messages("steps: [{id: a, run: x}]\nfinally: [{id: f, flow: {file: x}}]");
    assert_eq!(found, ["`flow` cannot be used in a `finally` step"]);
    for inner in ["workflow: x", "flow: {file: x}"] {
        let list = format!("steps: [{{id: l, for_each: $x.json, steps: [{{id: a, {inner}}}]}}]");
        let error = parse_lobster(&list).unwrap_err();
        assert!(error.contains("cannot be used in `steps`"), "{error}");
    }
}
