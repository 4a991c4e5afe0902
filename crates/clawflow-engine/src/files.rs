//! Workflow files of child flows: those that were taken when their flow was made, and those whose
//! path was known only later.

use crate::engine::{Engine, lock};
use clawflow_core::definition::limits::FILE_BYTES_MAX;
use clawflow_core::definition::{Definition, Dialect, Files, Found, gather};
use clawflow_core::drive::{ChildLaunch, FilesOf};
use clawflow_core::hash::sha256;
use clawflow_core::json::Object;
use clawflow_store::StoreError;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Sets of files kept at hand.
const SETS_MAX: usize = 16;

/// The file of a child flow, ready to run.
pub(crate) struct ChildFile {
    pub(crate) definition: Arc<Definition>,
    pub(crate) files: Option<FilesOf>,
}

/// Why there is no file.
pub(crate) enum FileError {
    /// The step is to blame.
    Bad(String),
    /// The store is.
    Store(StoreError),
}

/// The files as they are kept; nothing for none.
pub(crate) fn files_of(files: &Files) -> Option<FilesOf> {
    if files.is_empty() {
        return None;
    }
    // invariant: texts by text are JSON.
    let source = serde_json::to_string(files).unwrap_or_default();
    Some(FilesOf { hash: sha256(source.as_bytes()), source: Some(source) })
}

impl Engine {
    /// The file of the child flow: what its parent took with it, else what is there now, with what
    /// that names.
    pub(crate) async fn child_file(
        &self,
        launch: &ChildLaunch,
        kept: Option<&str>,
    ) -> Result<ChildFile, FileError> {
        let files = match kept {
            Some(hash) => self.files(hash).map_err(FileError::Store)?,
            None => Arc::default(),
        };
        if let (Some(source), Some(hash)) = (files.get(&launch.path), kept) {
            let hash_of_source = sha256(source.as_bytes());
            let definition = self.definition(&hash_of_source, &launch.path, source);
            let files = Some(FilesOf { hash: hash.to_owned(), source: None });
            return match definition {
                Ok(definition) => {
                    ready(&launch.args, &definition).map_err(FileError::Bad)?;
                    Ok(ChildFile { definition, files })
                }
                Err(why) => Err(FileError::Bad(why)),
            };
        }
        let launch = launch.clone();
        let looked = tokio::task::spawn_blocking(move || look(&launch, &files)).await;
        looked.unwrap_or_else(|error| Err(error.to_string())).map_err(FileError::Bad)
    }

    /// The texts that are kept under this hash, by absolute path.
    pub(crate) fn files(&self, hash: &str) -> Result<Arc<Files>, StoreError> {
        if let Some(known) = lock(&self.inner.files).get(hash) {
            return Ok(known.clone());
        }
        let text = self.inner.store.definition(hash)?.unwrap_or_default();
        let files: Arc<Files> = Arc::new(serde_json::from_str(&text).unwrap_or_default());
        let mut known = lock(&self.inner.files);
        if known.len() >= SETS_MAX {
            known.clear();
        }
        known.insert(hash.to_owned(), files.clone());
        Ok(files)
    }
}

/// Whether the flow may be given these arguments.
fn ready(args: &Object, definition: &Definition) -> Result<(), String> {
    let unknown = args.keys().find(|name| !definition.args.contains_key(*name));
    match unknown.filter(|_| definition.dialect == Dialect::Strict) {
        Some(name) => Err(format!("the flow has no argument {name}")),
        None => Ok(()),
    }
}

/// Reads the file, and gathers what it names.
fn look(launch: &ChildLaunch, kept: &Files) -> Result<ChildFile, String> {
    let path = launch.path.as_str();
    let mut read = |path: &str| match kept.get(path) {
        Some(text) => Ok(Found { bytes: text.clone().into_bytes(), identity: identity(path) }),
        None => workflow_file(path),
    };
    let found = read(path)?;
    let above: Vec<String> = launch.above.iter().map(|path| identity(path)).collect();
    if above.contains(&found.identity) {
        let id = &launch.step_id;
        return Err(format!("step `{id}` creates a cycle: {path} is already being executed"));
    }
    let told = |errors: Vec<clawflow_core::definition::DefinitionError>| {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let dialect = Dialect::of_path(Path::new(path));
    let definition = Definition::parse(path, &found.bytes, dialect).map_err(told)?;
    ready(&launch.args, &definition)?;
    let names = (path, path, found.identity.as_str());
    let args = Some(&launch.args);
    let files = gather(names, &definition, args, &above, &mut read).map_err(told)?;
    Ok(ChildFile { definition: Arc::new(definition), files: files_of(&files) })
}

/// What a path leads to.
fn identity(path: &str) -> String {
    let real = std::fs::canonicalize(path).ok();
    real.and_then(|real| real.to_str().map(str::to_owned)).unwrap_or_else(|| path.to_owned())
}

/// Reads a workflow file of bounded size, for [`clawflow_core::definition::gather`].
///
/// # Errors
/// Why it cannot be read.
pub fn workflow_file(path: &str) -> Result<Found, String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("workflow file not found: {path}"),
        _ => format!("cannot read {path}: {error}"),
    };
    // Only a plain file: a pipe would never end, or never be there.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("{path} is not a file"));
    }
    let mut bytes = Vec::new();
    // One byte more than may be, so that the parser refuses it.
    let limit = FILE_BYTES_MAX as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(Found { bytes, identity: identity(path) })
}
