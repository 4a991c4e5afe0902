//! The keywords.

use super::super::value::{Object, Value, number_text};
use super::check::{Check, Group};

type Keyword = for<'c> fn(&mut Check<'c>, &'c Object, &'c Value, &Value);

/// The keywords of a group in the order in which they are looked at.
fn table(group: Group) -> &'static [(&'static str, Keyword)] {
    match group {
        Group::Number => &[
            ("maximum", |c, _, limit, v| c.compare(limit, v, "<=", |v, limit| v <= limit)),
            ("minimum", |c, _, limit, v| c.compare(limit, v, ">=", |v, limit| v >= limit)),
            ("exclusiveMaximum", |c, _, limit, v| c.compare(limit, v, "<", |v, l| v < l)),
            ("exclusiveMinimum", |c, _, limit, v| c.compare(limit, v, ">", |v, l| v > l)),
            ("multipleOf", |c, _, of, v| {
                c.compare(of, v, "multiple of", |v, of| (v / of).fract() == 0.0);
            }),
        ],
        Group::Text => &[
            ("maxLength", |c, _, most, v| c.count(most, v, "characters", true)),
            ("minLength", |c, _, least, v| c.count(least, v, "characters", false)),
            ("pattern", |c, all, setting, v| c.pattern(all, setting, v)),
        ],
        Group::Any => &[
            ("const", |c, _, constant, value| {
                if constant != value {
                    c.fault("must be equal to constant");
                }
            }),
            ("enum", |c, _, values, value| {
                if !matches!(values, Value::List(values) if values.contains(value)) {
                    c.fault("must be equal to one of the allowed values");
                }
            }),
            ("not", |c, _, schema, value| {
                if c.fits(schema, value) {
                    c.fault("must NOT be valid");
                }
            }),
            ("anyOf", |c, all, setting, v| c.any_of(all, setting, v)),
            ("oneOf", |c, all, setting, v| c.one_of(all, setting, v)),
            ("allOf", |c, _, schemas, value| {
                let before = c.faults.len();
                for schema in list(schemas) {
                    c.visit(schema, value);
                    if c.done(before) {
                        return;
                    }
                }
            }),
            ("if", |c, all, setting, v| c.branch(all, setting, v)),
        ],
        Group::List => &[
            ("maxItems", |c, _, most, v| c.count(most, v, "items", true)),
            ("minItems", |c, _, least, v| c.count(least, v, "items", false)),
            ("uniqueItems", |c, all, setting, v| c.unique(all, setting, v)),
            ("items", |c, all, setting, v| c.items(all, setting, v)),
            ("contains", |c, all, setting, v| c.contains(all, setting, v)),
        ],
        Group::Object => &[
            ("maxProperties", |c, _, most, v| c.count(most, v, "properties", true)),
            ("minProperties", |c, _, least, v| c.count(least, v, "properties", false)),
            ("required", |c, all, setting, v| c.required(all, setting, v)),
            ("propertyNames", |c, all, setting, v| c.names(all, setting, v)),
            ("additionalProperties", |c, all, setting, v| c.additional(all, setting, v)),
            ("dependencies", |c, all, setting, v| c.dependencies(all, setting, v)),
            ("properties", |c, all, setting, v| c.properties(all, setting, v)),
            ("patternProperties", |c, all, setting, v| c.pattern_properties(all, setting, v)),
        ],
    }
}

impl<'c> Check<'c> {
    /// Whether a schema has keywords of a group.
    pub(super) fn has(group: Group, object: &Object) -> bool {
        table(group).iter().any(|(name, _)| object.get(name).is_some())
    }

    /// Looks at the keywords of a group.
    pub(super) fn group(&mut self, group: Group, object: &'c Object, value: &Value) {
        let before = self.faults.len();
        for (name, keyword) in table(group) {
            if let Some(setting) = object.get(name) {
                keyword(self, object, setting, value);
            }
            if self.done(before) {
                return;
            }
        }
    }

    fn compare(&mut self, limit: &Value, value: &Value, sign: &str, holds: fn(f64, f64) -> bool) {
        if let (Value::Number(limit), Value::Number(number)) = (limit, value)
            && !holds(*number, *limit)
        {
            self.fault(format!("must be {sign} {}", number_text(*limit)));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn count(&mut self, limit: &Value, value: &Value, what: &str, is_most: bool) {
        let Value::Number(limit) = limit else { return };
        let count = match value {
            Value::Text(text) => text.chars().count(),
            Value::List(items) => items.len(),
            Value::Object(object) => object.len(),
            _ => return,
        } as f64;
        let (fits, word) =
            if is_most { (count <= *limit, "more") } else { (count >= *limit, "fewer") };
        if !fits {
            self.fault(format!("must NOT have {word} than {} {what}", number_text(*limit)));
        }
    }

    fn pattern(&mut self, _: &'c Object, pattern: &'c Value, value: &Value) {
        let (Some(pattern), Some(text)) = (pattern.as_text(), value.as_text()) else { return };
        if !self.matches(pattern, text) {
            self.fault(format!("must match pattern \"{pattern}\""));
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        self.schema.patterns.get(pattern).is_some_and(|regex| regex.is_match(text))
    }

    fn any_of(&mut self, _: &'c Object, schemas: &'c Value, value: &Value) {
        let before = self.faults.len();
        for schema in list(schemas) {
            if self.visit(schema, value) {
                self.faults.truncate(before);
                return;
            }
        }
        self.fault("must match a schema in anyOf");
    }

    fn one_of(&mut self, _: &'c Object, schemas: &'c Value, value: &Value) {
        let before = self.faults.len();
        let mut fitting = 0;
        for schema in list(schemas) {
            fitting += usize::from(self.visit(schema, value));
            if fitting > 1 {
                break;
            }
        }
        match fitting {
            1 => self.faults.truncate(before),
            _ => self.fault("must match exactly one schema in oneOf"),
        }
    }

    fn branch(&mut self, object: &'c Object, condition: &'c Value, value: &Value) {
        let name = if self.fits(condition, value) { "then" } else { "else" };
        let Some(schema) = object.get(name) else { return };
        if !self.visit(schema, value) {
            self.fault(format!("must match \"{name}\" schema"));
        }
    }

    fn unique(&mut self, _: &'c Object, wanted: &'c Value, value: &Value) {
        let items = list(value);
        if *wanted != Value::Bool(true) {
            return;
        }
        for later in (1..items.len()).rev() {
            if let Some(earlier) = (0..later).rev().find(|at| items[*at] == items[later]) {
                self.fault(format!(
                    "must NOT have duplicate items (items ## {earlier} and {later} are identical)"
                ));
                return;
            }
        }
    }

    fn items(&mut self, object: &'c Object, schemas: &'c Value, value: &Value) {
        let before = self.faults.len();
        let items = list(value);
        let more = object.get("additionalItems");
        if let Value::List(schemas) = schemas
            && more == Some(&Value::Bool(false))
            && items.len() > schemas.len()
        {
            self.fault(format!("must NOT have more than {} items", schemas.len()));
        }
        for (at, item) in items.iter().enumerate() {
            if self.done(before) {
                return;
            }
            let schema = match schemas {
                Value::List(schemas) => schemas.get(at).or(more.filter(|m| !is_false(m))),
                schema => Some(schema),
            };
            if let Some(schema) = schema {
                self.visit_at(&at.to_string(), schema, item);
            }
        }
    }

    fn contains(&mut self, _: &'c Object, schema: &'c Value, value: &Value) {
        let before = self.faults.len();
        for (at, item) in list(value).iter().enumerate() {
            let seen = self.faults.len();
            self.visit_at(&at.to_string(), schema, item);
            if self.faults.len() == seen {
                self.faults.truncate(before);
                return;
            }
        }
        if !self.all {
            self.faults.truncate(before);
        }
        self.fault("must contain at least 1 valid item(s)");
    }

    fn required(&mut self, _: &'c Object, names: &'c Value, value: &Value) {
        let before = self.faults.len();
        for name in list(names).iter().filter_map(Value::as_text) {
            if !has(value, name) && !self.done(before) {
                self.fault(format!("must have required property '{name}'"));
            }
        }
    }

    fn names(&mut self, _: &'c Object, schema: &'c Value, value: &Value) {
        let before = self.faults.len();
        for (name, _) in fields(value) {
            if !self.visit(schema, &name.into()) {
                self.fault("property name must be valid");
            }
            if self.done(before) {
                return;
            }
        }
    }

    fn additional(&mut self, object: &'c Object, schema: &'c Value, value: &Value) {
        let before = self.faults.len();
        let named = object.get("properties").and_then(Value::as_object);
        let patterns = object.get("patternProperties").and_then(Value::as_object);
        for (name, field) in fields(value) {
            let is_named = named.is_some_and(|named| named.get(name).is_some());
            let is_matched = patterns
                .is_some_and(|map| map.iter().any(|(pattern, _)| self.matches(pattern, name)));
            if is_named || is_matched {
                continue;
            }
            match is_false(schema) {
                true => self.fault("must NOT have additional properties"),
                false => self.visit_at(name, schema, field),
            }
            if self.done(before) {
                return;
            }
        }
    }

    fn dependencies(&mut self, _: &'c Object, map: &'c Value, value: &Value) {
        let before = self.faults.len();
        for (name, needs) in fields(map).filter(|(name, _)| has(value, name)) {
            let Value::List(needed) = needs else {
                self.visit(needs, value);
                continue;
            };
            let needed: Vec<&str> = needed.iter().filter_map(Value::as_text).collect();
            let word = if needed.len() == 1 { "property" } else { "properties" };
            for _ in needed.iter().filter(|name| !has(value, name)) {
                if !self.done(before) {
                    let needed = needed.join(", ");
                    let why = format!("when property {name} is present");
                    self.fault(format!("must have {word} {needed} {why}"));
                }
            }
        }
    }

    fn properties(&mut self, _: &'c Object, map: &'c Value, value: &Value) {
        let before = self.faults.len();
        let Value::Object(object) = value else { return };
        for (name, schema) in fields(map) {
            let field = object.get(name).filter(|field| **field != Value::Undefined);
            if let Some(field) = field.filter(|_| !self.done(before)) {
                self.visit_at(name, schema, field);
            }
        }
    }

    fn pattern_properties(&mut self, _: &'c Object, map: &'c Value, value: &Value) {
        let before = self.faults.len();
        for (pattern, schema) in fields(map) {
            for (name, field) in fields(value) {
                if self.matches(pattern, name) && !self.done(before) {
                    self.visit_at(name, schema, field);
                }
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        _ => &[],
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Object::iter)
}

fn has(value: &Value, name: &str) -> bool {
    let field = value.as_object().and_then(|object| object.get(name));
    field.is_some_and(|field| *field != Value::Undefined)
}

fn is_false(schema: &Value) -> bool {
    *schema == Value::Bool(false)
}
