//! The JSON Schema of the format takes what the reader takes, and has every key.
//!
//! Each file that any test of this module reads well is also checked against the schema, by
//! [`takes`].

use std::cell::OnceCell;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Map;

use super::super::{file_schema, keys, yaml};
use super::*;

/// The files in which editors find the schemas.
const FILES: [(&str, Dialect); 2] =
    [("flow.schema.json", Dialect::Strict), ("lobster.schema.json", Dialect::Lobster)];

/// Longer files only repeat themselves.
const CHECKED_BYTES_MAX: usize = 20_000;

/// What to do about a key that has no entry.
const ADVICE: &str = "give it a description and a type in definition/file_schema, then write the \
                    files with `CLAWFLOW_WRITE_DOCS=1 cargo nextest run -p clawflow-core \
                    file_schema`";

struct Compiled(Schemas, SchemaIndex);

impl Compiled {
    fn new(dialect: Dialect) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("s.json", file_schema(dialect)).unwrap();
        let index = compiler.compile("s.json", &mut schemas).unwrap();
        Self(schemas, index)
    }
}

/// Whether the schema takes a file.
pub(super) fn takes(bytes: &[u8], dialect: Dialect) -> Result<(), String> {
    thread_local! {
        static STRICT: OnceCell<Compiled> = const { OnceCell::new() };
        static LOBSTER: OnceCell<Compiled> = const { OnceCell::new() };
    }
    if bytes.len() > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let text = std::str::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}');
    let value = yaml::read(text).unwrap().unwrap().to_value();
    let cell = if dialect == Dialect::Strict { &STRICT } else { &LOBSTER };
    cell.with(|cell| {
        let Compiled(schemas, index) = cell.get_or_init(|| Compiled::new(dialect));
        schemas.validate(&value, *index).map_err(|error| format!("{error:#}\n{text}"))
    })
}

#[test]
fn the_files_for_editors_are_what_the_program_prints() {
    for (name, dialect) in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk").join(name);
        let made = serde_json::to_string_pretty(&file_schema(dialect)).unwrap() + "\n";
        if std::env::var_os("CLAWFLOW_WRITE_DOCS").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let file = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            file == made,
            "sdk/{name} is not what `clawflow flows schema` prints; write it with \
             `CLAWFLOW_WRITE_DOCS=1 cargo nextest run -p clawflow-core file_schema`"
        );
    }
}

/// The keys of a mapping of the schema, each of which must say what it is for.
fn described(schema: &Value, place: &str) -> Map<String, Value> {
    let at = |branch: &Value| branch.get("properties").and_then(Value::as_object).cloned();
    let inner = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let keys = at(schema).or_else(|| inner.filter_map(at).next());
    let keys = keys.unwrap_or_else(|| panic!("{place} has no keys"));
    for (key, property) in &keys {
        let refused = property == &json!(false);
        let says = property["description"].as_str().is_some_and(|says| says.len() > 3);
        assert!(refused || says, "the schema says nothing about `{key}` of {place}: {ADVICE}");
    }
    keys
}

#[test]
fn every_key_of_the_reader_is_in_the_schema() {
    // The name of a table in keys.rs, its keys, where the schema has them.
    let tables: [(&str, &[&str], &str); 19] = [
        ("FLOW", &keys::FLOW, ""),
        ("STEP", &keys::STEP, "step"),
        ("RETRY", &keys::RETRY, "retry"),
        ("APPROVAL", &keys::APPROVAL, "approval"),
        ("INPUT", &keys::INPUT, "input"),
        ("WAIT_FOR", &keys::WAIT_FOR, "waitFor"),
        ("COST_LIMIT", &keys::COST_LIMIT, "costLimit"),
        ("BUDGET", &keys::BUDGET, "budget"),
        ("HTTP", &keys::HTTP, "http"),
        ("SECRET", &keys::SECRET, "secret"),
        ("EXPECT", &keys::EXPECT, "expect"),
        ("LLM", &keys::LLM, "llm"),
        ("ACP", &keys::ACP, "acp"),
        ("MCP_SERVER", &keys::MCP_SERVER, "mcpServer"),
        ("CHILD_FLOW", &keys::CHILD_FLOW, "childFlow"),
        ("COMPENSATE", &keys::COMPENSATE, "compensate"),
        ("PARALLEL", &keys::PARALLEL, "parallel"),
        ("QUEUE", &keys::QUEUE, "queue"),
        ("ARG", &keys::ARG, "arg"),
    ];
    // Those that only say where a key may stand.
    let others = [
        "FLOW_LATER",
        "STEP_LATER",
        "NOT_IN_FINALLY",
        "OF_PROCESS",
        "NOT_OF_CHILD",
        "INITIATED_BY",
        "REQUIRED_APPROVER",
        "DIFFERENT_APPROVER",
        "OF_LOOP",
        "STARTS",
        "NOT_INSIDE",
        "NOT_INSIDE_LOBSTER",
    ];
    for dialect in [Dialect::Strict, Dialect::Lobster] {
        let schema = file_schema(dialect);
        for (table, words, place) in tables {
            let part = if place.is_empty() { &schema } else { &schema["definitions"][place] };
            let has = described(part, if place.is_empty() { "the file" } else { place });
            for key in words {
                assert!(has.contains_key(*key), "`{key}` of keys::{table} is missing: {ADVICE}");
            }
        }
    }
    for line in include_str!("../keys.rs").lines() {
        let Some(name) = line.strip_prefix("pub(crate) const ") else { continue };
        let name = name.split(':').next().unwrap();
        let known = others.contains(&name) || tables.iter().any(|(table, ..)| *table == name);
        assert!(
            known,
            "nobody has told this test of keys::{name}; for keys of a mapping, {ADVICE}"
        );
    }
}

#[test]
fn the_schema_takes_the_flows_of_the_project() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let flows: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("flow.yaml"))
        .filter(|path| path.is_file())
        .collect();
    assert!(flows.len() >= 2, "{flows:?}");
    for path in flows {
        let bytes = std::fs::read(&path).unwrap();
        // Mirrored files have a schema and a test of their own.
        if !bytes.windows(14).any(|text| text == b"mode: mirrored") {
            parse_as("flow.yaml", &bytes, Dialect::Strict).unwrap();
        }
    }
}

/// Files that the reader refuses for what is said in one place of them; the schema does, too.
const WRONG: [&str; 72] = [
    "name: x",
    "steps: []",
    "steps: {}",
    "steps: [3]",
    "steps: [{ run: x }]",
    "steps: [{ id: a b, run: x }]",
    "steps: [{ id: a }]",
    "steps: [{ id: a, run: 3 }]",
    "steps: [{ id: a, rnu: x }]",
    "steps: [{ id: a, run: x, argv: [x] }]",
    "steps: [{ id: a, run: x, command: x }]",
    "steps: [{ id: a, argv: [] }]",
    "steps: [{ id: a, argv: x }]",
    "steps: [{ id: a, argv: [[x]] }]",
    "steps: [{ id: a, sleep: 3 }]",
    "steps: [{ id: a, sleep: 3x }]",
    "steps: [{ id: a, sleep: 1m1h }]",
    "steps: [{ id: a, sleep: {} }]",
    "steps: [{ id: a, run: x, when: 3 }]",
    "steps: [{ id: a, run: x, needs: b }]",
    "steps: [{ id: a, run: x, retry: 3 }]",
    "steps: [{ id: a, run: x, retry: { max: 0 } }]",
    "steps: [{ id: a, run: x, retry: { times: 3 } }]",
    "steps: [{ id: a, run: x, retry: { backoff: linear } }]",
    "steps: [{ id: a, run: x, retry: { delay: 1s, delay_ms: 1 } }]",
    "steps: [{ id: a, run: x, retry: { retry_on: 256 } }]",
    "steps: [{ id: a, run: x, retry: { retry_on: [] } }]",
    "steps: [{ id: a, run: x, timeout: 5 }]",
    "steps: [{ id: a, run: x, timeout_ms: 5s }]",
    "steps: [{ id: a, run: x, timeout_ms: 0 }]",
    "steps: [{ id: a, run: x, timeout: 5s, timeout_ms: 5 }]",
    "steps: [{ id: a, run: x, on_error: ignore }]",
    "steps: [{ id: a, run: x, on_error: {} }]",
    "steps: [{ id: a, run: x, on_lost: stop }]",
    "steps: [{ id: a, run: x, idempotent: 'yes' }]",
    "steps: [{ id: a, run: x, env: [] }]",
    "steps: [{ id: a, run: x, env: { A: [] } }]",
    "steps: [{ id: a, run: x, env: { 'A=B': c } }]",
    "steps: [{ id: a, run: x, concurrency: 3 }]",
    "steps: [{ id: a, approval: 3 }]",
    "steps: [{ id: a, approval: { propmt: x } }]",
    "steps: [{ id: a, approval: { on_timeout: fail } }]",
    "steps: [{ id: a, approval: { approvers: [] } }]",
    "steps: [{ id: a, approval: { on_deny: fail } }]",
    "steps: [{ id: a, approval: { initiated_by: x, initiatedBy: y } }]",
    "steps: [{ id: a, input: { prompt: x } }]",
    "steps: [{ id: a, input: { prompt: x, schema: {}, responseSchema: {} } }]",
    "steps: [{ id: a, input: { prompt: x, schema: {} }, retry: { max: 2 } }]",
    "steps: [{ id: a, wait_for: { key: x } }]",
    "steps: [{ id: a, wait_for: x }]",
    "cost_limit: 3\nsteps: [{ id: a, run: x }]",
    "cost_limit: {}\nsteps: [{ id: a, run: x }]",
    "cost_limit: { max_usd: -1 }\nsteps: [{ id: a, run: x }]",
    "cost_limit: { max_usd: 1, action: fail }\nsteps: [{ id: a, run: x }]",
    "steps: [{ id: a, http: {} }]",
    "steps: [{ id: a, http: { url: 'http://a', method: FETCH } }]",
    "steps: [{ id: a, http: { url: 'http://a', headers: { X: {} } } }]",
    "steps: [{ id: a, http: { url: 'http://a', headers: { X: { env: A, file: b } } } }]",
    "steps: [{ id: a, http: { url: 'http://a', expect: { status: 3xy } } }]",
    "steps: [{ id: a, http: { url: 'http://a', expect: { status: [] } } }]",
    "steps: [{ id: a, http: { url: 'http://a' }, stdin: x }]",
    "steps: [{ id: a, llm: { endpoint: x } }]",
    "steps: [{ id: a, llm: { endpoint: x, prompt: y, temperature: 3 } }]",
    "steps: [{ id: a, llm: { endpoint: x, prompt: y, corrections: 1 } }]",
    "steps: [{ id: a, llm: { endpoint: x, prompt: y, schema: {}, corrections: 6 } }]",
    "steps: [{ id: a, for_each: [1] }]",
    "steps: [{ id: a, for_each: [1], steps: [{ id: b, run: x, needs: [] }] }]",
    "steps: [{ id: a, for_each: [1], steps: [{ id: b, run: x, on_error: skip_rest }] }]",
    "steps: [{ id: a, parallel: { branches: [] } }]",
    "steps: [{ id: a, parallel: { branches: [{ id: b, run: x }], wait: one } }]",
    "steps: [{ id: a, run: x, compensate: {} }]",
    "steps: [{ id: a, run: x }]\nfinally: [{ id: b, run: x, retry: { max: 2 } }]",
];

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    for text in WRONG {
        assert!(parse(text).is_err(), "the reader takes {text}");
        assert!(takes(text.as_bytes(), Dialect::Strict).is_err(), "the schema takes {text}");
    }
}

#[test]
fn the_schema_of_lobster_takes_what_lobster_takes() {
    for text in [
        "steps: [{ id: a b, run: x, unknown: 3, argv: ~ }]",
        "args: { a: 5, b: ~ }\nenv: { N: 3 }\nsteps: [{ id: a, run: x, command: y }]",
        "steps: [{ id: a, run: '' }]",
    ] {
        parse_lobster(text).unwrap();
    }
    for text in [
        "steps: [{ id: a }]",
        "steps: [{ id: a, stdin: 5 }]",
        "steps: [{ id: a, for_each: $b.json, steps: [{ id: b, run: x, approval: true }] }]",
    ] {
        assert!(parse_lobster(text).is_err(), "the reader takes {text}");
        assert!(takes(text.as_bytes(), Dialect::Lobster).is_err(), "the schema takes {text}");
    }
}
