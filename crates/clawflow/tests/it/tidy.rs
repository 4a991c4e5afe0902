//! Style rules as a test: what a machine can check is not left to reviews.
//!
//! A rule is a function from files to findings. Each is tried on a bad sample, so that a rule
//! that can no longer fail is noticed.

mod code;
mod docs;
mod names;
mod rust;
mod samples;
mod tree;

use clawflow_core::error::Code;
use tree::{File, Tree};

/// Lines from which a file is worth a thought.
const LONG_LINES: usize = 400;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// From 1; 0 for the file as a whole.
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

#[test]
fn the_tree_is_tidy() {
    let tree = Tree::read();
    assert!(tree.files.len() > 100, "only {} files were found", tree.files.len());
    let mut findings = Vec::new();
    for file in &tree.files {
        findings.extend(names::machine_paths(file));
        findings.extend(names::notes_to_self(file));
        if file.is_rust() {
            let code = code::Code::of(file);
            findings.extend(rust::file_length(file));
            findings.extend(rust::function_length(file, &code));
            findings.extend(rust::line_width(file, &code));
            findings.extend(rust::macros(file, &code));
            findings.extend(rust::unwraps(file, &code));
            findings.extend(rust::allows(file, &code));
            findings.extend(rust::purity(file, &code));
        }
        if file.path.ends_with(".md") {
            findings.extend(docs::links(file, &tree));
        }
    }
    findings.extend(names::unused_sql(&tree));
    findings.extend(names::forgotten_tests(&tree));
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    findings.extend(docs::error_codes(&tree, &codes));
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        if file.lines() > LONG_LINES {
            println!("long: {} has {} lines", file.path, file.lines());
        }
    }
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(all.is_empty(), "{} breaches of the style:\n{}", all.len(), all.join("\n"));
}
