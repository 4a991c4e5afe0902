//! The workflow file of a schedule, with the files that it names as child flows: taken when they
//! are given, so that an edit on disk changes nothing for a schedule.

use super::flow_run::{all_of, check_cwd, path_of, sent_files};
use super::{Api, ApiError, ScheduleStart};
use crate::files::files_of;
use clawflow_core::definition::{Definition, Dialect, Files};
use clawflow_core::drive::FilesOf;
use clawflow_core::schedule::Payload;
use clawflow_core::spec::DefinitionSource;
use std::path::Path;

/// The text of a workflow file, and those of the files that it may name.
struct Texts {
    source: String,
    files: Files,
}

impl Api {
    /// The flow that is to be started, and the texts that are to be kept for it. An edit without a
    /// text keeps those of `was`, and its name and place where it has none of its own.
    pub(super) fn flow_of(
        &self,
        start: ScheduleStart,
        was: Option<&Payload>,
    ) -> Result<(Payload, Vec<DefinitionSource>), ApiError> {
        check_cwd(&start.cwd)?;
        let (start, texts) = match (start.source.clone(), was) {
            (Some(source), _) => {
                let files = start.files.clone();
                (start, Texts { source, files })
            }
            (None, Some(was @ Payload::Flow { file, path, .. })) => {
                let own = Some(start.file).filter(|own| !own.is_empty());
                let file = own.unwrap_or_else(|| file.clone());
                let path = start.path.or_else(|| Some(path.clone()));
                (ScheduleStart { file, path, ..start }, self.kept(was)?)
            }
            (None, _) => {
                let message = "a flow needs the text of its file: `source`";
                return Err(ApiError::new("bad_request", message));
            }
        };
        let definition = self.runnable(&start, &texts.source)?;
        let path = path_of(start.path.as_deref(), &start.file, &start.cwd)?;
        let sent = (&texts.files, &start.args);
        let named = sent_files(&start.file, &path, &definition, sent)?;
        let named = files_of(&named);
        let files_hash = named.as_ref().map(|named| named.hash.clone());
        let definition_hash = definition.hash.clone();
        let mut keep =
            vec![DefinitionSource { hash: definition_hash.clone(), source: texts.source }];
        if let Some(FilesOf { hash, source: Some(source) }) = named {
            keep.push(DefinitionSource { hash, source });
        }
        let payload = Payload::Flow {
            file: start.file,
            definition_hash,
            path,
            files_hash,
            args: start.args,
            cwd: start.cwd,
            env: start.env,
            key: start.key,
            auto_approve: start.auto_approve,
        };
        Ok((payload, keep))
    }

    /// The texts that are kept for a schedule.
    fn kept(&self, was: &Payload) -> Result<Texts, ApiError> {
        let hash = was.definition_hash().unwrap_or_default();
        let source = self.engine.store().schedules().definition(hash)?;
        let gone = || ApiError::new("revision_conflict", "the schedule was changed meanwhile");
        let source = source.ok_or_else(gone)?;
        Ok(Texts { source, files: self.files_of_schedule(was)? })
    }

    /// The files that the workflow file of a schedule names, as they are kept.
    pub(super) fn files_of_schedule(&self, payload: &Payload) -> Result<Files, ApiError> {
        match payload.files_hash() {
            Some(hash) => Ok(Files::clone(&*self.engine.files(hash)?)),
            None => Ok(Files::new()),
        }
    }

    /// The workflow file, if it can be run with these arguments.
    fn runnable(&self, start: &ScheduleStart, source: &str) -> Result<Definition, ApiError> {
        let dialect = Dialect::of_path(Path::new(&start.file));
        let bad_file = |errors: Vec<_>| ApiError::new("bad_file", all_of(&errors));
        let parsed = Definition::parse(&start.file, source.as_bytes(), dialect);
        let definition = parsed.map_err(bad_file)?;
        let queues = self.engine.settings().queues.keys().map(String::as_str);
        definition.check_queues(&start.file, queues).map_err(bad_file)?;
        let strict = definition.dialect == Dialect::Strict;
        let is_unknown = |name: &&String| strict && !definition.args.contains_key(*name);
        if let Some(name) = start.args.keys().find(is_unknown) {
            return Err(ApiError::new("invalid", format!("the flow has no argument {name}")));
        }
        let mut args = start.args.clone();
        for (name, arg) in &definition.args {
            if let Some(default) = &arg.default {
                args.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
        if let Some(name) = definition.missing_args(&args).next() {
            return Err(ApiError::new("invalid", format!("the argument {name} was not given")));
        }
        Ok(definition)
    }
}
