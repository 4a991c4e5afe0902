//! From nodes to plain values: what every part of the language needs.

use std::collections::BTreeMap;

use super::condition::Condition;
use super::duration::parse_duration_ms;
use super::error::{Fault, Report};
use super::foreign;
use super::limits::NAME_BYTES_MAX;
use super::model::Dialect;
use super::node::{Entry, Kind, Node};
use super::reference::is_name_byte;
use super::source::Span;
use super::template::{Mode, Names, Template, ValueTemplate};
use crate::limits::TEXT_CHARS_MAX;

/// What decoding carries along.
pub(crate) struct Decoder<'r, 'a> {
    pub(crate) report: &'r mut Report<'a>,
    pub(crate) dialect: Dialect,
    pub(crate) names: Names,
}

/// The entries of one mapping, and what to call it in errors.
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
    /// For "in …", like "step `crm`".
    pub(crate) place: String,
    lenient: bool,
}

impl<'n> Fields<'n> {
    /// The entry of a key. A Lobster file may leave a value empty, which is the same as no key.
    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!(self.lenient && entry.value.is_null())).then_some(entry)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }
}

impl<'a> Decoder<'_, 'a> {
    pub(crate) fn strict(&self) -> bool {
        self.dialect == Dialect::Strict
    }

    /// Opens a mapping and checks its keys.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        place: &str,
        known: &[&str],
        later: &[&str],
    ) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &node.kind else {
            self.report.error(expected("a mapping", node, place));
            return None;
        };
        for entry in entries {
            let key = entry.key.as_str();
            if known.contains(&key) {
                continue;
            }
            if later.contains(&key) {
                let message = format!("`{key}` is not supported yet");
                let hint = "it belongs to a later release and is refused rather than ignored";
                let fault = Fault::new(entry.key_span, message).code("not_supported");
                self.report.error(fault.hint(hint));
                continue;
            }
            let fault = Fault::new(entry.key_span, format!("unknown key `{key}` in {place}"));
            let fault = match foreign::hint(key, place) {
                Some(hint) => fault.hint(hint),
                None => fault.suggest(key, known.iter().copied()),
            };
            let fault = fault.code("unknown_key");
            match self.dialect {
                Dialect::Strict => self.report.error(fault),
                Dialect::Lobster => self.report.warn(fault),
            }
        }
        let lenient = !self.strict();
        Some(Fields { entries, place: place.to_owned(), lenient })
    }

    /// The decoded value of a key, if it is there and right.
    pub(crate) fn optional<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        decode: impl FnOnce(&Node, &str) -> Result<T, Fault>,
    ) -> Option<T> {
        let node = fields.get(key)?;
        let place = format!("`{key}` of {}", fields.place);
        self.report.keep(decode(node, &place))
    }

    /// Two keys that say the same: at most one may be there.
    pub(crate) fn exclusive(&mut self, fields: &Fields<'_>, first: &str, second: &str) {
        if let (Some(_), Some(entry)) = (fields.entry(first), fields.entry(second)) {
            let message = format!("{} has both `{first}` and `{second}`", fields.place);
            self.report.error(Fault::new(entry.key_span, message).hint("keep one of them"));
        }
    }

    pub(crate) fn template(&self, node: &Node, place: &str) -> Result<Template, Fault> {
        let mode = if self.strict() { Mode::Strict } else { Mode::Lobster };
        text(node, place).map(|text| self.parse(&text, mode, node.span))
    }

    /// What a person is shown. Lobster shows it as it is written.
    pub(crate) fn shown(&self, node: &Node, place: &str) -> Result<Template, Fault> {
        if self.strict() {
            return self.template(node, place);
        }
        text(node, place).map(|text| Template::literal(text, node.span))
    }

    /// A folder. Lobster puts arguments into it and nothing else.
    pub(crate) fn folder(&self, node: &Node, place: &str) -> Result<Template, Fault> {
        let mode = if self.strict() { Mode::Strict } else { Mode::LobsterArgs };
        text(node, place).map(|text| self.parse(&text, mode, node.span))
    }

    pub(crate) fn shell(&self, node: &Node, place: &str) -> Result<Template, Fault> {
        let mode = if self.strict() { Mode::Shell } else { Mode::Lobster };
        text(node, place).map(|text| self.parse(&text, mode, node.span))
    }

    fn parse(&self, text: &str, mode: Mode, span: Span) -> Template {
        Template::parse(text, mode, span, &self.names)
    }

    /// A value with references inside. Lobster resolves a text only, never a list or mapping.
    pub(crate) fn value(&self, node: &Node) -> ValueTemplate {
        match self.strict() || matches!(node.kind, Kind::Text(_)) {
            true => self.inside(node),
            false => ValueTemplate::Literal(node.to_value()),
        }
    }

    /// A value with references inside, of a key that Lobster does not have.
    pub(crate) fn inside(&self, node: &Node) -> ValueTemplate {
        match &node.kind {
            Kind::Text(text) => {
                let mode = if self.strict() { Mode::Strict } else { Mode::Lobster };
                ValueTemplate::text(self.parse(text, mode, node.span))
            }
            Kind::List(items) => {
                ValueTemplate::List(items.iter().map(|item| self.inside(item)).collect())
            }
            Kind::Map(entries) => {
                let pair = |entry: &Entry| (entry.key.clone(), self.inside(&entry.value));
                ValueTemplate::Map(entries.iter().map(pair).collect())
            }
            Kind::Plain(..) => ValueTemplate::Literal(node.to_value()),
        }
    }

    pub(crate) fn condition(&self, node: &Node, place: &str) -> Result<Condition, Fault> {
        match &node.kind {
            Kind::Plain(serde_json::Value::Bool(value), _) => {
                Ok(Condition::constant(*value, node.span))
            }
            Kind::Text(text) => match Condition::parse(text.trim(), self.strict()) {
                Ok(condition) => Ok(Condition { span: node.span, ..condition }),
                Err(error) => Err(self.condition_fault(node, text.trim(), &error)),
            },
            _ => Err(expected("a condition", node, place)),
        }
    }

    fn condition_fault(
        &self,
        node: &Node,
        text: &str,
        error: &super::condition::ConditionError,
    ) -> Fault {
        let whole = self.report.source.find(node.span, text);
        let mut span = whole;
        // Only a condition written without escapes on one line can be pointed into.
        if self.report.source.slice(whole) == text {
            span.start = (whole.start + error.offset).min(whole.end);
        }
        let fault = Fault::new(span, error.to_string()).code("condition");
        match text {
            "" => fault,
            _ if error.message.contains("argument") => {
                fault.hint("refer to the result of a step, or test the argument in the step itself")
            }
            _ => fault.hint("for example `$check.json.count > 0 && !$review.skipped`"),
        }
    }

    /// The variables of an `env` block. Lobster ignores a value that is not text.
    pub(crate) fn env(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Template> {
        let mut env = BTreeMap::new();
        let Some(node) = fields.get("env") else { return env };
        let place = format!("`env` of {}", fields.place);
        let Kind::Map(entries) = &node.kind else {
            self.report.error(expected("a mapping", node, &place));
            return env;
        };
        for entry in entries {
            if entry.key.is_empty() || entry.key.contains('=') {
                let message = format!("`{}` cannot be the name of a variable", entry.key);
                self.report.error(Fault::new(entry.key_span, message));
                continue;
            }
            match &entry.value.kind {
                Kind::Plain(value, written) if self.strict() && !value.is_null() => {
                    let template = self.parse(written, Mode::Strict, entry.value.span);
                    env.insert(entry.key.clone(), template);
                }
                Kind::Text(_) => {
                    let result = self.template(&entry.value, &place);
                    let template = self.report.keep(result);
                    env.extend(template.map(|template| (entry.key.clone(), template)));
                }
                _ => {
                    let fault = expected("text", &entry.value, &place);
                    match self.dialect {
                        Dialect::Strict => self.report.error(fault),
                        Dialect::Lobster => {
                            self.report.warn(fault.hint("Lobster ignores such a variable"));
                        }
                    }
                }
            }
        }
        env
    }
}

pub(crate) fn expected(wanted: &str, node: &Node, place: &str) -> Fault {
    Fault::new(node.span, format!("expected {wanted} for {place}, found {}", node.describe()))
}

/// Text; a number or boolean without quotes is not text, so that `1.10` never becomes `1.1`.
pub(crate) fn text(node: &Node, place: &str) -> Result<String, Fault> {
    match &node.kind {
        Kind::Text(text) => Ok(text.clone()),
        Kind::Plain(value, _) if !value.is_null() => {
            Err(expected("text", node, place).hint("put it in quotes"))
        }
        _ => Err(expected("text", node, place)),
    }
}

/// Text, or a number or boolean as it is written.
pub(crate) fn label(node: &Node, place: &str) -> Result<String, Fault> {
    match &node.kind {
        Kind::Plain(value, written) if !value.is_null() => Ok(written.clone()),
        _ => text(node, place),
    }
}

/// A text that is kept in a record, of bounded length.
pub(crate) fn not_long(text: String, node: &Node, place: &str) -> Result<String, Fault> {
    match text.chars().count() > TEXT_CHARS_MAX {
        true => {
            let message = format!("{place} is longer than {TEXT_CHARS_MAX} characters");
            Err(Fault::new(node.span, message))
        }
        false => Ok(text),
    }
}

/// A name that references can use.
pub(crate) fn name(node: &Node, place: &str) -> Result<String, Fault> {
    let name = label(node, place)?;
    check_name(&name, node.span, place)?;
    Ok(name)
}

pub(crate) fn check_name(name: &str, span: Span, place: &str) -> Result<(), Fault> {
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        let fault = Fault::new(span, format!("`{name}` is not usable as {place}"));
        return Err(fault.hint("use letters, digits, `-` and `_`"));
    }
    if name.len() > NAME_BYTES_MAX {
        let message = format!("{place} is longer than {NAME_BYTES_MAX} characters");
        return Err(Fault::new(span, message));
    }
    Ok(())
}

pub(crate) fn boolean(node: &Node, place: &str) -> Result<bool, Fault> {
    let value = node.plain().and_then(serde_json::Value::as_bool);
    value.ok_or_else(|| expected("true or false", node, place))
}

/// A whole number between two bounds, both included.
pub(crate) fn integer(node: &Node, place: &str, least: u64, most: u64) -> Result<u64, Fault> {
    let wanted = format!("a whole number from {least} to {most}");
    let Some(value) = node.plain().filter(|value| value.is_number()) else {
        return Err(expected(&wanted, node, place));
    };
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Fault::new(node.span, format!("expected {wanted} for {place}")))
}

/// A duration in milliseconds.
pub(crate) fn duration(node: &Node, place: &str) -> Result<u64, Fault> {
    match &node.kind {
        Kind::Text(text) => {
            parse_duration_ms(text).map_err(|message| Fault::new(node.span, message))
        }
        _ => Err(expected("a duration", node, place).hint("write for example `30s` or `10m`")),
    }
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(node: &Node, place: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let listed = format!("`{}`", names.join("`, `"));
    let Kind::Text(text) = &node.kind else {
        return Err(expected(&format!("one of {listed}"), node, place));
    };
    let found = choices.iter().find(|(name, _)| name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let fault = Fault::new(node.span, format!("unknown value `{text}` for {place}"));
        match crate::suggest::closest(text, names) {
            Some(name) => fault.hint(format!("did you mean `{name}`?")),
            None => fault.hint(format!("it is one of {listed}")),
        }
    })
}
