//! The table of endpoints against itself and its documentation.

use clawflow_gateway::{Access, ENDPOINTS, EXTRAS, Endpoint, Extra, PROBES, Verb};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- endpoints: begin, compared with the code by a test -->\n";
const END: &str = "<!-- endpoints: end -->";

/// The documentation's table. Set `CLAWFLOW_WRITE_DOCS` to write it into the page.
fn table() -> String {
    let mut text = String::from("| call | request | fields | access | what it does |\n");
    text.push_str("|---|---|---|---|---|\n");
    for row in ENDPOINTS {
        let fields: Vec<String> = row
            .fields()
            .iter()
            .filter(|field| !row.path.contains(&format!("{{{field}}}")))
            .map(|field| format!("`{field}`"))
            .collect();
        let fields = fields.join(", ");
        let Endpoint { name, path, summary, .. } = row;
        let (verb, access) = (row.verb.word(), row.access.as_str());
        writeln!(text, "| `{name}` | `{verb} {path}` | {fields} | {access} | {summary} |").unwrap();
    }
    for Extra { name, path, fields, access, summary } in EXTRAS {
        let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let fields = fields.join(", ");
        writeln!(text, "| `{name}` | `GET {path}` | {fields} | {access} | {summary} |").unwrap();
    }
    for (path, summary) in PROBES {
        writeln!(text, "| | `GET {path}` | | | {summary} |").unwrap();
    }
    text
}

#[test]
fn the_page_has_every_endpoint() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("docs/http.md has no table");
    let (found, after) = rest.split_once(END).expect("the table has no end");
    if std::env::var_os("CLAWFLOW_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(found, table(), "run this test with CLAWFLOW_WRITE_DOCS=1");
}

#[test]
fn rows_are_unique_and_whole() {
    let names: BTreeSet<_> = ENDPOINTS.iter().map(|row| row.name).collect();
    let paths: BTreeSet<_> = ENDPOINTS.iter().map(|row| (row.verb, row.path)).collect();
    assert_eq!((names.len(), paths.len()), (ENDPOINTS.len(), ENDPOINTS.len()));
    for row in ENDPOINTS {
        assert!(row.summary.ends_with('.') && !row.summary.contains(['|', '\n']), "{}", row.name);
        assert!(row.path.starts_with("/v1/"), "{}", row.path);
        // Who may look at secrets' names is no mere reader.
        let looks = row.access != Access::Operate && (row.verb == Verb::Get);
        assert!(looks || (row.verb == Verb::Post && row.access != Access::Read), "{}", row.name);
        for part in row.path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let field = part.strip_suffix('}').unwrap();
            assert!(row.fields().contains(&field), "{} has no field {field}", row.name);
        }
    }
}

/// The engine's calls stand in one macro; each must have its row here.
#[test]
fn every_call_of_the_engine_has_a_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clawflow-engine/src/api/calls.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let calls: BTreeSet<&str> = source
        .lines()
        .filter(|line| line.contains(") -> "))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    let rows: BTreeSet<&str> =
        ENDPOINTS.iter().map(|row| row.name).filter(|name| !name.starts_with("gateway.")).collect();
    assert_eq!(calls, rows);
}

/// What a call does is said once for the engine and once for the wire: in the same words.
#[test]
fn the_words_are_the_engines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clawflow-engine/src/api/calls.rs");
    let source = std::fs::read_to_string(path).unwrap();
    for row in ENDPOINTS.iter().filter(|row| !row.name.starts_with("gateway.")) {
        let name = format!("\"{}\"", row.name);
        let before = source.split(&name).next().unwrap();
        let doc = before.lines().rev().find_map(|line| line.trim().strip_prefix("/// ")).unwrap();
        assert_eq!(doc, row.summary, "{}", row.name);
    }
}

#[test]
fn the_page_has_every_error_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
    let page = std::fs::read_to_string(path).unwrap();
    let part = page.split("<!-- errors: ").nth(1).unwrap();
    let mut listed = BTreeSet::new();
    for line in part.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').collect();
        let status: u16 = cells[2].trim().parse().unwrap();
        for code in cells[1].split(',').map(|word| word.trim().trim_matches('`')) {
            assert_eq!(clawflow_gateway::http_status(code), status, "{code}");
            listed.insert(code.to_owned());
        }
    }
    let own = [
        "ambiguous",
        "bad_request",
        "bad_file",
        "forbidden",
        "internal",
        "rate_limited",
        "store_full",
        "unauthorized",
        "unavailable",
    ];
    let core = clawflow_core::error::Code::ALL.iter().map(|code| code.as_str());
    let all: BTreeSet<String> = core.chain(own).map(str::to_owned).collect();
    assert_eq!(listed, all);
}
