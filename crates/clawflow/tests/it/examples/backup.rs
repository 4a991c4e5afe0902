//! `examples/backup`.

use super::{Place, Ran, arg, example, status_of};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const KEY: &str = "backup-backup";

fn run(place: &Place, more: &[&str]) -> Ran {
    // gzip is everywhere; zstd need not be.
    let words = ["run", &example("backup"), "--arg", "compressor=gzip"];
    place.clawflow(&[&words, more].concat())
}

fn result(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What is left in the directory for temporary files.
fn litter(place: &Place) -> Vec<String> {
    let all = names(&place.beside("."));
    all.into_iter().filter(|name| name.starts_with("clawflow-backup-")).collect()
}

#[test]
fn a_backup_unpacks_to_what_was_backed_up() {
    let place = Place::new();
    let ran = run(&place, &[]).expect(0);
    let made = result(&ran);
    assert_eq!((&made["files"], &made["removed"]), (&4.into(), &0.into()));
    let to = place.beside("restored");
    std::fs::create_dir(&to).unwrap();
    let archive = made["archive"].as_str().unwrap();
    assert!(archive.ends_with(".tar.gz"), "{archive}");
    let untar = Command::new("tar").args(["-xzf", archive, "-C"]).arg(&to).status();
    assert!(untar.unwrap().success());
    let sample = Path::new(&example("backup")).with_file_name("sample");
    let same = Command::new("diff").arg("-r").arg(&sample).arg(&to).status();
    assert!(same.unwrap().success());
    assert_eq!(litter(&place), [""; 0]);
}

#[test]
fn without_the_compressor_gzip_stands_in() {
    let place = Place::new();
    let ran = run(&place, &["--arg", "compressor=no-such-program"]).expect(0);
    assert!(result(&ran)["archive"].as_str().unwrap().ends_with(".tar.gz"));
    let view = place.until(KEY, |view| view["status"] == "succeeded");
    assert_eq!(status_of(&view, "compress"), "failed");
    assert_eq!(status_of(&view, "compress-with-gzip"), "succeeded");
}

#[test]
fn where_the_first_directory_cannot_be_used_the_spare_one_is() {
    let place = Place::new();
    let to = arg("to", &place.write("a-file", "").join("below"));
    let ran = run(&place, &["--arg", &to]).expect(0);
    let archive = result(&ran)["archive"].as_str().unwrap().to_owned();
    let spare = place.here().canonicalize().unwrap().join("backup-spare");
    assert!(Path::new(&archive).starts_with(&spare), "{archive}");
    assert!(Path::new(&archive).is_file());
    assert!(ran.stderr.contains("store: failed, will be tried again"), "{}", ran.stderr);
}

#[test]
fn the_newest_are_kept() {
    let place = Place::new();
    let to = place.here().join("backup");
    std::fs::create_dir(&to).unwrap();
    for name in ["backup-20260101T000000Z-aaaaaaaa.tar.gz", "backup-20260102T000000Z-b.tar.zst"] {
        std::fs::write(to.join(name), "old").unwrap();
    }
    std::fs::write(to.join("notes.txt"), "mine").unwrap();
    let ran = run(&place, &["--arg", "keep=2"]).expect(0);
    assert_eq!(result(&ran)["removed"], 1);
    let left = names(&to);
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(left[0], "backup-20260102T000000Z-b.tar.zst");
    assert_eq!(left[2], "notes.txt");
}

#[test]
fn a_backup_that_cannot_be_read_again_removes_no_old_one() {
    let place = Place::new();
    let to = place.here().join("backup");
    std::fs::create_dir(&to).unwrap();
    let old = "backup-20260101T000000Z-aaaaaaaa.tar.gz";
    std::fs::write(to.join(old), "old").unwrap();
    // "Compresses" by losing everything.
    let liar = place.write("liar", "#!/bin/sh\ncat >/dev/null\necho nothing\n");
    std::fs::set_permissions(&liar, std::fs::Permissions::from_mode(0o755)).unwrap();
    run(&place, &["--arg", &arg("compressor", &liar), "--arg", "keep=1"]).expect(1);
    assert!(names(&to).contains(&old.to_owned()));
    let view = place.until(KEY, |view| view["status"] == "failed");
    assert_eq!(status_of(&view, "verify"), "failed");
    assert_ne!(status_of(&view, "rotate"), "succeeded");
    assert_eq!(litter(&place), [""; 0]);
}
