//! Branches and child flows.

use serde_json::{Value, json};

use super::super::keys;
use super::object::{Make, at, with};
use super::values::{one_of, steps, text, timeout_ms};

/// `parallel`.
pub(super) fn parallel(make: Make) -> Value {
    let parallel = make.object(&keys::PARALLEL, &[], |_, key| {
        Some(match key {
            "wait" => (
                "`all` waits for every branch, `any` takes the first that succeeds or fails.",
                one_of(&["all", "any"]),
            ),
            "timeout" => ("The longest time of all branches together.", at("duration")),
            "timeout_ms" => ("The same in milliseconds.", timeout_ms()),
            "branches" => ("What runs side by side.", steps("branch")),
            _ => return None,
        })
    });
    let parallel = with(parallel, json!({ "required": ["branches"] }));
    make.not_both(parallel, &[("timeout", "timeout_ms")])
}

/// `flow`.
pub(super) fn child_flow(make: Make) -> Value {
    let flow = make.object(&keys::CHILD_FLOW, &[], |_, key| {
        Some(match key {
            "file" => ("The path of the file, relative to the folder of this one.", text()),
            "args" => ("Its arguments by name.", json!({ "type": "object" })),
            _ => return None,
        })
    });
    with(flow, json!({ "required": ["file"] }))
}
