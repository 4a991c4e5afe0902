//! `clawflow __pipeline`: one pipeline as a process of its own, for steps that are pipelines.
//!
//! Use: `__pipeline run TEXT` with a JSON list of items, one value or nothing on stdin, or
//! `__pipeline run --unattended TEXT` where nobody can be asked;
//! `__pipeline resume` with `{"resume": …, "approved": …}` or `{"resume": …, "response": …}`;
//! `__pipeline part` with one of these, or with `{"run": TEXT}`.
//! It prints one line of JSON: `{"rendered", "items", "status": "ok"}`, where `rendered` is what
//! was printed, or null; `{"status": "needs_approval" | "needs_input", "stage", "request",
//! "resume"}`; `{"status": "cancelled"}`; or `{"status": "failed", "error": {"type",
//! "message"}}`, with the items before that where there were some, and `"dispatched": true` in the
//! error where a tool was called elsewhere.
//! Where models were asked it also has `"spent"`, what each answer used, and `"replayed"`, the
//! names of answers that were there already. It ends with 0, or with 1 for a command that failed
//! and 2 for a text or an answer that is wrong.

use super::command::drain;
use super::ctx::{Asking, Ctx};
use super::env::Env;
use super::failure::{Failure, Kind};
use super::halt::Resume;
use super::items::Items;
use super::listing::list;
use super::parse::Pipeline;
use super::resume::{Answer, resume};
use super::run::{Ended, run};
use crate::lobster::value::{Object, Value, compact, read_json};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

/// Runs what the arguments and stdin say.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut shown = Vec::new();
    let mut ctx = Ctx::new(Env::from_process(), &mut shown);
    let ended = match args.as_slice() {
        ["run", text] => start(text, &mut ctx),
        ["run", "--unattended", text] => {
            ctx.asking = Asking::Refused;
            start(text, &mut ctx)
        }
        ["resume"] => stdin().and_then(|text| go_on(&text, &mut ctx)),
        ["part"] => stdin().and_then(|text| part(&text, &mut ctx)),
        _ => {
            let usage = "usage: __pipeline run [--unattended] TEXT | resume | part";
            Err(Failure::parse(usage))
        }
    };
    let dispatched = ctx.dispatched;
    let used = (std::mem::take(&mut ctx.spent), std::mem::take(&mut ctx.replayed));
    let mut out = io::stdout().lock();
    let printed = print_items(ended, &shown, &mut out).and_then(|ended| {
        let report = with_use(report(&ended, dispatched), used);
        let rest = compact(&report).unwrap_or_default();
        out.write_all(rest.strip_prefix('{').unwrap_or_default().as_bytes())?;
        out.write_all(b"\n")?;
        Ok(ended)
    });
    match printed {
        Ok(Ok(_)) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            // For the record of whoever runs this as a step; the report says the same.
            let _ = writeln!(io::stderr().lock(), "{failure}");
            ExitCode::from(match failure.kind {
                Kind::Runtime => 1,
                Kind::Parse => 2,
            })
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Begins the report, with the items where there are some: each is written and forgotten before the
/// next one is made, and whoever reads has taken most of them in when the last one is. Those before
/// a failure are there too.
fn print_items(
    ended: Result<Ended, Failure>,
    shown: &[u8],
    out: &mut impl Write,
) -> io::Result<Result<Ended, Failure>> {
    let (items, rendered) = match ended {
        Ok(Ended::Done { items, rendered }) => (items, rendered),
        other => {
            out.write_all(b"{")?;
            return Ok(other);
        }
    };
    // All that is printed was printed before the first item comes out.
    let shown = rendered.then(|| String::from_utf8_lossy(shown).into_owned());
    let shown = compact(&shown.into()).unwrap_or_default();
    write!(out, "{{\"rendered\":{shown},\"items\":[")?;
    let listed = list(items, out)?;
    out.write_all(b"],")?;
    Ok(listed.map(|()| Ended::Done { items: Items::ready(Vec::new()), rendered }))
}

fn start(text: &str, ctx: &mut Ctx<'_>) -> Result<Ended, Failure> {
    let pipeline = Pipeline::parse(text)?;
    run(&pipeline, items()?, ctx)
}

/// The items of stdin.
fn items() -> Result<Vec<Value>, Failure> {
    let text = if io::stdin().is_terminal() { String::new() } else { stdin()? };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match read_json(&text).map_err(|why| Failure::parse(format!("items are no JSON: {why}")))? {
        Value::List(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        item => Ok(vec![item]),
    }
}

fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read stdin: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    resume: Resume,
    approved: Option<bool>,
    response: Option<Value>,
}

/// The first part of a pipeline that is run in parts, or one after a gate.
fn part(text: &str, ctx: &mut Ctx<'_>) -> Result<Ended, Failure> {
    #[derive(serde::Deserialize)]
    struct First {
        run: String,
    }
    match serde_json::from_str::<First>(text) {
        Ok(first) => run(&Pipeline::parse(&first.run)?, Vec::new(), ctx),
        Err(_) => go_on(text, ctx),
    }
}

/// Runs a pipeline without a gate for nothing but whether it can be run.
///
/// # Errors
/// Why not.
pub(crate) fn try_out(text: &str) -> Result<(), String> {
    let mut shown = Vec::new();
    let mut ctx = Ctx::new(Env::from_process(), &mut shown);
    let ended = Pipeline::parse(text).and_then(|pipeline| run(&pipeline, Vec::new(), &mut ctx));
    let drained = ended.and_then(|ended| match ended {
        Ended::Done { items, .. } => drain(items),
        Ended::Halted(_) | Ended::Cancelled => Ok(()),
    });
    drained.map_err(|failure| failure.message)
}

fn go_on(text: &str, ctx: &mut Ctx<'_>) -> Result<Ended, Failure> {
    let answered: Answered = serde_json::from_str(text)
        .map_err(|why| Failure::parse(format!("Invalid pipeline resume state: {why}")))?;
    let answer = match (answered.approved, answered.response) {
        (Some(approved), None) => Answer::Approved(approved),
        (None, Some(response)) => Answer::Response(response),
        _ => return Err(Failure::parse("one of approved and response is needed")),
    };
    resume(answered.resume, answer, ctx)
}

/// A report that also tells what models were used.
fn with_use(report: Value, (spent, replayed): (Vec<Value>, Vec<String>)) -> Value {
    let Value::Object(mut report) = report else { return report };
    if !spent.is_empty() {
        report.set("spent", spent.into());
    }
    if !replayed.is_empty() {
        let replayed: Vec<Value> = replayed.into_iter().map(Value::Text).collect();
        report.set("replayed", replayed.into());
    }
    Value::Object(report)
}

/// What is to be said of an end beside its items and what was printed.
fn report(ended: &Result<Ended, Failure>, dispatched: bool) -> Value {
    let mut report = Object::default();
    let mut say = |name: &str, value: Value| report.set(name, value);
    match ended {
        Ok(Ended::Done { .. }) => say("status", "ok".into()),
        Ok(Ended::Halted(halted)) => {
            let request = halted.request.to_value();
            let is_approval = halted.resume.is_approval();
            say("status", if is_approval { "needs_approval" } else { "needs_input" }.into());
            say("stage", halted.stage.clone().into());
            say("request", request);
            say("resume", halted.resume.to_value());
        }
        Ok(Ended::Cancelled) => say("status", "cancelled".into()),
        Err(failure) => {
            let kind = match failure.kind {
                Kind::Parse => "parse_error",
                Kind::Runtime => "runtime_error",
            };
            say("status", "failed".into());
            let mut error = Object::default();
            error.set("type", kind.into());
            error.set("message", failure.message.clone().into());
            if dispatched {
                error.set("dispatched", true.into());
            }
            say("error", error.into());
        }
    }
    report.into()
}
