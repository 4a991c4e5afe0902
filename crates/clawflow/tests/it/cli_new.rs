//! `clawflow flows new`: every template is good as it is.

use crate::support::Home;

const TEMPLATES: [(&str, &str); 6] = [
    ("linear", "linear.flow.yaml"),
    ("graph", "graph.flow.yaml"),
    ("approval", "approval.flow.yaml"),
    ("loop", "loop.flow.yaml"),
    ("event", "event.flow.yaml"),
    ("lobster", "lobster.lobster"),
];

#[test]
fn every_template_has_nothing_to_lint_and_runs() {
    let home = Home::new();
    let mut told = String::new();
    for (template, file) in TEMPLATES {
        assert_eq!(home.ok(&["flows", "new", "--template", template]).stdout, format!("{file}\n"));
        let lint = home.run(&["flows", "lint", "--strict", file]);
        assert_eq!((lint.code, lint.stdout.as_str()), (0, ""), "{template}");
        let out = home.ok(&["run", file, "--yes"]);
        let words: Vec<&str> = out.stdout.split_whitespace().collect();
        told.push_str(&format!("{template}: {}\n", words.join(" ")));
    }
    insta::assert_snapshot!(told, @r#"
    linear: HELLO WORLD
    graph: { "sales": 120, "costs": 80 }
    approval: published main
    loop: [ { "person": { "name": "Ann" }, "index": 0, "write": "Dear Ann\n", "send": "Dear Ann\n" }, { "person": { "name": "Bob" }, "index": 1, "write": "Dear Bob\n", "send": "Dear Bob\n" } ]
    event: please pay order 1
    lobster: {"from":"ann"} answered, at most 2
    "#);
}

#[test]
fn help_names_every_template() {
    let help = Home::new().ok(&["flows", "new", "--help"]).stdout;
    for (template, _) in TEMPLATES {
        assert!(help.contains(&format!("- {template}:")), "{help}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let home = Home::new();
    home.write("mine.yaml", "steps: []");
    let out = home.run(&["flows", "new", "mine.yaml"]);
    assert_eq!(out.code, 4, "{out:?}");
    assert!(out.stderr.starts_with("error: mine.yaml exists\nhint: "), "{out:?}");
    assert_eq!(std::fs::read_to_string(home.path().join("mine.yaml")).unwrap(), "steps: []");
    std::os::unix::fs::symlink("nowhere", home.path().join("link.yaml")).unwrap();
    assert_eq!(home.run(&["flows", "new", "link.yaml"]).code, 4);
    for name in ["x.txt", "x", "x.lobster", "none/x.yaml"] {
        let out = home.run(&["flows", "new", name]);
        assert!([1, 2].contains(&out.code), "{name}: {out:?}");
        assert!(!home.path().join(name).exists());
    }
    assert_eq!(home.run(&["flows", "new", "--template", "lobster", "x.yaml"]).code, 2);
    assert!(home.ok(&["flows", "new", "-"]).stdout.contains("\nsteps:\n"));
    assert_eq!(home.ok(&["flows", "new", "a.yaml", "--json"]).json()["file"], "a.yaml");
}
