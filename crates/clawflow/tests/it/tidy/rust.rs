//! Rules for Rust files.

use super::Finding;
use super::code::Code;
use super::tree::File;

const FILE_LINES_MAX: usize = 700;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 100;
/// How far above a call its `invariant:` may stand, in lines.
const INVARIANT_LINES: usize = 2;

pub(super) fn file_length(file: &File) -> Option<Finding> {
    let lines = file.lines();
    let what = || format!("{lines} lines, at most {FILE_LINES_MAX}");
    (lines > FILE_LINES_MAX).then(|| Finding::new(file, 0, what()))
}

pub(super) fn function_length(file: &File, code: &Code) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in code.functions() {
        let lines = function.last - function.first + 1;
        if lines > FUNCTION_LINES_MAX {
            let what =
                format!("fn {} has {lines} lines, at most {FUNCTION_LINES_MAX}", function.name);
            findings.push(Finding::new(file, function.first + 1, what));
        }
    }
    findings
}

/// In tests a text may be as long as what it is compared with.
pub(super) fn line_width(file: &File, code: &Code) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((at, shown), plain) in code.lines().zip(file.text.lines()) {
        let has_text = shown != plain;
        let chars = plain.chars().count();
        if chars > LINE_CHARS_MAX && !(code.is_test(at) && has_text) {
            let what = format!("{chars} characters, at most {LINE_CHARS_MAX}");
            findings.push(Finding::new(file, at + 1, what));
        }
    }
    findings
}

/// Nothing unfinished anywhere, nothing printed by a library.
pub(super) fn macros(file: &File, code: &Code) -> Vec<Finding> {
    let printing = ["println!", "eprintln!", "print!", "eprint!"];
    let library = !matches!(file.crate_name(), "clawflow" | "");
    let mut findings = Vec::new();
    for (at, line) in code.lines() {
        let unfinished = ["todo!", "dbg!", "unimplemented!"].into_iter();
        let printed = printing.into_iter().filter(|_| library && !code.is_test(at));
        for name in unfinished.chain(printed) {
            if has_word(line, name) {
                findings.push(Finding::new(file, at + 1, format!("{name} has no place here")));
            }
        }
    }
    findings
}

/// A panic outside of tests says why it cannot happen.
pub(super) fn unwraps(file: &File, code: &Code) -> Vec<Finding> {
    let comments: Vec<&str> = file.text.lines().collect();
    let mut findings = Vec::new();
    for (at, line) in code.lines() {
        let panics = line.contains(".unwrap()") || line.contains(".expect(");
        let near = &comments[at.saturating_sub(INVARIANT_LINES)..=at];
        let explained = near.iter().any(|line| line.contains("// invariant:"));
        if panics && !explained && !code.is_test(at) {
            let what = "unwrap or expect without `// invariant:` above";
            findings.push(Finding::new(file, at + 1, what));
        }
    }
    findings
}

/// `#[expect(…, reason = "…")]` tells when it is no longer needed.
pub(super) fn allows(file: &File, code: &Code) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in code.lines() {
        if line.contains("#[allow(") || line.contains("#![allow(") {
            findings.push(Finding::new(file, at + 1, "#[allow] instead of #[expect]"));
        }
    }
    findings
}

/// The core knows no clock, no disk, no network, no process and no runtime.
pub(super) fn purity(file: &File, code: &Code) -> Vec<Finding> {
    let impure = [
        "tokio",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "async fn",
    ];
    let mut findings = Vec::new();
    if !file.path.starts_with("crates/clawflow-core/src/") {
        return findings;
    }
    for (at, line) in code.lines().filter(|(at, _)| !code.is_test(*at)) {
        for name in impure.iter().filter(|name| line.contains(**name)) {
            findings.push(Finding::new(file, at + 1, format!("{name} in the core, which is pure")));
        }
    }
    findings
}

/// Whether `name` is in the line and no part of a longer name.
fn has_word(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].bytes().next_back();
        !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
