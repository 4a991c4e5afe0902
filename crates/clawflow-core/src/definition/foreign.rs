//! Keys of other tools that people write by habit, and what they are called here.

/// Some keys, and what to write instead.
type Words = (&'static [&'static str], &'static str);

/// Of a step or the file.
const KEYS: [Words; 3] = [
    (
        &["inputs", "params", "parameters", "variables", "vars", "arguments"],
        "arguments of the flow are `args`; a step is given values by `argv`, `env` or `stdin`",
    ),
    (&["environment"], "write `env`"),
    (&["working_dir", "working-directory", "workdir", "dir", "folder"], "write `cwd`"),
];

/// Of the file.
const FLOW_KEYS: [Words; 1] = [(&["jobs", "tasks", "stages", "nodes"], "write `steps`")];

/// Of a step.
const STEP_KEYS: [Words; 13] = [
    (&["name", "step", "label", "title"], "a step is called by its `id`"),
    (
        &["exec", "shell", "cmd", "script", "bash", "sh"],
        "write `run: LINE` for a shell, or `argv: [PROGRAM, …]` without one",
    ),
    (&["approve", "confirm", "gate", "manual"], "write `approval: QUESTION`"),
    (
        &["type", "kind", "action", "uses", "tool"],
        "what a step does is said by its key: `run`, `argv`, `approval`, `for_each`, …",
    ),
    (
        &["prompt", "question", "ask"],
        "write `approval: QUESTION`, or `input` for a structured answer",
    ),
    (
        &["depends_on", "dependsOn", "depends", "after", "requires", "dependencies"],
        "write `needs: [OTHER-STEP]`",
    ),
    (&["if", "only_if", "unless", "only"], "write `when: CONDITION`"),
    (
        &["foreach", "forEach", "each", "loop", "with_items", "matrix", "map"],
        "write `for_each: $list.json`, and `steps` beside it",
    ),
    (&["retries", "attempts", "max_attempts", "tries"], "write `retry: { max: 3 }`"),
    (&["args"], "a step is given values by `argv`, `env` or `stdin`"),
    (
        &["continue_on_error", "continue-on-error", "allow_failure", "ignore_errors"],
        "write `on_error: continue`",
    ),
    (&["on_failure", "catch", "rescue"], "write `on_error: { fallback: OTHER-STEP }`"),
    (&["wait", "delay"], "write `sleep: 30s`, or `wait_for` for an event"),
];

/// What to write instead of a key in a step or the file.
pub(crate) fn hint(key: &str, place: &str) -> Option<&'static str> {
    let own: &[Words] = match place {
        "the file" => &FLOW_KEYS,
        place if place.starts_with("step ") => &STEP_KEYS,
        _ => return None,
    };
    let found = KEYS.iter().chain(own).find(|(keys, _)| keys.contains(&key));
    found.map(|(_, hint)| *hint)
}
