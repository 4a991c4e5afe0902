//! The methods of the protocol.

use super::asker::Asker;
use super::client::MODERN;
use super::message::Fault;
use super::{call, hello, prompt, resource, tasks};
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use serde_json::Value;

/// Answers one request.
///
/// # Errors
/// What the protocol calls an error; what a tool refuses is a result.
pub(crate) async fn answer(asker: &Asker, method: &str, params: Object) -> Result<Value, Fault> {
    asker.may(Access::Read)?;
    let result = match asker.client.modern {
        true => modern(asker, method, params).await?,
        false => legacy(asker, method, params).await?,
    };
    Ok(finished(asker.client.modern, method, result))
}

/// Since 2026-07-28 a result says what it is, and for how long a list holds.
fn finished(modern: bool, method: &str, mut result: Value) -> Value {
    let Value::Object(fields) = &mut result else { return result };
    if !modern {
        fields.shift_remove("ttlMs").filter(|_| method.ends_with("/list"));
        return result;
    }
    fields.entry("resultType").or_insert_with(|| "complete".into());
    let holds =
        method.ends_with("/list") || ["server/discover", "resources/read"].contains(&method);
    if holds {
        fields.entry("ttlMs").or_insert_with(|| 0.into());
        // What is listed depends on who asks.
        fields.insert("cacheScope".to_owned(), "private".into());
    }
    result
}

async fn modern(asker: &Asker, method: &str, params: Object) -> Result<Value, Fault> {
    match method {
        "server/discover" => Ok(hello::discover()),
        "tasks/update" => tasks::update(asker, &params).await,
        // Sessions, and tasks of 2025-11-25.
        "initialize" | "ping" | "tasks/list" | "tasks/result" => Err(Fault::no_method(method)),
        _ => both(asker, method, params).await,
    }
}

async fn legacy(asker: &Asker, method: &str, params: Object) -> Result<Value, Fault> {
    match method {
        "initialize" => Ok(hello::initialize(&params)),
        "ping" => Ok(Value::Object(Object::new())),
        "tasks/list" => tasks::list(asker, &params).await,
        "tasks/result" => tasks::result(asker, &params).await,
        "server/discover" => {
            let why = format!("server/discover is of {MODERN}: `_meta` must say so");
            Err(Fault::params(why))
        }
        "tasks/update" => Err(Fault::no_method(method)),
        _ => both(asker, method, params).await,
    }
}

async fn both(asker: &Asker, method: &str, params: Object) -> Result<Value, Fault> {
    match method {
        "tools/list" => Ok(call::list(asker)),
        "tools/call" => call::call(asker, params).await,
        "resources/list" => resource::list(asker, &params).await,
        "resources/templates/list" => Ok(resource::templates()),
        "resources/read" => resource::read(asker, &params).await,
        "prompts/list" => Ok(prompt::list()),
        "prompts/get" => prompt::get(&params),
        "tasks/get" => tasks::get(asker, &params).await,
        "tasks/cancel" => tasks::cancel(asker, &params).await,
        _ => Err(Fault::no_method(method)),
    }
}
