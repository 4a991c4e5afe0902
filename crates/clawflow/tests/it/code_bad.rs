//! Bad input to the commands of flows that code drives: refused, with the flag that is wrong.

use crate::code_support::SESSION;
use crate::support::Home;

/// Commands that cannot be, and what is said about them.
const BAD: &[(&[&str], &str)] = &[
    (&["flows", "create", "g"], "--controller"),
    (&["flows", "create", "--controller", "c"], "GOAL"),
    (&["flows", "create", "", "--controller", "c"], "goal"),
    (&["flows", "create", " \t", "--controller", "c"], "goal"),
    (&["flows", "create", "g", "--controller", ""], "controller"),
    (&["flows", "create", "g", "--controller", "clawflow/engine"], "clawflow/engine"),
    (&["flows", "create", "g", "--controller", "c", "--status", "succeeded"], "succeeded"),
    (&["flows", "create", "g", "--controller", "c", "--status", "done"], "--status"),
    (&["flows", "create", "g", "--controller", "c", "--join"], "--key"),
    (&["flows", "create", "g", "--controller", "c", "--key", ""], "key"),
    (&["flows", "create", "g", "--controller", "c", "--label", "x"], "--label"),
    (&["flows", "create", "g", "--controller", "c", "--notify", "all"], "--notify"),
    (&["flows", "create", "g", "--controller", "c", "--state", ""], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "{"], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "@none"], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "@binary"], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "@nul"], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "@huge"], "--state"),
    (&["flows", "create", "g", "--controller", "c", "--state", "@large"], "262144"),
    (&["flows", "create", "g", "--controller", "c", "--origin", "[]"], "--origin"),
    (&["flows", "create", "g", "--controller", "c", "--origin", r#"{"chanel":"x"}"#], "chanel"),
    (&["flows", "create", "g", "--controller", "c", "--origin", r#"{"to":5}"#], "--origin"),
    (&["flows", "run-task", "f"], "CMD"),
    (&["flows", "run-task", "f", "--record"], "--task"),
    (&["flows", "run-task", "f", "--record", "--task", "t", "--", "true"], "--record"),
    (&["flows", "run-task", "f", "--status", "running", "--", "true"], "--record"),
    (&["flows", "run-task", "f", "--runtime", "ssh", "--", "true"], "--runtime"),
    (&["flows", "run-task", "f", "--cwd", "nowhere", "--", "true"], "nowhere"),
    (&["flows", "set-waiting", "f", "--timer", "soon"], "--timer"),
    (&["flows", "set-waiting", "f", "--timer", "1m", "--event", "e"], "--event"),
    (&["flows", "set-waiting", "f", "--timer", "1m", "--deadline", "1h"], "--deadline"),
    (&["flows", "set-waiting", "f", "--until", "yesterday"], "--until"),
    (&["flows", "set-waiting", "f", "--event-key", "k"], "--event"),
    (&["flows", "set-waiting", "f", "--input"], "--ask"),
    (&["flows", "set-waiting", "f", "--tell"], "--tell"),
    (&["flows", "set-waiting", "f", "--on-deadline", "fail"], "--deadline"),
    (&["flows", "set-waiting", "f", "--deadline", "1h", "--on-deadline", "stop"], "stop"),
    (&["flows", "resume", "f", "--expected-revision", "-1"], "-1"),
    (&["flows", "resume", "f", "--current-step", "s", "--clear-current-step"], "--current-step"),
    (&["flows", "set-output", "f", "n"], "VALUE"),
    (&["flows", "set-output", "f", "n", "text"], "VALUE"),
    (&["flows", "emit", "f"], "TEXT"),
    (&["flows", "emit", "f", "t", "--data", "{"], "--data"),
    (&["flows", "signal"], "NAME"),
    (&["flows", "signal", "n", "--payload", "@none"], "--payload"),
    (&["flows", "answer", "f"], "--approve"),
    (&["flows", "answer", "f", "--approve", "--deny"], "--deny"),
    (&["flows", "answer", "f", "--response", "{"], "--response"),
    (&["flows", "wait", "f", "--timeout", "soon"], "--timeout"),
    (&["flows", "wait", "f", "--ended", "--after-revision", "1"], "--ended"),
    (&["flows", "show", "f", "--field", "x", "--output", "y"], "--field"),
    (&["tasks", "report", "t", "--status", "done"], "--status"),
    (&["tasks", "report", "t", "--usage-cost", "-1"], "-1"),
    (&["tasks", "report", "t", "--usage-cost=NaN"], "--usage-cost"),
    (&["tasks", "notify", "t", "all"], "POLICY"),
    (&["tasks", "deliveries", "--state", "sent"], "--state"),
    (&["inbox", "ack"], "ID"),
    (&["inbox", "ack", "--all", "x"], "--all"),
    (&["inbox", "list", "--limit", "0"], "--limit"),
    (&["tokens", "create", "l"], "--access"),
    (&["tokens", "create", "l", "--access", "root"], "--access"),
    (&["tokens", "create", "", "--access", "read"], "label"),
    (&["tokens", "create", "l", "--access", "read", "--expires", "soon"], "--expires"),
];

#[test]
fn what_cannot_be_is_bad_usage_and_changes_nothing() {
    let home = Home::new();
    home.write("binary", b"\x00\xff\xfe");
    home.write("nul", b"\"a\0b\"");
    home.write("huge", vec![b' '; 3 << 20]);
    home.write("large", format!("\"{}\"", "x".repeat(300_000)));
    for (args, said) in BAD {
        let out = home.bound(args);
        assert_eq!((out.code, out.stdout.as_str()), (2, ""), "{args:?}: {out:?}");
        assert!(out.stderr.contains(said), "{args:?}: {out:?}");
        assert!(out.stderr.len() < 2000, "{args:?}: {} bytes", out.stderr.len());
    }
    let flows = home.ok(&["flows", "list", "--all", "--json"]).json();
    assert_eq!(flows["flows"].as_array().map(Vec::len), Some(0), "{flows}");
}

#[test]
fn what_makes_something_needs_an_owner() {
    let home = Home::new();
    let unbound: &[&[&str]] =
        &[&["flows", "create", "g", "--controller", "c"], &["inbox", "ack", "--all"]];
    for args in unbound {
        let out = home.run(args);
        assert_eq!(out.code, 2, "{args:?}: {out:?}");
        assert!(out.stderr.contains("no session is bound"), "{out:?}");
        assert!(out.stderr.contains("hint: --session KEY, or set CLAWFLOW_SESSION"), "{out:?}");
    }
    for blank in ["", " \t"] {
        let out = home.run(&["flows", "create", "g", "--controller", "c", "--session", blank]);
        assert_eq!(out.code, 2, "{out:?}");
        assert!(out.stderr.contains("requires a bound sessionKey"), "{out:?}");
    }
    let json = home.run(&["inbox", "ack", "--all", "--json"]).json();
    assert_eq!(json["error"]["code"], "usage");
}

#[test]
fn standard_input_is_a_file_too() {
    let home = Home::new();
    let flow = home.make("k");
    let piped = |args: &[&str], text: &str| {
        let script = format!("printf %s '{text}' | \"$0\" \"$@\"");
        let mut command = home.command(&[]);
        let program = command.get_program().to_owned();
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(script).arg(program).args(args).env_clear();
        for (name, value) in command.env("CLAWFLOW_SESSION", SESSION).get_envs() {
            shell.env(name, value.unwrap());
        }
        shell.output().unwrap().status.code()
    };
    assert_eq!(piped(&["flows", "set-waiting", &flow, "--state", "@-"], "{\"a\": 1}"), Some(0));
    assert_eq!(home.field(&flow, "stateJson"), r#"{"a":1}"#);
    assert_eq!(piped(&["flows", "resume", &flow, "--state", "@-"], "{"), Some(2));
    assert_eq!(home.field(&flow, "status"), "waiting");
    assert_eq!(piped(&["flows", "set-output", &flow, "n", "--text", "@-"], "a\"b"), Some(0));
    assert_eq!(home.field(&flow, "outputs.n"), "a\"b");
}
