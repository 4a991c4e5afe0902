//! Asking until the answer fits.

use super::Kind;
use super::adapter::{Adapter, Provider};
use super::cache::Cache;
use super::envelope::{ANSWER, Call, QUESTION, faults, item, replayed};
use super::question::{Question, hash};
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::schema::Schema;
use crate::lobster::value::{Object, Value, property, text_of, trim};

/// Runs one of the two commands.
pub(super) fn run(
    kind: &Kind,
    items: Items,
    args: &Args,
    ctx: &mut Ctx<'_>,
) -> Result<Staged, Failure> {
    let env = &ctx.env;
    let provider = Provider::resolve(kind, args, env)?;
    let adapter = Adapter::open(provider, kind, args, env)?;
    let question = Question::read(kind, args, env)?;
    let shared = !args.flag("disable-cache").is_some_and(says_yes);
    let refresh = match args.flag("refresh") {
        Some(flag) => says_yes(flag),
        None => env
            .first_filled(&["LOBSTER_LLM_FORCE_REFRESH", "LLM_TASK_FORCE_REFRESH"])
            .is_some_and(|text| says_yes(&Flag::Text(text))),
    };
    let artifacts = question.artifacts(collect(items)?);
    let hashes: Value = artifacts.iter().map(|a| hash(a).into()).collect::<Vec<_>>().into();
    let key = question.key(provider, &hashes);
    let state_key = match args.flag("state-key") {
        Some(flag) => trim(flag.as_str()).to_owned(),
        None => env.first(&["LOBSTER_RUN_STATE_KEY"]),
    };
    let state_key = Some(state_key).filter(|key| !key.is_empty());
    if !refresh {
        let cache = Cache { kind: kind.name, env, state_key: state_key.clone(), key: &key };
        let kept = cache.of_run().map(|items| (items, "run_state"));
        let kept = kept.or_else(|| cache.of_all().filter(|_| shared).map(|items| (items, "cache")));
        if let Some((items, source)) = kept {
            let items = items.into_iter().map(|item| replayed(item, source)).collect();
            ctx.replayed.push(key);
            return Ok(Staged::ready(items));
        }
    }
    let source = kind.source.unwrap_or(provider.name());
    let call = Call {
        kind: kind.name,
        source,
        question: &question,
        key: &key,
        hashes: &hashes,
        attempt: 1.0,
    };
    let item = asked(call, &adapter, question.payload(&artifacts, &hashes), ctx)?;
    let cache = Cache { kind: kind.name, env: &ctx.env, state_key, key: &key };
    cache.keep(&item, shared)?;
    Ok(Staged::ready(vec![item]))
}

fn asked(
    mut call: Call<'_>,
    adapter: &Adapter,
    mut payload: Object,
    ctx: &mut Ctx<'_>,
) -> Result<Value, Failure> {
    let fail = |what: String| Err(Failure::new(format!("{} {what}", call.kind)));
    let wrong = faults(QUESTION, &payload.clone().into());
    if !wrong.is_empty() {
        return fail(format!("payload invalid: {}", wrong.join(", ")));
    }
    let schema = call.question.schema.as_ref().map(Schema::compile).transpose();
    let schema = schema.map_err(|why| Failure::new(format!("schema is invalid: {why}")))?;
    loop {
        let answer = match adapter.ask(&payload, &ctx.env) {
            Ok(answer) => answer,
            Err(failure) => return fail(format!("request failed: {failure}")),
        };
        if !faults(ANSWER, &answer).is_empty() {
            return fail("received invalid response envelope".to_owned());
        }
        if *property(&answer, "ok") != Value::Bool(true) {
            let error = property(&answer, "error");
            let message = property(&error, "message");
            let unknown = || "llm adapter returned an error".into();
            let message = if message.is_nullish() { unknown() } else { text_of(&message) };
            return fail(format!("remote error: {message}"));
        }
        let item = item(&call, &answer);
        ctx.spent.extend(paid(&call, &item));
        let Some(schema) = &schema else { return Ok(item) };
        let output = property(&item, "output");
        let wrong: Vec<String> = schema
            .faults(&property(&output, "data"))
            .iter()
            .map(|fault| format!("{} {}", fault.place(), fault.message))
            .collect();
        if wrong.is_empty() {
            return Ok(item.clone());
        }
        if call.attempt > call.question.retries {
            return fail(format!("output failed schema validation: {}", wrong.join("; ")));
        }
        call.attempt += 1.0;
        let mut retry = Object::default();
        retry.set("attempt", call.attempt.into());
        let wrong: Vec<Value> = wrong.into_iter().map(Value::Text).collect();
        retry.set("validationErrors", wrong.into());
        payload.set("retryContext", retry.into());
    }
}

/// What an answer has used, if its server tells.
fn paid(call: &Call<'_>, item: &Value) -> Option<Value> {
    let usage = property(item, "usage").into_owned();
    usage.as_object()?;
    let mut paid = Object::default();
    paid.set("key", call.key.into());
    if let model @ Value::Text(_) = property(item, "model").into_owned() {
        paid.set("model", model);
    }
    paid.set("usage", usage);
    Some(paid.into())
}

/// A switch that may be given as a word.
fn says_yes(flag: &Flag) -> bool {
    match trim(flag.as_str()).to_lowercase().as_str() {
        "false" | "0" | "no" => false,
        "true" | "1" | "yes" => true,
        _ => flag.is_truthy(),
    }
}
