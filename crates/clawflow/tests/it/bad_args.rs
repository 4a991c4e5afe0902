//! Arguments, keys and owners from strangers: passed on as they are, refused, never executed.

use super::support::Home;

const ECHO: &str = r#"
args: { x: {}, y: { default: d } }
env: { FROM_ENV: "${x}" }
steps:
  - { id: argv, argv: [printf, "%s", "${x}"], output: argv }
  - { id: stdin, argv: [cat], stdin: "${x}", output: stdin }
  - { id: own, run: 'printf %s "$FROM_ENV"', output: own }
  - { id: lobster, run: 'printf %s "$LOBSTER_ARG_X"', output: lobster }
"#;

#[test]
fn what_a_shell_would_run_goes_through_untouched() {
    let home = Home::new();
    home.write("f.yaml", ECHO);
    for hostile in [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        "\"; touch pwned #",
        "a\nb\r\n\tc",
        "$argv.stdout ${y} $$ $flow.id",
        "\u{1b}[2J\u{202e}",
        "* ? ~ {a,b} \\",
        "",
    ] {
        let out = home.ok(&["run", "f.yaml", "--json", "--arg", &format!("x={hostile}")]);
        let view = out.json();
        for way in ["argv", "stdin", "own", "lobster"] {
            let kept = view["outputs"][way].as_str().unwrap_or_default();
            assert_eq!(kept, hostile, "{way}: {}", view["outputs"]);
        }
        assert!(!home.path().join("pwned").exists(), "{hostile}");
    }
}

#[test]
fn bad_arguments_start_nothing() {
    let home = Home::new();
    home.write("f.yaml", ECHO);
    let long = "k".repeat(10_000);
    let nul = r#"{"x":"a\u0000b"}"#;
    let bad_key = "error: the key is blank, too long or has control characters\n";
    let bad_owner = "error: the owner key is blank, too long or has blanks in it\n";
    let cases: &[(&[&str], &str)] = &[
        (
            &[],
            "error: the argument x was not given\nhint: --arg x=VALUE, or a default in the file\n",
        ),
        (&["--arg", "z=1"], "error: the flow has no argument z\nhint: the file declares x, y\n"),
        (&["--args-json", nul], "error: the argument x contains a NUL character\n"),
        (
            &["--args-json", r#"{"x":"#],
            "error: --args-json: EOF while parsing a value at line 1 column 5\n",
        ),
        (&["--args-json", "[1]"], "error: --args-json is not a JSON object\n"),
        (&["--arg", "x=1", "--key", "a\u{1b}[31mb"], bad_key),
        (&["--arg", "x=1", "--key", "a\nb"], bad_key),
        (&["--arg", "x=1", "--key", &long], bad_key),
        (&["--arg", "x=1", "--key", ""], bad_key),
        (&["--arg", "x=1", "--owner", ""], bad_owner),
        (&["--arg", "x=1", "--owner", "a\u{1b}c"], bad_owner),
        (&["--arg", "x=1", "--owner", "a b"], bad_owner),
        (&["--arg", "x=1", "--env", "NOPE"], "error: --env NOPE: there is no such variable\n"),
        (&["--arg", "x=1", "--cwd", "/nope"], "error: /nope is not a directory\n"),
    ];
    for (args, told) in cases {
        let out = home.run(&[&["run", "f.yaml"], *args].concat());
        assert_eq!((out.code, out.stdout.as_str()), (2, ""), "{args:?}: {out:?}");
        assert_eq!(out.stderr, *told, "{args:?}");
    }
    let flows = home.ok(&["flows", "list", "--all", "--json"]).json();
    assert_eq!(flows["flows"].as_array().map(Vec::len), Some(0), "{flows}");
}

#[test]
fn an_argument_that_no_program_can_be_given_fails_its_step() {
    let home = Home::new();
    home.write("f.yaml", ECHO);
    let json = |chars: usize| format!(r#"{{"x":"{}"}}"#, "y".repeat(chars));
    let out = home.run(&["run", "f.yaml", "--args-json", &json(50_000)]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    assert_eq!(out.stdout.len(), 50_001);
    let most = json(300_000);
    let request =
        format!("steps: [{{ id: a, argv: [true] }}]\nargs: {{ x: {{ default: {most} }} }}");
    home.write("big.yaml", request);
    let out = home.run(&["run", "big.yaml"]);
    assert_eq!(out.code, 2, "{}", out.stderr);
    assert_eq!(out.stderr, "error: the arguments are larger than 262144 bytes\n");
    let large = json(200_000);
    let request =
        format!("steps: [{{ id: a, argv: [true] }}]\nargs: {{ x: {{ default: {large} }} }}");
    home.write("large.yaml", request);
    let out = home.run(&["run", "large.yaml"]);
    assert_eq!(out.code, 1, "{}", out.stderr);
    assert!(out.stderr.contains("Argument list too long"), "{}", out.stderr);
}
