//! The workflows that come with the program: both look at a pull request on GitHub, by the program
//! `gh` of its user, and tell what has changed since they looked last.
//!
//! Failure: that of `gh`, in its words; then nothing is kept.

use super::process::{Program, run_program};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::state::Store;
use crate::lobster::value::{
    Object, Value, compact, is_space, number_of, property, read_json, text_of, trim,
};

/// A workflow that comes with the program.
pub(super) struct Workflow {
    pub(super) name: &'static str,
    /// What it does, in one line.
    about: &'static str,
    /// Its arguments: name, JSON type, what it is for.
    args: &'static [(&'static str, &'static str, &'static str)],
    /// Runs it with its arguments.
    pub(super) run: fn(&Value, &Ctx<'_>) -> Result<Value, Failure>,
}

/// What is asked for.
const FIELDS: &str = "number,title,url,state,isDraft,mergeable,reviewDecision,author,\
                      baseRefName,headRefName,updatedAt";
/// What is compared.
const COMPARED: [&str; 10] = [
    "number",
    "title",
    "url",
    "state",
    "isDraft",
    "mergeable",
    "reviewDecision",
    "updatedAt",
    "baseRefName",
    "headRefName",
];
/// What a short report says of a pull request.
const SHORT: [&str; 5] = ["number", "title", "url", "state", "updatedAt"];

const REPO: (&str, &str, &str) = ("repo", "string", "owner and name of the repository");
const NUMBER: (&str, &str, &str) = ("pr", "number", "number of the pull request");
const KEY: (&str, &str, &str) = ("key", "string", "name under which it is kept, if not its own");

/// All of them, in order of their names.
pub(super) const WORKFLOWS: [Workflow; 2] = [
    Workflow {
        name: "github.pr.monitor",
        about: "Look at a pull request and tell what has changed",
        args: &[
            REPO,
            NUMBER,
            KEY,
            ("changesOnly", "boolean", "tell nothing where nothing has changed"),
            ("summaryOnly", "boolean", "tell only what has changed"),
        ],
        run: monitor,
    },
    Workflow {
        name: "github.pr.monitor.notify",
        about: "Look at a pull request and say in a sentence that it has changed",
        args: &[REPO, NUMBER, KEY],
        run: notify,
    },
];

impl Workflow {
    /// What programs read about it.
    pub(super) fn described(&self) -> Value {
        let mut properties = Object::default();
        for (name, kind, about) in self.args {
            properties.set(*name, [("type", *kind), ("description", *about)].into());
        }
        let schema: Value = [
            ("type", Value::from("object")),
            ("properties", properties.into()),
            ("required", vec!["repo".into(), "pr".into()].into()),
        ]
        .into();
        let args: Value = [("repo", Value::from("owner/name")), ("pr", Value::from(1.0))].into();
        let example: Value = [("args", args), ("description", Value::from(self.about))].into();
        [
            ("name", Value::from(self.name)),
            ("description", Value::from(self.about)),
            ("argsSchema", schema),
            ("examples", vec![example].into()),
            ("sideEffects", Value::List(Vec::new())),
        ]
        .into()
    }
}

fn monitor(args: &Value, ctx: &Ctx<'_>) -> Result<Value, Failure> {
    let is_on = |name: &str| property(args, name).is_truthy();
    look(args, is_on("changesOnly"), is_on("summaryOnly"), ctx).map(Value::from)
}

fn notify(args: &Value, ctx: &Ctx<'_>) -> Result<Value, Failure> {
    let seen = look(args, true, true, ctx)?;
    let field = |name: &str| seen.get(name).cloned().unwrap_or_default();
    let kind = ("kind", Value::from("github.pr.monitor.notify"));
    if field("suppressed").is_truthy() {
        return Ok([kind, ("suppressed", true.into())].into());
    }
    let (request, summary) = (field("pr"), field("summary"));
    Ok([
        kind,
        ("changed", field("changed")),
        ("repo", field("repo")),
        ("prNumber", field("prNumber")),
        ("message", sentence(&field("repo"), &field("prNumber"), &request, &summary).into()),
        ("pr", request),
        ("summary", summary),
    ]
    .into())
}

/// Looks at a pull request, and keeps what it is like.
fn look(
    args: &Value,
    changes_only: bool,
    summary_only: bool,
    ctx: &Ctx<'_>,
) -> Result<Object, Failure> {
    let [repo, number, key] = ["repo", "pr", "key"].map(|name| property(args, name).into_owned());
    if !repo.is_truthy() || !number.is_truthy() {
        return Err(Failure::new("github.pr.monitor requires args.repo and args.pr"));
    }
    let key = match key.is_nullish() {
        true => format!("github.pr:{}#{}", text_of(&repo), text_of(&number)).into(),
        false => key,
    };
    let now = ask(&text_of(&repo), &text_of(&number), ctx)?;
    let (before, changed) = Store::open(&ctx.env).replace(&text_of(&key), &now)?;
    let mut seen = Object::default();
    seen.set("kind", "github.pr.monitor".into());
    seen.set("repo", repo);
    seen.set("prNumber", number_of(&number).into());
    seen.set("key", key);
    seen.set("changed", changed.into());
    if changes_only && !changed {
        seen.set("suppressed", true.into());
        return Ok(seen);
    }
    seen.set("summary", summary(&before, &now));
    match summary_only {
        true => seen.set("pr", part(&now, &SHORT)),
        false => seen.set("prSnapshot", now),
    }
    Ok(seen)
}

fn ask(repo: &str, number: &str, ctx: &Ctx<'_>) -> Result<Value, Failure> {
    let words = ["gh", "pr", "view", number, "--repo", repo, "--json", FIELDS].map(str::to_owned);
    let program = Program::called(&words, "gh", "gh not found on PATH (install GitHub CLI)");
    let output = run_program(&program, None, ctx)?;
    let value = read_json(trim(&output)).ok().filter(|value| value.as_object().is_some());
    value.ok_or_else(|| Failure::new("gh returned non-JSON output"))
}

fn part(value: &Value, names: &[&str]) -> Value {
    let mut part = Object::default();
    for name in names {
        part.set(*name, property(value, name).into_owned());
    }
    part.into()
}

/// What is another one than before: all of it where nothing was kept.
fn summary(before: &Value, now: &Value) -> Value {
    let (mut names, mut changes) = (Vec::new(), Object::default());
    for name in COMPARED {
        let to = property(now, name).into_owned();
        let from = match before.as_object() {
            Some(_) => property(before, name).into_owned(),
            None => Value::Null,
        };
        if before.as_object().is_none() || compact(&from) != compact(&to) {
            names.push(Value::from(name));
            changes.set(name, [("from", from), ("to", to)].into());
        }
    }
    [("changedFields", Value::List(names)), ("changes", changes.into())].into()
}

/// The sentence of a notice, on one line.
fn sentence(repo: &Value, number: &Value, request: &Value, summary: &Value) -> String {
    let said = |name: &str, before: &str| {
        let value = property(request, name);
        let said = || format!("{before}{}", text_of(&value));
        value.is_truthy().then(said).unwrap_or_default()
    };
    let fields = match &*property(summary, "changedFields") {
        Value::List(names) if !names.is_empty() => {
            let names: Vec<_> = names.iter().map(text_of).collect();
            format!(" ({})", names.join(", "))
        }
        _ => String::new(),
    };
    let (title, url) = (said("title", ": "), said("url", " "));
    let text = format!("PR updated: {}#{}{title}{fields}.{url}", text_of(repo), text_of(number));
    let words = text.split(is_space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
