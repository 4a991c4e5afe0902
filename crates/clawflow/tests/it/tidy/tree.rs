//! The text files of the project.

use std::path::{Path, PathBuf};

/// Directories that are no part of the project, or hold what tools made.
const SKIPPED: [&str; 4] = [".git", "target", "node_modules", "proptest-regressions"];

/// A text file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Below the root, with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// `engine` for a file of `crates/clawflow-engine`, `clawflow` for one of the binary.
    pub(super) fn crate_name(&self) -> &str {
        let name = self.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next());
        name.map_or("", |name| name.strip_prefix("clawflow-").unwrap_or(name))
    }

    /// Whether all of the file is test code, as the conformance suite of the stores is.
    pub(super) fn is_test(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        let name = parts.next().unwrap_or_default();
        name == "tests.rs"
            || name.ends_with("_tests.rs")
            || parts.any(|part| part == "tests" || part == "conformance")
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// All of them.
pub(super) struct Tree {
    root: PathBuf,
    pub(super) files: Vec<File>,
}

impl Tree {
    /// Reads the workspace that this test was built from.
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let mut tree = Self { root: root.clone(), files: Vec::new() };
        tree.visit(&root);
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        tree
    }

    /// A tree for a test of a rule.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, text)).collect();
        Self { root: PathBuf::from("/nowhere"), files }
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether there is such a file or directory.
    pub(super) fn has(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&below))
            || self.root.join(path).exists()
    }

    fn visit(&mut self, dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.visit(&path);
            }
            // A worktree has a `.git` file; what is not text has nothing to check.
            if kind.is_file()
                && name != ".git"
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let below = path.strip_prefix(&self.root).unwrap();
                self.files.push(File { path: below.to_str().unwrap().to_owned(), text });
            }
        }
    }
}
