//! Bad input: each is refused with its exit code and a message that helps.

use crate::support::Home;

/// Commands that name a flow or task, before and after the name.
const NAMING: &[(&[&str], &[&str])] = &[
    (&["flows", "show"], &[]),
    (&["flows", "cancel"], &[]),
    (&["flows", "approve"], &[]),
    (&["flows", "deny"], &[]),
    (&["flows", "pause"], &[]),
    (&["flows", "unpause"], &[]),
    (&["flows", "retry"], &[]),
    (&["flows", "why"], &[]),
    (&["flows", "events"], &[]),
    (&["flows", "logs"], &[]),
    (&["flows", "graph"], &[]),
    (&["flows", "settle"], &["--skip"]),
    (&["flows", "purge"], &[]),
    (&["flows", "answer"], &["--approve"]),
    (&["flows", "run-task"], &["--record", "--task", "t"]),
    (&["flows", "set-waiting"], &[]),
    (&["flows", "resume"], &[]),
    (&["flows", "finish"], &[]),
    (&["flows", "fail"], &[]),
    (&["flows", "request-cancel"], &[]),
    (&["flows", "set-output"], &["name", "1"]),
    (&["flows", "append-output"], &["name", "1"]),
    (&["flows", "emit"], &["text"]),
    (&["flows", "wait"], &[]),
    (&["tasks", "flow", "show"], &[]),
    (&["tasks", "report"], &["--progress", "x"]),
    (&["tasks", "notify"], &["silent"]),
    (&["tasks", "redeliver"], &[]),
    (&["tasks", "dismiss"], &[]),
    (&["tasks", "deliveries", "--flow"], &[]),
    (&["tasks", "deliveries", "--task"], &[]),
    (&["inbox", "ack"], &[]),
    (&["tokens", "revoke"], &[]),
    (&["cron", "show"], &[]),
    (&["cron", "edit"], &["--retries", "1"]),
    (&["cron", "rm"], &[]),
    (&["cron", "next"], &[]),
    (&["cron", "runs"], &[]),
    (&["tasks", "list", "--flow"], &[]),
    (&["tasks", "show"], &[]),
    (&["tasks", "cancel"], &[]),
    (&["tasks", "logs"], &[]),
    (&["tasks", "purge"], &[]),
];

#[test]
fn what_is_not_there_is_not_found_by_any_verb() {
    let home = Home::new();
    let huge = "x".repeat(100_000);
    for name in ["nothing", "flow_00000000000000000000000000", "\u{1b}[2J", "a\nb", &huge] {
        for (before, after) in NAMING {
            let args: Vec<&str> = before.iter().chain([&name]).chain(*after).copied().collect();
            let out = home.run(&args);
            let told = format!("{before:?} {}: {out:?}", name.escape_debug());
            assert_eq!(out.code, 3, "{}", &told[..told.len().min(400)]);
            assert!(out.stderr.contains("not found: "), "{}", &told[..told.len().min(400)]);
            assert!(!out.stderr.contains('\u{1b}') && out.stderr.len() < 1000);
        }
    }
}

#[test]
fn errors_in_json_are_on_standard_output() {
    let home = Home::new();
    let out = home.run(&["flows", "show", "nothing", "--json"]);
    insta::assert_snapshot!(out.told(), @r#"
    {"ok":false,"error":{"code":"not_found","message":"flow not found: nothing","hint":"clawflow flows list"}}
    exit 3
    "#);
    let out = home.run(&["flows", "shwo", "nothing", "--json"]);
    insta::assert_snapshot!(out.told(), @r#"
    {"ok":false,"error":{"code":"usage","message":"unrecognized subcommand 'shwo'","hint":"a similar subcommand exists: 'show'"}}
    exit 2
    "#);
}

#[test]
fn bad_values_are_bad_usage() {
    let home = Home::new();
    home.write("bad.json", "{");
    let bad: &[&[&str]] = &[
        &["flows", "list", "--since", "yesterday"],
        &["flows", "list", "--status", "done"],
        &["flows", "list", "--limit", "0"],
        &["flows", "settle", "f"],
        &["flows", "settle", "f", "--skip", "--fail"],
        &["flows", "settle", "f", "--skip", "--result", "1"],
        &["flows", "settle", "f", "--succeeded", "--result", "{"],
        &["flows", "settle", "f", "--succeeded", "--result", "@bad.json"],
        &["flows", "settle", "f", "--succeeded", "--result", "@none.json"],
        &["flows", "cancel", "f", "--wait", "soon"],
        &["flows", "cancel", "f", "--wait", "1s", "--no-wait"],
        &["flows", "cancel", "f", "--expected-revision", "-1"],
        &["flows", "logs", "f", "--attempt", "1"],
        &["flows", "purge"],
        &["flows", "purge", "--ended-before", "7d"],
        &["tasks", "purge"],
        &["tasks", "purge", "--label", "backup"],
        &["tasks", "purge", "t", "--label", "backup"],
        &["flows", "lint"],
        &["flows", "lint", "none.yaml"],
        &["flows", "graph", "none.yaml"],
        &["tasks", "run"],
        &["tasks", "run", "--cwd", "nowhere", "--wait", "--", "true"],
        &["completion", "shell"],
        &["--color", "sometimes", "doctor"],
        &["flosw"],
    ];
    for args in bad {
        let out = home.run(args);
        assert_eq!(out.code, 2, "{args:?}: {out:?}");
        assert!(out.stderr.starts_with("error: "), "{args:?}: {out:?}");
    }
    assert!(home.run(&["flosw"]).stderr.contains("'flows'"));
}

#[test]
fn part_of_an_id_that_two_flows_share_is_ambiguous() {
    let home = Home::new();
    home.write("a.flow.yaml", "name: a\nsteps:\n  - id: s\n    run: 'true'\n");
    for _ in 0..2 {
        home.ok(&["run", "a.flow.yaml"]);
    }
    let list = home.ok(&["flows", "list", "--json"]).json();
    let ids: Vec<&str> =
        list["flows"].as_array().unwrap().iter().map(|f| f["flowId"].as_str().unwrap()).collect();
    let same = ids[0].bytes().zip(ids[1].bytes()).take_while(|(a, b)| a == b).count();
    let out = home.run(&["flows", "show", &ids[0][..same], "--json"]);
    assert_eq!(out.code, 3, "{out:?}");
    let error = &out.json()["error"];
    assert_eq!(error["code"], "ambiguous");
    assert_eq!(error["candidates"].as_array().unwrap().len(), 2);
    home.ok(&["flows", "show", &ids[0][ids[0].len() - 8..]]);
}

#[test]
fn a_home_that_cannot_be_used_is_unavailable() {
    let home = Home::new();
    home.write("home", "a file");
    let out = home.run(&["flows", "list"]);
    assert_eq!(out.code, 5, "{out:?}");
    assert_eq!(home.run(&["doctor"]).code, 1);
}
