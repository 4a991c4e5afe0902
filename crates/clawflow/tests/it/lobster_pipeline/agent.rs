//! What Lobster 2026.9.13 asks of `openclaw`, and makes of its answers.

use super::Case;

/// Stands for `openclaw`: it says with what it was started, or fails.
pub(super) const OPENCLAW: &str = r#"#!/bin/sh
case "$*" in
*fail*) echo '{"half":1}'; echo ' no such agent ' >&2; exit 3 ;;
*quiet*) exit 4 ;;
*words*) echo hello ;;
*list*) echo '[1]' ;;
*) printf '{"argv":['; for word in "$@"; do printf '%s' "$word" | tr '\n' '~' | sed 's/"/\\"/g; s/.*/"&",/'; done; printf '"end"]}\n' ;;
esac
"#;

pub(super) const CASES: &[Case] = &[
    Case(
        "openclaw.agent",
        "error openclaw.agent requires --prompt, --message, or positional text",
        "",
    ),
    Case(
        "openclaw.agent --prompt x",
        "error openclaw.agent requires --agent, --session-key, or --session-id",
        "",
    ),
    Case(
        "openclaw.agent --message x --model m",
        "error openclaw.agent requires --agent, --session-key, or --session-id",
        "",
    ),
    Case(
        "openclaw.agent --agent ops --prompt 'Sum up'",
        r#"ok [{"argv":["agent","--json","--message","Sum up","--agent","ops","end"]}]"#,
        "",
    ),
    Case(
        "openclaw.agent --agent ops Sum up",
        r#"ok [{"argv":["agent","--json","--message","Sum up","--agent","ops","end"]}]"#,
        "",
    ),
    Case(
        "openclaw.agent --agent ops --prompt '' other text",
        r#"ok [{"argv":["agent","--json","--message","other text","--agent","ops","end"]}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[1,{"a":"b"}]' | openclaw.agent --agent ops --prompt Review"#,
        r#"ok [{"argv":["agent","--json","--message","Review~~Pipeline input (JSONL):~1~{\"a\":\"b\"}","--agent","ops","end"]}]"#,
        "",
    ),
    Case(
        "openclaw.agent --session-key k --sessionId i --thinking high --model m --timeout 30 --message hi --local",
        r#"ok [{"argv":["agent","--json","--message","hi","--model","m","--session-key","k","--session-id","i","--thinking","high","--timeout","30","--local","end"]}]"#,
        "",
    ),
    Case(
        "openclaw.agent --session-id i --sessionKey k --timeout= --local=true hi",
        r#"ok [{"argv":["agent","--json","--message","hi","--session-key","k","--session-id","i","--timeout","0","end"]}]"#,
        "",
    ),
    Case(
        "openclaw.agent --agent a --timeout 1.5 hi",
        "error openclaw.agent --timeout must be a non-negative integer in seconds",
        "",
    ),
    Case(
        "openclaw.agent --agent a --timeout -1 hi",
        "error openclaw.agent --timeout must be a non-negative integer in seconds",
        "",
    ),
    Case(
        "openclaw.agent --agent a --timeout soon hi",
        "error openclaw.agent --timeout must be a non-negative integer in seconds",
        "",
    ),
    Case("openclaw.agent --agent a fail", "error openclaw.agent failed: no such agent", ""),
    Case("openclaw.agent --agent a quiet", "error openclaw.agent failed: exited with code 4", ""),
    Case(
        "openclaw.agent --agent a words",
        "error openclaw.agent expected JSON output from `openclaw agent --json`",
        "",
    ),
    Case(
        "openclaw.agent --agent a list",
        "error openclaw.agent expected JSON output from `openclaw agent --json`",
        "",
    ),
];
