//! The workflow files that a file names, and those that they name: its child flows.
//!
//! They are gathered before anything runs, so that an edit on disk changes nothing for a flow, and
//! so that a file which is not there, is wrong or names itself is an error of the file that names
//! it. A path that depends on the result of a step is left out: it is known only then.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::error::{DefinitionError, shown};
use super::limits::{FILES_BYTES_MAX, FILES_MAX, FLOW_DEPTH_MAX, FLOW_VISITS_MAX};
use super::model::{Action, ChildFlow, Definition, Dialect, StepDef};
use super::path::beside;
use super::scope::{Scope, StepView};
use super::source::Source;
use super::template::{Template, ValueTemplate};
use crate::json::Object;

/// Texts of workflow files by absolute path.
pub type Files = BTreeMap<String, String>;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// What it is, whichever path led to it: two names of one file have the same.
    pub identity: String,
}

/// Gathers the files that the file at `path` names, directly or not. `file` is what errors call it,
/// `identity` what [`Found`] calls it; `given` are the arguments, `None` while they are not known;
/// `above` are the identities of the files whose flows are above. `read` reads a file, or says why
/// it cannot.
///
/// # Errors
/// What is wrong, with its place in this file.
pub fn gather(
    (file, path, identity): (&str, &str, &str),
    definition: &Definition,
    given: Option<&Object>,
    above: &[String],
    read: &mut dyn FnMut(&str) -> Result<Found, String>,
) -> Result<Files, Vec<DefinitionError>> {
    let mut walk = Walk {
        read,
        known: HashMap::new(),
        files: Files::new(),
        bytes: 0,
        visits: 0,
        stack: above.iter().cloned().chain([identity.to_owned()]).collect(),
    };
    let args = Args::of(definition, given);
    match walk.visit(file, path, definition, &args) {
        errors if errors.is_empty() => Ok(walk.files),
        errors => Err(errors),
    }
}

/// A parsed file, or why there is none.
type Parsed = Result<(String, Arc<Definition>), String>;

struct Walk<'r> {
    read: &'r mut dyn FnMut(&str) -> Result<Found, String>,
    known: HashMap<String, Parsed>,
    files: Files,
    bytes: usize,
    visits: usize,
    /// Identities of the files whose flows are at work above.
    stack: Vec<String>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        file: &str,
        path: &str,
        definition: &Definition,
        args: &Args,
    ) -> Vec<DefinitionError> {
        let mut errors = Vec::new();
        for step in definition.all_steps() {
            let Action::Flow(child) = &step.action else { continue };
            let Some(named) = args.text(&child.file) else { continue };
            if let Err(why) = self.child(path, step, child, &named, args) {
                let source = Source::new(file, &definition.source);
                errors.push(DefinitionError::new(&source, child.file.span, why));
            }
            if errors.len() >= super::limits::ERRORS_MAX {
                break;
            }
        }
        errors
    }

    /// One file that a step names.
    fn child(
        &mut self,
        path: &str,
        step: &StepDef,
        child: &ChildFlow,
        named: &str,
        args: &Args,
    ) -> Result<(), String> {
        if named.trim().is_empty() {
            return Err(format!("the path of the flow of step `{}` is blank", step.id));
        }
        let path = beside(path, named);
        self.visits += 1;
        if self.visits > FLOW_VISITS_MAX {
            return Err(format!("the file has more than {FLOW_VISITS_MAX} flows below it"));
        }
        let (identity, definition) = self.parsed(&path)?;
        if self.stack.contains(&identity) {
            let id = &step.id;
            return Err(format!("step `{id}` creates a cycle: {path} is already being executed"));
        }
        if self.stack.len() >= FLOW_DEPTH_MAX {
            return Err(format!("flows are nested deeper than {FLOW_DEPTH_MAX}"));
        }
        let inner = args.of_child(&definition, child).map_err(|why| format!("{named}: {why}"))?;
        self.stack.push(identity);
        let wrong = self.visit(&path, &path, &definition, &inner);
        self.stack.pop();
        match wrong.first() {
            None => Ok(()),
            Some(first) => Err(told(&path, first, wrong.len())),
        }
    }

    fn parsed(&mut self, path: &str) -> Parsed {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let parsed = self.look(path);
        self.known.insert(path.to_owned(), parsed.clone());
        parsed
    }

    fn look(&mut self, path: &str) -> Parsed {
        let found = (self.read)(path)?;
        let parsed = Definition::parse(path, &found.bytes, Dialect::of_path(Path::new(path)));
        let definition = parsed.map_err(|errors| match errors.first() {
            Some(first) => told(path, first, errors.len()),
            None => format!("{path} is not a workflow file"),
        })?;
        self.bytes += definition.source.len();
        if self.bytes > FILES_BYTES_MAX || self.files.len() >= FILES_MAX {
            let limit = format!("{FILES_MAX} files, and {FILES_BYTES_MAX} bytes of them");
            return Err(format!("the flows below have more than {limit}"));
        }
        self.files.insert(path.to_owned(), definition.source.clone());
        Ok((found.identity, Arc::new(definition)))
    }
}

/// The first mistake of another file, in one line.
fn told(path: &str, first: &DefinitionError, count: usize) -> String {
    let more = match count {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let DefinitionError { line, column, message, .. } = first;
    format!("the flow in {} cannot run: {line}:{column}: {message}{more}", shown(path))
}

/// What is known of the arguments of a flow before it runs.
struct Args {
    /// `None`: only while it runs.
    values: BTreeMap<String, Option<Value>>,
}

impl Args {
    fn of(definition: &Definition, given: Option<&Object>) -> Self {
        let mut values = BTreeMap::new();
        for (name, arg) in &definition.args {
            if given.is_none() || arg.default.is_some() {
                values.insert(name.clone(), arg.default.clone());
            }
        }
        for (name, value) in given.into_iter().flatten() {
            values.insert(name.clone(), Some(value.clone()));
        }
        Self { values }
    }

    /// The text, if nothing in it depends on what is not known yet.
    fn text(&self, template: &Template) -> Option<String> {
        self.is_known(template).then(|| template.render(self).ok())?
    }

    fn is_known(&self, template: &Template) -> bool {
        let known = |name: &str| match self.values.get(name) {
            Some(None) => false,
            // Lobster reads what an argument brings in once more.
            Some(Some(value)) => !value.to_string().contains('$'),
            None => true,
        };
        template.references().next().is_none() && template.args().all(known)
    }

    /// What a child is given: each argument must be known to it, and none may be missing.
    fn of_child(&self, definition: &Definition, child: &ChildFlow) -> Result<Self, String> {
        let strict = definition.dialect == Dialect::Strict;
        let mut values = BTreeMap::new();
        for (name, arg) in &definition.args {
            match &arg.default {
                Some(default) => drop(values.insert(name.clone(), Some(default.clone()))),
                None if child.args.iter().any(|(given, _)| given == name) || !strict => {}
                None => return Err(format!("the argument {name} was not given")),
            }
        }
        for (name, value) in &child.args {
            if strict && !definition.args.contains_key(name) {
                return Err(format!("the flow has no argument {name}"));
            }
            values.insert(name.clone(), self.value(value));
        }
        Ok(Self { values })
    }

    fn value(&self, template: &ValueTemplate) -> Option<Value> {
        let mut known = true;
        template.each(&mut |inside| known &= self.is_known(inside));
        known.then(|| template.resolve(self).ok())?
    }
}

impl Scope for Args {
    fn step(&self, _: &str) -> Option<StepView<'_>> {
        None
    }

    fn arg(&self, name: &str) -> Option<&Value> {
        self.values.get(name)?.as_ref()
    }

    fn flow(&self, _: &[&str]) -> Option<Value> {
        None
    }

    fn run_attempt(&self) -> u32 {
        1
    }
}
