//! What has ended is kept for a time, then it goes.

use crate::support::{Home, wait_until};

fn count(home: &Home) -> (usize, usize) {
    let len = |args: &[&str], what: &str| {
        home.ok(&[args, &["--json", "--limit", "1000"]].concat()).json()[what]
            .as_array()
            .unwrap()
            .len()
    };
    (len(&["flows", "list", "--all"], "flows"), len(&["tasks", "list"], "tasks"))
}

#[test]
fn what_was_kept_for_long_enough_goes_with_its_logs() {
    let home = Home::new();
    home.write("ok.yaml", "steps:\n  - { id: a, run: echo hi }\n");
    home.ok(&["run", "ok.yaml", "--key", "old"]);
    home.ok(&["tasks", "run", "--wait", "--", "echo", "hi"]);
    home.ok(&["tasks", "report", "start", "import"]);
    home.run(&["tasks", "wrap", "--", "false"]);
    assert_eq!(count(&home), (1, 4));
    let shown = home.ok(&["tasks", "maintenance"]);
    assert_eq!(shown.stdout, "0 flows and 0 tasks would be deleted\n");
    let soon = |args: &[&str]| {
        let mut command = home.command(args);
        for state in ["SUCCEEDED", "CANCELLED", "LOST"] {
            command.env(format!("CLAWFLOW_RETENTION_{state}"), "1s");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let mut told = String::new();
    wait_until("it is old", || {
        told = soon(&["tasks", "maintenance"]);
        told != "0 flows and 0 tasks would be deleted\n" && told.starts_with("1 flows and ")
    });
    assert_eq!(count(&home), (1, 4), "that was only looked at");
    wait_until("all is old", || {
        soon(&["tasks", "maintenance"]).contains(" and 0 tasks would")
            || soon(&["tasks", "maintenance"]).contains(" and 1 tasks would")
    });
    let done = soon(&["tasks", "maintenance", "--apply"]);
    assert!(done.starts_with("1 flows and ") && done.ends_with(" deleted\n"), "{done}");
    let (flows, tasks) = count(&home);
    assert!(flows == 0 && (2..=3).contains(&tasks), "the living and the failed stay: {tasks}");
    assert_eq!(soon(&["tasks", "maintenance", "--apply"]), "0 flows and 0 tasks deleted\n");
    assert!(home.ok(&["doctor"]).stdout.contains("store: it is whole"));
    let late = home.run(&["tasks", "maintenance", "--nonsense"]);
    assert_eq!(late.code, 2);
    let bad =
        home.command(&["tasks", "list"]).env("CLAWFLOW_RETENTION_LOST", "0").output().unwrap();
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn a_gateway_sweeps_by_itself() {
    let mut home = Home::new();
    home.run(&["tasks", "wrap", "--", "true"]);
    home.run(&["tasks", "wrap", "--", "false"]);
    home.write("home/config.toml", "[retention]\nsucceeded = \"1s\"\n");
    home.start_gateway();
    wait_until("the sweep", || count(&home).1 == 1);
    let listed = home.ok(&["tasks", "list", "--json"]).json();
    assert_eq!(listed["tasks"][0]["status"], "failed");
}

#[test]
fn owners_have_times_of_their_own() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("home")).unwrap();
    for owner in ["agent:batch:a", "agent:batch:b", "agent:main:main"] {
        home.ok(&["tasks", "run", "--wait", "--owner", owner, "--", "true"]);
    }
    let rules = "[retention]\nowners = [\"agent:batch:* 1s\", \"agent:batch:a succeeded=1d\"]\n";
    home.write("home/config.toml", rules);
    wait_until("it is old", || {
        home.ok(&["tasks", "maintenance"]).stdout == "0 flows and 1 tasks would be deleted\n"
    });
    let done = home.ok(&["tasks", "maintenance", "--apply"]);
    assert_eq!(done.stdout, "0 flows and 1 tasks deleted\n");
    let left = home.ok(&["tasks", "list", "--json"]).json();
    let owners: Vec<_> = left["tasks"].as_array().unwrap().iter().map(|t| &t["ownerKey"]).collect();
    assert_eq!(owners, ["agent:main:main", "agent:batch:a"]);
    for bad in ["agent:a", "agent:a soon", "agent:a running=1d"] {
        home.write("home/config.toml", format!("[retention]\nowners = [\"{bad}\"]\n"));
        assert_eq!(home.run(&["config", "check"]).code, 2, "{bad}");
    }
}

#[test]
fn the_gateway_keeps_what_it_is_configured_to_keep_whoever_calls() {
    let mut home = Home::new();
    home.start_gateway();
    let ran = home.ok(&["tasks", "run", "--wait", "--json", "--", "true"]).json();
    let ended = ran["endedAt"].as_i64().unwrap();
    wait_until("it is older than a second", || clawflow_engine::clock::now() > ended + 2_000);
    // The settings of a caller are not those of the home.
    let mut command = home.command(&["tasks", "maintenance", "--apply"]);
    let out = command.env("CLAWFLOW_RETENTION_SUCCEEDED", "1s").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "0 flows and 0 tasks deleted\n");
    assert_eq!(count(&home).1, 1);
    home.kill_newest();
    home.write("home/config.toml", "[retention]\nowners = [\"* succeeded=1s\", \"* 1d\"]\n");
    home.start_gateway();
    // Its own sweep may be first.
    home.ok(&["tasks", "maintenance", "--apply"]);
    assert_eq!(count(&home).1, 0);
}
