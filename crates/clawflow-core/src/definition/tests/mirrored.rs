//! Mirrored files.

use std::path::Path;

use super::super::{Definition, Dialect, Mirrored, mirrored_schema};
use crate::schedule::MemberBy;
use boon::{Compiler, Schemas};
use serde_json::Value;

const GOOD: &str = "
name: morning-operations
mode: mirrored
goal: All is ready when people come
window: { cron: '0 4 * * *', zone: Europe/Berlin }
deadline: '08:00'
members:
  - { id: backup, label: backup, deadline: '06:30' }
  - { id: import, flow: import-orders, deadline: 3h }
  - { id: report, schedule: daily-report }
";

fn read(text: &str) -> Mirrored {
    Mirrored::parse("m.yaml", text.as_bytes()).unwrap().unwrap()
}

fn wrong(text: &str) -> String {
    let errors = Mirrored::parse("m.yaml", text.as_bytes()).unwrap_err();
    errors
        .iter()
        .map(|error| format!("{}:{} {}", error.line, error.column, error.message))
        .collect::<Vec<_>>()
        .join("\n")
}

fn validates(text: &str) -> bool {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("m.json", mirrored_schema()).unwrap();
    let index = compiler.compile("m.json", &mut schemas).unwrap();
    let value: Value = super::super::file_value(text.as_bytes()).unwrap();
    schemas.validate(&value, index).is_ok()
}

#[test]
fn a_mirrored_file_has_members_and_a_window() {
    let file = read(GOOD);
    assert_eq!((file.name.as_str(), file.cron.as_str()), ("morning-operations", "0 4 * * *"));
    assert_eq!(file.zone.as_deref(), Some("Europe/Berlin"));
    let by: Vec<_> = file.members.iter().map(|one| (one.by, one.value.as_str())).collect();
    let all = [
        (MemberBy::Label, "backup"),
        (MemberBy::Flow, "import-orders"),
        (MemberBy::Schedule, "daily-report"),
    ];
    assert_eq!(by, all);
    assert_eq!(file.members[1].deadline.as_deref(), Some("3h"));
    assert_eq!(file.deadline.as_deref(), Some("08:00"));
    assert!(validates(GOOD));
    let least = read("{name: m, mode: mirrored, members: [{id: a, label: b}]}");
    assert_eq!((least.cron.as_str(), least.zone), ("0 0 * * *", None));
    let short = read("{name: m, mode: mirrored, window: '@hourly', members: [{id: a, label: b}]}");
    assert_eq!(short.cron, "@hourly");
}

#[test]
fn a_mirrored_file_has_no_commands() {
    let told = wrong("name: m\nmode: mirrored\nsteps: [{ id: a, run: x }]\n");
    assert!(told.contains("3:1 `steps` in the file: a mirrored file starts nothing"), "{told}");
    let told = wrong("name: m\nmode: mirrored\nmembers:\n  - { id: a, label: b, run: x }\n");
    assert_eq!(
        told,
        "4:24 `run` in a member: a mirrored file starts nothing: its members are started by others"
    );
}

#[test]
fn what_cannot_be_is_told_at_its_place() {
    let with = |members: &str| wrong(&format!("name: m\nmode: mirrored\nmembers: {members}\n"));
    for (members, says) in [
        ("[]", "a group has 1 to 100 members"),
        ("x", "expected a list for `members`, found text"),
        ("[{ id: a }]", "a member is known by one of `label`, `flow` and `schedule`"),
        ("[{ id: a, label: b, flow: c }]", "a member is known by one of"),
        ("[{ label: b }]", "a member has an `id`"),
        ("[{ id: a, label: b }, { id: a, label: c }]", "two members are called `a`"),
        ("[{ id: a, label: b, deadline: '25:00' }]", "neither a time on the clock like 06:30"),
        ("[{ id: a, label: b, deadline: 0s }]", "neither a time on the clock"),
        ("[{ id: a, labl: b }]", "unknown key `labl` in a member"),
    ] {
        let told = with(members);
        assert!(told.contains(says), "{members}: {told}");
    }
    assert!(wrong("mode: mirrored\nmembers: [{ id: a, label: b }]").contains("has a `name`"));
    assert!(wrong("name: m\nmode: managed\n").contains("unknown value `managed`"));
    assert!(!validates("{name: m, mode: mirrored, members: [{id: a, label: b, run: x}]}"));
    assert!(!validates("{name: m, mode: mirrored, members: [{id: a}]}"));
}

#[test]
fn a_workflow_is_none_and_a_mirrored_file_is_no_workflow() {
    for text in ["steps: [{ id: a, run: x }]", "", "[", "\u{0}", "- a"] {
        assert_eq!(Mirrored::parse("m.yaml", text.as_bytes()).unwrap(), None, "{text:?}");
    }
    let errors = |text: &str| {
        Definition::parse("m.yaml", text.as_bytes(), Dialect::Strict).unwrap_err().remove(0)
    };
    let error = errors(GOOD);
    assert_eq!((error.code, error.line), ("mirrored", 3));
    assert!(error.hint.unwrap().contains("clawflow flows mirror"));
    assert!(errors("members: [{ id: a }]").message.contains("belong to a file with `mode"));
}

#[test]
fn the_schema_for_editors_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/mirrored.schema.json");
    let made = serde_json::to_string_pretty(&mirrored_schema()).unwrap() + "\n";
    if std::env::var_os("CLAWFLOW_WRITE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        made,
        "write it with \
        `CLAWFLOW_WRITE_DOCS=1 cargo nextest run -p clawflow-core schema`"
    );
}
