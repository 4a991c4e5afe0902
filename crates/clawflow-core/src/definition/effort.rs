//! How much work it is to check a value by a JSON Schema, counted before it is done.
//!
//! A schema of some lines may ask for more evaluations than there is time and memory: definitions
//! that each refer ten times to the next one. Limits: what is counted is at least what a validator
//! does; it is in proportion to the value for any schema that is meant well.

use super::limits::{SCHEMA_EVALUATIONS, SCHEMA_EVALUATIONS_OF_A_VALUE, SCHEMA_NAMES_MAX};
use serde_json::Value;

/// Schemas that apply to the same value, in a list, in a mapping, and alone.
const HERE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const HERE_MAPS: [&str; 2] = ["dependentSchemas", "dependencies"];
const HERE: [&str; 5] = ["not", "if", "then", "else", "contentSchema"];
/// Names of other schemas that apply to the same value.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// What names a schema.
const NAMES: [&str; 4] = ["$id", "id", "$anchor", "$dynamicAnchor"];
/// Schemas of the values inside of an object, and of a list.
const OF_FIELDS: [&str; 3] = ["additionalProperties", "unevaluatedProperties", "propertyNames"];
const OF_ITEMS: [&str; 4] = ["items", "additionalItems", "unevaluatedItems", "contains"];
/// Schemas that lead from one to the next at one place; a longer way goes round in a circle, which
/// the validator sees itself.
const HOPS_MAX: u16 = 1000;

/// A schema that is to be applied to a value.
#[derive(Clone, Copy)]
struct Visit<'v> {
    schema: &'v Value,
    value: &'v Value,
    hops: u16,
}

/// Whether the check of this value comes to an end soon enough.
pub(super) fn is_bounded(schema: &Value, value: &Value) -> bool {
    let mut named = vec![("", schema)];
    find_named(schema, &mut named);
    if named.len() > SCHEMA_NAMES_MAX {
        return false;
    }
    let most = SCHEMA_EVALUATIONS + SCHEMA_EVALUATIONS_OF_A_VALUE * count(value);
    let mut open = vec![Visit { schema, value, hops: 0 }];
    let mut done = 0;
    while let Some(visit) = open.pop() {
        done += 1;
        if done + open.len() > most {
            return false;
        }
        if visit.hops < HOPS_MAX {
            push_here(visit, &named, &mut open);
        }
        push_inside(visit, &mut open);
    }
    true
}

/// Values in a value.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Schemas that a reference may name, or begin at.
fn find_named<'v>(schema: &'v Value, named: &mut Vec<(&'v str, &'v Value)>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| find_named(item, named)),
        Value::Object(fields) => {
            let names = NAMES.iter().filter_map(|name| fields.get(*name)?.as_str());
            named.extend(names.map(|name| (name, schema)));
            fields.values().for_each(|field| find_named(field, named));
        }
        _ => {}
    }
}

/// What applies to the same value.
fn push_here<'v>(visit: Visit<'v>, named: &[(&'v str, &'v Value)], open: &mut Vec<Visit<'v>>) {
    let Value::Object(fields) = visit.schema else { return };
    let mut push = |schema| open.push(Visit { schema, hops: visit.hops + 1, ..visit });
    for list in HERE_LISTS.iter().filter_map(|name| fields.get(*name)?.as_array()) {
        list.iter().for_each(&mut push);
    }
    for map in HERE_MAPS.iter().filter_map(|name| fields.get(*name)?.as_object()) {
        map.values().for_each(&mut push);
    }
    HERE.iter().filter_map(|name| fields.get(*name)).for_each(&mut push);
    for reference in REFERENCES.iter().filter_map(|name| fields.get(*name)?.as_str()) {
        targets(reference, named).into_iter().for_each(&mut push);
    }
}

/// All that a reference may mean: where its name counts from is for the validator to find out.
fn targets<'v>(reference: &str, named: &[(&str, &'v Value)]) -> Vec<&'v Value> {
    let (file, part) = reference.split_once('#').unwrap_or((reference, ""));
    let part = percent_decoded(part);
    let mut found: Vec<&Value> = Vec::new();
    for (name, schema) in named {
        let name = name.trim_end_matches('#');
        let target = match part.as_str() {
            "" => (file.is_empty() || name.ends_with(file)).then_some(*schema),
            part if part.starts_with('/') => schema.pointer(part),
            part => (name.trim_start_matches('#') == part).then_some(*schema),
        };
        // One may have several names.
        found
            .extend(target.filter(|target| !found.iter().any(|seen| std::ptr::eq(*seen, *target))));
    }
    found
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.filter(|_| *first == b'%').and_then(|c| u8::from_str_radix(c, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What applies to the values inside.
fn push_inside<'v>(visit: Visit<'v>, open: &mut Vec<Visit<'v>>) {
    let Value::Object(keys) = visit.schema else { return };
    let mut push = |schema, value| open.push(Visit { schema, value, hops: 0 });
    match visit.value {
        Value::Object(fields) => {
            let each = OF_FIELDS.iter().filter_map(|name| keys.get(*name));
            let patterns = keys.get("patternProperties").and_then(Value::as_object);
            for schema in each.chain(patterns.into_iter().flat_map(|map| map.values())) {
                fields.values().for_each(|value| push(schema, value));
            }
            let named = keys.get("properties").and_then(Value::as_object);
            for (name, schema) in named.into_iter().flatten() {
                fields.get(name).into_iter().for_each(|value| push(schema, value));
            }
        }
        Value::Array(items) => {
            for schema in OF_ITEMS.iter().filter_map(|name| keys.get(*name)) {
                match schema {
                    Value::Array(schemas) => {
                        schemas.iter().zip(items).for_each(|(schema, item)| push(schema, item));
                    }
                    schema => items.iter().for_each(|item| push(schema, item)),
                }
            }
            let first = keys.get("prefixItems").and_then(Value::as_array);
            for (schema, item) in first.into_iter().flatten().zip(items) {
                push(schema, item);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Definitions of which each applies ten times what the next one says.
    fn fan(width: usize, to: impl Fn(usize) -> Value) -> Value {
        let def =
            |at: usize| json!({ "$anchor": format!("d{at}"), "anyOf": vec![to(at + 1); width] });
        let defs = (0..12).map(|at| (format!("d{at}"), def(at)));
        let mut defs: serde_json::Map<_, _> = defs.collect();
        defs.insert("d12".to_owned(), json!({ "$anchor": "d12", "type": "string" }));
        json!({ "$ref": "#/$defs/d0", "$defs": defs })
    }

    #[test]
    fn references_that_multiply_are_refused_however_they_are_written() {
        let ways: [&dyn Fn(usize) -> Value; 5] = [
            &|at| json!({ "$ref": format!("#/$defs/d{at}") }),
            &|at| json!({ "$ref": format!("#/%24defs/d{at}") }),
            &|at| json!({ "$ref": format!("#d{at}") }),
            &|at| json!({ "$dynamicRef": format!("#d{at}") }),
            &|at| json!({ "not": { "$ref": format!("https://schema.invalid/#/$defs/d{at}") } }),
        ];
        for way in ways {
            assert!(!is_bounded(&fan(10, way), &json!({})), "{}", way(1));
            assert!(is_bounded(&fan(1, way), &json!({})), "{}", way(1));
        }
    }

    #[test]
    fn a_schema_that_multiplies_with_the_depth_of_a_value_is_refused_for_deep_ones() {
        let twice = json!({ "items": { "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] } });
        let deep = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert!(is_bounded(&twice, &deep(5)));
        assert!(!is_bounded(&twice, &deep(100)));
    }

    #[test]
    fn a_tree_costs_as_much_as_it_is_large() {
        let tree = json!({ "properties": { "left": { "$ref": "#" }, "right": { "$ref": "#" } } });
        let value = (0..14).fold(json!({}), |half, _| json!({ "left": half, "right": half }));
        assert!(is_bounded(&tree, &value));
        let list = json!({ "type": "array", "items": { "type": "object", "required": ["a"] } });
        assert!(is_bounded(&list, &json!(vec![json!({ "a": 1 }); 100_000])));
    }

    #[test]
    fn circles_and_odd_schemas_come_to_an_end() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "$ref": "#/none%zz%" }),
            json!({ "anyOf": 3, "items": [], "properties": [] }),
            json!(true),
        ] {
            assert!(is_bounded(&schema, &json!([{ "a": 1 }])), "{schema}");
        }
    }
}
