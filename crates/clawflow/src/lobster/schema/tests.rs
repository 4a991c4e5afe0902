//! Against Ajv, whose answers these are.

use super::{Fault, Schema};
use crate::lobster::value::read_json;

/// Schema, value, the first fault as `path message`, and how many there are in all.
const CASES: &[(&str, &str, &str, usize)] = &[
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"5"#,
        r#" must be object"#,
        1,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"{}"#,
        r#" must have required property 'a'"#,
        2,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"{"a":1,"c":1}"#,
        r#" must NOT have additional properties"#,
        3,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"{"a":"x","c":1}"#,
        r#" must NOT have additional properties"#,
        3,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"{"a":"xx","c":1}"#,
        r#" must NOT have additional properties"#,
        1,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}},"required":["a","c"],"additionalProperties":false}"#,
        r#"{"a":"zz","b":1.5}"#,
        r#" must have required property 'c'"#,
        3,
    ),
    (
        r#"{"properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}}}"#,
        r#"{"a":"zzz","b":9}"#,
        r#"/a must be equal to one of the allowed values"#,
        2,
    ),
    (
        r#"{"properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}}}"#,
        r#"{"a":"z","b":9}"#,
        r#"/a must be equal to one of the allowed values"#,
        3,
    ),
    (
        r#"{"properties":{"a":{"type":"string","minLength":2,"enum":["xx","yy"]},"b":{"type":["integer","null"],"maximum":5}}}"#,
        r#"{"b":"s"}"#,
        r#"/b must be integer,null"#,
        1,
    ),
    (r#"{"type":"string","enum":["a"]}"#, r#"5"#, r#" must be string"#, 2),
    (
        r#"{"type":"string","minLength":1,"enum":["a"]}"#,
        r#"5"#,
        r#" must be equal to one of the allowed values"#,
        2,
    ),
    (
        r#"{"type":"object","required":["a"],"enum":[1]}"#,
        r#"5"#,
        r#" must be equal to one of the allowed values"#,
        2,
    ),
    (
        r#"{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":3}"#,
        r#"[1,"2"]"#,
        r#"/1 must be number"#,
        1,
    ),
    (
        r#"{"type":"array","items":{"type":"number"},"minItems":2}"#,
        r#"[1]"#,
        r#" must NOT have fewer than 2 items"#,
        1,
    ),
    (r#"{"type":"array","maxItems":1}"#, r#"[1,2]"#, r#" must NOT have more than 1 items"#, 1),
    (
        r#"{"uniqueItems":true}"#,
        r#"[1,{"a":1},2,{"a":1}]"#,
        r#" must NOT have duplicate items (items ## 1 and 3 are identical)"#,
        1,
    ),
    (
        r#"{"items":[{"type":"string"},{"type":"number"}],"additionalItems":false}"#,
        r#"["a",1,2]"#,
        r#" must NOT have more than 2 items"#,
        1,
    ),
    (
        r#"{"items":[{"type":"string"}],"additionalItems":{"type":"null"}}"#,
        r#"["a",1]"#,
        r#"/1 must be null"#,
        1,
    ),
    (
        r#"{"contains":{"type":"string"}}"#,
        r#"[1,2]"#,
        r#" must contain at least 1 valid item(s)"#,
        3,
    ),
    (r#"{"const":{"a":1}}"#, r#"{"a":2}"#, r#" must be equal to constant"#, 1),
    (r#"{"multipleOf":2}"#, r#"3"#, r#" must be multiple of 2"#, 1),
    (r#"{"exclusiveMinimum":0,"exclusiveMaximum":9}"#, r#"0"#, r#" must be > 0"#, 1),
    (r#"{"exclusiveMaximum":9}"#, r#"9"#, r#" must be < 9"#, 1),
    (r#"{"minimum":1.5}"#, r#"1"#, r#" must be >= 1.5"#, 1),
    (r#"{"maxLength":2}"#, r#""日本語""#, r#" must NOT have more than 2 characters"#, 1),
    (r#"{"pattern":"^a+$"}"#, r#""b""#, r#" must match pattern "^a+$""#, 1),
    (r#"{"maxProperties":1}"#, r#"{"a":1,"b":2}"#, r#" must NOT have more than 1 properties"#, 1),
    (r#"{"minProperties":1}"#, r#"{}"#, r#" must NOT have fewer than 1 properties"#, 1),
    (r#"{"propertyNames":{"pattern":"^a"}}"#, r#"{"b":1}"#, r#" must match pattern "^a""#, 2),
    (
        r#"{"patternProperties":{"^n":{"type":"number"}}}"#,
        r#"{"n1":"x"}"#,
        r#"/n1 must be number"#,
        1,
    ),
    (
        r#"{"patternProperties":{"^n":{}},"additionalProperties":{"type":"string"}}"#,
        r#"{"n1":1,"b":2}"#,
        r#"/b must be string"#,
        1,
    ),
    (
        r#"{"dependencies":{"a":["b","c"]}}"#,
        r#"{"a":1}"#,
        r#" must have properties b, c when property a is present"#,
        2,
    ),
    (
        r#"{"dependencies":{"a":["b"]}}"#,
        r#"{"a":1}"#,
        r#" must have property b when property a is present"#,
        1,
    ),
    (
        r#"{"dependencies":{"a":{"required":["z"]}}}"#,
        r#"{"a":1}"#,
        r#" must have required property 'z'"#,
        1,
    ),
    (
        r#"{"anyOf":[{"type":"string"},{"type":"number","minimum":3}]}"#,
        r#"1"#,
        r#" must be string"#,
        3,
    ),
    (
        r#"{"oneOf":[{"type":"number"},{"minimum":0}]}"#,
        r#"1"#,
        r#" must match exactly one schema in oneOf"#,
        1,
    ),
    (r#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#, r#"1"#, r#" must be string"#, 3),
    (r#"{"allOf":[{"minimum":0},{"maximum":3}]}"#, r#"5"#, r#" must be <= 3"#, 1),
    (r#"{"not":{"type":"number"}}"#, r#"1"#, r#" must NOT be valid"#, 1),
    (
        r#"{"if":{"type":"number"},"then":{"minimum":5},"else":{"type":"string"}}"#,
        r#"1"#,
        r#" must be >= 5"#,
        2,
    ),
    (
        r#"{"if":{"type":"number"},"then":{"minimum":5},"else":{"type":"string"}}"#,
        r#"true"#,
        r#" must be string"#,
        2,
    ),
    (
        r##"{"definitions":{"x":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/x"}}}"##,
        r#"{"a":1}"#,
        r#"/a must be string"#,
        1,
    ),
    (
        r##"{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"}}},"required":["n"]}"##,
        r#"{"n":1,"kids":[{"n":1},{}]}"#,
        r#"/kids/1 must have required property 'n'"#,
        1,
    ),
    (r#"false"#, r#"1"#, r#" boolean schema is false"#, 1),
    (r#"true"#, r#"1"#, "", 0),
    (r#"{"type":"null"}"#, r#"0"#, r#" must be null"#, 1),
    (r#"{"type":"integer"}"#, r#"1.5"#, r#" must be integer"#, 1),
    (r#"{"type":"boolean"}"#, r#""x""#, r#" must be boolean"#, 1),
    (r#"{"format":"email"}"#, r#""x""#, "", 0),
    (
        r#"{"properties":{"a/b~c":{"type":"null"}}}"#,
        r#"{"a/b~c":1}"#,
        r#"/a~1b~0c must be null"#,
        1,
    ),
    (r#"{"type":"strin"}"#, r#"1"#, "invalid", 0),
    (r#"{"type":[]}"#, r#"1"#, "invalid", 0),
    (r#"{"required":"a"}"#, r#"1"#, "invalid", 0),
    (r#"{"enum":[]}"#, r#"1"#, "invalid", 0),
    (r#"{"minLength":-1}"#, r#"1"#, "invalid", 0),
    (r#"{"pattern":"("}"#, r#"1"#, "invalid", 0),
    (r#"{"properties":{"a":5}}"#, r#"1"#, "invalid", 0),
    (r##"{"$ref":"#/definitions/none"}"##, r#"1"#, "invalid", 0),
    (r#"{"multipleOf":0}"#, r#"1"#, "invalid", 0),
    (r#"{"anyOf":[]}"#, r#"1"#, "invalid", 0),
    (r#"{"items":5}"#, r#"1"#, "invalid", 0),
];

#[test]
fn lobster_schema_faults_are_ajvs() {
    for (schema, value, first, count) in CASES {
        let (root, value) = (read_json(schema).unwrap(), read_json(value).unwrap());
        let Ok(compiled) = Schema::compile(&root) else {
            assert_eq!(*first, "invalid", "{schema}");
            continue;
        };
        let told = |fault: Fault| format!("{} {}", fault.path, fault.message);
        let found = compiled.first_fault(&value).map(told).unwrap_or_default();
        assert_eq!(found, *first, "{schema} {value:?}");
        assert_eq!(compiled.faults(&value).len(), *count, "{schema} {value:?}");
    }
}

#[test]
fn lobster_schema_circles_end() {
    for schema in [r##"{"$ref":"#"}"##, r##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##] {
        let root = read_json(schema).unwrap();
        let fault = Schema::compile(&root).unwrap().first_fault(&true.into()).unwrap();
        assert_eq!(fault.message, "must not need that many schemas");
        assert_eq!(fault.place(), "/");
    }
}
