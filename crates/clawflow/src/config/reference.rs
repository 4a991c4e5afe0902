//! The documentation's table of settings, from the table in the code.

use std::fmt::Write;

use super::table::SETTINGS;

/// The table in `docs/configuration.md`, as Markdown.
pub(super) fn markdown() -> String {
    let mut text = String::from(
        "| setting | environment | value | default | meaning |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let (name, env) = (setting.name(), setting.env_name());
        let (expected, default) = (setting.kind.expected(), setting.default.describe());
        let doc = setting.doc;
        let _ = writeln!(text, "| `{name}` | `{env}` | {expected} | {default} | {doc} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::env_names::{CALLER_VARIABLES, STEP_VARIABLES};
    use super::super::file;
    use super::*;

    const BEGIN: &str = "<!-- settings: begin, compared with the code by a test -->\n";
    const END: &str = "<!-- settings: end -->";

    fn page() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_documented_table_is_that_of_the_code() {
        let page = page();
        let (_, after) = page.split_once(BEGIN).unwrap();
        let (table, _) = after.split_once(END).unwrap();
        assert_eq!(table, markdown(), "docs/configuration.md should have:\n{}", markdown());
    }

    #[test]
    fn the_documented_example_is_a_good_file() {
        let page = page();
        let (_, after) = page.split_once("```toml\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let found = file::parse(Path::new("example"), example);
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        assert!(!found.values.is_empty() && !found.queues.is_empty());
    }

    #[test]
    fn the_variables_of_steps_are_documented() {
        let page = page();
        for name in STEP_VARIABLES.into_iter().chain(CALLER_VARIABLES) {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }
}
