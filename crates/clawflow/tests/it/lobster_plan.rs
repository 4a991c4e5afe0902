//! `lobster graph` and `lobster run --dry-run`: what the original prints of the same files.
//!
//! The files beside this one were printed by version 2026.9.13 of the original, with
//! `--args-json '{"city":"Seattle"}'`.

use crate::support::{Home, Out};

const FILE: &str = include_str!("lobster_plan/all.lobster");
const CITY: &str = r#"{"city":"Seattle"}"#;

fn lobster(home: &Home, words: &[&str]) -> Out {
    let out = home.run(&[&["lobster"], words].concat());
    assert!(!home.path().join("home").exists(), "a home was made: {words:?}");
    out
}

#[test]
fn a_picture_is_that_of_the_original() {
    let home = Home::new();
    home.write("all.lobster", FILE);
    let pictures = [
        ("mermaid", include_str!("lobster_plan/all.mermaid")),
        ("dot", include_str!("lobster_plan/all.dot")),
        ("ascii", include_str!("lobster_plan/all.txt")),
    ];
    for (format, wanted) in pictures {
        let words = ["graph", "all.lobster", "--format", format, "--args-json", CITY];
        let out = lobster(&home, &words);
        assert_eq!((out.code, out.stdout.as_str()), (0, wanted), "{format}: {}", out.stderr);
    }
    let given = format!("--args-json={CITY}");
    let out = lobster(&home, &["graph", "--file=all.lobster", &given]);
    assert_eq!(out.stdout, pictures[0].1);
}

#[test]
fn a_plan_is_that_of_the_original() {
    let home = Home::new();
    home.write("all.lobster", FILE);
    let wanted = include_str!("lobster_plan/all.plan");
    for words in [
        &["run", "--dry-run", "--file", "all.lobster", "--args-json", CITY][..],
        &["run", "all.lobster", "--args-json", CITY, "--dry-run"],
    ] {
        let out = lobster(&home, words);
        assert_eq!((out.code, out.stdout.as_str(), out.stderr.as_str()), (0, "", wanted));
    }
    let out = lobster(&home, &["run", "--mode", "tool", "--dry-run", "all.lobster"]);
    assert_eq!(out.json()["status"], "ok");
    assert_eq!(out.json()["output"], serde_json::json!([]));
    let pipeline = "exec --json --b x \"echo [1]\" | where a=1 --z 1 --a 2 | table";
    let out = lobster(&home, &["run", "--dry-run", pipeline]);
    assert_eq!((out.code, out.stdout.as_str()), (0, ""));
    assert_eq!(
        out.stderr,
        "[DRY RUN] Pipeline (3 stages):\n  1. exec  args: echo [1], json=true, b=x\n  \
         2. where  args: a=1, z=1, a=2\n  3. table\n"
    );
}

#[test]
fn what_cannot_be_planned_or_drawn_is_told_in_the_words_of_the_original() {
    let home = Home::new();
    let missing =
        "steps:\n  - { id: gen, run: x }\n  - { id: use, run: x, stdin: $missing.stdout }\n";
    home.write("missing.lobster", missing);
    home.write("unknown.lobster", "steps: [{ id: gen, pipeline: 'not_a_command | head 1' }]");
    home.write("when.lobster", "steps: [{ id: gen, run: x, when: '!$later.json.a' }]");
    let told = |words: &[&str]| {
        let out = lobster(&home, words);
        assert_eq!(out.stdout, "", "{words:?}");
        (out.code, out.stderr)
    };
    let error = |code: i32, text: &str| (code, format!("{text}\n"));
    assert_eq!(
        told(&["run", "missing.lobster", "--dry-run"]),
        error(1, "Error: Workflow step use stdin: Unknown step reference: missing.stdout")
    );
    assert_eq!(
        told(&["run", "--dry-run", "unknown.lobster"]),
        error(1, "Error: Workflow step gen pipeline references unknown command: not_a_command")
    );
    assert_eq!(
        told(&["run", "--dry-run", "when.lobster"]),
        error(1, "Error: Unknown step reference: later.json.a")
    );
    assert_eq!(
        told(&["run", "--dry-run", "nope | json"]),
        error(1, "Error: Unknown command: nope")
    );
    assert_eq!(
        told(&["graph"]),
        error(2, "graph requires a workflow file path (use --file <path>)")
    );
    assert_eq!(
        told(&["graph", "missing.lobster", "--format", "svg"]),
        error(2, "graph --format must be one of: mermaid, dot, ascii")
    );
    let with = |args: &str| told(&["graph", "missing.lobster", "--args-json", args]);
    assert_eq!(with("[1]"), error(2, "graph --args-json must be a JSON object"));
    assert_eq!(with("[1"), error(2, "graph --args-json must be valid JSON"));
    let (code, said) = told(&["graph", "none.lobster"]);
    assert_eq!(code, 1);
    assert!(said.starts_with("Error: ENOENT: no such file or directory, stat '"), "{said}");
    let out = lobster(&home, &["run", "--mode", "tool", "--dry-run", "missing.lobster"]);
    assert_eq!((out.code, &out.json()["error"]["type"]), (1, &"runtime_error".into()));
}
