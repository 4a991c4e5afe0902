//! Each rule on a bad sample and on a good one.

use super::code::Code;
use super::docs;
use super::names;
use super::rust;
use super::tree::{File, Tree};

fn lines(findings: impl IntoIterator<Item = super::Finding>) -> Vec<usize> {
    findings.into_iter().map(|finding| finding.line).collect()
}

fn rust_file(text: &str) -> (File, Code) {
    let file = File::new("crates/clawflow-core/src/sample.rs", text);
    let code = Code::of(&file);
    (file, code)
}

#[test]
fn a_file_may_have_700_lines() {
    assert_eq!(rust::file_length(&rust_file(&"\n".repeat(700)).0), None);
    assert!(rust::file_length(&rust_file(&"\n".repeat(701)).0).is_some());
}

#[test]
fn a_function_may_have_70_lines() {
    let of = |inner: usize| {
        format!("impl X {{\n fn f(a: [u8; 3]) -> u8 {{\n{} }}\n}}\n", "x;\n".repeat(inner))
    };
    let (file, code) = rust_file(&of(68));
    assert!(rust::function_length(&file, &code).is_empty());
    let (file, code) = rust_file(&of(69));
    assert_eq!(lines(rust::function_length(&file, &code)), [2]);
}

#[test]
fn braces_in_texts_comments_and_characters_do_not_count() {
    let odd = r##"fn f<'a>(x: &'a str) { let _ = ("{", r#"{""#, b'{', '{', '\'', '\u{7b}', b"{"); /* { /* { */ */ }"##;
    let text = format!("{odd} // {{\nfn g() {{\n{}}}\n", "x;\n".repeat(80));
    let (file, code) = rust_file(&text);
    assert_eq!(lines(rust::function_length(&file, &code)), [2]);
}

#[test]
fn a_line_may_have_100_characters_and_more_only_as_a_text_in_tests() {
    let long = format!("let x = \"{}\";\n", "é".repeat(100));
    let (file, code) = rust_file(&format!("{}\n{long}", "é".repeat(100)));
    assert_eq!(lines(rust::line_width(&file, &code)), [2]);
    let (file, code) = rust_file(&format!("#[cfg(test)]\nmod tests {{\n{long}}}\n"));
    assert!(rust::line_width(&file, &code).is_empty());
    let (file, code) = rust_file(&format!("#[cfg(test)]\nmod tests {{\n{}\n}}\n", "a".repeat(101)));
    assert_eq!(lines(rust::line_width(&file, &code)), [3]);
}

#[test]
fn nothing_unfinished_and_no_printing_in_libraries() {
    let text =
        "todo!();\ndbg!(x);\nprintln!();\neprintln!();\nmy_println!();\n// todo!()\n\"dbg!\";\n";
    let (file, code) = rust_file(text);
    assert_eq!(lines(rust::macros(&file, &code)), [1, 2, 3, 4]);
    let binary = File::new("crates/clawflow/src/sample.rs", text);
    assert_eq!(lines(rust::macros(&binary, &code)), [1, 2]);
}

#[test]
fn a_panic_needs_its_invariant_nearby() {
    let text = "a.unwrap();\n\n\n// invariant: never empty.\n\nb.expect(\"\");\nc.unwrap();\n\
                d.unwrap_or(1);\n#[cfg(test)]\nmod tests {\n e.unwrap();\n}\n";
    let (file, code) = rust_file(text);
    assert_eq!(lines(rust::unwraps(&file, &code)), [1, 7]);
}

#[test]
fn expect_instead_of_allow() {
    let (file, code) =
        rust_file("#[allow(dead_code)]\n#![allow(x)]\n#[expect(x)]\n// #[allow(x)]\n");
    assert_eq!(lines(rust::allows(&file, &code)), [1, 2]);
}

#[test]
fn the_core_is_pure() {
    let text = "use tokio::x;\nstd::fs::read();\nSystemTime::now();\n// std::net\nuse std::fmt;\n\
                std::process::exit(1);\nstd::net::x();\n";
    let (file, code) = rust_file(text);
    assert_eq!(lines(rust::purity(&file, &code)), [1, 2, 3, 6, 7]);
    let engine = File::new("crates/clawflow-engine/src/sample.rs", text);
    assert!(rust::purity(&engine, &code).is_empty());
}

#[test]
fn machine_paths_and_notes_are_found() {
    let bad =
        format!("cd {}x\nhttps://example.org/ro{}\n$HOME{}\n", "/ro\u{6f}t/", "ot/", "/wo\u{72}k/");
    let file = File::new("docs/sample.md", &bad);
    assert_eq!(lines(names::machine_paths(&file)), [1]);
    let notes = format!("// {}: later\nmktemp XX{}\nTODOS\n", concat!("TO", "DO"), "XX");
    let file = File::new("docs/sample.md", &notes);
    assert_eq!(lines(names::notes_to_self(&file)), [1]);
}

#[test]
fn dead_statements_and_forgotten_tests_are_found() {
    let tree = Tree::of(&[
        ("crates/clawflow-store/src/sql/flow_get.sql", ""),
        ("crates/clawflow-store/src/sql/flow.sql", ""),
        ("crates/clawflow-store/src/all.rs", "statements!(flow_get)"),
        ("crates/clawflow-store/tests/it/main.rs", "mod a;\npub(crate) mod c;\n"),
        ("crates/clawflow-store/tests/it/a.rs", ""),
        ("crates/clawflow-store/tests/it/b.rs", ""),
        ("crates/clawflow-store/tests/it/c.rs", ""),
    ]);
    let dead: Vec<String> = names::unused_sql(&tree).into_iter().map(|f| f.path).collect();
    assert_eq!(dead, ["crates/clawflow-store/src/sql/flow.sql"]);
    let lost: Vec<String> = names::forgotten_tests(&tree).into_iter().map(|f| f.path).collect();
    assert_eq!(lost, ["crates/clawflow-store/tests/it/b.rs"]);
}

#[test]
fn broken_links_and_unexplained_codes_are_found() {
    let page = "[a](b.md) [c](../README.md#top) [d](#here) [e](https://example.org/x)\n\
                [f](gone.md)\n```\n[g](gone.md)\n```\n| `known` | x |\n";
    let tree = Tree::of(&[("docs/errors.md", page), ("docs/b.md", ""), ("README.md", "")]);
    assert_eq!(lines(docs::links(&tree.files[0], &tree)), [2]);
    let missing = docs::error_codes(&tree, &["known", "unknown"]);
    assert_eq!(missing.len(), 1);
    assert!(missing[0].what.contains("`unknown`"));
    assert_eq!(docs::error_codes(&Tree::of(&[]), &["known"]).len(), 1);
}
