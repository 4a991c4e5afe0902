//! Rules for the documentation.

use super::Finding;
use super::tree::{File, Tree};

/// The page that explains every code of a refusal.
pub(super) const ERRORS: &str = "docs/errors.md";

/// Links to files of the project lead somewhere.
pub(super) fn links(file: &File, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let dir = file.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let mut fenced = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        for (from, _) in line.match_indices("](").filter(|_| !fenced) {
            let rest = &line[from + 2..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if path.is_empty() || elsewhere || tree.has(&normal(dir, path)) {
                continue;
            }
            findings.push(Finding::new(file, at + 1, format!("the link to {target} is broken")));
        }
    }
    findings
}

/// `path` as seen from `dir`, below the root.
fn normal(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Every code that a program can meet is explained.
pub(super) fn error_codes(tree: &Tree, codes: &[&str]) -> Vec<Finding> {
    let none = File::new(ERRORS, "");
    let page = tree.get(ERRORS).unwrap_or(&none);
    let explained = |code: &str| page.text.lines().any(|l| l.contains(&format!("`{code}`")));
    let missing = codes.iter().filter(|code| !explained(code));
    missing.map(|code| Finding::new(page, 0, format!("the code `{code}` is missing"))).collect()
}
