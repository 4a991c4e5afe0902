//! A pipeline as a flow: what runs up to a gate is a step, and each gate is one.
//!
//! The first step is given the text, each further one what the step before the gate has left over
//! and the answer. What they print is a report, as `lobster::pipeline::entry` says.

use super::outcome::{Listed, Outcome};
use super::trouble::Trouble;
use crate::lobster::pipeline::{Gate, Pipeline};
use crate::lobster::value::{Object, Value, compact, read_json};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::step::{Step, StepStatus};
use clawflow_engine::api::FlowView;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

/// The label that says what a flow was made from.
pub(super) const LABEL: &str = "lobster";
/// What stands in place of the name of a file.
pub(super) const FILE: &str = "pipeline";

/// The workflow file of a pipeline.
///
/// # Errors
/// A text that is no pipeline, or too large.
pub(super) fn source(text: &str, pipeline: &Pipeline) -> Result<String, Trouble> {
    let gates = pipeline.gates();
    let made = written(text, &gates, true);
    if Definition::parse(FILE, made.as_bytes(), Dialect::Strict).is_ok() {
        return Ok(made);
    }
    // A schema that the rules of files do not allow: answers are looked at here all the same.
    let made = written(text, &gates, false);
    match Definition::parse(FILE, made.as_bytes(), Dialect::Strict) {
        Ok(_) => Ok(made),
        Err(errors) => {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(Trouble::parse(all.join("\n")))
        }
    }
}

fn written(text: &str, gates: &[Gate], with_schemas: bool) -> String {
    let mut steps = vec![part(1, json!({ "run": text.replace('$', "$$") }))];
    for (at, gate) in gates.iter().enumerate() {
        let (this, next) = (at + 1, at + 2);
        let request = format!("$part-{this}.json.request");
        let prompt = format!("{request}.prompt");
        let mut rest = json!({ "resume": format!("$part-{this}.json.resume") });
        steps.push(match gate {
            Gate::Approval { .. } => {
                rest["approved"] = json!(format!("$gate-{this}.approved"));
                let approval = json!({ "prompt": prompt, "items": format!("{request}.items") });
                json!({ "id": format!("gate-{this}"), "approval": approval })
            }
            Gate::Input { schema, .. } => {
                rest["response"] = json!(format!("$gate-{this}.response"));
                let schema = schema.as_ref().filter(|_| with_schemas).and_then(as_json);
                let input = json!({ "prompt": prompt, "schema": schema.unwrap_or(json!({})) });
                json!({ "id": format!("gate-{this}"), "input": input })
            }
        });
        steps.push(part(next, rest));
    }
    json!({ "goal": text, "labels": { LABEL: "pipeline" }, "steps": steps }).to_string()
}

fn part(number: usize, stdin: Json) -> Json {
    // The dollar signs of the first make one: the engine puts this program in its place.
    let argv = ["$$SELF", "__pipeline", "part"];
    json!({ "id": format!("part-{number}"), "argv": argv, "stdin": stdin })
}

fn as_json(value: &Value) -> Option<Json> {
    serde_json::from_str(&compact(value)?).ok()
}

/// What the pipeline leaves: the report of its last part.
pub(super) fn result(view: &FlowView) -> Result<Outcome, Trouble> {
    let is_last =
        |step: &&Step| step.status == StepStatus::Succeeded && step.step_id.starts_with("part-");
    let Some(step) = view.steps.iter().rfind(is_last) else { return Ok(Outcome::done(Vec::new())) };
    let line = line(step)?;
    let text = step.result.as_ref().and_then(|result| result.stdout.as_ref());
    // The items may be many: they are passed on as they were written.
    if let Some(text) = text.filter(|text| text.starts_with(UNPRINTED)) {
        return Ok(Outcome::Done { items: Listed::at(text, UNPRINTED.len()), printed: None });
    }
    let said: Left<'_> = serde_json::from_str(line).map_err(|_| not_understood())?;
    let items = said.items.map(|items| items.get().to_owned().into()).unwrap_or_default();
    Ok(Outcome::Done { items, printed: said.rendered })
}

/// How a report begins whose items were not printed.
const UNPRINTED: &str = "{\"rendered\":null,\"items\":";

/// What the report of a last part has to say.
#[derive(Deserialize)]
struct Left<'a> {
    #[serde(borrow)]
    items: Option<&'a RawValue>,
    rendered: Option<String>,
}

/// The question of a gate.
pub(super) fn request(view: &FlowView, gate: &str) -> Result<Object, Trouble> {
    let part = gate.replace("gate-", "part-");
    let step = view.steps.iter().find(|step| step.step_id == part);
    match step.map(report).transpose()?.unwrap_or_default().take("request") {
        Value::Object(request) => Ok(*request),
        _ => Err(Trouble::runtime("Pipeline resume state not found")),
    }
}

/// What a part that failed says about it.
pub(super) fn failure(step: &Step) -> Option<String> {
    let mut said = report(step).ok()?;
    let Value::Object(mut error) = said.take("error") else { return None };
    error.take("message").as_text().map(str::to_owned)
}

fn report(step: &Step) -> Result<Object, Trouble> {
    match read_json(line(step)?) {
        Ok(Value::Object(report)) => Ok(*report),
        _ => Err(not_understood()),
    }
}

fn not_understood() -> Trouble {
    Trouble::runtime("what the pipeline said was not understood")
}

/// The line that a part has printed.
fn line(step: &Step) -> Result<&str, Trouble> {
    let result = step.result.as_ref();
    if result.is_some_and(|result| result.truncated) {
        let message = "the pipeline's items are larger than limits.stdout_bytes";
        return Err(Trouble::runtime(message));
    }
    Ok(result.and_then(|result| result.stdout.as_deref()).unwrap_or_default())
}
