//! Copies of the ledger, made in use and put back.

use crate::support::Home;
use std::os::unix::fs::PermissionsExt;

fn tasks(home: &Home) -> usize {
    let listed = home.ok(&["tasks", "list", "--json", "--limit", "1000"]).json();
    listed["tasks"].as_array().unwrap().len()
}

fn report(home: &Home) -> String {
    home.ok(&["tasks", "report", "start", "import"]).stdout.trim().to_owned()
}

#[test]
fn a_copy_of_a_ledger_in_use_can_be_put_back() {
    let mut home = Home::new();
    assert_eq!(home.run(&["backup", "none.db"]).code, 5, "there is nothing to copy yet");
    home.start_gateway();
    report(&home);
    let made = home.ok(&["backup", "copy.db"]);
    assert!(made.stdout.starts_with("copy.db holds 0 flows and 1 tasks, "), "{made:?}");
    let mode = home.path().join("copy.db").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = home.run(&["backup", "copy.db"]);
    assert_eq!(again.code, 5, "{again:?}");
    assert!(again.stderr.ends_with("hint: --force replaces it\n"), "{again:?}");
    report(&home);
    assert_eq!(home.ok(&["backup", "--force", "copy.db", "--json"]).json()["tasks"], 2);
    report(&home);
    let used = home.run(&["restore", "copy.db"]);
    assert!(used.code == 5 && used.stderr.contains("is in use by process"), "{used:?}");
    home.interrupt();
    let full = home.run(&["restore", "copy.db"]);
    assert!(full.code == 5 && full.stderr.contains("it is there already"), "{full:?}");
    assert_eq!(tasks(&home), 3);
    let put = home.ok(&["restore", "--force", "copy.db"]);
    assert!(put.stdout.contains(" now holds 0 flows and 2 tasks, "), "{put:?}");
    let kept = put.stderr.trim().strip_prefix("what was there is in ").unwrap();
    assert_eq!(tasks(&home), 2);
    // What was there can be had again.
    home.ok(&["restore", "--force", kept]);
    assert_eq!(tasks(&home), 3);
    assert!(home.ok(&["doctor"]).stdout.contains("store: it is whole"));
    let litter = std::fs::read_dir(home.path().join("home")).unwrap();
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().contains("partial");
    assert!(!litter.flatten().any(|entry| hidden(&entry.file_name())));
}

#[test]
fn a_home_with_nothing_but_a_token_is_not_replaced_unasked() {
    let home = Home::new();
    report(&home);
    home.ok(&["backup", "copy.db"]);
    home.ok(&["--home", "other", "tasks", "ping-url", "job"]);
    let full = home.run(&["--home", "other", "restore", "copy.db"]);
    assert!(full.code == 5 && full.stderr.contains("it is there already"), "{full:?}");
    assert!(home.ok(&["--home", "other", "tokens", "list"]).stdout.contains("job"));
}

#[test]
fn what_is_no_whole_copy_is_refused() {
    let home = Home::new();
    report(&home);
    home.ok(&["backup", "copy.db"]);
    let copy = std::fs::read(home.path().join("copy.db")).unwrap();
    home.write("cut.db", &copy[..copy.len() / 2]);
    let mut torn = copy.clone();
    torn[4096..12288].fill(0x5a);
    home.write("torn.db", &torn);
    home.write("text.db", "no database");
    home.write("empty.db", "");
    for bad in ["cut.db", "torn.db", "text.db", "empty.db", "none.db", "."] {
        let out = home.run(&["--home", "other", "restore", bad]);
        assert_eq!(out.code, 5, "{bad}: {out:?}");
        assert!(!home.path().join("other/clawflow.db").exists(), "{bad}");
    }
    home.ok(&["--home", "other", "restore", "copy.db"]);
    let listed = home.ok(&["--home", "other", "tasks", "list", "--json"]).json();
    assert_eq!(listed["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["backup", "none/copy.db"]).code, 5);
    assert_eq!(home.run(&["backup"]).code, 2);
}
