//! `approve`: goes on after somebody's yes.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::halt::Request;
use crate::lobster::value::{Value, pretty};

const PREVIEWED: f64 = 5.0;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "approve",
    about: "Halt until somebody approves the items",
    flags: &[
        ("prompt", "string", "the question"),
        ("emit", "boolean", "halt even at a terminal"),
        ("preview-from-stdin", "boolean", "show the first items with the question"),
        ("limit", "number", "how many items are shown"),
    ],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let prompt = args.flag("prompt").map_or_else(|| "Approve?".into(), Value::from);
    let previews = args.any(&["previewFromStdin", "preview-from-stdin"]);
    let limit = args.any(&["limit", "previewLimit", "preview-limit"]).map(Flag::number);
    let limit = limit.filter(|limit| limit.is_finite()).unwrap_or(PREVIEWED);
    let items = collect(items)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
    let shown = &items[..items.len().min(limit.max(0.0) as usize)];
    let preview = previews.is_some_and(Flag::is_truthy).then(|| preview(shown));
    // An empty text counts as none.
    let preview = preview.filter(|preview| !preview.is_empty());
    Ok(Staged::Halt(Request::Approval { prompt, items, preview }))
}

fn preview(items: &[Value]) -> String {
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_text).collect();
    match texts {
        Some(texts) => texts.join("\n"),
        None => pretty(&items.to_vec().into()).unwrap_or_default(),
    }
}
