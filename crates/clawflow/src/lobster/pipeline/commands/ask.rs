//! `ask`: goes on with what somebody answers.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::{Asking, Ctx};
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::halt::Request;
use crate::lobster::pipeline::limits::SUBJECT_UNITS;
use crate::lobster::schema::Schema;
use crate::lobster::value::{Value, compact, first_units, read_json};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "ask",
    about: "Halt until somebody answers with a value",
    flags: &[
        ("prompt", "string", "the question"),
        ("schema", "string", "JSON Schema of the answer"),
        ("subject-from-stdin", "boolean", "show the items with the question"),
        ("emit", "boolean", "halt even at a terminal"),
    ],
    required: &[],
    effects: &[],
    run,
};

/// What is answered where no schema says otherwise.
const DECISION: &str = r#"{
    "type": "object",
    "properties": {
        "decision": {"type": "string", "enum": ["approve", "reject", "redraft"]},
        "feedback": {"type": "string", "description": "Feedback for redraft"}
    },
    "required": ["decision"]
}"#;

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let prompt = args.text("prompt").unwrap_or("Input required").to_owned();
    let about_items = args.any(&["subject-from-stdin", "subjectFromStdin"]);
    let schema = schema(args)?;
    Schema::compile(&schema).map_err(|_| Failure::new("ask response schema is invalid"))?;
    let items = collect(items)?;
    let shows = about_items.is_some_and(Flag::is_truthy) && !items.is_empty();
    let subject = shows.then(|| Value::from([("text", subject(&items))]));
    if !args.is_on("emit") {
        refuse(ctx, &prompt)?;
    }
    Ok(Staged::Halt(Request::Input { prompt, schema, subject }))
}

/// Whether the question can be asked at all.
fn refuse(ctx: &Ctx<'_>, prompt: &str) -> Result<(), Failure> {
    let why = match ctx.asking {
        Asking::Refused => "requestInput is not supported in this pipeline context",
        Asking::Halts if prompt.is_empty() => "requestInput prompt is required",
        // The answer may come days later, from another process.
        Asking::Halts if ctx.has_output() => {
            "requestInput cannot suspend after this command has produced output"
        }
        Asking::Halts => return Ok(()),
    };
    Err(Failure::new(why))
}

/// What the answer must be like.
pub(in crate::lobster::pipeline) fn schema(args: &Args) -> Result<Value, Failure> {
    let text = args.text("schema").unwrap_or(DECISION);
    let schema = read_json(text).map_err(|_| Failure::new("ask --schema must be valid JSON"))?;
    match schema {
        Value::Object(_) => Ok(schema),
        _ => Err(Failure::new("ask --schema must decode to a JSON schema object")),
    }
}

fn subject(items: &[Value]) -> String {
    let lines: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::Text(text) => text.clone(),
            item => compact(item).unwrap_or_default(),
        })
        .collect();
    first_units(&lines.join("\n"), SUBJECT_UNITS).into_owned()
}
