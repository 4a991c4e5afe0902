//! Bounds of a workflow file. A file may come from an agent, so every size is limited.

/// Longest file read, in bytes. A definition is stored whole with each flow.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Keys and values after aliases are expanded: ten thousand steps of four keys each, and no more.
pub const NODES_MAX: usize = 100_000;
/// Bytes of scalar text after aliases are expanded, so that an aliased text cannot multiply.
pub const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Nested lists and mappings. Decoding recurses over values, so this also bounds the stack.
pub const DEPTH_MAX: usize = 64;
/// Steps in one flow, `finally` steps included.
pub const STEPS_MAX: usize = 10_000;
/// Items of one `for_each`.
pub const ITEMS_MAX: u64 = 10_000;
/// Errors reported for one file; later ones are mostly echoes of the first.
pub const ERRORS_MAX: usize = 20;
/// Longest condition, in bytes. Each reference in it may bring in a whole result.
pub const CONDITION_BYTES_MAX: usize = 16 * 1024;
/// Longest message of an error or remark, in characters; a key may be as long as the file.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// Remarks on one file.
pub const FINDINGS_MAX: usize = 200;
/// Longest text, and most text in one value, once references are filled in: as much as the
/// largest result of a step, 16 MiB.
pub const RENDERED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that the references of one condition may bring in together: two of the largest results
/// compared, twice. A longer look would hold up other flows.
pub const CONDITION_READS_MAX: usize = 4 * RENDERED_BYTES_MAX;
/// Nested parentheses and negations in a condition.
pub const CONDITION_DEPTH_MAX: usize = 64;
/// Longest id of a step, name of an argument or of an output, in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Largest `timeout` and `timeout_ms` of a step in milliseconds, as in Lobster (about 24 days).
pub const TIMEOUT_MS_MAX: u64 = 2_147_483_647;
/// Longest duration anywhere, in milliseconds: ten years of 365 days.
pub const DURATION_MS_MAX: u64 = 10 * 365 * 24 * 3_600_000;
/// Most attempts that `retry.max` may ask for.
pub const ATTEMPTS_MAX: u64 = 10_000;
/// Most corrections that an `llm` step may ask for: each is a whole answer that is paid for.
pub const CORRECTIONS_MAX: u64 = 5;
/// Most tokens that an answer may be allowed to have.
pub const TOKENS_MAX: u64 = 10_000_000;
/// Flows below each other, the first one included: each keeps its parent waiting.
pub const FLOW_DEPTH_MAX: usize = 16;
/// Workflow files that a file may name, directly or through others.
pub const FILES_MAX: usize = 256;
/// Bytes of them together: they are sent with the file and stored with the flow.
pub const FILES_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Steps that name a file, over all of them: two files may each name the next one twice.
pub const FLOW_VISITS_MAX: usize = 10_000;
/// Evaluations that the check of any value by a JSON Schema may take, and those that each value
/// inside of it adds: each may leave a mistake in memory, some hundred bytes.
pub const SCHEMA_EVALUATIONS: usize = 100_000;
/// See [`SCHEMA_EVALUATIONS`].
pub const SCHEMA_EVALUATIONS_OF_A_VALUE: usize = 32;
/// Names of schemas inside of a schema: each reference is compared with all of them.
pub const SCHEMA_NAMES_MAX: usize = 1000;
