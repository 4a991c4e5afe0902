//! What is wrong with an expression, and where.

use super::world::{cron, zone};
use clawflow_core::schedule::{Spec, Timetable};

fn wrong(spec: &Spec) -> String {
    let zone = Some(zone("UTC")).filter(|_| spec.zone() == Some("UTC"));
    match Timetable::new(spec, zone) {
        Ok(_) => "good".to_owned(),
        Err(refusal) => refusal.message,
    }
}

#[test]
fn a_bad_field_is_named_with_its_place() {
    let all = [
        "61 * * * *",
        "0  25 * * *",
        "*/0 * * * *",
        "0 0 1-40 * *",
        "0 0 * * 8",
        "0 0 * Foo *",
        "60 0 9 * * *",
        "5-1 * * * *",
        "H * * * *",
        "0 9 * *",
        "0 9 * * * * 2026",
        "",
        "@dialy",
        "@reboot",
    ];
    let said: Vec<String> = all.iter().map(|expr| wrong(&cron(expr, "UTC"))).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    the cron expression `61 * * * *` cannot be read: field 1 (minute) at column 1, `61`: number out of bounds
    the cron expression `0  25 * * *` cannot be read: field 2 (hour) at column 4, `25`: number out of bounds
    the cron expression `*/0 * * * *` cannot be read: field 1 (minute) at column 1, `*/0`: step cannot be zero
    the cron expression `0 0 1-40 * *` cannot be read: field 3 (day of month) at column 5, `1-40`: range out of bounds
    the cron expression `0 0 * * 8` cannot be read: field 5 (day of week) at column 9, `8`: number out of bounds
    the cron expression `0 0 * Foo *` cannot be read: field 4 (month) at column 7, `Foo`: contains illegal character 'F' in part 'FOO'
    the cron expression `60 0 9 * * *` cannot be read: field 1 (second) at column 1, `60`: number out of bounds
    the cron expression `5-1 * * * *` cannot be read: field 1 (minute) at column 1, `5-1`: range out of bounds
    the cron expression `H * * * *` cannot be read: field 1 (minute) at column 1, `H`: contains illegal character 'H' in part 'H'
    the cron expression `0 9 * *` cannot be read: it has 4 fields: 5 (minute, hour, day of month, month, day of week), or 6 with the second before them
    the cron expression `0 9 * * * * 2026` cannot be read: it has 7 fields: 5 (minute, hour, day of month, month, day of week), or 6 with the second before them
    the cron expression `` cannot be read: it is empty
    the cron expression `@dialy` cannot be read: there is no such name; @daily?
    the cron expression `@reboot` cannot be read: there is no such name; known are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every_minute
    ");
}

#[test]
fn what_cron_knows_is_read() {
    for expr in [
        "* * * * *",
        "0 9 * * MON-FRI",
        "*/10 8-18 * JAN,JUL 1",
        "30 0 9 * * *",
        "0 0 L * *",
        "0 0 * * 5#2",
        "0 0 * * 7",
        " 0 9 * * * ",
        "@daily",
        "@DAILY",
        "@hourly",
        "@weekly",
        "@monthly",
        "@yearly",
        "@annually",
        "@midnight",
    ] {
        assert_eq!(wrong(&cron(expr, "UTC")), "good", "{expr}");
    }
}

#[test]
fn hostile_specs_are_refused() {
    for spec in [
        cron(&"1,".repeat(10_000), "UTC"),
        cron("* * * * \0", "UTC"),
        cron("* * * * *\n* * * * *", "UTC"),
        cron("\u{1f600} * * * *", "UTC"),
        cron("* * * * *", "Mars/Olympus"),
        Spec::Every { every_ms: 0, anchor: 0 },
        Spec::Every { every_ms: 999, anchor: 0 },
        Spec::Every { every_ms: u64::MAX, anchor: 0 },
        Spec::Every { every_ms: 1000, anchor: i64::MAX },
        Spec::Every { every_ms: 1000, anchor: i64::MIN },
        Spec::At { at: i64::MAX },
        Spec::At { at: -1 },
    ] {
        assert_ne!(wrong(&spec), "good", "{spec:?}");
    }
}

#[test]
fn a_spec_is_one_record_for_all_kinds() {
    for (spec, json) in [
        (Spec::At { at: 5 }, r#"{"kind":"at","at":5}"#),
        (
            Spec::Every { every_ms: 1000, anchor: 7 },
            r#"{"kind":"every","everyMs":1000,"anchor":7}"#,
        ),
        (cron("@daily", "UTC"), r#"{"kind":"cron","expr":"@daily","tz":"UTC"}"#),
    ] {
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        assert_eq!(serde_json::from_str::<Spec>(json).unwrap(), spec);
    }
    for bad in [r#"{"kind":"at"}"#, r#"{"at":5}"#, r#"{"kind":"cron","expr":"* * * * *"}"#, "{}"] {
        serde_json::from_str::<Spec>(bad).unwrap_err();
    }
}
