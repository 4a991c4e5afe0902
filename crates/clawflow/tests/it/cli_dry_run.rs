//! `clawflow run FILE --dry-run`: what would be run, and nothing is.

use crate::support::Home;

const FLOW: &str = r#"
name: all
goal: See all of it
key: all-${who}
timeout: 2h
args: { who: { default: world }, list: { default: [1, 2] } }
steps:
  - { id: a, run: "touch marker ${who}", needs: [], timeout: 10m, env: { WHO: "${who}" } }
  - id: b
    needs: []
    argv: [touch, marker, "it's ${who}", $flow.id]
    retry: { max: 3, backoff: exponential, delay: 2s, stop_on: 64 }
    on_error: { fallback: c }
  - { id: c, argv: [touch, marker] }
  - { id: d, needs: [a, b], stdin: { all: "${list}", a: $a.json.x } }
  - { id: never, argv: [x], when: 1 > 2 }
  - { id: gate, approval: { prompt: "Go, ${who}?", timeout: 2d, approvers: [ann] } }
  - { id: granted, argv: [touch, marker], when: $gate.approved && $never.skipped }
  - { id: maybe, argv: [touch, marker], when: $a.json.n > 3 }
  - { id: rest, sleep: 90s }
  - { id: paid, wait_for: { event: payment, key: "${who}" } }
  - id: each
    for_each: "${list}"
    concurrency: 2
    steps:
      - { id: one, run: touch marker, stdin: $item.json, compensate: { argv: [rm, marker] } }
finally:
  - { id: bye, argv: [touch, marker] }
"#;

#[test]
fn the_plan_says_what_would_be_run_and_nothing_is() {
    let home = Home::new();
    home.write("f.flow.yaml", FLOW);
    let out = home.ok(&["run", "f.flow.yaml", "--dry-run", "--arg", "who=me"]);
    insta::assert_snapshot!(out.stdout, @r#"
    plan of f.flow.yaml: nothing is run
    goal: See all of it
    key: all-me
    at most: 2h
    arguments: list = [1,2], who = "me"
      1. a  run
           runs: touch marker me
           env: WHO=me
           limits: at most 10m
      1. b  argv
           runs: touch marker 'it'\''s me' $flow.id
           limits: 3 attempts, 2s apart, doubling up to 30s, not after 64; a failure: c stands in
      1. c  argv, if b fails
           runs: touch marker
      2. d  value
           after: a, b
           stdin: {"all":[1,2],"a":"$a.json.x"}
      3. never  argv, skipped: its condition does not hold
           after: d
           when: 1 > 2
           runs: x
      4. gate  approval
           after: never
           waits: asks of ann "Go, me?" for 2d, then: fail; a no: cancel
      5. granted  argv
           after: gate
           when: $gate.approved && $never.skipped
           runs: touch marker
      6. maybe  argv, if its condition holds
           after: granted
           when: $a.json.n > 3
           runs: touch marker
      7. rest  sleep
           after: maybe
           waits: sleeps 1m30s
      8. paid  wait_for
           after: rest
           waits: waits for the event "payment" with key "me" for ever
      9. each  for_each
           after: paid
           items: [1,2]
           limits: 2 items at a time
           1) one  run
                runs: touch marker
                stdin: $item.json
                undo: compensate  argv
                        runs: rm marker
     10. bye  at the end, argv
           runs: touch marker
    "#);
    assert_eq!(out.stderr, "");
    assert!(!home.path().join("marker").exists());
    assert!(!home.path().join("home").exists(), "a home was made");
}

#[test]
fn programs_get_the_plan_as_json() {
    let home = Home::new();
    home.write("f.flow.yaml", FLOW);
    let plan = home.ok(&["run", "f.flow.yaml", "--dry-run", "--json"]).json();
    assert_eq!(plan["key"], "all-world");
    let step = |id: &str| {
        let steps = plan["steps"].as_array().unwrap();
        steps.iter().find(|step| step["id"] == id).unwrap().clone()
    };
    assert_eq!(step("a")["wave"], step("b")["wave"]);
    assert_eq!(step("d")["wave"], 2);
    assert_eq!(step("d")["stdin"], serde_json::json!({ "all": [1, 2], "a": "$a.json.x" }));
    assert_eq!(step("b")["what"][2], "it's world");
    for (id, runs) in [
        ("a", "yes"),
        ("c", "if_needed"),
        ("never", "no"),
        ("granted", "yes"),
        ("maybe", "depends"),
    ] {
        assert_eq!(step(id)["runs"], runs, "{id}");
    }
    assert_eq!(step("each")["steps"][0]["compensate"]["what"][0], "rm");
    assert_eq!(step("bye")["finally"], true);
}

#[test]
fn what_cannot_run_is_told_before() {
    let home = Home::new();
    let refused = |text: &str, more: &[&str]| {
        home.write("f.yaml", text);
        let out = home.run(&[&["run", "f.yaml", "--dry-run"], more].concat());
        assert_eq!((out.code, out.stdout.as_str()), (2, ""), "{text}: {out:?}");
        out.stderr
    };
    assert!(
        refused("steps: [{ id: a, pipeline: 'nope | head' }]", &[]).contains("no command nope")
    );
    assert!(refused("steps: [{ id: a, pipeline: \"x '\" }]", &[]).contains("Unclosed quote"));
    assert!(
        refused("args: { a: {} }\nsteps: [{ id: a, argv: ['${a}'] }]", &[]).contains("not given")
    );
    assert!(refused("steps: [{ id: a, run: x, stdin: $b.json }]", &[]).contains("does not exist"));
    let with = |more: &[&str]| refused("steps: [{ id: a, run: x }]", more);
    assert!(with(&["--arg", "b=1"]).contains("no argument b"));
    assert!(with(&["--detach"]).contains("cannot be used with"));
    home.write("deferred.lobster", "steps: [{ id: a, run: x }, { id: b, pipeline: '$a.stdout' }]");
    home.ok(&["run", "deferred.lobster", "--dry-run"]);
}

#[test]
fn a_plan_cannot_steer_the_terminal() {
    let home = Home::new();
    home.write("f.yaml", "steps: [{ id: a, argv: [\"\\e[2J\", '${x}'] }]\nargs: { x: {} }");
    let out = home.ok(&["run", "f.yaml", "--dry-run", "--arg", "x=\u{1b}]0;x\u{7}"]);
    assert!(!out.stdout.contains('\u{1b}'), "{out:?}");
}

#[test]
fn what_is_asked_of_servers_models_and_other_files_is_planned() {
    let home = Home::new();
    home.write(
        "f.flow.yaml",
        "\
args: { host: { default: x.org } }
steps:
  - id: ask
    http:
      url: https://${host}/a
      query: { q: 1 }
      headers: { Accept: text/plain, Authorization: { env: TOKEN, prefix: 'Bearer ' } }
      body: { n: 1 }
  - { id: think, llm: { endpoint: local, model: m1, prompt: 'Read $ask.stdout', max_tokens: 50 } }
  - { id: below, flow: { file: below.flow.yaml, args: { who: '${host}' } } }
",
    );
    let below = "args: { who: {} }\nsteps: [{ id: one, argv: [echo, '${who}'] }]";
    home.write("below.flow.yaml", below);
    let out = home.ok(&["run", "f.flow.yaml", "--dry-run"]);
    insta::assert_snapshot!(out.stdout, @r#"
    plan of f.flow.yaml: nothing is run
    arguments: host = "x.org"
      1. ask  http
           asks: POST https://x.org/a?q=1
           header: accept: text/plain
           header: authorization: Bearer (the variable TOKEN)
           sends: {"n":1}
      2. think  llm
           after: ask
           asks: local, m1
           prompt: Read $ask.stdout
           limits: at most 50 tokens; a lost attempt is tried again
      3. below  flow
           after: think
           file: below.flow.yaml
           args: {"who":"x.org"}
             1. one  argv
                  runs: echo x.org
    "#);
    home.write("below.flow.yaml", "steps: []");
    let out = home.run(&["run", "f.flow.yaml", "--dry-run"]);
    assert_eq!(out.code, 2, "{out:?}");
    assert!(out.stderr.contains("`steps` is empty"), "{out:?}");
}
