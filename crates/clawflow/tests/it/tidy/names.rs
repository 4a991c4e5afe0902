//! Rules about names: paths of one machine, notes to oneself, files that nothing names.

use super::Finding;
use super::tree::{File, Tree};

/// Put together here, so that this file does not hold what it looks for.
const MACHINE_PATHS: [&str; 2] = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];
const NOTES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// No file names a directory of the machine that it was written on.
pub(super) fn machine_paths(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for path in MACHINE_PATHS {
            let own = |(at, _): (usize, &str)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-}$*".contains(c))
            };
            if line.match_indices(path).any(own) {
                let what = format!("names {path}, a directory of some machine");
                findings.push(Finding::new(file, at + 1, what));
            }
        }
    }
    findings
}

/// What is not done is an issue, not a comment.
pub(super) fn notes_to_self(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(word) = words.find(|word| NOTES.contains(word)) {
            findings.push(Finding::new(file, at + 1, format!("{word}: make it an issue")));
        }
    }
    findings
}

/// A statement that no Rust file of its crate names is dead.
pub(super) fn unused_sql(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let in_crate = |file: &&File| file.path.ends_with(".sql") && !file.crate_name().is_empty();
    for file in tree.files.iter().filter(in_crate) {
        let stem = file.name().trim_end_matches(".sql");
        let own = |other: &&File| other.is_rust() && other.crate_name() == file.crate_name();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let names = |other: &File| other.text.split(|c| !is_part(c)).any(|word| word == stem);
        if !tree.files.iter().filter(own).any(names) {
            findings.push(Finding::new(file, 0, "no Rust file uses this statement"));
        }
    }
    findings
}

/// A test file that its `main.rs` does not declare is never run.
pub(super) fn forgotten_tests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let Some((dir, name)) = file.path.rsplit_once('/') else { continue };
        let Some(stem) = name.strip_suffix(".rs").filter(|stem| *stem != "main") else { continue };
        if !dir.ends_with("/tests/it") {
            continue;
        }
        let main = tree.get(&format!("{dir}/main.rs"));
        let line = format!("mod {stem};");
        let declared = |main: &File| main.text.lines().any(|l| l.trim_start().ends_with(&line));
        if !main.is_some_and(declared) {
            findings.push(Finding::new(file, 0, format!("{dir}/main.rs does not declare it")));
        }
    }
    findings
}
