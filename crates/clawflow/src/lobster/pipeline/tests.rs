//! What only shows inside of one process.

use super::command::collect;
use super::ctx::Ctx;
use super::env::Env;
use super::halt::Resume;
use super::parse::Pipeline;
use super::resume::{Answer, resume};
use super::run::{Ended, run};
use super::state::Store;
use crate::lobster::value::{Value, read_json};
use std::path::Path;

fn env(dir: &Path) -> Env {
    Env::from_process().without("LOBSTER_").with("LOBSTER_STATE_DIR", dir)
}

fn json(text: &str) -> Value {
    read_json(text).unwrap()
}

fn store(dir: &Path) -> Store {
    Store::open(&env(dir))
}

fn done(ended: Ended) -> (Vec<Value>, bool) {
    let Ended::Done { items, rendered } = ended else { panic!("it is not done") };
    (collect(items).unwrap(), rendered)
}

#[test]
fn lobster_resume_survives_json() {
    let dir = tempfile::tempdir().unwrap();
    let mut shown = Vec::new();
    let mut ctx = Ctx::new(env(dir.path()), &mut shown);
    let pipeline = Pipeline::parse("approve | exec --json --stdin json cat").unwrap();
    let items = vec![json(r#"{"2":1,"b":[1e21,null],"__proto__":{"a":"\u0000"}}"#)];
    let Ended::Halted(halted) = run(&pipeline, items.clone(), &mut ctx).unwrap() else {
        panic!("it did not halt")
    };
    let kept = serde_json::to_string(&halted.resume).unwrap();
    let rest: Resume = serde_json::from_str(&kept).unwrap();
    assert_eq!(rest, halted.resume);
    let ended = resume(rest, Answer::Approved(true), &mut ctx).unwrap();
    assert_eq!(done(ended), (items, false));
}

#[test]
fn lobster_printed_items_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut shown = Vec::new();
    let mut ctx = Ctx::new(env(dir.path()), &mut shown);
    let pipeline = Pipeline::parse("json | map --wrap x").unwrap();
    let ended = run(&pipeline, vec![1.0.into()], &mut ctx).unwrap();
    assert_eq!(done(ended), (Vec::new(), true));
    assert_eq!(shown, b"[\n  1\n]\n");
}

#[test]
fn lobster_state_is_replaced_whole() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("new"));
    assert_eq!(store.get("k").unwrap(), Value::Null);
    store.set("K", &json(r#"{"a":1}"#)).unwrap();
    let path = dir.path().join("new").join("k.json");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n  \"a\": 1\n}\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let then = || Err(super::failure::Failure::new("no"));
    store.replace_then("k", &json("2"), then).unwrap_err();
    assert_eq!(store.get("k").unwrap(), json(r#"{"a":1}"#));
    assert_eq!(store.replace("k", &json("2")).unwrap(), (json(r#"{"a":1}"#), true));
    // Neither locks nor half of a file are left.
    assert_eq!(std::fs::read_dir(dir.path().join("new")).unwrap().count(), 1);
}

#[test]
fn lobster_lock_of_nobody_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let lock = dir.path().join("k.json.lock");
    let gone = [
        "4194300:1:x\n".to_owned(),
        // This process, but not when it was started.
        format!("{}:1:x\n", std::process::id()),
    ];
    for owner in gone {
        std::fs::create_dir(&lock).unwrap();
        std::fs::write(lock.join("owner"), owner).unwrap();
        store(dir.path()).set("k", &Value::Null).unwrap();
        assert!(!lock.exists());
    }
}

#[test]
fn lobster_state_changes_are_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let changes: usize = std::thread::scope(|scope| {
        let write = |n: u32| {
            let store = store(dir.path());
            let changed = move |round| {
                let value = Value::Number(f64::from(n * 100 + round));
                usize::from(store.replace("k", &value).unwrap().1)
            };
            scope.spawn(move || (0..10).map(changed).sum::<usize>())
        };
        let writers: Vec<_> = (0..4).map(write).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(changes, 40);
}

#[test]
fn lobster_numbers_and_texts_are_javascripts() {
    use crate::lobster::value::{compact, first_units, number_of_text, parse_int, width};
    for (text, number) in [
        ("", 0.0),
        (" 0x1F ", 31.0),
        ("1_0", f64::NAN),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("0b2", f64::NAN),
    ] {
        let found = number_of_text(text);
        assert!(found == number || (found.is_nan() && number.is_nan()), "{text}: {found}");
    }
    assert!(number_of_text("inf").is_nan() && number_of_text("nan").is_nan());
    assert_eq!((parse_int(" -12px"), parse_int("x")), (Some(-12.0), None));
    assert_eq!(
        (width("a😀"), first_units("a😀b", 2), first_units("a😀b", 3)),
        (3, "a\u{fffd}".into(), "a😀".into())
    );
    assert_eq!(
        compact(&json(r#"{"b":1,"10":2,"9":3,"01":4}"#)).unwrap(),
        r#"{"9":3,"10":2,"b":1,"01":4}"#
    );
}
