//! `examples/weekly-report`.

use super::{Place, Ran, arg, example, status_of};
use std::path::{Path, PathBuf};
use std::process::Command;

const KEY: &str = "weekly-report-latest";

const CALM_TICKETS: &str = "\
id,title,priority,status,owner,opened,closed\r
T-1,\"Sums, as \"\"text\"\"\",P2,open,ann,2026-03-24,\r
T-2,Late mail,P1,closed,bob,2026-03-19,2026-03-26\r
";
const CALM_SERVICES: &str = r#"{"from": "2026-03-21", "until": "2026-03-27",
    "services": [{"name": "a|b", "uptime": 99.95, "target": 99.9, "incidents": []}]}"#;

/// A repository with one commit, as a shallow clone is.
fn repository(place: &Place) -> PathBuf {
    let repo = place.beside("shop");
    std::fs::create_dir(&repo).unwrap();
    std::fs::write(repo.join("a.txt"), "one\ntwo\n").unwrap();
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(words);
        command.current_dir(&repo).env("HOME", place.beside("here"));
        assert!(command.output().unwrap().status.success(), "git {words:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "Add a \"quoted\" \\ text"]);
    repo
}

fn run(place: &Place, more: &[&str]) -> Ran {
    place.clawflow(&[&["run", &example("weekly-report")], more].concat())
}

fn delivered(place: &Place) -> Option<String> {
    std::fs::read_to_string(place.here().join("weekly-report.md")).ok()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_report_is_written_delivered_and_printed() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let ran = run(&place, &["--yes", "--arg", &repo]).expect(0);
    let report = ran.stdout;
    for line in [
        "# Weekly report",
        "**3 things need a look before Monday:**",
        "1. T-453 is urgent and open since 2026-03-22: Session ends after five minutes in staging (bob)",
        "2. checkout was up 99.62 % of the time, its target is 99.9 %",
        "3. reports was up 98.8 % of the time, its target is 99.0 %",
        "## Work on shop",
        "1 commit, 1 file, +2 -0 lines.",
        "| Ann | 1 |",
        "| 9 | 6 | 15 | 2 | 4 | 9 |",
        "| checkout | 99.62 % | 99.9 % | 2 | 38 |",
        "- 2026-03-23 checkout: payment provider timed out, \"retry storm\" on our side (31 min)",
    ] {
        assert!(report.lines().any(|l| l == line), "no line {line:?} in\n{report}");
    }
    assert!(report.contains(" Add a \"quoted\" \\ text\n"), "{report}");
    assert!(!report.contains("null"), "{report}");
    let file = delivered(&place).unwrap();
    assert!(file.starts_with(&report), "{file}");
    assert_eq!(names(&place.here()), ["weekly-report.md"]);
    let view = place.until(KEY, |view| view["status"] == "succeeded");
    assert_eq!(view["outputs"]["report"], report.as_str());
    assert_eq!(status_of(&view, "escalation"), "succeeded");
    assert_eq!(status_of(&view, "all-clear"), "skipped");
    assert_eq!(status_of(&view, "history-of-files"), "skipped");
    assert_eq!(status_of(&view, "tidy"), "succeeded");
}

#[test]
fn without_a_repository_the_files_stand_in() {
    let place = Place::new();
    let plain = place.beside("unpacked");
    std::fs::create_dir(&plain).unwrap();
    std::fs::write(plain.join("notes.txt"), "hello").unwrap();
    let ran = run(&place, &["--yes", "--arg", &arg("repo", &plain)]).expect(0);
    let says = "No repository here, so by the times of the files: 1 changed.";
    assert!(ran.stdout.contains(says), "{}", ran.stdout);
    assert!(ran.stdout.contains(" notes.txt, 5 bytes\n"), "{}", ran.stdout);
    let view = place.until(KEY, |view| view["status"] == "succeeded");
    assert_eq!(status_of(&view, "history"), "failed");
    assert_eq!(status_of(&view, "history-of-files"), "succeeded");
}

#[test]
fn a_calm_week_takes_the_other_branch() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let tickets = arg("tickets", &place.write("calm.csv", CALM_TICKETS));
    let services = arg("services", &place.write("calm.json", CALM_SERVICES));
    let more = ["--yes", "--arg", &repo, "--arg", &tickets, "--arg", &services];
    let ran = run(&place, &more).expect(0);
    assert!(ran.stdout.contains("\nNothing out of the ordinary was found.\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n| 1 | 1 | 1 | 0 | 1 | 0 |\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n| a\\|b | 99.95 % | 99.9 % | 0 | 0 |\n"), "{}", ran.stdout);
    assert!(ran.says("escalation: skipped (its condition is false)"), "{}", ran.stderr);
}

#[test]
fn after_a_no_nothing_is_delivered() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let child = place.start(&["run", &example("weekly-report"), "--arg", &repo]);
    place.until(KEY, |view| status_of(view, "sign-off") == "waiting");
    assert_eq!(delivered(&place), None);
    place.clawflow(&["flows", "deny", KEY, "--step", "sign-off"]).expect(0);
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("sign-off shows\n# Weekly report\n"), "{}", ran.stderr);
    assert_eq!(delivered(&place), None);
    let view = place.until(KEY, |view| view["status"] == "cancelled");
    assert_eq!(status_of(&view, "deliver"), "cancelled");
    assert_eq!(status_of(&view, "tidy"), "succeeded");
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let more = ["--arg", repo.as_str(), "--arg", "delay=2"];
    let mut child = place.start(&[&["run", &example("weekly-report")], more.as_slice()].concat());
    let view = place.until(KEY, |view| {
        status_of(view, "services") == "running" && status_of(view, "history") == "succeeded"
    });
    let before = view["tasks"].as_array().unwrap().len();
    child.kill().unwrap();
    child.wait().unwrap();
    let child = place.start(&["run", "--continue", KEY]);
    place.until(KEY, |view| status_of(view, "sign-off") == "waiting");
    place.clawflow(&["flows", "approve", KEY]).expect(0);
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(0);
    assert!(ran.stdout.starts_with("# Weekly report\n"), "{}", ran.stdout);
    assert!(delivered(&place).unwrap().starts_with(&ran.stdout));
    let view = place.until(KEY, |view| view["status"] == "succeeded");
    let tasks = view["tasks"].as_array().unwrap();
    // The three sources ran once each: what was recorded is not done again, what ran was adopted.
    assert_eq!(before, 3);
    assert!(tasks.iter().all(|task| task["attempt"] == 1 && task["fence"] == 1), "{tasks:?}");
}

#[test]
fn a_source_that_stays_broken_ends_the_flow_after_its_attempts() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let tickets = arg("tickets", &place.write("odd.csv", "id,title\nT-1,x\n"));
    let ran = run(&place, &["--yes", "--arg", &repo, "--arg", &tickets]).expect(1);
    let again =
        ran.stderr.lines().filter(|l| l.starts_with("tickets: failed, will be tried again"));
    assert_eq!(again.count(), 2, "{}", ran.stderr);
    assert_eq!(delivered(&place), None);
    let view = place.until(KEY, |view| view["status"] == "failed");
    assert_eq!(status_of(&view, "tidy"), "succeeded");
}

#[test]
fn a_source_that_is_no_json_is_not_reported_as_nothing() {
    let place = Place::new();
    let repo = arg("repo", &repository(&place));
    let services = arg("services", &place.write("odd.json", "<html>503</html>"));
    let ran = run(&place, &["--yes", "--arg", &repo, "--arg", &services]).expect(1);
    assert!(ran.stderr.contains("services is not a JSON object"), "{}", ran.stderr);
    assert_eq!(delivered(&place), None);
}

#[test]
fn a_delivery_that_is_tried_again_is_made_once() {
    let place = Place::new();
    let dir = PathBuf::from(example("weekly-report"));
    let deliver = |key: &str, text: &str| {
        let input = place.write("input", text);
        let status = Command::new("sh")
            .arg(dir.with_file_name("bin").join("deliver.sh"))
            .current_dir(place.here())
            .env("OUT", "r.md")
            .env("CLAWFLOW_FLOW_ID", "flow_x")
            .env("CLAWFLOW_IDEMPOTENCY_KEY", key)
            .stdin(std::fs::File::open(input).unwrap())
            .status();
        assert!(status.unwrap().success());
        std::fs::read_to_string(place.here().join("r.md")).unwrap()
    };
    let first = deliver("k1/deliver", "one\n");
    assert_eq!(first, "one\n\n<!-- delivery k1/deliver -->\n");
    assert_eq!(deliver("k1/deliver", "another\n"), first);
    assert!(deliver("k2/deliver", "two\n").starts_with("two\n"));
    assert_eq!(names(&place.here()), ["r.md"]);
}
