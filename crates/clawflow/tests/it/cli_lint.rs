//! `clawflow flows lint`, as people and programs see it.

use crate::support::Home;
use std::io::Write;
use std::process::Stdio;

const WARNED: &str = "steps:\n  - { id: a, run: x }\n  - { id: b, run: x $a.stdout }\n";

#[test]
fn each_file_is_checked_whatever_becomes_of_the_others() {
    let home = Home::new();
    home.write("warned.yaml", WARNED);
    home.write("bad.yaml", "steps: [{ id: a, if: x, run: y }]");
    let files = ["flows", "lint", "none.yaml", "bad.yaml", "warned.yaml", "gated.flow.yaml"];
    insta::assert_snapshot!(home.run(&files).told(), @r"
    cannot read none.yaml: No such file or directory (os error 2)
    bad.yaml:1:18: unknown key `if` in step `a`
      1 | steps: [{ id: a, if: x, run: y }]
      | ^^
    hint: write `when: CONDITION`
    warned.yaml:3:21: warning: `$a.stdout` becomes part of a shell line [shell_injection]
    hint: the shell reads what it says; pass it as `stdin`, in `env` or in `argv`
    2 errors, 1 warning
    exit 2
    ");
    let json = home.run(&[&files[..], &["--json"]].concat()).json();
    assert_eq!(json["ok"], false);
    let first = |file: usize, kind: &str| json["files"][file][kind][0].clone();
    assert_eq!(first(0, "errors")["code"], "unreadable");
    let error = first(1, "errors");
    assert_eq!(
        (&error["file"], &error["line"], &error["column"], &error["code"]),
        (&"bad.yaml".into(), &1.into(), &18.into(), &"unknown_key".into())
    );
    let warning = first(2, "warnings");
    assert_eq!((&warning["line"], &warning["column"]), (&3.into(), &21.into()));
    assert_eq!(warning["code"], "shell_injection");
    assert_eq!(json["files"][3]["warnings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn warnings_count_where_they_are_to() {
    let home = Home::new();
    home.write("warned.yaml", WARNED);
    assert_eq!(home.run(&["flows", "lint", "warned.yaml"]).code, 0);
    assert_eq!(home.run(&["flows", "lint", "--strict", "warned.yaml"]).code, 2);
    assert_eq!(home.run(&["flows", "lint", "--strict", "gated.flow.yaml"]).code, 0);
    assert_eq!(home.run(&["flows", "lint"]).code, 2);
    assert!(!home.path().join("home").exists());
}

#[test]
fn standard_input_is_a_file_of_either_language() {
    let home = Home::new();
    let lint = |more: &[&str]| {
        let mut command = home.command(&[&["flows", "lint", "-"], more].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let text = b"steps: [{ id: a, run: x, exec: y }]";
        child.stdin.take().unwrap().write_all(text).unwrap();
        let out = child.wait_with_output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, told) = lint(&[]);
    assert_eq!(code, Some(2));
    assert!(told.starts_with("stdin:1:26: unknown key `exec` in step `a`\n"), "{told}");
    let (code, told) = lint(&["--dialect", "lobster"]);
    assert_eq!(code, Some(0));
    assert!(told.contains("warning: unknown key `exec` in step `a` [unknown_key]"), "{told}");
}
