//! `openclaw.agent`: a turn of an agent, by the program `openclaw` of its user.

use super::process::{Program, complete};
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::limits::AGENT_OUTPUT_BYTES;
use crate::lobster::value::{Value, compact, number_text, read_json, trim};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "openclaw.agent",
    about: "Have a configured OpenClaw agent do something",
    flags: &[
        ("agent", "string", "id of the agent"),
        ("prompt", "string", "what it is told; the items are added as JSONL"),
        ("message", "string", "the same"),
        ("model", "string", "its model for this turn"),
        ("sessionKey", "string", "key of the session that goes on"),
        ("session-key", "string", "the same"),
        ("sessionId", "string", "id of the session that goes on"),
        ("session-id", "string", "the same"),
        ("thinking", "string", "how much it thinks"),
        ("timeout", "number", "seconds that it may take"),
        ("local", "boolean", "run it without a gateway of OpenClaw"),
    ],
    required: &[],
    effects: &["calls_openclaw_agent"],
    run,
};

/// Names the program, where it is not `openclaw`.
const PROGRAM: &str = "LOBSTER_OPENCLAW_BIN";

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let fail = |what: &str| Err(Failure::new(format!("openclaw.agent {what}")));
    let prompt = args
        .filled(&["prompt", "message"])
        .unwrap_or_else(|| trim(&args.words.join(" ")).to_owned());
    if prompt.is_empty() {
        return fail("requires --prompt, --message, or positional text");
    }
    let who = [
        ("--agent", args.filled(&["agent"])),
        ("--model", args.filled(&["model"])),
        ("--session-key", args.filled(&["sessionKey", "session-key"])),
        ("--session-id", args.filled(&["sessionId", "session-id"])),
        ("--thinking", args.filled(&["thinking"])),
    ];
    let is_known = |(name, value): &(&str, Option<String>)| {
        value.is_some() && matches!(*name, "--agent" | "--session-key" | "--session-id")
    };
    if !who.iter().any(is_known) {
        return fail("requires --agent, --session-key, or --session-id");
    }
    let program = ctx.env.trimmed(PROGRAM).unwrap_or_else(|| "openclaw".to_owned());
    let message = with_items(prompt, &collect(items)?);
    let mut words = vec![program, "agent".to_owned(), "--json".to_owned()];
    words.extend(["--message".to_owned(), message]);
    for (name, value) in who {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    if let Some(timeout) = args.flag("timeout").map(Flag::number) {
        if timeout.trunc() != timeout || timeout < 0.0 || !timeout.is_finite() {
            return fail("--timeout must be a non-negative integer in seconds");
        }
        words.extend(["--timeout".to_owned(), number_text(timeout)]);
    }
    if args.flag("local") == Some(&Flag::On(true)) {
        words.push("--local".to_owned());
    }
    turn(&words, ctx).map(|answer| Staged::ready(vec![answer]))
}

/// Runs the program; its answer.
fn turn(words: &[String], ctx: &mut Ctx<'_>) -> Result<Value, Failure> {
    let missing = "openclaw.agent could not find the OpenClaw CLI";
    let over = format!("openclaw.agent output exceeded {AGENT_OUTPUT_BYTES} bytes");
    let program =
        Program::called(words, "openclaw.agent", missing).at_most(AGENT_OUTPUT_BYTES, over);
    // Whatever happens now, the agent may have acted.
    ctx.dispatched = true;
    let done = complete(&program, None, ctx)?;
    if !done.status.success() {
        let said = [&done.stderr, &done.stdout].into_iter().find(|said| !said.is_empty());
        let said = said.cloned().unwrap_or_else(|| format!("exited with code {}", done.code()));
        return Err(Failure::new(format!("openclaw.agent failed: {}", trim(&said))));
    }
    let answer = read_json(trim(&done.stdout)).ok().filter(|answer| answer.as_object().is_some());
    let unclear = "openclaw.agent expected JSON output from `openclaw agent --json`";
    answer.ok_or_else(|| Failure::new(unclear))
}

fn with_items(prompt: String, items: &[Value]) -> String {
    if items.is_empty() {
        return prompt;
    }
    let lines: Vec<_> = items.iter().map(|item| compact(item).unwrap_or_default()).collect();
    format!("{prompt}\n\nPipeline input (JSONL):\n{}", lines.join("\n"))
}
