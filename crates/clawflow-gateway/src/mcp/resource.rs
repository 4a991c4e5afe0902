//! Flows as resources: whole records, for clients that read them.

use super::asker::Asker;
use super::brief;
use super::door::Need;
use super::limits::{PAGE, RESOURCE_BYTES};
use super::message::{Fault, INVALID_PARAMS, RESOURCE_NOT_FOUND};
use super::tasks::cursor;
use crate::caller::decoded;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, FlowEvents, FlowEventsRequest, FlowList, FlowListRequest, FlowRef, FlowShow,
    FlowSource, FlowView,
};
use serde_json::{Value, json};

/// What every address begins with.
const SCHEME: &str = "flow://";
/// Events of one resource.
const EVENTS: usize = 1000;
/// The addresses beside those of single flows: name, template, what is there, its type.
const TEMPLATES: [(&str, &str, &str, &str); 5] = [
    ("flow", "flow://{flow}", "A flow with steps, waits, tasks and outputs.", JSON),
    ("step", "flow://{flow}/steps/{step}", "What a step of a flow left.", JSON),
    ("output", "flow://{flow}/outputs/{name}", "An output of a flow.", JSON),
    ("events", "flow://{flow}/events", "The history of a flow, its newest 1000 events.", JSON),
    ("file", "flow://{flow}/file", "The workflow file that a flow was made from.", YAML),
];
const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

/// `resources/list`: the flows, newest first.
pub(super) async fn list(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    let after = cursor(params)?;
    let request = FlowListRequest { limit: Some(PAGE), after, ..FlowListRequest::default() };
    let page = asker.call::<FlowList>(Need::Records, request).await?;
    let resources = page.flows.iter().map(|line| {
        let flow = &line.flow;
        let name = flow.key.as_deref().unwrap_or(flow.flow_id.as_str());
        json!({
            "uri": format!("{SCHEME}{}", flow.flow_id),
            "name": name,
            "title": brief::text(&flow.goal),
            "description": format!("{}, revision {}", flow.status, flow.revision),
            "mimeType": JSON,
        })
    });
    let mut all = json!({ "resources": resources.collect::<Vec<_>>() });
    if let Some(next) = page.next {
        all["nextCursor"] = next.into();
    }
    Ok(all)
}

/// `resources/templates/list`
pub(super) fn templates() -> Value {
    let all = TEMPLATES.map(|(name, template, about, kind)| {
        json!({
            "name": name, "uriTemplate": template, "description": about, "mimeType": kind,
        })
    });
    json!({ "resourceTemplates": all })
}

/// `resources/read`
pub(super) async fn read(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    let Some(uri) = params.get("uri").and_then(Value::as_str) else {
        return Err(Fault::params("`uri` is missing or no string"));
    };
    let none = || {
        let code = if asker.client.modern { INVALID_PARAMS } else { RESOURCE_NOT_FOUND };
        let shown = clawflow_core::limits::cut(uri, 200);
        Fault::new(code, "there is no such resource").data(json!({ "uri": shown }))
    };
    let place = Place::read(uri).ok_or_else(none)?;
    let text = match text(asker, &place).await {
        Ok(Some(text)) => text,
        Ok(None) => return Err(none()),
        Err(error) if ["not_found", "ambiguous"].contains(&error.code.as_str()) => {
            return Err(none());
        }
        Err(error) => return Err(error.into()),
    };
    let kind = if place.part == Part::File { YAML } else { JSON };
    Ok(json!({ "contents": [{ "uri": uri, "mimeType": kind, "text": text }] }))
}

/// Where a resource lies.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    flow: String,
    part: Part,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Step(String),
    Output(String),
    Events,
    File,
}

impl Place {
    fn read(uri: &str) -> Option<Self> {
        let mut parts = uri
            .strip_prefix(SCHEME)?
            .splitn(3, '/')
            .map(|part| decoded(part.as_bytes()).filter(|part| !part.is_empty()));
        let flow = parts.next()??;
        let part = match (parts.next().map(Option::unwrap_or_default), parts.next()) {
            (None, _) => Part::Whole,
            (Some(what), None) if what == "events" => Part::Events,
            (Some(what), None) if what == "file" => Part::File,
            (Some(what), Some(Some(name))) if what == "steps" => Part::Step(name),
            (Some(what), Some(Some(name))) if what == "outputs" => Part::Output(name),
            _ => return None,
        };
        Some(Self { flow, part })
    }
}

async fn text(asker: &Asker, place: &Place) -> Result<Option<String>, ApiError> {
    let request = || FlowRef { flow: place.flow.clone() };
    let value = match &place.part {
        Part::Events => return events(asker, &place.flow).await.map(Some),
        Part::File => {
            let file = asker.call::<FlowSource>(Need::Records, request()).await?;
            return Ok(Some(file.source));
        }
        Part::Whole => {
            let view = asker.call::<FlowShow>(Need::Records, request()).await?;
            return Ok(Some(whole(&view)));
        }
        Part::Step(name) => {
            let view = asker.call::<FlowShow>(Need::Records, request()).await?;
            let step = view.steps.into_iter().find(|step| step.step_id == *name);
            step.and_then(|step| brief::result(step.result.as_ref()?))
        }
        Part::Output(name) => {
            let mut view = asker.call::<FlowShow>(Need::Records, request()).await?;
            view.flow.outputs.shift_remove(name)
        }
    };
    Ok(value.map(|value| brief::value(&value, RESOURCE_BYTES).to_string()))
}

/// The whole record; where that is too large, what a model is shown of it.
fn whole(view: &FlowView) -> String {
    // invariant: a view is made of records that came from JSON.
    let text = serde_json::to_string(view).unwrap_or_default();
    match text.len() <= RESOURCE_BYTES {
        true => text,
        false => brief::view(view).to_string(),
    }
}

async fn events(asker: &Asker, flow: &str) -> Result<String, ApiError> {
    let request = |after| FlowEventsRequest { flow: Some(flow.to_owned()), after, limit: None };
    let view = asker.call::<FlowShow>(Need::Records, FlowRef { flow: flow.to_owned() }).await?;
    let after = view.last_event.saturating_sub(u64::try_from(EVENTS).unwrap_or(u64::MAX));
    let asked = FlowEventsRequest { limit: Some(EVENTS), ..request(after) };
    let page = asker.call::<FlowEvents>(Need::Records, asked).await?;
    let all = serde_json::to_value(page.events).unwrap_or_default();
    Ok(brief::value(&all, RESOURCE_BYTES).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::escape;

    /// The address of a part of a flow.
    fn address(flow: &str, part: &str, name: &str) -> String {
        let mut uri = format!("{SCHEME}{flow}/{part}/");
        escape(name, &mut uri);
        uri
    }

    #[test]
    fn an_address_names_one_thing() {
        let part = |uri: &str| Place::read(uri).map(|place| place.part);
        assert_eq!(part("flow://flow_1"), Some(Part::Whole));
        assert_eq!(part("flow://flow_1/events"), Some(Part::Events));
        assert_eq!(part("flow://flow_1/file"), Some(Part::File));
        for name in ["a", "a/b", "näch t", "%", "../x", "a?b#c"] {
            let uri = address("flow_1", "steps", name);
            assert_eq!(part(&uri), Some(Part::Step(name.to_owned())), "{uri}");
        }
        for bad in [
            "",
            "flow://",
            "flow:///",
            "flow://f/",
            "flow://f/steps",
            "flow://f/steps/",
            "flow://f/other/x",
            "flow://f/file/x",
            "flow://f/steps/%zz",
            "file:///etc/passwd",
            "flow://%ff",
            "http://flow_1",
        ] {
            assert_eq!(part(bad), None, "{bad}");
        }
    }
}
