//! Whether a schema makes sense.

use super::super::value::Value;
use super::Schema;
use regex::RegexBuilder;

/// Bytes that one compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
const COUNTS: [&str; 6] =
    ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"];
const NUMBERS: [&str; 4] = ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"];
const SCHEMAS: [&str; 9] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
];
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const MAPS: [&str; 4] = ["$defs", "definitions", "patternProperties", "properties"];

/// Looks at a schema and those in it, and compiles their patterns.
pub(super) fn check(schema: &mut Schema<'_>, at: &Value) -> Result<(), String> {
    let object = match at {
        Value::Bool(_) => return Ok(()),
        Value::Object(object) => object,
        _ => return Err("schema must be object or boolean".to_owned()),
    };
    for (keyword, value) in object.iter() {
        let sound = match keyword {
            "type" => is_type(value),
            "enum" => matches!(value, Value::List(items) if !items.is_empty()),
            "required" => texts(value),
            "uniqueItems" => matches!(value, Value::Bool(_)),
            "multipleOf" => matches!(value, Value::Number(number) if *number > 0.0),
            "$ref" => value.as_text().is_some_and(|reference| schema.resolve(reference).is_some()),
            "pattern" => value.as_text().is_some_and(|pattern| compile(schema, pattern)),
            "items" if matches!(value, Value::List(_)) => each(schema, value)?,
            "dependencies" => dependencies(schema, value)?,
            keyword if COUNTS.contains(&keyword) => {
                matches!(value, Value::Number(count) if *count >= 0.0 && count.fract() == 0.0)
            }
            keyword if NUMBERS.contains(&keyword) => matches!(value, Value::Number(_)),
            keyword if SCHEMAS.contains(&keyword) => check(schema, value).map(|()| true)?,
            keyword if LISTS.contains(&keyword) => {
                matches!(value, Value::List(items) if !items.is_empty()) && each(schema, value)?
            }
            keyword if MAPS.contains(&keyword) => {
                if keyword == "patternProperties"
                    && let Value::Object(map) = value
                    && !map.iter().all(|(pattern, _)| compile(schema, pattern))
                {
                    return Err(format!("{keyword} has a pattern that is none"));
                }
                each(schema, value)?
            }
            _ => true,
        };
        if !sound {
            return Err(format!("{keyword} makes no sense"));
        }
    }
    Ok(())
}

fn each(schema: &mut Schema<'_>, value: &Value) -> Result<bool, String> {
    match value {
        Value::List(items) => items.iter().try_for_each(|item| check(schema, item))?,
        Value::Object(map) => map.iter().try_for_each(|(_, item)| check(schema, item))?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn dependencies(schema: &mut Schema<'_>, value: &Value) -> Result<bool, String> {
    let Value::Object(map) = value else { return Ok(false) };
    for (_, value) in map.iter().filter(|(_, value)| !texts(value)) {
        check(schema, value)?;
    }
    Ok(true)
}

fn is_type(value: &Value) -> bool {
    let known = |value: &Value| value.as_text().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::List(items) => !items.is_empty() && items.iter().all(known),
        value => known(value),
    }
}

fn texts(value: &Value) -> bool {
    matches!(value, Value::List(items) if items.iter().all(|item| item.as_text().is_some()))
}

fn compile(schema: &mut Schema<'_>, pattern: &str) -> bool {
    let regex = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    regex.map(|regex| schema.patterns.insert(pattern.to_owned(), regex)).is_ok()
}
