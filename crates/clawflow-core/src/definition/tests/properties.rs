//! No text, however strange, makes the reader panic.

use proptest::prelude::*;

use super::super::{Condition, GraphFormat, lint, render_graph};
use super::*;

fn whole_life(bytes: &[u8]) {
    for dialect in [Dialect::Strict, Dialect::Lobster] {
        match Definition::parse("p", bytes, dialect) {
            Err(errors) => {
                assert!(!errors.is_empty() && errors.len() <= 20);
                errors.iter().for_each(|error| assert!(error.line >= 1 && error.column >= 1));
            }
            Ok(flow) => {
                let run = Run::default().printed("a", "{\"n\": [1]}");
                let _ = lint(&flow);
                for step in &flow.steps {
                    let _ = step.when.as_ref().map(|when| when.eval(&run));
                    let _ = step.stdin.as_ref().map(|stdin| stdin.resolve(&run));
                    step.each_template(&mut |template| drop(template.render(&run)));
                }
                for format in [GraphFormat::Mermaid, GraphFormat::Dot, GraphFormat::Ascii] {
                    assert!(!render_graph(&flow, None, format).is_empty());
                }
            }
        }
    }
}

/// Words of the language in any order come much further than random characters.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "steps:",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "id:",
        " a",
        " b",
        "run:",
        "argv:",
        "[",
        "]",
        "{",
        "}",
        ",",
        "needs:",
        "when:",
        "$a.json",
        "${x}",
        "&x",
        "*x",
        "<<:",
        "\"",
        "'",
        "|",
        ">",
        ":",
        "#",
        "approval:",
        "finally:",
        "args:",
        "stdin:",
        "on_error:",
        "fallback:",
        "true",
        "1",
        "é",
        "\t",
        "\u{feff}",
        "---",
        "!!str",
        "sleep:",
        "3s",
        "retry:",
        "env:",
        "cwd:",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

fn condition_words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "$a.json",
        "$a.json.n.0",
        "$b.x",
        "(",
        ")",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        "1",
        "-2.5",
        "\"s\"",
        "'",
        "\\",
        "true",
        "null",
        "word",
        " ",
        "é",
        "$",
        "${x}",
        ".",
    ]);
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        whole_life(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        whole_life(&bytes);
    }

    #[test]
    fn any_words_are_read_or_refused(text in words()) {
        whole_life(text.as_bytes());
        whole_life(format!("steps:\n  - id: a\n    run: x\n    {text}\n").as_bytes());
    }

    #[test]
    fn any_template_renders(text in "[$a-z.{}\\n é]*") {
        let line = json!(text);
        whole_life(format!("steps:\n  - {{ id: a, run: {line} }}\n").as_bytes());
        let second = format!("  - {{ id: b, stdin: {line} }}\n");
        whole_life(format!("steps:\n  - {{ id: a, run: x }}\n{second}").as_bytes());
    }

    #[test]
    fn any_condition_is_decided_or_refused(text in prop_oneof!["\\PC*", condition_words()]) {
        let run = Run::default().printed("a", "{\"n\": [1]}");
        for strict in [true, false] {
            match Condition::parse(&text, strict) {
                Ok(condition) => drop(condition.eval(&run)),
                Err(error) => prop_assert!(error.offset <= text.len()),
            }
        }
    }
}
