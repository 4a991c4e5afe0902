//! `openclaw.invoke`: calls a tool of an OpenClaw gateway.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, drain};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::http::{Endpoint, post};
use crate::lobster::pipeline::limits::REPEATED_UNITS;
use crate::lobster::value::{
    Object, Value, compact, first_units, property, read_json, text_of, trim,
};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "openclaw.invoke",
    about: "Call a tool of an OpenClaw gateway",
    flags: &[
        ("url", "string", "where the gateway listens, else OPENCLAW_URL or CLAWD_URL"),
        ("token", "string", "bearer token, else OPENCLAW_TOKEN or CLAWD_TOKEN"),
        ("tool", "string", "name of the tool"),
        ("action", "string", "what the tool does"),
        ("args-json", "string", "what the tool is given, as JSON"),
        ("session-key", "string", "session that the call belongs to"),
        ("dry-run", "boolean", "tell the tool to change nothing"),
        ("each", "boolean", "one call for each item"),
        ("item-key", "string", "name under which the tool is given the item"),
    ],
    required: &["tool", "action"],
    effects: &["calls_clawd_tool"],
    run: |items, args, ctx| run("openclaw.invoke", items, args, ctx),
};

/// The same under its older name.
pub(in crate::lobster::pipeline) const LEGACY: Command = Command {
    name: "clawd.invoke",
    run: |items, args, ctx| run("clawd.invoke", items, args, ctx),
    ..COMMAND
};

/// What is the same for every call of a stage.
struct Caller<'a> {
    name: &'static str,
    args: &'a Args,
    env: &'a Env,
    endpoint: Endpoint,
    token: String,
}

fn run(
    name: &'static str,
    items: Items,
    args: &Args,
    ctx: &mut Ctx<'_>,
) -> Result<Staged, Failure> {
    let url = match args.flag("url") {
        Some(url) => trim(url.as_str()).to_owned(),
        None => ctx.env.first(&["OPENCLAW_URL", "CLAWD_URL"]),
    };
    let fail = |what: &str| Err(Failure::new(format!("{name} {what}")));
    if url.is_empty() {
        return fail("requires --url or OPENCLAW_URL");
    }
    if !args.is_on("tool") || !args.is_on("action") {
        return fail("requires --tool and --action");
    }
    let given = args.flag("token").map(|token| trim(token.as_str()).to_owned());
    let explicit = given.is_some();
    let token = given.unwrap_or_else(|| ctx.env.first(&["OPENCLAW_TOKEN", "CLAWD_TOKEN"]));
    let tool_args = match args.flag("args-json").filter(|json| json.is_truthy()) {
        Some(json) => read_json(json.as_str())
            .map_err(|_| Failure::new(format!("{name} --args-json must be valid JSON")))?,
        None => Object::default().into(),
    };
    let each = args.is_on("each");
    if each && tool_args.as_object().is_none() {
        return fail("--each requires --args-json to be an object");
    }
    let endpoint = Endpoint::parse(&url)?.at("/tools/invoke");
    if !endpoint.is_http() {
        return fail("requires an http(s) --url");
    }
    if !token.is_empty() && !explicit && !endpoint.is_local() {
        return fail(
            "refuses to send OPENCLAW_TOKEN/CLAWD_TOKEN to non-local --url; \
             pass --token explicitly for remote endpoints",
        );
    }
    let caller = Caller { name, args, env: &ctx.env, endpoint, token };
    if !each {
        drain(items)?;
        ctx.dispatched = true;
        return Ok(Staged::ready(caller.call(tool_args)?));
    }
    let key = args.any(&["itemKey", "item-key"]).map_or("item", Flag::as_str);
    let mut answers = Vec::new();
    for item in items {
        let mut tool_args = tool_args.as_object().cloned().unwrap_or_default();
        tool_args.set(key, item?);
        ctx.dispatched = true;
        answers.extend(caller.call(tool_args.into())?);
    }
    Ok(Staged::ready(answers))
}

impl Caller<'_> {
    fn call(&self, tool_args: Value) -> Result<Vec<Value>, Failure> {
        let name = self.name;
        let text = |flag| self.args.flag(flag).map_or("", Flag::as_str);
        let mut body = Object::default();
        body.set("tool", text("tool").into());
        body.set("action", text("action").into());
        body.set("args", tool_args);
        let session = self.args.any(&["sessionKey", "session-key"]);
        if let Some(session) = session.filter(|session| session.is_truthy()) {
            body.set("sessionKey", session.as_str().into());
        }
        if let Some(dry) = self.args.any(&["dryRun", "dry-run"]) {
            body.set("dryRun", dry.is_truthy().into());
        }
        let body = compact(&body.into()).unwrap_or_default();
        let answer = post(&self.endpoint, &self.token, body, self.env)?;
        if !answer.is_ok() {
            let said = first_units(&answer.text, REPEATED_UNITS);
            return Err(Failure::new(format!("{name} failed ({}): {said}", answer.status)));
        }
        let json = if answer.text.is_empty() { "null" } else { &answer.text };
        let value =
            read_json(json).map_err(|_| Failure::new(format!("{name} expected JSON response")))?;
        unpacked(name, value)
    }
}

/// What a tool gave back: inside of an envelope, or bare.
fn unpacked(name: &str, value: Value) -> Result<Vec<Value>, Failure> {
    let Some(ok) = value.as_object().and_then(|envelope| envelope.get("ok")) else {
        return Ok(several(value));
    };
    if *ok == Value::Bool(true) {
        return Ok(several(property(&value, "result").into_owned()));
    }
    let error = property(&value, "error");
    let message = property(&error, "message");
    let message =
        if message.is_nullish() { "Unknown error".into() } else { text_of(&message).into_owned() };
    Err(Failure::new(format!("{name} tool error: {message}")))
}

fn several(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items,
        value => vec![value],
    }
}
