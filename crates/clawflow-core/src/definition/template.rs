//! Texts with references in them, and values whose texts have references in them.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::limits::RENDERED_BYTES_MAX;
use super::reference::{Found, Reference, arg_text, scan};
use super::scope::{EvalError, EvalErrorCode, Scope};
use super::source::Span;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Arguments first, then steps, so that a step named in an argument is expanded as well.
    Lobster,
    /// Arguments only.
    LobsterArgs,
    /// One pass: what a reference brings in is never read again. `$$` is a dollar sign.
    Strict,
    /// One pass, but `$$` and unknown names stay for the shell.
    Shell,
}

/// The names that a file defines.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) steps: HashSet<String>,
    pub(crate) args: HashSet<String>,
}

impl Names {
    /// Whether what was found is clawflow's to replace. In a shell line `$HOME.x` and `${HOME}`
    /// are the shell's, and `$5.00` is money anywhere, unless the file defines such a name.
    fn own(&self, found: &Found, mode: Mode) -> bool {
        match (found, mode) {
            (_, Mode::Lobster) | (Found::Dollar, _) | (Found::Arg(_), Mode::LobsterArgs) => true,
            (Found::Step(_), Mode::LobsterArgs) => false,
            (Found::Arg(name), Mode::Shell) => self.args.contains(name),
            (Found::Arg(_), Mode::Strict) => true,
            (Found::Step(reference), _) => {
                let id = reference.id.as_str();
                matches!(id, "flow" | "run")
                    || self.steps.contains(id)
                    || mode == Mode::Strict && !id.starts_with(|c: char| c.is_ascii_digit())
            }
        }
    }
}

/// One part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Text(String),
    Arg(String),
    Step(Reference),
}

/// A text with `$step.field` and `${arg}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(crate) source: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) mode: Mode,
    pub(crate) span: Span,
}

impl Template {
    pub(crate) fn parse(text: &str, mode: Mode, span: Span, names: &Names) -> Self {
        let strict = matches!(mode, Mode::Strict | Mode::Shell);
        let mut segments = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            let found = scan(rest, strict).filter(|(found, _)| names.own(found, mode));
            let (found, length) = match found {
                Some((Found::Dollar, _)) if mode == Mode::Strict => {
                    plain.push('$');
                    rest = &rest[2..];
                    continue;
                }
                Some((Found::Arg(name), length)) => (Segment::Arg(name), length),
                Some((Found::Step(reference), length)) => (Segment::Step(reference), length),
                // Elsewhere only the first dollar sign is plain: `$${x}` is `$` and an argument.
                Some((Found::Dollar, _)) | None => {
                    plain.push('$');
                    rest = &rest[1..];
                    continue;
                }
            };
            if !plain.is_empty() {
                segments.push(Segment::Text(std::mem::take(&mut plain)));
            }
            segments.push(found);
            rest = &rest[length..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            segments.push(Segment::Text(plain));
        }
        Self { source: text.to_owned(), segments, mode, span }
    }

    /// A text without references, whatever it looks like.
    pub(crate) fn literal(text: String, span: Span) -> Self {
        Self { source: text.clone(), segments: vec![Segment::Text(text)], mode: Mode::Strict, span }
    }

    /// The text as it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text with every reference replaced.
    ///
    /// # Errors
    /// `output_too_large` for a result that was cut at its limit, `text_too_large` when the text
    /// grows beyond 16 MiB.
    pub fn render(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        if self.mode == Mode::Lobster {
            return self.render_twice(scope);
        }
        let strict = self.mode != Mode::LobsterArgs;
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(plain) => text.push_str(plain),
                Segment::Arg(name) => text.push_str(&arg_or_verbatim(name, scope, strict)),
                Segment::Step(reference) => text.push_str(&reference.text(scope)?),
            }
            check_size(&text)?;
        }
        Ok(text)
    }

    /// Lobster's two passes: the second one reads what the first brought in.
    fn render_twice(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        let mut first = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(plain) => first.push_str(plain),
                Segment::Arg(name) => first.push_str(&arg_or_verbatim(name, scope, false)),
                Segment::Step(reference) => first.push_str(&reference.to_string()),
            }
            check_size(&first)?;
        }
        let mut text = String::new();
        let mut rest = first.as_str();
        while let Some(at) = rest.find('$') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let (piece, length) = match scan(rest, false) {
                Some((Found::Step(reference), length)) if scope.step(&reference.id).is_some() => {
                    (reference.text(scope)?, length)
                }
                _ => ("$".to_owned(), 1),
            };
            text.push_str(&piece);
            check_size(&text)?;
            rest = &rest[length..];
        }
        text.push_str(rest);
        check_size(&text)?;
        Ok(text)
    }

    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Step(reference) => Some(reference),
            _ => None,
        })
    }

    pub(crate) fn args(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Arg(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

fn arg_or_verbatim(name: &str, scope: &dyn Scope, strict: bool) -> String {
    match scope.arg(name) {
        Some(value) => arg_text(value, strict),
        None => format!("${{{name}}}"),
    }
}

fn check_size(text: &str) -> Result<(), EvalError> {
    if text.len() <= RENDERED_BYTES_MAX { Ok(()) } else { Err(too_large()) }
}

fn too_large() -> EvalError {
    let message = format!("a value grew beyond {RENDERED_BYTES_MAX} bytes");
    EvalError::new(EvalErrorCode::TextTooLarge, message)
}

/// About the bytes of a value as JSON.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
    }
}

/// A value with references in it. A text that is one reference keeps the type of what it refers
/// to; any other text is a [`Template`].
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTemplate {
    /// A value without references.
    Literal(Value),
    /// A text that is one argument, like `"${week}"`.
    Arg(Template),
    /// A text that is one reference, like `$report.json`.
    Reference(Template),
    /// A text with references in it.
    Text(Template),
    /// A list resolved item by item.
    List(Vec<ValueTemplate>),
    /// A mapping resolved value by value, in the order of the file.
    Map(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    pub(crate) fn text(template: Template) -> Self {
        match template.segments.as_slice() {
            [] | [Segment::Text(_)] => Self::Literal(Value::String(match &template.segments[..] {
                [Segment::Text(text)] => text.clone(),
                _ => String::new(),
            })),
            [Segment::Step(_)] => Self::Reference(template),
            [Segment::Arg(_)] if template.mode == Mode::Strict => Self::Arg(template),
            _ => Self::Text(template),
        }
    }

    /// The value with every reference replaced; what a path does not reach is null.
    ///
    /// # Errors
    /// As [`Template::render`]; in the Lobster dialect also `unknown_step` for a text that is one
    /// reference to a step without a result.
    pub fn resolve(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        let mut room = RENDERED_BYTES_MAX;
        self.resolve_within(scope, &mut room)
    }

    /// `room` is what is left of the bytes that the whole value may take.
    fn resolve_within(&self, scope: &dyn Scope, room: &mut usize) -> Result<Value, EvalError> {
        let value = match self {
            Self::Literal(value) => value.clone(),
            Self::Arg(template) => match template.args().next().and_then(|name| scope.arg(name)) {
                Some(value) => value.clone(),
                None => Value::String(template.source.clone()),
            },
            Self::Reference(template) => match template.references().next() {
                Some(reference) => reference.resolve(scope)?.unwrap_or(Value::Null),
                // invariant: `text` makes this variant from one reference.
                None => Value::Null,
            },
            Self::Text(template) => Value::String(template.render(scope)?),
            Self::List(items) => {
                let items = items.iter().map(|item| item.resolve_within(scope, room));
                return Ok(Value::Array(items.collect::<Result<_, _>>()?));
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    map.insert(key.clone(), value.resolve_within(scope, room)?);
                }
                return Ok(Value::Object(map));
            }
        };
        // One result may be referred to many times in one value.
        *room = room.checked_sub(weight(&value)).ok_or_else(too_large)?;
        Ok(value)
    }

    /// Calls `visit` with each template inside.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        match self {
            Self::Literal(_) => {}
            Self::Arg(template) | Self::Reference(template) | Self::Text(template) => {
                visit(template);
            }
            Self::List(items) => items.iter().for_each(|item| item.each(visit)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.each(visit)),
        }
    }
}
