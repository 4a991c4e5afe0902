//! `flow_show`: a flow with its steps, or one whole result or output of it.

use super::asker::Asker;
use super::brief;
use super::door::Need;
use super::limits::NAMED_BYTES;
use super::tool::Done;
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, FlowShow};
use serde_json::{Value, json};

/// Shows it.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    let step = name(&mut args, "step")?;
    let output = name(&mut args, "output")?;
    let view = asker.tool::<FlowShow>(Need::Records, args).await?;
    let missing = |what: &str, name: &str| {
        let name = clawflow_core::limits::cut(name, 80);
        ApiError::new("not_found", format!("the flow has no {what} {name} with a value"))
            .hint("flow_show without it says which there are")
    };
    let value = match (step, output) {
        (None, None) => brief::view(&view),
        (Some(step), None) => {
            let found = view.steps.iter().find(|known| known.step_id == step);
            let result = found.and_then(|step| brief::result(step.result.as_ref()?));
            let result = result.ok_or_else(|| missing("step", &step))?;
            json!({ "step": step, "result": brief::value(&result, NAMED_BYTES) })
        }
        (None, Some(output)) => {
            let value = view.flow.outputs.get(&output);
            let value = value.ok_or_else(|| missing("output", &output))?;
            json!({ "output": output, "value": brief::value(value, NAMED_BYTES) })
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::new("bad_request", "name a step or an output, not both"));
        }
    };
    Ok(value.into())
}

fn name(args: &mut Object, field: &str) -> Result<Option<String>, ApiError> {
    match args.shift_remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name)),
        Some(_) => Err(ApiError::new("bad_request", format!("`{field}` is no string"))),
    }
}
