//! The examples of the manual are files that can be read.

use super::super::lint;
use super::*;

const MANUAL: &str = include_str!("../../../../../docs/flow-file.md");

#[test]
fn every_whole_flow_of_the_manual_is_valid() {
    let mut flows = 0;
    for (at, block) in MANUAL.split("```yaml\n").enumerate().skip(1) {
        let text = block.split("\n```").next().unwrap_or("");
        let whole = text.lines().any(|line| line.starts_with("steps:"));
        if !whole {
            continue;
        }
        flows += 1;
        let flow = parse(text).unwrap_or_else(|error| panic!("example {at}:\n{text}\n{error}"));
        let warned = text.contains("# lint:");
        assert_eq!(!lint(&flow).is_empty(), warned, "example {at}:\n{text}\n{:?}", lint(&flow));
    }
    assert!(flows >= 10, "only {flows} examples were found");
}

#[test]
fn every_key_is_in_the_manual() {
    let keys = super::super::keys::FLOW.iter().chain(&super::super::keys::STEP);
    for key in keys.chain(&super::super::keys::APPROVAL).chain(&super::super::keys::RETRY) {
        assert!(MANUAL.contains(&format!("`{key}`")), "`{key}` is not in docs/flow-file.md");
    }
}
