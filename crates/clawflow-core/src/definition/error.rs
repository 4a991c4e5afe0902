//! What is wrong with a workflow file, where, and what to do about it.

use std::fmt;

use super::limits::{ERRORS_MAX, MESSAGE_CHARS_MAX};
use super::source::{Source, Span};

/// One mistake in a workflow file, or a warning about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionError {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The stable name of the kind of mistake.
    pub code: &'static str,
    /// Lower case, without a final full stop.
    pub message: String,
    /// What to do instead, where that is known.
    pub hint: Option<String>,
    /// The line of the source with a caret under the place; empty when there is none to show.
    pub excerpt: String,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if !self.excerpt.is_empty() {
            write!(f, "\n{}", self.excerpt)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DefinitionError {}

impl DefinitionError {
    pub(crate) fn new(source: &Source<'_>, span: Span, message: String) -> Self {
        let (line, column) = source.position(span.start);
        let excerpt = match source.text {
            "" => String::new(),
            _ => source.excerpt(span),
        };
        let message = shown(&message);
        let file = source.name.to_owned();
        Self { file, line, column, code: INVALID, message, hint: None, excerpt }
    }
}

/// The code of a mistake that has no name of its own.
const INVALID: &str = "invalid";

/// What a file says may be long, and may hold characters that steer a terminal.
pub(crate) fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(MESSAGE_CHARS_MAX).map(clean).collect();
    if out.len() < text.len() && text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// A mistake before its position has been turned into a line and a column.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) span: Span,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, code: INVALID, message: message.into(), hint: None }
    }

    /// Gives the kind of mistake its name.
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds "did you mean" when some candidate is close to what was written.
    pub(crate) fn suggest<'a>(
        self,
        wrote: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match crate::suggest::closest(wrote, candidates) {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// Collects what is found during one parse.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) source: &'a Source<'a>,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(source: &'a Source<'a>) -> Self {
        Self { source, errors: Vec::new(), warnings: Vec::new() }
    }

    pub(crate) fn error(&mut self, fault: Fault) {
        // An aliased step repeats its mistakes at the same place.
        let known = |old: &Fault| old.span == fault.span && old.message == fault.message;
        if !self.full() && !self.errors.iter().any(known) {
            self.errors.push(fault);
        }
    }

    pub(crate) fn warn(&mut self, fault: Fault) {
        if self.warnings.len() < ERRORS_MAX {
            self.warnings.push(fault);
        }
    }

    /// Keeps the value, or the error.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.error(fault)).ok()
    }

    pub(crate) fn full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    pub(crate) fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    pub(crate) fn errors(&self) -> Vec<DefinitionError> {
        self.sorted(&self.errors)
    }

    pub(crate) fn warnings(&self) -> Vec<DefinitionError> {
        self.sorted(&self.warnings)
    }

    fn sorted(&self, faults: &[Fault]) -> Vec<DefinitionError> {
        let mut faults = faults.to_vec();
        faults.sort_by_key(|fault| fault.span.start);
        faults.into_iter().map(|fault| self.place(fault)).collect()
    }

    fn place(&self, fault: Fault) -> DefinitionError {
        let error = DefinitionError::new(self.source, fault.span, fault.message);
        DefinitionError { hint: fault.hint.as_deref().map(shown), code: fault.code, ..error }
    }
}
