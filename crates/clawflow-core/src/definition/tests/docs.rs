//! The examples of the manual are files that can be read.

use super::super::lint;
use super::*;

const MANUAL: &str = include_str!("../../../../../docs/flow-file.md");

/// The files of the manual: what stands between the fences of a block of YAML that has a name.
fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    MANUAL.split("\n```yaml").skip(1).filter_map(|block| {
        let (name, rest) = block.split_once('\n')?;
        Some((name.strip_prefix(' ')?, rest.split("\n```").next()?))
    })
}

#[test]
fn every_whole_flow_of_the_manual_is_valid() {
    let mut flows = 0;
    for (name, text) in files() {
        flows += 1;
        let dialect = Dialect::of_path(std::path::Path::new(name));
        let flow = parse_as(name, text.as_bytes(), dialect)
            .unwrap_or_else(|error| panic!("{text}\n{error}"));
        let warned = text.contains("# lint:");
        assert_eq!(!lint(&flow).is_empty(), warned, "{name}:\n{text}\n{:?}", lint(&flow));
    }
    assert!(flows >= 15, "only {flows} examples were found");
    let flow = |block: &str| block.lines().skip(1).any(|line| line.starts_with("steps:"));
    for block in MANUAL.split("\n```yaml").skip(1).map(|rest| rest.split("\n```").next().unwrap()) {
        assert!(block.starts_with(' ') || !flow(block), "a flow without a name:{block}");
    }
}

#[test]
fn every_key_is_in_the_manual() {
    let keys = super::super::keys::FLOW.iter().chain(&super::super::keys::STEP);
    for key in keys.chain(&super::super::keys::APPROVAL).chain(&super::super::keys::RETRY) {
        assert!(MANUAL.contains(&format!("`{key}`")), "`{key}` is not in docs/flow-file.md");
    }
}

#[test]
fn every_key_has_an_example_that_runs() {
    use super::super::keys;
    let words: Vec<&str> =
        files().flat_map(|(_, text)| text.split([' ', '{', ',', '\n'])).collect();
    let all = [
        &keys::FLOW[..],
        &keys::STEP,
        &keys::RETRY,
        &keys::APPROVAL,
        &keys::INPUT,
        &keys::WAIT_FOR,
        &keys::PARALLEL,
        &keys::COST_LIMIT,
        &keys::HTTP,
        &keys::SECRET,
        &keys::EXPECT,
        &keys::LLM,
        &keys::COMPENSATE,
        &keys::ARG,
    ];
    for key in all.into_iter().flatten() {
        // Lobster's second spellings need no example of their own.
        let other = key.contains(|c: char| c.is_ascii_uppercase());
        let shown = words.iter().any(|word| word.strip_suffix(':') == Some(key));
        assert!(
            shown || other,
            "no example of docs/flow-file.md uses `{key}`: add it to one, or a new one \
             (CONTRIBUTING.md, Examples of the manual)"
        );
    }
}
