//! The format as a JSON Schema, for editors.
//!
//! It is made from the tables of `keys`: each key has its description and its type here, and a test
//! says which one lacks them. It knows what each mapping may hold and what excludes what; what
//! needs the whole file, like references, needs and ids, is found by the reader alone. Whatever
//! the reader takes, the schema takes.

mod acp;
mod block;
mod call;
mod flow;
mod gate;
mod mirrored;
mod object;
mod step;
mod values;

use serde_json::{Value, json};

use super::model::Dialect;
pub use mirrored::mirrored_schema;
use object::Make;

/// The JSON Schema, of draft 7, of files of a dialect.
#[must_use]
pub fn file_schema(dialect: Dialect) -> Value {
    let make = Make { strict: dialect == Dialect::Strict };
    let title = match dialect {
        Dialect::Strict => "A workflow file of clawflow",
        Dialect::Lobster => "A workflow file of Lobster",
    };
    let parts = json!({
        "step": step::step(make, step::Place::Forward),
        "innerStep": step::step(make, step::Place::Loop),
        "branch": step::step(make, step::Place::Branch),
        "finallyStep": step::step(make, step::Place::Finally),
        "compensate": step::compensate(make),
        "retry": step::retry(make),
        "approval": gate::approval(make),
        "input": gate::input(make),
        "waitFor": gate::wait_for(make),
        "http": call::http(make),
        "secret": call::secret(make),
        "expect": call::expect(make),
        "llm": call::llm(make),
        "acp": acp::acp(make),
        "mcpServer": acp::server(make),
        "parallel": block::parallel(make),
        "costLimit": flow::cost_limit(make),
        "budget": flow::budget(make),
        "childFlow": block::child_flow(make),
        "arg": flow::arg(make),
        "queue": values::queue(make),
        "env": values::env(make),
        "duration": values::duration(),
    });
    let top = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "title": title });
    let file = object::with(top, flow::file(make));
    object::with(file, json!({ "definitions": parts }))
}
