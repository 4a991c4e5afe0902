//! Checking a value: which keywords are looked at, and in which order.

use super::super::value::{Object, Value, text_of};
use super::{Fault, Schema};

/// Schemas inside of schemas that are looked at at once: references may lead in circles.
const DEPTH: usize = 1_200;
/// Schemas that are looked at for one value: circles may branch.
const STEPS: usize = 1_000_000;

/// Keywords of one kind of value are looked at together, in this order.
const GROUPS: [Group; 5] = [Group::Any, Group::Number, Group::Text, Group::List, Group::Object];

/// What a keyword is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Numbers.
    Number,
    /// Texts.
    Text,
    /// Every value.
    Any,
    /// Lists.
    List,
    /// Objects.
    Object,
}

impl Group {
    fn is_for(self, value: &Value) -> bool {
        match self {
            Self::Number => matches!(value, Value::Number(_)),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Any => true,
            Self::List => matches!(value, Value::List(_)),
            Self::Object => matches!(value, Value::Object(_)),
        }
    }

    /// The type whose values are in it.
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Number => Some("number"),
            Self::Text => Some("string"),
            Self::Any => None,
            Self::List => Some("array"),
            Self::Object => Some("object"),
        }
    }
}

/// A check that is under way.
pub(super) struct Check<'c> {
    pub(super) schema: &'c Schema<'c>,
    /// Whether it goes on after the first fault.
    pub(super) all: bool,
    pub(super) faults: Vec<Fault>,
    /// Where in the value it is.
    pub(super) path: String,
    depth: usize,
    steps: usize,
}

impl<'c> Check<'c> {
    pub(super) fn new(schema: &'c Schema<'c>, all: bool) -> Self {
        Self { schema, all, faults: Vec::new(), path: String::new(), depth: 0, steps: 0 }
    }

    pub(super) fn run(mut self, value: &Value) -> Vec<Fault> {
        self.visit(self.schema.root, value);
        self.faults
    }

    /// Notes a fault at the current place.
    pub(super) fn fault(&mut self, message: impl Into<String>) {
        self.faults.push(Fault { path: self.path.clone(), message: message.into() });
    }

    /// Whether what is looked at since `before` may be left: one fault is enough.
    pub(super) fn done(&self, before: usize) -> bool {
        !self.all && self.faults.len() > before
    }

    /// Checks a value against one schema; whether it fits.
    pub(super) fn visit(&mut self, schema: &'c Value, value: &Value) -> bool {
        let before = self.faults.len();
        self.steps += 1;
        if self.depth >= DEPTH || self.steps > STEPS {
            self.fault("must not need that many schemas");
            return false;
        }
        self.depth += 1;
        match schema {
            Value::Bool(false) => self.fault("boolean schema is false"),
            Value::Object(object) => self.keywords(object, value),
            _ => {}
        }
        self.depth -= 1;
        self.faults.len() == before
    }

    /// Checks a value against one schema without a trace but the answer.
    pub(super) fn fits(&mut self, schema: &'c Value, value: &Value) -> bool {
        let before = self.faults.len();
        let fits = self.visit(schema, value);
        self.faults.truncate(before);
        fits
    }

    /// As [`Self::visit`] for what is under a name or number.
    pub(super) fn visit_at(&mut self, name: &str, schema: &'c Value, value: &Value) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.visit(schema, value);
        self.path.truncate(length);
    }

    fn keywords(&mut self, object: &'c Object, value: &Value) {
        let before = self.faults.len();
        let resolved = object.get("$ref").and_then(Value::as_text);
        if let Some(target) = resolved.and_then(|reference| self.schema.resolve(reference)) {
            self.visit(target, value);
            if self.done(before) {
                return;
            }
        }
        let kind = object.get("type");
        let single = kind.and_then(Value::as_text);
        // A type that has keywords of its own is looked at in front of those.
        let later = GROUPS.into_iter().find(|group| {
            group.kind().is_some() && group.kind() == single && Self::has(*group, object)
        });
        if later.is_none() && !self.typed(kind, value) && !self.all {
            return;
        }
        for group in GROUPS {
            if group.is_for(value) {
                self.group(group, object, value);
            } else if later == Some(group) {
                self.typed(kind, value);
            }
            if self.done(before) {
                return;
            }
        }
    }

    fn typed(&mut self, kind: Option<&Value>, value: &Value) -> bool {
        let Some(kind) = kind else { return true };
        let fits = |kind: &Value| kind.as_text().is_some_and(|kind| is_of(value, kind));
        let fits = match kind {
            Value::List(kinds) => kinds.iter().any(fits),
            kind => fits(kind),
        };
        if !fits {
            self.fault(format!("must be {}", text_of(kind)));
        }
        fits
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match value {
        Value::Undefined => false,
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        Value::Number(number) => {
            number.is_finite() && (kind == "number" || (kind == "integer" && number.fract() == 0.0))
        }
        Value::Text(_) => kind == "string",
        Value::List(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}
